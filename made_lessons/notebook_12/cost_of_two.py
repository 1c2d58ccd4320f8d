"""Exercise 12.3: the cost of drawing two variables at once, from their joint distribution."""

import torch
from torch import Tensor

from ..checking import Exercise, choose, draw_uniform, edit, further_cases


def _draw_table(key: str, rows: int, columns: int) -> Tensor:
    """Return a random joint distribution with one zero."""
    joint = draw_uniform(key, rows, columns)
    joint[0, -1] = 0
    return joint / joint.sum()


def cost_of_two(joint: Tensor) -> Tensor:
    """Return the mutual information, the sum of both entropies minus the joint entropy."""

    def entropy(p: Tensor) -> Tensor:
        return -torch.xlogy(p, p).sum()

    return entropy(joint.sum(1)) + entropy(joint.sum(0)) - entropy(joint)


_COST = "entropy(joint.sum(1)) + entropy(joint.sum(0)) - entropy(joint)"


def _cost_without_xlogy(joint: Tensor) -> Tensor:
    each = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    return (joint * (joint / each).log()).sum()


EXERCISE = Exercise(
    title="The cost of two at once",
    stars=2,
    reference=cost_of_two,
    cases=(
        (torch.tensor([[0.4, 0.1], [0.1, 0.4]]),),
        (torch.tensor([[0.5, 0.0], [0.0, 0.5]]),),
        (torch.tensor([[0.0625, 0.1875], [0.1875, 0.5625]]),),
        (torch.tensor([[0.5, 0.5], [0.0, 0.0]]),),
        (_draw_table("wide", 2, 4),),
        (_draw_table("tall", 3, 2),),
    ),
    vary=further_cases(lambda key: (_draw_table(key, choose(key, [2, 3, 4]), 3),)),
    hints=(
        "This is the cost of a group, as in exercise 11.1, for two variables without a past: the "
        "sum of the two entropies minus the joint entropy.",
        "The distribution of a is `joint.sum(1)`, and that of b is `joint.sum(0)`. `torch.xlogy(p, "
        "p)` is p ln p, and 0 where p is 0.",
        "With `entropy = lambda p: -torch.xlogy(p, p).sum()`, the cost is `entropy(joint.sum(1)) + "
        "entropy(joint.sum(0)) - entropy(joint)`.",
    ),
    mistakes={
        "your result is not a number if a probability is 0, because 0 · ln 0 is nan in floats. "
        "torch.xlogy(p, p) is 0 there": _cost_without_xlogy,
        "you returned the joint entropy, which is the cost of drawing one after the other. "
        "Subtract it from the cost of drawing both at once": edit(_COST, "entropy(joint)"),
        "you returned the cost of drawing both at once. Subtract their joint entropy": edit(
            " - entropy(joint)", ""
        ),
        "you returned the cost of b once a is known, H(a, b) − H(a). The cost of drawing both at "
        "once is H(a) + H(b) − H(a, b)": edit(_COST, "entropy(joint) - entropy(joint.sum(1))"),
        "you returned the cost of a once b is known, H(a, b) − H(b). The cost of drawing both at "
        "once is H(a) + H(b) − H(a, b)": edit(_COST, "entropy(joint) - entropy(joint.sum(0))"),
        "you returned the entropy of a. Sum over dimension 1 for a and over dimension 0 for b, "
        "add the two entropies, and subtract the joint entropy": edit(
            _COST, "entropy(joint.sum(1))"
        ),
        "you counted a twice. joint.sum(0) is the distribution of b": edit(
            "entropy(joint.sum(0))", "entropy(joint.sum(1))"
        ),
        "you counted b twice. joint.sum(1) is the distribution of a": edit(
            "entropy(joint.sum(1))", "entropy(joint.sum(0))"
        ),
    },
)
