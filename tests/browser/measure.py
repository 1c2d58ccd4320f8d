"""How long a reader waits and what stays in memory: ``python -m tests.browser.measure`` prints it.

Waits are from the browser's own time of a key press or click, through the kernel, to the first
frame painted after the new picture is in the page.
"""

import statistics
import tempfile
from pathlib import Path

from tests.browser.lab import chromium, jupyterlab, kernel_says, run_cells, run_command

PRESSES = 60
RUNS = 100
WATCH = """(widget) => {
    window.waits = [];
    const started = (event) => {
        if (event.type === 'keydown' && event.key === 'Shift') return;
        const start = event.timeStamp;
        const target = widget;
        const observer = new MutationObserver((changes) => {
            if (!changes.some((c) => c.target.closest?.('.widget-html-content'))) return;
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(
                () => window.waits.push(performance.now() - start), 0));
        });
        observer.observe(target, {childList: true, subtree: true});
    };
    widget.addEventListener('click', started, true);
    widget.addEventListener('keydown', started, true);
}"""


def measure(page, act) -> str:
    """Carries out an action many times, each after the last one's picture, and sums up."""
    page.evaluate("window.waits.length = 0")
    for k in range(PRESSES):
        act(k)
        page.wait_for_function(f"window.waits.length >= {k + 1}", timeout=10_000)
    waits = sorted(page.evaluate("window.waits"))
    return f"median {statistics.median(waits):5.1f} ms, 95% {waits[int(0.95 * len(waits))]:5.1f} ms"


def explorer(page, lab, sizes: str) -> None:
    """A MaskExplorer: choosing a unit, another ordering, other degrees, a break."""
    errors = run_cells(page, lab, f"from made_course import MaskExplorer\nMaskExplorer({sizes})")
    assert not errors, errors
    widget = page.locator(".made-widget")
    widget.evaluate(WATCH)
    units = widget.locator(".unit")
    n = units.count()
    if n:
        print("  click on a unit      ", measure(page, lambda k: units.nth(k % n).click()))
        print(
            "  Enter on a unit      ",
            measure(page, lambda k: units.nth((k + 1) % n).press("Enter")),
        )
    later = widget.get_by_role("button", name="Random ordering")
    print("  another ordering     ", measure(page, lambda k: later.click()))
    widget.locator(".made-unit select").select_option(index=int(sizes.split(",")[0]))
    box = widget.get_by_role("spinbutton", name="Its degree")
    page.wait_for_timeout(500)
    print(
        "  a degree by hand, key",
        measure(page, lambda k: box.press(("ArrowUp", "ArrowDown")[k % 2])),
    )


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
        for sizes in ("3, (4, 4)", "16, (64, 64)"):
            print(f"MaskExplorer({sizes})")
            with chromium() as page:
                explorer(page, lab, sizes)
        for source in ("MaskExplorer()",):
            print(f"{source}, the same cell {RUNS} times")
            with chromium() as page:
                memory(page, lab, source)


if __name__ == "__main__":
    main()
