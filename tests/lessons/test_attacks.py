"""Attacks on the judge, by messages that a submission's process sends and by how it ends."""

import time

import pytest

from made_lessons.grading.sandbox import limit_memory
from made_lessons.grading.verdicts import MOST_WORDS
from tests.lessons.submitting import RIGHT, judged, needs_sandbox

LINE = """
import os, socket, stat, sys, time
def is_socket(number):
    return os.path.exists(f"/proc/self/fd/{number}") and stat.S_ISSOCK(os.fstat(number).st_mode)
line, *others = [socket.socket(fileno=number) for number in range(3, 256) if is_socket(number)]
"""
SAY = r"""
import io, pickle, zipfile
def packed(message, **how):
    torch.save(message, file := io.BytesIO(), **how)
    return file.getvalue()
def with_pickle(program):
    found, made = zipfile.ZipFile(io.BytesIO(packed(1))), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in found.namelist():
            archive.writestr(name, program if name.endswith(".pkl") else found.read(name))
    return made.getvalue()
def message(**values):
    return packed({"dict": [[name, value] for name, value in values.items()]})
class Evil:
    def __reduce__(self): return exec, ("import os; os._exit(7)",)
def colliding():  # numbers with the hash 0: a dict of n of them takes n² steps
    keys = [(k * sys.hash_info.modulus).to_bytes(12, "little") for k in range(1, 50_000)]
    return with_pickle(b"\x80\x02}(" + b"".join(b"\x8a\x0c" + key + b"K\0" for key in keys) + b"u.")
deep = b"]" * 10**5 + b"a" * (10**5 - 1)
same = [1]
for _ in range(40): same = [same] * 10
data = MESSAGE
line.sendall(len(data).to_bytes(4, "big") + data)
check("3.2", 1)
"""
STOPPED = ("stopped", "sent something unreadable")
NO_FUNCTION = ("wrong", "the answer must be a function")
# messages instead of an answer, and the verdict with words of it
MESSAGES = {
    "a verdict": ('message(state="right", words="")', STOPPED),
    "a program": ("message(answer=Evil())", STOPPED),
    "an old program": ("packed(Evil(), _use_new_zipfile_serialization=False)", STOPPED),
    "a pickle": ("pickle.dumps(Evil())", STOPPED),
    "a model": ('message(answer={"as it is": torch.zeros(1)})', STOPPED),
    "not a dict": ("packed([1])", STOPPED),
    "deep": (r'with_pickle(b"\x80\x02}X\4\0\0\0dict]]X\6\0\0\0answera" + deep + b"aas.")', STOPPED),
    "lists in lists": ("message(answer=same)", STOPPED),
    "colliding keys": ("colliding()", STOPPED),
    "half a character": (r'message(state="failed", words="\ud800")', ("failed", "\ud800")),
    "a huge number": ("message(answer=1 << 10**8)", STOPPED),
    "numbers that are not there": ("message(answer=torch.zeros(1).expand(10**13))", STOPPED),
    "a sparse tensor": ("message(answer=torch.eye(2).to_sparse())", STOPPED),
    "a tensor of nothing": ("message(answer=torch.zeros(10**9, 0))", NO_FUNCTION),
    "an evil name": (
        r'message(answer={"function": ["\0\ud800" * 999, 10**9]})',
        ("wrong", "the answer is None"),
    ),
    "a function too many": (
        'message(answer={"function": ["f", -1]})',
        ("wrong", "the answer is None"),
    ),
    "a false model": (
        'message(answer={"object": ["m", {"__del__": 0}, {"__init__": 0}]})',
        NO_FUNCTION,
    ),
}


@needs_sandbox
@pytest.mark.parametrize("name", [*MESSAGES])
def test_a_message_cannot_harm_the_judge(name):
    message, (state, words) = MESSAGES[name]
    verdict = judged(LINE + SAY.replace("MESSAGE", message), number="03")["3.2"]
    assert verdict.state == state
    assert words in verdict.words


@needs_sandbox
@pytest.mark.parametrize(
    "ends",
    [
        "os.kill(os.getpid(), 40)",
        "os.closerange(3, 99); time.sleep(60)",
        "os.kill(os.getppid(), 9); time.sleep(60)",
    ],
)
def test_a_process_that_ends_is_called_stopped(ends):
    cells = f'import os, time\n{ends}\ncheck("3.2", 1)', RIGHT.replace("3.2", "3.1")
    found = judged(*cells, number="03")
    assert [found[name].state for name in ("3.1", "3.2")] == ["wrong", "stopped"]


@needs_sandbox
def test_bytes_that_trickle_do_not_keep_a_line_open():
    trickle = 'line.send((2**24).to_bytes(4, "big"))\nwhile line.send(b"0"): time.sleep(0.1)\n'
    began = time.monotonic()
    assert judged(f'{LINE}{trickle}check("3.2", 1)', number="03")["3.2"].state == "stopped"
    assert time.monotonic() - began < 120


GREEDY = """
def total(log_prob, input_dim):
    log_prob(torch.zeros(1, 3 if log_prob.__name__ == "three_coins" else 40_000))
    return log_prob(torch.cartesian_prod(*[torch.arange(2.0)] * input_dim)).exp().sum()
check("2.1", total)
"""


@needs_sandbox
def test_a_submission_cannot_make_the_judge_take_memory_without_bound():
    """For a row of 40,000 numbers, near_copy makes a matrix of 6.4 GB."""
    import resource  # which Windows lacks

    before = resource.getrlimit(resource.RLIMIT_AS)
    limit_memory()  # as the process of a judge does
    try:
        verdict = judged(GREEDY)["2.1"]
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert verdict.state == "wrong"
    assert "allocate memory" in verdict.words


WORDY = """
from made_course import Head
class Wordy(Head):
    params_per_variable = "a" * 10**6
    def encode(self, x): return x
check("8.4", Wordy)
"""


@needs_sandbox
def test_a_submission_cannot_make_a_verdict_long():
    verdict = judged(WORDY)["8.4"]
    assert "params_per_variable = aaa" in verdict.words
    assert len(verdict.words) <= MOST_WORDS
