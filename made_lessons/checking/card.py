"""The report of a check: lines of text, and a card in a notebook.

The card uses the page's own text colour, so that it works with light and dark themes.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from textwrap import fill

from made_course.common.colours import BLUE

_GRID = re.compile(r"([^\[]*)(\[[^('\"{]*\])([^\]]*)")
"""Pattern of a text that contains one list of numbers, or one list of lists."""
_LINE = "rgba(128,128,128,.5)"
_CODE = "font-family:monospace"
_CARD = (
    f"border:1px solid {_LINE};padding:.4em 1em;margin:.2em 0;overflow-x:auto;border-left:5px solid"
)
_GROWS_DOWN = "<style>.jp-Cell:has(.made-card) + .jp-Cell {overflow-anchor: none}</style>"
"""Style that lets the next cell move down. Without it, Chromium keeps that cell in place in
JupyterLab, and the card leaves the view."""
_MARK = (
    "display:inline-block;width:1.5em;line-height:1.5em;margin-right:.4em;border:2px solid;"
    "text-align:center;font-weight:bold"
)
_SHAPES = {
    "✓": f"background:{BLUE};border-color:{BLUE};border-radius:50%;color:white",
    "✗": "border-radius:3px",
}


@dataclass(frozen=True)
class Card:
    """The report of a check.

    Args:
        sign: ✓ or ✗.
        title: title of the exercise.
        verdict: one sentence about the answer.
        parts: text of each line by its label, such as "tried". Empty texts are left out.
        foot: call that gives a hint, shown at the end of a report in plain text.
        hints: hints, which a notebook shows folded below the report.
    """

    sign: str
    title: str
    verdict: str
    parts: Mapping[str, str] = field(default_factory=dict)
    foot: str = ""
    hints: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [f"{self.sign} {self.title}: {self.verdict}"]
        for label, text in self.parts.items():
            if text:
                first, following = f"  {label:<10}", " " * 12
                lines.append(fill(text, 96, initial_indent=first, subsequent_indent=following))
        if self.foot:
            lines.append(f"  Stuck? {self.foot}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        bar = f" {BLUE}" if self.sign == "✓" else ""
        begin = f'{_GROWS_DOWN}<div class="made-card" style="{_CARD}{bar}">'
        return f"{begin}{''.join(self._html_parts())}</div>"

    def _html_parts(self) -> Iterator[str]:
        mark = f'<span style="{_MARK};{_SHAPES[self.sign]}">{self.sign}</span>'
        yield f"<div>{mark} <b>{escape(self.title)}</b>: {backticks_to_html(self.verdict)}</div>"
        parts = {label: text for label, text in self.parts.items() if text}
        expected, got = (parts.get(label, "") for label in ("expected", "got"))
        html = {
            "tried": f'<span style="{_CODE}">{escape(parts.get("tried", ""))}</span>',
            "expected": _value_html(expected, got),
            "got": _value_html(got, expected),
            "why": backticks_to_html(parts.get("why", "")),
        }
        for row in (("tried",), ("expected", "got"), ("why",)):
            labelled = [
                f'<div style="margin:.3em 2em 0 0"><small style="opacity:.75">{label}</small>'
                f"<div>{html[label]}</div></div>"
                for label in row
                if label in parts
            ]
            if labelled:
                yield f'<div style="display:flex;flex-wrap:wrap">{"".join(labelled)}</div>'
        if self.hints:
            yield f'<div style="margin-top:.5em">{_folded_hints(self.hints)}</div>'


def _folded_hints(hints: tuple[str, ...]) -> str:
    folded = ""
    for k, text in reversed([*enumerate(hints, 1)]):
        name = f"{'Stuck? ' if k == 1 else ''}Hint {k} of {len(hints)}"
        shown = f"<summary>{name}</summary><div>{backticks_to_html(text)}</div>"
        folded = f"<details>{shown}{folded}</details>"
    return folded


def _value_html(text: str, other: str) -> str:
    """Convert a value to HTML, with lists as tables. Frame entries that differ from ``other``."""
    grids, others = _parse_matrices(text), _parse_matrices(other)
    if not grids:
        return f'<span style="{_CODE}">{escape(text)}</span>'
    alike = len(grids) == len(others)
    tables = [_table_html(grid, others[k] if alike else []) for k, grid in enumerate(grids)]
    before, _, after = map(escape, _GRID.fullmatch(text).groups())
    return f'<span style="{_CODE}">{before}{" ".join(tables)}{after}</span>'


def _parse_matrices(text: str) -> list[list[list[str]]]:
    """Parse the list in a text as matrices of entries. Return [] if there is none."""
    found = _GRID.fullmatch(text)
    try:
        value = json.loads(re.sub(r"[^\[\],\s]+", r'"\g<0>"', found[2])) if found else []
    except json.JSONDecodeError:
        return []
    depth = len(re.match(r"\[*", found[2] if found else "")[0])
    matrices = {1: [[value]], 2: [value], 3: value}.get(depth, [])
    rows = [row for matrix in matrices for row in matrix]
    are_rows = all(row and isinstance(row, list) for row in rows)
    is_regular = are_rows and all(isinstance(entry, str) for row in rows for entry in row)
    return matrices if is_regular else []


def _table_html(rows: list[list[str]], other: list[list[str]]) -> str:
    comparable = [len(row) for row in rows] == [len(row) for row in other]
    style = f"padding:.1em .5em;text-align:right;border:1px solid {_LINE}"
    lines = []
    for k, row in enumerate(rows):
        cells = [
            f'<td style="{style};border:3px double"><b>{escape(entry)}</b></td>'
            if comparable and entry != other[k][j]
            else f'<td style="{style}">{escape(entry)}</td>'
            for j, entry in enumerate(row)
        ]
        lines.append(f'<tr style="background:none">{"".join(cells)}</tr>')
    look = (
        f"display:inline-table;vertical-align:middle;border-collapse:collapse;margin:.2em 0;{_CODE}"
    )
    return f'<table style="{look}">{"".join(lines)}</table>'


def backticks_to_html(text: str) -> str:
    r"""Convert a text with `code` in backticks to HTML.

    Dollar signs and backslashes are put in ``<span>``, so that MathJax does not find formulas.

    Example:
        >>> backticks_to_html("a < b & `c`: \\(5")
        'a &lt; b &amp; <code>c</code>: <span>\\</span>(5'
    """
    return re.sub(
        r"`([^`]+)`|[$\\]",
        lambda found: f"<code>{found[1]}</code>" if found[1] else f"<span>{found[0]}</span>",
        escape(text, quote=False),
    )
