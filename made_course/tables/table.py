"""A table as rows of numbers, its parts, and the conversion of rows back to cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas
from pandas import DataFrame
from torch import Tensor

from ..model.heads import Bernoulli, Head
from .columns import Column
from .mixed import Mixed

_PARTS = ("train", "valid", "test")
_MOST_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of a table as numbers. ``train, valid, test = table`` unpacks its parts.

    Using a part of a table that was not split raises a TypeError.

    Args:
        rows: (N, D) float32, all rows in the order of the source. A class is its code 0, 1, ...,
            and a missing cell is NaN.
        columns: the D columns.
        row_numbers: indices into ``rows`` for each part; None for a table without parts.
    """

    rows: Tensor
    columns: list[Column]
    row_numbers: tuple[Tensor, ...] | None = None

    def __iter__(self) -> Iterator[Tensor]:
        return (self.rows[numbers] for numbers in self._indices())

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def train(self) -> Tensor:
        """The training rows (n, D)."""
        return self.rows[self._indices()[0]]

    @property
    def valid(self) -> Tensor:
        """The validation rows (n, D)."""
        return self.rows[self._indices()[1]]

    @property
    def test(self) -> Tensor:
        """The test rows (n, D). A table that was split in two raises an IndexError."""
        return self.rows[self._indices()[2]]

    def _indices(self) -> tuple[Tensor, ...]:
        if self.row_numbers is None or not len(self.rows):
            raise TypeError(
                "this table has no parts. If you loaded it with split=None, use table.rows. The "
                "table of a loaded model has no rows; use load_table(path, like=table, "
                "split=None).rows"
            )
        return self.row_numbers

    @property
    def names(self) -> list[str]:
        """The names of the D columns."""
        return [column.name for column in self.columns]

    @property
    def head(self) -> Head:
        """The head for models of this table: Bernoulli if all columns are yes/no, else Mixed."""
        heads = [column.head for column in self.columns]
        return Bernoulli() if all(isinstance(head, Bernoulli) for head in heads) else Mixed(heads)

    def inverse(self, rows: Tensor) -> DataFrame:
        """Convert rows (n, D), from the table or drawn by a model, to a frame of cells.

        Raises:
            ValueError: if ``rows`` has a wrong shape, or a number is not a code of a class.
        """
        if rows.dim() != 2 or rows.shape[1] != len(self.columns):
            raise ValueError(
                f"rows must have shape (n, {len(self.columns)}), got {tuple(rows.shape)}. For the "
                "draws for row i, use draws[i]"
            )
        numbers = rows.detach().cpu().double().numpy()
        cells = [column.decode(numbers[:, i]) for i, column in enumerate(self.columns)]
        return pandas.concat(cells, axis=1, keys=self.names)

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
