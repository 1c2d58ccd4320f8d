"""Count the minutes and new terms of each notebook: ``python -m tools.pages.minutes``.

Minutes are counted for a quick and for a careful reader: words, lines of code and a thought for
each Predict and self-check at the rates of ``READERS``, and exercises at the minutes that they
state. The glossary is not counted. A term of the glossary is new where the course has it in bold
for the first time.
"""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))


class Reader(NamedTuple):
    words_per_minute: float
    lines_per_minute: float
    thought: float
    """Minutes for a Predict, and for a self-check."""


READERS = (Reader(250, 30, 0.5), Reader(150, 10, 1))
"""The quick one and the careful one."""
EXERCISE = re.compile(
    r"^### Exercise (?P<name>\d+\.\d+) · (?P<title>.+) "
    r"\((?P<stars>★+), (?P<open>open, )?(?P<minutes>\d+) minutes\)$",
    re.MULTILINE,
)
CHECK = re.compile(r'^check\("(\d+\.\d+)"', re.MULTILINE)
QUESTION = re.compile(
    r"^> ◉ \*\*Self-check (?P<name>\d+[a-z])\.\*\* (?P<question>.+)$"
    r"(?P<choices>(?:\n>.*)*)",
    re.MULTILINE,
)
CHOICE = re.compile(
    r"^>\n> <details><summary>(?P<text>.+)</summary>\n>\n"
    r"> (?P<mark>[✓✗]) (?P<why>.+)\n>\n> </details>$",
    re.MULTILINE,
)
"""One of a question's choices, which folds its explanation."""
PREDICT = "◇ **Predict"
PROMISE = re.compile(r"^\*\*Time\*\* (\d+ to \d+) minutes", re.MULTILINE)
PROMISED_EXERCISES = re.compile(r"^\*\*Time\*\* .+?, of which (\d+) are exercises", re.MULTILINE)
GLOSSARY = "## Glossary"
TERM = re.compile(
    r"^\| \*\*(?P<term>.+?)\*\* \|.*\| \[\d+\]\((?P<file>\w+\.ipynb)\) \|$", re.MULTILINE
)


def read(path):
    return nbformat.read(path, as_version=4)


def text_of(notebook):
    """Return all markdown of a notebook."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def questions_of(notebook):
    """Return name → the question of a self-check, and its choices: text, ✓ or ✗, and reason."""
    return {
        found["name"]: (found["question"], CHOICE.findall(found["choices"]))
        for found in QUESTION.finditer(text_of(notebook))
    }


def words_of(notebook):
    text = text_of(notebook).partition(GLOSSARY)[0]
    text = re.sub(r"\*\*Self-check \w+\.\*\*|</?\w+>", " ", text)  # nobody reads a label
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)  # nobody reads an address
    return len(re.findall(r"\w+(?:['’.\-]\w+)*", text))


def lines_of(notebook):
    """Count the lines of code, without those of exercises, whose minutes include them."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    shown = [source for source in code if not CHECK.search(source)]
    return sum(bool(line.strip()) for source in shown for line in source.splitlines())


def exercises_of(notebook):
    """Return the sum of the minutes that the exercises state."""
    return sum(int(exercise["minutes"]) for exercise in EXERCISE.finditer(text_of(notebook)))


def minutes_of(notebook):
    """Return the minutes of the quick and of the careful reader."""
    words, lines, text = words_of(notebook), lines_of(notebook), text_of(notebook)
    thoughts = text.count(PREDICT) + len(QUESTION.findall(text))
    return [
        words / reader.words_per_minute
        + lines / reader.lines_per_minute
        + thoughts * reader.thought
        + exercises_of(notebook)
        for reader in READERS
    ]


def counted(notebook):
    """Return the range of minutes for the header, rounded to fives."""
    low, high = (5 * round(minutes / 5) for minutes in minutes_of(notebook))
    return f"{low} to {high}"


def hours():
    """Return the range of hours of all notebooks."""
    low, high = (
        sum(each) / 60 for each in zip(*map(minutes_of, map(read, NOTEBOOKS)), strict=True)
    )
    return f"{low:.0f} to {high:.0f} hours"


def promised(notebook):
    return PROMISE.search(text_of(notebook))[1]


def glossary():
    """Return the terms of the glossary, each with the notebook that introduces it."""
    rows = TERM.finditer(text_of(read(NOTEBOOKS[0])).partition(GLOSSARY)[2])
    return [(row["term"], row["file"]) for row in rows]


def is_named(term, text):
    word = re.escape(term.partition(" (")[0])
    return re.search(rf"(?<![\w-]){word}s?(?![\w-])", text, re.IGNORECASE) is not None


def new_terms():
    """Return (notebook, heading of a section) → terms that are in bold for the first time there."""
    glossary_terms = [term for term, _ in glossary()]
    found, met = {}, set()
    for path in NOTEBOOKS:
        text = text_of(read(path)).partition(GLOSSARY)[0]
        for section in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
            terms = []
            for bold in re.findall(r"\*\*(.+?)\*\*", section):
                named = [term for term in glossary_terms if is_named(term, bold)]
                # "negative log-likelihood" brings one term, not also "log-likelihood"
                longest = [
                    term for term in named if not any(is_named(term, n) for n in named if n != term)
                ]
                terms += [term for term in longest if term not in met]
                met.update(named)
            found[path.stem, section.partition("\n")[0]] = terms
    return found


def main():
    new = new_terms()
    print(
        "| notebook | code cells | figures | exercises | words | counted | promised "
        "| new terms | most in a section |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for path in NOTEBOOKS:
        notebook = read(path)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        figures = sum("image/png" in o.get("data", {}) for cell in code for o in cell.outputs)
        exercises = len(EXERCISE.findall(text_of(notebook)))
        terms = [len(found) for (stem, _), found in new.items() if stem == path.stem]
        print(
            f"| {path.stem} | {len(code)} | {figures} | {exercises} | {words_of(notebook):,} "
            f"| {counted(notebook)} | {promised(notebook)} | {sum(terms)} | {max(terms)} |"
        )
    print(f"\nIn all {hours()}.")


if __name__ == "__main__":
    main()
