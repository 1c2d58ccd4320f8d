"""LeakDetector by mouse and by keyboard: on a page without Python, and once in JupyterLab."""

import pytest
import torch

from made_course import MADE, LeakDetector
from tests.browser.lab import drag, kernel_says, place, run_cells, run_command, says

pytestmark = pytest.mark.delivery

CYCLE = [1, 2, 0]


def cell(shown, row, column):
    """A cell of the matrix, by its output and input."""
    return shown.locator(f'td[data-row="{row}"][data-column="{column}"]')


@pytest.fixture
def cheat(show):
    detector = LeakDetector(lambda x: 2 * x - 1 + x.roll(-1, 1) ** 2 - x.roll(-1, 1), 3)
    detector.ordering = CYCLE
    return show(detector)


def test_the_largest_leak_is_explained_and_another_pair_when_it_is_pointed_at(cheat, state):
    says(cheat, "✗ 3 leaks: outputs that move with their own variable or a later one.")
    says(cheat, "Output x̂₁, input x₁✗ A leakAn output must not see its own variable.")
    cell(cheat, 2, 1).hover()
    says(cheat, "Allowed, not seenx₂ is generated before x₃ (steps 1 and 2).")
    cheat.get_by_text("What flipping finds").hover()
    says(cheat, "Output x̂₁, input x₁")  # what was chosen is explained again
    assert (state("selected"), state("pointed")) == (0, 0)
    cheat.locator('tbody th[data-row="2"]').last.click()
    says(cheat, "Output x̂₃ is step 2 of 3. It depends on x₃. It may depend on x₂. Leaks: x₃.")
    assert (state("selected"), state("pointed")) == (2, 0)
    cheat.get_by_role("button", name="Show one").click()
    says(cheat, "Output x̂₁, input x₂")  # after the last pair the first
    says(cheat, "The slope disagrees: there is a slope")


def test_slopes_come_on_request_and_what_they_see_otherwise_is_ringed(cheat):
    assert cheat.locator("td.ringed").count() == 3
    assert cell(cheat, 0, 1).get_attribute("data-kind") == "allowed"
    assert cell(cheat, 0, 1).get_attribute("aria-label").endswith("; flips and slopes disagree")
    cheat.get_by_role("button", name="What slopes find").press("Enter")
    cheat.get_by_role("button", name="What slopes find", pressed=True).wait_for()
    assert cell(cheat, 0, 1).get_attribute("data-kind") == "seen"
    says(cheat, "✗ 3 leaks")  # flips decide all the same


def test_arrow_keys_go_from_pair_to_pair(cheat, bare, state):
    assert cheat.locator('table [tabindex="0"]').count() == 1
    cell(cheat, 0, 0).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        bare.keyboard.press(key)
    says(cheat, "Output x̂₃, input x₂")
    assert (state("selected"), state("pointed")) == (2, 1)
    assert cell(cheat, 2, 1).evaluate("cell => cell === document.activeElement")


def test_a_variable_is_moved_by_dragging_and_by_keys(show, bare, state):
    shown = show(LeakDetector(MADE(3, (8,), ordering=CYCLE, degrees="even", seed=0)))
    says(shown, "✓ No leak: outputs move with earlier variables only.")
    own = shown.get_by_role("button", name="The first ordering")
    assert not own.is_visible()
    chips = [shown.locator(".made-chips button").nth(t).bounding_box() for t in (2, 1, 0)]
    drag(bare, *(place(chip, 0.2, 0.5) for chip in chips))
    assert state("ordering") == [0, 1, 2]
    says(shown, "✗ 2 leaks")
    assert cell(shown, 0, 1).get_attribute("data-kind") == "leak"
    shown.get_by_role("button", name="x₁, step 1").focus()
    for key in ("ArrowRight", "ArrowRight"):
        bare.keyboard.press(key)
    assert state("ordering") == CYCLE
    says(shown, "✓ No leak")
    bare.keyboard.press("ArrowUp")
    bare.keyboard.press("ArrowLeft")
    assert state("ordering") == [2, 1, 0]
    own.click()
    assert state("ordering") == CYCLE


def test_many_variables_are_pixels_that_can_be_pressed(show, bare, state):
    model = MADE(140, (32,), natural_order=False, seed=0)  # a pair is 2 by 2 pixels
    shown = show(LeakDetector(model))
    order = torch.argsort(model.order).tolist()
    says(shown, "✓ No leak found: outputs move with earlier variables only.")
    canvas = shown.locator("canvas").first
    canvas.click(position={"x": 21, "y": 241})
    assert (state("selected"), state("pointed")) == (order[120], order[10])
    says(shown, "is step 121 of 140")
    bare.keyboard.press("ArrowUp")
    says(shown, "is step 120 of 140")
    assert canvas.evaluate("canvas => canvas === document.activeElement")


def test_in_jupyterlab_with_a_kernel_and_without(lab, page):
    made = "w = LeakDetector(lambda x: 2 * x, input_dim=3)"
    assert run_cells(page, lab, f"from made_course import LeakDetector\n{made}\nw") == []
    widget = page.locator(".jp-OutputArea .made-widget")
    says(widget, "✗ 3 leaks")
    cell(widget, 2, 0).click()
    assert kernel_says(page, "w.selected, w.pointed") == "(2, 0)"
    run_command(page, "kernelmenu:shutdown")
    says(widget, "Python is gone. All goes on here")
    cell(widget, 0, 1).click()
    says(widget, "Output x̂₁, input x₂")
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    assert page.complaints == []
