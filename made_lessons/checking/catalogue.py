"""Which exercises there are: all that the folders ``notebook_01``, ``notebook_02``, ... define."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from .exercise import Exercise, exercises_of

LESSONS = Path(__file__).parents[1]
NOTEBOOKS = sorted(int(folder.name[-2:]) for folder in LESSONS.glob("notebook_[0-9][0-9]"))
"""Numbers of the notebooks, which have a folder each."""


class NoSuchName(ValueError):
    """A name that no exercise has; a notebook shows it in one line."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it: where it was raised inside of us tells a reader nothing."""
        return [f"ValueError: {self}"]


@cache
def exercises_in(number: int) -> tuple[Exercise, ...]:
    """The exercises of a notebook, in the order of their numbers: all that its folder defines."""
    folder = import_module(f"made_lessons.notebook_{number:02d}")
    for module in iter_modules(folder.__path__):
        if module.name != "figures":  # it holds no exercise, and loads matplotlib
            import_module(f"{folder.__name__}.{module.name}")
    return exercises_of(folder.__name__)


def exercise_named(name: str, variant: str | None = None) -> Exercise:
    """An exercise, or a variant of it; the exercise itself, where it has none.

    Raises:
        ValueError: if there is no exercise of that name.
    """
    found = {exercise.name: exercise for exercise in exercises_in(_notebook_of(name))}
    if name not in found:
        raise NoSuchName(f"there is no exercise {name!r}: choose one of {', '.join(found)}")
    vary = None if variant is None else found[name].vary
    return vary(found[name], variant) if vary else found[name]


def _notebook_of(name: str) -> int:
    if not isinstance(name, str):
        raise NoSuchName(f'a name is a text, in quotes, such as "1.3"; it is first. Got {name!r}')
    number = name.partition(".")[0]
    if not number.isdecimal() or int(number) not in NOTEBOOKS:
        raise NoSuchName(
            f"unknown name {name!r}: exercises are called '1.3', after the notebooks, which are "
            f"{NOTEBOOKS[0]} to {NOTEBOOKS[-1]}"
        )
    return int(number)
