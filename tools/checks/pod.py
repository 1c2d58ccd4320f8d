"""Measure time and memory of each notebook: ``python -m tools.checks.pod``.

Every notebook runs in its own process, from top to bottom. The seconds are processor time, of
which two are not the notebook's own, and the memory is the largest resident size. The exit status
is 1 if a notebook fails or needs more memory than a pod of Binder has.
"""

import os
import sys
from subprocess import Popen

from tools.pages.minutes import NOTEBOOKS

LIMIT_MB = 2000
RUN = """
import nbclient, nbformat, sys
quiet = ["--log-level=ERROR"]
nbclient.execute(nbformat.read(sys.argv[1], 4), timeout=600, extra_arguments=quiet)
"""


def measure(path):
    """Run a notebook, and return its processor seconds and its megabytes."""
    process = Popen([sys.executable, "-c", RUN, path.name], cwd=path.parent)
    _, status, used = os.wait4(process.pid, 0)  # with its child, the kernel
    if status:
        sys.exit(f"{path.name} fails")
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, round(used.ru_maxrss * bytes_per_unit / 1e6)


def main():
    print(f"{'notebook':36}{'seconds':>9}{'MB':>7}")
    most = 0
    for path in NOTEBOOKS:
        seconds, megabytes = measure(path)
        most = max(most, megabytes)
        print(f"{path.stem:36}{seconds:9.1f}{megabytes:7}", flush=True)
    if most > LIMIT_MB:
        sys.exit(f"a notebook needs {most} MB, but a pod has only {LIMIT_MB} MB")


if __name__ == "__main__":
    main()
