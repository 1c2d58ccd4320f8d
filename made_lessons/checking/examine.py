"""How an answer is examined: called within a time limit, compared, and its slip found.

The order of diagnosis is always the same: not attempted, raised, type, shape, dtype, value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Real
from types import FunctionType

import numpy as np
import torch
from torch import Tensor, nn

from .calls import compute_expected, run
from .causes import likely_cause
from .comparing import is_same, require_same
from .exercise import Exercise, Misformed, Slip, Wrong
from .in_words import kind_of, written, written_call
from .time_limits import LIMIT_S, TookTooLong, time_limit
from .unfinished import methods_of, names_read, unwrapped

_DATA = (Real, list, tuple, Tensor, np.ndarray, nn.Module)


def examine(exercise: Exercise, answer: object) -> str:
    """Judge an answer.

    Returns:
        a sentence on what was found; often empty.

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
    if exercise.is_value and exercise.examine is None:
        compare_value(answer, exercise.reference(), exercise.slips)
    compare_on_cases(answer, exercise.reference, exercise.cases, exercise.slips)
    return exercise.examine(answer) or "" if exercise.examine is not None else ""


@contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """What an answer draws, or sets for all of torch, is as it was afterwards."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_num_threads(threads)


def compare_on_cases(
    answer: object,
    reference: Callable[..., object],
    cases: Sequence[tuple[object, ...]],
    slips: Sequence[Slip],
) -> None:
    """Compare a function with the reference on every case.

    Raises:
        Wrong: at the first case where it differs, with its likely cause.
    """
    for k, case in enumerate(cases):
        expected = compute_expected(reference, case)
        try:
            came = run(answer, *case)
            require_same(came, expected)
        except Wrong as wrong:
            wrong.tried = wrong.tried or written_call(answer, case)
            wrong.cause = likely_cause(answer, reference, cases, k, slips) or wrong.cause
            raise wrong


def compare_value(came: object, expected: object, slips: Sequence[Slip]) -> None:
    """Compare a value with the right one.

    Raises:
        Wrong: if it differs, with the cause of the slip that has the same value; the right value is
            not told.
    """
    try:
        if came is None:
            raise Misformed("the answer is None", came="None", expected=kind_of(expected))
        require_same(came, expected)
    except Wrong as wrong:
        wrong.came = wrong.came or written(came)
        if not isinstance(wrong, Misformed):
            wrong.expected = ""
        causes = [slip.cause for slip in slips if is_same(came, slip.answer)]
        wrong.cause = next(iter(causes), wrong.cause)
        raise wrong


def _of_the_notebook(answer: object) -> str:
    """A remark on the numbers, lists and tensors of the notebook that an answer reads."""
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
