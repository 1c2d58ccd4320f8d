"""A row as it is drawn step by step, with the network's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..common.colours import BLUE
from ..common.words import join_names
from ..leaks.trajectory import Trajectory
from .axes import name_row, show_frame_only
from .images import paint_variables
from .picture import WIDTH, Picture, picture


@picture
def plot_trajectory(
    trajectories: Mapping[str, Trajectory],
    steps: Sequence[int],
    shape: tuple[int, int],
    *,
    names: Sequence[str] | None,
) -> Picture:
    """Draw a filmstrip of rows as they are generated, and the network's outputs.

    Decided variables are green. Undecided ones, and outputs that are not conditionals yet, are
    hatched. The variable that is decided at a step has a blue frame. The log-likelihood so far is
    below.

    Args:
        trajectories: name → trajectory of a row, see
            :func:`made_course.leaks.trajectory.trajectory`; one row or two.
        steps: steps to show, from 0 to D.
        shape: rows and columns in which the variables are drawn.
        names: names to write into the variables; if None, probabilities are not written either.
    """
    width = (WIDTH - 1.0) / len(steps) - 0.06
    room = 0.1 + 0.1 * max(map(len, names)) if names and shape[0] == 1 else 0.4
    height = min(max(width * shape[0] / shape[1], room), 2.7)
    lines = 2 * len(trajectories)
    alt = " ".join(_describe_row(*each, steps, shape) for each in trajectories.items())
    figure = Picture(WIDTH, (height + 0.12) * lines + 0.3 * (len(trajectories) + 1), alt=alt)
    grid = figure.add_gridspec(lines, len(steps))
    for k, (name, shown) in enumerate(trajectories.items()):
        for column, step in enumerate(steps):
            so_far, outputs = (figure.add_subplot(grid[2 * k + j, column]) for j in (0, 1))
            _draw_step(so_far, outputs, shown, step, shape, names)
            if k == 0:
                so_far.set_title(f"step {step}", weight="normal")
            if column == 0:
                name_row(so_far, fill(f"{name} so far", 11))
                name_row(outputs, "p(xᵢ = 1 |\nbefore)")
            nats = f"log p\n{shown.log_likelihood[step]:.1f}".replace("-", "−")
            outputs.set_xlabel(nats, fontsize=12)
    return figure


def _describe_row(
    name: str, shown: Trajectory, steps: Sequence[int], shape: tuple[int, int]
) -> str:
    """Return the alternative text of a row, with its numbers."""
    falls = [f"{shown.log_likelihood[step].item():.1f}".replace("-", "−") for step in steps]
    text = (
        f"Log p of {name} falls to {falls[-1]} nats by step {steps[-1]}. Its steps "
        f"{join_names(list(map(str, steps)))}: the decided variables, the outputs, and log p, "
        f"{join_names(falls)}."
    )
    if len(shown.x) > 20:
        return text
    lines = shown.x.int().view(shape).tolist()
    return f"{text} It is {' / '.join(' '.join(map(str, line)) for line in lines)}."


def _draw_step(
    so_far: Axes,
    outputs: Axes,
    shown: Trajectory,
    step: int,
    shape: tuple[int, int],
    names: Sequence[str] | None,
) -> None:
    """Draw the decided part of the row and, below it, the outputs of all variables."""
    undecided, later = shown.is_undecided(step), shown.is_not_conditional(step)
    row, says = shown.x.masked_fill(undecided, 0), shown.outputs_at(step)
    for axes, values, hatched in ((so_far, row, undecided), (outputs, says, later)):
        pixels, apart = values.float().cpu().numpy(), hatched.cpu().numpy()
        picture = paint_variables(pixels, apart, shape, 30 if names else 8, axes is so_far)
        axes.imshow(picture, extent=(0, shape[1], shape[0], 0), aspect="auto")
        axes.set_box_aspect(None if shape[0] == 1 else shape[0] / shape[1])
        show_frame_only(axes)
        for i in (shown.order == step).nonzero().ravel().tolist():
            line, column = divmod(i, shape[1])
            look = {"edgecolor": BLUE, "facecolor": "none", "linewidth": 3}
            look |= {"clip_on": names is None}  # a pixel's frame stays within the image's frame
            axes.add_patch(Rectangle((column, line), 1, 1, zorder=3, **look))
    if names is None:
        return
    upright = shape[0] == 1 and max(map(len, names)) > 3
    numbers = [f"{p:.2f}".removeprefix("0")[:3] for p in says.tolist()]  # .97, .00, 1.0
    for axes, labels, dark in (
        (so_far, names, row > 0.54),
        (outputs, numbers, (says > 0.54) & ~later),
    ):
        for k, label in enumerate(labels):
            line, column = divmod(k, shape[1])
            style = {"ha": "center", "va": "center", "fontsize": 12, "parse_math": False}
            style |= {"color": "white" if dark[k] else "black", "rotation": 90 * upright}
            axes.text(column + 0.5, line + 0.5, label, **style)
