"""Masks as tables, with the degrees that determine them in the margins."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from ..common.words import add_hat, join_names, variable_names
from .network_parts import CHIP, add_axes_in_inches, choose_text_colour, degree_colour, draw_units
from .picture import CELL, LINES, WORDS, Picture, picture

NAMED = 0.62
"""Width of the names to the left of a table, in inches."""


def list_degrees_and_names(
    masks: Sequence[Tensor], degrees: Sequence[Tensor]
) -> list[tuple[list, list]]:
    """Return the degrees and names of each layer, from the inputs to the outputs."""
    named = list(zip(variable_names(len(degrees[0])), degrees[0].tolist(), strict=True))
    each = masks[0].shape[1] // len(named), masks[-1].shape[0] // len(named)
    inputs, outputs = ([pair for pair in named for _ in range(count)] for count in each)
    hidden = [(layer.tolist(), [""] * len(layer)) for layer in degrees[1:]]
    return [
        ([d for _, d in inputs], [name for name, _ in inputs]),
        *hidden,
        ([d for _, d in outputs], [add_hat(name) for name, _ in outputs]),
    ]


def layer_names(count: int) -> list[str]:
    """Return the names of ``count`` layers, from the inputs to the outputs.

    Example:
        >>> layer_names(3), layer_names(4)
        (['inputs', 'hidden', 'outputs'], ['inputs', 'hidden 1', 'hidden 2', 'outputs'])
    """
    hidden = ["hidden"] if count == 3 else [f"hidden {k}" for k in range(1, count - 1)]
    return ["inputs", *hidden, "outputs"]


def describe_layers(layers: Sequence[Tensor]) -> list[str]:
    """Describe each layer by the degrees of its units: "inputs 2, 1"."""
    kinds = layer_names(len(layers))
    return [f"{kind} {str(d.tolist())[1:-1]}" for kind, d in zip(kinds, layers, strict=True)]


def describe_widths(layers: Sequence[Tensor]) -> str:
    """Describe how many units a network has.

    Example:
        >>> describe_widths([torch.arange(3), torch.arange(4), torch.arange(3)])
        '3 inputs, 4 hidden units and 3 outputs'
    """
    first, *hidden, last = map(len, layers)
    of = f"{join_names([str(n) for n in hidden])} hidden units" if hidden else "no hidden units"
    return f"{first} inputs, {of} and {last} outputs"


def describe_mask(mask: Tensor, sides: Sequence[tuple[list, list]], target: str) -> str:
    """Describe the rows of a mask, for the alternative text."""
    degrees, above = sides[1]
    rows = [
        f"{name or 'a unit'} of degree {d}: {', '.join(map(str, row))}"
        for name, d, row in zip(above, degrees, mask.int().tolist(), strict=True)
    ]
    return f"Into {target}: {'; '.join(rows)}."


def draw_cells(
    axes: Axes,
    corner: tuple[float, float],
    entries: Sequence[Sequence[object]],
    faces: Sequence[Sequence[str]],
    side: float = CELL,
) -> None:
    """Draw a table whose top-left corner is ``corner``; each cell has a text and a colour."""
    for (row, column), entry in np.ndenumerate(np.array(entries, dtype=object)):
        face, place = faces[row][column], (corner[0] + side * column, corner[1] - side * (row + 1))
        look = {"facecolor": face, "edgecolor": LINES, "linewidth": 0.8}
        axes.add_patch(Rectangle(place, side, side, **look))
        ink = WORDS if face == "none" else choose_text_colour(face)
        style = {"ha": "center", "va": "center_baseline", "fontsize": 12, "color": ink}
        axes.text(place[0] + side / 2, place[1] + side / 2 - 0.005, str(entry), **style)


def format_short(value: float) -> str:
    """Format a number with two decimals, without its leading zero or a final .00.

    Example:
        >>> format_short(0.364), format_short(-0.1), format_short(-0.0), format_short(float("-inf"))
        ('.36', '−.10', '0', '−∞')
    """
    digits = f"{round(value, 2) + 0.0:.2f}".removesuffix(".00").replace("inf", "∞")
    return re.sub(r"^(-?)0\.", r"\1.", digits).replace("-", "−")


@picture
def plot_masks(masks: Sequence[Tensor], degrees: Sequence[Tensor]) -> Picture:
    """Draw small masks as tables, with degrees at their margins.

    A blue 1 is where a weight may exist. A row shows what a unit or output sees, and a column shows
    which units see an input.

    Args:
        masks: one mask per layer, see :func:`made_course.build_masks`. If a variable has several
            inputs or outputs, they are next to each other and share a name and a degree.
        degrees: degrees of the variables and of each hidden layer, see
            :func:`made_course.draw_degrees`.

    Example:
        >>> degrees = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
        >>> plot_masks([torch.ones(2, 3), torch.zeros(3, 2)], degrees).alt
        'Blue is where a weight may exist; a row shows what one unit or output sees. Weights: 6...'
    """
    sides = list_degrees_and_names(masks, degrees)
    into = layer_names(len(sides))[1:]
    top = max(max(line, default=1) for line, _ in sides)
    inputs = [f"{name} of degree {d}" for d, name in zip(*sides[0], strict=True)]
    rows = [describe_mask(m, sides[k : k + 2], into[k]) for k, m in enumerate(masks)]
    ones = [
        f"{int(m.sum())} of {m.numel()} into {kind}" for m, kind in zip(masks, into, strict=True)
    ]
    alt = "Blue is where a weight may exist; a row shows what one unit or output sees. "
    alt += f"Weights: {', '.join(ones)}. Inputs {join_names(inputs)}. {' '.join(rows)}"

    wide = [max(CELL * mask.shape[1], 1.05) for mask in masks]
    room = [0.35] * (len(masks) - 1) + [NAMED]
    width, high = sum(wide) + sum(room) + 0.15 * (len(masks) - 1), CELL * max(map(len, masks))
    figure = Picture(width, high + 1.15, alt=alt, layout="none")
    axes, left = add_axes_in_inches(figure), 0.0
    for k, mask in enumerate(masks):
        left += room[k]
        line = zip(sides[k], sides[k + 1], strict=True)
        draw_mask(axes, (left, high + 0.05), mask.int().cpu().numpy(), *line, top)
        axes.text(left, high + 1.0, f"into {into[k]}", weight="bold", va="top")
        left += wide[k] + 0.15
    return figure


def draw_mask(
    axes: Axes,
    corner: tuple[float, float],
    mask: np.ndarray,
    degrees: tuple[Sequence[int], Sequence[int]],
    names: tuple[Sequence[str], Sequence[str]],
    top: int,
) -> None:
    """Draw a mask as a table with degrees at its margins.

    Args:
        axes: axes in inches.
        corner: top left corner of the table.
        mask: array of zeros and ones; a one has the blue of its column's degree.
        degrees: degrees of the columns, and of the rows.
        names: names of the columns, and of the rows; "" for a unit without a name.
        top: largest degree of the network.
    """
    (left, above), (rows, columns) = corner, mask.shape
    colours = [degree_colour(d, top) for d in degrees[0]]
    faces = [[c if one else "none" for c, one in zip(colours, row, strict=True)] for row in mask]
    draw_cells(axes, corner, mask, faces)
    for k, (line, count) in enumerate(((degrees[0], columns), (degrees[1], rows))):
        along = CELL * (np.arange(count) + 0.5)
        places = [(left + s, above + 0.19) if k == 0 else (left - 0.2, above - s) for s in along]
        draw_units(axes, np.array(places), line, [degree_colour(d, top) for d in line], CHIP)
        for (x, y), name in zip(places, names[k], strict=True):
            if k == 0:
                axes.text(x, y + 0.17, name, ha="center", va="bottom", parse_math=False)
            else:
                axes.text(x - 0.18, y, name, ha="right", va="center_baseline", parse_math=False)
