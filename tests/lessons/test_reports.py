"""The tables that an instructor reads and uploads, and the texts for learners."""

import csv
import os
from datetime import datetime

import pytest

from made_lessons.grading.folder import ClassList
from made_lessons.grading.reports import write_all
from made_lessons.grading.verdicts import COURSES_OWN, WAITS, Row, Verdict
from tests.lessons.submitting import table


def written(out, *rows, people=""):
    """Write the tables, and return the grades by learner, and the messages."""
    out.mkdir(exist_ok=True)
    if people:
        (out / "class.csv").write_text(f"learner,number,key\n{people}", "utf-8")
    messages = write_all(rows, ClassList(out / "class.csv"), out)
    return table(out / "grades.csv", "learner"), messages


def row_of(learner, state="right", name="3.2", message="", variant=None, is_copy=False, **more):
    file, notebook = f"{learner}.ipynb", name.partition(".")[0].zfill(2)
    about = {"path": file, "file_digest": f"of {learner}", "code_digest": learner}
    verdicts = {name: Verdict(state, message, variant, is_copy)}
    return Row(learner, file, **about | more, notebook=notebook, status="graded", verdicts=verdicts)


def test_an_answer_with_a_wrong_or_missing_key_earns_nothing(tmp_path):
    rows = [
        row_of("ann", variant="w1"),
        row_of("ben", variant="w1"),
        row_of("cy"),
        row_of("dora", variant="w1"),  # not in the list
        row_of("eve", name="3.5"),  # which has no variants
        row_of("fay", WAITS, message=COURSES_OWN),
    ]
    people = "ann,,w1\nben,,w2\ncy,,w3\neve,,w5\nfay,,w6\nzoë,s-20,w7\n"
    found, messages = written(tmp_path, *rows, people=people)
    columns = ("points", "3.2", "3.5", "waiting", "of_points")
    wrong = ["0", "wrong variant", "", "0", "2"]
    assert {name: [row[column] for column in columns] for name, row in found.items()} == {
        "ann": ["2", "right", "", "0", "2"],
        **{"ben": wrong, "cy": wrong, "dora": wrong},
        "eve": ["2", "", "right", "0", "2"],
        "fay": ["0", "waits", "", "2", "2"],
        "zoë": ["0", "", "", "0", "0"],
    }
    assert found["ben"]["3.2 why"] == "answered for w1, but the learner's key is w2"
    assert found["cy"]["3.2 why"] == "answered for no variant, but the learner's key is w3"
    assert found["dora"]["3.2 why"].endswith("but the learner's key is missing in the class list")
    assert (found["zoë"]["school_id"], found["zoë"]["status"]) == ("s-20", "nothing submitted")
    assert messages[:2] == ["class.csv, without a submission: zoë", "Not in class.csv: dora.ipynb"]


def test_an_answer_that_waits_counts_when_the_instructor_confirms_it(tmp_path):
    waits = row_of("ann", WAITS, "9.4", message="odd")
    for word, points in (("", "0"), ("Yes", "3"), ("no", "0"), ("yes", "3")):
        if word:
            path = tmp_path / "waiting.csv"
            lines = path.read_text("utf-8-sig").splitlines()
            assert '"9.4 A better model of the table"' in lines[1]  # 9.4 could become a date
            first = lines[1].rpartition(",")[0]
            path.write_text("\n".join([lines[0], "", f'{first},"{word}"']), "utf-8-sig")
        found, messages = written(tmp_path, waits)
        assert found["ann"]["points"] == points
        assert any("1 answers wait" in line for line in messages) == (not word)
    found, _ = written(tmp_path, row_of("ann", WAITS, "9.4", file_digest="of another"))
    assert found["ann"]["points"] == "0"


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
    when = anns.pop("Last modified (grade)")  # without it, Moodle does not accept the file
    assert datetime.fromisoformat(when).utcoffset() is not None
    assert anns == {
        "Identifier": "Participant 12",
        "Full name": "Ann",
        "ID number": "s-1",
        "Grade": "2",
        "Maximum Grade": "2",
    }


def test_equal_code_and_equal_mistakes_are_named(tmp_path):
    cause = "the cause (tried x; got y)"
    rows = [
        row_of("ann", code_digest="t"),
        row_of("ben", code_digest="t", is_copy=True),
        row_of("cy", "unfinished", code_digest="t"),
        row_of("dora", "wrong", message=cause),
        row_of("eve", "failed", message=cause.replace("x", "z")),
        row_of("fay", "stopped", message="another"),
    ]
    found, _ = written(tmp_path, *rows)
    assert {name: row["look_at"] for name, row in found.items() if row["look_at"]} == {
        "ann": "the same code as ben.ipynb, cy.ipynb",
        "ben": "3.2: step by step the course's solution; the same code as ann.ipynb, cy.ipynb",
    }
    assert [[*row.values()] for row in table(tmp_path / "mistakes.csv", "mistake").values()] == [
        ["3.2", "the cause", "2", "dora.ipynb, eve.ipynb"],
        ["3.2", "another", "1", "fay.ipynb"],
    ]


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
def test_no_spreadsheet_finds_a_formula_wherever_it_splits(tmp_path, separator):
    for s in "=+-@＝＋－＠":
        text = f'{s}1;{s}1;"{s}1;""{s}1;,\n{s}1,\r\n {s}1\t{s}1|{s}1'
        verdicts = {"3.2": Verdict("failed", text, variant=text)}
        written(tmp_path, Row(text, text, "p", "", "03", text, verdicts))
        grades = (tmp_path / "grades.csv").read_text("utf-8-sig")
        for row in csv.reader(grades.splitlines(), delimiter=separator):
            assert not [cell for cell in row if cell.lstrip(' "').startswith(s)]


def test_each_text_has_its_own_file(tmp_path):
    """Also if names look alike, or if the folder of another has the name."""
    names = [b"a/b.ipynb", b"a - b.ipynb", b"c.ipynb.txt/d.ipynb", b"c.ipynb", b"\x1b.ipynb"]
    names += [b"\\x1b.ipynb", b"\xff.ipynb", b"\xfe.ipynb", b"x" * 250, b"x" * 250 + b"y"]
    rows = [row_of(f"w{k}", message=f"w{k}", path=os.fsdecode(n)) for k, n in enumerate(names)]
    written(tmp_path, *rows)
    files = [file for file in (tmp_path / "feedback").rglob("*") if file.is_file()]
    assert {file.read_text("utf-8").split()[-1] for file in files} == {row.learner for row in rows}
    text = (tmp_path / "feedback/a/b.ipynb.txt").read_text("utf-8")
    assert text == "Points: 2 of 2\nSubmission: w0.ipynb\n\n3.2 Masks in code, right: w0\n"
    written(tmp_path, row_of("ann", WAITS))
    (file,) = (tmp_path / "feedback").iterdir()  # those of the earlier run are gone
    assert file.read_text("utf-8").startswith("Points: 0 of 2; 2 more wait for a look\n")
