"""The base class of all widgets: the state is in Python, and the page draws it."""

from __future__ import annotations

import re
from pathlib import Path

import anywidget

from .rerun import replace_last_run

MODULES = {path.stem: path for path in Path(__file__).parents[1].glob("*/*.mjs")}
"""Name → path of each JavaScript module; no two folders use the same name."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\.[\w./]*/(\w+)\.mjs";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async|const|class|function|let)", re.MULTILINE)


class PageWidget(anywidget.AnyWidget):
    """A widget whose synced traits are its whole state, drawn by a JavaScript module.

    A subclass names its module. ``class MaskExplorer(PageWidget, module="mask_explorer")``, for
    example, loads the file ``mask_explorer.mjs`` from its folder, the modules that it imports, and
    their style sheets, such as ``mask_explorer.css``. If a cell runs again, the widgets of its last
    run are closed.
    """

    def __init_subclass__(cls, *, module: str = "", **options: object) -> None:
        if module:
            cls._esm = join_modules(module)
            cls._css = "".join(_read_module(name, ".css") for name in _sort_imports(module))
        super().__init_subclass__(**options)

    def __init__(self, **state: object) -> None:
        super().__init__(**state)
        replace_last_run(self)

    def close(self) -> None:
        """Close the widget and its layout, because the layout is also a widget."""
        self.layout.close()
        super().close()

    def __repr__(self) -> str:
        """Return the text that is shown where widgets do not run."""
        return f"{type(self).__name__}: run this cell to use it; the next cell shows a picture."


def join_modules(name: str) -> str:
    """Return a module and all modules that it imports as one text, as anywidget requires.

    Top-level names must be unique across modules, and only the last may have a default export.
    """
    *needed, last = (_IMPORT.sub("", _read_module(part)) for part in _sort_imports(name))
    return "".join([*(_EXPORT.sub("", text) for text in needed), last])


def _sort_imports(name: str) -> list[str]:
    """Return the names of a module and its imports, each after the modules that it needs."""
    names: list[str] = []

    def visit(name: str) -> None:
        for needed in _IMPORT.findall(_read_module(name)):
            visit(needed)
        if name not in names:
            names.append(name)

    visit(name)
    return names


def _read_module(name: str, suffix: str = ".mjs") -> str:
    path = MODULES[name].with_suffix(suffix)
    return path.read_text(encoding="utf-8") if path.is_file() else ""
