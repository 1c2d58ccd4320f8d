"""Attacks on the grader: on its judge, its reader and its tables, and by a class with attackers."""

import csv
import os
import time

import pytest

from made_lessons.grading import reports as tables
from made_lessons.grading.folder import clean, listed
from made_lessons.grading.sandbox import limit_memory
from made_lessons.grading.verdicts import MOST_WORDS, Row, Verdict
from tests.lessons.submitting import (
    RIGHT,
    judged,
    needs_sandbox,
)

# ---- the judge ----------------------------------------------------------------------------------


SAY = r"""
import io, os, pickle, socket, stat, time, zipfile
def packed(message, **how):
    torch.save(message, file := io.BytesIO(), **how)
    return file.getvalue()
def with_pickle(program):
    found, made = zipfile.ZipFile(io.BytesIO(packed(1))), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in found.namelist():
            archive.writestr(name, program if name.endswith(".pkl") else found.read(name))
    return made.getvalue()
def answers(value):
    return packed({"3.2": [{"answer": value}]})
class Evil:
    def __reduce__(self): return exec, ("import os; os._exit(7)",)
def colliding():  # numbers with the hash 0: a dict of n of them takes n² steps
    keys = [(k * sys.hash_info.modulus).to_bytes(12, "little") for k in range(1, 50_000)]
    return with_pickle(b"\x80\x02}(" + b"".join(b"\x8a\x0c" + key + b"K\0" for key in keys) + b"u.")
same = [1]
for _ in range(40): same = [same] * 10
def is_socket(number):
    return os.path.exists(f"/proc/self/fd/{number}") and stat.S_ISSOCK(os.fstat(number).st_mode)
line, *others = [socket.socket(fileno=number) for number in range(3, 256) if is_socket(number)]
data = MESSAGE
line.sendall(len(data).to_bytes(4, "big") + data)
check("3.2", 1)
"""
SAID = ("stopped", "sent something unreadable")
NO_FUNCTION = ("wrong", "a function was expected")
NONE = ("wrong", "the answer is None")
# what the process of a submission sends instead of an answer, and the verdict with words of it
MESSAGES = {
    "a verdict": ('packed({"3.2": [{"state": "right", "words": ""}]})', SAID),
    "a program": ("answers(Evil())", SAID),
    "an old program": ("packed(Evil(), _use_new_zipfile_serialization=False)", SAID),
    "a pickle": ("pickle.dumps(Evil())", SAID),
    "a model": ('answers({"as it is": torch.zeros(1)})', SAID),
    "no dict": ("packed([1])", SAID),
    "deep lists": (r'with_pickle(b"\x80\x02" + b"]" * 10**5 + b"a" * (10**5 - 1) + b".")', SAID),
    "a deep answer": (
        r'with_pickle(b"\x80\x02}X\x03\x00\x00\x003.2]}X\x06\x00\x00\x00answer"'
        ' + b"]" * 10**5 + b"a" * (10**5 - 1) + b"sas.")',
        SAID,
    ),
    "lists in lists": ("answers(same)", SAID),
    "colliding keys": ("colliding()", SAID),
    "a deep word": (
        'packed({"3.2": [{"state": "failed", "words": [[[["x"]]]]}]})',
        ("failed", "[[[["),
    ),
    "half a character": (
        r'packed({"3.2": [{"state": "failed", "words": "\ud800"}]})',
        ("failed", "\ud800"),
    ),
    "NaN": ('answers(float("nan"))', NO_FUNCTION),
    "a huge number": ("answers(1 << 10**8)", SAID),
    "numbers that are not there": ("answers(torch.zeros(1).expand(10**13))", SAID),
    "a sparse tensor": ("answers(torch.eye(2).to_sparse())", SAID),
    "a tensor of nothing": ("answers(torch.zeros(10**9, 0))", NO_FUNCTION),
    "an evil name": (r'answers({"function": ["\0\ud800" * 999, 10**9]})', NONE),
    "a function too many": ('answers({"function": ["f", -1]})', NONE),
    "a model that is none": (
        'answers({"object": ["m", {"__del__": 0}, {"__init__": 0}]})',
        NO_FUNCTION,
    ),
}


@needs_sandbox
@pytest.mark.parametrize("name", [*MESSAGES])
def test_what_a_process_sends_cannot_harm_its_judge(name):
    message, (state, words) = MESSAGES[name]
    cell = SAY.replace("MESSAGE", message)
    verdict = judged(f"import sys\n{cell}", number="03")["3.2"]
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
def test_however_a_process_ends_its_judge_says_so(ends):
    cells = f'import os, time\n{ends}\ncheck("3.2", 1)', RIGHT.replace("3.2", "3.1")
    found = judged(*cells, number="03")
    assert [found[name].state for name in ("3.1", "3.2")] == ["wrong", "stopped"]


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
    limit_memory()  # as the process of a judge is
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
def test_what_a_submission_can_make_a_verdict_say_is_short():
    verdict = judged(WORDY)["8.4"]
    assert "params_per_variable = aaa" in verdict.words
    assert len(verdict.words) <= MOST_WORDS


TRICKLES = """
import os, socket, stat, time
def is_socket(number):
    return os.path.exists(f"/proc/self/fd/{number}") and stat.S_ISSOCK(os.fstat(number).st_mode)
line, *others = [socket.socket(fileno=number) for number in range(3, 256) if is_socket(number)]
line.send((2**24).to_bytes(4, "big"))
while True:
    time.sleep(0.1)
    line.send(b"\\0")
check("3.2", 1)
"""


@needs_sandbox
def test_bytes_that_trickle_keep_no_line_open():
    began = time.monotonic()
    assert judged(TRICKLES, number="03")["3.2"].state == "stopped"
    assert time.monotonic() - began < 120


# ---- tables and names ---------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
def test_wherever_a_spreadsheet_splits_there_is_no_formula(tmp_path, separator):
    for start in "=+-@＝＋－＠":
        words = (
            f'{start}1;{start}1;"{start}1;""{start}1;,\n{start}1,\r\n {start}1\t{start}1|{start}1'
        )
        verdict = Verdict("failed", words, variant=words)
        tables.write_tables([Row(words, words, "03", words, {"3.2": verdict}, [words])], tmp_path)
        text = (tmp_path / "grades.csv").read_text("utf-8-sig")
        for row in csv.reader(text.splitlines(), delimiter=separator):
            assert not [cell for cell in row if cell.lstrip(' "').startswith(start)]


def test_each_text_has_a_file_of_its_own(tmp_path):
    """However alike names look, and whatever another's folder is called."""
    names = [
        b"a/b.ipynb",
        b"a - b.ipynb",
        b"c.ipynb.txt/d.ipynb",
        b"c.ipynb",
        *(b"x" * 250 + b"/%d.ipynb" % k for k in range(2)),
        b"\x1b.ipynb",
        b"\\x1b.ipynb",
        b"\xff.ipynb",
        b"\xfe.ipynb",
    ]
    for k, raw in enumerate(names):
        verdicts = {"3.2": Verdict("right", f"{k}")}
        place = os.fsdecode(raw)
        row = Row("a", clean(place), verdicts=verdicts, place=place)
        tables.write_feedback(row, tmp_path)
    files = [file for file in (tmp_path / "feedback").rglob("*") if file.is_file()]
    assert {file.read_text("utf-8").split()[-1] for file in files} == {*map(str, range(len(names)))}
    assert tmp_path / "feedback/a/b.ipynb.txt" in files


def test_ids_are_no_link(tmp_path):
    (tmp_path / "ids.csv").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="ids.csv is a link: put the file itself there"):
        listed(tmp_path / "ids.csv")
