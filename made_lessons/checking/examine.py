"""Examine an answer within a time limit: compare it with the reference, view by view.

The order of diagnosis is always the same: not attempted, raised, type, shape, dtype, value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Real
from types import FunctionType

import numpy as np
import torch
from torch import Tensor, nn

from .causes import likely_cause
from .comparing import require_same
from .exercise import Exercise, KnownMistake, Misformed, Wrong
from .in_words import written
from .time_limits import LIMIT_S, TookTooLong, time_limit
from .unfinished import methods_of, names_read, unwrapped
from .views import UNSEEN, View, views_of

_DATA = (Real, list, tuple, Tensor, np.ndarray, nn.Module)


def examine(exercise: Exercise, answer: object) -> str:
    """Judge an answer.

    Returns:
        a sentence about the right answer; often empty.

    Raises:
        Wrong: if it is not right.
    """
    try:
        with _nothing_left_behind(), time_limit(LIMIT_S):
            return _examined(exercise, answer)
    except TookTooLong:
        raise Wrong(
            f"it was stopped after {LIMIT_S:g} seconds: does a loop never end, or does it do far "
            "more steps than needed?"
        ) from None
    except Wrong as wrong:
        wrong.cause += _of_the_notebook(answer)
        raise
    except Exception as error:  # an answer may be anything, and a check must never raise
        raise Wrong(
            f"the check could make nothing of this answer: {type(error).__name__}: {error}"
        ) from error


def _examined(exercise: Exercise, answer: object) -> str:
    views = views_of(exercise)
    for k, view in enumerate(views):
        reference = exercise.reference() if exercise.is_value else exercise.reference
        compare(view, answer, reference, exercise.known_mistakes, views[:k])
    if exercise.examine is not None:
        return exercise.examine(answer) or ""
    message = exercise.message
    return message if isinstance(message, str) else message(answer)


@contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """Restore the random stream and the settings of torch that an answer changes."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_num_threads(threads)


def compare(
    view: View,
    answer: object,
    reference: object,
    known_mistakes: Sequence[KnownMistake],
    earlier: Sequence[View] = (),
) -> None:
    """Compare an answer with the reference in one view, case by case.

    Raises:
        Wrong: at the first case in which they differ, with the likely cause.
    """
    for k, case in enumerate(view.cases):
        expected, got = view.of(reference, case), UNSEEN
        try:
            got = view.see(answer, *case)
            if got is not UNSEEN:
                require_same(got, expected, view.name)
        except Wrong as wrong:
            known = likely_cause(view, answer, reference, k, known_mistakes, earlier)
            own = "" if got is UNSEEN else view.own_cause(answer, got, expected)
            wrong.cause = known or own or wrong.cause
            wrong.tried = view.tried_on(answer, case) or wrong.tried
            if own or (got is not UNSEEN and not isinstance(wrong, Misformed)):
                _show(wrong, view, got, expected)
            raise wrong


def _show(wrong: Wrong, view: View, got: object, expected: object) -> None:
    """Write both values into a report: texts as they are, dicts as a whole."""
    if isinstance(expected, str | Mapping) or isinstance(wrong, Misformed):
        texts = (seen if isinstance(seen, str) else written(seen) for seen in (got, expected))
        wrong.got, wrong.expected = texts
    wrong.got = wrong.got or written(got)
    wrong.expected = wrong.expected if view.expected is None else view.expected


def _of_the_notebook(answer: object) -> str:
    """Name the numbers, lists and tensors of the notebook that an answer reads."""
    functions = methods_of(answer).values() if isinstance(answer, type) else [unwrapped(answer)]
    names = set()
    for function in functions:
        if isinstance(function, FunctionType) and function.__module__ == "__main__":
            data = function.__globals__
            read = names_read(function, only_globals=True)
            names |= {name for name in read if isinstance(data.get(name), _DATA)}
    if not names:
        return ""
    these = ", ".join(f"`{name}`" for name in sorted(names))
    return f" (From the notebook, and so the same in every call: {these}. Is an argument meant?)"
