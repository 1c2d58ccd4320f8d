"""What a reader brings, a file, an array or a frame, as one frame, and the way back to a cell."""

from __future__ import annotations

import csv
import gzip
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas
import torch
from pandas import DataFrame, Series
from pandas.errors import ParserError
from torch import Tensor

from ..common.words import listing, variable_names

# How files of tables that are split already name their parts; those of the paper's authors have
# "train_data", "valid_data" and "test_data", beside numbers that nobody needs.
_SPLIT_KEYS = [
    tuple(part + ending for part in ("train", valid, "test"))
    for ending in ("_data", "")
    for valid in ("valid", "val", "validation")
]
# In the order in which they are tried: a comma may stand in the numbers of a table whose cells are
# separated by semicolons or tabs, and a space anywhere.
_SEPARATORS = (";", "\t", "|", ",", " ")
_MISSING = ("", "?", "nan", "na", "n/a", "none", "null", "<na>")
_WORKBOOKS = (".xlsx", ".xls", ".ods")


@dataclass
class Source:
    """A table as it was found, and what an error needs to lead back to a cell of it.

    Args:
        frame: a column for each variable, with the labels that ``code`` gives them.
        name: what the table is called in an error.
        code: what makes the frame, in pandas.
        names: names of the columns; None where there are none, and then ``columns`` has x₁, x₂, ...
        lines: number of the line of each row, in a file of text.
        lengths: numbers of rows of the parts, where the table is split already.
    """

    frame: DataFrame
    name: str
    code: str = ""
    names: list[str] | None = None
    lines: list[int] | None = None
    lengths: list[int] | None = None

    def __post_init__(self) -> None:
        n_rows, n_columns = self.frame.shape
        if not n_rows or not n_columns:
            raise ValueError(
                f"{self.name} has {n_rows} rows and {n_columns} columns: it needs at least one of "
                "each"
            )
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise ValueError(
                f"{self.name} has more than one column named {listing(twice)}: rename them, so "
                "that each name stands for one variable"
            )
        self.columns = self.names or variable_names(n_columns)
        self.frame = self.frame.reset_index(drop=True).apply(_cleaned)

    def select(self, names: Sequence[str]) -> Source:
        """The columns of another table, by their names, or in their places where there are none."""
        if self.names is None and self.frame.shape[1] == len(names):
            return replace(self, names=list(names))
        missing = [name for name in names if name not in self.columns]
        if missing:
            raise ValueError(
                f"{self.name} has no column named {listing(missing)}, which the table it is to be "
                f"like has; its columns are {listing(self.columns)}"
            )
        places = [self.columns.index(name) for name in names]
        return replace(self, frame=self.frame.iloc[:, places], names=list(names))

    def cell(self, row: int, column: int) -> str:
        """Where a cell is, and what it holds."""
        shown = self.frame.iat[row, column]
        shown = shown.item() if isinstance(shown, np.generic) else shown
        where = f"row {row} (counted from 0)"
        if self.lines:
            where = f"row {row + 1} (line {self.lines[row]} of the file)"
        return f"{where}, column {self.columns[column]!r} holds {shown!r}"

    def without(self, columns: Sequence[int]) -> str:
        """How to leave columns out, as code."""
        labels = self.frame.columns[list(columns)].tolist()
        return f"load_table({self.code}.drop(columns={labels}))"


def _cleaned(cells: Series) -> Series:
    """Texts without blanks around them; ``?``, ``NA`` and the like are missing cells."""
    if pandas.api.types.infer_dtype(cells, skipna=True) != "string":
        return cells
    cells = cells.str.strip()
    is_missing = cells.str.casefold().isin(_MISSING)
    if not is_missing.any():
        return cells
    cells = cells.mask(is_missing)
    numbers = pandas.to_numeric(cells, errors="coerce")
    return numbers if numbers.notna().equals(cells.notna()) else cells


