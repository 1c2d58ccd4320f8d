"""The results of grading, for one exercise and for one submission."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..checking.examine import examine
from ..checking.exercise import Exercise, WrongAnswer
from .remote import CoursesOwn

MOST_LETTERS = 1_000  # largest length of a message, which may contain text of a submission
WAITS = "waits"  # the state of an answer that counts if the instructor confirms it
COUNTS = ("right", WAITS)
COURSES_OWN = "the course's own answer, or code that no cell defines: 0 points"
FORGEABLE = "right, but the submission's own process says so and could have forged it"


@dataclass
class Verdict:
    """The result of one exercise of one submission.

    Args:
        state: such as ``"right"`` or ``"wrong"``; docs/grading.md lists all states.
        message: the cause of a mistake, or a sentence about a right answer.
        variant: the variant key in the check.
    """

    state: str
    message: str = ""
    variant: str | None = None

    def __post_init__(self) -> None:
        self.message = self.message[:MOST_LETTERS]


@dataclass
class Row:
    """The result of one learner's submission."""

    learner: str = ""
    submission: str = ""  # path of the file in the folder, as a printable text
    path: str = ""  # the same path, with its original characters
    platform_id: str = ""
    status: str = ""  # "graded", or why the submission is not graded
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    file_digest: str = ""


def verdict_on(exercise: Exercise, answer: object) -> Verdict:
    """Check an answer, which may be in another process, and return the verdict."""
    try:
        message = examine(exercise, answer)
    except WrongAnswer as wrong:
        lines = {"tried": wrong.tried, "expected": wrong.expected, "got": wrong.got}
        report = "; ".join(f"{label} {text}" for label, text in lines.items() if text)
        return Verdict("wrong", f"{wrong.cause} ({report})" if report else wrong.cause)
    except CoursesOwn:
        return Verdict(WAITS, COURSES_OWN)
    # reads only the score at the start, because the rest may contain names from the submission
    score = re.match(r"(-?\d+\.\d+) (?:differential )?nats", message)
    if exercise.is_open and score and float(score[1]) < exercise.doubtful_below:
        why = f"better than {exercise.doubtful_below:g} nats, which nobody has reached"
        return Verdict(WAITS, f"{why}: {message}")
    return Verdict("right", message)
