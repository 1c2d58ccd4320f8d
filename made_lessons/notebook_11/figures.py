"""Figure of the groups of pixels that a model draws in each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.patches import Rectangle
from torch import Tensor

from made_course.common.words import join_names, variable_names
from made_course.figures.axes import show_frame_only
from made_course.figures.network_parts import choose_text_colour, degree_colour
from made_course.figures.picture import LINES, WIDTH, Picture, picture

from .entropies import lowest_nll


@picture
def plot_steps_of_boards(
    boards: Tensor, groupings: Mapping[int, Sequence[Sequence[int]]]
) -> Picture:
    """Draw boards whose pixels name their step: a darker blue is a later step.

    The captions give the lowest possible NLL of a model with these steps.

    Args:
        boards: (N, D) the data, all rows equally likely.
        groupings: number of steps → groups of variables, one for each step.
    """
    nats = {steps: lowest_nll(boards, groups) for steps, groups in groupings.items()}
    names, most = variable_names(boards.shape[1]), max(groupings)
    in_words = "; ".join(join_names([names[i] for i in group], 16) for group in groupings[most])
    costs = ", ".join(f"{steps}: {cost:.2f}" for steps, cost in nats.items())
    alt = "More steps cost fewer nats. Lowest possible nats per board, by number of steps: "
    alt += f"{costs}. The {most} groups are {in_words}."
    side = round(boards.shape[1] ** 0.5)
    figure = Picture(height=WIDTH / len(groupings) + 0.6, alt=alt)
    grid = figure.subplots(1, len(groupings))
    for axes, (steps, groups) in zip(grid, groupings.items(), strict=True):
        for step, group in enumerate(groups, 1):
            colour = degree_colour(step, most)
            for i in group:
                corner = (i % side, i // side)
                look = {"facecolor": colour, "edgecolor": LINES}
                axes.add_patch(Rectangle(corner, 1, 1, linewidth=0.6, **look))
                centred = {"ha": "center", "va": "center_baseline", "fontsize": 12}
                middle = (corner[0] + 0.5, corner[1] + 0.5)
                axes.text(*middle, str(step), color=choose_text_colour(colour), **centred)
        axes.set(xlim=(0, side), ylim=(side, 0), aspect="equal")
        show_frame_only(axes)
        axes.set_title(f"{steps} step{'s' * (steps > 1)}", loc="left", fontsize=12)
        axes.set_xlabel(f"{nats[steps]:.2f} nats", fontsize=12)
    return figure
