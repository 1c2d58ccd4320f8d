"""Stop code that runs too long, on any system and in any thread."""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LIMIT_S = 5.0  # seconds of processor time that an answer may use in a check
OPEN_LIMIT_S = 20.0  # the same for a trained model, which is called on many rows
PATIENCE = 5
"""Factor by which a check may take longer in real time, because the computer may be busy."""


class TookTooLong(BaseException):
    """Raised in code that runs too long. ``except Exception`` does not catch it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TookTooLong` in the ``with`` block if it runs for too long.

    The limit is processor time, because a busy computer must not stop an answer. In real time, the
    limit is ``PATIENCE`` times as long. A call into C is not interrupted. The error is raised
    repeatedly, so that most code that catches it is also stopped.
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
            over.set()  # a pending TookTooLong is raised in this call at the latest

    try:
        try:
            threading.Thread(target=watch, daemon=True).start()
            yield
        finally:
            end()
    finally:
        end()  # TookTooLong may have stopped the first end(), but it is raised only every 50 ms


def _clock_of_this_thread() -> Callable[[], float]:
    """Return a function that any thread can call to get the processor time of this thread."""
    if not hasattr(time, "pthread_getcpuclockid"):  # on Windows and macOS, all threads count
        return time.process_time
    clock = time.pthread_getcpuclockid(threading.get_ident())
    return lambda: time.clock_gettime(clock)
