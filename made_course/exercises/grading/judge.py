"""The judge of one hand-in: a process that knows no other, and runs nothing that comes back."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterable
from functools import partial
from multiprocessing.connection import Connection

import torch

import made_course

from .. import NOTEBOOKS, _exercise, _room
from ..examine import LIMIT_S, TookTooLong, time_limit
from . import inside
from .line import Gone, Peer, TooLate
from .sandbox import Process, Sandbox, limit_memory
from .verdicts import INSIDE, OPEN, Verdict, examined

SECONDS, ALL_SECONDS, OPEN_SECONDS = 20, 60, 600
"""What an exercise may take of the processor, all cells together, and an open one, which trains."""
BY_THE_CLOCK = 3
"""How many times as long it may take by the clock."""
_MAY_SAY = ("not attempted", "unfinished")

# The server from which judges are forked loads this room: what notebooks import is then there.
for _name in made_course.__all__:
    getattr(made_course, _name)
for _number in NOTEBOOKS:
    _room(_number)
torch.manual_seed(0)  # which loads much of torch
gc.freeze()  # a collection in a fork would copy all of it


def judge(content: bytes, notebook: str, protected: bool, to: Connection) -> None:
    """Judge a notebook, and send what is found: ``(part of a row, value)``, as it is found.

    Args:
        content: of the file.
        notebook: the number of the one that it should be; empty where it may be any.
        protected: whether in bubblewrap's sandbox.
        to: whoever writes it down.
    """
    with Sandbox(protected=protected) as sandbox:
        found = _read(sandbox, content)
        limit_memory()  # the judge computes with what the hand-in sends
        if "unreadable" in found:
            to.send(("word", str(found["unreadable"])[:200]))
            return
        has = found["needed"]
        notebook = notebook or _most_likely(has)
        names = [e.name for e in _room(int(notebook)).EXERCISES] if notebook else []
        if not has.keys() & set(names):
            which = f"notebook {notebook}" if notebook else "this course"
            to.send(("word", f"another notebook: it has no check of {which}"))
            return
        to.send(("notebook", notebook))
        to.send(("look_at", found["look_at"]))
        verdicts = {}
        for name in names:
            verdicts[name] = Verdict("no check", "the cell with the check is gone")
            if name in has:
                verdicts[name] = _judged(sandbox, has[name], [name], goes_on=False)[name]
            to.send((name, verdicts[name]))
        open_to_doubt = [
            name
            for name, verdict in verdicts.items()
            # one that was stopped would stop the others
            if verdict.state not in ("right", "no check") and not verdict.is_of_the_clock
        ]
        states = {verdicts[name].state for name in has.keys() & set(names)}
        if open_to_doubt and states != {"not attempted"}:  # it may need a cell that was left out
            again = _judged(sandbox, found["cells"], open_to_doubt, goes_on=True)
            for name in open_to_doubt:
                if again[name].state == "right":
                    to.send((name, again[name]))


def _most_likely(names: Iterable[str]) -> str:
    """The notebook that most of the checks belong to; empty if none does."""
    numbers = [name.partition(".")[0] for name in sorted(names)]
    graded = [str(number) for number in NOTEBOOKS[1:]]
    known = [number for number in numbers if number in graded]
    return max(known, key=known.count).zfill(2) if known else ""


def _read(sandbox: Sandbox, content: bytes) -> dict[str, object]:
    process = _start(sandbox, partial(inside.read, content=content), SECONDS)
    try:
        found = Peer(process.line, BY_THE_CLOCK * SECONDS, is_judge=True).receive()
    except (Gone, TooLate):
        found = {"failed": "out of time or memory"}
    finally:
        process.end()
    if "failed" in found:
        return {"unreadable": f"it could not be read: {found['failed']}"}
    return found


def _judged(
    sandbox: Sandbox, cells: list[str], names: list[str], *, goes_on: bool
) -> dict[str, Verdict]:
    """Run cells, and judge what they hand over to the checks of some exercises."""
    seconds = OPEN_SECONDS if names[0] in OPEN else SECONDS
    seconds = ALL_SECONDS if goes_on else seconds
    work = partial(inside.run, cells=cells, names=names, goes_on=goes_on)
    process = _start(sandbox, work, seconds)
    verdicts, why = {}, None
    try:
        peer = Peer(process.line, BY_THE_CLOCK * seconds, is_judge=True)
        handed_over = peer.receive()
        for name in names:
            verdicts[name] = _verdict(name, handed_over, peer)
    except TooLate:
        why = signal.SIGXCPU
    except Gone:
        why = process.ended()
    finally:
        process.end()
    stopped = Verdict("stopped", _how_it_ended(why, seconds))
    return {name: verdicts.get(name, stopped) for name in names}


def _start(sandbox: Sandbox, work: inside.Work, seconds: int) -> Process:
    return sandbox.start(lambda line: inside.on(line, BY_THE_CLOCK * seconds, work), seconds)


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
        exercise = _exercise(name, variant)
    except ValueError as error:
        return Verdict("failed", str(error), variant=variant)
    try:
        with time_limit(LIMIT_S):
            answer = peer.decode(said["answer"])
    except (Exception, TookTooLong) as error:  # whatever the hand-in's process has sent
        raise Gone("a message could not be read") from error
    verdict = examined(exercise, answer)
    verdict.variant = variant
    return verdict


def _how_it_ended(number: int | None, seconds: int) -> str:
    if number is None:
        return "closed its line to the judge, or said what cannot be read"
    if number == 0:
        return "left its process before there was a verdict"
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return (
            f"out of time, {seconds} s of the processor or {BY_THE_CLOCK * seconds} s by the "
            "clock; or killed for its memory"
        )
    return f"its process died of signal {number}, {signal.strsignal(number)}"
