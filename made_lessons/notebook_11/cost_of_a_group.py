"""11.1: what it costs to draw a group of variables in one step."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from made_course.data.toys import bars_and_stripes, rain_diary

from ..checking import but, drawn, exercise, further_cases, known_mistakes, shuffled
from .counting import entropy

_DIARY, _BOARDS = rain_diary(), bars_and_stripes()
_PARITY = torch.tensor([[0.0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])


@exercise(
    "11.1",
    "The cost of a group",
    stars=2,
    cases=(
        (_DIARY, [], [1, 2]),
        (_DIARY, [0], [1, 2]),
        (_PARITY, [], [0, 1, 2]),
        (_BOARDS, [0, 1], [2, 3, 8]),
        (_BOARDS, [0, 1, 2, 3], [4, 8, 12]),
    ),
    vary=further_cases(
        lambda word: (
            (drawn(word, 12, 5) < 0.5).float(),
            shuffled(word, range(5))[:1],
            shuffled(word, range(5))[1:4],
        )
    ),
    hints=(
        "Two sums are compared: what the variables cost if each is told by the past alone, and "
        "what they cost together, by the past. Begin with one variable: H(xᵢ given the past).",
        "An entropy given the past is a difference: entropy(rows, [*past, i]) - entropy(rows, "
        "past).",
        "each = sum(entropy(rows, [*past, i]) - known for i in group), and together = "
        "entropy(rows, [*past, *group]) - known, with known = entropy(rows, past).",
    ),
)
def cost_of_group(rows: Tensor, past: list[int], group: list[int]) -> float:
    """The sum of the entropies given the past, minus the joint entropy given the past."""
    known = entropy(rows, past)
    each = sum(entropy(rows, [*past, i]) - known for i in group)
    together = entropy(rows, [*past, *group]) - known
    return each - together


def _pairs(rows: Tensor, past: list[int], group: list[int]) -> float:
    pairs = [(i, j) for k, i in enumerate(group) for j in group[k + 1 :]]
    return sum(cost_of_group(rows, past, [*pair]) for pair in pairs)


known_mistakes(
    {
        "the past is left out: variables that are independent at first may depend on one another "
        "once others are known, and the other way round": (
            lambda rows, past, group: cost_of_group(rows, [], group)
        ),
        "this is the sum over pairs. Three variables may be independent two by two and not "
        "together: if the third is the parity of the others, each pair tells nothing, and two of "
        "them tell all": _pairs,
        "both entropies have the past in them, which does not cancel: it is counted once for each "
        "variable. H(xᵢ given the past) is H(past and xᵢ) minus H(past)": but(
            "[*past, i]) - known", "[*past, i])", "[*past, *group]) - known", "[*past, *group])"
        ),
        "each entropy has the past in it: H(past and xᵢ). Given the past it is that minus "
        "H(past)": but("[*past, i]) - known", "[*past, i])"),
        "the joint entropy has the past in it: H(past and group). Given the past it is that minus "
        "H(past)": but("[*past, *group]) - known", "[*past, *group])"),
        "this is what the group costs one by one, and not what is lost: subtract the joint "
        "entropy from the sum": but("each - together", "together"),
        "this is what the group costs at once, and not what is lost: subtract the joint entropy "
        "from it": but("each - together", "each"),
        "the sign is turned: the sum of the entropies is the larger one": but(
            "each - together", "together - each"
        ),
        "these are bits: entropy counts in nats, and so does a cost": (
            lambda rows, past, group: cost_of_group(rows, past, group) / math.log(2)
        ),
    }
)
