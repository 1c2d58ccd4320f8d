"""Find arguments for which a wrong result would be right, such as swapped or negated ones."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations

import torch
from torch import Tensor

from .comparison import has_same_numbers

Named = Mapping[str, object]
_CHANGES = {
    "`~{0}` were given instead of `{0}`": (torch.bool, torch.logical_not),
    "`sigmoid({0})` were given instead of `{0}`": (torch.float32, torch.sigmoid),
    "`softmax({0})` were given instead of `{0}`": (torch.float32, lambda x: x.softmax(-1)),
    "`-{0}` were given instead of `{0}`": (torch.float32, torch.neg),
    "`1 - {0}` were given instead of `{0}`": (torch.float32, lambda x: 1 - x),
    "`{0} + 1` were given instead of `{0}`": (int, lambda n: n + 1),
    "`not {0}` were given instead of `{0}`": (bool, lambda value: not value),
    "`{0}` were given without its last entry": (list, lambda parts: parts[:-1]),
    "only the first two entries of `{0}` were given": (list, lambda parts: parts[:2]),
}
"""Description of a change → type of the argument (for a tensor, its dtype), and the change."""


def find_other_arguments(
    got: Sequence[object],
    right: Sequence[object],
    arguments: Sequence[Named],
    reference: Callable[..., object],
) -> str:
    """Describe a change of the arguments after which an answer would be right in all calls.

    Example:
        >>> calls = [{"x": torch.tensor([0.5, 3.0])}]
        >>> got, right = [torch.tensor([1.5, 4.0])], [torch.tensor([0.5, -2.0])]
        >>> find_other_arguments(got, right, calls, lambda x: 1 - x)
        'this would be right if `-x` were given instead of `x`'
    """
    if all(map(has_same_numbers, got, right)):
        return ""
    for words, changed in _list_argument_changes(arguments):
        results = (reference(*copy.deepcopy([*named.values()])) for named in changed)
        with suppress(Exception):  # the change may not fit these arguments
            if all(map(has_same_numbers, got, results)):
                return f"this would be right if {words}"
    return ""


def _list_argument_changes(arguments: Sequence[Named]) -> Iterator[tuple[str, list[dict]]]:
    """Yield changes of the arguments: a description, and the changed arguments of all calls."""
    first = arguments[0]
    for one, other in combinations(first, 2):
        swapped = [named | {one: named[other], other: named[one]} for named in arguments]
        yield f"`{one}` and `{other}` were swapped", swapped
    for name, value in first.items():
        kind = value.dtype if isinstance(value, Tensor) else type(value)
        for words, (of_kind, change) in _CHANGES.items():
            if kind == of_kind:
                yield words.format(name), [n | {name: change(n[name])} for n in arguments]
