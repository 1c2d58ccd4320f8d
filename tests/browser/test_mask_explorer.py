"""MaskExplorer on a page without Python: trained, broken, mended, by mouse and by keyboard."""

import contextlib
import io

import pytest

from made_course import MaskExplorer
from tests.browser.lab import drag, kernel_says, place, run_cells, says
from tests.waiting import soon
from tests.widgets.test_mask_explorer import VALID, wrong_addresses

pytestmark = pytest.mark.delivery

FLOOR = 3.4012


def node(widget, layer, k):
    return widget.locator(f'[data-layer="{layer}"][data-node="{k}"]')


def button(widget, name):
    return widget.get_by_role("button", name=name, exact=True)


def wait_for(widget, name, holds):
    """Wait until a number of the root element satisfies a condition."""
    place = "value => Number(document.querySelector('.made-widget').dataset[value[0]])"
    widget.page.wait_for_function(
        f"value => {{ const n = ({place})(value); return n {holds}; }}",
        arg=[name],
    )


def test_the_cheat_of_a_visitor(show, state):
    """With direct connections, each output can see its own variable, so the cost falls to 0."""
    widget = show(MaskExplorer(direct=True))
    says(widget, "It has not learned anything yet.")
    button(widget, "Train").click()
    wait_for(widget, "nll", "< 1.88")
    says(widget, "On the floor. It draws")
    button(widget, "Train").wait_for()  # it stops there
    drawn = widget.get_by_role("img", name="It draws 24 days").inner_html()
    button(widget, "Show everything").click()
    says(widget, "“Wet grass?” x̂₁ has degree 3")  # the same network, with more to see
    assert widget.get_by_role("img", name="It draws 24 days").inner_html() == drawn
    button(widget, "Show less").click()
    button(widget, "its own, too").click()  # which starts the training
    assert state("fault") == "output with >="
    wait_for(widget, "nll", "< 0.06")
    says(
        widget,
        "Too good to be true. It scores nearly 0 because each output can see its own answer. "
        "Ask it to draw, with no answer to copy: 24 blanks.",
    )
    button(widget, "earlier variables only").click()
    says(widget, "Its score is honest again.")


def test_everything_is_one_press_away(show, state, bare):
    widget = show(MaskExplorer("boards"))
    button(widget, "Show everything").click()
    wait_for(widget, "sum", "> 0.999999 && n < 1.000001")
    button(widget, "≥ its own, too").click()
    wait_for(widget, "sum", "> 10")
    says(widget, "The 30 boards in its training data contribute")
    button(widget, "> earlier variables only").click()
    button(widget, "More").click()
    widget.get_by_label("Steps").select_option("a row at once")
    wait_for(widget, "floor", "> 7.2086 && n < 7.2088")
    assert state("ordering")[1] == [4, 5, 6, 7]
    widget.get_by_role("button", name="Hidden layers: one fewer").click()
    assert len(state("hidden_degrees")) == 1
    widget.get_by_role("checkbox", name="Direct connections").check()
    assert state("direct")
    assert widget.get_by_role("checkbox", name="Degrees = ordering + 1").is_disabled()
    with bare.expect_download() as download:
        button(widget, "Save picture").click()
    assert download.value.path().read_bytes()[1:4] == b"PNG"
    button(widget, "Reset everything").click()
    assert len(state("hidden_degrees")) == 2


def test_an_address_is_the_network_that_was_built(show, state, bare):
    built = MaskExplorer(ordering=[[0, 2], [1]], hidden_dims=[5], direct=True, simple=False)
    widget = show(built)
    button(widget, "≥ its own, too").click()
    bare.wait_for_function("location.hash.includes('sees=own')")
    address = bare.url
    show(MaskExplorer("boards", simple=False))  # the page as another reader opens it
    bare.goto(address)
    widget.locator(".cheat[aria-pressed=true]").wait_for()
    names = ("lesson", "ordering", "hidden_degrees", "direct", "fault")
    built.fault = "output with >="
    assert [state(name) for name in names] == [getattr(built, name) for name in names]
    button(widget, "More").click()
    button(widget, "Copy as PyTorch").click()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(widget.locator("pre").inner_text(), {})
    assert printed.getvalue() == f"{built.connectivity.int()}\n"


def test_a_wrong_address_opens_a_lesson(show, bare):
    widget = show(MaskExplorer(simple=False))
    page = bare.url
    for address in [*VALID, *wrong_addresses(20)]:
        bare.goto(f"{page}#{address}")  # changes only the fragment
        node(widget, 0, 0).wait_for()
        bare.reload()
        node(widget, 0, 0).wait_for()
        assert widget.locator(".lessons [aria-pressed=true]").count() == 1, address


def test_a_variable_is_dragged_and_moved_by_key(show, state, bare):
    widget = show(MaskExplorer())
    boxes = [node(widget, 0, k).bounding_box() for k in (1, 0)]
    bare.mouse.move(*place(boxes[0], 0.5, 0.5))
    bare.mouse.down()
    bare.mouse.move(*place(boxes[1], 0.5, 0.5), steps=4)
    chip, there = widget.locator(".chip").bounding_box(), boxes[1]
    assert abs(chip["y"] + chip["height"] / 2 - there["y"] - there["height"] / 2) < 2
    bare.mouse.up()
    assert state("ordering") == [[0], [2], [1]]
    says(widget, "Now rain and wet grass have changed places.")
    node(widget, 0, 0).focus()
    bare.keyboard.press("Shift+ArrowDown")
    assert state("ordering") == [[2], [0], [1]]
    says(widget, "Now wet grass is drawn at step 2.")
    bare.keyboard.press("j")
    assert state("ordering") == [[2], [0], [1]]


