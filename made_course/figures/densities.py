"""A density of two variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..arguments import check_number
from ..colours import BLUE, INK
from ..made import MADE
from ..sampling import evaluation_mode
from .style import up_to


def plot_density(
    densities: Mapping[str, MADE | Callable[[Tensor], Tensor]],
    points: Mapping[str, Tensor] | None = None,
    *,
    reach: float = 2.5,
) -> Figure:
    r"""Densities of two real variables as heat maps: :math:`p(x) = e^{\log p(x)}`, darker for more.

    Each map has a colour bar of its own, from 0 to its largest value.

    Args:
        densities: title → a MADE of two variables with a density for a head, or a function from
            (N, 2) points to their (N,) log-densities in differential nats.
        points: title → (N, 2) data or samples, drawn as dots on the map of that title.
        reach: the maps show the square from -reach to reach in both variables.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> from made_course import MixtureOfGaussians
        >>> model = MADE(2, (8,), head=MixtureOfGaussians(3), seed=0)
        >>> bells = torch.distributions.Normal(0.0, 1.0)
        >>> densities = {"untrained": model, "one bell": lambda x: bells.log_prob(x).sum(dim=1)}
        >>> figure = plot_density(densities, {"untrained": model.sample(50)})
        >>> [axes.get_title() for axes in figure.axes[:2]]
        ['untrained', 'one bell']
    """
    reach = check_number("reach", reach, positive=True)
    points = {} if points is None else points
    if not isinstance(densities, Mapping) or not isinstance(points, Mapping):
        raise TypeError(
            "densities and points must be mappings from titles, such as {'two moons': model}, got "
            f"{type(densities).__name__} and {type(points).__name__}"
        )
    if not densities:
        raise ValueError("there must be a density to draw, got none")
    if not points.keys() <= densities.keys():
        raise ValueError(
            f"every title of points must be one of densities, got {list(points)} for "
            f"{list(densities)}"
        )
    cells = 200
    middles = (2 * torch.arange(cells) + 1 - cells) * (reach / cells)
    grid = torch.cartesian_prod(middles, middles)
    figure = Figure(figsize=(5 * len(densities), 4.2), layout="compressed")
    panels = figure.subplots(1, len(densities), squeeze=False)[0]
    for (title, density), axes in zip(densities.items(), panels, strict=True):
        heights = _density_at(grid, density, title).exp().view(cells, cells)
        image = axes.imshow(
            heights.T.numpy(),  # x₁ goes to the right
            cmap=up_to(BLUE),
            vmin=0,
            origin="lower",
            extent=(-reach, reach, -reach, reach),
        )
        if title in points:
            drawn = points[title].detach().cpu()
            if drawn.dim() != 2 or drawn.shape[1] != 2:
                raise ValueError(f"points of {title!r} must be (N, 2), got {tuple(drawn.shape)}")
            axes.plot(*drawn.T.numpy(), ".", color=INK, markersize=2.5, scalex=False, scaley=False)
        axes.set_title(title, fontsize=11, parse_math=False)
        axes.set(xlabel="x₁", ylabel="x₂")
        label = "density (probability per unit of area)"
        figure.colorbar(image, ax=axes, label=label, fraction=0.046, pad=0.04)
    return figure


def _density_at(grid: Tensor, density: MADE | Callable[[Tensor], Tensor], title: str) -> Tensor:
    """Log-densities of points, on the processor; raises unless they are a density's."""
    if isinstance(density, MADE):
        if density.input_dim != 2 or not density.head.is_density:
            raise ValueError(
                f"{title!r} must be a model of two real variables, such as MADE(2, "
                f"head=MixtureOfGaussians(10)), got {density.input_dim} with head={density.head!r}"
            )
        with torch.no_grad(), evaluation_mode(density):
            return density.log_prob(grid.to(density.net[0].weight.device)).float().cpu()
    if not callable(density):
        raise TypeError(
            f"{title!r} must be a MADE or a function that gives log-densities, got "
            f"{type(density).__name__}"
        )
    with torch.no_grad():
        found = density(grid)
    if not isinstance(found, Tensor) or found.shape != (len(grid),) or bool(found.isnan().any()):
        raise ValueError(
            f"{title!r} must give a log-density, no NaN, for each of {len(grid):,} points, got "
            f"{found!r}"
        )
    return found.float().cpu()
