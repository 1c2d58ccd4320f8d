"""A folder of hand-ins: who handed in what, and the ids of a school."""

from __future__ import annotations

import csv
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

MOST_BYTES, MOST_NOTEBOOKS, MOST_LEVELS = 20 * 2**20, 20, 5
"""Of a notebook; in the folder of one learner; of folders in folders."""
_IDS = "ids.csv"
_COPY = re.compile(r"([-_ ]Copy\d+| ?\(\d+\))+$")


@dataclass(frozen=True)
class HandedIn:
    """What a learner handed in, and in a few words, why there is nothing to grade."""

    learner: str
    name: str
    path: Path
    word: str = ""
    others: tuple[str, ...] = ()  # what an instructor should know of older ones


def hand_ins(folder: Path, notebook: str = "") -> list[HandedIn]:
    """What each learner handed in: of several copies of a notebook, the newest.

    Args:
        folder: of notebooks, or of a folder for each learner.
        notebook: the number of the one that is asked for: each learner has one.
    """
    found: dict[tuple[str, str], list[HandedIn]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__MACOSX")) or path.name == _IDS:
            continue
        for one in _of(path, notebook):
            which = "" if notebook else _without_copy(one.path)
            found.setdefault((one.learner, which), []).append(one)
    return [_newest(several) for several in found.values()]


def _newest(several: list[HandedIn]) -> HandedIn:
    *older, newest = sorted(several, key=_age)
    return replace(newest, others=tuple(f"also handed in, older: {one.name}" for one in older))


def _age(one: HandedIn) -> tuple[int, bool, str]:
    return one.path.lstat().st_mtime_ns, bool(_COPY.search(one.path.stem)), one.name


def _of(path: Path, notebook: str) -> list[HandedIn]:
    name = readable(path.name)
    if path.is_symlink() or not path.is_dir():
        if path.suffix != ".ipynb":
            return [HandedIn(name, name, path, "no notebook")]
        return [HandedIn(readable(_without_copy(path)), name, path, _not_readable(path))]
    every = [*islice(_notebooks(path), MOST_NOTEBOOKS + 1)]
    found = [file for file in every if file.name.startswith(notebook)] or every
    if not found:
        return [HandedIn(name, name, path, "no notebook in this folder")]
    if len(found) > MOST_NOTEBOOKS:
        return [HandedIn(name, name, path, f"more than {MOST_NOTEBOOKS} notebooks")]
    names = [readable(file.relative_to(path.parent)) for file in found]
    return [
        HandedIn(name, a, file, _not_readable(file)) for a, file in zip(names, found, strict=True)
    ]


def _notebooks(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        is_deep = len(Path(at).relative_to(folder).parts) >= MOST_LEVELS
        folders[:] = [] if is_deep else sorted(f for f in folders if not f.startswith((".", "__")))
        for name in sorted(names):
            if name.endswith(".ipynb") and not name.startswith("."):
                yield Path(at) / name


def _not_readable(file: Path) -> str:
    about = file.lstat()
    if not stat.S_ISREG(about.st_mode):
        return "not a file that can be read: links are not followed"
    return f"too large: more than {MOST_BYTES // 2**20} MB" if about.st_size > MOST_BYTES else ""


def _without_copy(path: Path) -> str:
    return _COPY.sub("", path.stem)


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
