"""Views: properties of an answer that are compared, such as its result or its gradient."""

import contextlib
import copy
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from .calls import EXPLANATION, IN_LINE, convert_dtype, run
from .exercise import Exercise, MalformedAnswer, WrongAnswer
from .value_text import call_as_text

Case = tuple[object, ...]

CUT_OFF = (
    "the values are right, but they have no gradient, so nothing could be trained. no_grad, "
    ".detach(), .data, .item(), .numpy() and torch.tensor(…) all cut the gradient off"
)
WRONG_GRADIENT = (
    "the values are right, but their gradient is wrong, so training would go wrong. Either "
    ".detach() or .data cuts a part of it off, or torch.where hides an infinity, whose gradient is "
    "still NaN"
)
UNSEEN = object()
"""Placeholder for a value that cannot be computed, because the answer is in another process."""


@dataclass(frozen=True)
class View:
    """A property of an answer that has the same value for all right answers.

    Args:
        see: function that returns the value, given an answer and the arguments of a case. It raises
            :class:`WrongAnswer` if the answer has no such value.
        shown_input: input that the report shows, as a text or as a function of the answer and the
            arguments. The default is the call.
        cause: likely cause if no known mistake has the same value, as a text or a function of the
            answer, its value and the right value. The default is the last cause of ``mistakes``.
            If there is none, the report says where the two values differ.
        mistakes: known mistakes that change the value, as for :class:`~.exercise.Exercise`.
        expected: right value in words, for the report. The default is the value.
        name: name of the value, for messages.
        cases: arguments of each case, or a function that returns them. By default, there is one
            case without arguments. None stands for the cases of the exercise.
    """

    see: Callable[..., object] = run
    shown_input: str | Callable[..., str] = ""
    cause: str | Callable[[object, object, object], str] | None = None
    mistakes: Mapping[str, object] = field(default_factory=dict)
    expected: str | None = None
    name: str = "the answer"
    cases: tuple[Case, ...] | Callable[[], tuple[Case, ...]] | None = ((),)

    def describe_input(self, answer: object, case: Case) -> str:
        """Return the input of a case as text."""
        if callable(self.shown_input):
            return self.shown_input(answer, *case)
        return self.shown_input or (call_as_text(answer, case) if case else "")

    def explain(self, answer: object, got: object, right: object) -> str:
        """Return the view's own cause for an answer with this value."""
        if self.cause is None:
            return next(reversed(self.mistakes), "")
        return self.cause(answer, got, right) if callable(self.cause) else self.cause

    def reference_value(self, reference: object, case: Case) -> object:
        """Compute the value of the reference in float64 and round it to float32."""
        exact = self.see(reference, *convert_dtype(torch.float64, copy.deepcopy(case)))
        return convert_dtype(torch.float32, exact)

    def value_or_error(self, answer: object, case: Case) -> object:
        """Return the value of an answer, or the text of its error, without printing anything."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found = self.see(answer, *case)
            return [*found] if isinstance(found, list) else found  # a later call may change it
        except WrongAnswer as wrong:
            return wrong.cause.partition(EXPLANATION)[0].partition(IN_LINE)[0]
        except Exception as error:
            return f"{type(error).__name__}: {error}"


def _require_value(answer: object) -> object:
    if answer is None:
        raise MalformedAnswer("the answer is None", got="None")
    return answer


VALUE = View(_require_value, expected="")
"""View of an answer that is a value. The report does not show the right value."""


def views_of(exercise: Exercise) -> list[View]:
    """Return all views of an exercise, beginning with its cases or its value."""
    views = [View(cases=None)] if exercise.cases else []
    if exercise.is_value and not exercise.views and not exercise.is_open:
        views = [VALUE]
    return [_fill_in_cases(view, exercise) for view in [*views, *exercise.views]]


def _fill_in_cases(view: View, exercise: Exercise) -> View:
    cases = exercise.cases if view.cases is None else view.cases
    return replace(view, cases=cases() if callable(cases) else cases)


def gradient_views(**positions: int) -> tuple[View, ...]:
    """Return views of the gradient with respect to each argument, given as ``name=position``."""
    return tuple(
        View(
            lambda function, *case, position=position: _compute_gradient(function, case, position),
            lambda *call, name=name: f"{_describe_call(call)}, then the gradient of {name}",
            WRONG_GRADIENT,
            cases=None,
        )
        for name, position in positions.items()
    )


def dtype_views(*given: torch.dtype) -> tuple[View, ...]:
    """Return one view per dtype: the result's dtype if all float arguments have the given dtype."""
    return tuple(
        View(
            lambda function, *case, dtype=dtype: str(
                run(function, *convert_dtype(dtype, case)).dtype
            ),
            lambda *call, dtype=dtype: f"{_describe_call(call)}, with all floats in {dtype}",
            lambda answer, got, right, dtype=dtype: (
                f"the values are right, but not their dtype. If the arguments are {dtype}, the "
                f"result must be {right}. Where does another dtype come in?"
            ),
            cases=None,
        )
        for dtype in given
    )


def _describe_call(call: Case) -> str:
    answer, *case = call
    return call_as_text(answer, case)


def _compute_gradient(function: Callable[..., Tensor], case: Case, position: int) -> object:
    given = [*copy.deepcopy(case)]
    leaf = given[position] = given[position].requires_grad_()
    try:
        got = run(lambda: function(*given))
    except WrongAnswer as wrong:
        raise WrongAnswer(CUT_OFF, got=wrong.cause) from wrong
    if not got.requires_grad or run(function, *case).requires_grad:
        raise WrongAnswer(CUT_OFF)
    if got.grad_fn is None:
        return UNSEEN
    got.sum().backward()
    slope = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
    return torch.where(leaf != 0, slope, 0)  # at 0, right formulas may have different slopes
