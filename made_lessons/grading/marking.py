"""What becomes of verdicts by what a teacher knows: ids, words of variants, a deadline, a look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from ..checking.catalogue import exercise_named
from .folder import IDS, LOOKED_AT, WORDS, Listed, lines_of, one_each, without_copy
from .own import COURSES_OWN
from .verdicts import WAITS, Row, Verdict

YES, NO = "yes", "no"
"""What an instructor writes in the last column of what waits for a look."""
NOTHING = "nothing handed in"


class Marking:
    """What an instructor says of a class.

    Args:
        ids: of a school.
        words: of the variants that learners should have answered.
        out: the folder of the tables, where what was looked at is said.
        deadline: from when on a hand-in is late.
    """

    def __init__(self, ids: Listed, words: Listed, out: Path, deadline: datetime | None) -> None:
        self.ids, self.words, self.deadline = ids, words, deadline
        lines = lines_of(out / LOOKED_AT)
        self.looked = {(line[0], line[3]): line[-1].strip().lower() for line in lines[1:]}
        self.waiting: list[tuple[object, ...]] = []
        self.unknown: dict[str, list[str]] = {}

    def marked(self, rows: Sequence[Row], *, nameless: bool) -> list[Row]:
        """The rows of the tables: one for each learner and notebook, and who handed in nothing."""
        rows = [
            replace(
                row, school_id=self.ids.of(row), theirs=self.words.of(row), look_at=[*row.look_at]
            )
            for row in rows
        ]
        lists = {IDS: (self.ids, "school_id"), WORDS: (self.words, "theirs")}
        self.unknown = {
            file: [row.hand_in for row in rows if not getattr(row, of)]
            for file, (known, of) in lists.items()
            if known.lines
        }
        absent = dict.fromkeys([*self.ids.nobody(), *self.words.nobody()])
        rows += [Row(name, word=NOTHING, school_id=self.ids.lines.get(name, "")) for name in absent]
        rows = one_each(_without_names(rows) if nameless else rows)
        for row in rows:
            row.verdicts = dict(self._verdicts(row))
            late = self.deadline and datetime.fromtimestamp(row.when or 0) - self.deadline
            if late and late > timedelta(0):
                row.late = str(late).partition(".")[0]
        _name_equals(rows)
        return sorted(rows, key=lambda row: (row.learner, row.platform_id, row.notebook))

    def _verdicts(self, row: Row) -> Iterator[tuple[str, Verdict]]:
        for name, verdict in row.verdicts.items():
            exercise = exercise_named(name)
            is_asked = exercise.vary is not None and bool(self.words.lines)
            counts = verdict.state in ("right", WAITS) and verdict.words != COURSES_OWN
            if is_asked and counts and verdict.variant != row.theirs:
                said = f"answered for {verdict.variant or 'no word'}, and the word is {row.theirs}"
                verdict = replace(verdict, state="wrong word", words=said)
            if verdict.state == WAITS:
                looked = self.looked.get((row.content, name), "")
                who = row.content, row.learner, row.hand_in
                self.waiting.append((*who, name, exercise.stars, verdict.words, looked))
                state = {YES: "right", NO: "wrong"}.get(looked, WAITS)
                verdict = replace(verdict, state=state)
            yield name, verdict

    def said(self) -> Iterator[str]:
        """What an instructor should hear at the end."""
        for file, known in ((IDS, self.ids), (WORDS, self.words)):
            if nobody := known.nobody():
                yield f"{file}, matched by no hand-in: {', '.join(nobody)}"
        for file, names in self.unknown.items():
            if names:
                yield f"Not in {file}: {', '.join(names)}"
        if count := sum(line[-1] not in (YES, NO) for line in self.waiting):
            yield f"{count} answers wait for your look: write yes or no behind them in {LOOKED_AT}"


def _without_names(rows: Sequence[Row]) -> list[Row]:
    """Rows with numbers in place of names, which say nothing of the alphabet."""
    stems = sorted({(without_copy(row.learner), row.platform_id) for row in rows}, key=hash)
    numbers = {stem: k for k, stem in enumerate(stems, 1)}
    renamed: list[Row] = []
    for row in rows:
        stem = without_copy(row.learner)
        learner = f"learner {numbers[stem, row.platform_id]}{row.learner.removeprefix(stem)}"
        file = f"file {1 + sum(other.learner == learner for other in renamed)}"
        hand_in = f"{learner}, {file}" if row.hand_in else ""
        renamed.append(replace(row, learner=learner, hand_in=hand_in, platform_id=""))
    return renamed


def _name_equals(rows: Sequence[Row]) -> None:
    """Say of rows of equal code whose it is, too."""
    of_text: dict[str, list[Row]] = {}
    for row in rows:
        if row.text and row.points("right", WAITS):
            of_text.setdefault(row.text, []).append(row)
    for equal in of_text.values():
        for row in equal:
            if others := [other.hand_in for other in equal if other is not row]:
                row.look_at.append(f"the same code as {', '.join(others)}")
