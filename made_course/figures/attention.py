"""One mask and three ways to share weights; three models in equal time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..colours import BLUE, GREY, INK
from ..words import variable_names
from .style import frame_only

STYLES = ({"color": BLUE}, {"color": INK, "linestyle": "--"}, {"color": GREY, "linestyle": "-."})


def plot_shared_weights(tables: Mapping[str, Sequence[Sequence[str]]]) -> Figure:
    """Which weight stands between an input and an output: blue, with its name; white where cut.

    Args:
        tables: title → (D, D) names; row i, column j: the weight by which output i hears input j,
            empty where the mask cuts. Equal names are one weight.

    Example:
        >>> figure = plot_shared_weights({"a chain": [["", ""], ["a", ""]]})
        >>> figure.axes[0].get_title()
        'a chain'
    """
    count = max(map(len, tables.values()))
    side = 0.3 * count + 1.1
    figure = Figure(figsize=(side * len(tables), side + 0.3), layout="constrained")
    grid = figure.subplots(1, len(tables), squeeze=False)[0]
    for (title, table), axes in zip(tables.items(), grid, strict=True):
        for i, row in enumerate(table):
            for j, name in enumerate(row):
                if name:
                    axes.add_patch(_cell(i, j))
                    axes.text(j, i, name, color="white", fontsize=8, ha="center", va="center")
        edges = (-0.5, len(table) - 0.5)
        axes.set(xlim=edges, ylim=edges[::-1], aspect="equal", xlabel="input", ylabel="output")
        axes.set_title(title, fontsize=11)
        frame_only(axes)
        names = variable_names(len(table))
        axes.set_xticks(range(len(table)), names, fontsize=8)
        axes.set_yticks(range(len(table)), names, fontsize=8)
        axes.tick_params(length=0)
    return figure


def _cell(row: int, column: int) -> Rectangle:
    return Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=BLUE, edgecolor="white")


def plot_race(runs: Sequence[Sequence[dict]], *, longest: float = 80.0) -> Figure:
    """Nats against seconds of one core: a panel for each length, a line for each model.

    Args:
        runs: for each panel its runs, see :func:`made_course.race.load_race`.
        longest: nats at which the panels end; what costs more is not drawn.

    Example:
        >>> run = {"name": "MADE", "seconds": 2, "curve": [(1.0, 60.0), (2.0, 50.0)]}
        >>> [line.get_label() for line in plot_race([[run]]).axes[0].lines]
        ['MADE']
    """
    figure = Figure(figsize=(3.5 * len(runs), 3.4), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(runs), squeeze=False)[0], runs, strict=True):
        for run, style in zip(panel, STYLES, strict=False):
            seconds, nats = zip(*run["curve"], strict=True)
            last = {"marker": "o", "markevery": [-1]}
            axes.plot(seconds, nats, linewidth=2, label=run["name"], **last, **style)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_ylim(top=longest)
        axes.set_title(f"{panel[0]['seconds']:g} seconds each", fontsize=11)
        axes.set_xlabel("seconds of one core")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("nats of 200 other digits")
    lines = figure.axes[0].lines
    figure.legend(handles=lines, loc="outside upper center", ncols=3, frameon=False)
    return figure
