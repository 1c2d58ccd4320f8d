"""What tests ask of a figure: what is written and drawn in it, and whether all of it is seen."""

import io
import re

import numpy as np
from PIL import Image

BLUE, ORANGE = "#0072b2", "#d55e00"


def assert_shows(figure, numbers, alt):
    """It says what it shows and draws these numbers; nothing is cut off, nor lies behind it.

    On the outermost pixels there is no ink, and no paper.
    """
    picture = np.asarray(Image.open(io.BytesIO(figure.as_png())).convert("RGBA"))
    edges = [picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]]
    assert not any(edge[..., 3].any() for edge in edges)
    shown = np.array(numbers_in(figure))
    for number in numbers:
        assert np.nanmin(np.abs(shown - number)) < 0.006, number
    assert figure.alt == alt


def functions_of(module):
    """Names of a module's functions that plot, without the prefix."""
    return {name.removeprefix("plot_") for name in dir(module) if name.startswith("plot_")}


def numbers_in(figure):
    """Every number that is written in a figure or drawn as the height or place of something."""
    found = set()
    for axes in figure.axes:
        written = [*texts(axes), *labels(axes.get_xticklabels() + axes.get_yticklabels())]
        written += [axes.get_title(), axes.get_title("left"), axes.get_xlabel(), axes.get_ylabel()]
        numbers = re.findall(r"\d+\.?\d*", " ".join(written).replace(",", ""))
        found |= set(map(float, numbers))
        found |= {float(v) for line in axes.get_lines() for v in line.get_xydata().ravel()}
        found |= {
            float(v) for p in axes.patches if hasattr(p, "get_bbox") for v in p.get_bbox().size
        }
        found |= {
            float(v) for image in axes.get_images() for v in np.ma.compressed(image.get_array())
        }
    return sorted(found)


def picture_in(axes):
    (image,) = axes.get_images()
    return np.asarray(image.get_array())


def texts(axes):
    return labels(axes.texts)


def labels(written):
    return [text.get_text() for text in written]
