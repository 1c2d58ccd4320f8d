"""Load your own table: read it with pandas, code its cells as numbers, and split its rows."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas
import torch
from pandas import DataFrame, Series
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from ..common.arguments import check_choice, check_count, check_number
from ..common.words import join_names
from .columns import LARGEST, Column
from .numeric_columns import make_numeric_column
from .table import Table

Kind = str | tuple[float, float]
"""Kind of a column: ``"classes"``, ``"real"``, ``"drop"``, or the two bounds of its numbers."""
_CURE = (
    "Correct it, choose a larger unit, mark it as missing with na_values=[...], or "
    "say how numbers are written with decimal= and thousands="
)
MOST_CLASSES = 20
ROWS_PER_CLASS = 5


def load_table(
    source: str | os.PathLike[str] | DataFrame,
    *,
    split: Sequence[float] | None = (0.70, 0.15, 0.15),
    seed: int = 0,
    like: Table | None = None,
    missing: Literal["refuse", "keep"] = "refuse",
    kinds: Mapping[str, Kind] | None = None,
    num_components: int = 2,
    **read_csv: Any,
) -> Table:
    """Load a table, detect the kind of each column, code its cells, and split its rows.

    There are three kinds of columns, and ``print(table)`` shows the kind of each:

    - yes/no, coded as 0 and 1: columns of 0 and 1, of True and False, or of two texts;
    - classes, coded as 0, 1, 2, ...: texts, categories, or numbers with at most 20 different
      values that have at least five rows each on average;
    - numbers: all other columns, see :class:`made_course.tables.normal_scores.NormalScores`.

    The distribution of a column of numbers is taken from the training rows. Rows should be
    independent. If some rows are near-copies of others, the test score is too good.

    Args:
        source: path or address of a file that ``pandas.read_csv`` reads, or a pandas frame.
        split: fractions of the rows for training, validation and, if there are three, test. None
            does not split the table.
        seed: seed of the shuffle that assigns rows to parts.
        like: table whose columns and codes are used, so that its model can read these rows. All
            other columns are dropped.
        missing: ``"refuse"`` raises an error if a cell is missing, and ``"keep"`` makes it NaN, for
            :class:`made_course.Gaps` and :func:`made_course.complete`.
        kinds: kinds of columns for which the rules above are wrong: ``{"zip": "classes", "income":
            "real", "id": "drop", "per cent": (0, 100)}``. A pair gives the bounds of numbers.
        num_components: number of Gaussians in the mixture for a column of numbers.
        read_csv: arguments of ``pandas.read_csv``, such as ``sep=";"`` or ``na_values="?"``.

    Raises:
        OSError: if the file cannot be read.
        TypeError or ValueError: if an argument is wrong, a column cannot be modelled, a cell is
            missing or impossible, or a part would be empty.

    Example:
        >>> kg = [3 + i / 10 for i in range(12)] + [0.3 + i / 50 for i in range(8)]
        >>> animals = {"kind": ["cat"] * 12 + ["owl"] * 8, "milk": ["yes"] * 12 + ["no"] * 8}
        >>> table = load_table(DataFrame(animals | {"kg": kg}))
        >>> table
        Table(14 train, 3 valid, 3 test rows of 3 columns)
            kind: yes/no (cat and owl)
            milk: yes/no (no and yes)
            kg: multiples of 0.02 from 0 (median 3.15, half from 0.395 to 3.625)
        >>> train, valid, test = table
        >>> table.inverse(train[:1])
          kind milk   kg
        0  cat  yes  3.1
    """
    seed = check_count("seed", seed, smallest=0)
    check_choice("missing", missing, ("refuse", "keep"))
    if not isinstance(like, Table | None):
        raise TypeError(f"like must be a table or model.table, got {type(like).__name__}")
    frame, name = _read_frame(source, read_csv)
    if like is None:
        frame = frame[_names_to_keep(frame, name, kinds or {})]
    else:
        frame = _select_columns(frame, name, like)
    if frame.empty:
        raise ValueError(
            f"{name} has {len(frame)} rows of {frame.shape[1]} columns to model, but a table needs "
            "at least one of each. Drop fewer of them"
        )
    parts = None if split is None else _split_indices(len(frame), split, seed)
    if like is None:
        training = np.arange(len(frame)) if parts is None else parts[0]
        columns = _make_columns(frame, name, kinds or {}, training, num_components)
    else:
        columns = like.columns
    rows = np.stack([c.encode(frame[c.name]) for c in columns], 1).astype(np.float32)
    _check_cells(frame, name, columns, rows, may_miss=missing == "keep")
    if like is None:
        shares = np.isnan(rows).mean(axis=0).tolist()
        columns = [replace(c, missing=share) for c, share in zip(columns, shares, strict=True)]
    numbers = None if parts is None else tuple(map(torch.from_numpy, parts))
    return Table(torch.from_numpy(rows), columns, numbers)


# ---- the frame -----------------------------------------------------------------------------------


def _read_frame(source: object, read_csv: dict[str, Any]) -> tuple[DataFrame, str]:
    """Return the source as a frame with strings as column names, and the name of the source."""
    if isinstance(source, str | os.PathLike):
        frame, name = pandas.read_csv(source, **{"skipinitialspace": True} | read_csv), str(source)
    elif isinstance(source, DataFrame):
        frame, name = source, "the frame"
    else:
        raise TypeError(
            f"source must be a path or a pandas frame, got {type(source).__name__}. Make a frame "
            "with pandas.DataFrame(source)"
        )
    frame = frame.set_axis([str(label) for label in frame.columns], axis=1).reset_index(drop=True)
    if frame.columns.has_duplicates:
        raise ValueError(f"{name} has two columns with the same name: {join_names([*frame])}")
    return frame, name


def _select_columns(frame: DataFrame, name: str, like: Table) -> DataFrame:
    """Return the columns of ``frame`` that the table ``like`` has."""
    missing = [label for label in like.names if label not in frame]
    if missing:
        raise ValueError(
            f"{name} has no column named {join_names(missing)}, which the table given as "
            f"like= has. Its columns are {join_names([*frame])}"
        )
    return frame[like.names]


def _names_to_keep(frame: DataFrame, name: str, kinds: Mapping[str, Kind]) -> list[str]:
    """Return the names of the columns that are not dropped."""
    for label, kind in kinds.items():
        is_bounds = isinstance(kind, tuple) and len(kind) == 2 and kind[0] < kind[1]
        if label not in frame or not (kind in ("classes", "real", "drop") or is_bounds):
            raise ValueError(
                f"kinds has {kind!r} for {label!r}, but the columns of {name} are "
                f"{join_names([*frame])}, and kinds are 'classes', 'real', 'drop' or two bounds"
            )
    return [label for label in frame if kinds.get(label) != "drop"]


# ---- columns -------------------------------------------------------------------------------------


def _make_columns(
    frame: DataFrame,
    name: str,
    kinds: Mapping[str, Kind],
    training: np.ndarray,
    num_components: int,
) -> list[Column]:
    """Return the columns, or raise one ValueError about all columns that cannot be modelled."""
    columns, refused = [], {}
    for label, cells in frame.items():
        try:
            columns.append(_make_column(cells.dropna(), kinds.get(label), training, num_components))
        except (ValueError, OverflowError) as error:
            refused[label] = f"column {label!r} {error}"
    if refused:
        raise ValueError(
            f"{name}: {'. '.join(refused.values())}. Correct these columns, or leave them out: "
            f"load_table(..., kinds={dict.fromkeys(refused, 'drop')})"
        )
    return columns


def _make_column(
    cells: Series, kind: Kind | None, training: np.ndarray, num_components: int
) -> Column:
    """Return the Column for cells without gaps, or raise a ValueError."""
    try:
        values = cells.unique() if kind == "real" else np.sort(cells.unique())
    except TypeError:
        types = join_names(sorted({type(cell).__name__ for cell in cells}))
        raise ValueError(
            f"has cells of type {types}, which cannot be sorted. Cells must be all numbers or all "
            "texts. Make texts of them with .astype(str)"
        ) from None
    if len(values) < 2:
        raise ValueError(f"has fewer than two different values, only {values.tolist()}")
    if kind is None:
        kind = "classes" if _has_classes(cells, values) else "real"
    if kind != "classes":
        bounds = kind if isinstance(kind, tuple) else None
        return make_numeric_column(_to_numbers(cells, bounds), training, bounds, num_components)
    if isinstance(cells.dtype, pandas.CategoricalDtype):
        values = cells.cat.remove_unused_categories().cat.categories
    return Column(str(cells.name), tuple(values.tolist()))


def _has_classes(cells: Series, values: np.ndarray) -> bool:
    """Return True if the cells are classes, or raise a ValueError if they cannot be modelled."""
    most = min(MOST_CLASSES, len(cells) / ROWS_PER_CLASS)
    if is_numeric_dtype(cells) and not is_bool_dtype(cells):
        has_classes = len(values) <= most or set(values) == {0, 1}
        if not has_classes and len(values) == len(cells) == np.ptp(values) + 1:
            raise ValueError("only numbers the rows")
        return has_classes
    is_number = pandas.to_numeric(cells, errors="coerce").notna()
    if 0.5 < is_number.mean() < 1:
        row = is_number.idxmin()
        raise ValueError(
            f"holds {cells[row]!r} in row {row} (counted from 0), but most of its cells are "
            f"numbers. {_CURE}. To make all cells classes, use kinds={ {cells.name: 'classes'} }"
        )
    if len(values) > max(MOST_CLASSES, len(cells) / ROWS_PER_CLASS):
        raise ValueError(
            f"has {len(values):,} different values in {len(cells):,} rows, such as "
            f"{cells.iloc[0]!r}. Convert dates to numbers, for example to days since the first one"
        )
    return True


def _to_numbers(cells: Series, bounds: tuple[float, float] | None) -> Series:
    """Return cells as finite numbers within bounds, or raise a ValueError for any other cell."""
    numbers = pandas.to_numeric(cells, errors="coerce").astype(float)
    low, high = np.clip(bounds or (-math.inf, math.inf), -LARGEST, LARGEST)
    is_fine = np.isfinite(numbers) & numbers.between(low, high)
    if not is_fine.all():
        row = is_fine.idxmin()
        raise ValueError(
            f"holds {cells[row]!r} in row {row} (counted from 0), which is not a "
            f"number within ({low:g}, {high:g}). {_CURE}"
        )
    return numbers


# ---- checking cells, splitting rows --------------------------------------------------------------


def _check_cells(
    frame: DataFrame, name: str, columns: Sequence[Column], rows: np.ndarray, may_miss: bool
) -> None:
    """Raise a ValueError that names the first missing or impossible cell, if there is one."""
    is_missing = frame.isna().to_numpy()
    is_wrong = np.isnan(rows) & ~(is_missing & may_miss)
    if not is_wrong.any():
        return
    row, i = divmod(int(is_wrong.argmax()), len(columns))
    if is_missing[row, i]:
        wrong = "is missing"
        cure = "Fill in the cells, leave out their rows, or keep them with missing='keep'"
    else:
        wrong = "is not possible in the table given as like="
        cure = (
            f"In that table, this column is {columns[i]}. Correct the cells, or load that table "
            "with kinds that allow more values"
        )
    raise ValueError(
        f"{name}: row {row} (counted from 0), column {columns[i].name!r} holds "
        f"{frame.iloc[row, i]!r}, which {wrong}. Of {len(rows):,} rows, "
        f"{is_wrong.any(axis=1).sum():,} have such a cell. {cure}"
    )


def _split_indices(n: int, split: Sequence[float], seed: int) -> list[np.ndarray]:
    """Shuffle the row indices 0..n-1, and return the indices of each part."""
    fractions = [check_number("each of split", f, positive=True) for f in np.ravel(split).tolist()]
    if len(fractions) not in (2, 3) or not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(
            "split must be two or three fractions with a sum of 1, such as (0.70, 0.15, 0.15), got "
            f"{split!r}"
        )
    others = [round(n * fraction) for fraction in fractions[1:]]
    sizes = [n - sum(others), *others]
    if min(sizes) < 1:
        raise ValueError(
            f"{n} rows are too few for split={split}: the parts would have {sizes} rows"
        )
    # NumPy freezes the stream of RandomState, so a test row stays a test row in every release
    shuffled = np.random.RandomState(np.random.MT19937(seed)).permutation(n)
    return np.split(shuffled, np.cumsum(sizes)[:-1])