def read_source(source: Any) -> Source:
    """Read whatever :func:`load_table` takes; its docstring lists what that is, and the errors."""
    if isinstance(source, str | os.PathLike):
        return _of_file(Path(source).expanduser())
    if isinstance(source, Tensor):
        source = source.detach().cpu()
        source = source.float() if source.dtype == torch.bfloat16 else source  # NumPy has none
        return _of_array(source.numpy(), "the tensor", "pandas.DataFrame(tensor.numpy())")
    if isinstance(source, np.ndarray):
        return _of_array(source, "the array", "pandas.DataFrame(array)")
    code = "frame"
    if hasattr(source, "to_dicts"):  # polars
        source = pandas.DataFrame(source.to_dict(as_series=False))
        code = "pandas.DataFrame(frame.to_dict(as_series=False))"
    if isinstance(source, pandas.DataFrame):
        return Source(source, "the frame", code, [str(label) for label in source.columns])
    raise TypeError(
        "source must be the path of a CSV, npz or npy file, a NumPy array, a tensor or a frame of "
        f"pandas or polars, got {type(source).__name__}: lists of rows become a tensor by "
        "torch.tensor(rows)"
    )


def _of_file(path: Path) -> Source:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the path of one file in it")
    if not path.exists():
        raise FileNotFoundError(
            f"there is no file {path}: a path that begins with a name leads on from {Path.cwd()}"
        )
    if path.suffix.lower() in _WORKBOOKS:
        raise ValueError(f"{path} is a workbook of sheets: save the one you mean as CSV (UTF-8)")
    with path.open("rb") as file:
        start = file.read(6)
    is_numpys = start.startswith(b"PK") or start == b"\x93NUMPY"
    if is_numpys or path.suffix.lower() in (".npz", ".npy"):
        return _of_numpy_file(path)
    return _of_csv(path)


# ---- arrays --------------------------------------------------------------------------------------


def _of_array(array: np.ndarray, name: str, code: str = "") -> Source:
    if array.ndim != 2:
        cures = {1: ": a single column is array[:, None]", 3: ": images are array.reshape(N, -1)"}
        raise ValueError(
            f"{name} must have shape (N, D), one row for each observation, got {array.shape}"
            + cures.get(array.ndim, "")
        )
    return Source(pandas.DataFrame(array), name, code)


def _of_numpy_file(path: Path) -> Source:
    arrays = _arrays_in(path)
    if len(arrays) == 1:
        ((key, array),) = arrays.items()
        at = f"[{key!r}]" if key else ""
        return _of_array(array, str(path), f"pandas.DataFrame(np.load({str(path)!r}){at})")
    keys = next((keys for keys in _SPLIT_KEYS if set(keys) <= set(arrays)), None)
    if keys is None:
        raise ValueError(
            f"{path} holds {listing(list(arrays))}: name the parts of a table train, valid and "
            "test, or save one array alone. np.load(path)[name] takes one out, which load_table "
            "then splits"
        )
    widths = {key: _of_array(arrays[key], f"{path}, array {key!r}").frame.shape[1] for key in keys}
    if len(set(widths.values())) > 1:
        raise ValueError(f"{path}: parts of one table have as many columns, got {widths}")
    parts = [arrays[key] for key in keys]
    whole = _of_array(np.concatenate(parts), f"{path}, its {len(parts)} parts joined")
    return replace(whole, lengths=list(map(len, parts)))


def _arrays_in(path: Path) -> dict[str, np.ndarray]:
    """Each array of an npz file, or that of an npy file, which has no name."""
    try:
        with path.open("rb") as file:  # NumPy leaves a damaged one open
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return {"": found}
            return {key: found[key] for key in found.files}
    except Exception as error:  # damaged bytes make NumPy fail in any way there is
        raise ValueError(
            f"{path} cannot be read as arrays of numbers: it is damaged, of another kind, or holds "
            "Python objects, which could run code and are refused. Save the table again by "
            "np.savez(path, table=array) with an array of bool, int or float"
        ) from error


# ---- CSV -----------------------------------------------------------------------------------------


def _of_csv(path: Path) -> Source:
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            return _of_text(file, path)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{path} cannot be read as a table ({error}): expected CSV in UTF-8, the same packed "
            "as .gz, npz or npy. Save a sheet as CSV (UTF-8); another encoding is read by "
            f"load_table(pandas.read_csv({str(path)!r}, encoding=...))"
        ) from error
    except (csv.Error, ParserError) as error:
        raise ValueError(
            f"{path} cannot be read as a table ({error}): look for a quotation mark that is not "
            "closed"
        ) from error


