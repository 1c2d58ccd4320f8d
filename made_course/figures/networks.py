"""Networks: their masks, their wires, and what depends on what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from ..colours import BLUE, ORANGE, PALE
from ..masks import connectivity, leaking_connections
from ..words import shortened, variable_names
from .images import paint_variables
from .style import frame_only, up_to


def plot_masks(masks: Sequence[Tensor], degrees: Sequence[Tensor]) -> Figure:
    """Small masks as tables, a blue 1 where a weight may exist, with degrees at the margins.

    A row is what a unit or an output may listen to, a column whom an input or a unit may speak to.

    Args:
        masks: of every layer, see :func:`made_course.build_masks`. A variable may be several inputs
            or outputs, which then stand side by side under one name and degree.
        degrees: of the variables and of each hidden layer, see :func:`made_course.draw_degrees`.

    Example:
        >>> degrees = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
        >>> figure = plot_masks([torch.ones(2, 3), torch.zeros(3, 2)], degrees)
        >>> [label.get_text() for label in figure.axes[1].get_yticklabels()]
        ['output x₁  3', 'output x₂  1', 'output x₃  2']
    """
    named = list(zip(variable_names(len(degrees[0])), degrees[0].tolist(), strict=True))
    inputs_each, outputs_each = masks[0].shape[1] // len(named), masks[-1].shape[0] // len(named)
    below = [f"{name}\n{d}" for name, d in named for _ in range(inputs_each)]
    outputs = [f"output {name}  {d}" for name, d in named for _ in range(outputs_each)]
    margins = [below, *(list(map(str, layer.tolist())) for layer in degrees[1:]), outputs]
    layers = ["inputs", *(f"hidden {k}" for k in range(1, len(degrees))), "outputs"]
    cell, room = 0.36, [0.6] * (len(masks) - 1) + [1.4]  # inches: side, words left of each table
    height = cell * max(map(len, margins[1:])) + 1.0
    figure = Figure(figsize=(cell * sum(map(len, margins[:-1])) + sum(room) + 0.75, height))
    left = 0.2
    for k, mask in enumerate(masks):
        table = mask.int().cpu().numpy()
        left += room[k]
        (rows, columns), (wide, high) = table.shape, figure.get_size_inches()
        bottom = high - 0.9 - cell * rows
        axes = figure.add_axes(
            (left / wide, bottom / high, cell * columns / wide, cell * rows / high)
        )
        left += cell * columns
        axes.pcolormesh(table, cmap=up_to(BLUE), vmin=0, vmax=1, edgecolors="0.75", linewidth=1)
        axes.invert_yaxis()
        for (row, column), entry in np.ndenumerate(table):
            colour = "white" if entry else "0.45"
            axes.text(column + 0.5, row + 0.5, str(entry), color=colour, ha="center", va="center")
        frame_only(axes)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.set_xticks(np.arange(columns) + 0.5, margins[k], parse_math=False)
        axes.set_yticks(np.arange(rows) + 0.5, margins[k + 1], parse_math=False)
        axes.set_title(f"{layers[k]} → {layers[k + 1]}", fontsize=11)
    return figure


def plot_network(
    degrees: Sequence[Tensor],
    masks: Sequence[Tensor],
    *,
    direct: Tensor | None = None,
    allowed: Tensor | None = None,
    names: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """A masked network as a graph: inputs left, outputs right, degrees in units, a line a weight.

    With more than 1,500 connections lines would hide one another, and the masks are drawn instead.
    If it is known what may reach what, paths that leak are orange, dotted and crossed at their
    ends. Beside the graph stands what reaches what: filled where a path leads from an input to an
    output, outlined where one is allowed, crossed where it is not.

    Args:
        degrees: of the inputs and of each hidden layer, see :func:`made_course.draw_degrees`.
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
    """
    layers = [*degrees, degrees[0]]
    connections = [(k, k + 1, mask) for k, mask in enumerate(masks)]
    if direct is not None:
        connections.append((0, len(layers) - 1, direct))
    if sum(int(mask.sum()) for _, _, mask in connections) > 1500:
        return _plot_large_masks(connections, title)
    if names is None:
        names = variable_names(len(degrees[0]))
    names = [shortened(name) for name in names]
    tallest = max(map(len, layers))
    widths = [2.2 * len(layers)] + ([] if allowed is None else [0.9 + 0.4 * len(names)])
    figure = Figure(figsize=(sum(widths), 0.6 * tallest + 1.1), layout="constrained")
    axes, *beside = figure.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0]

    def place(layer: int, unit: int) -> tuple[float, float]:
        return 2.0 * layer, (len(layers[layer]) - 1) / 2 - unit

    forbidden = torch.zeros(len(names), len(names)) if allowed is None else ~allowed
    leaking = leaking_connections(masks, forbidden, direct)
    plain = {"color": "0.55", "linewidth": 1}
    for (below, above, mask), leak in zip(connections, leaking, strict=True):
        bend = tallest / 2 if above - below > 1 else 0.0  # a direct line would lie on the others
        along = np.linspace(0, 1, 25 if bend else 2)
        for to, start in mask.nonzero().tolist():
            (x1, y1), (x2, y2) = place(below, start), place(above, to)
            arc = y1 + (y2 - y1) * along + bend * 4 * along * (1 - along)
            leaks = bool(leak[to, start])
            style = {"color": ORANGE, "linestyle": ":", "linewidth": 2.5} if leaks else plain
            axes.plot(x1 + (x2 - x1) * along, arc, zorder=1, **style)
            if leaks and above == len(layers) - 1:
                middle = (0.4 * x1 + 0.6 * x2, np.interp(0.6, along, arc))
                axes.plot(*middle, "x", color=ORANGE, markersize=9, markeredgewidth=2)
    words = {"va": "center", "parse_math": False, "zorder": 3}
    for layer, units in enumerate(layers):
        spots = np.array([place(layer, unit) for unit in range(len(units))])
        circles = {"s": 480, "facecolor": "white", "edgecolor": "0.15", "clip_on": False}
        axes.scatter(*spots.T, zorder=2, **circles)
        for unit, degree in enumerate(units.tolist()):
            x, y = spots[unit]
            axes.text(x, y, str(degree), ha="center", **words)
            if layer == 0:
                axes.text(x - 0.35, y, names[unit], ha="right", **words)
            elif layer == len(layers) - 1:
                axes.text(x + 0.35, y, f"output {names[unit]}", ha="left", **words)
    kinds = ["inputs", *(f"hidden {k}" for k in range(1, len(layers) - 1)), "outputs"]
    for layer, kind in enumerate(kinds):
        axes.text(2.0 * layer, -tallest / 2 - 0.3, kind, ha="center")
    axes.axis("off")
    axes.margins(0.1)
    for matrix in beside:
        _draw_pairs(matrix, connectivity(masks, direct).cpu().numpy(), allowed.cpu().numpy())
        _name_pairs(matrix, names)
        matrix.set_title("who sees whom", fontsize=11)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, parse_math=False, wrap=True)
    return figure


def plot_repeated_work(degrees: Tensor, input_dim: int) -> Figure:
    """What D forward passes compute in a hidden layer: too early, when it is final, and once more.

    Pass t has read the variables of the first t - 1 steps, zeros in place of the others. A square
    is a unit at a pass.

    Args:
        degrees: (H,) of the layer's units, which are drawn in this order.
        input_dim: number of variables D.

    Example:
        >>> figure = plot_repeated_work(torch.tensor([1, 2, 2]), 3)
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['not final yet: 5', 'final for the first time: 3', 'computed once more: 1']
    """
    passes = torch.arange(1, input_dim + 1, device=degrees.device)[:, None]
    lag = (passes - 1 - degrees).sign().cpu().numpy()  # of what has been read behind what is needed
    figure = Figure(figsize=(7.5, 7.5 * input_dim / len(degrees) + 0.85), layout="constrained")
    axes = figure.add_subplot()
    kinds = {
        "not final yet": (-1, "white", ""),
        "final for the first time": (0, BLUE, ""),
        "computed once more": (1, PALE, "///"),
    }
    legend = {}
    for words, (sign, colour, hatch) in kinds.items():
        style = {"facecolor": colour, "edgecolor": "0.6", "linewidth": 0.5, "hatch": hatch}
        places = np.argwhere(lag == sign)
        for row, column in places:
            axes.add_patch(Rectangle((column - 0.5, row + 0.5), 1, 1, **style))
        legend[f"{words}: {len(places)}"] = Patch(**style)
    axes.set(xlim=(-0.5, len(degrees) - 0.5), ylim=(input_dim + 0.5, 0.5), aspect="equal")
    axes.set_xticks(range(len(degrees)), degrees.tolist(), fontsize=8)
    axes.set_yticks(range(1, input_dim + 1), range(1, input_dim + 1), fontsize=8)
    axes.tick_params(length=0)
    axes.set_xlabel("degree of each hidden unit")
    axes.set_ylabel("forward pass")
    where = {"loc": "outside upper center", "ncols": 3, "frameon": False}
    figure.legend(legend.values(), legend.keys(), **where)
    return figure


def plot_dependence(
    matrices: Mapping[str, Tensor], allowed: Tensor, *, names: Sequence[str] | None = None
) -> Figure:
    """Which output depends on which input, against what the ordering allows.

    Blue squares are seen, and crossed orange ones are leaks: seen, but not allowed. What is allowed
    and not seen is an outline, or grey where there are more than 20 variables.

    Args:
        matrices: title → (D, D) BoolTensor; [i, j]: output i depends on input j.
        allowed: (D, D) BoolTensor of what is allowed, see :func:`made_course.direct_mask`.
        names: of the variables; None is x₁, x₂, ...

    Example:
        >>> allowed = torch.tensor([[False, True], [False, False]])  # x2, then x1
        >>> figure = plot_dependence({"what a copy sees": torch.eye(2).bool()}, allowed)
        >>> figure.axes[0].get_title()
        'what a copy sees: 2 leaks'
    """
    count = len(allowed)
    is_small = count <= 20
    side = 1.1 + 0.24 * max(count, 9) if is_small else 4.2
    width = max(side * len(matrices), 5)  # room for the legend
    figure = Figure(figsize=(width, side + 0.6), layout="constrained")
    grid = figure.subplots(1, len(matrices), squeeze=False)[0]
    allowed = allowed.cpu().numpy()
    for (title, seen), axes in zip(matrices.items(), grid, strict=True):
        seen = seen.cpu().numpy()
        leaks = int((seen & ~allowed).sum())
        words = f"{leaks:,} leak" + "s" * (leaks != 1)
        axes.set_title(f"{title}: {words}", fontsize=11, parse_math=False)
        draw = _draw_pairs if is_small else _draw_many_pairs
        draw(axes, seen, allowed)
        frame_only(axes)
        axes.set_xlabel("input")
        axes.set_ylabel("output")
        if is_small:
            if names is None:
                names = variable_names(count)
            _name_pairs(axes, names)
    kinds = {
        "allowed and seen": Patch(facecolor=BLUE, edgecolor=BLUE),
        "allowed, not seen": Patch(
            facecolor="white" if is_small else PALE, edgecolor=BLUE if is_small else PALE
        ),
        "a leak": (
            Patch(facecolor=ORANGE, edgecolor=ORANGE),
            Line2D([], [], color="white", linestyle="", marker="x" if is_small else ""),
        ),
    }
    figure.legend(
        kinds.values(),
        kinds.keys(),
        loc="outside lower center",
        ncols=3,
        frameon=False,
        handlelength=1,
        handleheight=1,
    )
    return figure


def draw_variables(
    axes: Axes,
    values: Tensor,
    apart: Tensor,
    shape: tuple[int, int],
    frame: int | None,
    names: Sequence[str] | None,
    digits: int,
) -> None:
    """One picture of a filmstrip; ``digits`` of the values are written if there are names."""
    rows, columns = shape
    values, apart = values.float().cpu().numpy(), apart.cpu().numpy()
    shown = np.where(apart, 0, values) if digits == 0 else values
    extent = (0, columns, rows, 0)
    axes.imshow(paint_variables(shown, apart, shape, 30 if names else 8), extent=extent)
    frame_only(axes)
    for i, name in enumerate(names or ()):
        row, column = divmod(i, columns)
        colour = "white" if shown[i] > 0.54 and not apart[i] else "black"
        words = {"color": colour, "ha": "center", "va": "center", "parse_math": False}
        number = "?" if digits == 0 and apart[i] else f"{values[i]:.{digits}f}"
        axes.text(column + 0.5, row + 0.28, name, fontsize=7, **words)
        axes.text(column + 0.5, row + 0.66, number, fontsize=9, **words)
    if frame is not None:
        row, column = divmod(frame, columns)
        style = {"edgecolor": ORANGE, "facecolor": "none", "linewidth": 2, "clip_on": False}
        axes.add_patch(Rectangle((column, row), 1, 1, **style))


def _plot_large_masks(connections: Sequence[tuple[int, int, Tensor]], title: str) -> Figure:
    figure = Figure(figsize=(3.2 * len(connections), 3.8), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, parse_math=False)
    for k, (below, above, mask) in enumerate(connections, start=1):
        axes = figure.add_subplot(1, len(connections), k)
        axes.imshow(mask.float().cpu().numpy(), cmap=up_to(BLUE), vmin=0, vmax=1, aspect="auto")
        axes.set_title(f"from layer {below} to layer {above}", fontsize=11)
        axes.set_xlabel("from unit")
        axes.set_ylabel("to unit")
        frame_only(axes)
    return figure


def _draw_pairs(axes: Axes, seen: np.ndarray, allowed: np.ndarray) -> None:
    for (i, j), is_seen in np.ndenumerate(seen):
        if not (is_seen or allowed[i, j]):
            continue
        colour = BLUE if allowed[i, j] else ORANGE
        axes.add_patch(
            Rectangle(
                (j - 0.4, i - 0.4),
                0.8,
                0.8,
                facecolor=colour if is_seen else "white",
                edgecolor=colour,
                linewidth=1.5,
            )
        )
    rows, columns = np.nonzero(seen & ~allowed)
    axes.plot(columns, rows, "x", color="white", markersize=9, markeredgewidth=2)
    axes.set(xlim=(-0.5, len(seen) - 0.5), ylim=(len(seen) - 0.5, -0.5), aspect="equal")


def _name_pairs(axes: Axes, names: Sequence[str]) -> None:
    frame_only(axes)
    tilt = 90 if max(map(len, names)) > 3 else 0
    axes.set_xticks(range(len(names)), names, parse_math=False, rotation=tilt)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.tick_params(length=0)
    axes.set_xlabel("input")
    axes.set_ylabel("output")


def _draw_many_pairs(axes: Axes, seen: np.ndarray, allowed: np.ndarray) -> None:
    colours = np.ones((*seen.shape, 3))
    colours[allowed] = to_rgb(PALE)
    colours[seen & allowed] = to_rgb(BLUE)
    colours[seen & ~allowed] = to_rgb(ORANGE)
    axes.imshow(colours)
    rows, columns = np.nonzero(seen & ~allowed)
    axes.plot(columns, rows, ",", color=ORANGE)  # a dot each, however small the picture is
