"""The judge of one hand-in: a process that knows no other, and runs nothing that comes back."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

import torch

import made_course

from ..checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from ..checking.exercise import Exercise
from ..checking.time_limits import LIMIT_S, TookTooLong, time_limit
from . import inside
from .line import Gone, Lost, Peer
from .own import COURSES_OWN, TheCoursesOwn
from .sandbox import sandbox
from .verdicts import ALIKE, FORGEABLE, INSIDE, OPEN, WAITS, Row, Verdict, examined

SECONDS, OPEN_SECONDS = 30, 600
"""What a process may take of the processor; one that trains a model for an open exercise."""
CLOCK, OPEN_CLOCK = 180, 1_800
"""Seconds that a hand-in may take by the clock, all in all; one that answers an open exercise."""
_RIGHT = ("right", WAITS)
_SURE = (*_RIGHT, "not attempted")
"""What is so whatever else has run in a process."""
_MAY_SAY = ("not attempted", "unfinished")
Ask = Callable[..., tuple[dict[str, object], dict[str, Verdict]]]

# The server from which judges are forked loads this room: what notebooks import is then there.
for _name in made_course.__all__:
    getattr(made_course, _name)
for _number in NOTEBOOKS:
    exercises_in(_number)
torch.manual_seed(0)  # which loads much of torch
gc.freeze()  # a collection in a fork would copy all of it


class Clock:
    """What is left of the time of a hand-in, by the clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.began = seconds, time.monotonic()

    def left(self) -> float:
        """Seconds that are left."""
        return max(self.seconds - (time.monotonic() - self.began), 0)


def judge(content: bytes, notebook: str, protected: bool) -> Row:
    """Judge a notebook.

    An answer that is right among the others' cells is right, and most are: one process finds out.
    Each of the others has a process of its own, which says why it is not.

    Args:
        content: of the file.
        notebook: the number of the one that it should be; empty where it may be any.
        protected: whether in bubblewrap's sandbox.
    """
    clock = Clock(CLOCK)
    ask = partial(_ask, protected, content)
    graded = [int(notebook)] if notebook else NOTEBOOKS[1:]
    closed = [name for number in graded for name in _names(number) if name not in OPEN]
    has, verdicts = ask(closed, SECONDS, clock.left() / 3)
    if "checks" not in has:
        why = has.get("failed", "out of time or memory")
        return Row(notebook=notebook, word=f"it could not be read: {why}"[:200])
    notebook = notebook or _most_likely(has["checks"])
    names = _names(int(notebook)) if notebook else []
    answered = [name for name in names if name in has["checks"]]
    if not answered:
        which = f"notebook {notebook}" if notebook else "this course"
        return Row(notebook=notebook, word=f"another notebook: it has no check of {which}")
    if any(name in OPEN for name in answered):
        clock.seconds = OPEN_CLOCK
    verdicts = {name: verdicts[name] for name in answered if name in verdicts}
    verdicts |= _one_by_one(ask, answered, verdicts, clock)
    verdicts |= _right_where_all_cells_run(ask, verdicts, clock)
    look_at = [*has["look_at"], *(f"{name}: {ALIKE}" for name, v in verdicts.items() if v.alike)]
    gone = 'no check of it was found: write check("{}", …) on a line of its own'
    verdicts = {n: verdicts.get(n, Verdict("no check", gone.format(n))) for n in names}
    text = str(has["text"])[:16]
    return Row(notebook=notebook, verdicts=verdicts, look_at=look_at, text=text)


def _names(number: int) -> list[str]:
    return [exercise.name for exercise in exercises_in(number)]


def _most_likely(names: Iterable[str]) -> str:
    """The notebook that most of the checks belong to; empty if none does."""
    numbers = [name.partition(".")[0] for name in sorted(names)]
    graded = [str(number) for number in NOTEBOOKS[1:]]
    known = [number for number in numbers if number in graded]
    return max(known, key=known.count).zfill(2) if known else ""


