"""A table of the reader's own: what each column is, its codes and scales, and a split."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas
import torch
from pandas import DataFrame
from torch import Tensor

from ..common.arguments import check_choice, check_count, check_number
from ..common.words import listing
from ..model.heads import Bernoulli, Head
from ..model.mixed import Mixed
from ..model.saving import from_plain
from .table_cells import NOTATIONS, Notation, notations
from .table_columns import Column, columns_of
from .table_files import Kind, Source, read_source
from .table_numbers import Numbers
from .table_texts import Header

_EXAMPLE_TABLE = Path(__file__).with_name("files") / "votes.csv"
_PARTS = ("train", "valid", "test")
_MOST_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a table as a model reads them; ``train, valid, test = table`` takes its parts out.

    Args:
        rows: (N, D) float32, all rows in the order of the source: codes of classes from 0; whole
            numbers, or those of steps; other reals scaled, without bounds to mean 0 and standard
            deviation 1 of the training rows; NaN where a cell is missing and was kept.
        columns: D times what a column is.
        row_numbers: for each part its rows' places among ``rows``; None for a table without parts.
        notation: marks of decimals and of thousands, as they were read.
        said_real: names of columns that were said to be real, whatever is no number in them.
    """

    rows: Tensor
    columns: list[Column]
    row_numbers: tuple[Tensor, ...] | None = None
    notation: Notation = NOTATIONS[0]
    said_real: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Tensor]:
        if self.row_numbers is None:
            raise TypeError("a table loaded with split=None has no parts: its rows are table.rows")
        if not len(self.rows):
            raise TypeError(
                "a table that came with a model is without its rows: load_table(path, like=table, "
                "split=None).rows has them, and table.row_numbers says which were for what"
            )
        return (self.rows[numbers] for numbers in self.row_numbers)

    def __len__(self) -> int:
        """How many rows it has, those of all parts."""
        return len(self.rows)

    @property
    def train(self) -> Tensor:
        """Rows to learn from."""
        return next(iter(self))

    @property
    def valid(self) -> Tensor:
        """Rows that say when to stop."""
        return [*self][1]

    @property
    def test(self) -> Tensor:
        """Rows to judge by; an IndexError says that a table was split in two."""
        return [*self][2]

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    @property
    def head(self) -> Head:
        """For ``MADE(D, head=table.head)``: Bernoulli if all is yes/no, else one head a column."""
        heads = [column.head for column in self.columns]
        if all(isinstance(head, Bernoulli) for head in heads):
            return Bernoulli()
        return Mixed(heads)

    @property
    def sd(self) -> Tensor:
        """(D,) standard deviations of the columns that have scaled densities, 1 for all others.

        A density depends on units: with their logarithms added, an NLL is in those of the source.

        Example:
            >>> metres = np.linspace(1, 9, 50)[:, None]
            >>> in_metres, in_cm = load_table(metres), load_table(100 * metres)
            >>> torch.allclose(in_metres.rows, in_cm.rows, atol=1e-6)  # for a model they are equal
            True
            >>> (in_cm.sd.log().sum() - in_metres.sd.log().sum()).exp()
            tensor(100.0000)
        """
        return torch.tensor([column.sd for column in self.columns])

    def inverse(self, rows: Tensor) -> DataFrame:
        """Rows (n, D) of the table or of a model, as a pandas frame of the source's own values.

        Raises:
            ValueError: if they have not D columns, or hold a number that is no code of a class.
        """
        if rows.dim() != 2 or rows.shape[1] != len(self.columns):
            raise ValueError(
                f"rows must have shape (n, {len(self.columns)}), got {tuple(rows.shape)}"
            )
        numbers = rows.detach().cpu().double().numpy()
        cells = [column.decode(numbers[:, i]) for i, column in enumerate(self.columns)]
        return pandas.concat(cells, axis=1, keys=self.names)

    def encode(self, **cells: object) -> Tensor:
        """(1, D) row as a model reads it, of cells by name; NaN in all other columns.

        It is what :class:`made_course.Given` takes: ``table.encode(kind="owl")``, or
        ``table.encode(**{"how heavy": 3.1})``.

        Raises:
            ValueError: if there is no such column, or a cell is none of its column.
        """
        row = torch.full((1, len(self.columns)), torch.nan)
        for name, cell in cells.items():
            if name not in self.names:
                raise ValueError(f"there is no column {name!r}: they are {listing(self.names)}")
            i = self.names.index(name)
            row[0, i] = float(self.columns[i].encode(pandas.Series([cell]))[0])
            if row[0, i].isnan():
                raise ValueError(f"{cell!r} is not what the table has in column {self.columns[i]}")
        return row

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


