"""For which other arguments an answer would be right: swapped, in a sigmoid, of the example."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

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
        'this would be right for -x in place of `x`'
    """
    for words, changed in _changes(arguments):
        try:
            made = [reference(*copy.deepcopy([*named.values()])) for named in changed]
        except Exception:  # this change makes no sense here
            continue
        if all(map(are_same, came, made)) and not all(map(are_same, made, right)):
            return words
    return ""


def _changes(arguments: Sequence[Named]) -> Iterator[tuple[str, list[dict]]]:
    """Words, and all calls with other arguments."""
    first = arguments[0]
    for one, other in combinations(first, 2):
        swapped = [named | {one: named[other], other: named[one]} for named in arguments]
        yield f"this would be right if `{one}` and `{other}` were swapped", swapped
    for name in first:
        for expression, change in _CHANGES:
            try:
                changed = [named | {name: change(named[name])} for named in arguments]
            except Exception:  # not for an argument of this kind
                continue
            yield f"this would be right for {expression(name)} in place of `{name}`", changed
    for names in [[name] for name in first] + [[*pair] for pair in combinations(first, 2)]:
        if len(arguments) > 1:
            fixed = [named | {name: first[name] for name in names} for named in arguments]
            which = " and ".join(f"`{name}`" for name in names)
            yield (
                f"this would be right if {which} were always as in the first example: is something "
                f"of it written into your code, a number or a size? Use {which}",
                fixed,
            )


def _floats(change: Callable[[Tensor], Tensor]) -> Callable[[object], Tensor]:
    def changed(value: object) -> Tensor:
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise TypeError
        return change(value)

    return changed


def _places(change: Callable[[Tensor], Tensor]) -> Callable[[object], Tensor]:
    def changed(value: object) -> Tensor:
        if not isinstance(value, Tensor) or value.dtype != torch.long or value.dim() != 1:
            raise TypeError
        return change(value)

    return changed


def _numbers(change: Callable[[float], float]) -> Callable[[object], float]:
    def changed(value: object) -> float:
        if type(value) not in (int, float):
            raise TypeError
        return change(value)

    return changed


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _opposite(value: object) -> object:
    if type(value) is bool:
        return not value
    if not isinstance(value, Tensor) or value.dtype != torch.bool:
        raise TypeError
    return ~value


_CHANGES: tuple[tuple[Callable[[str], str], Callable[[object], object]], ...] = (
    (lambda name: f"sigmoid({name})", _floats(torch.sigmoid)),
    (lambda name: f"softmax({name})", _floats(lambda x: x.softmax(-1))),
    (lambda name: f"-{name}", _floats(torch.neg)),
    (lambda name: f"1 - {name}", _floats(lambda x: 1 - x)),
    (lambda name: f"{name}.exp()", _floats(torch.exp)),
    (lambda name: f"{name}.log()", _floats(torch.log)),
    (lambda name: f"{name}.T", _floats(lambda x: x.mT)),
    (lambda name: f"{name}.flip(0)", _floats(lambda x: x.flip(0))),
    (lambda name: "zeros (is it used?)", _floats(torch.zeros_like)),
    (lambda name: "ones (is it used?)", _floats(torch.ones_like)),
    (lambda name: f"{name} squared", _floats(torch.square)),
    (lambda name: f"{name}.argsort()", _places(torch.argsort)),
    (lambda name: f"{name}.argsort() + 1", _places(lambda x: x.argsort() + 1)),
    (lambda name: f"{name} - 1", _places(lambda x: x - 1)),
    (lambda name: f"{name} + 1", _places(lambda x: x + 1)),
    (lambda name: f"{name}.flip(0)", _places(lambda x: x.flip(0))),
    (lambda name: "0, 1, 2, … (is it used?)", _places(lambda x: torch.arange(len(x)))),
    (lambda name: "1, 2, 3, … (is it used?)", _places(lambda x: torch.arange(len(x)) + 1)),
    (lambda name: f"{name} - 1", _numbers(lambda n: n - 1)),
    (lambda name: f"{name} + 1", _numbers(lambda n: n + 1)),
    (lambda name: f"-{name}", _numbers(lambda n: -n)),
    (lambda name: f"1 - {name}", _numbers(lambda n: 1 - n)),
    (lambda name: "0 (is it used?)", _numbers(lambda n: type(n)(0))),
    (lambda name: "1 (is it used?)", _numbers(lambda n: type(n)(1))),
    (lambda name: f"2 * {name}", _numbers(lambda n: 2 * n)),
    (lambda name: f"{name} the other way round", lambda value: _list(value)[::-1]),
    (
        lambda name: f"{name} with the first twice",
        lambda value: [*_list(value)[:1], *_list(value)],
    ),
    (lambda name: f"{name} without the last", lambda value: _list(value)[:-1]),
    (lambda name: f"{name} without the first", lambda value: _list(value)[1:]),
    (lambda name: f"{name}[:1], the first alone,", lambda value: _list(value)[:1]),
    (lambda name: f"{name}[:2], the first two alone,", lambda value: _list(value)[:2]),
    (lambda name: f"{name}[-1:], the last alone,", lambda value: _list(value)[-1:]),
    (lambda name: f"~{name}", _opposite),
)
