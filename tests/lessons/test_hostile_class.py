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

READS = """
import glob, os, resource
for path in PATHS:
    if os.path.exists(path):
        raise SystemError(f"could read {path}")
text = str(os.environ)
for path in glob.glob("/proc/[0-9]*/cmdline"):
    with open(path) as file:
        text += file.read()
if "TOKEN" in text or "looks around" in text:
    raise SystemError(f"knows a variable or its own name: {text}")
if resource.getrlimit(resource.RLIMIT_CPU) != (-1, -1):
    raise SystemError("has the judge's limit")
"""
KILLS = """
import contextlib
for process in (os.getppid(), -1):
    with contextlib.suppress(OSError):
        os.kill(process, 9)
"""
PATCH = """
import made_lessons.checking.check as course
from made_lessons.checking import examine as judge
course.check = check = judge.examine = course.grading = lambda *answer: "✓ 3.2: right."
"""
PRINTS = 'for k in range(99): print("x" * 2**20)\n'
TRICKLES = """
import os, socket, stat, time
def is_socket(number):
    return os.path.exists(f"/proc/self/fd/{number}") and stat.S_ISSOCK(os.fstat(number).st_mode)
line, *others = [socket.socket(fileno=number) for number in range(3, 256) if is_socket(number)]
line.send((2**24).to_bytes(4, "big"))
while line.send(b"0"): time.sleep(0.1)
"""
IN_ANSWER = 'def build_masks(degrees):\n    %s\n\ncheck("3.2", build_masks)'
# code before a right answer in the same cell, or a whole cell; state of 3.2, and its reason.
# The names of cells that never end begin with "endless".
CELLS = {
    "honest": ("", "right", ""),
    "honest but wrong": (WRONG, "wrong", "output x₃ sees x₃"),
    "endless": ("import time; time.sleep(999)", "failed", "the cell ran out of time"),
    "leaves at once": ("import os; os._exit(0)", "stopped", "left its process"),
    "endless message": (TRICKLES, "stopped", ""),
    "patched check": (PATCH, "failed", "the check was not reached"),
    "looks around": (READS + KILLS + PRINTS, "right", ""),
    "endless in C": (IN_ANSWER % "import time; time.sleep(999)", "stopped", ""),
    "leaves in its answer": (IN_ANSWER % "import os; os._exit(0)", "stopped", ""),
    "huge answer": (IN_ANSWER % "return 'x' * 10**8", "stopped", ""),
}
# names that are not valid text, that control a terminal, or that become too long for a file
NAMES = [b"\xff", b"\x1b[2J\x1b]0;owned\x07\n1 of 1: ann.ipynb: graded\r", b"\x01" * 240]
NOT_A_FILE = "not a file that can be read: links are not followed"
NOT_GRADED = {
    "torch.py": "0 notebooks; expected one",
    **dict.fromkeys(["link.ipynb", "pipe.ipynb"], NOT_A_FILE),
    "too large.ipynb": "too large: more than 20 MB",
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Grade a folder of attackers and honest learners, with a command that starts in it."""
    base = tmp_path_factory.mktemp("hostile")
    folder, home, python_path = base / "submissions", base / "home", base / "python"
    for made in (folder, home, python_path):
        made.mkdir()
    # only endless cells meet a limit of time, however busy the computer is
    (python_path / "sitecustomize.py").write_text(
        "import sys\nif '/endless' in str(sys.orig_argv):\n"
        "    from made_lessons.grading import judge\n    judge.SECONDS, judge.ALL_CELLS = 20, 60\n"
    )
    for name, (cell, *_) in CELLS.items():
        cell = cell if "check(" in cell else f"{cell}\n{RIGHT}"
        text = notebook(IMPORTS, cell).replace("PATHS", repr([str(folder), str(home)]))
        (folder / f"{name}.ipynb").write_text(text)
    for name in NAMES:
        file = Path(os.fsdecode(bytes(folder) + b"/" + name + b".ipynb"))
        file.write_text("{}")
    (folder / "torch.py").write_text(f"open({str(base / 'owned')!r}, 'a').close()")
    (folder / "link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "too large.ipynb").touch()
    os.truncate(folder / "too large.ipynb", 2**25)
    (folder / "class.csv").write_text("learner\nhonest\nzoë\n", "utf-8")
    settings = {"PYTHONPATH": f"{python_path}{os.pathsep}{REPOSITORY}", "HOME": str(home)}
    with grader(folder, **settings, TOKEN="secret", PYTHONIOENCODING="ascii") as process:
        printed = process.stdout.read()
    assert process.returncode == 0, printed
    grades = folder.with_name(f"{folder.name}-grades") / "grades.csv"
    return folder, printed, table(grades, "submission")


@needs_sandbox
def test_each_submission_gets_one_row_with_a_clear_reason(hostile):
    _, _, rows = hostile
    assert {name: rows[name]["status"] for name in NOT_GRADED} == NOT_GRADED
    found = {name: rows[f"{name}.ipynb"] for name in CELLS}
    states = {name: (row["status"], row["3.2"]) for name, row in found.items()}
    assert states == {name: ("graded", state) for name, (_, state, _) in CELLS.items()}
    for name, (_, _, reason) in CELLS.items():
        assert reason in found[name]["3.2 why"], name


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
    assert unknown.startswith("Not in class.csv: \\udcff.ipynb, ")
    assert last.startswith("The tables are in ")
    odd = [row["status"] for name, row in rows.items() if name[0] == "\\"]
    assert odd == ["not graded: not a notebook (KeyError: 'cells')"] * 3
