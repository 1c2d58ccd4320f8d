"""Notebook 03: masks by hand and in code, who reaches whom, fewest units, drawn degrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import combinations, count, pairwise
from operator import add, and_, ge, gt, le, lt, matmul

import torch
from torch import BoolTensor, LongTensor, Tensor

from .. import masks as package
from ..words import hat, variable_names
from .calls import run
from .comparing import require_same
from .exercise import (
    Exercise,
    Misformed,
    Slip,
    Wrong,
    exercise,
    exercises_of,
    known_slips,
    require_none,
    slip,
    slips,
)
from .variants import drawn_degrees, further_cases, shuffled
from .written import written, written_call

# ---- 3.1 ----------------------------------------------------------------------------------------


_ORDER, _HIDDEN = [3, 1, 2], [1, 2, 2, 1]
_Rule = Callable[[int, int], bool]


def _by_hand(
    order: list[int], into_hidden: _Rule, into_output: _Rule, hidden: list[int] = _HIDDEN
) -> list[list[list[int]]]:
    first = [[int(into_hidden(below, unit)) for below in order] for unit in hidden]
    output = [[int(into_output(unit, above)) for unit in hidden] for above in order]
    return [first, output]


def _examine_by_hand(
    answer: object,
    order: list[int] = _ORDER,
    hidden: list[int] = _HIDDEN,
    slips: Sequence[Slip] = (),
) -> None:
    known = slips or known_slips("3.1")
    masks = [_zeros_and_ones(mask) for mask in _two_masks(answer)]
    require_none(((slip.cause, masks == slip.answer) for slip in known), came=written(masks))
    right = _by_hand(order, le, lt, hidden)
    for k, (name, mask) in enumerate(zip(("first", "output"), masks, strict=True)):
        rows, columns = len(right[k]), len(right[k][0])
        shape = (
            f"the {name} mask must have {rows} rows of {columns} entries: a row for each listener, "
            "a column for each that it may listen to"
        )
        came = f"{len(mask)} rows of {len(mask[0])}"
        require_none([(shape, came != f"{rows} rows of {columns}")], came=came)
        by_slip = ((slip.cause, mask != right[k] and mask == slip.answer[k]) for slip in known)
        require_none(by_slip, came=f"{name} = {written(mask)}")
        for row, degree in enumerate([hidden, order][k]):
            require_none(
                [(_row_rule(k, row, degree), mask[row] != right[k][row])],
                came=f"row {row + 1} of {name}: {written(mask[row])}",
            )


def _row_rule(k: int, row: int, degree: int) -> str:
    if k == 0:
        return (
            f"look again at hidden unit {row + 1}: its degree is {degree}, and it may listen to "
            f"the variables whose degree is {degree} or less"
        )
    return (
        f"look again at output {variable_names(row + 1)[row]}: its degree is {degree}, and it may "
        f"listen to the units whose degree is less than {degree}"
    )


def _vary_by_hand(exercise: Exercise, variant: str) -> Exercise:
    """Other masks by hand: four variables in another ordering, and five units."""
    tries = (shuffled(f"{variant} {k}", [1, 2, 3, 4]) for k in count())
    # an ordering that is its own inverse would hide a mix-up of ordering and degrees
    ordering = next(o for o in tries if [o.index(i) + 1 for i in range(1, 5)] != o)
    order = [ordering.index(i) + 1 for i in range(1, 5)]
    hidden = shuffled(variant, [1, 1, 2, 3, 3])
    names = variable_names(4)
    asks = (
        f"Your variant: the ordering {', '.join(names[i - 1] for i in ordering)}, and five hidden "
        f"units of degrees {', '.join(map(str, hidden))}."
    )
    slips = _wrong_masks(
        order,
        ordering,
        hidden,
        own_degree="an output listens to units of its own degree, which know its variable",
        ordering_taken="you took the ordering for the degrees",
    )
    return replace(
        exercise,
        reference=lambda: _by_hand(order, le, lt, hidden),
        slips=slips,
        examine=lambda answer: _examine_by_hand(answer, order, hidden, slips),
        asks=asks,
    )


def _two_masks(answer: object) -> list[object]:
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise Wrong("two masks are asked for, [first, output]", came=written(answer))
    return list(answer)


def _zeros_and_ones(mask: object) -> list[list[int]]:
    try:
        found = torch.as_tensor(mask)
    except (TypeError, ValueError, RuntimeError):
        found = torch.empty(0)
    if found.dim() != 2 or found.numel() == 0 or not bool(((found == 0) | (found == 1)).all()):
        raise Wrong(
            "a mask is a list of rows of equal length, such as [[0, 1, 0], [1, 1, 0]], of zeros "
            "and ones",
            came=written(mask),
        )
    return found.int().tolist()


_RULES_SWAPPED = (
    "the two rules are swapped: equal degrees are allowed into a hidden unit and not into an output"
)


def _wrong_masks(
    order: list[int], ordering: list[int], hidden: list[int], own_degree: str, ordering_taken: str
) -> tuple[Slip, ...]:
    """Wrong masks of these degrees, with the words that depend on them."""
    turned = [[list(row) for row in zip(*m, strict=True)] for m in _by_hand(order, le, lt, hidden)]
    return (
        Slip(
            _by_hand(order, lt, lt, hidden),
            "in your first mask units of degree 1 see nothing: into a hidden unit a connection may "
            "also come from an equal degree",
        ),
        Slip(
            _by_hand(order, le, le, hidden),
            f"in your output mask {own_degree}: into an output a connection may come from smaller "
            "degrees only",
        ),
        Slip(_by_hand(order, lt, le, hidden), _RULES_SWAPPED),
        Slip(
            turned,
            "rows and columns are swapped: a row belongs to the one who listens, a column to the "
            "one who is listened to",
        ),
        Slip(
            _by_hand(ordering, le, lt, hidden),
            f"{ordering_taken}. The degree of x₁ is the step at which x₁ comes",
        ),
    )


@exercise(
    "3.1",
    "Masks by hand",
    stars=1,
    examine=_examine_by_hand,
    is_value=True,
    vary=_vary_by_hand,
    hints=(
        "First write the degree beside each variable: at which step does x₁ come, at which x₂, at "
        "which x₃?",
        "The degrees of x₁, x₂, x₃ are 3, 1, 2. A unit of degree 1 may listen to degrees up "
        "to 1, which is one variable only. Which?",
        "The first row of `first` is [0, 1, 0]. The row of x̂₂ in `output` is all zeros, since "
        "nothing has a degree below 1.",
    ),
    slips=_wrong_masks(
        _ORDER,
        [2, 3, 1],
        _HIDDEN,
        own_degree="x̂₃ listens to units of degree 2, which know x₃",
        ordering_taken="you took 2, 3, 1 for the degrees, which is the ordering itself",
    ),
)
def masks_by_hand() -> list[list[list[int]]]:
    """The first mask and the output's, row by row; a row is a listener."""
    first = [  # x₁, x₂, x₃ have the degrees 3, 1, 2
        [0, 1, 0],  # degree 1: listens to x₂ alone
        [0, 1, 1],  # degree 2: to x₂ and x₃
        [0, 1, 1],
        [0, 1, 0],
    ]
    output = [  # the units have the degrees 1, 2, 2, 1
        [1, 1, 1, 1],  # x̂₁, degree 3: listens to all
        [0, 0, 0, 0],  # x̂₂, degree 1: to none
        [1, 0, 0, 1],  # x̂₃, degree 2: to those of degree 1
    ]
    return [first, output]


