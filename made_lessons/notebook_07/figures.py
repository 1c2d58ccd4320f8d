"""Orderings and sets of masks, side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from torch import Tensor

from made_course.common.colours import BLUE, ORANGE
from made_course.figures.axes import frame_only, name_lines, note
from made_course.figures.bars import draw_broken
from made_course.figures.images import as_pictures
from made_course.figures.picture import FAINT, LINES, WORDS, Picture, picture
from made_course.shipped.measured import ManyMasks

PALE_TO_BLUE = LinearSegmentedColormap.from_list("pale to blue", ["#e3eff7", BLUE])


@picture
def plot_pixel_orderings(orderings: Mapping[str, Tensor]) -> Picture:
    """Fields that fill up in the ordering of their pixels, the first pale, the last dark.

    It plays once. Each ordering is a permutation (D,) of the pixels.
    """
    columns = min(4, len(orderings))
    rows = math.ceil(len(orderings) / columns)
    lines = 1 + max(title.count("\n") for title in orderings)
    alt = "Square fields that fill up, the first pixels pale, the last dark, in orderings: "
    alt += f"{'; '.join(orderings)}."
    figure = Picture(1.75 * columns, (1.75 + 0.25 * lines) * rows, alt=alt)
    fields = []
    for k, (title, ordering) in enumerate(orderings.items(), start=1):
        axes = figure.add_subplot(rows, columns, k)
        step = as_pictures(torch.argsort(torch.as_tensor(ordering)).float()[None])[0]
        image = axes.imshow(step, cmap=PALE_TO_BLUE, vmin=0, vmax=step.max())
        fields.append((image, step))
        axes.set_title(title, parse_math=False)
        frame_only(axes)

    def fill(share: float) -> None:
        for image, step in fields:
            image.set_data(np.where(step < share * step.size, step, np.nan))

    figure.moments = [lambda share=k / 16: fill(share) for k in range(17)]
    return figure


@picture
def plot_coasting(distances: Mapping[str, Sequence[float]], switch: int) -> Picture:
    """Lines of how far a weight moves at each step, before and after its mask becomes 0.

    Distances, of one optimizer or two, in units of the last step under the mask 1, step ``switch``.
    """
    told = "; ".join(
        f"{name}: then {moved[switch]:.2f}, at the end {moved[-1]:.2f}"
        for name, moved in distances.items()
    )
    alt = f"Distance moved at each step; the mask becomes 0 after step {switch}. {told}."
    figure = Picture(height=3.0, alt=alt)
    axes = figure.add_subplot()
    looks = [(WORDS, "s", "--"), (BLUE, "o", "-")]
    for (name, moved), (colour, marker, line) in zip(distances.items(), looks, strict=False):
        steps = range(1, len(moved) + 1)
        axes.plot(steps, moved, line, marker=marker, color=colour, markersize=4.5)
        after = switch + (len(moved) - switch) // 3
        note(axes, name, (after + 1, moved[after]), (0, 9), color=colour, weight="bold")
    axes.axvline(switch + 0.5, color=LINES, linestyle=":", linewidth=1.5)
    where = {"xycoords": axes.get_xaxis_transform(), "va": "top"}
    note(axes, "mask 0: the gradient is 0", (switch + 0.5, 0.98), (8, 0), **where)
    axes.set(xlabel="gradient step", xlim=(0.5, len(moved) + 0.5), ylim=(-0.05, None))
    axes.set_ylabel("distance moved\n(last step before = 1)")
    return figure


@picture
def plot_mixture(nll: Tensor) -> Picture:
    """Dumbbells of how far a mixture and its members are above each image's best member.

    Nats (K, n) of K members for n images. The mixture is never below the best member of an image,
    and at most ln K above it.
    """
    members = nll.detach().double().cpu()
    count, n = members.shape
    best = members.min(dim=0).values
    above = members - best
    mixture = math.log(count) - (-above).logsumexp(dim=0)
    alt = (
        f"For each of {n} images, {count} members and their mixture, in nats above the best "
        f"member; the mixture lies between {mixture.min():.2f} and {mixture.max():.2f}, and "
        f"ln {count} is {math.log(count):.2f}."
    )
    figure = Picture(height=3.4, alt=alt)
    axes = figure.add_subplot()
    places, top = np.arange(1, n + 1), 4 * math.log(count)
    axes.axhspan(0, math.log(count), color=FAINT, linewidth=0)
    edge = {"xycoords": axes.get_yaxis_transform(), "va": "center"}
    note(axes, f"ln {count}", (1, math.log(count)), (4, 0), **edge)
    axes.vlines(places, 0, above.amax(dim=0).clamp(max=top), color=LINES, linewidth=1.5)
    ring = {"color": WORDS, "mfc": "#b8b8b8", "markersize": 7, "linestyle": ""}
    for k, row in enumerate(above.where(above <= top, torch.nan)):
        axes.plot(places, row, "o", label="a member" if k == 0 else None, **ring)
    further_up = torch.where((above > top).any(dim=0), top, torch.nan)
    axes.plot(places, further_up, "^", label="a member further up", **ring)
    axes.plot(places, mixture, "D", color=BLUE, markersize=7, label="the mixture", zorder=4)
    axes.set(xticks=places, xlabel="test image", ylabel="nats above the\nbest member")
    axes.tick_params(axis="x", length=0, labelsize=11)
    figure.legend(loc="outside upper center", ncols=3)
    return figure


@picture
def plot_many_masks(networks: Sequence[ManyMasks]) -> Picture:
    """Mixtures of more and more sets of masks, and what the means of their logits claim.

    A panel is a network. Claims that belong to no distribution are orange crosses.
    """
    told = "; ".join(
        f"{run.name}: one set {run.single.mean():.1f}, their mixture {run.mixture[-1]:.1f}, mean "
        f"of logits {run.logits[-1]:.1f}"
        for run in networks
    )
    rows = math.ceil(len(networks) / 2)
    alt = f"Nats, as more sets of masks are averaged. {told}."
    figure = Picture(height=2.4 * rows + 0.5, alt=alt)
    panels = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False).flatten()
    for axes, network in zip(panels, networks, strict=False):
        _draw_many_masks(axes, network)
    for axes in panels[-2:]:
        axes.set_xlabel("sets of masks")
    figure.get_layout_engine().set(h_pad=0.1)  # between the key and the titles
    figure.supylabel("nats on the test images", fontsize=13, color=WORDS)
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles, loc="outside upper center", ncols=2)
    return figure


def _draw_many_masks(axes: Axes, network: ManyMasks) -> None:
    sets = np.arange(1, len(network.single) + 1)
    axes.plot(sets, network.single, ".", color=LINES, label="each set alone")
    ticks = [2**k for k in range(6)]
    at = [k - 1 for k in ticks if k <= len(sets)]  # markers of every set would merge
    line = {"color": BLUE, "marker": "s", "markersize": 4, "zorder": 3}
    axes.plot(sets, network.mixture, markevery=at, label="mixture", **line)
    look, kind = {"color": ORANGE, "marker": "x"}, "no"
    if network.natural_order:
        look, kind = {"color": WORDS, "marker": "o", "ms": 9, "mfc": "none"}, "a"
    label = f"mean of logits ({kind} distribution)"
    line = {"linestyle": "--", "linewidth": 1, "markevery": at}
    axes.plot(sets, network.logits, label=label, **line, **look)
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, ticks)
    axes.set_title("\n".join(textwrap.wrap(network.name, 28)), fontsize=12)


@picture
def plot_totals(totals: Mapping[str, Mapping[str, float]]) -> Picture:
    """Ruler of Σp, from 1, where distributions stand, to less and to more.

    What is no distribution is hatched in orange, with a cross. The ruler is logarithmic.
    """
    told = [
        f"{heading}: {name} {said_of_total(total)}"
        for heading, group in totals.items()
        for name, total in group.items()
    ]
    heights = [len(group) + 0.5 for group in totals.values()]

    figure = Picture(height=0.4 * sum(heights) + 0.75, alt=f"Σp of {'; '.join(told)}.")
    panels = figure.subplots(
        len(totals), 1, sharex=True, squeeze=False, height_ratios=heights
    ).flatten()
    for axes, (heading, group) in zip(panels, totals.items(), strict=True):
        axes.axvline(1, color=WORDS, linewidth=1.2)
        for place, total in enumerate(group.values()):
            if said_of_total(total) == "1.000":
                axes.plot(1, place, "D", color=BLUE, markersize=8)
            else:
                draw_broken(axes, place, total, start=1)
            note(axes, f"{total:.3f}", (max(total, 1), place), (12, 0), va="center")
        axes.set_title(heading, loc="left")
        name_lines(axes, group)
    every = [total for group in totals.values() for total in group.values()]
    least, most = min(every), max(every)
    axes.set_xscale("log", base=2)
    axes.set_xlim(min(least, 0.9) / 1.1, 2.2 * max(most, 1.1))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("Σp over all inputs (logarithmic scale)")
    return figure


def said_of_total(total: float) -> str:
    """Σp in words."""
    return f"{total:.3f}" + ", no distribution" * (f"{total:.3f}" != "1.000")
