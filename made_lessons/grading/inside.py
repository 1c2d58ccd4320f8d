"""The program in the sandbox: read a submission, and run it in forks.

PyTorch and the course are loaded once. Each fork has a line to the judge. It runs some cells, and
then calls the answer for the judge until the judge closes the line.
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
from ..checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from ..checking.exercise import Exercise
from ..checking.stubs import count_stubs
from .line import Gone, Lost, Peer
from .own import CELL, TheCoursesOwn, is_alike, is_own, take_away
from .sandbox import HOME, confine
from .submission import Cell, Submission, Unreadable, read
from .verdicts import examined

Message = dict[str, object]


def main(home: str) -> None:
    """Serve one judge, whose socket is standard input.

    Args:
        home: the only folder that can be written.
    """
    for name in made_course.__all__:  # which imports what notebooks import
        getattr(made_course, name)
    torch.manual_seed(0)  # which loads much of torch
    time_limits.PATIENCE = 20  # several submissions share the processor
    for exercise in [exercise for number in NOTEBOOKS for exercise in exercises_in(number)]:
        object.__setattr__(exercise, "vary", None)
        if exercise.is_value:  # otherwise a submission could compute it
            take_away(exercise)
    judge = confine(home, protected=home == HOME)
    judge.send(b"1")
    peer = Peer(judge, is_judge=False)
    try:
        submission = read(peer.receive()["content"])
    except Unreadable as error:
        return peer.send(failed=str(error))
    peer.send(checks=submission.checks, text=submission.text)
    gc.freeze()  # a collection in a fork would copy all of it
    fork = 0
    while lines := socket.recv_fds(judge, 1, 1)[1]:
        _end(fork, home)
        fork = os.fork()
        if fork == 0:
            judge.close()
            peer.connection.close()
            try:
                _serve(socket.socket(fileno=lines[0]), submission)
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
        with suppress(ProcessLookupError):  # raised when no process of the group is left
            for _ in range(100):
                os.killpg(fork, 0)
                time.sleep(0.02)
    for path in Path(home).iterdir():
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _serve(line: socket.socket, submission: Submission) -> None:
    """Run the cells that the judge asks for, send the answer, and serve calls of it."""
    os.setpgid(0, 0)
    peer = Peer(line, is_judge=False)
    asked = peer.receive()
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    exercise = exercise_named(asked["name"])
    cells = submission.cells if asked["every_cell"] else submission.needed(exercise.name)
    answers, errors = _run(cells, exercise.name)
    if answers:
        message = _about(peer, exercise, *answers[-1])
    else:
        message = errors[0] if errors else {"state": "failed", "words": "the check was not reached"}
    peer.send(**message)
    take_away(exercise)
    while True:  # the judge ends this process
        peer.serve(peer.receive())


def _run(cells: Sequence[Cell], asked: str) -> tuple[list[tuple[object, object]], list[Message]]:
    """Run cells, and return the answers to an exercise with their variant keys, and errors."""
    answers: list[tuple[object, object]] = []
    errors = []

    def check(name: str, answer: object, *, variant: object = None) -> None:
        if name == asked:
            answers.append((answer, variant))

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
            errors.append(_of_error(error))
    return answers, errors


def _about(peer: Peer, exercise: Exercise, answer: object, variant: object) -> Message:
    """Return the message to the judge about an answer."""
    torch.manual_seed(0)
    said: Message = {}
    try:
        said |= {} if variant is None else {"variant": str(variant)[:100]}
        to_do, parts = count_stubs(answer)
        if to_do and not (exercise.is_value and isinstance(answer, type)):
            return said | {"state": "not attempted" if to_do == parts else "unfinished"}
        if is_own(exercise, answer):
            return said | {"state": "own"}
        said |= {"alike": is_alike(exercise, answer)}
        if exercise.is_inspected:
            verdict = examined(exercise, answer)
            return said | {"state": verdict.state, "words": verdict.words}
        peer.encode(answer)
        return said | {"answer": answer}
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
    os._exit(0)  # without deleting all objects, which takes time
