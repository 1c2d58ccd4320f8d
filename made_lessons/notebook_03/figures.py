"""Figures of notebook 3: the connections that masks keep, and why no path leaks."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.common.words import add_hat, variable_names
from made_course.figures.dependence import describe_pairs
from made_course.figures.masks import (
    NAMED,
    describe_layers,
    describe_mask,
    describe_widths,
    draw_mask,
    layer_names,
    list_degrees_and_names,
)
from made_course.figures.network_parts import (
    RADIUS,
    add_axes_in_inches,
    degree_colour,
    draw_units,
    draw_wire,
)
from made_course.figures.networks import APART, layer_positions, name_ends
from made_course.figures.picture import CELL, LINES, WIDTH, WORDS, Picture, picture
from made_course.model.masks import connectivity

LEAD = 0.43
"""Distance in inches from the centre of a layer to the mask on its right."""
MASKED_WIRE = {"color": LINES, "linewidth": 1.2, "linestyle": (0, (1, 2)), "zorder": 0}


@picture
def plot_masking(degrees: Sequence[Tensor], masks: Sequence[Tensor]) -> Picture:
    """Draw a masked network: units coloured by degree, wires, and each mask below its wires.

    A darker unit has a higher degree, and a wire has the colour of the unit where it starts. A
    line connects the last row of the first mask to the unit that this row belongs to.

    Args:
        degrees: degrees of the inputs and of each hidden layer.
        masks: one mask per weight matrix, starting at the inputs.
    """
    layers, sides = [*degrees, degrees[0]], list_degrees_and_names(masks, degrees)
    names = variable_names(len(degrees[0]))
    leads = [LEAD] * (len(masks) - 1) + [NAMED]
    gaps = [lead + CELL * mask.shape[1] + 0.28 for lead, mask in zip(leads, masks, strict=True)]
    left, tall = 0.6, APART * max(map(len, layers))
    deep = CELL * max(map(len, masks)) + 0.05
    foot, width = deep + 0.7, left + sum(gaps) + 0.42
    figure = Picture(width, foot + tall + 0.85, alt=_describe_network(layers, masks), layout="none")
    axes, xs = add_axes_in_inches(figure), left + np.cumsum([0.0, *gaps])

    places = [layer_positions(x, len(d), foot + tall / 2) for x, d in zip(xs, layers, strict=True)]
    _draw_network(axes, places, layers, masks)
    name_ends(axes, places[0], places[-1], names)
    for k, mask in enumerate(masks):
        line = zip(sides[k], sides[k + 1], strict=True)
        table = mask.int().cpu().numpy()
        draw_mask(axes, (xs[k] + leads[k], deep), table, *line, _top_degree(layers))
    _join_row_to_unit(axes, places[1][-1], xs[0] + leads[0], masks[0].shape, deep)
    high, kinds = figure.get_figheight() - 0.1, layer_names(len(layers))
    for x, kind in zip(xs, kinds, strict=True):
        axes.text(x, high - 0.52, kind, ha="center", va="center")
    every, kept = _count_wires(masks)
    title = f"{every} connections → {kept} that the masks leave (dotted: cut)"
    axes.text(0.05, high - 0.05, title, weight="bold", va="top")
    return figure


@picture
def plot_path(degrees: Sequence[Tensor], masks: Sequence[Tensor], path: Sequence[int]) -> Picture:
    """Draw units at the height of their degree, so that no wire goes down.

    Args:
        degrees: degrees of the inputs and of each hidden layer.
        masks: one mask per weight matrix, starting at the inputs.
        path: index of one unit per layer. This path is drawn thick, with its degrees above it.
    """
    layers, names = [*degrees, degrees[0]], variable_names(len(degrees[0]))
    along = [int(units[k]) for units, k in zip(layers, path, strict=True)]
    steps = [str(along[0])]
    for k, degree in enumerate(along[1:], start=1):
        steps += ["<" if k == len(masks) else "≤", str(degree)]
    alt = (
        f"A path from {names[path[0]]} to {add_hat(names[path[-1]])}: its degrees are "
        f"{' '.join(steps)}. Each unit is at the height of its degree. Each of the "
        f"{_count_wires(masks)[1]} connections is level or rises; into an output, each one rises."
    )
    most = max(int(units.bincount().max()) for units in layers)
    band, foot = 0.42 * most + 0.22, 0.42
    figure = Picture(WIDTH - 0.1, foot + band * _top_degree(layers) + 0.4, alt=alt, layout="none")
    axes, xs = add_axes_in_inches(figure), np.linspace(1.5, WIDTH - 0.65, len(layers))
    _draw_bands(axes, xs, _top_degree(layers), foot, band)
    places = [_unit_positions(x, units, foot, band) for x, units in zip(xs, layers, strict=True)]
    _draw_network(axes, places, layers, masks, path)
    name_ends(axes, places[0], places[-1], names)
    middle = {"ha": "center", "va": "center"}
    for x, kind in zip(xs, layer_names(len(layers)), strict=True):
        axes.text(x, 0.2, kind, **middle)
    for x, step in zip(np.linspace(xs[0], xs[-1], len(steps)), steps, strict=True):
        axes.text(x, figure.get_figheight() - 0.2, step, fontsize=16, weight="bold", **middle)
    return figure


def _top_degree(layers: Sequence[Tensor]) -> int:
    return max(int(units.max()) for units in layers)


def _draw_network(
    axes: Axes,
    places: Sequence[np.ndarray],
    layers: Sequence[Tensor],
    masks: Sequence[Tensor],
    path: Sequence[int] | None = None,
) -> None:
    """Draw units and wires coloured by degree. Wires on the path or into one unit are thick."""
    shades = [[degree_colour(d, _top_degree(layers)) for d in units.tolist()] for units in layers]
    for k, mask in enumerate(masks):
        for (to, start), kept in np.ndenumerate(mask.bool().cpu().numpy()):
            look = MASKED_WIRE if not kept else {"color": shades[k][start], "linewidth": 1.8}
            is_thick = k == 0 and to == len(mask) - 1
            if path is not None:
                is_thick = (start, to) == (path[k], path[k + 1])
            if kept and is_thick:
                look |= {"linewidth": 5, "zorder": 2}
            if kept or path is None:
                draw_wire(axes, places[k][start], places[k + 1][to], **look)
    for k, (where, units) in enumerate(zip(places, layers, strict=True)):
        draw_units(axes, where, units.tolist(), shades[k])
        if path is not None:
            ring = {"facecolor": "none", "edgecolor": WORDS, "linewidth": 3, "zorder": 5}
            axes.scatter(*where[path[k]], s=(144 * RADIUS) ** 2, **ring)


def _join_row_to_unit(
    axes: Axes, unit: np.ndarray, left: float, shape: Sequence[int], above: float
) -> None:
    """Frame the last row of a mask and draw a line from it to the unit of this row."""
    right, bottom = left + CELL * shape[1], above - CELL * shape[0]
    frame = {"facecolor": "none", "edgecolor": WORDS, "linewidth": 2.5, "zorder": 5}
    axes.add_patch(Rectangle((left, bottom), right - left, CELL, **frame))
    corner = bottom + CELL / 2
    line = [right, unit[0], unit[0]], [corner, corner, unit[1] - RADIUS]
    axes.plot(*line, color=WORDS, linewidth=2.5, solid_joinstyle="round", zorder=0)


def _draw_bands(axes: Axes, xs: np.ndarray, top: int, foot: float, band: float) -> None:
    """Draw one stripe per degree, darker for a higher degree."""
    left, right = xs[0] - RADIUS - 0.06, xs[-1] + RADIUS + 0.06
    for degree in range(1, top + 1):
        low = foot + band * (degree - 1)
        look = {"color": BLUE, "alpha": 0.06 + 0.16 * degree / top, "linewidth": 0}
        axes.add_patch(Rectangle((left, low), right - left, band - 0.06, **look))
        where = {"ha": "right", "va": "center_baseline"}
        axes.text(0.85, low + band / 2 - 0.03, f"degree {degree}", **where)


def _unit_positions(x: float, units: Tensor, foot: float, band: float) -> np.ndarray:
    """Return the positions (n, 2) of a layer's units, with units of equal degree in one stripe."""
    places = []
    for k, degree in enumerate(units.tolist()):
        alike = (units == degree).nonzero().flatten().tolist()
        down = 0.42 * (alike.index(k) - (len(alike) - 1) / 2)
        places.append((x, foot + band * (degree - 0.5) - 0.03 - down))
    return np.array(places)


def _count_wires(masks: Sequence[Tensor]) -> tuple[int, int]:
    """Count all connections, and the connections that the masks keep."""
    return sum(mask.numel() for mask in masks), sum(int(mask.count_nonzero()) for mask in masks)


def _describe_network(layers: Sequence[Tensor], masks: Sequence[Tensor]) -> str:
    """Describe the masked network: connections, degrees, masks, and what each output sees."""
    every, kept = _count_wires(masks)
    kinds, sides = layer_names(len(layers)), list_degrees_and_names(masks, layers[:-1])
    rows = [describe_mask(m, sides[k : k + 2], kinds[k + 1]) for k, m in enumerate(masks)]
    sees = describe_pairs(connectivity(masks), variable_names(len(layers[0])))
    return (
        f"Of {every} connections the masks leave {kept}; the others are dotted. A network of "
        f"{describe_widths(layers)}, with degrees: {'; '.join(describe_layers(layers))}. Below the "
        f"connections are the masks. {' '.join(rows)} {sees}"
    )
