"""Figures of steps: the groups of a board's variables, and the cost of fewer steps on digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace

from matplotlib.patches import Rectangle
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.common.words import listing, variable_names
from made_course.figures.axes import frame_only, name_lines, note
from made_course.figures.picture import FAINT, LINES, WIDTH, WORDS, Picture, picture

from .entropies import nats_of


@picture
def plot_steps_of_boards(
    boards: Tensor, groupings: Mapping[int, Sequence[Sequence[int]]]
) -> Picture:
    """Draw boards whose pixels name their step, with the largest group in blue.

    The captions give the lowest possible NLL of a model with these steps.

    Args:
        boards: (N, D) the data, all rows equally likely.
        groupings: groups of variables in the order of their steps, by number of steps.
    """
    nats = {steps: nats_of(boards, groups) for steps, groups in groupings.items()}
    names, most = variable_names(boards.shape[1]), max(groupings)
    in_words = "; ".join(listing([names[i] for i in group], 16) for group in groupings[most])
    costs = ", ".join(f"{steps}: {cost:.4f}" for steps, cost in nats.items())
    alt = "More steps cost fewer nats. Lowest possible nats per board, by number of steps: "
    alt += f"{costs}. The {most} groups are {in_words}."
    side = round(boards.shape[1] ** 0.5)
    figure = Picture(height=WIDTH / len(groupings) + 0.6, alt=alt)
    grid = figure.subplots(1, len(groupings))
    for axes, (steps, groups) in zip(grid, groupings.items(), strict=True):
        for step, group in enumerate(groups, 1):
            is_largest = group == max(groups, key=len)
            for i in group:
                corner = (i % side, i // side)
                look = {"facecolor": BLUE if is_largest else "none", "edgecolor": LINES}
                axes.add_patch(Rectangle(corner, 1, 1, linewidth=0.6, **look))
                centred = {"ha": "center", "va": "center_baseline", "fontsize": 12}
                middle = (corner[0] + 0.5, corner[1] + 0.5)
                axes.text(*middle, str(step), color="white" if is_largest else WORDS, **centred)
        axes.set(xlim=(0, side), ylim=(side, 0), aspect="equal")
        frame_only(axes)
        axes.set_title(f"{steps} step{'s' * (steps > 1)}", loc="left", fontsize=12)
        axes.set_xlabel(f"{nats[steps]:.4f} nats", fontsize=12)
    return figure


@picture
def plot_nats_by_steps(
    runs: Mapping[str, SimpleNamespace], groups: str, one_by_one: str
) -> Picture:
    """Draw the NLL of digits that are drawn in fewer steps, and where a grouping loses nats.

    The upper panel has all runs except the last. The lower one shows, for each step of a grouping,
    its extra cost compared with drawing the same pixels one by one.

    Args:
        runs: ``nats`` (seeds,) per image and ``by_step`` (steps,) of each grouping, by name.
        groups: name of the grouping in the lower panel.
        one_by_one: name of the run in which the same pixels are drawn one by one.
    """
    nats = {name: run.nats.mean().item() for name, run in runs.items()}
    steps = {name: len(run.by_step) for name, run in runs.items()}
    lines = [f"{n} step{'s' * (n > 1)}: {name}" for name, n in steps.items()]
    costs = ", ".join(f"{line} {nats:.1f}" for line, nats in zip(lines, nats.values(), strict=True))
    by_step = runs[groups].by_step
    more = by_step - runs[one_by_one].by_step.view(len(by_step), -1).sum(1)
    alt = f"In groups, {groups} costs {more.sum():.2f} nats more than one by one, {more[0]:.2f} of "
    alt += f"them in the first step. Nats per image: {costs}."
    figure = Picture(height=5.6, alt=alt)
    above, below = figure.subplots(2, 1, height_ratios=[3, 2])
    for line, cost in enumerate([*nats.values()][:-1]):
        above.axhline(line, color=FAINT, zorder=0)
        above.plot(cost, line, "o", color=BLUE)
        note(above, f"{cost:.1f}", (cost, line), (8, 0), va="center", fontsize=12)
    name_lines(above, lines[:-1])
    above.set(xlim=(66, 95), xlabel="nats per unseen digit")
    below.bar(range(1, len(by_step) + 1), more.tolist(), width=1.0, color=BLUE)
    below.axhline(0, color=LINES, linewidth=0.8)
    below.set(xlabel=f"step (of {len(by_step)})", ylabel="extra nats")
    return figure
