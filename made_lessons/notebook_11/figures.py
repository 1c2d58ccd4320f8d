"""Steps: which variables of a board come in which, and what fewer of them cost on digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace

from matplotlib.patches import Rectangle
from torch import Tensor

from made_course.common.colours import BLUE
from made_course.common.words import listing, variable_names
from made_course.figures.axes import frame_only, name_lines, note
from made_course.figures.picture import FAINT, LINES, WIDTH, WORDS, Picture, picture

from .counting import nats_of


@picture
def plot_steps_of_boards(boards: Tensor, ways: Mapping[int, Sequence[Sequence[int]]]) -> Picture:
    """Boards whose pixels show the step in which they are drawn; the largest group is blue.

    Below, the least nats of a board that is drawn so.
    """
    nats = {steps: nats_of(boards, groups) for steps, groups in ways.items()}
    names = variable_names(boards.shape[1])
    groups = "; ".join(listing([names[i] for i in g], 16) for g in ways[max(ways)])
    told = ", ".join(f"in {steps} {cost:.4f}" for steps, cost in nats.items())
    alt = "The more steps, the fewer nats; blue is the largest group. Least nats of a board, "
    alt += f"by steps: {told}. The {max(ways)} groups of the last are {groups}."
    side = round(boards.shape[1] ** 0.5)
    figure = Picture(height=WIDTH / len(ways) + 0.6, alt=alt)
    for axes, (steps, way) in zip(figure.subplots(1, len(ways)), ways.items(), strict=True):
        for step, group in enumerate(way, 1):
            is_largest = group == max(way, key=len)
            for i in group:
                place = (i % side, i // side)
                look = {"facecolor": BLUE if is_largest else "none", "edgecolor": LINES}
                axes.add_patch(Rectangle(place, 1, 1, linewidth=0.6, **look))
                words = {"ha": "center", "va": "center_baseline", "fontsize": 12}
                middle = (place[0] + 0.5, place[1] + 0.5)
                axes.text(*middle, str(step), color="white" if is_largest else WORDS, **words)
        axes.set(xlim=(0, side), ylim=(side, 0), aspect="equal")
        frame_only(axes)
        axes.set_title(f"{steps} step{'s' * (steps > 1)}", loc="left", fontsize=12)
        axes.set_xlabel(f"{nats[steps]:.4f} nats", fontsize=12)
    return figure


@picture
def plot_nats_by_steps(ways: Mapping[str, SimpleNamespace], groups: str, alone: str) -> Picture:
    """NLL of digits drawn in fewer steps, and the steps in which a grouping loses nats.

    Above: a line for each way but the last, mean over seeds. Below: what each step of ``groups``
    costs more than the same pixels do in ``alone``, one by one.
    """
    nats = {name: way.nats.mean().item() for name, way in ways.items()}
    steps = {name: len(way.by_step) for name, way in ways.items()}
    lines = [f"{n} step{'s' * (n > 1)}: {name}" for name, n in steps.items()]
    told = ", ".join(f"{line} {nats:.1f}" for line, nats in zip(lines, nats.values(), strict=True))
    last = ways[groups].by_step
    more = last - ways[alone].by_step.view(len(last), -1).sum(1)
    where = f"{groups} costs {more.sum():.2f} nats more than {alone}, {more[0]:.2f} of it in "
    figure = Picture(height=5.6, alt=f"{where}the first step. Nats of an image: {told}.")
    above, below = figure.subplots(2, 1, height_ratios=[3, 2])
    for line, cost in enumerate([*nats.values()][:-1]):
        above.axhline(line, color=FAINT, zorder=0)
        above.plot(cost, line, "o", color=BLUE)
        note(above, f"{cost:.1f}", (cost, line), (8, 0), va="center", fontsize=12)
    name_lines(above, lines[:-1])
    above.set(xlim=(66, 95), xlabel="nats of an unseen digit")
    below.bar(range(1, len(last) + 1), more.tolist(), width=1.0, color=BLUE)
    below.axhline(0, color=LINES, linewidth=0.8)
    below.set(xlabel=f"step of {len(last)}", ylabel="nats more\nthan one by one")
    return figure
