"""The tables that an instructor reads and uploads."""

import csv
from datetime import datetime
from pathlib import Path

from made_lessons.checking.catalogue import exercises_in
from made_lessons.grading.folder import LearnerResult, read_class
from made_lessons.grading.judge import COURSES_OWN, WAITS, Verdict
from made_lessons.grading.reports import write_tables
from tests.lessons.submitting import table

OF_POINTS = str(sum(exercise.stars for exercise in exercises_in(3)))


def written(out, *rows, people="", notebook=3):
    """Write the tables, and return the grades by learner, and the messages."""
    out.mkdir(exist_ok=True)
    if people:
        (out / "class.csv").write_text(f"learner,key\n{people}", "utf-8")
    messages = write_tables(rows, read_class(out / "class.csv"), out, notebook)
    return table(out / "grades.csv", "learner"), messages


def row_of(learner, state="right", name="3.2", message="", variant="", **more):
    about = {"submission": f"{learner}.ipynb", "file_digest": f"of {learner}", "status": "graded"}
    verdicts = {name: Verdict(state, message, variant)}
    return LearnerResult(learner, **about | more, verdicts=verdicts)


def test_an_answer_with_a_wrong_or_missing_key_earns_nothing(tmp_path):
    rows = [
        row_of("ann", variant="w1"),
        row_of("ben", variant="w1"),
        row_of("cy"),
        row_of("dora", variant="w1"),  # not in the list
        row_of("eve", name="3.5"),  # which has no variants
        row_of("fay", WAITS, message=COURSES_OWN, variant="w6"),
    ]
    people = "ann,w1\nben,w2\ncy,w3\neve,w5\nfay,w6\nzoë,w7\n"
    found, messages = written(tmp_path, *rows, people=people)
    columns = ("points", "3.2", "3.5", "waiting", "of_points")
    wrong = ["0", "wrong variant", "", "0", OF_POINTS]
    assert {name: [row[column] for column in columns] for name, row in found.items()} == {
        "ann": ["2", "right", "", "0", OF_POINTS],
        **{"ben": wrong, "cy": wrong, "dora": wrong},
        "eve": ["2", "", "right", "0", OF_POINTS],
        "fay": ["0", "waits", "", "2", OF_POINTS],
    }
    assert found["ben"]["3.2 why"] == "answered for w1, but the learner's key is w2"
    assert found["cy"]["3.2 why"] == "answered for no variant, but the learner's key is w3"
    assert found["dora"]["3.2 why"].endswith("but the learner's key is missing in the class list")
    assert messages[:2] == ["class.csv, without a submission: zoë", "Not in class.csv: dora.ipynb"]


def test_an_answer_that_waits_counts_when_the_instructor_confirms_it(tmp_path):
    waits = row_of("=ann", WAITS, "9.4", message="odd")
    copy = row_of("ben", WAITS, "9.4", file_digest=waits.file_digest)
    for word, points in (("", "0"), ("Yes", "3"), ("no", "0"), ("yes", "3")):
        if word:
            path = tmp_path / "waiting.csv"
            lines = path.read_text("utf-8-sig").splitlines()
            assert '"9.4 A better model of the table"' in lines[1]  # 9.4 could become a date
            first = lines[1].rpartition(",")[0]
            path.write_text("\n".join([lines[0], "", f'{first},"{word}"']), "utf-8-sig")
        found, messages = written(tmp_path, waits, copy, notebook=9)
        assert (found["'=ann"]["points"], found["ben"]["points"]) == (points, "0")
        assert f"Answers to confirm: {1 if word else 2}. " in messages[0]
    changed = row_of("=ann", WAITS, "9.4", file_digest="of another")
    found, _ = written(tmp_path, changed, notebook=9)
    assert found["'=ann"]["points"] == "0"


def test_platforms_take_the_grades(tmp_path):
    rows = [row_of("Ann", platform_id="12"), LearnerResult("Cy", "14", status="...")]
    written(tmp_path, *rows)
    # Ruby's reader takes a byte order mark before the first quote for a broken line
    assert (tmp_path / "canvas.csv").read_bytes().startswith(b'"Student","ID",')
    assert [*csv.reader((tmp_path / "canvas.csv").read_text().splitlines())] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "MADE"],
        ["Points Possible", "", "", "", "", OF_POINTS],
        ["Ann", "12", "", "", "", "2"],
        ["Cy", "14", "", "", "", "0"],
    ]
    anns = table(tmp_path / "moodle.csv", "Full name")["Ann"]
    when = anns.pop("Last modified (grade)")  # without it, Moodle does not accept the file
    assert datetime.fromisoformat(when).utcoffset() is not None
    assert anns == {
        "Identifier": "Participant 12",
        "Full name": "Ann",
        "ID number": "",
        "Grade": "2",
        "Maximum Grade": OF_POINTS,
    }


def test_equal_mistakes_are_counted(tmp_path):
    cause = "the cause (tried x; got y)"
    rows = [
        row_of("cy", "unfinished"),
        row_of("dora", "wrong", message=cause),
        row_of("eve", "failed", message=cause.replace("x", "z")),
        row_of("fay", "stopped", message="another"),
    ]
    written(tmp_path, *rows)
    assert [[*row.values()] for row in table(tmp_path / "mistakes.csv", "mistake").values()] == [
        ["3.2", "the cause", "2", "dora.ipynb, eve.ipynb"],
        ["3.2", "another", "1", "fay.ipynb"],
    ]


def test_no_spreadsheet_finds_a_formula_wherever_it_splits(tmp_path):
    signs = tuple("=+-@＝＋－＠")
    texts = [f'{s}1;{s}1;"{s}1;""{s}1;,\n{s}1,\r\n {s}1\t{s}1|{s}1' for s in signs]
    failed = [{"3.2": Verdict("failed", text, variant=text)} for text in texts]
    rows = [
        LearnerResult(text, text, Path(), text, text, v)
        for text, v in zip(texts, failed, strict=True)
    ]
    written(tmp_path, *rows)
    grades = (tmp_path / "grades.csv").read_text("utf-8-sig")
    for separator in ",;|\t":
        for row in csv.reader(grades.splitlines(), delimiter=separator):
            assert not [cell for cell in row if cell.lstrip(' "').startswith(signs)]
