"""What runs in the sandbox: a hand-in is read, run, and asked by the judge."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from unittest.mock import MagicMock

import IPython
import torch

import made_lessons

from ..checking import check as exercises
from ..checking.catalogue import exercise_named
from ..checking.unfinished import parts_to_do
from . import hand_in
from .line import Lost, Peer
from .own import CELL, COURSES_OWN, TheCoursesOwn, is_alike, is_own, out_of_reach, take_values_away
from .verdicts import INSIDE, examined

MOST_TRIES = 5
"""Answers to one exercise that are asked about, the last ones."""


def work(
    line: socket.socket, content: bytes, names: Sequence[str], *, every_cell: bool, seconds: float
) -> None:
    """Say what a notebook has, run it, hand over some answers, and serve calls of them.

    Args:
        line: to the judge.
        content: of the notebook.
        names: of the exercises that are asked for.
        every_cell: whether all cells run, but those that raise an error, as they may in a
            learner's notebook; else those that the exercises need.
        seconds: how long the line is kept open.
    """
    peer = Peer(line, seconds, is_judge=False)
    try:
        found = hand_in.read(content, names)
        has = {"checks": [*found.checks], "look_at": found.look_at, "text": found.text}
        peer.send(has)
        names = [name for name in names if name in found.checks]
        cells = found.cells if every_cell else found.needed(names)
        take_values_away()
        peer.send(_run([cell.source for cell in cells], names, peer, goes_on=every_cell))
        while True:
            message = peer.receive()
            with out_of_reach(message["of"]):
                peer.serve(message)
    except hand_in.Unreadable as error:
        peer.send({"failed": str(error)})
    except TheCoursesOwn:
        peer.send({"failed": COURSES_OWN})
    except BaseException as error:
        with suppress(BaseException):
            peer.send({"failed": f"{type(error).__name__}: {error}"[:400]})


def _run(
    cells: Sequence[str], names: Sequence[str], peer: Peer, *, goes_on: bool
) -> dict[str, object]:
    """Run cells; what the checks of some exercises got is returned, of each the last first."""
    got: dict[str, list[tuple[object, object]]] = {}

    def check(name: str, answer: object, *, variant: object = None) -> None:
        got.setdefault(name, []).insert(0, (answer, variant))

    def solution(name: str) -> None:
        print(f"The solution of {name} is not shown while a hand-in is graded.")

    made_lessons.check = exercises.check = check
    made_lessons.solution = exercises.solution = solution
    IPython.get_ipython = MagicMock()  # of which nothing does anything
    notebook = {"__name__": "__main__", "get_ipython": MagicMock(), "display": MagicMock()}
    torch.manual_seed(0)
    for cell in cells:
        try:
            exec(compile(cell, CELL, "exec"), notebook)
        except (Exception, SystemExit, TheCoursesOwn):
            if not goes_on:
                raise
    return {
        name: [_handed_over(peer, name, *each) for each in got[name][:MOST_TRIES]]
        for name in names
        if name in got
    }


def _handed_over(peer: Peer, name: str, answer: object, variant: object) -> dict[str, object]:
    torch.manual_seed(0)
    said = {} if variant is None else {"variant": str(variant)[:100]}
    to_do, parts = parts_to_do(answer)
    if to_do and not (exercise_named(name).is_value and isinstance(answer, type)):
        return said | {"state": "not attempted" if to_do == parts else "unfinished"}
    if is_own(name, answer):
        return said | {"state": "own"}
    said |= {"alike": is_alike(name, answer)}
    if name in INSIDE:
        verdict = examined(exercise_named(name), answer)
        return said | {"state": verdict.state, "words": verdict.words}
    try:
        return said | {"answer": peer.carried(answer)}
    except Lost as why:
        return said | {"lost": str(why)}
