"""What is found about an exercise and a hand-in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from ..checking.examine import examine
from ..checking.exercise import Exercise, Wrong

_ALL = [exercise for number in NOTEBOOKS for exercise in exercises_in(number)]
OPEN = tuple(exercise.name for exercise in _ALL if exercise.is_open)
INSIDE = tuple(exercise.name for exercise in _ALL if exercise.is_inside)
"""Modules whose parts the check reads and changes: judged in the process of the hand-in itself."""
MOST_WORDS = 1000
"""Characters that are said about an exercise: some of them may come from the hand-in."""


WAITS = "waits"
"""The state of what would be right, if an instructor finds no fault with it."""
FORGEABLE = "right, as the hand-in's own process says, which can forge it"
ALIKE = "step by step the course's solution"


@dataclass
class Verdict:
    """What was found about one exercise of one hand-in."""

    state: str
    words: str = ""
    nats: float | None = None
    variant: str | None = None
    alike: bool = False

    def __post_init__(self) -> None:
        self.words = self.words[:MOST_WORDS]

    @property
    def is_of_the_clock(self) -> bool:
        """Whether time decided, which a busy computer may have taken."""
        return self.state == "stopped" or self.words.startswith("it was stopped")


@dataclass
class Row:
    """What was found about one notebook of one learner."""

    learner: str = ""
    hand_in: str = ""
    notebook: str = ""
    word: str = "graded"
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    look_at: list[str] = field(default_factory=list)
    text: str = ""  # a digest of the code, without words of variants
    content: str = ""  # a digest of the file
    path: str = ""  # of the file in the folder, the bytes of its name in hexadecimal
    when: float = 0  # it was last changed
    late: str = ""
    platform_id: str = ""
    school_id: str = ""
    theirs: str = ""  # the word of the variant that they should have

    @property
    def right(self) -> int:
        """How many exercises are right."""
        return sum(verdict.state == "right" for verdict in self.verdicts.values())

    def points(self, *states: str) -> int:
        """The stars of the exercises in some states; of all exercises, if none is given."""
        stars = {n: exercise_named(n).stars for n in self.verdicts}
        return sum(stars[n] for n, v in self.verdicts.items() if not states or v.state in states)


def examined(exercise: Exercise, answer: object) -> Verdict:
    """The verdict of the check."""
    try:
        said = examine(exercise, answer)
        verdict = Verdict("right", said)
    except Wrong as wrong:
        lines = {"tried": wrong.tried, "expected": wrong.expected, "came": wrong.came}
        report = "; ".join(f"{label} {text}" for label, text in lines.items() if text)
        verdict = Verdict("wrong", f"{wrong.cause} ({report})" if report else wrong.cause)
        said = wrong.came
    # a score stands first; a name that the hand-in has chosen may stand further on
    if exercise.name in OPEN and (found := re.match(r"(-?\d+\.\d+) (?:differential )?nats", said)):
        verdict.nats = float(found[1])
        if verdict.state == "right" and verdict.nats < exercise.doubtful:
            verdict.state = WAITS
            verdict.words = f"better than {exercise.doubtful:g} nats, which nobody reached: {said}"
    return verdict
