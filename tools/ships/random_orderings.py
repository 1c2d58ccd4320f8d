"""Random orderings of the 784 pixels, in which ``"mnist-any-order"`` is trained."""

import math

import torch
from torch import Generator, Tensor

from made_lessons.notebook_07.pixel_orderings import SIDE, rows_and_columns


def draw_pixel_ordering(generator: Generator | None = None) -> Tensor:
    """Draw an ordering (784,); in half of the draws, a part of the image comes last or first.

    Inside and outside this part, the pixels are sorted by :func:`draw_times`.
    """
    has_part, comes_first, is_alike = torch.rand(3, generator=generator).tolist()
    time = draw_times(generator)
    if has_part < 0.5:
        part = draw_part(generator)
        if comes_first < 0.25:
            part = ~part
        last = time if is_alike < 0.3 else draw_times(generator)
        time = torch.where(part, 2 + last, time)
    return torch.argsort(time, stable=True)


def draw_times(generator: Generator | None = None) -> Tensor:
    """Draw a time from 0 to 1 for each pixel (784,): a sweep, rings, or random times.

    A sweep goes line by line from an edge, or across the image in any direction. Rings are round or
    square, and grow or shrink around a point. In half of the draws, random times are blended in.
    """
    kind, turn, y, x, share = torch.rand(5, generator=generator).tolist()
    random = torch.rand(SIDE**2, generator=generator)
    row, column = (line / (SIDE - 1) for line in rows_and_columns())
    if kind < 0.4:
        down, across = (row if y < 0.5 else 1 - row), (column if x < 0.5 else 1 - column)
        time = SIDE * down + across if turn < 0.5 else SIDE * across + down
    elif kind < 0.6:
        time = row * math.sin(2 * math.pi * turn) + column * math.cos(2 * math.pi * turn)
    elif kind < 0.8:
        away = torch.stack([row - y, column - x])
        time = away.norm(dim=0) if turn % 0.5 < 0.25 else away.abs().amax(0)
        time = time if turn < 0.5 else -time
    else:
        return random
    time = (time - time.min()) / (time.max() - time.min())
    share = max(0, 2 * share - 1)
    return (1 - share) * time + share * random


def draw_part(generator: Generator | None = None) -> Tensor:
    """Draw a part of the image as a BoolTensor (784,), either a rectangle or scattered pixels."""
    kind, *u = torch.rand(5, generator=generator).tolist()
    if kind < 0.15:
        return torch.rand(SIDE**2, generator=generator) < u[0]
    inside = torch.ones(SIDE**2, dtype=torch.bool)
    for line, size, where in zip(rows_and_columns(), u[:2], u[2:], strict=True):
        size = SIDE if size < 0.2 else round(24 * size)
        start = round(min(max(1.6 * where - 0.3, 0), 1) * (SIDE - size))
        inside &= (line >= start) & (line < start + size)
    return inside
