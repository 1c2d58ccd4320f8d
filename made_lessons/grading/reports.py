"""Write the tables of results, for an instructor and for learning platforms."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from ..checking.catalogue import exercise_named, exercises_in
from .folder import CLASS, LearnerResult, clean, find_learner, read_table
from .judge import COUNTS, WAITS

WAITING = "waiting.csv"
_COLUMNS = ["file_digest", "learner", "submission", "exercise", "points", "why", "counts"]
_CONFIRMED = {"yes": "right", "no": "wrong"}  # state after the instructor's yes or no
_FORMULA = re.compile(r"(^|[;,|\"])(\s*)(?=[=+\-@＝＋－＠])")


def write_tables(
    results: Sequence[LearnerResult], keys: Mapping[str, str], out: Path, notebook: int
) -> list[str]:
    """Write all tables, and return messages for the instructor.

    Args:
        results: one per learner.
        keys: variant key of each learner in the class list.
        out: folder for the tables. An instructor may have confirmed waiting answers in it.
        notebook: number of the graded notebook.
    """
    ordered = sorted(results, key=lambda result: (result.learner, result.platform_id))
    learners = pd.DataFrame(map(vars, ordered))
    learners["in_class"] = [find_learner(row, keys) for row in learners.itertuples()]
    learners["key"] = learners.in_class.map({"": ""} | dict(keys))
    answers = _tabulate_answers(learners, has_keys=any(keys.values()))
    waiting = answers[answers.state == WAITS].reindex(columns=_COLUMNS)
    decided = read_table(out / WAITING).reindex(columns=_COLUMNS, fill_value="")
    words = dict(zip(_identify_rows(decided), decided.counts, strict=True))
    waiting["counts"] = [words.get(key, "").strip().lower() for key in _identify_rows(waiting)]
    write_csv(out / WAITING, waiting)
    answers.loc[waiting.index, "state"] = waiting.counts.map(_CONFIRMED).fillna(WAITS)
    grades = _tabulate_grades(learners, answers, notebook)
    write_csv(out / "grades.csv", grades)
    write_csv(out / "mistakes.csv", _tabulate_mistakes(answers))
    _write_for_platforms(grades, out)
    missing = ", ".join(name for name in keys if name not in {*learners.in_class})
    unknown = ", ".join(learners.submission[learners.in_class == ""])
    waits = sum(answers.state == WAITS)
    messages = {
        f"{CLASS}, without a submission: {missing}": missing,
        f"Not in {CLASS}: {unknown}": keys and unknown,
        f"Answers to confirm: {waits}. Write yes or no into the last column of {WAITING}": waits,
    }
    return [message for message, is_needed in messages.items() if is_needed]


def _identify_rows(waiting: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    keys = waiting[["file_digest", "submission", "exercise"]].map(_escape_formulas)
    return keys.itertuples(index=False, name=None)


def _tabulate_answers(learners: pd.DataFrame, *, has_keys: bool) -> pd.DataFrame:
    """Tabulate the verdicts. If the class has keys, an answer needs the key of its learner."""
    lines = []
    for k, learner in learners.iterrows():
        for name, verdict in learner.verdicts.items():
            exercise = exercise_named(name)
            state, why, given = verdict.state, verdict.message, verdict.variant
            if has_keys and exercise.vary and state in COUNTS and given != learner.key:
                state, key = "wrong variant", learner.key or "missing in the class list"
                why = f"answered for {given or 'no variant'}, but the learner's key is {key}"
            lines.append((k, name, f"{name} {exercise.title}", exercise.stars, state, why))
    answers = pd.DataFrame(lines, columns=["row", "name", "exercise", "points", "state", "why"])
    return answers.join(learners[["learner", "submission", "file_digest"]], on="row")


def _tabulate_grades(learners: pd.DataFrame, answers: pd.DataFrame, notebook: int) -> pd.DataFrame:
    """Tabulate the grades for ``grades.csv``, one row per learner."""
    parts = ["platform_id", "learner", "submission", "status"]
    grades = learners[parts].copy()
    for column, state in {"points": "right", "waiting": WAITS}.items():
        points = answers[answers.state == state].groupby("row").points.sum()
        grades[column] = points.reindex(grades.index, fill_value=0)
    exercises = exercises_in(notebook)
    grades["of_points"] = sum(exercise.stars for exercise in exercises)
    for exercise in exercises:
        lines = answers[answers.name == exercise.name].set_index("row")
        grades[exercise.name] = lines.state
        grades[f"{exercise.name} why"] = lines.why.where(lines.state != "right", "")
    return grades.fillna("")


def _tabulate_mistakes(answers: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the mistakes in each exercise, the most frequent first, with their submissions."""
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
        **dict.fromkeys(["SIS User ID", "SIS Login ID", "Section"], ""),
        "MADE": [most, *grades.points],
    }
    write_csv(out / "canvas.csv", pd.DataFrame(canvas), "utf-8")
    moodle = {
        "Identifier": [f"Participant {number}" if number else "" for number in grades.platform_id],
        "Full name": grades.learner,
        "ID number": "",
        "Grade": grades.points,
        "Maximum Grade": most,
        "Last modified (grade)": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    write_csv(out / "moodle.csv", pd.DataFrame(moodle), "utf-8")


def write_csv(path: Path, table: pd.DataFrame, encoding: str = "utf-8-sig") -> None:
    """Write a table in which each text is in quotes and on one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = table.map(_escape_formulas).to_csv(index=False, quoting=csv.QUOTE_ALL)
    path.write_text(text, encoding, newline="")


def _escape_formulas(cell: object) -> object:
    """Return a text on one line, with ' before each part that a spreadsheet takes for a formula.

    Example:
        >>> _escape_formulas("=1"), _escape_formulas("x; ＝1"), _escape_formulas("a - b")
        ("'=1", "x; '＝1", 'a - b')
    """
    return _FORMULA.sub(r"\1\2'", clean(cell)) if isinstance(cell, str) else cell
