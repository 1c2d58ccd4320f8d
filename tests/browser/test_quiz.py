"""Quiz on a page: by mouse, by keyboard, with Python or without, and folded where nothing runs."""

import nbformat
import pytest

from made_course import Choice, Quiz
from tests.browser.lab import kernel_says, open_notebook, run_cells
from tools.pages.refresh import METADATA

pytestmark = pytest.mark.delivery

QUIZ = r"""
from made_course import Choice, Quiz
w = Quiz("What does $\\hat x_2$ see?", [
    Choice("$x_2$", "That would be a leak: $\\hat x_2$ may not see `x[1]`."),
    Choice("nothing", "it comes first.", right=True),
    Choice("</svg><script>window.leaked = 1</script>", "no"),
])
w"""


def test_each_choice_explains_itself_by_mouse_or_key(show, state, bare):
    exec(QUIZ, values := {})
    widget = show(values["w"])
    choices, said = widget.get_by_role("button"), widget.locator(".made-why")
    assert "".join(said.all_inner_texts()) == ""  # nothing is given away
    bare.keyboard.press("Tab")
    bare.keyboard.press("ArrowDown")
    assert bare.evaluate("document.activeElement.innerText").split() == ["2", "nothing"]
    assert state("chosen") == []  # an arrow is no answer
    bare.keyboard.press("Enter")
    assert said.nth(1).inner_text() == "Right. it comes first."
    choices.nth(0).click()
    assert said.nth(0).inner_text().startswith("Not yet. That would be a leak:")
    assert said.nth(0).locator("msub").evaluate("one => one.textContent") == "x^2"
    assert said.nth(0).locator("math, code").count() == 2
    marks = widget.locator(".made-mark").all_inner_texts()
    assert marks == ["✗", "✓", "3"]
    assert state("chosen") == [1, 0]
    bare.keyboard.press("Tab")  # one Tab stop in all
    assert widget.evaluate("el => el.contains(document.activeElement)") is False
    assert bare.evaluate("window.leaked") is None


def test_several_right_choices_are_found_one_by_one(show):
    right = [Choice(name, "masks", right=True) for name in ("MADE", "FVSBN")]
    widget = show(Quiz("Which sum to one?", [*right, Choice("dense", "it copies")]))
    widget.get_by_text("Choose all that are right").wait_for()
    choices, said = widget.get_by_role("button"), widget.locator(".made-why")
    choices.nth(1).click()
    assert said.all_inner_texts() == ["", "Right. masks 1 more to find.", ""]
    choices.nth(0).press(" ")
    assert said.all_inner_texts() == ["Right. masks", "Right. masks", ""]


def test_in_jupyterlab_it_goes_on_without_python_and_to_the_next_cell(lab, page):
    assert run_cells(page, lab, QUIZ, "next_cell = 1") == []
    widget = page.locator(".made-widget")
    first = widget.get_by_role("button").first
    first.click()
    assert kernel_says(page, "w.chosen, w.solved") == "([0], False)"
    page.keyboard.press("ArrowDown")  # stays in the quiz
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    widget.get_by_text("Python is gone").wait_for()
    widget.get_by_role("button").nth(1).click()
    assert widget.locator(".made-mark").all_inner_texts() == ["✗", "✓", "3"]
    assert widget.get_by_role("button").nth(1).inner_text().split() == ["✓", "nothing"]
    assert page.complaints == []
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("window.jupyterapp.shell.currentWidget.content.activeCellIndex === 1")


def test_saved_it_is_a_folded_list_where_nothing_runs(lab, page):
    exec(QUIZ, values := {})
    saved = nbformat.v4.new_output("display_data", {"text/html": values["w"].html()})
    cell = nbformat.v4.new_code_cell(QUIZ, outputs=[saved])
    path = lab.root / "saved quiz.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=METADATA), path)
    open_notebook(page, lab, path.name)
    choices = page.locator(".jp-OutputArea details")
    assert choices.evaluate_all("all => all.map(one => one.open)") == [False] * 3
    choices.first.locator("summary").click()
    assert "That would be a leak" in choices.first.inner_text()
    assert page.locator(".jp-OutputArea .made-widget").count() == 0
    assert page.complaints == []
