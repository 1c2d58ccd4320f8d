"""MaskExplorer in JupyterLab, by mouse and by keyboard."""

import pytest

from tests.browser.lab import kernel_says, run_cells, says

pytestmark = pytest.mark.delivery

EXPLORER = "from made_course import MaskExplorer\nw = MaskExplorer()\nw"


@pytest.fixture
def widget(lab, page):
    assert run_cells(page, lab, EXPLORER) == []
    yield page.locator(".made-widget")
    assert page.complaints == []


def colour_of_lines(widget):
    return widget.locator("line.line").evaluate_all(
        "lines => lines.map(line => getComputedStyle(line).stroke)"
    )


def test_mouse(widget, page):
    says(widget, "x̂₁ sees x₂ and x₃. It may see x₂ and x₃.")
    widget.locator(".unit").nth(13).click()
    says(widget, "x̂₃ sees x₂. It may see x₂.")
    assert kernel_says(page, "w.selected") == "(3, 2)"

    blue = "rgb(0, 114, 178)"
    page.mouse.move(5, 5)
    kept = colour_of_lines(widget)
    widget.locator(".unit").nth(0).hover()  # x1: nothing may see it
    assert blue in kept
    assert blue not in colour_of_lines(widget)
    hovered = widget.locator(".made-sentences")
    assert hovered.inner_text().strip() == "x₁ reaches nothing. It may reach nothing."
    page.mouse.move(5, 5)
    assert colour_of_lines(widget) == kept

    widget.get_by_label("Break it").select_option(label="output mask with >= in place of >")
    says(widget, "this is no distribution")
    says(widget, "x̂₂ sees x₂. It may see nothing. A leak: x₂.")
    assert widget.locator(".cross").count() == 4
    widget.get_by_role("button", name="Start again").click()
    says(widget, "x = 1.000, and no output sees what it may not")
    assert widget.locator(".cross").count() == 0


def test_keyboard(widget, page):
    unit = widget.locator(".unit").nth(11)
    unit.focus()
    page.keyboard.press("Enter")
    says(widget, "x̂₁ sees")
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    says(widget, "x̂₂ sees nothing. It may see nothing.")
    # the focus is where it was, and no key was taken for one of the notebook's: x cuts a cell
    page.keyboard.press("x")
    assert page.evaluate("document.activeElement.dataset.unit") == "12"
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    assert page.locator(".jp-Notebook.jp-mod-editMode").count() == 0

    ordering = widget.get_by_label("Ordering")
    ordering.fill("x3 x1 x2")
    ordering.press("Enter")
    widget.get_by_text("p(x) = p(x₃) · p(x₁ | x₃) · p(x₂ | x₃, x₁)").wait_for()
    assert kernel_says(page, "w.ordering") == "[2, 0, 1]"

    ordering.fill("x3 x1")
    ordering.press("Enter")
    widget.get_by_role("alert").get_by_text("missing x₂").wait_for()
    assert kernel_says(page, "w.ordering") == "[2, 0, 1]"

    later = widget.get_by_role("button", name="Earlier")
    later.focus()
    page.keyboard.press("Enter")  # x2, which is selected, moves before x1
    widget.get_by_text("p(x) = p(x₃) · p(x₂ | x₃) · p(x₁ | x₃, x₂)").wait_for()
    assert widget.get_by_role("alert").inner_text() == ""
    page.keyboard.press(" ")
    widget.get_by_text("p(x) = p(x₂) · p(x₃ | x₂) · p(x₁ | x₂, x₃)").wait_for()

    widget.get_by_label("Unit", exact=True).focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    says(widget, "Unit 1 of hidden layer 1 has degree 1")
    page.keyboard.press("x")  # the list's next name with an x
    says(widget, "x̂₁ sees")
    page.keyboard.press("ArrowUp")
    says(widget, "Unit 4 of hidden layer 2 has degree 2")
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    degree = widget.get_by_role("spinbutton", name="Its degree")
    degree.focus()
    page.keyboard.press("ArrowDown")
    says(widget, "Unit 4 of hidden layer 2 has degree 1")


def test_python_sets_what_the_page_shows(widget, page):
    kernel_says(page, "setattr(w, 'ordering', [2, 0, 1])")
    widget.get_by_text("p(x) = p(x₃) · p(x₁ | x₃) · p(x₂ | x₃, x₁)").wait_for()
    assert widget.get_by_label("Ordering").input_value() == "x3, x1, x2"


def test_rows_of_heat_maps_select_their_units(lab, page):
    source = "from made_course import MaskExplorer\nw = MaskExplorer(16, (64, 64))\nw"
    assert run_cells(page, lab, source) == []
    widget = page.locator(".made-widget")
    second_mask = widget.locator('rect[style*="pointer"]').nth(1)
    box = second_mask.bounding_box()
    second_mask.click(position={"x": 20, "y": box["height"] * 30.5 / 64})
    says(widget, "Unit 31 of hidden layer 2")
    assert kernel_says(page, "w.selected") == "(2, 30)"
    assert page.complaints == []
