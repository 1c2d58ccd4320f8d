"""The tables that an instructor reads and uploads, and the notebooks that are handed out."""

from datetime import datetime

import pytest

from made_lessons.checking.catalogue import exercise_named
from made_lessons.grading import command
from made_lessons.grading import reports as tables
from made_lessons.grading.examined import examined
from made_lessons.grading.folder import Listed
from made_lessons.grading.handing_out import hand_out, with_variant
from made_lessons.grading.marking import Marking
from made_lessons.grading.submission import read
from made_lessons.grading.verdicts import WAITS, Row, Verdict
from tests.lessons.submitting import REPOSITORY, RIGHT, WRONG, lines_of, notebook


def marked(out, *rows, ids=(), variants=(), nameless=False):
    out.mkdir(exist_ok=True)
    lists = Listed("ids.csv", dict(ids)), Listed("expected.csv", dict(variants))
    marking = Marking(*lists, out)
    tables.write_all([*rows], marking, out, nameless=nameless)
    head, *lines = lines_of(out / "grades.csv")
    found = [dict(zip(head, line, strict=True)) for line in lines]
    return {row["submission"]: row for row in found}, [*marking.messages()]


def row_of(learner, state="right", name="3.2", words="", variant=None, **more):
    asked = exercise_named(name)
    about = {"title": asked.title, "stars": asked.stars, "varies": asked.vary is not None}
    verdicts = {name: Verdict(state, words, variant, **about)}
    path, notebook = f"{learner}.ipynb", name.partition(".")[0].zfill(2)
    where = {"place": path, "content": f"of {learner}"}
    return Row(learner, path, notebook, verdicts=verdicts, **where | more)


def test_a_wrong_or_missing_variant_earns_nothing(tmp_path):
    variants = {"ann": "w1", "ben": "w2", "cy": "w3", "eve": "w5"}
    rows = [
        row_of("ann", variant="w1"),
        row_of("ben", variant="w1"),
        row_of("cy"),
        row_of("dora", variant="w1"),  # in no list
        row_of("eve", name="3.5"),  # which has no variants
    ]
    found, messages = marked(tmp_path, *rows, variants=variants)
    points = [found[f"{name}.ipynb"]["points"] for name in ("ann", "ben", "cy", "dora", "eve")]
    assert points == ["2", "0", "0", "0", "2"]
    why = "answered for w1, but the variant is w2"
    assert (found["ben.ipynb"]["3.2"], found["ben.ipynb"]["3.2 why"]) == ("wrong variant", why)
    assert "answered for no variant" in found["cy.ipynb"]["3.2 why"]
    assert "Not in expected.csv: dora.ipynb" in messages


def test_an_answer_that_waits_counts_once_an_instructor_has_said_so(tmp_path):
    for said, points in (("", "0"), ("yes", "3"), ("no", "0"), ("yes", "3")):
        if said:
            path = tmp_path / "waiting.csv"
            lines = path.read_text("utf-8-sig").splitlines()
            assert '"9.4 A better model of the table"' in lines[1]  # 9.4 alone may become a day
            first = lines[1].rpartition(",")[0]
            path.write_text("\n".join([lines[0], "", f'{first},"{said}"']), "utf-8-sig")
        found, messages = marked(tmp_path, row_of("ann", WAITS, "9.4", words="odd"))
        assert found["ann.ipynb"]["points"] == points
        assert any("1 answers wait" in line for line in messages) == (not said)
    changed = row_of("ann", WAITS, "9.4", content="another")
    assert marked(tmp_path, changed)[0]["ann.ipynb"]["points"] == "0"


def test_platforms_take_the_grades(tmp_path):
    rows = [row_of("Ann", platform_id="12"), Row("Cy", "Cy", status="...", platform_id="14")]
    marked(tmp_path, *rows, ids={"Ann": "s-1", "Dora": "s-4"})
    # Ruby's reader takes a mark of the encoding before the first quote for a broken line
    assert (tmp_path / "canvas.csv").read_bytes().startswith(b'"Student","ID",')
    assert lines_of(tmp_path / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "MADE"],
        ["Points Possible", "", "", "", "", "2"],
        ["Ann", "12", "s-1", "", "", "2"],
        ["Cy", "14", "", "", "", "0"],
        ["Dora", "", "s-4", "", "", "0"],
    ]
    head, (*anns, when), *_ = lines_of(tmp_path / "moodle.csv")
    # without the last one Moodle says that the file is not one of its own
    assert head[:4] + head[5:] == [
        *("Identifier", "Full name", "ID number", "Grade", "Last modified (grade)")
    ]
    assert anns == ["Participant 12", "Ann", "s-1", "2", "2"]
    assert datetime.fromisoformat(when).utcoffset() is not None


