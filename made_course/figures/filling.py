"""Images that are completed, or drawn step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..colours import BLUE, ORANGE, rgb
from ..completed import Completion
from ..trajectory import Trajectory
from ..words import percent
from .images import paint_variables
from .networks import draw_variables
from .style import frame_only


def paint_completion(
    values: np.ndarray, known: np.ndarray, shape: tuple[int, int], scale: int
) -> np.ndarray:
    """Pixels of a completed picture: what is known black on white, the rest blue on pale blue.

    Args:
        values: (D,) between 0 (paper) and 1 (ink).
        known: (D,) true where a value was given.
        shape: rows and columns of the picture.
        scale: how many pixels wide and high each variable is.

    Returns:
        (rows · scale, columns · scale, 3) of uint8.

    Example:
        >>> paint_completion(np.array([1.0, 1.0]), np.array([True, False]), (1, 2), 1).tolist()
        [[[0, 0, 0], [0, 114, 178]]]
    """
    blue = 255 - rgb(BLUE)
    paper = np.where(known[:, None], 0, 0.14 * blue)
    ink = np.where(known[:, None], 255, blue)
    colours = 255 - paper - values[:, None] * (ink - paper)
    picture = colours.round().astype(np.uint8).reshape(*shape, 3)
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def plot_completions(
    x: Tensor,
    known: Tensor,
    completion: Completion,
    shape: tuple[int, int] = (28, 28),
    *,
    original: bool = True,
    cell: float = 0.8,
) -> Figure:
    """A line for each row: what is known of it, its completions, their mean, and the original.

    What is known is black on white, what is not is hatched, and what was drawn is blue. Where
    samples have weights, each has its share over it, the mean counts them with it, and the line
    says how many exact samples they are worth.

    Args:
        x: (B, D) whole rows.
        known: (D,) or (B, D) BoolTensor.
        completion: what :func:`made_course.complete` returned for them.
        shape: rows and columns in which the variables are drawn.
        original: whether the whole row stands at the end of its line.
        cell: inches that a picture takes, with its margin.

    Example:
        >>> from made_course import MADE, complete
        >>> x, known = torch.ones(1, 4), torch.tensor([True, True, False, False])
        >>> completion = complete(MADE(4, (8,)), x, known, n_samples=3)
        >>> figure = plot_completions(x, known, completion, (2, 2))
        >>> [axes.get_title() for axes in figure.axes]
        ['known', '1', '2', '3', 'mean', 'original']
    """
    known = known.bool().expand(x.shape)
    count = completion.samples.shape[1]
    titles = ["known", *map(str, range(1, count + 1)), "mean", *["original"] * original]
    weighted = completion.log_weights is not None
    height = cell * min(max(shape[0] / shape[1], 0.3), 3)
    room = 1.1 if weighted else 0.1
    figure = Figure(
        figsize=(room + cell * len(titles), (height + 0.25 * weighted) * len(x) + 0.35),
        layout="constrained",
    )
    grid = figure.subplots(len(x), len(titles), squeeze=False)
    scale = max(1, 140 // max(shape))
    parts = zip(x, known, completion.samples, completion.shares, completion.mean, grid, strict=True)
    for k, (row, given, samples, shares, mean, line) in enumerate(parts):
        given = given.cpu().numpy()
        rows = torch.stack([*samples, mean, *[row.to(mean)] * original]).float().cpu().numpy()
        hidden = np.where(given, row.float().cpu().numpy(), 0)
        pictures = [
            paint_variables(hidden, ~given, shape, scale),
            *(paint_completion(values, given, shape, scale) for values in rows),
        ]
        for axes, picture in zip(line, pictures, strict=True):
            axes.imshow(picture, aspect="auto")
            axes.set_box_aspect(height / cell)
            frame_only(axes)
        if weighted:
            for axes, share in zip(line[1:], shares.tolist(), strict=False):
                axes.set_xlabel(percent(share), fontsize=9, labelpad=2)
            worth = f"worth {completion.effective_sample_size[k]:.1f}\nof {count}"
            line[0].set_ylabel(worth, rotation=0, ha="right", va="center", fontsize=10)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=10)
    return figure


def plot_trajectory(
    trajectories: Mapping[str, Trajectory],
    steps: Sequence[int],
    shape: tuple[int, int],
    *,
    names: Sequence[str] | None = None,
    marked: int | None = None,
) -> Figure:
    """A filmstrip of rows as they are generated, the network's outputs, and the log-likelihood.

    Hatched variables are not decided yet, and hatched outputs are no conditionals yet. The variable
    that is decided at a step has an orange frame.

    Args:
        trajectories: name → what the network says of a row, see
            :func:`made_course.sampling.trajectory`; one row or two.
        steps: which steps to show, from 0 to D.
        shape: rows and columns in which the variables are drawn.
        names: of the variables; given, they and the values are written into the pictures.
        marked: a step to mark on the curve of the log-likelihood.

    Example:
        >>> from made_course import MADE
        >>> from made_course.trajectory import trajectory
        >>> model = MADE(4, (8,), ordering=[1, 2, 0, 3])
        >>> found = trajectory(model, torch.ones(4), model.order, model.head)
        >>> len(plot_trajectory({"a row of ones": found}, [0, 2, 4], (2, 2)).axes)
        7
    """
    width = max(1.35, 0.55 * shape[1]) if names else 1.35
    height = min(max(width * shape[0] / shape[1], 0.5), 2.7)
    lines = 2 * len(trajectories)
    figure = Figure(
        figsize=(1.6 + (width + 0.1) * len(steps), (height + 0.15) * lines + 2.3),
        layout="constrained",
    )
    grid = figure.add_gridspec(lines + 1, len(steps), height_ratios=[*[height] * lines, 1.7])
    label = {"rotation": 0, "ha": "right", "va": "center", "fontsize": 10}
    for k, (name, shown) in enumerate(trajectories.items()):
        for column, step in enumerate(steps):
            so_far, outputs = (figure.add_subplot(grid[2 * k + j, column]) for j in (0, 1))
            frame = int(shown.ordering[step - 1]) if step else None
            undecided, later = shown.undecided(step), shown.not_conditional(step)
            draw_variables(so_far, shown.x, undecided, shape, frame, names, digits=0)
            draw_variables(outputs, shown.map(step), later, shape, frame, names, digits=2)
            if k == 0:
                so_far.set_title(f"step {step}", fontsize=11)
            if column == 0:
                so_far.set_ylabel(f"{name}\nso far", **label)
                outputs.set_ylabel("p(xᵢ = 1 | before)", **label)
    axes = figure.add_subplot(grid[-1, :])
    styles = [{"color": BLUE}, {"color": ORANGE, "linestyle": "--"}]
    for (name, shown), style in zip(trajectories.items(), styles, strict=False):
        axes.plot(shown.log_likelihood, label=name, **style)
    if marked is not None:
        axes.axvline(marked, color="0.35", linewidth=1)
    axes.set_xlabel("step")
    axes.set_ylabel("log-likelihood\nso far (nats)")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
