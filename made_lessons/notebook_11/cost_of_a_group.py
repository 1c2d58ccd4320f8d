"""Exercise 11.1: the cost of drawing a group of variables in one step."""

import torch
from torch import Tensor

from made_course.data.toys import bars_and_stripes, rain_diary

from ..checking import Exercise, draw_uniform, edit, further_cases, shuffle
from .entropies import entropy

_DIARY, _BOARDS = rain_diary(), bars_and_stripes()
_PARITY = torch.tensor([[0.0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])


def cost_of_group(rows: Tensor, past: list[int], group: list[int]) -> float:
    """Return the sum of the entropies given the past, minus the joint entropy given the past."""
    known = entropy(rows, past)
    each = sum(entropy(rows, [*past, i]) - known for i in group)
    joint = entropy(rows, [*past, *group]) - known
    return each - joint


def _sum_over_pairs(rows: Tensor, past: list[int], group: list[int]) -> float:
    pairs = [(i, j) for k, i in enumerate(group) for j in group[k + 1 :]]
    return sum(cost_of_group(rows, past, [*pair]) for pair in pairs)


EXERCISE = Exercise(
    title="The cost of a group",
    stars=2,
    reference=cost_of_group,
    cases=(
        (_DIARY, [], [1, 2]),
        (_DIARY, [0], [1, 2]),
        (_PARITY, [], [0, 1, 2]),
        (_BOARDS, [0, 1], [2, 3, 8]),
        (_BOARDS, [0, 1, 2, 3], [4, 8, 12]),
    ),
    vary=further_cases(
        lambda key: (
            (draw_uniform(key, 12, 5) < 0.5).float(),
            shuffle(key, range(5))[:1],
            shuffle(key, range(5))[1:4],
        )
    ),
    hints=(
        "Compare two costs: the sum over variables if each is predicted from the past only, and "
        "the joint cost given the past. Begin with one variable: H(xᵢ given the past).",
        "An entropy given the past is a difference: `entropy(rows, [*past, i]) - entropy(rows, "
        "past)`.",
        "`each = sum(entropy(rows, [*past, i]) - known for i in group)`, and `joint = "
        "entropy(rows, [*past, *group]) - known`, with `known = entropy(rows, past)`.",
    ),
    mistakes={
        "the past is missing. Variables that are independent may depend on each other once others "
        "are known, and vice versa": (lambda rows, past, group: cost_of_group(rows, [], group)),
        "you summed over pairs. Three variables may be pairwise but not jointly independent. If "
        "the third is the parity of the others, no single variable helps to predict another, but "
        "two of them determine the third": _sum_over_pairs,
        "both of your entropies include the past. It does not cancel, because it is counted once "
        "per variable. H(xᵢ given the past) is H(past and xᵢ) minus H(past)": edit(
            "[*past, i]) - known", "[*past, i])", "[*past, *group]) - known", "[*past, *group])"
        ),
        "the entropy of each variable includes the past. H(xᵢ given the past) is H(past and xᵢ) "
        "minus H(past)": edit("[*past, i]) - known", "[*past, i])"),
        "your joint entropy includes the past. H(group given the past) is H(past and group) "
        "minus H(past)": edit("[*past, *group]) - known", "[*past, *group])"),
        "your joint entropy does not contain the past, but your other entropies do. H(group given "
        "the past) is H(past and group) minus H(past)": edit("[*past, *group]) - known", "group)"),
        "you subtracted H(past) once. It is in all n entropies of the sum, and once in the joint "
        "entropy, so subtract it n − 1 times": lambda rows, past, group: (
            cost_of_group(rows, past, group) + (len(group) - 2) * entropy(rows, past)
        ),
        "you returned the joint entropy, the cost of the group one by one. Subtract it from the "
        "sum of the entropies": edit("each - joint", "joint"),
        "you returned the cost of the group at once. Subtract the joint entropy from it": edit(
            "each - joint", "each"
        ),
    },
)
