"""What the tests of grading have in common: notebooks, the command, the judge, and bubblewrap."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
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
    """Whoever reads the course has no class to grade: `.ci/run` tries it, and who grades may."""
    return pytest.mark.delivery(lacks_it(test))


def notebook(*cells):
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# 3"}, *code]})


def judged(*cells, number=""):
    """The verdicts of the judge on a hand-in, by exercise."""
    with patch.multiple(judge, SECONDS=4, CLOCK=40):
        return judge.judge(notebook(IMPORTS, *cells).encode(), number, True).verdicts


def grader(folder, *more, python_path=(), **settings):
    """The command in a process of its own, begun."""
    way = os.pathsep.join(map(str, [*python_path, REPOSITORY]))
    command = [sys.executable, "-P", "-m", "made_lessons", "grade", str(folder), *more]
    return subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": way} | settings,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # a shell's background jobs, and all that they begin, ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def run_grader(folder, *more, **settings):
    """The command, to its end; what it prints is returned."""
    with grader(folder, *more, **settings) as process:
        said = process.stdout.read()
    assert process.returncode == 0, said
    return said


def graded(folder):
    """The rows of the CSV, by hand-in, or where there is none by learner."""
    text = (folder.with_name(f"{folder.name}-grades") / "grades.csv").read_text("utf-8-sig")
    return {row["hand_in"] or row["learner"]: row for row in csv.DictReader(text.splitlines())}


def running_with(home):
    """Processes whose environment began with this home, ten seconds after all should have ended."""
    for _ in range(100):
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"HOME={home}".encode() in (process / "environ").read_bytes():
                    found.append(process.name)
        if not found:
            break
        time.sleep(0.1)
    return found


def processes_with(mark):
    """Numbers of the processes of this computer, one second from now, whose command has a mark."""
    time.sleep(1)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if re.search(mark, (process / "cmdline").read_text(errors="replace")):
                found.append(process.name)
        except OSError:
            continue
    return found
