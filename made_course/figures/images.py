"""Digits and boards: grids, rows, and a variable painted by what is known of it."""

from __future__ import annotations

import math
import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from ..arguments import check_count
from ..colours import BLUE, rgb
from ..files import write_whole
from ..made import MADE
from .style import frame_only, up_to


def as_grid(images: Tensor, **how: float) -> Tensor:
    """One picture of images (N, 1, H, W), as torchvision lays them out."""
    from torchvision.utils import make_grid  # loading it takes longer than all else here

    return make_grid(images, **how)


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
    if Image.registered_extensions().get(pathlib.Path(path).suffix.lower()) not in Image.SAVE:
        raise ValueError(f"path must end in a picture's format, such as .png, got {str(path)!r}")
    images = model.sample(n).view(n, 1, 28, 28)
    from torchvision.utils import save_image

    grid = as_grid(images, nrow=math.isqrt(n), padding=2)
    write_whole(path, lambda file: save_image(grid, file))
    print(f"Saved samples to {path}")


def plot_images(
    images: Tensor,
    *,
    columns: int | None = None,
    titles: Sequence[str] | None = None,
    cell: float = 0.8,
) -> Figure:
    """A grid of square images, ink dark on white.

    Args:
        images: (n, D) with D a square number, 0 for paper and 1 for ink, or anything between.
        columns: images in a row; None makes the grid about square.
        titles: a word over each image, in one line or more; larger over larger images.
        cell: inches that an image takes, with its margin.

    Raises:
        TypeError, ValueError: if ``images`` is no tensor of this shape.

    Example:
        >>> len(plot_images(torch.zeros(6, 784), columns=3).axes)
        6
    """
    pictures = as_pictures(images)
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    larger = min(max(cell / 0.8, 1), 4 / 3)
    room = 0.0 if titles is None else 0.1 + 0.16 * max(t.count("\n") + 1 for t in titles) * larger
    figure = Figure(figsize=(cell * columns, (cell + room) * rows))
    for k, image in enumerate(pictures):
        axes = figure.add_subplot(rows, columns, k + 1)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        frame_only(axes)
        if titles is not None:
            axes.set_title(titles[k], fontsize=9 * larger)
            axes.set_anchor("S")  # what room is left belongs to the title
    figure.tight_layout(pad=0.2)
    return figure


def plot_image_rows(rows: Mapping[str, Tensor], *, cell: float = 0.8) -> Figure:
    """Rows of square images under one another, each with a name: samples, neighbours, real ones.

    Args:
        rows: name → (n, D) images with D a square number; n is the same in every row.
        cell: inches that an image takes, with its margin.

    Raises:
        TypeError, ValueError: if ``rows`` holds anything else.

    Example:
        >>> len(plot_image_rows({"real": torch.zeros(3, 784), "sampled": torch.ones(3, 784)}).axes)
        6
    """
    if not isinstance(rows, Mapping):
        raise TypeError(
            'rows must map names to images, such as {"real": images}, got ' + type(rows).__name__
        )
    if not rows:
        raise ValueError("rows must hold at least one row of images, got none")
    pictures = {name: as_pictures(images) for name, images in rows.items()}
    lengths = {name: len(images) for name, images in pictures.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"all rows must hold the same number of images, got {lengths}")
    columns = len(next(iter(pictures.values())))
    figure = Figure(figsize=(1.1 + (cell - 0.05) * columns, cell * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for (name, images), line in zip(pictures.items(), grid, strict=True):
        for image, axes in zip(images, line, strict=True):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
            frame_only(axes)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)
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
    grid = as_grid(samples.cpu().view(-1, 1, 28, 28), nrow=math.isqrt(len(samples)), padding=3)
    left.imshow(grid[0].numpy(), cmap="gray_r", vmin=0, vmax=1, interpolation="antialiased")
    left.set_title("drawn by a MADE, pixel by pixel", fontsize=12)
    right.imshow(mask.float().cpu().numpy(), cmap=up_to(BLUE), vmin=0, vmax=1, aspect="auto")
    right.set_title("one of its masks: blue weights may exist", fontsize=12)
    for axes in (left, right):
        frame_only(axes)
    right.set_xlabel("from unit")
    right.set_ylabel("to unit")
    return figure


def paint_variables(
    values: np.ndarray, apart: np.ndarray, shape: tuple[int, int], scale: int
) -> np.ndarray:
    """Pixels of a picture of the variables: ink dark on white, those apart pale blue and hatched.

    Args:
        values: (D,) between 0 (white) and 1 (black).
        apart: (D,) true where a value is none yet, or is not to be read like the others.
        shape: rows and columns of the picture.
        scale: how many pixels wide and high each variable is.

    Returns:
        (rows · scale, columns · scale, 3) of uint8.

    Example:
        >>> picture = paint_variables(np.array([0.0, 1.0]), np.array([True, False]), (1, 2), 6)
        >>> bool((picture[:, :6] > 90).all()), bool((picture[:, 6:] == 0).all())
        (True, True)
    """
    blue = 255 - rgb(BLUE)
    darkness = np.where(apart[:, None], 0.3 * blue, 255.0) * values[:, None]
    colours = (255 - darkness).round().astype(np.uint8).reshape(*shape, 3)
    picture = colours.repeat(scale, axis=0).repeat(scale, axis=1)
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    lines = (rows + columns) % 5 == 0
    lines &= apart.reshape(shape).repeat(scale, axis=0).repeat(scale, axis=1)
    picture[lines] = 255 - 0.5 * blue
    return picture


def as_pictures(images: Tensor) -> np.ndarray:
    """Square images (N, D) as an array (N, √D, √D)."""
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}")
    side = math.isqrt(images.shape[-1]) if images.dim() == 2 else 0
    if not side or side**2 != images.shape[1]:
        raise ValueError(
            f"images must have shape (n, D) with D a square number, got {tuple(images.shape)}: "
            "of images with rows and columns, take x.reshape(len(x), -1); for one, x[None]"
        )
    if len(images) == 0:
        raise ValueError("images must hold at least one image, got none")
    return images.detach().float().cpu().reshape(-1, side, side).numpy()
