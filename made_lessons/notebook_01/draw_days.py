"""1.4: draw days, one variable after another."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking import but, drawn, dtypes, exercise, further_cases, known_mistakes
from .another_ordering import reorder
from .tables_of_three_days import TABLES, other_tables

_UNIFORMS = torch.tensor(
    [
        [0.70, 0.20, 0.90],
        [0.10, 0.70, 0.30],
        [0.82, 0.50, 0.40],
        [0.75, 0.10, 0.60],
        [0.15, 0.90, 0.95],
        [0.50, 0.35, 0.20],
        [0.81, 0.45, 0.45],
        [0.30, 0.30, 0.80],
    ]
)


@exercise(
    "1.4",
    "Draw days",
    stars=2,
    cases=(
        (*reorder(*TABLES), _UNIFORMS),
        (torch.tensor(0.8), torch.tensor([0.3, 0.6]), TABLES[2], _UNIFORMS[[6, 1, 4]]),
        (*reorder(*TABLES), drawn("days", 40, 3)),
    ),
    views=dtypes(torch.float32, torch.float64),
    vary=further_cases(lambda word: (*reorder(*other_tables(word)), drawn(f"{word} u", 6, 3))),
    hints=(
        "Three steps, one a variable, in the order x₂, x₃, x₁. Each compares a column of u with a "
        "probability.",
        "A drawn x₂ of dtype long is an index: q3[x2] looks up one probability for each row.",
        "x2 = (u[:, 1] <= q2).long(), then the same for x₃ with q3[x2], then x₁ with q1[x2, x3]; "
        "torch.stack(..., dim=1) puts the columns together.",
    ),
)
def draw_days(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    """Draw x₂, then x₃ given x₂, then x₁ given both; column i of u decides variable i."""
    x2 = (u[:, 1] <= q2).long()
    x3 = (u[:, 2] <= q3[x2]).long()
    x1 = (u[:, 0] <= q1[x2, x3]).long()
    return torch.stack([x1, x2, x3], dim=1).float()


known_mistakes(
    {
        "you take the columns of u in the order of the steps: column i belongs to variable i, so "
        "x₂ is decided by u[:, 1]": lambda q2, q3, q1, u: draw_days(q2, q3, q1, u[:, [2, 0, 1]]),
        "the columns of your result stand in the order of the steps, x₂, x₃, x₁: column i of a "
        "sample is variable i": but("[x1, x2, x3]", "[x2, x3, x1]"),
        "each variable is drawn without a look at the ones before it: q3 is to be looked up at the "
        "x₂ that was drawn, q1 at the x₂ and x₃": (
            lambda q2, q3, q1, u: (u <= torch.stack([q1.mean(), q2, q3.mean()])).float()
        ),
        "the probability of a 1 is used as that of a 0: a variable is 1 where u ≤ p": but(
            "1] <=", "1] >=", "2] <=", "2] >=", "0] <=", "0] >="
        ),
        "a variable is 1 where u ≤ p, and here where u > p: that is 1 with the probability of a "
        "0": but("1] <=", "1] >", "2] <=", "2] >", "0] <=", "0] >"),
        "q1 is looked up with x₃ first: its first index is x₂": but("q1[x2, x3]", "q1[x3, x2]"),
        "q1 is looked up at x₃ = 0 in every row: x₁ comes last, when x₃ has been drawn": but(
            "q1[x2, x3]", "q1[x2, 0]"
        ),
        **{
            f"{one} and {other} are each decided by the column of the other: column i of u decides "
            "variable i": lambda q2, q3, q1, u, order=order: draw_days(q2, q3, q1, u[:, order])
            for one, other, order in (
                ("x₁", "x₂", [1, 0, 2]),
                ("x₁", "x₃", [2, 1, 0]),
                ("x₂", "x₃", [0, 2, 1]),
            )
        },
        **{
            f"u[:, {k}] decides all three variables: each needs a random number of its own, from "
            "column i for variable i": (
                lambda q2, q3, q1, u, k=k: draw_days(q2, q3, q1, u[:, [k, k, k]])
            )
            for k in range(3)
        },
        "x₁ is drawn from a mean of q1 over x₃: x₃ is drawn before, so look q1 up at it": but(
            "q1[x2, x3]", "q1.mean(1)[x2]"
        ),
    }
)
