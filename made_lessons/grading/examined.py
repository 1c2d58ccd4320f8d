"""The verdict of a check on an answer, and which exercises are judged otherwise."""

from __future__ import annotations

import re

from ..checking.catalogue import NOTEBOOKS, exercises_in
from ..checking.examine import examine
from ..checking.exercise import Exercise, Wrong
from .verdicts import WAITS, Verdict

EXERCISES = [exercise for number in NOTEBOOKS for exercise in exercises_in(number)]
OPEN = tuple(exercise.name for exercise in EXERCISES if exercise.is_open)
INSIDE = tuple(exercise.name for exercise in EXERCISES if exercise.is_inside)
"""Modules whose parts the check reads and changes: judged in the process of the hand-in itself."""


def examined(exercise: Exercise, answer: object) -> Verdict:
    """Return the verdict of the check on an answer."""
    try:
        said = examine(exercise, answer)
        verdict = Verdict("right", said)
    except Wrong as wrong:
        lines = {"tried": wrong.tried, "expected": wrong.expected, "got": wrong.got}
        report = "; ".join(f"{label} {text}" for label, text in lines.items() if text)
        return Verdict("wrong", f"{wrong.cause} ({report})" if report else wrong.cause)
    # the score comes first; a name that the submission has chosen may come later
    found = re.match(r"(-?\d+\.\d+) (?:differential )?nats", said)
    if exercise.is_open and found and float(found[1]) < exercise.doubtful:
        words = f"better than {exercise.doubtful:g} nats, which nobody reached: {said}"
        return Verdict(WAITS, words)
    return verdict
