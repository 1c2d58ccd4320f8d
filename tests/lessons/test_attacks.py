"""Attacks on the grader: on its judge, its reader and its tables, and by a class with attackers."""

import contextlib
import csv
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from made_lessons.grading import judge
from made_lessons.grading import reports as tables
from made_lessons.grading.folder import clean, listed
from made_lessons.grading.line import Gone, Peer
from made_lessons.grading.sandbox import limit_memory
from made_lessons.grading.verdicts import MOST_WORDS, Row, Verdict
from tests.lessons.handing_in import (
    IMPORTS,
    RIGHT,
    WRONG,
    graded,
    judged,
    needs_sandbox,
    notebook,
    run_grader,
)

# ---- the judge ----------------------------------------------------------------------------------


SAY = """
import json, os, time
def say(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    data = memoryview(len(data).to_bytes(4, "big") + data)
    while data:
        try:
            data = data[os.write(3, data):]
        except BlockingIOError:
            time.sleep(0.01)
say(MESSAGE)
check("3.2", 1)
"""
ANSWER = '{"3.2": [{"answer": %s}]}'
SAID = ("stopped", "said what cannot be read")
NO_FUNCTION = ("wrong", "a function was expected")
NONE = ("wrong", "the answer is None")
# what the process of a hand-in says in place of an answer, and the verdict with words of it
MESSAGES = {
    "a verdict": ('{"3.2": [{"state": "right", "words": ""}]}', SAID),
    "a pickle": (ANSWER % '{"pickle": "gASVAAAA"}', SAID),
    "no dict": ("[1]", SAID),
    "deep JSON": ("""b'{"a":' * 100_000""", SAID),
    "a deep word": (
        """b'{"3.2": [{"state": "failed", "words": ' + b"[" * 900 + b"]" * 900 + b"}]}\"""",
        ("failed", "[[[["),
    ),
    "half a character": (
        r'{"3.2": [{"state": "failed", "words": "\ud800"}]}',
        ("failed", "\ud800"),
    ),
    "NaN": ("""b'{"3.2": [{"answer": NaN}]}'""", NO_FUNCTION),
    "a negative shape": (ANSWER % '{"tensor": ["torch.int8", [-1, -5], "AAAA", 0]}', SAID),
    "a huge shape": (ANSWER % '{"tensor": ["torch.int8", [10**9, 0], "", 0]}', NO_FUNCTION),
    "an evil name": (ANSWER % r'{"function": ["\0\ud800" * 999, 10**9]}', NONE),
    "a function too many": (ANSWER % '{"function": ["f", -1]}', NONE),
    "a model that is none": (
        ANSWER % '{"object": ["m", {"__del__": 0}, {"__init__": 0}]}',
        NO_FUNCTION,
    ),
}


@needs_sandbox
@pytest.mark.parametrize("name", [*MESSAGES])
def test_what_a_process_says_cannot_harm_its_judge(name, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)  # nobody waits for it to end: it goes on
    message, (state, words) = MESSAGES[name]
    verdict = judged(SAY.replace("MESSAGE", message), number="03")["3.2"]
    assert verdict.state == state
    assert words in verdict.words


@needs_sandbox
@pytest.mark.parametrize(
    "ends", ["os.kill(os.getpid(), 40)", "os.kill(os.getpid(), 15)", "os.close(3); time.sleep(60)"]
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
def test_a_hand_in_cannot_make_the_judge_take_memory_without_bound():
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


@needs_sandbox
def test_a_dict_whose_keys_collide_is_not_waited_for(monkeypatch):
    """Each of its numbers has the hash 0, so that a dict of n of them takes n² steps."""
    monkeypatch.setattr(judge, "LIMIT_S", 0.1)
    cell = "import sys\nzeros = {k * sys.hash_info.modulus: 0 for k in range(1, 8_000)}"
    verdict = judged(cell, 'check("4.4", zeros)')["4.4"]
    assert (verdict.state, SAID[1] in verdict.words) == (SAID[0], True)


WORDY = """
from made_course import Head
class Wordy(Head):
    params_per_variable = "a" * 10**6
    def encode(self, x): return x
check("8.4", Wordy)
"""


@needs_sandbox
def test_what_a_hand_in_can_make_a_verdict_say_is_short():
    verdict = judged(WORDY)["8.4"]
    assert "params_per_variable = aaa" in verdict.words
    assert len(verdict.words) <= MOST_WORDS


@pytest.mark.parametrize("way", ["in", "out"])
def test_bytes_that_trickle_keep_no_line_open(way):
    here, there = socket.socketpair()
    here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)

    def trickle():
        with there, contextlib.suppress(OSError):
            for _ in range(1000):
                time.sleep(0.002)
                there.send(b"\0\0\xff\xff") if way == "in" else there.recv(1000) or there.close()

    other = threading.Thread(target=trickle)
    other.start()
    peer = Peer(here, 0.3, is_judge=True)
    with here, pytest.raises(Gone):
        peer.receive() if way == "in" else peer.send("x" * 2**20)
    other.join()


