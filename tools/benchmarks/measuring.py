"""Measure times and print tables."""

import contextlib
import io
import sys
import time

import torch
from pandas import DataFrame

REPEATS = 5
SEEDS = (0, 1, 2)


def time_work(work):
    """Return the seconds that ``work()`` took, and its result; its printed lines are dropped."""
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        result = work()
        return time.perf_counter() - start, result


def best_of_repeats(works):
    """Return name → shortest time in seconds of each function, which take turns.

    The smallest time counts, because other programs can only make a run slower.
    """
    best = dict.fromkeys(works, float("inf"))
    for repeat in range(REPEATS):
        print_progress(f"{', '.join(works)}: repeat {repeat + 1} of {REPEATS}")
        for name, work in works.items():
            best[name] = min(best[name], time_work(work)[0])
    return best


def print_progress(text):
    """Print progress to stderr, because the tables go to stdout."""
    print(text, file=sys.stderr, flush=True)


def print_table(title, head, rows):
    table = DataFrame(rows, columns=head).to_string(index=False)
    print(f"\n{title}\n\n{table}", flush=True)


def summarize(values):
    """Return the mean, lowest and highest of some runs as text."""
    return f"{sum(values) / len(values):.2f} ({min(values):.2f} to {max(values):.2f})"
