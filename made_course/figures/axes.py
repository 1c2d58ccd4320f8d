"""Axes measured in inches, with frames, labels, notes and legends."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from .picture import LINES


def add_axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes with a position and size in inches."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / high, width / wide, height / high))


def show_frame_only(axes: Axes) -> None:
    """Remove the ticks, and show a grey frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=LINES, linewidth=0.8)


def name_row(axes: Axes, name: str) -> None:
    """Write a name to the left of the first image of a row."""
    axes.set_ylabel(name, rotation=0, ha="right", va="center", parse_math=False)


def name_lines(axes: Axes, names: Collection[str]) -> None:
    """Write names to the left of lines 0, 1, ... of a chart, from the top down."""
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.5, -0.5)


def add_note(
    axes: Axes, text: str, point: tuple[float, float], offset: tuple[float, float], **style: object
) -> None:
    """Write text beside a point, at an offset in typographic points."""
    axes.annotate(text, point, offset, textcoords="offset points", **style)


def add_legend(figure: Figure, patches: Mapping[str, object], loc: str, **style: object) -> None:
    """Add a legend with a square for each entry of ``patches``, label → patch."""
    size = {"ncols": 3, "handlelength": 1, "handleheight": 1, "columnspacing": 1.2}
    figure.legend(patches.values(), patches, loc=loc, **size | style)


def text_width(text: str) -> float:
    """Return the width of a text's widest line, in inches, at the font size of figures."""
    lines = [TextPath((0, 0), line, size=13) for line in text.split("\n") if line.strip()]
    return max((line.get_extents().width / 72 for line in lines), default=0.0)
