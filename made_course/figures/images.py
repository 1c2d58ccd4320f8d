"""Grids and rows of images, and images in which some pixels are not decided yet."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from ..common.arguments import check_count
from ..common.colours import DRAWN, hex_to_rgb
from ..common.files import write_atomically
from ..model.made import MADE
from .axes import add_axes_at, name_row, show_frame_only, text_width
from .picture import WIDTH, Picture, picture

GUTTER = 0.08
"""Space between images, in inches."""


def save_samples_grid(
    model: MADE, path: str | os.PathLike[str] = "made_samples.png", n: int = 36
) -> None:
    """Sample n images of 28 × 28 pixels and save them as one picture, in rows of ⌊√n⌋.

    Args:
        model: MADE with 784 variables.
        path: file to write; its ending chooses the format.
        n: number of samples.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_samples_grid(MADE(784, hidden_dims=(8,)), f"{folder}/grid.png", n=4)
        Saved samples to ...grid.png
    """
    n = check_count("n", n)
    if model.input_dim != 784:
        raise ValueError(f"a grid of digits needs a model over 784 pixels, got {model.input_dim}")
    from torchvision.utils import save_image

    images = model.sample(n).view(n, 1, 28, 28)
    write_atomically(path, lambda file: save_image(images, file, nrow=math.isqrt(n), padding=2))
    print(f"Saved samples to {path}")


@picture
def plot_images(
    images: Tensor,
    *,
    columns: int,
    titles: Sequence[str] | None = None,
    drawn: bool | Tensor = False,
    cell: float = 0.8,
    alt: str = "",
) -> Picture:
    """Draw a grid of square images: ink is black, or green if a network drew it.

    Args:
        images: (n, D) values from 0 for paper to 1 for ink; D is a square number.
        columns: images per row.
        titles: text above each image, in one line or more.
        drawn: (D,) BoolTensor of the pixels that a network drew, or True for all.
        cell: width of an image with its gutter, in inches; smaller if a row would not fit a page.
        alt: description of the images.

    Example:
        >>> figure = plot_images(torch.zeros(30, 16), columns=15, alt="bars and stripes")
        >>> figure.alt
        'bars and stripes. 30 images of 4 × 4 pixels, 15 in a row.'
    """
    pictures = paint_ink(to_square_arrays(images), drawn)
    rows = math.ceil(len(pictures) / columns)
    cell = min(cell, WIDTH / columns)
    room = 0.0 if titles is None else 0.08 + 0.2 * max(t.count("\n") + 1 for t in titles)
    text = f"{alt}. " if alt else ""
    text += f"{len(pictures)} {_describe_sizes(pictures)}"
    text += f", {columns} in a row" if rows > 1 else ""
    text += f"; over them: {', '.join(titles)}" if titles is not None else ""
    figure = Picture(cell * columns, (cell + room) * rows, alt=f"{text}.", layout="none")
    places = add_tiles(figure, columns, cell, room=room)
    for k, image in enumerate(pictures):
        axes = paint(next(places), image)
        if titles is not None:
            axes.set_title(titles[k], fontsize=12, weight="normal", pad=4)
    return figure


@picture
def plot_image_rows(
    rows: Mapping[str, Tensor],
    *,
    drawn: Mapping[str, bool | Tensor] = {},
    cell: float = 0.8,
    alt: str = "",
) -> Picture:
    """Draw named rows of square images: ink is black, or green if a network drew it.

    Args:
        rows: name → (n, D) images; D is a square number, and n is the same in every row.
        drawn: name of a row → (D,) BoolTensor of the pixels that a network drew, or True for all.
        cell: width of an image with its gutter, in inches; smaller if a row would not fit a page.
        alt: description of the images, beyond their names.

    Example:
        >>> plot_image_rows({"real": torch.zeros(3, 784), "sampled": torch.ones(3, 784)}).alt
        'From the top, 3 images of 28 × 28 pixels each: real; sampled.'
    """
    pictures = {
        name: paint_ink(to_square_arrays(images), drawn.get(name, False))
        for name, images in rows.items()
    }
    lengths = {name: len(images) for name, images in pictures.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"all rows must hold the same number of images, got {lengths}")
    columns = lengths[next(iter(rows))]
    left = max(map(text_width, rows)) + 0.12
    cell = min(cell, (WIDTH - left) / columns)
    text = f"{alt}. " if alt else ""
    sizes = _describe_sizes(*pictures.values())
    text += f"From the top, {columns} {sizes} each: {'; '.join(rows)}."
    figure = Picture(left + cell * columns, cell * len(rows), alt=text, layout="none")
    figure.kind = f"Rows of images: {'; '.join(rows)}".replace("\n", " ")
    paint_rows(figure, pictures, cell, left=left)
    return figure


def add_tiles(
    figure: Picture,
    columns: int,
    cell: float,
    *,
    left: float = 0,
    above: float = 0,
    room: float = 0,
) -> Iterator[Axes]:
    """Yield axes for square tiles, row by row, without end.

    In inches, ``cell`` is the width of a tile with its gutter, ``left`` and ``above`` are the
    margins of the grid, and ``room`` is the space above each row.
    """
    size, top = cell - GUTTER, figure.get_figheight() - above - GUTTER / 2
    for row in itertools.count():
        for column in range(columns):
            corner = left + GUTTER / 2 + cell * column, top - (cell + room) * row - room - size
            yield add_axes_at(figure, *corner, size, size)


def paint_rows(
    figure: Picture,
    rows: Mapping[str, Sequence[np.ndarray]],
    cell: float,
    *,
    left: float,
    above: float = 0,
) -> list[list[Axes]]:
    """Draw rows of images in tiles, each row with its name on the left."""
    places = add_tiles(figure, len(next(iter(rows.values()))), cell, left=left, above=above)
    painted = []
    for name, images in rows.items():
        painted.append([paint(next(places), image) for image in images])
        name_row(painted[-1][0], name)
    return painted


def paint(axes: Axes, image: np.ndarray) -> Axes:
    """Draw an image (height, width) in grey, from 0 for white paper to 1 for black ink."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    show_frame_only(axes)
    return axes


