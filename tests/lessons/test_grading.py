"""A class is graded: the folder, the run, and the tables that an instructor reads and uploads."""

import functools
import os
import re
import signal
import unicodedata
from pathlib import Path

import pytest

from made_lessons.checking.catalogue import exercise_named
from made_lessons.grading import command, sandbox
from made_lessons.grading.folder import listed, submissions
from made_lessons.grading.verdicts import Row, Verdict
from tests.lessons.submitting import (
    EMPTY,
    IMPORTS,
    RIGHT,
    WRONG,
    graded,
    grader,
    lines_of,
    needs_sandbox,
    notebook,
    run_grader,
    started_by,
    within,
)

# ---- a class ------------------------------------------------------------------------------------

DIFFERENT = """
def build_masks(degrees: list[torch.Tensor]):
    masks = []
    for k, below in enumerate(degrees):
        is_last = k + 1 == len(degrees)
        above = degrees[0] if is_last else degrees[k + 1]
        mask = torch.zeros(len(above), len(below), dtype=torch.bool)
        for i, listener in enumerate(above.tolist()):
            for j, speaker in enumerate(below.tolist()):
                mask[i, j] = listener > speaker or (listener == speaker and not is_last)
        masks.append(mask)
    return masks

check("3.2", build_masks)
"""
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
# file, cells, and what a teacher says of 3.1 to 3.5: right, wrong, failed, unfinished, not
# attempted (o), no check (-)
CLASS = {
    "ann.ipynb": (["", "print(1)"], None),  # nothing of the course
    "ben.ipynb": (['check("3.1", [..., ...])', EMPTY, 'check("3.4", ...)'], "oo-o-"),
    "cy.ipynb": ([BY_HAND, RIGHT, REVERSED, UNITS], "rrwr-"),  # half right
    "dora/03.ipynb": ([BY_HAND, DIFFERENT, PATHS, UNITS], "rrrr-"),  # right but different
    "eve bom.ipynb": ([BY_HAND, WRONG], "rw---"),
    "gil.ipynb": ([HALF, "print(1)", RIGHT, "a + 1", "%timeit a", UNITS], "ur-r-"),
    "hal.ipynb": (["def f(a, a): pass", "for", RIGHT, "build_masks(("], "-r---"),  # scratch cells
    "ida.ipynb": ([CHECK, MASKS], "-f---"),  # in an order that only the kernel knew
    "kim/03-Copy1.ipynb": ([CHECK, MASKS, CHECK], "-r---"),  # mended by a second check
    "kim/03.ipynb": ([WRONG], None),  # older than its copy
    "=leo <b>.ipynb": ([WRONG, DRAWN, 'check("3.4", [7], variant="leo")'], "-w-ww"),
}
STATES = dict(zip("rwfuo-", ["right", "wrong", "failed", "unfinished"], strict=False))
STATES |= {"o": "not attempted", "-": "no check"}


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory):
    """A class, graded by a run that was killed after its first notebook, and another."""
    folder = tmp_path_factory.mktemp("class") / "week 3"
    for name, (cells, _) in CLASS.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        encoding = "utf-8-sig" if "bom" in name else "utf-8"
        (folder / name).write_text(notebook(IMPORTS, *cells), encoding)
        os.utime(folder / name, (1, 1 if name == "kim/03.ipynb" else 2))
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._ann.ipynb").write_bytes(b"\0\5\x16\7")
    (folder / "ids.csv").write_text("cy.ipynb,s-17\ndora,s-19\nzoë,s-20\n", "utf-8")
    out = folder.with_name("week 3-grades")
    with grader(folder, "--notebook", "3", "--jobs", "1") as first:
        for line in first.stdout:
            if "1 of 10" in line:
                processes = started_by(first.pid)
                first.kill()
    assert processes
    assert within(10, lambda: not [n for n in processes if Path(f"/proc/{n}/exe").exists()])
    kept = {file: file.stat().st_mtime_ns for file in (out / "found").glob("*.json")}
    said = run_grader(folder, "--notebook", "3")
    return folder, out, said, kept


@needs_sandbox
def test_a_run_that_was_killed_goes_on(graded_class):
    _, _, said, kept = graded_class
    assert "10 of 10: " in said
    assert "ids.csv, matched by no submission: zoë" in said
    assert 0 < len(kept) < 4
    assert all(file.stat().st_mtime_ns == when for file, when in kept.items())


