"""The folder of submissions, the class list, and the notebooks that are handed out."""

import unicodedata

import pytest

from made_lessons.checking.catalogue import exercise_named
from made_lessons.grading import command
from made_lessons.grading.folder import ClassList, submissions
from made_lessons.grading.handing_out import hand_out
from made_lessons.grading.submission import read
from made_lessons.grading.verdicts import Row
from tests.lessons.submitting import REPOSITORY, table


def test_a_learner_is_who_the_platform_says_and_has_one_notebook(tmp_path):
    names = [
        "Ann Archer_1201_assignsubmission_file/sub/03.IPYNB",
        "Ann Archer_1202_assignsubmission_file_03 (1).ipynb",
        "archerann_LATE_77_991_03-1.ipynb",
        "bo_78_991_03.ipynb",
        "bo_78_992_04.ipynb",
        "ann (1).ipynb",
        "ann/.ipynb_checkpoints/03.ipynb",
        "__MACOSX/._ann.ipynb",
        ".hidden.ipynb",
        "class.csv",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {row.submission: row for row in submissions(tmp_path)} == {
        names[0]: Row("Ann Archer", names[0], names[0], "1201"),
        names[1]: Row("Ann Archer", names[1], names[1], "1202"),
        names[2]: Row("archerann", names[2], names[2], "77"),
        names[3]: Row("bo", names[3], names[3], "78", status="2 notebooks; expected one"),
        names[5]: Row("ann (1)", names[5], names[5]),
        "ann": Row("ann", "ann", "ann", status="0 notebooks; expected one"),
    }


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_class_list_is_read_as_a_spreadsheet_writes_it(tmp_path, separator, encoding):
    lines = [("Learner", "Number"), ("Müller, Zoë_12_file", "s-1"), ("Ann Archer", "2")]
    lines += [("Ben", ""), ("", "7")]  # one without a number, and a number without a learner
    text = "".join(f'"{name}"{separator}{number}\n' for name, number in lines)
    (tmp_path / "class.csv").write_text(text, encoding)
    people = ClassList(tmp_path / "class.csv")
    assert [*people.lines.index] == ["Müller, Zoë_12_file", "Ann Archer", "Ben"]
    for form in ("NFC", "NFD"):  # an umlaut as one letter, or as two
        learner = unicodedata.normalize(form, "Müller, Zoë_12_file")
        assert people.of(Row(learner, f"{learner}/03 (1).ipynb")) == ("s-1", "")
    assert people.of(Row("Müller", "Müller.ipynb")) == ("", "")
    assert people.unused == ["Ann Archer", "Ben"]
    for row in (Row("ANN ARCHER"), Row("archerann"), Row("x", "ann archer.IPYNB")):
        assert people.of(row) == ("2", "")
    assert people.unused == ["Ben"]


# ---- handing out --------------------------------------------------------------------------------


def test_each_learners_notebook_has_their_key(tmp_path):
    (tmp_path / "class.csv").write_text("Learner;Number\nAnn Archer;1\n;\nZoë;2\n", "utf-8-sig")
    files = [*(REPOSITORY / "notebooks").glob("*.ipynb")]
    out = tmp_path / "out"
    arguments = [str(tmp_path / "class.csv"), *map(str, files), "--out", str(out)]
    command.main(["hand-out", *arguments])
    lines = table(out / "class.csv", "learner")
    assert [row["number"] for row in lines.values()] == ["1", "2"]
    assert [*lines] == ["Ann Archer", "Zoë"]
    assert len({row["key"] for row in lines.values()}) == 2
    for learner, row in lines.items():
        assert row["key"].isidentifier()  # so no spreadsheet takes it for a number
        for file in files:
            made, given = read((out / learner / file.name).read_bytes()), read(file.read_bytes())
            assert (made.text, made.checks) == (given.text, given.checks)
            for cell in made.cells:
                varied = [name for name in cell.checks if exercise_named(name).vary]
                assert cell.source.count(f', variant="{row["key"]}")') == len(varied)
    command.main(["hand-out", *arguments])  # for another week: keys stay
    assert table(out / "class.csv", "learner") == lines


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("learner\n", "there is no learner in"),
        ("learner\na\na\n", "a is twice in .*: tell them apart, such as by their files"),
        ("learner\na/b\n", "'a/b' in .* cannot be the name of a folder"),
        ("name\na\n", "needs a first line such as learner,number,key or just learner"),
        ("learner\na\nb,c,d\n", "is not a table: "),
    ],
)
def test_a_class_list_that_cannot_be_used_is_refused(tmp_path, lines, why):
    (tmp_path / "class.csv").write_text(lines)
    with pytest.raises(ValueError, match=why):
        hand_out(tmp_path / "class.csv", [], tmp_path / "out")


def test_a_file_that_is_not_a_notebook_is_not_handed_out(tmp_path):
    (tmp_path / "class.csv").write_text("learner\nann\n")
    with pytest.raises(ValueError, match=r"class\.csv is not a notebook: "):
        hand_out(tmp_path / "class.csv", [tmp_path / "class.csv"], tmp_path / "out")
