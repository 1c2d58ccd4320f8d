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
