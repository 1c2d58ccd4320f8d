"""A folder of hand-ins: who handed in what, and the ids of a school."""

from __future__ import annotations

import csv
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

MOST_BYTES, MOST_NOTEBOOKS, MOST_LEVELS = 20 * 2**20, 20, 5
"""Of a notebook; in the folder of one learner; of folders in folders."""
_IDS = "ids.csv"
_COPY = re.compile(r"([-_ ]Copy\d+| ?\(\d+\))+$")


class NoNotebook(Exception):
    """Why there is nothing to grade, in a few words."""


@dataclass(frozen=True)
class HandedIn:
    """A notebook of a learner, or in its place, why there is none."""

    learner: str
    name: str
    path: Path | None = None
    word: str = ""
    others: tuple[str, ...] = ()  # what an instructor should know of older ones

    def content(self) -> bytes:
        """Read the file.

        Raises:
            NoNotebook: if it is none, or too large.
        """
        if self.path is None:
            raise NoNotebook(self.word)
        try:
            number = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise NoNotebook("not a file that can be read: links are not followed") from None
        with open(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise NoNotebook("not a file that can be read: links are not followed")
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise NoNotebook(f"too large: more than {MOST_BYTES // 2**20} MB")
        return content


def hand_ins(folder: Path, notebook: str = "") -> list[HandedIn]:
    """What each learner handed in: of several copies of a notebook, the newest.

    Args:
        folder: of notebooks, or of a folder for each learner.
        notebook: the number of the one that is asked for: each learner has one.
    """
    found: dict[tuple[str, str], list[HandedIn]] = {}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__MACOSX")) or entry.name == _IDS:
            continue
        for one in _of(entry, notebook):
            which = "" if notebook else _without_copy(one.path.stem if one.path else "")
            found.setdefault((one.learner, which), []).append(one)
    return [_newest(several) for several in found.values()]


def _newest(several: list[HandedIn]) -> HandedIn:
    *older, newest = sorted(several, key=_age)
    return replace(newest, others=tuple(f"also handed in, older: {one.name}" for one in older))


def _of(entry: os.DirEntry[str], notebook: str) -> Iterator[HandedIn]:
    path, learner = Path(entry.path), readable(_without_copy(Path(entry.name).stem))
    if entry.is_symlink() or not entry.is_dir():
        is_notebook = entry.name.endswith(".ipynb")
        yield HandedIn(
            learner if is_notebook else readable(entry.name),
            readable(entry.name),
            path if is_notebook else None,
            "" if is_notebook else "no notebook",
        )
        return
    every = [*_notebooks(path)]
    found = [file for file in every if file.name.startswith(notebook)] or every
    if not 0 < len(found) <= MOST_NOTEBOOKS:
        word = f"more than {MOST_NOTEBOOKS} notebooks" if found else "no notebook in this folder"
        yield HandedIn(readable(entry.name), readable(entry.name), None, word)
        return
    for file in found:
        yield HandedIn(readable(entry.name), readable(file.relative_to(path.parent)), file)


def _notebooks(folder: Path) -> Iterator[Path]:
    """Notebooks in a folder, up to one more than are read."""
    count = 0
    for at, folders, names in os.walk(folder):
        is_deep = len(Path(at).relative_to(folder).parts) >= MOST_LEVELS
        folders[:] = [] if is_deep else sorted(f for f in folders if not f.startswith((".", "__")))
        for name in sorted(names):
            if name.endswith(".ipynb") and not name.startswith("."):
                yield Path(at) / name
                count += 1
                if count > MOST_NOTEBOOKS:
                    return


def _without_copy(stem: str) -> str:
    return _COPY.sub("", stem)


def _age(one: HandedIn) -> tuple[int, bool, str]:
    when = one.path.lstat().st_mtime_ns if one.path else 0
    return when, bool(one.path and _COPY.search(one.path.stem)), one.name


def readable(name: str | Path) -> str:
    r"""A file's name as text that a terminal and a table can show, whatever it is made of.

    Example:
        >>> readable("ann\x1b[2J.ipynb")
        'ann\\x1b[2J.ipynb'
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown[:300]


def school_ids(folder: Path) -> dict[str, str]:
    """What ``ids.csv`` in the folder says: a learner, or a file, and an id in each line.

    Raises:
        ValueError: if it is not UTF-8, or a link.
    """
    path = folder / _IDS
    if path.is_symlink():
        raise ValueError(f"{path} is a link: put the file itself there")
    if not path.is_file():
        return {}
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
    lines = csv.reader(text.splitlines(), delimiter=";" if ";" in text else ",")
    return {composed(line[0].strip()): line[1] for line in lines if len(line) > 1}


def composed(name: str) -> str:
    r"""A name in which an umlaut is one letter, without ``.ipynb``: some computers write it as two.

    Example:
        >>> composed("Zoe\u0308.ipynb")
        'Zoë'
    """
    return unicodedata.normalize("NFC", name).removesuffix(".ipynb")
