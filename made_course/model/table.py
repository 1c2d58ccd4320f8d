"""A table as a model reads it: its columns, rows of numbers and their parts, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas
import torch
from pandas import DataFrame
from torch import Tensor

from ..common.words import listing
from .columns import Column
from .heads import Bernoulli, Head
from .mixed import Mixed

_PARTS = ("train", "valid", "test")
_MOST_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a table as a model reads them; ``train, valid, test = table`` takes its parts out.

    Args:
        rows: (N, D) float32, all rows in the order of the source: codes of classes from 0; whole
            numbers, or those of steps; other reals scaled, without bounds to mean 0 and standard
            deviation 1 of the training rows; NaN where a cell is missing and was kept.
        columns: D times what a column is.
        row_numbers: for each part its rows' places among ``rows``; None for a table without parts.
        notation: marks of decimals and of thousands, as they were read.
        said_real: names of columns that were said to be real, whatever is no number in them.
    """

    rows: Tensor
    columns: list[Column]
    row_numbers: tuple[Tensor, ...] | None = None
    notation: tuple[str, str] = (".", "")
    said_real: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Tensor]:
        return (self.rows[numbers] for numbers in self._places())

    def __len__(self) -> int:
        """How many rows it has, those of all parts."""
        return len(self.rows)

    @property
    def train(self) -> Tensor:
        """Rows to learn from."""
        return self.rows[self._places()[0]]

    @property
    def valid(self) -> Tensor:
        """Rows that say when to stop."""
        return self.rows[self._places()[1]]

    @property
    def test(self) -> Tensor:
        """Rows to judge by; an IndexError says that a table was split in two."""
        return self.rows[self._places()[2]]

    def _places(self) -> tuple[Tensor, ...]:
        if self.row_numbers is None or not len(self.rows):
            raise TypeError(
                "there are no parts: a table loaded with split=None has table.rows alone, and one "
                "that came with a model has none: load_table(path, like=table, split=None).rows "
                "are its rows, and table.row_numbers says which were for what"
            )
        return self.row_numbers

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    @property
    def head(self) -> Head:
        """For ``MADE(D, head=table.head)``: Bernoulli if all is yes/no, else one head a column."""
        heads = [column.head for column in self.columns]
        return Bernoulli() if all(isinstance(head, Bernoulli) for head in heads) else Mixed(heads)

    @property
    def sd(self) -> Tensor:
        """(D,) standard deviations of the columns that have scaled densities, 1 for all others.

        A density depends on units: with their logarithms added, an NLL is in those of the source.
        """
        return torch.tensor([column.sd for column in self.columns])

    def inverse(self, rows: Tensor) -> DataFrame:
        """Rows (n, D) of the table or of a model, as a pandas frame of the source's own values.

        Raises:
            ValueError: if they have not D columns, or hold a number that is no code of a class.
        """
        if rows.dim() != 2 or rows.shape[1] != len(self.columns):
            raise ValueError(
                f"rows must have shape (n, {len(self.columns)}), got {tuple(rows.shape)}: draws "
                "for row i are draws[i]"
            )
        numbers = rows.detach().cpu().double().numpy()
        cells = [column.decode(numbers[:, i]) for i, column in enumerate(self.columns)]
        return pandas.concat(cells, axis=1, keys=self.names)

    def encode(self, **cells: object) -> Tensor:
        """(1, D) row as a model reads it, of cells by name; NaN in all other columns.

        For example ``table.encode(kind="owl")``, or ``table.encode(**{"how heavy": 3.1})``.

        Raises:
            ValueError: if there is no such column, or a cell is none of its column.
        """
        row = torch.full((1, len(self.columns)), torch.nan)
        for name, cell in cells.items():
            if name not in self.names:
                raise ValueError(f"there is no column {name!r}: they are {listing(self.names)}")
            i = self.names.index(name)
            row[0, i] = float(self.columns[i].encode(pandas.Series([cell]))[0])
            if row[0, i].isnan():
                raise ValueError(f"{cell!r} is not what the table has in column {self.columns[i]}")
        return row

    def __repr__(self) -> str:
        sizes = [f"{len(self.rows):,}"]
        if self.row_numbers is not None:
            sizes = [
                f"{len(n):,} {part}" for n, part in zip(self.row_numbers, _PARTS, strict=False)
            ]
        lines = [f"Table({', '.join(sizes)} rows of {len(self.columns)} columns)"]
        lines += [f"    {column}" for column in self.columns[:_MOST_SHOWN]]
        if len(self.columns) > _MOST_SHOWN:
            lines.append(f"    and {len(self.columns) - _MOST_SHOWN} more")
        return "\n".join(lines)
