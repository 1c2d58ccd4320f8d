"""A folder of submissions: who submitted what, and what an instructor's lists say of learners."""

from __future__ import annotations

import csv
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from .submission import MOST_BYTES
from .verdicts import Row

MOST_LEVELS = 5
"""Depth of the folders that are searched."""
MOST_LETTERS = 2_000
"""Length of a text in a table."""
IDS, VARIANTS, LOOKED_AT = "ids.csv", "expected.csv", "waiting.csv"
_ENDINGS = (".ipynb", ".zip")
_MOODLE = re.compile(r"(.+)_(\d+)_assignsubmission_[a-z]+(?:_.*)?")
_CANVAS = re.compile(r"([^_]+)_(?:LATE_)?(\d+)_\d+_.+")
_HEADER = re.compile(r"(?i)\b(?:id|name|number|variant|e-?mail|learner|student)\b|_id\b")


def submissions(folder: Path) -> list[Row]:
    """Return one row per learner, for the newest notebook; its status is a reason not to grade it.

    Args:
        folder: a notebook or a folder per learner, named as a learning platform names them.
    """
    of_learners: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name not in (IDS, VARIANTS) and not path.name.startswith((".", "__MACOSX")):
            stem = _stem(_shown(path.name))
            known = _MOODLE.fullmatch(stem) or _CANVAS.fullmatch(stem)
            of_learners.setdefault(known.groups() if known else (stem, ""), []).append(path)
    return [_row(*who, paths, folder) for who, paths in of_learners.items()]


def _row(learner: str, platform_id: str, paths: list[Path], folder: Path) -> Row:
    found = [file for path in paths for file in _notebooks(path)]
    if not found:
        return Row(learner, _shown(paths[0].name), status="there is no notebook in this folder")
    *older, newest = sorted(found, key=lambda file: (file.lstat().st_mtime, _stem(str(file))))
    names = [_shown(str(file.relative_to(folder))) for file in (newest, *older)]
    look_at = [f"also submitted: {', '.join(names[1:])}"] if older else []
    row = Row(learner, names[0], status=_not_readable(newest), look_at=look_at)
    row.place, row.platform_id = str(newest.relative_to(folder)), platform_id
    return row


def _notebooks(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for at, folders, names in os.walk(path):
        is_deep = len(Path(at).relative_to(path).parts) >= MOST_LEVELS
        folders[:] = [] if is_deep else [f for f in folders if not f.startswith((".", "__"))]
        for name in names:
            if name.lower().endswith(_ENDINGS) and not name.startswith("."):
                yield Path(at, name)


def _not_readable(file: Path) -> str:
    about = file.lstat()
    if not file.name.lower().endswith(_ENDINGS):
        return "not a notebook"
    if not stat.S_ISREG(about.st_mode):
        return "not a file that can be read: links are not followed"
    return f"too large: more than {MOST_BYTES // 2**20} MB" if about.st_size > MOST_BYTES else ""


def _stem(name: str) -> str:
    return re.sub(r"(?i)\.(?:ipynb|zip)$", "", name)


def _shown(name: str) -> str:
    """Return a file's name as text, whatever encoding this computer uses."""
    return clean(os.fsencode(name).decode("utf-8", "backslashreplace"))


def clean(text: str) -> str:
    r"""Return a text of one line, without signs that a terminal, a page or a table would act upon.

    Example:
        >>> clean("a\n b\x1b[2J\ud800")
        'a b\\x1b[2J\\ud800'
    """
    line = " ".join(text[:MOST_LETTERS].split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


# ---- an instructor's lists ----------------------------------------------------------------------


class Listed:
    """A text per learner, from an instructor's list, and who is missing on either side.

    Args:
        file: name of the list.
        lines: the texts by learner, platform number, or name of what was submitted.
    """

    def __init__(self, file: str, lines: Mapping[str, str]) -> None:
        self.file, self.lines = file, lines
        self.nobody = [*lines]  # lines that belong to none of the submissions asked about
        self.without: list[str] = []  # submissions that belong to no line
        self._known = {key: name for name in lines for key in _keys_of(name)}

    def of(self, row: Row) -> str:
        """Return the text for the learner of a submission; empty if there is none."""
        for name in (row.submission, *row.submission.split("/")[:1], row.learner, row.platform_id):
            if (line := self._known.get(_key(name))) is not None:
                self.nobody = [other for other in self.nobody if other != line]
                return self.lines[line]
        self.without.append(row.submission)
        return ""

    def messages(self) -> Iterator[str]:
        """Yield what an instructor should hear about the list."""
        if self.nobody:
            yield f"{self.file}, matched by no submission: {', '.join(self.nobody)}"
        if self.lines and self.without:
            yield f"Not in {self.file}: {', '.join(self.without)}"


def listed(path: Path) -> Listed:
    """Read a list: a learner or their file, and a text in each line; headings may come first.

    Raises:
        ValueError: if it is not UTF-8, or a link, or a name occurs twice in it.
    """
    lines = [line for line in lines_of(path) if line and line[0].strip()]
    if lines and all(_HEADER.search(cell) for cell in lines[0][:2]):
        del lines[0]
    texts = {name.strip(): "".join(more[:1]).strip() for name, *more in lines}
    if len(texts) < len(lines):
        raise ValueError(f"a learner is twice in {path}: tell them apart, such as by their files")
    return Listed(path.name, texts)


def lines_of(path: Path) -> list[list[str]]:
    """Return the lines of a table as a spreadsheet writes it.

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
    """Return the forms of a learner's name: Canvas writes "Ann Archer" as "archerann"."""
    words = re.sub(r"[^\w ]", "", _key(name)).split()
    squeezed = {"".join(words), "".join([*words[-1:], *words[:-1]])}
    return {_key(name), *(squeezed if len(words) > 1 else ())}


def _key(name: str) -> str:
    """Return a name in small letters, an umlaut as one of them, without the ending of a file."""
    return _stem(unicodedata.normalize("NFC", name)).casefold()
