"""OrderingLab by mouse and by keyboard: on a page without Python, and once in JupyterLab."""

import pytest

from made_course import OrderingLab
from tests.browser.lab import kernel_says, run_cells, says

pytestmark = pytest.mark.delivery

PLACES = """dots => dots.map(dot => new DOMMatrix(dot.style.transform))
    .map(({e, f}) => [Math.round(e), Math.round(f)])"""


def press(shown, name):
    shown.get_by_role("button", name=name).click()


def focus_chip(shown, name):
    shown.get_by_role("group", name="Ordering", exact=True).get_by_role("button", name=name).focus()


def test_guess_then_look(show, bare, state):
    shown = show(OrderingLab())
    says(shown, "Predict: which of the 24 orderings is cheapest?")
    for secret in ("0.017", "0.686", "ends with", "✕"):
        assert secret not in shown.inner_text()
    dots = shown.get_by_role("radio")
    heap = dots.evaluate_all(PLACES)
    assert len({tuple(place) for place in heap}) == 24
    assert len({x for x, _ in heap}) == 5
    focus_chip(shown, "carry")
    bare.keyboard.press("ArrowRight")
    assert shown.get_by_role("radio", name="x₁, x₂, sum, carry").is_checked()
    shown.get_by_text("p(carry = 1 | x₁, x₂, sum)").wait_for()
    assert shown.get_by_role("img").locator(".model").count() == 0
    press(shown, "This one is cheapest")
    says(shown, "Your guess, x₁, x₂, sum, carry: it is one of the worst. Best: 0.017 nats")
    says(shown, "Step 3, p(sum | x₁, x₂), costs most: 0.685 nats.")
    placed = dots.evaluate_all(PLACES)
    assert len({tuple(place) for place in placed}) == 24
    assert len({x for x, _ in placed}) == 6  # four columns at 0.017, two at 0.686
    assert max(x for x, _ in placed) - sorted({x for x, _ in placed})[-3] > 200
    picture = shown.get_by_role("img")
    assert picture.get_attribute("aria-label") == (
        "00: true 0.001, model 0.500; 01: true 0.999, model 0.500; "
        "10: true 0.999, model 0.500; 11: true 0.001, model 0.500"
    )

    shown.get_by_role("radio", name="x₁, x₂, carry, sum: 0.017 nats").click()
    says(shown, "x₁, x₂, carry, sum costs 0.017 nats.")
    assert (state("selected"), state("guess")) == ([0, 1, 2, 3], [0, 1, 3, 2])
    bare.keyboard.press("ArrowRight")
    says(shown, "x₁, carry, x₂, sum costs 0.017 nats.")
    press(shown, "2 carry")
    shown.get_by_text("p(carry = 1 | x₁)").wait_for()
    assert shown.locator(".steps button:focus").count() == 1  # it was not made anew
    press(shown, "Guess again")
    says(shown, "Predict: ")
    assert "0.017" not in shown.inner_text()


def test_on_a_phone_control_and_result_are_on_one_screen(show, bare):
    bare.set_viewport_size({"width": 390, "height": 664})
    shown = show(OrderingLab())
    picture = shown.get_by_role("img")
    for move in (lambda: None, lambda: press(shown, "This one is cheapest")):
        move()
        box, chart = shown.bounding_box(), picture.bounding_box()
        assert chart["y"] + chart["height"] - box["y"] <= 664
        assert box["height"] <= 800
    assert bare.evaluate("document.documentElement.scrollWidth") <= 390


def test_where_all_cost_the_same_a_sentence_says_so(show, state):
    shown = show(OrderingLab())
    shown.get_by_label("Example").select_option("parity")
    press(shown, "All cost the same")
    says(shown, "✓ they do. No difference: each of the 24 orderings costs 0.693 nats.")
    shown.get_by_role("button", name="x₄, step 4").focus()
    shown.get_by_label("Example").select_option("rain diary")  # three variables: keys reach them
    assert shown.locator('.made-chips [tabindex="0"]').count() == 1
    assert shown.get_by_role("radio").count() == 6
    assert (state("selected"), state("guess")) == ([0, 1, 2], None)


def test_in_jupyterlab_page_and_python_have_one_state(lab, page):
    assert run_cells(page, lab, "from made_course import OrderingLab\nw = OrderingLab()\nw") == []
    widget = page.locator(".jp-OutputArea .made-widget")
    focus_chip(widget, "sum")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("x")  # not taken for the notebook's own key, which cuts a cell
    press(widget, "This one is cheapest")
    says(widget, "one of the worst")
    assert kernel_says(page, "w.guess == w.selected == [0, 1, 3, 2]") == "True"
    kernel_says(page, "setattr(w, 'example', 'chain')")
    widget.get_by_text("x₁ is a fair coin.").wait_for()
    kernel_says(page, "setattr(w, 'guess', 'same')")
    says(widget, "No difference: in each of the 24 orderings the model is exact")
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    assert page.complaints == []
