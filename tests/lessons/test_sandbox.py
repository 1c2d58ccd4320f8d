"""The sandbox: which attacks it stops, as root and as an ordinary user, and its limits.

Where possible, an attack is also tried without the sandbox, where it must succeed.
"""

import contextlib
import ctypes
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from made_lessons.grading.sandbox import readable_paths, sandbox
from tests.lessons.submitting import REPOSITORY, needs_sandbox, processes_with
from tests.waiting import MOST_S, soon

LIBC = ctypes.CDLL(None, use_errno=True)
USERS = ["tester", *["nobody"] * (os.getuid() == 0)]  # only root can become nobody
NAMES = ["3.1", "3.2", "3.3", "3.4"]
KEYS = {"aarch64": (219, 217, 218)}.get(os.uname().machine, (250, 248, 249))  # system calls
GRADE = """
import json, sys
from made_lessons.grading.judge import judge
from tests.lessons.submitting import IMPORTS, notebook
found = judge(notebook(IMPORTS, *json.load(sys.stdin)).encode(), 3)
print(json.dumps({name: verdict.message for name, verdict in found.items()}))
"""


def tried(*trials, who):
    """Return the results of functions in a submission.

    Args:
        trials: up to four functions that import everything they need, with their arguments.
        who: the user who grades the submission.
    """
    cells = [_cell(name, *trial) for name, trial in zip(NAMES, trials, strict=False)]
    command = [*(_as_nobody() if who == "nobody" else ()), sys.executable, "-c", GRADE]
    terminal = os.ttyname(os.openpty()[1])
    # a file, because a process that is left behind could keep a pipe open
    with tempfile.TemporaryFile("w+") as out:
        how = {"stdout": out, "env": os.environ | {"PYTHONPATH": str(REPOSITORY)}}
        # a session of its own, whose processes can open its terminal as /dev/tty
        how |= {"start_new_session": True, "preexec_fn": lambda: os.open(terminal, os.O_RDWR)}
        subprocess.run(command, input=json.dumps(cells), text=True, check=True, **how)
        out.seek(0)
        found = json.load(out)
    return [json.loads(found[name].removeprefix("SystemError: ")) for name in NAMES[: len(trials)]]


def _cell(name, function, *arguments):
    """Return a cell that raises the function's result."""
    call = f"{function.__name__}(*{arguments!r})"
    code = f"import json, os\n{inspect.getsource(function)}\nraise SystemError(json.dumps({call}))"
    return f'{code}\ncheck("{name}", 1)'


