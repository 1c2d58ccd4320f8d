"""Columns of a table, and the conversion of their cells to numbers and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas
import torch
from pandas import Series

from ..common.words import format_percent, join_names
from ..model.heads import Bernoulli, Categorical, Head
from .gaps import Gaps
from .normal_scores import NormalScores

MOST_DIGITS = 4
"""Largest number of decimals of a step."""
LARGEST = 2.0**63 - 1024
"""Largest float that int64 can hold."""


@dataclass(frozen=True)
class Column:
    """A column of a table: two values, classes, or numbers.

    Args:
        name: name of the column.
        values: classes, in the order of their codes 0, 1, ...; empty for numbers.
        numbers: head of the numbers; None for classes.
        step: number of which all numbers are multiples; None if there is no such number.
        words: description of the numbers, for ``print``.
        missing: share of the rows in which the cell is missing, from 0 to 1.

    Example:
        >>> print(Column("weather", ("fair", "rain", "snow")))
        weather: 3 classes (fair, rain and snow)
    """

    name: str
    values: tuple[object, ...] = ()
    numbers: NormalScores | None = None
    step: float | None = None
    words: str = ""
    missing: float = 0.0

    @property
    def head(self) -> Head:
        """The head: Bernoulli, Categorical or ``numbers``, inside Gaps if cells are missing."""
        head: Head
        if self.numbers is not None:
            head = self.numbers
        else:
            head = Bernoulli() if len(self.values) == 2 else Categorical(len(self.values))
        return Gaps(head) if self.missing else head

    def encode(self, cells: Series) -> np.ndarray:
        """Convert cells (N,) to codes or numbers (N,), NaN for missing or impossible cells."""
        if self.numbers is None:
            codes = {value: code for code, value in enumerate(self.values)}
            return cells.astype(object).map(codes).to_numpy(float)
        numbers = pandas.to_numeric(cells, errors="coerce").to_numpy(float, na_value=np.nan)
        is_possible = self.numbers.is_possible(torch.from_numpy(numbers.astype(np.float32)))
        return np.where(is_possible, numbers, np.nan)

    def decode(self, numbers: np.ndarray) -> Series:
        """Convert codes or numbers (N,) back to cells (N,), missing where they are NaN."""
        if self.numbers is None:
            return self._decode_classes(numbers)
        if self.step is None:
            return pandas.Series(numbers)
        cells = pandas.Series((np.rint(numbers / self.step) * self.step).round(MOST_DIGITS))
        if self.step % 1 or cells.abs().max() > LARGEST:
            return cells
        return cells.astype("Int64" if cells.isna().any() else "int64")

    def _decode_classes(self, codes: np.ndarray) -> Series:
        classes = pandas.Series(self.values)
        wrong = codes[~np.isnan(codes) & ~np.isin(codes, classes.index)]
        if len(wrong):
            raise ValueError(
                f"{wrong[0]:g} is not a code of column {self.name!r}, whose codes are 0 to "
                f"{len(classes) - 1}. A mean of codes is not a class; use draws instead of means"
            )
        return classes.reindex(codes).reset_index(drop=True)

    def __str__(self) -> str:
        gaps = f", missing in {format_percent(self.missing)} of the rows" if self.missing else ""
        if self.numbers is not None:
            return f"{self.name}: {self.words}{gaps}"
        kind = "yes/no" if len(self.values) == 2 else f"{len(self.values)} classes"
        values = join_names([*map(_format_value, self.values)])
        return f"{self.name}: {kind} ({values}){gaps}"


def _format_value(value: object) -> str:
    return f"{value:.7g}" if isinstance(value, float) else str(value)
