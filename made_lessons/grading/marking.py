"""Points by what an instructor knows: ids, variants, and answers that were looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from .folder import LOOKED_AT, Listed, lines_of
from .verdicts import COURSES_OWN, WAITS, Row, Verdict

_LOOKED = {"yes": "right", "no": "wrong"}
"""What an instructor writes into the last column of the answers that wait, and their state then."""


class Marking:
    """What an instructor says of a class.

    Args:
        ids: a school's own number per learner.
        variants: the variant that each learner was given.
        out: the folder of the tables, in which a list says what was looked at.
    """

    def __init__(self, ids: Listed, variants: Listed, out: Path) -> None:
        self.ids, self.variants = ids, variants
        # an exercise has its title there, because a spreadsheet would take 3.1 alone for a day
        self.looked = {
            (line[0], line[3].partition(" ")[0]): line[-1].strip().lower()
            for line in lines_of(out / LOOKED_AT)[1:]
            if len(line) > 3
        }
        self.waiting: list[tuple[object, ...]] = []

    def marked(self, rows: Sequence[Row], *, nameless: bool) -> list[Row]:
        """Return the rows of the tables, also for learners who submitted nothing."""
        rows = [
            replace(row, school_id=self.ids.of(row), variant=self.variants.of(row)) for row in rows
        ]
        for name in dict.fromkeys([*self.ids.nobody, *self.variants.nobody]):
            school_id = self.ids.lines.get(name, "")
            rows.append(Row(name, status="nothing submitted", school_id=school_id))
        if nameless:  # numbered by hash, which says nothing of the alphabet
            rows.sort(key=lambda row: hash((row.learner, row.place)))
            for k, row in enumerate(rows, 1):
                row.learner, row.platform_id = f"learner {k}", ""
                row.submission = row.submission and row.learner
                row.look_at = [line for line in row.look_at if not line.startswith("also")]
        for row in rows:
            row.verdicts = dict(self._verdicts(row))
        for row in rows:
            row.look_at = [*row.look_at, *_of_equal_code(row, rows)]
        return sorted(rows, key=lambda row: (row.learner, row.platform_id))

    def _verdicts(self, row: Row) -> Iterator[tuple[str, Verdict]]:
        for name, verdict in row.verdicts.items():
            is_asked = verdict.varies and bool(self.variants.lines)
            counts = verdict.state in ("right", WAITS) and verdict.words != COURSES_OWN
            if is_asked and counts and verdict.variant != row.variant:
                given = f"the variant is {row.variant or 'none'}"
                words = f"answered for {verdict.variant or 'no variant'}, but {given}"
                verdict = replace(verdict, state="wrong variant", words=words)
            if verdict.state == WAITS:
                looked = self.looked.get((row.content, name), "")
                who = row.content, row.learner, row.submission
                about = f"{name} {verdict.title}", verdict.stars, verdict.words
                self.waiting.append((*who, *about, looked))
                verdict = replace(verdict, state=_LOOKED.get(looked, WAITS))
            yield name, verdict

    def messages(self) -> Iterator[str]:
        """Yield what an instructor should hear at the end."""
        yield from (*self.ids.messages(), *self.variants.messages())
        if count := sum(line[-1] not in _LOOKED for line in self.waiting):
            yield f"{count} answers wait for you: write yes or no behind them in {LOOKED_AT}"


def _of_equal_code(row: Row, rows: Sequence[Row]) -> Iterator[str]:
    if row.text and row.points("right", WAITS):
        equal = [o.submission for o in rows if o.text == row.text and o is not row]
        if equal:
            yield f"the same code as {', '.join(equal)}"
