"""Functions for the tests of grading: notebooks, the command, the judge, and processes."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import psutil  # which ipykernel requires
import pytest

from made_lessons.grading import judge, run_cells
from made_lessons.grading.judge import find_checks
from made_lessons.grading.sandbox import find_obstacle
from tests.lessons.checking import forked

if sys.platform != "linux":
    pytest.skip("grading needs Linux", allow_module_level=True)
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
REASON = find_obstacle()


def needs_sandbox(test):
    """Mark a test that needs the sandbox, for `.ci/run` and for instructors."""
    is_skipped = bool(REASON) and "MADE_COURSE_REQUIRE_BROWSER" not in os.environ
    return pytest.mark.delivery(pytest.mark.skipif(is_skipped, reason=REASON)(test))


def notebook(*cells):
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# 3"}, *code]})


def judged(*cells, number=None):
    """Run a submission in a fork, without a sandbox, and return exercise → verdict.

    Its checks tell the notebook's number.
    """
    number = number or int(min(find_checks("\n".join(cells))).partition(".")[0])
    with patch.object(judge, "sandbox", lambda seconds: forked(run_cells.serve)):
        return judge.judge(notebook(IMPORTS, *cells).encode(), number)


def grader(folder, **settings):
    """Start the command for notebook 3 in a process of its own."""
    return subprocess.Popen(
        [*(sys.executable, "-P", "-m", "made_lessons", "grade"), folder, "--notebook", "3"],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | settings,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def table(path, key):
    """Return the rows of a CSV file, keyed by a column."""
    lines = csv.DictReader(path.read_text("utf-8-sig").splitlines())
    return {row[key]: row for row in lines}


def processes_with(mark):
    """Return the numbers of the processes on this computer that have an argument."""
    processes = psutil.process_iter(["cmdline"])
    return [one.pid for one in processes if mark in (one.info["cmdline"] or [])]
