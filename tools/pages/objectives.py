"""List the objectives and wrong answers of each section: ``python -m tools.pages.objectives``.

The command writes ``docs/objectives.md``; git ignores the file. Objectives, sections, exercises and
questions are taken from the notebooks, and wrong answers from the checks and self-checks.
Only ``TESTED_BY``, the tests of each objective, is written by hand.
"""

import re
from pathlib import Path

from made_course.common.words import join_names
from made_lessons.checking.catalogue import exercises_in
from tools.pages.minutes import CHECK, NOTEBOOKS, questions_of, read, text_of

PAGE = Path(__file__).parents[2] / "docs" / "objectives.md"
TESTED_BY = {
    1: ["1.2 1a 1c", "1.1 1b", "1.3 1d", "1e 1f", "1.4", "1g"],
    2: ["2.1 2a 2d", "2.1 2.2 2b", "2c", "2.2 2.3", "2.3 2e"],
    3: ["3.3 3a", "3.1", "3.2", "3b 3c", "3.4 3d", "3.5 3e"],
    4: ["4.1 4a 4e", "4.2", "4.3 4c", "4.4 4d", "4.5 4b"],
    5: ["5.1 5b", "5.2 5a 5d", "5.4 5c", "5.3", "5e", "5f"],
    6: ["6a", "6.1 6b", "6.2", "6c", "6.3 6.4", "6d"],
    7: ["7.1 7a", "7b", "7c", "7d", "7.2 7.3", "7.4"],
    8: ["8a", "8.1 8.2 8b", "8c", "8.3 8e", "8.4 8f", "8.5 8d"],
    9: ["9a", "9.1 9b", "9.2", "9.3 9c", "9.4"],
    10: ["10a", "10.1 10.2 10b", "10c", "10d", "10e", "10.3", "10.4 10f"],
    11: ["11.1 11a", "11.2 11b", "11c", "11.3 11d", "11.4 11e", "11.5 11f"],
    12: ["12.1 12a", "12.2 12b", "12.3 12c", "12d"],
}
"""Notebook → for each of its objectives, the exercises and questions that test it."""
ASKED = re.compile(rf"^## (\d+ .+)|{CHECK.pattern}|^> ◉ \*\*Self-check (\w+)", re.MULTILINE)
"""The beginning of a numbered section, an exercise or a question."""


def objectives_of(notebook):
    header = notebook.cells[0].source
    return [line.strip(";.") for line in re.findall(r"^- (.+)", header, re.MULTILINE)]


def sections_of(notebook):
    """Return the heading of each numbered section, and the names of its exercises and questions."""
    sections = []
    for cell in notebook.cells:
        for heading, *name in ASKED.findall(cell.source):
            if heading:
                sections.append((heading, []))
            else:
                sections[-1][1].append("".join(name))
    return sections


def tests_of(path):
    """Return the names of the exercises and questions that test each objective."""
    number, count = int(path.stem[:2]), len(objectives_of(read(path)))
    tests = [names.split() for names in TESTED_BY.get(number, [])]
    if len(tests) != count:
        raise ValueError(
            f"TESTED_BY in tools/pages/objectives.py must have {count} entries for notebook "
            f"{number}, one per objective; it has {len(tests)}"
        )
    return tests


def kind_of(name):
    return f"{'question' if name[-1].isalpha() else 'exercise'} {name}"


def describe_item(name, exercises, questions):
    """Return the title of an exercise or question, and its wrong answers."""
    if name[-1].isalpha():
        question, choices = questions[name]
        wrong = [f"“{text}” – {why}" for text, mark, why in choices if mark == "✗"]
        return f"**{kind_of(name)}**, {question}", wrong
    (exercise,) = (exercise for exercise in exercises if exercise.name == name)
    causes = dict.fromkeys(map(as_markdown, exercise.known_mistakes))
    varies = "" if exercise.vary is None else " (has variants)"
    return f"**{kind_of(name)}**, {exercise.title}{varies}", list(causes)


def as_markdown(text):
    """Escape Markdown in plain text, except in `code` between backticks."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([*_<\[])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def list_notebook(path):
    number, notebook = int(path.stem[:2]), read(path)
    exercises, questions = exercises_in(number), questions_of(notebook)
    title = re.search(r"^# (.+)", text_of(notebook), re.MULTILINE)[1]
    yield f"## [{title}](../notebooks/{path.name})\n"
    tests = tests_of(path)
    for k, (objective, names) in enumerate(zip(objectives_of(notebook), tests, strict=True), 1):
        yield f"{k}. {objective}: {join_names([kind_of(name) for name in names])}"
    for heading, names in sections_of(notebook):
        yield f"\n### {heading}"
        served = [str(k) for k, tested in enumerate(tests, 1) if {*tested} & {*names}]
        if served:
            yield f"\nServes {join_names(served)}."
        for name in names:
            asked, wrong = describe_item(name, exercises, questions)
            yield f"\n{asked}\n"
            yield from (f"- {words}" for words in wrong)


def page():
    lines = [
        "# Objectives, exercises, and what goes wrong\n",
        "For each notebook, this page lists what a learner can do afterwards and what tests it. "
        "For each section it lists the objectives that the section serves, and for each exercise "
        "and question the known wrong answers, with the words that the check says to the learner. "
        "To find one, search this page for its name, such as `exercise 3.2` or `question 3d`.",
    ]
    for path in NOTEBOOKS[1:]:
        lines += ["", *list_notebook(path)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote docs/{PAGE.name}")
