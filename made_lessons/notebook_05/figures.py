"""Figures of notebook 5: learning curves, surprise, and the recipe."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
from matplotlib.lines import Line2D
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.figures.axes import add_axes_at, add_note, name_lines
from made_course.figures.images import paint, to_square_arrays
from made_course.figures.picture import FAINT, LINES, WIDTH, WORDS, Picture, picture

BIN = 5.0
"""Width of a bar of the histogram of surprise, in nats."""


@picture
def plot_learning_curve(
    train: Sequence[float],
    scored: Sequence[float],
    *,
    name: str = "validation",
    levels: Mapping[str, float] | None = None,
) -> Picture:
    """Draw a learning curve: the NLL of each epoch, with a ring around the lowest.

    The vertical axis fits the last three quarters of the epochs, so that these epochs can be read.

    Args:
        train: mean training NLL during each epoch, in nats.
        scored: NLL of images that the model is not trained on, after each epoch, in nats.
        name: name of these images.
        levels: NLL in nats by name, drawn as horizontal lines.
    """
    curves, levels = {"train": train, name: scored}, levels or {}
    epochs, lowest = range(1, len(train) + 1), min(scored)
    best = epochs[list(scored).index(lowest)]
    lines = [f"{curve} from {nll[0]:.1f} to {nll[-1]:.1f}" for curve, nll in curves.items()]
    lines += [f"{level} at {nats:.0f}" for level, nats in levels.items()]
    alt = f"The {name} NLL is lowest after epoch {best}, with {lowest:.1f} nats. "
    alt += f"NLL over {len(epochs)} epochs, in nats: {'; '.join(lines)}."
    figure = Picture(height=3.6, alt=alt)
    axes = figure.add_subplot()
    looks = [(WORDS, "o--", "during the epoch"), (BLUE, "s-", "after the epoch")]
    for (curve, nll), (colour, line, when) in zip(curves.items(), looks, strict=True):
        size = 6 if len(nll) <= 25 else 3
        axes.plot(epochs, nll, line, c=colour, markersize=size, label=f"{curve}, {when}")
        by = (8, -12 if nll[-1] < max(train[-1], scored[-1]) else 4)
        add_note(axes, f"{nll[-1]:.1f}", (epochs[-1], nll[-1]), by, color=colour, weight="bold")
    if best < len(epochs):
        axes.plot(best, lowest, "o", c=BLUE, markersize=10, markerfacecolor="none")
        add_note(axes, f"lowest: {lowest:.1f}, epoch {best}", (best, lowest), (0, -22), color=BLUE)
    for level, nats in levels.items():
        axes.axhline(nats, color=LINES, linestyle=":", linewidth=1.5)
        where = {"xycoords": axes.get_yaxis_transform(), "ha": "right"}
        add_note(axes, f"{level}: {nats:.0f}", (1, nats), (-4, 3), **where)
    fitted = [*train[len(epochs) // 4 :], *scored[len(epochs) // 4 :], *levels.values()]
    room = 0.25 * (max(fitted) - min(fitted)) or 1.0
    axes.set(xlabel="epoch", ylabel="NLL (nats)", ylim=(min(fitted) - room, max(fitted) + room))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.margins(x=0.08)
    figure.legend(loc="outside upper left")
    return figure


@picture
def plot_surprise(
    surprise: Mapping[str, Tensor], images: Tensor, at: Tensor, *, outlier: str
) -> Picture:
    """Draw histograms of a model's surprise, −log p, and some images at their own surprise.

    Args:
        surprise: name of a set → (N,) surprise of its images in nats; one set or two.
        images: (n, D) images that are drawn.
        at: (n,) surprise of these images in nats.
        outlier: name of the first of these images, which is marked.
    """
    sets = [
        f"{name}, mean {values.mean():.1f}, nine in ten from {values.quantile(0.05):.1f} to "
        f"{values.quantile(0.95):.1f}"
        for name, values in surprise.items()
    ]
    alt = f"A {outlier} costs {at[0]:.1f} nats. Surprise in nats: {'; '.join(sets)}."
    end = 20 * math.ceil(max(v.quantile(0.99).item() for v in surprise.values()) / 20)
    figure = Picture(height=3.6, alt=alt, layout="none")
    side, bottom, tile = 0.2, 1.18, 0.46  # inches
    wide = WIDTH - 2 * side
    axes = add_axes_at(figure, side, bottom, wide, 3.6 - 0.05 - bottom)
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
    for k, (image, nats) in enumerate(zip(to_square_arrays(images), at.tolist(), strict=True)):
        left = side + nats / end * wide - tile / 2
        tile_axes = paint(add_axes_at(figure, left, bottom - tile - 0.06, tile, tile), image)
        if k == 0:
            tile_axes.patch.set(edgecolor=BLUE, linewidth=4, zorder=-1)
            axes.plot([nats, nats], [0, 0.42], color=WORDS, linewidth=1, transform=up)
            words = {"ha": "center", "va": "bottom", "weight": "bold", "transform": up}
            axes.text(nats, 0.44, f"{outlier}\n{nats:.1f} nats", **words)
    return figure


@picture
def plot_recipe(ladder: Sequence[SimpleNamespace]) -> Picture:
    """Draw the test NLL after each change to a recipe, and how far several runs differ.

    A change counts as better if each of its runs is better than all runs of the previous recipe.

    Args:
        ladder: recipes with a ``name`` and ``test_nll`` (runs, epochs) in nats.
    """
    nats = [rung.test_nll[:, -1].mean().item() for rung in ladder]
    changes = [0.0, *(after - before for before, after in pairwise(nats))]
    names = [ladder[0].name, *(f"+ {rung.name}" for rung in ladder[1:])]
    steps = list(zip(nats, changes, strict=True))[1:]
    labels = [f"{nats[0]:.1f}", *(f"{n:.1f} ({c:+.1f})".replace("-", "−") for n, c in steps)]
    rungs = [f"{name} {label}" for name, label in zip(names, labels, strict=True)]
    alt = f"{len(ladder)} recipes lead from {nats[0]:.1f} nats to {min(nats):.1f}. "
    alt += f"Test NLL in nats: {'; '.join(rungs)}."
    figure = Picture(height=0.4 * len(ladder) + 1.2, alt=alt)
    axes = figure.add_subplot()
    looks = {
        "better": {"color": BLUE, "marker": "s", "linestyle": "-"},
        "not better": {"color": LINES, "marker": "o", "linestyle": "--"},
        "a single run": {"color": WORDS, "marker": "|", "linestyle": ""},
    }
    better, not_better, single = looks.values()
    for k, rung in enumerate(ladder):
        runs = rung.test_nll[:, -1]
        is_better = k and runs.max() < ladder[k - 1].test_nll[:, -1].min()
        look = better if is_better else not_better
        if k:
            axes.plot(nats[k - 1 : k + 1], [k - 1, k], **look | {"marker": ""}, zorder=1)
        axes.plot(nats[k], k, **look, markersize=10, zorder=3)
        axes.plot(runs, [k] * len(runs), **single, markersize=20, zorder=2)
        weight = "bold" if look is better else "normal"
        at = {"transform": axes.get_yaxis_transform(), "va": "center", "weight": weight}
        axes.text(1.02, k, labels[k], **at)
    handles = [Line2D([], [], **look, markersize=8) for look in looks.values()]
    figure.legend(handles, looks, loc="outside upper center", ncols=3)
    name_lines(axes, names)
    axes.set_xlabel("test NLL (nats, further left is better)")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    return figure
