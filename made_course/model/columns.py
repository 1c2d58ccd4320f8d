"""A column of a table: how its cells become what a model reads, codes or scaled numbers, and back.

Like ``table``, it needs pandas, and is imported where a table is asked for.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas
import torch
from pandas import Series

from ..common.words import listing, percent
from .gaps import Gaps
from .heads import Bernoulli, Categorical, Head
from .heads_of_numbers import OnAxis
from .recurring import Spiked

MOST_DIGITS = 4
"""Of the decimals of a step."""


@dataclass(frozen=True)
class Numbers:
    """How numbers become those that a model reads, and back.

    Args:
        head: for what a model reads.
        centre, scale: what is taken off, and what is 1 for a model.
        step: of which all are multiples, in draws, too; None where there is none.
        spikes: values that recur, in the order of the head's.
        told: what they are, in words.
    """

    head: Head
    centre: float = 0.0
    scale: float = 1.0
    step: float | None = None
    spikes: tuple[float, ...] = ()
    told: str = "real"

    @property
    def sd(self) -> float:
        """What the density is per; 1 where that is a unit of the table, or there is none."""
        return self.scale if self.head.is_density and not self.spikes else 1.0

    @property
    def is_whole(self) -> bool:
        """Whether all are whole numbers."""
        return self.step is not None and self.step % 1 == 0

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """What a model reads; NaN where a number is missing, infinite or out of bounds."""
        read = (numbers - self.centre) / self.scale
        if not self.head.is_density:
            off = np.isfinite(read) & (np.abs(read - np.rint(read)) > 1e-3)
            if off.any():
                warnings.warn(
                    f"{off.sum():,} of the numbers, as {numbers[off.argmax()]:g}, are between the "
                    f"steps of {self.scale:g} of the table they are to be like, and are rounded",
                    stacklevel=5,
                )
            read = np.rint(read)
        axis = self.head.beside if isinstance(self.head, Spiked) else self.head
        is_one = np.isfinite(read)
        if isinstance(axis, OnAxis):
            lower, upper = axis.bounds().numpy()
            is_spike = np.isin(numbers, self.spikes)
            is_one &= ((read >= lower) & (read <= upper)) | is_spike
            inside = axis.off_bounds(torch.from_numpy(read).float()).numpy()
            read = np.where(is_spike, read, inside)
        return np.where(is_one, read, np.nan)

    def decode(self, read: np.ndarray) -> np.ndarray:
        """The way back, to the step where there is one."""
        numbers = read * self.scale + self.centre
        if self.step is not None:
            numbers = (np.rint(numbers / self.step) * self.step).round(MOST_DIGITS)
        if isinstance(self.head, Spiked):
            for spike, value in zip(self.spikes, self.head.arguments[0], strict=True):
                numbers = np.where(read == value, spike, numbers)
        return numbers


@dataclass(frozen=True)
class Column:
    """What one column of a table is, and how its cells become numbers for a model.

    Args:
        name: as the table calls it.
        values: its classes, in the order of their codes 0, 1, ...; none where it has numbers.
        numbers: how those are read.
        missing: share of the rows whose cell is missing, where they were kept.

    Example:
        >>> print(Column("weather", ("fair", "rain", "snow")))
        weather: 3 classes (fair, rain and snow)
    """

    name: str
    values: tuple[object, ...] = ()
    numbers: Numbers | None = None
    missing: float = 0.0

    @property
    def head(self) -> Head:
        """Bernoulli for two values, Categorical for more, and for numbers that of theirs.

        Where cells are missing, it is in :class:`made_course.Gaps`.
        """
        if self.numbers is not None:
            head = self.numbers.head
        else:
            head = Bernoulli() if len(self.values) == 2 else Categorical(len(self.values))
        return Gaps(head) if self.missing else head

    @property
    def sd(self) -> float:
        """What a density of it is per, in units of the table; 1 where it has none."""
        return 1.0 if self.numbers is None else self.numbers.sd

    def encode(self, cells: Series) -> np.ndarray:
        """Codes or scaled numbers; NaN where a cell is missing, or is none of this column."""
        if self.numbers is None:
            codes = {value: code for code, value in enumerate(self.values)}
            return cells.astype(object).map(codes).to_numpy(float)
        numbers = pandas.to_numeric(cells, errors="coerce")
        return self.numbers.encode(numbers.to_numpy(float, na_value=np.nan))

    def decode(self, numbers: np.ndarray) -> Series:
        """The way back; NaN stays missing."""
        if self.numbers is not None:
            cells = pandas.Series(self.numbers.decode(numbers))
            if not self.numbers.is_whole:
                return cells
            return cells.astype("Int64" if cells.isna().any() else "int64")
        codes = pandas.Series(self.values)
        wrong = numbers[~np.isnan(numbers) & ~np.isin(numbers, codes.index)]
        if len(wrong):
            raise ValueError(
                f"{wrong[0]:g} is no code of column {self.name!r}, whose codes are the whole "
                f"numbers 0..{len(codes) - 1}: a draw has a class, a mean of draws has none"
            )
        return codes.reindex(numbers).reset_index(drop=True)

    def __str__(self) -> str:
        gaps = f", missing in {percent(self.missing)} of the rows" if self.missing else ""
        if self.numbers is not None:
            return f"{self.name}: {self.numbers.told}{gaps}"
        kind = "yes/no" if len(self.values) == 2 else f"{len(self.values)} classes"
        return f"{self.name}: {kind} ({listing([_shown(value) for value in self.values])}){gaps}"


def _shown(value: object) -> str:
    return f"{value:.7g}" if isinstance(value, float) else str(value)
