"""How the benchmark measures, and how it tells: times, matrix products, tables."""

import contextlib
import io
import sys
import time
from collections import Counter

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Products(TorchDispatchMode):
    """Counts the matrix products that are computed inside a ``with``, whoever asks for them."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in ("mm", "addmm", "addmm_"):
            factors = [x for x in args if isinstance(x, torch.Tensor)][-2:]
            self.counts[tuple((tuple(x.shape), x.stride(), x.dtype) for x in factors)] += 1
        return func(*args, **(kwargs or {}))

    def seconds(self):
        """Time that all of them take with nothing in between, each as the best of nine calls."""
        return sum(count * _best_of_nine(*product) for product, count in self.counts.items())


def _best_of_nine(*factors):
    a, b = (
        torch.empty_strided(shape, stride, dtype=dtype).uniform_(-1, 1)
        for shape, stride, dtype in factors
    )
    out = torch.mm(a, b)
    trials = []
    for _ in range(9):
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        trials.append(time.perf_counter() - start)
    return min(trials)


def products_of(work):
    """Record what ``work()`` multiplies."""
    with Products() as products, contextlib.redirect_stdout(io.StringIO()):
        work()
    return products


def timed(work):
    """Seconds that ``work()`` took, and what it returned; what it prints is kept quiet."""
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        result = work()
        return time.perf_counter() - start, result


def say(text):
    """Tell whoever waits what is being measured, beside the tables."""
    print(text, file=sys.stderr, flush=True)


def table(title, head, rows):
    """A table of Markdown, its first column to the left and the others to the right."""
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
    """Mean of some runs, lowest and highest; a dash where one was none."""
    if any(v != v for v in values):
        return "–"
    return f"{sum(values) / len(values):.2f} ({min(values):.2f} to {max(values):.2f})"
