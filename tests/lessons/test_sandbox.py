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
from random import Random
from uuid import uuid4

import pytest

from made_lessons.grading.sandbox import sandbox, trees
from tests.lessons.submitting import REPOSITORY, needs_sandbox, processes_with
from tests.waiting import MOST_S, soon

LIBC = ctypes.CDLL(None, use_errno=True)
USERS = ["tester", *["nobody"] * (os.getuid() == 0)]  # only root can become nobody
NAMES = ["3.1", "3.2", "3.3", "3.4", "3.5"]
GRADE = """
import json, sys
from made_lessons.grading.judge import judge
from tests.lessons.submitting import IMPORTS, notebook
found = judge(notebook(IMPORTS, *json.load(sys.stdin)).encode(), 3)
print(json.dumps({name: verdict.message for name, verdict in found.items()}))
"""


def tried(*trials, who, **how):
    """Return the results of functions in a submission.

    Args:
        trials: up to five functions that import everything they need, with their arguments.
        who: the user who grades the submission.
        how: more arguments for the process that grades.
    """
    cells = [_cell(name, *trial) for name, trial in zip(NAMES, trials, strict=False)]
    command = [*(_as_nobody() if who == "nobody" else ()), sys.executable, "-c", GRADE]
    # a file, because a process that is left behind could keep a pipe open
    with tempfile.TemporaryFile("w+") as out:
        how |= {"stdout": out, "env": os.environ | {"PYTHONPATH": str(REPOSITORY)}}
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
    closed = {p for tree in trees() for p in tree.parents if not p.stat().st_mode & 1}
    closed |= {path for path in REPOSITORY.parents if not path.stat().st_mode & 1}
    command = ["bwrap", "--dev-bind", "/", "/"]
    for path in sorted(closed):
        command += ["--perms", "0755", "--tmpfs", str(path)]
    for tree in [*trees(), REPOSITORY]:
        if closed & {*tree.parents}:
            for folder in reversed(tree.parents):
                command += ["--perms", "0755", "--dir", str(folder)]
            command += ["--ro-bind", str(tree), str(tree)]
    return [*command, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture(scope="module")
def outside():
    """Make objects that all users can open: sockets, a FIFO, a file, a terminal."""
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
        yield str(folder), terminal, server.getsockname()[1], process.pid


def reaches(folder, terminal, port, number, who):
    """Try ways out of the sandbox, and return the ones that are open."""
    import contextlib
    import ctypes
    import socket
    from pathlib import Path

    def connects(family, address):
        with socket.socket(family) as line:
            line.settimeout(2)
            line.connect(address)

    def opens(path, flags):
        os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY))

    def sees_commands():
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                if b"a command line with a password" in (process / "cmdline").read_bytes():
                    return
        raise PermissionError

    def shares_memory():
        if ctypes.CDLL(None).shmget(number, 0, 0) < 0:
            raise PermissionError

    ways = {
        "a socket": lambda: connects(socket.AF_UNIX, f"{folder}/socket"),
        "an abstract socket": lambda: connects(socket.AF_UNIX, f"\0{folder}"),
        "the network": lambda: connects(socket.AF_INET, ("127.0.0.1", port)),
        "a FIFO": lambda: opens(f"{folder}/fifo", os.O_WRONLY),
        "to read a file": lambda: opens(f"{folder}/thesis.txt", os.O_RDONLY),
        "to write to a file": lambda: opens(f"{folder}/thesis.txt", os.O_WRONLY),
        "to make a file": lambda: opens(f"{folder}/{who}", os.O_WRONLY | os.O_CREAT),
        "a terminal": lambda: opens(terminal, os.O_RDWR),
        "command lines": sees_commands,
        "shared memory": shares_memory,
    }
    open_ones = []
    for way, goes in ways.items():
        with contextlib.suppress(OSError):
            goes()
            open_ones.append(way)
    return open_ones


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
        "a root of its own": lambda: os.chroot("/submission"),
        "root": lambda: os.setuid(0),
        "a device": lambda: os.mknod("disk", 0o60666, os.makedev(254, 0)),
        "a file in /": lambda: os.open("/new", os.O_CREAT | os.O_WRONLY),
        "a file in /dev": lambda: os.open("/dev/shm/new", os.O_CREAT | os.O_WRONLY),
        "a terminal of its own session": lambda: os.open("/dev/tty", os.O_RDWR),
    }
    taken = []
    for name, way in ways.items():
        with contextlib.suppress(OSError, ValueError):
            way()
            taken.append(name)
    libc = ctypes.CDLL(None)
    users, mounts, network = 0x10000000, 0x20000, 0x40000000
    for flags in (users, users | mounts, mounts, network):
        if libc.unshare(flags) == 0:
            taken.append(f"namespaces {flags:x}")
    for path in filter(os.path.exists, ("/", "/dev", "/usr/lib", sys.prefix)):
        if not os.statvfs(path).f_flag & os.ST_RDONLY:
            taken.append(f"to write to {path}")
    if libc.mount(b"new", b"/submission", b"tmpfs", 0, None) == 0:
        taken.append("a mount")
    status = Path("/proc/self/status").read_text()
    rights = re.findall(r"Cap(?:Prm|Eff|Inh|Amb):\s*(\w+)", status)
    return [*taken, *{*rights}, "NoNewPrivs:\t1" in status]


