"""How the time of a sample grows with the number of variables, at a fixed hidden width."""

import math
from functools import partial
from statistics import mean

import torch

from made_course import MADE

from . import document
from .measuring import say, table, timed

SAMPLES = 36
SIZES = (49, 196, 784, 3136)
METHODS = {"naive": "one forward pass a variable", "incremental": "MADE.sample"}
LONG = 10
"""Seconds from which on a work is timed once: it averages over what disturbs it by itself."""


def growth(options):
    models = {}
    for size in SIZES:
        torch.manual_seed(0)
        models[size] = MADE(size, document.HIDDEN, natural_order=False, seed=0)
        models[size].sample(SAMPLES)
    seconds = {method: {size: [] for size in models} for method in METHODS}
    for repeat in range(options.repeats):
        say(f"growth: repeat {repeat + 1} of {options.repeats}")
        for size, model in models.items():
            for method in METHODS:
                times = seconds[method][size]
                if not times or times[0] < LONG:
                    times.append(timed(partial(model.sample, SAMPLES, method=method))[0])
    best = {method: [min(t) for t in by_size.values()] for method, by_size in seconds.items()}
    table(
        f"Growth, {SAMPLES} samples, D-{'-'.join(map(str, document.HIDDEN))}-D, float32",
        ("variables", *(f"{words} (s)" for words in METHODS.values()), "faster"),
        [
            (f"{size:,}", f"{naive:.4f}", f"{ours:.4f}", f"{naive / ours:.1f}×")
            for size, naive, ours in zip(models, *best.values(), strict=True)
        ],
    )
    print()
    for method, words in METHODS.items():
        times = best[method]
        last = exponent(SIZES[-2:], times[-2:])
        print(
            f"- {words}: grows as D^{exponent(SIZES, times):.2f}, "
            f"over the last step as D^{last:.2f}"
        )


def exponent(sizes, seconds):
    r"""The a of seconds ≈ c · size^a: slope of the least-squares line through the logarithms."""
    x, y = ([math.log(v) for v in values] for values in (sizes, seconds))
    products = [(a - mean(x)) * (b - mean(y)) for a, b in zip(x, y, strict=True)]
    return sum(products) / sum((a - mean(x)) ** 2 for a in x)
