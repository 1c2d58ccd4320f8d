"""From an ordering to a log-probability, in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from torch import Tensor

from ..common.words import hat, listing, variable_names
from .masks import draw_cells
from .network_parts import shade, sheet
from .picture import CELL, LINES, WIDTH, Picture, picture

STEPS = {
    "ordering": "who is drawn\nat each step",
    "degrees": "tickets of\nall units",
    "masks": "≥ before, >\nat the output",
    "logits": "W ⊙ M in\neach layer",
    "log p(x)": "softplus, and\nthe sum",
}
"""Steps of the pipeline, and what happens there."""
HIGH = 1.6
"""Height of the tallest drawing, in inches."""


@picture
def plot_pipeline(
    degrees: Sequence[Tensor], masks: Sequence[Tensor], logits: Tensor, log_p: float
) -> Picture:
    """Draw the pipeline of a MADE: from an ordering to degrees, masks, logits and log p.

    Args:
        degrees: degrees of the inputs and of each hidden layer, see
            :func:`made_course.draw_degrees`.
        masks: one mask per layer, see :func:`made_course.build_masks`.
        logits: (D,) logits of one row.
        log_p: log-probability of the same row, in nats.

    Example:
        >>> degrees, masks = [torch.tensor([2, 1])], [torch.tensor([[0, 1], [0, 0]])]
        >>> plot_pipeline(degrees, masks, torch.zeros(2), -1.386).alt
        'From the ordering x₂ and x₁ to log p = −1.39 nats. Between them degrees 2, 1, masks of...'
    """
    names, top = variable_names(len(degrees[0])), max(int(units.max()) for units in degrees)
    ordering = [names[i] for i in degrees[0].argsort()]
    numbers = [f"{value:.1f}".replace("-", "−") for value in logits.tolist()]
    total = f"{log_p:.2f}".replace("-", "−")
    shapes = listing([" × ".join(map(str, mask.shape)) for mask in masks])
    alt = (
        f"From the ordering {listing(ordering)} to log p = {total} nats. Between them degrees "
        f"{str(degrees[0].tolist())[1:-1]}, masks of {shapes}, logits {', '.join(numbers)}."
    )
    figure = Picture(WIDTH, HIGH + 1.1, alt=alt, layout="none")
    axes, middle = sheet(figure), HIGH / 2 + 0.6
    lefts = dict(zip(STEPS, 0.05 + 1.36 * np.arange(len(STEPS)), strict=True))
    for title, left in lefts.items():
        axes.text(left, HIGH + 1.05, title, va="top", weight="bold")
        axes.text(left, 0.05, STEPS[title], va="bottom", fontsize=12)
        if left > 1:
            axes.text(left - 0.2, middle, "→", ha="center", va="center", fontsize=18)

    rows = middle + CELL * ((len(names) - 1) / 2 - np.arange(len(names)))
    shades = [[shade(degree, top) for degree in units.tolist()] for units in degrees]
    corner = (lefts["degrees"] + 0.3, rows[0] + CELL / 2)
    draw_cells(axes, corner, [[d] for d in degrees[0].tolist()], [[face] for face in shades[0]])
    for y, name, step, z in zip(rows, names, enumerate(ordering, start=1), numbers, strict=True):
        style = {"va": "center_baseline", "parse_math": False}
        axes.text(lefts["ordering"], y, "{}   {}".format(*step), **style)
        axes.text(lefts["degrees"], y, name, **style)
        axes.text(lefts["logits"], y, f"{hat(name)}  {z}", **style)
    for k, layer in enumerate(shades[1:]):
        where = (corner[0] + 0.4 + 0.17 * k, middle - HIGH / 2, 0.12, HIGH)
        _paint(axes, where, [[colour] for colour in layer])
    high = (HIGH + 0.08) / len(masks)
    for k, (mask, layer) in enumerate(zip(masks, shades, strict=True)):
        where = (lefts["masks"], middle + HIGH / 2 - high * (k + 1) + 0.08, 0.85, high - 0.08)
        _paint(axes, where, [np.where(row, layer, "none") for row in mask.bool().numpy()])
    axes.text(lefts["log p(x)"], middle, f"{total} nats", va="center", weight="bold")
    return figure


def _paint(axes: Axes, box: tuple[float, float, float, float], colours: Sequence) -> None:
    """Draw a table of colours, stretched into a box: left, bottom, width, height."""
    left, bottom, width, height = box
    picture = np.array([[to_rgba(colour) for colour in row] for row in colours])
    extent = (left, left + width, bottom, bottom + height)
    axes.imshow(picture, extent=extent, aspect="auto", interpolation="nearest")
    axes.add_patch(Rectangle((left, bottom), width, height, facecolor="none", edgecolor=LINES))
