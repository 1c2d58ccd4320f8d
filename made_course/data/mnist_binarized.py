"""MNIST as images of zeros and ones, in tensors or in batches."""

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

    Args:
        name: ``"small"``, ``"full"`` or ``"auto"``, see :func:`made_course.load_mnist`.
        binarize: ``"threshold"`` turns a grey level g in 0..255 into :math:`[g / 255 > 0.5]`.
            ``"stochastic"`` draws once from :math:`\mathrm{Bernoulli}(g / 255)`, with torch's
            global stream, as in Salakhutdinov and Murray (2008).

    Returns:
        training images (N, 784) and test images (M, 784), float32 zeros and ones; and the name of
        the set, ``"small"`` or ``"full"``.

    Raises:
        ValueError: if an argument is not one of these names.
        OSError: if a file is missing or damaged.

    Example:
        >>> train, test, name = load_binarized_mnist("small")
        MNIST, small set: 4,000 training and 1,000 test images.
        >>> train.shape, train.dtype, train.unique()
        (torch.Size([4000, 784]), torch.float32, tensor([0., 1.]))
    """
    check_choice("binarize", binarize, BINARIZATIONS)
    train, test, loaded = load_mnist(name)
    return _binarize(train.numpy(), binarize), _binarize(test.numpy(), binarize), loaded


def make_mnist_loaders(
    batch_size: int = 256, binarize: Binarize = "threshold"
) -> tuple[DataLoader, DataLoader]:
    """Return two loaders of binarised MNIST, and print which set was loaded.

    The full set is used if it is present, else the small set. Each batch is binarised when it is
    drawn, so ``"stochastic"`` draws the pixels again in every epoch.

    Args:
        batch_size: images per batch; the last batch of an epoch may have fewer.
        binarize: ``"threshold"`` or ``"stochastic"``, as in :func:`load_binarized_mnist`.

    Returns:
        the training loader, which shuffles with torch's global stream, and the test loader, in the
        order of the file. Both yield float32 batches (B, 784) of zeros and ones, without labels.

    Raises:
        TypeError or ValueError: if ``batch_size`` or ``binarize`` has a wrong type or value.
        OSError: if a file is damaged.

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
        make_binarized_loader(train, batch_size, binarize, shuffle=True),
        make_binarized_loader(test, batch_size, binarize, shuffle=False),
    )


def make_binarized_loader(
    grey: Tensor, batch_size: int, binarize: Binarize = "threshold", *, shuffle: bool
) -> DataLoader:
    """Return a loader that binarises each batch of grey images when it is drawn.

    The images are (N, 784), uint8. The batches are (B, 784), float32 zeros and ones.

    Example:
        >>> grey = torch.tensor([[0, 127, 128, 255]], dtype=torch.uint8)
        >>> list(make_binarized_loader(grey, 1, shuffle=False))
        [tensor([[0., 0., 1., 1.]])]
    """
    # the data set returns whole batches, so there is nothing to collate
    return DataLoader(
        _BinarizedImages(grey, binarize), batch_size, shuffle=shuffle, collate_fn=default_convert
    )


class _BinarizedImages(Dataset):
    """A data set of grey images (N, 784) that binarises an image or a batch when it is read."""

    def __init__(self, grey: Tensor, binarize: Binarize):
        self.grey, self.binarize = grey, binarize

    def __len__(self) -> int:
        return len(self.grey)

    def __getitem__(self, index: int | Sequence[int]) -> Tensor:
        return _binarize(self.grey.numpy()[index], self.binarize)

    __getitems__ = __getitem__  # DataLoader calls this with the indices of a whole batch


def _binarize(grey: np.ndarray, binarize: Binarize) -> Tensor:
    # uses NumPy, because PyTorch wakes its threads even for so little work, which took about 100
    # times as long on a busy computer
    if binarize == "threshold":
        ones = grey > 127  # the same as g / 255 > 0.5, because g is a whole number
    else:  # a uniform draw from 0..254 is below g with probability g / 255
        ones = torch.empty(grey.shape, dtype=torch.uint8).random_(0, 255).numpy() < grey
    return torch.from_numpy(ones.astype(np.float32))
