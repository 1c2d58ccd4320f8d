"""The results of grading: of an exercise, and of a submission."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..checking.examine import examine
from ..checking.exercise import Exercise, WrongAnswer

MOST_WORDS = 1000  # characters about an exercise, some of which may come from the submission
WAITS = "waits"  # the state of an answer that counts if the instructor confirms it
COUNTS = ("right", WAITS)
COURSES_OWN = "the course's own answer, 0 points"
FORGEABLE = "right, but the submission's own process says so and could have forged it"
ALIKE = "step by step the course's solution"


@dataclass
class Verdict:
    """The result of one exercise of one submission."""

    state: str
    words: str = ""
    variant: str | None = None
    alike: bool = False

    def __post_init__(self) -> None:
        self.words = self.words[:MOST_WORDS]


@dataclass
class Row:
    """The result of one learner's submission."""

    learner: str = ""
    submission: str = ""  # name of the file
    place: str = ""  # path of the file in the folder
    platform_id: str = ""
    notebook: str = ""
    status: str = ""  # "graded", or the reason why it is not
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    look_at: list[str] = field(default_factory=list)
    text: str = ""  # digest of the code, without variant keys
    content: str = ""  # digest of the file


def examined(exercise: Exercise, answer: object) -> Verdict:
    """Return the verdict of the check on an answer."""
    try:
        said = examine(exercise, answer)
    except WrongAnswer as wrong:
        lines = {"tried": wrong.tried, "expected": wrong.expected, "got": wrong.got}
        report = "; ".join(f"{label} {text}" for label, text in lines.items() if text)
        return Verdict("wrong", f"{wrong.cause} ({report})" if report else wrong.cause)
    # the score comes first, because the submission may have chosen names in the text after it
    score = re.match(r"(-?\d+\.\d+) (?:differential )?nats", said)
    if exercise.is_open and score and float(score[1]) < exercise.doubtful_below:
        words = f"better than {exercise.doubtful_below:g} nats, which nobody has reached: {said}"
        return Verdict(WAITS, words)
    return Verdict("right", said)
