"""Which widgets a cell has made: running it again closes those of its last run."""

from __future__ import annotations

from ipywidgets import Widget

_shown_in: dict[str, tuple[str, list[Widget]]] = {}
"""Cell id → the run of that cell, and the widgets made in it."""


def replace_last_run(widget: Widget) -> None:
    """Close what the last run of this cell left: the page has dropped it, the kernel has not."""
    from IPython import get_ipython

    shell = get_ipython()
    request = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = request.get("metadata", {}).get("cellId")
    if cell is None:
        return
    run = request["header"]["msg_id"]
    last_run, widgets = _shown_in.get(cell, (run, []))
    if last_run != run:
        for old in widgets:
            old.close()
        widgets = []
    _shown_in[cell] = (run, [*widgets, widget])
