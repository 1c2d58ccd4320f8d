"""Each notebook as a learner meets it: run in JupyterLab, saved, opened without its kernel."""

import nbformat
import pytest

from tests.browser.lab import open_notebook, run_cells, run_command
from tools.checks.walk import IS_IN_VIEW, are_whole, cell_of, run_cell, second_day
from tools.pages.minutes import NOTEBOOKS

LIMIT_S = 3600  # of a whole notebook


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
    outputs = [output for cell in cells for output in cell.outputs]
    errors = [output for output in outputs if output.output_type == "error"]
    assert not errors, "\n".join(f"{error.ename}: {error.evalue}" for error in errors)
    assert all(cell.execution_count for cell in cells), "a cell was not run"

    images = page.locator(".jp-OutputArea-output img")
    assert images.count() > 0
    assert are_whole(images)
    if name.startswith("05"):
        assert page.locator(".jp-OutputArea-output .widget-hprogress").first.is_visible()
    assert page.complaints == []

    # One line on the page and one in the console for each widget that sleeps, and nothing else.
    assert [*second_day(page, lab, name)] == []


@pytest.mark.delivery
def test_the_first_line_of_a_card_is_in_view(lab, page):
    page.set_viewport_size({"width": 1280, "height": 800})
    card = """
from made_lessons import check
from made_lessons.checking.catalogue import exercise_named as the
check("4.3", next(iter(the("4.3").known_mistakes.values())))"""
    assert run_cells(page, lab, "#\n" * 60, card, "#\n" * 60) == []
    cell_of(page, 1).evaluate("cell => cell.scrollIntoView()")
    run_cell(page, 1)
    page.wait_for_timeout(300)  # JupyterLab scrolls
    page.wait_for_function(IS_IN_VIEW, arg=1)
