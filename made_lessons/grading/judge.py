"""Judge one submission, without running any of its code."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..checking import time_limits
from ..checking.catalogue import exercise_named, exercises_in
from ..checking.examine import examine
from ..checking.exercise import Exercise, WrongAnswer
from .remote import CoursesOwn, Disconnected, SubmissionConnection
from .sandbox import limit_memory, limit_time, sandbox

SECONDS = 300  # limit for each cell, in real time
OPEN_SECONDS = 1_800  # the same limit in a notebook with an open exercise
ALL_CELLS = 4  # limit for all cells together, as a multiple of the limit for one cell
MOST_LETTERS = 1_000  # largest length of a message, which may contain text of a submission
WAITS = "waits"  # the state of an answer that counts if the instructor confirms it
COUNTS = ("right", WAITS)
COURSES_OWN = "the course's own answer, or code that no cell defines: 0 points unless confirmed"
FORGEABLE = "right, but the submission's own process says so and could have forged it"
_CHECK = re.compile(r"\bcheck\(\s*[\"'](\d+\.\d+)[\"']")
_EARN_NOTHING = ("not attempted", "unfinished", "failed")  # states that a submission may report
_STOPPED = (
    "no verdict: the submission ran out of time or memory, left its process, or sent unreadable "
    "data"
)


@dataclass
class Verdict:
    """The result of one exercise of one submission.

    Args:
        state: state of the answer, such as ``"right"``; docs/grading.md lists all states.
        message: the cause of a mistake, or a sentence about a right answer.
        variant: the variant key in the check, or an empty text.
    """

    state: str
    message: str = ""
    variant: str = ""

    def __post_init__(self) -> None:
        self.message = self.message[:MOST_LETTERS]


def main() -> None:
    """Judge a notebook, given its file and number as arguments, and print the verdicts."""
    path, number = sys.argv[1:]
    limit_memory()  # the judge computes with tensors that the submission sends
    limit_time()  # torch.load can make a set of numbers that share a hash, which takes hours
    time_limits.PATIENCE = 20  # several submissions run at the same time
    try:
        verdicts = judge(Path(path).read_bytes(), int(number))
    except ValueError as why:
        sys.exit(str(why))
    print(json.dumps({name: asdict(verdict) for name, verdict in verdicts.items()}))


def judge(content: bytes, number: int) -> dict[str, Verdict]:
    """Run a notebook in a sandbox, and return the verdict on each exercise.

    Args:
        content: bytes of the notebook's file.
        number: number of the notebook whose exercises are judged.

    Raises:
        ValueError: if the content is not a notebook with a check of these exercises.
    """
    exercises = {exercise.name: exercise for exercise in exercises_in(number)}
    cells = read_cells(content)
    checked = [find_checks(cell) & {*exercises} for cell in cells]
    if not any(checked):
        raise ValueError(f"another notebook: it has no check of notebook {number:02d}")
    seconds = OPEN_SECONDS if any(e.is_open for e in exercises.values()) else SECONDS
    found: dict[str, Verdict] = {}
    cell = -1
    # a submission may send anything, so any error ends only its own run
    with sandbox(seconds=ALL_CELLS * seconds) as connection, suppress(Exception, Disconnected):
        submission = SubmissionConnection(connection)
        submission.send(cells=cells, names=[*exercises], seconds=seconds)
        while message := submission.receive():
            if "begins" in message:
                cell += 1
            elif "name" in message:
                if exercise := exercises.get(message["name"]):
                    found[exercise.name] = judge_message(message, exercise)
                submission.send()
            else:  # the cell has raised an error
                for name in checked[cell]:
                    found.setdefault(name, judge_message(message, exercises[name]))
        cell = len(cells)
    if cell < 0:
        raise ChildProcessError("the sandbox has not started")
    for k, names in enumerate(checked):
        not_reached = Verdict("failed", "the check was not reached")
        for name in names:
            found.setdefault(name, Verdict("stopped", _STOPPED) if k == cell else not_reached)
    return {name: found.get(name) or Verdict("no check") for name in exercises}


def read_cells(content: bytes) -> list[str]:
    """Return the sources of the code cells of a notebook.

    Raises:
        ValueError: if the content is not a notebook.
    """
    try:
        cells = json.loads(content)["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ValueError(f"not a notebook ({type(error).__name__}: {error})"[:200]) from None


def find_checks(source: str) -> set[str]:
    """Return the names of the exercises that a cell checks."""
    return {*_CHECK.findall(source)}


def judge_message(message: Mapping[str, object], exercise: Exercise) -> Verdict:
    """Return the verdict on an answer or an error that the submission has sent."""
    variant = str(message.get("variant") or "")[:100]
    state, words = message.get("state"), str(message.get("message", ""))
    if "answer" in message:
        verdict = judge_answer(exercise_named(exercise.name, variant or None), message["answer"])
    elif state == "own":
        verdict = Verdict(WAITS, COURSES_OWN)
    elif state == "right" and exercise.is_inspected:
        verdict = Verdict(WAITS, FORGEABLE)
    elif state in _EARN_NOTHING or (state == "wrong" and exercise.is_inspected):
        verdict = Verdict(state, words)
    else:
        raise Disconnected
    verdict.variant = variant
    return verdict


def judge_answer(exercise: Exercise, answer: object) -> Verdict:
    """Check an answer, which may be in another process, and return the verdict."""
    try:
        message = examine(exercise, answer)
    except WrongAnswer as wrong:
        lines = {"tried": wrong.tried, "expected": wrong.expected, "got": wrong.got}
        report = "; ".join(f"{label} {text}" for label, text in lines.items() if text)
        return Verdict("wrong", f"{wrong.cause} ({report})" if report else wrong.cause)
    except CoursesOwn:
        return Verdict(WAITS, COURSES_OWN)
    # only the score at the start is used, because the rest may contain text of the submission
    score = re.match(r"(-?\d+\.\d+) (?:differential )?nats", message)
    if exercise.is_open and score and float(score[1]) < exercise.doubtful_below:
        why = f"better than {exercise.doubtful_below:g} nats, which nobody has reached"
        return Verdict(WAITS, f"{why}: {message}")
    return Verdict("right", message)
