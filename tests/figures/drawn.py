"""Read the words and numbers of a figure, and find faults in its layout."""

import io
import re

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgba
from matplotlib.text import Text
from PIL import Image

from made_course.figures.network_parts import degree_colour
from made_course.figures.picture import using_course_style

BLUE, ORANGE = "#0072b2", "#d55e00"
WIDEST, PHONE, LEAST = 388, 382, 11
"""Pixels of the widest figure with its edge, of a figure on a phone, and of its smallest text."""
PALE = {degree_colour(degree, top) for top in (3, 16) for degree in range(top)}
"""Colours of wires of small degrees, pale on purpose, because the unit also shows the degree."""
WHITE = (1.0, 1.0, 1.0, 1.0)


def assert_shows(figure, numbers):
    """Check that a figure draws these numbers, and pairs of them as points of lines or dots."""
    assert figure.kind, "not drawn by a picture"
    shown, points = np.array(numbers_in(figure)), points_in(figure)
    for number in numbers:
        apart = np.abs((points if isinstance(number, tuple) else shown[:, None]) - number).max(1)
        assert np.nanmin(apart) < 0.006, number


def assert_names(figure, *words):
    """Check that a figure and its alternative text have these words, and that it has no fault."""
    written = " ".join(" ".join(labels(words_of(figure))).split())
    for named in words:
        assert named in written, named
        assert named.casefold() in figure.alt.casefold(), named
    assert faults(figure) == []


def faults(figure):
    """List the faults of a figure in words, such as small, faint or overlapping text."""
    picture = np.asarray(Image.open(io.BytesIO(figure.as_png())).convert("RGBA"))
    renderer = FigureCanvasAgg(figure).get_renderer()
    with using_course_style():
        corner = figure.get_tightbbox().padded(0.04).min * figure.dpi
        words = {text: text.get_window_extent(renderer) for text in words_of(figure)}
    edges = [picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]]
    wide, gap = picture.shape[1] / 2, np.diff(np.flatnonzero(picture[..., 3].any(1))).max()
    small = [t for t in words if t.get_fontsize() * min(PHONE / wide, 1) < LEAST]
    return [
        *["cut off at an edge"] * any(edge[..., 3].any() for edge in edges),
        *["half an inch of nothing"] * bool(gap > figure.dpi / 2),
        *["titles below the first row"] * (min(rows_of_titles(figure), default=0) > 0),
        *[f"{wide:g} pixels wide"] * (wide > WIDEST),
        *[f"small: {said}" for said in labels(small)],
        *[f"faint: {said}" for said in faint_words(words, corner, picture)],
        *[f"faint: {colour}" for colour in faint_lines(figure)],
        *[f"on one another: {pair}" for pair in overlapping(words)],
        *[f"squeezed: {ratio:.2f}" for ratio in squeezed(figure, renderer)],
        *[f"outside: {place}" for axes in figure.axes for place in outside(axes)],
        *[f"in no axes: {said}" for said in strangers(figure)],
    ]


def words_of(figure):
    """Return the texts that are drawn, without ticks outside their axes or of hidden axes."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if not axes.axison or not low <= tick.get_loc() <= high:
                    hidden |= {tick.label1, tick.label2}
    found = [text for text in figure.findobj(Text) if text.get_text().strip()]
    return [text for text in found if text.get_visible() and text not in hidden]


def faint_words(words, corner, picture):
    """Return the texts whose contrast to their background is below 4.5, on a white page."""
    page = Image.new("RGBA", picture.shape[1::-1], "white")
    page = np.asarray(Image.alpha_composite(page, Image.fromarray(picture)))
    page = page.view(np.uint32)[..., 0]  # one number per colour, which numpy counts faster
    found = []
    for text, box in words.items():
        left, low, right, high = (box.extents - [*corner, *corner]).astype(int).clip(0)
        behind = page[max(len(page) - high, 0) : len(page) - low, left:right]
        colours, counts = np.unique(behind, return_counts=True)
        paper = colours[[counts.argmax()]].view(np.uint8) / 255 if counts.size else WHITE
        if not counts.size or contrast(to_rgba(text.get_color()), paper) < 4.5:
            found.append(text.get_text())
    return found


def faint_lines(figure):
    """Return colours of opaque lines with a contrast below 3 on a white page, except PALE."""
    lines = [line for axes in figure.axes for line in axes.lines if line.get_alpha() is None]
    drawn = {line.get_color() for line in lines if line.get_linestyle() != "None"} - PALE
    return [colour for colour in drawn if contrast(to_rgba(colour), WHITE) < 3]


def overlapping(words):
    """Return the pairs of texts that overlap by more than their edges."""
    boxes = [(text.get_text(), box) for text, box in words.items()]
    return [
        (one, other)
        for k, (one, a) in enumerate(boxes)
        for other, b in boxes[k + 1 :]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 2 and min(a.y1, b.y1) - max(a.y0, b.y0) > 5
    ]


def squeezed(figure, renderer):
    """Yield the aspect ratio of pixels that are not square, in images without text."""
    for axes in figure.axes:
        for image in axes.images if not axes.texts else ():
            box, (rows, columns) = image.get_window_extent(renderer), image.get_array().shape[:2]
            ratio = box.width / columns / (box.height / rows)
            if abs(ratio - 1) > 0.03:
                yield ratio


def outside(axes):
    """Yield coordinates outside their axes, unless the axes' text has the largest one."""
    x, y = (np.sort(ends) for ends in (axes.get_xlim(), axes.get_ylim()))
    key = axes.get_legend()
    in_key = [*labels(key.get_texts()), key.get_title().get_text()] if key else []
    said = " ".join([axes.get_title("left"), *texts(axes), *in_key])
    for places in places_in(axes):
        for along, (low, high) in zip(places.T, (x, y), strict=True):
            slack, beyond = 1e-6 * (high - low), np.nanmax(along, initial=low)
            if np.nanmin(along, initial=low) < low - slack:
                yield np.nanmin(along)
            if beyond > high + slack and f"{beyond:.0f}" not in said:
                yield beyond


