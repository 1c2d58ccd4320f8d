import pytest

from tools.classroom import gain

RIGHT = [right for right, _ in gain.answers().values()]


def written(path, *lines):
    path.write_text("\n".join([f"who,{','.join(gain.QUESTIONS)}", *lines]) + "\n", encoding="utf-8")
    return path


def line(who, **changed):
    letters = [changed.get(f"q{k}", letter) for k, letter in enumerate(RIGHT, start=1)]
    return ",".join([who, *letters])


@pytest.fixture
def files(tmp_path):
    before = [line("ann", q1="a", q5="b"), line("bob", q1="a", q2="B "), line("cem", q3="b")]
    after = [line("bob", q1="a", q2=""), line("ann", q5="b"), line("dee", q3="b")]
    return written(tmp_path / "before.csv", *before), written(tmp_path / "after.csv", *after)


def test_answers_are_those_of_the_page():
    assert list(gain.answers()) == gain.QUESTIONS
    for right, wrong in gain.answers().values():
        assert sorted([right, *wrong]) == ["a", "b", "c"]


def test_who_is_in_both_files_is_compared(files):
    said = "\n".join(gain.report(*map(gain.read, files)))
    assert said.startswith("2 learners are in both files, 2 in one alone")
    assert "| 1 | 0 | 1 | +1 |" in said
    assert "| 2 | 1 | 1 | +0 |" in said  # an answer left out is no right one
    assert "| 3 | 2 | 2 | +0 |" in said
    assert "| mean of ten | 8.0 | 8.5 | +0.5 |" in said


def test_wrong_answers_that_stay_are_named_with_what_they_reveal(files):
    said = list(gain.report(*map(gain.read, files)))
    stays = [words for words in said if words.startswith("- question")]
    _, reveals = gain.answers()["1"]
    assert stays[0] == f"- question 1, a, 1 of 2: {reveals['a']}"
    assert [words[:15] for words in stays] == ["- question 1, a", "- question 5, b"]


@pytest.mark.parametrize(
    ("lines", "word"),
    [([line("ann", q4="d")], "'4': 'd'"), ([line("ann"), line("ann")], "ann: twice")],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path, lines, word):
    with pytest.raises(ValueError, match=word):
        gain.read(written(tmp_path / "class.csv", *lines))


def test_other_columns_are_refused(tmp_path):
    (tmp_path / "class.csv").write_text("name,1,2\nann,a,b\n", encoding="utf-8")
    with pytest.raises(ValueError, match="the first line must be who,1,2"):
        gain.read(tmp_path / "class.csv")


def test_nobody_in_both_files_is_said(files):
    assert list(gain.report({}, gain.read(files[1]))) == [
        "0 learners are in both files, 3 in one alone (left out)\n"
    ]
