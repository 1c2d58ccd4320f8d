"""Find how a wrong result is related to the right one: not summed, transposed, in bits, negated.

A relation is a row of a table: words, and the change that makes one result equal to the other. If
the same relation holds in all calls, it is the likely cause, whatever the exercise is. Its words
name the arguments of the exercise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import permutations

import numpy as np
import torch
from torch import Tensor

Named = Mapping[str, object]
Change = Callable
"""A function of a tensor or a list, which returns the changed one."""
Row = tuple[str, Change, Change]
"""Words, and a change of the wrong result and one of the right, which are then equal."""

BETWEEN = (
    "these are numbers between 0 and 1, and zeros and ones are asked for: are they probabilities?"
)
MEAN_OF_ALL = "this is the mean over everything: a sum for each row is asked for"
LONGEST = 5
"""Length of a list up to which all permutations are tried."""


def find_relation(
    got: Sequence[object], right: Sequence[object], arguments: Sequence[Named]
) -> str:
    """Return the words of the simplest relation that holds in all calls that went wrong.

    Args:
        got: result of the answer for each call.
        right: right result for each call.
        arguments: arguments of each call, by name.

    Returns:
        the words; empty if there is no relation.

    Example:
        >>> find_relation([torch.tensor([0.0, 2.0])], [torch.tensor([0.0, -2.0])], [{}])
        'the sign is turned round: this is the NLL, and no log-probability is above 0'
    """
    shared: dict[str, None] | None = None
    for call in zip(got, right, arguments, strict=True):
        holds = dict.fromkeys(_relations(*call))
        if "" not in holds:  # a right call has no relation
            shared = {words: None for words in shared or holds if words in holds}
            if not shared:
                return ""
    return min(shared or (), key=_complexity, default="")


def _complexity(words: str) -> int:
    """Count the changes; words that say little come last."""
    joined = words.count("; and ") + words.count("? And ")
    return joined + 3 * says_little(words)


def says_little(words: str) -> bool:
    """Whether words hold for answers that are wrong for many different reasons."""
    return words.startswith(("all is True", "nothing is True", "all numbers of a"))


def are_same(got: object, right: object) -> bool:
    """Whether two values hold the same numbers, in lists or in tensors.

    Example:
        >>> are_same([1, 2], torch.tensor([1.0, 2.0]))
        True
    """
    got, right = _as_tensors(got), _as_tensors(right)
    if isinstance(got, Tensor) and isinstance(right, Tensor):
        return _is_close(got.double(), right.double())
    if isinstance(got, list) and isinstance(right, list) and len(got) == len(right):
        return all(map(are_same, got, right))
    return False


def _as_tensors(value: object) -> Tensor | list[object] | None:
    """Return a number or a list of numbers as a tensor, and other lists part by part."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        return torch.as_tensor(value)
    if isinstance(value, list | tuple):
        if value and all(isinstance(part, bool | int | float) for part in value):
            return torch.tensor(value)
        return [_as_tensors(part) for part in value]
    return None


def _is_close(got: Tensor, right: Tensor) -> bool:
    return got.shape == right.shape and torch.allclose(
        got, right, rtol=3e-4, atol=1e-6, equal_nan=True
    )


def _relations(got: object, right: object, named: Named) -> Iterator[str]:
    """Yield the words of all relations of two values; empty words if they are the same."""
    got, right = _as_tensors(got), _as_tensors(right)
    if got == [] and isinstance(right, Tensor):
        got = torch.empty(0)
    if isinstance(got, list) and isinstance(right, list):
        if len(got) == len(right):
            pairs = zip(got, right, strict=True)
            yield from _of_all_parts([[*_relations(c, r, named)] for c, r in pairs])
        yield from (words for words, c, r in _LISTS if are_same(c(got), r(right)))
        is_short = len(got) == len(right) <= LONGEST
        if is_short and any(are_same(got, [*parts]) for parts in permutations(right)):
            yield "the parts of the list are right, and stand in another order"
    elif isinstance(got, Tensor) and isinstance(right, list) and right:
        together = torch.cat([part.flatten().double() for part in right])
        if _is_close(got.flatten().double(), together):
            yield "the parts are right, and put together in one tensor: a list of them is asked for"
        yield from (words for words, c, r in _LENGTHS if are_same(c([got]), r(right)))
    elif isinstance(got, Tensor) and isinstance(right, Tensor):
        yield from _of_tensors(got, right, named)


def _of_all_parts(holds: list[list[str]]) -> Iterator[str]:
    """Yield the words that hold for every wrong part of a list."""
    wrong = [words for words in holds if "" not in words]
    if not wrong:
        yield ""
        return
    yield from (words for words in wrong[0] if all(words in others for others in wrong))


