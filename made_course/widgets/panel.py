"""What all widgets have in common: a frame, a line for errors, and nothing that stays behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape

from ipywidgets import HTML, Button, VBox, Widget

from .svg import element

STYLE = """
.made-widget {max-width: 1100px}
.made-widget .widget-html {margin: 0 2px}
.made-widget .widget-html-content {line-height: 1.45}
.made-picture {background: white; color: #222222; padding: 8px; font-family: system-ui, sans-serif;
  font-size: 15px; display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start}
.made-said {font-weight: 600}
.made-formula {flex-basis: 100%; font: italic 22px serif}
.made-picture :focus-visible {outline: 3px solid #222222; outline-offset: 2px}
.made-problem:not(:empty) {background: white; color: #222222; border-left: 6px solid #D55E00;
  padding: 4px 10px; margin: 4px 0}
.made-frame {animation: made-frame 1ms}
@keyframes made-frame {from {opacity: 0}}
"""
"""How panels look."""

FRAME = f"""<style>{STYLE}</style>
<span class="made-frame" onanimationstart="this.closest('.made-widget').addEventListener(
  'focusin', (event) => {{ event.target.dataset.lmSuppressShortcuts = 'true'; }})"></span>"""
"""Their style; and that what has the focus in one keeps its keys to itself.

Else JupyterLab would take them for its shortcuts: an arrow key in a list would leave the cell, an x
would cut it. A script in markup does not run, but an animation starts once its element is on the
page.
"""

_shown_in: dict[str, tuple[str, list[Panel]]] = {}
"""Cell id → the run of that cell, and the panels made in it."""


class Panel(VBox):
    """A column of controls and pictures that says what is wrong instead of hiding it.

    A callback that raises leaves the last good state standing; what it raised is shown in the
    panel and kept in ``problem``. Running a cell again closes the panels of its last run.

    Args:
        children: controls and pictures from top to bottom.
    """

    def __init__(self, children: Sequence[Widget]) -> None:
        self._problem_line = HTML()
        self._quiet = False
        super().__init__([HTML(FRAME), *children, self._problem_line])
        for part in _parts(self):
            if part.has_trait("tooltip") and part.tooltip is None:
                part.tooltip = ""  # else the page shows "null"
        self.add_class("made-widget")
        self.problem = ""
        _replace_last_run(self)

    @property
    def problem(self) -> str:
        """What is wrong with the last input; an empty string if nothing is."""
        return self._problem

    @problem.setter
    def problem(self, words: str) -> None:
        self._problem = words
        shown = f"<b>Not possible:</b> {escape(words)}" if words else ""
        self._problem_line.value = f'<div role="alert" class="made-problem">{shown}</div>'

    def listen(
        self, control: Widget, action: Callable[[object], None], trait: str = "value"
    ) -> None:
        """Call ``action`` with a control's new value when the reader changes it."""
        control.observe(lambda change: self._attempt(action, change["new"]), trait)

    def press(self, button: Button, action: Callable[[], None]) -> None:
        """Call ``action`` when the reader presses a button."""
        button.on_click(lambda _: self._attempt(action))

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Controls that are set inside the ``with`` follow the state and call no action."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _attempt(self, action: Callable[..., None], *values: object) -> None:
        if self._quiet:
            return
        try:
            action(*values)
        except (TypeError, ValueError) as error:
            self.problem = str(error)
        except Exception as error:  # a mistake of ours or of the reader's function: shown, and kept
            self.problem = f"{type(error).__name__}: {error}"
            raise
        else:
            self.problem = ""

    def close(self) -> None:
        """Close the panel and everything in it, on the page and in the kernel."""
        for _, panels in _shown_in.values():
            if self in panels:
                panels.remove(self)
        for part in _parts(self):
            part.unobserve_all()
            if part is not self:
                part.close()
        super().close()


def picture(*content: str, **attributes: object) -> str:
    """Markup for an ``ipywidgets.HTML``: pictures side by side, on white."""
    return element(
        "div",
        *content,
        **{"class_": "made-picture"} | attributes,
    )


def _parts(widget: Widget) -> Iterator[Widget]:
    """A widget and all that belongs to it: children, layouts, styles, links."""
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, list | tuple) else (value,):
            if isinstance(part, Widget):
                yield from _parts(part)
    yield widget


def _replace_last_run(panel: Panel) -> None:
    """Close what the last run of this cell left: the page has dropped it, the kernel has not."""
    from IPython import get_ipython

    shell = get_ipython()
    request = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = request.get("metadata", {}).get("cellId")
    if cell is None:
        return
    run = request["header"]["msg_id"]
    last_run, panels = _shown_in.get(cell, (run, []))
    if last_run != run:
        for old in list(panels):
            old.close()
        panels = []
    _shown_in[cell] = (run, [*panels, panel])
