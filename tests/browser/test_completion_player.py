"""CompletionPlayer on a page without Python, and once in JupyterLab."""

import re

import pytest
import torch

from made_course import CompletionPlayer, load_binarized_mnist, load_pretrained
from tests.browser.lab import drag, kernel_says, place, run_cells, run_command, says
from tests.widgets.models import a_model, rows_of

pytestmark = pytest.mark.delivery


@pytest.mark.parametrize("name", ["mnist-any-order", "mnist-512"])
def test_eight_completions_of_a_digit_are_the_packages(show, name):
    w = CompletionPlayer(load_pretrained(name), load_binarized_mnist("small")[1][:10])
    widget = show(w)
    says(widget, "8 exact samples")
    widget.get_by_role("button", name="middle").click()
    w.part = "middle"
    says(
        widget,
        "of the 588 known pixels come too late"
        if name == "mnist-512"
        else "an ordering was made for this",
    )
    says(widget, "Which of the eight comes closest to the original?")
    assert widget.get_by_text("given the rest").count() == 0
    widget.get_by_role("button", name="completion 3").click()
    apart = (w.completion.samples[0] != torch.tensor(w.images[0])).sum(1).tolist()
    says(widget, f"Closest is number {1 + apart.index(min(apart))}: {min(apart)} of 196 hidden")
    assert widget.get_by_text(re.compile(r"independent pixels: \d+\.\d nats")).is_visible()
    given = r"not known" if name == "mnist-512" else r"\d+\.\d nats"
    assert widget.get_by_text(re.compile(f"given the rest: {given}")).is_visible()


def test_nothing_that_was_revealed_stays_revealed(show, state):
    widget = show(CompletionPlayer(a_model(16), rows_of(3, 16)))
    known = widget.locator("canvas.made-drawable")
    costs = widget.locator(".made-prices")
    for other in ("top", "image 2", "Other completions"):
        widget.get_by_role("button", name="completion 2").click()
        says(widget, "The original is one possibility")
        assert "?" not in known.get_attribute("aria-label")
        assert costs.is_visible()
        widget.get_by_role("button", name=other, exact=True).click()
        says(widget, "Which of the eight")
        assert "?" in known.get_attribute("aria-label")
        assert not costs.is_visible()
        assert state("asked")["guess"] is None
    widget.get_by_role("button", name="Show the original").click()
    says(widget, "The original is one possibility")
    widget.get_by_role("button", name="Hide the original").click()
    says(widget, "Which of the eight")


def test_the_pointer_hides_and_uncovers(show, state, bare):
    widget = show(CompletionPlayer(a_model(16), rows_of(1, 16)))
    widget.get_by_role("button", name="nothing").click()
    says(widget, "Nothing is hidden")
    assert not widget.get_by_role("group", name="completions").is_visible()
    assert not widget.get_by_text("exact samples").is_visible()
    box = widget.locator("canvas.made-drawable").bounding_box()

    def cell(row, column):
        return place(box, (column + 0.5) / 4, (row + 0.5) / 4)

    drag(bare, cell(0, 1), cell(0, 3), cell(2, 3))
    says(widget, "Which of the eight")
    assert state("asked")["hidden"] == "0111000100010000"
    drag(bare, cell(0, 2), cell(0, 3))
    says(widget, "samples")
    assert state("asked")["hidden"] == "0100000100010000"


def test_by_keyboard_alone(show, state, bare):
    widget = show(CompletionPlayer(a_model(16), rows_of(3, 16)))
    widget.get_by_role("button", name="left").press("Enter")
    for group, presses in (("images", 1), ("completions", 3)):
        bare.keyboard.press("Tab")
        while not widget.get_by_role("group", name=group).locator(":focus").count():
            bare.keyboard.press("Tab")
        for _ in range(presses):
            bare.keyboard.press("ArrowRight")
        bare.keyboard.press("Enter")
    says(widget, "The original is one possibility")
    asked = state("asked")
    assert (asked["image_index"], asked["guess"]) == (1, 3)
    assert widget.get_by_role("button", name="completion 4", pressed=True).count() == 1


def test_in_jupyterlab_with_a_kernel_and_without(lab, page):
    made = "w = CompletionPlayer(load_pretrained('tiny'), bars_and_stripes()[:3])"
    source = f"from made_course import *\n{made}\nw"
    assert run_cells(page, lab, source) == []
    widget = page.locator(".made-widget")
    widget.get_by_role("button", name="completion 2").click()
    says(widget, "The original is one possibility")
    assert kernel_says(page, "(w.asked['guess'], w.asked['revealed'])") == "(1, True)"
    kernel_says(page, "setattr(w, 'part', 'top')")
    says(widget, "known pixels come too late")
    run_command(page, "kernelmenu:shutdown")
    widget.get_by_role("button", name="bottom").click()
    says(widget, "8 exact samples: the model's own ordering")
    assert page.complaints == []
