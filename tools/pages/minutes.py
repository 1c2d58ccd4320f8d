"""Count the minutes of each notebook: ``python -m tools.pages.minutes``.

Minutes are counted for a quick and a careful reader. Words, lines of code, predictions and
self-checks take the times in ``READERS``, and exercises take the minutes that they state. The
glossary is not counted. A term of the glossary is new where it is bold for the first time.
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
"""The quick and the careful reader."""
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
    """Return name → question and choices of each self-check; a choice is (text, mark, reason)."""
    return {
        found["name"]: (found["question"], CHOICE.findall(found["choices"]))
        for found in QUESTION.finditer(text_of(notebook))
    }


def count_words(notebook):
    text = text_of(notebook).partition(GLOSSARY)[0]
    text = re.sub(r"\*\*Self-check \w+\.\*\*|</?\w+>", " ", text)  # labels are not read
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)  # addresses are not read
    return len(re.findall(r"\w+(?:['’.\-]\w+)*", text))


def count_lines(notebook):
    """Count the lines of code, except in exercises, because their minutes include the code."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    shown = [source for source in code if not CHECK.search(source)]
    return sum(bool(line.strip()) for source in shown for line in source.splitlines())


def exercise_minutes(notebook):
    """Return the sum of the minutes that the exercises state in their headings."""
    return sum(int(exercise["minutes"]) for exercise in EXERCISE.finditer(text_of(notebook)))


def estimate_minutes(notebook):
    """Return the minutes that the quick and the careful reader need."""
    words, lines, text = count_words(notebook), count_lines(notebook), text_of(notebook)
    thoughts = text.count(PREDICT) + len(QUESTION.findall(text))
    return [
        words / reader.words_per_minute
        + lines / reader.lines_per_minute
        + thoughts * reader.thought
        + exercise_minutes(notebook)
        for reader in READERS
    ]


def counted_range(notebook):
    """Return the range of minutes for the header, rounded to fives."""
    low, high = (5 * round(minutes / 5) for minutes in estimate_minutes(notebook))
    return f"{low} to {high}"


def hours():
    """Return the range of hours of all notebooks."""
    low, high = (
        sum(each) / 60 for each in zip(*map(estimate_minutes, map(read, NOTEBOOKS)), strict=True)
    )
    return f"{low:.0f} to {high:.0f} hours"


def promised_range(notebook):
    return PROMISE.search(text_of(notebook))[1]


def glossary():
    """Return (term, file of the notebook that introduces it) for each term of the glossary."""
    rows = TERM.finditer(text_of(read(NOTEBOOKS[0])).partition(GLOSSARY)[2])
    return [(row["term"], row["file"]) for row in rows]


def is_named(term, text):
    word = re.escape(term.partition(" (")[0])
    return re.search(rf"(?<![\w-]){word}s?(?![\w-])", text, re.IGNORECASE) is not None


def new_terms():
    """Return (notebook, heading of a section) → terms that are bold there for the first time."""
    glossary_terms = [term for term, _ in glossary()]
    found, met = {}, set()
    for path in NOTEBOOKS:
        text = text_of(read(path)).partition(GLOSSARY)[0]
        for section in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
            terms = []
            for bold in re.findall(r"\*\*(.+?)\*\*", section):
                named = [term for term in glossary_terms if is_named(term, bold)]
                # "negative log-likelihood" is one term, and does not count as "log-likelihood"
                longest = [
                    term for term in named if not any(is_named(term, n) for n in named if n != term)
                ]
                terms += [term for term in longest if term not in met]
                met.update(named)
            found[path.stem, section.partition("\n")[0]] = terms
    return found


def main():
    print("| notebook | words | counted | promised |")
    print("|---|---|---|---|")
    for path in NOTEBOOKS:
        notebook = read(path)
        minutes = f"{counted_range(notebook)} | {promised_range(notebook)}"
        print(f"| {path.stem} | {count_words(notebook):,} | {minutes} |")
    print(f"\nIn all {hours()}.")


if __name__ == "__main__":
    main()
