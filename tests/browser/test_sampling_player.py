"""SamplingPlayer on a page without Python, and once in JupyterLab."""

import pytest

from made_course import SamplingPlayer, load_pretrained
from tests.browser.lab import drag, kernel_says, place, run_cells, run_command, says
from tests.widgets.models import a_model, rows_of

pytestmark = pytest.mark.delivery

VALUES = """(canvas, [rows, columns]) => {
    const [high, wide] = [canvas.height / rows, canvas.width / columns];
    const paint = canvas.getContext("2d");
    return Array.from({length: rows * columns}, (_, i) => {
        const x = (i % columns + 0.5) * wide, y = (Math.floor(i / columns) + 0.5) * high;
        return Number(paint.getImageData(x, y, 1, 1).data[0] < 128);
    });
}"""


def test_a_digit_is_the_packages_own_sample(show, bare):
    w = SamplingPlayer(load_pretrained(), seed=7)
    widget = show(w)
    says(widget, "Step 378 of 784: x₃₇₈.")  # in the middle of a row, and of a drawing
    slider = widget.get_by_role("slider", name="Step")
    slider.press("Home")
    says(widget, "Step 0 of 784: nothing is decided yet. First in the ordering is x₁: p = 0.001.")
    slider.press("End")
    found = w.trajectory
    says(widget, f"log p = −{-found.log_likelihood[-1]:.1f} nats")
    painted = widget.locator("canvas").first.evaluate(VALUES, [28, 28])
    assert painted == found.x.int().tolist()


def test_plays_pauses_and_ends(show, state, bare):
    widget = show(SamplingPlayer(a_model(784, (4,))))
    widget.get_by_label("Speed").select_option("fast")
    play = widget.get_by_role("button", name="Play")
    bare.evaluate("document.querySelector('.made-widget').model.set('step', 0)")
    play.press("Enter")
    bare.wait_for_function("() => document.querySelector('.made-widget').model.get('step') > 20")
    pause = widget.get_by_role("button", name="Pause")
    pause.press(" ")
    play.wait_for()
    stopped = state("step")
    bare.wait_for_timeout(100)
    assert 20 < state("step") == stopped < 784
    bare.evaluate("document.querySelector('.made-widget').model.set('step', 770)")
    play.click()
    says(widget, "The whole image has log p")
    play.click()  # from the start again
    pause.click()
    assert state("step") < 700


def test_steps_by_button_key_and_drag(show, state, bare):
    widget = show(SamplingPlayer(a_model(16)))
    widget.get_by_role("button", name="One step on").click()
    slider = widget.get_by_role("slider", name="Step")
    slider.press("ArrowRight")
    says(widget, "Step 2 of 16")
    widget.get_by_role("button", name="One step back").click()
    assert state("step") == 1
    box = widget.locator(".made-curve svg").bounding_box()
    drag(bare, place(box, 0.25, 0.5), place(box, 0.5, 0.5))
    bare.mouse.move(*place(box, 1, 0.5))
    says(widget, "Step 8 of 16")
    said = widget.get_by_role("img").first.get_attribute("aria-label")
    assert said.count("?, hatched") == 8


def test_likelier_values_new_samples_and_real_rows(show, state):
    w = SamplingPlayer(a_model(16), real=rows_of(2, 16), seed=1)
    widget = show(w)
    widget.get_by_role("slider").press("End")
    pictures = widget.locator("canvas:visible")
    w.greedy = True
    widget.get_by_label("likelier value").check()
    says(widget, "1/2: the likelier value is")
    assert pictures.first.get_attribute("aria-label") == labelled(w, w.trajectory.x)
    widget.get_by_role("button", name="New sample").click()
    w.greedy, w.seed = False, 2
    says(widget, "so it is")
    assert state("greedy") is False
    assert pictures.first.get_attribute("aria-label") == labelled(w, w.trajectory.x)
    widget.get_by_label("a real image beside").check()
    says(widget, "The real image has log p")
    assert pictures.count() == 4
    assert pictures.nth(2).get_attribute("aria-label") == labelled(w, rows_of(2, 16)[0])


def labelled(w, row):
    return "; ".join(
        f"{name} {x}" for name, x in zip(w.board["names"], row.int().tolist(), strict=True)
    )


def test_in_jupyterlab_with_a_kernel_and_without(lab, page):
    source = "from made_course import *\nw = SamplingPlayer(load_pretrained('tiny'))\nw"
    assert run_cells(page, lab, source) == []
    widget = page.locator(".made-widget")
    widget.get_by_role("button", name="One step on").click()
    says(widget, "Step 1 of 16")
    assert kernel_says(page, "w.step") == "1"
    kernel_says(page, "setattr(w, 'step', 5)")
    says(widget, "Step 5 of 16")
    run_command(page, "kernelmenu:shutdown")
    widget.get_by_role("button", name="One step on").click()
    says(widget, "Step 6 of 16")
    assert page.complaints == []