def paint_ink(images: np.ndarray, drawn: bool | Tensor) -> np.ndarray:
    """Colour images (n, height, width), and return uint8 colours (n, height, width, 3).

    Args:
        images: values from 0 for paper to 1 for ink.
        drawn: (height · width,) bool, or one bool for all pixels. True is for pixels that a
            network drew, which are green on pale green; the others are black on white.
    """
    is_drawn = np.broadcast_to(drawn, images[0].size).reshape(*images.shape[1:], 1)
    green = 255 - hex_to_rgb(DRAWN)
    paper, ink = np.where(is_drawn, 0.14 * green, 0), np.where(is_drawn, green, 255)
    return (255 - paper - images[..., None] * (ink - paper)).round().astype(np.uint8)


def paint_variables(
    values: np.ndarray,
    hatched: np.ndarray,
    shape: tuple[int, int],
    scale: int,
    drawn: bool = False,
) -> np.ndarray:
    """Return an image (rows · scale, columns · scale, 3) of the variables.

    Args:
        values: (D,) values from 0 for paper to 1 for ink.
        hatched: (D,) bool, True for variables to draw pale and hatched.
        shape: rows and columns of the variables.
        scale: pixels per variable, along each side.
        drawn: whether a network drew the values.
    """
    green, apart = 255 - hex_to_rgb(DRAWN), hatched.reshape(*shape, 1)
    ink = values.reshape(1, *shape)
    pale = 255 - 0.3 * green * ink[0, ..., None]
    picture = np.where(apart, pale.round(), paint_ink(ink, drawn)[0]).astype(np.uint8)
    picture = picture.repeat(scale, axis=0).repeat(scale, axis=1)
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    lines = (rows + columns) % 5 == 0
    lines &= apart[..., 0].repeat(scale, axis=0).repeat(scale, axis=1)
    picture[lines] = 255 - 0.5 * green
    return picture


def to_square_arrays(images: Tensor) -> np.ndarray:
    """Return square images (N, D) as an array (N, √D, √D)."""
    side = math.isqrt(images.shape[-1]) if images.dim() == 2 else 0
    if not side or side**2 != images.shape[1]:
        raise ValueError(
            f"images must have shape (n, D) with D a square number, got {tuple(images.shape)}. "
            "For images with rows and columns, use x.reshape(len(x), -1); for one image, x[None]"
        )
    return images.detach().float().cpu().reshape(-1, side, side).numpy()


def _describe_sizes(*pictures: np.ndarray) -> str:
    sides = dict.fromkeys(f"{several.shape[1]} × {several.shape[1]}" for several in pictures)
    return f"images of {' or '.join(sides)} pixels"