@needs_sandbox
def test_a_class_gets_the_verdicts_that_a_teacher_would_give(graded_class):
    rows = graded(graded_class[0])
    for name, (_, states) in CLASS.items():
        if states:
            row = rows["'" + name if name[0] == "=" else name]
            given = [row[f"3.{k}"] for k in range(1, 6)]
            assert given == [STATES[state] for state in states], name
            assert row["status"] == "graded"
    assert rows["ann.ipynb"]["status"] == "another notebook: it has no check of notebook 03"
    assert set(rows) == {*CLASS, "'=leo <b>.ipynb", "zoë"} - {"=leo <b>.ipynb", "kim/03.ipynb"}


@needs_sandbox
def test_the_tables_say_who_why_and_how_much(graded_class):
    folder, out, *_ = graded_class
    rows = graded(folder)
    ids = {name: row["school_id"] for name, row in rows.items() if row["school_id"]}
    assert ids == {"cy.ipynb": "s-17", "dora/03.ipynb": "s-19", "zoë": "s-20"}
    assert rows["zoë"]["status"] == "nothing submitted"
    columns = ("points", "of_points", "waiting")
    assert [rows["dora/03.ipynb"][column] for column in columns] == ["8", "10", "0"]
    leos = rows["'=leo <b>.ipynb"]
    assert "output x₃ can see x₃" in leos["3.2 why"]
    (i, j), *_ = re.findall(r"x̂(.) sees x(.)", exercise_named("3.4", "leo").asks)
    assert f"x̂{i} does not see x{j}" in leos["3.4 why"]
    assert leos["variants"] == "3.4: leo"
    assert "NameError: name 'build_masks' is not defined" in rows["ida.ipynb"]["3.2 why"]
    odd = {name: row["look_at"] for name, row in rows.items() if row["look_at"]}
    assert odd == {"kim/03-Copy1.ipynb": "also submitted: kim/03.ipynb"}
    mistakes = {line[1]: line[2:] for line in lines_of(out / "mistakes.csv")}
    (found,) = [said for mistake, said in mistakes.items() if "can see x₃" in mistake]
    assert found == ["2", "'=leo <b>.ipynb, eve bom.ipynb"]
    texts = out / "feedback"
    assert len([file for file in texts.rglob("*") if file.is_file()]) == 9  # ann has none
    doras = (texts / "dora" / "03.ipynb.txt").read_text("utf-8")
    begins = "Points: 8 of 10\nSubmission: dora/03.ipynb\n\n3.1 Masks by hand, right\n"
    assert doras.startswith(begins)


def test_the_judges_results_are_kept_until_the_file_changes(tmp_path, monkeypatch):
    file = tmp_path / "a.ipynb"
    results = iter([Row(notebook="03", verdicts={"3.2": Verdict("stopped")}, look_at=["x"])] * 2)
    monkeypatch.setattr(command, "_judged", lambda *_: next(results))
    for content, left in (("{}", 1), ("{}", 1), ("{ }", 0)):
        file.write_text(content)
        row = command._one(Row("a", status="", place=file.name), tmp_path, tmp_path, "03", True)
        assert (row.learner, row.look_at, row.verdicts["3.2"].state) == ("a", ["x"], "stopped")
        assert left == results.__length_hint__()


# ---- the folder ---------------------------------------------------------------------------------


