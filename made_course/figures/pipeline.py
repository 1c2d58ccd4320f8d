"""The pipeline of a MADE, from an ordering to a log-probability, in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from torch import Tensor

from ..common.words import add_hat, join_names, variable_names
from .masks import draw_cells
from .network_parts import add_axes_in_inches, degree_colour
from .picture import CELL, LINES, Picture, picture

STEPS = {
    "ordering": "who is drawn next",
    "degrees": "tickets of all units",
    "masks": "≥ before, > at the end",
    "logits": "W ⊙ M in each layer",
    "log p(x)": "softplus, and the sum",
}
"""Name → caption of each stage of the pipeline."""
ROW, LEFT, WIDE = 0.8, 2.0, 2.6
"""Height of a stage, width of its name, and width of its drawing, in inches."""


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
    shapes = join_names([" × ".join(map(str, mask.shape)) for mask in masks])
    alt = (
        f"From the ordering {join_names(ordering)} to log p = {total} nats. Between them degrees "
        f"{str(degrees[0].tolist())[1:-1]}, masks of {shapes}, logits {', '.join(numbers)}."
    )
    figure = Picture(LEFT + WIDE + 0.1, ROW * len(STEPS) + 0.2, alt=alt, layout="none")
    axes, style = add_axes_in_inches(figure), {"va": "center_baseline", "parse_math": False}
    rows = dict(zip(STEPS, ROW * (len(STEPS) - 0.5 - np.arange(len(STEPS))) + 0.1, strict=True))
    for title, y in rows.items():
        axes.text(0.05, y + 0.13, title, weight="bold", va="center_baseline")
        axes.text(0.05, y - 0.13, STEPS[title], fontsize=12, va="center_baseline")
        axes.axhline(y - ROW / 2, color=LINES, linewidth=0.4 * (title != "log p(x)"))

    axes.text(LEFT, rows["ordering"], "  →  ".join(ordering), **style)
    shades = [[degree_colour(degree, top) for degree in units.tolist()] for units in degrees]
    apart = WIDE / len(names)
    for k, (name, z) in enumerate(zip(names, numbers, strict=True)):
        x, y = LEFT + apart * k, rows["degrees"] + 0.1
        axes.text(x, y, name, **style)
        draw_cells(axes, (x + 0.27, y + CELL / 2), [[int(degrees[0][k])]], [[shades[0][k]]])
        axes.text(x, rows["logits"], f"{add_hat(name)} {z}", **style)
    for k, layer in enumerate(shades[1:]):
        _draw_colours(axes, (LEFT, rows["degrees"] - 0.2 - 0.1 * k, WIDE, 0.07), [layer])
    wide = WIDE / len(masks)
    for k, (mask, layer) in enumerate(zip(masks, shades, strict=True)):
        where = (LEFT + wide * k, rows["masks"] - 0.28, wide - 0.1, 0.56)
        _draw_colours(axes, where, [np.where(row, layer, "none") for row in mask.bool().numpy()])
    axes.text(LEFT, rows["log p(x)"], f"{total} nats", weight="bold", **style)
    return figure


def _draw_colours(axes: Axes, box: tuple[float, float, float, float], colours: Sequence) -> None:
    """Draw a table of colours, stretched into a box: left, bottom, width, height."""
    left, bottom, width, height = box
    picture = np.array([[to_rgba(colour) for colour in row] for row in colours])
    extent = (left, left + width, bottom, bottom + height)
    axes.imshow(picture, extent=extent, aspect="auto", interpolation="nearest")
    axes.add_patch(Rectangle((left, bottom), width, height, facecolor="none", edgecolor=LINES))
