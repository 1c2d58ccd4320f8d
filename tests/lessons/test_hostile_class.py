"""A class with attackers in it: each gets one row with a clear reason, and harms no other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lessons.submitting import (
    IMPORTS,
    REPOSITORY,
    RIGHT,
    WRONG,
    grader,
    needs_sandbox,
    notebook,
    table,
)

SECRET = "ZQ7-17259173"
"""Part of a learner's name, which no other learner's process may know."""
LOOKS_AROUND = """
import ctypes, re
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # the process may read its own memory
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
    for line in maps:
        first, last = (int(end, 16) for end in line.split()[0].split("-"))
        if " rw" in line:
            memory.seek(first)
            if re.search(rb"ZQ7-\\d{8}", memory.read(last - first)):
                raise SystemError("knows another learner")
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
if "TOKEN" in os.environ:
    raise SystemError("inherited a variable")
"""
KILLS = """
import contextlib
for process in (os.getppid(), -1):
    with contextlib.suppress(OSError):
        os.kill(process, 9)
"""
BOMB = """
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.1)  # which leaves the processor to the other tests
"""
PATCH = """
import made_lessons.checking.check as course
from made_lessons.checking import examine as judge
course.check = check = judge.examine = course.grading = lambda *answer: "✓ 3.2: right."
"""
PRINTS = 'for k in range(99): print("x" * 2**20)\n'
ZEROS = 'with open("zeros", "wb") as file:\n    for k in range(150): file.write(bytes(2**20))'
TRICKLES = """
import os, socket, stat, time
def is_socket(number):
    return os.path.exists(f"/proc/self/fd/{number}") and stat.S_ISSOCK(os.fstat(number).st_mode)
line, *others = [socket.socket(fileno=number) for number in range(3, 256) if is_socket(number)]
line.send((2**24).to_bytes(4, "big"))
while line.send(b"0"): time.sleep(0.1)
"""
IN_ANSWER = 'def build_masks(degrees):\n    %s\n\ncheck("3.2", build_masks)'
DEEP = "deep = []\nfor k in range(10**5): deep = [deep]\n"
# code before a right answer in the same cell, or a whole cell; state of 3.2, and its reason.
# The names of cells that never end begin with "endless".
CELLS = {
    "endless": ("import time; time.sleep(999)", "failed", "the cell ran out of time"),
    "endless fork bomb": (BOMB, "failed", "the cell ran out of time"),
    "10 GB of memory": ("bytearray(10 * 2**30)", "failed", "MemoryError"),
    "zeros": (ZEROS, "failed", "OSError"),
    "leaves at once": ("import os; os._exit(0)", "stopped", "left its process"),
    "closes its files": ("import os; os.closerange(3, 99)", "stopped", ""),
    "endless message": (TRICKLES, "stopped", ""),
    "patched check": (PATCH, "failed", "the check was not reached"),
    "looks around": (LOOKS_AROUND + READS + KILLS + PRINTS, "right", ""),
    "endless in C": (IN_ANSWER % "import time; time.sleep(999)", "stopped", ""),
    "leaves in its answer": (IN_ANSWER % "import os; os._exit(0)", "stopped", ""),
    "huge answer": (IN_ANSWER % "return 'x' * 10**8", "stopped", ""),
    "deep answer": (DEEP + IN_ANSWER % "return deep", "wrong", "your code raised RecursionError"),
}
# names that are not valid text, that control a terminal, or that are too long for a file
NAMES = [b"\xff", b"\x1b[2J\x1b]0;owned\x07", b"x\n1 of 1: ann.ipynb: graded\r", b"\x01" * 240]
NOT_A_FILE = "not a file that can be read: links are not followed"
NOT_GRADED = {
    **dict.fromkeys(["essay.pdf", "torch.py", "made_course"], "0 notebooks; expected one"),
    **dict.fromkeys(["link.ipynb", "pipe.ipynb", "folder link/x.ipynb"], NOT_A_FILE),
    "too large.ipynb": "too large: more than 20 MB",
}


def write_what_cannot_be_graded(folder, elsewhere):
    """Write files that are not notebooks, and modules that must not be imported."""
    (folder / "made_course").mkdir()
    for trap in ("torch.py", "made_course/__init__.py", "sitecustomize.py"):
        (folder / trap).write_text(f"open({str(folder.parent / 'owned')!r}, 'a').close()")
    (folder / "link.ipynb").symlink_to("/etc/passwd")
    elsewhere.mkdir()
    (elsewhere / "x.ipynb").write_text(notebook(IMPORTS, RIGHT))
    (folder / "folder link").symlink_to(elsewhere)
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "essay.pdf").write_text("text")
    (folder / "too large.ipynb").touch()
    os.truncate(folder / "too large.ipynb", 2**25)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Grade a folder of attackers and two honest learners, with a command that starts in it."""
    base = tmp_path_factory.mktemp("hostile")
    folder, home, python_path = base / "submissions", base / "home", base / "python"
    for made in (folder, home, python_path):
        made.mkdir()
    # only endless cells meet a limit of time, however busy the computer is
    (python_path / "sitecustomize.py").write_text(
        "import sys\nif '/endless' in str(sys.orig_argv):\n"
        "    from made_lessons.grading import judge\n    judge.SECONDS, judge.ALL_CELLS = 20, 60\n"
    )
    honest = folder / f"A {SECRET}.ipynb", folder / "Z honest.ipynb"
    for file, answer in zip(honest, (RIGHT, WRONG), strict=True):
        file.write_text(notebook(f"{IMPORTS}  # {SECRET}", answer))
    for name, (cell, *_) in CELLS.items():
        cell = cell if "check(" in cell else f"{cell}\n{RIGHT}"
        text = notebook(IMPORTS, cell).replace("PATHS", repr([str(folder), str(home)]))
        (folder / f"{name}.ipynb").write_text(text)
    for name in NAMES:
        file = Path(os.fsdecode(bytes(folder) + b"/" + name + b".ipynb"))
        file.write_text("{}")
    write_what_cannot_be_graded(folder, base / "elsewhere")
    (folder / "class.csv").write_text("learner\nZ honest\nzoë\n", "utf-8")
    settings = {"PYTHONPATH": f"{python_path}{os.pathsep}{REPOSITORY}", "HOME": str(home)}
    with grader(folder, **settings, TOKEN="secret", PYTHONIOENCODING="ascii") as process:
        printed = process.stdout.read()
    assert process.returncode == 0, printed
    grades = folder.with_name(f"{folder.name}-grades") / "grades.csv"
    return folder, printed, table(grades, "submission")


@needs_sandbox
def test_each_hostile_submission_gets_one_row_with_a_clear_reason(hostile):
    _, _, rows = hostile
    assert {name: rows[name]["status"] for name in NOT_GRADED} == NOT_GRADED
    found = {name: rows[f"{name}.ipynb"] for name in CELLS}
    states = {name: (row["status"], row["3.2"]) for name, row in found.items()}
    assert states == {name: ("graded", state) for name, (_, state, _) in CELLS.items()}
    for name, (_, _, reason) in CELLS.items():
        assert reason in found[name]["3.2 why"], name


@needs_sandbox
def test_the_others_are_unharmed_and_unknown(hostile):
    _, _, rows = hostile
    assert rows[f"A {SECRET}.ipynb"]["3.2"] == "right"
    assert rows["Z honest.ipynb"]["3.2"] == "wrong"
    assert "output x₃ sees x₃" in rows["Z honest.ipynb"]["3.2 why"]
    knows = [sys.executable, "-c", f"known = {SECRET!r}\n{LOOKS_AROUND}"]
    assert "knows another learner" in subprocess.run(knows, capture_output=True, text=True).stderr


@needs_sandbox
def test_nothing_in_the_folder_is_imported(hostile):
    owned = hostile[0].parent / "owned"
    assert not owned.exists()
    subprocess.run([sys.executable, "-S", "-c", "import torch"], cwd=hostile[0], check=True)
    owned.unlink()  # without -P, the trap works


@needs_sandbox
def test_a_name_writes_nothing_into_the_terminal(hostile):
    _, printed, rows = hostile
    *lines, missing, unknown, last = printed.splitlines()
    assert all(re.match(rf"\d+ of {len(lines)}: ", line) and line.isprintable() for line in lines)
    assert missing == "class.csv, without a submission: zo\\xeb"
    assert unknown.startswith(f"Not in class.csv: 10 GB of memory.ipynb, A {SECRET}.ipynb, ")
    assert last.startswith("The tables are in ")
    assert [rows[name]["status"] for name in rows if name[0] == "\\"] == [
        "not graded: not a notebook (KeyError: 'cells')"
    ] * 3
