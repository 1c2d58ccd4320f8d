"""Orderings of the 784 pixels of an MNIST image, each a permutation (784,)."""

import torch
from torch import Generator, Tensor

SIDE = 28


def rows_and_columns() -> tuple[Tensor, Tensor]:
    """Return the row and the column of each pixel, two LongTensors (784,)."""
    pixels = torch.arange(SIDE**2)
    return pixels // SIDE, pixels % SIDE


def pixel_orderings() -> dict[str, Tensor]:
    """Return seven orderings of the pixels; ``ordering[t]`` is generated at step t + 1.

    Example:
        >>> orderings = pixel_orderings()
        >>> orderings["columns"][:3].tolist()
        [0, 28, 56]
        >>> orderings["centre outwards"][:4].tolist()
        [377, 378, 405, 406]
    """
    row, column = rows_and_columns()
    middle = (SIDE - 1) / 2
    grids = [(row % 2**k == 0) & (column % 2**k == 0) for k in range(1, 5)]
    orderings = {
        "rows": SIDE * row + column,
        "columns": SIDE * column + row,
        "centre outwards": ((row - middle) ** 2 + (column - middle) ** 2).argsort(stable=True),
        "coarse to fine": torch.stack(grids).sum(0).argsort(descending=True, stable=True),
    }
    for k in range(3):
        generator = Generator().manual_seed(k)
        orderings[f"random {k + 1}"] = torch.randperm(SIDE**2, generator=generator)
    return orderings
