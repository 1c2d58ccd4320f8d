"""Grading: honest hand-ins get the verdict of their check, and tables that an instructor reads."""

import csv
import functools
import math
import os
import re
import unicodedata
from pathlib import Path

import pytest

from made_lessons.checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from made_lessons.grading import command, judge, line, sandbox
from made_lessons.grading import reports as tables
from made_lessons.grading.examined import INSIDE, OPEN, examined
from made_lessons.grading.folder import hand_ins, listed, one_each
from made_lessons.grading.verdicts import Row, Verdict
from tests.lessons.checking import far
from tests.lessons.handing_in import (
    EMPTY,
    IMPORTS,
    RIGHT,
    WRONG,
    graded,
    grader,
    judged,
    needs_sandbox,
    notebook,
    run_grader,
    running_with,
)

# ---- the judge ----------------------------------------------------------------------------------


NAMES = [e.name for number in NOTEBOOKS for e in exercises_in(number) if e.name not in INSIDE]


@pytest.mark.parametrize("name", NAMES)
def test_a_judge_outside_finds_what_the_check_finds(name):
    """What the check finds, ``test_every_exercise.py`` says: the cause of each slip."""
    exercise = exercise_named(name)
    slips = exercise.slips[: 1 if name == "5.4" else None]  # the others are those of 9.4, in 784
    expected = [("wrong", slip.cause) for slip in slips]
    answers = [slip.answer for slip in slips]
    if name not in OPEN:  # their reference is a training
        expected.append(("right", ""))
        answers.append(exercise.reference() if exercise.is_value else exercise.reference)
    for (state, words), verdict in zip(expected, far(exercise, answers), strict=True):
        assert verdict.state == state, verdict
        assert verdict.words.startswith(words)


def test_a_hand_in_is_of_the_notebook_that_most_of_its_checks_are_of():
    assert judge._most_likely(["10.1", "1.1", "10.2"]) == "10"
    assert judge._most_likely(["99.1", "0.1", "x", "9" * 5000]) == ""


MASKS, CHECK = RIGHT.split("check(")[0], 'check("3.2", build_masks)'
NEEDS = MASKS.replace("    pairs", "    assert state == [1]\n    pairs") + CHECK


@needs_sandbox
@pytest.mark.parametrize(
    "cells",
    [
        [f"{RIGHT}display(build_masks)"],
        [f'{RIGHT}get_ipython().run_line_magic("timeit", "build_masks")'],
        [f"from IPython import get_ipython\nget_ipython().events.register(1)\n{RIGHT}"],
        ["state = [1, 2]", "last = state.pop()", NEEDS],
        ["state = []", "def fill(): state.append(1)", "print(fill())", NEEDS],
        ["state = []", "def fill():\n    global state\n    state = [1]", "x = fill()", NEEDS],
        ["state = []", "def fill(): state.append(1)", "x = fill()", "1 / 0", "x = (", NEEDS],
        ["state = []", f'{IMPORTS}, hint\nhint("3.2")\n(lambda: state.append(1))()', NEEDS],
        [RIGHT, "def build_masks(degrees):\n    return degrees"],
    ],
)
def test_an_honest_hand_in_loses_no_exercise(cells):
    assert judged(*cells, number="03")["3.2"] == Verdict("right")


@needs_sandbox
@pytest.mark.parametrize("never", ["True", "state"])  # in its own process, or where all cells run
def test_a_loop_without_end_costs_no_other_exercise(monkeypatch, never):
    monkeypatch.setattr(line, "LIMIT_S", 0.3)
    cells = ["state = []", "def fill(): state.append(1)", "x = fill()"]
    endless = f'def table_sizes(input_dim):\n    while {never}: pass\ncheck("1.1", table_sizes)'
    turn = 'def turn(ordering):\n    return torch.argsort(ordering) + state[0]\ncheck("1.3", turn)'
    found = judged(*cells, endless, turn)
    assert found["1.1"].words.startswith("it was stopped" if never == "True" else "the answer is")
    assert found["1.3"].state == "right"


BY_HEART = """
def table_sizes(input_dim):
    return {1: [1], 3: [1, 2, 4], 10: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]}[input_dim]
"""


@needs_sandbox
def test_variants_are_judged():
    anns = exercise_named("3.4", "ann").reference()
    found = judged('me = "ann"', f'check("3.4", {anns}, variant=me)')["3.4"]
    assert (found.state, found.variant) == ("right", "ann")
    found = judged('me = "ben"', f'check("3.4", {anns}, variant=me)')["3.4"]
    assert (found.state, found.variant) == ("wrong", "ben")
    assert judged(f'check("3.4", {anns})')["3.4"].state == "wrong"
    assert judged(BY_HEART, 'check("1.1", table_sizes)')["1.1"] == Verdict("right")
    found = judged(BY_HEART, 'check("1.1", table_sizes, variant=str("eve"))')["1.1"]
    assert (found.state, found.variant) == ("wrong", "eve")
    assert "KeyError" in found.words
    assert judged('check("3.4", [7], variant="v" * 5_000_000)')["3.4"].variant == "v" * 100


