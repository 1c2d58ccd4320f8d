"""How what came is related to what was expected: not summed, transposed, in bits, shifted by one.

A relation is a fact about two values. One that holds in all calls is the likely cause, in any
exercise. Its words are those of the exercise: the names of its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np
import torch
from torch import Tensor

Named = Mapping[str, object]
Pair = tuple[str, Tensor, Tensor]
"""Words, and what is the same if they are true."""
Change = tuple[str, Callable[[Tensor], Tensor]]

BETWEEN = (
    "these are numbers between 0 and 1, and zeros and ones are asked for: are they probabilities?"
)
MEAN_OF_ALL = "this is the mean over everything: a sum for each row is asked for"
LARGEST = 5
"""Sizes up to which all permutations are tried."""


def find_relation(
    came: Sequence[object], right: Sequence[object], arguments: Sequence[Named]
) -> str:
    """Words of the simplest relation that holds in all calls that went wrong.

    Args:
        came: what an answer gave, call by call.
        right: what was expected.
        arguments: those of each call, by name.

    Returns:
        the words; empty where there is none.

    Example:
        >>> find_relation([torch.tensor([0.0, 2.0])], [torch.tensor([0.0, -2.0])], [{}])
        'the sign is turned round: this is the NLL, and no log-probability is above 0'
    """
    shared: dict[str, None] | None = None
    for call in zip(came, right, arguments, strict=True):
        holds = dict.fromkeys(_relations(*call))
        if "" not in holds:  # of a call that is right, nothing is to be said
            shared = {words: None for words in shared or holds if words in holds}
            if not shared:
                return ""
    return min(shared or (), key=_complexity, default="")


def _complexity(words: str) -> int:
    """Two things done are less likely than one, and that a mask has too much says less yet."""
    joined = words.count("; and ") + words.count("? And ")
    return joined + 3 * says_little(words)


def says_little(words: str) -> bool:
    """Whether words hold of answers that are wrong for many a reason."""
    return words.startswith(("all is True", "nothing is True", "all numbers of a"))


def are_same(came: object, right: object) -> bool:
    """Whether two values hold the same numbers, be they in lists or in tensors.

    Example:
        >>> are_same([1, 2], torch.tensor([1.0, 2.0]))
        True
    """
    came, right = _as_tensors(came), _as_tensors(right)
    if isinstance(came, Tensor) and isinstance(right, Tensor):
        return _is_close(came.double(), right.double())
    if isinstance(came, list) and isinstance(right, list) and len(came) == len(right):
        return all(map(are_same, came, right))
    return False


def _as_tensors(value: object) -> Tensor | list[object] | None:
    """A number or a list of numbers as a tensor, a list of others part by part."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        return torch.as_tensor(value)
    if isinstance(value, list | tuple):
        if value and all(isinstance(part, bool | int | float) for part in value):
            return torch.tensor(value)
        return [_as_tensors(part) for part in value]
    return None


def _is_close(came: Tensor, right: Tensor) -> bool:
    return came.shape == right.shape and torch.allclose(
        came, right, rtol=3e-4, atol=1e-6, equal_nan=True
    )


def _relations(came: object, right: object, named: Named) -> Iterator[str]:
    """Words of all that holds of two values; empty words where they are the same."""
    came, right = _as_tensors(came), _as_tensors(right)
    if came == [] and isinstance(right, Tensor):
        came = torch.empty(0)
    if isinstance(came, list) and isinstance(right, list):
        if len(came) == len(right):
            pairs = zip(came, right, strict=True)
            yield from _of_parts([[*_relations(c, r, named)] for c, r in pairs])
        yield from _of_lists(came, right)
    elif isinstance(came, Tensor) and isinstance(right, list) and right:
        together = torch.cat([part.flatten().double() for part in right])
        if _is_close(came.flatten().double(), together):
            yield "the parts are right, and put together in one tensor: a list of them is asked for"
        yield from _too_many([came], right)
    elif isinstance(came, Tensor) and isinstance(right, Tensor):
        yield from _of_tensors(came, right, named)


