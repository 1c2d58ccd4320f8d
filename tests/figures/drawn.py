"""What tests ask of a figure: what is written and drawn in it, and whether all of it is seen."""

import io
import re

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.text import Text
from PIL import Image

from made_course.figures.picture import course_style

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
    assert faint_words(figure, picture) == []
    assert faint_lines(figure) == []


PALE = {"#8ecbf0"}
"""Wires of degree 1, the palest, as darker knows more; the unit they come from says 1, too."""
WHITE = (1.0, 1.0, 1.0, 1.0)


def faint_words(figure, picture):
    """Words of less than 4.5 to 1 on what lies behind them in the file, on a white page."""
    page = Image.new("RGBA", picture.shape[1::-1], "white")
    page = np.asarray(Image.alpha_composite(page, Image.fromarray(picture))) / 255
    renderer = FigureCanvasAgg(figure).get_renderer()
    with course_style():
        corner = figure.get_tightbbox().padded(0.04).min * figure.dpi
        texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
        boxes = [text.get_window_extent(renderer).translated(*-corner) for text in texts]
    found = []
    for text, box in zip(texts, boxes, strict=True):
        left, right, top, foot = map(int, (*box.intervalx, *(len(page) - box.intervaly)[::-1]))
        behind = page[max(top, 0) : max(foot, 0), max(left, 0) : max(right, 0)].reshape(-1, 4)
        colours, counts = np.unique(behind, axis=0, return_counts=True)
        is_drawn = len(colours) > 1  # a tick beyond the axes is not
        if is_drawn and contrast(to_rgba(text.get_color()), colours[counts.argmax()]) < 4.5:
            found.append(text.get_text())
    return found


def faint_lines(figure):
    """Colours of less than 3 to 1 on a white page, of lines that are not half seen on purpose."""
    lines = [line for axes in figure.axes for line in axes.lines if line.get_alpha() is None]
    drawn = {line.get_color() for line in lines if line.get_linestyle() != "None"} - PALE
    return [colour for colour in drawn if contrast(to_rgba(colour), WHITE) < 3]


def contrast(one, other):
    """How many to one, as WCAG counts it."""
    low, high = sorted(0.05 + luminance(colour) for colour in (one, other))
    return high / low


def luminance(colour):
    parts = np.asarray(colour[:3])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


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
