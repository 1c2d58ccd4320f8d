"""Call a wrong answer again to see if it is random, ignores inputs or fails for large numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

import torch
from torch import Tensor

from made_course.common.words import join_names

from .comparison import has_same_numbers, is_same

Call = Callable[..., object]

CHANCE = (
    "two calls with the same {names} returned different results. Do not draw random numbers of "
    "your own, and do not keep anything from one call to the next"
)
WITHOUT_EFFECT = (
    "your result stays the same for other values of {names}, but it must depend on {names}"
)
CUT_OFF = (
    "your answer is right for small numbers, but not for large ones. Does a small ε, a clamp, "
    "nan_to_num, or a number that stands for infinity decide the result? Use a formula that needs "
    "none of these"
)
ROUNDED = (
    "your answer is right for small numbers. For large ones, exp overflows or is rounded to "
    "0{also}, and float64 only moves the limit. Use a formula that avoids this"
)
LARGE = 20.0  # above this x, float32 rounds 1 - sigmoid(x) to 0


def probe(answer: Call, reference: Call, calls: Sequence[Mapping[str, object]], failed: int) -> str:
    """Return the cause if an answer is random, or if it is wrong only for large numbers, else "".

    Args:
        answer: the wrong answer, as a function that never raises an error.
        reference: right answer, as a function that never raises an error.
        calls: arguments of each call, by name.
        failed: index of the call whose result is wrong.
    """
    named = calls[failed]
    arguments = [*named.values()]
    first, right = answer(*arguments), reference(*arguments)
    again = answer(*arguments)
    is_comparable = is_same(first, first) or has_same_numbers(first, first)
    if is_comparable and not is_same(first, again) and not has_same_numbers(first, again):
        inputs = [name for name, value in named.items() if not callable(value)]
        return CHANCE.format(names=_list_names(inputs))
    if any(_largest_magnitude(part) > LARGE for part in arguments) and any(
        is_same(answer(*smaller), reference(*smaller)) for smaller in _scale_down(arguments)
    ):
        results = [part for part in (first, right) if isinstance(part, Tensor)]
        return CUT_OFF if all(bool(part.isfinite().all()) for part in results) else ROUNDED
    return ""


def _largest_magnitude(value: object) -> float:
    """Return the largest absolute value in a tensor of floats, and 0 for other values."""
    is_floats = isinstance(value, Tensor) and value.is_floating_point() and value.numel()
    return value.abs().max().item() if is_floats else 0.0


def _scale_down(arguments: list[object]) -> Iterator[list[object]]:
    """Yield copies of the arguments in which the large tensors, or all tensors, are scaled down."""
    for factor, bound in product((0.1, 0.03, 0.01, 0.003), (LARGE, 0.0)):
        yield [part * factor if _largest_magnitude(part) > bound else part for part in arguments]


def find_unused_arguments(
    answer: Call, reference: Call, calls: Sequence[Mapping[str, object]]
) -> str:
    """Return the cause if some arguments should change the result but do not, else ""."""
    unused = [name for name in calls[0] if _is_unused(name, answer, reference, calls)]
    return WITHOUT_EFFECT.format(names=_list_names(unused)) if unused else ""


def _list_names(names: list[str]) -> str:
    return join_names([f"`{name}`" for name in names])


def _is_unused(
    name: str, answer: Call, reference: Call, calls: Sequence[Mapping[str, object]]
) -> bool:
    """Return True if the answer ignores an argument.

    No value that is tried changes its result, but at least two change the reference's result.
    """
    due = 0
    for call in calls:
        first, right = (function(*call.values()) for function in (answer, reference))
        for other in _vary_value(call[name]):
            changed = [*(call | {name: other}).values()]
            if not is_same(answer(*changed), first):
                return False
            due += not is_same(reference(*changed), right)
    return due > 1


def _vary_value(value: object) -> Iterator[object]:
    """Yield other values of the same type and shape."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, 2 * value + 1)
    elif isinstance(value, Tensor):
        if value.dtype == torch.bool:
            yield ~value
        if value.dim():
            yield from (value.flip(0), value.roll(1, 0))
        if value.is_floating_point():
            yield from (1 - value, value / 2)
    elif isinstance(value, list):
        for others in zip(*map(_vary_value, value), strict=False):
            yield list(others)
    elif callable(value) and not isinstance(value, torch.nn.Module):
        yield lambda *arguments: value(*arguments) / 2
        yield lambda *arguments: -value(*arguments).square()
