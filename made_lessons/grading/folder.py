"""Find the learner of each submission in a folder, and read an instructor's class list."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from .judge import Verdict

MOST_BYTES = 20 * 2**20  # largest size of a notebook
CLASS = "class.csv"
_MOODLE = re.compile(r"(.+?)_(\d+)_assignsubmission_[a-z]+(?:_.*)?")
_CANVAS = re.compile(r"([^_]+)_(?:LATE_)?(\d+)_\d+_.+")


@dataclass
class LearnerResult:
    """The result of one learner's submission."""

    learner: str
    platform_id: str = ""
    path: Path = Path()
    submission: str = ""  # the path inside the folder, as printable text
    status: str = ""  # "graded", or why the submission is not graded
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    file_digest: str = ""


def find_submissions(folder: Path) -> list[LearnerResult]:
    """Return one result per learner. If a submission cannot be graded, its status says why.

    Args:
        folder: folder with a notebook or a folder per learner, named as a learning platform names
            them. Its path has no symbolic links.
    """
    by_learner: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        names = path.relative_to(folder).parts
        if names != (CLASS,) and not any(name.startswith((".", "__")) for name in names):
            top = clean(_remove_suffix(names[0]))
            match = _CANVAS.fullmatch(top) or _MOODLE.fullmatch(top)
            by_learner.setdefault(match.groups() if match else (top, ""), []).append(path)
    return [_make_result(*learner, paths, folder) for learner, paths in by_learner.items()]


def _make_result(learner: str, platform_id: str, paths: list[Path], folder: Path) -> LearnerResult:
    found = [path for path in paths if path.suffix.lower() == ".ipynb"]
    path = found[0] if len(found) == 1 else paths[0]
    result = LearnerResult(learner, platform_id, path, clean(str(path.relative_to(folder))))
    if len(found) != 1:
        result.status = f"{len(found)} notebooks; expected one"
    elif path.resolve() != path or not path.is_file():
        result.status = "not a file that can be read: links are not followed"
    elif path.stat().st_size > MOST_BYTES:
        result.status = f"too large: more than {MOST_BYTES // 2**20} MB"
    return result


def _remove_suffix(name: str) -> str:
    return re.sub(r"(?i)\.ipynb$", "", name)


def clean(text: str) -> str:
    r"""Return a text on one line, with control characters escaped.

    Example:
        >>> clean("a\n b\x1b[2J\ud800")
        'a b\\x1b[2J\\ud800'
    """
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def read_class(path: Path) -> dict[str, str]:
    """Return the variant key of each learner in a class list, or "" if the learner has none.

    Args:
        path: CSV file with the column ``learner``; the column ``key`` may be missing. If there is
            no such file, the result is empty.

    Raises:
        ValueError: if the file is not such a table, or names a learner twice.
    """
    table = read_table(path).rename(columns=lambda name: name.strip().lower())
    if path.is_file() and "learner" not in table:
        raise ValueError(f"{path} needs a first line such as learner,key or just learner")
    table = table.reindex(columns=["learner", "key"], fill_value="")
    table = table.apply(lambda column: column.str.strip())
    table = table[table.learner != ""]
    if twice := ", ".join(table.learner[table.learner.duplicated()]):
        raise ValueError(f"{twice} is twice in {path}: tell them apart, such as by their files")
    return dict(table.values)


def find_learner(result: LearnerResult, learners: Iterable[str]) -> str:
    """Return the learner's name in the class list, or "" if the list does not contain them."""
    by_form = {form: learner for learner in learners for form in _spellings(learner)}
    names = result.submission.split("/")[0], result.learner, result.platform_id
    return next((by_form[name] for name in map(_normalize, names) if name in by_form), "")


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV file as a table of strings. If there is no file, return an empty table.

    Raises:
        ValueError: if the file is not a table.
    """
    if not path.is_file():
        return pd.DataFrame()
    try:
        text = path.read_text("utf-8-sig")
        separator = ";" if ";" in text.partition("\n")[0] else ","
        return pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False)
    except ValueError as error:
        raise ValueError(f"{path} is not a table (save it as CSV UTF-8): {error}") from None


def _spellings(name: str) -> set[str]:
    """Return the spellings of a learner's name, such as Canvas's "archerann" for "Ann Archer"."""
    words = re.sub(r"[^\w ]", "", _normalize(name)).split()
    return {_normalize(name), "".join(words), "".join([*words[-1:], *words[:-1]])}


def _normalize(name: str) -> str:
    """Return a name in lower case and in Unicode's form NFC, without the ending ``.ipynb``."""
    return _remove_suffix(unicodedata.normalize("NFC", name)).casefold()
