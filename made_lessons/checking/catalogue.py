"""Find exercises by name in the folders ``notebook_00``, ``notebook_01``, ..."""

from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from .exercise import Exercise

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
    """Return the exercises that a notebook's folder lists, named by their positions."""
    folder = import_module(f"made_lessons.notebook_{number:02d}")
    modules = [import_module(f"{folder.__name__}.{module}") for module in folder.EXERCISES]
    return tuple(replace(m.EXERCISE, name=f"{number}.{k}") for k, m in enumerate(modules, start=1))


def exercise_named(name: str, variant: str | None = None) -> Exercise:
    """Return the exercise with this name, in the given variant if it has variants.

    Raises:
        UnknownExercise: if no exercise has this name.
    """
    if not isinstance(name, str):
        raise UnknownExercise(
            f'the first argument must be a name in quotes, such as "1.3", but you passed {name!r}'
        )
    numbers = [n for n in NOTEBOOKS if str(n) == name.partition(".")[0]]
    found = {exercise.name: exercise for n in numbers for exercise in exercises_in(n)}
    if name not in found:
        names = f"one of {', '.join(found)}" if found else "a name such as 1.3"
        raise UnknownExercise(f"there is no exercise {name!r}. Choose {names}")
    vary = None if variant is None else found[name].vary
    return vary(found[name], variant) if vary else found[name]
