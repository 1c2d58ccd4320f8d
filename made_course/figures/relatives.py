"""MADE's relatives: who comes from whom, what each sees, how they share weights, who is faster."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from ..common.colours import BLUE
from ..common.words import hat, variable_names
from .picture import LINES, WIDTH, WORDS, Picture, axes_at, frame_only, key_of, picture, width_of
from .units_and_wires import sheet

LOOKS = (
    {"color": BLUE},
    {"color": WORDS, "linestyle": "--"},
    {"color": LINES, "linestyle": "-."},
)


@picture
def plot_family_tree(members: Mapping[str, tuple[int, str, str]], *, here: str) -> Picture:
    """A family tree: models by year, each below the one it comes from, and what it does anew.

    Args:
        members: name → year, name of the one it comes from ("" for none), what it does anew; from
            the oldest to the youngest. A first child stands below its parent, others to the right.
        here: the member in blue.

    Example:
        >>> family = {"NADE": (2011, "", "tied weights"), "MADE": (2015, "NADE", "masks")}
        >>> plot_family_tree(family, here="MADE").alt
        'Family tree. NADE, 2011: tied weights. MADE, 2015, from NADE: masks.'
    """
    told = [
        f"{name}, {year}{f', from {parent}' * bool(parent)}: {news}."
        for name, (year, parent, news) in members.items()
    ]
    lanes, row = _lanes(members), 0.62
    words = 0.45 + 0.36 * max(lanes.values())
    width = words + max(width_of(news) for _, _, news in members.values())
    alt = f"Family tree. {' '.join(told)}"
    figure = Picture(width, row * len(members), alt=alt, layout="none")
    axes = sheet(figure)
    place = {
        name: (0.15 + 0.36 * lanes[name], row * (len(members) - k - 0.5))
        for k, name in enumerate(members)
    }
    for name, (year, parent, news) in members.items():
        x, y = place[name]
        if parent:
            start_x, start_y = place[parent]
            axes.plot([start_x, x, x], [start_y, start_y - row, y], color=LINES, zorder=1)
        axes.scatter(x, y, s=170, color=BLUE if name == here else WORDS, zorder=2)
        axes.text(words, y + 0.1, f"{name}, {year}", va="center_baseline", weight="bold")
        axes.text(words, y - 0.12, news, va="center_baseline", fontsize=12)
    return figure


def _lanes(members: Mapping[str, tuple[int, str, str]]) -> dict[str, int]:
    """A first child goes on in its parent's lane, others open one; orphans stand in the first.

    Example:
        >>> _lanes({"A": (1, "", ""), "B": (2, "A", ""), "C": (3, "A", ""), "D": (4, "", "")})
        {'A': 0, 'B': 0, 'C': 1, 'D': 0}
    """
    lanes, parents = {}, set()
    for name, (_, parent, _) in members.items():
        has_elder = parent != "" and parent in parents
        lanes[name] = 1 + max(lanes.values()) if has_elder else lanes.get(parent, 0)
        parents.add(parent)
    return lanes


@picture
def plot_receptive_fields(masks: Mapping[str, Tensor], pixel: int) -> Picture:
    """What one output sees of an image: blue; earlier pixels that it does not see are outlined.

    Args:
        masks: title → (D, D) BoolTensor, D a square number; [i, j]: output i sees pixel j. Pixels
            are numbered row by row.
        pixel: the one whose output is asked, from 0.

    Example:
        >>> sees = torch.ones(9, 9).bool().tril(-1)
        >>> plot_receptive_fields({"MADE": sees}, 5).alt
        'What the output of pixel 6 sees, of the 5 before it on 3 × 3. MADE: 5.'
    """
    seen = {title: mask[pixel].tolist() for title, mask in masks.items()}
    side = math.isqrt(len(next(iter(seen.values()))))
    told = ", ".join(f"{title}: {sum(row)}" for title, row in seen.items())
    alt = f"What the output of pixel {pixel + 1} sees, of the {pixel} before it on {side} × {side}."
    looks = {
        "the pixel": {"facecolor": WORDS, "edgecolor": WORDS},
        "seen": {"facecolor": BLUE, "edgecolor": BLUE},
        "earlier, not seen": {"facecolor": "none", "edgecolor": BLUE, "linewidth": 1.2},
    }
    step = WIDTH / len(seen)
    figure = Picture(height=step + 0.75, alt=f"{alt} {told}.", layout="none")
    for k, (title, row) in enumerate(seen.items()):
        axes = axes_at(figure, step * k, 0.4, step - 0.12, step - 0.12)
        axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), aspect="equal")
        axes.set_title(f"{title}\n{sum(row)} of {pixel}", loc="left", fontsize=12)
        frame_only(axes)
        for j, is_seen in enumerate(row[: pixel + 1]):
            kind = "the pixel" if j == pixel else "seen" if is_seen else "earlier, not seen"
            corner = (j % side - 0.42, j // side - 0.42)
            axes.add_patch(Rectangle(corner, 0.84, 0.84, **looks[kind]))
    key = {words: Patch(**look) for words, look in looks.items()}
    key_of(figure, key, "lower left", bbox_to_anchor=(0, 0))
    return figure


@picture
def plot_shared_weights(tables: Mapping[str, Sequence[Sequence[str]]]) -> Picture:
    """Which weight stands between an input and an output: blue, with its name; nothing where cut.

    Args:
        tables: title → (D, D) names; row i, column j: the weight by which output i hears input j,
            empty where the mask cuts. Equal names are one weight.

    Example:
        >>> plot_shared_weights({"twice": [["", "", ""], ["a", "", ""], ["", "a", ""]]}).alt
        'Who hears whom, and by which weight. twice: a in 2 squares; x̂₂ hears x₁ by a.'
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

    Args:
        runs: for each panel its runs, see :func:`made_course.shipped.measured.load_race`.

    Example:
        >>> run = {"name": "MADE", "seconds": 2, "curve": [(1.0, 60.0), (2.0, 50.0)]}
        >>> plot_race([[run]]).alt
        'Nats of unseen digits against seconds of one core. After 2 seconds: MADE 50.0.'
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
