"""What a reader brings, a file, an array or a frame, as one frame, and the way back to a cell."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import torch
from pandas import DataFrame
from pandas.api.types import infer_dtype, is_numeric_dtype
from torch import Tensor

from ..common.arguments import check_choice
from ..common.words import listing, variable_names
from .table_cells import NOTATIONS, Notation, cleaned, notation_of, read_cells
from .table_texts import Header, lines_of, rows_of

# How files of tables that are split already name their parts; those of the paper's authors have
# "train_data", "valid_data" and "test_data", beside numbers that nobody needs.
_SPLIT_KEYS = [
    tuple(part + ending for part in ("train", valid, "test"))
    for ending in ("_data", "")
    for valid in ("valid", "val", "validation")
]
_OTHERS = {".xlsx": "excel", ".xls": "excel", ".ods": "excel", ".dta": "stata", ".sav": "spss"}
_OTHERS |= {f".{ending}": ending for ending in ("parquet", "feather", "orc", "json", "xml")}
KINDS = ("classes", "real", "drop")
Kind = str | tuple[float, float]
"""One of them, or bounds of numbers."""


@dataclass
class Source:
    """A table as it was found, and what an error needs to lead back to a cell of it.

    Args:
        frame: a column for each variable.
        name: what the table is called in an error.
        names: names of the columns; None where there are none, and then ``columns`` has x₁, x₂, ...
        lines: number of the line of each row, in a file of text.
        lengths: numbers of rows of the parts, where the table is split already.
        kinds: what its owner says that columns are.
        notes: what its owner should hear, a line each.
        notation: of its numbers.
    """

    frame: DataFrame
    name: str
    names: list[str] | None = None
    lines: list[int] | None = None
    lengths: list[int] | None = None
    kinds: dict[str, Kind] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    notation: Notation = NOTATIONS[0]

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

    def of_kinds(self, kinds: Mapping[str, Kind]) -> Source:
        """The table as its owner says that its columns are: without those to be dropped."""
        if not isinstance(kinds, Mapping):
            raise TypeError(
                f"kinds must say what columns are, as in {{'zip': 'classes'}}, got {kinds!r}"
            )
        for name, kind in kinds.items():
            if name not in self.columns:
                raise ValueError(
                    f"kinds names {name!r}, and the columns are {listing(self.columns)}"
                )
            if not isinstance(kind, tuple):
                check_choice(f"kind of {name!r}", kind, KINDS)
            elif len(kind) != 2 or not kind[0] < kind[1]:
                raise ValueError(f"bounds of {name!r} must be two rising numbers, got {kind}")
        kept = [i for i, name in enumerate(self.columns) if kinds.get(name) != "drop"]
        names = self.names if len(kept) == len(self.columns) else [self.columns[i] for i in kept]
        return replace(self, frame=self.frame.iloc[:, kept], names=names, kinds=dict(kinds))

    def read(self, choices: Sequence[Notation]) -> None:
        """Make numbers of texts that are numbers, in the notation of most columns."""
        columns = [cells for _, cells in self.frame.items()]
        texts = [
            i for i, cells in enumerate(columns) if infer_dtype(cells, skipna=True) == "string"
        ]
        marks = self.notation = notation_of([columns[i] for i in texts], choices)
        is_told = marks == choices[0]
        for i in texts:
            cells, name = columns[i], self.columns[i]
            is_real = self.kinds.get(name, "classes") != "classes"
            columns[i], said = read_cells(cells, marks, is_real)
            self.notes += [f"column {name!r} {text}" for text in said]
            shown = cells[cells.str.contains(",", na=False)]
            if not is_told and len(shown) and is_numeric_dtype(columns[i]):
                is_told = True
                self.notes.append(
                    f"numbers are read as with decimal={marks[0]!r}, thousands={marks[1]!r}: "
                    f"{shown.iloc[0]!r} is {columns[i][shown.index[0]]:g}"
                )
        self.frame = pandas.concat(columns, axis=1)

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
        return f"kinds={ {self.columns[i]: 'drop' for i in columns} }"


def read_source(source: Any, header: Header = "infer", expected: Sequence[str] = ()) -> Source:
    """Read whatever :func:`load_table` takes; its docstring lists what that is, and the errors.

    Args:
        source: see there.
        header: see there.
        expected: names which the first line may have.
    """
    if isinstance(source, str) and "://" in source:
        return _of_csv(source, header, expected)
    if isinstance(source, str | os.PathLike):
        return _of_file(Path(source).expanduser(), header, expected)
    if isinstance(source, Tensor):
        source = source.detach().cpu()
        source = source.float() if source.dtype == torch.bfloat16 else source  # NumPy has none
        return _of_array(source.numpy(), "the tensor")
    if isinstance(source, np.ndarray):
        return _of_array(source, "the array")
    if hasattr(source, "to_dicts"):  # polars
        source = pandas.DataFrame(source.to_dict(as_series=False))
    if isinstance(source, pandas.DataFrame):
        names = [str(label) for label in source.columns]
        return Source(source.reset_index(drop=True).apply(cleaned), "the frame", names)
    raise TypeError(
        "source must be the path of a CSV, npz or npy file, a NumPy array, a tensor or a frame of "
        f"pandas or polars, got {type(source).__name__}: lists of rows become a tensor by "
        "torch.tensor(rows)"
    )


def _of_csv(path: Path | str, header: Header, expected: Sequence[str]) -> Source:
    frame, names, lines, notes = rows_of(lines_of(path), str(path), header, expected)
    return Source(frame.apply(cleaned), str(path), names, lines, notes=notes)


def _of_file(path: Path, header: Header, expected: Sequence[str]) -> Source:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the path of one file in it")
    if not path.exists():
        raise FileNotFoundError(
            f"there is no file {path}: a path that begins with a name leads on from {Path.cwd()}"
        )
    with path.open("rb") as file:
        start = file.read(6)
    ending = path.suffix.lower()
    is_packed = start.startswith(b"PK") and ending not in (".zip", *_OTHERS)
    if is_packed or start == b"\x93NUMPY" or ending in (".npz", ".npy"):
        return _of_numpy_file(path)
    if start and ending in _OTHERS:
        reader = f"pandas.read_{_OTHERS[ending]}({str(path)!r})"
        raise ValueError(f"{path} is no file of text: load_table({reader}) reads it")
    return _of_csv(path, header, expected)


# ---- arrays --------------------------------------------------------------------------------------


def _of_array(array: np.ndarray, name: str) -> Source:
    if array.ndim != 2:
        cures = {1: ": a single column is array[:, None]", 3: ": images are array.reshape(N, -1)"}
        raise ValueError(
            f"{name} must have shape (N, D), one row for each observation, got {array.shape}"
            + cures.get(array.ndim, "")
        )
    return Source(pandas.DataFrame(array).apply(cleaned), name)


def _of_numpy_file(path: Path) -> Source:
    arrays = _arrays_in(path)
    if len(arrays) == 1:
        (array,) = arrays.values()
        return _of_array(array, str(path))
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
