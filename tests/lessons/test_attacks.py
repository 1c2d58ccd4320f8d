"""Attacks on the judge by the messages of a submission's process."""

import contextlib
import io
import pickle
import sys
import zipfile
from multiprocessing import Pipe
from threading import Thread

import pytest
import torch

from made_lessons.checking.catalogue import exercise_named
from made_lessons.grading.judge import verdict_from
from made_lessons.grading.remote import Disconnected, Submission
from made_lessons.grading.verdicts import MOST_LETTERS, Verdict
from tests.lessons.submitting import judged


def packed(value, **how):
    torch.save(value, file := io.BytesIO(), **how)
    return file.getvalue()


def message(**values):
    return packed(values)


def with_pickle(program):
    """Return a file as torch.save writes it, with this pickle program inside."""
    given, made = zipfile.ZipFile(io.BytesIO(packed(1))), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in given.namelist():
            archive.writestr(name, program if name.endswith(".pkl") else given.read(name))
    return made.getvalue()


class Program:
    def __reduce__(self):
        return exec, ("import os; os._exit(7)",)


def colliding_keys():
    """Return a dict of n numbers with the hash 0, which takes n² steps."""
    keys = [(k * sys.hash_info.modulus).to_bytes(12, "little") for k in range(1, 50_000)]
    return with_pickle(b"\x80\x02}(" + b"".join(b"\x8a\x0c" + key + b"K\0" for key in keys) + b"u.")


def lists_in_lists():
    """Return lists that share parts, with 10**40 parts in all."""
    same = [1]
    for _ in range(40):
        same = [same] * 10
    return same


DEEP = b"]" * 10**5 + b"a" * (10**5 - 1)
STOPPED = ("stopped", "")
NOT_A_FUNCTION = ("wrong", "the answer must be a function")
NONE = ("wrong", "the answer is None")
MESSAGES = {  # with the verdict, and words of it
    "a verdict": (message(state="right", message=""), STOPPED),
    "a program": (message(answer=Program()), STOPPED),
    "an old program": (packed(Program(), _use_new_zipfile_serialization=False), STOPPED),
    "a pickle": (pickle.dumps(Program(), 2), STOPPED),
    "a pickled value": (message(answer={"pickled": torch.zeros(1)}), STOPPED),
    "not a dict": (packed([1]), STOPPED),
    "deep": (with_pickle(b"\x80\x02}X\6\0\0\0answer" + DEEP + b"s."), STOPPED),
    "lists in lists": (message(answer=lists_in_lists()), STOPPED),
    "colliding keys": (colliding_keys(), STOPPED),
    "half a character": (message(state="failed", message="\ud800"), ("failed", "\ud800")),
    "a huge number": (message(answer=1 << 10**8), STOPPED),
    "numbers that are not there": (message(answer=torch.zeros(1).expand(10**13)), STOPPED),
    "a sparse tensor": (message(answer=torch.eye(2).to_sparse()), STOPPED),
    "a tensor of nothing": (message(answer=torch.zeros(10**9, 0)), NOT_A_FUNCTION),
    "an evil name": (message(answer={"function": ["\0\ud800" * 999, 10**9]}), NONE),
    "a function too many": (message(answer={"function": ["f", -1]}), NONE),
    "a false model": (
        message(answer={"object": ["m", {"__del__": 0}, {"__init__": 0}]}),
        NOT_A_FUNCTION,
    ),
}


@pytest.mark.parametrize("name", [*MESSAGES])
def test_a_message_cannot_harm_the_judge(name):
    data, (state, words) = MESSAGES[name]
    here, there = Pipe()

    def attack():
        with contextlib.suppress(OSError):
            for sent in (data, *[message()] * 50):  # also replies to calls
                there.send_bytes(sent)

    with here, there:
        Thread(target=attack, daemon=True).start()
        try:
            verdict = verdict_from(Submission(here).receive(), exercise_named("3.2"))
        except Disconnected:
            verdict = Verdict("stopped")
    assert verdict.state == state
    assert words in verdict.message


WORDY = """
from made_course import Head
class Wordy(Head):
    params_per_variable = "a" * 10**6
    def encode(self, x): return x
check("8.4", Wordy)
"""


def test_a_submission_cannot_make_a_verdict_long():
    verdict = judged(WORDY)["8.4"]
    assert "params_per_variable = aaa" in verdict.message
    assert len(verdict.message) <= MOST_LETTERS
