"""What an instructor reads: tables, as CSV and as a page, and a text for each learner."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from html import escape
from pathlib import Path

import pandas as pd

from made_course.common.files import write_whole

from .folder import LOOKED_AT, clean
from .marking import Marking
from .verdicts import WAITS, Row, Verdict

SIGNS = {"right": "✓", "wrong": "✗", "not attempted": "○", "unfinished": "○", "no check": "–"}
SIGNS |= {WAITS: "?", "": ""}
_LONGEST_NAME = 150
_FORMULA = re.compile(r"(^|[;,|\"])(\s*)(?=[=+\-@＝＋－＠])")
_NOTES = (
    "✓ right, ✗ wrong, ○ not attempted or unfinished, – no check, ? waits for your look, "
    "! stopped, failed, or answered for another's word; the reason appears where the pointer "
    "rests on a sign. Points are the stars of what is right. What waits stands in "
    f"{LOOKED_AT}: yes in its last column, and it counts."
)


def write_all(rows: Sequence[Row], marking: Marking, out: Path, *, nameless: bool) -> None:
    """Write all tables, and what each learner may be given.

    Args:
        rows: what was found about each hand-in.
        marking: what becomes of it.
        out: the folder for them.
        nameless: whether numbers stand in place of names in the tables.
    """
    if (out / LOOKED_AT).exists():  # else the texts are not of an earlier run
        shutil.rmtree(out / "feedback", ignore_errors=True)
    rows = marking.marked(rows, nameless=nameless)
    for row in rows:
        write_feedback(row, out)
    write_tables(rows, out)
    columns = ["content", "learner", "hand_in", "exercise", "points", "why", "counts"]
    write_csv(out / LOOKED_AT, pd.DataFrame(sorted(marking.waiting), columns=columns))


# ---- tables -------------------------------------------------------------------------------------


def write_tables(rows: Sequence[Row], out: Path) -> None:
    """Write ``grades.csv`` and ``.html``, the totals, and the scores where models have some."""
    found = {name for row in rows for name in row.verdicts}
    names = sorted(found, key=lambda name: [int(part) for part in name.split(".")])
    grades = pd.DataFrame([_line(row, names) for row in rows], columns=[*_line(Row(), names)])
    write_csv(out / "grades.csv", grades)
    _write(out / "grades.html", _page(grades, names, _mistakes(rows)), "utf-8")
    who = ["school_id", "platform_id", "learner"]
    totals = grades.groupby(who, sort=False)[["points", "waiting"]].sum().reset_index()
    totals["of_points"] = grades.groupby("notebook")["of_points"].max().sum()
    write_csv(out / "totals.csv", totals)
    _write_for_platforms(totals, out)
    scores = sorted(
        (name, verdict.nats, row.school_id, row.hand_in, verdict.state)
        for row in rows
        for name, verdict in row.verdicts.items()
        if verdict.nats is not None
    )
    if scores:
        columns = ["exercise", "nats", "school_id", "hand_in", "state"]
        write_csv(out / "leaderboard.csv", pd.DataFrame(scores, columns=columns))


def _line(row: Row, names: Sequence[str]) -> dict[str, object]:
    """The line of a row in ``grades.csv``, by columns."""
    parts = ("school_id", "platform_id", "learner", "hand_in", "notebook", "word", "late")
    line: dict[str, object] = {part: getattr(row, part) for part in parts}
    line |= {"points": row.points("right"), "waiting": row.points(WAITS), "of_points": row.points()}
    for name in names:
        verdict = row.verdicts.get(name, Verdict(""))
        line |= {name: verdict.state, f"{name} why": verdict.words}
        if verdict.state == "right":
            line[f"{name} why"] = ""
    variants = [f"{name}: {v.variant}" for name, v in row.verdicts.items() if v.variant]
    return line | {"variants": "; ".join(variants), "look_at": "; ".join(row.look_at)}


def _write_for_platforms(totals: pd.DataFrame, out: Path) -> None:
    """What Canvas takes as a gradebook, and Moodle as the worksheet of an assignment.

    Spreadsheets need the mark of the encoding that other tables begin with; Canvas breaks on it.
    Moodle keeps grades of its own that are newer than the time.
    """
    canvas = {
        "Student": ["Points Possible", *totals.learner],
        "ID": ["", *totals.platform_id],
        "SIS User ID": ["", *totals.school_id],
        "SIS Login ID": "",
        "Section": "",
        "MADE": [totals.of_points.max(), *totals.points],
    }
    write_csv(out / "canvas.csv", pd.DataFrame(canvas), "utf-8")
    moodle = {
        "Identifier": [f"Participant {number}" if number else "" for number in totals.platform_id],
        "Full name": totals.learner,
        "ID number": totals.school_id,
        "Grade": totals.points,
        "Maximum Grade": totals.of_points,
        "Last modified (grade)": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    write_csv(out / "moodle.csv", pd.DataFrame(moodle), "utf-8")


def write_csv(path: Path, table: pd.DataFrame, encoding: str = "utf-8-sig") -> None:
    """Write a table, each text in quotes and on one line."""
    text = table.map(_harmless).to_csv(index=False, quoting=csv.QUOTE_ALL)
    _write(path, text, encoding)


def _harmless(cell: object) -> object:
    """A text of one line, no part of which a spreadsheet takes for a formula, wherever it splits.

    Example:
        >>> _harmless("=1"), _harmless("x; ＝1"), _harmless("a - b")
        ("'=1", "x; '＝1", 'a - b')
    """
    return _FORMULA.sub(r"\1\2'", clean(cell)) if isinstance(cell, str) else cell


def _write(path: Path, text: str, encoding: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write_text(text, encoding, newline=""))


# ---- a text for each learner --------------------------------------------------------------------


def write_feedback(row: Row, out: Path) -> None:
    """Write what a learner may be given: the points, and each exercise with its verdict."""
    if not row.verdicts:
        return
    waits = f"; {row.points(WAITS)} more wait for a look" if row.points(WAITS) else ""
    late = f"Late by {row.late}\n" if row.late else ""
    text = f"Points: {row.points('right')} of {row.points()}{waits}\n"
    text += f"Hand-in: {clean(row.hand_in)}\n{late}\n"
    for name, verdict in row.verdicts.items():
        words = f": {clean(verdict.words)}" if verdict.words else ""
        text += f"{name} {verdict.title}, {verdict.state}{words}\n"
    raw = os.fsencode(row.place)
    shown = clean(row.hand_in).replace("/", " ")[:_LONGEST_NAME].encode("ascii", "replace").decode()
    names = [f"{shown} {hashlib.sha256(raw).hexdigest()}"]
    if row.place.isprintable() and max(map(len, raw.split(b"/"))) < 200:
        names.insert(0, row.place)
    for name in names:
        with suppress(OSError):  # where another's folder has this name
            return _write(out / "feedback" / f"{name}.txt", text, "utf-8")


# ---- the page -----------------------------------------------------------------------------------


def _page(grades: pd.DataFrame, names: Sequence[str], mistakes: pd.DataFrame) -> str:
    who = [row.hand_in or row.learner for row in grades.itertuples()]
    page = grades.map(_shown).set_index(pd.Index([*map(_shown, who)], name="hand-in"))
    for name in names:
        found = zip(grades[name], grades[f"{name} why"], strict=True)
        page[name] = [_sign(name, state, why) for state, why in found]
    columns = ["school_id", "points", "of_points", "waiting", "late", *names, "word", "look_at"]
    how = {"escape": False, "border": 0}
    with pd.option_context("display.max_colwidth", None):
        return _PAGE.format(
            notes=escape(_NOTES),
            grades=page[columns].rename_axis(None).to_html(**how),
            mistakes=mistakes.map(_shown).to_html(index=False, **how),
        )


def _shown(cell: object) -> str:
    return escape(clean(str(cell)))


def _sign(name: str, state: str, why: str) -> str:
    sign = SIGNS.get(state, "!")
    said = _shown(f"{name} {state}: {why}") if sign else ""
    return f'<span class="{sign}" title="{said}">{sign}</span>'


def _mistakes(rows: Sequence[Row]) -> pd.DataFrame:
    """Each mistake with who made it, the most frequent of an exercise first."""
    who: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for name, verdict in row.verdicts.items():
            if verdict.state in ("wrong", "failed", "stopped"):
                cause = re.split(r" \((?:tried|expected|came) ", verdict.words, maxsplit=1)[0]
                who.setdefault((name, cause), []).append(row.hand_in)
    lines = [(name, len(by), cause, ", ".join(by)) for (name, cause), by in who.items()]
    lines.sort(key=lambda line: (line[0], -line[1]))
    return pd.DataFrame(lines, columns=["exercise", "how many", "mistake", "who"])


_PAGE = r"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Grades</title>
<style>
body {{ font: 16px/1.4 system-ui, sans-serif; margin: 2em; color: #111; background: #fff }}
table {{ border-collapse: collapse; margin: 1em 0 }}
td, th {{ border: 1px solid #bbb; padding: .2em .4em; text-align: left; vertical-align: top }}
tbody th, td:last-child {{ min-width: 14em; overflow-wrap: anywhere }}
.✓ {{ color: #0072b2 }} .✗, .\!, .\? {{ color: #a63c00; font-weight: bold }}
</style>
<h1>Grades</h1>
<p>{notes}
{grades}
<h2>Mistakes</h2>
{mistakes}
</html>
"""
