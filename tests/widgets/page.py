"""What a reader meets in a widget: its controls, and all that it shows."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
from ipywidgets import HTML, HTMLMath
from PIL import Image

HOSTILE = "</svg><script>alert(1)</script>"
"""A name that is text, and must stay text."""


def parts(widget):
    """The widget and all that is inside, from top to bottom."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


def controls(widget):
    """Every control by its description."""
    return {
        part.description: part for part in parts(widget) if getattr(part, "description", "").strip()
    }


def markup(widget):
    """All that is shown, as it goes to the browser."""
    return "".join(part.value for part in parts(widget) if isinstance(part, HTML | HTMLMath))


def page(widget):
    """The same as a tree; a name that is not escaped ends the test here."""
    root = parsed(markup(widget))
    assert root.find(".//script") is None
    return root


def parsed(shown):
    """Markup as a tree whose tags have no namespace."""
    root = ElementTree.fromstring(f"<div>{shown.replace('&nbsp;', ' ')}</div>")
    for part in root.iter():
        part.tag = part.tag.rpartition("}")[2]
    return root


def words(widget):
    """All words that are shown, in one line."""
    return text_of(page(widget))


def status(widget):
    """The words that a screen reader reads out when they change."""
    said = [part for part in page(widget).iter() if part.get("role") == "status"]
    return " ".join(map(text_of, said))


def text_of(part):
    """The words of a part of the page, in one line."""
    return re.sub(r"\s+", " ", "".join(_texts(part))).strip()


def _texts(part):
    if part.tag != "style":
        yield part.text or ""
        for child in part:
            yield from _texts(child)
            yield "" if child.tag in ("b", "em", "span", "code", "tspan") else " "
            yield child.tail or ""


def pixels_of(image):
    """The (rows, columns, 3) colours of an image in the page."""
    data = base64.b64decode(image.get("href").partition("base64,")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
