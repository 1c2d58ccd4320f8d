"""MADE's relatives: who comes from whom, what each sees, what each costs and is worth; a flow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.figures.axes import axes_at, frame_only, key_of, name_lines, note, width_of
from made_course.figures.bars import HERE, OTHER
from made_course.figures.picture import LINES, WIDTH, WORDS, Picture, picture
from made_course.figures.units_and_wires import sheet


@picture
def plot_family_tree(members: Mapping[str, tuple[int, str, str]], *, here: str) -> Picture:
    """A family tree: models by year, each below the one it comes from, and what it does anew.

    Each member has its year, the one it comes from ("" for none), and what it does anew. A first
    child stands below its parent, others to the right.
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

    Masks (D, D) are true at [i, j] where output i sees pixel j; pixels count row by row, from 0.
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
def plot_family(table: Mapping[str, tuple[int, float, float]]) -> Picture:
    """Models of the same data in one table: parameters in use, seconds, and bars of nats.

    Each has its parameters that no mask cuts off, its seconds of training, and its nats; the fewest
    are blue.
    """
    told = [
        f"{name}: {n:.1f} nats, {p:,} parameters, {s:.1f} s" for name, (p, s, n) in table.items()
    ]
    figure = Picture(height=0.4 * len(table) + 0.9, alt=f"{'; '.join(told)}.")
    words, axes = figure.subplots(1, 2, sharey=True, width_ratios=(5, 4))
    nats = [row[2] for row in table.values()]
    for k, (parameters, seconds, n) in enumerate(table.values()):
        axes.barh(k, n, 0.55, **(HERE if n == min(nats) else OTHER))
        note(axes, f"{n:.1f}", (n, k), (6, 0), va="center")
        words.text(0.6, k, f"{parameters:,}", ha="right", va="center")
        words.text(1.0, k, f"{seconds:.1f}", ha="right", va="center")
    for x, title in ((0.6, "parameters"), (1.0, "seconds")):
        words.text(x, -0.8, title, ha="right", va="center", weight="bold")
    axes.set_xlim(0, 1.3 * max(nats))
    axes.set_xlabel("nats (shorter is better)", loc="left")
    name_lines(words, table)
    words.set(xlim=(0, 1), ylim=(len(table) - 0.5, -1.1), xticks=[])
    words.spines[:].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


@picture
def plot_flow(to_data: Callable[[Tensor], Tensor]) -> Picture:
    """A flow as a warped grid: noise (left), and where the map takes it (right), a box in blue.

    The map takes noise (n, 2) to data (n, 2).
    """
    along = torch.linspace(0, 1, 33)
    box = torch.cat([torch.stack(side, 1) for side in (
        (1 + 0.5 * along, 0 * along + 1), (0 * along + 1.5, 1 + 0.5 * along),
        (1.5 - 0.5 * along, 0 * along + 1.5), (0 * along + 1, 1.5 - 0.5 * along))])  # fmt: skip
    x, y = to_data(box).T
    area = ((x * y.roll(-1) - y * x.roll(-1)).sum() / 2).item()
    alt = f"A grid of noise, and what becomes of it: a box of area 0.25 has area {area:.2f}."
    figure = Picture(5.4, 4, alt=alt)
    grid = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, name, warp in zip(grid, "ux", (lambda u: u, to_data), strict=True):
        for at in torch.arange(-2, 2.1, 0.5):
            line = 4 * along - 2
            for columns in ((0 * line + at, line), (line, 0 * line + at)):
                axes.plot(*warp(torch.stack(columns, 1)).T, color=LINES, linewidth=1)
        axes.fill(*warp(box).T, color=BLUE)
        axes.set(aspect="equal", xlabel=f"{name}₁", ylabel=f"{name}₂")
    return figure
