"""The tables that an instructor reads and uploads, and the notebooks that are handed out."""

import csv
import os
from datetime import datetime

import pytest

from made_lessons.grading.folder import ClassList
from made_lessons.grading.reports import write_all
from made_lessons.grading.verdicts import COURSES_OWN, WAITS, Row, Verdict
from tests.lessons.submitting import table


def written(out, *rows, people=""):
    """Write the tables, and return the grades by submission, and the messages."""
    out.mkdir(exist_ok=True)
    if people:
        (out / "class.csv").write_text(f"learner,number,key\n{people}", "utf-8")
    messages = write_all(rows, ClassList(out / "class.csv"), out)
    return table(out / "grades.csv", "submission"), messages


def row_of(learner, state="right", name="3.2", words="", variant=None, **more):
    file, notebook = f"{learner}.ipynb", name.partition(".")[0].zfill(2)
    about = {"place": file, "content": f"of {learner}", "status": "graded", "text": learner}
    verdicts = {name: Verdict(state, words, variant)}
    return Row(learner, file, notebook=notebook, verdicts=verdicts, **about | more)


def test_an_answer_with_a_wrong_or_missing_key_earns_nothing(tmp_path):
    rows = [
        row_of("ann", variant="w1"),
        row_of("ben", variant="w1"),
        row_of("cy"),
        row_of("dora", variant="w1"),  # not in the list
        row_of("eve", name="3.5"),  # which has no variants
        row_of("fay", WAITS, words=COURSES_OWN),
    ]
    people = "ann,,w1\nben,,w2\ncy,,w3\neve,,w5\nfay,,w6\nzoë,s-20,w7\n"
    found, messages = written(tmp_path, *rows, people=people)
    states = [
        [found[f"{name}.ipynb"][column] for name in ("ann", "ben", "cy", "dora", "eve", "fay")]
        for column in ("points", "3.2", "3.5", "waiting", "of_points")
    ]
    wrong = ["wrong variant"] * 3
    assert states == [
        ["2", "0", "0", "0", "2", "0"],
        ["right", *wrong, "", "waits"],
        ["", "", "", "", "right", ""],
        ["0", "0", "0", "0", "0", "2"],
        ["2"] * 6,
    ]
    assert found["ben.ipynb"]["3.2 why"] == "answered for w1, but the variant is w2"
    assert "for no variant, but the variant is w3" in found["cy.ipynb"]["3.2 why"]
    assert "but the variant is none" in found["dora.ipynb"]["3.2 why"]
    assert (found["ann.ipynb"]["variants"], found["cy.ipynb"]["variants"]) == ("3.2: w1", "")
    assert (found[""]["learner"], found[""]["status"]) == ("zoë", "nothing submitted")
    assert "Not in class.csv: dora.ipynb" in messages
    assert "class.csv, without a submission: zoë" in messages


def test_an_answer_that_waits_counts_when_the_instructor_confirms_it(tmp_path):
    waits = row_of("ann", WAITS, "9.4", words="odd")
    for word, points in (("", "0"), ("Yes", "3"), ("no", "0"), ("yes", "3")):
        if word:
            path = tmp_path / "waiting.csv"
            lines = path.read_text("utf-8-sig").splitlines()
            assert '"9.4 A better model of the table"' in lines[1]  # 9.4 alone may become a day
            first = lines[1].rpartition(",")[0]
            path.write_text("\n".join([lines[0], "", f'{first},"{word}"']), "utf-8-sig")
        found, messages = written(tmp_path, waits)
        assert found["ann.ipynb"]["points"] == points
        assert any("1 answers wait" in line for line in messages) == (not word)
    found, _ = written(tmp_path, row_of("ann", WAITS, "9.4", content="another file"))
    assert found["ann.ipynb"]["points"] == "0"


