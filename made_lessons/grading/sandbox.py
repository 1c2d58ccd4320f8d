"""Run an untrusted Python program in a sandbox that bubblewrap makes.

The sandbox has its own namespaces. It can read only the folders of Python, its environment and the
course, and write only into an empty folder in memory. In the sandbox, this file is also the first
program. It runs without site packages, so it imports only the standard library.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer

if sys.platform == "linux":  # on other systems, this module can be imported but not used
    import resource

MEMORY = 4 * 2**30  # bytes of address space that a process may use beyond those at its start
FOLDER = 128 * 2**20  # bytes that the folder may contain
PROCESSES = 16  # largest number of processes and threads
JUDGE_S = 600  # seconds of processor time that a judge may use
HOME = "/submission"
RUN_CELLS = ("-P", "-m", "made_lessons.grading.run_cells")
_COURSE = Path(__file__).parents[2]
_ENVIRONMENT = {
    "HOME": HOME,
    "PATH": os.defpath,
    "PYTHONPATH": str(_COURSE),
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}


@contextmanager
def sandbox(program: Sequence[str] = RUN_CELLS, *, seconds: float) -> Iterator[Connection]:
    """Run a Python program in a sandbox until the context ends, and yield a connection to it.

    Args:
        program: arguments for Python; the number of the connection's file descriptor is added.
        seconds: real time after which the program is killed.
    """
    here, there = Pipe()
    with here:
        with there:
            number = there.fileno()
            process = subprocess.Popen(
                [*build_command(), sys.executable, *program, str(number)],
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


def find_obstacle() -> str:
    """Return why this computer cannot make a sandbox, or "" if it can."""
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    command = [*build_command(), sys.executable, "-I", "-S", "-c", ""]
    done = subprocess.run(command, env=_ENVIRONMENT, stderr=subprocess.PIPE)
    why = done.stderr.decode(errors="replace").strip()[-300:]
    return f"bubblewrap cannot make a sandbox here ({why})" if done.returncode else ""


def readable_paths() -> list[Path]:
    """Return the paths of Python, its environment, the system's libraries and the course."""
    python = [sys.base_prefix, sys.prefix, *site.getsitepackages(), site.getusersitepackages()]
    system = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"]
    paths = map(Path, [*python, *system, _COURSE / "made_course", _COURSE / "made_lessons"])
    found = {path for given in paths if given.exists() for path in (given, given.resolve())}
    return sorted(path for path in found if not found & {*path.parents})


def build_command() -> list[str]:
    """Return the command that runs a program in a sandbox; append the program to it."""
    command = ["bwrap", "--unshare-uts", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--die-with-parent", "--new-session"]
    if os.getuid() == 0:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    for folder in sorted({folder for tree in readable_paths() for folder in tree.parents}):
        command += ["--perms", "0755", "--dir", str(folder)]
    for tree in readable_paths():
        command += ["--ro-bind", str(tree), str(tree)]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--perms", "0777", "--size", str(FOLDER), "--tmpfs", HOME]
    command += ["--remount-ro", "/", "--chdir", HOME]
    return [*command, sys.executable, "-I", "-S", __file__]


def limit_memory(*, for_good: bool = False) -> None:
    """Limit the memory of this process. Unless ``for_good``, its children can raise the limit."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    hard = most if for_good else resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def limit_time() -> None:
    """Let the kernel end this process after ``JUDGE_S``, even during a call into C."""
    resource.setrlimit(resource.RLIMIT_CPU, (JUDGE_S, resource.RLIM_INFINITY))


def main() -> None:
    """Give up all rights, set limits, and execute the program in the arguments."""
    libc = ctypes.CDLL(None)
    if os.getuid() == 0:  # root becomes an ordinary user in a user namespace of its own
        os.setgroups([])
        os.setresgid(60000, 60000, 60000)
        os.setresuid(60000, 60000, 60000)
        libc.unshare(0x10000000)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
    join_session_keyring = {"x86_64": 250, "aarch64": 219}.get(os.uname().machine)
    if join_session_keyring:  # a new keyring hides the keys of the user's session
        libc.syscall(join_session_keyring, 1, None)
    limits = {
        resource.RLIMIT_FSIZE: FOLDER,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: resource.RLIM_INFINITY,  # replaces the judge's shorter limit
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: PROCESSES,
    }
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    os.execv(sys.argv[1], sys.argv[1:])  # execv also drops all capabilities


if __name__ == "__main__":
    main()
