"""Figures of a sampler's steps: which units are final, and which work is repeated."""

import math
from collections.abc import Sequence
from itertools import accumulate, groupby

import numpy as np
import torch
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.common.words import join_names
from made_course.figures.axes import add_legend, show_frame_only
from made_course.figures.images import paint_variables
from made_course.figures.network_parts import degree_colour
from made_course.figures.picture import FAINT, LINES, WIDTH, Picture, picture


@picture
def plot_final_units(x: Tensor, degrees: Sequence[Tensor], steps: Sequence[int]) -> Picture:
    """Draw an image while it is sampled, and below it how many hidden units are already final.

    Units that became final since the previous picture are dark blue, and those that were final
    before are pale.

    Args:
        x: (D,) the finished image, zeros and ones.
        degrees: degrees of each layer, as in ``model.degrees``. The first hidden layer is drawn.
        steps: steps after which the image is drawn.
    """
    order, layer = (of.cpu() for of in degrees[:2])
    side, final = math.isqrt(len(order)), [int((layer <= step).sum()) for step in steps]
    after, counts = (join_names([f"{n:,}" for n in numbers]) for numbers in (steps, final))
    alt = f"Hidden units become final as pixels are drawn. After {after} of {len(x):,} pixels, "
    alt += f"{counts} of the {len(layer):,} units of a hidden layer are final."
    figure = Picture(height=WIDTH / len(steps) + 1.0, alt=alt)
    grid = figure.subplots(2, len(steps), height_ratios=(1, 0.12))
    for (above, bar), step, count, before in zip(grid.T, steps, final, [0, *final], strict=False):
        undecided = (order > step).numpy()
        values = np.where(undecided, 0, x.float().cpu().numpy())
        above.imshow(paint_variables(values, undecided, (side, side), 6, drawn=True))
        above.set_title(f"{step:,} pixels", weight="normal", fontsize=12)
        bar.barh(0, before, color=degree_colour(1, 3))
        bar.barh(0, count - before, left=before, color=BLUE)
        bar.set(xlim=(0, len(layer)), ylim=(-0.4, 0.4))
        bar.set_xlabel(f"{count:,} final", fontsize=12)
        show_frame_only(above)
        show_frame_only(bar)
    key = {"just final": Patch(color=BLUE), "final before": Patch(color=degree_colour(1, 3))}
    add_legend(figure, key, "outside lower center")
    return figure


@picture
def plot_repeated_work(degrees: Tensor, input_dim: int) -> Picture:
    """Draw what D forward passes compute in a hidden layer: too early, just final, or once more.

    A square is one unit in one pass. Pass t reads the variables of the first t - 1 steps, and
    zeros instead of the others.

    Args:
        degrees: (H,) degrees of the hidden units.
        input_dim: number of variables D, which is also the number of passes.
    """
    passes = torch.arange(1, input_dim + 1, device=degrees.device)[:, None]
    lag = (passes - 1 - degrees).sign().cpu().numpy()
    kinds = {
        "too early": (-1, {"facecolor": "none", "edgecolor": LINES}),
        "just final": (0, {"facecolor": BLUE, "edgecolor": LINES}),
        "once more": (1, {"facecolor": FAINT, "edgecolor": LINES}),
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
