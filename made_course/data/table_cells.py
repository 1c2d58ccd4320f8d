"""How the cells of a table are written: marks of numbers, units, names of digits, gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas
from pandas import Series

from ..common.words import listing

Notation = tuple[str, str]
"""The mark before decimals, and the one between thousands."""
NOTATIONS: tuple[Notation, ...] = ((".", ""), (".", ","), (",", ""), (",", "."))
_MISSING = ("", "?", "nan", "na", "n/a", "#n/a", "none", "null", "<na>")
_BOOLS = {"false": False, "true": True}
_UNITS = "%$€£"
_MOST_SAID = 3
_TIME = r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T].*)?|\d{1,2}:\d{2}(:\d{2})?"


def cleaned(cells: Series) -> Series:
    """Texts without blanks around them; ``?``, ``NA`` and the like are missing cells."""
    if pandas.api.types.infer_dtype(cells, skipna=True) != "string":
        return cells
    cells = cells.str.strip()
    return cells.mask(cells.str.casefold().isin(_MISSING))


def is_word(cell: str) -> bool:
    """Whether a cell has a letter, and is no number, True, False or mark of a missing one.

    Example:
        >>> [cell for cell in ("x1", "1e-3", "NA", "3.1.2024", "true", "°C") if is_word(cell)]
        ['x1', '°C']
    """
    if cell.casefold() in (*_MISSING, *_BOOLS, "inf", "-inf"):
        return False
    return any(mark.isalpha() for mark in re.sub(r"(?i)(?<=\d)e(?=[-+]?\d+$)", "", cell))


def notations(decimal: str | None, thousands: str | None, first: Notation) -> list[Notation]:
    """Those that have the marks which were asked for, the ``first`` in front.

    Example:
        >>> notations(",", None, (".", "")), notations(None, " ", (".", ""))
        ([(',', ''), (',', '.')], [('.', ' ')])
    """
    found = [
        marks
        for marks in (first, *NOTATIONS)
        if decimal in (None, marks[0]) and thousands in (None, marks[1])
    ]
    return found or [(decimal or ".", thousands or "")]


def notation_of(columns: Iterable[Series], choices: Sequence[Notation]) -> Notation:
    """The first of those in which most cells are numbers.

    Example:
        >>> notation_of([pandas.Series(["4,282", "396"])], NOTATIONS)
        ('.', ',')
        >>> notation_of([pandas.Series(["4,28", "396"])], NOTATIONS)
        (',', '')
    """
    plain = [_without_unit(cells.dropna())[0] for cells in columns]
    return max(choices, key=lambda marks: sum(_are_numbers(cells, marks).sum() for cells in plain))


def read_cells(cells: Series, marks: Notation, is_real: bool) -> tuple[Series, list[str]]:
    """Numbers, True and False, or the texts as they are, and what is to be said of them.

    Args:
        cells: texts, cleaned.
        marks: the notation of numbers.
        is_real: whether they were said to be numbers: what is none is missing then.
    """
    there = cells.dropna()
    plain, unit = _without_unit(there)
    if is_real:
        plain = plain.str.replace(r"^0+(?=\d)", "", regex=True)
    are_numbers = _are_numbers(plain, marks)
    others, plain = there[~are_numbers], plain[are_numbers]
    decimal, thousands = marks
    for mark in _blanks(thousands):
        plain = plain.str.replace(mark, "", regex=False)
    plain = plain.str.replace(decimal, ".", regex=False)
    if not len(plain) or (not is_real and others.str.contains(r"\w").any()):
        if len(there) and there.str.casefold().isin(_BOOLS).all():
            return cells.str.casefold().map(_BOOLS), []
        doubts = _doubts(there, others) if len(there) else []
        return (cells if len(plain) < len(others) else plain.combine_first(cells)), doubts
    numbers = pandas.to_numeric(plain)
    said = []
    if unit:
        cell = there[numbers.index[0]]
        said.append(f"is read without its {unit!r}: {cell} is {numbers.iloc[0]:g}")
    for text, count in others.value_counts()[:_MOST_SAID].items():
        said.append(f"has {text!r} in {count} cells, read as missing ones")
    return numbers.reindex(cells.index), said


def _without_unit(there: Series) -> tuple[Series, str]:
    """Cells without the unit that most of them have, and that unit."""
    for unit in _UNITS:
        if there.str.contains(unit, regex=False).sum() > len(there) / 2:
            return there.str.replace(unit, "", n=1, regex=False).str.strip(), unit
    return there, ""


def _are_numbers(cells: Series, marks: Notation) -> Series:
    decimal, thousands = re.escape(marks[0]), "".join(_blanks(marks[1]))
    groups = rf"[1-9]\d{{0,2}}(?:[{re.escape(thousands)}]\d{{3}})+|" if thousands else ""
    whole = rf"(?:{groups}0|[1-9]\d*)"
    pattern = rf"[-+]?(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)(?:e[-+]?\d+)?|[-+]?inf"
    return cells.str.fullmatch(pattern, case=False).astype(bool)


def _blanks(mark: str) -> str:
    """A space stands for the narrow ones, too, which no line is broken at."""
    return mark.replace(" ", " \u00a0\u202f")


def _doubts(there: Series, others: Series) -> list[str]:
    """What the owner of a column of texts, of which the ``others`` are no numbers, may not mean."""
    said, counts = [], there.value_counts()
    if there.str.fullmatch(r"\d+").all():
        zero = others[others.str.startswith("0")].iloc[0]
        said.append(f"has {zero!r}, and is taken for names, whose zeros in front are kept")
    elif len(others) < len(there) / 2:
        texts = listing([repr(text) for text in others.value_counts().index[:_MOST_SAID]])
        said.append(f"has {texts} among numbers: as a kind of 'real', they are missing")
    elif there.str.fullmatch(_TIME).all():
        said.append(
            f"holds dates or times, such as {there.iloc[0]!r}: a model reads more from numbers, "
            "such as days since the first, or a month"
        )
    once = counts.index[counts == 1].tolist()
    if len(once) <= _MOST_SAID and len(there) > 10 * len(counts):
        said += [f"has {text!r} in one row alone" for text in once]
    alike = counts.index.to_series().groupby(counts.index.str.casefold()).agg(list)
    for twice in alike[alike.str.len() > 1].tolist()[:_MOST_SAID]:
        said.append(f"has {' and '.join(map(repr, twice))}, as {len(twice)} classes")
    return said
