"""Figure of the costs of orderings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Generator, Tensor

from made_course.common.colours import BLUE
from made_course.figures.axes import add_note
from made_course.figures.picture import LINES, WORDS, Picture, picture


@picture
def plot_costs_of_orderings(log_p: Tensor, marks: Mapping[str, float]) -> Picture:
    """Draw a histogram of the cost of one board in 20,000 random orderings, with some marks.

    Args:
        log_p: (2^D, D); [known, i] is log p of pixel i, given a set of known pixels.
        marks: name → cost in nats, drawn as a line.
    """
    nats, known = torch.zeros(20_000), torch.zeros(20_000, dtype=torch.long)
    orderings = torch.rand(20_000, log_p.shape[1], generator=Generator().manual_seed(0)).argsort(1)
    for i in orderings.T:
        nats -= log_p[known, i]
        known |= 1 << i
    low, middle, high = np.quantile(nats.numpy(), [0.05, 0.5, 0.95])
    in_words = "; ".join(f"{name} {value:.1f}" for name, value in marks.items())
    alt = f"Half of the orderings cost less than {middle:.1f} nats. One in twenty costs less than "
    alt += f"{low:.1f}, and one in twenty more than {high:.1f}. Marked: {in_words}."
    figure = Picture(height=3.0, alt=alt)
    axes = figure.add_subplot()
    heights, *_ = axes.hist(nats.numpy(), bins=60, color=LINES)
    top = heights.max()
    for k, (name, value) in enumerate(sorted(marks.items(), key=lambda mark: mark[1])):
        at = top * (1.65 - 0.16 * k)  # each name is above the lines to its right
        axes.plot([value, value], [0, at], color=BLUE, linewidth=1.6)
        add_note(axes, f"{name} {value:.1f}", (value, at), (3, 0), va="center", color=WORDS)
    axes.set(ylim=(0, 1.75 * top), xlabel="nats of this board in one ordering", yticks=[])
    axes.spines["left"].set_visible(False)
    return figure
