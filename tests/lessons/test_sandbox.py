"""The sandbox: what it keeps out, as root and as an ordinary user, and which limits it sets.

What it keeps out is tried without it, too, so that a trial is known to be a sharp one.
"""

import contextlib
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import pytest

from made_lessons.grading import judge
from made_lessons.grading.sandbox import sandbox
from tests.lessons.handing_in import needs_sandbox, processes_with, running_with

REACHED = "reached"
LIBC = ctypes.CDLL(None, use_errno=True)
WHO = ["whoever tests", "nobody"]
as_each = pytest.mark.parametrize(
    "who",
    [
        WHO[0],
        pytest.param(
            WHO[1],
            marks=pytest.mark.skipif(os.getuid() != 0, reason="only root can become nobody"),
        ),
    ],
)


def tried(*trials, protected=True, who=WHO[0], before=lambda: None):
    """What functions give that run in a sandbox one after the other; None where one is killed."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            before()
            if who == "nobody":
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
                if not os.access(sys.executable, os.X_OK):  # Python may be root's alone
                    sys.executable = "/usr/bin/python3"
                    sys.prefix = sys.base_prefix = "/usr"
            with sandbox(protected=protected) as start:
                os.write(theirs, json.dumps([_in(start, trial) for trial in trials]).encode())
        os._exit(0)
    os.close(theirs)
    with open(ours) as file:
        said = file.read()
    os.waitpid(child, 0)
    return json.loads(said)


def _in(start, trial):
    def work(line):
        try:
            said = trial()
        except (OSError, MemoryError, ValueError) as error:
            said = type(error).__name__
        line.sendall(json.dumps(said).encode())

    data = b""
    # what it has left behind may keep the line open
    with start(work, 20) as line, contextlib.suppress(TimeoutError):
        line.settimeout(10)
        while not data and (part := line.recv(2**16)):
            data += part
    return json.loads(data) if data else None


@pytest.fixture(scope="module")
def outside():
    """What lies about on a computer, open to all: sockets, a FIFO, a file, a terminal."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        folder.chmod(0o777)
        by_file, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        by_file.bind(str(folder / "socket"))
        abstract.bind(f"\0{folder}")
        server = socket.create_server(("127.0.0.1", 0))
        os.mkfifo(folder / "fifo")
        (folder / "thesis.txt").write_text("the only copy")
        for one in (by_file, abstract, server):
            one.listen(100)
            stack.enter_context(one)
        ends = [os.open(folder / "fifo", os.O_RDWR), *os.openpty()]
        stack.callback(lambda: [*map(os.close, ends)])
        terminal = os.ttyname(ends[-1])
        for path in (*folder.iterdir(), Path(terminal)):
            path.chmod(0o666)
        command = [sys.executable, "-c", "input()", "a command line with a password"]
        process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE))
        stack.callback(process.kill)
        memory = LIBC.shmget(process.pid, 4096, 0o1666)
        stack.callback(LIBC.shmctl, memory, 0, None)
        yield folder, terminal, server.getsockname()[1], process.pid


def connects(family, address):
    with socket.socket(family) as line:
        line.settimeout(2)
        line.connect(address)
    return REACHED


def opens(path, flags):
    os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY))
    return REACHED


def sees_commands():
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            if "a command line with a password" in (process / "cmdline").read_text():
                return REACHED
    return "nothing"


@needs_sandbox
@as_each
def test_nothing_outside_is_reached(outside, who):
    folder, terminal, port, number = outside
    ways = {
        "a socket": lambda: connects(socket.AF_UNIX, str(folder / "socket")),
        "an abstract socket": lambda: connects(socket.AF_UNIX, f"\0{folder}"),
        "the network": lambda: connects(socket.AF_INET, ("127.0.0.1", port)),
        "a FIFO": lambda: opens(folder / "fifo", os.O_WRONLY),
        "to read a file": lambda: opens(folder / "thesis.txt", os.O_RDONLY),
        "to write to a file": lambda: opens(folder / "thesis.txt", os.O_WRONLY),
        "to make a file": lambda: opens(folder / who, os.O_WRONLY | os.O_CREAT),
        "a terminal": lambda: opens(terminal, os.O_RDWR),
        "command lines": sees_commands,
        "shared memory": lambda: REACHED if LIBC.shmget(number, 0, 0) >= 0 else "nothing",
    }
    sharp = dict(zip(ways, tried(*ways.values(), protected=False, who=who), strict=True))
    assert sharp == dict.fromkeys(ways, REACHED)
    found = dict(zip(ways, tried(*ways.values(), who=who), strict=True))
    assert not {way: said for way, said in found.items() if said in (REACHED, None)}


def takes_rights():
    """What a hand-in gets of rights, by the ways that there are."""
    import resource  # which Windows lacks

    new_users, new_mounts, new_network = 0x10000000, 0x20000, 0x40000000
    ways = {
        "more time": lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
        "more processes": lambda: resource.setrlimit(resource.RLIMIT_NPROC, (99, 99)),
        "a root of its own": lambda: os.chroot("/hand-in"),
        "root": lambda: os.setuid(0),
        "a device": lambda: os.mknod("disk", 0o60666, os.makedev(254, 0)),
        "a file in /": lambda: opens("/new", os.O_CREAT | os.O_WRONLY),
        "a file in /dev": lambda: opens("/dev/shm/new", os.O_CREAT | os.O_WRONLY),
        "a terminal of its own session": lambda: opens("/dev/tty", os.O_RDWR),
    }
    taken = []
    for name, way in ways.items():
        with contextlib.suppress(OSError, ValueError):
            way()
            taken.append(name)
    for flags in (new_users, new_users | new_mounts, new_mounts, new_network):
        if LIBC.unshare(flags) == 0:
            taken.append(f"namespaces {flags:x}")
    for path in filter(os.path.exists, ("/", "/dev", "/usr/lib", judge.__file__)):
        if not os.statvfs(path).f_flag & os.ST_RDONLY:
            taken.append(f"to write to {path}")
    if LIBC.mount(b"new", b"/hand-in", b"tmpfs", 0, None) == 0:
        taken.append("a mount")
    status = Path("/proc/self/status").read_text()
    return taken, re.findall(r"Cap(?:Prm|Eff|Inh|Amb):\s*(\w+)", status), "NoNewPrivs:\t1" in status


