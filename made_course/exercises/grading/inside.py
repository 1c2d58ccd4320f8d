"""What runs in the sandbox: the reader of a hand-in, and the hand-in itself."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import torch

from ... import exercises
from .. import _exercise
from ..examine import parts_to_do
from . import hand_in
from .line import Peer
from .verdicts import INSIDE, examined

Work = Callable[[Peer], None]


class _Silent:
    """Stands for IPython, whose magics do nothing here."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def on(line: socket.socket, seconds: float, work: Work) -> None:
    """Work, and say what is raised."""
    peer = Peer(line, seconds, is_judge=False)
    try:
        work(peer)
    except BaseException as error:
        with suppress(BaseException):
            peer.send({"failed": f"{type(error).__name__}: {error}"[:400]})


def read(peer: Peer, content: bytes) -> None:
    """Say what a notebook has: exercises with the cells that each needs, and what is odd."""
    try:
        found = hand_in.read(content)
    except hand_in.Unreadable as error:
        peer.send({"unreadable": str(error)})
        return
    needed = {name: found.needed(name) for name in found.checks()}
    peer.send({"needed": needed, "cells": found.cells, "look_at": found.look_at})


def run(peer: Peer, cells: Sequence[str], names: Sequence[str], *, goes_on: bool) -> None:
    """Run cells, hand over what the checks of some exercises got last, and serve calls of it.

    Args:
        peer: the judge.
        cells: as Python.
        names: of the exercises.
        goes_on: whether a cell that raises an error is left out, as a learner's notebook may.
    """
    got: dict[str, tuple[object, object]] = {}

    def check(name: str, answer: object, *, variant: object = None) -> None:
        got[name] = answer, variant

    exercises.check = check
    notebook = {"__name__": "__main__", "get_ipython": _Silent, "display": _Silent().display}
    torch.manual_seed(0)
    for cell in cells:
        try:
            exec(compile(cell, "<hand-in>", "exec"), notebook)
        except (Exception, SystemExit):
            if not goes_on:
                raise
    peer.send({name: _handed_over(peer, name, *got[name]) for name in names if name in got})
    while True:
        peer.serve(peer.receive())


def _handed_over(peer: Peer, name: str, answer: object, variant: object) -> dict[str, object]:
    torch.manual_seed(0)
    said = {} if variant is None else {"variant": str(variant)[:100]}
    to_do, parts = parts_to_do(answer)
    if to_do:
        return said | {"state": "not attempted" if to_do == parts else "unfinished"}
    if name in INSIDE:
        verdict = examined(_exercise(name), answer)
        return said | {"state": verdict.state, "words": verdict.words}
    return said | {"answer": peer.encode(answer)}
