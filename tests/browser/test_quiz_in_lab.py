"""Quiz in JupyterLab: by mouse, by keyboard, and folded where nothing runs."""

import nbformat
import pytest

from tests.browser.lab import kernel_says, open_notebook, run_cells
from tools.refresh import refresh

pytestmark = pytest.mark.delivery

SINGLE = r"""
from made_course import Choice, Quiz
w = Quiz("What does $\\hat x_2$ see?", [
    Choice("$x_2$", "That would be a leak: $\\hat x_2$ may not see `x[1]`."),
    Choice("nothing", "it comes first.", right=True),
    Choice("</svg><script>window.leaked = 1</script>", "no"),
])
w"""
SEVERAL = """
from made_course import Choice, Quiz
w = Quiz("Which sum to one?", [
    Choice("MADE", "masks", right=True), Choice("FVSBN", "triangular", right=True),
    Choice("a dense autoencoder", "it sees what it predicts")])
w"""


def test_single_choice(lab, page):
    assert run_cells(page, lab, SINGLE) == []
    widget = page.locator(".made-widget")
    widget.locator("mjx-container").first.wait_for()
    feedback = widget.locator('[role="status"]')
    assert feedback.count() == 0  # nothing is given away
    check = widget.get_by_role("button", name="Check")
    widget.locator(".made-choice").first.click()
    assert page.evaluate("document.activeElement.type") == "radio"
    check.click()
    feedback.get_by_text("Not yet").wait_for()
    feedback.get_by_text("That would be a leak").wait_for()
    widget.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")  # choosing by key is no answer yet
    feedback.wait_for(state="detached")
    assert page.evaluate("document.activeElement.type") == "radio"
    check.focus()
    page.keyboard.press("Enter")
    feedback.get_by_text("Right").wait_for()
    assert kernel_says(page, "(w.solved, w.attempts, w.chosen)") == "(True, 2, 1)"
    assert page.evaluate("window.leaked") is None
    assert page.complaints == []


def test_several_choices(lab, page):
    assert run_cells(page, lab, SEVERAL) == []
    widget = page.locator(".made-widget")
    boxes = widget.get_by_role("checkbox")
    boxes.nth(0).focus()
    page.keyboard.press(" ")
    boxes.nth(2).focus()
    page.keyboard.press(" ")
    check = widget.get_by_role("button", name="Check")
    check.focus()
    page.keyboard.press("Enter")
    feedback = widget.locator('[role="status"]')
    feedback.get_by_text("it sees what it predicts").wait_for()
    feedback.get_by_text("1 right choice is missing").wait_for()
    assert "triangular" not in feedback.inner_text()
    boxes.nth(1).check()
    boxes.nth(2).uncheck()
    check.click()
    feedback.get_by_text("✓ Right").wait_for()
    assert page.complaints == []


def test_saved_quiz_is_a_folded_list_where_nothing_runs(lab, page):
    cell = nbformat.v4.new_code_cell(SINGLE)
    path = lab.root / "saved quiz.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    refresh(path)
    open_notebook(page, lab, path.name)
    choices = page.locator(".jp-OutputArea details")
    assert choices.count() == 3
    assert choices.evaluate_all("all => all.map(one => one.open)") == [False] * 3
    choices.first.locator("summary").click()
    assert choices.evaluate_all("all => all.map(one => one.open)") == [True, False, False]
    assert "That would be a leak" in choices.first.inner_text()
    assert page.locator(".jp-OutputArea .made-widget").count() == 0
    assert page.complaints == []
