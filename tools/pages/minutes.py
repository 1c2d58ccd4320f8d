"""What a notebook asks of a learner, as counted: ``python -m tools.pages.minutes``.

Minutes: words of text and of the self-checks at 200 a minute, plus the exercises at the minutes
that they state. Not counted: code, the glossary, and open exercises, which end when the reader is
content.

Terms: those of the glossary, each where the course has it in bold for the first time.
"""

import re
from pathlib import Path

import nbformat

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))
WORDS_A_MINUTE = 200
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
PROMISE = re.compile(r"^\*\*Time\*\* about (\d+) minutes", re.MULTILINE)
GLOSSARY = "## Glossary"
TERM = re.compile(
    r"^\| \*\*(?P<term>.+?)\*\* \|.*\| \[\d+\]\((?P<file>\w+\.ipynb)\) \|$", re.MULTILINE
)


def read(path):
    return nbformat.read(path, as_version=4)


def text_of(notebook):
    """All markdown of a notebook."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def questions_of(notebook):
    """Name → the question of a self-check, and its choices: a text, ✓ or ✗, and why."""
    return {
        found["name"]: (found["question"], CHOICE.findall(found["choices"]))
        for found in QUESTION.finditer(text_of(notebook))
    }


def words_of(notebook):
    text = text_of(notebook).partition(GLOSSARY)[0]
    text = re.sub(r"\*\*Self-check \w+\.\*\*|</?\w+>", " ", text)  # a label is seen, not read
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)  # where a link leads is not read
    return len(re.findall(r"\w+(?:['’.\-]\w+)*", text))


def minutes_of(notebook):
    exercises = EXERCISE.finditer(text_of(notebook))
    return words_of(notebook) / WORDS_A_MINUTE + sum(
        int(exercise["minutes"]) for exercise in exercises if not exercise["open"]
    )


def promised(notebook):
    return int(PROMISE.search(text_of(notebook))[1])


def glossary():
    """Each term, without what stands after it in brackets, and the notebook that introduces it."""
    rows = TERM.finditer(text_of(read(NOTEBOOKS[0])).partition(GLOSSARY)[2])
    return [(row["term"], row["file"]) for row in rows]


def is_named(term, text):
    word = re.escape(term.partition(" (")[0])
    return re.search(rf"(?<![\w-]){word}s?(?![\w-])", text, re.IGNORECASE) is not None


def new_terms():
    """(notebook, heading of a section) → terms of the glossary that are first in bold there."""
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
            f"| {minutes_of(notebook):.0f} | {promised(notebook)} | {sum(terms)} | {max(terms)} |"
        )


if __name__ == "__main__":
    main()
