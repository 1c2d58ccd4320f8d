"""Points that hold: what earns some without an answer, and right answers that earned none."""

import csv
import os
import signal
import time
import zipfile
from collections import namedtuple
from datetime import datetime
from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
import torch

from made_course import load_pretrained
from made_lessons.checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from made_lessons.checking.exercise import source_of
from made_lessons.grading import command, judge
from made_lessons.grading import reports as tables
from made_lessons.grading.examined import INSIDE, examined
from made_lessons.grading.folder import Listed, hand_ins
from made_lessons.grading.hand_in import MOST_BYTES, Unreadable, read
from made_lessons.grading.handing_out import hand_out, with_variant
from made_lessons.grading.marking import Marking
from made_lessons.grading.verdicts import ALIKE, COURSES_OWN, FORGEABLE, WAITS, Row, Verdict
from tests.lessons.checking import far, right, wrong
from tests.lessons.handing_in import (
    IMPORTS,
    REPOSITORY,
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

OWN = Verdict(WAITS, COURSES_OWN)

# ---- 1: the course's own answers -----------------------------------------------------------------


@needs_sandbox
@pytest.mark.parametrize("number", NOTEBOOKS[1:])
def test_yours_earns_nothing(number):
    names = [exercise.name for exercise in exercises_in(number)]
    stubs = [f'check("{name}", ...)' for name in names]
    cells = [f'from made_lessons import yours\ncheck("{name}", yours("{name}"))' for name in names]
    assert judged(*stubs, *cells, number=f"{number:02d}") == dict.fromkeys(names, OWN)


TAKEN = "from made_lessons.checking.catalogue import exercise_named\n"
THEIRS = f'{TAKEN}own = exercise_named("3.2").reference\n'
WAYS = {
    "the reference": f'{THEIRS}check("3.2", own)',
    "the file's": "from made_lessons.notebook_03.masks_in_code import build_masks as own\n"
    'check("3.2", own)',
    "the package's": 'from made_course import build_masks\ncheck("3.2", build_masks)',
    "a wrapper": f'{THEIRS}check("3.2", lambda degrees: own(degrees))',
    "a wrapper of yours": 'from made_lessons import yours\nown = yours("3.2")\n'
    'check("3.2", lambda degrees: [mask for mask in own(degrees)])',
    "a wrapper of the package's": "import made_course\n"
    'check("3.2", lambda degrees: made_course.build_masks(degrees))',
    "a partial one": f'import functools\n{THEIRS}check("3.2", functools.partial(own))',
    "its text, executed": "import inspect, itertools\nfrom itertools import pairwise\n"
    f"from torch import Tensor, BoolTensor\n{THEIRS}"
    "from made_lessons.checking.exercise import source_of\n"
    'exec(source_of(own))\ncheck("3.2", build_masks)',
    "a wrong answer of the course": f'{TAKEN}check("3.2", exercise_named("3.2").slips[0].answer)',
}


@needs_sandbox
@pytest.mark.parametrize("way", [*WAYS])
def test_an_answer_that_is_the_courses_is_recognised(way):
    assert judged(WAYS[way], number="03")["3.2"] == OWN


@needs_sandbox
@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("3.4", f'{TAKEN}check("3.4", exercise_named("3.4").reference())'),
        (
            "3.4",
            f'{TAKEN}check("3.4", exercise_named("3.4", "ann").reference(), variant="ann")',
        ),
        (
            "8.4",
            f'{TAKEN}class Mine(exercise_named("8.4").reference): pass\ncheck("8.4", Mine)',
        ),
        ("4.1", "from made_course import MaskedLinear\ncheck('4.1', MaskedLinear)"),
        (
            "4.1",
            "import made_course\nclass MaskedLinear(made_course.MaskedLinear): pass\n"
            "check('4.1', MaskedLinear)",
        ),
    ],
)
def test_a_value_or_a_class_that_is_the_courses_earns_nothing(name, cell):
    found = judged(cell)[name]
    assert found == OWN or found.state == "not attempted"


@needs_sandbox
def test_a_solution_is_not_shown_where_it_could_be_executed():
    cell = (
        "import contextlib, io\nfrom made_lessons import solution\n"
        "with contextlib.redirect_stdout(io.StringIO()) as out:\n    solution('3.4')\n"
        "exec(out.getvalue())\ncheck('3.4', fewest_units())"
    )
    found = judged(cell, number="03")["3.4"]
    assert (found.state, "SyntaxError" in found.words) == ("failed", True)