def load_table(
    source: object,
    *,
    split: Sequence[float] | None = (0.70, 0.15, 0.15),
    seed: int = 0,
    like: Table | None = None,
    missing: Literal["refuse", "keep"] = "refuse",
    kinds: Mapping[str, Kind] | None = None,
    header: Header = "infer",
    decimal: str | None = None,
    thousands: str | None = None,
    bells: int = 2,
) -> Table:
    r"""Load a table, find out what each column is, code and scale its cells, and split its rows.

    What a column is follows from all its cells, and ``print(table)`` says it:

    - yes/no, for a model 0 and 1: 0 and 1, True and False, and any two texts;
    - classes, for a model 0, 1, 2, ...: text; a category of pandas; numbers of at most 20 different
      values, with at least five rows a value;
    - numbers: all others, whole or in steps where all of them are multiples of one (and, if it has
      decimals, values are found twice on average), else real. They get a probability or a density
      that keeps to what they can be, see :mod:`made_course.model.heads_of_numbers`: from zero up,
      where none is below and some are near; up to where they end all at once, or to 1 or 100 where
      that is reached; along their logarithm where they have a long tail. A value that occurs far
      more often than those beside it has a probability of its own.

    What is scaled, is so by the training rows, without regard to values far out. A value that
    recurs far from all others is warned of: it may stand for a missing cell.

    The rows are shuffled by ``seed`` alone, in the same way on every computer. Whatever is an
    independent draw from what the table shows should be one row. Rows may be equal, and may then
    stand in more than one part, as equal days do in a diary: that is no mistake, but near-copies of
    one thing (two photographs of one animal) make a test score too good.

    A file of text is unpacked as pandas does it (.gz, .zip, .bz2, .xz). What it does not say is
    guessed by these rules, and a line is printed where a guess may be wrong:

    - cells are separated by the first of ``;``, tab, ``|``, comma and space that cuts most of the
      first lines alike; lines above, of one cell or behind a ``#``, are a title;
    - the first row has names, where it holds words alone, each once; or a word above numbers; or
      where it counts 0, 1, 2, ..., 1, 2, 3, ... or 2019, 2020, 2021, ...;
    - numbers are written as 1234.5, 1,234.5, 1234,5 or 1.234,5: as the first of these in which most
      columns are numbers, so that 4,282 beside 396 has thousands, and 4,28 has decimals;
    - a cell is missing where it is empty, ``?``, ``NA`` or the like; or a mark such as ``-`` among
      numbers.

    Args:
        source: path or address of a CSV file, path of an npz or npy file; or a frame of pandas or
            polars, a NumPy array or a tensor (N, D). An npz file with arrays ``train``, ``valid``
            (or ``val``, ``validation``) and ``test``, or the same with ``_data`` behind, keeps its
            own parts and the order of their rows, and ``split`` and ``seed`` have no say.
        split: fractions of the rows for training, validation and, unless there are two alone, test;
            they sum to 1. None leaves the table whole.
        seed: governs which row goes where, and nothing else.
        like: a table whose columns, codes and scales are to be used, so that a model of it can read
            these rows, too. Columns are found by name, where both have names, and others are left
            out.
        missing: whether missing cells are refused, or kept as NaN: for a model that learns from
            rows with gaps (the table's head is then one for them, see :class:`made_course.Gaps`),
            and for :func:`complete`.
        kinds: what columns are, where the guess is wrong: ``{"zip": "classes", "income": "real",
            "id": "drop"}``; two numbers are bounds, as ``{"per cent": (0, 100)}``, infinite where
            there is none.
        header: which row has the names, counted from 0; None for none.
        decimal: the mark before decimals.
        thousands: the mark between thousands; a space stands for narrow ones, too.
        bells: how many curves the mixture of each column of numbers has.

    Returns:
        A :class:`Table`. Its columns are x₁, x₂, ... where the source has no names.

    Raises:
        TypeError: if ``source`` is none of these, ``split`` is no fractions, ``seed`` no whole
            number, ``like`` no table, or ``kinds`` no dictionary.
        OSError: if there is no such file, or it cannot be opened.
        ValueError: if the file is of another kind or damaged; if a line has more or fewer cells
            than the first; if a column cannot be modelled, such as names, dates or what never
            changes; if a cell is missing, or not what ``like`` has: the message names the first
            such row and column; if two columns have one name; if the fractions do not sum to one;
            if a part would have no row.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "animals.csv"
        >>> cats = [f"cat,yes,{3 + i / 10}\n" for i in range(12)]
        >>> owls = [f"owl,no,{0.3 + i / 50}\n" for i in range(8)]
        >>> _ = path.write_text("kind,milk,kg\n" + "".join(cats + owls))
        >>> table = load_table(path)
        >>> table
        Table(14 train, 3 valid, 3 test rows of 3 columns)
            kind: yes/no (cat and owl)
            milk: yes/no (no and yes)
            kg: real from 0 (2.421 ± 1.609)
        >>> train, valid, test = table
        >>> train.shape, train.dtype
        (torch.Size([14, 3]), torch.float32)
        >>> table.inverse(train[:1])
          kind milk   kg
        0  cat  yes  3.1
        >>> table.encode(kind="owl", kg=0.5)
        tensor([[ 1.0000,     nan, -1.1940]])

        >>> load_table(np.array([["dog", "yes", 9.5]], object), like=table, split=None)
        Traceback (most recent call last):
        ValueError: the array: row 0 (counted from 0), column 'kind' holds 'dog', but ...
    """
    seed = check_count("seed", seed, smallest=0)
    bells = check_count("bells", bells)
    check_choice("missing", missing, ("refuse", "keep"))
    split = None if split is None else _check_split(split)
    if not isinstance(like, Table | None):
        raise TypeError(f"like must be a table that load_table returned, got {like!r}")
    found = read_source(source, header, () if like is None else like.names)
    if like is not None:
        found, kinds = found.select(like.names), dict.fromkeys(like.said_real, "real")
    found = found.of_kinds(kinds or {})
    found.read(notations(decimal, thousands, NOTATIONS[0] if like is None else like.notation))
    n = len(found.frame)
    parts: list[np.ndarray] | None
    if found.lengths:
        parts = np.split(np.arange(n), np.cumsum(found.lengths)[:-1])
    else:
        parts = None if split is None else _shuffled_parts(n, split, seed)
    if like is None:
        _say(found)
        columns = columns_of(found, parts[0] if parts else np.arange(n), bells)
        _warn_of_far_values(columns)
    else:
        columns = like.columns
    rows = _encoded(found, columns)
    if missing == "refuse":
        _require_whole(found, rows)
    elif like is None:
        shares = np.isnan(rows).mean(axis=0).tolist()
        columns = [replace(c, missing=share) for c, share in zip(columns, shares, strict=True)]
    if like is None:
        found.notes += _of_columns(found, columns)
    found.notes += _of_equal_rows(rows, parts)
    _say(found)
    numbers = None if parts is None else tuple(map(torch.from_numpy, parts))
    said_real = tuple(name for name, kind in found.kinds.items() if kind not in ("classes", "drop"))
    return Table(torch.from_numpy(rows), list(columns), numbers, found.notation, said_real)


