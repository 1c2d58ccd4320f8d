"""Exercise 3.1: the masks of a small network, by hand."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import count
from operator import le, lt

import torch

from made_course.common.words import variable_names

from ..checking import Exercise, View, WrongAnswer, as_text, shuffle

Masks = list[list[list[int]]]
RULES_SWAPPED = (
    "you swapped the two rules. Equal degrees are allowed into a hidden unit, but not into an "
    "output"
)
_ORDERING, _HIDDEN = [2, 3, 1], [1, 2, 2, 1]


def _degrees_of_variables(ordering: list[int]) -> list[int]:
    """Return the degree of each variable in an ordering of 1..D."""
    return [ordering.index(i) + 1 for i in range(1, len(ordering) + 1)]


def _build_masks(order: list[int], hidden: list[int], into_hidden=le, into_output=lt) -> Masks:
    """Build both masks, by default with ``<=`` into hidden units and ``<`` into outputs."""
    first = [[int(into_hidden(below, unit)) for below in order] for unit in hidden]
    output = [[int(into_output(unit, above)) for unit in hidden] for above in order]
    return [first, output]


def _wrong_masks(
    ordering: list[int], hidden: list[int], own_degree: str, ordering_used: str
) -> dict[str, Masks]:
    """Return wrong masks by cause, for an ordering of 1..D and the degrees of hidden units."""
    order = _degrees_of_variables(ordering)
    transposed = [[list(row) for row in zip(*m, strict=True)] for m in _build_masks(order, hidden)]
    return {
        "in your first mask, units of degree 1 see nothing, but a hidden unit may also see an "
        "equal degree": _build_masks(order, hidden, lt, lt),
        f"in your output mask, {own_degree}, but an output may see only smaller degrees": (
            _build_masks(order, hidden, le, le)
        ),
        RULES_SWAPPED: _build_masks(order, hidden, lt, le),
        "rows and columns are swapped. A row belongs to the unit that sees, and a column to the "
        "unit that is seen": transposed,
        f"{ordering_used}. The degree of x₁ is the step that generates x₁": (
            _build_masks(ordering, hidden)
        ),
    }


def _parse_mask(mask: object) -> list[list[int]]:
    with suppress(TypeError, ValueError, RuntimeError):
        found = torch.as_tensor(mask)
        if found.dim() == 2 and found.numel() and bool(((found == 0) | (found == 1)).all()):
            return found.int().tolist()
    raise WrongAnswer(
        "a mask must be a list of rows of equal length, such as [[0, 1, 0], [1, 1, 0]], with "
        "zeros and ones only",
        got=as_text(mask),
    )


def _parse_masks(answer: object) -> Masks:
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise WrongAnswer("the answer must have two masks, [first, output]", got=as_text(answer))
    return [_parse_mask(mask) for mask in answer]


def _make_view(order: list[int], hidden: list[int], wrong: Mapping[str, Masks]) -> View:
    """Return a view of both masks that explains the first wrong shape or row."""

    def why(answer: object, *_: object) -> str:
        masks = zip(
            ("first", "output"), _parse_masks(answer), _build_masks(order, hidden), strict=True
        )
        for k, (name, mask, right) in enumerate(masks):
            if (len(mask), len(mask[0])) != (len(right), len(right[0])):
                return (
                    f"the {name} mask must have {len(right)} rows of {len(right[0])} entries, with "
                    "one row per unit that sees, and one column per unit that it may see"
                )
            known = [cause for cause, masks in wrong.items() if mask == masks[k] != right]
            rows = [row for row, entries in enumerate(mask) if entries != right[row]]
            if known or rows:
                return known[0] if known else _explain_row(k, rows[0], [hidden, order][k][rows[0]])
        return ""

    return View(lambda answer: as_text(_parse_masks(answer)), cause=why, expected="")


def _explain_row(k: int, row: int, degree: int) -> str:
    if k == 0:
        return (
            f"look again at hidden unit {row + 1}. Its degree is {degree}, so it may see the "
            f"variables of degree {degree} or less"
        )
    return (
        f"look again at output {variable_names(row + 1)[row]}. Its degree is {degree}, so it may "
        f"see the units whose degree is less than {degree}"
    )


def _vary(exercise: Exercise, variant: str) -> Exercise:
    """Choose an ordering of four variables, and degrees of five hidden units."""
    tries = (shuffle(f"{variant} {k}", [1, 2, 3, 4]) for k in count())
    # an ordering that is its own inverse would hide a mix-up of ordering and degrees
    ordering = next(tried for tried in tries if _degrees_of_variables(tried) != tried)
    order, hidden = _degrees_of_variables(ordering), shuffle(variant, [1, 1, 2, 3, 3])
    names = variable_names(4)
    task = (
        f"Your variant: the ordering {', '.join(names[i - 1] for i in ordering)}, and five hidden "
        f"units of degrees {', '.join(map(str, hidden))}."
    )
    wrong = _wrong_masks(
        ordering,
        hidden,
        own_degree="an output sees units of its own degree, which see its variable",
        ordering_used="you used the ordering as the degrees",
    )
    return replace(
        exercise,
        reference=lambda: _build_masks(order, hidden),
        mistakes=wrong,
        views=[_make_view(order, hidden, wrong)],
        task=task,
    )


_WRONG = {
    **_wrong_masks(
        _ORDERING,
        _HIDDEN,
        own_degree="x̂₃ sees units of degree 2, which see x₃",
        ordering_used="you used 2, 3, 1 as the degrees, but this is the ordering",
    ),
    "either you gave the variables the degrees 1, 2, 3, although x₂ has degree 1, or you wrote "
    "them in the order x₂, x₃, x₁ instead of x₁, x₂, x₃": _build_masks([1, 2, 3], _HIDDEN),
}


def masks_by_hand() -> list[list[list[int]]]:
    """Return the first mask and the output mask, row by row."""
    first = [  # x₁, x₂, x₃ have the degrees 3, 1, 2
        [0, 1, 0],  # degree 1: sees x₂ only
        [0, 1, 1],  # degree 2: sees x₂ and x₃
        [0, 1, 1],
        [0, 1, 0],
    ]
    output = [  # the units have the degrees 1, 2, 2, 1
        [1, 1, 1, 1],  # x̂₁, degree 3: sees all units
        [0, 0, 0, 0],  # x̂₂, degree 1: sees none
        [1, 0, 0, 1],  # x̂₃, degree 2: sees the units of degree 1
    ]
    return [first, output]


EXERCISE = Exercise(
    title="Masks by hand",
    stars=1,
    reference=masks_by_hand,
    is_value=True,
    vary=_vary,
    hints=(
        "First write down the degree of each variable: which step generates x₁, which x₂, and "
        "which x₃?",
        "The degrees of x₁, x₂, x₃ are 3, 1, 2. A unit of degree 1 may see degrees up to 1, which "
        "is one variable only. Which?",
        "The first row of `first` is `[0, 1, 0]`. The row of x̂₂ in `output` is all zeros, because "
        "no unit has a degree below 1.",
    ),
    mistakes=_WRONG,
    views=(_make_view(_degrees_of_variables(_ORDERING), _HIDDEN, _WRONG),),
)
