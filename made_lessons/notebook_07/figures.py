"""Figures of orderings, of a mixture and its best member, and of curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch import Tensor

from made_course.common.colours import BLUE, ORANGE
from made_course.common.words import variable_names
from made_course.figures.axes import add_axes_at, add_legend, add_note, show_frame_only
from made_course.figures.bars import spread_heights
from made_course.figures.dependence import describe_pairs, draw_pairs, name_pairs
from made_course.figures.images import to_square_arrays
from made_course.figures.picture import CELL, LINES, WIDTH, WORDS, Picture, picture

FAINT_TO_BLUE = LinearSegmentedColormap.from_list("faint to blue", ["#e3eff7", BLUE])


@picture
def plot_pixel_orderings(orderings: Mapping[str, Tensor]) -> Picture:
    """Draw images that fill up in the ordering of their pixels, from faint to strong.

    The animation plays once.

    Args:
        orderings: permutations (D,) of the pixels, by title.
    """
    columns = min(3, len(orderings))
    rows = math.ceil(len(orderings) / columns)
    lines = 1 + max(title.count("\n") for title in orderings)
    alt = "Images fill up pixel by pixel, the first pixel faint, the last one strong. Orderings: "
    alt += f"{'; '.join(orderings)}."
    figure = Picture(1.75 * columns, (1.75 + 0.25 * lines) * rows, alt=alt)
    images = []
    for k, (title, ordering) in enumerate(orderings.items(), start=1):
        axes = figure.add_subplot(rows, columns, k)
        step = to_square_arrays(torch.argsort(torch.as_tensor(ordering)).float()[None])[0]
        image = axes.imshow(step, cmap=FAINT_TO_BLUE, vmin=0, vmax=step.max())
        images.append((image, step))
        axes.set_title(title, fontsize=12, parse_math=False)
        show_frame_only(axes)

    def fill(share: float) -> None:
        for image, step in images:
            image.set_data(np.where(step < share * step.size, step, np.nan))

    figure.moments = [lambda share=k / 16: fill(share) for k in range(17)]
    return figure


@picture
def plot_coasting(distances: Mapping[str, Sequence[float]], switch: int) -> Picture:
    """Draw how far a weight moves at each step, before and after its mask becomes 0.

    Args:
        distances: optimizer → distance per step, in units of the last step with mask 1. One or
            two optimizers.
        switch: number of steps with mask 1.
    """
    first = ", ".join(f"{name} {moved[switch]:.2f}" for name, moved in distances.items())
    last = ", ".join(f"{name} {moved[-1]:.2f}" for name, moved in distances.items())
    alt = f"In the first step with mask 0, the weight moves by {first} of the step before. In the "
    alt += f"last step: {last}. The mask becomes 0 after step {switch}."
    figure = Picture(height=3.0, alt=alt)
    axes = figure.add_subplot()
    looks = [(WORDS, "s", "--"), (BLUE, "o", "-")]
    for (name, moved), (colour, marker, line) in zip(distances.items(), looks, strict=False):
        steps = range(1, len(moved) + 1)
        axes.plot(steps, moved, line, marker=marker, color=colour, markersize=4.5)
        after = switch + (len(moved) - switch) // 3
        add_note(axes, name, (after + 1, moved[after]), (0, 9), color=colour, weight="bold")
    axes.axvline(switch + 0.5, color=LINES, linestyle=":", linewidth=1.5)
    where = {"xycoords": axes.get_xaxis_transform(), "va": "top"}
    add_note(axes, "mask 0: the gradient is 0", (switch + 0.5, 0.98), (8, 0), **where)
    axes.set(xlabel="gradient step", xlim=(0.5, len(moved) + 0.5), ylim=(-0.05, None))
    axes.set_ylabel("distance moved\n(last step before = 1)")
    return figure


@picture
def plot_mixture(above: Tensor, count: int) -> Picture:
    """Draw a histogram of the extra nats per image of a mixture, compared with its best member.

    Args:
        above: (N,) NLL of each image under the mixture minus its NLL under the best member,
            between 0 and ln K nats.
        count: number of members K.
    """
    most, middle = math.log(count), above.median().item()
    alt = f"Half of the images are more than {middle:.2f} nats above their best member. The "
    alt += f"largest possible gap is ln {count} = {most:.2f}."
    figure = Picture(height=2.4, alt=alt)
    axes = figure.add_subplot(xlim=(0, 1.02 * most), yticks=[], xlabel="nats above the best member")
    axes.hist(above.numpy(), bins=44, range=(0, most), color=LINES)
    axes.axvline(most, color=WORDS, linestyle="--", linewidth=1.2)
    edge = {"xycoords": axes.get_xaxis_transform(), "ha": "center"}
    add_note(axes, f"ln {count}", (most, 1), (0, 4), **edge)
    axes.spines["left"].set_visible(False)
    return figure


@picture
def plot_lines(
    lines: Mapping[str, Mapping[float, float]], *, xlabel: str, ylabel: str, invalid: str = ""
) -> Picture:
    """Draw lines over a logarithmic axis, each with its name and its last number.

    Args:
        lines: name → {x: y}. The first valid line is blue.
        xlabel: label of the horizontal axis.
        ylabel: label of the vertical axis.
        invalid: name of a line that is not the NLL of a distribution; it is orange.
    """
    in_words = "; ".join(
        f"{name} {', '.join(f'{y:.1f} at {x:g}' for x, y in line.items())}"
        for name, line in lines.items()
    )
    lowest = min(lines, key=lambda name: lines[name][max(lines[name])])
    alt = f"The {invalid} is not a distribution. " if invalid else f"Lowest in the end: {lowest}. "
    figure = Picture(height=3.5, alt=f"{alt}{ylabel.capitalize()} by {xlabel}: {in_words}.")
    axes, ends = figure.add_subplot(), {}
    looks = iter([{"color": BLUE, "marker": "s"}, {"color": WORDS, "marker": "o", "mfc": "none"},
                  {"color": WORDS, "marker": "^", "ls": ":"}])  # fmt: skip
    for name, line in lines.items():
        is_invalid, last = name == invalid, line[max(line)]
        look = {"color": ORANGE, "marker": "x", "ls": "--"} if is_invalid else next(looks)
        axes.plot([*line], [*line.values()], markersize=7, **look)
        ends[f"{name} {last:.1f}" + ",\nnot a distribution" * is_invalid] = last
    ticks = sorted({x for line in lines.values() for x in line})
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
    axes.minorticks_off()
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.margins(y=0.15)
    names, apart = sorted(ends, key=ends.get), np.ptp(axes.get_ylim()) / 8
    for name, y in zip(names, spread_heights(sorted(ends.values()), apart), strict=True):
        add_note(axes, name, (ticks[-1], y), (10, 0), va="center", annotation_clip=False)
    return figure


@picture
def plot_added_orderings(first: Tensor, second: Tensor) -> Picture:
    """Draw which output sees which input in two orderings, and in the mean of their outputs.

    In the mean, pairs of variables that see each other are orange, because no ordering allows both.

    Args:
        first: (D, D) BoolTensor; [i, j] is True if output i sees input j in the first ordering.
        second: the same for the second ordering.
    """
    both = first | second
    mutual, names = both & both.T, variable_names(len(both))
    panels = {"ordering A": first, "ordering B": second, "mean of A and B": both}
    in_words = " ".join(f"{name}: {describe_pairs(seen, names)}" for name, seen in panels.items())
    count = int(mutual.sum()) // 2
    alt = f"In the mean of two orderings, {count} pairs of variables see each other. {in_words}"
    cell = min(CELL, (WIDTH - 1.9) / 3 / len(both))
    side = cell * len(both)
    figure = Picture(3 * (side + 0.6), side + 1.4, alt=alt, layout="none")
    for k, (name, seen) in enumerate(panels.items()):
        axes = add_axes_at(figure, 0.45 + (side + 0.6) * k, 0.95, side, side)
        axes.set_title(name, loc="left", fontsize=12, parse_math=False)
        is_allowed = seen if name != "mean of A and B" else seen & ~mutual
        draw_pairs(axes, seen.numpy(), is_allowed.numpy())
        name_pairs(axes, names, cell)
        axes.set_xlabel("input")
        axes.set_ylabel("" if k else "output")
    cross = Line2D([], [], color="white", linestyle="", marker="x")
    kinds = {"seen": Patch(color=BLUE), "each sees the other": (Patch(color=ORANGE), cross)}
    add_legend(figure, kinds, loc="lower left", bbox_to_anchor=(0, 0))
    return figure
