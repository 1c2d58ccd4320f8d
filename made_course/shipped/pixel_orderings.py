"""Ways through the pixels of an image."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

SIDE = 28
RANDOM = 3
"""Random orderings, and networks in raster ordering that differ in their seed only: in their first
weights and in the sequence of their batches."""


def rows_and_columns() -> tuple[Tensor, Tensor]:
    """Row and column of each pixel of an image of MNIST, LongTensors (784,)."""
    pixels = torch.arange(SIDE**2)
    return pixels // SIDE, pixels % SIDE


def pixel_orderings() -> dict[str, Tensor]:
    """Ways to go through the pixels of an image of MNIST, each a permutation of them.

    Returns:
        name → (784,) ordering: ``ordering[t]`` is the pixel that is generated at step t, pixels
        being counted row by row.

    Example:
        >>> orderings = pixel_orderings()
        >>> list(orderings)[:4]
        ['rows', 'columns', 'centre outwards', 'coarse to fine']
        >>> orderings["columns"][:3].tolist()
        [0, 28, 56]
        >>> orderings["centre outwards"][:4].tolist()
        [377, 378, 405, 406]
    """
    row, column = rows_and_columns()
    rows = SIDE * row + column
    middle = (SIDE - 1) / 2
    distance = (row - middle) ** 2 + (column - middle) ** 2
    orderings = {
        "rows": rows,
        "columns": rows.view(SIDE, SIDE).T.flatten(),
        "centre outwards": torch.argsort(distance, stable=True),
        "coarse to fine": torch.argsort(-_fineness(row, column), stable=True),
    }
    for k in range(RANDOM):
        generator = Generator().manual_seed(k)
        orderings[f"random {k + 1}"] = torch.randperm(SIDE**2, generator=generator)
    return orderings


def pixel_groups() -> dict[str, list[int] | list[list[int]]]:
    """Ways to draw an image of MNIST in fewer steps, and two orderings one by one beside them.

    Pixels of a group are drawn in one step. In "every 49th" the groups are the pixels 0, 49, 98
    and so on, then 1, 50, 99: far from one another, and with the neighbours to the left drawn
    before. Where groups grow, the first are cut into smaller ones.

    Returns:
        name → an ordering as :class:`made_course.MADE` takes it.

    Example:
        >>> groups = pixel_groups()
        >>> [len(groups[name]) for name in ("every 49th", "by chance", "every 8th, growing")]
        [49, 49, 16]
    """
    row, column = rows_and_columns()
    every = {n: [list(range(k, SIDE**2, n)) for k in range(n)] for n in (8, 16, 49, 196)}
    chance = pixel_orderings()["random 1"]
    cells = torch.where(row % 2 == column % 2, row % 2, 2 + row % 2)
    cut = [group[k::n] for group, n in zip(every[8], (6, 3, 2), strict=False) for k in range(n)]
    return {
        "rows": list(range(SIDE**2)),
        "every 49th, one by one": [pixel for group in every[49] for pixel in group],
        "every 196th": every[196],
        "every 49th, growing": [[pixel] for pixel in every[49][0]] + every[49][1:],
        "every 49th": every[49],
        "by chance": [group.tolist() for group in chance.split(16)],
        "columns": [list(range(k, SIDE**2, SIDE)) for k in range(SIDE)],
        "every 16th": every[16],
        "every 8th, growing": cut + every[8][3:],
        "every other, four times": [(cells == k).nonzero().flatten().tolist() for k in range(4)],
        "all at once": [list(range(SIDE**2))],
    }


def _fineness(row: Tensor, column: Tensor) -> Tensor:
    """Of the coarsest grid on which a pixel lies: every 16th pixel, every 8th, ..., every pixel."""
    grids = [2**k for k in range(1, 5)]
    return sum(((row % grid == 0) & (column % grid == 0)).long() for grid in grids)


def draw_places(generator: Generator | None = None) -> Tensor:
    """When each pixel comes, from 0 to 1: along a sweep, in rings, or by chance.

    Sweeps go line by line from an edge, or in any direction; rings, round or square, grow or
    shrink around a point. Every other time a share of chance is blended in.

    Returns:
        (784,).
    """
    kind, turn, y, x, share = torch.rand(5, generator=generator).tolist()
    chance = torch.rand(SIDE**2, generator=generator)
    row, column = (line / (SIDE - 1) for line in rows_and_columns())
    if kind < 0.4:
        down, across = (row if y < 0.5 else 1 - row), (column if x < 0.5 else 1 - column)
        line, within = (down, across) if turn < 0.5 else (across, down)
        place = SIDE * line + within
    elif kind < 0.6:
        place = row * math.sin(2 * math.pi * turn) + column * math.cos(2 * math.pi * turn)
    elif kind < 0.8:
        away = torch.stack([row - y, column - x])
        place = away.norm(dim=0) if turn % 0.5 < 0.25 else away.abs().amax(0)
        place = place if turn < 0.5 else -place
    else:
        return chance
    place = (place - place.min()) / (place.max() - place.min())
    share = max(0, 2 * share - 1)
    return (1 - share) * place + share * chance


def draw_part(generator: Generator | None = None) -> Tensor:
    """BoolTensor (784,), true in a part: a rectangle, often at an edge, or scattered pixels."""
    kind, *u = torch.rand(5, generator=generator).tolist()
    if kind < 0.15:
        return torch.rand(SIDE**2, generator=generator) < u[0]
    inside = torch.ones(SIDE**2, dtype=torch.bool)
    for line, size, where in zip(rows_and_columns(), u[:2], u[2:], strict=True):
        size = SIDE if size < 0.2 else round(24 * size)
        start = round(min(max(1.6 * where - 0.3, 0), 1) * (SIDE - size))
        inside &= (line >= start) & (line < start + size)
    return inside


def draw_pixel_ordering(generator: Generator | None = None) -> Tensor:
    """LongTensor (784,), an ordering of the pixels, every other time with a part that comes last.

    Or first; the part and what is around it may each have an order of its own.

    Example:
        >>> draw_pixel_ordering(torch.Generator().manual_seed(0)).sort().values[:3]
        tensor([0, 1, 2])
    """
    has_part, comes_first, is_alike = torch.rand(3, generator=generator).tolist()
    place = draw_places(generator)
    if has_part < 0.5:
        part = draw_part(generator)
        if comes_first < 0.25:
            part = ~part
        last = place if is_alike < 0.3 else draw_places(generator)
        place = torch.where(part, 2 + last, place)
    return torch.argsort(place, stable=True)
