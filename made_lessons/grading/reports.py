"""Write tables for an instructor and for learning platforms, and a text per learner."""

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

from ..checking.catalogue import exercise_named
from .folder import ClassList, clean, read_table
from .verdicts import COUNTS, COURSES_OWN, WAITS, Row

WAITING = "waiting.csv"
_CONFIRMED = {"yes": "right", "no": "wrong"}  # state after the instructor's yes or no
_FORMULA = re.compile(r"(^|[;,|\"])(\s*)(?=[=+\-@＝＋－＠])")


def write_all(rows: Sequence[Row], people: ClassList, out: Path) -> list[str]:
    """Write all tables and texts, and return messages for the instructor.

    Args:
        rows: results of the submissions.
        people: the class list.
        out: folder for the tables. An instructor may have confirmed waiting answers in it.
    """
    if (out / WAITING).exists():  # an earlier run has written this folder
        shutil.rmtree(out / "feedback", ignore_errors=True)
    learners = _learners(rows, people)
    answers = _answers(learners, has_keys=any(people.lines.key))
    answers["counts"] = _confirmed(out / WAITING, answers)
    waiting = answers[answers.state == WAITS]
    columns = ["file_digest", "learner", "submission", "exercise", "points", "why", "counts"]
    write_csv(out / WAITING, waiting[columns])
    answers.loc[waiting.index, "state"] = waiting.counts.map(_CONFIRMED).fillna(WAITS)
    grades = _grades(learners, answers)
    write_csv(out / "grades.csv", grades)
    write_csv(out / "mistakes.csv", _mistakes(answers))
    _write_for_platforms(grades, out)
    for k, lines in answers.groupby("row"):
        _write_feedback(grades.loc[k], lines, learners.path[k], out)
    messages = people.messages()
    if count := sum(answers.state == WAITS):
        messages.append(f"{count} answers wait for you: write yes or no behind them in {WAITING}")
    return messages


def _learners(rows: Sequence[Row], people: ClassList) -> pd.DataFrame:
    """Return a line per learner, including learners who submitted nothing."""
    lines = []
    for row in rows:
        number, key = people.find(row)
        lines.append(vars(row) | {"school_id": number, "key": key})
    for name in people.unused:
        row = Row(name, status="nothing submitted")
        lines.append(vars(row) | {"school_id": people.lines.number[name]})
    learners = pd.DataFrame(lines, columns=[*vars(Row()), "school_id", "key"])
    return learners.sort_values(["learner", "platform_id"], ignore_index=True)


def _answers(learners: pd.DataFrame, *, has_keys: bool) -> pd.DataFrame:
    """Return a line per learner and exercise.

    Args:
        learners: a line per learner.
        has_keys: whether an answer must have the learner's own variant key to count.
    """
    lines = []
    for k, learner in learners.iterrows():
        for name, verdict in learner.verdicts.items():
            exercise = exercise_named(name)
            state, why, variant = verdict.state, verdict.message, verdict.variant or ""
            earns = state in COUNTS and why != COURSES_OWN
            if has_keys and exercise.vary and earns and variant != learner.key:
                expected = learner.key or "missing in the class list"
                state = "wrong variant"
                why = f"answered for {variant or 'no variant'}, but the learner's key is {expected}"
            about = k, name, f"{name} {exercise.title}", exercise.stars
            lines.append((*about, state, why, verdict.is_copy))
    columns = ["row", "name", "exercise", "points", "state", "why", "is_copy"]
    answers = pd.DataFrame(lines, columns=columns)
    return answers.join(learners[["learner", "submission", "file_digest"]], on="row")


def _confirmed(path: Path, answers: pd.DataFrame) -> list[str]:
    """Return the instructor's decision on each answer, from the table of waiting answers."""
    table = read_table(path).reindex(columns=["file_digest", "exercise", "counts"], fill_value="")
    words = {(file, name): word.strip().lower() for file, name, word in table.values}
    keys = zip(answers.file_digest, answers.exercise, strict=True)
    return [words.get(key, "") for key in keys]


