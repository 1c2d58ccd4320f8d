"""Axes by the inch, and what stands beside what is drawn in them: frames, names, notes, keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from .picture import LINES


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place in inches."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / high, width / wide, height / high))


def frame_only(axes: Axes) -> None:
    """Take ticks away, and leave the frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=LINES, linewidth=0.8)


def name_row(axes: Axes, name: str) -> None:
    """A name left of the first picture of a row."""
    axes.set_ylabel(name, rotation=0, ha="right", va="center", parse_math=False)


def name_lines(axes: Axes, names: Collection[str]) -> None:
    """Names at the left of lines 0, 1, ... of a chart, from the top down."""
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.5, -0.5)


def note(
    axes: Axes, words: str, place: tuple[float, float], by: tuple[float, float], **how: object
) -> None:
    """Words beside a place, so many points away."""
    axes.annotate(words, place, by, textcoords="offset points", **how)


def key_of(figure: Figure, kinds: Mapping[str, object], loc: str, **how: object) -> None:
    """A key of squares: words → patch."""
    size = {"ncols": 3, "handlelength": 1, "handleheight": 1}
    figure.legend(kinds.values(), kinds, loc=loc, **size | how)


def width_of(words: str) -> float:
    """Inches of words at the size of a figure's text, of the widest line if they have several."""
    lines = [TextPath((0, 0), line, size=13) for line in words.split("\n") if line.strip()]
    return max((line.get_extents().width / 72 for line in lines), default=0.0)
