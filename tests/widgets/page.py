"""What a reader meets where a widget is written as markup."""

import re
from xml.etree import ElementTree

HOSTILE = "</svg><script>alert(1)</script>"
"""A name that is text, and must stay text."""


def parsed(shown):
    """Markup as a tree whose tags have no namespace."""
    root = ElementTree.fromstring(f"<div>{shown.replace('&nbsp;', ' ')}</div>")
    for part in root.iter():
        part.tag = part.tag.rpartition("}")[2]
    return root


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