slip(
    "either the variables have the degrees 1, 2, 3 here, and it is x₂ that has degree 1; "
    "or they stand in the order x₂, x₃, x₁, not as always in the order x₁, x₂, x₃",
    _by_hand([1, 2, 3], le, lt),
)


# ---- 3.2 ----------------------------------------------------------------------------------------


def _compared(
    hidden: Callable = ge, output: Callable = gt, first: Callable | None = None
) -> Callable[[list[Tensor]], list[Tensor]]:
    """Masks by these comparisons: into hidden layers, into the outputs, and the first of all."""

    def masks(degrees: list[Tensor]) -> list[Tensor]:
        rules = [*[hidden] * (len(degrees) - 1), output]
        rules[0] = first or rules[0]
        pairs = pairwise([*degrees, degrees[0]])
        return [rule(up[:, None], low) for rule, (low, up) in zip(rules, pairs, strict=True)]

    return masks


def _masks_but(output: Callable[[list[Tensor]], Tensor]) -> Callable[[list[Tensor]], list[Tensor]]:
    return lambda degrees: [*build_masks(degrees)[:-1], output(degrees)]


@exercise(
    "3.2",
    "Masks in code",
    stars=2,
    cases=(
        ([torch.tensor([3, 1, 2]), torch.tensor([2, 1])],),
        ([torch.tensor([2, 4, 1, 3]), torch.tensor([1, 3, 2]), torch.tensor([3, 1])],),
        ([torch.tensor([3, 1, 2])],),
        ([torch.tensor([3, 1, 2]), *map(torch.tensor, ([1, 2], [2, 1, 1], [1, 2]))],),
    ),
    package=package.build_masks,
    vary=further_cases(lambda word: (drawn_degrees(word),)),
    hints=(
        "How many masks are there for a list of n degrees? One from each entry to the next, and "
        "one more, from the last entry to the outputs.",
        "Between two layers it is above[:, None] >= below[None, :]. zip(degrees, degrees[1:]) "
        "gives you the pairs. The outputs have the degrees of the variables, degrees[0].",
        "masks = [above[:, None] >= below[None, :] for below, above in zip(degrees, degrees[1:])]; "
        "then append the comparison of degrees[0] with degrees[-1], with `>`.",
    ),
)
def build_masks(degrees: list[Tensor]) -> list[BoolTensor]:
    """One mask a layer, (out, in): `>=` into each hidden layer, `>` into the outputs."""
    masks = []
    for below, above in pairwise(degrees):
        masks.append(above[:, None] >= below[None, :])
    outputs = degrees[0]  # an output has the degree of its variable
    masks.append(outputs[:, None] > degrees[-1][None, :])
    return masks


