"""Exercises 3.4 and 3.5: fewest units, and degrees that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, count

import torch
from torch import LongTensor, Tensor

from made_course.common.words import hat, variable_names
from made_course.model import masks as package

from ..checking.calls import run
from ..checking.comparing import require_same
from ..checking.exercise import Exercise, Misformed, Slip, Wrong, exercise, require_none, slips
from ..checking.in_words import written, written_call
from ..checking.variants import shuffled

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
