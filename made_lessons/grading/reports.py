"""What an instructor reads and uploads: tables, and a text per learner."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pandas as pd

from made_course.common.files import write_whole

from .folder import LOOKED_AT, clean
from .marking import Marking
from .verdicts import WAITS, Row, Verdict

_FORMULA = re.compile(r"(^|[;,|\"])(\s*)(?=[=+\-@＝＋－＠])")


def write_all(rows: Sequence[Row], marking: Marking, out: Path, *, nameless: bool) -> None:
    """Write all tables, and the text that each learner may be given.

    Args:
        rows: the results.
        marking: turns them into points.
        out: the folder for the tables.
        nameless: whether the tables have numbers instead of names.
    """
    if (out / LOOKED_AT).exists():  # otherwise the texts are not of an earlier run
        shutil.rmtree(out / "feedback", ignore_errors=True)
    rows = marking.marked(rows, nameless=nameless)
    for row in rows:
        write_feedback(row, out)
    write_tables(rows, out)
    columns = ["content", "learner", "submission", "exercise", "points", "why", "counts"]
    write_csv(out / LOOKED_AT, pd.DataFrame(sorted(marking.waiting), columns=columns))


def write_tables(rows: Sequence[Row], out: Path) -> None:
    """Write the grades, the mistakes, and the tables for the platforms."""
    found = {name for row in rows for name in row.verdicts}
    names = sorted(found, key=lambda name: [int(part) for part in name.split(".")])
    grades = pd.DataFrame([_line(row, names) for row in rows], columns=[*_line(Row(), names)])
    write_csv(out / "grades.csv", grades)
    write_csv(out / "mistakes.csv", _mistakes(rows))
    _write_for_platforms(grades, out)


def _line(row: Row, names: Sequence[str]) -> dict[str, object]:
    """Return a row's line of ``grades.csv``, by columns."""
    parts = ("school_id", "platform_id", "learner", "submission", "notebook", "status")
    line: dict[str, object] = {part: getattr(row, part) for part in parts}
    line |= {"points": row.points("right"), "waiting": row.points(WAITS), "of_points": row.points()}
    for name in names:
        verdict = row.verdicts.get(name, Verdict(""))
        why = "" if verdict.state == "right" else verdict.words
        line |= {name: verdict.state, f"{name} why": why}
    variants = [f"{name}: {v.variant}" for name, v in row.verdicts.items() if v.variant]
    return line | {"variants": "; ".join(variants), "look_at": "; ".join(row.look_at)}


def _mistakes(rows: Sequence[Row]) -> pd.DataFrame:
    """Return each mistake with who made it, the most frequent of an exercise first."""
    found = [
        (name, re.split(r" \((?:tried|expected|got) ", verdict.words)[0], row.submission)
        for row in rows
        for name, verdict in row.verdicts.items()
        if verdict.state in ("wrong", "failed", "stopped")
    ]
    made = pd.DataFrame(found, columns=["exercise", "mistake", "who"], dtype=object)
    grouped = made.groupby(["exercise", "mistake"], sort=False).who
    table = grouped.agg(how_many="count", who=", ".join).reset_index()
    return table.sort_values(["exercise", "how_many"], ascending=[True, False])


def _write_for_platforms(grades: pd.DataFrame, out: Path) -> None:
    """Write what Canvas takes as a gradebook, and Moodle as the worksheet of an assignment.

    Canvas breaks on the mark of the encoding that spreadsheets need in other tables. Moodle keeps
    grades of its own that are newer than the time.
    """
    most = grades.of_points.max()
    canvas = {
        "Student": ["Points Possible", *grades.learner],
        "ID": ["", *grades.platform_id],
        "SIS User ID": ["", *grades.school_id],
        "SIS Login ID": "",
        "Section": "",
        "MADE": [most, *grades.points],
    }
    write_csv(out / "canvas.csv", pd.DataFrame(canvas), "utf-8")
    moodle = {
        "Identifier": [f"Participant {number}" if number else "" for number in grades.platform_id],
        "Full name": grades.learner,
        "ID number": grades.school_id,
        "Grade": grades.points,
        "Maximum Grade": most,
        "Last modified (grade)": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    write_csv(out / "moodle.csv", pd.DataFrame(moodle), "utf-8")


def write_feedback(row: Row, out: Path) -> None:
    """Write the text that a learner may be given: the points, and the verdict on each exercise."""
    if not row.verdicts:
        return
    waits = f"; {row.points(WAITS)} more wait for a look" if row.points(WAITS) else ""
    text = f"Points: {row.points('right')} of {row.points()}{waits}\n"
    text += f"Submission: {clean(row.submission)}\n\n"
    for name, verdict in row.verdicts.items():
        words = f": {clean(verdict.words)}" if verdict.words else ""
        text += f"{name} {verdict.title}, {verdict.state}{words}\n"
    digest = hashlib.sha256(os.fsencode(row.place)).hexdigest()
    for name in (row.place, digest) if row.place.isprintable() else (digest,):
        with suppress(OSError):  # if the name is too long, or another's folder has it
            return _write(out / "feedback" / f"{name}.txt", text, "utf-8")


def write_csv(path: Path, table: pd.DataFrame, encoding: str = "utf-8-sig") -> None:
    """Write a table, each text in quotes and on one line."""
    text = table.map(_harmless).to_csv(index=False, quoting=csv.QUOTE_ALL)
    _write(path, text, encoding)


def _harmless(cell: object) -> object:
    """Return a text of one line in which a spreadsheet sees no formula, wherever it splits.

    Example:
        >>> _harmless("=1"), _harmless("x; ＝1"), _harmless("a - b")
        ("'=1", "x; '＝1", 'a - b')
    """
    return _FORMULA.sub(r"\1\2'", clean(cell)) if isinstance(cell, str) else cell


def _write(path: Path, text: str, encoding: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write_text(text, encoding, newline=""))
