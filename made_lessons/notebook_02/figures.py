"""Figure of notebook 2: which outputs of an autoencoder move with which inputs."""

import itertools
from collections.abc import Sequence

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from made_course.common.colours import BLUE, ORANGE
from made_course.common.words import add_hat, variable_names
from made_course.figures.axes import add_legend, show_frame_only
from made_course.figures.picture import WORDS, Picture, picture


@picture
def plot_moves(moves: Tensor, ordering: Sequence[int], marked: int) -> Picture:
    """Draw how far each output moves when an input is flipped. Leaks are orange with a cross.

    Args:
        moves: (D, D) numbers from 0 to 1; [i, j] is how far output i moves if j is flipped.
        ordering: variables in the order of their steps.
        marked: index of the input whose column is framed.
    """
    dim, names = len(moves), variable_names(len(moves))
    outputs = list(map(add_hat, names))
    own = moves.diagonal()
    alt = (
        f"How far {dim} outputs move when an input is flipped: {outputs[marked]} by "
        f"{own[marked]:.2f} when {names[marked]} is. On average one moves by {own.mean():.2f} "
        "with its own input, the diagonal, which no ordering allows."
    )
    size = max(0.26 * dim, 1.5)
    figure = Picture(max(size + 1.0, 3.8), size + 1.1, alt=alt)
    axes = figure.add_subplot(xlim=(-0.6, dim - 0.4), ylim=(dim - 0.4, -0.6), aspect="equal")
    for i, j in itertools.product(range(dim), repeat=2):
        is_leak, move = ordering.index(j) >= ordering.index(i), moves[i, j].item()
        square = {"color": ORANGE if is_leak else BLUE, "alpha": move, "linewidth": 0}
        axes.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, **square))
        if is_leak and move > 0.1:
            cross = {"color": "white" if move > 0.6 else ORANGE, "markersize": 6}
            axes.plot(j, i, "x", **cross, markeredgewidth=1.6)
    column = {"facecolor": "none", "edgecolor": WORDS, "linewidth": 1.8, "zorder": 3}
    axes.add_patch(Rectangle((marked - 0.56, -0.56), 1.12, dim + 0.12, **column))
    show_frame_only(axes)
    ticks = range(marked % 2, dim, 2)
    axes.set_xticks(ticks, [names[j] for j in ticks], fontsize=13)
    axes.set_yticks(ticks, [outputs[i] for i in ticks], fontsize=13)
    axes.tick_params(length=0)
    axes.xaxis.get_ticklabels()[marked // 2].set_weight("bold")
    axes.set(xlabel="input that is flipped", ylabel="output that moves")
    cross = Line2D([], [], color="white", marker="x", linewidth=0)
    kinds = {"moves by 1, allowed": Patch(color=BLUE)}
    kinds["moves by 1, a leak"] = Patch(color=ORANGE), cross
    add_legend(figure, kinds, "outside lower right")
    return figure
