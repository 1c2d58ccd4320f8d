"""Probabilities, nats and their scale."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from ..common.colours import BLUE, ORANGE
from .picture import FAINT, LINES, WIDTH, WORDS, Picture, name_lines, note, picture

HERE, OTHER = {"color": BLUE}, {"facecolor": FAINT, "edgecolor": LINES}
"""Bars of the model at hand, and of others."""


@picture
def plot_probabilities(
    distributions: Mapping[str, Sequence[float]], outcomes: Sequence[str], *, xlabel: str = ""
) -> Picture:
    """Bars for each outcome, one or two distributions side by side, with the numbers on them.

    Args:
        distributions: name → probability of each outcome; one or two of them, the second blue.
        outcomes: what each bar stands for.
        xlabel: words below the outcomes.

    Example:
        >>> figure = plot_probabilities({"p": [0.25, 0.75]}, ["dry", "wet"])
        >>> figure.alt
        'Probabilities of dry, wet: p 0.25, 0.75.'
    """
    said = {name: [f"{float(p):.2f}" for p in row] for name, row in distributions.items()}
    alt = f"Probabilities of {', '.join(outcomes)}" + (f" ({xlabel})" if xlabel else "") + ": "
    alt += "; ".join(f"{name} {', '.join(row)}" for name, row in said.items()) + "."
    each = 0.5 + 0.25 * len(distributions)
    figure = Picture(min(WIDTH, max(4.2, each * len(outcomes) + 1)), 2.9, alt=alt)
    axes = figure.add_subplot()
    width = 0.84 / len(distributions)
    looks = [{"facecolor": "none", "edgecolor": WORDS, "hatch": "///"}, {"color": BLUE}]
    looks = looks[-len(distributions) :]
    crowded = len(outcomes) * len(distributions) > 12  # numbers would touch
    for k, (name, heights) in enumerate(distributions.items()):
        places = np.arange(len(outcomes)) + width * (k - (len(distributions) - 1) / 2)
        bars = axes.bar(places, list(map(float, heights)), 0.9 * width, label=name, **looks[k])
        numbers = [p.removeprefix("0") if crowded else p for p in said[name]]
        axes.bar_label(bars, numbers, padding=2, fontsize=11)
    axes.set_xticks(range(len(outcomes)), outcomes, parse_math=False)
    axes.set_yticks([])
    axes.tick_params(axis="x", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(xlabel)
    axes.set_ylabel("probability")
    axes.margins(x=0.02, y=0.12)
    if len(distributions) > 1:
        figure.legend(loc="outside upper left", ncols=2)
    return figure


@picture
def plot_shares(
    groups: Mapping[str, Sequence[float]], rows: Sequence[str], *, xlabel: str = ""
) -> Picture:
    """Dots between 0 and 1 on a line for each row, a shape for each of up to four groups.

    Args:
        groups: name → share of each row; the first is the model at hand, in blue.
        rows: what each line stands for.
        xlabel: words below the lines.

    Example:
        >>> plot_shares({"drawn": [0.9, 0.2], "table": [1.0, 0.3]}, ["crime", "exports"]).alt
        'Shares of crime, exports: drawn 0.90, 0.20; table 1.00, 0.30.'
    """
    said = [f"{name} {', '.join(f'{float(p):.2f}' for p in row)}" for name, row in groups.items()]
    alt = f"Shares of {', '.join(rows)}" + (f" ({xlabel})" if xlabel else "")
    figure = Picture(height=0.42 * len(rows) + 1.2, alt=f"{alt}: {'; '.join(said)}.")
    axes = figure.add_subplot()
    axes.hlines(range(len(rows)), 0, 1, color=FAINT, linewidth=4)
    for (name, shares), shape in zip(groups.items(), "DsPo", strict=False):
        look = {"color": BLUE} if shape == "D" else {"color": WORDS, "mfc": "none", "mew": 1.5}
        axes.plot(list(map(float, shares)), range(len(rows)), shape, ms=9, label=name, **look)
    name_lines(axes, rows)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(xlabel)
    figure.legend(loc="outside upper center", ncols=2)
    return figure


@picture
def plot_family(table: Mapping[str, tuple[int, float, float]]) -> Picture:
    """Models of the same data in one table: parameters in use, seconds, and bars of nats.

    Args:
        table: name → parameters that no mask cuts off, seconds of training, nats; drawn from top to
            bottom, the one with the fewest nats in blue.

    Example:
        >>> plot_family({"FVSBN": (19_306, 0.4, 35.8), "NADE": (25_284, 3.2, 33.8)}).alt
        'FVSBN: 35.8 nats, 19,306 parameters, 0.4 s; NADE: 33.8 nats, 25,284 parameters, 3.2 s.'
    """
    told = [
        f"{name}: {n:.1f} nats, {p:,} parameters, {s:.1f} s" for name, (p, s, n) in table.items()
    ]
    figure = Picture(height=0.4 * len(table) + 0.9, alt=f"{'; '.join(told)}.")
    words, axes = figure.subplots(1, 2, sharey=True, width_ratios=(5, 4))
    nats = [row[2] for row in table.values()]
    for k, (parameters, seconds, n) in enumerate(table.values()):
        axes.barh(k, n, 0.55, **(HERE if n == min(nats) else OTHER))
        note(axes, f"{n:.1f}", (n, k), (6, 0), va="center")
        words.text(0.6, k, f"{parameters:,}", ha="right", va="center")
        words.text(1.0, k, f"{seconds:.1f}", ha="right", va="center")
    for x, title in ((0.6, "parameters"), (1.0, "seconds")):
        words.text(x, -0.8, title, ha="right", va="center", weight="bold")
    axes.set_xlim(0, 1.3 * max(nats))
    axes.set_xlabel("nats (shorter is better)", loc="left")
    name_lines(words, table)
    words.set(xlim=(0, 1), ylim=(len(table) - 0.5, -1.1), xticks=[])
    words.spines[:].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


@picture
def plot_nats_scale(
    levels: Mapping[str, float],
    *,
    here: str = "",
    floor: float | None = None,
    broken: Collection[str] = (),
    input_dim: int | None = None,
    of: str = "image",
) -> Picture:
    """Ruler of nats, from the coin down to the floor: what knowledge of the data is worth.

    The model at hand is blue. What is no distribution is hatched in orange, with a cross: its
    number means nothing, and may well lie below the floor.

    Args:
        levels: name → nats, drawn from top to bottom.
        here: the name that the page is about at this moment.
        floor: the entropy of the data, below which no distribution gets; a broken line.
        broken: names of what is no distribution.
        input_dim: number of variables D, for bits per dimension beside the nats.
        of: what a row of the data is, if it is no image.

    Example:
        >>> figure = plot_nats_scale({"a coin for each pixel": 784 * math.log(2)}, input_dim=784)
        >>> figure.alt
        'Nats per image: a coin for each pixel 543.4, 1.000 bits per pixel.'
    """
    decimals = 1 if max(levels.values()) > 20 else 2
    said = {name: f"{nats:.{decimals}f}" for name, nats in levels.items()}
    if input_dim is not None:
        for name, nats in levels.items():
            said[name] += f", {nats / (input_dim * math.log(2)):.3f} bits per pixel"
    said |= {name: f"{said[name]}, no distribution" for name in broken}
    alt = f"Nats per {of}: " + "; ".join(f"{name} {words}" for name, words in said.items()) + "."
    alt += f" The floor is {floor:.2f}." if floor is not None else ""

    figure = Picture(height=0.42 * len(levels) + 0.8, alt=alt)
    axes = figure.add_subplot()
    for place, (name, nats) in enumerate(levels.items()):
        if name in broken:
            draw_broken(axes, place, nats)
        else:
            axes.barh(place, nats, 0.55, **(HERE if name == here else OTHER))
        by = (12 if name in broken else 6, 0)
        weight = "bold" if name == here else "normal"
        note(axes, said[name], (max(nats, floor or 0), place), by, va="center", weight=weight)
    if floor is not None:
        axes.axvline(floor, color=WORDS, linestyle="--", linewidth=1.2)
        axes.text(floor, -0.62, f"floor {floor:.2f}", ha="center", va="bottom", fontsize=12)
    name_lines(axes, levels)
    longest, room = max(levels.values()), 1.6 if input_dim is None else 2.2
    axes.set(xlim=(0, room * longest), ylim=(len(levels) - 0.5, -0.6))
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= longest])
    axes.spines["bottom"].set_bounds(0, longest)
    axes.set_xlabel(f"nats per {of} (shorter is better)", loc="left")
    axes.tick_params(axis="y", pad=9)
    return figure


def draw_broken(axes: Axes, place: float, to: float, start: float = 0) -> None:
    """A bar for what is no distribution: hatched in orange, with a cross at its end."""
    look = {"facecolor": "none", "edgecolor": ORANGE, "hatch": "////"}
    axes.barh(place, to - start, 0.55, left=start, **look)
    cross = {"markersize": 9, "markeredgewidth": 2.4, "clip_on": False, "zorder": 3}
    axes.plot(to, place, "x", color=ORANGE, **cross)
