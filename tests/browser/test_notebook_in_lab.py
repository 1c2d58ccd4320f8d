"""Each notebook as a learner meets it: run in JupyterLab, saved, opened without its kernel."""

import nbformat
import pytest

from tests.browser.lab import errors_in, open_notebook, run_cells, run_command
from tools.pages.minutes import NOTEBOOKS, QUESTION

LIMIT_S = 3600  # of a whole notebook
NOTEBOOK = "const notebook = window.jupyterapp.shell.currentWidget.content;"
SELECT = f"""(k) => {{ {NOTEBOOK}
    notebook.activeCellIndex = k; notebook.mode = 'command'; notebook.activate();
}}"""
IS_DONE = f"""(k) => {{ {NOTEBOOK}
    const {{status}} = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const prompt = notebook.widgets[k].node.querySelector('.jp-InputPrompt').textContent;
    return status === 'idle' && !prompt.includes('*');
}}"""
IS_IN_VIEW = f"""(k) => {{ {NOTEBOOK}
    const card = notebook.widgets[k].node.querySelector('.jp-OutputArea-output');
    if (!card) return false;
    const [view, first] = [notebook.node, card].map((part) => part.getBoundingClientRect());
    return first.top >= view.top && first.top + 30 <= view.bottom;
}}"""
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
    page.wait_for_function(IS_DONE, arg=k)


def are_whole(pictures) -> bool:
    """Wait until pictures are loaded, and return whether all of them can be shown."""
    load = "async (all) => { for (const one of all) await one.decode().catch(() => null); }"
    pictures.evaluate_all(load)
    return pictures.evaluate_all("all => all.every((one) => one.naturalWidth)")


def answer_question(page, k: int) -> None:
    """Open each choice of a question by keyboard, then run its cell, which leaves them open."""
    page.evaluate(SELECT, k)
    folds = cell_of(page, k).locator("details:visible")
    folds.first.locator("summary").focus()
    for _ in range(folds.count()):
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
    assert folds.evaluate_all("all => all.every((fold) => fold.open && fold.innerText)"), k
    run_cell(page, k)
    assert folds.evaluate_all("all => all.every((fold) => fold.open)"), k


def reopen(page, lab, name: str) -> None:
    """Open a saved notebook with a new kernel, and look at its figures, questions and widgets."""
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
    images = page.locator(".jp-OutputArea-output img")
    assert images.count() == sum("image/png" in one for one in data)
    assert are_whole(images)
    for k, cell in enumerate(cells):
        if QUESTION.fullmatch(cell.source):
            answer_question(page, k)
    # one line on the page and one in the console for each widget that sleeps, and nothing else
    assert [said for said in page.complaints if NOT_FOUND not in said] == []
    assert len(page.complaints) == asleep.count() == widgets


@pytest.mark.delivery
@pytest.mark.parametrize("name", [path.name for path in reversed(NOTEBOOKS)])  # long ones first
def test_runs_in_jupyterlab_and_keeps_till_another_day(lab, page, name):
    path = lab.root / name
    open_notebook(page, lab, name)

    # so that no saved output is taken for an output of this run
    run_command(page, "notebook:clear-all-cell-outputs")
    assert page.locator(".jp-OutputArea-output").count() == 0
    run_command(page, "notebook:run-all-cells", LIMIT_S)
    run_command(page, "docmanager:save")

    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    cells = [cell for cell in cells if cell.source]
    assert cells
    assert errors_in(path) == []
    assert all(cell.execution_count for cell in cells), "a cell was not run"

    images = page.locator(".jp-OutputArea-output img")
    assert images.count() > 0
    assert are_whole(images)
    if name.startswith("05"):
        assert page.locator(".jp-OutputArea-output .widget-hprogress").first.is_visible()
    assert page.complaints == []

    reopen(page, lab, name)


@pytest.mark.delivery
def test_the_first_line_of_a_card_is_in_view(lab, page):
    page.set_viewport_size({"width": 1280, "height": 800})
    card = """
from made_lessons import check
from made_lessons.checking.catalogue import exercise_named as the
check("4.3", next(iter(the("4.3").known_mistakes.values())))"""
    assert run_cells(page, lab, "#\n" * 60, card, "#\n" * 60) == []
    run_command(page, "notebook:clear-all-cell-outputs")
    cell_of(page, 1).evaluate("cell => cell.scrollIntoView()")
    run_cell(page, 1)
    page.wait_for_timeout(300)  # JupyterLab scrolls
    page.wait_for_function(IS_IN_VIEW, arg=1)
