"""A folder of hand-ins: who handed in what, and what a teacher's lists say of learners."""

from __future__ import annotations

import csv
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from .verdicts import Row

MOST_BYTES, MOST_NOTEBOOKS, MOST_LEVELS = 20 * 2**20, 20, 5
"""Of a file; of an archive, or of the folder of a learner; of folders in there."""
MOST_LETTERS = 2_000
"""Of a text that stands in a table."""
IDS, WORDS, LOOKED_AT = "ids.csv", "expected.csv", "waiting.csv"
_ENDINGS = (".ipynb", ".zip")
_COPY = re.compile(r"([-_ ]Copy\d+| ?\(\d+\))+$")
_MOODLE = re.compile(r"(.+)_(\d+)_assignsubmission_[a-z]+(?:_.*)?")
_CANVAS = re.compile(r"([^_]+)_(?:LATE_)?(\d+)_\d+_.+")
_HEADER = re.compile(r"(?i)\b(?:id|name|number|word|variant|e-?mail|learner|student)\b|_id\b")


def hand_ins(folder: Path) -> list[Row]:
    """All that learners handed in; where there is nothing to grade, with a word why.

    Args:
        folder: of notebooks, or of a folder for each learner, as a learning platform names them.
    """
    lists = (IDS, WORDS)
    paths = [p for p in sorted(folder.iterdir()) if not p.name.startswith((".", "__MACOSX"))]
    return [one for path in paths if path.name not in lists for one in _of(path)]


def one_each(rows: Sequence[Row]) -> list[Row]:
    """Of each learner and notebook the newest row, of equal times the copy; it names the others."""
    of_learners: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.when, _stem(row.hand_in))):
        of_learners.setdefault((row.learner, row.platform_id), []).append(row)
    names = sorted({row.learner for row in rows})
    chosen = []
    for (learner, _), several in of_learners.items():
        alike = [n for n in names if n != learner and without_copy(n) == without_copy(learner)]
        copies = [f"another's, or a copy: {name}" for name in alike]
        newest = {row.notebook: row for row in several if row.verdicts} or {"": several[-1]}
        for row in newest.values():
            others = [r for r in several if r is not row and r.notebook in ("", row.notebook)]
            also = [f"also handed in: {other.hand_in}" for other in others]
            chosen.append(replace(row, look_at=[*copies, *also, *row.look_at]))
    return chosen


def _of(path: Path) -> list[Row]:
    is_folder = path.is_dir() and not path.is_symlink()
    stem = _stem(_shown(path.name))
    known = _MOODLE.fullmatch(stem) or _CANVAS.fullmatch(stem)
    learner, number = known.groups() if known else (stem, "")
    found = [*islice(_notebooks(path), MOST_NOTEBOOKS + 1)] if is_folder else [path]
    faults = {
        "no notebook in this folder": not found,
        f"more than {MOST_NOTEBOOKS} notebooks": len(found) > MOST_NOTEBOOKS,
        "no notebook": not is_folder and path.suffix.lower() not in _ENDINGS,
    }
    words = [word for word, holds in faults.items() if holds][:1]
    rows = []
    for file in [path] if words else found:
        place, when = str(file.relative_to(path.parent)), file.lstat().st_mtime
        word = "".join(words) or _not_readable(file)
        about = {"platform_id": number, "place": place, "when": when}
        rows.append(Row(learner, _shown(place), word=word, **about))
    return rows


def _notebooks(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        is_deep = len(Path(at).relative_to(folder).parts) >= MOST_LEVELS
        folders[:] = [] if is_deep else sorted(f for f in folders if not f.startswith((".", "__")))
        for name in sorted(names):
            if name.lower().endswith(_ENDINGS) and not name.startswith("."):
                yield Path(at) / name


def _not_readable(file: Path) -> str:
    about = file.lstat()
    if not stat.S_ISREG(about.st_mode):
        return "not a file that can be read: links are not followed"
    return f"too large: more than {MOST_BYTES // 2**20} MB" if about.st_size > MOST_BYTES else ""


def without_copy(name: str) -> str:
    """A learner's name without what computers add to a file's where there is one already."""
    return _COPY.sub("", name)


def _stem(name: str) -> str:
    return re.sub(r"(?i)\.(?:ipynb|zip)$", "", name)


def _shown(name: str) -> str:
    """A file's name as text, whatever language this computer speaks."""
    return clean(os.fsencode(name).decode("utf-8", "backslashreplace"))


def clean(text: str) -> str:
    r"""A text of one line without signs that a terminal, a page or a table would act upon.

    Example:
        >>> clean("a\n b\x1b[2J\ud800")
        'a b\\x1b[2J\\ud800'
    """
    line = " ".join(text[:MOST_LETTERS].split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


# ---- a teacher's lists --------------------------------------------------------------------------


@dataclass
class Listed:
    """What a list says of learners, which of its lines belong to nobody here, and who has none.

    Args:
        file: its name.
        lines: a learner, or what is handed in, and a text.
    """

    file: str
    lines: dict[str, str]
    found: set[str] = field(default_factory=set)
    without: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = {key: name for name in self.lines for key in _keys_of(name)}

    def of(self, row: Row) -> str:
        """What it says of who handed in a row; empty, if nothing."""
        of_row = row.hand_in, row.hand_in.partition("/")[0], row.learner, row.platform_id
        for name in of_row:
            if (line := self.known.get(_key(name))) is not None:
                self.found.add(line)
                return self.lines[line]
        self.without.append(row.hand_in)
        return ""

    def nobody(self) -> list[str]:
        """The lines that belong to nobody who was asked about."""
        return [name for name in self.lines if name not in self.found]

    def said(self) -> Iterator[str]:
        """What an instructor should hear about it."""
        if nobody := self.nobody():
            yield f"{self.file}, matched by no hand-in: {', '.join(nobody)}"
        if self.lines and self.without:
            yield f"Not in {self.file}: {', '.join(self.without)}"


def listed(path: Path) -> Listed:
    """Read a list: a learner, or a file of theirs, and a text in each line; it may have a header.

    Raises:
        ValueError: if it is not UTF-8, or a link, or a name stands twice in it.
    """
    lines = [line for line in lines_of(path) if line and line[0].strip()]
    if lines and all(_HEADER.search(cell) for cell in lines[0][:2]):
        del lines[0]
    said = {name.strip(): "".join(more[:1]).strip() for name, *more in lines}
    if len(said) < len(lines):
        raise ValueError(f"a learner stands twice in {path}: tell them apart, as by their files")
    return Listed(path.name, said)


def lines_of(path: Path) -> list[list[str]]:
    """The lines of a table as a spreadsheet writes it.

    Raises:
        ValueError: if it is not UTF-8, or a link.
    """
    if path.is_symlink():
        raise ValueError(f"{path} is a link: put the file itself there")
    if not path.is_file():
        return []
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    return [*csv.reader(text.splitlines(), delimiter=";" if ";" in first else ",")]


def _keys_of(name: str) -> set[str]:
    """The forms in which a name stands for a learner: Canvas has "Ann Archer" as "archerann"."""
    words = re.sub(r"[^\w ]", "", _key(name)).split()
    squeezed = {"".join(words), "".join([*words[-1:], *words[:-1]])}
    return {_key(name), *(squeezed if len(words) > 1 else ())}


def _key(name: str) -> str:
    """A name in small letters, an umlaut as one of them, without the ending of a file."""
    return _stem(unicodedata.normalize("NFC", name)).casefold()
