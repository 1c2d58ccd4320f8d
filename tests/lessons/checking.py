"""What the tests of exercises have in common."""

import os
import socket
from unittest.mock import patch

import pytest
import torch

from made_lessons.checking import time_limits
from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.examine import examine
from made_lessons.checking.exercise import Wrong
from made_lessons.grading import judge
from made_lessons.grading.examined import INSIDE
from made_lessons.grading.line import Peer


def right(exercise, answer):
    """The answer passes, graded from afar, too; what the check says of it is returned.

    The exercise may be its name.
    """
    exercise = exercise_named(exercise) if isinstance(exercise, str) else exercise
    said = examine(exercise, answer)
    if hasattr(os, "fork") and exercise.name not in INSIDE:
        (verdict,) = far(exercise, [answer])
        assert verdict.state in judge._RIGHT, verdict
    return said


def wrong(exercise, answer, *words):
    """The answer fails, and its report holds all these words; the report is returned."""
    with pytest.raises(Wrong) as caught:
        examine(exercise_named(exercise) if isinstance(exercise, str) else exercise, answer)
    found = caught.value
    report = f"{found.tried}\n{found.expected}\n{found.got}\n{found.cause}"
    for part in words:
        assert part in report
    return found


def far(exercise, answers):
    """The verdicts where the answers live in another process."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()
        torch.manual_seed(0)
        try:
            peer = Peer(there, is_judge=False)
            peer.send({k: peer.carried(answer) for k, answer in enumerate(answers)})
            while True:
                peer.serve(peer.receive())
        finally:
            os._exit(0)
    there.close()
    try:
        peer = Peer(here, is_judge=True)
        with patch.object(time_limits, "PATIENCE", 20):  # as the command has it
            return [judge._judged(exercise, one, peer) for one in peer.receive().values()]
    finally:
        here.shutdown(socket.SHUT_RDWR)
        here.close()
        os.waitpid(child, 0)
