"""A place for code that nobody has read: bubblewrap makes it, and processes step in.

In it there are namespaces of its own and, read-only, the folders that Python, its environment and
the course consist of; nothing else but one empty folder in memory. A process that steps in is a
fork of one that has PyTorch loaded already: to load it once for each hand-in would take minutes.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import site
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import made_course

if os.name == "posix":  # elsewhere this can be imported, and not used
    import resource

GIB, MIB = 2**30, 2**20
MEMORY = 4 * GIB
"""Address space that a process of a hand-in, or its judge, may add to what it begins with."""
FILE, FOLDER = 64 * MIB, 128 * MIB
"""Bytes of a file, and of all files together."""
PROCESSES = 16
"""Processes and threads of a hand-in."""
HOME = "/hand-in"

_NAMESPACES = {"uts": 0x04000000, "ipc": 0x08000000, "pid": 0x20000000, "net": 0x40000000}
_MOUNTS, _USERS = 0x00020000, 0x10000000
_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38
_KEYCTL, _OWN_KEYS = {"x86_64": 250, "aarch64": 219}, 1
_WAITS = """
import signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whose parent has ended is waited for
print(flush=True)
sys.stdin.read()  # until whoever asked for the sandbox ends, in whatever way
"""

Work = Callable[[socket.socket], None]
Start = Callable[[Work, int], AbstractContextManager[socket.socket]]


class Unprotected(Exception):
    """Why there can be no sandbox on this computer."""


@contextmanager
def sandbox(*, protected: bool = True) -> Iterator[Start]:
    """One place, for one or more processes; nothing in it outlives it.

    Args:
        protected: whether bubblewrap makes it. Otherwise there are the limits alone.

    Yields:
        ``start(work, seconds)``, which runs ``work(line)`` in here for as long as its context
        lasts, with one end of a line and nothing else that is open, and gives the other end. All
        that this process knows, ``work`` may come to know; the seconds are the processor's.

    Raises:
        Unprotected: if bubblewrap cannot.
    """
    if protected:
        # root becomes a user that owns nothing, another one for each judge
        user = 60_000 + os.getpid() % 5_000 if os.getuid() == 0 else None
        with _held(with_users=user is None) as holder:
            yield partial(_started, holder, user, HOME)
    else:
        with tempfile.TemporaryDirectory("made-grading", ignore_cleanup_errors=True) as home:
            yield partial(_started, None, None, home)


def missing() -> str:
    """Why there is no sandbox on this computer; empty where there is one."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no bubblewrap"
    try:
        with sandbox() as start, start(lambda line: line.send(b"in"), 5) as line:
            steps_in = line.recv(2) == b"in"
    except Unprotected as why:
        return str(why)
    return "" if steps_in else "a process cannot step into bubblewrap's sandbox"


def limit_memory(*, for_good: bool = False) -> None:
    """Keep this process from taking more memory than it should need, where that can be done."""
    if sys.platform.startswith("linux"):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        hard = most if for_good else resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def trees() -> list[Path]:
    """What Python, its environment and the course consist of."""
    python = [sys.base_prefix, sys.prefix, *site.getsitepackages(), site.getusersitepackages()]
    system = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"]
    course = [Path(made_course.__file__).parent, Path(__file__).parents[1]]
    paths = [Path(path) for path in [*python, *system, *course] if os.path.exists(path)]
    found = {way for path in paths for way in (path, path.resolve())}
    return sorted(path for path in found if not found & {*path.parents})