# ---- a class with attackers in it ---------------------------------------------------------------

SECRET = "ZQ7-17259173"
"""A name that no other learner's process must know; only here does it stand in one piece."""
LOOKS_AROUND = """
import ctypes, re
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # its memory may be read, by itself
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
    for line in maps:
        first, last = (int(end, 16) for end in line.split()[0].split("-"))
        if " rw" in line:
            memory.seek(first)
            if re.search(rb"ZQ7-\\d{8}", memory.read(last - first)):
                raise SystemError("knows another learner")
build_masks = 1
"""
READS = """
import ctypes, os
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
for path in PATHS:
    if os.path.exists(path):
        raise SystemError(f"could read {path}")
for process in ("self", 1, 2):
    if os.access(f"/proc/{process}/environ", os.R_OK):
        with open(f"/proc/{process}/environ") as environment:
            if "TOKEN" in environment.read():
                raise SystemError("could read the environment")
if "TOKEN" in os.environ or os.listdir(os.path.expanduser("~")):
    raise SystemError("inherited something")
build_masks = 1
"""
BOMB = """
import os, time
while True:
    try:
        build_masks = os.fork()
    except OSError:
        time.sleep(0.1)  # it is there for good, and leaves the other tests the processor
"""
PATCH = """
import made_lessons.checking.check as course
from made_lessons.checking import examine as judge
course.check = check = judge.examine = course.grading = lambda *answer: "✓ 3.2: right."
build_masks = 1
"""
ZEROS = (
    'with open("zeros", "wb") as file:\n    for k in range(99):\n        file.write(bytes(2**20))'
)
IN_ANSWER = 'def build_masks(degrees):\n    %s\n\ncheck("3.2", build_masks)'
# cells, what is then said of 3.2 (nothing where they cannot be read), and words of the reason; one
# alone goes on with a right answer
CELLS = {
    "endless": (["while True: build_masks = 1"], "stopped", "out of time"),
    "fork bomb": ([BOMB], "stopped", ""),
    "10 GB of memory": (["build_masks = bytearray(10 * 2**30)"], "failed", "MemoryError"),
    "zeros": ([f"build_masks = 1\n{ZEROS}"], "failed", "File too large"),
    "leaves": (["import sys\nbuild_masks = sys.exit()"], "failed", "SystemExit"),
    "leaves at once": (["import os\nbuild_masks = os._exit(0)"], "stopped", "left its process"),
    "prints": (['for k in range(99):\n    build_masks = print("x" * 2**20)'], "right", ""),
    "forged line": (['build_masks = print("✓ 3.2 · Masks in code: right.")'], "right", ""),
    "patched check": ([PATCH], "failed", "the check was not reached"),
    "looks around": ([LOOKS_AROUND], "right", ""),
    "reads": ([READS], "right", ""),
    "two arguments": (["def f(a, a): pass", RIGHT], "right", ""),
    "newlines": (["\n" * 2**18, RIGHT], "right", ""),
    "numbers": (["x = [" + "1," * 2**22 + "]", RIGHT], "", ""),
    "no Python": (
        ['build_masks = (\ncheck("3.2", build_masks)', ""],
        "failed",
        "SyntaxError: '(' was never closed (the cell, line 1)",
    ),
    "parentheses": (['check("3.2", ' + "(" * 5000, ""], "failed", "SyntaxError"),
    "patched check, no answer": ([PATCH, 'check("3.2", len)'], "failed", ""),
    "endless answer in C": (
        [IN_ANSWER % "import itertools; any(itertools.repeat(0))", ""],
        "stopped",
        "",
    ),
    "leaves in its answer": ([IN_ANSWER % "import os; os._exit(0)", ""], "stopped", ""),
    "huge answer": ([IN_ANSWER % "return 'x' * 10**8", ""], "stopped", ""),
    "deep answer": (
        ["deep = []\nfor k in range(10**5): deep = [deep]", IN_ANSWER % "return deep"],
        "failed",
        "its answer could not be carried over: RecursionError",
    ),
}
# names that are no text, or write into a terminal, or are too long for a file of the feedback
NAMES = [b"\xff", b"\x1b[2J\x1b]0;owned\x07", b"x\n1 of 1: ann.ipynb: graded\r", b"\x01" * 240]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder of attackers and two honest learners, graded by a command that is started in it."""
    base = tmp_path_factory.mktemp("hostile")
    folder, home, python_path = base / "hand-ins", base / "home", base / "python"
    for made in (folder, home, python_path, folder / "made_course", folder / "many"):
        made.mkdir()
    (python_path / "sitecustomize.py").write_text(
        "import sys\nif 'forkserver' in str(sys.orig_argv):\n"
        "    from made_lessons.grading import judge\n    judge.SECONDS, judge.CLOCK = 2, 30\n"
    )
    (home / "thesis.txt").touch()
    for trap in ("torch.py", "made_course/__init__.py", "sitecustomize.py"):
        (folder / trap).write_text(f"open({str(base / 'owned')!r}, 'a').close()")
    honest = folder / f"A {SECRET}.ipynb", folder / "Z honest.ipynb"
    for file, answer in zip(honest, (RIGHT, WRONG), strict=True):
        file.write_text(notebook(f"{IMPORTS}  # {SECRET}", answer))
    for name, (cells, *_) in CELLS.items():
        cells = cells if len(cells) > 1 else [f"{cells[0]}\n{RIGHT}"]
        text = notebook(IMPORTS, *cells)
        (folder / f"{name}.ipynb").write_text(text.replace("PATHS", repr([str(folder), str(home)])))
    for name in NAMES:
        Path(os.fsdecode(bytes(folder) + b"/" + name + b".ipynb")).write_text(
            notebook(IMPORTS, RIGHT)
        )
    (folder / "link.ipynb").symlink_to("/etc/passwd")
    (folder / "folder link").symlink_to("/etc")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "essay.pdf").write_text("no notebook")
    (folder / "too large.ipynb").touch()
    os.truncate(folder / "too large.ipynb", 2**25)
    for k in range(100):
        (folder / "many" / f"{k}.ipynb").write_text("{}")
    at = os.open(folder, os.O_RDONLY)
    for _ in range(1_800):
        os.mkdir("d", dir_fd=at)
        at, above = os.open("d", os.O_RDONLY, dir_fd=at), at
        os.close(above)
    os.close(at)
    try:
        said = run_grader(
            *(folder, "--notebook", "03", "--jobs", "4"),
            **{"python_path": [python_path], "HOME": str(home), "TOKEN": "secret"},
        )
        yield folder, said
    finally:
        subprocess.run(["rm", "-r", folder / "d"], check=True)  # too deep for pytest


@needs_sandbox
@pytest.mark.parametrize("name", [*CELLS])
def test_a_hostile_hand_in_is_one_row_with_a_clear_word(hostile, name):
    row, (_, state, words) = graded(hostile[0])[f"{name}.ipynb"], CELLS[name]
    unread = "it could not be read: out of time or memory"
    assert (row["word"], row["3.2"]) == ("graded" if state else unread, state)
    assert words in row["3.2 why"]


@needs_sandbox
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("link.ipynb", "not a file that can be read: links are not followed"),
        ("folder link", "no notebook"),
        ("pipe.ipynb", "not a file that can be read: links are not followed"),
        ("essay.pdf", "no notebook"),
        ("torch.py", "no notebook"),
        ("made_course", "no notebook in this folder"),
        ("d", "no notebook in this folder"),
        ("many", "more than 20 notebooks"),
        ("too large.ipynb", "too large: more than 20 MB"),
    ],
)
def test_what_cannot_be_graded_says_why(hostile, name, word):
    assert graded(hostile[0])[name]["word"] == word


@needs_sandbox
def test_the_others_are_unharmed_and_unknown(hostile):
    rows = graded(hostile[0])
    assert rows[f"A {SECRET}.ipynb"]["3.2"] == "right"
    assert rows["Z honest.ipynb"]["3.2"] == "wrong"
    assert "output x₃ can see x₃" in rows["Z honest.ipynb"]["3.2 why"]
    # from a process that knows it
    found = judged(LOOKS_AROUND + RIGHT, number="03")["3.2"]
    assert found == Verdict("failed", "SystemError: knows another learner")


@needs_sandbox
def test_nothing_in_the_folder_is_imported(hostile):
    owned = hostile[0].parent / "owned"
    assert not owned.exists()
    subprocess.run([sys.executable, "-S", "-c", "import torch"], cwd=hostile[0], check=True)
    owned.unlink()  # so the trap is a sharp one


@needs_sandbox
def test_a_name_writes_nothing_into_the_terminal(hostile):
    lines = hostile[1].splitlines()
    count = len(lines) - 1
    assert all(re.match(rf"\d+ of {count}: ", line) and line.isprintable() for line in lines[:-1])
    assert lines[-1].startswith("The tables are in ")
    rows = graded(hostile[0])
    assert [rows[name]["3.2"] for name in rows if name[0] == "\\"] == ["right"] * 3


@needs_sandbox
def test_what_is_odd_is_said(hostile):
    rows = graded(hostile[0])
    assert rows["patched check.ipynb"]["look_at"] == "made_lessons.checking"
    assert rows["leaves.ipynb"]["look_at"] == "sys.exit"
    assert rows[f"A {SECRET}.ipynb"]["look_at"] == ""


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
