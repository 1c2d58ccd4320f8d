"""Attacks on the grader: on its judge, its reader and its tables, and by a class with attackers."""

import csv
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from made_lessons.grading import reports as tables
from made_lessons.grading.folder import clean, listed
from made_lessons.grading.sandbox import limit_memory
from made_lessons.grading.verdicts import MOST_WORDS, Row, Verdict
from tests.lessons.submitting import (
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
    for made in (folder, home, python_path, folder / "made_course"):
        made.mkdir()
    (python_path / "sitecustomize.py").write_text(
        "import sys\nif 'forkserver' in str(sys.orig_argv):\n"
        "    from made_lessons.grading import judge\n    judge.SECONDS, judge.CLOCKS = 4, 6\n"
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
def test_a_hostile_submission_is_one_row_with_a_clear_word(hostile, name):
    row, (_, state, words) = graded(hostile[0])[f"{name}.ipynb"], CELLS[name]
    unread = "it could not be read: out of time or memory"
    assert (row["status"], row["3.2"]) == ("graded" if state else unread, state)
    assert words in row["3.2 why"]


@needs_sandbox
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("link.ipynb", "not a file that can be read: links are not followed"),
        ("folder link", "not a notebook"),
        ("pipe.ipynb", "not a file that can be read: links are not followed"),
        ("essay.pdf", "not a notebook"),
        ("torch.py", "not a notebook"),
        ("made_course", "there is no notebook in this folder"),
        ("d", "there is no notebook in this folder"),
        ("too large.ipynb", "too large: more than 20 MB"),
    ],
)
def test_what_cannot_be_graded_says_why(hostile, name, word):
    assert graded(hostile[0])[name]["status"] == word


@needs_sandbox
def test_the_others_are_unharmed_and_unknown(hostile):
    rows = graded(hostile[0])
    assert rows[f"A {SECRET}.ipynb"]["3.2"] == "right"
    assert rows["Z honest.ipynb"]["3.2"] == "wrong"
    assert "output x₃ can see x₃" in rows["Z honest.ipynb"]["3.2 why"]
    knows = [sys.executable, "-c", f"known = {SECRET!r}\n{LOOKS_AROUND}"]
    assert "knows another learner" in subprocess.run(knows, capture_output=True, text=True).stderr


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
