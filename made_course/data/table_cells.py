"""How the cells of a table are written: marks of numbers, units, gaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import pandas
from pandas import Series

Notation = tuple[str, str]
"""The mark before decimals, and the one between thousands."""
NOTATIONS: tuple[Notation, ...] = ((".", ""), (".", ","), (",", ""), (",", "."))
_MISSING = ("", "?", "nan", "na", "n/a", "#n/a", "none", "null", "<na>")
_BOOLS = {"false": False, "true": True}
_UNITS = "%$€£"
TIMES_AS_NUMBERS = "a model reads more from numbers, as days since the first, months or hours"
_MOST_SAID = 3
TIME = r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T].*)?|\d{1,2}:\d{2}(:\d{2})?"


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


def notations(
    decimal: str | None, thousands: str | None, first: Notation = NOTATIONS[0]
) -> list[Notation]:
    """Those that have the marks which were asked for, the ``first`` in front."""
    found = [
        marks
        for marks in (first, *NOTATIONS)
        if decimal in (None, marks[0]) and thousands in (None, marks[1])
    ]
    return found or [(decimal or ".", thousands or "")]


def notation_of(columns: Iterable[Series], choices: Sequence[Notation] = NOTATIONS) -> Notation:
    """The first of those in which most cells are numbers.

    Example:
        >>> notation_of([pandas.Series(["4,282", "396"])])
        ('.', ',')
        >>> notation_of([pandas.Series(["4,28", "396"])])
        (',', '')
    """
    plain = [_without_unit(cells.dropna())[0] for cells in columns]
    return max(choices, key=lambda marks: sum(_are_numbers(cells, marks).sum() for cells in plain))


def read_cells(cells: Series, marks: Notation, is_real: bool, say: Callable[[str], None]) -> Series:
    """Numbers, True and False, or the texts, among which numbers are written with a point.

    If they were said to be real, what is no number is missing. ``say`` takes a word for the owner.
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
            return cells.str.casefold().map(_BOOLS)
        _say_of_texts(there, say)
        return plain.combine_first(cells)
    numbers = pandas.to_numeric(plain)
    if unit:
        say(f"is read without its {unit!r}: {there[plain.index[0]]} is {numbers.iloc[0]:g}")
    for text, count in others.value_counts()[:_MOST_SAID].items():
        say(f"has {text!r} in {count} cells, read as missing ones")
    return numbers.reindex(cells.index)


def _without_unit(there: Series) -> tuple[Series, str]:
    """Cells without the unit that most of them have, and that unit."""
    for unit in _UNITS:
        if there.str.contains(unit, regex=False).sum() > len(there) / 2:
            return there.str.replace(unit, "", n=1, regex=False).str.strip(), unit
    return there, ""


def _are_numbers(cells: Series, marks: Notation) -> Series:
    """Which are numbers. A zero in front, as in 01234, is one of a name."""
    decimal, thousands = re.escape(marks[0]), "".join(_blanks(marks[1]))
    groups = rf"[1-9]\d{{0,2}}(?:[{re.escape(thousands)}]\d{{3}})+|" if thousands else ""
    whole = rf"(?:{groups}0|[1-9]\d*)"
    pattern = rf"[-+]?(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)(?:e[-+]?\d+)?|[-+]?inf"
    return cells.str.fullmatch(pattern, case=False).astype(bool)


def _blanks(mark: str) -> str:
    """A space stands for the narrow ones, too, which no line is broken at."""
    return mark.replace(" ", " \u00a0\u202f")


def _say_of_texts(there: Series, say: Callable[[str], None]) -> None:
    """Say that they are dates or times, and which of them differ in capitals alone."""
    if len(there) and there.str.fullmatch(TIME).all():
        say(f"holds dates or times, such as {there.iloc[0]!r}: {TIMES_AS_NUMBERS}")
    texts = pandas.Series(sorted(there.unique()), dtype=str)
    alike = texts.groupby(texts.str.casefold()).agg(list)
    for spellings in alike[alike.str.len() > 1][:_MOST_SAID]:
        say(f"has {' and '.join(map(repr, spellings))}, as {len(spellings)} classes")