def test_platforms_take_the_grades(tmp_path):
    rows = [row_of("Ann", platform_id="12"), Row("Cy", "Cy", status="...", platform_id="14")]
    written(tmp_path, *rows, people="Ann,s-1,\nDora,s-4,\n")
    # Ruby's reader takes a byte order mark before the first quote for a broken line
    assert (tmp_path / "canvas.csv").read_bytes().startswith(b'"Student","ID",')
    assert [*csv.reader((tmp_path / "canvas.csv").read_text().splitlines())] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "MADE"],
        ["Points Possible", "", "", "", "", "2"],
        ["Ann", "12", "s-1", "", "", "2"],
        ["Cy", "14", "", "", "", "0"],
        ["Dora", "", "s-4", "", "", "0"],
    ]
    anns = table(tmp_path / "moodle.csv", "Full name")["Ann"]
    when = anns.pop("Last modified (grade)")  # without it Moodle does not take the file for its own
    assert datetime.fromisoformat(when).utcoffset() is not None
    assert anns == {
        "Identifier": "Participant 12",
        "Full name": "Ann",
        "ID number": "s-1",
        "Grade": "2",
        "Maximum Grade": "2",
    }


def test_equal_code_and_equal_mistakes_are_named(tmp_path):
    words = "the cause (tried x; got y)"
    rows = [
        row_of("ann", text="t"),
        row_of("ben", text="t", look_at=["x"]),
        row_of("cy", "unfinished", text="t"),
        row_of("dora", "wrong", words=words),
        row_of("eve", "failed", words=words.replace("x", "z")),
        row_of("fay", "stopped", words="another"),
    ]
    found, _ = written(tmp_path, *rows)
    assert [row["look_at"] for row in found.values()] == [
        *("the same code as ben.ipynb, cy.ipynb", "x; the same code as ann.ipynb, cy.ipynb"),
        *("", "", "", ""),
    ]
    assert [*table(tmp_path / "mistakes.csv", "mistake").values()] == [
        {"exercise": "3.2", "mistake": mistake, "how_many": count, "who": who}
        for mistake, count, who in [
            ("the cause", "2", "dora.ipynb, eve.ipynb"),
            ("another", "1", "fay.ipynb"),
        ]
    ]


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
def test_no_spreadsheet_finds_a_formula_wherever_it_splits(tmp_path, separator):
    for s in "=+-@＝＋－＠":
        words = f'{s}1;{s}1;"{s}1;""{s}1;,\n{s}1,\r\n {s}1\t{s}1|{s}1'
        verdicts = {"3.2": Verdict("failed", words, variant=words)}
        written(tmp_path, Row(words, words, "p", "", "03", words, verdicts, [words]))
        text = (tmp_path / "grades.csv").read_text("utf-8-sig")
        for row in csv.reader(text.splitlines(), delimiter=separator):
            assert not [cell for cell in row if cell.lstrip(' "').startswith(s)]


def test_each_text_has_its_own_file(tmp_path):
    """Also if names look alike, or if the folder of another has the name."""
    names = [b"a/b.ipynb", b"a - b.ipynb", b"c.ipynb.txt/d.ipynb", b"c.ipynb", b"\x1b.ipynb"]
    names += [b"\\x1b.ipynb", b"\xff.ipynb", b"\xfe.ipynb", b"x" * 250, b"x" * 250 + b"y"]
    places = [os.fsdecode(name) for name in names]
    words = [f"word{k}" for k in range(len(names))]
    rows = [row_of(w, words=w, place=p) for w, p in zip(words, places, strict=True)]
    written(tmp_path, *rows)
    files = [file for file in (tmp_path / "feedback").rglob("*") if file.is_file()]
    assert {file.read_text("utf-8").split()[-1] for file in files} == {*words}
    text = (tmp_path / "feedback/a/b.ipynb.txt").read_text("utf-8")
    assert text == "Points: 2 of 2\nSubmission: word0.ipynb\n\n3.2 Masks in code, right: word0\n"
    written(tmp_path, row_of("ann", WAITS))
    (file,) = (tmp_path / "feedback").iterdir()  # those of the earlier run are gone
    assert file.read_text("utf-8").startswith("Points: 0 of 2; 2 more wait for a look\n")
