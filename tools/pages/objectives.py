"""What each section is for and what goes wrong there: ``python -m tools.pages.objectives``.

Writes ``docs/objectives.md``. Objectives, sections, exercises and questions are those of the
notebooks, the wrong answers those that the checks and the self-checks know. Only ``SERVES`` is
said here: which objectives of its notebook each section serves.
"""

import re
from pathlib import Path

from made_course.common.words import listing
from made_lessons.checking.catalogue import exercises_in
from tools.pages.minutes import CHECK, NOTEBOOKS, questions_of, read, text_of

PAGE = Path(__file__).parents[2] / "docs" / "objectives.md"
SERVES = {
    1: [[1], [1, 2], [1], [3], [4], [4], [5], [6]],
    2: [[1], [1, 2], [3], [1], [2, 4], [5]],
    3: [[1], [2], [3], [4], [1, 4], [5], [6]],
    4: [[1], [2], [5], [3], [4], [5], [1]],
    5: [[1], [1], [1], [2], [3], [1], [2], [4], [5], [6], [3]],
    6: [[1], [1, 2], [2], [3], [4], [5], [5], [6], [6], [7]],
    7: [[1], [1], [1], [2], [2], [3], [4], [4], [5], [4]],
    8: [[1], [2], [2], [3], [3], [2], [4], [5], [6], [2, 4]],
    9: [[1], [2], [3], [4], [4], [], [5], [5]],
    10: [[1], [1], [2, 3], [4], [5], [6], [7]],
}
"""Notebook → the objectives of each of its sections, counted from 1."""
ASKED = re.compile(rf"^## (\d+ .+)|{CHECK.pattern}|^> ◉ \*\*Self-check (\w+)", re.MULTILINE)
"""A numbered section, an exercise, a question."""


def objectives_of(notebook):
    header = notebook.cells[0].source.partition("**You need**")[0]
    return [line.strip(";.") for line in re.findall(r"^- (.+)", header, re.MULTILINE)]


def sections_of(notebook):
    """Heading of each numbered section, and the names of its exercises and questions."""
    sections = []
    for cell in notebook.cells:
        for heading, *name in ASKED.findall(cell.source):
            if heading:
                sections.append((heading, []))
            else:
                sections[-1][1].append("".join(name))
    return sections


def served_in(path):
    """For each section of a notebook, the numbers of its objectives that it serves."""
    number, sections = int(path.stem[:2]), sections_of(read(path))
    served = SERVES.get(number, [])
    if len(served) != len(sections):
        raise ValueError(
            f"SERVES in tools/pages/objectives.py must have {len(sections)} lists for notebook "
            f"{number}, one a section, of the objectives that it serves; it has {len(served)}"
        )
    return served


def asked_of(name, exercises, questions):
    """An exercise or question, and its wrong answers."""
    if name[-1].isalpha():
        question, choices = questions[name]
        wrong = [f"“{text}” – {why}" for text, mark, why in choices if mark == "✗"]
        return f"**question {name}**, {question}", wrong
    (exercise,) = (exercise for exercise in exercises if exercise.name == name)
    causes = dict.fromkeys(as_markdown(slip.cause) for slip in exercise.slips)
    varies = "" if exercise.vary is None else " (has variants)"
    return f"**exercise {name}**, {exercise.title}{varies}", list(causes)


def as_markdown(text):
    """Plain text, but for `code` between backticks."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([*_<\[])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def part_of(path):
    number, notebook = int(path.stem[:2]), read(path)
    exercises, questions = exercises_in(number), questions_of(notebook)
    title = re.search(r"^# (.+)", text_of(notebook), re.MULTILINE)[1]
    yield f"## [{title}](../notebooks/{path.name})\n"
    for k, objective in enumerate(objectives_of(notebook), start=1):
        yield f"{k}. {objective}"
    for (heading, names), served in zip(sections_of(notebook), served_in(path), strict=True):
        yield f"\n### {heading}"
        if served:
            yield f"\nServes {listing(list(map(str, served)))}."
        for name in names:
            asked, wrong = asked_of(name, exercises, questions)
            yield f"\n{asked}\n"
            yield from (f"- {words}" for words in wrong)


def page():
    lines = [
        "# Objectives, exercises, and what goes wrong\n",
        "Written by `python -m tools.pages.objectives` from the notebooks and from what their "
        "checks and questions know: do not edit by hand. For each notebook: what a learner can do "
        "afterwards, for each section the objectives that it serves, and for each exercise and "
        "question the wrong answers that are known, in the words that the learner hears. To find "
        "one, search this page for its name, such as `exercise 3.2` or `question 3d`.",
    ]
    for path in NOTEBOOKS[1:]:
        lines += ["", *part_of(path)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote docs/{PAGE.name}")
