"""A class is graded: the folder, the run, and the tables."""

import os
import re
import signal

import pytest

from made_lessons.checking.catalogue import exercise_named
from made_lessons.grading import command, sandbox
from made_lessons.grading.verdicts import Row, Verdict
from tests.lessons.submitting import (
    IMPORTS,
    REPOSITORY,
    RIGHT,
    WRONG,
    grader,
    grades_of,
    needs_sandbox,
    notebook,
    processes_with,
    run_grader,
    within,
)

# ---- a class ------------------------------------------------------------------------------------

EMPTY = 'def build_masks(degrees):\n    ...\n\ncheck("3.2", build_masks)'
BY_HAND = """
first = [[0, 1, 0], [0, 1, 1], [0, 1, 1], [0, 1, 0]]
output = torch.tensor([[1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 0, 1]])
check("3.1", [first, output])
"""
HALF = 'first = [[0, 1, 0]]\ncheck("3.1", [first, ...])'
PATHS = """
from functools import reduce
def connectivity(masks):
    return reduce(lambda below, above: above.double() @ below.double(), masks) > 0
check("3.3", connectivity)
"""
REVERSED = PATHS.replace("below, above", "above, below")
UNITS = 'check("3.4", [2, 4, 6])'
DRAWN = """
def draw_hidden(below, n_units, input_dim):
    return torch.tensor([int(below.min())] * n_units)
check("3.5", draw_hidden)
"""
MASKS, CHECK = RIGHT.split("check(")[0], 'check("3.2", build_masks)'
# file, cells, and a teacher's verdicts on 3.1 to 3.5: right, wrong, failed, unfinished, not
# attempted (o), no check (-)
CLASS = {
    "ann.ipynb": (["", "print(1)"], None),  # nothing of the course
    "ben.ipynb": (['check("3.1", [..., ...])', EMPTY, 'check("3.4", ...)'], "oo-o-"),
    "cy.ipynb": ([BY_HAND, RIGHT, REVERSED, UNITS], "rrwr-"),  # half right
    "dora/03.ipynb": ([BY_HAND, RIGHT, PATHS, UNITS], "rrrr-"),
    "eve bom.ipynb": ([BY_HAND, WRONG], "rw---"),
    "gil.ipynb": ([HALF, "for", RIGHT, "a + 1", "%timeit a", UNITS], "ur-r-"),  # scratch cells
    "ida.ipynb": ([CHECK, MASKS], "-f---"),  # in an order that only the kernel knew
    "kim/03-Copy1.ipynb": ([CHECK, MASKS, CHECK], "-r---"),  # corrected by a second check
    "=leo <b>.ipynb": ([WRONG, DRAWN, 'check("3.4", [7], variant="leo")'], "-w-ww"),
}
STATES = dict(zip("rwfuo-", ["right", "wrong", "failed", "unfinished"], strict=False))
STATES |= {"o": "not attempted", "-": "no check"}


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory):
    """Grade a class with a run that is killed after its first notebook, and with another run."""
    folder = tmp_path_factory.mktemp("class") / "week 3"
    for name, (cells, _) in CLASS.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        encoding = "utf-8-sig" if "bom" in name else "utf-8"
        (folder / name).write_text(notebook(IMPORTS, *cells), encoding)
    (folder / "class.csv").write_text("learner,number\ncy,s-17\ndora,s-19\nzoë,s-20\n", "utf-8")
    out = folder.with_name("week 3-grades")
    with grader(folder, "--notebook", "3", "--jobs", "1") as first:
        for line in first.stdout:
            if "1 of 9" in line:
                first.kill()
    assert within(10, lambda: not processes_with(str(folder)))
    kept = {file: file.stat().st_mtime_ns for file in (out / "found").glob("*.json")}
    printed = run_grader(folder, "--notebook", "3")
    return folder, out, printed, kept


@needs_sandbox
def test_a_run_that_was_killed_goes_on(graded_class):
    _, _, printed, kept = graded_class
    assert "9 of 9: " in printed
    assert "class.csv, without a submission: zoë" in printed
    assert 0 < len(kept) < 4
    assert all(file.stat().st_mtime_ns == when for file, when in kept.items())


