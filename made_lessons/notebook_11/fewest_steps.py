"""11.2: the fewest steps in which thirty boards can be drawn, and nothing is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from made_course.common.words import listing, variable_names
from made_course.data.toys import bars_and_stripes

from ..checking import Wrong, exercise, known_mistakes, require_none, written
from .cost_of_a_group import cost_of_group
from .counting import nats_of

BOARDS = bars_and_stripes()
LEAST = {
    1: [[*range(16)]],
    2: [[0, 2, 3, 5, 8, 12], [1, 4, 6, 7, 9, 10, 11, 13, 14, 15]],
    3: [[2, 3, 5, 8], [0, 1, 12], [4, 6, 7, 9, 10, 11, 13, 14, 15]],
    4: [[3, 6, 12], [0, 9], [1, 2], [4, 5, 7, 8, 10, 11, 13, 14, 15]],
    5: [[3, 12], [0, 9], [1, 6], [2], [4, 5, 7, 8, 10, 11, 13, 14, 15]],
}
"""Too few steps → groups that lose least. All ways were tried, and others lose as little."""
LOST = 1e-6
"""Nats from which on something is lost."""

_MORE = (
    "nothing is lost, but fewer steps can do it. Which of the later variables tell one another "
    "nothing, once those before them are known?"
)
_TWO_DIGITS = (
    "0.0022 nats are lost, which two digits do not show: 3.4034 is printed as 3.40, as 3.4012 is"
)


def _examine(answer: object) -> str:
    groups = _groups(answer)
    past: list[int] = []
    for step, group in enumerate(groups, 1):
        if (cost := cost_of_group(BOARDS, past, group)) > LOST:
            nats = nats_of(BOARDS, groups)
            raise Wrong(
                _TWO_DIGITS if nats < math.log(30) + 0.005 else _lossy(step),
                tried=f"step {step}, {_named(group)} at once",
                expected="a cost of 0 nats",
                got=f"{cost:.4f} nats, and {nats:.4f} for the whole board",
            )
        past += group
    require_none([(_MORE, len(groups) > len(fewest_steps()))], got=f"{len(groups)} steps")
    return f"{len(groups)} steps for 16 variables, ln 30 = 3.4012 nats, and fewer cannot do it."


def _groups(answer: object) -> list[list[int]]:
    groups = _in_lists(answer)
    is_list = isinstance(groups, list)
    found = [i for group in groups if isinstance(group, list) for i in group] if is_list else []
    lacks = "a list of groups is asked for, each a list of variables, counted from 0"
    each = "each of the 16 variables, 0 to 15, comes in one group"
    whole = is_list and all(isinstance(group, list) for group in groups)
    require_none(
        [
            (f"{lacks}: [[0, 1], [2, 3], ...]", not whole),
            (f"{lacks}: all of them whole numbers", not all(type(i) is int for i in found)),
            (each, sorted(found) != list(range(16))),
        ],
        got=written(answer),
    )
    return [group for group in groups if group]


def _in_lists(value: object) -> object:
    """Return lists and plain numbers for tuples, tensors and NumPy's arrays and numbers."""
    value = value.tolist() if isinstance(value, Tensor | np.ndarray | np.generic) else value
    return [_in_lists(part) for part in value] if isinstance(value, list | tuple) else value


def _lossy(step: int) -> str:
    return (
        f"the variables of step {step} tell one another something that nothing before them "
        "tells. Which of them would have to be known, so that the others are independent?"
    )


def _named(group: Sequence[int]) -> str:
    names = variable_names(16)
    return listing([names[i] for i in group])


@exercise(
    "11.2",
    "Fewest steps without loss",
    stars=3,
    examine=_examine,
    is_value=True,
    hints=(
        "Draw the first row, one by one. Once you know it, what do you know of the board: where it "
        "is not of one colour? And where it is?",
        "If the first row has two colours, the board has bars, and all is known. If it has one, "
        "the board has stripes, and each further row is a coin of its own: those coins tell one "
        "another nothing.",
        "Four steps for the first row, one for the rest of the first column at once, [4, 8, 12], "
        "and one for all that is left.",
    ),
)
def fewest_steps() -> list[list[int]]:
    """The first row one by one, the rest of the first column, and all that is left."""
    inside = [4 * row + column for row in (1, 2, 3) for column in (1, 2, 3)]
    return [[0], [1], [2], [3], [4, 8, 12], inside]


known_mistakes(
    {
        _MORE: [[i] for i in range(16)],
        _TWO_DIGITS: LEAST[5],
        _lossy(1): [[*range(k, k + 4)] for k in range(0, 16, 4)],
        _lossy(5): [[0], [1], [2], [3], [*range(4, 16)]],
    }
)