# ---- of lists -----------------------------------------------------------------------------------


def _of_parts(holds: list[list[str]]) -> Iterator[str]:
    """What holds of every part that is not right itself."""
    wrong = [words for words in holds if "" not in words]
    if not wrong:
        yield ""
        return
    yield from (words for words in wrong[0] if all(words in others for others in wrong))


def _of_lists(came: list[object], right: list[object]) -> Iterator[str]:
    """Parts that are right, and are too many, too few, or stand in another sequence."""
    if len(came) == len(right):
        if are_same(came[::-1], right):
            yield "the list stands the other way round"
        if len(right) <= LARGEST and any(
            are_same(came, list(parts)) for parts in permutations(right)
        ):
            yield "the parts of the list are right, and stand in another order"
    yield from _too_many(came, right)


def _too_many(came: Sequence, right: Sequence) -> Iterator[str]:
    if are_same(came, right[:1]):
        yield "this is the first of them alone: all are asked for. Does a `return` stand in a loop?"
    if 2 < len(right) > len(came) == 2 and are_same([*came], [right[0], right[-1]]):
        yield (
            "the first and the last are right, and nothing stands between: does a `return` stand "
            "inside the loop?"
        )
    missing = "is missing, and the rest is right"
    more = "there is one more than asked for: it would be right without the"
    if len(right) == len(came) + 1:
        if are_same(came, right[1:]):
            yield f"the first {missing}"
        if are_same(came, right[:-1]):
            yield f"the last {missing}"
    if len(came) == len(right) + 1:
        if are_same(came[1:], right):
            yield f"{more} first"
        if are_same(came[:-1], right):
            yield f"{more} last"


# ---- of tensors ---------------------------------------------------------------------------------


def _of_tensors(came: Tensor, right: Tensor, named: Named) -> Iterator[str]:
    first, second = came.double(), right.double()
    if _is_close(first, second):
        is_alike = (came.dtype == torch.bool) == (right.dtype == torch.bool)
        dtypes = f"{came.dtype}: {right.dtype} is asked for"
        yield "" if is_alike else f"the values are right, but their dtype is {dtypes}"
    elif right.dtype == torch.bool and first.shape == second.shape:
        yield from _too_much(first, second)
    if right.is_floating_point() and first.shape == second.shape and right.numel() > 1:
        if bool(((second == 0) | (second == 1)).all() & ((first > 0) & (first < 1)).any()):
            yield BETWEEN
        yield from _all_alike(first, second)
    is_count = not right.is_floating_point() and right.dtype != torch.bool
    if is_count and bool((right > 1).all() & (first > 0).all() & (first < 1).all()):
        yield "this lies between 0 and 1, as a share does: a number is asked for"
    values = [("", lambda r: r), *_values(right, named)]
    for shape in _shapes(first, second):
        yield from _both(shape, values)
    if first.shape == second.shape:
        numbers = first.flatten().sort().values
        values = [v for v in values if _is_close(numbers, v[1](second).flatten().sort().values)]
        for sequence in _in_another_sequence(first, second, named) if values else ():
            yield from _both(sequence, values)


def _both(pair: Pair, values: Sequence[Change]) -> Iterator[str]:
    """What was done to each number, besides what was done to all of them together."""
    first_words, came, right = pair
    for words, function in values:
        both = "; and ".join(filter(None, [first_words, words]))
        if "the mean over all entries" in first_words and words.startswith("this is divided"):
            both = MEAN_OF_ALL + ". And ".join(["", *words.split("? And ")[1:]])
        if both and _is_close(came, function(right)) and bool(came.isfinite().any()):
            yield both