slips(
    {
        "output x₃ can see x₃: the output mask needs `>`, not `>=`": _compared(output=ge),
        "a unit of degree 1 sees nothing: into hidden layers it is `>=`, and only the output mask "
        "has `>`": _compared(gt, gt),
        _RULES_SWAPPED: _compared(gt, ge),
        "the strict `>` stands at the first mask instead of the last. With degrees from 1 to D − 1 "
        "that leaves units of degree 1 without an input: `>=` into hidden layers, and `>` into the "
        "outputs": _compared(ge, ge, first=gt),
        "your masks are transposed: they must be (out_features, in_features), as the weight of "
        "nn.Linear, with a row for each listener": (
            lambda degrees: [mask.T for mask in build_masks(degrees)]
        ),
        "the outputs have degrees 1, 2, 3, … in your code: an output has the degree of its "
        "variable, degrees[0]": _masks_but(lambda d: _natural(d)[:, None] > d[-1]),
        "the variables have degrees 1, 2, 3, … in your code, whatever the ordering is: theirs are "
        "degrees[0]": lambda degrees: build_masks([_natural(degrees), *degrees[1:]]),
        "the outputs listen to the first hidden layer in your code, degrees[1]: below them stands "
        "the last layer, degrees[-1]": _masks_but(lambda d: d[0][:, None] > d[1]),
        "each layer is compared with itself in your code: a mask stands between two layers, and "
        "compares the one above with the one below": (
            lambda degrees: [layer[:, None] >= layer for layer in degrees]
        ),
        "the output mask has a row for each hidden unit in your code: rows are outputs, so it is "
        "degrees[0][:, None] > degrees[-1]": _masks_but(lambda d: d[-1][:, None] > d[0]),
        "the outputs have degrees 0, 1, 2, … in your code: an output has the degree of its "
        "variable, degrees[0]": _masks_but(lambda d: _natural(d)[:, None] - 1 > d[-1]),
        "every layer listens to the inputs in your code: each mask compares a layer with the one "
        "just below it": lambda d: [
            *(layer[:, None] >= d[0] for layer in d[1:]),
            d[0][:, None] > d[0],
        ],
        "the output mask comes first in your list: masks go from the inputs upwards": (
            lambda degrees: [build_masks(degrees)[-1], *build_masks(degrees)[:-1]]
        ),
        "the comparison is the wrong way round: a listener's degree (its row) must be the larger "
        "one": _compared(le, lt),
    }
)


