"""What holds for every exercise of the course."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from made_course import Choice
from made_lessons.checking import check as exercises
from made_lessons.checking import questions
from made_lessons.checking.catalogue import NOTEBOOKS, exercises_in
from made_lessons.checking.questions import read_questions
from tests.lessons.checking import wrong

ALL = [e for number in NOTEBOOKS for e in exercises_in(number)]
QUESTIONS = [name for number in NOTEBOOKS for name in read_questions(number)]


def printed(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        function(*arguments)
    return out.getvalue()


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_reference_is_right(exercise):
    answer = exercise.reference() if exercise.is_value else exercise.reference
    assert f"✓ {exercise.name} · {exercise.title}: right." in printed(
        exercises.check, exercise.name, answer
    )


@pytest.mark.parametrize(
    ("exercise", "slip"),
    [(e, slip) for e in ALL for slip in e.slips],
    ids=[f"{e.name}-{k}" for e in ALL for k in range(len(e.slips))],
)
def test_each_slip_is_named(exercise, slip):
    found = wrong(exercise, slip.answer)
    assert found.cause == slip.cause


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_words_are_complete(exercise):
    assert len(exercise.slips) >= 2
    causes = [slip.cause for slip in exercise.slips]
    assert len(set(causes)) == len(causes)
    assert len(exercise.hints) >= 2
    assert exercise.stars in (1, 2, 3)
    shown = printed(exercises.solution, exercise.name)
    word = "class" if isinstance(exercise.reference, type) else "def"
    assert shown.startswith(f"{word} {exercise.reference.__name__}(")
    first = printed(exercises.hint, exercise.name)
    assert first.startswith(f"Hint 1 of {len(exercise.hints)}: ")


@pytest.mark.parametrize("number", NOTEBOOKS[1:])
def test_an_answer_written_differently_is_tried(number):
    """In the file of tests of its notebook, each exercise has a line ``right("1.2", ...)``."""
    names = {exercise.name for exercise in exercises_in(number)}
    file = Path(__file__).parent / f"test_notebook_{number:02d}.py"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    missing = names - set(re.findall(r'\bright\(\s*"([\d.]+)"', text))
    assert not missing, f'tests/lessons/{file.name} must have right("{missing.pop()}", ...)'


def test_names_are_in_order():
    names = [exercise.name for exercise in ALL]
    assert names == sorted(names, key=lambda name: [int(part) for part in name.split(".")])
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", QUESTIONS)
def test_quizzes_can_be_asked(name):
    html = exercises.quiz(name).html()
    assert re.findall(r"\B\*\w[^*<]*\*\B", html) == []  # stars are shown as stars


ASKED = """# Self-checks

## 4a

What is it?

- [x] This

  Just so.

- [ ] That, or what
  goes with it

  No: it is
  another.
"""


def read_as_notebook_4(text, folder, monkeypatch):
    (folder / "notebook_04").mkdir()
    (folder / "notebook_04" / "questions.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(questions, "LESSONS", folder)
    return read_questions(4)


def test_questions_are_read_as_they_are_written(tmp_path, monkeypatch):
    choices = [
        Choice("This", "Just so.", True),
        Choice("That, or what goes with it", "No: it is another."),
    ]
    assert read_as_notebook_4(ASKED, tmp_path, monkeypatch) == {"4a": ("What is it?", choices)}


@pytest.mark.parametrize(
    ("was", "typed", "said"),
    [
        ("# Self-checks", "", "3: expected '# Title'; got '## 4a'"),
        ("## 4a", "##4a", "3: expected '## 4a', the name of a question; got '##4a'"),
        ("What is it?", "", "7: expected a question; got '- [x] This'"),
        ("- [ ]", "* [ ]", "11: expected '- [x] right choice' or '- [ ] wrong"),
        ("- [ ]", "- [y]", "11: expected '- [x] right choice' or '- [ ] wrong"),
        ("  Just so.", "", "11: expected '  what the choice above says'"),
        ("  Just so.", "Just so.", "9: expected '  what the choice above says'"),
        ("  No: it is\n  another.\n", "", "14: expected '  what the choice above says'"),
        ("[ ]", "[x]", "3: one choice must be ticked, [x], and here 2 are"),
        ("[x]", "[ ]", "3: one choice must be ticked, [x], and here 0 are"),
        ("# Self-checks", ASKED, "18: there are two questions '4a': rename one"),
    ],
)
def test_a_file_of_questions_says_where_it_is_wrong(tmp_path, monkeypatch, was, typed, said):
    with pytest.raises(ValueError, match=re.escape(f"questions.md, line {said}")):
        read_as_notebook_4(ASKED.replace(was, typed, 1), tmp_path, monkeypatch)


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_nonsense_is_told_apart(exercise):
    wrong(exercise, object())