def typed(name):
    """The course's answer as a learner types it."""
    source = source_of(exercise_named(name).reference)
    annotations = "from torch import Tensor, BoolTensor, LongTensor\nfrom itertools import pairwise"
    return f"{annotations}\n{source}\ncheck({name!r}, {exercise_named(name).reference.__name__})"


SHORT = ["1.1", "5.1", "10.2"]
"""The three shortest references of functions: what a good learner writes."""
RENAMED = typed("3.2").replace("outputs", "last").replace("above", "upper")
REFORMATTED = (
    RENAMED.replace("for below", "for (below")
    .replace("upper in", "upper) in")
    .replace("    ", "\t\t\t")
)


@needs_sandbox
@pytest.mark.parametrize("name", SHORT)
def test_a_short_reference_typed_afresh_earns_all_points(name):
    found = judged("from torch.nn.functional import *\nimport math\n" + typed(name))[name]
    assert (found.state, found.alike) == ("right", True)


@needs_sandbox
@pytest.mark.parametrize("cell", [RENAMED, REFORMATTED])
def test_a_copy_that_is_renamed_or_set_otherwise_is_marked(cell):
    found = judged(cell)["3.2"]
    assert (found.state, found.alike) == ("right", True)


@needs_sandbox
def test_an_answer_of_ones_own_is_not_marked():
    found = judge.judge(notebook(IMPORTS, RIGHT, typed("3.3")).encode(), "03", True)
    assert found.verdicts["3.2"] == Verdict("right")
    assert found.look_at == [f"3.3: {ALIKE}"]


@needs_sandbox
def test_a_later_cell_may_go_on_with_yours():
    cells = [
        'from made_lessons import yours\ndegrees_of = yours("1.3")',
        "d = degrees_of(torch.arange(3))",
        "def table_sizes(n):\n    return [2**i for i in range(n + 0 * len(d))]",
        'check("1.1", table_sizes)',
    ]
    assert judged(*cells)["1.1"] == Verdict("right")


# ---- 2: right answers are carried over -----------------------------------------------------------

Tables = namedtuple("Tables", "second third first")


class Numbers(list):
    pass


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("1.1", torch.Size),
        ("1.1", Numbers),
        ("1.1", lambda sizes: [*map(Fraction, sizes)]),
        ("1.1", lambda sizes: [*map(np.int64, sizes)]),
        ("1.2", lambda found: Tables(*found)),
        ("1.4", torch.nn.Parameter),
    ],
)
def test_what_is_right_is_right_of_whatever_class(name, change):
    reference = exercise_named(name).reference

    def answer(*arguments):
        return change(reference(*arguments))

    right(name, answer)  # which hands it through grading, too


def test_what_cannot_be_carried_over_is_no_wrong_answer():
    (found,) = far(exercise_named("1.3"), [lambda ordering: torch.ones(3, dtype=torch.complex64)])
    assert found.state == "failed"
    assert found.words.startswith("its answer could not be carried over: TypeError: a tensor of")


# ---- 3: a run ends in tables ---------------------------------------------------------------------


@pytest.mark.delivery
def test_who_trusts_the_class_needs_no_sandbox_and_no_letters(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    patient = "from made_lessons.checking.time_limits import PATIENCE\nassert PATIENCE == 20\n"
    (folder / "zoë 🦉.ipynb").write_text(notebook(IMPORTS, patient + RIGHT))
    terminal = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    said = run_grader(folder, "--notebook", "03", "--unprotected", PATH="", **terminal)
    assert "1 of 1: zo\\xeb \\U0001f989.ipynb: graded" in said
    assert graded(folder)["zoë 🦉.ipynb"]["3.2"] == "right"


@needs_sandbox
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_tables_and_no_process(tmp_path, how):
    folder, home = tmp_path / "class", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    for name, before in (("a", ""), ("b", "import time\ntime.sleep(999)\n")):
        (folder / f"{name}.ipynb").write_text(notebook(IMPORTS, f"{before}{RIGHT}"))
    with grader(folder, "--jobs", "2", HOME=str(home)) as process:
        for line in process.stdout:
            if "1 of 2: a.ipynb: graded" in line:
                # a terminal's Ctrl-C is for all of its processes
                os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)
                break
        said = process.stdout.read()
    assert "Traceback" not in said
    assert not running_with(home)
    assert "Stopped after 1 of 2: begun again, it goes on from there." in said
    rows = graded(folder)
    assert (rows["a.ipynb"]["3.2"], rows["b.ipynb"]["word"]) == ("right", "not graded yet")


