"""10.2: the shift that makes attention honest."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking import but, dtypes, exercise, further_cases, gradients, one_of, slips
from .drawn_around_zero import around_zero


@exercise(
    "10.2",
    "The shift",
    stars=1,
    cases=(
        (torch.arange(1.0, 7.0).view(1, 3, 2), torch.tensor([-1.0, -2.0])),
        (around_zero("rows", 2, 4, 3), around_zero("start", 3)),
    ),
    views=(*gradients(h=0, start=1), *dtypes(torch.float32, torch.float64)),
    vary=further_cases(
        lambda word: (
            around_zero(word, 2, one_of(word, [2, 3, 5]), 2),
            around_zero(f"{word} start", 2),
        )
    ),
    hints=(
        "Place 1 holds the start, place 2 what stood at place 1, and so on. What stood at the last "
        "place goes nowhere.",
        "torch.cat([..., h[:, :-1]], dim=1) puts something before all places but the last; "
        "start.expand(len(h), 1, -1) is the start for each row, (B, 1, width).",
    ),
)
def shift(h: Tensor, start: Tensor) -> Tensor:
    """The start at the first place, and at each other what stood before it."""
    return torch.cat([start.expand(len(h), 1, -1), h[:, :-1]], dim=1)


slips(
    {
        "roll carries the last place round to the first: x₁ would be predicted from x_D, a leak. "
        "The first place holds the start": lambda h, start: h.roll(1, 1),
        "nothing is shifted: place t holds x_t still, which its output is to predict": (
            lambda h, start: h
        ),
        "only the first place has changed: the others hold their own variable still. Each moves on "
        "by one": but(":-1", "1:"),
        "this is shifted the other way: place t holds x_(t+1), the future": (
            lambda h, start: torch.cat([h[:, 1:], start.expand(len(h), 1, -1)], dim=1)
        ),
        "there is one place too many: what stood at the last place is not needed, h[:, :-1]": but(
            "h[:, :-1]", "h"
        ),
        "the first place is missing: it holds the start, from which x₁ is predicted": (
            lambda h, start: h[:, :-1]
        ),
        "the first place is filled with zeros, and not with the start, which is learned": but(
            "start.expand(len(h), 1, -1)", "torch.zeros_like(h[:, :1])"
        ),
    }
)
