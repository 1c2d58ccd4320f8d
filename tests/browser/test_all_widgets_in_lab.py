"""Every widget in JupyterLab is accessible, fits a small or dark page, and leaves nothing."""

from pathlib import Path

import pytest

from tests.browser.lab import kernel_says, run_cells, run_command
from tests.waiting import soon

pytestmark = pytest.mark.delivery

AXE = Path(__file__).parent / "axe" / "axe.min.js"  # MPL-2.0, its notice stands in the file
SCREENSHOTS = Path(__file__).parent / "screenshots"
WIDGETS = {
    "MaskExplorer": "MaskExplorer()",
    "MaskExplorer, broken": "MaskExplorer(direct=True, fault='output with >=', simple=False)",
    "MaskExplorer, boards": "MaskExplorer('boards', simple=False)",
    "Sketchpad": "Sketchpad(digits)",
    "Sketchpad, nothing hidden": "Sketchpad(digits, part='nothing')",
}
PREPARE = (
    "import made_course, torch\nfrom made_course import *\n"
    "from IPython.display import display\n"
    "digits = load_binarized_mnist('small')[1][:10]"
)


def cells():
    """Return a cell for each widget, which makes it, displays it and sets its state."""
    parts = (source.partition("; ") for source in WIDGETS.values())
    return [PREPARE, *(f"w = {made}\ndisplay(w)\n{state}" for made, _, state in parts)]


def widgets_on(page):
    """Wait until all widgets are there, and return them."""
    widgets = page.locator(".jp-OutputArea .made-widget")
    assert soon(lambda: widgets.count() == len(WIDGETS))
    return widgets


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(lab, page, theme):
    assert run_cells(page, lab, *cells(), dark=theme == "dark") == []
    widgets = widgets_on(page)
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """async () => (await axe.run({include: [['.made-widget']]})).violations
            .filter(rule => ['serious', 'critical'].includes(rule.impact))
            .map(rule => [rule.id, rule.help, rule.nodes.map(node => node.html.slice(0, 300))])"""
    )
    SCREENSHOTS.mkdir(exist_ok=True)
    page.set_viewport_size({"width": 1024, "height": 1500})
    for name, widget in zip(WIDGETS, widgets.all(), strict=True):
        widget.screenshot(path=SCREENSHOTS / f"{name} {theme}.png")
    assert found == []
    assert page.complaints == []


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (512, 384)])  # a beamer; 200% zoom
def test_nothing_is_cut_off_on_a_small_screen(lab, page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    assert run_cells(page, lab, *cells()) == []
    cut = widgets_on(page).evaluate_all(
        """widgets => widgets.map(widget => [widget, ...widget.querySelectorAll('*')]
            .filter(part => !part.closest('svg') && part.getBoundingClientRect().right
                > widget.parentElement.getBoundingClientRect().right + 1)
            .map(part => part.className))"""
    )
    assert cut == [[] for _ in WIDGETS]


def test_running_a_cell_again_leaves_nothing_behind(lab, page):
    assert run_cells(page, lab, *cells()) == []
    count = "len(__import__('ipywidgets').widgets.widget._instances)"
    before = kernel_says(page, count)
    for _ in range(3):
        run_command(page, "notebook:run-all-cells")
    assert kernel_says(page, count) == before
    widgets_on(page)
    assert page.complaints == []
