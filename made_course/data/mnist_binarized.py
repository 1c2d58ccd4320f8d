"""MNIST as zeros and ones: all of it at once, or a batch at a time, drawn anew in every epoch."""

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
    r"""Load MNIST as zeros and ones, and print which set it was.

    A grey level g of 0..255 becomes :math:`x = [g / 255 > 0.5]` by threshold, and
    :math:`x \sim \mathrm{Bernoulli}(g / 255)` stochastically: one draw from torch's global stream,
    as in Salakhutdinov and Murray (2008). A loader of :func:`make_mnist_loaders` draws anew in
    every epoch.

    Args:
        name: ``"small"``, ``"full"``, or ``"auto"``: full where it is present, else small.
        binarize: ``"threshold"`` or ``"stochastic"``.

    Returns:
        Training images (N, 784) and test images (M, 784), float32, each pixel 0 or 1; and which
        set they are of, ``"small"`` or ``"full"``.

    Raises:
        ValueError: if the name or the way to binarise is unknown.
        OSError: if files are absent, cut short or damaged, as :func:`load_mnist` says.

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
    """Loaders of binarised MNIST, full where it is present, else small; prints which it was.

    The images lie in memory as grey levels and are binarised a batch at a time, so that
    ``"stochastic"`` draws anew in every epoch. It takes a small part of a training step's time.
    The training loader shuffles with torch's global seed, in the order in which a plain
    ``DataLoader(..., shuffle=True)`` would.

    Args:
        batch_size: images in a batch; the last one of an epoch may have fewer.
        binarize: ``"threshold"`` or ``"stochastic"``, as in :func:`load_binarized_mnist`.

    Returns:
        The training loader, shuffled, and the test loader, in the order of the file. Both yield
        float32 batches (B, 784) of zeros and ones, without labels.

    Raises:
        TypeError: if the batch size is not a whole number.
        ValueError: if the batch size is less than 1 or the way to binarise is unknown.
        OSError: if files are cut short, damaged or there in part, as :func:`load_mnist` says.

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
    """Loader of grey images that are binarised a batch at a time, anew in every epoch.

    Args:
        grey: (N, 784) grey levels, uint8.
        batch_size: images in a batch; the last one of an epoch may have fewer.
        binarize: ``"threshold"`` or ``"stochastic"``, as in :func:`load_binarized_mnist`.
        shuffle: whether to draw a new order of the images in every epoch, by torch's global seed.

    Returns:
        a loader of float32 batches (B, 784) of zeros and ones.

    Raises:
        ValueError: if the way to binarise is unknown.

    Example:
        >>> grey = torch.tensor([[0, 127, 128, 255]], dtype=torch.uint8)
        >>> list(binarized_loader(grey, 1, shuffle=False))
        [tensor([[0., 0., 1., 1.]])]
    """
    check_choice("binarize", binarize, BINARIZATIONS)
    # default_convert: a batch comes as one tensor from the data set, nothing is left to collate
    return DataLoader(
        _Binarized(grey, binarize), batch_size, shuffle=shuffle, collate_fn=default_convert
    )


class _Binarized(Dataset):
    """Grey levels in memory, binarised when asked for: one image, or a whole batch at once."""

    def __init__(self, grey: Tensor, binarize: Binarize):
        self.grey = grey
        self.binarize = binarize

    def __len__(self) -> int:
        return len(self.grey)

    def __getitem__(self, index: int | Sequence[int]) -> Tensor:
        return _binarized(self.grey.numpy()[index], self.binarize)

    # DataLoader calls this, where it exists, with the indices of a whole batch
    __getitems__ = __getitem__


def _binarized(grey: np.ndarray, binarize: Binarize) -> Tensor:
    # In NumPy, on one thread: an epoch of 60,000 images takes it 0.02 s, and 0.04 s beside other
    # busy programs, where waking PyTorch's threads for so little work was seen to take 3 s.
    if binarize == "threshold":
        ones = grey > 127  # g / 255 > 0.5 in whole numbers
    else:
        # A uniform draw from 0..254 lies below g with probability g / 255 exactly, and takes a
        # third of the time of torch.bernoulli(g / 255).
        ones = torch.empty(grey.shape, dtype=torch.uint8).random_(0, 255).numpy() < grey
    return torch.from_numpy(ones.astype(np.float32))
