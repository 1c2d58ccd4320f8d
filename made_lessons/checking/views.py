"""Views of an answer: its result, its gradient, the keys of its state dict, and the like."""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .calls import IN_LINE, MEANT, in_dtype, run
from .exercise import Exercise, Misformed, Wrong, defined, known_mistakes
from .in_words import written_call

Case = tuple[object, ...]

CUT_OFF = (
    "the values are right, but carry no gradient, so that nothing could be trained: no_grad, "
    ".detach(), .data, .item(), .numpy() and torch.tensor(…) cut it off"
)
BENT = (
    "the values are right, but their gradient is not, and training follows it. Either a part of it "
    "is cut off (by .detach() or .data), or torch.where leaves out an infinity, whose gradient is "
    "NaN all the same"
)
UNSEEN = object()
"""The value of an answer in another process that cannot be computed there."""


@dataclass(frozen=True)
class View:
    """A property of an answer, chosen so that all right answers have the same value of it.

    Args:
        see: function of an answer and the arguments of a case, which returns the value. It raises
            :class:`Wrong` if there is none.
        tried: input for the report: a text, or a function of the answer and the arguments. By
            default it is the call.
        cause: likely cause if no known mistake has the same value: a text, or a function of the
            answer, its value and the right one. By default it says where the two values differ;
            for calls, relations and further calls are tried first.
        expected: words for the right value; by default the value itself.
        name: name of the value, for messages.
        cases: arguments, case by case; None for those of the exercise. A function that returns
            them, if they take long.
    """

    see: Callable[..., object] = run
    tried: str | Callable[..., str] = ""
    cause: str | Callable[[object, object, object], str] = ""
    expected: str | None = None
    name: str = "the answer"
    cases: tuple[Case, ...] | Callable[[], tuple[Case, ...]] | None = ((),)

    def tried_on(self, answer: object, case: Case) -> str:
        """Return the input of a case, in words."""
        if callable(self.tried):
            return self.tried(answer, *case)
        return self.tried or (written_call(answer, case) if case else "")

    def own_cause(self, answer: object, got: object, right: object) -> str:
        """Return the view's own words on an answer, from its value and the right one."""
        return self.cause(answer, got, right) if callable(self.cause) else self.cause

    def of(self, reference: object, case: Case) -> object:
        """Return the value of the reference, computed in float64 and rounded to float32."""
        exact = self.see(reference, *in_dtype(torch.float64, copy.deepcopy(case)))
        return in_dtype(torch.float32, exact)

    def seen(self, answer: object, case: Case) -> object:
        """Return the value of an answer, or the words of its error; print nothing."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found = self.see(answer, *case)
            return [*found] if isinstance(found, list) else found  # a later call may change it
        except Wrong as wrong:
            return wrong.cause.partition(MEANT)[0].partition(IN_LINE)[0]
        except Exception as error:
            return f"{type(error).__name__}: {error}"


def _value(answer: object) -> object:
    if answer is None:
        raise Misformed("the answer is None", got="None")
    return answer


VALUE = View(_value, expected="")
"""The answer itself, if it is a value. The report does not tell the right one."""


def add_view(
    tried: str,
    see: Callable[..., object],
    causes: str | Mapping[str, object] = "",
    wrong: object = None,
    **more: object,
) -> None:
    """Add a view to the exercise above, with wrong answers that look different in it.

    Args:
        tried: input for the report.
        see: function of an answer, which returns the value.
        causes: likely cause; or several, each with a wrong answer or None. The last is also said
            of answers that look like none of these.
        wrong: wrong answer for a single cause.
        more: other arguments of :class:`View`.
    """
    known = {causes: wrong} if isinstance(causes, str) else causes
    known_mistakes({cause: answer for cause, answer in known.items() if answer is not None})
    more = {"cause": [*known][-1]} | more
    defined().views.append(View(see, tried, **more))


def views_of(exercise: Exercise) -> list[View]:
    """Return all views of an exercise: its cases first, or its value if there is nothing else."""
    views = [View(cases=None)] if exercise.cases else []
    if exercise.is_value and not exercise.views and exercise.examine is None:
        views = [VALUE]
    return [_with_cases(view, exercise) for view in [*views, *exercise.views]]


def _with_cases(view: View, exercise: Exercise) -> View:
    cases = exercise.cases if view.cases is None else view.cases
    return replace(view, cases=cases() if callable(cases) else cases)


def gradients(**places: int) -> tuple[View, ...]:
    """Look at the gradients that train the arguments of these names, by their positions."""
    return tuple(
        View(
            lambda function, *case, place=place: _gradient(function, case, place),
            lambda *call, name=name: f"{_call(call)}, then the gradient by the {name}",
            BENT,
            cases=None,
        )
        for name, place in places.items()
    )


def dtypes(*given: torch.dtype) -> tuple[View, ...]:
    """Look at the dtype of the result for arguments of these dtypes."""
    return tuple(
        View(
            lambda function, *case, dtype=dtype: str(run(function, *in_dtype(dtype, case)).dtype),
            lambda *call, dtype=dtype: f"{_call(call)}, all floats {dtype}",
            lambda answer, got, right, dtype=dtype: (
                f"the values are right. Where those that are given are {dtype}, {right} is asked "
                "for: see that no other dtype gets in, or is left"
            ),
            cases=None,
        )
        for dtype in given
    )


def _call(call: Case) -> str:
    answer, *case = call
    return written_call(answer, case)


def _gradient(function: Callable[..., Tensor], case: Case, place: int) -> object:
    given = [*copy.deepcopy(case)]
    leaf = given[place] = given[place].requires_grad_()
    try:
        got = run(lambda: function(*given))
    except Wrong as wrong:
        raise Wrong(CUT_OFF, got=wrong.cause) from wrong
    if not got.requires_grad or run(function, *case).requires_grad:
        raise Wrong(CUT_OFF)
    if got.grad_fn is None:
        return UNSEEN
    got.sum().backward()
    slope = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
    return torch.where(leaf != 0, slope, 0)  # at 0, max(z, 0) + … may have another slope