@needs_sandbox
def test_a_class_gets_the_verdicts_that_a_teacher_would_give(graded_class):
    folder, out, *_ = graded_class
    rows = grades_of(folder)
    for name, (_, states) in CLASS.items():
        if states:
            row = rows["'" + name if name[0] == "=" else name]
            given = [row[f"3.{k}"] for k in range(1, 6)]
            assert given == [STATES[state] for state in states], name
            assert row["status"] == "graded"
    assert rows["ann.ipynb"]["status"] == "another notebook: it has no check of notebook 03"
    assert {*rows} == {*CLASS, "'=leo <b>.ipynb", ""} - {"=leo <b>.ipynb"}
    ids = {name: row["school_id"] for name, row in rows.items() if row["school_id"]}
    assert ids == {"cy.ipynb": "s-17", "dora/03.ipynb": "s-19", "": "s-20"}
    columns = ("points", "of_points", "waiting")
    assert [rows["dora/03.ipynb"][column] for column in columns] == ["8", "10", "0"]
    leos = rows["'=leo <b>.ipynb"]
    assert "output x₃ sees x₃" in leos["3.2 why"]
    (i, j), *_ = re.findall(r"x̂(.) sees x(.)", exercise_named("3.4", "leo").task)
    assert f"x̂{i} does not see x{j}" in leos["3.4 why"]
    assert rows["ida.ipynb"]["3.2 why"] == "NameError: name 'build_masks' is not defined"
    assert len([*(out / "feedback").rglob("*.txt")]) == 8  # ann has none


def test_results_are_kept_until_the_file_changes(tmp_path, monkeypatch):
    runs = []

    def judged(path, how, stdin):
        runs.append(how)
        return b'{"status": "graded", "verdicts": {"3.2": {"state": "right"}}}'

    monkeypatch.setattr(command, "_judged", judged)
    for content, how in [("{}", ["03"]), ("{}", ["03"]), ("{ }", ["03"]), ("{}", [""])]:
        (tmp_path / "a.ipynb").write_text(content)
        row = command.result_of(Row("a", path="a.ipynb"), tmp_path, tmp_path, how)
        assert (row.learner, row.status, row.verdicts) == ("a", "graded", {"3.2": Verdict("right")})
        assert row.file_digest.isidentifier()
    assert runs == [["03"], ["03"], [""]]


def test_a_judge_that_ends_costs_one_submission(tmp_path, monkeypatch):
    (tmp_path / "a.ipynb").write_text("{}")
    monkeypatch.setattr(command, "_JUDGE", (*command._JUDGE[:2], "-c", "1 / 0"))
    row = command.result_of(Row("a", path="a.ipynb"), tmp_path, tmp_path, ["03", "True"])
    assert row.status == "could not be judged: ZeroDivisionError: division by zero"


# ---- the command --------------------------------------------------------------------------------


@pytest.mark.delivery
def test_unprotected_grading_needs_no_bubblewrap_and_no_letters(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    is_outside = "import os\nassert not os.path.exists('/submission')\n"
    (folder / "zoë 🦉.ipynb").write_text(notebook(IMPORTS, is_outside + RIGHT))
    settings = {"PYTHONIOENCODING": "ascii", "PATH": ""}
    printed = run_grader(folder, "--unprotected", **settings)
    assert "1 of 1: zo\\xeb \\U0001f989.ipynb: graded" in printed
    assert grades_of(folder)["zoë 🦉.ipynb"]["3.2"] == "right"


@needs_sandbox
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_no_process(tmp_path, how):
    sleeps = "import time\ntime.sleep(999)\n"
    (tmp_path / "a.ipynb").write_text(notebook(IMPORTS, sleeps + RIGHT))
    with grader(tmp_path, "--out", str(tmp_path.with_name("out"))) as process:
        mark = str(tmp_path / "a.ipynb")
        assert within(60, lambda: processes_with(mark))
        # a terminal's Ctrl-C is for all of its processes
        os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)
        assert "Traceback" not in process.stdout.read()
    assert within(10, lambda: not processes_with(mark))


def refused(capsys, *arguments):
    with pytest.raises(SystemExit):
        command.main(["grade", *map(str, arguments)])
    return capsys.readouterr().err


def test_a_folder_that_cannot_be_graded_is_refused_before_anything_runs(tmp_path, capsys):
    assert "there is no folder" in refused(capsys, tmp_path / "nothing")
    for folder in (REPOSITORY / "made_lessons" / "grading", REPOSITORY):
        assert "not Python or the course itself" in refused(capsys, folder)
    assert "--out must not be in" in refused(capsys, tmp_path, "--out", tmp_path / "grades")
    for number in ("0", "3x", "99"):
        assert "(choose from '01', '02'" in refused(capsys, tmp_path, "--notebook", number)
    (tmp_path / "class.csv").write_bytes("learner\nzoë".encode("latin-1"))
    words = "class.csv is not a table (save it as CSV UTF-8): "
    assert words in refused(capsys, tmp_path, "--unprotected")


def test_without_a_sandbox_it_refuses_and_names_the_cure(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    printed = refused(capsys, tmp_path)
    assert "would run unprotected: darwin has no bubblewrap. Install it (apt install" in printed
    assert "in a container, as docs/grading.md says" in printed
    monkeypatch.setattr(sandbox.sys, "platform", "linux")
    monkeypatch.setattr(sandbox, "_bubblewrap", lambda: ["false"])
    assert "bubblewrap cannot make a sandbox here ()" in sandbox.missing()
    monkeypatch.setattr(sandbox.os, "defpath", str(tmp_path))
    assert sandbox.missing() == "bubblewrap cannot be started (No such file or directory)"
