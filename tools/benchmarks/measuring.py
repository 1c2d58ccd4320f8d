"""Measure times, and print tables."""

import contextlib
import io
import sys
import time

import torch


def timed(work):
    """Return the seconds that ``work()`` took, and its result; what it prints is dropped."""
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        result = work()
        return time.perf_counter() - start, result


def best_of(repeats, works):
    """Return name → the fewest seconds of its work, of works that take turns.

    The best counts, because whatever else the machine does can only add to a time.
    """
    best = dict.fromkeys(works, float("inf"))
    for repeat in range(repeats):
        say(f"{', '.join(works)}: repeat {repeat + 1} of {repeats}")
        for name, work in works.items():
            best[name] = min(best[name], timed(work)[0])
    return best


def say(text):
    """Print progress to stderr, because the tables go to stdout."""
    print(text, file=sys.stderr, flush=True)


def table(title, head, rows):
    """Print a Markdown table, its first column to the left and the others to the right."""
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


def spread(values):
    """Return mean, lowest and highest of some runs as text; a dash if one of them is missing."""
    if any(v != v for v in values):
        return "–"
    return f"{sum(values) / len(values):.2f} ({min(values):.2f} to {max(values):.2f})"