def test_steps_are_joined_where_this_is_asked_for(show, state, bare):
    widget = show(MaskExplorer(simple=False, joins=True))
    wait_for(widget, "floor", "< 1.8445")
    boxes = [node(widget, 0, k).bounding_box() for k in (2, 1)]
    drag(bare, *(place(box, 0.5, 0.5) for box in boxes))
    assert state("ordering") == [[1, 2], [0]]
    says(widget, "Now sprinkler x₃ is drawn at step 1, together with rain x₂.")
    wait_for(widget, "floor", "> 1.8445")  # rain and sprinkler no longer see one another
    node(widget, 0, 0).focus()
    bare.keyboard.press("j")
    assert state("ordering") == [[1, 2, 0]]


def test_units_by_mouse_and_by_key(show, state, bare):
    widget = show(MaskExplorer(simple=False))
    node(widget, 3, 2).click()
    says(widget, "It sees units of lower degree, and so rain x₂.")
    assert state("selected") == [3, 2]
    bare.keyboard.press("ArrowLeft")
    bare.keyboard.press("Enter")
    says(widget, "A unit of degree")
    boxes = [node(widget, layer, k).bounding_box() for layer, k in ((1, 0), (0, 2))]
    drag(bare, *(place(box, 0.5, 0.5) for box in boxes))
    says(widget, "The unit now has degree 2.")
    assert state("hidden_degrees") == [[1, 2, 2, 2], [1, 1, 2, 2]]
    button(widget, "More").click()
    widget.get_by_role("checkbox", name="Degrees = ordering + 1").check()
    says(widget, "The masks are right, but for a different ordering.")
    wait_for(widget, "sum", "> 0.999999 && n < 1.000001")


def test_boards_of_the_readers_own(show, state, bare):
    widget = show(MaskExplorer("yours"))
    button(widget, "Remove board 1").click()
    button(widget, "Remove board 1").click()
    says(widget, "Paint at least two boards.")
    assert button(widget, "Train").get_attribute("aria-disabled") == "true"
    cells = widget.get_by_role("group", name="Your board").get_by_role("button")
    boxes = [cells.nth(k).bounding_box() for k in (0, 3)]
    drag(bare, *(place(box, 0.5, 0.5) for box in boxes))
    cells.nth(0).focus()
    bare.keyboard.press("ArrowDown")
    bare.keyboard.press(" ")
    button(widget, "Keep it").click()
    assert state("yours")[-1] == [1] * 5 + [0] * 11
    button(widget, "Train").click()
    wait_for(widget, "nll", "< 0.75")  # the floor of two boards is ln 2 = 0.69


SMALL = """() => [...document.querySelectorAll(".made-widget :is(button, select)")]
    .filter((part) => part.checkVisibility())
    .map((part) => [part.ariaLabel ?? part.textContent, part.getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < 23.9)
    .map(([name]) => name)"""


@pytest.mark.parametrize(("width", "most"), [(1096, 660), (736, 780), (390, 844)])
def test_result_and_control_are_on_one_screen(show, bare, width, most):
    bare.set_viewport_size({"width": width, "height": 900})
    widget = show(MaskExplorer(direct=True))
    button(widget, "Train").click()
    wait_for(widget, "steps", "> 30")
    assert widget.bounding_box()["height"] <= most
    assert bare.evaluate(SMALL) == []
    button(widget, "Show everything").click()
    widget.get_by_role("group", name="What it learns").get_by_role("button").first.click()
    assert bare.evaluate(SMALL) == []
    assert bare.evaluate("document.documentElement.scrollWidth") <= width


def test_in_jupyterlab_and_without_its_kernel(lab, page):
    source = "from made_course import MaskExplorer\nw = MaskExplorer('boards', simple=False)\nw"
    assert run_cells(page, lab, source) == []
    widget = page.locator(".made-widget")
    node(widget, 2, 14).click()
    says(widget, "units of degree 15 see")
    assert soon(lambda: kernel_says(page, "w.hidden_degrees[1][w.selected[1]]") == "15")
    kernel_says(page, "w.restart()")
    says(widget, "x̂₉ has degree")
    # the focus stays, and no key was taken for one of the notebook's: x cuts a cell
    node(widget, 3, 0).focus()
    page.keyboard.press("x")
    page.wait_for_timeout(300)
    assert widget.count() == 1
    assert "data=" not in page.url
    shut = "window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
    page.evaluate(f"async () => {{ await {shut} }}")
    says(widget, "Python has stopped.")
    button(widget, "Train").click()
    wait_for(widget, "nll", f"< {FLOOR + 0.05}")
    wait_for(widget, "sum", "> 0.999999 && n < 1.000001")  # a worker runs here, too
    assert page.complaints == []
