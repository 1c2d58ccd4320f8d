"""What an instructor reads: tables, as CSV and as a page, and a text for each learner."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

import pandas as pd

from made_course.common.files import write_whole

from ..checking.catalogue import exercise_named, exercises_in
from .folder import LOOKED_AT
from .marking import Marking
from .verdicts import INSIDE, WAITS, Row, Verdict

SIGNS = {"right": "✓", "wrong": "✗", "not attempted": "○", "unfinished": "○", "no check": "–"}
SIGNS |= {WAITS: "?"}
_MOST_LETTERS, _LONGEST_NAME = 2_000, 150
_FORMULA = re.compile(r"(^|[;,|\"])(\s*)(?=[=+\-@＝＋－＠])")
_NOTES = (
    "✓ right, ✗ wrong, ○ not attempted or unfinished, – no check, ? waits for your look, "
    "! stopped, failed, or answered for another's word; the reason appears where the pointer "
    "rests on a sign. Points are the stars of what is right. What waits stands in "
    f"{LOOKED_AT}: yes in its last column, and it counts.",
    f"* {', '.join(INSIDE)} are judged in the process of the hand-in, which could forge them.",
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
    head = ("content", "learner", "hand_in", "exercise", "points", "why", "counts")
    write_csv(out / LOOKED_AT, [head, *sorted(marking.waiting)])


def write_tables(rows: Sequence[Row], out: Path) -> None:
    """Write ``grades.csv`` and ``.html``, the totals, and the scores where models have some."""
    write_csv(out / "grades.csv", _grades(rows))
    totals = _totals(rows)
    write_csv(out / "totals.csv", totals)
    for platform, table in (("canvas", _for_canvas), ("moodle", _for_moodle)):
        write_csv(out / f"{platform}.csv", table(totals), "utf-8")
    scores = sorted(
        (name, verdict.nats, row.school_id, row.hand_in, verdict.state)
        for row in rows
        for name, verdict in row.verdicts.items()
        if verdict.nats is not None
    )
    if scores:
        columns = ("exercise", "nats", "school_id", "hand_in", "state")
        write_csv(out / "leaderboard.csv", [columns, *scores])
    _write(out / "grades.html", _page(rows), "utf-8")


def _starred(name: str) -> str:
    return f"{name}*" if name in INSIDE else name


def _exercises_of(rows: Sequence[Row]) -> list[str]:
    numbers = {int(name.partition(".")[0]) for row in rows for name in row.verdicts}
    return [exercise.name for number in sorted(numbers) for exercise in exercises_in(number)]


# ---- a text for each learner --------------------------------------------------------------------


def write_feedback(row: Row, out: Path) -> None:
    """Write what a learner may be given: the points, and each exercise with its verdict."""
    if not row.verdicts:
        return
    waits = row.points(WAITS)
    lines = [
        f"Points: {row.points('right')} of {row.points()}"
        + (f"; {waits} more wait for a look" if waits else ""),
        f"Hand-in: {clean(row.hand_in)}",
        *(f"Late by {row.late}" for _ in range(bool(row.late))),
        "",
    ]
    for name, verdict in row.verdicts.items():
        words = f": {clean(verdict.words)}" if verdict.words else ""
        lines.append(f"{name} {exercise_named(name).title}, {verdict.state}{words}")
    text = "\n".join(lines) + "\n"
    folder = out / "feedback"
    raw = bytes.fromhex(row.path)
    try:
        if not (raw.decode().isprintable() and all(len(part) < 200 for part in raw.split(b"/"))):
            raise ValueError
        file = folder / f"{os.fsdecode(raw)}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, text, "utf-8")
    except (OSError, ValueError):  # no name for a file, or one that another's folder has
        shown = clean(row.hand_in).replace("/", " ")[:_LONGEST_NAME]
        plain = shown.encode("ascii", "replace").decode()
        _write(folder / f"{plain} {hashlib.sha256(raw).hexdigest()}.txt", text, "utf-8")


# ---- CSV ----------------------------------------------------------------------------------------


def _grades(rows: Sequence[Row]) -> list[Sequence[object]]:
    names = _exercises_of(rows)
    why = [column for name in names for column in (_starred(name), f"{name} why")]
    start = ("school_id", "platform_id", "learner", "hand_in", "notebook", "word", "late")
    points = ("right", "of", "points", "waiting", "of_points")
    table: list[Sequence[object]] = [(*start, *points, *why, "variants", "look_at")]
    for row in rows:
        found = [row.verdicts.get(name, Verdict("")) for name in names]
        words = [part for v in found for part in (v.state, "" if v.state == "right" else v.words)]
        variants = [f"{name}: {v.variant}" for name, v in row.verdicts.items() if v.variant]
        begin = (row.school_id, row.platform_id, row.learner, row.hand_in, row.notebook, row.word)
        has = (row.right, len(row.verdicts), row.points("right"), row.points(WAITS), row.points())
        end = ("; ".join(variants), "; ".join(row.look_at))
        table.append((*begin, row.late, *(has if row.verdicts else [""] * 5), *words, *end))
    return table


def _totals(rows: Sequence[Row]) -> list[Sequence[object]]:
    """A line a learner: points in all notebooks that somebody handed in."""
    of = {row.notebook: row.points() for row in rows if row.verdicts}
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault((row.school_id, row.platform_id, row.learner), []).append(row)
    lines = [
        (*who, sum(r.points("right") for r in their), sum(r.points(WAITS) for r in their))
        for who, their in found.items()
    ]
    head = ("school_id", "platform_id", "learner", "points", "waiting", "of_points")
    return [head, *((*line, sum(of.values())) for line in lines)]


def _for_canvas(totals: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    """Canvas takes a gradebook in which each student has an id of its own or of the school's."""
    head = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "MADE")
    most = totals[1][-1] if len(totals) > 1 else 0
    lines = [
        (learner, number, school_id, "", "", points)
        for school_id, number, learner, points, *_ in totals[1:]
    ]
    return [head, ("    Points Possible", "", "", "", "", most), *lines]


