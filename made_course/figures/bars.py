"""Bar charts of probabilities and of nats."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ..common.colours import BLUE, ORANGE
from ..common.words import join_names
from .axes import add_legend, add_note, name_lines
from .picture import LINES, WORDS, Picture, picture


@picture
def plot_probabilities(
    distributions: Mapping[str, Sequence[float]], outcomes: Sequence[str], *, ylabel: str
) -> Picture:
    """Draw the probabilities of all outcomes as labelled bars, for one or two distributions.

    Args:
        distributions: name → probabilities of the outcomes, for one or two distributions. The
            last one is blue, and the first of two is hatched.
        outcomes: name of each outcome, from the top.
        ylabel: label of the axis with the outcomes.

    Example:
        >>> figure = plot_probabilities({"p": [0.25, 0.75]}, ["dry", "wet"], ylabel="grass")
        >>> figure.alt
        'Highest: wet, 0.75. Probabilities of dry, wet (grass): p 0.25, 0.75.'
    """
    labels = {name: [f"{float(p):.2f}" for p in row] for name, row in distributions.items()}
    text = "; ".join(f"{name} {', '.join(row)}" for name, row in labels.items())
    alt = f"{_describe_bars(labels, outcomes)}. "
    alt += f"Probabilities of {', '.join(outcomes)} ({ylabel}): {text}."
    count = len(distributions)
    figure = Picture(height=(0.1 + 0.2 * count) * len(outcomes) + 0.5, alt=alt)
    axes = figure.add_subplot()
    width = 0.84 / count
    looks = [{"facecolor": "none", "edgecolor": WORDS, "hatch": "///"}, {"color": BLUE}][-count:]
    for k, (name, widths) in enumerate(distributions.items()):
        places = np.arange(len(outcomes)) + width * (k - (count - 1) / 2)
        bars = axes.barh(places, list(map(float, widths)), 0.9 * width, label=name, **looks[k])
        axes.bar_label(bars, labels[name], padding=4, fontsize=12)
    name_lines(axes, outcomes)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel("probability", loc="left")
    axes.set_ylabel(ylabel)
    axes.margins(x=0.12)
    if count > 1:
        figure.legend(loc="outside upper left", ncols=2)
    return figure


def _describe_bars(labels: Mapping[str, Sequence[str]], outcomes: Sequence[str]) -> str:
    """Describe where two distributions differ most, or where a single one is highest."""
    p = np.array(list(labels.values()), dtype=float)
    far = abs(p[-1] - p[0]) if len(p) > 1 else p[0]
    if len(p) == 1:
        most = [name for name, here in zip(outcomes, far, strict=True) if here == far.max()]
        return f"Highest: {join_names(most)}, {far.max():.2f}"
    each = ", ".join(f"{name} {row[far.argmax()]}" for name, row in labels.items())
    return f"Furthest apart at {outcomes[far.argmax()]}: {each}"


@picture
def plot_nats_bars(
    levels: Mapping[str, float],
    *,
    highlight: str = "",
    floor: float | None = None,
    invalid: Collection[str] = (),
    input_dim: int | None = None,
    per: str = "image",
) -> Picture:
    """Draw bars of nats from zero, one for each model; lower is better.

    Args:
        levels: name of a model → its NLL in nats; the first is drawn at the top.
        highlight: name whose bar is blue.
        floor: entropy of the data, in nats; the region below it is hatched.
        invalid: names of models that are not distributions; their bars have orange outlines.
        input_dim: number of pixels D, to write bits per pixel beside the nats.
        per: noun for a row of the data, such as "image".

    Example:
        >>> plot_nats_bars({"coin": 784 * math.log(2), "MADE": 86.3}).alt
        'MADE needs the fewest nats, coin the most. Nats per image: coin 543.4; MADE 86.3.'
    """
    decimals = 1 if max(levels.values()) > 20 else 2
    labels = {
        name: f"{nats:.{decimals}f}" if abs(nats) >= 0.01 else f"{nats:.1g}"
        for name, nats in levels.items()
    }
    unit = f"nats per {per}"
    if input_dim is not None:
        unit += " (bits per pixel)"
        for name, nats in levels.items():
            labels[name] += f" ({nats / (input_dim * math.log(2)):.3f})"
    text = "; ".join(
        f"{name} {label}{', not a distribution' * (name in invalid)}"
        for name, label in labels.items()
    )
    ranked = [name for name in sorted(levels, key=levels.get) if name not in invalid]
    alt = f"{ranked[0]} needs the fewest nats, {ranked[-1]} the most. " if ranked[1:] else ""
    alt += f"{unit.capitalize()}: {text}."
    kinds, start = {}, min(0, *levels.values())
    figure = Picture(height=0.36 * len(levels) + 0.9 + 0.3 * (floor is not None), alt=alt)
    axes = figure.add_subplot()
    if floor is not None:
        words = f"no distribution gets here (floor {floor:.{decimals}f})"
        hatched = {"facecolor": "none", "edgecolor": LINES, "hatch": "///", "linewidth": 0}
        kinds[words] = axes.axvspan(start, floor, zorder=0, **hatched)
        axes.axvline(floor, color=WORDS, linewidth=1.2)
        figure.alt += f" Hatched below the floor, {floor:.{decimals}f}: no distribution gets here."
    for y, (name, nats) in enumerate(levels.items()):
        look = {"color": BLUE if name == highlight else LINES}
        if name in invalid:
            look = {"facecolor": "none", "edgecolor": ORANGE, "linewidth": 2.4}
        (bar,) = axes.barh(y, nats, 0.66, **look)
        if name in invalid:
            kinds["not a distribution"] = bar
        weight = "bold" if name == highlight else "normal"
        # to the right of the hatching, where the label is readable
        add_note(axes, labels[name], (max(nats, floor or 0), y), (6, 0), va="center", weight=weight)
    name_lines(axes, levels)
    axes.set_xlim(start, None)
    axes.set_xlabel(unit, loc="left")
    add_legend(figure, kinds, "outside upper left")
    return figure


def spread_heights(
    heights: Sequence[float], min_gap: float, highest: float = math.inf
) -> list[float]:
    """Spread ascending heights: at least ``min_gap`` between neighbours, none above ``highest``.

    Example:
        >>> spread_heights([1.0, 1.5, 4.0], min_gap=1.0)
        [0.75, 1.75, 4.0]
    """
    moved = list(heights)
    for k in 100 * [*range(1, len(moved))]:  # repeated, because a move affects the next pair
        lack = max(min_gap - (moved[k] - moved[k - 1]), 0)
        moved[k - 1 : k + 1] = moved[k - 1] - lack / 2, moved[k] + lack / 2
        moved[-1] = min(moved[-1], highest)
    return moved
