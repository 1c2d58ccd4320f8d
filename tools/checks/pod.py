"""Measure time and memory of each notebook: ``python -m tools.checks.pod``.

Every notebook runs in its own process, from top to bottom. Its memory is the largest resident size
of its kernel, as the system reports it (on Linux and macOS). The second number is processor time,
which does not depend on other work of the machine. The exit status is 1 if a notebook fails or
needs more memory than a pod of Binder has.

To simulate a small pod, ``taskset -c 0 python -m tools.checks.pod`` uses one core. Put
``systemd-run --scope -p MemoryMax=2G -p MemorySwapMax=0`` before it to limit the memory.
"""

import argparse
import subprocess
import sys
from time import perf_counter

from tools.pages.minutes import NOTEBOOKS

LIMIT_MB = 2000

# The kernel is the only child of the process. macOS counts its memory in bytes, Linux in kB.
RUN = """
import resource, sys
import nbformat
from nbclient import NotebookClient
path, folder = sys.argv[1:]
notebook = nbformat.read(path, as_version=4)
where, quiet = {"metadata": {"path": folder}}, ["--log-level=ERROR"]
NotebookClient(notebook, timeout=600, resources=where, extra_arguments=quiet).execute()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
megabytes = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
print(used.ru_utime + used.ru_stime, round(megabytes))
"""


def measure(path):
    """Run a notebook, and return its seconds, its processor seconds and its megabytes."""
    begin = perf_counter()
    command = [sys.executable, "-c", RUN, str(path), str(path.parent)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    worked, megabytes = run.stdout.split()
    return perf_counter() - begin, float(worked), int(megabytes)


def main():
    argparse.ArgumentParser("python -m tools.checks.pod", description=__doc__).parse_args()
    print(f"{'notebook':36}{'seconds':>9}{'worked':>9}{'MB':>7}")
    rows = []
    for path in NOTEBOOKS:
        rows.append(measure(path))
        print("{:36}{:9.1f}{:9.1f}{:7}".format(path.stem, *rows[-1]), flush=True)
    seconds, worked, megabytes = zip(*rows, strict=True)
    most = max(megabytes)
    print(f"{'all of them':36}{sum(seconds):9.1f}{sum(worked):9.1f}{most:7}")
    if most > LIMIT_MB:
        sys.exit(f"a notebook needs {most} MB, but a pod has only {LIMIT_MB} MB")


if __name__ == "__main__":
    main()
