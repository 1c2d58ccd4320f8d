"""The program in the sandbox: run the cells of a submission.

In a cell, ``check`` sends the answer to the judge, who calls it from outside the sandbox. A fork
serves these calls, so that a check changes nothing that later cells use.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import CodeType
from unittest.mock import MagicMock

import IPython
import torch
from IPython.core.inputtransformer2 import TransformerManager

import made_lessons

from ..checking import check as exercises
from ..checking import time_limits
from ..checking.catalogue import exercise_named
from ..checking.exercise import Exercise
from ..checking.stubs import count_stubs
from .course_answers import CELL, CoursesOwn, disable, is_copy, is_own
from .remote import Disconnected, NotTransferable, Peer
from .sandbox import HOME, confine
from .verdicts import verdict_on

Message = dict[str, object]


def main(home: str) -> None:
    """Serve the judge, whose socket is standard input. Only ``home`` can be written."""
    judge = Peer(confine(home, protected=home == HOME), is_judge=False)
    time_limits.PATIENCE = 20  # several submissions run at the same time
    judge.send()  # raises Disconnected if the judge has already been killed
    run(judge, **judge.receive())
    judge.send()


def run(
    judge: Peer,
    cells: Mapping[int, str],
    names: Sequence[str],
    seconds: int,
    clock_seconds: int,
    all_seconds: int,
) -> None:
    """Run cells as a notebook, and tell the judge about answers and errors.

    Args:
        judge: connection to the judge.
        cells: source of each cell, by number.
        names: the notebook's exercises.
        seconds: processor time that a cell may use.
        clock_seconds: real time that a cell or a check may take.
        all_seconds: processor time that all cells may use.
    """
    for exercise in map(exercise_named, names):
        object.__setattr__(exercise, "vary", None)
        if exercise.is_value:  # a submission could get the right value from the reference
            disable(exercise)
    made_lessons.check = exercises.check = partial(_check, judge, clock_seconds)
    made_lessons.solution = exercises.solution = _refuse_solution
    IPython.get_ipython = MagicMock()  # magics such as %time do nothing
    notebook = {"__name__": "__main__", "get_ipython": MagicMock(), "display": MagicMock()}
    for number, source in cells.items():
        judge.send(cell=number)
        until = min(int(time.process_time()) + seconds, all_seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (until, all_seconds))
        signal.alarm(clock_seconds)
        try:
            exec(_compiled(source), notebook)
        except BaseException as error:
            judge.send(**_of_error(error))


def _compiled(source: str) -> CodeType:
    try:
        return compile(source, CELL, "exec")
    except SyntaxError:  # the cell may contain magics, which IPython translates
        without_cell_magic = re.sub(r"\A\s*%%.*", "", source)
        return compile(TransformerManager().transform_cell(without_cell_magic), CELL, "exec")


def _refuse_solution(name: str) -> None:
    print(f"The solution of {name} is not shown while a submission is graded.")


def _check(
    judge: Peer, clock_seconds: int, name: str, answer: object, *, variant: object = None
) -> None:
    """Let the judge check an answer, in a fork."""
    exercise = exercise_named(name)
    signal.alarm(0)  # the fork has its own alarm
    fork = os.fork()
    if fork == 0:
        try:
            signal.alarm(clock_seconds)
            _serve(judge, exercise, answer, variant)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(fork, 0)[1] != 0:
        os._exit(1)  # the fork may have sent only a part of a message
    signal.alarm(clock_seconds)


def _serve(judge: Peer, exercise: Exercise, answer: object, variant: object) -> None:
    """Send an answer, and serve the judge's calls of it until the judge has a verdict."""
    torch.set_num_threads(1)  # a fork lacks PyTorch's threads, and would wait for them
    torch.manual_seed(0)
    about: Message = {"name": exercise.name}
    try:
        about |= {} if variant is None else {"variant": str(variant)[:100]}
        about |= _about(exercise, answer)
        disable(exercise)
        judge.send(**about)
    except BaseException as error:  # code of the answer's class may raise any error
        judge.send(**about | _of_error(error))
    while message := judge.receive():
        judge.serve(message)


def _about(exercise: Exercise, answer: object) -> Message:
    """Return the part of the message to the judge that depends on the answer."""
    to_do, parts = count_stubs(answer)
    if to_do and not (exercise.is_value and isinstance(answer, type)):
        return {"state": "not attempted" if to_do == parts else "unfinished"}
    if is_own(exercise, answer):
        return {"state": "own"}
    about: Message = {"is_copy": is_copy(exercise, answer)}
    if exercise.is_inspected:
        verdict = verdict_on(exercise, answer)
        return about | {"state": verdict.state, "message": verdict.message}
    return about | {"answer": answer}


def _of_error(error: BaseException) -> Message:
    if isinstance(error, CoursesOwn):
        return {"state": "own"}
    kind = "" if isinstance(error, NotTransferable) else f"{type(error).__name__}: "
    return {"state": "failed", "message": f"{kind}{error}"[:400]}


if __name__ == "__main__":
    with suppress(Disconnected):  # raised if the judge has ended
        main(sys.argv[1])
    os._exit(0)  # a normal exit would take time to delete all objects