LINE = """
class Line:
    def __call__(self, x):
        return torch.zeros_like(x) + {logit}

    def log_prob(self, x):
        return (x * {logit} - torch.nn.functional.softplus(torch.tensor({logit}))).sum(1)

check("9.4", Line())
"""


@needs_sandbox
def test_open_exercises_have_scores():
    coin = judged(LINE.format(logit=0.0))["9.4"]
    assert coin.nats == pytest.approx(33 * math.log(2), abs=0.06)
    assert judged(LINE.format(logit=-9.0))["9.4"].nats > coin.nats
    leaky = judged(LINE.format(logit=0.0).replace("+ 0.0", "+ 9 * x"))["9.4"]
    named = judged('class Model: pass\nModel.__name__ = "0.001 nats"\ncheck("9.4", Model())')["9.4"]
    erasing = judged(LINE.format(logit=-9.0).replace("return", "x.zero_()\n        return"))["9.4"]
    assert leaky.nats is named.nats is erasing.nats is None


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
# file, cells, and what a teacher says of 3.1 to 3.5: right, wrong, failed, unfinished, not
# attempted (o), no check (-)
CLASS = {
    "ann.ipynb": (["", "print(1)"], None),  # nothing of the course
    "ben.ipynb": (['check("3.1", [..., ...])', EMPTY, 'check("3.4", ...)'], "oo-o-"),
    "cy.ipynb": ([BY_HAND, RIGHT, REVERSED, UNITS], "rrwr-"),  # half right
    "dora/03.ipynb": ([BY_HAND, DIFFERENT, PATHS, UNITS], "rrrr-"),  # right but different
    "eve bom.ipynb": ([BY_HAND, WRONG], "rw---"),
    "fay/my masks.ipynb": ([HALF, RIGHT], "ur---"),  # renamed
    "gil.ipynb": (["a = 1", "print(a)", RIGHT, "a + 1", "%timeit a", UNITS], "-r-r-"),
    "hal.ipynb": (["def f(a, a): pass", "for", RIGHT, "build_masks(("], "-r---"),  # scratch cells
    "ida.ipynb": ([CHECK, MASKS], "-f---"),  # in an order that only the kernel knew
    "jo.ipynb": ([CHECK, MASKS, CHECK], "-r---"),  # mended by a second check
    "kim/03-Copy1.ipynb": ([RIGHT], "-r---"),
    "kim/03.ipynb": ([WRONG], None),  # older than its copy
    "=leo <b>.ipynb": ([WRONG, DRAWN, 'check("3.4", [7], variant="leo")'], "-w-ww"),
}
STATES = dict(zip("rwfuo-", ["right", "wrong", "failed", "unfinished"], strict=False))
STATES |= {"o": "not attempted", "-": "no check"}


@pytest.fixture(scope="module")
def class_of_twelve(tmp_path_factory):
    """A class, graded by a run that was killed after its first notebook, and another."""
    folder = tmp_path_factory.mktemp("class") / "week 3"
    for name, (cells, _) in CLASS.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        encoding = "utf-8-sig" if "bom" in name else "utf-8"
        (folder / name).write_text(notebook(IMPORTS, *cells), encoding)
        os.utime(folder / name, (1, 1 if name == "kim/03.ipynb" else 2))
    (folder / "fay" / "01.ipynb").write_text("{}")
    os.utime(folder / "fay" / "01.ipynb", (1, 1))
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._ann.ipynb").write_bytes(b"\0\5\x16\7")
    (folder / "ids.csv").write_text("cy.ipynb,s-17\ndora,s-19\nzoë,s-20\n", "utf-8")
    found = folder.with_name("week 3-grades") / "found"
    home = tmp_path_factory.mktemp("home")
    with grader(folder, "--notebook", "3", "--jobs", "1", HOME=str(home)) as first:
        for line in first.stdout:
            if "1 of 14" in line:
                first.kill()
    assert not running_with(home)
    kept = {file: file.stat().st_mtime_ns for file in found.glob("*.json")}
    said = run_grader(folder, "--notebook", "3")
    return folder, said, kept


@needs_sandbox
def test_a_run_that_was_killed_goes_on(class_of_twelve):
    _, said, kept = class_of_twelve
    assert "14 of 14: " in said
    assert "ids.csv, matched by no hand-in: zoë" in said
    assert 0 < len(kept) < 4
    assert all(file.stat().st_mtime_ns == when for file, when in kept.items())