def _natural(degrees: list[Tensor]) -> Tensor:
    return torch.arange(1, len(degrees[0]) + 1)


# ---- 3.3 ----------------------------------------------------------------------------------------


def _paths(
    dtype: torch.dtype = torch.long, then: Callable[[Tensor, Tensor], Tensor] = matmul
) -> Callable[[list[Tensor]], Tensor]:
    """Masks put together, each with what is below it."""
    return lambda masks: reduce(
        lambda below, mask: then(mask, below), [mask.to(dtype) for mask in masks]
    )


def _masks(*degrees: list[int]) -> tuple[list[Tensor]]:
    return (build_masks([torch.tensor(layer) for layer in degrees]),)


@exercise(
    "3.3",
    "Who reaches whom",
    stars=2,
    cases=(
        _masks([3, 1, 2], [1, 2, 1]),
        _masks([3, 1, 2], [2, 1], [1, 2, 1, 2]),
        _masks([2, 4, 1, 3], [2, 3, 1, 3, 2]),
        _masks([2, 1], [1] * 256),
        _masks([3, 1, 2]),
        (_compared(output=ge)([torch.tensor([3, 1, 2]), torch.tensor([1, 2, 1])]),),
    ),
    package=package.connectivity,
    vary=further_cases(lambda word: (build_masks(drawn_degrees(word)),)),
    hints=(
        "The product of the masks counts paths. What is left is to ask of each count whether it "
        "is above zero.",
        "PyTorch does not multiply matrices of bools: turn each mask into .long() first. The first "
        "mask stands rightmost.",
        "paths = masks[0].long(); then for each further mask paths = mask.long() @ paths; return "
        "paths > 0.",
    ),
)
def connectivity(masks: list[Tensor]) -> BoolTensor:
    """[i, j]: whether at least one path leads from input j to output i."""
    paths = masks[0].long()
    for mask in masks[1:]:
        paths = mask.long() @ paths  # the later layer stands on the left
    return paths > 0


_count = _paths()
slips(
    {
        "these are numbers of paths: asked is only whether there is one, as True or False": _count,
        "true only where there is exactly one path: several will do as well, so compare with > 0": (
            lambda masks: _count(masks) == 1
        ),
        "true only where there are two paths or more: one is enough, so compare with > 0": (
            lambda masks: _count(masks) > 1
        ),
        "true everywhere, as no number of paths is below 0: compare with > 0": (
            lambda masks: _count(masks) >= 0
        ),
        "the masks are added entry by entry: a path goes through all layers, so it takes their "
        "matrix product `@`": lambda masks: _paths(then=add)(masks) > 0,
        "the product is in the wrong order: x passes the first mask first, so that one stands at "
        "the right, output @ … @ first": lambda masks: _count(masks[::-1]) > 0,
        "you set the diagonal to False. An output that sees its own variable is a leak, and this "
        "matrix is there to show it": (
            lambda masks: connectivity(masks) & ~torch.eye(len(masks[-1]), dtype=torch.bool)
        ),
        "the masks are multiplied entry by entry, as `&` and `*` do it: a path goes through any "
        "hidden unit, so it takes the matrix product `@`": _paths(torch.bool, and_),
        "true only where all hidden units lead on, as by .all(): one path is enough, .any()": (
            _paths(torch.bool, lambda mask, below: (mask[:, :, None] & below).all(1))
        ),
        "with 256 paths your count runs over: eight bits count 256 values, and 256 becomes 0. Take "
        ".long() or .float()": lambda masks: _paths(torch.uint8)(masks) > 0,
    }
)


# ---- 3.4 ----------------------------------------------------------------------------------------

