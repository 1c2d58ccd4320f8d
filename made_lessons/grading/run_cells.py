"""The program in the sandbox: run the cells of a submission, and send its answers to the judge."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import FunctionType

import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import made_lessons

from ..checking import check as exercises
from ..checking import time_limits
from ..checking.catalogue import exercise_named
from ..checking.exercise import Exercise
from ..checking.stubs import count_stubs, methods_of, unwrap
from .judge import judge_answer
from .remote import CoursesOwn, Disconnected, JudgeConnection
from .sandbox import limit_memory

Message = dict[str, object]


def main() -> None:
    """Serve the judge. The argument is the file descriptor of the connection."""
    limit_memory(for_good=True)
    with suppress(Disconnected):  # raised if the judge has ended
        serve(Connection(int(sys.argv[1])))
    os._exit(0)  # a normal exit would take time to delete all objects


def serve(connection: Connection) -> None:
    """Run the cells that the judge sends, as a notebook does, and send back answers and errors."""
    time_limits.PATIENCE = 20  # several submissions run at the same time
    judge = JudgeConnection(connection)
    task = judge.receive()
    for exercise in map(exercise_named, task["names"]):
        object.__setattr__(exercise, "vary", None)
        if exercise.is_value:  # a submission could get the right value from the reference
            _disable(exercise)
    made_lessons.check = exercises.check = partial(_check, judge)
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.enable_gui = shell.showtraceback = lambda *_, **__: None
    signal.signal(signal.SIGALRM, _stop_cell)
    for source in task["cells"]:
        judge.send(begins="a cell")
        signal.alarm(task["seconds"])
        result = shell.run_cell(source, silent=True)
        signal.alarm(0)
        if error := result.error_before_exec or result.error_in_exec:
            judge.send(**_describe_error(error))
    judge.send()


def _stop_cell(*_: object) -> None:
    raise time_limits.TookTooLong("the cell ran out of time")


def _check(judge: JudgeConnection, name: str, answer: object, *, variant: object = None) -> None:
    """Let the judge check an answer, in a forked process."""
    arguments = judge, exercise_named(name), answer, variant
    fork = get_context("fork").Process(target=_serve, args=arguments)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the alarm can now end even a call into C
    fork.start()
    fork.join()
    if fork.exitcode:
        os._exit(1)  # the fork may have sent only a part of a message
    signal.signal(signal.SIGALRM, _stop_cell)


def _serve(judge: JudgeConnection, exercise: Exercise, answer: object, variant: object) -> None:
    """Send an answer, then call it whenever the judge asks, until the judge has a verdict."""
    torch.set_num_threads(1)  # a fork lacks PyTorch's threads, and would wait for them
    torch.manual_seed(0)
    try:
        content = _describe_answer(exercise, answer)
        _disable(exercise)
        judge.send(name=exercise.name, variant=variant, **content)
    except BaseException as error:  # code of the answer's class may raise any error
        judge.send(name=exercise.name, **_describe_error(error))
    while message := judge.receive():
        judge.serve(message)


def _describe_answer(exercise: Exercise, answer: object) -> Message:
    """Return the part of the message to the judge that depends on the answer."""
    to_do, parts = count_stubs(answer)
    if to_do and not (exercise.is_value and isinstance(answer, type)):
        return {"state": "not attempted" if to_do == parts else "unfinished"}
    if _is_courses_own(answer):
        return {"state": "own"}
    if exercise.is_inspected:
        verdict = judge_answer(exercise, answer)
        return {"state": verdict.state, "message": verdict.message}
    return {"answer": answer}


def _disable(exercise: Exercise) -> None:
    """Let the course's answer, and the same function in the package, raise CoursesOwn."""
    for own in (exercise.reference, exercise.package):
        for function in _functions_in(own):
            free = function.__code__.co_freevars
            function.__code__ = _raise_courses_own.__code__.replace(co_freevars=free)


def _raise_courses_own(*_: object, **__: object) -> None:
    # imported here, because this code runs with the globals of another function
    from made_lessons.grading.remote import CoursesOwn

    raise CoursesOwn


def _is_courses_own(answer: object) -> bool:
    """Return True if no cell defines the function or class, as with the course's own answer."""
    files = [function.__code__.co_filename for function in _functions_in(answer)]
    return bool(files) and not any(file.startswith("<ipython-input-") for file in files)


def _functions_in(answer: object) -> list[FunctionType]:
    parts = methods_of(answer).values() if isinstance(answer, type) else [unwrap(answer)]
    return [part for part in parts if isinstance(part, FunctionType)]


def _describe_error(error: BaseException) -> Message:
    if isinstance(error, CoursesOwn):
        return {"state": "own"}
    return {"state": "failed", "message": f"{type(error).__name__}: {error}"[:400]}


if __name__ == "__main__":
    main()
