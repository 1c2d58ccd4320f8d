"""MNIST as zeros and ones: all of it at once, or in batches that are drawn again in every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_convert

from ..common.arguments import check_choice, check_count
from .mnist import Name, load_mnist

Binarize = Literal["threshold", "stochastic"]
BINARIZATIONS = ("threshold", "stochastic")


def load_binarized_mnist(
    name: Name = "auto", binarize: Binarize = "threshold"
) -> tuple[Tensor, Tensor, str]:
    r"""Load MNIST as zeros and ones, and print which set was loaded.

    A grey level g of 0..255 becomes :math:`x = [g / 255 > 0.5]` by threshold, or one draw
    :math:`x \sim \mathrm{Bernoulli}(g / 255)` from torch's global stream, as in Salakhutdinov and
    Murray (2008). A loader of :func:`make_mnist_loaders` draws again in every epoch.

    Args:
        name: ``"small"``, ``"full"``, or ``"auto"``: full if it is present, else small.
        binarize: ``"threshold"`` or ``"stochastic"``.

    Returns:
        Training images (N, 784) and test images (M, 784), float32, each pixel 0 or 1; and the name
        of the set, ``"small"`` or ``"full"``.

    Example:
        >>> train, test, name = load_binarized_mnist("small")
        MNIST, small set: 4,000 training and 1,000 test images.
        >>> train.shape, train.dtype, train.unique()
        (torch.Size([4000, 784]), torch.float32, tensor([0., 1.]))
    """
    check_choice("binarize", binarize, BINARIZATIONS)
    train, test, loaded = load_mnist(name)
    return _binarized(train.numpy(), binarize), _binarized(test.numpy(), binarize), loaded


def make_mnist_loaders(
    batch_size: int = 256, binarize: Binarize = "threshold"
) -> tuple[DataLoader, DataLoader]:
    """Return loaders of binarised MNIST, full if it is present, else small; print which set it is.

    The images are in memory as grey levels and are binarised a batch at a time, so
    ``"stochastic"`` draws again in every epoch. The training loader shuffles by torch's global
    seed, in the order of a plain ``DataLoader(..., shuffle=True)``.

    Args:
        batch_size: images per batch; the last one of an epoch may have fewer.
        binarize: ``"threshold"`` or ``"stochastic"``, as in :func:`load_binarized_mnist`.

    Returns:
        The training loader, shuffled, and the test loader, in the order of the file. Both yield
        float32 batches (B, 784) of zeros and ones, without labels.

    Example:
        >>> train_loader, test_loader = make_mnist_loaders(batch_size=500)
        MNIST, ... training and ... test images...
        >>> next(iter(train_loader)).shape
        torch.Size([500, 784])
    """
    batch_size = check_count("batch_size", batch_size)
    check_choice("binarize", binarize, BINARIZATIONS)
    train, test, _ = load_mnist("auto")
    return (
        binarized_loader(train, batch_size, binarize, shuffle=True),
        binarized_loader(test, batch_size, binarize, shuffle=False),
    )


def binarized_loader(
    grey: Tensor, batch_size: int, binarize: Binarize = "threshold", *, shuffle: bool
) -> DataLoader:
    """Return a loader of grey images (N, 784), uint8, that binarises each batch when it is drawn.

    Example:
        >>> grey = torch.tensor([[0, 127, 128, 255]], dtype=torch.uint8)
        >>> list(binarized_loader(grey, 1, shuffle=False))
        [tensor([[0., 0., 1., 1.]])]
    """
    # the data set returns whole batches, so there is nothing to collate
    return DataLoader(
        _Binarized(grey, binarize), batch_size, shuffle=shuffle, collate_fn=default_convert
    )


class _Binarized(Dataset):
    """Grey levels in memory, binarised when they are asked for, one image or a whole batch."""

    def __init__(self, grey: Tensor, binarize: Binarize):
        self.grey, self.binarize = grey, binarize

    def __len__(self) -> int:
        return len(self.grey)

    def __getitem__(self, index: int | Sequence[int]) -> Tensor:
        return _binarized(self.grey.numpy()[index], self.binarize)

    __getitems__ = __getitem__  # DataLoader calls this with the indices of a whole batch


def _binarized(grey: np.ndarray, binarize: Binarize) -> Tensor:
    # in NumPy, because waking PyTorch's threads for so little work was seen to take 100 times as
    # long beside other busy programs
    if binarize == "threshold":
        ones = grey > 127  # g / 255 > 0.5 in whole numbers
    else:  # a uniform draw from 0..254 is below g with probability g / 255
        ones = torch.empty(grey.shape, dtype=torch.uint8).random_(0, 255).numpy() < grey
    return torch.from_numpy(ones.astype(np.float32))
