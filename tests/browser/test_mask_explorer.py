"""MaskExplorer on a page without Python, by mouse and by keyboard; then once in JupyterLab."""

import pytest

from made_course import MaskExplorer
from tests.browser.lab import kernel_says, run_cells, says

pytestmark = pytest.mark.delivery


def unit(widget, layer, k):
    return widget.locator(f'[data-layer="{layer}"][data-unit="{k}"]')


def drawn(widget, kind):
    """The lines of a kind in the graph: how many, and where."""
    return widget.locator(f".graph > .{kind}").get_attribute("d").count("M")


def test_mouse(show, state):
    widget = show(MaskExplorer())
    says(widget, "x̂₁ sees x₂ and x₃. It may see x₂ and x₃.")
    assert drawn(widget, "ghost") == 40 - (6 + 12 + 6)
    unit(widget, 3, 2).click()
    says(widget, "x̂₃ sees x₂. It may see x₂.")
    assert state("selected") == [3, 2]

    kept = drawn(widget, "before")
    unit(widget, 0, 0).hover()  # x₁: nothing may see it
    widget.get_by_text("x₁ reaches nothing. It may reach nothing.").wait_for()
    assert drawn(widget, "before") + drawn(widget, "after") == 0
    mask = widget.locator(".matrix").nth(2)
    mask.hover(position={"x": 50, "y": 80})
    widget.get_by_text("listen to unit 1 of hidden layer 2? Degrees: 1 > 1? No: cut.").wait_for()
    widget.get_by_text("p(x₃ | x₂)").hover()
    widget.get_by_text("x̂₃ sees x₂.").nth(1).wait_for()
    widget.get_by_text("Start again").hover()
    assert drawn(widget, "before") == kept

    widget.get_by_label("Break it").select_option(label="output mask with >= in place of >")
    says(widget, "this is no distribution")
    says(widget, "x̂₂ sees x₂. It may see nothing. A leak: x₂.")
    assert drawn(widget, "cross") == 4
    widget.get_by_role("button", name="Start again").click()
    says(widget, "x = 1.000, and no output sees what it may not")
    assert drawn(widget, "cross") == 0


def test_a_variable_is_dragged_along_the_ordering(show, state, bare):
    widget = show(MaskExplorer())
    widget.get_by_role("button", name="x₁, step 3").hover()
    bare.mouse.down()
    widget.get_by_role("button", name="x₂, step 1").hover()
    bare.mouse.up()
    widget.get_by_text("p(x₁)", exact=True).wait_for()
    assert state("ordering") == [0, 1, 2]


def test_sizes_and_degrees(show, state):
    widget = show(MaskExplorer())
    widget.get_by_role("button", name="Variables: one more").click()
    widget.get_by_role("button", name="Hidden 2: one less").click()
    widget.get_by_role("button", name="Add a layer").click()
    says(widget, "x̂₁ sees x₂ and x₃.")
    assert [len(layer) for layer in state("hidden_degrees")] == [4, 3, 3]
    unit(widget, 1, 0).click()
    says(widget, "Unit 1 of hidden layer 1 has degree 1.")
    widget.get_by_role("button", name="Its degree: one more").click()
    says(widget, "Unit 1 of hidden layer 1 has degree 2.")
    widget.get_by_label("Degrees", exact=True).select_option("uniform")
    says(widget, "Unit 1 of hidden layer 1")
    widget.get_by_role("checkbox", name="Direct connections").check()
    widget.get_by_text("Mᴬ inputs → outputs").wait_for()


def test_keyboard(show, state, bare):
    widget = show(MaskExplorer())
    for _ in range(9):  # past eight controls, to the unit that is selected
        bare.keyboard.press("Tab")
    bare.keyboard.press("ArrowDown")
    says(widget, "x̂₂ sees nothing.")
    bare.keyboard.press("ArrowUp")
    bare.keyboard.press("ArrowUp")
    says(widget, "Unit 4 of hidden layer 2 has degree 2")
    unit(widget, 0, 1).focus()
    bare.keyboard.press("Enter")
    says(widget, "x₂ reaches")
    widget.get_by_role("button", name="x₃, step 2").focus()
    bare.keyboard.press("ArrowRight")
    bare.keyboard.press("ArrowLeft")
    bare.keyboard.press("ArrowLeft")
    widget.get_by_text("p(x₂ | x₃)").wait_for()
    assert state("ordering") == [2, 1, 0]
    widget.get_by_role("button", name="Remove a layer").focus()
    for _ in range(3):  # once too often: the key stays where it was pressed
        bare.keyboard.press("Enter")
    assert bare.evaluate("document.activeElement.innerText") == "Remove a layer"
    assert state("hidden_degrees") == []


def test_beside_the_units_the_picture_takes_a_click_and_no_keys(show, state, bare):
    widget = show(MaskExplorer())
    widget.locator(".graph").click(position={"x": 3, "y": 3})
    bare.keyboard.press("Enter")
    bare.keyboard.press("Shift+Tab")
    bare.keyboard.press("Tab")
    bare.keyboard.press("ArrowDown")
    says(widget, "x̂₂ sees nothing.")
    widget.get_by_role("button", name="Add a layer").click()
    assert len(state("hidden_degrees")) == 3


def test_a_picture_is_saved_with_its_colours(show, bare, tmp_path):
    widget = show(MaskExplorer(names=["</svg><script>alert(1)</script>", "b", "c"]))
    with bare.expect_download() as download:
        widget.get_by_role("button", name="Save picture").click()
    saved = (tmp_path / "picture.svg").absolute()
    download.value.save_as(saved)
    bare.goto(saved.as_uri())
    line = bare.locator("path.before").first
    assert line.evaluate("line => getComputedStyle(line).stroke") == "rgb(0, 114, 178)"


def test_in_jupyterlab_and_without_its_kernel(lab, page):
    source = "from made_course import MaskExplorer\nw = MaskExplorer(16, (64, 64))\nw"
    assert run_cells(page, lab, source) == []
    widget = page.locator(".made-widget")
    unit(widget, 2, 30).click()
    says(widget, "Unit 31 of hidden layer 2")
    page.wait_for_timeout(300)
    assert kernel_says(page, "w.selected") == "(2, 30)"
    kernel_says(page, "w.restart()")
    says(widget, "x̂₁ sees")
    # the focus stays, and no key was taken for one of the notebook's: x cuts a cell
    unit(widget, 3, 0).focus()
    page.keyboard.press("x")
    page.wait_for_timeout(300)
    assert widget.count() == 1
    shut = "window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
    page.evaluate(f"async () => {{ await {shut} }}")
    says(widget, "Python is gone.")
    unit(widget, 3, 1).click()
    says(widget, "x̂₂ sees nothing. It may see nothing.")
    assert drawn(widget, "before") == 0
    assert page.complaints == []
