"""Figures of densities of two variables, of slices through them, and of the inverse CDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.figures.axes import add_note
from made_course.figures.picture import CLEAR_TO_INK, LINES, WORDS, Picture, picture
from made_course.model.made import MADE
from made_course.model.sampling import evaluation_mode

REACH = 2.5
"""The maps show a square from -REACH to REACH in both variables."""


@picture
def plot_density(panels: Mapping[str, MADE | Tensor], *, alt: str) -> Picture:
    """Draw points of two variables, and densities as maps with one colour scale.

    Args:
        panels: title → points (n, 2), or a model of two real variables.
        alt: first sentences of the alternative text.
    """
    maps = {title: _compute_density(of) for title, of in panels.items() if isinstance(of, MADE)}
    highest = max(float(density.max()) for density in maps.values())
    largest = "; ".join(f"{title}, up to {density.max():.2g}" for title, density in maps.items())
    alt = f"{alt} Over x₁ and x₂: {', '.join(panels)}. Density: {largest}."
    figure = Picture(height=3.4, alt=alt)
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for (title, of), axes in zip(panels.items(), row, strict=True):
        if title in maps:
            image = _draw_map(axes, maps[title], highest)
            figure.colorbar(image, ax=axes, label="density", fraction=0.05)
        else:
            axes.plot(*of.detach().cpu().T.numpy(), ".", color=WORDS, markersize=2.5)
        edges = {"xlim": (-REACH, REACH), "ylim": (-REACH, REACH)}
        axes.set(title=title, xlabel="x₁", aspect="equal", **edges)
    row[0].set_ylabel("x₂")
    return figure


@picture
def plot_slices(densities: Mapping[str, MADE]) -> Picture:
    r"""Draw densities of two real variables, and beside each p(x₂ | x₁ = 0).

    The curve belongs to the dashed line in the map.
    """
    x2 = torch.linspace(-REACH, REACH, 400)
    line = torch.stack([torch.zeros_like(x2), x2], dim=1)
    curves = {}
    for title, model in densities.items():
        with torch.no_grad(), evaluation_mode(model):
            curves[title] = model.log_conditionals(line)[:, 1].exp()
    peaks = "; ".join(f"{title}, {_describe_peaks(x2, curve)}" for title, curve in curves.items())
    alt = f"p(x₂ | x₁ = 0) under each density: {peaks}."
    figure = Picture(height=2.6 * len(densities) + 0.2, alt=alt)
    rows = figure.subplots(len(densities), 2, sharey=True, sharex="col", squeeze=False)
    for (title, model), (left, right) in zip(densities.items(), rows, strict=True):
        density = _compute_density(model)
        _draw_map(left, density, float(density.max()))
        right.plot(curves[title], x2)
        right.set_box_aspect(1)  # as high as the map
        right.fill_betweenx(x2, 0, curves[title], color=BLUE, alpha=0.15, linewidth=0)
        for axes in (left, right):
            axes.axvline(0, color=WORDS, linestyle="--", linewidth=1.5)
        left.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), ylabel="x₂", title=title)
    right.set_xlim(0, 1.05 * max(float(curve.max()) for curve in curves.values()))
    left.set_xlabel("x₁")
    right.set_xlabel("p(x₂ | x₁ = 0)")
    return figure


@picture
def plot_density_in_new_unit(model: MADE, scale: float) -> Picture:
    """Draw a density in cm and in mm: each square keeps its probability and changes its density.

    The captions give area × density = probability of the framed square.

    Args:
        model: a model of two real variables in cm.
        scale: mm per cm.
    """
    count, density = 10, _compute_density(model)
    density = density.view(count, len(density) // count, count, -1).mean(dim=(1, 3))
    row, column = divmod(int(density.argmax()), count)
    highest = float(density[row, column])
    sides = {"cm": 2 * REACH / count, "mm": 2 * REACH / count * scale}
    products = {
        unit: f"{side**2:g} {unit}² × {highest * (sides['cm'] / side) ** 2:.2g} = "
        f"{highest * sides['cm'] ** 2:.2f}"
        for unit, side in sides.items()
    }
    alt = (
        f"In mm, a square has {scale**2:g} times the area, but the same probability. A density in "
        f"{count} × {count} squares, in cm and in mm. Area × density = probability of the densest "
        "square: "
        f"{'; '.join(products.values())}."
    )
    figure = Picture(height=3.9, alt=alt)
    for axes, (unit, side) in zip(figure.subplots(1, 2), sides.items(), strict=True):
        lines = side * (np.arange(count + 1) - count / 2)
        how = {"cmap": CLEAR_TO_INK, "vmin": 0, "vmax": highest, "origin": "lower"}
        axes.imshow(density.T.numpy(), extent=(*lines[[0, -1]], *lines[[0, -1]]), **how)
        axes.hlines(lines, *lines[[0, -1]], color=LINES, linewidth=0.4)
        axes.vlines(lines, *lines[[0, -1]], color=LINES, linewidth=0.4)
        for colour, wide in (("white", 5), (WORDS, 2)):
            frame = {"facecolor": "none", "edgecolor": colour, "linewidth": wide, "zorder": 3}
            axes.add_patch(Rectangle((lines[row], lines[column]), side, side, **frame))
        axes.set(title=f"in {unit}", xlabel=f"the framed square:\n{products[unit]}")
    return figure


@picture
def plot_inverse(p: Sequence[float], us: Sequence[float]) -> Picture:
    """Draw the inverse CDF: a line at height u meets the staircase above the value that is drawn.

    Args:
        p: probabilities of the values 0, 1, 2, ..., which are the heights of the steps.
        us: numbers u in [0, 1) to draw with.
    """
    tops = np.cumsum(p)
    drawn = [int(np.searchsorted(tops, u)) for u in us]
    values = ", ".join(f"u = {u:g} gives {value}" for u, value in zip(us, drawn, strict=True))
    alt = f"The value is drawn at which P(x ≤ value) first reaches u: {values}. "
    figure = Picture(height=3.4, alt=f"{alt}P(x ≤ value) is a staircase over {len(p)} values.")
    axes = figure.add_subplot()
    for value, (height, top) in enumerate(zip(p, tops, strict=True)):
        axes.plot([value, value, value + 1], [top - height, top, top], color=WORDS, linewidth=2.5)
        if height > 0.08:  # the step has room for a number
            add_note(axes, f"{height:g}", (value, top - height / 2), (7, 0), va="center")
    for u, value in zip(us, drawn, strict=True):
        axes.plot([-0.7, value, value], [u, u, 0], color=BLUE, linewidth=2)
        axes.plot(value, 0, "v", color=BLUE, markersize=10, clip_on=False)
        add_note(axes, f"u = {u:g}", (-0.7, u), (2, 4), color=BLUE, weight="bold")
    axes.set(xlim=(-0.7, len(p)), ylim=(0, 1.02), xlabel="value", ylabel="P(x ≤ value)")
    axes.set_xticks(range(len(p)))
    return figure


def _describe_peaks(x: Tensor, curve: Tensor) -> str:
    """Name the positions of all peaks higher than a fifth of the highest."""
    inside = (
        (curve[1:-1] > curve[:-2]) & (curve[1:-1] > curve[2:]) & (curve[1:-1] > 0.2 * curve.max())
    )
    at = x[1:-1][inside].round(decimals=1).tolist()
    return "highest at x₂ = " + " and ".join(f"{peak + 0.0:.1f}".replace("-", "−") for peak in at)


def _compute_density(model: MADE) -> Tensor:
    """Return a model's density at the centres of 200 × 200 squares, indexed by x₁ and x₂."""
    cells = 200
    middles = (2 * torch.arange(cells) + 1 - cells) * (REACH / cells)
    grid = torch.cartesian_prod(middles, middles)
    with torch.no_grad(), evaluation_mode(model):
        log_p = model.log_prob(grid.to(model.net[0].weight.device))
    return log_p.float().cpu().exp().view(cells, cells)


def _draw_map(axes: Axes, density: Tensor, highest: float) -> AxesImage:
    how = {"cmap": CLEAR_TO_INK, "vmin": 0, "vmax": highest, "origin": "lower"}
    x1_to_the_right = density.T.numpy()
    return axes.imshow(x1_to_the_right, extent=(-REACH, REACH, -REACH, REACH), **how)
