"""A process for code that nobody has read: what it may use, and what it cannot reach.

On Linux the process gets namespaces of its own: no network, no other process, a file system that
is read-only, with the home folder and whatever else is private covered by empty folders. As root
it becomes a user that owns nothing.
"""

from __future__ import annotations

import ctypes
import os
import site
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..data import mnist_folder

if os.name == "posix":  # elsewhere this can be imported, and not used
    import pwd
    import resource

GIB, MIB = 2**30, 2**20
MEMORY = 4 * GIB
"""Address space that a hand-in, or who judges it, may add to what the grader has itself."""
FILE, FOLDER, FILES = 64 * MIB, 128 * MIB, 2_000
"""Bytes of a file, bytes of all files and their number, in a hand-in's folder."""
PROCESSES = 64
"""Processes and threads of a hand-in."""

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_PIDS, _NEW_NET = (
    0x00020000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442  # the same on all processors of Linux
_HERE, _RECURSIVE, _CLONE, _EMPTY_PATH, _READ_ONLY = -100, 0x8000, 1, 4, 1
_PRIVATE = 0x40000 | 0x4000  # MS_PRIVATE | MS_REC
_NO_DEVICES = 2 | 4  # MS_NOSUID | MS_NODEV
_DEATH_SIGNAL, _DUMPABLE, _NO_NEW_PRIVILEGES = 1, 4, 38
_LIBC = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
_IS_LINUX = sys.platform.startswith("linux")


def separate() -> str:
    """Give the children of this process namespaces of their own, and keep them out of its memory.

    This process ends with the one that started it, and they end with this one. To be called once,
    by a process of one thread, before it forks.

    Returns:
        why that could not be done; empty where it was.
    """
    if not _IS_LINUX:
        return f"{sys.platform} has no namespaces"
    user, group = os.getuid(), os.getgid()
    flags = _NEW_MOUNTS | _NEW_IPC | _NEW_PIDS | _NEW_NET
    try:
        _call("unshare", flags if user == 0 else flags | _NEW_USER)
        if user != 0:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    except OSError as error:
        return f"this system allows no namespaces ({error.strerror})"
    finally:
        _call("prctl", _DUMPABLE, 0, 0, 0, 0)
        _call("prctl", _DEATH_SIGNAL, 9, 0, 0, 0)
    return ""


def stranger() -> int:
    """A user that owns nothing, for the child of this process; other processes have another."""
    return 60_000 + os.getpid() % 5_000


def confine(
    folder: Path, seconds: int, *, user: int, cover: Sequence[Path], in_namespaces: bool
) -> None:
    """Keep this process to a folder and to limits, for good.

    Args:
        folder: of its own, empty; its home from now on.
        seconds: of the processor.
        user: whom it becomes where it is root.
        cover: folders that it must not see.
        in_namespaces: whether its parent was separated.
    """
    if in_namespaces:
        _restrict_files(folder, cover)
    elif os.getuid() == 0:
        os.chown(folder, user, user)
    _limit(seconds)
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if _IS_LINUX:
        _drop_capabilities()
        _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _call("prctl", _DEATH_SIGNAL, 9, 0, 0, 0)
    os.chdir(folder)
    tempfile.tempdir = str(folder)
    os.environ.clear()
    os.environ.update(
        HOME=str(folder), TMPDIR=str(folder), MADE_COURSE_PROGRESS=str(folder / "solved")
    )
    os.environ.update(PATH=os.defpath, LANG="C.UTF-8", MPLBACKEND="agg", OMP_NUM_THREADS="1")


def _restrict_files(folder: Path, cover: Sequence[Path]) -> None:
    needed = [tree for tree in _needed() if tree.exists()]
    private = [*cover, *_homes(), *filter(None, map(_closed_ancestor, needed))]
    _call("mount", None, b"/", None, _PRIVATE, None)
    clones = [_system(_OPEN_TREE, _HERE, os.fsencode(tree), _CLONE | _RECURSIVE) for tree in needed]
    for path in sorted(set(private)):
        if path.is_dir():
            _empty(path, b"mode=755,size=1m")
    for tree, clone in zip(needed, clones, strict=True):
        tree.mkdir(parents=True, exist_ok=True)
        _system(_MOVE_MOUNT, clone, b"", _HERE, os.fsencode(tree), _EMPTY_PATH)
        os.close(clone)
    folder.mkdir(parents=True, exist_ok=True)
    read_only = (ctypes.c_uint64 * 4)(_READ_ONLY, 0, 0, 0)
    _system(_MOUNT_SETATTR, _HERE, b"/", _RECURSIVE, ctypes.byref(read_only), 32)
    _empty(folder, f"mode=777,size={FOLDER},nr_inodes={FILES}".encode())


def _needed() -> list[Path]:
    """What Python, the course and its data consist of."""
    trees = [sys.base_prefix, sys.prefix, *site.getsitepackages(), site.getusersitepackages()]
    trees += [Path(__file__).parents[1], mnist_folder()]
    return sorted({Path(tree).resolve() for tree in trees})


def _homes() -> list[Path]:
    homes = {Path.home().resolve()}
    with suppress(KeyError):  # in a container a user may have a number alone
        homes.add(Path(pwd.getpwuid(os.getuid()).pw_dir).resolve())
    return [home for home in homes if home != Path("/")]


def _closed_ancestor(tree: Path) -> Path | None:
    """The first folder on the way to a tree that is not open to all."""
    way = [*reversed(tree.parents)]
    return next((path for path in way if not path.stat().st_mode & 0o001), None)


def _empty(path: Path, options: bytes) -> None:
    _call("mount", b"tmpfs", os.fsencode(path), b"tmpfs", _NO_DEVICES, options)


def _limit(seconds: int) -> None:
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: PROCESSES,
    }
    if _IS_LINUX:
        limits[resource.RLIMIT_AS] = _most_memory()
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))


def limit_memory() -> None:
    """Keep this process from taking more memory than it should need, where that can be done."""
    if _IS_LINUX:
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_most_memory(), most))


def _most_memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize() + MEMORY


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def _call(name: str, *arguments: object) -> int:
    return _checked(getattr(_LIBC, name)(*map(_as_c, arguments)))


def _system(number: int, *arguments: object) -> int:
    return _checked(_LIBC.syscall(ctypes.c_long(number), *map(_as_c, arguments)))


def _as_c(argument: object) -> object:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def _checked(came: int) -> int:
    if came < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return came