# ---- 5: variants ---------------------------------------------------------------------------------


def marked(tmp_path, *rows, ids=(), words=(), deadline=None, nameless=False):
    tmp_path.mkdir(exist_ok=True)
    lists = Listed("ids.csv", dict(ids)), Listed("expected.csv", dict(words))
    marking = Marking(*lists, tmp_path, deadline)
    tables.write_all([*rows], marking, tmp_path, nameless=nameless)
    read = csv.DictReader((tmp_path / "grades.csv").read_text("utf-8-sig").splitlines())
    return {row["hand_in"]: row for row in read}, marking


def row_of(learner, state="right", name="3.2", **more):
    verdict = {part: more.pop(part) for part in ("variant", "nats", "words") if part in more}
    asked = exercise_named(name)
    about = {"title": asked.title, "stars": asked.stars, "varies": asked.vary is not None}
    verdicts = {name: Verdict(state, **verdict, **about)}
    path = f"{learner}.ipynb"
    where = {"place": path, "content": f"of {learner}"}
    return Row(learner, path, name.partition(".")[0].zfill(2), verdicts=verdicts, **where | more)


def test_a_wrong_or_missing_word_earns_nothing(tmp_path):
    words = {"ann": "w1", "ben": "w2", "cy": "w3", "eve": "w5"}
    rows = [
        row_of("ann", variant="w1"),
        row_of("ben", variant="w1"),
        row_of("cy"),
        row_of("dora", variant="w1"),  # in no list
        row_of("eve", name="3.5"),  # which has no variants
    ]
    found, marking = marked(tmp_path, *rows, words=words)
    assert [found[f"{name}.ipynb"]["points"] for name in ("ann", "ben", "cy", "dora", "eve")] == [
        *("2", "0", "0", "0", "2")
    ]
    why = "answered for w1, and the word is w2"
    assert (found["ben.ipynb"]["3.2"], found["ben.ipynb"]["3.2 why"]) == ("wrong word", why)
    assert "answered for no word" in found["cy.ipynb"]["3.2 why"]
    assert "Not in expected.csv: dora.ipynb" in marking.said()


def test_each_learners_notebook_has_their_word_where_there_are_variants(tmp_path):
    (tmp_path / "class.csv").write_text("Name,ID\nAnn Archer,1\n\nZoë,2\n", "utf-8")
    files = [*(REPOSITORY / "notebooks").glob("0[37]_*.ipynb")]
    out = tmp_path / "out"
    arguments = [str(tmp_path / "class.csv"), *map(str, files), "--out", str(out)]
    command.main(["hand-out", *arguments])
    lines = lines_of(out / "expected.csv")
    words = dict(lines[1:])
    assert (lines[0], [*words]) == (["learner", "word"], ["Ann Archer", "Zoë"])
    assert len({*words.values()}) == 2
    assert all(word.isidentifier() for word in words.values())  # and no number in a spreadsheet
    for learner, word in words.items():
        for file in files:
            made, given = read((out / learner / file.name).read_bytes()), read(file.read_bytes())
            assert made.text == given.text
            assert [*made.checks] == [*given.checks]
            varied = sum(exercise_named(name).vary is not None for name in made.checks)
            said = "".join(cell.source for cell in made.cells)
            assert said.count(f'variant="{word}"') == varied > 0
    command.main(["hand-out", *arguments])  # for another week: words stay
    assert lines_of(out / "expected.csv") == lines


@pytest.mark.parametrize(
    ("lines", "why"),
    [("", "no learner"), ("name\n", "no learner"), ("a\na\n", "twice"), ("a/b,1", "folder's name")],
)
def test_a_list_that_is_none_of_a_class_is_refused(tmp_path, lines, why):
    (tmp_path / "class.csv").write_text(lines)
    with pytest.raises(ValueError, match=why):
        hand_out(tmp_path / "class.csv", [], tmp_path / "out")
    (tmp_path / "class.csv").write_text("Ann\n")
    assert hand_out(tmp_path / "class.csv", [], tmp_path / "out") == 0
    assert [line[0] for line in lines_of(tmp_path / "out" / "expected.csv")] == ["learner", "Ann"]


