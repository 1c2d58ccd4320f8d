"""What an instructor reads: grades as CSV and as a page, a leaderboard, a text for each learner."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from made_course.common.files import write_whole

from ..checking.catalogue import exercise_named
from .folder import composed
from .verdicts import INSIDE, Row, Verdict

SIGNS = {"right": "✓", "wrong": "✗", "not attempted": "○", "unfinished": "○", "no check": "–"}
_MOST_LETTERS, _LONGEST_NAME = 2_000, 200
_FORMULA = re.compile(r"(^|[;,|\"])(\s*)(?=[=+\-@＝＋－＠])")
_NOTES = (
    "✓ right, ✗ wrong, ○ not attempted or unfinished, – no check, ! stopped or failed; the reason "
    "appears where the pointer rests on a sign. Points are the stars of what is right.",
    f"* {', '.join(INSIDE)} are judged in the process of the hand-in, which could forge them.",
)


def write_tables(rows: Sequence[Row], ids: dict[str, str], out: Path) -> None:
    """Write ``grades.csv``, ``grades.html`` and, where a model was scored, ``leaderboard.csv``."""
    _write_csv(out / "grades.csv", _grades(rows, ids))
    scores = sorted(
        (name, verdict.nats, _school_id(ids, row), row.hand_in, verdict.state)
        for row in rows
        for name, verdict in row.verdicts.items()
        if verdict.nats is not None
    )
    if scores:
        columns = ("exercise", "nats", "school_id", "hand_in", "state")
        _write_csv(out / "leaderboard.csv", [columns, *scores])
    _write(out / "grades.html", _page(rows, ids), "utf-8")


def write_feedback(row: Row, out: Path) -> None:
    """Write what a learner may be given: each exercise with its verdict, and the points."""
    if not row.verdicts:
        return
    lines = [f"# {row.hand_in}", "", f"{row.points} of {row.points_to_have} points", ""]
    for name, verdict in row.verdicts.items():
        words = f": {verdict.words}" if verdict.words else ""
        title = f"{name} · {exercise_named(name).title}"
        lines.append(f"- {_sign(verdict)} **{title}**, {verdict.state}{words}")
    name = row.hand_in.removesuffix(".ipynb").replace("/", " - ")
    if " - " in row.hand_in or len(name.encode()) > _LONGEST_NAME:  # another's may be the same
        digest = hashlib.sha256(row.hand_in.encode()).hexdigest()[:8]
        name = f"{name.encode()[:_LONGEST_NAME].decode(errors='ignore')} {digest}"
    file = out / "feedback" / f"{name}.md"
    file.parent.mkdir(exist_ok=True)
    _write(file, "\n".join(lines) + "\n", "utf-8")


def _sign(verdict: Verdict) -> str:
    return SIGNS.get(verdict.state, "!") if verdict.state else ""


def _school_id(ids: dict[str, str], row: Row) -> str:
    return ids.get(composed(row.hand_in)) or ids.get(composed(row.learner), "")


def _starred(name: str) -> str:
    return f"{name}*" if name in INSIDE else name


def _exercises_of(rows: Sequence[Row]) -> list[str]:
    return sorted({name for row in rows for name in row.verdicts})


# ---- CSV ----------------------------------------------------------------------------------------


def _grades(rows: Sequence[Row], ids: dict[str, str]) -> list[tuple[object, ...]]:
    names = _exercises_of(rows)
    why = [column for name in names for column in (_starred(name), f"{name} why")]
    start = ("school_id", "learner", "hand_in", "notebook", "word", "right", "of", "points")
    table = [(*start, *why, "variants", "look_at")]
    for row in rows:
        found = [row.verdicts.get(name, Verdict("")) for name in names]
        words = [part for v in found for part in (v.state, "" if v.state == "right" else v.words)]
        variants = [f"{name}: {v.variant}" for name, v in row.verdicts.items() if v.variant]
        begin = (_school_id(ids, row), row.learner, row.hand_in, row.notebook, row.word)
        end = ("; ".join(variants), "; ".join(row.look_at))
        table.append((*begin, row.right, len(row.verdicts), row.points, *words, *end))
    return table


def _write_csv(path: Path, table: list[tuple[object, ...]]) -> None:
    text = io.StringIO()
    lines = [[_harmless(cell) for cell in line] for line in table]
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(lines)
    _write(path, text.getvalue(), "utf-8-sig")


def _harmless(cell: object) -> object:
    """A text of one line, no part of which a spreadsheet takes for a formula, wherever it splits.

    Example:
        >>> _harmless("=1"), _harmless("x; ＝1"), _harmless("a - b")
        ("'=1", "x; '＝1", 'a - b')
    """
    if not isinstance(cell, str):
        return cell
    line = " ".join(cell[:_MOST_LETTERS].split())
    return _FORMULA.sub(r"\1\2'", line)


def _write(path: Path, text: str, encoding: str) -> None:
    """Write any text: an error's words may hold what no file can, such as half a character."""
    write_whole(path, lambda file: file.write_text(text, encoding, "backslashreplace"))


# ---- the page -----------------------------------------------------------------------------------


def _page(rows: Sequence[Row], ids: dict[str, str]) -> str:
    names = _exercises_of(rows)
    columns = ("id", "hand-in", "right", "points", *map(_starred, names), "not graded", "look at")
    lines = []
    for row in rows:
        cells = "".join(_cell(name, row.verdicts.get(name, Verdict(""))) for name in names)
        word = "" if row.word == "graded" else row.word
        who = f"{escape(_school_id(ids, row))}<th scope=row>{escape(row.hand_in or row.learner)}"
        scores = f"{row.right} of {len(row.verdicts)}<td>{row.points}" if row.verdicts else "<td>"
        end = f"{escape(word)}<td>{escape('; '.join(row.look_at))}"
        lines.append(f"<tr><td>{who}<td>{scores}{cells}<td>{end}")
    return _PAGE.format(
        notes="".join(f"<p>{escape(note)}" for note in _NOTES),
        head="".join(f"<th>{escape(column)}" for column in columns),
        lines="\n".join(lines),
        mistakes="\n".join(_mistakes(rows)),
    )


def _cell(name: str, verdict: Verdict) -> str:
    sign = _sign(verdict)
    said = f"{name} {verdict.state}: {verdict.words}" if sign else ""
    return f'<td class="{sign}" title="{escape(said)}">{sign}'


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
        yield f"<tr><td>{name}<td>{len(made_by)}<td>{escape(cause)}<td>{escape(by)}"


_PAGE = r"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Grades</title>
<style>
body {{ font: 16px/1.4 system-ui, sans-serif; margin: 2em; color: #111; background: #fff }}
table {{ border-collapse: collapse; margin: 1em 0 }}
td, th {{ border: 1px solid #bbb; padding: .2em .4em; text-align: left; vertical-align: top }}
th[scope=row], td:last-child {{ min-width: 8em; overflow-wrap: anywhere }}
th[scope=row] {{ min-width: 14em }}
td:first-child, th[scope=row] + td {{ white-space: nowrap }}
.✓ {{ color: #0072b2 }} .✗, .\! {{ color: #a63c00; font-weight: bold }}
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
