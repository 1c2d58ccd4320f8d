"""A file of text as rows: what separates its cells, what stands above, whether there are names."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
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
_BLANK = " ;\t|,"


def lines_of(path: Path | str) -> list[tuple[int, str]]:
    """Lines that are not empty, each with its number: unpacked and decoded as pandas does it."""
    try:
        lines = pandas.read_csv(
            path, sep="\x1f", header=None, names=[0], dtype=str, na_filter=False,
            skip_blank_lines=False, quoting=csv.QUOTE_NONE,
        )[0]  # fmt: skip
    except Exception as error:  # damaged bytes make unpackers fail in any way there is
        raise ValueError(
            f"{path} cannot be read as a table ({error}): expected CSV in UTF-8, the same packed "
            "as .gz, .zip, .bz2 or .xz, npz or npy. Save a sheet as CSV (UTF-8); another encoding "
            f"is read by load_table(pandas.read_csv({str(path)!r}, encoding=...))"
        ) from error
    found = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise ValueError(f"{path} is empty: a table has a row for each observation")
    return found


def rows_of(
    lines: list[tuple[int, str]], name: str, header: Header, known: Sequence[str]
) -> tuple[DataFrame, list[str] | None, list[int], list[str]]:
    """Cells as texts, names if there are any, the number of the line of each row, and notes.

    Args:
        lines: not empty, with their numbers.
        name: of the file.
        header: which row has the names, counted from 0; None for none; or ``"infer"``.
        known: names that the first row may have.
    """
    lines, comment = _without_comments(lines)
    whole = [(number, line) for number, line in lines if line.strip(_BLANK)]
    n = len(lines) - len(whole)
    notes = [f"{n} rows without a cell are left out"] if n else []
    mark = _separator([line for _, line in whole])
    rows = _cut(whole, mark, name)
    rows = _without_titles(rows, notes) if header == "infer" else rows[header or 0 :]
    places, cells = [place for place, _ in rows], [own for _, own in rows]
    if mark == " " and {len(own) for own in cells[1:]} == {len(cells[0]) + 1}:
        cells[0].insert(0, "")  # above the names of rows, as R writes them
    for place, own in rows:
        if len(own) != len(cells[0]):
            raise ValueError(
                f"{name}: line {place} has {len(own)} cells, but the first has {len(cells[0])}: "
                f"cells are separated by {mark!r}, and every line has as many"
            )
    frame = DataFrame(cells, dtype=str)
    first = [" ".join(cell.split()) for cell in cells[0]]
    where = f"line {places[0]} ({listing(first)})"
    names, doubts = _names(first, frame.iloc[1:], where, header, known)
    if names is None:
        above: list[str] = next(_reader([comment], mark), [])
        if header == "infer" and len(above) == len(first) and any(map(is_word, above)):
            return frame, above, places, notes  # as np.savetxt writes them
        return frame, None, places, notes + doubts
    frame = frame.iloc[1:].reset_index(drop=True)
    named = [i for i, label in enumerate(names) if label or frame[i].any()]
    if len(named) < len(names):
        notes.append("a column without a name or a cell is left out")
    names = [names[i] or f"Unnamed: {i}" for i in named]  # as pandas says
    return frame[named], names, places[1:], notes + doubts


def _without_comments(lines: list[tuple[int, str]]) -> tuple[list[tuple[int, str]], str]:
    """Without lines that begin with ``#``, if the first does, or with Excel's ``sep=;``.

    Beside them the last comment above the first row, which may have the names.
    """
    if lines[0][1].startswith("sep="):
        return lines[1:], ""
    if not lines[0][1].startswith("#"):
        return lines, ""
    *_, last = takewhile(lambda line: line.startswith("#"), (line for _, line in lines))
    return [pair for pair in lines if not pair[1].startswith("#")], last.removeprefix("#").strip()


def _reader(texts: Sequence[str], mark: str) -> Any:
    # A space at the end of a line would be one more, empty cell; a tab there is one that is meant.
    return csv.reader((text.strip(" ") for text in texts), delimiter=mark, skipinitialspace=True)


def _separator(texts: Sequence[str]) -> str:
    """The first mark that cuts most of the first lines into equally many cells, or a comma."""
    for mark in _SEPARATORS:
        widths = [len(cells) for cells in _reader(texts[:_FIRST], mark)]
        ((width, count),) = Counter(widths).most_common(1)
        if width > 1 and count > len(widths) / 2:
            return mark
    return ","


def _cut(lines: list[tuple[int, str]], mark: str, name: str) -> list[tuple[int, list[str]]]:
    """The number of the last line of each row, and its cells."""
    reader = _reader([line for _, line in lines], mark)
    try:
        return [(lines[reader.line_num - 1][0], cells) for cells in reader]
    except csv.Error as error:
        raise ValueError(
            f"{name} cannot be read as a table ({error}): look for a quotation mark that is not "
            "closed"
        ) from error


def _without_titles(rows: list[tuple[int, list[str]]], notes: list[str]) -> list[Any]:
    """From the first row of several cells to the last, if rows have several: a title has one."""
    several = [k for k, (_, cells) in enumerate(rows) if len(cells) > 1]
    if sum(k < _FIRST for k in several) <= min(len(rows), _FIRST) / 2:
        return rows
    start, stop = several[0], several[-1] + 1
    for place, cells in rows[:start] + rows[stop:]:
        notes.append(f"line {place} ({cells[0]}) has one cell, and is left out")
    return rows[start:stop]


def _names(
    first: list[str], rest: DataFrame, where: str, header: Header, known: Sequence[str]
) -> tuple[list[str] | None, list[str]]:
    """Names, if the first row has names and is none of the table, and how doubtful that is.

    It has, where it holds words alone, each once; where a word stands above a column without
    words; and where it counts 0, 1, 2, ... or 1, 2, 3, ..., or counts from another number, and not
    all of these stand in their own columns again.
    """
    if header != "infer" or (known and set(known) <= set(first)):
        return (None if header is None else first), []
    filled = [(i, cell) for i, cell in enumerate(first) if cell]
    words = [(i, cell) for i, cell in filled if is_word(cell)]
    recur = all((rest.iloc[:, i].str.strip() == cell).any() for i, cell in filled)
    if words and (len(words) == len(filled) == len(set(first)) or _is_above_none(words, rest)):
        why = ", though each stands in its column again" * recur
    else:
        why = ", since it counts"
        counts = [int(cell) if cell.isdecimal() else -1 for _, cell in filled]
        has_reals = rest.apply(lambda cells: cells.str.contains("[.,]").any()).any()
        start = counts[0] if counts else 0
        counts_up = counts == [*range(start, start + len(counts))]
        is_long = len(filled) > 2 or has_reals
        if not (counts_up and is_long and (start in (0, 1) or not recur)):
            return None, [f"{where} is read as a row, not as names: header=0 reads it as names"]
    return first, [f"{where} is read as names{why}: header=None reads it as a row"] if why else []


def _is_above_none(words: list[tuple[int, str]], rest: DataFrame) -> bool:
    """Whether a word stands above a column that has none."""
    columns = [rest.iloc[:, i].dropna().unique() for i, _ in words]
    return any(len(cells) and not any(map(is_word, cells)) for cells in columns)