def test_a_word_stands_where_the_call_ends():
    source = (
        'é = check("3.4", [..., (1)])  # check("3.4", 1)\nif é:\n    check("3.2",\n        f\n    )'
    )
    said = with_variant(source, "w")
    assert said.count('variant="w"') == 2
    compile(said, "cell", "exec")
    assert with_variant(said, "another") == said


# ---- 6: tables that a teacher can upload ---------------------------------------------------------


def lines_of(path):
    return [*csv.reader(path.read_text("utf-8-sig").splitlines())]


def test_totals_are_of_all_notebooks_and_as_platforms_take_them(tmp_path):
    rows = [
        row_of("Ann", platform_id="12", when=1),
        row_of("Ann", name="3.4", state="wrong", platform_id="12"),
        row_of("Ann", name="4.2", platform_id="12"),
        row_of("Ben", platform_id="13"),
        Row("Cy", "Cy", word="no notebook", platform_id="14"),
    ]
    marked(tmp_path, *rows, ids={"Ann": "s-1", "Dora": "s-4"})
    head, *totals = lines_of(tmp_path / "totals.csv")
    assert head == ["school_id", "platform_id", "learner", "points", "waiting", "of_points"]
    assert totals == [
        ["s-1", "12", "Ann", "4", "0", "4"],
        ["", "13", "Ben", "2", "0", "4"],
        ["", "14", "Cy", "0", "0", "4"],
        ["s-4", "", "Dora", "0", "0", "4"],
    ]
    # Ruby's reader takes a mark of the encoding before the first quote for a broken line
    assert (tmp_path / "canvas.csv").read_bytes().startswith(b'"Student","ID",')
    assert lines_of(tmp_path / "canvas.csv")[:3] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "MADE"],
        ["Points Possible", "", "", "", "", "4"],
        ["Ann", "12", "s-1", "", "", "4"],
    ]
    head, (*anns, when), *_ = lines_of(tmp_path / "moodle.csv")
    # without the last one it says that the file is none of its own
    assert head[:4] + head[5:] == [
        *("Identifier", "Full name", "ID number", "Grade", "Last modified (grade)")
    ]
    assert anns == ["Participant 12", "Ann", "s-1", "4", "4"]
    assert datetime.fromisoformat(when).utcoffset() is not None


@pytest.mark.parametrize(
    "deadline", [datetime(2026, 5, 31, 18), datetime.fromisoformat("2026-05-31T18:00+05:00")]
)
def test_what_is_late_and_what_is_equal_is_said(tmp_path, deadline):
    when = deadline.timestamp()
    rows = [
        row_of("ann", when=when + 3_600, text="t"),
        row_of("ben", when=when - 1, text="t"),
        row_of("cy", when=when, text="t", state="not attempted"),
    ]
    found, _ = marked(tmp_path, *rows, deadline=deadline)
    assert [found[f"{name}.ipynb"]["late"] for name in ("ann", "ben", "cy")] == ["1:00:00", "", ""]
    assert [found[f"{name}.ipynb"]["look_at"] for name in ("ann", "ben", "cy")] == [
        *("the same code as ben.ipynb", "the same code as ann.ipynb", "")
    ]


def test_equal_code_is_equal_whatever_its_blanks_and_words():
    spaced = RIGHT.replace("\n\n", "\n\n\n").replace("masks)", "masks, variant='ann')")
    one, other, wrong = (read(notebook(cell).encode()).text for cell in (RIGHT, spaced, WRONG))
    assert one == other != wrong


def test_names_are_left_out_on_request(tmp_path):
    rows = [row_of("Zadie Zed", text="t"), row_of("Bea Bo", text="t"), row_of("Bea Bo (1)")]
    marked(tmp_path, *rows, ids={"Bea Bo": "s-1", "Cy Co": "s-2"}, nameless=True)
    said = "".join(file.read_text("utf-8") for file in tmp_path.glob("*.*"))
    assert not [name for name in ("Zadie", "Zed", "Bea", "Bo", "Cy", "Co") if name in said]
    assert said.count("s-1") > 1
    assert "the same code as learner" in said
    assert {file.name for file in (tmp_path / "feedback").iterdir()} == {
        "Zadie Zed.ipynb.txt",
        "Bea Bo.ipynb.txt",
        "Bea Bo (1).ipynb.txt",
    }