def test_equal_code_and_equal_mistakes_are_said(tmp_path):
    spaced = RIGHT.replace("\n\n", "\n\n\n").replace("masks)", "masks, variant='ann')")
    one, other, wrong = (read(notebook(cell).encode()).text for cell in (RIGHT, spaced, WRONG))
    assert one == other != wrong
    rows = [row_of("ann", text=one), row_of("ben", text=one), row_of("cy", "unfinished", text=one)]
    found, _ = marked(tmp_path, *rows)
    assert [row["look_at"] for row in found.values()] == [
        *("the same code as ben.ipynb, cy.ipynb", "the same code as ann.ipynb, cy.ipynb", "")
    ]
    answers = {"ann": [85, 86], "ben": [85, 87]}
    asked = exercise_named("7.4")
    for name, means in answers.items():
        verdict = examined(asked, {"one image": 90.96, "possible means": means})
        answers[name] = Row(name, name, verdicts={"7.4": verdict})
    ((_, mistake, count, who),) = tables._mistakes([*answers.values()]).itertuples(index=False)
    assert (count, who, mistake[-13:]) == (2, "ann, ben", " the exercise")


def test_names_are_left_out_on_request(tmp_path):
    rows = [row_of("Zadie Zed", text="t"), row_of("Bea Bo", text="t")]
    marked(tmp_path, *rows, ids={"Bea Bo": "s-1", "Cy Co": "s-2"}, nameless=True)
    said = "".join(file.read_text("utf-8") for file in tmp_path.glob("*.*"))
    assert not [name for name in ("Zadie", "Zed", "Bea", "Bo", "Cy", "Co") if name in said]
    assert said.count("s-1") > 1
    assert "the same code as learner" in said
    feedback = {file.name for file in (tmp_path / "feedback").iterdir()}
    assert feedback == {"Zadie Zed.ipynb.txt", "Bea Bo.ipynb.txt"}
    marked(tmp_path, row_of("Bea Bo"))
    assert [file.name for file in (tmp_path / "feedback").iterdir()] == ["Bea Bo.ipynb.txt"]


# ---- handing out --------------------------------------------------------------------------------


def test_each_learners_notebook_has_their_variant(tmp_path):
    (tmp_path / "class.csv").write_text("Name,ID\nAnn Archer,1\n\nZoë,2\n", "utf-8")
    files = [*(REPOSITORY / "notebooks").glob("0[37]_*.ipynb")]
    out = tmp_path / "out"
    arguments = [str(tmp_path / "class.csv"), *map(str, files), "--out", str(out)]
    command.main(["hand-out", *arguments])
    lines = lines_of(out / "expected.csv")
    variants = dict(lines[1:])
    assert (lines[0], [*variants]) == (["learner", "variant"], ["Ann Archer", "Zoë"])
    assert len({*variants.values()}) == 2
    assert all(variant.isidentifier() for variant in variants.values())  # so not a number
    for learner, variant in variants.items():
        for file in files:
            made, given = read((out / learner / file.name).read_bytes()), read(file.read_bytes())
            assert (made.text, made.checks) == (given.text, given.checks)
            varied = sum(exercise_named(name).vary is not None for name in made.checks)
            said = "".join(cell.source for cell in made.cells)
            assert said.count(f'variant="{variant}"') == varied > 0
    command.main(["hand-out", *arguments])  # for another week: variants stay
    assert lines_of(out / "expected.csv") == lines


@pytest.mark.parametrize(
    ("lines", "why"),
    [("name\n", "no learner"), ("a\na\n", "twice"), ("a/b,1", "name of a folder")],
)
def test_a_list_that_is_not_of_a_class_is_refused(tmp_path, lines, why):
    (tmp_path / "class.csv").write_text(lines)
    with pytest.raises(ValueError, match=why):
        hand_out(tmp_path / "class.csv", [], tmp_path / "out")


def test_a_variant_is_the_last_argument_of_a_check():
    source = (
        'é = check("3.4", [..., (1)])  # check("3.4", 1)\nif é:\n    check("3.2",\n        f\n    )'
    )
    said = with_variant(source, "w")
    assert said.count('variant="w"') == 2
    compile(said, "cell", "exec")
    assert with_variant(said, "another") == said
