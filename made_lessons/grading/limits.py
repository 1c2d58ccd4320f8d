"""The limits of a submission and its judge, and the program that sets them in the sandbox.

The program gives up all rights, and executes its arguments. It runs without site packages, so it
imports only the standard library.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

if sys.platform == "linux":  # on other systems, this module can be imported but not used
    import resource

MEMORY = 4 * 2**30  # bytes of address space that a process may use beyond those at its start
FOLDER = 128 * 2**20  # bytes that the folder may contain
PROCESSES = 16  # processes and threads
JUDGE_S = 600  # seconds of processor time that a judge may use


def limit_memory(*, for_good: bool = False) -> None:
    """Limit the memory of this process. Without ``for_good``, its children can have more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    hard = most if for_good else resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def limit_time() -> None:
    """Let the kernel kill this process after ``JUDGE_S``, even during a call into C."""
    resource.setrlimit(resource.RLIMIT_CPU, (JUDGE_S, JUDGE_S))


def main() -> None:
    """Give up all rights, set the limits, and execute the arguments."""
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
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: PROCESSES,
    }
    for which, most in limits.items():
        resource.setrlimit(which, (most, most))
    os.execv(sys.argv[1], sys.argv[1:])  # which drops all capabilities


if __name__ == "__main__":
    main()
