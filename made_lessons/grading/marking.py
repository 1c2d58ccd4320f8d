"""What becomes of verdicts by what a teacher knows: ids, words of variants, a deadline, a look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from .folder import LOOKED_AT, Listed, lines_of, one_each, without_copy
from .verdicts import COURSES_OWN, WAITS, Row, Verdict

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
        # an exercise has its title there, without which a spreadsheet takes 3.1 for a day
        self.looked = {
            (line[0], line[3].partition(" ")[0]): line[-1].strip().lower()
            for line in lines[1:]
            if len(line) > 3
        }
        self.waiting: list[tuple[object, ...]] = []

    def marked(self, rows: Sequence[Row], *, nameless: bool) -> list[Row]:
        """The rows of the tables: one for each learner and notebook, and who handed in nothing."""
        rows = [replace(r, school_id=self.ids.of(r), theirs=self.words.of(r)) for r in rows]
        absent = dict.fromkeys([*self.ids.nobody(), *self.words.nobody()])
        rows += [Row(name, word=NOTHING, school_id=self.ids.lines.get(name, "")) for name in absent]
        rows = one_each(_without_names(rows) if nameless else rows)
        for row in rows:
            row.verdicts = dict(self._verdicts(row))
            if self.deadline:
                late = datetime.fromtimestamp(row.when).astimezone() - self.deadline.astimezone()
                row.late = str(late).partition(".")[0] if late > timedelta(0) else ""
        _name_equals(rows)
        return sorted(rows, key=lambda row: (row.learner, row.platform_id, row.notebook))

    def _verdicts(self, row: Row) -> Iterator[tuple[str, Verdict]]:
        for name, verdict in row.verdicts.items():
            is_asked = verdict.varies and bool(self.words.lines)
            counts = verdict.state in ("right", WAITS) and verdict.words != COURSES_OWN
            if is_asked and counts and verdict.variant != row.theirs:
                said = f"answered for {verdict.variant or 'no word'}, and the word is {row.theirs}"
                verdict = replace(verdict, state="wrong word", words=said)
            if verdict.state == WAITS:
                looked = self.looked.get((row.content, name), "")
                who = row.content, row.learner, row.hand_in
                exercise = f"{name} {verdict.title}"
                self.waiting.append((*who, exercise, verdict.stars, verdict.words, looked))
                state = {YES: "right", NO: "wrong"}.get(looked, WAITS)
                verdict = replace(verdict, state=state)
            yield name, verdict

    def said(self) -> Iterator[str]:
        """What an instructor should hear at the end."""
        yield from (*self.ids.said(), *self.words.said())
        if count := sum(line[-1] not in (YES, NO) for line in self.waiting):
            yield f"{count} answers wait for your look: write yes or no behind them in {LOOKED_AT}"


def _without_names(rows: Sequence[Row]) -> list[Row]:
    """Rows with numbers in place of names, which say nothing of the alphabet."""
    numbers: dict[tuple[str, str], int] = {}
    renamed = []
    for k, row in enumerate(sorted(rows, key=lambda row: hash((row.learner, row.place))), 1):
        stem = without_copy(row.learner)
        number = numbers.setdefault((stem, row.platform_id), len(numbers) + 1)
        learner = f"learner {number}{row.learner.removeprefix(stem)}"
        hand_in = f"{learner}, file {k}" if row.hand_in else ""
        renamed.append(replace(row, learner=learner, hand_in=hand_in, platform_id=""))
    return renamed


def _name_equals(rows: Sequence[Row]) -> None:
    """Say of rows of equal code whose it is, too."""
    answered = [row for row in rows if row.text and row.points("right", WAITS)]
    for row in answered:
        equal = [o.hand_in for o in answered if o.text == row.text and o is not row]
        if equal:
            row.look_at.append(f"the same code as {', '.join(equal)}")
