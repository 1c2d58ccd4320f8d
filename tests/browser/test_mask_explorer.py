"""MaskExplorer on a page without Python: trained, broken, mended, by mouse and by keyboard."""

import pytest

from made_course import MaskExplorer
from tests.browser.lab import drag, kernel_says, place, run_cells, says

pytestmark = pytest.mark.delivery

FLOOR = 3.4012


def node(widget, layer, k):
    return widget.locator(f'[data-layer="{layer}"][data-node="{k}"]')


def button(widget, name):
    return widget.get_by_role("button", name=name, exact=True)


def wait_for(widget, name, holds, most=30):
    """Until a number of the root element holds."""
    place = "value => Number(document.querySelector('.made-widget').dataset[value[0]])"
    widget.page.wait_for_function(
        f"value => {{ const n = ({place})(value); return n {holds}; }}",
        arg=[name],
        timeout=most * 1000,
    )


def test_train_break_and_mend(show, state):
    widget = show(MaskExplorer("boards"))
    says(widget, "Nothing is learned yet.")
    wait_for(widget, "sum", "> 0.999999 && n < 1.000001")
    button(widget, "Train").click()
    wait_for(widget, "nll", f"< {FLOOR + 0.05}")
    says(widget, "On the floor.")
    widget.get_by_role("switch").click()
    assert state("fault") == "output with >="
    wait_for(widget, "nll", "< 0.1")
    wait_for(widget, "sum", "> 10")
    says(widget, "the 30 boards claim 29.")
    says(widget, "24 blanks")
    widget.get_by_text("one board, 24 times.").wait_for()
    button(widget, "Pause").click()
    steps = widget.evaluate("el => el.dataset.steps")
    says(widget, "x̂₉ now sees x₉: its own answer.")
    widget.get_by_role("switch").click()  # which starts the training
    wait_for(widget, "nll", f"< {FLOOR + 0.05}")
    wait_for(widget, "sum", "< 1.000001")
    says(widget, "Σp is 1 again.")
    assert int(widget.evaluate("el => el.dataset.steps")) > int(steps)


def test_groups_by_mouse_and_by_key(show, state, bare):
    widget = show(MaskExplorer())
    wait_for(widget, "floor", "< 1.8445")
    boxes = [node(widget, 0, k).bounding_box() for k in (2, 1)]
    drag(bare, *(place(box, 0.5, 0.5) for box in boxes))
    assert state("ordering") == [[1, 2], [0]]
    wait_for(widget, "floor", "> 1.8445")  # rain and sprinkler no longer see one another
    node(widget, 0, 2).focus()
    bare.keyboard.press("Shift+ArrowDown")
    assert state("ordering") == [[1], [2], [0]]
    bare.keyboard.press("Shift+ArrowDown")
    assert state("ordering") == [[1], [0], [2]]
    bare.keyboard.press("j")
    assert state("ordering") == [[1], [0, 2]]


def test_units_by_mouse_and_by_key(show, state, bare):
    widget = show(MaskExplorer())
    node(widget, 3, 2).click()
    says(widget, "x̂₃ sees units of degree less than 2: x₂.")
    assert state("selected") == [3, 2]
    bare.keyboard.press("ArrowLeft")
    bare.keyboard.press("Enter")
    says(widget, "A unit of degree")
    node(widget, 1, 0).focus()
    bare.keyboard.press("Shift+ArrowDown")
    assert state("hidden_degrees") == [[1, 2, 2, 2], [1, 1, 2, 2]]
    bare.keyboard.press("ArrowUp")
    bare.keyboard.press("x")
    says(widget, "A unit of degree")


def test_more(show, state, bare):
    widget = show(MaskExplorer("boards"))
    button(widget, "More").click()
    widget.get_by_label("Steps").select_option("a row at once")
    wait_for(widget, "floor", "> 7.2086 && n < 7.2088")
    assert state("ordering")[1] == [4, 5, 6, 7]
    widget.get_by_role("button", name="Hidden layers: one less").click()
    assert len(state("hidden_degrees")) == 1
    widget.get_by_role("checkbox", name="Direct connections").check()
    assert state("direct")
    assert widget.get_by_role("checkbox", name="Degrees = ordering + 1").is_disabled()
    with bare.expect_download() as download:
        button(widget, "Save picture").click()
    assert download.value.path().read_bytes()[1:4] == b"PNG"
    button(widget, "All as at first").click()
    assert len(state("hidden_degrees")) == 2


def test_the_sum_misses_degrees_that_are_the_ordering_plus_1(show):
    widget = show(MaskExplorer())
    button(widget, "More").click()
    widget.get_by_role("checkbox", name="Degrees = ordering + 1").check()
    says(widget, "The masks are sound, but for another ordering.")
    says(widget, "x̂₂, drawn at step 1, needs x₃ and x₁")
    wait_for(widget, "sum", "> 0.999999 && n < 1.000001")


def test_boards_of_the_readers_own(show, state, bare):
    widget = show(MaskExplorer("yours"))
    button(widget, "Take board 1 away").click()
    button(widget, "Take board 1 away").click()
    says(widget, "Paint two boards or more.")
    assert button(widget, "Train").get_attribute("aria-disabled") == "true"
    cells = widget.get_by_role("group", name="Your board").get_by_role("button")
    boxes = [cells.nth(k).bounding_box() for k in (0, 3)]
    drag(bare, *(place(box, 0.5, 0.5) for box in boxes))
    cells.nth(3).focus()
    bare.keyboard.press("ArrowRight")
    bare.keyboard.press(" ")
    button(widget, "Keep it").click()
    assert state("yours")[-1] == [1] * 5 + [0] * 11
    button(widget, "Train").click()
    wait_for(widget, "nll", "< 0.75")  # the floor of two boards is ln 2 = 0.69


@pytest.mark.parametrize(("width", "most"), [(1096, 625), (736, 679), (390, 844)])
@pytest.mark.parametrize("lesson", ["boards", "diary"])
def test_result_and_control_are_on_one_screen(show, bare, lesson, width, most):
    bare.set_viewport_size({"width": width, "height": 900})
    widget = show(MaskExplorer(lesson))
    button(widget, "Train").click()
    wait_for(widget, "steps", "> 30")
    assert widget.bounding_box()["height"] <= most
    assert bare.evaluate("document.documentElement.scrollWidth") <= width


def test_in_jupyterlab_and_without_its_kernel(lab, page):
    source = "from made_course import MaskExplorer\nw = MaskExplorer('boards')\nw"
    assert run_cells(page, lab, source) == []
    widget = page.locator(".made-widget")
    node(widget, 2, 14).click()
    says(widget, "units of degree 15 see")
    page.wait_for_timeout(300)
    assert kernel_says(page, "w.hidden_degrees[1][w.selected[1]]") == "15"
    kernel_says(page, "w.restart()")
    says(widget, "x̂₉ sees")
    # the focus stays, and no key was taken for one of the notebook's: x cuts a cell
    node(widget, 3, 0).focus()
    page.keyboard.press("x")
    page.wait_for_timeout(300)
    assert widget.count() == 1
    shut = "window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
    page.evaluate(f"async () => {{ await {shut} }}")
    says(widget, "Python is gone.")
    button(widget, "Train").click()
    wait_for(widget, "nll", f"< {FLOOR + 0.05}")
    wait_for(widget, "sum", "> 0.999999 && n < 1.000001")  # a worker runs here, too
    button(widget, "Pause").click()
    assert page.complaints == []