def test_a_learner_is_who_the_platform_says_and_has_one_notebook(tmp_path):
    names = [
        "Ann Archer_1201_assignsubmission_file/sub/03.IPYNB",
        "Ann Archer_1202_assignsubmission_file_03 (1).ipynb",
        "archerann_LATE_77_991_03-1.zip",
        "archerann_77_992_04.ipynb",
        "ann (1).ipynb",
        "ann/.hidden.ipynb",
        "bo/1/2/3/4/5/03.ipynb",
        "bo/1/2/3/4/5/6/too deep.ipynb",
        "ids.csv",
        "expected.csv",
    ]
    for k, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (k, k))
    found = {(row.learner, row.platform_id, row.submission): row for row in submissions(tmp_path)}
    assert {*found} == {
        ("Ann Archer", "1201", names[0]),
        ("Ann Archer", "1202", names[1]),
        ("archerann", "77", names[3]),
        ("ann (1)", "", "ann (1).ipynb"),
        ("ann", "", "ann"),
        ("bo", "", "bo/1/2/3/4/5/03.ipynb"),
    }
    assert found["archerann", "77", names[3]].look_at == [f"also submitted: {names[2]}"]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_ids_are_read_as_a_spreadsheet_writes_them(tmp_path, separator, encoding):
    lines = [("Name", "School ID"), ("Müller, Zoë_12_file", "s-1"), ("Ann Archer", "2")]
    lines += [("Ben", ""), ("", "7")]  # one without an ID, and an ID that is nobody's
    text = "".join(f'"{name}"{separator}{number}\n' for name, number in lines)
    (tmp_path / "ids.csv").write_text(text, encoding)
    ids = listed(tmp_path / "ids.csv")
    assert [*ids.lines] == ["Müller, Zoë_12_file", "Ann Archer", "Ben"]
    for form in ("NFC", "NFD"):  # an umlaut in one letter, or two
        learner = unicodedata.normalize(form, "Müller, Zoë_12_file")
        assert ids.of(Row(learner, f"{learner}/03 (1).ipynb")) == "s-1"
    assert ids.of(Row("Müller", "Müller.ipynb")) == ""
    assert ids.nobody == ["Ann Archer", "Ben"]
    for learner in ("Ann Archer", "ANN ARCHER", "archerann"):
        assert ids.of(Row(learner, "03.ipynb")) == "2"
    assert ids.nobody == ["Ben"]


# ---- the command --------------------------------------------------------------------------------


@pytest.mark.delivery
def test_unprotected_grading_needs_no_bubblewrap_and_no_letters(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "zoë 🦉.ipynb").write_text(notebook(IMPORTS, RIGHT))
    terminal = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    said = run_grader(folder, "--notebook", "03", "--unprotected", PATH="", **terminal)
    assert "1 of 1: zo\\xeb \\U0001f989.ipynb: graded" in said
    assert graded(folder)["zoë 🦉.ipynb"]["3.2"] == "right"


@needs_sandbox
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_tables_and_no_process(tmp_path, how):
    folder = tmp_path / "class"
    folder.mkdir()
    for name, before in (("a", ""), ("b", "import time\ntime.sleep(999)\n")):
        (folder / f"{name}.ipynb").write_text(notebook(IMPORTS, f"{before}{RIGHT}"))
    with grader(folder, "--jobs", "2") as process:
        for line in process.stdout:
            if "1 of 2: a.ipynb: graded" in line:
                processes = started_by(process.pid)
                # a terminal's Ctrl-C is for all of its processes
                os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)
                break
        said = process.stdout.read()
    assert "Traceback" not in said
    assert processes
    assert within(10, lambda: not [n for n in processes if Path(f"/proc/{n}/exe").exists()])
    assert "Stopped. If you run it again, it goes on from there." in said
    rows = graded(folder)
    assert (rows["a.ipynb"]["3.2"], rows["b.ipynb"]["status"]) == ("right", "not graded yet")


def refused(capsys, *arguments):
    with pytest.raises(SystemExit):
        command.main(["grade", *map(str, arguments)])
    return capsys.readouterr().err


def test_a_folder_that_cannot_be_graded_is_refused_before_anything_runs(tmp_path, capsys):
    assert "there is no folder" in refused(capsys, tmp_path / "nothing")
    assert "not Python or the course itself" in refused(capsys, Path(sandbox.__file__).parent)
    assert "--out must not be in" in refused(capsys, tmp_path, "--out", tmp_path / "grades")
    for number in ("0", "3x", "99"):
        assert "(choose from '01', '02'" in refused(capsys, tmp_path, "--notebook", number)
    (tmp_path / "ids.csv").write_bytes("zoë,s-1".encode("latin-1"))
    assert "ids.csv is not UTF-8: save it as CSV UTF-8" in refused(
        capsys, tmp_path, "--unprotected"
    )


def test_without_a_sandbox_it_refuses_and_names_the_cure(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "missing", functools.partial(str, "bubblewrap is not installed"))
    said = refused(capsys, tmp_path)
    assert (
        "unprotected: bubblewrap is not installed. Install it (apt install bubblewrap, or" in said
    )
    assert "in a container, as docs/grading.md says" in said
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    assert sandbox.missing() == "darwin has no bubblewrap"
    monkeypatch.setattr(sandbox.sys, "platform", "linux")
    monkeypatch.setattr(sandbox.os, "defpath", str(tmp_path))
    assert sandbox.missing() == "bubblewrap cannot be started (No such file or directory)"
