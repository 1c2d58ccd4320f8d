"""Tables p(x₁), p(x₂ | x₁), p(x₃ | x₁, x₂) for exercises 1.2 and 1.4."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking import uniform

TABLES = (
    torch.tensor(0.6),
    torch.tensor([0.25, 0.5]),
    torch.tensor([[1 / 6, 1 / 2], [5 / 6, 1 / 3]]),
)


def other_tables(key: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return random tables of the same shapes, which depend only on a variant key."""
    p1, p2, p3 = (0.1 + 0.8 * uniform(f"{key} {k}", *[2] * k) for k in range(3))
    return p1, p2, p3
