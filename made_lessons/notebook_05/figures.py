"""What an image costs, what hidden units look for, what each change to a recipe bought."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch import Tensor

from made_course.common.colours import BLUE, INK, rgb
from made_course.figures.axes import add_legend, axes_at, frame_only, name_lines, note, text_width
from made_course.figures.images import as_pictures, paint, paint_rows, tiles
from made_course.figures.picture import FAINT, LINES, WIDTH, WORDS, Picture, picture
from made_course.model.made import MADE

DEAR = 2.0
"""Nats from which on a pixel is painted in full blue."""
BIN = 5.0
"""Nats that a bar of surprise is wide."""


@picture
def plot_costs(images: Tensor, ink: Tensor) -> Picture:
    """Where the nats go: each digit, how probable its ink was, and what each pixel costs.

    Images (n, D) of zeros and ones; ``ink`` (n, D) is p(ink) of each pixel, given those before it.
    """
    costs = torch.where(images > 0.5, -ink.log(), -torch.log1p(-ink)).double()
    totals = costs.sum(1).tolist()
    halves = [dearest_half(row) for row in costs]
    n, dim = images.shape
    said = [f"{', '.join(f'{total:.1f}' for total in totals)} nats", ", ".join(map(str, halves))]
    share = f"{at_edges(images, costs):.0%}"
    alt = f"{share} of the nats lie within a pixel of where ink begins or ends. "
    alt += f"{n} image{'s' * (n > 1)} of {said[0]}, half of which lie on {said[1]} of {dim} pixels."
    names = ["a digit", "p(ink |\npixels\nbefore)", "−log p,\nin nats"]
    left = max(map(text_width, names)) + 0.12
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
    axes.tick_params(length=0, labelsize=12)


@picture
def plot_learning_curve(
    train: Sequence[float],
    scored: Sequence[float],
    *,
    name: str = "validation",
    levels: Mapping[str, float] | None = None,
) -> Picture:
    """Learning curve: NLL after each epoch, with a ring at the lowest one.

    The first quarter of the epochs may be cut off, so that later ones can be told apart.

    Args:
        train: mean training NLL of each epoch, in nats.
        scored: NLL after each epoch of images that are only scored, in nats.
        name: name of these images.
        levels: name → nats, drawn as horizontal lines.
    """
    curves, levels = {"train": train, name: scored}, levels or {}
    epochs, lowest = range(1, len(train) + 1), min(scored)
    best = epochs[list(scored).index(lowest)]
    told = [f"{curve} from {nll[0]:.1f} to {nll[-1]:.1f}" for curve, nll in curves.items()]
    told += [f"{level} at {nats:.0f}" for level, nats in levels.items()]
    alt = f"{name.capitalize()} is lowest after epoch {best} with {lowest:.1f} nats. "
    alt += f"NLL over {len(epochs)} epochs, in nats: {'; '.join(told)}."
    figure = Picture(height=3.6, alt=alt)
    axes = figure.add_subplot()
    looks = [(WORDS, "o--", "while the weights still move"), (BLUE, "s-", "after the epoch")]
    for (curve, nll), (colour, line, when) in zip(curves.items(), looks, strict=True):
        size = 6 if len(nll) <= 25 else 3
        axes.plot(epochs, nll, line, c=colour, markersize=size, label=f"{curve}, {when}")
        by = (8, -12 if nll[-1] < max(train[-1], scored[-1]) else 4)
        note(axes, f"{nll[-1]:.1f}", (epochs[-1], nll[-1]), by, color=colour, weight="bold")
    if best < len(epochs):
        axes.plot(best, lowest, "o", c=BLUE, markersize=10, markerfacecolor="none")
        note(axes, f"lowest: {lowest:.1f}, epoch {best}", (best, lowest), (0, -22), color=BLUE)
    for level, nats in levels.items():
        axes.axhline(nats, color=LINES, linestyle=":", linewidth=1.5)
        where = {"xycoords": axes.get_yaxis_transform(), "ha": "right"}
        note(axes, f"{level}: {nats:.0f}", (1, nats), (-4, 3), **where)
    shown = [*train[len(epochs) // 4 :], *scored[len(epochs) // 4 :], *levels.values()]
    room = 0.25 * (max(shown) - min(shown)) or 1.0
    axes.set(xlabel="epoch", ylabel="NLL (nats)", ylim=(min(shown) - room, max(shown) + room))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.margins(x=0.08)
    figure.legend(loc="outside upper left")
    return figure


@picture
def plot_surprise(
    surprise: Mapping[str, Tensor], images: Tensor, at: Tensor, *, apart: str
) -> Picture:
    """How surprised a model is by what there usually is, and images that stand at their places.

    Surprise is −log p of many images, in one set or two. The first of the images (n, D), which
    stand ``at`` their −log p (n,), lies ``apart`` from all others.
    """
    said = [
        f"{name} {values.mean():.1f} on average, nine in ten from {values.quantile(0.05):.1f} to "
        f"{values.quantile(0.95):.1f}"
        for name, values in surprise.items()
    ]
    means = [f"{name} {values.mean():.1f}" for name, values in surprise.items()]
    alt = f"A {apart} costs {at[0]:.1f} nats; on average, {', '.join(means)}. Surprise in nats: "
    alt += f"{'; '.join(said)}."
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


@picture
def plot_first_layer(model: MADE) -> Picture:
    """What hidden units look for: rows of the first layer's masked weights, as images.

    Twelve are chosen evenly along their degrees, which are the titles. There is one scale for all.
    """
    weights, mask = model.net[0].weight.detach().cpu(), model.net[0].mask.cpu()
    by_degree = torch.argsort(model.degrees[1].cpu(), stable=True)
    chosen = by_degree[torch.linspace(0, len(by_degree) - 1, 12).round().long()]
    degrees = [model.degrees[1][unit].item() for unit in chosen.tolist()]
    weights = weights.masked_fill(mask == 0, math.nan)[chosen]
    strong = weights.abs().nanquantile(0.995).item()
    shades = LinearSegmentedColormap.from_list("black-white-blue", [INK, "white", BLUE])
    shades = shades.with_extremes(bad="none")
    alt = (
        "The larger a unit's degree, the more pixels may have weights; the rest is cut. Weights of "
        f"{len(chosen)} hidden units as images, of degrees {', '.join(map(str, degrees))}."
    )
    cut = {"facecolor": "none", "edgecolor": LINES, "hatch": "//"}
    cell, room = WIDTH / 6, 0.28
    figure = Picture(WIDTH, 2 * (cell + room) + 0.4, alt=alt, layout="none")
    places = tiles(figure, 6, cell, room=room)
    for image, degree, axes in zip(as_pictures(weights), degrees, places, strict=False):
        axes.imshow(image, cmap=shades, vmin=-strong, vmax=strong, interpolation="nearest")
        axes.set_title(f"degree {degree}", fontsize=12, weight="normal", pad=4)
        axes.patch.set(**cut, linewidth=0)  # seen where there is no weight
        frame_only(axes)
    key = {
        "ink here speaks for the unit": Patch(facecolor=BLUE, edgecolor=LINES),
        "against it": Patch(facecolor=INK, edgecolor="white"),
        "cut by the mask": Patch(**cut),
    }
    add_legend(figure, key, "lower center")
    return figure


@picture
def plot_recipe(ladder: Sequence[SimpleNamespace]) -> Picture:
    """Draw the test NLL from rung to rung, and how far the runs of a rung differ.

    A rung counts as better if each of its runs is better than all runs of the rung before.

    Args:
        ladder: rungs with a ``name`` and ``test_nll`` (runs, epochs) in nats.
    """
    nats = [rung.test_nll[:, -1].mean().item() for rung in ladder]
    changes = [0.0, *(after - before for before, after in pairwise(nats))]
    names = [ladder[0].name, *(f"+ {rung.name}" for rung in ladder[1:])]
    steps = list(zip(nats, changes, strict=True))[1:]
    said = [f"{nats[0]:.1f}", *(f"{n:.1f} ({c:+.1f})".replace("-", "−") for n, c in steps)]
    rungs = [f"{name} {words}" for name, words in zip(names, said, strict=True)]
    alt = f"From {nats[0]:.1f} nats to {min(nats):.1f} on a ladder of {len(ladder)} recipes. "
    alt += f"Test NLL in nats: {'; '.join(rungs)}."
    figure = Picture(height=0.4 * len(ladder) + 1.2, alt=alt)
    axes = figure.add_subplot()
    looks = {
        "better than the rung before": {"color": BLUE, "marker": "s", "linestyle": "-"},
        "no better": {"color": LINES, "marker": "o", "linestyle": "--"},
        "a single run": {"color": WORDS, "marker": "|", "linestyle": ""},
    }
    better, no_better, single = looks.values()
    for k, rung in enumerate(ladder):
        runs = rung.test_nll[:, -1]
        is_better = k and runs.max() < ladder[k - 1].test_nll[:, -1].min()
        look = better if is_better else no_better
        if k:
            axes.plot(nats[k - 1 : k + 1], [k - 1, k], **look | {"marker": ""}, zorder=1)
        axes.plot(nats[k], k, **look, markersize=10, zorder=3)
        axes.plot(runs, [k] * len(runs), **single, markersize=20, zorder=2)
        weight = "bold" if look is better else "normal"
        at = {"transform": axes.get_yaxis_transform(), "va": "center", "weight": weight}
        axes.text(1.02, k, said[k], **at)
    shown = {line.get_marker() for line in axes.lines}
    key = {kind: look for kind, look in looks.items() if look["marker"] in shown}
    handles = [Line2D([], [], **look, markersize=8) for look in key.values()]
    figure.legend(handles, key, loc="outside upper center", ncols=3)
    name_lines(axes, names)
    axes.set_xlabel("test NLL (nats, further left is better)")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    return figure
