"""Exercise 11.2: the fewest steps that draw the thirty boards without loss."""

import numpy as np
from torch import Tensor

from made_course.data.toys import bars_and_stripes

from ..checking import Exercise, MalformedAnswer, View, as_text
from .cost_of_a_group import cost_of_group
from .entropies import lowest_nll

BOARDS = bars_and_stripes()
BEST_GROUPS = {
    1: [[*range(16)]],
    2: [[0, 2, 3, 5, 8, 12], [1, 4, 6, 7, 9, 10, 11, 13, 14, 15]],
    3: [[2, 3, 5, 8], [0, 1, 12], [4, 6, 7, 9, 10, 11, 13, 14, 15]],
    4: [[3, 6, 12], [0, 9], [1, 2], [4, 5, 7, 8, 10, 11, 13, 14, 15]],
    5: [[3, 12], [0, 9], [1, 6], [2], [4, 5, 7, 8, 10, 11, 13, 14, 15]],
}
"""Number of steps → groups that lose the fewest nats. Other groups lose just as few."""
SMALLEST_LOSS = 1e-6  # in nats; a smaller loss is a rounding error

_LOSSY = (
    "the variables of this step still depend on each other, given everything before them. Which "
    "of them would have to be known, so that the others are independent?"
)
_TWO_DIGITS = "two digits do not show this loss, because 3.4034 and 3.4012 are both printed as 3.40"


def _check_groups(answer: object) -> list[list[int]]:
    """Return the groups of an answer as lists of whole numbers."""
    groups = _to_lists(answer)
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        cause = "return a list of groups, each a list of variables: [[0, 1], [2, 3], ...]"
        raise MalformedAnswer(cause, got=as_text(answer))
    found = [i for group in groups for i in group]
    if not all(type(i) is int for i in found):
        raise MalformedAnswer("variables are whole numbers, counted from 0", got=as_text(answer))
    if sorted(found) != list(range(16)):
        cause = "each of the 16 variables, 0 to 15, must be in exactly one group"
        raise MalformedAnswer(cause, got=as_text(answer))
    return [group for group in groups if group]


def _to_lists(value: object) -> object:
    """Convert nested tuples, tensors and NumPy values to nested lists of Python numbers."""
    value = value.tolist() if isinstance(value, Tensor | np.ndarray | np.generic) else value
    return [_to_lists(part) for part in value] if isinstance(value, list | tuple) else value


def fewest_steps() -> list[list[int]]:
    """Draw the first row pixel by pixel, then the rest of the first column, then all others."""
    inside = [4 * row + column for row in (1, 2, 3) for column in (1, 2, 3)]
    return [[0], [1], [2], [3], [4, 8, 12], inside]


def _describe_loss(answer: object) -> str:
    """Name the first step that loses nats, and say how many."""
    groups = _check_groups(answer)
    past: list[int] = []
    for step, group in enumerate(groups, 1):
        if (cost := cost_of_group(BOARDS, past, group)) > SMALLEST_LOSS:
            return (
                f"step {step}, {as_text(group)} at once, loses {cost:.4f} nats; the whole board "
                f"costs {lowest_nll(BOARDS, groups):.4f}"
            )
        past += group
    return "no step loses nats, and the whole board costs 3.4012"


EXERCISE = Exercise(
    title="Fewest steps without loss",
    stars=3,
    reference=fewest_steps,
    message="Fewer than 6 steps always lose something.",
    is_value=True,
    hints=(
        "Draw the first row one by one. What do you know about the board if this row has two "
        "colours, and what if it has one?",
        "If the first row has two colours, the board has bars, and everything is known. If it "
        "has one colour, the board has stripes, and each further row is an independent fair coin.",
        "Use four steps for the first row, one for the rest of the first column, `[4, 8, 12]`, and "
        "one for all other pixels.",
    ),
    views=(
        View(
            _describe_loss,
            as_text,
            mistakes={
                _TWO_DIGITS: BEST_GROUPS[5],
                _LOSSY: [[*range(k, k + 4)] for k in range(0, 16, 4)],
            },
            cause=lambda answer, got, right: _TWO_DIGITS if "costs 3.40" in got else _LOSSY,
        ),
        View(
            lambda answer: f"{len(_check_groups(answer))} steps",
            as_text,
            mistakes={
                "nothing is lost, but fewer steps are enough. Which of the later variables are "
                "independent, once those before them are known?": [[i] for i in range(16)]
            },
            expected="",
        ),
    ),
)
