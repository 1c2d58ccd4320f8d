"""Wait for a condition instead of a time, because the computer may be busy."""

import time
from collections.abc import Callable

MOST_S = 300
"""Longest time to wait, in seconds. It only ends a test that would otherwise wait forever."""


def soon(condition: Callable[[], object]) -> bool:
    """Wait until a condition is true, and return whether it became true."""
    end = time.monotonic() + MOST_S
    while not (is_true := bool(condition())) and time.monotonic() < end:
        time.sleep(0.1)
    return is_true
