"""Functions for the tests of exercises."""

import contextlib
import os
import signal
from multiprocessing import Pipe
from unittest.mock import patch

import pytest
import torch

from made_lessons.checking import time_limits
from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.examine import examine
from made_lessons.checking.exercise import WrongAnswer
from made_lessons.grading.judge import COUNTS, judge_answer
from made_lessons.grading.remote import JudgeConnection, SubmissionConnection


def right(exercise, answer):
    """Check that an answer passes, also if graded in another process; return the message.

    The exercise may be given by its number.
    """
    exercise = exercise_named(exercise) if isinstance(exercise, str) else exercise
    said = examine(exercise, answer)
    if hasattr(os, "fork") and not exercise.is_inspected:
        (verdict,) = far(exercise, [answer])
        assert verdict.state in COUNTS, verdict
    return said


def wrong(exercise, answer, *words):
    """Check that an answer fails with a report that has all these words; return the report."""
    with pytest.raises(WrongAnswer) as caught:
        examine(exercise_named(exercise) if isinstance(exercise, str) else exercise, answer)
    found = caught.value
    report = f"{found.tried}\n{found.expected}\n{found.got}\n{found.cause}"
    for part in words:
        assert part in report
    return found


def said(function, *arguments):
    """Return the lines of the report of the WrongAnswer that a call raises."""
    with pytest.raises(WrongAnswer) as caught:
        function(*arguments)
    wrong = caught.value
    return {"why": wrong.cause, "expected": wrong.expected, "got": wrong.got, "tried": wrong.tried}


@contextlib.contextmanager
def forked(program):
    """Call a function with one end of a connection in a fork, and yield the other end."""
    here, there = Pipe()
    child = os.fork()
    if child == 0:
        here.close()
        torch.set_num_threads(1)  # a fork lacks PyTorch's threads, and would wait for them
        try:
            program(there)
        finally:
            os._exit(0)
    there.close()
    try:
        yield here
    finally:
        here.close()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def far(exercise, answers):
    """Return the verdicts on answers that are in another process."""

    def serve(connection):
        torch.manual_seed(0)
        judge = JudgeConnection(connection)
        judge.send(answers=list(answers))
        while True:
            judge.serve(judge.receive())

    with forked(serve) as connection, patch.object(time_limits, "PATIENCE", 20):  # as in the judge
        answers = SubmissionConnection(connection).receive()["answers"]
        return [judge_answer(exercise, one) for one in answers]