def _of_tensors(got: Tensor, right: Tensor, named: Named) -> Iterator[str]:
    first, second = got.double(), right.double()
    if _is_close(first, second):
        is_alike = (got.dtype == torch.bool) == (right.dtype == torch.bool)
        dtypes = f"{got.dtype}: {right.dtype} is asked for"
        yield "" if is_alike else f"the values are right, but their dtype is {dtypes}"
    else:
        yield from _of_range(first, second, right.dtype)
    if first.numel() and not bool(first.isfinite().any()):
        return
    values = [("", _same), *_values(right, named)]
    for words, of_came, of_right in _rows(first, second, named):
        for value_words, change in values:
            if (words or value_words) and _is_close(of_came(first), change(of_right(second))):
                yield _joined(words, value_words)


def _joined(words: str, value_words: str) -> str:
    if "the mean over all entries" in words and value_words.startswith("this is divided"):
        return MEAN_OF_ALL + ". And ".join(["", *value_words.split("? And ")[1:]])
    return "; and ".join(filter(None, [words, value_words]))


def _of_range(got: Tensor, right: Tensor, dtype: torch.dtype) -> Iterator[str]:
    """Yield what the range of the numbers tells, or what a mask has too many or too few of."""
    is_between = (got > 0) & (got < 1)
    if not dtype.is_floating_point and dtype != torch.bool:
        if bool((right > 1).all() & is_between.all()):
            yield "this lies between 0 and 1, as a share does: a number is asked for"
    elif got.shape != right.shape:
        return
    elif dtype == torch.bool:
        if bool((got >= right).all()):
            yield _TOO_MUCH
        if bool((got <= right).all()):
            yield "nothing is True that should not be, and something is missing"
    elif right.numel() > 1:
        if bool(((right == 0) | (right == 1)).all() & is_between.any()):
            yield BETWEEN
        for words, apart in ((_SAME_AMOUNT, got - right), (_SAME_FACTOR, got / right)):
            if bool(apart.isfinite().all()) and _is_close(apart, apart.mean().expand_as(apart)):
                yield words


_SAME_AMOUNT = (
    "all numbers of a call are too large or too small by the same amount: a term that is the same "
    "for all of them is wrong, missing or too much"
)
_SAME_FACTOR = (
    "all numbers of a call are too large or too small by the same factor: something that they are "
    "multiplied or divided by is wrong"
)
_TOO_MUCH = "all is True that should be, and more: nothing is missing, and something is too much"


# ---- what may have been done to each number ------------------------------------------------------


def _same(value: object) -> object:
    return value


def _values(right: Tensor, named: Named) -> Iterator[tuple[str, Change]]:
    if right.dtype == torch.bool:
        yield "each entry is the opposite of what is asked for", lambda r: 1 - r
        return
    sign = "the sign is turned round"
    is_log = right.is_floating_point() and bool((right <= 0).all())
    nll = "this is the NLL, and no log-probability is above 0"
    yield f"{sign}: {nll if is_log else 'this is the negative of what is asked for'}", torch.neg
    yield from _SHIFTS
    for words, change in _FUNCTIONS:
        yield words, change
        yield f"{words}; and {sign}", lambda r, change=change: -change(r)
    for size, n in _sizes(named):
        mean = f"this is divided by {size}: a mean where a sum is asked for?"
        yield mean, lambda r, n=n: r / n
        yield f"{mean} And {sign}", lambda r, n=n: -r / n
        times = f"this is {size} times too large: a sum where a mean is asked for?"
        yield times, lambda r, n=n: r * n
        multiplied = f"this is multiplied by {size} where it has to be divided by it"
        yield multiplied, lambda r, n=n: r * n**2


_SHIFTS = (
    ("each number is one too large: where does the counting begin?", lambda r: r + 1),
    ("each number is one too small: where does the counting begin?", lambda r: r - 1),
    ("each number is 1 minus what is asked for", lambda r: 1 - r),
)
_FUNCTIONS: tuple[tuple[str, Change], ...] = (
    ("this is exp of what is asked for: its logarithm is asked for", torch.exp),
    (
        "this is the logarithm of what is asked for: .exp() is missing at the end, or a logarithm "
        "is too much",
        torch.log,
    ),
    (
        "these are bits, by logarithms to base 2, where nats are asked for: the natural logarithm "
        "is torch.log or math.log",
        lambda r: r / math.log(2),
    ),
    (
        "this is ln 10 = 2.303 times what is asked for: it is divided by a logarithm to base 10, "
        "and by the natural one it should be, math.log",
        lambda r: r * math.log(10),
    ),
    (
        "this is by logarithms to base 10: the natural logarithm is torch.log or math.log",
        lambda r: r / math.log(10),
    ),
    (
        "this is by a logarithm to base 10 where one to base 2 is asked for: ln 2 is math.log(2)",
        lambda r: r * math.log(2) / math.log(10),
    ),
    ("this is upside down: 1 over what is asked for", torch.reciprocal),
    ("this is rounded down: the numbers themselves are asked for", torch.floor),
    *(
        ("this is rounded: the numbers themselves are asked for", partial(torch.round, decimals=k))
        for k in range(4)
    ),
)


