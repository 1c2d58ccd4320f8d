"""A folder of hand-ins: who handed in what, and what a teacher's lists say of learners."""

from __future__ import annotations

import csv
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from .hand_in import MOST_BYTES, MOST_NOTEBOOKS
from .verdicts import Row

MOST_LEVELS = 5
"""Of folders in the folder of a learner."""
IDS, WORDS, LOOKED_AT = "ids.csv", "expected.csv", "waiting.csv"
_ENDINGS = (".ipynb", ".zip")
_COPY = re.compile(r"([-_ ]Copy\d+| ?\(\d+\))+$")
_MOODLE = re.compile(r"(.+)_(\d+)_assignsubmission_[a-z]+(?:_.*)?")
_CANVAS = re.compile(r"([^_]+)_(?:LATE_)?(\d+)_\d+_.+")
_HEADER = re.compile(r"(?i)\b(?:id|name|number|word|variant|e-?mail|learner|student)\b|_id\b")


@dataclass(frozen=True)
class HandedIn:
    """What a learner handed in, and in a few words, why there is nothing to grade."""

    learner: str
    folder: Path
    place: Path  # in the folder
    word: str = ""
    platform_id: str = ""

    @property
    def name(self) -> str:
        """Its place as text."""
        return readable(self.place)

    @property
    def path(self) -> Path:
        """The file itself."""
        return self.folder / self.place


def hand_ins(folder: Path) -> list[HandedIn]:
    """All that learners handed in.

    Args:
        folder: of notebooks, or of a folder for each learner, as a learning platform names them.
    """
    lists = (IDS, WORDS)
    paths = [p for p in sorted(folder.iterdir()) if not p.name.startswith((".", "__MACOSX"))]
    return [one for path in paths if path.name not in lists for one in _of(path)]


def one_each(rows: Sequence[Row]) -> list[Row]:
    """Of each learner and notebook the newest row, which names the others."""
    of_learners: dict[tuple[str, str], list[Row]] = {}
    stems: dict[str, set[str]] = {}
    for row in sorted(rows, key=lambda row: (row.when, row.hand_in)):
        of_learners.setdefault((row.learner, row.platform_id), []).append(row)
        stems.setdefault(without_copy(row.learner), set()).add(row.learner)
    chosen = []
    for several in of_learners.values():
        newest = {row.notebook: row for row in several if row.verdicts} or {"": several[-1]}
        for row in newest.values():
            others = [r for r in several if r is not row and r.notebook in ("", row.notebook)]
            alike = stems[without_copy(row.learner)] - {row.learner}
            said = [f"another's, or a copy: {name}" for name in sorted(alike)]
            said += [f"also handed in: {other.hand_in}" for other in others]
            chosen.append(replace(row, look_at=[*said, *row.look_at]))
    return chosen


def _of(path: Path) -> list[HandedIn]:
    is_folder = path.is_dir() and not path.is_symlink()
    stem = _stem(readable(path.name))
    known = _MOODLE.fullmatch(stem) or _CANVAS.fullmatch(stem)
    learner, number = known.groups() if known else (stem, "")
    found = [*islice(_notebooks(path), MOST_NOTEBOOKS + 1)] if is_folder else [path]
    faults = {
        "no notebook in this folder": not found,
        f"more than {MOST_NOTEBOOKS} notebooks": len(found) > MOST_NOTEBOOKS,
        "no notebook": not is_folder and path.suffix.lower() not in _ENDINGS,
    }
    by = partial(HandedIn, learner, path.parent, platform_id=number)
    for word, holds in faults.items():
        if holds:
            return [by(Path(path.name), word)]
    return [by(file.relative_to(path.parent), _not_readable(file)) for file in found]


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


def readable(name: str | Path) -> str:
    r"""A file's name as text that a terminal and a table can show, whatever it is made of.

    Example:
        >>> readable("ann\x1b[2J.ipynb")
        'ann\\x1b[2J.ipynb'
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown[:300]


# ---- a teacher's lists --------------------------------------------------------------------------


@dataclass
class Listed:
    """What a list says of learners, and which of its lines belong to nobody here.

    Args:
        lines: a learner, or what is handed in, and a text.
    """

    lines: dict[str, str]
    found: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.known = {key: name for name in self.lines for key in _keys_of(name)}

    def of(self, row: Row) -> str:
        """What it says of who handed in a row; empty, if nothing."""
        of_row = row.hand_in, row.hand_in.partition("/")[0], row.learner, row.platform_id
        for name in of_row:
            if (line := self.known.get(_key(name))) is not None:
                self.found.add(line)
                return self.lines[line]
        return ""

    def nobody(self) -> list[str]:
        """The lines that belong to nobody who was asked about."""
        return [name for name in self.lines if name not in self.found]


def listed(path: Path) -> Listed:
    """Read a list: a learner, or a file of theirs, and a text in each line; it may have a header.

    Raises:
        ValueError: if it is not UTF-8, or a link.
    """
    lines = [line for line in lines_of(path) if len(line) > 1 and line[0].strip()]
    return Listed({line[0].strip(): line[1].strip() for line in without_header(lines)})


def without_header(lines: list[list[str]]) -> list[list[str]]:
    """The lines of a list but for headings, if the first one has some."""
    is_header = bool(lines) and all(_HEADER.search(cell) for cell in lines[0][:2])
    return lines[1:] if is_header else lines


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