def _all_alike(came: Tensor, right: Tensor) -> Iterator[str]:
    """A term or a factor that is wrong, and the same for all numbers of a call."""
    apart, ratio = came - right, came / right
    if bool(apart.isfinite().all()) and _is_close(apart, apart.mean().expand_as(apart)):
        yield (
            "all numbers of a call are too large or too small by the same amount: a term that is "
            "the same for all of them is wrong, missing or too much"
        )
    if bool(ratio.isfinite().all()) and _is_close(ratio, ratio.mean().expand_as(ratio)):
        yield (
            "all numbers of a call are too large or too small by the same factor: something that "
            "they are multiplied or divided by is wrong"
        )


def _too_much(came: Tensor, right: Tensor) -> Iterator[str]:
    """What a mask has too many or too few, if it is one of the two alone."""
    if bool((came >= right).all()):
        yield "all is True that should be, and more: nothing is missing, and something is too much"
    if bool((came <= right).all()):
        yield "nothing is True that should not be, and something is missing"


def _values(right: Tensor, named: Named) -> Iterator[Change]:
    """What may have been done to each number."""
    if right.dtype == torch.bool:
        yield "each entry is the opposite of what is asked for", lambda r: 1 - r
        return
    sign = "the sign is turned round"
    is_log = right.is_floating_point() and bool((right <= 0).all())
    nll = "this is the NLL, and no log-probability is above 0"
    yield f"{sign}: {nll if is_log else 'this is the negative of what is asked for'}", torch.neg
    yield from _SHIFTS
    for words, function in _FUNCTIONS:
        yield words, function
        yield f"{words}; and {sign}", lambda r, function=function: -function(r)
    for size, n in _sizes(named):
        mean = f"this is divided by {size}: a mean where a sum is asked for?"
        yield mean, lambda r, n=n: r / n
        yield f"{mean} And {sign}", lambda r, n=n: -r / n
        times = f"this is {size} times too large: a sum where a mean is asked for?"
        yield times, lambda r, n=n: r * n
        multiplied = f"this is multiplied by {size} where it has to be divided by it"
        yield multiplied, lambda r, n=n: r * n**2


_SHIFTS: tuple[Change, ...] = (
    ("each number is one too large: where does the counting begin?", lambda r: r + 1),
    ("each number is one too small: where does the counting begin?", lambda r: r - 1),
    ("each number is 1 minus what is asked for", lambda r: 1 - r),
)
_FUNCTIONS: tuple[Change, ...] = (
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
    ("these are odds, p to 1 − p, and p is asked for", lambda r: r / (1 - r)),
    ("this is upside down: 1 over what is asked for", torch.reciprocal),
    ("this is rounded down: the numbers themselves are asked for", torch.floor),
    *(
        (
            "this is rounded: the numbers themselves are asked for",
            lambda r, decimals=decimals: r.round(decimals=decimals),
        )
        for decimals in range(4)
    ),
)


def name_sizes(came: object, right: object, named: Named) -> str:
    """Words on the first dimension that is too long or too short, by names of what is that long.

    Example:
        >>> name_sizes(torch.ones(3), torch.ones(2), {"x": torch.ones(2, 3)})
        'as many numbers as x.shape[0] are asked for, and not as x.shape[1]: is a sum taken ...'
    """
    known = {size: words for words, size in _sizes(named)}
    if not (isinstance(came, Tensor) and isinstance(right, Tensor) and came.dim() == right.dim()):
        return ""
    for many, wanted in zip(came.shape, right.shape, strict=True):
        if many != wanted and wanted in known:
            over = "is a sum taken over another dimension than the one meant?"
            other = f", and not as {known[many]}: {over}" if many in known else ""
            return f"as many numbers as {known[wanted]} are asked for{other}"
    return ""


def _sizes(named: Named) -> Iterator[tuple[str, int]]:
    """Sizes that a call knows, and how they are written; each once."""
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


