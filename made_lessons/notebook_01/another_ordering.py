"""Exercise 1.2: another ordering of the same joint distribution."""

import torch
from torch import Tensor

from ..checking import Exercise, draw_uniform, edit, further_cases

TABLES = (
    torch.tensor(0.6),
    torch.tensor([0.25, 0.5]),
    torch.tensor([[1 / 6, 1 / 2], [5 / 6, 1 / 3]]),
)
"""Tables of p(x₁ = 1), p(x₂ = 1 | x₁) and p(x₃ = 1 | x₁, x₂)."""


def draw_tables(variant_key: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return random tables with the shapes of ``TABLES``, drawn from a variant key."""
    p1, p2, p3 = (0.1 + 0.8 * draw_uniform(f"{variant_key} {k}", *[2] * k) for k in range(3))
    return p1, p2, p3


def reorder(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Turn p(x₁), p(x₂ | x₁), p(x₃ | x₁, x₂) into p(x₂), p(x₃ | x₂), p(x₁ | x₂, x₃)."""
    joint = torch.stack([1 - p1, p1])  # each variable adds one axis
    joint = joint[:, None] * torch.stack([1 - p2, p2], dim=-1)
    joint = joint[:, :, None] * torch.stack([1 - p3, p3], dim=-1)
    joint23 = joint.sum(0)
    joint2 = joint23.sum(1)
    return joint2[1], joint23[:, 1] / joint2, joint[1] / joint23


EXERCISE = Exercise(
    title="Another ordering, the same joint",
    stars=2,
    reference=reorder,
    cases=(
        TABLES,
        (torch.tensor(0.3), torch.tensor([0.9, 0.2]), torch.tensor([[0.7, 0.1], [0.4, 0.8]])),
    ),
    vary=further_cases(draw_tables),
    hints=(
        "First build the joint distribution: a tensor of shape (2, 2, 2), with one axis for each "
        "variable.",
        "`joint[a, b, c]` = p(x₁ = a) p(x₂ = b | a) p(x₃ = c | a, b). `torch.stack([1 - p, p], "
        "dim=-1)` makes an axis for the variable whose table is `p`.",
        "Summing over axis 0 removes x₁ and leaves p(x₂, x₃). A conditional probability is a joint "
        "probability divided by the probability of the condition.",
    ),
    mistakes={
        "you returned the old tables, but p(x₂) is not p(x₁), and p(x₁ | x₂, x₃) is not "
        "p(x₃ | x₁, x₂). Build the joint distribution first": lambda p1, p2, p3: (p1, p2, p3),
        "the last table is transposed. Its first index must be x₂, and its second x₃": edit(
            "joint[1] / joint23", "(joint[1] / joint23).T"
        ),
        "your tables contain the probabilities of both values. Return only those of a 1": edit(
            "joint2[1], joint23[:, 1] / joint2, joint[1]",
            "joint2, joint23 / joint2[:, None], joint",
        ),
        "these are the probabilities of a 0. Return those of a 1": edit(
            "joint2[1], joint23[:, 1] / joint2, joint[1]",
            "joint2[0], joint23[:, 0] / joint2, joint[0]",
        ),
        "this is a joint probability. Divide it by the probability of the condition": edit(
            " / joint2, joint[1] / joint23", ", joint[1]"
        ),
        "you divide both entries of p(x₃ | x₂) by p(x₂ = 1), but the entry for x₂ = 0 needs "
        "p(x₂ = 0)": edit("/ joint2,", "/ joint2[1],"),
        "you average over x₁ with equal weights. Weight each value of x₁ by its probability, or "
        "use the joint distribution": edit(
            "joint2[1], joint23[:, 1] / joint2", "p2.mean(), p3.mean(0)"
        ),
        "you divide the last table by p(x₂), but its condition is both x₂ and x₃. Divide "
        "p(x₁, x₂, x₃) by p(x₂, x₃), the joint distribution summed over x₁": edit(
            "/ joint23", "/ joint2[:, None]"
        ),
        "you average p(x₃ | x₂) over x₁ with the weights p(x₁), but once x₂ is known, the weights "
        "are p(x₁ | x₂)": edit("joint23[:, 1] / joint2", "(1 - p1) * p3[0] + p1 * p3[1]"),
        "the first number is only p(x₁ = 1, x₂ = 1). x₁ can also be 0, so add p(x₁ = 0, "
        "x₂ = 1)": edit("joint2[1],", "joint[1, 1].sum(),"),
        "the second table is p(x₂ | x₃), but p(x₃ | x₂) is expected. Divide by the "
        "sum over x₃": edit("joint23[:, 1] / joint2", "joint23[1] / joint23.sum(0)"),
        **{
            f"the last table is p(x₁ | {given}) twice, but its condition is both x₂ and x₃": edit(
                "joint[1] / joint23",
                f"(joint[1].sum({k}, True) / joint23.sum({k}, True)).expand(2, 2)",
            )
            for k, given in ((1, "x₂"), (0, "x₃"))
        },
        **{
            f"you divide the last table by its own sums over {over}. It is a distribution of x₁, "
            "so divide by p(x₁ = 0, x₂, x₃) + p(x₁ = 1, x₂, x₃)": edit(
                "joint[1] / joint23", f"joint[1] / joint[1].sum({axes}, True)"
            )
            for axes, over in ((1, "x₃"), (0, "x₂"), ((0, 1), "x₂ and x₃"))
        },
    },
)
