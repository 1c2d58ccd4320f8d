"""What MADE, masked convolutions and a Transformer make of digits in equal time, as measured.

The runs ship in ``assets``; ``tools/race.py`` made them.
"""

from __future__ import annotations

from torch import Tensor, nn

from .pretrained import read_asset

FILE = "race.pt"


def halve(images: Tensor) -> Tensor:
    """(N, 784) to (N, 196): ink where one of 2 × 2 pixels has ink.

    Example:
        >>> import torch
        >>> halve(torch.eye(784))[29].nonzero().item()  # pixel 1 of row 1 is in the first square
        0
    """
    return nn.functional.max_pool2d(images.view(-1, 1, 28, 28), 2).flatten(1)


def load_race() -> dict[float, list[dict]]:
    """Seconds → the chosen runs of MADE, masked convolution and Transformer in that time.

    Each says its ``name``, ``size``, ``lr``, ``seconds``, ``rows`` seen, ``parameters``, nats of
    the ``valid`` and ``test`` images, and its ``curve``: seconds and nats along the way.
    """
    return read_asset(FILE)
