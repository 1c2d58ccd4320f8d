"""Parts of a drawn network, in inches: units shaded by degree, and the wires between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure

from ..common.colours import BLUE
from .picture import LINES, WORDS

RADIUS, CHIP = 0.17, 0.125
"""Radius of a unit, and of a degree beside a mask, in inches."""
BLUES = LinearSegmentedColormap.from_list("degrees", ["#8ecbf0", BLUE, "#003f66"])


def add_axes_in_inches(figure: Figure) -> Axes:
    """Return axes that cover a figure and are measured in inches."""
    axes = figure.add_axes((0, 0, 1, 1))
    width, height = figure.get_size_inches()
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return axes


def degree_colour(degree: int, max_degree: int) -> str:
    """Return the blue of a degree: a darker blue is a higher degree.

    Example:
        >>> degree_colour(0, 3), degree_colour(1, 3), degree_colour(2, 3), degree_colour(3, 3)
        ('#c9e5f8', '#8ecbf0', '#0072b2', '#003f66')
    """
    if degree == 0:
        return "#c9e5f8"
    return to_hex(BLUES((degree - 1) / max(max_degree - 1, 1)))


def choose_text_colour(colour: str) -> str:
    """Return white or nearly black, whichever has a contrast of at least 4.5 to a colour."""
    light = np.dot(np.power(to_rgb(colour), 2.2), (0.2126, 0.7152, 0.0722))
    return "white" if light < 0.182 else "#00060c"


def draw_units(
    axes: Axes,
    places: np.ndarray,
    labels: Sequence[object],
    colours: Sequence[str] | None = None,
    radius: float = RADIUS,
) -> None:
    """Draw circles at (n, 2) positions, with a degree or a name in each."""
    look = {"facecolor": colours or "none", "edgecolor": LINES, "linewidth": 1}
    axes.scatter(*places.T, s=(144 * radius) ** 2, zorder=3, **look)
    for k, (x, y) in enumerate(places):
        colour = choose_text_colour(colours[k]) if colours else WORDS
        where = {"ha": "center", "va": "center_baseline", "fontsize": 12, "zorder": 4}
        axes.text(x, y - 0.005, str(labels[k]), color=colour, parse_math=False, **where)


def draw_wire(
    axes: Axes,
    start: Sequence[float],
    end: Sequence[float],
    bend: float = 0.0,
    radius: float = RADIUS,
    **look: object,
) -> np.ndarray:
    """Draw a line between the rims of two units, bent up by ``bend`` inches; return its points."""
    along = np.linspace(0, 1, 25 if bend else 2)
    line = np.outer(1 - along, start) + np.outer(along, end)
    line[:, 1] += 4 * bend * along * (1 - along)
    for tip, beside in ((0, 1), (-1, -2)):
        step = line[beside] - line[tip]
        line[tip] += radius * step / np.linalg.norm(step)
    axes.plot(*line.T, solid_capstyle="round", **look)
    return line