_PAIRS = [(3, 1), (4, 2), (6, 4), (7, 3), (8, 6)]  # (output i, input j), by output
_NAMES = variable_names(8)

_ONE_EACH = (
    "all five pairs are reached, with as many units as pairs. A unit can serve several pairs: "
    "which degrees would do for two pairs at once?"
)
_EVERY_DEGREE = (
    "with every degree from 1 to 7 all 28 allowed pairs are reached. Only five are asked for"
)
_NOT_FEWEST = (
    "all five pairs are reached, but fewer units can do it. Does each serve as many pairs as it "
    "could? A unit of degree d sees the d-th variable itself, too"
)


def _unseen(i: int, j: int, degrees: Sequence[int] = ()) -> str:
    output, variable = hat(_NAMES[i - 1]), _NAMES[j - 1]
    too_high = f" One of degree {i} will not do: into {output} only from smaller degrees"
    return (
        f"{output} does not see {variable}: which degrees may a unit have that sees {variable} and "
        f"that {output} may listen to?{too_high if i in degrees else ''}"
    )


def _examine_units(answer: object, pairs: Sequence[tuple[int, int]] = _PAIRS) -> str:
    degrees = _whole_numbers(answer)
    lie = "hidden degrees lie between 1 and 7: no output may listen to a unit of degree 8, and one "
    outside = not all(1 <= d <= 7 for d in degrees)
    require_none([(f"{lie}of degree 0 would know nothing", outside)], came=written(degrees))
    masks = run(package.build_masks, [torch.arange(1, 9), torch.tensor(degrees).long()])
    reached = package.connectivity(masks)
    for i, j in pairs:
        if not reached[i - 1, j - 1]:
            raise Wrong(
                _unseen(i, j, degrees),
                tried=f"hidden degrees {degrees}",
                expected=f"a path from {_NAMES[j - 1]} to {hat(_NAMES[i - 1])}",
                came="none",
            )
    faults = [
        (_EVERY_DEGREE, set(degrees) == set(range(1, 8))),
        (_ONE_EACH, len(degrees) == len(pairs)),
        (_NOT_FEWEST, len(degrees) > len(fewest_units(pairs))),
    ]
    require_none(faults, came=f"{len(degrees)} units")
    return f"All five pairs with {len(degrees)} units, and fewer cannot do it."


def _whole_numbers(answer: object) -> list[int]:
    values = answer.tolist() if hasattr(answer, "tolist") else answer
    if isinstance(values, list | tuple):
        values = [value.item() if hasattr(value, "item") else value for value in values]
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise Wrong(
            "a list of whole numbers is asked for, one degree for each unit, such as [1, 4]",
            came=written(answer),
        )
    return values


def _vary_units(exercise: Exercise, variant: str) -> Exercise:
    """Five other pairs that three units can serve, and none that serve those of the notebook."""
    pairs = next(
        pairs
        for k in count()
        if len(dict(pairs := sorted(shuffled(f"{variant} {k}", _ALLOWED)[:5]))) == 5
        and len(fewest_units(pairs)) == 3
        and len(_threes(pairs)) < 3  # so that another variant's answer is seldom right
        and not _threes(pairs) & _threes(_PAIRS)
    )
    (i, j), *_ = pairs
    least = fewest_units(pairs)
    slips = (
        Slip([j for _, j in pairs], _ONE_EACH),
        Slip([1, 2, 3, 4, 5, 6, 7], _EVERY_DEGREE),
        Slip([*least, least[0]], _NOT_FEWEST),
        Slip([i], _unseen(i, j, [i])),
        Slip([7], _unseen(i, j)),
    )
    wanted = ", ".join(f"{hat(_NAMES[i - 1])} sees {_NAMES[j - 1]}" for i, j in pairs)
    return replace(
        exercise,
        reference=lambda: least,
        slips=slips,
        examine=lambda answer: _examine_units(answer, pairs),
        asks=f"Your variant: five other pairs, {wanted}.",
    )


_ALLOWED = [(i, j) for i in range(2, 9) for j in range(1, i)]


