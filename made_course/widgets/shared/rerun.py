"""Close the widgets of a cell's last run when the cell runs again."""

from __future__ import annotations

from ipywidgets import Widget

_shown_in: dict[str, tuple[str, list[Widget]]] = {}
"""Cell id → id of the cell's last run, and the widgets that this run made."""


def replace_last_run(widget: Widget) -> None:
    """Close the widgets of this cell's last run, and remember ``widget`` for the next run."""
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
