"""What one column of a table is, chosen from its cells: yes/no, classes, or real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas
from pandas import Series
from pandas.api.types import infer_dtype

from ..common.words import listing
from ..model.gaps import Gaps
from ..model.heads import Bernoulli, Categorical, Head, MixtureOfGaussians
from .table_files import Source

MOST_CLASSES = 20
ROWS_PER_CLASS = 5
BELLS = 2


@dataclass(frozen=True)
class Column:
    """What one column of a table is, and how its cells become numbers for a model.

    Args:
        name: as the table calls it.
        values: its classes, in the order of their codes 0, 1, ...; none where it is real.
        mean: of the training rows, where it is real: 0 for a model.
        sd: their standard deviation: 1 for a model.
        is_whole: whether it is real, and holds whole numbers.
        most_common: share of the rows that have its most common value, where it is real.
        missing: share of the rows whose cell is missing, where they were kept.

    Example:
        >>> print(Column("weather", ("fair", "rain", "snow")), Column("wind", mean=12.3, sd=4))
        weather: 3 classes (fair, rain and snow) wind: real (12.3 ± 4)
    """

    name: str
    values: tuple[object, ...] = ()
    mean: float = 0.0
    sd: float = 1.0
    is_whole: bool = False
    most_common: float = 0.0
    missing: float = 0.0

    @property
    def head(self) -> Head:
        """Bernoulli for two values, Categorical for more, a mixture of two bells for reals.

        Where cells are missing, it is in :class:`made_course.Gaps`.
        """
        head: Head = MixtureOfGaussians(BELLS)
        if self.values:
            head = Bernoulli() if len(self.values) == 2 else Categorical(len(self.values))
        return Gaps(head) if self.missing else head

    def encode(self, cells: Series) -> np.ndarray:
        """Codes or scaled numbers; NaN where a cell is missing, or is none of this column."""
        if self.values:
            codes = {value: code for code, value in enumerate(self.values)}
            return cells.astype(object).map(codes).to_numpy(float)
        numbers = pandas.to_numeric(cells, errors="coerce").to_numpy(float, na_value=np.nan)
        return (np.where(np.isfinite(numbers), numbers, np.nan) - self.mean) / self.sd

    def decode(self, numbers: np.ndarray) -> Series:
        """The way back; NaN stays missing."""
        if not self.values:
            cells = pandas.Series(numbers * self.sd + self.mean)
            return cells.round() if self.is_whole else cells
        codes = pandas.Series(self.values)
        wrong = numbers[~np.isnan(numbers) & ~np.isin(numbers, codes.index)]
        if len(wrong):
            raise ValueError(
                f"{wrong[0]:g} is no code of column {self.name!r}, whose codes are the whole "
                f"numbers 0..{len(codes) - 1}: a draw has a class, a mean of draws has none"
            )
        return codes.reindex(numbers).reset_index(drop=True)

    def __str__(self) -> str:
        gaps = f", missing in {self.missing:.0%} of the rows" if self.missing else ""
        if not self.values:
            kind = "real, whole numbers" if self.is_whole else "real"
            return f"{self.name}: {kind} ({self.mean:.4g} ± {self.sd:.4g}){gaps}"
        kind = "yes/no" if len(self.values) == 2 else f"{len(self.values)} classes"
        return f"{self.name}: {kind} ({listing([str(value) for value in self.values])}){gaps}"


def columns_of(found: Source, learned: np.ndarray, *, kinds: Mapping[str, str]) -> list[Column]:
    """What each column is; reals are scaled by the rows that ``learned`` numbers.

    Raises:
        ValueError: if some cannot be modelled: it says why, and how to leave them out.
    """
    columns = [_column_of(found, i, learned, kinds) for i in range(len(found.columns))]
    refused = {i: why for i, why in enumerate(columns) if isinstance(why, str)}
    if refused:
        message = (
            f"{found.name}: {len(refused)} of {len(columns)} columns cannot be modelled as they "
            f"are. {'. '.join(refused.values())}. Correct or leave out"
        )
        if len(refused) < len(columns):
            message += f": load_table(..., {found.without([*refused])})"
        raise ValueError(message)
    return [column for column in columns if isinstance(column, Column)]


def _column_of(
    found: Source, i: int, learned: np.ndarray, kinds: Mapping[str, str]
) -> Column | str:
    """What a column is, or why it cannot be one."""
    name, cells = found.columns[i], found.frame.iloc[:, i]
    kind = infer_dtype(cells, skipna=True)
    there = cells.dropna()
    if there.empty:
        return f"{name!r} holds no value"
    said = kinds.get(name)
    if said == "classes":
        return _classes(name, np.unique(there.to_numpy()).tolist())
    if said == "real":
        return _of_reals(found, i, there, learned)
    if kind == "boolean":
        return Column(name, (False, True))
    if kind == "categorical":
        values = there.cat.remove_unused_categories().cat.categories.tolist()
        return _classes(name, values)
    if kind == "string":
        return _of_text(found, i, there)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return _of_numbers(found, i, there, learned)
    return f"{name!r} holds {kind} values: make numbers or texts of them"


def _classes(name: str, values: Sequence[object]) -> Column | str:
    return Column(name, tuple(values)) if len(values) > 1 else f"{name!r} is always {values[0]!r}"


def _of_text(found: Source, i: int, cells: Series) -> Column | str:
    name, values = found.columns[i], sorted(cells.unique())
    is_number = pandas.to_numeric(cells, errors="coerce").notna()
    if 0.9 <= is_number.mean() < 1:
        return f"{found.cell(is_number.idxmin(), i)}, but most of its cells are numbers"
    most = max(MOST_CLASSES, len(cells) / ROWS_PER_CLASS)
    if len(values) == len(cells) > 2 or len(values) > most:
        return (
            f"{name!r} has {len(values):,} different texts in {len(cells):,} rows, such as "
            f"{values[0]!r}"
        )
    return _classes(name, values)


def _of_numbers(found: Source, i: int, cells: Series, learned: np.ndarray) -> Column | str:
    name, numbers = found.columns[i], cells.to_numpy(float)
    if not np.isfinite(numbers).all():
        return f"{found.cell(cells.index[np.isfinite(numbers).argmin()], i)}, which is not finite"
    values = np.unique(numbers)
    n, is_whole = len(numbers), bool((values % 1 == 0).all())
    if np.isin(values, (0, 1)).all():
        return Column(name, (0, 1))
    if len(values) <= min(MOST_CLASSES, n / ROWS_PER_CLASS):
        return _classes(name, (values.astype(int) if is_whole else values).tolist())
    if is_whole and n == len(values) > MOST_CLASSES and np.ptp(values) == n - 1:
        return f"{name!r} numbers the rows"
    if is_whole and np.abs(values).max() >= 2**53:
        return f"{name!r} holds numbers of more than 15 digits, as names of things have"
    return _of_reals(found, i, cells, learned)


def _of_reals(found: Source, i: int, cells: Series, learned: np.ndarray) -> Column | str:
    name = found.columns[i]
    numbers = pandas.to_numeric(cells, errors="coerce").to_numpy(float)
    if np.isnan(numbers).any():
        return f"{found.cell(cells.index[np.isnan(numbers).argmax()], i)}, which is no number"
    is_whole = bool((numbers % 1 == 0).all())
    here = numbers[np.isin(cells.index, learned)]
    if len(np.unique(here)) < 2:
        return f"{name!r} has fewer than two values in the {len(learned):,} rows to learn from"
    share = float(cells.value_counts().max() / len(cells))
    return Column(name, (), float(here.mean()), float(here.std(ddof=1)), is_whole, share)