@needs_sandbox
def test_a_class_gets_the_verdicts_that_a_teacher_would_give(class_of_twelve):
    rows = graded(class_of_twelve[0])
    for name, (_, states) in CLASS.items():
        if states:
            row = rows["'" + name if name[0] == "=" else name]
            given = [row[f"3.{k}"] for k in range(1, 6)]
            assert given == [STATES[state] for state in states], name
            assert row["word"] == "graded"
    assert rows["ann.ipynb"]["word"] == "another notebook: it has no check of notebook 03"
    assert set(rows) == {*CLASS, "'=leo <b>.ipynb", "zoë"} - {"=leo <b>.ipynb", "kim/03.ipynb"}


@needs_sandbox
def test_the_table_says_who_why_and_how_much(class_of_twelve):
    rows = graded(class_of_twelve[0])
    ids = {name: row["school_id"] for name, row in rows.items() if row["school_id"]}
    assert ids == {"cy.ipynb": "s-17", "dora/03.ipynb": "s-19", "zoë": "s-20"}
    assert rows["zoë"]["word"] == "nothing handed in"
    columns = ("points", "of_points", "waiting")
    assert [rows["dora/03.ipynb"][column] for column in columns] == ["8", "10", "0"]
    leos = rows["'=leo <b>.ipynb"]
    assert "output x₃ can see x₃" in leos["3.2 why"]
    (i, j), *_ = re.findall(r"x̂(.) sees x(.)", exercise_named("3.4", "leo").asks)
    assert f"x̂{i} does not see x{j}" in leos["3.4 why"]
    assert leos["variants"] == "3.4: leo"
    assert "NameError: name 'build_masks' is not defined" in rows["ida.ipynb"]["3.2 why"]
    odd = {name: row["look_at"] for name, row in rows.items() if row["look_at"]}
    assert odd == {
        "fay/my masks.ipynb": "also handed in: fay/01.ipynb",
        "kim/03-Copy1.ipynb": "also handed in: kim/03.ipynb",
    }


@needs_sandbox
def test_the_page_shows_names_as_text_and_loads_nothing(class_of_twelve):
    page = (class_of_twelve[0].with_name("week 3-grades") / "grades.html").read_text("utf-8")
    assert "&lt;b&gt;.ipynb" in page
    assert "<b>" not in page
    assert "http" not in page
    assert "<script" not in page
    lines = [re.sub(r"\s*<(?!span)[^>]*>\s*", "|", row) for row in page.split("<tr")]
    (doras,) = (line for line in lines if "dora/03.ipynb" in line)
    assert "|dora/03.ipynb||s-19||8||10||0||" in doras
    assert doras.count('class="✓"') == 4
    (mistake,) = (line for line in lines if "|3.2||" in line and "can see x₃" in line)
    assert "|2||output x₃ can see x₃" in mistake
    assert "||=leo &lt;b&gt;.ipynb, eve bom.ipynb|" in mistake


@needs_sandbox
def test_each_learner_gets_a_text(class_of_twelve):
    texts = class_of_twelve[0].with_name("week 3-grades") / "feedback"
    assert len([file for file in texts.rglob("*") if file.is_file()]) == 11  # ann has none
    doras = (texts / "dora" / "03.ipynb.txt").read_text("utf-8")
    assert doras.startswith("Points: 8 of 10\nHand-in: dora/03.ipynb\n\n3.1 Masks by hand, right\n")
    eves = (texts / "eve bom.ipynb.txt").read_text("utf-8")
    assert "\n3.2 Masks in code, wrong: " in eves


def test_what_is_kept_is_what_the_judge_said_and_no_more(tmp_path, monkeypatch):
    """And for good: what timed out is asked again only when the file has changed."""
    file = tmp_path / "a.ipynb"
    said = iter([Row(notebook="03", verdicts={"3.2": Verdict("stopped")}, look_at=["gc"])] * 2)
    monkeypatch.setattr(command, "_judged", lambda *_: next(said))
    for content, left in (("{}", 1), ("{}", 1), ("{ }", 0)):
        file.write_text(content)
        one = Row("a", word="", place=file.name)
        row = command._graded(one, tmp_path, tmp_path, "03", True)
        assert (row.learner, row.look_at, row.verdicts["3.2"].state) == ("a", ["gc"], "stopped")
        assert left == said.__length_hint__()


# ---- the folder ---------------------------------------------------------------------------------


def names_of(folder):
    return {(one.learner, one.platform_id, one.hand_in) for one in hand_ins(folder)}


