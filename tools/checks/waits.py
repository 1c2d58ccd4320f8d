"""Print how long a reader waits for a widget in JupyterLab: ``python -m tools.checks.waits``.

A wait is the browser's own time from a key press or click to the end of the first frame after it.
"""

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.browser.lab import chromium, jupyterlab, run_cells

PRESSES = 40
PAUSE_MS = 150  # from one picture to the next press
PREPARE = "from made_course import *\n"
WATCH = """(widget) => {
    window.waits = [];
    for (const kind of ['click', 'keydown']) {
        widget.addEventListener(kind, ({timeStamp}) => {
            const tell = () => window.waits.push(performance.now() - timeStamp);
            requestAnimationFrame(() => setTimeout(tell, 0));
        }, true);
    }
}"""


def click_in_turn(selector: str) -> Callable:
    """Return an action that clicks on the first three matches in turn."""
    return lambda widget, k: widget.locator(selector).nth(k % 3).click()


def press_keys(selector: str, *pressed: str) -> Callable:
    """Return an action that presses one of the keys, in turn, on the first match."""
    return lambda widget, k: widget.locator(selector).first.press(pressed[k % len(pressed)])


def press_button(name: str) -> Callable:
    """Return an action that presses the button with this name."""
    return lambda widget, _: widget.get_by_role("button", name=name).click()


CHIP = "[data-layer='0'][data-node='1']"
BOARDS = "MaskExplorer('boards', simple=False)"
SKETCHPAD = "Sketchpad(load_binarized_mnist('small')[1][:10])"
ACTIONS = [
    ("MaskExplorer()", "a unit", click_in_turn("[data-layer='1']")),
    ("MaskExplorer()", "an ordering", press_keys(CHIP, "Shift+ArrowDown", "Shift+ArrowUp")),
    (BOARDS, "a unit", click_in_turn("[data-layer='1']")),
    (BOARDS, "an ordering", press_keys(CHIP, "Shift+ArrowDown", "Shift+ArrowUp")),
    (
        BOARDS,
        "the switch",
        lambda widget, _: widget.locator(".sight [aria-pressed=false]").click(),
    ),
    (SKETCHPAD, "a network that peeks", press_button("Let it peek")),
    (SKETCHPAD, "eight endings", press_button("Draw again")),
]


def measure(widget, act: Callable) -> list[float]:
    """Repeat an action, and return its waits (ms) without the first ones, which compile code."""
    widget.wait_for()
    widget.page.wait_for_timeout(500)
    widget.evaluate(WATCH)
    for k in range(PRESSES):
        act(widget, k)
        widget.page.wait_for_timeout(PAUSE_MS)
    return widget.page.evaluate("window.waits")[PRESSES // 4 :]


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder)) as lab,
        chromium() as page,
    ):
        for source, what, act in ACTIONS:
            errors = run_cells(page, lab, f"{PREPARE}w = {source}\nw")
            assert not errors, errors
            waits = measure(page.locator(".made-widget"), act)
            slow = statistics.quantiles(waits, n=20)[-1]  # 95% of the waits are shorter
            print(f"{source}, {what}: {statistics.median(waits):.1f} ms, 95% {slow:.1f} ms")


if __name__ == "__main__":
    main()
