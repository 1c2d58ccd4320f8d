"""Run an untrusted Python program in a sandbox that bubblewrap makes.

The sandbox has its own namespaces. It can read only the folders of
Python, its environment and the course, and write only into an empty folder in memory.
"""

from __future__ import annotations

import ctypes
import os
import site
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import made_course

if os.name == "posix":  # on other systems, this module can be imported but not used
    import resource

MEMORY = 4 * 2**30  # bytes of address space that a process may use beyond those at its start
FOLDER = 128 * 2**20  # bytes that the folder may contain
PROCESSES = 16  # processes and threads
HOME = "/submission"
RUN_CELLS = ("-P", "-m", "made_lessons.grading.run_cells")
_COURSE = [Path(made_course.__file__).parent, Path(__file__).parents[1]]
_KEYCTL, _JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1
# if root has started the program, it becomes an ordinary user in a user namespace of its own
_BECOME_NOBODY = """
import ctypes, os, sys
os.setgroups([])
os.setresgid(60000, 60000, 60000)
os.setresuid(60000, 60000, 60000)
ctypes.CDLL(None).unshare(0x10000000)
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
os.execv(sys.argv[1], sys.argv[1:])  # exec drops all capabilities
"""


@contextmanager
def sandbox(
    program: Sequence[str] = RUN_CELLS, *, seconds: float, protected: bool = True
) -> Iterator[socket.socket]:
    """Run a Python program until the context ends, and yield a socket to its standard input.

    Args:
        program: arguments for Python; the folder that the program may write to is added.
        seconds: real time after which the program is killed.
        protected: whether the program runs in a sandbox. Otherwise, only its own limits hold.
    """
    here, there = socket.socketpair()
    with here, tempfile.TemporaryDirectory("made-grading", ignore_cleanup_errors=True) as folder:
        home = HOME if protected else folder
        command = [*(_bubblewrap() if protected else ()), sys.executable, *program, home]
        nothing = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        with there:
            process = subprocess.Popen(command, stdin=there, env=_environment(home), **nothing)
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
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no bubblewrap"
    command = [*_bubblewrap(), sys.executable, "-I", "-S", "-c", ""]
    try:
        subprocess.run(command, env=_environment(HOME), check=True, stderr=subprocess.PIPE)
    except OSError as error:
        return f"bubblewrap cannot be started ({error.strerror})"
    except subprocess.CalledProcessError as error:
        why = error.stderr.decode(errors="replace").strip()[-300:]
        cure = "Ubuntu 24.04 needs AppArmor's profile bwrap-userns-restrict"
        return f"bubblewrap cannot make a sandbox here ({why}); {cure}"
    return ""


def confine(home: str, *, protected: bool) -> socket.socket:
    """Confine this process to a folder and to limits.

    Returns:
        the socket that was standard input.
    """
    line = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    limits = {resource.RLIMIT_FSIZE: FOLDER, resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 256}
    if protected:  # outside a sandbox, all processes of the user would count
        limits[resource.RLIMIT_NPROC] = PROCESSES
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    limit_memory(for_good=True)
    if sys.platform.startswith("linux") and os.uname().machine in _KEYCTL:
        # a new keyring hides the keys of the user's session
        ctypes.CDLL(None).syscall(_KEYCTL[os.uname().machine], _JOIN_SESSION_KEYRING, None)
    os.chdir(home)
    return line


def limit_memory(*, for_good: bool = False) -> None:
    """Limit the memory of this process, on Linux."""
    if sys.platform.startswith("linux"):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        hard = most if for_good else resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def trees() -> list[Path]:
    """Return the folders of Python, its environment, the system's libraries and the course."""
    python = [sys.base_prefix, sys.prefix, *site.getsitepackages(), site.getusersitepackages()]
    system = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"]
    paths = [Path(path) for path in [*python, *system, *_COURSE] if os.path.exists(path)]
    found = {path for given in paths for path in (given, given.resolve())}
    return sorted(path for path in found if not found & {*path.parents})


def _environment(home: str) -> dict[str, str]:
    return {
        "HOME": home,
        "PATH": os.defpath,
        "PYTHONPATH": str(Path(made_course.__file__).parents[1]),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }


def _bubblewrap() -> list[str]:
    """Return the bubblewrap command, to which the program is appended."""
    command = ["bwrap", "--unshare-uts", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--die-with-parent", "--new-session"]
    is_root = os.getuid() == 0
    if is_root:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    for folder in sorted({folder for tree in trees() for folder in tree.parents}):
        command += ["--perms", "0755", "--dir", str(folder)]
    for tree in trees():
        command += ["--ro-bind", str(tree), str(tree)]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--perms", "0777", "--size", str(FOLDER), "--tmpfs", HOME, "--remount-ro", "/"]
    return [*command, *((sys.executable, "-I", "-S", "-c", _BECOME_NOBODY) if is_root else ())]