def test_a_learner_is_who_the_platform_says(tmp_path):
    for name in (
        "Ann Archer_1201_assignsubmission_file/sub/03.IPYNB",
        "Ann Archer_1202_assignsubmission_file_03 (1).ipynb",
        "archerann_LATE_77_991_03-1.zip",
        "ann (1).ipynb",
        "ann/.hidden.ipynb",
        "bo/1/2/3/4/5/03.ipynb",
        "bo/1/2/3/4/5/6/too deep.ipynb",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names_of(tmp_path) == {
        ("Ann Archer", "1201", "Ann Archer_1201_assignsubmission_file/sub/03.IPYNB"),
        ("Ann Archer", "1202", "Ann Archer_1202_assignsubmission_file_03 (1).ipynb"),
        ("archerann", "77", "archerann_LATE_77_991_03-1.zip"),
        ("ann (1)", "", "ann (1).ipynb"),
        ("ann", "", "ann"),
        ("bo", "", "bo/1/2/3/4/5/03.ipynb"),
    }


def row_of(learner, hand_in, when, notebook="03", state="right", **more):
    verdicts = {f"{int(notebook)}.2": Verdict(state)} if notebook else {}
    return Row(learner, hand_in, notebook, verdicts=verdicts, when=when, **more)


def test_of_a_learner_the_newest_that_can_be_graded_counts_and_no_one_elses():
    rows = [
        row_of("ann", "ann/03.ipynb", 1),
        row_of("ann", "ann/03 new.ipynb", 2),
        row_of("ann", "ann/02.ipynb", 3, notebook="02"),
        row_of("ann", "ann/poem.ipynb", 4, notebook=""),
        row_of("ann (1)", "ann (1).ipynb", 5),
    ]
    found = {row.hand_in: row.look_at for row in one_each(rows)}
    behind = "also handed in: ann/poem.ipynb"
    copy = "another's, or a copy: ann (1)"
    assert found == {
        "ann/03 new.ipynb": [copy, "also handed in: ann/03.ipynb", behind],
        "ann/02.ipynb": [copy, behind],
        "ann (1).ipynb": ["another's, or a copy: ann"],
    }


@pytest.mark.parametrize("order", [1, -1])
def test_of_copies_as_old_as_one_another_the_last_one_counts(order):
    names = [f"ann/03{copy}.ipynb" for copy in ("", " (1)", " (2)")]
    (row,) = one_each([row_of("ann", name, 1) for name in names][::order])
    assert row.hand_in == "ann/03 (2).ipynb"


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
    assert ids.nobody() == ["Ann Archer", "Ben"]
    for learner in ("Ann Archer", "ANN ARCHER", "archerann"):
        assert ids.of(Row(learner, "03.ipynb")) == "2"
    assert ids.nobody() == ["Ben"]


# ---- the tables ---------------------------------------------------------------------------------


def test_the_same_mistake_is_one_line_whatever_came():
    rows = []
    for name, means in (("ann", [85, 86]), ("ben", [85, 87])):
        verdict = examined(exercise_named("7.4"), {"one image": 90.96, "possible means": means})
        assert str(means) in verdict.words
        rows.append(Row(name, name, verdicts={"7.4": verdict}))
    ((_, count, mistake, who),) = tables._mistakes(rows).itertuples(index=False)
    assert (count, who) == (2, "ann, ben")
    assert mistake.endswith("and no others")


def test_the_best_of_an_open_exercise_stands_first(tmp_path):
    nats = {"ann": 9.5, "ben": 20.25, "cy": None}
    verdicts = {name: {"9.4": Verdict("wrong", nats=value)} for name, value in nats.items()}
    rows = [Row(name, name, verdicts=verdicts[name]) for name in ("ben", "cy", "ann")]
    tables.write_tables(rows, tmp_path)
    text = (tmp_path / "leaderboard.csv").read_text("utf-8-sig")
    assert [row["hand_in"] for row in csv.DictReader(text.splitlines())] == ["ann", "ben"]


# ---- the command --------------------------------------------------------------------------------


def refused(capsys, *arguments):
    with pytest.raises(SystemExit):
        command.main(["grade", *map(str, arguments)])
    return capsys.readouterr().err


def test_what_cannot_be_graded_is_refused_before_anything_runs(tmp_path, capsys):
    assert "there is no folder" in refused(capsys, tmp_path / "nothing")
    assert "not Python or the course itself" in refused(capsys, Path(sandbox.__file__).parent)
    for number in ("0", "3x", "99"):
        assert "(choose from '01', '02'" in refused(capsys, tmp_path, "--notebook", number)
    (tmp_path / "ids.csv").write_bytes("zoë,s-1".encode("latin-1"))
    assert "ids.csv is not UTF-8: save it as CSV UTF-8" in refused(capsys, tmp_path)


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
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sandbox.missing() == "bubblewrap cannot be started (No such file or directory)"
