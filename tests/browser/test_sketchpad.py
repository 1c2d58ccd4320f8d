"""Sketchpad on a page without Python, and once in JupyterLab."""

import pytest
import torch
from PIL import Image

from made_course import Sketchpad, load_binarized_mnist
from tests.browser.lab import drag, kernel_says, place, run_cells, run_command, says
from tests.waiting import soon

pytestmark = pytest.mark.delivery

BLUE_TO_INK = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
    return Array.from({length: 784}, (_, i) => Number(data[4 * i] < 100));
}"""


@pytest.fixture
def show(show):
    """``show(pad)`` also opens *More*."""

    def open_more(pad):
        widget = show(pad)
        widget.get_by_role("button", name="More").click()
        return widget

    return open_more


@pytest.fixture
def pad():
    return Sketchpad(load_binarized_mnist("small")[1][:5])


def painted(canvas):
    return torch.tensor(canvas.evaluate(BLUE_TO_INK))


def test_eight_endings_are_the_packages_own(show, pad):
    widget = show(pad)
    says(widget, "of 8 as a 0")
    endings = widget.get_by_role("group", name="Endings").locator("canvas")
    shown = torch.stack([painted(endings.nth(k)) for k in range(8)])
    assert torch.equal(shown, pad.completion.samples[0].long())
    widget.get_by_role("button", name="Draw again").click()
    says(widget, "of 8 as a 0")
    pad.seed = 1
    assert torch.equal(painted(endings.nth(3)), pad.completion.samples[0, 3].long())


def test_a_network_that_peeks_draws_blanks(show, state, pad):
    widget = show(pad)
    says(widget, "of 8 as a 0")
    says(widget, "hidden pixels right, each from the pixels before it.")
    widget.get_by_role("button", name="Let it peek").click()
    widget.get_by_role("button", name="Let it peek", pressed=True).wait_for()
    says(
        widget, "the network guesses 198 of the 198 hidden pixels right, because it sees each one."
    )
    says(widget, "8 of 8 are blank, because the network copies the blank paper.")
    pad.peeks = state("peeks")
    endings = widget.get_by_role("group", name="Endings").locator("canvas")
    assert torch.equal(painted(endings.nth(3)), pad.completion.samples[0, 3].long())


def test_a_drawing_is_centred_and_completed(show, state, bare, pad):
    widget = show(pad)
    board = widget.get_by_role("application")
    box = board.bounding_box()
    drag(bare, place(box, 0.2, 0.1), place(box, 0.5, 0.1), place(box, 0.3, 0.5))  # small, and aside
    says(widget, "of 8 as a 7")
    row = torch.arange(784) // 28
    rows = row[torch.tensor([pixel == "1" for pixel in state("digit")])]
    assert rows.max() - rows.min() > 15  # 11 rows as it was drawn, without the width of the pen
    widget.get_by_role("button", name="Rub out").click()
    hidden = state("hidden")
    drag(bare, place(box, 0.5, 0.3), place(box, 0.6, 0.3))
    bare.wait_for_function(
        "before => document.querySelector('.made-widget').model.get('hidden') !== before",
        arg=hidden,
    )
    assert state("hidden").count("1") > hidden.count("1") + 15
    assert widget.get_by_label("Hide").input_value() == ""
    widget.get_by_label("Hide").select_option("nothing")
    says(widget, "Nothing is hidden. Rub out a part.")
    widget.get_by_role("button", name="Take a real digit").click()
    assert state("digit") == pad.digits[1]


def test_a_digit_is_drawn_with_keys(show, state, pad):
    widget = show(pad)
    widget.get_by_role("button", name="Clear").click()
    board = widget.get_by_role("application")
    board.press("ArrowUp")
    for _ in range(12):
        board.press("Shift+ArrowDown")
    says(widget, "of 8 as a 1")
    column = torch.arange(784) % 28
    columns = column[torch.tensor([pixel == "1" for pixel in state("digit")])]
    assert columns.max() - columns.min() < 4


def test_pixels_one_after_another(show, bare, pad):
    widget = show(pad)
    says(widget, "of 8 as")
    step = widget.get_by_role("button", name="Step")
    step.click()
    says(widget, "Ending 1, pixel 1 of 198 (row 17, column 4): the probability")
    widget.get_by_role("button", name="Ending 3").click()
    widget.get_by_role("button", name="Play slowly").click()
    widget.get_by_text("Ending 3, pixel").wait_for()
    bare.wait_for_timeout(1200)
    widget.get_by_role("button", name="Pause").click()
    says(widget, "Ending 3, pixel")
    third = widget.get_by_role("button", name="Ending 3").locator("canvas")
    before = third.evaluate("canvas => canvas.toDataURL()")
    widget.get_by_role("button", name="Show the probabilities").click()
    bare.wait_for_function(
        "before => document.querySelectorAll('.made-endings canvas')[2].toDataURL() !== before",
        arg=before,
    )


def test_share_saves_an_animated_picture(show, bare, tmp_path, pad):
    widget = show(pad)
    says(widget, "of 8 as")
    with bare.expect_download() as download:
        widget.get_by_role("button", name="Share").click()
    download.value.save_as(tmp_path / "shared.gif")
    with Image.open(tmp_path / "shared.gif") as picture:
        assert picture.n_frames == 17


WATCH = """() => {
    const verdict = document.querySelector('.made-verdict');
    window.said = [];
    new MutationObserver(() => window.said.push(verdict.textContent))
        .observe(verdict, {childList: true, characterData: true, subtree: true});
}"""


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_where_motion_is_reduced(show, bare, pad, motion):
    bare.emulate_media(reduced_motion=motion)
    widget = show(pad)
    says(widget, "of 8 as")
    bare.evaluate(WATCH)
    widget.get_by_role("button", name="Draw again").click()
    ending = widget.locator(".made-endings canvas").first
    pad.seed = 1
    expected = pad.completion.samples[0, 0].long()
    assert soon(lambda: torch.equal(painted(ending), expected))
    says(widget, "of 8 as")
    was_empty = "" in bare.evaluate("window.said")  # as the verdict is until all pixels are drawn
    assert was_empty == (motion == "no-preference")


def test_in_jupyterlab_with_a_kernel_and_without(lab, page):
    source = (
        "from made_course import *\n"
        "w = Sketchpad(load_binarized_mnist('small')[1][:3], part='left')\nw"
    )
    assert run_cells(page, lab, source) == []
    widget = page.locator(".made-widget")
    says(widget, "of 8 as")
    widget.get_by_role("button", name="More").click()
    widget.get_by_label("Hide").select_option("top")
    says(widget, "of 8 as")
    assert soon(lambda: kernel_says(page, "w.hidden == w.parts['top']") == "True")
    kernel_says(page, "setattr(w, 'digit', w.digits[1])")
    says(widget, "as a 1")
    run_command(page, "kernelmenu:shutdown")
    widget.get_by_role("button", name="Draw again").click()
    says(widget, "of 8 as")
    assert page.complaints == []