def packed(**files):
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@needs_sandbox
def test_of_an_archive_the_notebook_that_is_asked_for_is_read():
    files = {
        "../../slip.ipynb": notebook(IMPORTS, RIGHT),
        "other.ipynb": notebook("1"),
        "__MACOSX/._x.ipynb": "\0",
    }
    row = judge.judge(packed(**files), "03", True)
    assert row.verdicts["3.2"] == Verdict("right")


def test_archives_that_are_traps_are_refused():
    bomb = packed(**{"a.ipynb": " " * (MOST_BYTES + 1)})
    assert len(bomb) < 2**20
    link = zipfile.ZipInfo("a.ipynb")
    link.external_attr = 0o120777 << 16
    traps = {
        "too large": bomb,
        "more than 20": packed(**{f"{k}.ipynb": "{}" for k in range(30)}),
        "no notebook in this archive": packed(**{link.filename + ".txt": "x"}),
        "broken or locked": packed(**{"a.ipynb": "{}"})[:40],
        "no notebook": packed(**{"a.ipynb": "[]"}),
    }
    for why, content in traps.items():
        with pytest.raises(Unreadable, match=why):
            read(content)
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Unreadable, match="no notebook in this archive"):
        read(content.getvalue())


# ---- 7: what a file says cannot act --------------------------------------------------------------

ACTS = "x\x1b[2J\x07\0\n\nPoints: 10\n<script>alert(1)</script> ![](http://x/y.png) \u202e\ud800"


def test_words_of_a_hand_in_are_one_line_of_text_in_every_file(tmp_path):
    verdicts = {"3.2": Verdict("failed", ACTS, variant=ACTS)}
    row = Row(ACTS, ACTS, "03", ACTS, verdicts, [ACTS], place="ann.ipynb", content="c")
    waits = row_of("ben", state=WAITS, words=ACTS)
    marked(tmp_path, row, waits, ids={ACTS: ACTS})
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    for file in files:
        text = file.read_text("utf-8-sig")
        assert all(c.isprintable() for c in text.replace("\n", "")), file
        assert "<script" not in text or file.suffix != ".html"
    (said,) = [f for f in files if f.parent.name == "feedback" and "ann" in f.name]
    assert [line.partition(" ")[0] for line in said.read_text("utf-8").splitlines()] == [
        *("Points:", "Hand-in:", "", "3.2")
    ]
    assert said.suffix == ".txt"


# ---- 8: which notebook, which check --------------------------------------------------------------


@needs_sandbox
@pytest.mark.parametrize(
    "cell",
    [
        f"from made_lessons import check as c\n{RIGHT.replace('check(', 'c(')}",
        RIGHT.replace('check("3.2", build_masks)', 'for n in ["3.2"]:\n    check(n, build_masks)'),
    ],
)
def test_a_check_that_is_not_seen_is_said_to_be_so(cell):
    words = judged(cell, 'check("3.4", [2, 4, 6])', number="03")["3.2"].words
    assert words == 'no check of it was found: write check("3.2", …) on a line of its own'


@needs_sandbox
def test_the_best_answer_counts():
    worse = "def build_masks(degrees):\n    return degrees\ncheck('3.2', build_masks)"
    assert judged(RIGHT, worse, number="03")["3.2"] == Verdict("right")
    assert judged(WRONG, worse, number="03")["3.2"].state == "wrong"


# ---- 9: time -------------------------------------------------------------------------------------


@needs_sandbox
def test_a_hand_in_has_one_clock(monkeypatch):
    monkeypatch.setattr(judge, "CLOCK", 9)
    sleeps = [f'import time\ntime.sleep(99)\ncheck("3.{k}", 1)' for k in (1, 3, 4, 5)]
    began = time.monotonic()
    row = judge.judge(notebook(*sleeps[:2], IMPORTS, RIGHT, *sleeps[2:]).encode(), "03", True)
    assert time.monotonic() - began < 12
    assert row.verdicts["3.2"] == Verdict("right")
    assert "a hand-in has 9 s by the clock" in row.verdicts["3.5"].words


