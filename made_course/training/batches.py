"""What ``fit`` and ``evaluate`` take as data: a tensor (N, D), or a loader of such batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Protocol
from zlib import crc32

import torch
from torch import Tensor

from ..model.made import MADE


class Loader(Protocol):
    """Yields batches (B, D), anew each time it is asked, and knows how many."""

    def __iter__(self) -> Iterator[Tensor]: ...

    def __len__(self) -> int: ...


Batches = Tensor | Loader


class Shuffled:
    """A loader of the rows of a tensor (N, D), in another order each time.

    Example:
        >>> batches = Shuffled(torch.tensor([[1.0], [2.0], [3.0]]), batch_size=2)
        >>> len(batches), [len(batch) for batch in batches]
        (2, [2, 1])
    """

    def __init__(self, rows: Tensor, batch_size: int) -> None:
        self.rows, self.batch_size = rows, batch_size

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        order = torch.randperm(len(self.rows), device=self.rows.device)
        return (self.rows.index_select(0, some) for some in order.split(self.batch_size))


def check_data(model: MADE, data: Batches) -> None:
    """Raise unless there are data for this model; what a loader yields is seen only later."""
    if isinstance(data, Tensor):
        model.check_data(data)
        if len(data) == 0:
            raise ValueError(f"there are no rows: got shape {tuple(data.shape)}")
        return
    check_iterable(data)
    try:
        batches = len(data)
    except TypeError as error:
        raise TypeError(f"a loader must have a length, got {type(data).__name__}") from error
    if batches == 0:
        raise ValueError("there are no batches: got an empty loader")


def check_iterable(data: object) -> None:
    """Raise unless the data can be a tensor or a loader."""
    if hasattr(data, "row_numbers"):  # a Table: as an iterable it would pass for three batches
        raise TypeError(
            "data must be one part of a table, got all three: train, valid, test = table"
        )
    if hasattr(data, "columns"):  # as an iterable it would pass for the names of its columns
        raise TypeError(
            "data must be a tensor, got a frame: train, valid, test = load_table(frame) makes "
            "tensors of it"
        )
    if isinstance(data, str) or not hasattr(data, "__iter__"):
        raise TypeError(
            f"data must be a (N, D) tensor or a loader of such batches, got {type(data).__name__}"
        )


def tensors(batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """The batches, each a tensor; ``DataLoader(TensorDataset(x))`` wraps each in a list."""
    for batch in batches:
        if isinstance(batch, list | tuple) and len(batch) == 1:
            batch = batch[0]
        if not isinstance(batch, Tensor):
            raise TypeError(
                "data must be a (N, D) tensor or a loader of such batches without labels, got "
                f"{type(batch).__name__} as a batch: torch.as_tensor makes a tensor"
            )
        if len(batch) > 0:
            yield batch


def fingerprint(data: Batches) -> str:
    """What a checkpoint remembers of its data."""
    if isinstance(data, Tensor):
        checksum = crc32(data.detach().float().cpu().contiguous().numpy().data)
        return f"tensor {tuple(data.shape)} with checksum {checksum:08x}"
    own = " and a generator" if getattr(data, "generator", None) is not None else ""
    return f"loader of {len(data)} batches{own}"
