"""Exercise 1.4: draw days, one variable after another."""

import torch
from torch import Tensor

from ..checking import Exercise, draw_uniform, dtype_views, edit, further_cases
from .another_ordering import TABLES, draw_tables, reorder


def draw_days(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    """Draw x₂, then x₃ given x₂, then x₁ given both. Column i of u decides variable i."""
    x2 = (u[:, 1] <= q2).long()
    x3 = (u[:, 2] <= q3[x2]).long()
    x1 = (u[:, 0] <= q1[x2, x3]).long()
    return torch.stack([x1, x2, x3], dim=1).float()


EXERCISE = Exercise(
    title="Draw days",
    stars=2,
    reference=draw_days,
    cases=(
        (*reorder(*TABLES), draw_uniform("eight days", 8, 3)),
        (torch.tensor(0.8), torch.tensor([0.3, 0.6]), TABLES[2], draw_uniform("three days", 3, 3)),
        (*reorder(*TABLES), draw_uniform("days", 40, 3)),
    ),
    vary=further_cases(lambda key: (*reorder(*draw_tables(key)), draw_uniform(f"{key} u", 6, 3))),
    hints=(
        "Use three steps, one per variable, in the order x₂, x₃, x₁. Each compares a column of `u` "
        "with a probability.",
        "A drawn x₂ of dtype `long` is an index, so `q3[x2]` looks up one probability for each "
        "row.",
        "`x2 = (u[:, 1] <= q2).long()`, then the same for x₃ with `q3[x2]`, then x₁ with `q1[x2, "
        "x3]`. `torch.stack(..., dim=1)` joins the columns.",
    ),
    mistakes={
        "you use the columns of u in the order of the steps, but column i belongs to variable i, "
        "so u[:, 1] decides x₂": lambda q2, q3, q1, u: draw_days(q2, q3, q1, u[:, [2, 0, 1]]),
        "the columns of your result are in the order of the steps, x₂, x₃, x₁, but column i of a "
        "sample must be variable i": edit("[x1, x2, x3]", "[x2, x3, x1]"),
        "you draw each variable without using the earlier ones. Look q3 up at the drawn x₂, and q1 "
        "at the drawn x₂ and x₃": (
            lambda q2, q3, q1, u: (u <= torch.stack([q1.mean(), q2, q3.mean()])).float()
        ),
        "you use the probability of a 1 as that of a 0, but a variable is 1 if u ≤ p": edit(
            "1] <=", "1] >=", "2] <=", "2] >=", "0] <=", "0] >="
        ),
        "you look q1 up with x₃ first, but its first index is x₂": edit("q1[x2, x3]", "q1[x3, x2]"),
        "you look q1 up at x₃ = 0 in every row, but x₁ is the last variable, so x₃ "
        "is already drawn": edit("q1[x2, x3]", "q1[x2, 0]"),
        **{
            f"you swapped the columns of u for {one} and {other}, but column i "
            "decides variable i": lambda q2, q3, q1, u, order=order: draw_days(
                q2, q3, q1, u[:, order]
            )
            for one, other, order in (
                ("x₁", "x₂", [1, 0, 2]),
                ("x₁", "x₃", [2, 1, 0]),
                ("x₂", "x₃", [0, 2, 1]),
            )
        },
        **{
            f"you use u[:, {k}] for all three variables, but each needs its own random number. Use "
            "column i for variable i": (
                lambda q2, q3, q1, u, k=k: draw_days(q2, q3, q1, u[:, [k, k, k]])
            )
            for k in range(3)
        },
        "you draw x₁ from a mean of q1 over x₃, but x₃ is already drawn, so look q1 up at it": edit(
            "q1[x2, x3]", "q1.mean(1)[x2]"
        ),
    },
    views=dtype_views(torch.float32, torch.float64),
)