def _sizes(named: Named) -> Iterator[tuple[str, int]]:
    """Yield how each size in a call is written, and the size; each size once."""
    seen = {1}
    for name, value in named.items():
        found = [(f"{name}.shape[{k}]", n) for k, n in enumerate(getattr(value, "shape", ()))]
        if isinstance(value, list):
            found = [(f"len({name})", len(value))]
        if type(value) is int:
            found = [(name, value)]
        for words, n in found:
            if n > 0 and n not in seen:
                seen.add(n)
                yield words, n


# ---- what may have been done to all numbers together ---------------------------------------------

_LENGTHS: tuple[Row, ...] = (
    (
        "this is the first of them alone: all are asked for. Does a `return` stand in a loop?",
        _same,
        lambda r: r[:1],
    ),
    (
        "the first and the last are right, and nothing stands between: does a `return` stand "
        "inside the loop?",
        _same,
        lambda r: r[:: max(len(r) - 1, 1)],
    ),
    ("the first is missing, and the rest is right", _same, lambda r: r[1:]),
    ("the last is missing, and the rest is right", _same, lambda r: r[:-1]),
    (
        "there is one more than asked for: it would be right without the first",
        lambda c: c[1:],
        _same,
    ),
    (
        "there is one more than asked for: it would be right without the last",
        lambda c: c[:-1],
        _same,
    ),
)
_LISTS = (("the list stands the other way round", _same, lambda r: r[::-1]), *_LENGTHS)


def _rows(got: Tensor, right: Tensor, named: Named) -> Iterator[Row]:
    if got.shape == right.shape:
        yield "", _same, _same
    elif got.squeeze().shape == right.squeeze().shape:
        left = "a dimension of size 1 is left over: keepdim=True, [None] and [:, None] leave one"
        gone = "a dimension of size 1 is missing, which an index or .squeeze() takes away"
        yield left if got.dim() > right.dim() else gone, torch.squeeze, torch.squeeze
    if right.dim() == 2:
        yield "this is transposed: rows and columns are swapped", _same, torch.t
    for d in range(right.dim()):
        yield from _along(d, right, named)
    for d in range(got.dim()):
        yield f"this is still to be summed over dimension {d}", partial(torch.sum, dim=d), _same
        words = f"of this the mean over dimension {d} is asked for"
        yield words, partial(torch.mean, dim=d), _same
    yield from _EVERYTHING
    if got.numel() == right.numel() and got.shape != right.shape:
        shape = f"that of a tensor of {right.dim()} dimension{'s' * (right.dim() != 1)}"
        words = f"the numbers are right, and their shape must be {shape}"
        yield words, torch.flatten, torch.flatten
    if got.dim() and right.dim():
        yield from _LENGTHS


_EACH = "not one number for all of them is asked for, but as many as there are"
_EVERYTHING = (
    ("this is still to be summed: one number is asked for", torch.sum, _same),
    ("of this the mean is asked for, one number", torch.mean, _same),
    (f"this is the sum over everything: {_EACH}", torch.squeeze, torch.sum),
    (f"this is the mean over everything: {_EACH}", torch.squeeze, torch.mean),
)


def _along(d: int, right: Tensor, named: Named) -> Iterator[Row]:
    """Yield what may have been done to the right result along one dimension."""
    is_one = right.dim() == 1
    along = "" if is_one else f" along dimension {d}"
    part = ["rows", "columns"][d] if right.dim() == 2 else "entries"
    yield (
        f"these are running sums{along}: each number by itself is asked for",
        _same,
        partial(torch.cumsum, dim=d),
    )
    yield f"this stands the other way round{along}", _same, partial(torch.flip, dims=[d])
    for by in (1, -1):
        yield f"this is shifted by one place{along}", _same, partial(torch.roll, shifts=by, dims=d)
    for name, places in _permutations(named, right.shape[d]):
        words = f"the {part} are right, and were put in another order, by `{name}`"
        yield words, _same, partial(torch.index_select, dim=d, index=places)
    over = "over all entries" if is_one else f"over dimension {d}"
    yield f"this is the sum {over}: {_EACH}", _same, partial(torch.sum, dim=d)
    yield f"this is the mean {over}: {_EACH}", _same, partial(torch.mean, dim=d)
    for place, index in (("first", 0), ("last", -1)):
        words = f"this is the {place} of them alone: {_EACH}"
        yield words, _same, partial(torch.select, dim=d, index=index)


def _permutations(named: Named, size: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the orderings and degrees among the arguments, and their inverses, counted from 0."""
    for name, value in named.items():
        if isinstance(value, Tensor) and value.shape == (size,) and not value.is_floating_point():
            low = int(value.min())
            if low in (0, 1) and torch.equal(value.sort().values, torch.arange(size) + low):
                yield name, value - low
                yield name, value.argsort()
