"""Exercise 10.2: the shift that makes attention honest."""

import torch
from torch import Tensor

from ..checking import Exercise, dtype_views, edit, gradient_views
from ..checking.variants import choose, draw_uniform, further_cases


def shift(h: Tensor, start: Tensor) -> Tensor:
    """Move every vector to the next position, and put the start vector at the first position."""
    return torch.cat([start.expand(len(h), 1, -1), h[:, :-1]], dim=1)


EXERCISE = Exercise(
    title="The shift",
    stars=1,
    reference=shift,
    cases=(
        (torch.arange(1.0, 7.0).view(1, 3, 2), torch.tensor([-1.0, -2.0])),
        (4 * draw_uniform("rows", 2, 4, 3) - 2, 4 * draw_uniform("start", 3) - 2),
    ),
    vary=further_cases(
        lambda key: (
            4 * draw_uniform(key, 2, choose(key, [2, 3, 5]), 2) - 2,
            4 * draw_uniform(f"{key} start", 2) - 2,
        )
    ),
    hints=(
        "Position 1 holds the start, position 2 the vector that was at position 1, and so on. The "
        "last vector is dropped.",
        "`torch.cat([..., h[:, :-1]], dim=1)` puts something in front of all positions except the "
        "last. `start.expand(len(h), 1, -1)` is the start of each row, (B, 1, width).",
    ),
    mistakes={
        "roll carries the last vector to the first position, so x₁ would be predicted from x_D, "
        "which is a leak. The first position must hold the start": lambda h, start: h.roll(1, 1),
        "you did not shift anything, so position t still holds x_t, which its output "
        "must predict": (lambda h, start: h),
        "only the first position has changed. The others still hold their own variable. Move every "
        "vector to the next position": edit(":-1", "1:"),
        "you shifted the rows of the batch. Shift the positions, dimension 1": lambda h, start: (
            torch.cat([start.expand(1, h.shape[1], -1), h[:-1]])
        ),
        "you shifted in the other direction, so position t holds x_(t+1), the future": (
            lambda h, start: torch.cat([h[:, 1:], start.expand(len(h), 1, -1)], dim=1)
        ),
        "you have one position too many. The last vector is not needed, so use h[:, :-1]": edit(
            "h[:, :-1]", "h"
        ),
        "the first position is missing. It must hold the start, from which x₁ is predicted": (
            lambda h, start: h[:, :-1]
        ),
        "the first position is filled with zeros instead of the start, which is learned": edit(
            "start.expand(len(h), 1, -1)", "torch.zeros_like(h[:, :1])"
        ),
    },
    views=(*gradient_views(h=0, start=1), *dtype_views(torch.float32, torch.float64)),
)
