"""Run a Python program that nobody has read in a sandbox, which bubblewrap makes.

The sandbox has its own namespaces. In it, the folders of Python, its environment and the course can
be read, and one empty folder in memory can be written. It contains nothing else.
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
from contextlib import contextmanager, suppress
from pathlib import Path

import made_course

if os.name == "posix":  # elsewhere this can be imported, but not used
    import resource

MEMORY = 4 * 2**30  # bytes of address space that a process may add to its own at the start
FILE, FOLDER = 64 * 2**20, 128 * 2**20  # bytes of one file, and of all files together
PROCESSES = 16  # with threads
STARTS_S = 120  # by the clock
HOME = "/submission"
INSIDE = ("-P", "-m", "made_lessons.grading.inside")
_COURSE = [Path(made_course.__file__).parent, Path(__file__).parents[1]]
_KEYCTL, _JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1
# started as root: become an ordinary user in a user namespace that has no other user
_BECOME_NOBODY = """
import ctypes, os, sys
os.setgroups([])
os.setresgid(60000, 60000, 60000)
os.setresuid(60000, 60000, 60000)
ctypes.CDLL(None).unshare(0x10000000)
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
os.execv(sys.argv[1], sys.argv[1:])  # which drops all capabilities
"""


class Unprotected(Exception):
    """The reason why this computer cannot make a sandbox."""


@contextmanager
def sandbox(program: Sequence[str] = INSIDE, *, protected: bool = True) -> Iterator[socket.socket]:
    """Run a Python program until the context ends, and yield a socket to its standard input.

    Args:
        program: arguments for Python. The program sends one byte when it has started.
        protected: whether it runs in a sandbox. Otherwise it only has the limits that it sets.

    Raises:
        Unprotected: if bubblewrap cannot make a sandbox.
    """
    here, there = socket.socketpair()
    with here, tempfile.TemporaryDirectory("made-grading") as folder:
        home = HOME if protected else folder
        with there:
            process = _started([*program, home], there, home, protected=protected)
        with process:
            try:
                here.settimeout(STARTS_S)
                if not here.recv(1):
                    why = process.stderr.read().decode(errors="replace").strip()[-300:]
                    raise Unprotected(
                        f"bubblewrap cannot make a sandbox here ({why}); Ubuntu 24.04 needs "
                        "AppArmor's profile bwrap-userns-restrict"
                    )
                here.settimeout(None)
                yield here
            finally:
                with suppress(OSError, subprocess.TimeoutExpired):
                    here.shutdown(socket.SHUT_RDWR)  # the program then ends by itself,
                    process.wait(2)  # unless a submission prevents it
                process.kill()


def missing() -> str:
    """Return why this computer cannot make a sandbox; empty if it can."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no bubblewrap"
    try:
        with sandbox(["-I", "-S", "-c", "import os; os.write(0, b'1'); os.read(0, 1)"]):
            return ""
    except Unprotected as why:
        return str(why)


def confine(home: str, *, protected: bool) -> socket.socket:
    """Set this process's folder and limits, and return the socket that was standard input."""
    line = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    limits = {resource.RLIMIT_FSIZE: FILE, resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 256}
    if protected:  # otherwise all processes of the user would count
        limits[resource.RLIMIT_NPROC] = PROCESSES
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    limit_memory(for_good=True)
    if sys.platform.startswith("linux") and os.uname().machine in _KEYCTL:
        # otherwise it could read the keys of the session
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


def _started(
    program: list[str], line: socket.socket, home: str, *, protected: bool
) -> subprocess.Popen[bytes]:
    command = [*(_bubblewrap() if protected else ()), sys.executable, *program]
    environment = {
        "HOME": home,
        "TMPDIR": home,
        "MADE_COURSE_PROGRESS": f"{home}/solved",
        "PATH": os.defpath,
        "PYTHONPATH": str(_COURSE[0].parent),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
    }
    out = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "start_new_session": True}
    try:
        return subprocess.Popen(command, stdin=line, env=environment, cwd="/", **out)
    except OSError as error:
        raise Unprotected(f"bubblewrap cannot be started ({error.strerror})") from error


def _bubblewrap() -> list[str]:
    """Return the command that comes before the program."""
    command = ["bwrap", "--unshare-uts", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--die-with-parent", "--new-session"]
    is_root = os.getuid() == 0
    if is_root:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    given = trees()
    for folder in sorted({folder for tree in given for folder in tree.parents}):
        command += ["--perms", "0755", "--dir", str(folder)]
    for tree in given:
        command += ["--ro-bind", str(tree), str(tree)]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--perms", "0777", "--size", str(FOLDER), "--tmpfs", HOME, "--remount-ro", "/"]
    return [*command, *((sys.executable, "-I", "-S", "-c", _BECOME_NOBODY) if is_root else ())]
