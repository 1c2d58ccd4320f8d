"""Training as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..colours import BLUE, GREY, INK, ORANGE, PALE
from ..history import History
from ..recipe import Rung
from .images import as_grid
from .style import frame_only


def plot_history(
    history: History, levels: Mapping[str, float] | None = None, *, scored: str = "validation"
) -> Figure:
    """Learning curve: train and validation NLL after each epoch, in the unit of the history.

    Args:
        history: what :func:`made_course.fit` returned.
        levels: name → nats, drawn as horizontal lines to compare with.
        scored: what the images are called that are only scored.

    Example:
        >>> history = History()
        >>> history.append(train_nll=2.0, valid_nll=1.5, lr=0.1, seconds=1.0)
        >>> plot_history(history).axes[0].get_ylabel()
        'negative log-likelihood (nats)'
    """
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    axes = figure.add_subplot()
    curves = [("train, while the weights still move", history.train_nll, BLUE, "o")]
    if history.valid_nll:
        curves.append((f"{scored}, at the end of the epoch", history.valid_nll, ORANGE, "s"))
    highest = max((values[-1] for _, values, _, _ in curves if values), default=None)
    for name, values, colour, marker in curves:
        axes.plot(history.epoch, values, marker=marker, color=colour, label=name)
        if not values:  # interrupted in its first epoch
            continue
        axes.annotate(
            f"{values[-1]:.1f}",
            (history.epoch[-1], values[-1]),
            xytext=(8, 4 if values[-1] == highest else -12),
            textcoords="offset points",
            color=colour,
        )
    for name, nats in (levels or {}).items():
        axes.axhline(nats, color="0.35", linestyle="--", linewidth=1)
        axes.annotate(
            f"{name}: {nats:.0f}",
            (1, nats),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            color="0.25",
            parse_math=False,
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"negative log-likelihood ({history.unit})")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.margins(x=0.08, y=0.12)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_training(
    history: History,
    samples: Mapping[int, Tensor],
    levels: Mapping[str, float] | None = None,
    shape: tuple[int, int] | None = (28, 28),
) -> Figure:
    """The learning curve of :func:`plot_history` with rows of samples beside it.

    Args:
        history: what :func:`made_course.fit` returned.
        samples: epoch → (n, D) samples drawn after it; n is the same in every row. Without any,
            the curve stands alone.
        levels: name → nats, drawn as horizontal lines to compare with.
        shape: (rows, columns) of a sample.

    Example:
        >>> history = History()
        >>> history.append(train_nll=2.0, valid_nll=1.5, lr=0.1, seconds=1.0)
        >>> figure = plot_training(history, {1: torch.zeros(4, 784)})
        >>> [label.get_text() for label in figure.axes[1].get_yticklabels()]
        ['epoch 1']
    """
    figure = plot_history(history, levels)
    if not samples:
        return figure
    figure.set_size_inches(11.5, 3.8)
    left, right = figure.add_gridspec(1, 2, width_ratios=(5, 4))
    figure.axes[0].set_subplotspec(left)
    axes = figure.add_subplot(right)
    rows, gap = torch.stack(list(samples.values())), 2
    images = rows.detach().float().cpu().view(-1, 1, *shape)
    grid = as_grid(images, nrow=rows.shape[1], padding=gap, pad_value=0.2)
    axes.imshow(grid[0].numpy(), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    frame_only(axes)
    height = shape[0] + gap
    middles = [gap + height * row + (shape[0] - 1) / 2 for row in range(len(rows))]
    axes.set_yticks(middles, [f"epoch {epoch}" for epoch in samples])
    axes.tick_params(length=0)
    axes.set_title("samples, each time from the same noise", fontsize=10)
    return figure


def plot_recipe(ladder: Sequence[Rung]) -> Figure:
    """What each change to a recipe bought: test NLL from rung to rung, and how far seeds differ.

    Blue squares with a full line are better than the rung before, orange triangles with a broken
    one worse, and grey circles neither by more than half a nat. Small dots are the single runs.

    Args:
        ladder: see :func:`made_course.recipe.load_ladder`.

    Example:
        >>> from made_course.recipe import load_ladder
        >>> figure = plot_recipe(load_ladder())
        >>> figure.axes[0].get_yticklabels()[0].get_text()
        'plain recipe'
    """
    figure = Figure(figsize=(9, 0.52 * len(ladder) + 0.9), layout="constrained")
    axes = figure.add_subplot()
    nats = [rung.nats for rung in ladder]
    for k, rung in enumerate(ladder):
        change = nats[k] - nats[k - 1] if k else 0.0
        colour, marker, line = GREY, "o", ":"
        if abs(change) > 0.5:
            colour, marker, line = (BLUE, "s", "-") if change < 0 else (ORANGE, "^", "--")
        if k:
            axes.plot(nats[k - 1 : k + 1], [k - 1, k], line, color=colour, linewidth=2, zorder=1)
        axes.plot(nats[k], k, marker, color=colour, markersize=10, zorder=3)
        axes.plot(rung.test_nll[:, -1], [k] * len(rung.test_nll), ".", color=INK, zorder=4)
        words = f"{nats[k]:.1f}" + (f"  ({change:+.1f})".replace("-", "−") if k else " nats")
        axes.text(1.02, k, words, transform=axes.get_yaxis_transform(), va="center")
    prefix = ["", *["+ "] * (len(ladder) - 1)]
    names = [sign + rung.name for sign, rung in zip(prefix, ladder, strict=True)]
    axes.set_yticks(range(len(ladder)), names, fontsize=11, parse_math=False)
    axes.set_ylim(len(ladder) - 0.5, -0.5)
    axes.set_xlabel("test NLL after the last epoch (nats, further left is better)")
    axes.grid(axis="y", color=PALE, linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure
