"""OrderingLab by mouse and by keyboard: on a page without Python, and once in JupyterLab."""

import pytest

from made_course import OrderingLab
from tests.browser.lab import kernel_says, run_cells, says

pytestmark = pytest.mark.delivery


def press(shown, name):
    shown.get_by_role("button", name=name).click()


def focus_chip(shown, name):
    shown.get_by_role("group", name="Ordering", exact=True).get_by_role("button", name=name).focus()


def test_guess_then_reveal_then_look(show, bare, state):
    shown = show(OrderingLab())
    says(shown, "Predict: in which of the 24 orderings does this model cost least")
    says(shown, "No guess yet.")
    for secret in ("0.017", "0.686", "Σp", "★"):
        assert secret not in shown.inner_text()
    focus_chip(shown, "carry")
    bare.keyboard.press("ArrowRight")
    says(shown, "Your guess: x₁, x₂, sum, carry is the best. Press Reveal.")
    shown.get_by_text("Step 4: how probable is carry = 1?").wait_for()
    press(shown, "Reveal")
    says(shown, "You guessed x₁, x₂, sum, carry: it is one of the worst. Best: 0.017 nats")
    says(shown, "Step 3, p(sum | x₁, x₂), costs most: 0.685 nats.")
    groups = shown.get_by_role("group", name="Orderings that cost the same").get_by_role("button")
    assert groups.all_inner_texts() == [
        "★ best, 0.017 nats: 18 orderings",
        "▼ worst, 0.686 nats: 6 orderings, all that end with carry",
    ]
    pressed = [group.get_attribute("aria-pressed") for group in groups.all()]
    assert pressed == ["false", "true"]
    shown.get_by_text("a sigmoid of the weighted sum z = 0.0 + 0.0 · x₁ + 0.0 · x₂.").wait_for()
    models = shown.locator("tbody td:last-child")
    assert models.all_inner_texts() == ["0.500"] * 4

    assert not shown.get_by_text("Σp = 2.739 ✕ no distribution").is_visible()
    shown.locator("summary").click()
    shown.get_by_text("Σp = 2.739 ✕ no distribution").wait_for()
    shown.get_by_text("Σp = 1.000 ✓").wait_for()

    groups.first.click()
    says(shown, "x₁, x₂, carry, sum costs 0.017 nats: one of the best.")
    assert (state("selected"), state("guess")) == ([0, 1, 2, 3], [0, 1, 3, 2])
    press(shown, "2 p(x₂ | x₁)")
    shown.get_by_text("Step 2: how probable is x₂ = 1?").wait_for()
    assert shown.locator(".rows button:focus").count() == 1  # it was not made anew
    press(shown, "Hide, and guess again")
    says(shown, "No guess yet.")
    assert "0.017" not in shown.inner_text()


def test_where_all_cost_the_same_a_sentence_says_so(show, state):
    shown = show(OrderingLab())
    shown.get_by_label("Example").select_option("parity")
    press(shown, "All cost the same")
    says(shown, "Your guess: all orderings cost the same. Press Reveal.")
    press(shown, "Reveal")
    says(shown, "✓ they do. No difference: each of the 24 orderings costs 0.693 nats.")
    assert not shown.get_by_role("group", name="Orderings that cost the same").is_visible()
    shown.get_by_role("button", name="x₄, step 4").focus()
    shown.get_by_label("Example").select_option("rain diary")  # three variables: keys reach them
    assert shown.locator('.made-chips [tabindex="0"]').count() == 1
    assert (state("selected"), state("guess"), state("revealed")) == ([0, 1, 2], None, False)


def test_in_jupyterlab_page_and_python_have_one_state(lab, page):
    assert run_cells(page, lab, "from made_course import OrderingLab\nw = OrderingLab()\nw") == []
    widget = page.locator(".jp-OutputArea .made-widget")
    focus_chip(widget, "sum")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("x")  # not taken for the notebook's own key, which cuts a cell
    press(widget, "Reveal")
    says(widget, "one of the worst")
    assert kernel_says(page, "w.guess == w.selected == [0, 1, 3, 2] and w.revealed") == "True"
    kernel_says(page, "setattr(w, 'example', 'chain')")
    widget.get_by_text("x₁ is a fair coin.").wait_for()
    kernel_says(page, "setattr(w, 'revealed', True)")
    says(widget, "No difference: in each of the 24 orderings the model is exact")
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    assert page.complaints == []
