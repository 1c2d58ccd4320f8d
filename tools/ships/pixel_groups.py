"""Groups of MNIST pixels that are drawn in one step."""

from __future__ import annotations

import torch
from torch import Generator


def pixel_groups() -> dict[str, list]:
    """Return nine groupings of the 784 pixels of MNIST, and two orderings without groups.

    In "every 49th", the first group is the pixels 0, 49, 98 and so on, and the next is 1, 50, 99.
    In "growing", the first groups are divided into smaller ones.
    """
    pixels = torch.arange(784).view(28, 28)
    every = {n: [[*range(k, 784, n)] for k in range(n)] for n in (8, 16, 28, 49, 196)}
    random = torch.randperm(784, generator=Generator().manual_seed(0))
    parts = [group[k::n] for group, n in zip(every[8], (6, 3, 2), strict=False) for k in range(n)]
    corners = [(0, 0), (1, 1), (0, 1), (1, 0)]  # no two neighbours are drawn in one step
    return {
        "rows": [*range(784)],
        "every 49th, one by one": [pixel for group in every[49] for pixel in group],
        "every 196th": every[196],
        "every 49th, growing": [[pixel] for pixel in every[49][0]] + every[49][1:],
        "every 49th": every[49],
        "by chance": [group.tolist() for group in random.split(16)],
        "columns": every[28],
        "every 16th": every[16],
        "every 8th, growing": parts + every[8][3:],
        "every other, four times": [pixels[y::2, x::2].flatten().tolist() for y, x in corners],
        "all at once": [[*range(784)]],
    }
