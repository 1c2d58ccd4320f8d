"""A table of the reader's own, of zeros and ones: read, checked cell by cell, and split."""

from __future__ import annotations

import csv
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from numbers import Real
from pathlib import Path
from typing import TextIO

import numpy as np
import torch
from torch import Tensor

from .arguments import check_count, check_number
from .words import listing, variable_names

_EXAMPLE_TABLE = Path(__file__).with_name("assets") / "votes.csv"
# How files of tables that are split already name their parts; those of the paper's authors have
# "train_data", "valid_data" and "test_data", beside numbers that nobody needs.
_SPLIT_KEYS = [
    tuple(part + ending for part in ("train", valid, "test"))
    for ending in ("_data", "")
    for valid in ("valid", "val", "validation")
]
# In the order in which they are tried: a comma may stand in the numbers of a table whose cells are
# separated by semicolons or tabs, and a space anywhere.
_DELIMITERS = (";", "\t", ",", " ")
_WORKBOOKS = (".xlsx", ".xls", ".ods")
_NEITHER = 2  # the code of a cell that is not 0 and not 1
_MISSING = {"", "nan", "na", "n/a", "none", "null", "nat", "<na>", "?"}
_MOST_NAMED = 12


@dataclass(frozen=True, eq=False)
class Table:
    """Three parts of a binary table; ``train, valid, test = table`` takes them out.

    Args:
        train: (N₁, D) float32 zeros and ones.
        valid: (N₂, D).
        test: (N₃, D).
        columns: names of the D variables.
    """

    train: Tensor
    valid: Tensor
    test: Tensor
    columns: list[str]

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.train, self.valid, self.test))

    def __repr__(self) -> str:
        parts = ("train", "valid", "test")
        sizes = ", ".join(f"{len(getattr(self, part)):,} {part}" for part in parts)
        return f"Table({sizes} rows; columns {listing(self.columns, _MOST_NAMED)})"


def load_table(
    source: object, *, split: Sequence[float] = (0.70, 0.15, 0.15), seed: int = 0
) -> Table:
    r"""Load a binary table, check every cell, and split its rows into three parts.

    The rows are shuffled by ``seed`` alone, in the same way on every computer. Whatever is an
    independent draw from what the table shows should be one row. Rows may be equal, and may then
    stand in more than one part, as equal days do in a diary: that is no mistake, but near-copies of
    one thing (two photographs of one animal) make a test score too good. Columns that never change
    are kept.

    A CSV file may have its cells separated by commas, semicolons, tabs or spaces; they are 0 and 1,
    0.0 and 1.0, or True and False; empty lines are passed over. Its first line is a header where it
    holds a word and neither a 0 nor a 1, or where it counts 0, 1, 2, 3, ... or 1, 2, 3, ...

    Args:
        source: path of a CSV, npz or npy file; or an array, tensor or pandas frame (N, D) of bool,
            whole numbers or floats. An npz file with one array is split as all others are. One
            with arrays ``train``, ``valid`` (or ``val``, ``validation``) and ``test``, or the
            same with ``_data`` behind, keeps its own parts and the order of their rows, and
            ``split`` and ``seed`` have no say.
        split: fractions of the rows for training, validation and test; they sum to 1.
        seed: governs which row goes where, and nothing else.

    Returns:
        A :class:`Table`: its parts, float32, and the names of its columns, which are x₁, x₂, ...
        where the source has none.

    Raises:
        TypeError: if ``source`` is none of these or holds complex numbers, ``split`` is not three
            fractions, or ``seed`` is no whole number.
        OSError: if there is no such file, or it cannot be opened.
        ValueError: if the file is of another kind or damaged; if a line has more or fewer cells
            than the first; if a cell is neither 0 nor 1, or missing: the message names the first
            such row and column; if two columns have one name; if the fractions do
            not sum to one; if a part would have no row.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "animals.csv"
        >>> _ = path.write_text("feathers,eggs,milk\n" + "1,1,0\n" * 12 + "0,0,1\n" * 8)
        >>> load_table(path)
        Table(14 train, 3 valid, 3 test rows; columns feathers, eggs and milk)
        >>> train, valid, test = load_table(path, split=(0.5, 0.25, 0.25), seed=1)
        >>> train.shape, valid.shape, test.shape, train.dtype
        (torch.Size([10, 3]), torch.Size([5, 3]), torch.Size([5, 3]), torch.float32)

        >>> load_table(np.array([[0, 1], [1, 2], [1, 0]]))
        Traceback (most recent call last):
        ValueError: the array: row 1, column 1 (both counted from 0) holds 2, ...
    """
    seed = check_count("seed", seed, smallest=0)
    split = _check_split(split)
    found = _read_table(source)
    for part in found:
        _require_rows(part)
        _require_binary(part)
    names = found[0].columns or variable_names(found[0].codes.shape[1])
    if len(found) == 1:
        parts = _shuffled_parts(found[0].codes, split, seed)
    else:
        parts = [part.codes for part in found]
        for part in found[1:]:
            if part.codes.shape[1] != len(names):
                raise ValueError(
                    f"{part.name} has {part.codes.shape[1]} columns, but {found[0].name} has "
                    f"{len(names)}: the parts of one table have the same"
                )
    return Table(*(torch.from_numpy(part.astype(np.float32)) for part in parts), names)


