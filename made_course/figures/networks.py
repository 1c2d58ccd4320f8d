"""Networks as graphs: units, weights, dependencies and leaks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain, product
from textwrap import wrap
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from ..common.colours import ORANGE
from ..common.words import add_hat, variable_names
from ..leaks.connections import leaking_connections
from ..model.masks import connectivity
from .dependence import describe_leaks, describe_pairs
from .masks import describe_layers, describe_widths, layer_names
from .network_parts import RADIUS, add_axes_in_inches, degree_colour, draw_units, draw_wire
from .picture import LINES, WIDTH, Picture, picture

APART = 0.48
"""Inches between neighbouring units of a layer."""
FEW = 8
"""Largest number of units of a layer that are drawn one by one."""
BESIDE, SQUARE = 1.3, 0.08
"""Width of the table of dependencies, and of a unit in a bundle, in inches."""


class Node(NamedTuple):
    """A unit, or all units of one degree of a wide layer, with its position in inches."""

    units: list[int]
    degree: int
    x: float
    y: float
    half: float
    """Half of its width, in inches."""


@picture
def plot_network(
    degrees: Sequence[Tensor],
    masks: Sequence[Tensor],
    *,
    direct: Tensor | None = None,
    allowed: Tensor | None = None,
    title: str = "",
) -> Picture:
    """Draw a masked network as a graph: a row is a step, and a line is a weight.

    Inputs, units and outputs of one degree share a row. A darker blue is a higher degree, and a
    line has the colour of the unit that it starts from. If ``allowed`` is given, leaks are drawn in
    orange, with a cross near the output. Squares beside each output stand for inputs: filled if
    the output sees the input, empty if it only may see it, crossed if it must not. If a hidden
    layer has more than eight units, those of one degree are drawn as a bundle.

    Args:
        degrees: degrees of the inputs and of each hidden layer, see
            :func:`made_course.draw_degrees`; units of degree 0 are blank.
        masks: one mask per layer, see :func:`made_course.build_masks`.
        direct: (D, D) mask of the direct connections, if there are any.
        allowed: (D, D) BoolTensor of allowed pairs, see :func:`made_course.direct_mask`.
        title: text above the graph.

    Example:
        >>> degrees = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
        >>> figure = plot_network(degrees, [torch.ones(2, 3), torch.ones(3, 2)])
        >>> len(figure.axes[0].lines)  # one line per connection
        12
        >>> plot_network([torch.zeros(2)], [torch.ones(2, 2)]).alt
        'x̂₁ sees x₁ and x₂; x̂₂ sees x₁ and x₂. A network of 2 inputs, no hidden units...'
    """
    layers = [units.int().cpu() for units in (*degrees, degrees[0])]
    wires = [(k, k + 1, mask.bool().cpu().numpy()) for k, mask in enumerate(masks)]
    wires += [] if direct is None else [(0, len(masks), direct.bool().cpu().numpy())]
    names = variable_names(len(degrees[0]))
    seen = connectivity(masks, direct).cpu()
    may_see = torch.ones_like(seen) if allowed is None else allowed.cpu()
    leaking = [leaks.cpu().numpy() for leaks in leaking_connections(masks, ~may_see, direct)]
    lines = [part for line in title.splitlines() for part in wrap(line, 80)]
    alt = _describe_network(layers, wires, seen, may_see, names, title)

    beside = BESIDE * (allowed is not None or direct is not None)
    room = 0.4 + 0.1 * max(map(len, names))
    gap = min((WIDTH - 0.1 - 2 * room - beside) / len(masks), 1.7)
    xs = room + gap * np.arange(len(layers))
    nodes, edges = _place_nodes(layers, xs)
    foot = 0.05 + 0.3 * edges[0] * (direct is not None)  # space for lines that bend down
    high = edges[0] + 0.37 + 0.28 * len(lines)
    figure = Picture(xs[-1] + room + beside, foot + high, alt=alt, layout="none")
    axes, top = add_axes_in_inches(figure), max(int(units.max()) for units in layers)
    axes.set_ylim(-foot, high)
    style = {"va": "top", "fontsize": 12, "linespacing": 1.5, "parse_math": False}
    axes.text(0.05, high - 0.08, "\n".join(lines), **style)
    for (k, to, mask), leaks in zip(wires, leaking, strict=True):
        style = {"dip": 0.3 * edges[0] * (to > k + 1), "is_last": to == len(masks), "top": top}
        _draw_wires(axes, nodes[k], nodes[to], mask, leaks, **style)
    axes.hlines(edges[1:-1], 0.05, xs[-1] + room, color=LINES, linewidth=0.4, zorder=0)
    _draw_nodes(axes, nodes, names, edges[0], top)
    if allowed is not None:
        _draw_dependence(axes, nodes, seen.numpy(), may_see.numpy(), xs[-1] + room, edges[0], top)
    return figure


def _place_nodes(layers: Sequence[Tensor], xs: np.ndarray) -> tuple[list[list[Node]], list[float]]:
    """Return the nodes of each layer, and the y of the row boundaries in inches, the highest first.

    Example:
        >>> nodes, edges = _place_nodes(2 * [torch.tensor([2, 1])], np.array([0, 1]))
        >>> [node.y for node in nodes[0]], edges
        ([0.24, 0.72], [0.96, 0.48, 0.0])
    """
    parts = [[[k] for k in range(len(units))] for units in layers]
    for part, units in zip(parts[1:-1], layers[1:-1], strict=True):
        if len(units) > FEW:
            part[:] = [(units == d).nonzero().flatten().tolist() for d in units.unique()]
    degrees = [[int(d[of[0]]) for of in part] for d, part in zip(layers, parts, strict=True)]
    count = {d: max(line.count(d) for line in degrees) for d in sorted({*chain(*degrees)})}
    pitch = min(APART, 4.4 / sum(count.values()))
    below = pitch * np.cumsum([0, *reversed(count.values())])[::-1]
    row = dict(zip(count, (below[1:] + below[:-1]) / 2, strict=True))
    nodes = []
    for part, line, x in zip(parts, degrees, xs.tolist(), strict=True):
        nodes.append([])
        for k, (of, d) in enumerate(zip(part, line, strict=True)):
            y = float(row[d]) + pitch * ((line.count(d) - 1) / 2 - line[:k].count(d))
            half = min(RADIUS, 0.44 * pitch) if len(of) == 1 else SQUARE * min(len(of), FEW) / 2
            nodes[-1].append(Node(of, d, x, y, half))
    return nodes, below.tolist()


def _draw_wires(
    axes: Axes,
    below: Sequence[Node],
    above: Sequence[Node],
    mask: np.ndarray,
    leaks: np.ndarray,
    *,
    top: int,
    dip: float,
    is_last: bool,
) -> None:
    """Draw a line per weight, or per pair of bundles, and a cross on each leak into an output."""
    thick = 1.8 if len(below) * len(above) < 80 else 0.8
    for start, to in product(below, above):
        between = np.ix_(to.units, start.units)
        does_leak = leaks[between].any()
        colour = degree_colour(start.degree, top) if start.degree else LINES
        look = {"color": colour, "linewidth": thick}
        if does_leak:
            look = {"color": ORANGE, "linewidth": thick + 0.8, "zorder": 2}
        if mask[between].any():
            ends = (start.x + start.half, start.y), (to.x - to.half, to.y)
            line = draw_wire(axes, *ends, -dip, radius=0, **look)
        if does_leak and is_last:
            x, y = (np.interp(0.75, np.linspace(0, 1, len(line)), along) for along in line.T)
            size = 9 if thick > 1 else 5
            axes.plot(x, y, "x", color=ORANGE, markersize=size, markeredgewidth=2, zorder=2)


def _draw_nodes(
    axes: Axes, nodes: Sequence[Sequence[Node]], names: Sequence[str], high: float, top: int
) -> None:
    """Draw units with degrees, bundles as blocks of squares, and names of inputs and outputs."""
    for of, kind in zip(nodes, layer_names(len(nodes)), strict=True):
        axes.text(of[0].x, high + 0.06, kind, ha="center", va="bottom")
        for node in of:
            colour = degree_colour(node.degree, top) if node.degree else "none"
            if len(node.units) == 1:
                label = [node.degree or ""]
                draw_units(axes, np.array([(node.x, node.y)]), label, [colour], node.half)
                continue
            deep = SQUARE * math.ceil(len(node.units) / FEW)
            for k in range(len(node.units)):
                down, across = divmod(k, FEW)
                x = node.x - node.half + SQUARE * across
                y = node.y + deep / 2 - SQUARE * (down + 1)
                square = (x, y), 0.8 * SQUARE, 0.8 * SQUARE
                axes.add_patch(Rectangle(*square, color=colour, linewidth=0))
    ends = [np.array([(node.x, node.y) for node in nodes[k]]) for k in (0, -1)]
    name_ends(axes, *ends, names)


def _draw_dependence(
    axes: Axes,
    nodes: Sequence[Sequence[Node]],
    seen: np.ndarray,
    may_see: np.ndarray,
    left: float,
    high: float,
    top: int,
) -> None:
    """Draw beside each output the inputs that it sees or may see, in the order of their steps."""
    axes.text(left, high + 0.06, "who sees whom", va="bottom")
    side = min(0.28, (BESIDE - 0.25) / len(seen))
    steps = sorted(range(len(seen)), key=lambda j: nodes[0][j].degree)
    for (i, to), (place, j) in product(enumerate(nodes[-1]), enumerate(steps)):
        colour = degree_colour(nodes[0][j].degree, top) if may_see[i, j] else ORANGE
        corner = left + side * place, to.y - 0.46 * side
        look = {"edgecolor": colour, "facecolor": colour if seen[i, j] else "none"}
        if seen[i, j] or may_see[i, j]:
            axes.add_patch(Rectangle(corner, 0.92 * side, 0.92 * side, **look))
        if seen[i, j] and not may_see[i, j]:
            middle = corner[0] + 0.46 * side, to.y
            axes.scatter(*middle, s=(40 * side) ** 2, marker="x", color="white", zorder=3)


def layer_positions(x: float, count: int, middle: float) -> np.ndarray:
    """Return the (count, 2) positions of a layer's units, in inches.

    Example:
        >>> layer_positions(1.0, 2, 0.5).tolist()
        [[1.0, 0.74], [1.0, 0.26]]
    """
    return np.array([(x, middle + APART * ((count - 1) / 2 - k)) for k in range(count)])


def name_ends(axes: Axes, inputs: np.ndarray, outputs: np.ndarray, names: Sequence[str]) -> None:
    """Write the names of the variables beside the inputs, and with a hat beside the outputs."""
    words = {"va": "center_baseline", "parse_math": False}
    for (x, y), (x_out, y_out), name in zip(inputs, outputs, names, strict=True):
        axes.text(x - RADIUS - 0.08, y, name, ha="right", **words)
        axes.text(x_out + RADIUS + 0.08, y_out, add_hat(name), ha="left", **words)


def _describe_network(
    layers: Sequence[Tensor],
    wires: Sequence[tuple[int, int, np.ndarray]],
    seen: Tensor,
    may_see: Tensor,
    names: Sequence[str],
    title: str,
) -> str:
    count = sum(int(mask.sum()) for _, _, mask in wires)
    leaks = describe_leaks(seen, may_see, names)
    text = f"Orange and crossed, for leaks: {leaks}. " if leaks else ""
    text += f"{describe_pairs(seen, names)} A network of {describe_widths(layers)}, and "
    text += f"{count:,} lines between them. {' '.join(title.splitlines())}".rstrip()
    if max(map(len, layers)) <= FEW and layers[0].any():
        text += f" Numbers in the units: {'; '.join(describe_layers(layers)[:-1])}."
    return text.lstrip()