def _threes(pairs: Sequence[tuple[int, int]]) -> set[tuple[int, ...]]:
    """Degrees of three units that reach all pairs."""
    found = combinations(range(1, 8), 3)
    return {three for three in found if all(any(j <= d < i for d in three) for i, j in pairs)}


@exercise(
    "3.4",
    "Fewest units",
    stars=3,
    examine=_examine_units,
    is_value=True,
    vary=_vary_units,
    hints=(
        "Take one pair: x̂₃ sees x₁. Which degrees may a unit have that sees x₁ and that x̂₃ may "
        "listen to? Write down the list, for each of the five pairs.",
        "A unit of degree d sees xⱼ if j ≤ d, and x̂ᵢ listens to it if d < i. So x̂₃ sees x₁ by a "
        "unit of degree 1 or 2, and x̂₄ sees x₂ by one of degree 2 or 3. Which degree serves both?",
        "The five lists are {1, 2}, {2, 3}, {4, 5}, {3, 4, 5, 6} and {6, 7}. Choose as few numbers "
        "as possible so that each list holds one of them.",
    ),
)
def fewest_units(pairs=((3, 1), (4, 2), (6, 4), (7, 3), (8, 6))) -> list[int]:
    """A unit of degree d leads from input j to output i where j ≤ d < i."""
    degrees = []
    for i, j in pairs:  # (output i, input j), by output
        if not any(j <= d < i for d in degrees):
            degrees.append(i - 1)  # the largest that does: it serves most later pairs, too
    return degrees  # [2, 5, 7]; [2, 4, 6] and others do as well


slips(
    {
        _ONE_EACH: [1, 2, 4, 3, 6],
        _EVERY_DEGREE: [1, 2, 3, 4, 5, 6, 7],
        _NOT_FEWEST: [2, 3, 5, 7],
        _unseen(3, 1, [3]): [3, 6],
        _unseen(3, 1): [4],
    }
)


# ---- 3.5 ----------------------------------------------------------------------------------------


_BELOW = (
    ([1, 4], 6),
    ([3, 1, 5, 2, 6, 4], 6),
    ([3, 5, 2, 4], 6),
    ([5, 5], 6),
    ([2, 1], 2),
    ([1], 1),
)
_MANY = 3000  # each of five degrees comes 600 times, give or take 22
_PICKED = (
    "each unit has one of the very degrees that the layer below has: any whole number may come, "
    "from below.min() to D - 1"
)
_REPEATED = (
    "these are drawn without repetition, so no more of them come than there are degrees: several "
    "units may have the same one, as torch.randint gives it"
)
_DEGREE_0 = "a unit of degree 0 knows nothing: degrees of hidden units begin with 1"
_DEGREE_D = "no output may listen to a unit of degree D: the largest degree is D - 1"
_BLIND = (
    "some units have a smaller degree than all units of the layer below, and so see nothing: draw "
    "from the smallest degree below upwards"
)
_ALL_THE_SAME = "all units have the same degree: each draws one of its own"
_NO_HIGHEST = (
    "degree D - 1 never comes, and without it the last output cannot see its immediate "
    "predecessor. torch.randint(a, b, ...) draws from a to b - 1, without b"
)
_NO_LOWEST = (
    "the smallest degree of the layer below never comes. A unit that has it does see something: "
    "the units below of equal degree"
)
_NOT_ALIKE = "some degrees come more often than others: each is to be equally likely"
_NOT_DRAWN = "two calls gave the same degrees: draw at random, anew each time, without a seed"
_ONE_VARIABLE = "where D is 1, no degree lies between 1 and D - 1: give every unit degree 1"


def _examine_drawing(answer: object) -> None:
    for below, input_dim in _BELOW:
        degrees, again = (_drawn(answer, below, input_dim) for _ in range(2))
        require_none(
            [
                *_faults_of_degrees(degrees, min(below), input_dim),
                (_NOT_DRAWN, len(degrees.unique()) > 1 and degrees.equal(again)),
            ],
            tried=written_call(answer, [below, _MANY, input_dim]),
            came=f"{written(degrees[:8])[:-1]}, ...]",
        )


