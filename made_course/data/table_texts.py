"""A file of text as rows: what separates its cells, what stands above, whether there are names."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
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
    places, rows = _cut(whole, mark, name)
    kept = slice(header or 0, None)
    if header == "infer":
        kept, titles = _without_titles(places, rows)
        notes += titles
    places, rows = places[kept], rows[kept]
    _check_widths(places, rows, mark, name)
    frame = DataFrame(rows, dtype=str)
    first = [" ".join(cell.split()) for cell in rows[0]]
    where = f"line {places[0]} ({listing(first)})"
    names, doubts = _names(first, frame.iloc[1:], where, header, known)
    if names is None:
        heads = next(_reader([comment], mark)) if comment and header == "infer" else []
        if len(heads) == len(first) and any(map(is_word, heads)):  # as np.savetxt writes them
            return frame, heads, places, notes
        return frame, None, places, notes + doubts
    frame = frame.iloc[1:].reset_index(drop=True)
    kept = [i for i, label in enumerate(names) if label or frame[i].any()]
    if len(kept) < len(names):
        notes.append("a column without a name or a cell is left out")
    names = [names[i] or f"Unnamed: {i}" for i in kept]  # as pandas says
    return frame[kept], names, places[1:], notes + doubts


def _check_widths(places: list[int], rows: list[list[str]], mark: str, name: str) -> None:
    """Raise unless all rows have as many cells; names of R's rows have no name, and get one."""
    if mark == " " and {len(cells) for cells in rows[1:]} == {len(rows[0]) + 1}:
        rows[0].insert(0, "")
    for place, cells in zip(places, rows, strict=True):
        if len(cells) != len(rows[0]):
            raise ValueError(
                f"{name}: line {place} has {len(cells)} cells, but the first has {len(rows[0])}: "
                f"cells are separated by {mark!r}, and every line has as many"
            )


def _without_comments(lines: list[tuple[int, str]]) -> tuple[list[tuple[int, str]], str]:
    """Without lines that begin with ``#``, if the first does, or with Excel's ``sep=;``.

    Beside them the last comment above the first row, which may have the names.
    """
    if lines[0][1].lower().startswith("sep="):
        return lines[1:], ""
    comment = ""
    for _, line in lines:
        if not line.startswith("#"):
            break
        comment = line.removeprefix("#").strip()
    if comment:
        lines = [(number, line) for number, line in lines if not line.startswith("#")]
    return lines, comment


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


def _cut(lines: list[tuple[int, str]], mark: str, name: str) -> tuple[list[int], list[list[str]]]:
    """The number of the last line of each row, and its cells."""
    places, rows = [], []
    reader = _reader([line for _, line in lines], mark)
    try:
        for cells in reader:
            places.append(lines[reader.line_num - 1][0])
            rows.append(cells)
    except csv.Error as error:
        raise ValueError(
            f"{name} cannot be read as a table ({error}): look for a quotation mark that is not "
            "closed"
        ) from error
    return places, rows


def _without_titles(places: list[int], rows: list[list[str]]) -> tuple[slice, list[str]]:
    """From the first row of several cells to the last, if rows have several: a title has one."""
    widths = [len(cells) for cells in rows]
    ((usual, _),) = Counter(widths[:_FIRST]).most_common(1)
    if usual == 1:
        return slice(None), []
    several = [k for k, width in enumerate(widths) if width > 1]
    kept = slice(several[0], several[-1] + 1)
    others = [*zip(places, rows, strict=True)]
    return kept, [
        f"line {place} ({cells[0]}) has one cell, and is left out"
        for place, cells in others[: kept.start] + others[kept.stop :]
    ]


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
    recurs = all((rest.iloc[:, i].str.strip() == cell).any() for i, cell in filled)
    if words and (len(words) == len(filled) == len(set(first)) or _is_above_none(words, rest)):
        if not recurs:
            return first, []
        return first, [
            f"{where} is read as names, though each stands in its column again: header=None reads "
            "it as a row"
        ]
    counts = [int(cell) if cell.isdecimal() else -1 for _, cell in filled]
    if counts == [*range(counts[0], counts[0] + len(counts))]:
        has_reals = rest.apply(lambda cells: cells.str.contains("[.,]").any()).any()
        if (len(filled) > 2 or has_reals) and (counts[0] in (0, 1) or not recurs):
            return first, [
                f"{where} is read as names, since it counts: header=None reads it as a row"
            ]
    return None, [f"{where} is read as a row, not as names: header=0 reads it as names"]


def _is_above_none(words: list[tuple[int, str]], rest: DataFrame) -> bool:
    """Whether a word stands above a column that has none."""
    columns = [rest.iloc[:, i].dropna().unique() for i, _ in words]
    return any(len(cells) and not any(map(is_word, cells)) for cells in columns)
