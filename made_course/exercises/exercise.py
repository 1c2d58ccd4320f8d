"""What an exercise is: its words, its reference, and the wrong answers that it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Wrong(Exception):
    """What is wrong with an answer, in the words that the reader of the check sees.

    Args:
        cause: what is wrong and what to do; the likely cause, where it is a guess.
        tried: on which input.
        expected: what a right answer gives there.
        came: what this answer gave.
    """

    def __init__(self, cause: str, *, tried: str = "", expected: str = "", came: str = "") -> None:
        super().__init__(cause)
        self.cause, self.tried, self.expected, self.came = cause, tried, expected, came


class Misformed(Wrong):
    """An answer whose type, shape or dtype is not the one expected."""


@dataclass(frozen=True)
class Slip:
    """A wrong answer that readers give.

    Args:
        answer: the wrong answer itself: a function, a class or a value.
        cause: why it is wrong, as the check says it.
    """

    answer: object
    cause: str


@dataclass(frozen=True)
class Exercise:
    """One exercise. Its task stands in the notebook.

    An answer is compared with the reference on every case, and where it differs, with the slips:
    the one that gives the same is the likely cause. An exercise whose answers are judged by
    properties has a function ``examine`` for it, which comes before the cases.

    Args:
        name: notebook and number, such as ``"3.2"``.
        title: as in the notebook's heading.
        stars: difficulty from 1 to 3.
        minutes: what it takes a learner.
        reference: a short right answer; its source is the solution that is shown. Where the answer
            is a value, a function without arguments that computes it.
        slips: wrong answers, two or more.
        hints: from a nudge to nearly the code.
        cases: arguments with which an answer that is a function is called.
        examine: judges an answer: raises :class:`Wrong`, or returns a sentence on what it found.
        is_value: whether the answer is a value rather than a function or a class.
        package: what the package has for the same purpose, shown after the solution.
        vary: makes the same exercise with other numbers, for graded work: from the exercise and the
            word of a variant, by what is in ``variants.py``.
        asks: what a variant asks for, where that is not as in the notebook.
    """

    name: str
    title: str
    stars: int
    minutes: int
    reference: Callable[..., object]
    slips: tuple[Slip, ...]
    hints: tuple[str, ...]
    cases: tuple[tuple[object, ...], ...] = ()
    examine: Callable[[object], str | None] | None = None
    is_value: bool = False
    package: Callable[..., object] | None = None
    vary: Callable[[Exercise, str], Exercise] | None = None
    asks: str = ""
