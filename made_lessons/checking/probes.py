"""What a few more calls of a wrong answer tell: chance, large numbers, arguments without effect."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from made_course.common.words import listing

from .relations import are_same

Call = Callable[..., object]
Same = Callable[[object, object], bool]

CHANCE = (
    "two calls with the same {names} give different results: draw no random numbers besides, and "
    "keep nothing from one call to the next"
)
WITHOUT_EFFECT = (
    "the same comes out for other values of {names}, and it should not: what comes has to be "
    "computed from them"
)
CUT_OFF = (
    "right while numbers are small. At large ones a small number ε, a clamp or nan_to_num hides "
    "that one is rounded to 0: take a form without it"
)
ROUNDED = (
    "right while numbers are small. At large ones exp of one overflows or is rounded to 0"
    "{also}, and float64 only moves the place: take a form without it"
)
LARGE = 20.0
"""Numbers beyond which exp of them, or 1 minus a sigmoid, begins to lose digits."""


def probe(
    answer: Call, reference: Call, calls: Sequence[Mapping[str, object]], failed: int, same: Same
) -> str:
    """Words on what calls with other arguments find; empty where they find nothing.

    Args:
        answer: gives a result for arguments, whatever happens in it.
        reference: does so, and is right.
        calls: arguments, by name.
        failed: which call went wrong.
        same: whether two results are.
    """
    named = calls[failed]
    arguments = [*named.values()]
    first, right = answer(*arguments), reference(*arguments)
    again = answer(*arguments)
    if not same(first, again) and not are_same(first, again):
        inputs = [name for name, value in named.items() if not callable(value)]
        return CHANCE.format(names=_listed(inputs))
    if _are_large(arguments) and any(
        same(answer(*smaller), reference(*smaller)) for smaller in _made_smaller(arguments)
    ):
        return CUT_OFF if _is_finite(first) and _is_finite(right) else ROUNDED
    return ""


def without_effect(
    answer: Call, reference: Call, calls: Sequence[Mapping[str, object]], same: Same
) -> str:
    """Words on arguments that make no difference, in any of the calls, where they should."""
    unused = [
        name
        for name in calls[0]
        if sum(_differences(name, answer, reference, call, same) for call in calls) > 1
    ]
    return WITHOUT_EFFECT.format(names=_listed(unused)) if unused else ""


def _listed(names: list[str]) -> str:
    return listing([f"`{name}`" for name in names])


def _differences(
    name: str, answer: Call, reference: Call, named: Mapping[str, object], same: Same
) -> float:
    """How many others of an argument should make a difference, if none does; else less than any."""
    first, right = (function(*named.values()) for function in (answer, reference))
    count = 0
    for other in _others(named[name]):
        changed = [*(named | {name: other}).values()]
        if not same(answer(*changed), first):
            return -math.inf
        count += not same(reference(*changed), right)
    return count


def _others(value: object) -> Iterator[object]:
    """Values of the same form."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, 2 * value + 1)
    elif isinstance(value, Tensor) and value.dim():
        if value.dtype == torch.bool:
            yield ~value
        yield value.flip(0)
        yield value.roll(1, 0)
        if value.is_floating_point():
            yield 1 - value
            yield value / 2
    elif isinstance(value, Tensor) and value.is_floating_point():
        yield from (1 - value, value / 2)
    elif isinstance(value, list):
        for others in zip(*map(_others, value), strict=False):
            yield list(others)
    elif callable(value) and not isinstance(value, torch.nn.Module):
        yield lambda *arguments: value(*arguments) / 2
        yield lambda *arguments: -value(*arguments).square()


def _is_floating(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _are_large(arguments: Iterable[object]) -> bool:
    """Whether some numbers are so large that exp of them may be none."""
    return any(bool((part.abs() > LARGE).any()) for part in arguments if _is_floating(part))


def _made_smaller(arguments: list[object]) -> Iterator[list[object]]:
    for factor in (0.1, 0.03, 0.01, 0.003):
        for only_large in (True, False):
            yield [_smaller(part, factor, only_large) for part in arguments]


def _smaller(value: object, factor: float, only_large: bool) -> object:
    if not _is_floating(value):
        return value
    return value * factor if not only_large or bool((value.abs() > LARGE).any()) else value


def _is_finite(value: object) -> bool:
    return not isinstance(value, Tensor) or bool(value.isfinite().all())
