"""What samples of a shipped model copy: the training images that are nearest to them."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from .assets import read_asset

FILE = "made_mnist_512_neighbours.pt"


def load_neighbours() -> tuple[Tensor, Tensor]:
    """How far samples of ``"mnist-512"`` are from the nearest of all images it was trained on.

    A sample may be moved for it by up to two pixels, as in :func:`nearest_images`.

    Returns:
        numbers of pixels that differ: for 36 samples (36,) and, as a yardstick, for the first 200
        test images of the small set, which the model has not seen (200,).

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> differing, unseen = load_neighbours()
        >>> bool(differing.min() > 20)
        True
    """
    content = read_asset(FILE)
    return content["differing"], content["unseen"]


def nearest_images(samples: Tensor, images: Tensor, shift: int = 0) -> tuple[Tensor, Tensor]:
    r"""For each sample the image that differs from it in the fewest pixels.

    On zeros and ones the number of differing pixels is
    :math:`\sum_i s_i + \sum_i x_i - 2 \sum_i s_i x_i`, so one matrix product finds all.

    Args:
        samples: (n, D) of zeros and ones.
        images: (N, D) of zeros and ones.
        shift: how many pixels each sample, a square then, may be moved up or down and to either
            side, so that it comes as near as it can; what leaves at an edge comes in opposite.

    Returns:
        index of the nearest image (n,) and the number of pixels that differ (n,).

    Example:
        >>> nearest_images(torch.tensor([[1.0, 1.0, 0.0]]), torch.eye(3))
        (tensor([0]), tensor([1]))
        >>> nearest_images(torch.tensor([[0.0, 1.0, 0.0, 0.0]]), torch.eye(4)[:1], shift=1)
        (tensor([0]), tensor([0]))
    """
    moves = range(-shift, shift + 1)
    found = []
    for move in itertools.product(moves, moves):
        if shift:
            side = math.isqrt(samples.shape[1])
            moved = samples.view(-1, side, side).roll(move, (1, 2)).flatten(1)
        else:
            moved = samples
        differing = moved.sum(1, keepdim=True) + images.sum(1) - 2 * moved @ images.T
        found.append(differing.min(dim=1))
    fewest, which = torch.stack([values for values, _ in found]).min(dim=0)
    index = torch.stack([indices for _, indices in found])[which, torch.arange(len(samples))]
    return index, fewest.long()
