"""The data of ``fit`` and ``evaluate``: a tensor (N, D), or a loader of batches (B, D)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from ..model.made import MADE


class Loader(Protocol):
    """An iterable of batches (B, D) that has a length and can be iterated many times."""

    def __iter__(self) -> Iterator[Tensor]: ...

    def __len__(self) -> int: ...


Batches = Tensor | Loader
NO_ROWS = "there are no rows: use a tensor with rows, or a loader that can be iterated many times"


class ShuffledLoader:
    """A loader of the rows of a tensor (N, D), in a new random order in each epoch."""

    def __init__(self, rows: Tensor, batch_size: int) -> None:
        self.rows, self.batch_size = rows, batch_size

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        order = torch.randperm(len(self.rows), device=self.rows.device)
        return (self.rows.index_select(0, index) for index in order.split(self.batch_size))


def check_data(model: MADE, data: Batches) -> None:
    """Raise an error unless the data fit the model; a loader's batches are checked when used."""
    if isinstance(data, Tensor):
        model.check_data(data)
    check_iterable(data)
    if not hasattr(data, "__len__"):
        raise TypeError(f"a loader must have a length, got {type(data).__name__}")
    if len(data) == 0:
        raise ValueError(NO_ROWS)


def check_iterable(data: object) -> None:
    """Raise a TypeError unless the data can be a tensor or a loader."""
    # a frame and a Table are also iterable, but they yield column names or parts
    if not hasattr(data, "__iter__") or hasattr(data, "columns"):
        raise TypeError(
            "data must be an (N, D) tensor or a loader of (B, D) batches, got "
            f"{type(data).__name__}: for a table, use "
            "train, valid, test = load_table(file or frame)"
        )


def unwrap_batches(batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield each batch that has rows, as a tensor (B, D); raise a ValueError if there is none."""
    has_rows = False
    for batch in batches:
        if isinstance(batch, list | tuple) and len(batch) == 1:
            batch = batch[0]  # from a TensorDataset
        if not isinstance(batch, Tensor):
            raise TypeError(
                "each batch must be a (B, D) tensor without labels, got a "
                f"{type(batch).__name__}: use torch.as_tensor to make a tensor"
            )
        if batch.shape[:1] != (0,):
            has_rows = True
            yield batch
    if not has_rows:
        raise ValueError(NO_ROWS)
