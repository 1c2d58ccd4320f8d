"""Find exercises by name in the folders ``notebook_00``, ``notebook_01``, ..."""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from .exercise import Exercise, exercises_of

LESSONS = Path(__file__).parents[1]
NOTEBOOKS = sorted(int(folder.name[-2:]) for folder in LESSONS.glob("notebook_[0-9][0-9]"))
"""Numbers of the notebooks."""


class UnknownExercise(ValueError):
    """Raised if no exercise has the given name. A notebook shows this error in one line."""

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows, without a traceback into this package."""
        return [f"ValueError: {self}"]


@cache
def exercises_in(number: int) -> tuple[Exercise, ...]:
    """Return the exercises of a notebook, ordered by number."""
    folder = import_module(f"made_lessons.notebook_{number:02d}")
    for module in iter_modules(folder.__path__):
        if module.name != "figures":  # figures.py has no exercises and imports matplotlib
            import_module(f"{folder.__name__}.{module.name}")
    return exercises_of(folder.__name__)


def exercise_named(name: str, variant: str | None = None) -> Exercise:
    """Return the exercise with this name, in the given variant if it has variants.

    Raises:
        UnknownExercise: if no exercise has this name.
    """
    found = {exercise.name: exercise for exercise in exercises_in(_notebook_of(name))}
    if name not in found:
        raise UnknownExercise(f"there is no exercise {name!r}. Choose one of {', '.join(found)}")
    vary = None if variant is None else found[name].vary
    return vary(found[name], variant) if vary else found[name]


def _notebook_of(name: str) -> int:
    if not isinstance(name, str):
        raise UnknownExercise(
            f'the first argument must be a name in quotes, such as "1.3", but you passed {name!r}'
        )
    number = name.partition(".")[0]
    if not number.isdecimal() or int(number) not in NOTEBOOKS:
        raise UnknownExercise(
            f"there is no exercise {name!r}. A name consists of the number of a notebook, from "
            f"{NOTEBOOKS[0]} to {NOTEBOOKS[-1]}, and the number of an exercise, such as '1.3'"
        )
    return int(number)
