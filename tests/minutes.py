"""How long a notebook takes a learner, as counted: ``python -m tests.minutes``.

Words of text and of the self-checks at 200 a minute, plus the exercises at the minutes that they
state. Not counted: code, and open exercises, which end when the reader is content.
"""

import re
from pathlib import Path

import nbformat

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9]*.ipynb"))
WORDS_A_MINUTE = 200
EXERCISE = re.compile(
    r"^### Exercise (?P<name>\d\.\d) · (?P<title>.+) "
    r"\((?P<stars>★+), (?P<open>open, )?(?P<minutes>\d+) minutes\)$",
    re.MULTILINE,
)
PROMISE = re.compile(r"^\*\*Time\*\* about (\d+) minutes", re.MULTILINE)


def read(path):
    return nbformat.read(path, as_version=4)


def text_of(notebook):
    """All markdown of a notebook."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def questions_of(notebook):
    """The self-checks, with the explanations of their choices."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return " ".join(output.get("data", {}).get("text/html", "") for output in outputs)


def words_of(notebook):
    text = text_of(notebook) + re.sub(r"<[^>]*>", " ", questions_of(notebook))
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


def main():
    print("| notebook | code cells | figures | exercises | words | counted | promised |")
    print("|---|---|---|---|---|---|---|")
    for path in NOTEBOOKS:
        notebook = read(path)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        figures = sum("image/png" in o.get("data", {}) for cell in code for o in cell.outputs)
        exercises = len(EXERCISE.findall(text_of(notebook)))
        print(
            f"| {path.stem} | {len(code)} | {figures} | {exercises} | {words_of(notebook):,} "
            f"| {minutes_of(notebook):.0f} | {promised(notebook)} |"
        )


if __name__ == "__main__":
    main()
