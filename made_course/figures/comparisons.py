"""Orderings and sets of masks, side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..colours import BLUE, GREY, INK, ORANGE, PALE
from ..orderings import ManyMasks
from .images import as_pictures
from .numbers import draw_totals
from .style import frame_only, up_to


def plot_orderings(
    costs: Mapping[str, Sequence[float]], totals: Mapping[str, float], *, title: str = ""
) -> Figure:
    """What each ordering costs a model, step by step, and Σp of ways to average over orderings.

    A bar's parts are its steps, the first at the left. The best orderings are blue and starred, the
    worst are outlined in orange, with a triangle; costs that look equal pass as equal.

    Args:
        costs: name of an ordering → nats that each of its steps costs.
        totals: name of a kind of mean → Σp, which is 1 for a distribution; empty leaves this out.
        title: words above.

    Raises:
        ValueError: if there is no ordering.

    Example:
        >>> figure = plot_orderings({"x1, x2": [0.0, 0.1], "x2, x1": [0.0, 0.6]}, {})
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.100 ★', '0.600 ▼']
    """
    if not costs:
        raise ValueError("costs must name at least one ordering, got none")
    heights = [0.24 * len(costs) + 0.6, 0.3 * len(totals) + 0.7][: 2 if totals else 1]
    figure = Figure(figsize=(8, sum(heights) + 0.5), layout="constrained")
    upper, *lower = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    said = [f"{max(sum(steps), 0):.3f}" for steps in costs.values()]
    best, worst = min(said, key=float), max(said, key=float)
    outlined = {"facecolor": "white", "edgecolor": ORANGE, "linewidth": 1.5}
    most = max(float(worst), 0.001)
    for place, steps in enumerate(costs.values()):
        colours, mark = {"color": GREY}, ""
        if best != worst and said[place] == best:
            colours, mark = {"color": BLUE}, " ★"
        elif best != worst and said[place] == worst:
            colours, mark = outlined, " ▼"
        start = 0.0
        for step in (max(step, 0.0) for step in steps):
            if step > most / 150:
                upper.barh(place, step - most / 300, 0.7, left=start, **colours)
            start += step
        at = {"xytext": (5, 0), "textcoords": "offset points", "va": "center"}
        upper.annotate(f"{said[place]}{mark}", (start, place), **at)
    upper.set_yticks(range(len(costs)), costs, parse_math=False)
    upper.set_ylim(len(costs) - 0.4, -0.6)
    upper.set_xlim(0, 1.2 * most)
    legend = "" if best == worst else " (★ one of the best, ▼ one of the worst)"
    upper.set_xlabel(f"cost: nats above the entropy{legend}")
    for axes in lower:
        draw_totals(axes, totals)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle("\n".join(textwrap.wrap(title, 88)), fontsize=11, parse_math=False)
    return figure


def plot_pixel_orderings(orderings: Mapping[str, Tensor], nats: Mapping[str, float]) -> Figure:
    """Orderings of the pixels of a square image as pictures, and what a model reached in each.

    The darker a pixel, the later it is generated.

    Args:
        orderings: name → (D,) permutation, see :func:`made_course.pixel_orderings`.
        nats: name → test NLL.

    Example:
        >>> from made_course.orderings import pixel_orderings
        >>> orderings = pixel_orderings(4)
        >>> figure = plot_pixel_orderings(orderings, dict.fromkeys(orderings, 70.0))
        >>> figure.axes[0].get_title().splitlines()
        ['rows', '70.0 nats']
    """
    columns = min(4, len(orderings))
    rows = math.ceil(len(orderings) / columns)
    figure = Figure(figsize=(2.1 * columns, 2.5 * rows), layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, (name, ordering) in zip(places, orderings.items(), strict=False):
        step = torch.argsort(torch.as_tensor(ordering)).float()
        axes.imshow(as_pictures(step[None])[0], cmap=up_to(BLUE), interpolation="nearest")
        axes.set_title(f"{name}\n{nats[name]:.1f} nats", fontsize=11, parse_math=False)
        frame_only(axes)
    for axes in places[len(orderings) :]:
        axes.set_visible(False)
    figure.supxlabel("white is generated first, blue last", fontsize=10)
    return figure


def plot_coasting(distances: Mapping[str, Sequence[float]], switch: int) -> Figure:
    """How far a weight moves at each step, before and after its mask becomes 0.

    Args:
        distances: name of an optimizer, one or two → distance at each step, in units of its last
            step under the mask 1.
        switch: number of steps under the mask 1.

    Example:
        >>> figure = plot_coasting({"SGD": [1.0, 1.0, 0.0], "Adam": [1.2, 1.0, 0.9]}, switch=2)
        >>> figure.axes[0].get_xlabel()
        'gradient step'
    """
    figure = Figure(figsize=(8, 2.9), layout="constrained")
    axes = figure.add_subplot()
    styles = [(BLUE, "s", "-"), (ORANGE, "o", "--")]
    for (name, moved), (colour, marker, line) in zip(distances.items(), styles, strict=False):
        steps = range(1, len(moved) + 1)
        axes.plot(steps, moved, line, marker=marker, color=colour, label=name, markersize=5)
    axes.axvline(switch + 0.5, color=INK, linestyle=":", linewidth=1.5)
    where = {"xycoords": axes.get_xaxis_transform(), "xytext": (6, 0), "va": "top"}
    words = "mask 0: the gradient is zero"
    axes.annotate(words, (switch + 0.5, 0.98), textcoords="offset points", **where)
    axes.set_xlabel("gradient step")
    axes.set_ylabel("distance moved\n(last step before = 1)")
    axes.set_ylim(bottom=-0.05)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.08), frameon=False)
    return figure


def plot_mixture(nll: Tensor) -> Figure:
    """How far the members of a mixture, and the mixture itself, are above each image's best member.

    The mixture is never below the best member of an image, and at most ln K above it.

    Args:
        nll: (K, n) nats of K members for n images.

    Example:
        >>> figure = plot_mixture(torch.tensor([[90.0, 70.0], [92.0, 60.0], [94.0, 65.0]]))
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['a member', 'a member further up', 'the mixture', 'from 0 to ln 3']
    """
    members = nll.detach().double().cpu()
    count, n = members.shape
    best = members.min(dim=0).values
    mixture = math.log(count) - (-members).logsumexp(dim=0)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    axes = figure.add_subplot()
    places, top = np.arange(1, n + 1), 4 * math.log(count)
    above = members - best
    style = {"color": ORANGE, "mfc": "white", "markersize": 7, "mew": 1.5, "linestyle": ""}
    for k, row in enumerate(above.where(above <= top, torch.nan)):
        axes.plot(places, row, "o", label="a member" if k == 0 else None, **style)
    beyond = (above > top).any(dim=0)
    marks = torch.where(beyond, top, torch.nan)
    axes.plot(places, marks, "^", label="a member further up", **style)
    axes.plot(places, mixture - best, "D", color=BLUE, markersize=6, label="the mixture", zorder=4)
    axes.axhspan(0, math.log(count), color=PALE, zorder=0, label=f"from 0 to ln {count}")
    axes.set_xticks(places)
    axes.set_xlabel("test image")
    axes.set_ylabel("nats above the image's\nbest member")
    axes.tick_params(axis="x", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    return figure


def plot_many_masks(networks: Sequence[ManyMasks]) -> Figure:
    """Mixtures of more and more sets of masks, and what the means of their logits claim.

    A panel is a network. Claims that belong to no distribution are marked by crosses.

    Args:
        networks: see :func:`made_course.load_many_masks`.

    Example:
        >>> from made_course.orderings import load_many_masks
        >>> figure = plot_many_masks(load_many_masks())
        >>> figure.axes[0].get_xlabel()
        'sets of masks'
    """
    figure = Figure(figsize=(2.7 * len(networks) + 0.6, 3.6), layout="constrained")
    panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        sets = np.arange(1, len(network.single) + 1)
        axes.plot(sets, network.single, ".", color=GREY, label="each set alone")
        style = {"color": BLUE, "markersize": 3, "zorder": 3}
        axes.plot(sets, network.mixture, "s-", label="mixture", **style)
        marker = "o" if network.natural_order else "x"
        kind = "a" if network.natural_order else "no"
        label = f"mean of logits ({kind} distribution)"
        style = {"color": ORANGE, "markersize": 6, "mfc": "none"}
        axes.plot(sets, network.logits, f"{marker}--", label=label, **style)
        axes.set_xscale("log", base=2)
        ticks = [2**k for k in range(6) if 2**k <= len(sets)]
        axes.set_xticks(ticks, ticks)
        axes.set_xlabel("sets of masks")
        axes.set_title("\n".join(textwrap.wrap(network.name, 22)), fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("nats on the test images")
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    where = {"loc": "outside upper center", "ncols": len(handles), "frameon": False}
    figure.legend(handles.values(), handles.keys(), **where)
    return figure