def _grades(learners: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``grades.csv``."""
    parts = ["school_id", "platform_id", "learner", "submission", "notebook", "status"]
    grades = learners[parts].copy()
    for column, states in {"points": ["right"], "waiting": [WAITS], "of_points": None}.items():
        found = answers if states is None else answers[answers.state.isin(states)]
        grades[column] = found.groupby("row").points.sum().reindex(grades.index, fill_value=0)
    names = {*answers.name}
    for name in sorted(names, key=lambda name: [int(part) for part in name.split(".")]):
        lines = answers[answers.name == name].set_index("row")
        grades[name] = lines.state
        grades[f"{name} why"] = lines.why.where(lines.state != "right", "")
    grades["look_at"] = _look_at(learners, answers)
    return grades.fillna("")


def _look_at(learners: pd.DataFrame, answers: pd.DataFrame) -> list[str]:
    """Return a note per learner on code that repeats the course's solution or another learner's."""
    notes = []
    for k, learner in learners.iterrows():
        own = answers[answers.row == k]
        found = [f"{name}: step by step the course's solution" for name in own.name[own.is_copy]]
        is_same = (learners.code_digest == learner.code_digest) & (learners.index != k)
        if learner.code_digest and any(is_same) and any(own.state.isin(COUNTS)):
            found.append(f"the same code as {', '.join(learners.submission[is_same])}")
        notes.append("; ".join(found))
    return notes


def _mistakes(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the mistakes in each exercise, the most frequent first, and who made them."""
    made = answers[answers.state.isin(["wrong", "failed", "stopped"])]
    mistake = made.why.str.split(r" \((?:tried|expected|got) ", regex=True).str[0]
    keys = [made.name.rename("exercise"), mistake.rename("mistake")]
    table = made.groupby(keys).submission.agg(how_many="count", who=", ".join).reset_index()
    return table.sort_values(["exercise", "how_many"], ascending=[True, False])


def _write_for_platforms(grades: pd.DataFrame, out: Path) -> None:
    """Write Canvas's gradebook, and Moodle's grading worksheet of an assignment.

    Canvas cannot read the byte order mark that spreadsheets need in other tables. Moodle keeps a
    grade that was changed after the time in the column *Last modified (grade)*.
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


def _write_feedback(grade: pd.Series, answers: pd.DataFrame, path: str, out: Path) -> None:
    """Write the text for a learner: the points, and the verdict on each exercise."""
    waits = f"; {grade.waiting} more wait for a look" if grade.waiting else ""
    text = f"Points: {grade.points} of {grade.of_points}{waits}\nSubmission: {grade.submission}\n\n"
    for line in answers.itertuples():
        why = f": {clean(line.why)}" if line.why else ""
        text += f"{line.exercise}, {line.state}{why}\n"
    for name in (path, hashlib.sha256(os.fsencode(path)).hexdigest()):
        file = out / "feedback" / f"{name}.txt"
        with suppress(OSError):  # the name may be too long, or may be taken by another learner
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
            return


def write_csv(path: Path, table: pd.DataFrame, encoding: str = "utf-8-sig") -> None:
    """Write a table in which each text is in quotes and on one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = table.map(_without_formulas).to_csv(index=False, quoting=csv.QUOTE_ALL)
    path.write_text(text, encoding, newline="")


def _without_formulas(cell: object) -> object:
    """Return a text on one line, with ' before each part that a spreadsheet takes for a formula.

    Example:
        >>> _without_formulas("=1"), _without_formulas("x; ＝1"), _without_formulas("a - b")
        ("'=1", "x; '＝1", 'a - b')
    """
    return _FORMULA.sub(r"\1\2'", clean(cell)) if isinstance(cell, str) else cell
