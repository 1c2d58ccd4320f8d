"""A file of text as rows: what separates its cells, what is no row, whether there are names."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, Literal

import pandas
from pandas import DataFrame

from ..common.words import listing
from .table_cells import is_word

Header = int | None | Literal["infer"]
# In the order in which they are tried: a comma may stand in the numbers of a table whose cells are
# separated by semicolons or tabs, and a space anywhere.
_SEPARATORS = (";", "\t", "|", ",", " ")
_FIRST = 20
"""So many lines show what separates cells."""


def read_text(
    path: str | os.PathLike[str], header: Header, known: Sequence[str]
) -> tuple[DataFrame, list[str] | None, list[int]]:
    """Cells as texts, names if there are any, and the number of the line of each row."""
    rows, mark, comment = _rows_of(path)
    whole = [row for row in rows if any(row[1])]
    if len(whole) < len(rows):
        print(f"{path}: {len(rows) - len(whole)} rows without a cell are left out")
    rows = whole[header:] if isinstance(header, int) else whole
    if not rows:
        raise ValueError(f"{path} is empty: a table has a row for each observation")
    lines, width = [line for line, _ in rows], len(rows[0][1])
    for line, cells in rows:
        if len(cells) != width:
            raise ValueError(
                f"{path}: line {line} has {len(cells)} cells, but the first row, line {lines[0]}, "
                f"has {width}: cells are separated by {mark!r}. If names stand below a title, "
                "header= counts their row from 0"
            )
    frame = DataFrame([cells for _, cells in rows], dtype=str)
    first = [" ".join(cell.split()) for cell in rows[0][1]]
    if header is None:
        return frame, None, lines
    if header == "infer" and not (known and set(known) <= set(first)):
        has_names, is_plain = _are_names(first, frame[1:])
        if not has_names and len(comment) == width and any(map(is_word, comment)):
            return frame, comment, lines  # as np.savetxt writes them
        if not is_plain:
            ways = ("names, and by header=None as a row", "a row, and by header=0 as names")
            way = ways[0] if has_names else ways[1]
            print(f"{path}: line {lines[0]} ({listing(first)}) is read as {way}")
        if not has_names:
            return frame, None, lines
    names = [label or f"Unnamed: {i}" for i, label in enumerate(first)]  # as pandas says
    return frame[1:], names, lines[1:]


def _rows_of(path: str | os.PathLike[str]) -> tuple[list[tuple[int, list[str]]], str, list[str]]:
    """The last line and the cells of each row, what separates them, cells of a comment above."""
    try:
        lines = pandas.read_csv(  # which unpacks, decodes and downloads
            path, sep="\x1f", header=None, names=[0], dtype=str, na_filter=False,
            skip_blank_lines=False, quoting=csv.QUOTE_NONE,
        )[0].tolist()  # fmt: skip
        comments = list(takewhile(lambda line: line.startswith("#"), lines))
        if comments:
            lines = ["" if line.startswith("#") else line for line in lines]
        mark = _separator([line for line in lines if line.strip()][:_FIRST])
        (comment,) = _reader([line.lstrip("# ") for line in comments[-1:]] or [""], mark)
        reader = _reader(lines, mark)
        return [(reader.line_num, cells) for cells in reader if cells], mark, comment
    except OSError:
        raise  # there is no such file, or none at the address
    except Exception as error:  # damaged bytes make unpackers fail in any way there is
        raise ValueError(
            f"{path} cannot be read as a table ({error}): expected CSV in UTF-8, each quotation "
            "mark closed, or the same packed as .gz, .zip, .bz2 or .xz. What else pandas and NumPy "
            "read, they read: load_table(pandas.read_excel(path)), load_table(numpy.load(path)), "
            "load_table(pandas.read_csv(path, encoding='cp1252', sep=None, engine='python', "
            "dtype=str))"
        ) from None


def _reader(texts: Sequence[str], mark: str) -> Any:
    # A space at the end of a line would be one more, empty cell; a tab there is one that is meant.
    return csv.reader((text.strip(" ") for text in texts), delimiter=mark, skipinitialspace=True)


def _separator(texts: Sequence[str]) -> str:
    """The first mark that cuts most of the first lines into equally many cells, or a comma."""
    for mark in _SEPARATORS:
        widths = Counter(len(cells) for cells in _reader(texts, mark))
        if any(width > 1 and n > widths.total() / 2 for width, n in widths.items()):
            return mark
    return ","


def _are_names(first: list[str], rest: DataFrame) -> tuple[bool, bool]:
    """Whether the first row has names, and whether that is plain.

    It has, where it holds words alone, each once; where a word stands above a column without
    words; and where it counts: 0, 1, 2, ... or 2019, 2020, 2021, ... It is not plain what a row
    is that has none, nor one that counts, nor words of which each stands in its own column again.
    """
    filled = {i: cell for i, cell in enumerate(first) if cell}
    words = [i for i, cell in filled.items() if is_word(cell)]
    is_above_none = any(not any(map(is_word, rest[i].unique())) for i in words)
    if words and (len(words) == len(filled) == len({*filled.values()}) or is_above_none):
        return True, not all((rest[i].str.strip() == cell).any() for i, cell in filled.items())
    start, *_ = [int(cell) for cell in filled.values() if cell.isdecimal()] or [0]
    counts = [str(start + k) for k in range(len(filled))]
    has_reals = any(cells.str.contains("[.,]").any() for _, cells in rest.items())
    return counts == [*filled.values()] and (len(filled) > 2 or has_reals), False
