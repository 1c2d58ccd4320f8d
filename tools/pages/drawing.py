"""The moving picture of README: ``python -m tools.pages.drawing`` writes notebooks/drawing.webp.

The digits of docs/pictures/readme.png as they are drawn, row by row, and the mask beside them.
It is over in five seconds and rests then on the finished digits, as a page's movement should. The
same in each run with the same matplotlib and Pillow.
"""

from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from torchvision.utils import make_grid

from made_course import load_pretrained
from made_course.common.files import write_whole
from made_course.figures import plot_samples_and_mask

PICTURE = Path(__file__).parents[2] / "notebooks" / "drawing.webp"
STEP = 14  # pixels from frame to frame
OPEN = 0.12  # how grey a pixel is that is not drawn yet
FRAME = 80  # milliseconds


def frames() -> list[Image.Image]:
    """The picture after every 14th pixel of all 36 digits."""
    model = load_pretrained()
    samples = model.sample(36, generator=torch.Generator().manual_seed(0))
    figure = plot_samples_and_mask(samples, model.masks[1])
    figure.set_dpi(108)
    canvas, image = FigureCanvasAgg(figure), figure.axes[0].images[0]
    pictures = []
    for known in range(0, 784 + 1, STEP):
        so_far = torch.where(model.order <= known, samples, OPEN)
        image.set_data(make_grid(so_far.view(-1, 1, 28, 28), nrow=6, padding=3)[0].numpy())
        canvas.draw()
        pictures.append(Image.fromarray(np.array(canvas.buffer_rgba())))
    return pictures


def main() -> None:
    first, *others = frames()
    options = {"format": "WEBP", "save_all": True, "loop": 1, "lossless": True, "method": 6}
    write_whole(
        PICTURE, lambda path: first.save(path, append_images=others, duration=FRAME, **options)
    )


if __name__ == "__main__":
    main()
