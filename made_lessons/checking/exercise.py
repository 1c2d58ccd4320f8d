"""An exercise: one object with its title, hints, reference, known mistakes and views."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .source_code import Edit, edit_source


class WrongAnswer(Exception):
    """Raised for a wrong answer. The arguments are the lines of the report.

    Args:
        cause: likely cause, and how to correct it.
        tried: input of the answer.
        expected: value of a right answer.
        got: value of this answer.
    """

    def __init__(self, cause: str, *, tried: str = "", expected: str = "", got: str = "") -> None:
        super().__init__(cause)
        self.cause, self.tried, self.expected, self.got = cause, tried, expected, got


class MalformedAnswer(WrongAnswer):
    """Raised for an answer with a wrong type, shape or dtype."""


@dataclass(frozen=True)
class Exercise:
    """An exercise. Its task is in the notebook, and its name comes from its folder's list.

    An answer is compared with the reference, first on the cases, then in each view. At the first
    difference, the known mistake with the same value as the answer is the likely cause.

    Args:
        title: title in the notebook's heading.
        stars: difficulty from 1 to 3.
        reference: short right answer, whose source is the solution that learners see. If the
            answer is a value, the reference is a function without arguments that returns it.
        hints: hints, each more explicit than the one before.
        mistakes: known mistakes: two or more wrong answers, each with its cause as the key, as an
            object like the reference or as an :class:`~.source_code.Edit` of it.
        cases: arguments of each call of an answer that is a function.
        views: other properties that are compared; see :class:`~.views.View`.
        message: sentence about a right answer, or a function of the answer that returns one.
        is_value: whether the answer is a value, not a function or a class.
        score: function that scores an answer to an open exercise, which has no best answer. It
            raises :class:`WrongAnswer`, or returns a sentence that begins with the score in nats.
        doubtful_below: score in nats below which an instructor must look at the answer.
        is_inspected: whether the check reads or changes parts of the answer, so that grading must
            judge it in the submission's own process.
        package: the same function or class in ``made_course``, shown after the solution.
        vary: function that takes the exercise and a variant key, and returns the exercise with
            other numbers, for graded work; see ``variants.py``.
        task: task of a variant, if it differs from the notebook's.
        name: number of the notebook and of the exercise, such as ``"3.2"``.

    Raises:
        ValueError: if an edited text does not occur exactly once in the reference's source.
    """

    title: str
    stars: int
    reference: Callable[..., object]
    hints: tuple[str, ...]
    mistakes: Mapping[str, object] = field(default_factory=dict)
    cases: tuple[tuple[object, ...], ...] = ()
    views: Sequence[object] = ()
    message: str | Callable[[object], str] = ""
    is_value: bool = False
    score: Callable[[object], str] | None = None
    doubtful_below: float = -math.inf
    is_inspected: bool = False
    package: Callable[..., object] | None = None
    vary: Callable[[Exercise, str], Exercise] | None = None
    task: str = ""
    name: str = ""
    known_mistakes: Mapping[str, object] = field(init=False)  # with those of the views

    def __post_init__(self) -> None:
        found: dict[str, object] = {}
        for mistakes in (self.mistakes, *(view.mistakes for view in self.views)):
            for cause, wrong in mistakes.items():
                is_edit = isinstance(wrong, Edit)
                found[cause] = edit_source(self.reference, *wrong.texts) if is_edit else wrong
        object.__setattr__(self, "known_mistakes", found)

    @property
    def is_open(self) -> bool:
        """Whether answers are scored, because there is no best answer."""
        return self.score is not None
