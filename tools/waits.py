"""How long a reader waits and what stays in memory: ``python -m tools.waits`` prints it.

Waits are from the browser's own time of a key press or click, through the kernel, to the first
frame painted after the new picture is in the page.
"""

import math
import statistics
import tempfile
from pathlib import Path

from tests.browser.lab import chromium, jupyterlab, kernel_says, run_cells, run_command

PRESSES = 60
PAUSE_MS = 200  # from one picture to the next press
HOLD_MS = 80  # from pressing a mouse's button to letting it go, as a hand does
RUNS = 100
WIDGETS = (
    "MaskExplorer()",
    "LeakDetector(lambda x: x, input_dim=3)",
    "SamplingPlayer(MADE(3, (4,), seed=0))",
    "CompletionPlayer(MADE(16, (4,), seed=0))",
    "TrainingMonitor()",
    "OrderingLab()",
    "Quiz('?', [Choice('1', 'y', right=True), Choice('0', 'n')])",
)
PREPARE = """import torch
from made_course import *
COINS = torch.ones(4, dtype=torch.float64) / 4"""
WATCH = """(widget) => {
    window.waits = [];
    const started = (event) => {
        if (event.type === 'keydown' && event.key === 'Shift') return;
        const start = event.timeStamp;
        const target = widget;
        const observer = new MutationObserver((changes) => {
            if (target.querySelector('.widget-html-content')
                && !changes.some((c) => c.target.closest?.('.widget-html-content'))) return;
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(
                () => window.waits.push(performance.now() - start), 0));
        });
        observer.observe(target, {childList: true, subtree: true});
    };
    widget.addEventListener('click', started, true);
    widget.addEventListener('keydown', started, true);
}"""


def time_presses(page, act, presses: int = PRESSES, pause_ms: int = PAUSE_MS) -> list[float]:
    """Carries out an action many times, each after the last one's picture; returns the waits."""
    page.evaluate("window.waits.length = 0")
    for k in range(presses):
        act(k)
        page.wait_for_function(f"window.waits.length >= {k + 1}", timeout=10_000)
        page.wait_for_timeout(pause_ms)
    return page.evaluate("window.waits")


def longest_of_95_percent(waits: list[float]) -> float:
    """The wait that 95% of the waits do not exceed."""
    return sorted(waits)[math.ceil(0.95 * len(waits)) - 1]


def measure(page, act) -> str:
    """Carries out an action many times and sums up."""
    waits = time_presses(page, act)
    return f"median {statistics.median(waits):5.1f} ms, 95% {longest_of_95_percent(waits):5.1f} ms"


def show(page, lab, source: str):
    """A widget on a page of its own."""
    errors = run_cells(page, lab, f"{PREPARE}\nw = {source}\nw")
    assert not errors, errors
    widget = page.locator(".made-widget")
    widget.evaluate(WATCH)
    page.wait_for_timeout(1000)
    return widget


def explorer(page, lab, source: str) -> None:
    """Choosing a unit, another ordering, other degrees."""
    widget = show(page, lab, source)
    units = widget.locator(".unit")
    n = units.count()
    if n:
        print(
            "  click on a unit   ", measure(page, lambda k: units.nth(k % n).click(delay=HOLD_MS))
        )
        print("  Enter on a unit   ", measure(page, lambda k: units.nth(-k % n).press("Enter")))
    other = widget.get_by_role("button", name="Random ordering")
    print("  another ordering  ", measure(page, lambda k: other.click(delay=HOLD_MS)))
    unit = widget.locator(".made-unit select")
    first_hidden = int(kernel_says(page, "len(w.ordering)"))
    unit.select_option(index=first_hidden)
    page.wait_for_timeout(1000)
    box = widget.get_by_role("spinbutton", name="Its degree")
    keys = ("ArrowUp", "ArrowDown")
    print("  a degree by key   ", measure(page, lambda k: box.press(keys[k % 2])))


def others(page, lab) -> None:
    """A step of a digit, completions of one, another output of a detector."""
    widget = show(page, lab, "SamplingPlayer(load_pretrained('mnist-512'))")
    step = widget.get_by_role("slider", name="Step")
    said = measure(page, lambda k: step.press("ArrowRight"))
    print("  SamplingPlayer, 784: a step by key ", said)
    widget = show(page, lab, "CompletionPlayer(load_pretrained('mnist-512'))")
    original = widget.get_by_role("button", name="the original")
    other = widget.get_by_role("button", name="Other completions")
    print("  CompletionPlayer, 784: the original", measure(page, lambda k: original.press("Enter")))
    print("  CompletionPlayer, 784: drawn anew  ", measure(page, lambda k: other.press("Enter")))
    widget = show(page, lab, "LeakDetector(MADE(16, (64, 64), seed=0))")
    output = widget.get_by_role("combobox").first
    keys = ("ArrowUp", "ArrowDown")
    output.select_option(index=3)
    page.wait_for_timeout(1000)
    print(
        "  LeakDetector, 16: another output   ", measure(page, lambda k: output.press(keys[k % 2]))
    )


def orderings(page, lab, source: str) -> None:
    """Another ordering, another step, costs revealed and hidden."""
    widget = show(page, lab, f"{source}; w.revealed = True")
    pictures = widget.locator('svg[role="group"]')
    rows, steps = (pictures.nth(k).locator(".row") for k in (0, 1))
    n, d = rows.count(), steps.count()
    turn = widget.get_by_role("button", name="Hide, and guess again").or_(
        widget.get_by_role("button", name="Reveal")
    )
    print("  click on an ordering", measure(page, lambda k: rows.nth(~k % n).click(delay=HOLD_MS)))
    print("  Enter on an ordering", measure(page, lambda k: rows.nth(k % n).press("Enter")))
    print("  click on a step     ", measure(page, lambda k: steps.nth(k % d).click(delay=HOLD_MS)))
    print("  reveal and hide     ", measure(page, lambda k: turn.click(delay=HOLD_MS)))


def memory(page, lab, source: str) -> None:
    """Runs a cell with a widget again and again."""
    errors = run_cells(page, lab, f"from made_course import *\n{source}")
    assert not errors, errors
    session = page.context.new_cdp_session(page)

    def megabytes() -> str:
        session.send("HeapProfiler.collectGarbage")
        browser = session.send("Runtime.getHeapUsage")["usedSize"] / 2**20
        pages = kernel_says(page, "int(open('/proc/self/statm').read().split()[1])")
        widgets = kernel_says(page, "len(__import__('ipywidgets').widgets.widget._instances)")
        return f"{int(pages) / 256:.0f} MB kernel, {browser:.0f} MB browser, {widgets} widgets"

    run_command(page, "notebook:run-all-cells")
    print(f"  after run 2: {megabytes()}")
    for run in range(3, RUNS + 1):
        run_command(page, "notebook:run-all-cells")
        if run in (RUNS // 2, RUNS):
            print(f"  after run {run}: {megabytes()}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab:
        for source in ("MaskExplorer()", "MaskExplorer(16, (64, 64))"):
            print(source)
            with chromium() as page:
                explorer(page, lab, source)
        for source in ("OrderingLab()", "OrderingLab(torch.kron(half_adder_joint(), COINS))"):
            print(source)
            with chromium() as page:
                orderings(page, lab, source)
        print("Other widgets")
        with chromium() as page:
            others(page, lab)
        for source in WIDGETS:
            print(f"{source}, the same cell {RUNS} times")
            with chromium() as page:
                memory(page, lab, source)


if __name__ == "__main__":
    main()