@contextmanager
def _held(*, with_users: bool) -> Iterator[int]:
    """Have bubblewrap make the place, and keep it by a process that waits for its end."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with open(os.memfd_create("info"), "r+") as info:
        wait = [sys.executable, "-I", "-S", "-c", _WAITS]
        command = [*_bubblewrap(with_users, info.fileno()), *wait]
        try:
            keeper = subprocess.Popen(command, **pipes, pass_fds=[info.fileno()])
        except OSError as error:
            raise Unprotected(f"bubblewrap cannot be started ({error.strerror})") from error
        with keeper:
            if not keeper.stdout.readline():
                why = keeper.stderr.read().decode(errors="replace").strip()[:200]
                raise Unprotected(
                    f"bubblewrap makes no sandbox here ({why}); Ubuntu 24.04 needs AppArmor's "
                    "profile bwrap-userns-restrict for it"
                )
            info.seek(0)
            first = json.load(info)["child-pid"]
            # kept open: its number alone may come to be another process's, outside
            with open(os.pidfd_open(first), "rb", 0) as holder:
                try:
                    yield holder.fileno()
                finally:
                    with suppress(ProcessLookupError):
                        signal.pidfd_send_signal(holder.fileno(), signal.SIGKILL)  # all end with it


def _bubblewrap(with_users: bool, info: int) -> list[str]:
    """The command up to what is to run inside."""
    command = ["bwrap", *(f"--unshare-{name}" for name in _NAMESPACES)]
    # a namespace of users has one user, so that whoever becomes another can have none
    command += ["--unshare-user", "--disable-userns"] if with_users else []
    # ending with its parent, or for want of a reader of its info, it could leave a half of itself
    command += ["--as-pid-1", "--new-session", "--clearenv", "--info-fd", str(info)]
    given = trees()
    for folder in sorted({folder for tree in given for folder in tree.parents}):
        command += ["--perms", "0755", "--dir", str(folder)]
    for tree in given:
        command += ["--ro-bind", str(tree), str(tree)]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--perms", "0777", "--size", str(FOLDER), "--tmpfs", HOME]
    return [*command, "--remount-ro", "/"]


@contextmanager
def _started(
    holder: int | None, user: int | None, home: str, work: Work, seconds: int
) -> Iterator[socket.socket]:
    here, there = socket.socketpair()
    between = os.fork()
    if between == 0:
        try:
            here.close()
            if holder is not None:
                kinds = sum(_NAMESPACES.values()) | _MOUNTS | (0 if user else _USERS)
                _call("setns", holder, kinds)
            _end_with_parent()
            inside = os.fork()
            if inside == 0:  # which alone is inside
                line = _nothing_but(there)
                _confine(home, seconds, user, is_alone=holder is not None)
                work(line)
                os._exit(0)
            there.close()
            signal.signal(signal.SIGTERM, lambda *_: _end(inside))
            os.wait()  # what is dead and not waited for counts as one of its processes
        finally:  # else a copy of the judge would go on in its place
            os._exit(0)
    there.close()
    try:
        yield here
    finally:
        here.close()
        os.kill(between, signal.SIGTERM)
        os.waitpid(between, 0)


def _end(process: int) -> None:
    with suppress(ProcessLookupError):  # it has ended by itself, and was waited for
        os.kill(process, signal.SIGKILL)


def _confine(home: str, seconds: int, user: int | None, *, is_alone: bool) -> None:
    """Give this process a home and limits, and take from it whatever rights it has, for good."""
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
    }
    if is_alone:  # else it would count all that the user runs
        limits[resource.RLIMIT_NPROC] = PROCESSES
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    limit_memory(for_good=True)
    os.setsid()
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        with suppress(OSError, AttributeError):  # in one of its own it would have all rights
            _call("unshare", _USERS)
            Path("/proc/sys/user/max_user_namespaces").write_text("0")
    if sys.platform.startswith("linux"):
        header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        _call("capset", ctypes.byref(header), ctypes.byref(none))
        _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _end_with_parent()
        with suppress(OSError, KeyError):  # whoever inherits a ring of keys can read them
            _call("syscall", _KEYCTL[os.uname().machine], _OWN_KEYS, 0)
    os.chdir(home)
    tempfile.tempdir = home
    os.environ.clear()
    os.environ.update(HOME=home, TMPDIR=home, MADE_COURSE_PROGRESS=f"{home}/solved")
    os.environ.update(PATH=os.defpath, LANG="C.UTF-8", MPLBACKEND="agg", OMP_NUM_THREADS="1")


def _end_with_parent() -> None:
    if sys.platform.startswith("linux"):
        _call("prctl", _DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def _nothing_but(line: socket.socket) -> socket.socket:
    """Close whatever this process has open but one line."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    kept = os.dup2(line.detach(), 3)
    os.closerange(4, 4096)
    sys.stdin, sys.stdout, sys.stderr = map(os.fdopen, (0, 1, 2), "rww")
    return socket.socket(fileno=kept)


def _call(name: str, *arguments: object) -> None:
    as_c = [ctypes.c_long(part) if isinstance(part, int) else part for part in arguments]
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*as_c) < 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
