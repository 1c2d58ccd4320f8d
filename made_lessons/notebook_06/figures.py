"""Figures of a sampler's steps: which units are final, and which work is repeated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, groupby

import numpy as np
import torch
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.common.words import listing
from made_course.figures.axes import add_legend, frame_only, name_row
from made_course.figures.images import paint_variables
from made_course.figures.masks import layer_names
from made_course.figures.network_parts import shade
from made_course.figures.picture import FAINT, LINES, WIDTH, Picture, picture


@picture
def plot_final_units(x: Tensor, degrees: Sequence[Tensor], steps: Sequence[int]) -> Picture:
    """Draw an image while it is sampled, and below it the hidden units that are already final.

    Units are sorted by degree. Those that became final since the previous picture are dark blue,
    and those that were final before are pale.

    Args:
        x: (D,) the finished image, zeros and ones.
        degrees: degrees of each layer, as in ``model.degrees``.
        steps: steps after which the image is drawn.
    """
    order, *hidden = (layer.cpu() for layer in degrees)
    side = math.isqrt(len(order))
    final = [[int((layer <= step).sum()) for step in steps] for layer in hidden]
    after = listing([f"{step:,}" for step in steps])
    alt = f"Hidden units become final as pixels are drawn. After {after} of {len(x):,} pixels:"
    for k, (layer, counts) in enumerate(zip(hidden, final, strict=True), start=1):
        in_words = listing([f"{count:,}" for count in counts])
        alt += f" {in_words} of the {len(layer):,} units of hidden layer {k} are final."

    tile = (WIDTH - 0.95) / len(steps) - 0.06
    figure = Picture(WIDTH, tile + 0.65 + (tile / 2 + 0.35) * len(hidden), alt=alt)
    ratios = [tile, *[tile / 2] * len(hidden)]
    grid = figure.subplots(len(ratios), len(steps), squeeze=False, height_ratios=ratios)
    for column, step in enumerate(steps):
        undecided = (order > step).numpy()
        drawn = np.where(undecided, 0, x.float().cpu().numpy())
        grid[0, column].imshow(paint_variables(drawn, undecided, (side, side), 6))
        grid[0, column].set_title(f"{step:,}", weight="normal", fontsize=12)
        before = steps[column - 1] if column else 0
        for k, layer in enumerate(hidden):
            axes = grid[k + 1, column]
            axes.imshow(_units_as_pixels(layer.sort().values.numpy(), before, step))
            axes.set_xlabel(f"{final[k][column]:,} final", fontsize=12, labelpad=3)
    name_row(grid[0, 0], "pixels\ndrawn")
    for k, kind in enumerate(layer_names(len(hidden) + 2)[1:-1], start=1):
        name_row(grid[k, 0], kind)
    for axes in grid.flat:
        frame_only(axes)
    key = {"just final": Patch(color=BLUE), "final before": Patch(color=shade(1, 3))}
    add_legend(figure, key, "outside lower center")
    return figure


def _units_as_pixels(degrees: np.ndarray, before: int, step: int) -> np.ndarray:
    """Return an RGBA image of a layer's units: dark blue if just final, pale if final before."""
    columns = math.ceil(math.sqrt(2 * len(degrees)))
    rows = math.ceil(len(degrees) / columns)
    colours = np.zeros((rows * columns, 4))
    colours[: len(degrees)] = to_rgba(FAINT)
    colours[: len(degrees), 3] *= 0.5
    colours[np.nonzero(degrees <= step)] = to_rgba(shade(1, 3))
    colours[np.nonzero((degrees > before) & (degrees <= step))] = to_rgba(BLUE)
    squares = colours.reshape(rows, columns, 4).repeat(6, axis=0).repeat(6, axis=1)
    squares[::6], squares[:, ::6] = 0, 0
    return squares


@picture
def plot_repeated_work(degrees: Tensor, input_dim: int) -> Picture:
    """Draw what D forward passes compute in a hidden layer: too early, just final, or once more.

    A square is one unit in one pass. Pass t reads the variables of the first t - 1 steps, and
    zeros instead of the others.

    Args:
        degrees: (H,) degrees of the hidden units.
        input_dim: number of variables D, and so of passes.
    """
    passes = torch.arange(1, input_dim + 1, device=degrees.device)[:, None]
    lag = (passes - 1 - degrees).sign().cpu().numpy()
    kinds = {
        "too early": (-1, {"facecolor": "none", "edgecolor": LINES}),
        "just final": (0, {"facecolor": BLUE, "edgecolor": LINES}),
        "once more": (1, {"facecolor": "none", "edgecolor": LINES, "hatch": "///"}),
    }
    counts = {kind: int((lag == sign).sum()) for kind, (sign, _) in kinds.items()}
    early, final, again = counts.values()
    alt = (
        f"Each unit is just final in one pass, {final} squares on a staircase. The {early} squares "
        f"above are computed too early, and the {again} below once more. A table of {input_dim} "
        f"forward passes by {len(degrees)} hidden units of degrees {int(degrees.min())} to "
        f"{int(degrees.max())}."
    )
    figure = Picture(WIDTH, (WIDTH - 0.6) * input_dim / len(degrees) + 1.0, alt=alt)
    axes, legend = figure.add_subplot(), {}
    for kind, (sign, look) in kinds.items():
        look |= {"linewidth": 0.5}
        for row, column in np.argwhere(lag == sign):
            axes.add_patch(Rectangle((column - 0.5, row + 0.5), 1, 1, **look))
        legend[f"{kind}: {counts[kind]}"] = Patch(**look)
    axes.set(xlim=(-0.5, len(degrees) - 0.5), ylim=(input_dim + 0.5, 0.5), aspect="equal")
    groups = [(d, len(list(units))) for d, units in groupby(degrees.tolist())]
    ends = list(accumulate(size for _, size in groups))
    middles = [end - (size + 1) / 2 for end, (_, size) in zip(ends, groups, strict=True)]
    axes.set_xticks(middles, [degree for degree, _ in groups])
    axes.set_yticks(range(1, input_dim + 1), range(1, input_dim + 1))
    axes.tick_params(length=0)
    axes.set_xlabel("degree of each hidden unit")
    axes.set_ylabel("forward pass")
    axes.spines[:].set_visible(False)
    add_legend(figure, legend, "outside upper left", columnspacing=0.9, handlelength=0.9)
    return figure