def asks_for_a_key(request):
    import ctypes

    return [ctypes.CDLL(None).syscall(request, b"user", b"made-course-test", None, 0) >= 0]


KEYS = {"aarch64": (219, 217, 218)}.get(os.uname().machine, (250, 248, 249))


def hold_a_key():
    join, add, _ = KEYS
    LIBC.syscall(join, 1, None)
    LIBC.syscall(add, b"user", b"made-course-test", b"password", 8, -3)  # the session's ring


def fills_its_memory_and_its_folder():
    import contextlib
    import mmap
    import resource
    from pathlib import Path

    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))  # asks for unlimited memory

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
    assert len(reaches(*outside, f"by {who}")) == 10
    code = f"import os\n{inspect.getsource(asks_for_a_key)}\nprint(asks_for_a_key({KEYS[2]}))"
    ask = [sys.executable, "-c", code]
    assert subprocess.check_output(ask, preexec_fn=hold_a_key, text=True) == "[True]\n"
    trials = (
        (reaches, *outside, who),
        (takes_rights,),
        (asks_for_a_key, KEYS[2]),
        (fills_its_memory_and_its_folder,),
        (leaves_processes, mark := f"left behind by {uuid4()}"),
    )
    *found, (halves, files), processes = tried(*trials, who=who, preexec_fn=hold_a_key)
    assert found == [[], ["0" * 16, True], [False]]
    assert 6 <= halves < 8  # of a GB, above what the cell has loaded
    assert 120 <= files <= 128  # MB; IPython writes small files
    assert 12 <= processes < 16
    assert soon(lambda: not processes_with(mark))


@needs_sandbox
def test_a_sandbox_ends_when_its_time_is_over():
    with sandbox(["-c", "import time; time.sleep(9999)"], seconds=1) as connection:
        assert connection.poll(MOST_S)


@needs_sandbox
def test_a_sandbox_ends_when_its_judge_is_killed_at_any_time():
    mark, random, begun = f"until its judge ends {uuid4()}", Random(0), time.monotonic()
    code = "import os, sys, time\nline = int(sys.argv[2])\nos.write(line, b'1')\nos.read(line, 1)"
    program = ["-I", "-S", "-c", f"{code} and time.sleep(9999)", mark]
    with sandbox(program, seconds=9999) as connection:
        os.read(connection.fileno(), 1)
        takes = time.monotonic() - begun
    for _ in range(50):
        child = os.fork()
        if child == 0:
            with contextlib.suppress(Exception), sandbox(program, seconds=9999) as connection:
                os.write(connection.fileno(), os.read(connection.fileno(), 1))
                time.sleep(9999)
            os._exit(0)
        time.sleep(1.5 * takes * random.random())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert soon(lambda: not processes_with(mark))
