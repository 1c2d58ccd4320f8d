"""A table of the reader's own: read, coded, scaled and split."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas
import torch
from pandas import DataFrame

from ..common.arguments import check_choice, check_count, check_number
from ..common.words import listing
from ..model.columns import Column
from ..model.table import Table
from .table_cells import notations
from .table_columns import columns_of
from .table_files import Kind, Source, read_source
from .table_texts import Header

_EXAMPLE_TABLE = Path(__file__).with_name("files") / "votes.csv"


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
    - numbers: all others, whole or in steps where all are multiples of one (and, if it has
      decimals, values are found twice on average), else real. They keep to what they can be: from
      zero up, where none is below and some are near; up to where they end all at once, or to 1 or
      100 where that is reached; to 10 or 500 where many are rounded so. Near an end they are seen
      by their logarithm. Values that recur more than by chance have probabilities of their own.

    What is scaled, is so by the training rows, without regard to values far out. The rows are
    shuffled by ``seed`` alone, in the same way on every computer. A row should be an independent
    draw: near-copies of one thing (two photographs of one animal) make a test score too good.

    A file of text is unpacked as pandas does it (.gz, .zip, .bz2, .xz). What it does not say is
    guessed, and a line is printed where a guess, or what a column is taken for, may be wrong:

    - cells are separated by the first of ``;``, tab, ``|``, comma and space that cuts most of the
      first lines alike; lines that begin with ``#`` are comments, if the first does;
    - the first row has names, where it holds words alone, each once; or a word above numbers; or
      where it counts 0, 1, 2, ... or 2019, 2020, 2021, ...;
    - numbers are written as 1234.5, 1,234.5, 1234,5 or 1.234,5: as the first of these in which most
      cells are numbers, so that 4,282 beside 396 has thousands, and 4,28 has decimals;
    - a cell is missing where it is empty, ``?``, ``NA`` or the like; or a mark such as ``-`` among
      numbers.

    Args:
        source: path or address of a CSV file, or a frame of pandas or polars, a NumPy array or a
            tensor (N, D).
        split: fractions of the rows for training, validation and, unless there are two alone, test;
            they sum to 1. None leaves the table whole.
        seed: governs which row goes where, and nothing else.
        like: a table whose columns, codes and scales are to be used, so that a model of it can read
            these rows, too. Columns are found by name, where both have names, and others are left
            out; ``kinds`` are those of the first.
        missing: whether missing cells are refused, or kept as NaN: for a model that learns from
            rows with gaps (the table's head is then one for them, see :class:`made_course.Gaps`),
            and for :func:`complete`.
        kinds: what columns are, where the guess is wrong: ``{"zip": "classes", "income": "real",
            "id": "drop"}``; two numbers are bounds, as ``{"per cent": (0, 100)}``, infinite where
            there is none.
        header: which row has the names, counted from 0, those above it are left out; None for none.
        decimal: the mark before decimals.
        thousands: the mark between thousands; a space stands for narrow ones, too.
        bells: how many curves the mixture of each column of numbers has.

    Returns:
        A :class:`Table`. Its columns are x₁, x₂, ... where the source has no names.

    Raises:
        TypeError: if ``source`` is none of these, ``seed`` no whole number, or ``like`` no table.
        OSError: if there is no such file.
        ValueError: if the file is of another kind or damaged, or its rows have not as many cells;
            if a column cannot be modelled, such as names, dates or what never changes; if a cell is
            missing, or not what ``like`` has: the message names the first such row and column; if
            two columns have one name; if a part would have no row.

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
            kg: real from 0 (2.278 ± 1.622)
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
    if not isinstance(like, Table | None):
        raise TypeError(f"like must be a table or model.table, got {type(like).__name__}")
    if like is None:
        found = read_source(source, header)
        found.take(kinds or {})
        choices = notations(decimal, thousands)
    else:
        found = read_source(source, header, like.names)
        found.select(like.names)
        found.take(dict.fromkeys(like.said_real, "real"))
        choices = notations(decimal, thousands, like.notation)
    notation = found.read_numbers(choices)
    parts = None if split is None else _parts(len(found.frame), split, seed)
    learned = parts[0] if parts is not None else np.arange(len(found.frame))
    columns = columns_of(found, learned, bells) if like is None else like.columns
    rows = _encoded(found, columns, missing == "keep")
    if like is None:
        shares = np.isnan(rows).mean(axis=0).tolist()
        columns = [replace(c, missing=share) for c, share in zip(columns, shares, strict=True)]
    _say_of_equal_rows(found, rows, parts)
    numbers = None if parts is None else tuple(map(torch.from_numpy, parts))
    said_real = tuple(name for name, kind in found.kinds.items() if kind not in ("classes", "drop"))
    return Table(torch.from_numpy(rows), columns, numbers, notation, said_real)


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


def _encoded(found: Source, columns: Sequence[Column], may_miss: bool) -> np.ndarray:
    """(N, D) float32, NaN where a cell is missing; raises if one is none of its column."""
    rows = np.empty((len(found.frame), len(columns)), np.float32)
    for i, column in enumerate(columns):
        rows[:, i] = column.encode(found.frame[column.name])
    is_missing = found.frame.isna().to_numpy()
    is_unknown = np.isnan(rows) & ~is_missing
    if is_unknown.any():
        row, i = divmod(int(is_unknown.argmax()), len(columns))
        raise ValueError(
            f"{found.name}: {found.cell(row, columns[i].name)}, but the table it is to be like has "
            f"{columns[i]}. Cells that do not fit: {is_unknown.sum():,}. Leave their rows out, "
            "make missing cells of them, or load a first table that has such cells or, by kinds, "
            "wider bounds"
        )
    if is_missing.any() and not may_miss:
        row, i = divmod(int(is_missing.argmax()), len(columns))
        some = found.frame.columns[is_missing.any(axis=0)].tolist()
        raise ValueError(
            f"{found.name}: {found.cell(row, columns[i].name)}: it is empty, ?, NA, None or the "
            f"like. Such cells: {is_missing.sum():,}, in {len(some)} of {len(columns)} columns "
            f"({listing(list(map(repr, some)))}), and in {is_missing.any(axis=1).sum():,} of "
            f"{len(rows):,} rows. Fill them in, leave out rows or columns, or keep them as NaN, "
            "for a model of rows with gaps and for complete: load_table(..., missing='keep')"
        )
    return rows


def _say_of_equal_rows(found: Source, rows: np.ndarray, parts: list[np.ndarray] | None) -> None:
    """Say how many rows are not new to a model that has seen the training rows."""
    if parts is None or len(parts) < 3:
        return
    marks = pandas.util.hash_pandas_object(DataFrame(rows), index=False).to_numpy()
    seen = int(np.isin(marks[parts[2]], marks[parts[0]]).sum())
    if seen >= len(parts[2]) / 4:
        twice = int(pandas.Series(marks).duplicated(keep=False).sum())
        found.say(
            f"{twice:,} of {len(rows):,} rows equal another, and of the {len(parts[2]):,} test "
            f"rows {seen:,} stand in training, too"
        )


def _parts(n: int, split: Sequence[float], seed: int) -> list[np.ndarray]:
    """Numbers of the rows of each part, shuffled."""
    fractions = np.ravel(split).tolist()
    fractions = [check_number("each of split", part, positive=True) for part in fractions]
    if len(fractions) not in (2, 3) or not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(
            "split must be two or three fractions that sum to 1, as (0.70, 0.15, 0.15), got "
            f"{split!r}"
        )
    others = [round(n * fraction) for fraction in fractions[1:]]
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