def example_table() -> Path:
    """Return the path of a CSV file to try things on: votes in the US House of Representatives.

    A row is a member of 1984, and there are 335 of the 435. Column ``republican`` is 1 for a
    Republican and 0 for a Democrat. Each of 16 votes has two columns, such as ``immigration yea``
    and ``immigration nay``; both are 0 where no position is known, and both are never 1. The names
    are those of the source. The other 100 members are what exercise 9.4 keeps.

    Example:
        >>> load_table(example_table())
        Table(235 train, 50 valid, 50 test rows; columns republican, handicapped-infants yea, ...)

    Source: "Congressional Voting Records", UCI Machine Learning Repository (1987),
    doi:10.24432/C5C01P, CC BY 4.0; see ``votes_LICENSE.txt`` beside the file.
    """
    return _EXAMPLE_TABLE


@dataclass
class _Cells:
    """A table as its reader found it, and what an error needs to lead back to a cell.

    Args:
        codes: (N, D) uint8: 0, 1 or _NEITHER.
        name: what the table is called in an error.
        place: (row, column) → where that is, counted as the reader of the table counts.
        label: column → its name, or its number in the same way of counting.
        shown: (row, column) → what stands there.
        without: columns → how to leave them out, as code.
        columns: names of the columns, if it has any.
    """

    codes: np.ndarray
    name: str
    place: Callable[[int, int], str]
    label: Callable[[int], str]
    shown: Callable[[int, int], str]
    without: Callable[[Sequence[int]], str]
    columns: list[str] | None = None


def _read_table(source: object) -> list[_Cells]:
    """One table, or the three parts of one that is split already."""
    if isinstance(source, str | os.PathLike):
        return _read_table_file(Path(source).expanduser())
    if isinstance(source, Tensor):
        source = source.detach().cpu()
        if source.dtype == torch.bfloat16:  # NumPy has no such numbers
            source = source.float()
        return [_array_cells(source.numpy(), "the tensor")]
    if isinstance(source, np.ndarray):
        return [_array_cells(source, "the array")]
    if hasattr(source, "iloc") and hasattr(source, "columns"):  # pandas need not be installed
        return [_frame_cells(source)]
    raise TypeError(
        "source must be the path of a CSV, npz or npy file, a NumPy array, a tensor or a pandas "
        f"frame, got {type(source).__name__}: lists of rows become a tensor by torch.tensor(rows)"
    )


def _read_table_file(path: Path) -> list[_Cells]:
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
        return _numpy_file_cells(path)
    return [_csv_cells(path)]


