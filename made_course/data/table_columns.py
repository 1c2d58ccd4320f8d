"""What one column of a table is, chosen from its cells: yes/no, classes, or numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas
from pandas import Series
from pandas.api.types import infer_dtype

from ..model.columns import Column
from .table_cells import TIME, TIMES_AS_NUMBERS
from .table_files import Source
from .table_numbers import numbers_of, step_of

MOST_CLASSES = 20
ROWS_PER_CLASS = 5
MOST_ODD_NUMBERS = 100
"""So many numbers that come again and again, and fill no grid, are classes, too."""


def columns_of(found: Source, learned: np.ndarray, bells: int = 2) -> list[Column]:
    """What each column is; numbers are scaled by the rows that ``learned`` numbers.

    What a column may not be meant as, where nobody said what it is, is printed.

    Raises:
        ValueError: if some cannot be modelled: it says why, and how to leave them out.
    """
    columns, refused = [], {}
    for name, cells in found.frame.items():
        column = _column_of(found, cells.dropna(), learned, bells)
        if isinstance(column, str):
            refused[name] = column
        else:
            columns.append(column)
    if refused:
        message = (
            f"{found.name}: {len(refused)} of {found.frame.shape[1]} columns cannot be modelled as "
            f"they are. {'. '.join(refused.values())}. Correct or leave out"
        )
        if columns:
            message += f": load_table(..., kinds={dict.fromkeys(refused, 'drop')})"
        raise ValueError(message)
    for column in columns:
        there = found.frame[column.name].dropna()
        if column.name in found.kinds:
            continue
        if there.nunique() == 1:
            found.say(f"is always {there.iloc[0]}", column.name)
        is_whole = column.numbers and column.numbers.is_whole
        if is_whole and there.is_monotonic_increasing and there.is_unique:
            leave = f"kinds={ {column.name: 'drop'} } leaves it out"
            found.say(f"goes up from row to row, as numbers of rows do: {leave}", column.name)
    return columns


def _column_of(found: Source, cells: Series, learned: np.ndarray, bells: int) -> Column | str:
    """What a column is, of which these cells are there, or why it cannot be one."""
    kind, said = infer_dtype(cells, skipna=True), found.kinds.get(cells.name)
    if cells.empty:
        return f"{cells.name!r} holds no value"
    if said == "classes":
        return _classes(cells.name, np.unique(cells.to_numpy()).tolist())
    if said or kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return _of_numbers(found, cells, learned, bells)
    if kind == "boolean":
        return Column(cells.name, (False, True))
    if kind == "categorical":
        return _classes(cells.name, cells.cat.remove_unused_categories().cat.categories.tolist())
    if kind == "string":
        return _of_text(found, cells)
    advice = TIMES_AS_NUMBERS if "date" in kind else "make numbers or texts of them"
    return f"{cells.name!r} holds {kind} values: {advice}"


def _classes(name: str, values: Sequence[object]) -> Column | str:
    return Column(name, tuple(values)) if len(values) > 1 else f"{name!r} is always {values[0]!r}"


def _of_text(found: Source, cells: Series) -> Column | str:
    name, values = cells.name, sorted(cells.unique())
    is_number = pandas.to_numeric(cells, errors="coerce").notna()
    are_many = len(values) == len(cells) > 2 or len(values) > max(
        MOST_CLASSES, len(cells) / ROWS_PER_CLASS
    )
    if 0.9 <= is_number.mean() < 1 or (are_many and 0.5 <= is_number.mean() < 1):
        return (
            f"{found.cell(is_number.idxmin(), name)}, but most of its cells are numbers: "
            f"kinds={ {name: 'real'} } makes missing cells of the others, 'classes' a class of each"
        )
    if are_many:
        why = f": {TIMES_AS_NUMBERS}" if cells.str.fullmatch(TIME).all() else ""
        return (
            f"{name!r} has {len(values):,} different texts in {len(cells):,} rows, such as "
            f"{values[0]!r}{why}"
        )
    return _classes(name, values)


def _of_numbers(found: Source, cells: Series, learned: np.ndarray, bells: int) -> Column | str:
    name, said = cells.name, found.kinds.get(cells.name)
    bounds = said if isinstance(said, tuple) else None
    numbers = pandas.to_numeric(cells, errors="coerce").to_numpy(float)
    low, high = bounds or (-math.inf, math.inf)
    fits = np.isfinite(numbers) & (low <= numbers) & (numbers <= high)
    if not fits.all():
        within = f" within the bounds {bounds}" if bounds else ""
        return f"{found.cell(cells.index[fits.argmin()], name)}, which is no finite number{within}"
    values, n = np.unique(numbers), len(numbers)
    is_whole = bool((values % 1 == 0).all())
    if not said:
        if np.isin(values, (0, 1)).all():
            return Column(name, (0, 1))
        if len(values) <= min(MOST_CLASSES, n / ROWS_PER_CLASS) or _are_odd(values, n):
            return _classes(name, (values.astype(int) if is_whole else values).tolist())
        if is_whole and n == len(values) > MOST_CLASSES and np.ptp(values) == n - 1:
            return f"{name!r} numbers the rows"
        if is_whole and np.abs(values).max() >= 2**53:
            return f"{name!r} holds numbers of more than 15 digits, as names of things have"
    are_learned = np.isin(cells.index, learned)
    if len(np.unique(numbers[are_learned])) < 2:
        return f"{name!r} has fewer than two values in the {len(learned):,} rows to learn from"
    say = partial(found.say, column=name)
    return Column(name, numbers=numbers_of(numbers, are_learned, bells, say, bounds))


def _are_odd(values: np.ndarray, n: int) -> bool:
    """Whether few numbers come again and again without a step between them that they fill."""
    if len(values) > min(MOST_ODD_NUMBERS, n / 4 / ROWS_PER_CLASS):
        return False
    step = step_of(values)
    return step is None or bool(np.ptp(np.quantile(values, (0.1, 0.9))) > 8 * len(values) * step)
