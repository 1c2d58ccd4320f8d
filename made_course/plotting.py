"""Every figure of the course, one function a figure; and how a notebook shows it."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor
from torchvision.utils import make_grid, save_image

from .arguments import check_count
from .files import write_whole
from .made import MADE
from .training import History

BLUE, ORANGE = "#0072B2", "#D55E00"
DOTS_PER_INCH = 144
"""Twice what is shown, so that pictures stay sharp on dense screens and projectors."""


def show(figure: Figure, alt: str) -> None:
    """Show a figure in a notebook, with a text for whoever cannot see it.

    Args:
        figure: what to show.
        alt: what there is to see, in a sentence without trained numbers; it is also the plain-text
            form of the output.

    Example:
        >>> show(plot_images(torch.zeros(2, 784)), alt="two empty images")
        {'image/png': ..., 'text/plain': 'two empty images'}
    """
    from IPython.display import display  # only a notebook needs it

    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    width = round(figure.get_figwidth() * DOTS_PER_INCH / 2)
    display(
        {"image/png": picture.getvalue(), "text/plain": alt},
        metadata={"image/png": {"alt": alt, "width": width}},
        raw=True,
    )


def save_samples_grid(
    model: MADE, path: str | os.PathLike[str] = "made_samples.png", n: int = 36
) -> None:
    """Draw samples of 28 × 28 pixels and save them as one picture, in rows of √n.

    Args:
        model: a MADE over 784 pixels.
        path: where the picture goes; its ending says in which format.
        n: number of samples.

    Raises:
        TypeError, ValueError: if ``n`` is no positive whole number, the model is not over 784
            variables, or the ending names no format.
        OSError: if the file cannot be written; what was there is then untouched.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_samples_grid(MADE(784, hidden_dims=(8,)), f"{folder}/grid.png", n=4)
        Saved samples to ...grid.png
    """
    n = check_count("n", n)
    if model.input_dim != 784:
        raise ValueError(f"a grid of digits needs a model over 784 pixels, got {model.input_dim}")
    images = model.sample(n).view(n, 1, 28, 28)
    grid = make_grid(images, nrow=math.isqrt(n), padding=2)
    write_whole(path, lambda file: save_image(grid, file))
    print(f"Saved samples to {path}")


def plot_images(
    images: Tensor, *, columns: int | None = None, titles: Sequence[str] | None = None
) -> Figure:
    """A grid of 28 × 28 images, ink dark on white.

    Args:
        images: (n, 784), 0 for paper and 1 for ink, or anything between.
        columns: images in a row; None makes the grid about square.
        titles: a word over each image.

    Example:
        >>> len(plot_images(torch.zeros(6, 784), columns=3).axes)
        6
    """
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    figure = Figure(figsize=(0.8 * columns, (0.8 if titles is None else 1.0) * rows))
    for k, image in enumerate(_pictures(images)):
        axes = figure.add_subplot(rows, columns, k + 1)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        _frame_only(axes)
        if titles is not None:
            axes.set_title(titles[k], fontsize=9)
    figure.tight_layout(pad=0.2)
    return figure


def plot_image_rows(rows: Mapping[str, Tensor]) -> Figure:
    """Rows of 28 × 28 images under one another, each with a name: samples, neighbours, real ones.

    Args:
        rows: name → (n, 784) images; n is the same in every row.

    Example:
        >>> len(plot_image_rows({"real": torch.zeros(3, 784), "sampled": torch.ones(3, 784)}).axes)
        6
    """
    columns = len(next(iter(rows.values())))
    figure = Figure(figsize=(1.1 + 0.75 * columns, 0.8 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for (name, images), line in zip(rows.items(), grid, strict=True):
        for image, axes in zip(_pictures(images), line, strict=True):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
            _frame_only(axes)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)
    return figure


def plot_history(history: History, levels: Mapping[str, float] | None = None) -> Figure:
    """Learning curve: train and validation NLL after each epoch, in nats.

    Args:
        history: what :func:`made_course.fit` returned.
        levels: name → nats, drawn as horizontal lines to compare with.

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
        curves.append(("validation, at the end of the epoch", history.valid_nll, ORANGE, "s"))
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
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel("negative log-likelihood (nats)")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.margins(x=0.08, y=0.12)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_nats_scale(levels: Mapping[str, float], input_dim: int = 784) -> Figure:
    """Bars of nats per image, with bits per dimension beside them: what knowledge is worth.

    Args:
        levels: name → nats, drawn from top to bottom.
        input_dim: number of variables D, for the bits per dimension.

    Example:
        >>> figure = plot_nats_scale({"a coin for each pixel": 784 * math.log(2)})
        >>> figure.axes[0].texts[0].get_text()
        '543.4 nats, 1.000 bits per pixel'
    """
    figure = Figure(figsize=(8, 0.55 * len(levels) + 0.7), layout="constrained")
    axes = figure.add_subplot()
    names, nats = list(levels), list(levels.values())
    bars = axes.barh(names, nats, color=BLUE, height=0.6)
    axes.bar_label(
        bars,
        [f"{v:.1f} nats, {v / (input_dim * math.log(2)):.3f} bits per pixel" for v in nats],
        padding=4,
    )
    axes.invert_yaxis()
    axes.set_xlim(0, 1.55 * max(nats))
    axes.set_xlabel("nats per image (shorter is better)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_first_layer(model: MADE, n_units: int = 24, columns: int = 8) -> Figure:
    """What hidden units look for: rows of the first layer's masked weights, as images.

    Units are chosen evenly along their degrees; each title is the unit's degree. Orange weights
    are positive, blue negative, white ones zero: masked pixels are white in any training.

    Args:
        model: a MADE over 784 pixels with a hidden layer.
        n_units: number of units to draw.
        columns: units in a row.

    Example:
        >>> len(plot_first_layer(MADE(784, hidden_dims=(16,)), n_units=8).axes)
        8
    """
    if not model.hidden_dims:
        raise ValueError("the model has no hidden layer whose weights could be drawn")
    weights = model.net[0].masked_weight().detach().cpu()
    by_degree = torch.argsort(model.degrees[1].cpu(), stable=True)
    chosen = by_degree[torch.linspace(0, len(by_degree) - 1, n_units).round().long()]
    rows = math.ceil(n_units / columns)
    figure = Figure(figsize=(0.95 * columns, 1.15 * rows), layout="constrained")
    for k, unit in enumerate(chosen.tolist()):
        axes = figure.add_subplot(rows, columns, k + 1)
        largest = weights[unit].abs().max().clamp(min=1e-12).item()
        axes.imshow(
            _pictures(weights[unit])[0], cmap=_blue_white_orange(), vmin=-largest, vmax=largest
        )
        axes.set_title(f"degree {model.degrees[1][unit].item()}", fontsize=8)
        _frame_only(axes)
    return figure


def plot_samples_and_mask(samples: Tensor, mask: Tensor) -> Figure:
    """The course in one picture: digits that a MADE drew, and the mask that lets it draw them.

    Args:
        samples: (n, 784) of zeros and ones, drawn in rows of √n.
        mask: (out_features, in_features); blue where a weight may exist, white where it may not.

    Example:
        >>> len(plot_samples_and_mask(torch.zeros(9, 784), torch.eye(3)).axes)
        2
    """
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    grid = make_grid(samples.cpu().view(-1, 1, 28, 28), nrow=math.isqrt(len(samples)), padding=3)
    left.imshow(grid[0].numpy(), cmap="gray_r", vmin=0, vmax=1, interpolation="antialiased")
    left.set_title("drawn by a MADE, pixel by pixel", fontsize=12)
    right.imshow(mask.float().cpu().numpy(), cmap=_white_to(BLUE), vmin=0, vmax=1, aspect="auto")
    right.set_title("one of its masks: blue weights may exist", fontsize=12)
    for axes in (left, right):
        _frame_only(axes)
    right.set_xlabel("from unit")
    right.set_ylabel("to unit")
    return figure


def _pictures(images: Tensor) -> np.ndarray:
    return images.detach().float().cpu().view(-1, 28, 28).numpy()


def _frame_only(axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("0.75")


def _white_to(colour: str) -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list(f"white to {colour}", ["white", colour])


def _blue_white_orange() -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list("blue-white-orange", [BLUE, "white", ORANGE])
