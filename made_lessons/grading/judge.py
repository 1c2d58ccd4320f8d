"""The judge of one hand-in: a process that knows no other, and runs nothing that comes back."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import torch

import made_course

from ..checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from ..checking.exercise import Exercise
from ..checking.time_limits import LIMIT_S, TookTooLong, time_limit
from . import inside
from .examined import INSIDE, OPEN, examined
from .line import Gone, Lost, Peer
from .own import TheCoursesOwn
from .sandbox import sandbox
from .verdicts import ALIKE, COURSES_OWN, FORGEABLE, NEVER_ENDS, WAITS, Row, Verdict

SECONDS, OPEN_SECONDS = 30, 600
"""What a process may take of the processor; one that trains a model for an open exercise."""
CLOCK, OPEN_CLOCK = 180, 1_800
"""Seconds that a hand-in may take by the clock, all in all; one that answers an open exercise."""
_RIGHT = ("right", WAITS)
_SURE = (*_RIGHT, "not attempted")
"""What is so whatever else has run in a process."""
_MAY_SAY = ("not attempted", "unfinished", "failed")
Ask = Callable[..., tuple[dict[str, object], dict[str, Verdict]]]

# The server from which judges are forked loads this room: what notebooks import is then there.
for _name in made_course.__all__:
    getattr(made_course, _name)
torch.manual_seed(0)  # which loads much of torch
gc.freeze()  # a collection in a fork would copy all of it


def judge(content: bytes, notebook: str, protected: bool) -> Row:
    """Judge a notebook.

    An answer that is right among the others' cells is right, and most are: one process finds out.
    Each of the others has a process of its own, which says why it is not.

    Args:
        content: of the file.
        notebook: the number of the one that it should be; empty where it may be any.
        protected: whether in bubblewrap's sandbox.
    """
    began = time.monotonic()
    ask = partial(_ask, protected, content)
    graded = [int(notebook)] if notebook else NOTEBOOKS[1:]
    closed = [e.name for number in graded for e in exercises_in(number) if not e.is_open]
    has, verdicts = ask(closed, SECONDS, CLOCK / 3)
    if "checks" not in has:
        why = has.get("failed", "out of time or memory")
        return Row(notebook=notebook, word=f"it could not be read: {why}"[:200])
    notebook = notebook or _most_likely(has["checks"])
    exercises = exercises_in(int(notebook)) if notebook else ()
    answered = [e.name for e in exercises if e.name in has["checks"]]
    if not answered:
        which = f"notebook {notebook}" if notebook else "this course"
        return Row(notebook=notebook, word=f"another notebook: it has no check of {which}")
    clock = OPEN_CLOCK if any(name in OPEN for name in answered) else CLOCK
    verdicts = {name: verdicts.get(name, _stopped(clock)) for name in answered}
    _look_again(ask, verdicts, lambda: max(began + clock - time.monotonic(), 0))
    look_at = [*has["look_at"], *(f"{name}: {ALIKE}" for name, v in verdicts.items() if v.alike)]
    verdicts = {e.name: _of_exercise(e, verdicts.get(e.name)) for e in exercises}
    text = str(has["text"])[:16]
    return Row(notebook=notebook, verdicts=verdicts, look_at=look_at, text=text)


def _of_exercise(exercise: Exercise, verdict: Verdict | None) -> Verdict:
    """What was found, with what tables say of the exercise."""
    gone = f'no check of it was found: write check("{exercise.name}", …) on a line of its own'
    about = {"title": exercise.title, "stars": exercise.stars, "varies": exercise.vary is not None}
    return replace(verdict or Verdict("no check", gone), **about)


def _most_likely(names: Iterable[str]) -> str:
    """The notebook that most of the checks belong to; empty if none does."""
    numbers = [name.partition(".")[0] for name in sorted(names)]
    graded = [str(number) for number in NOTEBOOKS[1:]]
    known = [number for number in numbers if number in graded]
    return max(known, key=known.count).zfill(2) if known else ""


def _look_again(ask: Ask, verdicts: dict[str, Verdict], left: Callable[[], float]) -> None:
    """Try what is not known to be right alone, and what is not right there among all cells.

    An answer may need more than can be seen. One that was stopped would stop the others.
    """
    doubtful = _but(verdicts, *_SURE)
    for k, name in enumerate(doubtful):
        # each has its part of what is left, and so has the run of all cells
        share = left() / (len(doubtful) - k + 1)
        verdicts |= ask([name], OPEN_SECONDS if name in OPEN else SECONDS, share)[1]
    if doubtful := _but(verdicts, *_SURE, "stopped"):
        _, found = ask(doubtful, 2 * SECONDS, left(), every_cell=True)
        verdicts |= {name: verdict for name, verdict in found.items() if verdict.state in _RIGHT}


def _but(verdicts: dict[str, Verdict], *states: str) -> list[str]:
    """Exercises in other states, but for answers that never end."""
    found = {n: v for n, v in verdicts.items() if v.state not in states}
    return [name for name, verdict in found.items() if not verdict.words.startswith(NEVER_ENDS)]


def _stopped(clock: int) -> Verdict:
    return Verdict(
        "stopped",
        f"no verdict: out of time (a hand-in has {clock} s by the clock) or memory, or the "
        "hand-in left its process, or said what cannot be read",
    )


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
    work = partial(inside.work, content=content, names=names, every_cell=every_cell)
    with sandbox(protected=protected) as start, start(work, seconds) as line, suppress(Gone):
        peer = Peer(line, by_the_clock, is_judge=True)
        has = peer.receive()
        handed_over = peer.receive()
        for name in names:
            if name in has["checks"]:
                verdicts[name] = _verdict(name, handed_over.get(name), peer)
    return has, verdicts


def _verdict(name: str, answers: object, peer: Peer) -> Verdict:
    """The verdict on what is said first, or on an answer that is right."""
    if not isinstance(answers, list) or not answers:
        return Verdict("failed", "the check was not reached")
    verdicts = []
    for said in answers[: inside.MOST_TRIES]:
        verdicts.append(_of_answer(name, said, peer))
        if verdicts[-1].state in _RIGHT:
            return verdicts[-1]
    return verdicts[0]


def _of_answer(name: str, said: object, peer: Peer) -> Verdict:
    if not isinstance(said, dict):
        raise Gone
    variant = said.get("variant")
    variant = None if variant is None else str(variant)[:100]
    state, words = said.get("state"), str(said.get("words", ""))
    if state == "own":
        verdict = Verdict(WAITS, COURSES_OWN)
    elif state == "right" and name in INSIDE:
        verdict = Verdict(WAITS, FORGEABLE)
    elif state in _MAY_SAY or (state == "wrong" and name in INSIDE):
        verdict = Verdict(state, words)
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
        return Verdict("failed", str(why))
