"""How the time of a sample grows with the number of variables, at a fixed hidden width."""

import math
from functools import partial
from statistics import mean

import torch
from matplotlib.figure import Figure

from made_course import MADE
from made_course.colours import BLUE, ORANGE, PALE
from made_course.files import write_whole

from .measuring import say, table, timed

SAMPLES = 36
METHODS = {"naive": "one forward pass a variable", "incremental": "MADE.sample"}
LONG = 10
"""Seconds from which on a work is timed once: it averages over what disturbs it by itself."""


def growth(options):
    models = {}
    for size in options.sizes:
        torch.manual_seed(0)
        models[size] = MADE(size, (options.hidden, options.hidden), natural_order=False, seed=0)
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
        f"Growth, {SAMPLES} samples, D-{options.hidden}-{options.hidden}-D, float32",
        ("variables", *(f"{words} (s)" for words in METHODS.values()), "faster"),
        [
            (f"{size:,}", f"{naive:.4f}", f"{ours:.4f}", f"{naive / ours:.1f}×")
            for size, naive, ours in zip(models, *best.values(), strict=True)
        ],
    )
    print()
    for method, words in METHODS.items():
        times = best[method]
        last = exponent(options.sizes[-2:], times[-2:])
        print(
            f"- {words}: grows as D^{exponent(options.sizes, times):.2f}, "
            f"over the last step as D^{last:.2f}"
        )
    if options.growth_figure:
        figure = plot_growth(options.sizes, best)
        write_whole(
            options.growth_figure,
            lambda file: figure.savefig(file, format="png", dpi=144, facecolor="white"),
        )
        print(f"\n![{describe_growth(options.sizes, best)}]({options.growth_figure})")


def exponent(sizes, seconds):
    r"""The a of seconds ≈ c · size^a: slope of the least-squares line through the logarithms."""
    x, y = ([math.log(v) for v in values] for values in (sizes, seconds))
    products = [(a - mean(x)) * (b - mean(y)) for a, b in zip(x, y, strict=True)]
    return sum(products) / sum((a - mean(x)) ** 2 for a in x)


def plot_growth(sizes, best):
    """Seconds of both ways over the number of variables, on logarithmic scales."""
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    axes = figure.add_subplot()
    styles = {"naive": (ORANGE, "s", "--"), "incremental": (BLUE, "o", "-")}
    for method, (colour, marker, line) in styles.items():
        times = best[method]
        axes.loglog(sizes, times, line, color=colour, marker=marker, markersize=8, linewidth=2)
        power = exponent(sizes[-2:], times[-2:])
        axes.annotate(
            f"{METHODS[method]}\n{in_words(times[-1])}, at last ∝ D$^{{{power:.1f}}}$",
            (sizes[-1], times[-1]),
            xytext=(12, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            fontsize=11,
        )
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.yaxis.set_major_formatter(lambda seconds, _: in_words(seconds, digits=1))
    axes.minorticks_off()
    axes.grid(color=PALE, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("variables D")
    axes.set_ylabel(f"time of {SAMPLES} samples")
    return figure


def describe_growth(sizes, best):
    """What the figure shows, for whoever cannot see it."""
    naive, ours = best["naive"], best["incremental"]
    return (
        f"Time of {SAMPLES} samples against the number of variables, both on logarithmic "
        f"scales. From {sizes[0]:,} to {sizes[-1]:,} variables one forward pass a variable goes "
        f"from {in_words(naive[0])} to {in_words(naive[-1])}, MADE.sample from "
        f"{in_words(ours[0])} to {in_words(ours[-1])}."
    )


def in_words(seconds, digits=2):
    """A duration with so many digits that count.

    Example:
        >>> in_words(0.00234), in_words(0.346), in_words(0.999), in_words(0.1, digits=1)
        ('2.3 ms', '350 ms', '1.0 s', '100 ms')
    """
    seconds = float(f"{seconds:.{digits}g}")
    number, unit = (1000 * seconds, "ms") if seconds < 1 else (seconds, "s")
    return f"{number:.{max(0, digits - 1 - math.floor(math.log10(number)))}f} {unit}"
