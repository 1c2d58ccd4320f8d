"""A place for code that nobody has read, made by bubblewrap.

It has namespaces of its own. It can read the folders that Python, its environment and the course
consist of, and write to one empty folder in memory. There is nothing else.
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
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import made_course

if os.name == "posix":  # elsewhere this can be imported, but not used
    import resource

GIB, MIB = 2**30, 2**20
MEMORY = 4 * GIB
"""Address space that a process of a submission, or its judge, may add to its own at the start."""
FILE, FOLDER = 64 * MIB, 128 * MIB
"""Bytes of one file, and of all files together."""
PROCESSES = 16
"""Processes and threads of a submission."""
HOME = "/submission"
STARTS_S = 120
"""Seconds by the clock until the first byte must have come out of the sandbox."""
INSIDE = ("-P", "-m", "made_lessons.grading.inside")
_COURSE = [Path(made_course.__file__).parent, Path(__file__).parents[1]]
_KEYCTL, _JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1
_BECOME_NOBODY = """
import ctypes, os, sys
os.setgroups([])
os.setresgid(60000, 60000, 60000)
os.setresuid(60000, 60000, 60000)
ctypes.CDLL(None).unshare(0x10000000)  # into a namespace of users, in which there is nobody else
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
os.execv(sys.argv[1], sys.argv[1:])  # which drops all rights
"""


class Unprotected(Exception):
    """Why there can be no sandbox on this computer."""


@contextmanager
def sandbox(program: Sequence[str] = INSIDE, *, protected: bool = True) -> Iterator[socket.socket]:
    """Run a Python program in a sandbox, and end all that runs there with the context.

    Args:
        program: arguments for Python. The program sends one byte when it has started.
        protected: whether bubblewrap makes the sandbox. Otherwise there are only the limits that
            the program sets itself.

    Yields:
        a socket whose other end is the standard input of the program.

    Raises:
        Unprotected: if bubblewrap cannot make it.
    """
    here, there = socket.socketpair()
    folder = nullcontext(HOME) if protected else tempfile.TemporaryDirectory("made-grading")
    with here, folder as home:
        with there:
            process = _started([*program, home], there, home, protected=protected)
        try:
            here.settimeout(STARTS_S)
            if not here.recv(1):
                why = process.communicate()[1].decode(errors="replace").strip()[-300:]
                raise Unprotected(
                    f"bubblewrap makes no sandbox here ({why}); Ubuntu 24.04 needs AppArmor's "
                    "profile bwrap-userns-restrict for it"
                )
            here.settimeout(None)
            yield here
        finally:
            with suppress(OSError, subprocess.TimeoutExpired):
                here.shutdown(socket.SHUT_RDWR)  # upon which the program ends by itself,
                process.wait(2)  # unless a submission keeps it from doing so
            process.kill()
            process.wait()
            process.stderr.close()


def missing() -> str:
    """Return why there is no sandbox on this computer; empty where there is one."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no bubblewrap"
    try:
        with sandbox(["-I", "-S", "-c", "import os; os.write(0, b'1'); os.read(0, 1)"]):
            return ""
    except Unprotected as why:
        return str(why)


def confine(home: str, *, protected: bool) -> socket.socket:
    """Give this process a home and limits, and take away everything else that is open.

    Returns:
        the socket that was its standard input.
    """
    line = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    limits = {resource.RLIMIT_FSIZE: FILE, resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 256}
    if protected:  # else it would count all that the user runs
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
    """Keep this process from taking more memory than it should need, where that can be done."""
    if sys.platform.startswith("linux"):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        hard = most if for_good else resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def trees() -> list[Path]:
    """Return the folders that Python, its environment and the course consist of."""
    python = [sys.base_prefix, sys.prefix, *site.getsitepackages(), site.getusersitepackages()]
    system = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"]
    paths = [Path(path) for path in [*python, *system, *_COURSE] if os.path.exists(path)]
    found = {way for path in paths for way in (path, path.resolve())}
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
    """Return the command up to the program that is to run inside."""
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
