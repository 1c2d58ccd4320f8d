"""The program that runs in the sandbox: it reads a submission, and runs it in forks of itself.

PyTorch and the course are loaded once. Each fork gets a line to the judge, runs some cells, and
serves the judge's calls of the answers until the judge closes the line.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from unittest.mock import MagicMock

import IPython
import torch

import made_course
import made_lessons

from ..checking import check as exercises
from ..checking import time_limits
from ..checking.catalogue import exercise_named
from ..checking.unfinished import parts_to_do
from .examined import INSIDE, examined
from .line import Gone, Lost, Peer
from .own import CELL, TheCoursesOwn, is_alike, is_own, out_of_reach, take_values_away
from .sandbox import HOME, confine
from .submission import Cell, Submission, Unreadable, read
from .verdicts import MOST_TRIES

Answers = dict[str, list[tuple[object, object]]]
Message = dict[str, object]


def main(home: str) -> None:
    """Serve one judge, whose socket is standard input.

    Args:
        home: the only folder that can be written to.
    """
    for name in made_course.__all__:  # which imports what notebooks import
        getattr(made_course, name)
    torch.manual_seed(0)  # which loads much of torch
    time_limits.PATIENCE = 20  # submissions wait for one another
    take_values_away()
    judge = confine(home, protected=home == HOME)
    judge.send(b"1")
    peer = Peer(judge, is_judge=False)
    try:
        found = read(peer.receive()["content"])
    except Unreadable as error:
        return peer.send({"failed": str(error)})
    peer.send({"checks": [*found.checks], "text": found.text})
    gc.freeze()  # a collection in a fork would copy all of it
    fork = 0
    while lines := socket.recv_fds(judge, 1, 1)[1]:
        _end(fork, home)
        fork = os.fork()
        if fork == 0:
            judge.close()
            peer.connection.close()
            try:
                _serve(socket.socket(fileno=lines[0]), found)
            finally:
                os._exit(0)
        os.close(lines[0])
    _end(fork, home)


def _end(fork: int, home: str) -> None:
    """End a fork, if there is one, with the processes that it started, and empty its folder."""
    if fork:
        with suppress(ProcessLookupError):
            os.killpg(fork, signal.SIGKILL)
        os.kill(fork, signal.SIGKILL)
        os.waitpid(fork, 0)
        with suppress(ProcessLookupError):  # raised once no process of the group counts any more
            for _ in range(100):
                os.killpg(fork, 0)
                time.sleep(0.02)
    for path in Path(home).iterdir():
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _serve(line: socket.socket, submission: Submission) -> None:
    """Run the cells that the judge asks for, hand over the answers, and serve calls of them."""
    os.setpgid(0, 0)
    peer = Peer(line, is_judge=False)  # the judge ends this fork in time
    asked = peer.receive()
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    cells = submission.cells if asked["every_cell"] else submission.needed(asked["names"][0])
    answers, failed = _run(cells)
    handed_over = {}
    for name in asked["names"]:
        why = [said for cell, said in failed if cell in submission.needed(name)][:1]
        handed_over[name] = why + [_about(peer, name, *each) for each in answers.get(name, ())]
    peer.send(handed_over)
    while True:
        message = peer.receive()
        with out_of_reach(message["of"]):
            peer.serve(message)


def _run(cells: Sequence[Cell]) -> tuple[Answers, list[tuple[Cell, Message]]]:
    """Run cells.

    Returns:
        the arguments of checks, the last answer to an exercise first, and what is said of the cells
        that raised an error.
    """
    answers: Answers = {}
    failed = []

    def check(name: str, answer: object, *, variant: object = None) -> None:
        answers[name] = [(answer, variant), *answers.get(name, ())][:MOST_TRIES]

    def solution(name: str) -> None:
        print(f"The solution of {name} is not shown while a submission is graded.")

    made_lessons.check = exercises.check = check
    made_lessons.solution = exercises.solution = solution
    IPython.get_ipython = MagicMock()  # its magics do nothing
    notebook = {"__name__": "__main__", "get_ipython": MagicMock(), "display": MagicMock()}
    for cell in cells:
        try:
            exec(compile(cell.source, CELL, "exec"), notebook)
        except BaseException as error:
            failed.append((cell, _of_error(error)))
    return answers, failed


def _about(peer: Peer, name: str, answer: object, variant: object) -> Message:
    """Return what the judge is told about an answer."""
    torch.manual_seed(0)
    said: Message = {}
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


def _of_error(error: BaseException) -> Message:
    if isinstance(error, TheCoursesOwn):
        return {"state": "own"}
    kind = "" if isinstance(error, Lost) else f"{type(error).__name__}: "
    return {"state": "failed", "words": f"{kind}{error}"[:400]}


if __name__ == "__main__":
    with suppress(Gone):  # the judge has ended
        main(sys.argv[1])
    os._exit(0)  # without taking down what was loaded, which nobody needs any more
