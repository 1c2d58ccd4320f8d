"""The self-checks: what they ask and say stands in a text file for each notebook.

``notebook_04/questions.md`` has a title, then for each question its name as a heading, the
question, and the choices as a list. The right one is ticked, ``[x]``; what each says when it is
chosen is a paragraph of its own, indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from made_course.widgets.quiz.quiz import Choice

from .catalogue import LESSONS

Question = tuple[str, list[Choice]]

_PARAGRAPH = re.compile(r"^.*\S.*(?:\n(?!#|- ).*\S.*)*", re.MULTILINE)
_KIND = re.compile(
    r"# (?P<title>.+)|## (?P<name>\d+[a-z])|(?P<question>[^\s#*-].+)"
    r"|- \[ \] (?P<wrong>.+)|- \[x\] (?P<right>.+)|  (?P<why>[^\s*-].*)|(?P<end>)",
    re.DOTALL,
)
_CHOICE = {"right": "'- [x] right choice'", "wrong": "'- [ ] wrong choice'"}
_WHY = {"why": "'  what the choice above says', indented by two spaces"}
_NAME = {"name": "'## 4a', the name of a question"}
_AFTER = {
    "start": {"title": "'# Title'"},
    "title": _NAME,
    "name": {"question": "a question"},
    "question": _CHOICE,
    "right": _WHY,
    "wrong": _WHY,
    "why": _CHOICE | _NAME | {"end": "the end"},
}
"""What may come after each kind of paragraph, and how it looks."""


def read_questions(number: int) -> dict[str, Question]:
    """The questions of a notebook with their choices, by name, such as ``"1a"``.

    Raises:
        ValueError: if the file is not written as it should be: the message names the line.

    Example:
        >>> question, choices = read_questions(1)["1a"]
        >>> [choice.right for choice in choices].count(True)
        1
    """
    found: dict[str, Question] = {}
    heading: dict[str, str] = {}
    file = LESSONS / f"notebook_{number:02d}" / "questions.md"
    for where, kind, words in _paragraphs(file):
        if kind == "name":
            if words in heading:
                raise ValueError(f"{where}: there are two questions {words!r}: rename one")
            name = words
            heading[name] = where
        elif kind == "question":
            found[name] = words, []
        elif kind in _CHOICE:
            choice, right = words, kind == "right"
        elif kind == "why":
            found[name][1].append(Choice(choice, words, right))
    for name, (_, choices) in found.items():
        ticked = sum(choice.right for choice in choices)
        if ticked != 1:
            raise ValueError(
                f"{heading[name]}: one choice must be ticked, [x], and here {ticked} are"
            )
    return found


def _paragraphs(file: Path) -> Iterator[tuple[str, str, str]]:
    """Place, kind and words of each paragraph, and of the end, when they follow in order."""
    text = file.read_text(encoding="utf-8")
    pieces = [(found.start(), found[0].rstrip()) for found in _PARAGRAPH.finditer(text)]
    before = "start"
    for start, piece in [*pieces, (len(text), "")]:
        where = f"{file}, line {text.count(chr(10), 0, start) + 1}"
        found = _KIND.fullmatch(piece)
        kind = found.lastgroup if found else None
        if kind not in _AFTER[before]:
            expected = " or ".join(_AFTER[before].values())
            raise ValueError(f"{where}: expected {expected}; got {piece.partition(chr(10))[0]!r}")
        yield where, kind, " ".join(found[kind].split())
        before = kind