def _as_nobody():
    """Return a command that runs Python as nobody, even if it is in a folder of root's."""
    closed = {p for tree in readable_paths() for p in tree.parents if not p.stat().st_mode & 1}
    closed |= {path for path in REPOSITORY.parents if not path.stat().st_mode & 1}
    command = ["bwrap", "--dev-bind", "/", "/"]
    for path in sorted(closed):
        command += ["--perms", "0755", "--tmpfs", str(path)]
    for tree in [*readable_paths(), REPOSITORY]:
        if closed & {*tree.parents}:
            for folder in reversed(tree.parents):
                command += ["--perms", "0755", "--dir", str(folder)]
            command += ["--ro-bind", str(tree), str(tree)]
    return [*command, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture(scope="module")
def outside():
    """Make objects that all users can open: a file, a server, shared memory, a key."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        folder.chmod(0o777)
        (folder / "thesis.txt").write_text("the only copy")
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        memory = LIBC.shmget(os.getpid(), 4096, 0o1666)
        stack.callback(LIBC.shmctl, memory, 0, None)
        join, add, request = KEYS
        LIBC.syscall(join, 1, None)
        LIBC.syscall(add, b"user", b"made-course-test", b"password", 8, -3)  # the session's ring
        command, port = psutil.Process().cmdline(), server.getsockname()[1]
        yield str(folder / "thesis.txt"), port, command, os.getpid(), request


def reaches(path, port, command, number, request):
    """Return the things outside that a submission can reach."""
    import ctypes
    import socket

    import psutil

    libc = ctypes.CDLL(None)
    with socket.socket() as line:
        line.settimeout(2)
        connects = line.connect_ex(("127.0.0.1", port)) == 0
    return {
        "a file": os.path.exists(path),
        "the network": connects,
        "command lines": command in [p.info["cmdline"] for p in psutil.process_iter(["cmdline"])],
        "shared memory": libc.shmget(number, 0, 0) >= 0,
        "keys": libc.syscall(request, b"user", b"made-course-test", None, 0) >= 0,
    }


def takes_rights():
    """Return the rights that a submission can get."""
    import contextlib
    import ctypes
    import re
    import resource
    import sys
    from pathlib import Path

    memory, _ = resource.getrlimit(resource.RLIMIT_AS)
    ways = {
        "more memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (memory + 1, memory + 1)),
        "more processes": lambda: resource.setrlimit(resource.RLIMIT_NPROC, (99, 99)),
        "a terminal of its own session": lambda: os.open("/dev/tty", os.O_RDWR),
    }
    taken = []
    for name, way in ways.items():
        with contextlib.suppress(OSError, ValueError):
            way()
            taken.append(name)
    if ctypes.CDLL(None).unshare(0x10000000) == 0:
        taken.append("a user namespace, and with it all rights")
    for path in filter(os.path.exists, ("/", "/dev", "/usr/lib", sys.prefix)):
        if not os.statvfs(path).f_flag & os.ST_RDONLY:
            taken.append(f"to write to {path}")
    status = Path("/proc/self/status").read_text()
    rights = re.findall(r"Cap(?:Prm|Eff|Inh|Amb):\s*(\w+)", status)
    return [*taken, *{*rights}, "NoNewPrivs:\t1" in status]


def fills_its_memory_and_its_folder():
    import mmap
    from pathlib import Path

    def count(take):
        kept = []
        while len(kept) < 400:
            try:
                kept.append(take(len(kept)))
            except OSError:
                break
        return len(kept)

    halves = count(lambda k: mmap.mmap(-1, 2**29))  # reserves memory without writing to it
    return halves, count(lambda k: Path(f"{k}").write_bytes(bytes(2**20)))


def leaves_processes(mark):
    """Leave processes that do not end with their parent or its group, and count them."""
    import sys

    for count in range(100):
        try:
            if os.fork() == 0:
                os.setsid()
                code = "import time; time.sleep(9999)"
                os.execv(sys.executable, [sys.executable, "-c", code, mark])
        except OSError:
            return count


@needs_sandbox
@pytest.mark.parametrize("who", USERS)
def test_nothing_outside_is_reached_or_taken_or_left(outside, who):
    assert all(reaches(*outside).values())
    trials = (
        (reaches, *outside),
        (takes_rights,),
        (fills_its_memory_and_its_folder,),
        (leaves_processes, mark := f"left behind by {uuid4()}"),
    )
    reached, rights, (halves, files), processes = tried(*trials, who=who)
    assert not any(reached.values())
    assert rights == ["0" * 16, True]
    assert 6 <= halves < 8  # of a GB, above what the cell has loaded
    assert 120 <= files <= 128  # MB; IPython writes small files
    assert 12 <= processes < 16
    assert soon(lambda: not processes_with(mark))


@needs_sandbox
def test_a_sandbox_ends_when_its_time_is_over():
    with sandbox(["-c", "import time; time.sleep(9999)"], seconds=1) as connection:
        assert connection.poll(MOST_S)


@needs_sandbox
def test_a_sandbox_ends_when_its_judge_is_killed():
    mark = f"until its judge ends {uuid4()}"
    child = os.fork()
    if child == 0:
        with sandbox(["-c", "import time; time.sleep(9999)", mark], seconds=9999):
            time.sleep(9999)
    assert soon(lambda: len(processes_with(mark)) == 3)  # Python, and bubblewrap twice
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert soon(lambda: not processes_with(mark))
