"""Write the README's animation, notebooks/drawing.webp: ``python -m tools.pages.drawing``.

It shows the digits of docs/pictures/readme.png while they are drawn row by row, beside a mask. It
plays once, in five seconds. Runs with the same matplotlib and Pillow give the same file.
"""

import math
from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from made_course import load_pretrained
from made_course.common.colours import BLUE
from made_course.common.files import write_whole
from made_course.figures.axes import frame_only
from made_course.figures.images import paint_ink
from made_course.figures.picture import Picture, picture

PICTURE = Path(__file__).parents[2] / "notebooks" / "drawing.webp"
STEP = 14  # pixels drawn from one frame to the next
OPEN = 0.12  # grey level of pixels that are not drawn yet
FRAME = 80  # duration of a frame in milliseconds


def draw_frames() -> list[Image.Image]:
    """Return one picture of all 36 digits after every 14 pixels."""
    model = load_pretrained()
    samples = model.sample(36, generator=torch.Generator().manual_seed(0))
    figure = plot_samples_and_mask(samples, model.masks[1])
    figure.set_dpi(108)
    canvas, image = FigureCanvasAgg(figure), figure.axes[0].images[0]
    pictures = []
    for known in range(0, 784 + 1, STEP):
        image.set_data(paint_digits(samples, model.order <= known))
        canvas.draw()
        pictures.append(Image.fromarray(np.array(canvas.buffer_rgba())))
    return pictures


def paint_digits(samples: Tensor, drawn: Tensor) -> np.ndarray:
    """Return the digits (n, 784) in rows of √n, in colours (height, width, 3).

    Args:
        samples: zeros and ones.
        drawn: (784,) BoolTensor of the pixels that are drawn already; all others are grey.
    """
    layers = torch.where(drawn, samples, OPEN), drawn.expand(samples.shape).float()
    rows = {"nrow": math.isqrt(len(samples)), "padding": 3}
    ink, is_drawn = (make_grid(layer.reshape(-1, 1, 28, 28), **rows)[0] for layer in layers)
    return paint_ink(ink[None].numpy(), is_drawn.bool().flatten())[0]


@picture
def plot_samples_and_mask(samples: Tensor, mask: Tensor) -> Picture:
    """Draw samples of a MADE beside one of its masks.

    The digits (n, 784) are in rows of √n, green as all that a network drew. The mask
    (out_features, in_features) is blue where a weight may exist.

    Example:
        >>> plot_samples_and_mask(torch.zeros(9, 784), torch.ones(2, 3)).alt
        'Left: 9 digits ... Right: one of its masks, from 3 units to 2; blue where a weight may...'
    """
    to, source = mask.shape
    alt = (
        f"Left: {len(samples)} digits that a MADE drew, pixel by pixel. Right: one of its masks, "
        f"from {source} units to {to}; blue where a weight may exist, clear where it is cut."
    )
    figure = Picture(6.6, 3.7, alt=alt)
    left, right = figure.subplots(1, 2)
    whole = torch.ones(samples.shape[1], dtype=torch.bool)
    left.imshow(paint_digits(samples, whole), interpolation="antialiased")
    left.set_title("drawn pixel by pixel")
    left.set_xlabel(" ")  # so that both pictures have the same height
    frame_only(left)
    right.imshow(mask.float().cpu(), cmap=ListedColormap(["none", BLUE]), aspect="auto")
    right.set(title="one of its masks", xlabel="from unit", ylabel="to unit")
    frame_only(right)
    return figure


def main() -> None:
    first, *others = draw_frames()
    options = {"format": "WEBP", "save_all": True, "loop": 1, "lossless": True, "method": 6}
    write_whole(
        PICTURE, lambda path: first.save(path, append_images=others, duration=FRAME, **options)
    )


if __name__ == "__main__":
    main()
