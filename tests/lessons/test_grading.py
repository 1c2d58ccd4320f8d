"""A class is graded: the folder, the run, and the tables."""

import os
import re
import signal
import subprocess

import pytest

from made_lessons.checking.catalogue import exercise_named
from made_lessons.grading import command, sandbox
from made_lessons.grading.folder import LearnerResult
from made_lessons.grading.judge import Verdict
from tests.lessons.submitting import (
    IMPORTS,
    REPOSITORY,
    RIGHT,
    WRONG,
    grader,
    judged,
    needs_sandbox,
    notebook,
    processes_with,
)
from tests.waiting import soon

# ---- a class ------------------------------------------------------------------------------------

EMPTY = 'def build_masks(degrees):\n    ...\n\ncheck("3.2", build_masks)'
BY_HAND = """
first = [[0, 1, 0], [0, 1, 1], [0, 1, 1], [0, 1, 0]]
output = torch.tensor([[1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 0, 1]])
check("3.1", [first, output])
"""
PATHS = """
from functools import reduce
def connectivity(masks):
    return reduce(lambda below, above: above.double() @ below.double(), masks) > 0
check("3.3", connectivity)
"""
REVERSED = PATHS.replace("below, above", "above, below")
UNITS = 'check("3.4", [2, 4, 6])'
DRAWN = """
def draw_hidden_degrees(below, n_units, input_dim):
    return torch.tensor([int(below.min())] * n_units)
check("3.5", draw_hidden_degrees)
"""
# cells, and a teacher's verdicts on 3.1, 3.2, ...: right, wrong, failed, unfinished, not attempted
# (o), no check (-)
CLASS = {
    "ben": (['check("3.1", [[[0, 1, 0]], ...])', EMPTY, 'check("3.4", ...)'], "uo-o-"),
    "cy": ([BY_HAND, RIGHT, REVERSED, UNITS], "rrwr-"),  # half right
    "ida": (RIGHT.split("\n\n")[::-1], "-f---"),  # in an order that only the kernel knew
    "leo": ([WRONG, DRAWN, 'check("3.4", [7], variant="leo")'], "-w-ww"),
}
STATES = dict(zip("rwfuo-", ["right", "wrong", "failed", "unfinished"], strict=False))
STATES |= {"o": "not attempted", "-": "no check"}


def test_a_class_gets_the_verdicts_that_a_teacher_would_give():
    found = {name: judged(*cells, number=3) for name, (cells, _) in CLASS.items()}
    for name, (_, states) in CLASS.items():
        given = [verdict.state for verdict in found[name].values()]
        assert given == [STATES[state] for state in states.ljust(len(given), "-")], name
    assert found["ida"]["3.2"].message == "NameError: name 'build_masks' is not defined"
    assert "output x₃ sees x₃" in found["leo"]["3.2"].message
    (i, j), *_ = re.findall(r"x̂(.) sees x(.)", exercise_named("3.4", "leo").task)
    assert f"x̂{i} does not see x{j}" in found["leo"]["3.4"].message


GREEDY = """
import torch
from made_lessons.grading import judge
judge.judge = lambda *_: torch.empty(5 * 2**30, dtype=torch.uint8)
judge.main()
"""
SLOW = """
from made_lessons.grading import judge, sandbox
sandbox.JUDGE_S = 1
judge.judge = lambda *_: sum(range(10**9))
judge.main()
"""


def test_results_are_kept_until_the_file_changes(tmp_path, monkeypatch):
    runs = []

    def judged(path, number):
        runs.append(number)
        return b'{"3.2": {"state": "right"}}'

    monkeypatch.setattr(command, "_run_judge", judged)
    for content, number in [("{}", 3), ("{}", 3), ("{ }", 3), ("{}", 4)]:
        (tmp_path / "a.ipynb").write_text(content)
        row = command.add_result(LearnerResult("a", path=tmp_path / "a.ipynb"), tmp_path, number)
        assert (row.learner, row.status, row.verdicts) == ("a", "graded", {"3.2": Verdict("right")})
        assert row.file_digest.isidentifier()
        assert len(row.file_digest) > 60  # whole, so that no two files share it
    assert runs == [3, 3, 4]


@pytest.mark.delivery
@pytest.mark.parametrize(
    ("program", "why", "is_saved"),
    [
        ("1 / 0", "division by zero", False),
        (GREEDY, "allocate memory", False),
        (SLOW, "its judge ran out of time", True),
    ],
)
def test_a_judge_that_ends_costs_one_submission(tmp_path, monkeypatch, program, why, is_saved):
    (tmp_path / "a.ipynb").write_text("{}")
    monkeypatch.setattr(command, "_JUDGE", (*command._JUDGE[:3], program))
    row = command.add_result(LearnerResult("a", path=tmp_path / "a.ipynb"), tmp_path, 3)
    assert row.status.startswith("not graded: ")
    assert why in row.status
    assert bool([*tmp_path.glob("*.json")]) == is_saved


# ---- the command --------------------------------------------------------------------------------


@needs_sandbox
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_no_process(tmp_path, how):
    sleeps = "import time\ntime.sleep(999)\n"
    (tmp_path / "a.ipynb").write_text(notebook(IMPORTS, sleeps + RIGHT))
    with grader(tmp_path) as process:
        mark = str(tmp_path / "a.ipynb")
        assert soon(lambda: processes_with(mark))
        # a terminal's Ctrl-C is for all of its processes
        os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)
        assert "Traceback" not in process.stdout.read()
    assert soon(lambda: not processes_with(mark))


@needs_sandbox
def test_a_judge_ends_at_once_if_its_command_has_ended():
    another = ["sh", "-c", '"$@"; exit $?', "sh"]  # the judge's parent is not this process
    ran = subprocess.run([*another, *command._JUDGE], capture_output=True)
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_what_cannot_be_graded_is_refused_before_anything_runs(tmp_path, capsys, monkeypatch):
    def refused(*arguments):
        with pytest.raises(SystemExit):
            command.main(["grade", "--notebook", "3", *map(str, arguments)])
        return capsys.readouterr().err

    assert "there is no folder" in refused(tmp_path / "nothing")
    for folder in (REPOSITORY / "made_lessons" / "grading", REPOSITORY):
        assert "not Python or the course itself" in refused(folder)
    assert "--notebook: invalid choice" in refused(tmp_path, "--notebook", "0")
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
    assert "not installed, so nothing would protect you" in refused(tmp_path)
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: "bwrap")
    monkeypatch.setattr(sandbox, "build_command", lambda: ["false"])
    assert "bubblewrap cannot make a sandbox here ()" in refused(tmp_path)
    monkeypatch.setattr(sandbox, "build_command", lambda: ["env"])
    assert "there is no submission in" in refused(tmp_path)
    (tmp_path / "class.csv").write_bytes("learner\nzoë".encode("latin-1"))
    assert "class.csv is not a table (save it as CSV UTF-8): " in refused(tmp_path)
