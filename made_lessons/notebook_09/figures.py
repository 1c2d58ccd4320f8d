"""Figures of MADE's relatives: their family tree, receptive fields, and a flow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from textwrap import fill

import torch
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.figures.axes import add_axes_at, add_legend, show_frame_only
from made_course.figures.network_parts import add_axes_in_inches
from made_course.figures.picture import LINES, WIDTH, WORDS, Picture, picture


def family_members() -> dict[str, tuple[int, str, str, Tensor]]:
    """Return six models for :func:`plot_family_tree`, each with a mask of eight variables."""
    step = torch.arange(8)
    before = step[:, None] - step  # [i, j]: number of steps from j to i
    sees = (before > 0).float()
    own, seen = sees * torch.rand(2, 8, 8, generator=torch.Generator().manual_seed(0))
    tied, window = sees * (step + 1) / 8, sees * (before < 4) * before / 3
    return {
        "FVSBN": (1996, "", "each variable: a weighted sum of those before it", own),
        "NADE": (2011, "FVSBN", "a hidden layer at each step, with tied weights", tied),
        "MADE": (2015, "NADE", "an autoencoder with masks on its weights", sees / 2),
        "PixelCNN": (2016, "MADE", "the same weights at every pixel: a window", window),
        "IAF": (2016, "MADE", "an invertible map of real numbers (MAF, 2017)", sees / 2),
        "Transformer": (2017, "", "weights computed from the input (notebook 10)", seen),
    }


@picture
def plot_family_tree(members: Mapping[str, tuple[int, str, str, Tensor]], *, here: str) -> Picture:
    """Draw the family by year: each model with its mask, and its new idea.

    Args:
        members: model name → (year, parent or "", new idea, mask). A mask is an (n, n) tensor of
            greys: 0 for no connection, up to 1, and equal for connections that share a weight.
        here: name of the model that is blue.
    """
    in_words = [
        f"{name}, {year}{f', from {parent}' * bool(parent)}: {news}."
        for name, (year, parent, news, _) in members.items()
    ]
    row, side, left = 0.78, 0.66, 0.65
    alt = f"The family by year, each model with its mask. {' '.join(in_words)}"
    figure = Picture(height=row * len(members), alt=alt, layout="none")
    axes = add_axes_in_inches(figure)
    heights = [row * (len(members) - k - 0.5) for k in range(len(members))]
    axes.plot([left] * 2, [heights[0], heights[-1]], color=LINES, zorder=1)
    for y, (name, (year, _, news, mask)) in zip(heights, members.items(), strict=True):
        colour = BLUE if name == here else WORDS
        axes.scatter(left, y, s=150, color=colour, zorder=2)
        axes.text(left - 0.2, y, year, ha="right", va="center_baseline")
        small = add_axes_at(figure, left + 0.25, y - side / 2, side, side)
        small.imshow(mask.numpy(), cmap="Greys", vmin=0, vmax=1.2)
        show_frame_only(small)
        text_x = left + 0.4 + side
        axes.text(text_x, y + 0.17, name, va="center_baseline", weight="bold", color=colour)
        axes.text(text_x, y + 0.02, fill(news, 34), va="top", fontsize=12)
    return figure


@picture
def plot_receptive_fields(masks: Mapping[str, Tensor], pixel: int) -> Picture:
    """Draw the pixels that one output sees, and the earlier ones that it does not see.

    Args:
        masks: (D, D) BoolTensors by title; [i, j] is True if output i sees pixel j.
        pixel: index of the output's pixel, counted row by row from 0.
    """
    seen = {title: mask[pixel].tolist() for title, mask in masks.items()}
    side = math.isqrt(len(next(iter(seen.values()))))
    counts = ", ".join(f"{title} {sum(row)}" for title, row in seen.items())
    alt = f"Of {pixel} earlier pixels, the output of pixel {pixel + 1} sees: {counts}. "
    looks = {
        "the pixel": {"facecolor": WORDS, "edgecolor": WORDS},
        "seen": {"facecolor": BLUE, "edgecolor": BLUE},
        "earlier, not seen": {"facecolor": "none", "edgecolor": BLUE, "linewidth": 1.2},
    }
    step = WIDTH / len(seen)
    alt += f"An image of {side} × {side}."
    figure = Picture(height=step + 0.75, alt=alt, layout="none")
    for k, (title, row) in enumerate(seen.items()):
        axes = add_axes_at(figure, step * k, 0.4, step - 0.12, step - 0.12)
        axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), aspect="equal")
        axes.set_title(f"{title}\n{sum(row)} of {pixel}", loc="left", fontsize=12)
        show_frame_only(axes)
        for j, is_seen in enumerate(row[: pixel + 1]):
            kind = "the pixel" if j == pixel else "seen" if is_seen else "earlier, not seen"
            corner = (j % side - 0.42, j // side - 0.42)
            axes.add_patch(Rectangle(corner, 0.84, 0.84, **looks[kind]))
    blue = {is_seen for row in seen.values() for is_seen in row[:pixel]}
    is_used = {"the pixel": True, "seen": True in blue, "earlier, not seen": False in blue}
    key = {kind: Patch(**look) for kind, look in looks.items() if is_used[kind]}
    add_legend(figure, key, "lower left", bbox_to_anchor=(0, 0))
    return figure


@picture
def plot_flow(to_data: Callable[[Tensor], Tensor]) -> Picture:
    """Draw a flow as a warped grid: noise (left) and data (right), with one square in blue.

    Args:
        to_data: map from noise (n, 2) to data (n, 2).
    """
    along = torch.linspace(0, 1, 33)
    box = torch.cat([torch.stack(side, 1) for side in (
        (1 + 0.5 * along, 0 * along + 1), (0 * along + 1.5, 1 + 0.5 * along),
        (1.5 - 0.5 * along, 0 * along + 1.5), (0 * along + 1, 1.5 - 0.5 * along))])  # fmt: skip
    x, y = to_data(box).T
    area = ((x * y.roll(-1) - y * x.roll(-1)).sum() / 2).item()
    alt = "A square grid of noise, and the same grid after the map to data. The blue square of "
    alt += f"area 0.25 becomes a shape of area {area:.2f}."
    figure = Picture(height=4, alt=alt)
    grid = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, name, warp in zip(grid, "ux", (lambda u: u, to_data), strict=True):
        for at in torch.arange(-2, 2.1, 0.5):
            line = 4 * along - 2
            for columns in ((0 * line + at, line), (line, 0 * line + at)):
                axes.plot(*warp(torch.stack(columns, 1)).T, color=LINES, linewidth=1)
        axes.fill(*warp(box).T, color=BLUE)
        axes.set(aspect="equal", xlabel=f"{name}₁", ylabel=f"{name}₂")
    return figure
