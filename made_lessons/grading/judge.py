"""The judge of one hand-in: a process that knows no other, and runs nothing that comes back."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

import torch

import made_course

from ..checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from ..checking.time_limits import LIMIT_S, TookTooLong, time_limit
from . import inside
from .line import Gone, Peer
from .sandbox import Start, limit_memory, sandbox
from .verdicts import INSIDE, OPEN, Row, Verdict, examined

SECONDS, ALL_SECONDS, OPEN_SECONDS = 20, 60, 600
"""What exercises may take of the processor, all cells together, and an open one, which trains."""
BY_THE_CLOCK = 3
"""How many times as long it may take by the clock."""
_SURE = ("right", "not attempted")
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


def judge(content: bytes, notebook: str, protected: bool) -> Row:
    """Judge a notebook.

    An answer that is right among the others' cells is right, and most are: one process finds out.
    Each of the others has a process of its own, which says why it is not.

    Args:
        content: of the file.
        notebook: the number of the one that it should be; empty where it may be any.
        protected: whether in bubblewrap's sandbox.
    """
    limit_memory()  # the judge computes with what the hand-in sends
    with sandbox(protected=protected) as start:
        ask = partial(_ask, start, content)
        graded = [int(notebook)] if notebook else NOTEBOOKS[1:]
        shared = [name for number in graded for name in _names(number) if name not in OPEN]
        has, verdicts = ask(shared, SECONDS)
        if "checks" not in has:
            why = has.get("failed", "out of time or memory")
            return Row(notebook=notebook, word=f"it could not be read: {why}"[:200])
        notebook = notebook or _most_likely(has["checks"])
        names = _names(int(notebook)) if notebook else []
        answered = [name for name in names if name in has["checks"]]
        if not answered:
            which = f"notebook {notebook}" if notebook else "this course"
            return Row(notebook=notebook, word=f"another notebook: it has no check of {which}")
        for name in answered:
            found = verdicts.get(name)
            if not found or (found.state not in _SURE and not found.is_of_the_clock):
                verdicts[name] = _alone(ask, name)
        verdicts |= _right_where_all_cells_run(ask, {name: verdicts[name] for name in answered})
    gone = Verdict("no check", "the cell with the check is gone")
    verdicts = {name: verdicts.get(name, gone) for name in names}
    return Row(notebook=notebook, verdicts=verdicts, look_at=has["look_at"])


def _names(number: int) -> list[str]:
    return [exercise.name for exercise in exercises_in(number)]


def _most_likely(names: Iterable[str]) -> str:
    """The notebook that most of the checks belong to; empty if none does."""
    numbers = [name.partition(".")[0] for name in sorted(names)]
    graded = [str(number) for number in NOTEBOOKS[1:]]
    known = [number for number in numbers if number in graded]
    return max(known, key=known.count).zfill(2) if known else ""


def _alone(ask: Ask, name: str) -> Verdict:
    seconds = OPEN_SECONDS if name in OPEN else SECONDS
    _, verdicts = ask([name], seconds)
    stopped = (
        f"no verdict: out of time ({seconds} s of the processor, {BY_THE_CLOCK * seconds} s by the "
        "clock) or memory, or the hand-in left its process, or said what cannot be read"
    )
    return verdicts.get(name, Verdict("stopped", stopped))


def _right_where_all_cells_run(ask: Ask, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """What else is right where nothing is left out: an answer may need more than can be seen."""
    doubtful = {
        name: verdict
        for name, verdict in verdicts.items()
        # one that was stopped would stop the others
        if verdict.state != "right" and not verdict.is_of_the_clock
    }
    if all(verdict.state == "not attempted" for verdict in verdicts.values()) or not doubtful:
        return {}
    _, found = ask([*doubtful], ALL_SECONDS, every_cell=True)
    return {name: verdict for name, verdict in found.items() if verdict.state == "right"}


def _ask(
    start: Start, content: bytes, names: Sequence[str], seconds: int, *, every_cell: bool = False
) -> tuple[dict[str, object], dict[str, Verdict]]:
    """Have a process of the hand-in read it, run it and answer.

    Returns:
        what it has, and the verdicts of some exercises up to the one that ends it.
    """
    has, verdicts, clock = {}, {}, BY_THE_CLOCK * seconds
    work = partial(inside.work, content=content, names=names, every_cell=every_cell, seconds=clock)
    with start(work, seconds) as line, suppress(Gone):
        peer = Peer(line, clock, is_judge=True)
        has = peer.receive()
        handed_over = peer.receive()
        for name in names:
            if name in has["checks"]:
                verdicts[name] = _verdict(name, handed_over, peer)
    return has, verdicts


def _verdict(name: str, handed_over: dict[str, object], peer: Peer) -> Verdict:
    said = handed_over if "failed" in handed_over else handed_over.get(name)
    if not isinstance(said, dict):
        return Verdict("failed", "the check was not reached")
    if "failed" in said:
        return Verdict("failed", str(said["failed"]))
    variant = said.get("variant")
    variant = None if variant is None else str(variant)[:100]
    if said.get("state") in (*_MAY_SAY, *(("right", "wrong") if name in INSIDE else ())):
        return Verdict(said["state"], str(said.get("words", "")), variant=variant)
    try:
        exercise = exercise_named(name, variant)
    except ValueError as error:
        return Verdict("failed", str(error), variant=variant)
    try:
        with time_limit(LIMIT_S):
            answer = peer.decode(said["answer"])
    except (Exception, TookTooLong) as error:  # whatever the hand-in's process has sent
        raise Gone from error
    verdict = examined(exercise, answer)
    verdict.variant = variant
    return verdict
