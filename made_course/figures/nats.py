"""What an image costs: where on it the nats go, and how many are usual."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from torch import Tensor

from ..common.colours import BLUE, rgb
from .images import as_pictures, paint, paint_rows
from .picture import FAINT, LINES, WIDTH, WORDS, Picture, axes_at, picture, width_of

DEAR = 2.0
"""Nats from which on a pixel is painted in full blue."""
BIN = 5.0
"""Nats that a bar of surprise is wide."""


@picture
def plot_costs(images: Tensor, ink: Tensor) -> Picture:
    """Where the nats go: each digit, how probable its ink was, and what each pixel costs.

    Args:
        images: (n, D) of zeros and ones.
        ink: (n, D) p(ink) of each pixel, given those before it.

    Example:
        >>> plot_costs(torch.tensor([[1.0, 0, 0, 0]]), torch.tensor([[0.5, 0.5, 0, 0]])).alt
        '1 image of 1.4 nats, half of which lie on 1 of 4 pixels; 100% of all lie within ...'
    """
    costs = torch.where(images > 0.5, -ink.log(), -torch.log1p(-ink)).double()
    totals = costs.sum(1).tolist()
    halves = [dearest_half(row) for row in costs]
    n, dim = images.shape
    said = [f"{', '.join(f'{total:.1f}' for total in totals)} nats", ", ".join(map(str, halves))]
    alt = f"{n} image{'s' * (n > 1)} of {said[0]}, half of which lie on {said[1]} of {dim} pixels; "
    alt += f"{at_edges(images, costs):.0%} of all lie within a pixel of where ink begins or ends."
    names = ["a digit", "p(ink |\npixels\nbefore)", "−log p,\nin nats"]
    left = max(map(width_of, names)) + 0.12
    cell = (WIDTH - left) / max(n, 4)
    figure = Picture(left + n * cell, 3 * cell + 0.5, alt=alt, layout="none")
    digits, inks, prices = map(as_pictures, (images, ink, costs))
    rows = dict(zip(names, (digits, inks, priced(digits, prices)), strict=True))
    *_, last = paint_rows(figure, rows, cell, left=left)
    for axes, total, half in zip(last, totals, halves, strict=True):
        words = {"ha": "center", "va": "top", "transform": axes.transAxes}
        axes.text(0.5, -0.05, f"{total:.1f} nats", weight="bold", **words)
        axes.text(0.5, -0.2, f"half in {half} pixels", fontsize=12, **words)
    draw_price(axes_at(figure, 0.12, 0.75, left - 0.24, 0.1))
    return figure


def dearest_half(costs: Tensor) -> int:
    """How many of the dearest pixels bring half of the cost."""
    so_far = costs.sort(descending=True).values.cumsum(0)
    return int((so_far < so_far[-1] / 2).sum()) + 1


def at_edges(images: Tensor, costs: Tensor) -> float:
    """Share of the cost on pixels with both ink and paper among themselves and their neighbours."""
    side = math.isqrt(images.shape[1])
    ink, paper = (
        torch.nn.functional.max_pool2d(x.view(-1, 1, side, side), 3, stride=1, padding=1) > 0.5
        for x in (images, 1 - images)
    )
    return (costs[(ink & paper).flatten(1)].sum() / costs.sum()).item()


def priced(images: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """A ghost of each image, and blue on it where it costs."""
    share = np.clip(costs / DEAR, 0, 1)[..., None]
    ghost = 1 - 0.14 * images[..., None]
    return np.clip((1 - share) * ghost + share * rgb(BLUE) / 255, 0, 1)


def draw_price(axes: Axes) -> None:
    """Scale of the blue."""
    shades = LinearSegmentedColormap.from_list("white-blue", ["white", BLUE])
    prices = ScalarMappable(Normalize(0, DEAR), shades)
    bar = axes.figure.colorbar(prices, axes, orientation="horizontal", ticks=[0, DEAR])
    bar.outline.set(color=LINES, linewidth=0.8)
    axes.tick_params(length=0, labelsize=11)


@picture
def plot_surprise(
    surprise: Mapping[str, Tensor], images: Tensor, at: Tensor, *, apart: str
) -> Picture:
    """How surprised a model is by what there usually is, and images that stand at their places.

    Args:
        surprise: name → −log p of each of many images, in nats; one or two of them.
        images: (n, D) to stand on the axis; the first lies apart from all others.
        at: (n,) −log p of these.
        apart: what the first is.

    Example:
        >>> usual = {"digits": torch.tensor([60.0, 70, 80])}
        >>> at = torch.tensor([16.0, 70])
        >>> plot_surprise(usual, torch.zeros(2, 4), at, apart="nothing").alt
        'Surprise in nats: digits 70.0 on average, nine in ten from 61.0 to 79.0; nothing 16.0.'
    """
    said = [
        f"{name} {values.mean():.1f} on average, nine in ten from {values.quantile(0.05):.1f} to "
        f"{values.quantile(0.95):.1f}"
        for name, values in surprise.items()
    ]
    alt = f"Surprise in nats: {'; '.join(said)}; {apart} {at[0]:.1f}."
    end = 20 * math.ceil(max(v.quantile(0.99).item() for v in surprise.values()) / 20)
    figure = Picture(height=3.6, alt=alt, layout="none")
    side, bottom, tile = 0.2, 1.18, 0.5  # inches
    wide = WIDTH - 2 * side
    axes = axes_at(figure, side, bottom, wide, 3.6 - 0.05 - bottom)
    axes.set(xlim=(0, end), yticks=[], xlabel="surprise, −log p, in nats")
    axes.set_xticks(range(0, end + 1, 20), [*range(0, end, 20), f"{end}+"])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_position(("outward", 72 * (tile + 0.1)))  # below the images
    axes.axhline(0, color=LINES, linewidth=0.8)
    looks = [{"color": FAINT, "fill": True}, {"color": BLUE, "linewidth": 2}]
    for look, (name, values) in zip(looks[: len(surprise)], surprise.items(), strict=True):
        counts, edges = np.histogram(values.clamp(max=end).numpy(), np.arange(0, end + 1, BIN))
        axes.stairs(counts / len(values), edges, label=name, **look)
    axes.legend(loc="upper left")
    up = axes.get_xaxis_transform()
    for k, (image, place) in enumerate(zip(as_pictures(images), at.tolist(), strict=True)):
        left = side + place / end * wide - tile / 2
        stands = paint(axes_at(figure, left, bottom - tile - 0.06, tile, tile), image)
        if k == 0:
            stands.patch.set(edgecolor=BLUE, linewidth=4, zorder=-1)
            axes.plot([place, place], [0, 0.42], color=WORDS, linewidth=1, transform=up)
            words = {"ha": "center", "va": "bottom", "weight": "bold", "transform": up}
            axes.text(place, 0.44, f"{apart}\n{place:.1f} nats", **words)
    return figure
