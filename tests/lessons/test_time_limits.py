"""An answer that never ends is stopped, and its time limit leaves no trace."""

import contextlib
import itertools
import subprocess
import sys
import threading
import time

import pytest

from made_lessons.checking import time_limits
from made_lessons.checking.calls import run
from made_lessons.checking.time_limits import TookTooLong, time_limit
from tests.waiting import soon


def one_line():
    while True: pass  # fmt: skip  # noqa: E701


def comprehension():
    return [k for k in itertools.count()]  # noqa: C416


def forgiving():
    while True:
        try:
            len("")
        except:  # noqa: E722
            continue


def endless_recursion():
    with contextlib.suppress(RecursionError):
        endless_recursion()
    endless_recursion()


@pytest.mark.parametrize("endless", [one_line, comprehension, forgiving, endless_recursion])
def test_an_endless_loop_is_stopped(endless):
    with pytest.raises(TookTooLong), time_limit(0.05):
        run(endless)
    for _ in range(1000):  # nothing comes afterwards
        time.sleep(0)


def test_nothing_is_left_of_a_limit_that_is_nearly_met():
    threads = threading.active_count()
    for _ in range(20):
        end = time.thread_time() + 0.0095
        with contextlib.suppress(TookTooLong), time_limit(0.01):
            while time.thread_time() < end:
                pass
    assert soon(lambda: threading.active_count() <= threads)


def test_what_other_threads_do_does_not_count():
    if not hasattr(time, "pthread_getcpuclockid"):
        pytest.skip("this system does not tell the time of one thread")
    over = threading.Event()
    other = threading.Thread(target=lambda: all(not over.is_set() for _ in itertools.count()))
    other.start()
    try:
        with time_limit(0.1):
            time.sleep(0.3)
    finally:
        over.set()
        other.join()


def test_by_the_clock_a_limit_has_its_patience(monkeypatch):
    monkeypatch.setattr(time_limits, "PATIENCE", 1)
    with pytest.raises(TookTooLong), time_limit(0.1):
        [time.sleep(0.01) for _ in range(60_000)]


UNDER_A_TRACER = """
import sys
from contextlib import suppress
from made_lessons import check
from made_lessons.checking.time_limits import TookTooLong, time_limit

def answer(ordering):
    return ordering.argsort() + 1

sys.settrace(lambda frame, event, argument: None)
check("1.3", answer)
with suppress(TookTooLong), time_limit(0.1):
    while True:
        pass
check("1.3", answer)
"""


def test_a_stopped_answer_leaves_a_tracer_working():
    """Use a separate process, because CPython 3.11 once looped forever at the next call."""
    command = [sys.executable, "-c", UNDER_A_TRACER]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert ran.stdout.count("✓ 1.3") == 2