@needs_sandbox
@as_each
def test_no_rights_are_taken(who):
    assert tried(takes_rights, who=who) == [[[], ["0" * 16] * 4, True]]


def forks():
    """How many more processes there can be."""
    for count in range(100):
        try:
            if os.fork() == 0:
                time.sleep(60)
        except OSError:
            return count
    return 100


def fills_its_folder():
    written = 0
    with contextlib.suppress(OSError):
        for k in range(400):
            Path(f"{k}").write_bytes(bytes(2**20))
            written += 1
    return written


@needs_sandbox
@as_each
def test_memory_files_and_processes_have_limits(who):
    """Memory has one for each process, without what is shared: these are few, is all there is."""
    memory = tried(lambda: len(bytearray(5 * 2**30)), fills_its_folder, who=who)
    assert memory == ["MemoryError", 128]
    (count,) = tried(forks, who=who)
    assert 12 <= count < 16


@needs_sandbox
@as_each
def test_no_key_of_a_session_is_read(who):
    join, add, request = {"aarch64": (219, 217, 218)}.get(os.uname().machine, (250, 248, 249))
    ring_of_a_session, word = -3, b"made-course-test"

    def hold_a_key():
        LIBC.syscall(join, 1, None)
        LIBC.syscall(add, b"user", word, b"password", 8, ring_of_a_session)

    def asks():
        return REACHED if LIBC.syscall(request, b"user", word, None, 0) >= 0 else "nothing"

    assert tried(asks, who=who, before=hold_a_key) == ["nothing"]


MARK = "left behind by a hand-in"


def leaves_something():
    """A process that does not end with its parent, and shared memory."""
    memory = LIBC.shmget(17, 4096, 0o1666)
    if os.fork() == 0:
        os.setsid()
        LIBC.prctl(1, 0, 0, 0, 0)
        os.close(3)
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", MARK])
    return REACHED if memory >= 0 else "nothing"


def finds_something():
    return REACHED if LIBC.shmget(17, 0, 0) >= 0 else "nothing"


@needs_sandbox
@as_each
def test_what_a_hand_in_leaves_ends_with_its_sandbox(who):
    assert tried(leaves_something, finds_something, who=who) == [REACHED] * 2
    assert tried(finds_something, who=who) == ["nothing"]
    assert not processes_with(MARK)


@needs_sandbox
@as_each
def test_who_ends_all_processes_ends_its_own(who):
    """Of which there is no other: what holds the sandbox is not among them."""

    def ends_all():
        if Path("/hand-in").exists():  # so that nobody is hurt where there is no sandbox
            os.kill(-1, signal.SIGKILL)

    found = tried(ends_all, lambda: Path("/hand-in").exists(), who=who)
    assert found == ["ProcessLookupError", True]


@needs_sandbox
def test_whenever_a_judge_is_killed_its_sandbox_ends(tmp_path):
    random, begun = Random(0), time.monotonic()
    with sandbox():
        takes = time.monotonic() - begun
    for _ in range(100):
        judge_of_one = os.fork()
        if judge_of_one == 0:
            try:
                os.environ["HOME"] = str(tmp_path)  # by which what is left is found
                with sandbox():
                    time.sleep(9)
            finally:
                os._exit(0)
        time.sleep(takes * random.random())
        os.kill(judge_of_one, signal.SIGKILL)
        os.waitpid(judge_of_one, 0)
    assert not running_with(tmp_path)


@needs_sandbox
@pytest.mark.parametrize("protected", [True, False])
def test_a_hand_in_ends_with_its_judge(protected):
    here, there = socket.socketpair()
    judge = os.fork()
    if judge == 0:
        here.close()
        waits = lambda line: line.send(b"here") and signal.pause()  # noqa: E731
        with sandbox(protected=protected) as start, start(waits, 20) as line:
            socket.send_fds(there, [line.recv(4)], [line.fileno()])
            signal.pause()
    there.close()
    with here:
        said, (number,), *_ = socket.recv_fds(here, 4, 1)
    os.kill(judge, signal.SIGKILL)
    os.waitpid(judge, 0)
    with socket.socket(fileno=number) as line:
        line.settimeout(10)
        assert (said, line.recv(1)) == (b"here", b"")  # nobody holds the other end


def test_a_signal_that_comes_late_makes_no_second_judge(tmp_path, monkeypatch):
    """The process between is a copy of its judge: it must end, and never go on in its place."""
    judge, leave, escaped = os.getpid(), os._exit, tmp_path / "escaped"

    def leave_late(status):
        signal.raise_signal(signal.SIGTERM)
        leave(status)

    monkeypatch.setattr(os, "_exit", leave_late)
    nothing, lost = lambda line: None, contextlib.suppress(ProcessLookupError)
    with lost, sandbox(protected=False) as start, start(nothing, 5) as line:
        line.settimeout(10)
        assert line.recv(1) == b""
        time.sleep(0.5)  # it hears of its own end before it is told to end
    if os.getpid() != judge:
        escaped.touch()
        leave(1)
    assert not escaped.exists()