def _shapes(came: Tensor, right: Tensor) -> Iterator[Pair]:
    """What may have been done to all the numbers together."""
    if came.shape == right.shape:
        yield "", came, right
        for d in range(right.dim()):
            sums = f"these are running sums{_along(d, right)}: each number by itself is asked for"
            yield sums, came, right.cumsum(d)
        return
    if came.squeeze().shape == right.squeeze().shape:
        left = "a dimension of size 1 is left over: keepdim=True, [None] and [:, None] leave one"
        gone = "a dimension of size 1 is missing, which an index or .squeeze() takes away"
        yield left if came.dim() > right.dim() else gone, came.squeeze(), right.squeeze()
    if came.dim() == right.dim() == 2 and came.T.shape == right.shape:
        yield "this is transposed: rows and columns are swapped", came.T, right
    yield from _not_reduced(came, right)
    yield from _reduced(came, right)
    if came.numel() == right.numel():
        shape = f"that of a tensor of {right.dim()} dimension{'s' * (right.dim() != 1)}"
        words = f"the numbers are right, and their shape must be {shape}"
        yield words, came.reshape(right.shape), right
    if came.dim() == right.dim() and came.dim() and came.shape[1:] == right.shape[1:]:
        yield from ((words, right, right) for words in _too_many(came, right))


def _in_another_sequence(came: Tensor, right: Tensor, named: Named) -> Iterator[Pair]:
    if right.dim() == 2 and right.T.shape == came.shape:
        yield "this is transposed: rows and columns are swapped", came, right.T
    for d, size in enumerate(right.shape):
        where = _along(d, right)
        part = ["rows", "columns"][d] if right.dim() == 2 else "entries"
        yield f"this stands the other way round{where}", came, right.flip(d)
        for by in (1, -1):
            yield f"this is shifted by one place{where}", came, right.roll(by, d)
        for name, places in _permutations(named, size):
            again = right.index_select(d, places)
            yield f"the {part} are right, and were put in another order, by `{name}`", came, again
        if 2 < size <= LARGEST:
            for places in permutations(range(size)):
                again = right.index_select(d, torch.tensor(places))
                yield f"the {part} are right, and stand in another order", came, again


def _along(d: int, right: Tensor) -> str:
    return f" along dimension {d}" if right.dim() > 1 else ""


def _permutations(named: Named, size: int) -> Iterator[tuple[str, Tensor]]:
    """Orderings and degrees among the arguments, and their inverses, as places from 0."""
    for name, value in named.items():
        if isinstance(value, Tensor) and value.shape == (size,) and not value.is_floating_point():
            low = int(value.min())
            if low in (0, 1) and torch.equal(value.sort().values, torch.arange(size) + low):
                yield name, value - low
                yield name, value.argsort()


def _not_reduced(came: Tensor, right: Tensor) -> Iterator[Pair]:
    for d in range(came.dim()):
        if came.sum(d).shape == right.shape:
            yield f"this is still to be summed over dimension {d}", came.sum(d), right
            yield f"of this the mean over dimension {d} is asked for", came.mean(d), right
    if right.dim() == 0:
        yield "this is still to be summed: one number is asked for", came.sum(), right
        yield "of this the mean is asked for, one number", came.mean(), right


def _reduced(came: Tensor, right: Tensor) -> Iterator[Pair]:
    each = "not one number for all of them is asked for, but as many as there are"
    for d in range(right.dim()):
        if right.sum(d).shape == came.shape:
            over = f"over dimension {d}" if right.dim() > 1 else "over all entries"
            yield f"this is the sum {over}: {each}", came, right.sum(d)
            yield f"this is the mean {over}: {each}", came, right.mean(d)
            yield f"this is the first of them alone: {each}", came, right.select(d, 0)
            yield f"this is the last of them alone: {each}", came, right.select(d, -1)
    if right.dim() > 1 and came.numel() == 1:
        yield f"this is the sum over everything: {each}", came.reshape(()), right.sum()
        yield f"this is the mean over everything: {each}", came.reshape(()), right.mean()
