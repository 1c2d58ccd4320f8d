"""What runs in the sandbox: a hand-in is read, run, and asked by the judge."""

from __future__ import annotations

import math
import socket
from collections.abc import Sequence
from unittest.mock import MagicMock

import IPython
import torch

import made_lessons

from ..checking import check as exercises
from ..checking.catalogue import exercise_named
from ..checking.unfinished import parts_to_do
from . import hand_in
from .examined import INSIDE, examined
from .line import Lost, Peer
from .own import CELL, TheCoursesOwn, is_alike, is_own, out_of_reach, take_values_away

MOST_TRIES = 5
"""Answers to one exercise that are asked about, the last ones."""
Answers = dict[str, list[tuple[object, object]]]
Said = dict[str, object]


def work(line: socket.socket, content: bytes, names: Sequence[str], *, every_cell: bool) -> None:
    """Say what a notebook has, run it, hand over some answers, and serve calls of them.

    Args:
        line: to the judge.
        content: of the notebook.
        names: of the exercises that are asked for.
        every_cell: whether all cells run; else those that the exercises need.
    """
    peer = Peer(line, math.inf, is_judge=False)  # the judge ends it, in time
    try:
        found = hand_in.read(content, names)
    except hand_in.Unreadable as error:
        return peer.send({"failed": str(error)})
    peer.send({"checks": [*found.checks], "look_at": found.look_at, "text": found.text})
    names = [name for name in names if name in found.checks]
    take_values_away()
    got, failed = _run(found.cells if every_cell else found.needed(names))
    handed_over = {}
    for name in names:
        why = [said for cell, said in failed if cell in found.needed([name])][:1]
        handed_over[name] = why + [_said(peer, name, *each) for each in got.get(name, ())]
    peer.send(handed_over)
    while True:
        message = peer.receive()
        with out_of_reach(message["of"]):
            peer.serve(message)


def _run(cells: Sequence[hand_in.Cell]) -> tuple[Answers, list[tuple[hand_in.Cell, Said]]]:
    """What checks got, the last answer to an exercise first, and what is said of failed cells."""
    got: Answers = {}
    failed = []

    def check(name: str, answer: object, *, variant: object = None) -> None:
        got[name] = [(answer, variant), *got.get(name, ())][:MOST_TRIES]

    def solution(name: str) -> None:
        print(f"The solution of {name} is not shown while a hand-in is graded.")

    made_lessons.check = exercises.check = check
    made_lessons.solution = exercises.solution = solution
    IPython.get_ipython = MagicMock()  # of which nothing does anything
    notebook = {"__name__": "__main__", "get_ipython": MagicMock(), "display": MagicMock()}
    torch.manual_seed(0)
    for cell in cells:
        try:
            exec(compile(cell.source, CELL, "exec"), notebook)
        except BaseException as error:
            failed.append((cell, _of_error(error)))
    return got, failed


def _said(peer: Peer, name: str, answer: object, variant: object) -> Said:
    """What the judge hears of an answer."""
    torch.manual_seed(0)
    said: Said = {}
    try:
        said |= {} if variant is None else {"variant": str(variant)[:100]}
        to_do, parts = parts_to_do(answer)
        if to_do and not (exercise_named(name).is_value and isinstance(answer, type)):
            return said | {"state": "not attempted" if to_do == parts else "unfinished"}
        if is_own(name, answer):
            return said | {"state": "own"}
        said |= {"alike": is_alike(name, answer)}
        if name in INSIDE:
            verdict = examined(exercise_named(name), answer)
            return said | {"state": verdict.state, "words": verdict.words}
        return said | {"answer": peer.carried(answer)}
    except BaseException as error:  # its class may do anything
        return said | _of_error(error)


def _of_error(error: BaseException) -> Said:
    if isinstance(error, TheCoursesOwn):
        return {"state": "own"}
    kind = "" if isinstance(error, Lost) else f"{type(error).__name__}: "
    return {"state": "failed", "words": f"{kind}{error}"[:400]}
