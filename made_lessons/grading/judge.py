"""Judge one submission, without running any of its code."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ..checking import time_limits
from ..checking.catalogue import exercise_named, exercises_in
from ..checking.exercise import Exercise
from .limits import limit_memory, limit_time
from .remote import Disconnected, Submission
from .sandbox import sandbox
from .verdicts import COURSES_OWN, FORGEABLE, WAITS, Verdict, verdict_on

SECONDS, OPEN_SECONDS = 300, 1_800  # real time of a cell, without or with an open exercise
ALL_CELLS = 4  # real time of all cells, as a multiple of the time of one cell
_CHECK = re.compile(r"\bcheck\(\s*[\"'](\d+\.\d+)[\"']")
_EARN_NOTHING = ("not attempted", "unfinished", "failed")  # states that a submission may report
_STOPPED = (
    "no verdict: the submission ran out of time or memory, left its process, or sent unreadable "
    "data"
)


def main() -> None:
    """Judge a notebook, and print the verdicts. The arguments are the file and its number."""
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
    cells = cells_of(content)
    checked = [checks_in(cell) & {*exercises} for cell in cells]
    if not any(checked):
        raise ValueError(f"another notebook: it has no check of notebook {number:02d}")
    seconds = OPEN_SECONDS if any(e.is_open for e in exercises.values()) else SECONDS
    found: dict[str, Verdict] = {}
    cell = None
    with sandbox(seconds=ALL_CELLS * seconds) as connection, suppress(Disconnected):
        submission = Submission(connection)
        submission.send(cells=cells, names=[*exercises], seconds=seconds)
        while message := submission.receive():
            if "cell" in message:
                cell = message["cell"]
            elif "name" in message:
                if exercise := exercises.get(message["name"]):
                    found[exercise.name] = verdict_from(message, exercise)
                submission.send()
            else:  # the cell has raised an error
                for name in checked[cell]:
                    found.setdefault(name, verdict_from(message, exercises[name]))
        cell = len(cells)
    if cell is None:
        raise ChildProcessError("the sandbox has not started")
    for k, names in enumerate(checked):
        not_reached = Verdict("failed", "the check was not reached")
        for name in names:
            found.setdefault(name, Verdict("stopped", _STOPPED) if k == cell else not_reached)
    return {name: found.get(name) or Verdict("no check") for name in exercises}


def cells_of(content: bytes) -> list[str]:
    """Return the sources of the code cells of a notebook.

    Raises:
        ValueError: if the content is not a notebook.
    """
    try:
        cells = json.loads(content)["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ValueError(f"not a notebook ({type(error).__name__}: {error})"[:200]) from None


def checks_in(source: str) -> set[str]:
    """Return the names of the exercises that a cell checks."""
    return {*_CHECK.findall(source)}


def verdict_from(message: Mapping[str, object], exercise: Exercise) -> Verdict:
    """Return the verdict on an answer or an error, from the submission's message about it."""
    variant = message.get("variant")
    variant = None if variant is None else str(variant)[:100]
    state, words = message.get("state"), str(message.get("message", ""))
    if "answer" in message:
        verdict = verdict_on(exercise_named(exercise.name, variant), message["answer"])
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
