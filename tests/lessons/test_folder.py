"""The folder of submissions, the class list, and the notebooks that are handed out."""

import unicodedata

import pytest

from made_lessons.checking.catalogue import exercise_named
from made_lessons.grading import command
from made_lessons.grading.folder import LearnerResult, find_learner, find_submissions, read_class
from made_lessons.grading.handing_out import hand_out
from made_lessons.grading.judge import find_checks, read_cells
from tests.lessons.submitting import REPOSITORY, table


def test_a_learner_is_who_the_platform_says_and_has_one_notebook(tmp_path):
    expected = {
        "Ann Archer_1201_assignsubmission_file/sub/03.IPYNB": ("Ann Archer", "1201"),
        "Ann Archer_1202_assignsubmission_file_03 (1).ipynb": ("Ann Archer", "1202"),
        # learners choose the rest of the name, but cannot take another learner's number
        "Cy_1203_assignsubmission_file_Bo_78_assignsubmission_file_.ipynb": ("Cy", "1203"),
        "cy_79_991_Bo_78_assignsubmission_file_.ipynb": ("cy", "79"),
        "archerann_LATE_77_991_03-1.ipynb": ("archerann", "77"),
        "bo_78_991_03.ipynb": ("bo", "78", "2 notebooks; expected one"),
        "ann (1).ipynb": ("ann (1)", ""),
        "ann": ("ann", "", "0 notebooks; expected one"),
    }
    others = ["bo_78_992_04.ipynb", "ann/.ipynb_checkpoints/03.ipynb", "__MACOSX/._ann.ipynb"]
    for name in [*expected, *others, "class.csv"]:
        if "." in name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
    found = {row.submission: row for row in find_submissions(tmp_path)}
    assert found == {
        name: LearnerResult(learner, number, tmp_path / name, name, "".join(status))
        for name, (learner, number, *status) in expected.items()
    }


@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8"), (";", "utf-8-sig")])
def test_a_class_list_is_read_as_a_spreadsheet_writes_it(tmp_path, separator, encoding):
    lines = [("Learner", "Key"), ("Müller, Zoë_12_file", "w1"), ("Ann Archer", "w2")]
    lines += [("Ben", ""), ("", "w7")]  # one without a key, and a key without a learner
    text = "".join(f'"{name}"{separator}{key}\n' for name, key in lines)
    (tmp_path / "class.csv").write_text(text, encoding)
    keys = read_class(tmp_path / "class.csv")
    assert keys == {"Müller, Zoë_12_file": "w1", "Ann Archer": "w2", "Ben": ""}
    for form in ("NFC", "NFD"):  # an umlaut as one letter, or as two
        learner = unicodedata.normalize(form, "Müller, Zoë_12_file")
        assert find_learner(LearnerResult(learner), keys) == "Müller, Zoë_12_file"
    assert find_learner(LearnerResult("Müller", submission="Müller.ipynb"), keys) == ""
    by_submission = LearnerResult("x", submission="ann archer/3.ipynb")
    for result in (LearnerResult("ANN ARCHER"), LearnerResult("archerann"), by_submission):
        assert find_learner(result, keys) == "Ann Archer"


def test_each_learners_notebook_has_their_key(tmp_path, capsys):
    (tmp_path / "class.csv").write_text("Learner;Number\nAnn Archer;1\n;\nZoë;2\n", "utf-8-sig")
    files = [*(REPOSITORY / "notebooks").glob("*.ipynb")]
    out = tmp_path / "out"
    arguments = [str(tmp_path / "class.csv"), *map(str, files), "--out", str(out)]
    command.main(["hand-out", *arguments])
    assert capsys.readouterr().out.startswith(f"{2 * len(files)} notebooks and class.csv, ")
    lines = table(out / "class.csv", "learner")
    assert [*lines] == ["Ann Archer", "Zoë"]
    assert len({row["key"] for row in lines.values()}) == 2
    for learner, row in lines.items():
        assert row["key"].isidentifier()  # so no spreadsheet takes it for a number
        for file in files:
            given = read_cells(file.read_bytes())
            made = read_cells((out / learner / file.name).read_bytes())
            argument = f', variant="{row["key"]}"'
            assert [cell.replace(argument, "") for cell in made] == given
            for cell in made:
                varied = [name for name in find_checks(cell) if exercise_named(name).vary]
                assert cell.count(f"{argument})") == len(varied)
    command.main(["hand-out", *arguments])  # for another week: keys stay
    assert table(out / "class.csv", "learner") == lines


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("learner\n", "there is no learner in"),
        ("learner\na\na\n", "a is twice in .*: tell them apart, such as by their files"),
        ("learner\na/b\n", "'a/b' in .* cannot be the name of a folder"),
        ("name\na\n", "needs a first line such as learner,key or just learner"),
        ("learner\na\nb,c,d\n", "is not a table "),
        ("learner\nann\n", "Expecting value: line 1"),
    ],
)
def test_files_that_cannot_be_used_are_refused(tmp_path, lines, why):
    (tmp_path / "class.csv").write_text(lines)
    with pytest.raises(ValueError, match=why):
        hand_out(tmp_path / "class.csv", [tmp_path / "class.csv"], tmp_path / "out")
