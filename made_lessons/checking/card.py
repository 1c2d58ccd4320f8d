"""The report of a check, as lines of text or as a card in a notebook.

The card uses the page's own text colour, so that it works with light and dark themes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from textwrap import fill

from made_course.common.colours import BLUE

_LINE = "rgba(128,128,128,.5)"
_CODE = "font-family:monospace;white-space:pre-wrap"
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
        foot: call that gives a hint. It is shown only if the report is plain text.
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
            "expected": _value_to_html(expected, got),
            "got": _value_to_html(got, expected),
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
            yield f'<div style="margin-top:.5em">{_format_hints(self.hints)}</div>'


def _format_hints(hints: tuple[str, ...]) -> str:
    folded = ""
    for k, text in reversed([*enumerate(hints, 1)]):
        name = f"{'Stuck? ' if k == 1 else ''}Hint {k} of {len(hints)}"
        shown = f"<summary>{name}</summary><div>{backticks_to_html(text)}</div>"
        folded = f"<details>{shown}{folded}</details>"
    return folded


def _value_to_html(text: str, other: str) -> str:
    """Convert the text of a value to HTML, with one row of a matrix per line.

    If ``other`` is a list of the same form, frame the entries that differ.
    """
    (entries, form), (others, other_form) = map(_split_entries, (text, other))
    depth = max((between.count("[") for between in form), default=0)
    width = max(map(len, entries[1:-1]), default=0) if depth > 1 else 0
    html = ""
    for k, (entry, between) in enumerate(zip(entries, [*form, ""], strict=True)):
        is_other = depth and form == other_form and entry != others[k]
        html += " " * (width - len(entry)) * (0 < k < len(form))
        html += f'<b style="outline:1px solid">{escape(entry)}</b>' if is_other else escape(entry)
        indent = " " * (depth - between.count("["))
        html += between.replace("], [", f"],\n{indent}[")
    return f'<span style="{_CODE}">{html}</span>'


def _split_entries(text: str) -> tuple[list[str], list[str]]:
    """Split a text at brackets, commas and spaces into entries and separators."""
    found = re.split(r"([][, ]+)", text)
    return found[::2], found[1::2]


def backticks_to_html(text: str) -> str:
    r"""Convert a text with `code` in backticks to HTML.

    Each dollar sign and backslash is put into a ``<span>``, so that MathJax does not find formulas.

    Example:
        >>> backticks_to_html("a < b & `c`: \\(5")
        'a &lt; b &amp; <code>c</code>: <span>\\</span>(5'
    """
    return re.sub(
        r"`([^`]+)`|[$\\]",
        lambda found: f"<code>{found[1]}</code>" if found[1] else f"<span>{found[0]}</span>",
        escape(text, quote=False),
    )
