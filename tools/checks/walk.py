"""Walk through notebooks in JupyterLab as a learner: ``python -m tools.checks.walk [NAME ...]``.

Each cell is run with Shift and Enter. The folds of each question are opened by keyboard. In each
exercise, a wrong answer is tried, then the first hint is unfolded, then a right answer is tried.
The notebook is saved, its kernel is ended, and the saved copy is opened again. The command prints
one line per defect.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat

from made_lessons.checking.catalogue import exercise_named
from tests.browser.lab import chromium, errors_in, jupyterlab, open_notebook, run_command
from tools.pages.minutes import CHECK, NOTEBOOKS, QUESTION

NOTEBOOK = "const notebook = window.jupyterapp.shell.currentWidget.content;"
SELECT = f"""(k) => {{ {NOTEBOOK}
    notebook.activeCellIndex = k; notebook.mode = 'command'; notebook.activate();
}}"""
WRITE = f"""([k, source]) => {{ {NOTEBOOK}
    const cell = notebook.widgets[k].model.sharedModel;
    const [now, then] = [source, cell.source].map((text) => text.split('\\n').length);
    cell.setSource(source + '\\n'.repeat(Math.max(0, then - now)));  // as high as the stub
}}"""
IS_DONE = f"""(k) => {{ {NOTEBOOK}
    const {{status}} = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const prompt = notebook.widgets[k].node.querySelector('.jp-InputPrompt').textContent;
    return status === 'idle' && !prompt.includes('*');
}}"""
IS_IN_VIEW = f"""(k) => {{ {NOTEBOOK}
    const card = notebook.widgets[k].node.querySelector('.jp-OutputArea-output');
    const [view, first] = [notebook.node, card].map((part) => part.getBoundingClientRect());
    return first.top >= view.top && first.top + 30 <= view.bottom;
}}"""
ANSWER = """from made_lessons.checking.catalogue import exercise_named as the

check("{0}", {1})"""
LIMIT_S = 600
ASLEEP, NOT_FOUND = "Error displaying widget: model not found", "Error: widget model not found"
"""JupyterLab's text for a widget whose kernel is gone, and its message in the console."""


def cell_of(page, k: int):
    return page.locator(".jp-Notebook .jp-Cell").nth(k)


def run_cell(page, k: int) -> None:
    """Run a cell with Shift and Enter, and wait until it has finished."""
    cell_of(page, k).scroll_into_view_if_needed()
    page.evaluate(SELECT, k)
    page.keyboard.press("Shift+Enter")
    page.wait_for_timeout(100)
    page.wait_for_function(IS_DONE, arg=k, timeout=LIMIT_S * 1000)


def are_whole(pictures) -> bool:
    """Wait until pictures are loaded, and return whether all of them can be shown."""
    load = "async (all) => { for (const one of all) await one.decode().catch(() => null); }"
    pictures.evaluate_all(load)
    return pictures.evaluate_all("all => all.every((one) => one.naturalWidth)")


def folds_of(page, k: int):
    """Return the folds that a cell shows, in its output or its text."""
    return cell_of(page, k).locator("details:visible")


def answer_question(page, k: int) -> Iterator[str]:
    """Open each choice of a question by keyboard, then run its cell; yield the defects."""
    page.evaluate(SELECT, k)
    folds = folds_of(page, k)
    folds.first.locator("summary").focus()
    for _ in range(folds.count()):
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
    if not folds.evaluate_all("all => all.every((fold) => fold.open && fold.innerText)"):
        yield f"{k}: a choice does not open by Tab and Enter"
    run_cell(page, k)
    if not folds.evaluate_all("all => all.every((fold) => fold.open)"):
        yield f"{k}: Shift+Enter closes the open folds"


