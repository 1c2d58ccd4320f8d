"""Write the README's animation and picture: ``python -m tools.pages.drawing``.

The animation, notebooks/drawing.webp, shows digits while they are drawn row by row, beside a mask.
It plays once, in five seconds. The picture, docs/pictures/readme.png, is its last frame. Runs with
the same matplotlib and Pillow give the same files.
"""

import math
from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from made_course import MADE, load_pretrained
from made_course.common.colours import BLUE
from made_course.common.files import write_atomically
from made_course.figures.axes import show_frame_only
from made_course.figures.images import paint_ink
from made_course.figures.picture import using_course_style

ROOT = Path(__file__).parents[2]
STEP = 14  # pixels drawn from one frame to the next
OPEN = 0.12  # grey level of pixels that are not drawn yet
FRAME = 80  # duration of a frame in milliseconds


def draw_frames() -> list[Image.Image]:
    """Return one picture of all 36 digits after every 14 pixels."""
    model = load_pretrained()
    samples = model.sample(36, generator=torch.Generator().manual_seed(0))
    with using_course_style():
        figure = plot_digits_and_mask(samples, model)
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


def plot_digits_and_mask(samples: Tensor, model: MADE) -> Figure:
    """Draw samples (n, 784) beside the mask between the hidden layers."""
    figure = Figure((6.6, 3.7), dpi=108)
    left, right = figure.subplots(1, 2)
    left.imshow(paint_digits(samples, model.order > 0), interpolation="antialiased")
    left.set_title("drawn pixel by pixel")
    left.set_xlabel(" ")  # so that both pictures have the same height
    show_frame_only(left)
    right.imshow(model.masks[1].float(), cmap=ListedColormap(["none", BLUE]), aspect="auto")
    right.set(title="one of its masks", xlabel="from unit", ylabel="to unit")
    show_frame_only(right)
    return figure


def main() -> None:
    first, *others = draw_frames()
    options = {"save_all": True, "loop": 1, "lossless": True, "method": 6, "duration": FRAME}
    write_atomically(
        ROOT / "notebooks" / "drawing.webp",
        lambda path: first.save(path, "WEBP", append_images=others, **options),
    )
    write_atomically(
        ROOT / "docs" / "pictures" / "readme.png", lambda path: others[-1].save(path, "PNG")
    )


if __name__ == "__main__":
    main()
