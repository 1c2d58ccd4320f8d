"""Run an untrusted Python program in a sandbox that bubblewrap makes.

The sandbox has its own namespaces. It can read only the folders of
Python, its environment and the course, and write only into an empty folder in memory.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer

import made_course

from . import limits

HOME = "/submission"
RUN_CELLS = ("-P", "-m", "made_lessons.grading.run_cells")
_COURSE = [Path(made_course.__file__).parent, Path(__file__).parents[1]]
_ENVIRONMENT = {
    "HOME": HOME,
    "PATH": os.defpath,
    "PYTHONPATH": str(_COURSE[0].parent),
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}


@contextmanager
def sandbox(program: Sequence[str] = RUN_CELLS, *, seconds: float) -> Iterator[Connection]:
    """Run a Python program until the context ends, and yield a connection to it.

    Args:
        program: arguments for Python; the number of the connection's file descriptor is added.
        seconds: real time after which the program is killed.
    """
    here, there = Pipe()
    with here:
        with there:
            number = there.fileno()
            process = subprocess.Popen(
                [*bubblewrap(), sys.executable, *program, str(number)],
                pass_fds=[number],
                env=_ENVIRONMENT,
                **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL),
            )
        with process:
            clock = Timer(seconds, process.kill)
            clock.start()
            try:
                yield here
            finally:
                clock.cancel()
                process.kill()


def missing() -> str:
    """Return why this computer cannot make a sandbox, or "" if it can."""
    if sys.platform != "linux":
        return f"{sys.platform} has no bubblewrap"
    command = [*bubblewrap(), sys.executable, "-I", "-S", "-c", ""]
    try:
        done = subprocess.run(command, env=_ENVIRONMENT, stderr=subprocess.PIPE)
    except OSError as error:
        return f"bubblewrap cannot be started ({error.strerror})"
    why = done.stderr.decode(errors="replace").strip()[-300:]
    return f"bubblewrap cannot make a sandbox here ({why})" if done.returncode else ""


def trees() -> list[Path]:
    """Return the folders of Python, its environment, the system's libraries and the course."""
    python = [sys.base_prefix, sys.prefix, *site.getsitepackages(), site.getusersitepackages()]
    system = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"]
    paths = [Path(path) for path in [*python, *system, *_COURSE] if os.path.exists(path)]
    found = {path for given in paths for path in (given, given.resolve())}
    return sorted(path for path in found if not found & {*path.parents})


def bubblewrap() -> list[str]:
    """Return the command to which the program is appended."""
    command = ["bwrap", "--unshare-uts", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--die-with-parent", "--new-session"]
    if os.getuid() == 0:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    for folder in sorted({folder for tree in trees() for folder in tree.parents}):
        command += ["--perms", "0755", "--dir", str(folder)]
    for tree in trees():
        command += ["--ro-bind", str(tree), str(tree)]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--perms", "0777", "--size", str(limits.FOLDER), "--tmpfs", HOME]
    command += ["--remount-ro", "/", "--chdir", HOME]
    return [*command, sys.executable, "-I", "-S", limits.__file__]
