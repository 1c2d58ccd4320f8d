"""Measure times and print tables."""

import contextlib
import io
import sys
import time

import torch


def time_work(work):
    """Return the seconds that ``work()`` took, and its result; its printed lines are dropped."""
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        result = work()
        return time.perf_counter() - start, result


def best_of(repeats, works):
    """Return name → shortest time in seconds of each function, which take turns.

    The smallest time counts, because other programs can only make a run slower.
    """
    best = dict.fromkeys(works, float("inf"))
    for repeat in range(repeats):
        print_progress(f"{', '.join(works)}: repeat {repeat + 1} of {repeats}")
        for name, work in works.items():
            best[name] = min(best[name], time_work(work)[0])
    return best


def print_progress(text):
    """Print progress to stderr, because the tables go to stdout."""
    print(text, file=sys.stderr, flush=True)


def print_table(title, head, rows):
    """Print a Markdown table, with the first column aligned left and the others right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print(f"\n**{title}**\n")
    for k, row in enumerate([head, *rows]):
        cells = [
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(f"| {' | '.join(cells)} |")
        if k == 0:
            rules = [f"{'-' * (w - 1)}{':' if c else '-'}" for c, w in enumerate(widths)]
            print(f"| {' | '.join(rules)} |", flush=True)


def summarize(values):
    """Return the mean, lowest and highest of some runs as text, or a dash if one is NaN."""
    if any(v != v for v in values):
        return "–"
    return f"{sum(values) / len(values):.2f} ({min(values):.2f} to {max(values):.2f})"
