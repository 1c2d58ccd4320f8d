"""Images with a known part, and samples of the hidden part."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ..common.words import format_percent, join_names
from ..model.completion import Completion
from .axes import show_frame_only
from .images import paint_ink, paint_variables
from .picture import WIDTH, Picture, picture


@picture
def plot_completions(
    x: Tensor, known: Tensor, completion: Completion, shape: tuple[int, int]
) -> Picture:
    """Draw the known part of each row, its completions beside it, and their mean below it.

    Known pixels are black on white, unknown ones are hatched, and drawn ones are green. If the
    samples are weighted, each has its share of the weight below it, the mean is weighted, and the
    effective sample size is below the known part.

    Args:
        x: (B, D) rows; only their known part is drawn.
        known: (D,) or (B, D) BoolTensor, True where a variable is known.
        completion: result of :func:`made_course.complete` for these rows.
        shape: rows and columns in which the variables are drawn.
    """
    known = known.bool().expand(x.shape).cpu()
    count = completion.samples.shape[1]
    columns, weighted = 1 + (count + 1) // 2, completion.log_weights is not None
    tile = WIDTH / columns - 0.06
    height = tile * min(max(shape[0] / shape[1], 0.3), 3)
    line = height + 0.28 + 0.25 * weighted
    alt = _describe_completions(known, completion, shape)
    figure = Picture(WIDTH, 2 * line * len(x), alt=alt)
    grid = figure.add_gridspec(2 * len(x), columns)
    beside = [(k // (columns - 1), 1 + k % (columns - 1)) for k in range(count)]
    places = [(0, 0), *beside, (1, 0)]
    titles = ["known", *map(str, range(1, count + 1)), "mean"]
    for k, (row, given) in enumerate(zip(x, known, strict=True)):
        pictures = _paint_row(row, given.numpy(), completion, k, shape)
        tiles = []
        for painted, title, (down, across) in zip(pictures, titles, places, strict=False):
            axes = figure.add_subplot(grid[2 * k + down, across])
            axes.imshow(painted, aspect="auto")
            axes.set_box_aspect(height / tile)
            axes.set_title(title, fontsize=12, weight="normal")
            show_frame_only(axes)
            tiles.append(axes)
        if weighted:
            for axes, share in zip(tiles[1:], completion.shares[k].tolist(), strict=False):
                axes.set_xlabel(format_percent(share), fontsize=12, labelpad=2)
            worth = f"worth {completion.effective_sample_size[k]:.1f}\nof {count}"
            tiles[0].set_xlabel(worth, fontsize=12)
    return figure


def _paint_row(
    row: Tensor, given: np.ndarray, completion: Completion, k: int, shape: tuple[int, int]
) -> list[np.ndarray]:
    """Return images of the known part, of each completion, and of the mean."""
    rows = torch.stack([*completion.samples[k], completion.mean[k]]).float().cpu().numpy()
    hidden = np.where(given, row.float().cpu().numpy(), 0)
    completed = paint_ink(rows.reshape(-1, *shape), ~given)
    return [paint_variables(hidden, ~given, shape, max(1, 140 // max(shape))), *completed]


def _describe_completions(known: Tensor, completion: Completion, shape: tuple[int, int]) -> str:
    """Describe the hidden parts and the weights, for the alternative text."""
    count = completion.samples.shape[1]
    hidden = [_describe_region(~given.view(shape)) for given in known]
    text = f"Hidden: {join_names(hidden)}. Then {count} completions and their mean."
    if completion.log_weights is None:
        return text
    worth = [f"{size:.1f}" for size in completion.effective_sample_size.tolist()]
    shares = [join_names([*map(format_percent, row)]) for row in completion.shares.tolist()]
    return f"{text} Shares of weight: {'; '.join(shares)}. Worth {join_names(worth)} of {count}."


def _describe_region(hidden: Tensor) -> str:
    """Return how much is hidden and, if the hidden part is a rectangle, where.

    Example:
        >>> _describe_region(torch.tensor([[False, True], [False, True]]))
        '2 of 4 (rows 1 to 2, columns 2 to 2)'
    """
    text = f"{int(hidden.sum()):,} of {hidden.numel():,}"
    sides = [hidden.any(1).nonzero().flatten(), hidden.any(0).nonzero().flatten()]
    ends = [(int(side[0]) + 1, int(side[-1]) + 1) for side in sides if len(side)]
    if ends and math.prod(last - first + 1 for first, last in ends) == int(hidden.sum()):
        (top, bottom), (left, right) = ends
        text += f" (rows {top} to {bottom}, columns {left} to {right})"
    return text
