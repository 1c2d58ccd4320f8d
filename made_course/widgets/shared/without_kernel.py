"""Show a widget on a page without Python, from its state and its JavaScript."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from .base import PageWidget, join_modules


def standalone_html(widget: PageWidget) -> str:
    """Return HTML that shows a widget in its present state and works without a kernel.

    Example:
        >>> from made_course import MaskExplorer
        >>> '"ordering": [[1], [2], [0]]' in standalone_html(MaskExplorer())
        True
    """
    return render_state(widget.get_state())


def render_state(state: Mapping[str, object]) -> str:
    """Return the HTML of :func:`standalone_html` for a state, a dictionary of traits."""
    shown = {
        name: {"base64": base64.b64encode(value).decode()}
        if isinstance(value, bytes | memoryview)
        else value
        for name, value in state.items()
        if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")
    }
    written = json.dumps(shown, ensure_ascii=False).replace("</", r"<\/")
    module = state["_esm"].replace("export default", "const shown =")
    script = "".join(
        part.replace("\nexport ", "\n") for part in (module, "\n" + join_modules("without_kernel"))
    )
    return (
        f'<style>{state["_css"]}</style>\n<div class="made-alone"></div>\n'
        f'<script type="module">\n{script}showAlone(shown, {written}, firstPlace());\n</script>\n'
    )
