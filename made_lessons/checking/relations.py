"""Find a relation of a wrong result to the right one: for example, the wrong one is transposed.

A relation consists of a description and of changes after which both results are equal. If the same
relation holds in all calls with a wrong result, it is the likely cause. The description can name
arguments.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import permutations, repeat

import torch
from torch import Tensor

from .comparison import has_same_numbers, is_close, to_tensors

Arguments = Mapping[str, object]
Change = Callable  # function of a tensor or a list that returns a changed copy
Relation = tuple[str, Change, Change]
"""Description, change of the wrong result, and change of the right result."""

BETWEEN = (
    "some of your numbers are between 0 and 1, but only zeros and ones are expected. Are these "
    "probabilities?"
)
TOO_MUCH = "every entry that must be True is True, but so are some others"
TOO_LITTLE = "every entry that must be False is False, but so are some others"
SAME_AMOUNT = (
    "all numbers of a call are wrong by the same amount, so a term that they share is wrong or "
    "missing, or one term is too many"
)
SAME_FACTOR = (
    "all numbers of a call are wrong by the same factor, so check what you multiply or divide by"
)
VAGUE_RELATIONS = (TOO_MUCH, TOO_LITTLE, SAME_AMOUNT, SAME_FACTOR)
"""Relations that say little, because they hold for many kinds of wrong answers."""
ALSO = " Also, "
LONGEST = 5  # length up to which all permutations of a list are tried


def find_relation(
    got: Sequence[object], right: Sequence[object], arguments: Sequence[Arguments]
) -> str:
    """Return the description of the simplest relation that holds in all wrong calls, or "".

    Args:
        got: result of the answer for each call.
        right: right result for each call.
        arguments: arguments of each call, by name.

    Example:
        >>> find_relation([torch.tensor([0.0, 2.0])], [torch.tensor([0.0, -2.0])], [{}])
        'the sign is wrong, because you returned the NLL. A log-probability is never above 0'
    """
    return min(
        _find_shared_relations(zip(got, right, arguments, strict=True)), key=_complexity, default=""
    )


def _find_shared_relations(calls: Iterable[tuple[object, object, Arguments]]) -> list[str]:
    """Return the relations that hold in every wrong call, or [""] if no call is wrong."""
    shared: list[str] | None = None
    for call in calls:
        holds = dict.fromkeys(_find_relations(*call))
        if "" not in holds:  # the result of this call is wrong
            shared = [words for words in (holds if shared is None else shared) if words in holds]
            if not shared:
                return []
    return [""] if shared is None else shared


def _complexity(words: str) -> int:
    return words.count(ALSO) + 3 * (words in VAGUE_RELATIONS)


def _find_relations(got: object, right: object, arguments: Arguments) -> Iterator[str]:
    """Yield the descriptions of all relations of two values, or "" if the values are equal."""
    got, right = to_tensors(got), to_tensors(right)
    if got == [] and isinstance(right, Tensor):
        got = torch.empty(0)
    if isinstance(got, list) and isinstance(right, list):
        if len(got) == len(right):
            yield from _find_shared_relations(zip(got, right, repeat(arguments)))
        yield from (words for words, c, r in _LISTS if has_same_numbers(c(got), r(right)))
        is_short = len(got) == len(right) <= LONGEST
        if is_short and any(has_same_numbers(got, [*parts]) for parts in permutations(right)):
            yield "the parts of the list are right, but in the wrong order"
    elif isinstance(got, Tensor) and isinstance(right, list) and right:
        joined = torch.cat([part.flatten().double() for part in right])
        if is_close(got.flatten().double(), joined):
            yield (
                "the parts are right, but you joined them into one tensor. Return a list of tensors"
            )
        yield from (words for words, c, r in _LENGTHS if has_same_numbers(c([got]), r(right)))
    elif isinstance(got, Tensor) and isinstance(right, Tensor):
        yield from _find_tensor_relations(got, right, arguments)


def _find_tensor_relations(got: Tensor, right: Tensor, arguments: Arguments) -> Iterator[str]:
    first, second = got.double(), right.double()
    if is_close(first, second):
        is_alike = (got.dtype == torch.bool) == (right.dtype == torch.bool)
        dtypes = f"{got.dtype} instead of {right.dtype}"
        yield "" if is_alike else f"the values are right, but their dtype is {dtypes}"
    else:
        yield from _find_range_relations(first, second, right.dtype)
    only_one_is_bool = (got.dtype == torch.bool) != (right.dtype == torch.bool)
    if only_one_is_bool or (first.numel() and not bool(first.isfinite().any())):
        return
    values = [("", _identity), *_list_elementwise_changes(right, arguments)]
    for words, of_got, of_right in _list_result_changes(first, second, arguments):
        for value_words, change in values:
            # few digits of a changed result can agree by chance
            is_doubtful = words and value_words.startswith((_ROUNDED, _ROUNDED_DOWN))
            if is_doubtful or not (words or value_words):
                continue
            if is_close(of_got(first), change(of_right(second))):
                yield _join_sentences(words, value_words)


def _join_sentences(first: str, second: str) -> str:
    if not (first and second):
        return first or second
    return first + "." * (not first.endswith("?")) + ALSO + second


def _find_range_relations(got: Tensor, right: Tensor, dtype: torch.dtype) -> Iterator[str]:
    """Yield relations that are less exact, such as a share where a count is expected."""
    is_between = (got > 0) & (got < 1)
    if not dtype.is_floating_point and dtype != torch.bool:
        if got.numel() and bool((right > 1).all() & is_between.all()):
            yield "this is between 0 and 1, like a share, but a count is expected"
    elif got.shape != right.shape:
        return
    elif dtype == torch.bool:
        if bool((got >= right).all()):
            yield TOO_MUCH
        if bool((got <= right).all()):
            yield TOO_LITTLE
    elif right.numel() > 1:
        if bool(((right == 0) | (right == 1)).all() & is_between.any()):
            yield BETWEEN
        for words, apart in ((SAME_AMOUNT, got - right), (SAME_FACTOR, got / right)):
            if bool(apart.isfinite().all()) and is_close(apart, apart.mean().expand_as(apart)):
                yield words


# ---- changes of each number ----------------------------------------------------------------------


def _identity(value: object) -> object:
    return value


def _list_elementwise_changes(right: Tensor, arguments: Arguments) -> Iterator[tuple[str, Change]]:
    """Yield changes that apply to each number of the right result, such as its logarithm."""
    if right.dtype == torch.bool:
        yield "each entry is the opposite of the right one", lambda r: 1 - r
        return
    is_log = right.is_floating_point() and bool((right <= 0).all())
    nll = "you returned the NLL. A log-probability is never above 0"
    sign = (
        f"the sign is wrong, because {nll if is_log else 'this is the negative of the right one'}"
    )
    yield sign, torch.neg
    roundings = [(_ROUNDED, partial(torch.round, decimals=k)) for k in range(4)]
    roundings.append((_ROUNDED_DOWN, torch.floor))
    # skip a rounding that makes every number 0, because zeros can have other causes
    rounded = [row for row in roundings if bool(row[1](right.double()).any())]
    for words, change in (*_FUNCTIONS.items(), *rounded, *_list_size_changes(arguments)):
        yield words, change
        yield _join_sentences(words, sign), lambda r, change=change: -change(r)
    yield from _SHIFTS.items()


_FUNCTIONS: dict[str, Change] = {
    "this is exp of the right result. Return its logarithm": torch.exp,
    "this is the logarithm of the right result. Is .exp() missing at the end, or is there one "
    "logarithm too many?": torch.log,
    "these are bits, from logarithms to base 2, but nats are expected. The natural logarithm is "
    "torch.log or math.log": lambda r: r / math.log(2),
    "this is ln 10 = 2.303 times the right result. Divide by the natural logarithm, math.log, not "
    "by a logarithm to base 10": lambda r: r * math.log(10),
    "this comes from logarithms to base 10. The natural logarithm is torch.log or math.log": (
        lambda r: r / math.log(10)
    ),
    "you took a logarithm to base 10, but base 2 is expected. Use math.log2(x), or math.log(x) / "
    "math.log(2)": lambda r: r * math.log(2) / math.log(10),
    "this is 1 divided by the right result": torch.reciprocal,
}
_ROUNDED = "this is rounded. Return the numbers without rounding"
_ROUNDED_DOWN = "this is rounded down. Return the numbers without rounding"
_SHIFTS: dict[str, Change] = {
    "each number is one too large. Where does your counting begin?": lambda r: r + 1,
    "each number is one too small. Where does your counting begin?": lambda r: r - 1,
    "each number is 1 minus the right one": lambda r: 1 - r,
}


def _list_size_changes(arguments: Arguments) -> Iterator[tuple[str, Change]]:
    """Yield changes that divide or multiply the right result by a size of an argument."""
    sizes: dict[int, str] = {}
    for name, value in arguments.items():
        found = [(f"{name}.shape[{k}]", n) for k, n in enumerate(getattr(value, "shape", ()))]
        if isinstance(value, list):
            found = [(f"len({name})", len(value))]
        if type(value) is int:
            found = [(name, value)]
        for size, n in found:
            sizes.setdefault(n, size)
    for n, size in sizes.items():
        if n > 1:
            mean = "Did you take a mean instead of a sum?"
            yield f"this is the right result divided by {size}. {mean}", lambda r, n=n: r / n
            total = f"this is {size} times too large. Did you take a sum instead of a mean?"
            yield total, lambda r, n=n: r * n
            yield f"you multiplied by {size}. Divide by it instead", lambda r, n=n: r * n**2


# ---- changes of the whole result -----------------------------------------------------------------

_TOO_FEW: dict[str, Change] = {
    "only the first entry is there. Is `return` inside a loop?": lambda r: r[:1],
    "only the first and the last entry are there. Is `return` inside the loop?": (
        lambda r: r[:: max(len(r) - 1, 1)]
    ),
    "the first entry is missing, and the rest is right": lambda r: r[1:],
    "the last entry is missing, and the rest is right": lambda r: r[:-1],
}
_TOO_MANY: dict[str, Change] = {
    "you have one entry too many. Without the first, it would be right": lambda c: c[1:],
    "you have one entry too many. Without the last, it would be right": lambda c: c[:-1],
}
_LENGTHS: list[Relation] = [(words, _identity, change) for words, change in _TOO_FEW.items()]
_LENGTHS += [(words, change, _identity) for words, change in _TOO_MANY.items()]
_LISTS = (("the list is in reverse order", _identity, lambda r: r[::-1]), *_LENGTHS)


def _list_result_changes(got: Tensor, right: Tensor, arguments: Arguments) -> Iterator[Relation]:
    if got.shape == right.shape:
        yield "", _identity, _identity
    elif got.squeeze().shape == right.squeeze().shape:
        extra = (
            "your result has an extra dimension of size 1. keepdim=True, [None] and [:, None] add "
            "one"
        )
        gone = "a dimension of size 1 is missing. An index or .squeeze() removes one"
        yield extra if got.dim() > right.dim() else gone, torch.squeeze, torch.squeeze
    if right.dim() == 2:
        yield "your result is transposed, with rows and columns swapped", _identity, torch.t
    for d in range(right.dim()):
        for words, change in _list_dim_changes(d, right, arguments):
            yield words, _identity, change
    for d in range(got.dim()):
        for done, reduce in (("summed", torch.sum), ("averaged", torch.mean)):
            words = f"this must still be {done} over dimension {d}"
            yield words, partial(reduce, dim=d), _identity
    yield from _EVERYTHING
    if got.numel() == right.numel() and got.shape != right.shape:
        dims = f"{right.dim()} dimension{'s' * (right.dim() != 1)}"
        words = f"the numbers are right, but the result must be a tensor with {dims}"
        yield words, torch.flatten, torch.flatten
    if got.dim() and right.dim():
        yield from _LENGTHS


_SEPARATE = "but the numbers must stay separate"
_EVERYTHING = (
    ("this must still be summed to one number", torch.sum, _identity),
    ("this must still be averaged to one number", torch.mean, _identity),
    (f"this is the sum over all numbers, {_SEPARATE}", torch.squeeze, torch.sum),
    (f"this is the mean over all numbers, {_SEPARATE}", torch.squeeze, torch.mean),
)


def _list_dim_changes(d: int, right: Tensor, arguments: Arguments) -> Iterator[tuple[str, Change]]:
    """Yield changes of the right result along one dimension, such as its sum or its reversal."""
    is_one = right.dim() == 1
    along = "" if is_one else f" along dimension {d}"
    part = ["rows", "columns"][d] if right.dim() == 2 else "entries"
    words = f"these are running sums{along}. Return the numbers without adding them up"
    yield words, partial(torch.cumsum, dim=d)
    yield f"the order is reversed{along}", partial(torch.flip, dims=[d])
    for by in (1, -1):
        yield f"this is shifted by one position{along}", partial(torch.roll, shifts=by, dims=d)
    for name, index in _find_permutations(arguments, right.shape[d]):
        words = f"the {part} are right, but permuted by `{name}`"
        yield words, partial(torch.index_select, dim=d, index=index)
    over = "over all entries" if is_one else f"over dimension {d}"
    yield f"this is the sum {over}, {_SEPARATE}", partial(torch.sum, dim=d)
    yield f"this is the mean {over}, {_SEPARATE}", partial(torch.mean, dim=d)
    for position, index in (("first", 0), ("last", -1)):
        words = f"this is only the {position} of the {part}. Return all of them"
        yield words, partial(torch.select, dim=d, index=index)


def _find_permutations(arguments: Arguments, size: int) -> Iterator[tuple[str, Tensor]]:
    """Yield each argument that is a permutation, and its inverse, both counted from 0."""
    for name, value in arguments.items():
        if isinstance(value, Tensor) and value.shape == (size,) and not value.is_floating_point():
            low = int(value.min())
            if low in (0, 1) and torch.equal(value.sort().values, torch.arange(size) + low):
                yield name, value - low
                yield name, value.argsort()
