"""How weights are shared, and who is faster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from made_course.common.colours import BLUE
from made_course.common.words import hat, variable_names
from made_course.figures.axes import frame_only
from made_course.figures.picture import LINES, WIDTH, WORDS, Picture, picture

LOOKS = [{"color": BLUE}, {"color": WORDS, "linestyle": "--"}, {"color": LINES, "linestyle": "-."}]


@picture
def plot_shared_weights(tables: Mapping[str, Sequence[Sequence[str]]]) -> Picture:
    """Which weight stands between an input and an output: blue, with its name; nothing where cut.

    Tables (D, D) of names: the weight by which output i hears input j. Equal names are one weight.
    """
    told = " ".join(f"{title}: {_in_words(table)}" for title, table in tables.items())
    alt = f"Who hears whom, and by which weight. {told}"
    side = WIDTH / len(tables)
    figure = Picture(height=side + 0.7, alt=alt)
    grid = figure.subplots(1, len(tables), squeeze=False)[0]
    for (title, table), axes in zip(tables.items(), grid, strict=True):
        for i, row in enumerate(table):
            for j, name in enumerate(row):
                if name:
                    look = {"facecolor": BLUE, "edgecolor": LINES, "linewidth": 0.6}
                    axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **look))
                    words = {"color": "white", "ha": "center", "va": "center_baseline"}
                    axes.text(j, i, name, fontsize=11, **words)
        _name_sides(axes, len(table), title)
    grid[0].set_ylabel("output")
    return figure


def _name_sides(axes: Axes, count: int, title: str) -> None:
    edges, names, every = (-0.5, count - 0.5), variable_names(count), range(0, count, 2)
    axes.set(xlim=edges, ylim=edges[::-1], aspect="equal", xlabel="input")
    axes.set_title("\n".join(wrap(title, 18)), loc="left", fontsize=12)
    frame_only(axes)
    axes.set_xticks(every, [names[k] for k in every], fontsize=11)
    axes.set_yticks(every, [hat(names[k]) for k in every], fontsize=11)
    axes.tick_params(length=0)


def _in_words(table: Sequence[Sequence[str]]) -> str:
    names = variable_names(len(table))
    row, heard = max(enumerate(table), key=lambda pair: sum(map(bool, pair[1])))
    by = ", ".join(f"{names[j]} by {name}" for j, name in enumerate(heard) if name)
    squares = [name for line in table for name in line if name]
    letters = " ".join(sorted(set(squares)))
    return f"{letters} in {len(squares)} squares; {hat(names[row])} hears {by}."


@picture
def plot_race(runs: Sequence[Sequence[dict]]) -> Picture:
    """Nats against seconds of one core: a panel for each length, a line for each model.

    The panels end at 80 nats.
    """
    told = " ".join(
        f"After {panel[0]['seconds']:g} seconds: "
        + ", ".join(f"{run['name']} {run['curve'][-1][1]:.1f}" for run in panel)
        + "."
        for panel in runs
    )
    alt = f"Nats of unseen digits against seconds of one core. {told}"
    figure = Picture(height=3.6, alt=alt)
    grid = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
    for axes, panel in zip(grid, runs, strict=True):
        for run, look in zip(panel, LOOKS, strict=False):
            end = {"marker": "o", "markevery": [-1]}
            axes.plot(*zip(*run["curve"], strict=True), label=run["name"], **end, **look)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
        axes.set_title(f"{panel[0]['seconds']:g} seconds each", loc="left")
        axes.set_xlabel("seconds of one core")
    grid[0].set(ylim=(None, 80), ylabel="nats of unseen digits")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3)
    return figure
