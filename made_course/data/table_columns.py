"""What one column of a table is, chosen from its cells: yes/no, classes, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas
from pandas import Series
from pandas.api.types import infer_dtype

from ..common.words import listing
from ..model.gaps import Gaps
from ..model.heads import Bernoulli, Categorical, Head
from .table_files import Source
from .table_numbers import Numbers, numbers_of, step_of

MOST_CLASSES = 20
ROWS_PER_CLASS = 5
MOST_ODD_NUMBERS = 100
"""So many numbers that come again and again, and fill no grid, are classes, too."""


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
        gaps = f", missing in {self.missing:.0%} of the rows" if self.missing else ""
        if self.numbers is not None:
            return f"{self.name}: {self.numbers.told}{gaps}"
        kind = "yes/no" if len(self.values) == 2 else f"{len(self.values)} classes"
        return f"{self.name}: {kind} ({listing([str(value) for value in self.values])}){gaps}"


def columns_of(found: Source, learned: np.ndarray, bells: int = 2) -> list[Column]:
    """What each column is; numbers are scaled by the rows that ``learned`` numbers.

    Raises:
        ValueError: if some cannot be modelled: it says why, and how to leave them out.
    """
    columns = [_column_of(found, i, learned, bells) for i in range(len(found.columns))]
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


def _column_of(found: Source, i: int, learned: np.ndarray, bells: int) -> Column | str:
    """What a column is, or why it cannot be one."""
    name, cells = found.columns[i], found.frame.iloc[:, i]
    kind = infer_dtype(cells, skipna=True)
    there = cells.dropna()
    if there.empty:
        return f"{name!r} holds no value"
    said = found.kinds.get(name)
    if said == "classes":
        return _classes(name, np.unique(there.to_numpy()).tolist())
    if said:
        return _of_reals(found, i, there, learned, bells)
    if kind == "boolean":
        return Column(name, (False, True))
    if kind == "categorical":
        values = there.cat.remove_unused_categories().cat.categories.tolist()
        return _classes(name, values)
    if kind == "string":
        return _of_text(found, i, there)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return _of_numbers(found, i, there, learned, bells)
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


def _of_numbers(
    found: Source, i: int, cells: Series, learned: np.ndarray, bells: int
) -> Column | str:
    name, numbers = found.columns[i], cells.to_numpy(float)
    if not np.isfinite(numbers).all():
        return f"{found.cell(cells.index[np.isfinite(numbers).argmin()], i)}, which is not finite"
    values = np.unique(numbers)
    n, is_whole = len(numbers), bool((values % 1 == 0).all())
    if np.isin(values, (0, 1)).all():
        return Column(name, (0, 1))
    if len(values) <= min(MOST_CLASSES, n / ROWS_PER_CLASS) or _are_odd(values, n):
        return _classes(name, (values.astype(int) if is_whole else values).tolist())
    if is_whole and n == len(values) > MOST_CLASSES and np.ptp(values) == n - 1:
        return f"{name!r} numbers the rows"
    if is_whole and np.abs(values).max() >= 2**53:
        return f"{name!r} holds numbers of more than 15 digits, as names of things have"
    return _of_reals(found, i, cells, learned, bells)


def _of_reals(
    found: Source, i: int, cells: Series, learned: np.ndarray, bells: int
) -> Column | str:
    name = found.columns[i]
    numbers = pandas.to_numeric(cells, errors="coerce").to_numpy(float)
    if np.isnan(numbers).any():
        return f"{found.cell(cells.index[np.isnan(numbers).argmax()], i)}, which is no number"
    are_learned = np.isin(cells.index, learned)
    if len(np.unique(numbers[are_learned])) < 2:
        return f"{name!r} has fewer than two values in the {len(learned):,} rows to learn from"
    said = found.kinds.get(name)
    bounds = said if isinstance(said, tuple) else None
    is_beyond = (numbers < bounds[0]) | (numbers > bounds[1]) if bounds else np.array(False)
    if is_beyond.any():
        beyond = cells.index[is_beyond.argmax()]
        return f"{found.cell(beyond, i)}, which is beyond the bounds {bounds}"
    return Column(name, numbers=numbers_of(numbers, are_learned, bells, bounds))


def _are_odd(values: np.ndarray, n: int) -> bool:
    """Whether few numbers come again and again without a step between them that they fill."""
    if len(values) > min(MOST_ODD_NUMBERS, n / 4 / ROWS_PER_CLASS):
        return False
    step = step_of(values)
    return step is None or bool(np.ptp(np.quantile(values, (0.1, 0.9))) > 8 * len(values) * step)