def table_of(plain: object) -> Table:
    """The table that a file of a model has, see :meth:`made_course.MADE.save`."""
    return from_plain(plain, {"Table": Table, "Column": Column, "Numbers": Numbers})


def example_table() -> Path:
    """Return the path of a CSV file to try things on: votes in the US House of Representatives.

    A row is a member of 1984, and there are 335 of the 435. Column ``republican`` is 1 for a
    Republican and 0 for a Democrat. Each of 16 votes has two columns, such as ``immigration yea``
    and ``immigration nay``; both are 0 where no position is known, and both are never 1. The names
    are those of the source. The other 100 members are what exercise 9.4 keeps.

    Example:
        >>> load_table(example_table())
        Table(235 train, 50 valid, 50 test rows of 33 columns)
            republican: yes/no (0 and 1)
            handicapped-infants yea: yes/no (0 and 1)
            ...

    Source: "Congressional Voting Records", UCI Machine Learning Repository (1987),
    doi:10.24432/C5C01P, CC BY 4.0; see ``votes_LICENSE.txt`` beside the file.
    """
    return _EXAMPLE_TABLE


# ---- cells and parts -----------------------------------------------------------------------------


def _warn_of_far_values(columns: Sequence[Column]) -> None:
    for column in columns:
        if column.numbers and column.numbers.far:
            warnings.warn(
                f"column {column.name!r} has {listing(column.numbers.far)} of its rows, far from "
                "all else: if that stands for a missing cell, leave the cell empty. As it is, it "
                "has a probability of its own",
                stacklevel=3,
            )


