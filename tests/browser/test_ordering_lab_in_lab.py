"""OrderingLab in JupyterLab, by mouse and by keyboard."""

import pytest

from tests.browser.lab import kernel_says, run_cells, says

pytestmark = pytest.mark.delivery

HALF_ADDER = "from made_course import OrderingLab\nw = OrderingLab()\nw"


@pytest.fixture
def widget(lab, page):
    assert run_cells(page, lab, HALF_ADDER) == []
    yield page.locator(".made-widget")
    assert page.complaints == []


def row(widget, name):
    """The button in a picture that has this name."""
    return widget.locator("g.row").and_(widget.get_by_role("button", name=name, exact=True))


def visible_rows(widget, what):
    """Numbers of the rows of orderings whose pointer or guess is to be seen."""
    return widget.locator('svg[role="group"]').first.evaluate(
        """(picture, what) => [...picture.querySelectorAll(`.row .${what}`)]
            .filter(part => getComputedStyle(part).visibility === 'visible')
            .map(part => Number(part.parentElement.dataset.row))""",
        what,
    )


def test_mouse_guess_reveal_select(widget, page):
    assert widget.get_by_text("0.017").count() == 0
    assert visible_rows(widget, "pointer") == [0]
    assert visible_rows(widget, "guess") == []
    row(widget, "x₁, x₂, sum, carry").click()
    says(widget, "Your guess: x₁, x₂, sum, carry is the best. Press Reveal.")
    assert visible_rows(widget, "pointer") == visible_rows(widget, "guess") == [1]
    widget.get_by_text("p(x) = p(x₁) · p(x₂ | x₁) · p(sum | x₁, x₂) · p(carry").wait_for()

    widget.get_by_role("button", name="Reveal").click()
    says(widget, "It costs 0.669 nats more than the best: one of the worst.")
    says(widget, "Step 3, p(sum | x₁, x₂), costs most: 0.685 nats.")
    widget.get_by_text("Σp = 2.739 ✕ no distribution").wait_for()
    assert widget.locator(".bar").count() == 24
    assert visible_rows(widget, "guess") == [1]

    row(widget, "carry, sum, x₁, x₂: 0.017 nats, one of the best").click()
    says(widget, "carry, sum, x₁, x₂ costs 0.017 nats: one of the best.")
    assert kernel_says(page, "w.selected, w.guess") == "([2, 3, 0, 1], [0, 1, 3, 2])"
    row(widget, "Step 2, p(sum | carry): 0.000 nats").click()
    widget.get_by_text("Step 2: how probable is sum = 1?").wait_for()

    widget.get_by_role("button", name="Hide, and guess again").click()
    says(widget, "No guess yet.")
    assert widget.locator(".bar").count() == 0


def test_keyboard(widget, page):
    first = row(widget, "x₁, x₂, carry, sum")
    first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    says(widget, "Your guess: x₁, x₂, sum, carry")
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    says(widget, "Your guess: x₁, carry, x₂, sum")
    # the focus is where it was, and no key was taken for one of the notebook's: x cuts a cell
    page.keyboard.press("x")
    assert page.evaluate("document.activeElement.dataset.row") == "2"
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1

    guess = widget.get_by_label("Your guess")
    guess.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    says(widget, "Your guess: all orderings cost the same.")
    turn = widget.get_by_role("button", name="Reveal")
    turn.focus()
    page.keyboard.press("Enter")
    says(widget, "You guessed that all orderings cost the same: they do not.")
    assert guess.is_disabled()

    ordering = widget.get_by_label("Ordering", exact=True)
    ordering.focus()
    page.keyboard.press("Home")
    says(widget, "x₁, x₂, carry, sum costs 0.017 nats")
    page.keyboard.press("ArrowDown")
    says(widget, "x₁, x₂, sum, carry costs 0.686 nats: one of the worst.")
    step = widget.get_by_label("Step", exact=True)
    step.focus()
    page.keyboard.press("ArrowDown")
    widget.get_by_text("Step 4: how probable is carry = 1?").wait_for()

    best_first = widget.get_by_label("Best first")
    best_first.focus()
    page.keyboard.press(" ")
    last = widget.locator('svg[role="group"]').first.locator(".row").last
    last.and_(widget.get_by_role("button", name="0.686 nats, one of the worst")).wait_for()
    step = row(widget, "Step 3, p(sum | x₁, x₂): 0.685 nats")
    step.focus()
    page.keyboard.press(" ")
    widget.get_by_text("Step 3: how probable is sum = 1?").wait_for()
    assert page.evaluate("document.activeElement.dataset.row") == "2"


def test_examples_and_python(widget, page):
    widget.get_by_label("Example").select_option(label="chain")
    widget.get_by_text("x₁ is a fair coin.").wait_for()
    widget.get_by_role("button", name="Reveal").click()
    says(widget, "No difference: in each of the 24 orderings the model is exact")
    widget.get_by_text("although each of the models is exact").wait_for()
    kernel_says(page, "setattr(w, 'example', 'rain diary')")
    widget.get_by_text("The diary of notebook 1").wait_for()
    assert widget.get_by_label("Example").input_value() == "rain diary"
    kernel_says(page, "setattr(w, 'selected', [1, 2, 0])")
    widget.get_by_text("p(x) = p(rain) · p(sprinkler | rain) · p(wet | rain, sprinkler)").wait_for()
