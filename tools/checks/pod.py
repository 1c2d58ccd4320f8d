"""Measure time and memory of each notebook: ``python -m tools.checks.pod``.

Every notebook runs in its own process, from top to bottom. The seconds are processor time, which
does not depend on other work of the machine, and the memory is the largest resident size of the
kernel. The exit status is 1 if a notebook fails or needs more memory than a pod of Binder has.
"""

import os
import sys
from subprocess import Popen

from tools.pages.minutes import NOTEBOOKS

LIMIT_MB = 2000


def measure(path):
    """Run a notebook, and return its processor seconds and its megabytes."""
    command = ["-m", "jupyter", "execute", "--timeout=600", "--log-level=ERROR", str(path)]
    process = Popen([sys.executable, *command])
    _, status, used = os.wait4(process.pid, 0)  # also counts the kernel, its child
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
