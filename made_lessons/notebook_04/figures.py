"""Figures of notebook 4: masked weights, formulas for log p, entropies of pixels."""

import math
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from made_course.common.colours import BLUE, ORANGE
from made_course.figures.masks import draw_cells, format_short
from made_course.figures.network_parts import add_axes_in_inches
from made_course.figures.picture import LINES, WIDTH, Picture, picture

SIDE, APART = 0.46, 0.25
"""Side of a weight's cell, and distance between two tables, in inches."""


@picture
def plot_masked_step(once: tuple[Tensor, Tensor], where_used: Tensor, mask: Tensor) -> Picture:
    """Draw masked weights after a training step, for two ways to apply the mask.

    Args:
        once: (D, D) weights before and after the step, if forbidden weights are set to 0 once.
        where_used: (D, D) weights after the step, if each forward pass masks them.
        mask: (D, D), True for allowed weights, which are blue.
    """
    kept, table = where_used * mask, SIDE * len(mask)
    back = int((once[1][~mask] != 0).sum())
    alt = (
        f"Set to zero once, {back} forbidden weights are back after one step; in W ⊙ M, where W is "
        f"used, {int((kept[~mask] != 0).sum()) or 'none'} are."
    )
    row = table + 0.85
    figure = Picture(WIDTH, 2 * row, alt=alt, layout="none")
    axes = add_axes_in_inches(figure)
    lefts = [0.05 + (table + APART) * k for k in range(3)]
    _mark_cell(axes, lefts[2] + SIDE / 2, 1.5 * row)
    axes.text(lefts[2] + SIDE + 0.1, 1.5 * row, "forbidden,\nbut in use", va="center")
    used_at_once = {"W, before": once[0], "after a step": once[1]}
    masked = {"W, after a step": where_used, "M": mask.int(), "W ⊙ M": kept}
    for name, above, tables, signs in (
        ("W is set to W ⊙ M once", 2 * row, used_at_once, "→ "),
        ("W ⊙ M wherever W is used", row, masked, "⊙= "),
    ):
        axes.text(0.05, above - 0.08, name, va="top", weight="bold")
        for left, sign, (title, values) in zip(lefts, signs, tables.items(), strict=False):
            axes.text(left, above - 0.63, title, va="bottom", fontsize=12)
            is_used = tables is used_at_once or title == "W ⊙ M"
            _draw_weights(axes, (left, above - 0.68), values, mask, is_used)
            middle = (left + table + APART / 2, above - 0.68 - table / 2)
            axes.text(*middle, sign, ha="center", va="center", fontsize=16)
    return figure


def _draw_weights(
    axes: Axes, corner: tuple[float, float], values: Tensor, mask: Tensor, is_used: bool
) -> None:
    """Draw a table of weights, and mark forbidden weights that are used and not zero."""
    entries = [[format_short(value) for value in row] for row in values.tolist()]
    faces = [[BLUE if one else "none" for one in row] for row in mask.tolist()]
    draw_cells(axes, corner, entries, faces, SIDE)
    if is_used:
        for row, column in ((values != 0) & ~mask).nonzero().tolist():
            _mark_cell(axes, corner[0] + SIDE * (column + 0.5), corner[1] - SIDE * (row + 0.5))


def _mark_cell(axes: Axes, x: float, y: float) -> None:
    """Draw a frame and a cross on a cell with the centre (x, y)."""
    half = SIDE / 2
    look = {"facecolor": "none", "edgecolor": ORANGE, "linewidth": 2, "zorder": 3}
    axes.add_patch(Rectangle((x - half, y - half), 2 * half, 2 * half, **look))
    axes.plot(x + 0.15, y + 0.16, "x", color=ORANGE, markersize=5, markeredgewidth=1.8)


@picture
def plot_logarithms(z: Tensor, plain: Tensor, careful: Tensor) -> Picture:
    """Draw log p(0) = log(1 − σ(z)) from two formulas; hatched where the plain one fails.

    Args:
        z: (n,) logits.
        plain: (n,) values of log(1 − σ(z)) as written.
        careful: (n,) values of −softplus(z).
    """
    nan, infinite = z[plain.isnan()], z[plain.isinf()]
    limits = [f"NaN up to {nan.max():.0f}", f"−∞ from {infinite.min():.0f} on"]
    limits = [words.replace("-", "−") for words in limits]
    alt = (
        f"The plain formula gives {' and '.join(limits)}; softplus gives a number for every logit."
    )
    figure = Picture(height=3, alt=alt)
    axes = figure.add_subplot(xlim=(z[0].item(), z[-1].item()), xlabel="logit z", ylabel="log p(0)")
    for zone, words, hatch in zip((nan, infinite), limits, ("///", "..."), strict=True):
        look = {"facecolor": "none", "edgecolor": LINES, "hatch": hatch, "linewidth": 0}
        axes.axvspan(zone.min().item(), zone.max().item(), **look)
        top = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "bottom"}
        axes.text((zone.min() + zone.max()).item() / 2, 1.03, words, **top)
    finite = plain.where(plain.isfinite(), math.nan)
    axes.plot(z, finite, color=LINES, lw=4.4, label="log(1 − σ(z))")
    axes.plot(z, careful, color=BLUE, lw=1.6, label="−softplus(z)")
    axes.legend(loc="center", bbox_to_anchor=(0.42, 0.4))
    return figure


@picture
def plot_entropies(boards: Tensor) -> Picture:
    """Draw a board with the entropy of each pixel given the earlier ones, in nats.

    Args:
        boards: (N, D) equally likely boards, with D a square number.
    """
    joint = [0.0]  # entropy of the first k pixels
    for k in range(1, boards.shape[1] + 1):
        share = boards[:, :k].unique(dim=0, return_counts=True)[1] / len(boards)
        joint.append(-(share * share.log()).sum().item())
    nats = [max(after - before, 0) for before, after in pairwise(joint)]
    side, shown = math.isqrt(len(nats)), [format_short(cost) for cost in nats]
    total = f"{joint[-1]:.2f} nats = ln {len(boards)}"
    alt = f"{len(nats) - shown.count('0')} of {len(nats)} pixels have an entropy above 0. "
    alt += f"Entropy of each pixel given the earlier ones: {', '.join(shown)}. Sum: {total}."
    cell = 0.6
    figure = Picture(WIDTH, side * cell + 0.1, alt=alt, layout="none")
    axes, rows = add_axes_in_inches(figure), range(0, len(nats), side)
    faces = [["none" if cost == "0" else LINES for cost in shown[k : k + side]] for k in rows]
    draw_cells(axes, (0.9, side * cell + 0.05), [shown[k : k + side] for k in rows], faces, cell)
    words = f"sum:\n{total}"
    axes.text(side * cell + 1.1, side * cell / 2, words, va="center", weight="bold")
    return figure
