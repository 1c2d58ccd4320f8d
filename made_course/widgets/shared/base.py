"""The base class of all widgets: the state is in Python, and the page draws it."""

from __future__ import annotations

import re
from pathlib import Path

import anywidget
from traitlets import Unicode

from .rerun import replace_last_run

MODULES = {path.stem: path for path in Path(__file__).parents[1].glob("*/*.mjs")}
"""Every module of JavaScript by its name, which no other folder has."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\.[\w./]*/(\w+)\.mjs";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async|const|class|function|let)", re.MULTILINE)


class InPage(anywidget.AnyWidget):
    """A widget whose synced traits are its whole state, and whose module draws it without Python.

    A subclass names its module, ``class MaskExplorer(InPage, module="mask_explorer")``: the file
    ``mask_explorer.mjs`` of its folder, which may import others, each with a style sheet of its
    name, such as ``mask_explorer.css``, if there is one. Running a cell again closes the widgets
    of its last run.
    """

    problem = Unicode("", help="Error of Python, which the page shows.").tag(sync=True)

    def __init_subclass__(cls, *, module: str = "", **options: object) -> None:
        if module:
            cls._esm = joined_modules(module)
            cls._css = "".join(_text(name, ".css") for name in _in_turn(module))
        super().__init_subclass__(**options)

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        replace_last_run(self)

    def close(self) -> None:
        """Close the widget, and its layout, which is also a widget."""
        self.layout.close()
        super().close()

    def __repr__(self) -> str:
        """Return the text that a page without Python shows."""
        return f"{type(self).__name__}: run this cell to operate it; the next one shows a picture."


def joined_modules(name: str) -> str:
    """Join a module and all that it imports into one text, because anywidget takes one.

    Names at the top of the modules must differ, and only the last may have a default export.
    """
    *needed, last = (_IMPORT.sub("", _text(part)) for part in _in_turn(name))
    return "".join([*(_EXPORT.sub("", text) for text in needed), last])


def _in_turn(name: str) -> list[str]:
    """Return the names of a module and its imports, each after the modules that it imports."""
    in_turn: list[str] = []

    def visit(name: str) -> None:
        for needed in _IMPORT.findall(_text(name)):
            visit(needed)
        if name not in in_turn:
            in_turn.append(name)

    visit(name)
    return in_turn


def _text(name: str, suffix: str = ".mjs") -> str:
    path = MODULES[name].with_suffix(suffix)
    return path.read_text(encoding="utf-8") if path.is_file() else ""