def _drawn(answer: object, below: list[int], input_dim: int) -> Tensor:
    came = None
    try:
        came = run(answer, torch.tensor(below), _MANY, input_dim)
        form = torch.zeros_like(came) if isinstance(came, Tensor) else came
        require_same(form, torch.zeros(_MANY).long())
    except Wrong as wrong:
        wrong.tried = written_call(answer, [below, _MANY, input_dim])
        if isinstance(came, Tensor) and came.dim() == 1 and 1 < len(came) <= input_dim:
            wrong.cause = _REPEATED
        if input_dim == 1 and not isinstance(wrong, Misformed):  # all was well with more
            raise Wrong(_ONE_VARIABLE, tried=wrong.tried, came=wrong.cause) from wrong
        raise
    return came


def _faults_of_degrees(
    degrees: Tensor, lowest: int, input_dim: int
) -> Iterator[tuple[str, object]]:
    if input_dim == 1:
        yield _ONE_VARIABLE, (degrees != 1).any()
        return
    counts = torch.tensor([int((degrees == d).sum()) for d in range(lowest, input_dim)])
    yield _PICKED, lowest == 1 and set(degrees.tolist()) == {1, 4}
    yield _DEGREE_0, degrees.min() < 1
    yield _DEGREE_D, degrees.max() >= input_dim
    yield _BLIND, degrees.min() < lowest
    yield _ALL_THE_SAME, len(counts) > 1 and len(degrees.unique()) == 1
    yield _NO_HIGHEST, counts[-1] == 0
    yield _NO_LOWEST, counts[0] == 0
    yield _NOT_ALIKE, counts.max() > 1.3 * _MANY / len(counts)


def _between(lowest: Callable[[Tensor], int], end: int) -> Callable[..., Tensor]:
    """Draws from a degree that depends on the layer below to D - 1 + end."""

    def draw(below: Tensor, n_units: int, input_dim: int) -> Tensor:
        return torch.randint(lowest(below), max(input_dim, 2) + end, (n_units,))

    return draw


@exercise(
    "3.5",
    "Draw degrees",
    stars=2,
    examine=_examine_drawing,
    package=package.hidden_degrees,
    hints=(
        "Which degrees may come? The smallest is that of the layer below, below.min(). The largest "
        "is D - 1, and torch.randint leaves out its upper end.",
        "For D = 1 the largest would be 0, and nothing would be left to draw from: take "
        "max(input_dim - 1, 1).",
        "torch.randint(lowest, highest + 1, (n_units,)), with int(below.min()) and "
        "max(input_dim - 1, 1).",
    ),
)
def draw_hidden(below: LongTensor, n_units: int, input_dim: int) -> LongTensor:
    """From the smallest degree of the layer below up to D - 1, or 1 where D is 1."""
    lowest, highest = int(below.min()), max(input_dim - 1, 1)
    return torch.randint(lowest, highest + 1, (n_units,))


slips(
    {
        _NO_HIGHEST: lambda below, n_units, D: torch.randint(1, D - 1, (n_units,)),
        _BLIND: _between(lambda below: 1, 0),
        _DEGREE_D: _between(lambda below: int(below.min()), 1),
        _DEGREE_0: _between(lambda below: 0, 0),
        _NO_LOWEST: _between(lambda below: int(below.min()) + (len(below) > 2), 0),
        _ONE_VARIABLE: lambda below, n_units, D: torch.randint(int(below.min()), D, (n_units,)),
        _ALL_THE_SAME: lambda below, n_units, D: draw_hidden(below, 1, D).repeat(n_units),
        _NOT_ALIKE: lambda below, n_units, D: _between(lambda below: 1, 0)(below, n_units, D).clamp(
            min=int(below.min())
        ),
        _PICKED: lambda below, n_units, D: below[torch.randint(len(below), (n_units,))],
        _REPEATED: lambda below, n_units, D: torch.randperm(D)[:n_units] + 1,
        _NOT_DRAWN: lambda below, n_units, D: (
            torch.linspace(int(below.min()), max(D - 1, 1), n_units).round().long()
        ),
    }
)

EXERCISES = exercises_of(__name__)
