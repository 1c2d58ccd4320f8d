"""For which other arguments an answer would be right: swapped, in a sigmoid, without the last."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from operator import not_

import torch
from torch import Tensor

from .relations import are_same

Named = Mapping[str, object]


def find_other_arguments(
    came: Sequence[object],
    right: Sequence[object],
    arguments: Sequence[Named],
    reference: Callable[..., object],
) -> str:
    """Words on the arguments for which an answer would be right, in all calls.

    Example:
        >>> calls = [{"x": torch.tensor([0.5, 3.0])}]
        >>> came, right = [torch.tensor([1.5, 4.0])], [torch.tensor([0.5, -2.0])]
        >>> find_other_arguments(came, right, calls, lambda x: 1 - x)
        'this would be right if `-x` were given in place of `x`'
    """
    if all(map(are_same, came, right)):
        return ""
    for words, changed in _changes(arguments):
        made = (reference(*copy.deepcopy([*named.values()])) for named in changed)
        with suppress(Exception):  # a change that makes no sense here
            if all(map(are_same, came, made)):
                return words
    return ""


def _changes(arguments: Sequence[Named]) -> Iterator[tuple[str, list[dict]]]:
    """Words, and all calls with other arguments."""
    first = arguments[0]
    for one, other in combinations(first, 2):
        swapped = [named | {one: named[other], other: named[one]} for named in arguments]
        yield f"this would be right if `{one}` and `{other}` were swapped", swapped
    for name, value in first.items():
        for fits, words, change in _CHANGES:
            if fits(value):
                changed = [named | {name: change(named[name])} for named in arguments]
                yield f"this would be right if {words.format(name)}", changed


def _is_floats(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _is_bools(value: object) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.bool


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


_CHANGES: tuple[tuple[Callable[[object], bool], str, Callable[..., object]], ...] = (
    (_is_bools, "`~{0}` were given in place of `{0}`", torch.logical_not),
    (_is_floats, "`sigmoid({0})` were given in place of `{0}`", torch.sigmoid),
    (_is_floats, "`softmax({0})` were given in place of `{0}`", lambda x: x.softmax(-1)),
    (_is_floats, "`-{0}` were given in place of `{0}`", torch.neg),
    (_is_floats, "`1 - {0}` were given in place of `{0}`", lambda x: 1 - x),
    (_is_number, "`{0} + 1` were given in place of `{0}`", lambda n: n + 1),
    (_is_list, "`{0}` were given without the last", lambda parts: parts[:-1]),
    (_is_list, "of `{0}` the first two alone were given", lambda parts: parts[:2]),
    (lambda value: isinstance(value, bool), "`not {0}` were given in place of `{0}`", not_),
)
