"""Find the likely cause of a wrong answer: a known mistake, or a relation to the right result."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from numbers import Real

from torch import Tensor

from .calls import run
from .comparing import is_same
from .exercise import KnownMistake
from .probes import CUT_OFF, ROUNDED, probe, without_effect
from .relations import SAY_LITTLE, find_relation
from .substitutions import find_other_arguments
from .unfinished import names_read, parts_to_do
from .views import View

RIGHT_SO_FAR = (
    "your answer was right for everything that was tried before, but it is wrong here. Did you "
    "write a number or a size from an example into your code? Otherwise, what is different here?"
)


def likely_cause(
    view: View,
    answer: object,
    reference: Callable[..., object],
    failed: int,
    known_mistakes: Sequence[KnownMistake],
    earlier: Sequence[View] = (),
) -> str:
    """Return the likely cause of a wrong answer; empty if none is known.

    A known mistake is the cause if it has the same wrong values as the answer in all cases, and is
    right in all earlier views. If the answer raises an error in a case other than the failed one,
    this case is skipped.

    Args:
        view: view in which the answer is wrong.
        answer: the wrong answer.
        reference: right answer.
        failed: index of the first case in which the answer is wrong.
        known_mistakes: wrong answers with causes.
        earlier: views in which the answer is right.
    """
    got, right = ([view.seen(one, case) for case in view.cases] for one in (answer, reference))
    telling = [k for k in range(len(got)) if k == failed or not isinstance(got[k], str | None)]

    @cache
    def value(number: int, k: int) -> object:
        return view.seen(known_mistakes[number].answer, view.cases[k])

    for number, mistake in enumerate(known_mistakes):
        is_it = all(is_same(got[k], value(number, k)) for k in telling)
        if is_it and all(_are_alike(one, mistake.answer, reference) for one in earlier):
            return mistake.cause
    if view.see is not run:
        return ""
    for number, mistake in enumerate(known_mistakes):
        if all(_has_same_errors(got[k], value(number, k), right[k]) for k in telling):
            return f"perhaps {mistake.cause} (this fits all of your wrong results)"
    is_unfinished = any(parts_to_do(part)[0] for part in got)
    if is_unfinished or not isinstance(got[failed], Tensor | Real | list | tuple):
        return ""
    names = [*inspect.signature(reference).parameters]
    calls = [dict(zip(names, view.cases[k], strict=True)) for k in telling]
    got, right = [got[k] for k in telling], [right[k] for k in telling]
    return _general_cause(view, answer, reference, got, right, calls, telling.index(failed))


def _are_alike(view: View, answer: object, reference: object) -> bool:
    return all(
        is_same(*(view.seen(one, case) for one in (answer, reference))) for case in view.cases
    )


def _general_cause(
    view: View,
    answer: object,
    reference: Callable[..., object],
    got: Sequence[object],
    right: Sequence[object],
    calls: Sequence[Mapping[str, object]],
    failed: int,
) -> str:
    """Find a cause by calling the answer again, or by relating its results to the right ones."""
    quiet, sound = (
        lambda *arguments, one=one: view.seen(one, arguments) for one in (answer, reference)
    )
    found = probe(quiet, sound, calls, failed)
    if found in (CUT_OFF, ROUNDED):
        instead = sorted(names_read(reference) & {"softplus", "logsigmoid"})
        if not instead:  # naming a function would give the solution away
            return found.format(also="")
        return f"{found.format(also=', like 1 minus a sigmoid')}, with {' or '.join(instead)}"
    relation = find_relation(got, right, calls)
    found = (
        found
        or ("" if relation in SAY_LITTLE else _perhaps(relation))
        or without_effect(quiet, sound, calls)
        or _perhaps(find_other_arguments(got, right, calls, reference))
        or relation
    )
    return found or (RIGHT_SO_FAR if failed else "")


def _perhaps(words: str) -> str:
    """Mark a cause as a guess."""
    return words and f"perhaps {words} (this fits all of your wrong results)"


def _has_same_errors(got: object, mistake: object, right: object) -> bool:
    """Return True if each entry of a result is either right or the same as the mistake's."""
    if is_same(got, mistake) or is_same(got, right):
        return True
    lists = (right, got, mistake)
    if not all(isinstance(part, list | tuple) and len(part) == len(right) for part in lists):
        return False
    return all(map(_has_same_errors, got, mistake, right))
