"""Figures of notebook 4: masked weights, two formulas for log p, and which test fails."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from made_course.common.colours import BLUE, ORANGE
from made_course.common.words import listing
from made_course.figures.axes import name_lines
from made_course.figures.masks import draw_cells, short
from made_course.figures.network_parts import sheet
from made_course.figures.picture import LINES, WORDS, Picture, picture

SIDE, APART = 0.46, 0.25
"""Inches of a weight's cell, and between two tables."""


@picture
def plot_masked_step(
    once: tuple[Tensor, Tensor], where_used: tuple[Tensor, Tensor], mask: Tensor
) -> Picture:
    """Forbidden weights before and after a step: back if set to zero once, cut where they are used.

    Args:
        once: weights (D, D) before and after the step, set to zero once.
        where_used: weights before and after the step, masked in the forward pass.
        mask: (D, D), true where a weight is allowed; these are blue.
    """
    kept, table = where_used[1] * mask, SIDE * len(mask)
    back = int((once[1][~mask] != 0).sum())
    alt = (
        f"Set to zero once, {back} forbidden weights are back after one step; in W ⊙ M, where W is "
        f"used, {int((kept[~mask] != 0).sum()) or 'none'} are."
    )
    row = table + 0.85
    figure = Picture(4 * table + 3 * APART + 0.1, 2 * row, alt=alt, layout="none")
    axes = sheet(figure)
    lefts = [0.05 + (table + APART) * k for k in range(4)]
    _mark(axes, lefts[2] + SIDE / 2, 1.5 * row)
    words = "forbidden by M,\nand in use all the same"
    axes.text(lefts[2] + SIDE + 0.1, 1.5 * row, words, va="center")
    for name, above, tables in (
        ("W is set to W ⊙ M once", 2 * row, (*once,)),
        ("W ⊙ M wherever W is used", row, (*where_used, mask.int(), kept)),
    ):
        titles = ["W, before", "after a step", "M", "W ⊙ M"]
        axes.text(0.05, above - 0.08, name, va="top", weight="bold")
        for left, title, sign, values in zip(lefts, titles, "→⊙= ", tables, strict=False):
            axes.text(left, above - 0.63, title, va="bottom")
            is_used = len(tables) == 2 or title == "W ⊙ M"
            _draw_weights(axes, (left, above - 0.68), values, mask, is_used)
            if values is not tables[-1]:
                middle = (left + table + APART / 2, above - 0.68 - table / 2)
                axes.text(*middle, sign, ha="center", va="center", fontsize=16)
    return figure


def _draw_weights(
    axes: Axes, corner: tuple[float, float], values: Tensor, mask: Tensor, is_used: bool
) -> None:
    """A table of weights; a forbidden one that is in use and not zero is framed and crossed."""
    said = [[short(value) for value in row] for row in values.tolist()]
    faces = [[BLUE if one else "none" for one in row] for row in mask.tolist()]
    draw_cells(axes, corner, said, faces, SIDE, 11)
    if is_used:
        for row, column in ((values != 0) & ~mask).nonzero().tolist():
            _mark(axes, corner[0] + SIDE * (column + 0.5), corner[1] - SIDE * (row + 0.5))


def _mark(axes: Axes, x: float, y: float) -> None:
    """A frame and a cross on a cell's middle."""
    half = SIDE / 2
    look = {"facecolor": "none", "edgecolor": ORANGE, "linewidth": 2, "zorder": 3}
    axes.add_patch(Rectangle((x - half, y - half), 2 * half, 2 * half, **look))
    axes.plot(x + 0.15, y + 0.16, "x", color=ORANGE, markersize=5, markeredgewidth=1.8)


@picture
def plot_logarithms(z: Tensor, plain: Tensor, careful: Tensor) -> Picture:
    """The logarithm of a probability by two formulas; hatched where the plain one has no number.

    Logits z (n,), and there log p(0), which is log(1 − σ(z)), by either.
    """
    nan, infinite = z[plain.isnan()], z[plain.isinf()]
    said = [f"NaN up to {nan.max():.0f}", f"−∞ from {infinite.min():.0f} on"]
    said = [words.replace("-", "−") for words in said]
    alt = f"The plain formula gives {' and '.join(said)}; softplus gives a number for every logit."
    figure = Picture(height=3, alt=alt)
    axes = figure.add_subplot(xlim=(z[0].item(), z[-1].item()), xlabel="logit z", ylabel="log p(0)")
    for zone, words, hatch in zip((nan, infinite), said, ("///", "..."), strict=True):
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
def plot_caught(caught: Mapping[str, Collection[str]], tests: Sequence[str]) -> Picture:
    """Grid of models and tests: a blue square where the test fails.

    Args:
        caught: name of each model → the tests that fail on it.
        tests: names of all tests, one column each.
    """
    told = "; ".join(
        f"{name}: {listing([test for test in tests if test in failed])}"
        for name, failed in caught.items()
    )
    height = 0.42 * len(caught) + 0.5
    figure = Picture(1.2 * len(tests) + 2.2, height, alt=f"Tests that fail. {told}.")
    axes = figure.add_subplot()
    for y, failed in enumerate(caught.values()):
        for x, test in enumerate(tests):
            fails = test in failed
            look = {"facecolor": BLUE if fails else "none", "edgecolor": LINES}
            axes.add_patch(Rectangle((x - 0.48, y - 0.44), 0.96, 0.88, **look))
            middle = {"ha": "center", "va": "center_baseline", "fontsize": 12}
            axes.text(x, y, "fails" if fails else "–", color="white" if fails else WORDS, **middle)
    axes.set_xlim(-0.5, len(tests) - 0.5)
    axes.set_xticks(range(len(tests)), tests)
    axes.tick_params(axis="x", length=0, top=False, labeltop=True, labelbottom=False)
    name_lines(axes, caught)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure
