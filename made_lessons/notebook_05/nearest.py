"""Find the training images that are nearest to samples."""

import itertools
import math

import torch
from torch import Tensor


def nearest_images(samples: Tensor, images: Tensor, shift: int = 0) -> tuple[Tensor, Tensor]:
    r"""Find, for each sample, the image that differs from it in the fewest pixels.

    On zeros and ones the number of differing pixels is
    :math:`\sum_i s_i + \sum_i x_i - 2 \sum_i s_i x_i`, so one matrix product compares all pairs.

    Args:
        samples: (n, D) zeros and ones, square images.
        images: (N, D) zeros and ones.
        shift: largest number of pixels by which a sample is moved up, down, left and right. Pixels
            that leave at one edge come back at the opposite edge.

    Returns:
        (n,) index of the nearest image, and (n,) number of pixels that differ.

    Example:
        >>> nearest_images(torch.tensor([[0.0, 1.0, 0.0, 0.0]]), torch.eye(4)[:1], shift=1)
        (tensor([0]), tensor([0]))
    """
    moves, side, found = range(-shift, shift + 1), math.isqrt(samples.shape[1]), []
    for move in itertools.product(moves, moves):
        moved = samples.view(-1, side, side).roll(move, (1, 2)).flatten(1)
        differing = moved.sum(1, keepdim=True) + images.sum(1) - 2 * moved @ images.T
        found.append(differing.min(dim=1))
    fewest, which = torch.stack([values for values, _ in found]).min(dim=0)
    index = torch.stack([indices for _, indices in found])[which, torch.arange(len(samples))]
    return index, fewest.long()
