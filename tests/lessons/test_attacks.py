"""Attacks on the judge by the messages of a submission's process."""

import contextlib
import io
from multiprocessing import Pipe
from threading import Thread

import pytest
import torch

from made_lessons.checking.catalogue import exercise_named
from made_lessons.grading.judge import MOST_LETTERS, Verdict, judge_message
from made_lessons.grading.remote import Disconnected, SubmissionConnection
from tests.lessons.submitting import judged


def packed(value):
    torch.save(value, file := io.BytesIO())
    return file.getvalue()


class Program:
    def __reduce__(self):
        return exec, ("import os; os._exit(7)",)


def lists_in_lists():
    """Return lists that share parts, with 10**40 parts in all."""
    same = [1]
    for _ in range(40):
        same = [same] * 10
    return same


STOPPED = Verdict("stopped")
MESSAGES = {  # with the verdict
    "a verdict": ({"state": "right", "message": ""}, STOPPED),
    "not a dict": ([1], STOPPED),
    "a program": ({"answer": Program()}, STOPPED),
    "lists in lists": ({"answer": lists_in_lists()}, STOPPED),
    "another kind": ({"answer": {"pickled": torch.zeros(1)}}, STOPPED),
    "numbers that are not there": ({"answer": torch.zeros(1).expand(10**13)}, STOPPED),
    "a long text": ({"state": "failed", "message": "x" * 9999}, Verdict("failed", "x" * 1000)),
    "an evil name": (
        {"answer": {"function": ["\0\ud800" * 999, 10**9]}},
        Verdict("wrong", "the answer is None"),
    ),
}


@pytest.mark.parametrize("name", [*MESSAGES])
def test_a_message_cannot_harm_the_judge(name):
    message, expected = MESSAGES[name]
    data = packed(message)
    here, there = Pipe()

    def attack():
        with contextlib.suppress(OSError):
            for sent in (data, *[packed({})] * 50):  # also replies to calls
                there.send_bytes(sent)

    with here, there:
        Thread(target=attack, daemon=True).start()
        try:
            found = judge_message(SubmissionConnection(here).receive(), exercise_named("3.2"))
        except Disconnected:
            found = STOPPED
    assert found.state == expected.state
    assert found.message.startswith(expected.message)
    assert len(found.message) <= MOST_LETTERS


def test_a_submission_cannot_decide_how_its_answer_is_compared():
    content = ["m", {"__call__": 0, "__eq__": 0}, {"__bool__": 0, "is_density": True}]
    found = SubmissionConnection(None)._decode({"object": content})
    assert {*vars(type(found))} >= {"__call__", "is_density"}
    assert not {*vars(type(found))} & {"__eq__", "__bool__"}


SENDS = """
import gc
from made_lessons.grading.remote import JudgeConnection
(judge,) = [one for one in gc.get_objects() if isinstance(one, JudgeConnection)]
judge.send(name=[1])
check("3.2", 1)
"""


def test_a_message_out_of_turn_ends_only_the_submission():
    found = judged('check("3.4", [2, 4, 6])', SENDS)
    assert (found["3.4"].state, found["3.2"].state) == ("right", "stopped")