def _say(found: Source) -> None:
    """Print what its owner should hear of a table, a line each."""
    for note in found.notes:
        print(f"{found.name}: {note}")
    found.notes.clear()


def _of_columns(found: Source, columns: Sequence[Column]) -> list[str]:
    """What a column may not be meant as, where nobody said what it is."""
    notes = []
    for column, (_, cells) in zip(columns, found.frame.items(), strict=True):
        there = cells.dropna()
        if column.name in found.kinds:
            continue
        if there.nunique() == 1:
            notes.append(f"column {column.name!r} is always {there.iloc[0]}")
        is_whole = column.numbers and column.numbers.is_whole
        if is_whole and there.is_monotonic_increasing and there.is_unique:
            notes.append(
                f"column {column.name!r} goes up from row to row, as numbers of rows do: "
                f"kinds={ {column.name: 'drop'} } leaves it out"
            )
    return notes


def _of_equal_rows(rows: np.ndarray, parts: list[np.ndarray] | None) -> list[str]:
    """How many rows are not new to a model that has seen the training rows."""
    marks = pandas.util.hash_pandas_object(DataFrame(rows), index=False).to_numpy()
    if parts is None or len(parts) < 3:
        return []
    seen = int(np.isin(marks[parts[2]], marks[parts[0]]).sum())
    if seen < len(parts[2]) / 4:
        return []
    twice = int(pandas.Series(marks).duplicated(keep=False).sum())
    return [
        f"{twice:,} of {len(rows):,} rows equal another, and of the {len(parts[2]):,} test rows "
        f"{seen:,} stand in training, too"
    ]


def _encoded(found: Source, columns: Sequence[Column]) -> np.ndarray:
    """(N, D) float32, NaN where a cell is missing; raises if one is none of its column."""
    rows = np.empty((len(found.frame), len(columns)), np.float32)
    for i, column in enumerate(columns):
        cells = found.frame.iloc[:, i]
        rows[:, i] = column.encode(cells)
        unknown = np.isnan(rows[:, i]) & cells.notna().to_numpy()
        if unknown.any():
            raise ValueError(
                f"{found.name}: {found.cell(int(unknown.argmax()), i)}, but the table it is to be "
                f"like has {column}. Cells that do not fit: {unknown.sum():,}. Leave their rows "
                "out, make missing cells of them, or load a first table that has such cells or, by "
                "kinds, wider bounds"
            )
    return rows


def _require_whole(found: Source, rows: np.ndarray) -> None:
    is_missing = np.isnan(rows)
    if not is_missing.any():
        return
    some = np.flatnonzero(is_missing.any(axis=0)).tolist()
    row, column = divmod(int(is_missing.argmax()), rows.shape[1])
    message = (
        f"{found.name}: {found.cell(row, column)}: it is empty, ?, NA, None or the like. Such "
        f"cells: {is_missing.sum():,}, in {len(some)} of {rows.shape[1]} columns "
        f"({listing([repr(found.columns[i]) for i in some])}), and in "
        f"{is_missing.any(axis=1).sum():,} of {len(rows):,} rows. Fill them in, leave out rows or "
        "columns, or keep them as NaN, for a model of rows with gaps and for complete: "
        "load_table(..., missing='keep')"
    )
    raise ValueError(message)


def _check_split(split: Sequence[float]) -> tuple[float, ...]:
    try:
        fractions = tuple(split)
    except TypeError:
        fractions = ()
    if len(fractions) not in (2, 3) or isinstance(split, str):
        raise TypeError(
            "split must be three fractions, as (0.70, 0.15, 0.15), or two for training and "
            f"validation alone, got {split!r}"
        )
    fractions = tuple(check_number("each of split", part, positive=True) for part in fractions)
    if not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(f"split must sum to 1, got {split!r}: its sum is {sum(fractions):g}")
    return fractions


def _shuffled_parts(n: int, split: tuple[float, ...], seed: int) -> list[np.ndarray]:
    others = [round(n * fraction) for fraction in split[1:]]
    sizes = [n - sum(others), *others]
    if min(sizes) < 1:
        raise ValueError(
            f"{n} rows are too few for a split of {split}: they would make parts of "
            f"{listing(list(map(str, sizes)))} rows, and none may be empty"
        )
    # This stream is frozen, so that a test row stays one in every release of NumPy: those of
    # default_rng and of torch are not.
    shuffled = np.random.RandomState(np.random.MT19937(seed)).permutation(n)
    return np.split(shuffled, np.cumsum(sizes)[:-1])