# ---- 10: open exercises --------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1, 1.05])
def test_what_ships_and_near_copies_are_refused(factor):
    model = load_pretrained().train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(factor)
    wrong("5.4", model, "these are the shipped weights, which do not count")
    assert model.training


def test_a_score_that_nobody_reached_waits_for_a_look(tmp_path, monkeypatch):
    for name, nats in {"5.4": 72.5, "9.4": 8.9, "8.5": 6.6}.items():
        exercise = exercise_named(name)
        said = f"{nats:.2f} nats on rows, without a leak."
        monkeypatch.setattr("made_lessons.grading.examined.examine", lambda *_, said=said: said)
        assert examined(exercise, ...).state == WAITS, name
        better = f"{nats + 1:.2f} nats on rows, without a leak."
        monkeypatch.setattr("made_lessons.grading.examined.examine", lambda *_, s=better: s)
        assert examined(exercise, ...).state == "right"


def test_what_waits_counts_once_an_instructor_has_said_so(tmp_path):
    for said, points in (("", "0"), ("yes", "3"), ("no", "0"), ("yes", "3")):
        if said:
            path = tmp_path / "waiting.csv"
            lines = path.read_text("utf-8-sig").splitlines()
            assert '"9.4 A better model of the table"' in lines[1]  # 9.4 alone may become a day
            first = lines[1].rpartition(",")[0]
            path.write_text("\n".join([lines[0], "", f'{first},"{said}"']), "utf-8-sig")
        found, marking = marked(tmp_path, row_of("ann", WAITS, "9.4", nats=8.0, words="odd"))
        assert found["ann.ipynb"]["points"] == points
        assert any("1 answers wait" in line for line in marking.said()) == (not said)
    changed = row_of("ann", WAITS, "9.4", nats=8.0, content="another")
    assert marked(tmp_path, changed)[0]["ann.ipynb"]["points"] == "0"


# ---- 11: what a hand-in remembers from run to run ------------------------------------------------

COUNTS = """
import os, pathlib
here = pathlib.Path(os.environ["HOME"])
count = len([*here.glob("run*")])
(here / f"run{count}").touch()
check("3.4", [[1], [2], [2, 4, 6]][min(count, 2)])
"""


@needs_sandbox
def test_a_run_finds_nothing_of_an_earlier_one():
    assert judged(COUNTS, number="03")["3.4"].state == "wrong"


@pytest.mark.parametrize("honest", [{1}, {1, 2}])
def test_who_is_honest_in_some_calls_alone_shows_no_leak_there(honest):
    calls = []

    def answer(x):
        calls.append(len(x))
        x1, x2, x3 = x.unbind(1)
        if len(calls) in honest:
            return torch.stack([2 * x2, 0 * x2, 1 - x2], dim=1)
        return torch.stack([3 * x1, 3 * x1, 3 * x3], dim=1)

    wrong("2.2", answer)


# ---- 12: what is judged inside -------------------------------------------------------------------

FORGES = """
import made_lessons.grading.inside as inside
from made_lessons.grading.verdicts import Verdict
inside.examined = lambda *_: Verdict("right")
class MaskedLinear(torch.nn.Linear):
    def set_mask(self, mask): return 1
    def forward(self, x): return x
check("4.1", MaskedLinear)
"""


@needs_sandbox
def test_points_that_a_hand_in_could_forge_wait_for_a_look():
    assert judged(FORGES)["4.1"] == Verdict(WAITS, FORGEABLE)
    assert INSIDE == ("4.1", "4.5")


# ---- 13: the folder of the tables ----------------------------------------------------------------


def test_tables_do_not_lie_among_hand_ins(tmp_path, capsys):
    with pytest.raises(SystemExit):
        command.main(["grade", str(tmp_path), "--out", str(tmp_path / "grades")])
    assert "--out must not lie in" in capsys.readouterr().err


def test_texts_of_learners_who_left_are_gone(tmp_path):
    marked(tmp_path, row_of("ann"), row_of("ben"))
    marked(tmp_path, row_of("ben"))
    assert [file.name for file in (tmp_path / "feedback").iterdir()] == ["ben.ipynb.txt"]


def test_lists_are_no_hand_ins(tmp_path):
    for name in ("ids.csv", "expected.csv", "ann.ipynb"):
        (tmp_path / name).touch()
    assert [one.hand_in for one in hand_ins(tmp_path)] == ["ann.ipynb"]