def _of_text(file: TextIO, path: Path) -> Source:
    start = list(islice(filter(str.strip, file), 2))
    if not start:
        raise ValueError(f"{path} is empty: a table has a row for each observation")
    separator = next((mark for mark in _SEPARATORS if all(mark in line for line in start)), ",")
    lines = _line_numbers(file, separator, path)
    file.seek(0)
    first = next(_rows(file, separator))[1]
    how: dict[str, str | None] = {}
    if separator != ",":
        how["sep"] = r"\s+" if separator == " " else separator
    frame = _frame(file, separator, 1, how)
    if how and _has_decimal_commas(frame):
        how["decimal"] = ","
        frame = _frame(file, separator, 1, how)
    names = _names_in(first, frame)
    if names is None:
        how["header"] = None
        frame = _frame(file, separator, 0, how)
    else:
        frame.columns = names
        lines = lines[1:]
    said = "".join(f", {key}={value!r}" for key, value in how.items())
    return Source(frame, str(path), f"pandas.read_csv({str(path)!r}{said})", names, lines)


def _rows(file: TextIO, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Number of the line, counted from 1, and cells of each row that is not empty."""
    # A space at the end of a line would be one more, empty cell; a tab there is one that is meant.
    texts = (line.strip(" \r\n") for line in file) if separator == " " else file
    # np.savetxt begins a header so
    texts = (line.removeprefix("# ") if i == 0 else line for i, line in enumerate(texts))
    reader = csv.reader(texts, delimiter=separator, skipinitialspace=True)
    return ((reader.line_num, cells) for cells in reader if cells)


def _line_numbers(file: TextIO, separator: str, path: Path) -> list[int]:
    """Where each row is; raises unless all have as many cells: pandas would fill in the missing."""
    file.seek(0)
    numbers, width = [], None
    for line, cells in _rows(file, separator):
        width = width or len(cells)
        if len(cells) != width:
            raise ValueError(
                f"{path}: line {line} has {len(cells)} cells, but the first has {width}: cells are "
                f"separated by {separator!r}, and every line has as many"
            )
        numbers.append(line)
    return numbers


def _frame(file: TextIO, separator: str, below: int, how: dict[str, str | None]) -> DataFrame:
    """The rows below the first or, with 0, all rows; none is read as names."""
    file.seek(0)
    above = list(islice(_rows(file, separator), below))  # pandas goes on at the next line
    others = {"header": None, "skipinitialspace": True, "low_memory": False}
    try:
        return pandas.read_csv(file, **how | others)
    except pandas.errors.EmptyDataError:
        return pandas.DataFrame(columns=range(len(above[0][1])))


def _has_decimal_commas(frame: DataFrame) -> bool:
    """Whether every cell of some column is a number, once its comma is a point."""

    def is_number(cells: Series) -> Series:
        return pandas.to_numeric(cells.str.replace(",", "."), errors="coerce").notna()

    texts = [cells for _, cells in frame.items() if pandas.api.types.infer_dtype(cells) == "string"]
    return any(is_number(cells).equals(cells.notna()) for cells in texts)


def _names_in(first: list[str], rest: DataFrame) -> list[str] | None:
    """Names, if the first line has names, and not the first row of the table.

    It has, where it counts 0, 1, 2, ... or 1, 2, 3, ...; and where it holds words alone, or a word
    above numbers, none of which stands in its own column again.
    """
    cells = [" ".join(cell.split()) for cell in first]
    filled = [cell for cell in cells if cell]
    counts = any(filled == list(map(str, range(a, a + len(filled)))) for a in (0, 1))
    has_reals = any(dtype.kind == "f" for dtype in rest.dtypes)
    words = [i for i, cell in enumerate(cells) if cell and not _is_value(cell)]
    columns = [rest.iloc[:, i] for i in words if rest.shape[1]]
    is_unlike = any(column.dtype.kind in "biuf" for column in columns)
    recurs = any((column == cells[i]).any() for i, column in zip(words, columns, strict=False))
    has_names = bool(words) and (len(words) == len(filled) or is_unlike) and not recurs
    if has_names or (counts and (len(filled) > 2 or has_reals)):
        return [cell or f"Unnamed: {i}" for i, cell in enumerate(cells)]  # as pandas calls it
    return None


def _is_value(cell: str) -> bool:
    if cell.casefold() in ("true", "false", *_MISSING):
        return True
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
