"""What holds for every exercise of the course."""

import contextlib
import io
import re
from pathlib import Path

import nbformat
import pytest

from made_lessons.checking import check as exercises
from made_lessons.checking.catalogue import NOTEBOOKS, exercises_in
from tests.lessons.checking import wrong
from tests.lessons.test_equal_forms import FORMS

ALL = [e for number in NOTEBOOKS for e in exercises_in(number)]


def printed(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        function(*arguments)
    return out.getvalue()


@pytest.mark.parametrize(
    "exercise",
    [pytest.param(e, marks=pytest.mark.delivery if e.is_open else ()) for e in ALL],
    ids=lambda e: e.name,
)
def test_the_solution_that_is_shown_is_right(exercise):
    shown = printed(exercises.solution, exercise.name)
    exec(shown.partition("The package does the same")[0], cell := {"__name__": "cell"})
    pasted = cell[exercise.reference.__name__]
    answer = pasted() if exercise.is_value else pasted
    said = printed(exercises.check, exercise.name, answer)
    assert f"✓ {exercise.name} · {exercise.title}: right." in said


@pytest.mark.parametrize(
    ("exercise", "cause"),
    [(e, cause) for e in ALL for cause in e.known_mistakes],
    ids=[f"{e.name}-{k}" for e in ALL for k in range(len(e.known_mistakes))],
)
def test_each_known_mistake_is_named(exercise, cause):
    found = wrong(exercise, exercise.known_mistakes[cause]).cause
    assert cause in found
    assert found.startswith((cause, "the answer contains nan"))


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_words_are_complete(exercise):
    assert len(exercise.known_mistakes) >= 2 or exercise.is_open  # whose tests have wrong answers
    assert len(exercise.hints) >= 2
    assert exercise.stars in (1, 2, 3)


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_hints_use_math_only_where_the_notebook_has_imported_it(number):
    (path,) = Path("notebooks").glob(f"{number:02d}_*.ipynb")
    cells = nbformat.read(path, 4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    for exercise in exercises_in(number):
        above = code.partition(f'check("{exercise.name}",')[0]
        assert "math." not in " ".join(exercise.hints) or "import math\n" in above, exercise.name


@pytest.mark.parametrize("number", NOTEBOOKS[1:])
def test_an_answer_written_differently_is_tried(number):
    """Look in the table of equal forms, and for ``right("1.1", ...)`` in the notebook's tests."""
    names = {exercise.name for exercise in exercises_in(number)} - {*FORMS}
    file = Path(__file__).parent / f"test_notebook_{number:02d}.py"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    missing = names - set(re.findall(r'\bright\(\s*"([\d.]+)"', text))
    assert not missing, f'tests/lessons/{file.name} must have right("{missing.pop()}", ...)'


def test_names_are_in_order():
    names = [exercise.name for exercise in ALL]
    assert names == sorted(names, key=lambda name: [int(part) for part in name.split(".")])
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_nonsense_is_wrong(exercise):
    wrong(exercise, object())
