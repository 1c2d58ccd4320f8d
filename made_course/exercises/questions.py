"""The self-checks: what they ask and say stands in a text file for each notebook.

``questions/04.md`` has a heading for each question and below it the question, then the choices as
a list. A right choice is ticked, ``[x]``; what each says when it is chosen is a paragraph of its
own.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..widgets.quiz import Choice

Question = tuple[str, list[Choice]]


def read_questions(number: int) -> dict[str, Question]:
    """The questions of a notebook with their choices, by name, such as ``"1a"``.

    Raises:
        ValueError: if the file is not written as it should be: the message names the question.

    Example:
        >>> question, choices = read_questions(1)["1a"]
        >>> [choice.right for choice in choices].count(True)
        1
    """
    file = Path(__file__).with_name("questions") / f"{number:02}.md"
    _, *parts = re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, Question] = {}
    for part in parts:
        name, _, body = part.partition("\n")
        if name in found:
            raise ValueError(f"{file.name} has two questions {name!r}: rename one")
        question, *items = re.split(r"^- \[", body, flags=re.MULTILINE)
        found[name] = _joined(question), [_choice(f"{file.name}, {name}", item) for item in items]
    return found


def _choice(where: str, item: str) -> Choice:
    mark, closing, rest = item.partition("] ")
    text, blank, why = rest.partition("\n\n")
    if mark not in (" ", "x") or not closing or not blank or not why.strip():
        raise ValueError(
            f"{where}: a choice is '- [ ] text' or '- [x] text', an empty line, and below it what "
            f"it says when it is chosen; got '- [{item.strip()[:60]}'"
        )
    return Choice(_joined(text), _joined(why), right=mark == "x")


def _joined(lines: str) -> str:
    return " ".join(lines.split())
