"""1.2: another ordering, the same joint."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking import but, exercise, further_cases, known_mistakes
from .tables_of_three_days import TABLES, other_tables


@exercise(
    "1.2",
    "Another ordering, the same joint",
    stars=2,
    cases=(
        TABLES,
        (torch.tensor(0.3), torch.tensor([0.9, 0.2]), torch.tensor([[0.7, 0.1], [0.4, 0.8]])),
    ),
    vary=further_cases(other_tables),
    hints=(
        "Go by way of the joint distribution: a tensor of shape (2, 2, 2), with one axis for each "
        "variable.",
        "joint[a, b, c] = p(x₁ = a) p(x₂ = b | a) p(x₃ = c | a, b), where torch.stack([1 - p, p], "
        "dim=-1) makes an axis for the variable whose table is p.",
        "Summing over axis 0 forgets x₁: that is p(x₂, x₃). A conditional is a joint probability "
        "divided by the probability of what is given.",
    ),
)
def reorder(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """From p(x₁), p(x₂ | x₁), p(x₃ | x₁, x₂) to p(x₂), p(x₃ | x₂), p(x₁ | x₂, x₃)."""
    joint = torch.stack([1 - p1, p1])  # then one axis more with each variable
    joint = joint[:, None] * torch.stack([1 - p2, p2], dim=-1)
    joint = joint[:, :, None] * torch.stack([1 - p3, p3], dim=-1)
    joint23 = joint.sum(0)
    joint2 = joint23.sum(1)
    return joint2[1], joint23[:, 1] / joint2, joint[1] / joint23


known_mistakes(
    {
        "this is an old table under a new name: p(x₂) is not p(x₁), and p(x₁ | x₂, x₃) is not "
        "p(x₃ | x₁, x₂). Build the joint distribution first": lambda p1, p2, p3: (p1, p2, p3),
        "the last table is transposed: its first index is x₂, its second x₃": but(
            "joint[1] / joint23", "(joint[1] / joint23).T"
        ),
        "these tables hold the probabilities of both values: only that of a 1 is asked for": but(
            "joint2[1], joint23[:, 1] / joint2, joint[1]",
            "joint2, joint23 / joint2[:, None], joint",
        ),
        "these are the probabilities of a 0: those of a 1 are asked for": but(
            "joint2[1], joint23[:, 1] / joint2, joint[1]",
            "joint2[0], joint23[:, 0] / joint2, joint[0]",
        ),
        "this is a joint probability: divide by the probability of what is given": but(
            " / joint2, joint[1] / joint23", ", joint[1]"
        ),
        "both entries of p(x₃ | x₂) are divided by p(x₂ = 1): the one given x₂ = 0 needs p(x₂ = "
        "0)": but("/ joint2,", "/ joint2[1],"),
        "this is a mean over x₁ in which both values of x₁ count the same: weight them by how "
        "probable they are, or go by way of the joint distribution": but(
            "joint2[1], joint23[:, 1] / joint2", "p2.mean(), p3.mean(0)"
        ),
        "the last table is divided by p(x₂), and given are both x₂ and x₃: divide p(x₁, x₂, x₃) by "
        "p(x₂, x₃), the joint summed over x₁": but("/ joint23", "/ joint2[:, None]"),
        "p(x₃ | x₂) is a mean over x₁ weighted by p(x₁): given x₂, the values of x₁ have other "
        "probabilities, p(x₁ | x₂)": but("joint23[:, 1] / joint2", "(1 - p1) * p3[0] + p1 * p3[1]"),
        "the first number is p(x₁ = 1, x₂ = 1) alone: x₁ may be 0, too, so add p(x₁ = 0, "
        "x₂ = 1)": but("joint2[1],", "joint[1, 1].sum(),"),
        "the second table is p(x₂ | x₃): asked for is x₃, given is x₂, so divide by the sum over "
        "x₃": but("joint23[:, 1] / joint2", "joint23[1] / joint23.sum(0)"),
        **{
            f"the last table is p(x₁ | {given}) twice: given are both x₂ and x₃": but(
                "joint[1] / joint23",
                f"(joint[1].sum({k}, True) / joint23.sum({k}, True)).expand(2, 2)",
            )
            for k, given in ((1, "x₂"), (0, "x₃"))
        },
        **{
            f"the last table is divided by its own sums over {over}: asked for is x₁, so divide by "
            "p(x₁ = 0, x₂, x₃) + p(x₁ = 1, x₂, x₃)": but(
                "joint[1] / joint23", f"joint[1] / joint[1].sum({axes}, True)"
            )
            for axes, over in ((1, "x₃"), (0, "x₂"), ((0, 1), "x₂ and x₃"))
        },
    }
)
