"""Densities of two variables, and slices through them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.figures.picture import CLEAR_TO_BLUE, WORDS, Picture, picture
from made_course.model.made import MADE
from made_course.model.sampling import evaluation_mode

REACH = 2.5
"""The maps show the square from -REACH to REACH in both variables."""


@picture
def plot_density(
    densities: Mapping[str, MADE], points: Mapping[str, Tensor], *, alt: str
) -> Picture:
    """Densities of two real variables as maps, bluer for more.

    Points (N, 2) are dots on the map of their title. All maps share one scale.
    """
    heights = {title: _heights(model) for title, model in densities.items()}
    most = max(float(found.max()) for found in heights.values())
    columns = min(2, len(densities))
    rows = math.ceil(len(densities) / columns)
    told = "; ".join(f"{title}, up to {found.max():.2g}" for title, found in heights.items())
    alt = f"Density over x₁ and x₂: {told}. {alt}"
    figure = Picture(3.1 * columns + 0.9, 2.9 * rows + 0.3, alt=alt)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for (title, found), axes in zip(heights.items(), panels.flat, strict=True):
        image = _draw_heights(axes, found, most)
        drawn = points[title].detach().cpu().T.numpy()
        axes.plot(*drawn, ".", color=WORDS, markersize=2.5, scalex=False, scaley=False)
        axes.set_title(title, parse_math=False)
    for axes in panels[-1]:
        axes.set_xlabel("x₁")
    for axes in panels[:, 0]:
        axes.set_ylabel("x₂")
    figure.colorbar(image, ax=panels, label="density", fraction=0.05, aspect=20 * rows)
    return figure


@picture
def plot_slices(densities: Mapping[str, MADE], points: Tensor) -> Picture:
    r"""Densities of two real variables, and beside each what it says of x₂ where x₁ is known.

    The curve is :math:`p(x_2 \mid x_1 = 0)` along the line that is drawn through the density.
    """
    x2 = torch.linspace(-REACH, REACH, 400)
    line = torch.stack([torch.zeros_like(x2), x2], dim=1)
    curves = {}
    for title, model in densities.items():
        with torch.no_grad(), evaluation_mode(model):
            curves[title] = model.log_conditionals(line)[:, 1].exp()
    told = "; ".join(f"{title}, {_peaks(x2, curve)}" for title, curve in curves.items())
    alt = f"p(x₂ | x₁ = 0) beside each density: {told}."
    figure = Picture(height=3.0 * len(densities) + 0.2, alt=alt)
    rows = figure.subplots(len(densities), 2, sharey=True, sharex="col", squeeze=False)
    for (title, model), (left, right) in zip(densities.items(), rows, strict=True):
        found = _heights(model)
        _draw_heights(left, found, float(found.max()))
        left.plot(*points.T.numpy(), ".", color=WORDS, markersize=2, alpha=0.5)
        right.plot(curves[title], x2)
        right.fill_betweenx(x2, 0, curves[title], color=BLUE, alpha=0.15, linewidth=0)
        for axes in (left, right):
            axes.axvline(0, color=WORDS, linestyle="--", linewidth=1.5)
        left.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), ylabel="x₂", title=title)
    right.set_xlim(0, 1.05 * max(float(curve.max()) for curve in curves.values()))
    left.set_xlabel("x₁")
    right.set_xlabel("p(x₂ | x₁ = 0)")
    return figure


def _peaks(x: Tensor, curve: Tensor) -> str:
    inside = (
        (curve[1:-1] > curve[:-2]) & (curve[1:-1] > curve[2:]) & (curve[1:-1] > 0.2 * curve.max())
    )
    at = x[1:-1][inside].round(decimals=1).tolist()
    return "highest at x₂ = " + " and ".join(f"{place + 0.0:.1f}".replace("-", "−") for place in at)


def _heights(model: MADE) -> Tensor:
    """(200, 200) densities at the middles of a grid's squares, [x₁, x₂], on the processor."""
    cells = 200
    middles = (2 * torch.arange(cells) + 1 - cells) * (REACH / cells)
    grid = torch.cartesian_prod(middles, middles)
    with torch.no_grad(), evaluation_mode(model):
        log_p = model.log_prob(grid.to(model.net[0].weight.device))
    return log_p.float().cpu().exp().view(cells, cells)


def _draw_heights(axes: Axes, heights: Tensor, most: float) -> AxesImage:
    how = {"cmap": CLEAR_TO_BLUE, "vmin": 0, "vmax": most, "origin": "lower"}
    to_the_right = heights.T.numpy()  # x₁, and x₂ upwards
    return axes.imshow(to_the_right, extent=(-REACH, REACH, -REACH, REACH), **how)
