"""How an answer is examined: called within a time limit, compared, and its slip found.

The order of diagnosis is always the same: not attempted, raised, type, shape, dtype, value.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from numbers import Real
from types import FunctionType

import numpy as np
import torch
from torch import Tensor, nn

from .calls import compute_expected, run
from .catalogue import exercises_in
from .causes import likely_cause, outcome, says_nothing
from .comparing import is_same, require_same
from .exercise import Exercise, Misformed, Slip, Wrong
from .in_words import kind_of, written, written_call
from .one_change import place_of_fault
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
            try:
                return _examined(exercise, answer)
            except Wrong as wrong:
                wrong.cause = _of_another(exercise, answer) or wrong.cause
                raise
    except TookTooLong:
        raise Wrong(
            f"it was stopped after {LIMIT_S:g} seconds: does a loop never end, or does it do far "
            "more steps than needed?"
        ) from None
    except Wrong as wrong:
        if says_nothing(wrong.cause):
            wrong.cause = _place_of_fault(exercise, answer) or wrong.cause
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


def _of_another(exercise: Exercise, answer: object) -> str:
    """Words on the exercise of the same notebook for which an answer is right."""
    if exercise.is_value or isinstance(answer, type) or not callable(answer):
        return ""
    for other in exercises_in(int(exercise.name.partition(".")[0])):
        if other.name != exercise.name and other.cases:
            pairs = ((outcome(answer, case), other.reference(*case)) for case in other.cases)
            if all(is_same(came, right) for came, right in pairs):
                return (
                    f"this is right for exercise {other.name}, {other.title}, and another "
                    f'function is asked for here. To check it there: check("{other.name}", ...)'
                )
    return ""


def _place_of_fault(exercise: Exercise, answer: object) -> str:
    """Words on the place of an answer where one change makes it right in all that is tried."""
    tried = [(case, outcome(exercise.reference, case)) for case in exercise.cases]

    def is_right(changed: object) -> bool:
        if all(is_same(outcome(changed, case), right) for case, right in tried):
            with suppress(Exception):  # as what is wrong raises Wrong, or whatever it likes
                (exercise.examine or id)(changed)
                return True
        return False

    silent = warnings.catch_warnings(action="ignore")  # of changes that make no sense
    with suppress(TookTooLong), _nothing_left_behind(), silent, time_limit(LIMIT_S):
        return place_of_fault(answer, is_right)
    return ""


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