def _for_moodle(totals: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    """Moodle takes a worksheet of an assignment, and keeps grades of its own that are newer."""
    when = "Last modified (grade)"
    head = ("Identifier", "Full name", "ID number", "Grade", "Maximum Grade", when)
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    lines = [
        (f"Participant {number}" if number else "", learner, school_id, points, of, now)
        for school_id, number, learner, points, _, of in totals[1:]
    ]
    return [head, *lines]


def write_csv(
    path: Path, table: Sequence[Sequence[object]], encoding: str = "utf-8-sig"
) -> None:
    """Write a table whose first line is its head; each text in quotes, on one line.

    Spreadsheets need the mark of their encoding that it begins with, and Canvas breaks on it.
    """
    head, *lines = table
    frame = pd.DataFrame(lines, columns=head, dtype=object).map(_harmless)
    _write(path, frame.to_csv(index=False, quoting=csv.QUOTE_ALL), encoding)


def _harmless(cell: object) -> object:
    """A text of one line, no part of which a spreadsheet takes for a formula, wherever it splits.

    Example:
        >>> _harmless("=1"), _harmless("x; ＝1"), _harmless("a - b")
        ("'=1", "x; '＝1", 'a - b')
    """
    return _FORMULA.sub(r"\1\2'", clean(cell)) if isinstance(cell, str) else cell


def clean(text: str) -> str:
    r"""A text of one line without signs that a terminal, a page or a table would act upon.

    Example:
        >>> clean("a\n b\x1b[2J\ud800")
        'a b\\x1b[2J\\ud800'
    """
    line = " ".join(text[:_MOST_LETTERS].split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _write(path: Path, text: str, encoding: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write_text(text, encoding, newline=""))


# ---- the page -----------------------------------------------------------------------------------


def _page(rows: Sequence[Row]) -> str:
    names = _exercises_of(rows)
    start = ("id", "hand-in", "right", "points", "wait", "late")
    columns = (*start, *map(_starred, names), "not graded", "look at")
    lines = []
    for row in rows:
        cells = "".join(_cell(name, row.verdicts.get(name, Verdict(""))) for name in names)
        word = "" if row.word == "graded" else row.word
        who = f"{_shown(row.school_id)}<th scope=row>{_shown(row.hand_in or row.learner)}"
        has = f"{row.right} of {len(row.verdicts)}<td>{row.points('right')} of {row.points()}"
        scores = f"{has}<td>{row.points(WAITS) or ''}" if row.verdicts else "<td><td>"
        end = f"{_shown(word)}<td>{_shown('; '.join(row.look_at))}"
        lines.append(f"<tr><td>{who}<td>{scores}<td>{_shown(row.late)}{cells}<td>{end}")
    return _PAGE.format(
        notes="".join(f"<p>{escape(note)}" for note in _NOTES),
        head="".join(f"<th>{escape(column)}" for column in columns),
        lines="\n".join(lines),
        mistakes="\n".join(_mistakes(rows)),
    )


def _shown(text: str) -> str:
    return escape(clean(text))


def _cell(name: str, verdict: Verdict) -> str:
    sign = SIGNS.get(verdict.state, "!") if verdict.state else ""
    said = f"{name} {verdict.state}: {verdict.words}" if sign else ""
    return f'<td class="{sign}" title="{_shown(said)}">{sign}'


def _mistakes(rows: Sequence[Row]) -> Iterator[str]:
    """Each mistake with who made it, the most frequent of an exercise first."""
    who: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for name, verdict in row.verdicts.items():
            if verdict.state in ("wrong", "failed", "stopped"):
                cause = re.split(r" \((?:tried|expected|came) ", verdict.words, maxsplit=1)[0]
                who.setdefault((name, cause), []).append(row.hand_in)
    order = sorted(who.items(), key=lambda item: (item[0][0], -len(item[1])))
    for (name, cause), made_by in order:
        by = ", ".join(made_by)
        yield f"<tr><td>{name}<td>{len(made_by)}<td>{_shown(cause)}<td>{_shown(by)}"


_PAGE = r"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Grades</title>
<style>
body {{ font: 16px/1.4 system-ui, sans-serif; margin: 2em; color: #111; background: #fff }}
table {{ border-collapse: collapse; margin: 1em 0 }}
td, th {{ border: 1px solid #bbb; padding: .2em .4em; text-align: left; vertical-align: top }}
th[scope=row], td:last-child {{ min-width: 8em; overflow-wrap: anywhere }}
th[scope=row] {{ min-width: 14em }}
td:first-child, th[scope=row] + td {{ white-space: nowrap }}
.✓ {{ color: #0072b2 }} .✗, .\!, .\? {{ color: #a63c00; font-weight: bold }}
</style>
<h1>Grades</h1>
{notes}
<table><thead><tr>{head}</thead><tbody>
{lines}
</tbody></table>
<h2>Mistakes</h2>
<table><thead><tr><th>exercise<th>how many<th>mistake<th>who</thead><tbody>
{mistakes}
</tbody></table>
</html>
"""
