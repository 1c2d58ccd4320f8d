"""Pieces of pictures as strings of SVG; every text and attribute is escaped here.

A picture is redrawn by sending a new string to the page, which takes a fraction of what a plotting
library takes. What a click or a key does in a picture is to operate a real control beside it: the
picture alone holds no state.
"""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
from PIL import Image

from ..colours import INK


def element(tag: str, *content: str, **attributes: object) -> str:
    """One element of SVG or HTML; its content is markup already, its attributes are escaped.

    A trailing underscore is dropped from an attribute's name, other underscores become hyphens;
    None leaves the attribute out.

    Example:
        >>> element("g", element("line", x1=0, stroke_width=2), class_="a & b")
        '<g class="a &amp; b"><line x1="0" stroke-width="2"/></g>'
    """
    words = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_written(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if not content and tag in _EMPTY:
        return f"<{tag}{words}/>"
    return f"<{tag}{words}>{''.join(content)}</{tag}>"


_EMPTY = {"circle", "image", "line", "path", "polyline", "rect", "use"}


def _written(value: object) -> str:
    return f"{round(value, 2):.12g}" if isinstance(value, float) else str(value)


def text(x: float, y: float, words: object, **attributes: object) -> str:
    """Words in a picture, centred at a point unless ``text_anchor`` says otherwise.

    Example:
        >>> text(1, 2, "</svg>")
        '<text x="1" y="2" text-anchor="middle">&lt;/svg&gt;</text>'
    """
    return element("text", escape(str(words)), x=x, y=y, **{"text_anchor": "middle"} | attributes)


def svg(width: float, height: float, *content: str, label: str, **attributes: object) -> str:
    """A whole picture, as wide as there is room for, up to its own width.

    Args:
        width: in pixels.
        height: in pixels.
        content: elements.
        label: what there is to see, for whoever cannot see it.
        attributes: further ones; ``role`` is "img" unless something in it can be focused ("group").
    """
    return element(
        "svg",
        element("rect", width=width, height=height, fill="white"),
        *content,
        **{
            "xmlns": "http://www.w3.org/2000/svg",
            "width": width,
            "height": height,
            "viewBox": f"0 0 {width} {height}",
            "style": "max-width:100%;height:auto",
            "font-family": "system-ui, sans-serif",
            "font-size": 14,
            "fill": INK,
            "role": "img",
            "aria_label": label,
        }
        | attributes,
    )


def pixels(x: float, y: float, width: float, height: float, grey: np.ndarray) -> str:
    """An array as pixels of even size with sharp edges.

    Args:
        x: of the left edge.
        y: of the upper edge.
        width: in the picture's units.
        height: in the picture's units.
        grey: (rows, columns) or (rows, columns, 3) of uint8; 0 is black.
    """
    png = io.BytesIO()
    Image.fromarray(grey).save(png, format="png", compress_level=1)
    return element(
        "image",
        x=x,
        y=y,
        width=width,
        height=height,
        href=f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}",
        preserveAspectRatio="none",
        style="image-rendering:pixelated",
    )


def operate(control: str, **settings: object) -> str:
    """JavaScript for an ``on...`` attribute: set a real control of the same widget.

    Args:
        control: CSS selector of the control's ``<input>`` or ``<select>`` inside the widget.
        settings: property → value, for example ``selectedIndex=2``; a string is JavaScript.

    Example:
        >>> operate(".made-unit select", selectedIndex=2).split(";")[1]
        'c.selectedIndex=2'
    """
    assignments = "".join(f"c.{name}={value};" for name, value in settings.items())
    return (
        f"const c=this.closest('.made-widget').querySelector('{control}');{assignments}"
        'c.dispatchEvent(new Event("change",{bubbles:true}));'
    )


ON_ENTER_OR_SPACE = (
    "if(event.key==='Enter'||event.key===' ')"
    "{event.preventDefault();event.stopPropagation();this.onclick(event)}"
)
"""JavaScript for ``onkeydown``: the keys that press a button press this element."""
