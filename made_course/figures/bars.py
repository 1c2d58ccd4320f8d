"""Bars: probabilities of outcomes, and a ruler of nats."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from ..common.colours import BLUE, ORANGE
from .axes import name_lines, note
from .picture import FAINT, LINES, WIDTH, WORDS, Picture, picture

HERE, OTHER = {"color": BLUE}, {"facecolor": FAINT, "edgecolor": LINES}
"""Bars of the model at hand, and of others."""


@picture
def plot_probabilities(
    distributions: Mapping[str, Sequence[float]], outcomes: Sequence[str], *, xlabel: str
) -> Picture:
    """Bars for each outcome, one or two distributions side by side, with the numbers on them.

    Args:
        distributions: name → probability of each outcome; one or two of them, the second blue.
        outcomes: what each bar stands for.
        xlabel: words below the outcomes.

    Example:
        >>> figure = plot_probabilities({"p": [0.25, 0.75]}, ["dry", "wet"], xlabel="grass")
        >>> figure.alt
        'Probabilities of dry, wet (grass): p 0.25, 0.75.'
    """
    said = {name: [f"{float(p):.2f}" for p in row] for name, row in distributions.items()}
    told = "; ".join(f"{name} {', '.join(row)}" for name, row in said.items())
    alt = f"Probabilities of {', '.join(outcomes)} ({xlabel}): {told}."
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