@contextmanager
def _as_one_error(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # damaged bytes make NumPy fail in any way there is
        raise ValueError(
            f"{path} cannot be read as arrays of numbers: it is damaged, of another kind, or holds "
            "Python objects, which could run code and are refused. Save the table again by "
            "np.savez(path, table=array) with an array of bool, int or float"
        ) from error


def _numpy_file_cells(path: Path) -> list[_Cells]:
    with path.open("rb") as file:  # NumPy leaves a damaged one open
        with _as_one_error(path):
            found = np.load(file, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return [_array_cells(found, str(path))]
        keys = next((keys for keys in _SPLIT_KEYS if set(keys) <= set(found.files)), None)
        if len(found.files) == 1:
            keys = found.files
        if keys is None:
            raise ValueError(
                f"{path} holds {listing(found.files, _MOST_NAMED)}: name the parts of a table "
                "train, valid and test, or save one array alone. np.load(path)[name] takes one "
                "out, which load_table then splits"
            )
        with _as_one_error(path):
            arrays = [np.asarray(found[key]) for key in keys]
    return [
        _array_cells(array, f"{path}, array {key!r}")
        for key, array in zip(keys, arrays, strict=True)
    ]


def _array_cells(array: np.ndarray, name: str) -> _Cells:
    if array.dtype.kind == "c":
        raise TypeError(f"{name} holds complex numbers ({array.dtype}): a binary table is real")
    if array.ndim != 2:
        cures = {1: "a single column is array[:, None]", 3: "images are array.reshape(N, -1)"}
        raise ValueError(
            f"{name} must have shape (N, D), one row for each observation, got {array.shape}"
            + (f": {cures[array.ndim]}" if array.ndim in cures else "")
        )
    if isinstance(array, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(array)
        array = array.data.astype(object)
        array[masked] = None
    return _Cells(
        _codes(array),
        name,
        place=lambda row, column: f"row {row}, column {column} (both counted from 0)",
        label=str,
        shown=lambda row, column: _shown(array[row, column]),
        without=lambda columns: f"np.delete(array, {list(columns)}, axis=1)",
    )


def _frame_cells(frame: object) -> _Cells:
    columns = [str(label) for label in frame.columns]
    _require_distinct(columns, "the frame")
    codes = np.empty((len(frame), len(columns)), dtype=np.uint8)
    for column in range(len(columns)):  # one by one, as each has a dtype of its own
        codes[:, column] = _codes(np.asarray(frame.iloc[:, column]))
    return _Cells(
        codes,
        "the frame",
        place=lambda row, column: f"row {row} (frame.iloc[{row}]), column {columns[column]!r}",
        label=lambda column: repr(columns[column]),
        shown=lambda row, column: _shown(frame.iloc[row, column]),
        without=lambda some: f"frame.drop(columns={[frame.columns[column] for column in some]})",
        columns=columns,
    )


def _codes(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "biuf":
        codes = np.full(values.shape, _NEITHER, dtype=np.uint8)
        codes[values == 0] = 0
        codes[values == 1] = 1
        return codes
    return np.fromiter(map(_code, values.flat), np.uint8, values.size).reshape(values.shape)


def _code(value: object) -> int:
    is_number = isinstance(value, Real | np.bool_)
    return int(value) if is_number and value in (0, 1) else _NEITHER


def _shown(value: object) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    return f"the text {value!r}" if isinstance(value, str) else repr(value)


class _Spellings(dict):
    """Code of a cell's text. Each spelling of 0 and 1 is read once; ``bad`` is the first other."""

    bad: str | None = None

    def __missing__(self, text: str) -> int:
        code = _code_of_text(text)
        if code != _NEITHER:
            self[text] = code
        elif self.bad is None:
            self.bad = text
        return code


def _code_of_text(text: str) -> int:
    word = text.strip().casefold()
    if word in ("false", "true"):
        return int(word == "true")
    number = _number(word)
    return int(number) if number in (0, 1) else _NEITHER


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _csv_cells(path: Path) -> _Cells:
    spellings = _Spellings()
    codes = bytearray()
    lines: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = _delimiter(file)
            reader = _csv_reader(file, delimiter)
            rows = filter(None, reader)
            first = next(rows, None)
            if first is None:
                raise ValueError(f"{path} is empty: a table has a row for each observation")
            columns = _header(first)
            for row in rows if columns else chain([first], rows):
                lines.append(reader.line_num)
                if len(row) != len(first):
                    raise ValueError(
                        f"{path}: row {len(lines)} (line {lines[-1]} of the file) has {len(row)} "
                        f"cells, but the {'header' if columns else 'first row'} has {len(first)}: "
                        f"cells are separated by {delimiter!r}, and every line has as many"
                    )
                codes += bytes(map(spellings.__getitem__, row))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} cannot be read as a table ({error}): expected CSV in UTF-8, npz or npy. A "
            "sheet is saved as CSV (UTF-8), a packed file is unpacked first"
        ) from error
    except csv.Error as error:
        raise ValueError(
            f"{path}: row {len(lines) + 1} cannot be read ({error}): look for a quotation mark "
            "that is not closed"
        ) from error
    if columns:
        _require_distinct(columns, f"{path}, line 1")

    def label(column: int) -> str:
        return repr(columns[column]) if columns else str(column + 1)

    def place(row: int, column: int) -> str:
        line = f"line {lines[row]} of the file"
        if row == 0 and not columns:
            line += ", which is no header"
        return f"row {row + 1} ({line}), column {label(column)}"

    def without(some: Sequence[int]) -> str:
        sep = "" if delimiter == "," else f", sep={delimiter!r}"
        header = "" if columns else ", header=None"
        labels = [columns[column] for column in some] if columns else list(some)
        return f"pandas.read_csv({str(path)!r}{sep}{header}).drop(columns={labels})"

    return _Cells(
        np.frombuffer(codes, dtype=np.uint8).reshape(len(lines), len(first)),
        str(path),
        place,
        label,
        shown=lambda row, column: repr(spellings.bad),
        without=without,
        columns=columns,
    )


def _delimiter(file: TextIO) -> str:
    """What separates cells in both of the first two lines: a name may hold any of them."""
    lines = list(islice(filter(str.strip, file), 2))
    file.seek(0)
    return next((mark for mark in _DELIMITERS if all(mark in line for line in lines)), ",")


def _csv_reader(file: TextIO, delimiter: str) -> csv.reader:
    # A space at the end of a line would be one more, empty cell; a tab there is one that is meant.
    lines = (line.strip(" \r\n") for line in file) if delimiter == " " else file
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _header(cells: Sequence[str]) -> list[str] | None:
    """Names, if the first line has names, and not the first row of the table."""
    cells = [" ".join(cell.split()) for cell in cells]
    cells[0] = cells[0].removeprefix("# ")  # np.savetxt writes it
    counted = [cell for cell in cells if cell]
    has_word = any(_number(cell) is None for cell in counted)
    has_binary = any(_code_of_text(cell) != _NEITHER for cell in cells)
    counts = any(counted == list(map(str, range(a, a + len(counted)))) for a in (0, 1))
    if (has_word and not has_binary) or (counts and "3" in counted):
        return [cell or f"Unnamed: {i}" for i, cell in enumerate(cells)]  # as pandas calls it
    return None


def _require_distinct(columns: Sequence[str], name: str) -> None:
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise ValueError(
            f"{name} has more than one column named {listing(twice, _MOST_NAMED)}: rename them, so "
            "that each name stands for one variable"
        )


def _require_rows(cells: _Cells) -> None:
    n_rows, n_columns = cells.codes.shape
    if not n_rows or not n_columns:
        raise ValueError(
            f"{cells.name} has {n_rows} rows and {n_columns} columns: it needs at least one of each"
        )


def _require_binary(cells: _Cells) -> None:
    bad = cells.codes == _NEITHER
    if not bad.any():
        return
    row, column = divmod(int(bad.argmax()), bad.shape[1])
    shown = cells.shown(row, column)
    some = np.flatnonzero(bad.any(axis=0)).tolist()
    is_missing = shown.removeprefix("the text ").strip("'\" ").casefold() in _MISSING
    message = (
        f"{cells.name}: {cells.place(row, column)} holds {shown}"
        f"{', a missing value' if is_missing else ''}, but every cell of a binary table is 0 or 1 "
        "(or False or True). "
    )
    if (total := int(bad.sum())) > 1:
        labels = listing([cells.label(i) for i in some], _MOST_NAMED)
        message += f"Such cells: {total:,}, in {len(some)} of {bad.shape[1]} columns ({labels}). "
    if is_missing:
        message += "Fill in what is missing, or leave out its rows or columns"
    else:
        message += "Correct or binarise it, or leave out what is no binary variable"
    if len(some) <= _MOST_NAMED and len(some) < bad.shape[1]:
        message += f": load_table({cells.without(some)})"
    raise ValueError(message)


def _check_split(split: Sequence[float]) -> tuple[float, float, float]:
    try:
        fractions = tuple(split)
    except TypeError:
        fractions = ()
    if len(fractions) != 3 or isinstance(split, str):
        raise TypeError(f"split must be three fractions, as (0.70, 0.15, 0.15), got {split!r}")
    fractions = tuple(check_number("each of split", part, positive=True) for part in fractions)
    if not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(f"split must sum to 1, got {split!r}: its sum is {sum(fractions):g}")
    return fractions


def _shuffled_parts(
    codes: np.ndarray, split: tuple[float, float, float], seed: int
) -> list[np.ndarray]:
    n = len(codes)
    n_valid, n_test = (round(n * fraction) for fraction in split[1:])
    sizes = (n - n_valid - n_test, n_valid, n_test)
    if min(sizes) < 1:
        raise ValueError(
            f"{n} rows are too few for a split of {split}: they would make parts of "
            f"{listing(list(map(str, sizes)))} rows, and none may be empty"
        )
    # This stream is frozen, so that a test row stays one in every release of NumPy: those of
    # default_rng and of torch are not.
    shuffled = np.random.RandomState(np.random.MT19937(seed)).permutation(n)
    return [codes[rows] for rows in np.split(shuffled, [sizes[0], sizes[0] + n_valid])]
