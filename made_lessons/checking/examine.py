"""Examine an answer: compare it with the reference, view by view, within a time limit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Real
from types import FunctionType

import numpy as np
import torch
from torch import Tensor, nn

from .causes import find_likely_cause
from .comparison import is_same, name_non_finite, require_same
from .exercise import Exercise, MalformedAnswer, WrongAnswer
from .stubs import methods_of, names_used, unwrap
from .time_limits import LIMIT_S, OPEN_LIMIT_S, TookTooLong, time_limit
from .value_text import as_text
from .views import UNSEEN, View, views_of

_DATA = (Real, list, tuple, Tensor, np.ndarray, nn.Module)


def examine(exercise: Exercise, answer: object) -> str:
    """Judge an answer within a time limit.

    Returns:
        Sentence about the right answer, often empty.

    Raises:
        WrongAnswer: if the answer is not right.
    """
    seconds = OPEN_LIMIT_S if exercise.is_open else LIMIT_S
    try:
        with _restored_settings(), time_limit(seconds):
            return _judge(exercise, answer)
    except TookTooLong:
        raise WrongAnswer(
            f"your code was stopped after {seconds:g} seconds. Does a loop never end, or take many "
            f"more steps than it needs?{_describe_globals_read(answer)}"
        ) from None
    except WrongAnswer as wrong:
        wrong.cause += _describe_globals_read(answer)
        raise
    except Exception as error:  # whatever the answer is, check() must not raise an error
        raise WrongAnswer(
            f"the check cannot use this answer. It raised {type(error).__name__}: {error}"
        ) from error


def _judge(exercise: Exercise, answer: object) -> str:
    views = views_of(exercise)
    for k, view in enumerate(views):
        reference = exercise.reference() if exercise.is_value else exercise.reference
        compare(view, answer, reference, exercise.known_mistakes, views[:k])
    if exercise.score is not None:
        return exercise.score(answer)
    message = exercise.message
    return message if isinstance(message, str) else message(answer)


@contextmanager
def _restored_settings() -> Iterator[None]:
    """Set the seed for a ``with`` block, and restore the settings of PyTorch after it."""
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
    known_mistakes: Mapping[str, object],
    earlier: Sequence[View] = (),
) -> None:
    """Compare an answer with the reference in one view, case by case.

    Args:
        view: property that is compared.
        answer: answer of the learner.
        reference: right answer.
        known_mistakes: wrong answers, each with its cause as the key.
        earlier: views in which the answer is right.

    Raises:
        WrongAnswer: with the likely cause, for the first case in which the answer is wrong.
    """
    for k, case in enumerate(view.cases):
        expected, got = view.reference_value(reference, case), UNSEEN
        try:
            got = view.see(answer, *case)
            if got is not UNSEEN:
                require_same(got, expected, view.name)
        except WrongAnswer as wrong:
            known = find_likely_cause(view, answer, reference, k, known_mistakes, earlier)
            if got is not UNSEEN and known in known_mistakes:
                again = view.value_or_error(known_mistakes[known], case)
                known = known if is_same(got, again) else ""  # a random answer may differ now
            own = "" if got is UNSEEN else view.explain(answer, got, expected)
            wrong.cause = known or own or wrong.cause
            is_certain = known in known_mistakes or own or isinstance(wrong, MalformedAnswer)
            number = "" if is_certain or got is UNSEEN else name_non_finite(got, expected)
            if number:
                why = f": {known}" if known else ""
                wrong.cause = f"{view.name} contains {number}, but it must be finite{why}"
            wrong.tried = view.describe_input(answer, case) or wrong.tried
            if own or (got is not UNSEEN and not isinstance(wrong, MalformedAnswer)):
                _show_values(wrong, view, got, expected)
            raise wrong


def _show_values(wrong: WrongAnswer, view: View, got: object, expected: object) -> None:
    """Write both values into the report: strings as they are, and dicts with all their entries."""
    if isinstance(expected, str | Mapping) or isinstance(wrong, MalformedAnswer):
        texts = (seen if isinstance(seen, str) else as_text(seen) for seen in (got, expected))
        wrong.got, wrong.expected = texts
    wrong.got = wrong.got or as_text(got)
    wrong.expected = wrong.expected if view.expected is None else view.expected


def _describe_globals_read(answer: object) -> str:
    """Ask about the data that an answer reads from the notebook, or return "" if it reads none."""
    functions = methods_of(answer).values() if isinstance(answer, type) else [unwrap(answer)]
    names = set()
    for function in functions:
        if isinstance(function, FunctionType) and function.__module__ == "__main__":
            data = function.__globals__
            read = names_used(function, only_globals=True)
            names |= {name for name in read if isinstance(data.get(name), _DATA)}
    if not names:
        return ""
    these = ", ".join(f"`{name}`" for name in sorted(names))
    return f" (Your code reads {these} from the notebook. Did you mean to use an argument?)"