def try_exercise(page, k: int, name: str) -> Iterator[str]:
    """Give a wrong answer, unfold a hint, and give a right answer; yield the defects."""
    exercise = exercise_named(name)
    wrong = f'[*the("{name}").known_mistakes.values()][0]' if exercise.known_mistakes else "len"
    page.evaluate(WRITE, [k, ANSWER.format(name, wrong)])
    run_cell(page, k)
    output = cell_of(page, k).locator(".jp-OutputArea")
    if "✗" not in output.inner_text():
        yield f"{k}: {name} takes a wrong answer: {output.inner_text()}"
        return
    page.wait_for_timeout(300)
    if not page.evaluate(IS_IN_VIEW, k):
        yield f"{k}: the card of {name} is out of view after Shift+Enter"
    hint = folds_of(page, k).first
    hint.locator("summary").first.click()
    if exercise.hints[0].split()[0].strip("`") not in hint.inner_text():
        yield f"{k}: the hint of {name} does not unfold"
    if exercise.is_open:  # a right answer may take a quarter of an hour
        return
    call = "()" if exercise.is_value else ""
    page.evaluate(WRITE, [k, ANSWER.format(name, f'the("{name}").reference{call}')])
    run_cell(page, k)
    if "✓" not in output.inner_text():
        yield f"{k}: {name} refuses a right answer: {output.inner_text()}"


def first_day(page, lab, name: str) -> Iterator[str]:
    """Run every cell, try every question and exercise, and save; yield the defects."""
    page.complaints.clear()
    open_notebook(page, lab, name)
    for k, cell in enumerate(nbformat.read(lab.root / name, as_version=4).cells):
        exercise = CHECK.search(cell.source) if cell.cell_type == "code" else None
        if QUESTION.fullmatch(cell.source):
            yield from answer_question(page, k)
        else:
            run_cell(page, k)
        if exercise and "..." in cell.source:
            yield from try_exercise(page, k, exercise[1])
    run_command(page, "docmanager:save")
    yield from (f"an error: {error}" for error in errors_in(lab.root / name))
    yield from (f"in the console: {complaint}" for complaint in page.complaints)


def second_day(page, lab, name: str) -> Iterator[str]:
    """Open the saved copy with a new kernel, and yield the defects."""
    end = "window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
    page.evaluate(f"async () => {{ await {end} }}")
    page.complaints.clear()
    open_notebook(page, lab, name)
    cells = nbformat.read(lab.root / name, as_version=4).cells
    data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    widgets = sum("application/vnd.jupyter.widget-view+json" in one for one in data)
    asleep = page.locator(".jp-OutputArea-output", has_text=ASLEEP)
    if widgets:
        asleep.nth(widgets - 1).wait_for()
    pictures = page.locator(".jp-OutputArea-output img")
    if not are_whole(pictures):
        yield "a figure is broken"
    if pictures.count() != sum("image/png" in one for one in data):
        yield f"{pictures.count()} figures are there of {sum('image/png' in one for one in data)}"
    for k, cell in enumerate(cells):
        if QUESTION.fullmatch(cell.source):
            yield from answer_question(page, k)
    yield from (f"in the console: {said}" for said in page.complaints if NOT_FOUND not in said)
    said = sum(NOT_FOUND in said for said in page.complaints)
    if not said == asleep.count() == widgets:
        yield f"{widgets} widgets sleep; {asleep.count()} lines say so, and {said} in the console"


def main() -> None:
    parser = argparse.ArgumentParser("python -m tools.checks.walk", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebook; default: all notebooks")
    names = parser.parse_args().names or [path.name for path in NOTEBOOKS]
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder)) as lab,
        chromium(1280, 800) as page,
    ):
        shutil.copytree(NOTEBOOKS[0].parent, lab.root, dirs_exist_ok=True)
        for name in names:
            for day in (first_day, second_day):
                for defect in day(page, lab, name):
                    print(f"{name}, {day.__name__}: {defect}", flush=True)
            print(f"{name}: walked", flush=True)


if __name__ == "__main__":
    main()
