"""SamplingPlayer in JupyterLab: played, paused, scrubbed and switched."""

import pytest

from tests.browser.lab import kernel_says, run_cells, says

pytestmark = pytest.mark.delivery

DIGITS = """
from made_course import MADE, SamplingPlayer, load_binarized_mnist, load_pretrained
_, test, _ = load_binarized_mnist("small")
w = SamplingPlayer(load_pretrained("mnist-512"), real=test[0])
w"""


@pytest.fixture
def widget(lab, page):
    assert run_cells(page, lab, DIGITS) == []
    yield page.locator(".made-widget")
    assert page.complaints == []


def test_plays_and_pauses(widget, page):
    says(widget, "Step 406 of 784")
    play = widget.get_by_role("button", name="Play")
    play.focus()
    page.keyboard.press("Enter")
    says(widget, "Step 4")  # 400 and more
    pause = widget.get_by_role("button", name="Pause")
    pause.wait_for()
    page.keyboard.press(" ")
    play.wait_for()
    stopped = kernel_says(page, "w.step")
    assert 406 < int(stopped) < 784
    page.wait_for_timeout(500)
    assert kernel_says(page, "w.step") == stopped
    says(widget, f"Step {stopped} of 784")


def test_ends_by_itself_and_starts_again(widget, page):
    kernel_says(page, "setattr(w, 'step', 780)")
    says(widget, "Step 780")
    widget.get_by_role("button", name="Play").click()
    says(widget, "Step 784 of 784")
    widget.get_by_role("button", name="Play").click()
    widget.get_by_role("button", name="Pause").click()
    assert 0 < int(kernel_says(page, "w.step")) < 780


def test_scrubs_by_key_and_on_the_curve(widget, page):
    step = widget.get_by_role("spinbutton", name="Step")
    step.focus()
    page.keyboard.press("ArrowUp")
    says(widget, "Step 407 of 784")
    step.fill("100")
    step.press("Enter")
    says(widget, "Step 100 of 784")

    curve = widget.locator('svg[aria-label^="Log-likelihood"]')
    box = curve.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 4, middle)
    page.mouse.down()
    says(widget, "Step 196 of 784")
    page.mouse.move(box["x"] + box["width"] * 3 / 4, middle, steps=5)
    page.mouse.up()
    says(widget, "Step 588 of 784")
    page.mouse.move(box["x"] + box["width"] / 2, middle)  # the button is up: only looking
    page.wait_for_timeout(300)
    assert kernel_says(page, "w.step") == "588"


def test_switches(widget, page):
    pictures = widget.locator('svg[aria-label*="so far"]')
    assert pictures.count() == 1
    real = widget.get_by_label("Beside: a real image")
    real.focus()
    page.keyboard.press(" ")
    widget.get_by_text("neither a reconstruction nor a sample").wait_for()
    assert pictures.count() == 2
    widget.get_by_label("Take the likelier value").check()
    widget.get_by_text("Taking the likelier value draws nothing").wait_for()
    assert widget.get_by_role("button", name="New sample").is_disabled()
    widget.get_by_label("Take the likelier value").uncheck()
    before = kernel_says(page, "w.samples.sum().item()")
    widget.get_by_role("button", name="New sample").click()
    page.wait_for_timeout(500)
    assert kernel_says(page, "w.samples.sum().item()") != before