def _one_by_one(
    ask: Ask, names: Sequence[str], verdicts: dict[str, Verdict], clock: Clock
) -> dict[str, Verdict]:
    """What a process of its own finds of each answer that is not known to be right."""
    found = {}
    doubtful = [n for n in names if n not in verdicts or verdicts[n].state not in _SURE]
    for k, name in enumerate(doubtful):
        if name in verdicts and verdicts[name].is_of_the_clock:
            continue
        # each has its part of what is left, and so has the run of all cells
        share = clock.left() / (len(doubtful) - k + 1)
        _, alone = ask([name], OPEN_SECONDS if name in OPEN else SECONDS, share)
        found[name] = alone.get(name) or verdicts.get(name) or _stopped(clock)
        if found[name].words == COURSES_OWN:
            found[name].state = WAITS
    return found


def _stopped(clock: Clock) -> Verdict:
    return Verdict(
        "stopped",
        f"no verdict: out of time (a hand-in has {clock.seconds} s by the clock) or memory, or the "
        "hand-in left its process, or said what cannot be read",
    )


def _right_where_all_cells_run(
    ask: Ask, verdicts: dict[str, Verdict], clock: Clock
) -> dict[str, Verdict]:
    """What else is right where nothing is left out: an answer may need more than can be seen."""
    doubtful = {
        name: verdict
        for name, verdict in verdicts.items()
        # one that was stopped would stop the others
        if verdict.state not in _SURE and not verdict.is_of_the_clock
    }
    if not doubtful:
        return {}
    _, found = ask([*doubtful], 2 * SECONDS, clock.left(), every_cell=True)
    return {name: verdict for name, verdict in found.items() if verdict.state in _RIGHT}


def _ask(
    protected: bool,
    content: bytes,
    names: Sequence[str],
    seconds: int,
    by_the_clock: float,
    *,
    every_cell: bool = False,
) -> tuple[dict[str, object], dict[str, Verdict]]:
    """Have a process of the hand-in read it, run it and answer, in a place where none was before.

    Returns:
        what it has, and the verdicts of some exercises up to the one that ends it.
    """
    has, verdicts = {}, {}
    how = {"content": content, "names": names, "every_cell": every_cell, "seconds": by_the_clock}
    work = partial(inside.work, **how)
    with sandbox(protected=protected) as start, start(work, seconds) as line, suppress(Gone):
        peer = Peer(line, by_the_clock, is_judge=True)
        has = peer.receive()
        handed_over = peer.receive()
        for name in names:
            if name in has["checks"]:
                verdicts[name] = _verdict(name, handed_over, peer)
    return has, verdicts


def _verdict(name: str, handed_over: dict[str, object], peer: Peer) -> Verdict:
    """The verdict on the last answer to an exercise, or on an earlier one that is right."""
    if "failed" in handed_over:
        return _of_answer(name, handed_over, peer)
    answers = handed_over.get(name)
    if not isinstance(answers, list) or not answers:
        return Verdict("failed", "the check was not reached")
    verdicts = []
    for answer in answers[: inside.MOST_TRIES]:
        verdicts.append(_of_answer(name, answer, peer))
        if verdicts[-1].state in _RIGHT:
            return verdicts[-1]
    return verdicts[0]


def _of_answer(name: str, said: object, peer: Peer) -> Verdict:
    if not isinstance(said, dict):
        raise Gone
    if "failed" in said:
        return Verdict("failed", str(said["failed"]))
    variant = said.get("variant")
    variant = None if variant is None else str(variant)[:100]
    if said.get("state") == "own":
        verdict = Verdict(WAITS, COURSES_OWN)
    elif said.get("state") == "right" and name in INSIDE:
        verdict = Verdict(WAITS, FORGEABLE)
    elif said.get("state") in (*_MAY_SAY, *(("wrong",) if name in INSIDE else ())):
        verdict = Verdict(said["state"], str(said.get("words", "")))
    elif "lost" in said:
        verdict = Verdict("failed", f"its answer could not be carried over: {said['lost']}")
    else:
        verdict = _judged(exercise_named(name, variant), said.get("answer", {}), peer)
    verdict.variant, verdict.alike = variant, bool(said.get("alike"))
    return verdict


def _judged(exercise: Exercise, answer: object, peer: Peer) -> Verdict:
    try:
        with time_limit(LIMIT_S):
            decoded = peer.decode(answer)
    except (Exception, TookTooLong) as error:  # whatever the hand-in's process has sent
        raise Gone from error
    peer.of = exercise.name
    try:
        return examined(exercise, decoded)
    except TheCoursesOwn:
        return Verdict(WAITS, COURSES_OWN)
    except Lost as why:
        return Verdict("failed", f"its answer could not be carried over: {why}")
