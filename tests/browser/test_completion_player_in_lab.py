"""CompletionPlayer in JupyterLab: by mouse and by keyboard alone."""

import pytest

from tests.browser.lab import kernel_says, run_cells, says

pytestmark = pytest.mark.delivery

DIGITS = """
from made_course import CompletionPlayer, load_pretrained
w = CompletionPlayer(load_pretrained())
w"""
BOARDS = """
from made_course import CompletionPlayer, bars_and_stripes, load_pretrained
w = CompletionPlayer(load_pretrained("tiny"), bars_and_stripes()[3:7])
w"""


@pytest.fixture
def widget(lab, page):
    assert run_cells(page, lab, DIGITS) == []
    yield page.locator(".made-widget")
    assert page.complaints == []


def test_hides_a_part_and_says_what_is_exact(widget, page):
    says(widget, "8 exact samples: the model's own ordering has every known pixel first.")
    pictures = widget.locator('svg[aria-label^="Completion"]')
    assert pictures.count() == 8
    assert widget.locator(".made-share").count() == 0
    hide = widget.get_by_label("Hide", exact=True)
    hide.focus()
    page.keyboard.press("Home")
    says(widget, "exact ones: 392 of the 392 known pixels come too late.")
    assert kernel_says(page, "w.part") == "'top'"
    assert widget.locator(".made-share").count() == 8
    worth = kernel_says(page, "round(w.completion.effective_sample_size.item(), 1)")
    assert f"worth {worth} exact" in widget.locator('[role="status"]').first.inner_text()
    page.keyboard.press("ArrowDown")
    says(widget, "8 exact samples")
    assert hide.evaluate("list => list === document.activeElement")


def test_the_original_is_shown_when_asked_for(widget, page):
    says(widget, "Predict: which of the 8 comes closest to the original")
    unknown = widget.locator('svg[aria-label="Original: not shown yet"]')
    assert unknown.count() == 1
    show = widget.get_by_role("button", name="Show the original")
    show.focus()
    page.keyboard.press("Enter")
    says(widget, "hidden pixels differ from the original")
    assert unknown.count() == 0
    page.keyboard.press(" ")
    says(widget, "Predict")
    assert unknown.count() == 1
    widget.get_by_role("button", name="Show the original").click()
    says(widget, "hidden pixels differ")
    widget.locator('svg[aria-label^="image 3"]').click()
    says(widget, "Predict")
    assert kernel_says(page, "(w.image_index, w.revealed)") == "(2, False)"
    assert widget.get_by_label("Image", exact=True).evaluate("list => list.selectedIndex") == 2


def test_seeds_give_other_completions_and_come_back(widget, page):
    labels = widget.locator('svg[aria-label^="Completion"]')

    def drawn():
        return labels.evaluate_all("all => all.map(one => one.querySelector('image').href.baseVal)")

    before = drawn()
    other = widget.get_by_role("button", name="Other completions")
    other.focus()
    page.keyboard.press(" ")
    seed = widget.get_by_role("spinbutton", name="Seed")
    page.wait_for_function("box => box.value === '1'", arg=seed.element_handle())
    page.wait_for_timeout(300)
    assert drawn() != before
    seed.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(500)
    assert kernel_says(page, "w.seed") == "0"
    assert drawn() == before
    seed.fill("77")
    page.wait_for_timeout(300)
    assert kernel_says(page, "w.seed") == "0"  # it waits until the number is typed
    seed.press("Enter")
    page.wait_for_timeout(500)
    assert kernel_says(page, "w.seed") == "77"


def test_a_rectangle_is_moved_by_keys(lab, page):
    assert run_cells(page, lab, BOARDS) == []
    widget = page.locator(".made-widget")
    row = widget.get_by_role("spinbutton", name="From row")
    assert not row.is_visible()
    widget.get_by_label("Hide", exact=True).select_option(label="a rectangle")
    row.wait_for()
    says(widget, "known pixels come too late")
    row.focus()
    page.keyboard.press("ArrowUp")
    widget.locator('svg[aria-label^="Known: "][aria-label$="x₁₅ ?, x₁₆ 1"]').wait_for()
    assert kernel_says(page, "w.rectangle") == "(2, 1, 2, 2)"
    rows = widget.get_by_role("spinbutton", name="Rows")
    rows.fill("4")
    rows.press("Enter")
    widget.locator('svg[aria-label^="Known: x₁ 0, x₂ ?"]').wait_for()
    assert kernel_says(page, "w.rectangle") == "(0, 1, 4, 2)"
    assert row.input_value() == "1"
    kernel_says(page, "setattr(w, 'rectangle', (0, 0, 4, 4))")
    says(widget, "8 exact samples: nothing is known")
    assert page.complaints == []
