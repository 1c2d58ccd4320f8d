"""Judge one submission, without running any of its code."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Thread

from ..checking import time_limits
from ..checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from ..checking.exercise import Exercise
from .notebook import cells_of, checks_in, digest_of
from .remote import Disconnected, Peer
from .sandbox import limit_memory, sandbox
from .verdicts import COURSES_OWN, FORGEABLE, WAITS, Row, Verdict, verdict_on

SECONDS, OPEN_SECONDS = 90, 600  # processor time of a cell, without or with an open exercise
CLOCKS = 3  # largest real time, as a multiple of the processor time
ALL_CELLS = 4  # time for all cells, as a multiple of the time for one cell
MOST_RUNS = 5
_EARN_NOTHING = ("not attempted", "unfinished", "failed")  # states that a submission may report
_STOPPED = (
    "no verdict: the submission ran out of time or memory, left its process, or sent unreadable "
    "data"
)


def main() -> None:
    """Judge a notebook, and print the result. The arguments are ``FILE NOTEBOOK PROTECTED``."""
    path, notebook, protected = sys.argv[1:]
    Thread(target=_end_with_the_command, daemon=True).start()
    limit_memory()  # the judge computes with tensors that the submission sends
    time_limits.PATIENCE = 20  # several submissions run at the same time
    row = judge(Path(path).read_bytes(), notebook, protected == "True")
    print(json.dumps({name: value for name, value in asdict(row).items() if value}))


def _end_with_the_command() -> None:
    os.read(0, 1)  # waits until the command ends, which closes the other end of the pipe
    os._exit(1)


def judge(content: bytes, notebook: str, protected: bool) -> Row:
    """Judge a notebook.

    Args:
        content: bytes of the notebook's file.
        notebook: number of the notebook, or "" for any notebook.
        protected: whether the cells run in bubblewrap's sandbox.
    """
    try:
        cells = cells_of(content)
    except ValueError as why:
        return Row(notebook=notebook, status=str(why))
    names = checks_in("\n".join(cells))
    counts = Counter(name.partition(".")[0].zfill(2) for name in names)
    which = f"notebook {notebook}" if notebook else "this course"
    graded = [f"{number:02d}" for number in NOTEBOOKS[1:]]
    notebook = notebook or max(graded, key=lambda number: counts[number])
    if not counts[notebook]:
        return Row(status=f"another notebook: it has no check of {which}")
    verdicts = _verdicts(cells, exercises_in(int(notebook)), protected)
    return Row(notebook=notebook, status="graded", verdicts=verdicts, code_digest=digest_of(cells))


def _verdicts(
    cells: Sequence[str], exercises: Sequence[Exercise], protected: bool
) -> dict[str, Verdict]:
    """Judge the answers in all cells. If a cell stops the process, run the others without it."""
    found: dict[str, Verdict] = {}
    left = dict(enumerate(cells))
    for _ in range(MOST_RUNS):
        stopped = _run(left, exercises, found, protected)
        if stopped is None:
            break
        for name in checks_in(left.pop(stopped)):
            found.setdefault(name, Verdict("stopped", _STOPPED))
    for name in checks_in("\n".join(cells)):
        found.setdefault(name, Verdict("failed", "the check was not reached"))
    return {
        e.name: found.get(e.name) or Verdict("no check", "no check was found") for e in exercises
    }


def _run(
    cells: Mapping[int, str],
    exercises: Sequence[Exercise],
    found: dict[str, Verdict],
    protected: bool,
) -> int | None:
    """Run cells in a sandbox, and judge the answers.

    Args:
        cells: source of each cell, by number.
        exercises: the exercises to judge.
        found: verdicts by name of the exercise, to which this run adds its verdicts.
        protected: whether the cells run in bubblewrap's sandbox.

    Returns:
        the number of the cell that stopped the process, or None.
    """
    by_name = {exercise.name: exercise for exercise in exercises}
    seconds = max(OPEN_SECONDS if exercise.is_open else SECONDS for exercise in exercises)
    limits = {"seconds": seconds, "clock_seconds": CLOCKS * seconds}
    limits["all_seconds"] = ALL_CELLS * seconds
    cell = None
    clock = CLOCKS * limits["all_seconds"]
    with sandbox(seconds=clock, protected=protected) as line, suppress(Disconnected):
        submission = Peer(line, is_judge=True)
        submission.receive()  # waits until the sandbox has started
        submission.send(cells=cells, names=[*by_name], **limits)
        while message := submission.receive():
            if "cell" in message:
                cell = message["cell"]
            elif "name" in message:
                if exercise := by_name.get(message["name"]):
                    submission.functions.clear()
                    found[exercise.name] = verdict_from(message, exercise)
                submission.send()
            else:  # the cell has raised an error
                for name in checks_in(cells[cell]) & {*by_name}:
                    found.setdefault(name, verdict_from(message, by_name[name]))
        return None
    if cell is None:
        raise ChildProcessError("the sandbox has not started")
    return cell


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
    verdict.variant, verdict.is_copy = variant, bool(message.get("is_copy"))
    return verdict
