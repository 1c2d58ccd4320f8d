"""An end for code that computes too long, on any system and in any thread."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LIMIT_S = 2.0
"""How long an answer may run in a check."""
PATIENCE = 5
"""How many times as long by the clock, on a computer that has more to do."""


class TookTooLong(BaseException):
    """Raised in an answer that ran past its time; no ``except Exception`` in it keeps this back."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TookTooLong` in Python code that computes longer; a call into C is waited for.

    What counts is the processor's time, so that a busy machine stops nobody, and ``PATIENCE`` times
    as much by the clock. It is raised again and again, so that most answers which catch everything
    end, too.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    raise_there = ctypes.pythonapi.PyThreadState_SetAsyncExc
    over, lock = threading.Event(), threading.Lock()
    worked = _clock_of_this_thread()
    work_ends, ends = worked() + seconds, time.monotonic() + PATIENCE * seconds

    def watch() -> None:
        while not over.wait(0.05):
            with lock:
                is_late = worked() > work_ends or time.monotonic() > ends
                if is_late and not over.is_set():
                    raise_there(thread, ctypes.py_object(TookTooLong))

    def end() -> None:
        with lock:
            over.set()  # an exception that is on its way arrives in this call, at the latest

    try:
        try:
            threading.Thread(target=watch, daemon=True).start()
            yield
        finally:
            end()
    finally:
        end()  # the first may have been struck itself; the next stroke is 50 ms away


def _clock_of_this_thread() -> Callable[[], float]:
    """The processor's time that this thread has used, to be asked for from any thread."""
    if not hasattr(time, "pthread_getcpuclockid"):  # Windows and macOS count all threads
        return time.process_time
    clock = time.pthread_getcpuclockid(threading.get_ident())
    return lambda: time.clock_gettime(clock)
