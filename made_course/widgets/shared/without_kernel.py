"""A widget on a page of its own: its state, its module and a stand-in for Python."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from .base import InPage, joined_modules


def alone(widget: InPage) -> str:
    """HTML that shows a widget as it is now, and lets it be operated, without a kernel or a server.

    Example:
        >>> from made_course import MaskExplorer
        >>> '"ordering": [[1], [2], [0]]' in alone(MaskExplorer())
        True
    """
    return alone_from(widget.get_state())


def alone_from(state: Mapping[str, object]) -> str:
    """The same from the widget's state, by the names of its traits."""
    return (
        f'<style>{state["_css"]}</style>\n<div class="made-alone"></div>\n'
        f'<script type="module">\n{script_of(state)}</script>\n'
    )


def script_of(state: Mapping[str, object], place: str = "firstPlace()") -> str:
    """What draws the widget into a place of the page, given as an expression of JavaScript."""
    shown = {
        name: {"base64": base64.b64encode(value).decode()}
        if isinstance(value, bytes | memoryview)
        else value
        for name, value in state.items()
        if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")
    }
    written = json.dumps(shown, ensure_ascii=False).replace("</", r"<\/")
    module = state["_esm"].replace("export default", "const shown =")
    parts = (
        part.replace("\nexport ", "\n")
        for part in (module, "\n" + joined_modules("without_kernel"))
    )
    return f"{''.join(parts)}showAlone(shown, {written}, {place});\n"
