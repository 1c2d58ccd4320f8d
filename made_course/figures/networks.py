"""Networks as graphs: what is wired, who sees whom, and where it leaks."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from ..common.colours import ORANGE
from ..common.words import hat, shortened, variable_names
from ..model.masks import connectivity, leaking_connections
from .axes import axes_at, frame_only
from .dependence import draw_pairs, leaks_in_words, name_pairs, pairs_in_words
from .masks import layer_names, layers_in_words, sizes
from .picture import CELL, CLEAR_TO_BLUE, LINES, WIDTH, Picture, picture
from .units_and_wires import RADIUS, draw_units, draw_wire, sheet

APART = 0.48
"""Inches from a unit to the next one of its layer."""


@picture
def plot_network(
    degrees: Sequence[Tensor],
    masks: Sequence[Tensor],
    *,
    direct: Tensor | None = None,
    allowed: Tensor | None = None,
    names: Sequence[str] | None = None,
    title: str = "",
) -> Picture:
    """A masked network as a graph: inputs left, outputs right, degrees in units, a line a weight.

    With more than 1,500 connections lines would hide one another, and the masks are drawn instead.
    If it is known what may reach what, paths that leak are orange, dotted and crossed at their
    ends. Beside the graph stands what reaches what: filled where a path leads from an input to an
    output, outlined where one is allowed, crossed where it is not.

    Args:
        degrees: of the inputs and of each hidden layer, see :func:`made_course.draw_degrees`; a
            unit of degree 0 is left blank.
        masks: of every layer, see :func:`made_course.build_masks`.
        direct: mask of the direct connections, if there are any.
        allowed: (D, D) BoolTensor of what is allowed, see :func:`made_course.direct_mask`.
        names: of the variables; None is x₁, x₂, ...
        title: words above.

    Example:
        >>> degrees = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
        >>> figure = plot_network(degrees, [torch.ones(2, 3), torch.ones(3, 2)])
        >>> len(figure.axes[0].lines)  # one a connection
        12
        >>> plot_network([torch.zeros(2)], [torch.ones(2, 2)]).alt
        'A network of 2 inputs, no hidden units and 2 outputs, and 4 lines between them. x̂₁ sees...'
    """
    layers = [*degrees, degrees[0]]
    wires = [(k, k + 1, mask) for k, mask in enumerate(masks)]
    wires += [] if direct is None else [(0, len(masks), direct)]
    names = [shortened(name) for name in names or variable_names(len(degrees[0]))]
    seen = connectivity(masks, direct).cpu()
    alt = _network_in_words(layers, wires, seen, allowed, names, title)
    lines = [part for line in title.splitlines() for part in wrap(line, 80)]
    if sum(int(mask.sum()) for _, _, mask in wires) > 1500:
        return _plot_large_masks(wires, "\n".join(lines), alt)

    cell, room = min(CELL, 2.4 / len(names)), 0.35 + 0.1 * max(map(len, names))
    beside = 0 if allowed is None else room + max(cell * len(names), 1.5) + 0.1
    gap = max((WIDTH - beside - 2 * room) / len(masks), 0.9) if beside else 1.4
    tall = APART * max(map(len, layers))
    bend = 0.8 * tall * (direct is not None)  # a direct wire would lie on the others
    foot = 0.45 + max(bend - (tall - APART * len(names)) / 2 - APART / 2, 0)
    width = 2 * room + gap * len(masks) + beside
    figure = Picture(width, foot + tall + 0.27 * len(lines) + 0.2, alt=alt, layout="none")
    axes = sheet(figure)
    places = [column(room + gap * k, len(d), foot + tall / 2) for k, d in enumerate(layers)]
    forbidden = torch.zeros(len(names), len(names)) if allowed is None else ~allowed
    leaking = leaking_connections(masks, forbidden, direct)
    for (below, above, mask), leaks in zip(wires, leaking, strict=True):
        down = -bend if mask is direct else 0.0
        _draw_wires(axes, mask, leaks, places[below], places[above], down, above == len(masks))
    _draw_layers(axes, places, layers, names)
    above = (0.08, figure.get_figheight() - 0.12, "\n".join(lines))
    axes.text(*above, va="top", fontsize=12, linespacing=1.5, parse_math=False)
    if allowed is not None:
        side = cell * len(names)
        left, bottom = width - beside + room, foot + tall / 2 - side / 2
        matrix = axes_at(figure, left, bottom, side, side)
        draw_pairs(matrix, seen.numpy(), allowed.cpu().numpy())
        name_pairs(matrix, names, cell)
        matrix.set_title("who sees whom", loc="left")
    return figure


def column(x: float, count: int, middle: float) -> np.ndarray:
    """(count, 2) places of a layer's units, in inches.

    Example:
        >>> column(1.0, 2, 0.5).tolist()
        [[1.0, 0.74], [1.0, 0.26]]
    """
    return np.array([(x, middle + APART * ((count - 1) / 2 - k)) for k in range(count)])


def name_ends(axes: Axes, inputs: np.ndarray, outputs: np.ndarray, names: Sequence[str]) -> None:
    """Names of the variables before the inputs, and with a hat behind the outputs."""
    words = {"va": "center_baseline", "parse_math": False}
    for (x, y), (x_out, y_out), name in zip(inputs, outputs, names, strict=True):
        axes.text(x - RADIUS - 0.08, y, name, ha="right", **words)
        axes.text(x_out + RADIUS + 0.08, y_out, hat(name), ha="left", **words)


def _draw_layers(
    axes: Axes, places: Sequence[np.ndarray], layers: Sequence[Tensor], names: Sequence[str]
) -> None:
    """Units with their degrees, names at both ends, and below what each layer is."""
    for where, units, kind in zip(places, layers, layer_names(len(layers)), strict=True):
        draw_units(axes, where, [degree or "" for degree in units.tolist()])
        axes.text(where[0, 0], 0.08, kind, ha="center", va="bottom")
    name_ends(axes, places[0], places[-1], names)


def _draw_wires(
    axes: Axes,
    mask: Tensor,
    leaking: Tensor,
    below: np.ndarray,
    above: np.ndarray,
    bend: float,
    are_last: bool,
) -> None:
    for to, start in mask.nonzero().tolist():
        leaks = bool(leaking[to, start])
        look = {"color": LINES, "linewidth": 1.2, "zorder": 1}
        if leaks:
            look = {"color": ORANGE, "linewidth": 2.5, "linestyle": ":", "zorder": 2}
        line = draw_wire(axes, below[start], above[to], bend, **look)
        if leaks and are_last:
            x, y = (np.interp(0.65, np.linspace(0, 1, len(line)), along) for along in line.T)
            axes.plot(x, y, "x", color=ORANGE, markersize=9, markeredgewidth=2.5, zorder=2)


def _network_in_words(
    layers: Sequence[Tensor],
    wires: Sequence[tuple[int, int, Tensor]],
    seen: Tensor,
    allowed: Tensor | None,
    names: Sequence[str],
    title: str,
) -> str:
    count = sum(int(mask.sum()) for _, _, mask in wires)
    said = f"A network of {sizes(layers)}, and {count:,} lines between them. "
    if max(map(len, layers)) <= 8 and layers[0].any():
        said += f"Numbers in the units: {'; '.join(layers_in_words(layers)[:-1])}. "
    said += pairs_in_words(seen, names)
    leaks = "" if allowed is None else leaks_in_words(seen, allowed, names)
    if leaks:
        said += f" Dotted, orange and crossed, for leaks: {leaks}."
    return " ".join([*title.splitlines(), said])


def _plot_large_masks(wires: Sequence[tuple[int, int, Tensor]], title: str, alt: str) -> Picture:
    figure = Picture(2.33 * max(len(wires), 3), 3.4, alt=alt)
    figure.suptitle(title, x=0.01, ha="left", parse_math=False)
    for k, (below, above, mask) in enumerate(wires, start=1):
        paint_mask(figure.add_subplot(1, len(wires), k), mask, f"layer {below} to {above}")
    return figure


def paint_mask(axes: Axes, mask: Tensor, title: str) -> None:
    """A large mask: blue where a weight may exist."""
    axes.imshow(mask.float().cpu().numpy(), cmap=CLEAR_TO_BLUE, vmin=0, vmax=1, aspect="auto")
    axes.set(title=title, xlabel="from unit", ylabel="to unit")
    frame_only(axes)
