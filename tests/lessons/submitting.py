"""What the tests of grading have in common: notebooks, the command, the judge, and processes."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from made_lessons.grading import judge
from made_lessons.grading.sandbox import missing

pytest.importorskip("resource", reason="grading needs Linux, or macOS")
REPOSITORY = Path(__file__).parents[2]
IMPORTS = "import torch\nfrom made_lessons import check"
RIGHT = """
def build_masks(degrees):
    pairs = list(zip([*degrees, degrees[0]][1:], degrees))
    masks = [above[:, None] >= below for above, below in pairs]
    return [*masks[:-1], degrees[0][:, None] > degrees[-1]]

check("3.2", build_masks)
"""
WRONG = RIGHT.replace("degrees[0][:, None] > degrees[-1]", "degrees[0][:, None] >= degrees[-1]")
EMPTY = 'def build_masks(degrees):\n    ...\n\ncheck("3.2", build_masks)'

LACKS = missing()
lacks_it = pytest.mark.skipif(
    bool(LACKS) and "MADE_COURSE_REQUIRE_BROWSER" not in os.environ, reason=LACKS
)


def needs_sandbox(test):
    """Mark a test of whole runs: `.ci/run` runs it, and instructors may."""
    return pytest.mark.delivery(lacks_it(test))


def notebook(*cells):
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# 3"}, *code]})


def judged(*cells, number="", protected=True):
    """Return the verdicts of the judge on a submission, by exercise."""
    with patch.multiple(judge, SECONDS=4, CLOCKS=6):
        return judge.judge(notebook(IMPORTS, *cells).encode(), number, protected).verdicts


def grader(folder, *more, python_path=(), **settings):
    """Begin the command in a process of its own."""
    path = os.pathsep.join(map(str, [*python_path, REPOSITORY]))
    command = [sys.executable, "-P", "-m", "made_lessons", "grade", str(folder), *more]
    return subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": path} | settings,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # a shell's background jobs, and all that they begin, ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def run_grader(folder, *more, **settings):
    """Run the command to its end, and return what it prints."""
    with grader(folder, *more, **settings) as process:
        said = process.stdout.read()
    assert process.returncode == 0, said
    return said


def graded(folder):
    """Return the rows of the CSV, by submission, or by learner where there is none."""
    text = (folder.with_name(f"{folder.name}-grades") / "grades.csv").read_text("utf-8-sig")
    return {row["submission"] or row["learner"]: row for row in csv.DictReader(text.splitlines())}


def lines_of(path):
    return [*csv.reader(path.read_text("utf-8-sig").splitlines())]


def processes_with(mark):
    """Return the numbers of the processes of this computer whose command has a mark."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if re.search(mark, (process / "cmdline").read_text(errors="replace")):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def started_by(number):
    """Return the processes that a process has started, and those that they have started."""
    parents = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(process.name))
    found = parents.get(number, [])
    for one in found:
        found += parents.get(one, [])
    return found


def within(seconds, holds):
    """Return whether something holds at some time from now on."""
    ends = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < ends:
        time.sleep(0.1)
    return held
