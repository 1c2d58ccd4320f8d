"""Why an answer is wrong: the slip that does the same, or how what came is related to the right."""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Callable, Sequence
from functools import cache
from numbers import Real

from torch import Tensor

from .calls import IN_LINE, MEANT, run
from .comparing import is_same
from .exercise import Slip, Wrong, defined
from .probes import CUT_OFF, ROUNDED, probe, without_effect
from .relations import find_relation, says_little
from .substitutions import find_other_arguments
from .unfinished import names_read, parts_to_do

RIGHT_SO_FAR = (
    "right for what was tried before, and wrong here. Is a number or a size of an example written "
    "into your code? Or what is different here?"
)
Cases = Sequence[tuple[object, ...]]


def likely_cause(
    answer: object,
    reference: Callable[..., object],
    cases: Cases,
    failed: int,
    slips: Sequence[Slip],
) -> str:
    """Why an answer is wrong; empty where nothing is known.

    One case alone may look like many a mistake, so all count. Where the answer raises, it tells
    nothing of the case that failed before.
    """
    came, right = ([outcome(function, case) for case in cases] for function in (answer, reference))
    telling = [k for k in range(len(cases)) if k == failed or not isinstance(came[k], str | None)]
    found = _slip(slips, cases, came, right, telling)
    is_unfinished = any(parts_to_do(part)[0] for part in came)
    if found or is_unfinished or not isinstance(came[failed], _KINDS):
        return found
    names = list(inspect.signature(reference).parameters)
    calls = [dict(zip(names, cases[k], strict=True)) for k in telling]
    came, right = [came[k] for k in telling], [right[k] for k in telling]
    place = telling.index(failed)
    quiet, sound = (_quiet(function) for function in (answer, reference))
    found = probe(quiet, sound, calls, place, is_same)
    if found in (CUT_OFF, ROUNDED):
        instead = sorted(names_read(reference) & {"softplus", "logsigmoid"})
        if not instead:  # a function's name would be the solution
            return found.format(also="")
        return f"{found.format(also=', as 1 minus a sigmoid is')}, by {' or '.join(instead)}"
    relation = find_relation(came, right, calls)
    found = (
        found
        or ("" if says_little(relation) else _perhaps(relation))
        or without_effect(quiet, sound, calls, is_same)
        or _perhaps(find_other_arguments(came, right, calls, reference))
        or relation
    )
    return found or (RIGHT_SO_FAR if place else "")


_KINDS = (Tensor, Real, list, tuple)


def _perhaps(words: str) -> str:
    """What is only inferred from numbers, with what was seen of it."""
    return words and f"perhaps {words} (it fits what came wherever this is wrong)"


def _slip(
    slips: Sequence[Slip],
    cases: Cases,
    came: Sequence[object],
    right: Sequence[object],
    telling: Sequence[int],
) -> str:
    """The cause of the slip that does the same on all cases, or wherever the answer is wrong."""

    @cache
    def theirs(place: int, k: int) -> object:
        return outcome(slips[place].answer, cases[k])

    for place, slip in enumerate(slips):
        if all(is_same(came[k], theirs(place, k)) for k in telling):
            return slip.cause
    for place, slip in enumerate(slips):
        if all(_is_as_wrong(came[k], theirs(place, k), right[k]) for k in telling):
            return f"perhaps {slip.cause} (where this is wrong, it is as by that mistake)"
    return ""


def _is_as_wrong(came: object, slip: object, right: object) -> bool:
    """Whether an answer, or each entry of a list, is right or the same as the slip's."""
    if is_same(came, slip) or is_same(came, right):
        return True
    lists = (right, came, slip)
    if not all(isinstance(part, list | tuple) and len(part) == len(right) for part in lists):
        return False
    return all(map(_is_as_wrong, came, slip, right))


def cause_of(name: str, see: Callable[[object], object], came: object) -> str:
    """The cause of the wrong answer to an exercise of which the same is seen; empty if of none."""
    return next((s.cause for s in defined(name).slips if is_same(see(s.answer), came)), "")


def outcome(function: object, arguments: tuple[object, ...]) -> object:
    """What a call returns, or the words of what is wrong with it; what it prints is not shown."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            came = run(function, *arguments)
            return [*came] if isinstance(came, list) else came  # it may be changed in a next call
    except Wrong as wrong:
        return wrong.cause.partition(MEANT)[0].partition(IN_LINE)[0]


def _quiet(function: object) -> Callable[..., object]:
    return lambda *arguments: outcome(function, arguments)
