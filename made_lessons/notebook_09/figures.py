"""Figures of notebook 9: the family by year, receptive fields, nats against seconds, a flow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import LogLocator
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.figures.axes import axes_at, frame_only, key_of, note
from made_course.figures.network_parts import BLUES, sheet
from made_course.figures.picture import LINES, WIDTH, WORDS, Picture, picture


@picture
def plot_family_tree(members: Mapping[str, tuple[int, str, str, Tensor]], *, here: str) -> Picture:
    """The family by year, each with its mask of who sees whom, and what was new in it.

    Each member has its year, its parent ("" for none), what was new, and its mask (n, n): 0 where
    it is cut, at most 1; equal shades are one weight.
    """
    told = [
        f"{name}, {year}{f', from {parent}' * bool(parent)}: {news}."
        for name, (year, parent, news, _) in members.items()
    ]
    row, side, left = 0.68, 0.56, 0.85
    alt = f"The family by year, each member with its mask. {' '.join(told)}"
    figure = Picture(WIDTH - 0.1, row * len(members), alt=alt, layout="none")
    axes = sheet(figure)
    heights = [row * (len(members) - k - 0.5) for k in range(len(members))]
    axes.plot([left] * 2, [heights[0], heights[-1]], color=LINES, zorder=1)
    for y, (name, (year, _, news, mask)) in zip(heights, members.items(), strict=True):
        colour = BLUE if name == here else WORDS
        axes.scatter(left, y, s=150, color=colour, zorder=2)
        axes.text(left - 0.2, y, year, ha="right", va="center_baseline")
        small = axes_at(figure, left + 0.3, y - side / 2, side, side)
        small.imshow(np.ma.masked_equal(mask.numpy(), 0), cmap=BLUES, vmin=0, vmax=1)
        frame_only(small)
        words = left + 0.5 + side
        axes.text(words, y + 0.12, name, va="center_baseline", weight="bold", color=colour)
        axes.text(words, y - 0.13, news, va="center_baseline", fontsize=12)
    return figure


@picture
def plot_receptive_fields(masks: Mapping[str, Tensor], pixel: int) -> Picture:
    """What one output sees of an image: blue; earlier pixels that it does not see are outlined.

    Masks (D, D) are true at [i, j] where output i sees pixel j; pixels count row by row, from 0.
    """
    seen = {title: mask[pixel].tolist() for title, mask in masks.items()}
    side = math.isqrt(len(next(iter(seen.values()))))
    told = ", ".join(f"{title} {sum(row)}" for title, row in seen.items())
    alt = f"Of the {pixel} pixels before it the output of pixel {pixel + 1} sees: {told}. "
    looks = {
        "the pixel": {"facecolor": WORDS, "edgecolor": WORDS},
        "seen": {"facecolor": BLUE, "edgecolor": BLUE},
        "earlier, not seen": {"facecolor": "none", "edgecolor": BLUE, "linewidth": 1.2},
    }
    step = WIDTH / len(seen)
    alt += f"An image of {side} × {side}."
    figure = Picture(height=step + 0.75, alt=alt, layout="none")
    for k, (title, row) in enumerate(seen.items()):
        axes = axes_at(figure, step * k, 0.4, step - 0.12, step - 0.12)
        axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), aspect="equal")
        axes.set_title(f"{title}\n{sum(row)} of {pixel}", loc="left", fontsize=12)
        frame_only(axes)
        for j, is_seen in enumerate(row[: pixel + 1]):
            kind = "the pixel" if j == pixel else "seen" if is_seen else "earlier, not seen"
            corner = (j % side - 0.42, j // side - 0.42)
            axes.add_patch(Rectangle(corner, 0.84, 0.84, **looks[kind]))
    blue = {is_seen for row in seen.values() for is_seen in row[:pixel]}
    shown = {"the pixel": True, "seen": True in blue, "earlier, not seen": False in blue}
    key = {words: Patch(**look) for words, look in looks.items() if shown[words]}
    key_of(figure, key, "lower left", bbox_to_anchor=(0, 0))
    return figure


@picture
def plot_family(table: Mapping[str, tuple[int, float, float]]) -> Picture:
    """Models of the same data: nats against seconds of training, one dot per model.

    Each model has its parameters in use, its seconds of training, and its nats; the dot with the
    fewest nats is blue. A model without training, with 0 seconds, is a line.
    """
    told = [
        f"{name}: {n:.1f} nats, {p:,} parameters, {s:.1f} s" for name, (p, s, n) in table.items()
    ]
    fewest = min(nats for *_, nats in table.values())
    lead = next(name for name, (*_, nats) in table.items() if nats == fewest)
    alt = f"{lead} needs the fewest nats, {fewest:.1f}. {'; '.join(told)}."
    figure = Picture(height=3.8, alt=alt)
    axes = figure.add_subplot()
    trained = sorted((s, n, p, name) for name, (p, s, n) in table.items() if s)
    for k, (seconds, nats, parameters, name) in enumerate(trained):
        axes.scatter(seconds, nats, s=80, color=BLUE if nats == fewest else WORDS)
        place = {"ha": "center", "va": "top" if k % 2 else "bottom", "fontsize": 12}
        words = f"{name}\n{nats:.1f} nats, {parameters:,}"
        note(axes, words, (seconds, nats), (0, -8 if k % 2 else 8), **place)
    for name, (_, seconds, nats) in table.items():
        if not seconds:
            axes.axhline(nats, color=LINES, linestyle="--", linewidth=1.2)
            edge = {"xycoords": axes.get_yaxis_transform(), "va": "top"}
            note(axes, f"{name}: {nats:.1f} nats", (0, nats), (6, -5), **edge)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.margins(x=0.25, y=0.3)
    axes.set(xlabel="seconds of training (logarithmic); with each name: parameters in use")
    axes.set_ylabel("NLL (nats)")
    return figure


@picture
def plot_flow(to_data: Callable[[Tensor], Tensor]) -> Picture:
    """A flow as a warped grid: noise (left) and its image under the map (right), a box in blue.

    The map takes noise (n, 2) to data (n, 2).
    """
    along = torch.linspace(0, 1, 33)
    box = torch.cat([torch.stack(side, 1) for side in (
        (1 + 0.5 * along, 0 * along + 1), (0 * along + 1.5, 1 + 0.5 * along),
        (1.5 - 0.5 * along, 0 * along + 1.5), (0 * along + 1, 1.5 - 0.5 * along))])  # fmt: skip
    x, y = to_data(box).T
    area = ((x * y.roll(-1) - y * x.roll(-1)).sum() / 2).item()
    alt = f"A grid of noise, and what becomes of it: a box of area 0.25 has area {area:.2f}."
    figure = Picture(5.4, 4, alt=alt)
    grid = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, name, warp in zip(grid, "ux", (lambda u: u, to_data), strict=True):
        for at in torch.arange(-2, 2.1, 0.5):
            line = 4 * along - 2
            for columns in ((0 * line + at, line), (line, 0 * line + at)):
                axes.plot(*warp(torch.stack(columns, 1)).T, color=LINES, linewidth=1)
        axes.fill(*warp(box).T, color=BLUE)
        axes.set(aspect="equal", xlabel=f"{name}₁", ylabel=f"{name}₂")
    return figure
