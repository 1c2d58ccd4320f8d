"""3.1: the masks of a small network, by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from operator import le, lt

import torch

from made_course.common.words import variable_names

from ..checking import (
    Exercise,
    KnownMistake,
    Wrong,
    defined,
    exercise,
    known_mistakes,
    require_none,
    shuffled,
    written,
)

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
    known_mistakes: Sequence[KnownMistake] = (),
) -> None:
    known = known_mistakes or defined("3.1").known_mistakes
    masks = [_zeros_and_ones(mask) for mask in _two_masks(answer)]
    require_none(
        ((mistake.cause, masks == mistake.answer) for mistake in known), got=written(masks)
    )
    right = _by_hand(order, le, lt, hidden)
    for k, (name, mask) in enumerate(zip(("first", "output"), masks, strict=True)):
        rows, columns = len(right[k]), len(right[k][0])
        shape = (
            f"the {name} mask must have {rows} rows of {columns} entries: a row for each listener, "
            "a column for each that it may listen to"
        )
        got = f"{len(mask)} rows of {len(mask[0])}"
        require_none([(shape, got != f"{rows} rows of {columns}")], got=got)
        by_mistake = (
            (mistake.cause, mask != right[k] and mask == mistake.answer[k]) for mistake in known
        )
        require_none(by_mistake, got=f"{name} = {written(mask)}")
        for row, degree in enumerate([hidden, order][k]):
            require_none(
                [(_row_rule(k, row, degree), mask[row] != right[k][row])],
                got=f"row {row + 1} of {name}: {written(mask[row])}",
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
    known_mistakes = _wrong_masks(
        order,
        ordering,
        hidden,
        own_degree="an output listens to units of its own degree, which know its variable",
        ordering_taken="you took the ordering for the degrees",
    )
    return replace(
        exercise,
        reference=lambda: _by_hand(order, le, lt, hidden),
        known_mistakes=known_mistakes,
        examine=lambda answer: _examine_by_hand(answer, order, hidden, known_mistakes),
        asks=asks,
    )


def _two_masks(answer: object) -> list[object]:
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise Wrong("two masks are asked for, [first, output]", got=written(answer))
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
            got=written(mask),
        )
    return found.int().tolist()


RULES_SWAPPED = (
    "the two rules are swapped: equal degrees are allowed into a hidden unit and not into an output"
)


def _wrong_masks(
    order: list[int], ordering: list[int], hidden: list[int], own_degree: str, ordering_taken: str
) -> tuple[KnownMistake, ...]:
    """Wrong masks of these degrees, with the words that depend on them."""
    turned = [[list(row) for row in zip(*m, strict=True)] for m in _by_hand(order, le, lt, hidden)]
    return (
        KnownMistake(
            _by_hand(order, lt, lt, hidden),
            "in your first mask units of degree 1 see nothing: into a hidden unit a connection may "
            "also come from an equal degree",
        ),
        KnownMistake(
            _by_hand(order, le, le, hidden),
            f"in your output mask {own_degree}: into an output a connection may come from smaller "
            "degrees only",
        ),
        KnownMistake(_by_hand(order, lt, le, hidden), RULES_SWAPPED),
        KnownMistake(
            turned,
            "rows and columns are swapped: a row belongs to the one who listens, a column to the "
            "one who is listened to",
        ),
        KnownMistake(
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
    known_mistakes=_wrong_masks(
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


known_mistakes(
    {
        "either the variables have the degrees 1, 2, 3 here, and it is x₂ that has degree 1; or "
        "they stand in the order x₂, x₃, x₁, not as always in the order x₁, x₂, x₃": (
            _by_hand([1, 2, 3], le, lt)
        )
    }
)