def places_in(axes):
    """Yield the points (n, 2) of each line, bar and set of dots in data coordinates."""
    yield from (line.get_xydata() for line in axes.lines if line.get_transform() == axes.transData)
    for dots in axes.collections:
        if dots.get_offset_transform() == axes.transData:
            yield np.asarray(dots.get_offsets(), dtype=float).reshape(-1, 2)
    for patch in axes.patches:
        if hasattr(patch, "get_bbox") and axes.transData in (patch.get_data_transform(),):
            yield patch.get_bbox().get_points()


def rows_of_titles(figure):
    return [
        axes.get_subplotspec().rowspan.start
        for axes in figure.axes
        if axes.get_title() and axes.get_subplotspec()
    ]


def strangers(figure):
    """Yield legend entries whose colour or marker does not occur in the axes."""
    keys = [*figure.legends, *filter(None, (axes.get_legend() for axes in figure.axes))]
    drawn = set().union(*map(looks_in, figure.findobj(Axes))) if keys else set()
    for key in keys:
        for handle, said in zip(key.legend_handles, labels(key.get_texts()), strict=True):
            if not looks_of(handle) <= drawn:
                yield said


def looks_in(axes):
    """Return the colours and markers of everything that is drawn."""
    looks = set().union(*map(looks_of, [*axes.lines, *axes.patches, *axes.collections]))
    looks |= looks_of(axes.patch)
    for image in axes.images:
        colours = image.to_rgba(image.get_array())
        looks |= set(map(to_hex, np.unique(colours.reshape(-1, 4), axis=0)))
        looks |= set(map(to_hex, image.cmap([0.0, 1.0])))
    return looks


def looks_of(artist):
    if hasattr(artist, "get_marker"):
        return {to_hex(artist.get_color()), artist.get_marker()} - {"", "None"}
    if hasattr(artist, "get_hatch") and not hasattr(artist, "get_offsets"):
        faces = [artist.get_facecolor() if artist.get_fill() else artist.get_edgecolor()]
        return {artist.get_hatch(), *(to_hex(colour) for colour in faces if colour[3])} - {None}
    return {to_hex(colour) for colour in np.unique(artist.get_facecolor(), axis=0)}


def contrast(one, other):
    """Return the contrast ratio of two colours, as WCAG defines it."""
    low, high = sorted(0.05 + luminance(colour) for colour in (one, other))
    return high / low


def luminance(colour):
    parts = np.asarray(colour[:3])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def functions_of(module):
    """Return the names of a module's plot functions, without the prefix."""
    return {name.removeprefix("plot_") for name in dir(module) if name.startswith("plot_")}


def numbers_in(figure):
    """Return all numbers in a figure: in its text, and as sizes and coordinates of its marks."""
    found = set()
    for axes in figure.axes:
        written = [*texts(axes)]
        written += [axes.get_title(), axes.get_title("left"), axes.get_xlabel(), axes.get_ylabel()]
        found |= numbers_of(" ".join(written))
        found |= {float(v) for line in axes.get_lines() for v in line.get_xydata().ravel()}
        found |= {float(v) for dots in axes.collections for v in np.ravel(dots.get_offsets())}
        found |= {
            float(v) for p in axes.patches if hasattr(p, "get_bbox") for v in p.get_bbox().size
        }
        found |= {
            float(v) for image in axes.get_images() for v in np.ma.compressed(image.get_array())
        }
    return sorted(found)


def points_in(figure):
    """Return the points (n, 2) of the lines and dots of all axes."""
    lines = [line.get_xydata() for axes in figure.axes for line in axes.lines]
    dots = [dots.get_offsets() for axes in figure.axes for dots in axes.collections]
    return np.concatenate([np.empty((0, 2)), *lines, *(np.reshape(part, (-1, 2)) for part in dots)])


def numbers_of(text):
    return {float(number) for number in re.findall(r"\d+\.?\d*", text.replace(",", ""))}


def picture_in(axes):
    (image,) = axes.get_images()
    return np.asarray(image.get_array())


def texts(axes):
    return labels(axes.texts)


def labels(written):
    return [text.get_text() for text in written]
