"""3.4: the fewest units that reach five pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, count

import torch

from made_course.common.words import hat, variable_names
from made_course.model import masks as package

from ..checking import (
    Exercise,
    KnownMistake,
    Wrong,
    exercise,
    known_mistakes,
    require_none,
    run,
    shuffled,
    written,
)

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
    require_none([(f"{lie}of degree 0 would know nothing", outside)], got=written(degrees))
    masks = run(package.build_masks, [torch.arange(1, 9), torch.tensor(degrees).long()])
    reached = package.connectivity(masks)
    for i, j in pairs:
        if not reached[i - 1, j - 1]:
            raise Wrong(
                _unseen(i, j, degrees),
                tried=f"hidden degrees {degrees}",
                expected=f"a path from {_NAMES[j - 1]} to {hat(_NAMES[i - 1])}",
                got="none",
            )
    faults = [
        (_EVERY_DEGREE, set(degrees) == set(range(1, 8))),
        (_ONE_EACH, len(degrees) == len(pairs)),
        (_NOT_FEWEST, len(degrees) > len(fewest_units(pairs))),
    ]
    require_none(faults, got=f"{len(degrees)} units")
    return f"All five pairs with {len(degrees)} units, and fewer cannot do it."


def _whole_numbers(answer: object) -> list[int]:
    values = answer.tolist() if hasattr(answer, "tolist") else answer
    if isinstance(values, list | tuple):
        values = [value.item() if hasattr(value, "item") else value for value in values]
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise Wrong(
            "a list of whole numbers is asked for, one degree for each unit, such as [1, 4]",
            got=written(answer),
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
    known_mistakes = (
        KnownMistake([j for _, j in pairs], _ONE_EACH),
        KnownMistake([1, 2, 3, 4, 5, 6, 7], _EVERY_DEGREE),
        KnownMistake([*least, least[0]], _NOT_FEWEST),
        KnownMistake([i], _unseen(i, j, [i])),
        KnownMistake([7], _unseen(i, j)),
    )
    wanted = ", ".join(f"{hat(_NAMES[i - 1])} sees {_NAMES[j - 1]}" for i, j in pairs)
    return replace(
        exercise,
        reference=lambda: least,
        known_mistakes=known_mistakes,
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


known_mistakes(
    {
        _ONE_EACH: [1, 2, 4, 3, 6],
        _EVERY_DEGREE: [1, 2, 3, 4, 5, 6, 7],
        _NOT_FEWEST: [2, 3, 5, 7],
        _unseen(3, 1, [3]): [3, 6],
        _unseen(3, 1): [4],
    }
)
