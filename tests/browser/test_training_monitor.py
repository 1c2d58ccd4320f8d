"""TrainingMonitor on a page: it follows training while the kernel is busy, and can end it."""

import re

import pytest

from made_course import MADE, TrainingMonitor, bars_and_stripes, fit
from made_course.figures.learning_curves import nll_range
from tests.browser.lab import (
    KERNEL_IDLE,
    REPLACE_CELLS,
    START_COMMAND,
    kernel_says,
    run_cells,
    says,
)

pytestmark = pytest.mark.delivery

TRAINING = """
import time, torch
from made_course import MADE, TrainingMonitor, bars_and_stripes, fit
class Slow(TrainingMonitor):
    def __call__(self, model, history):
        super().__call__(model, history)
        time.sleep(0.4)
monitor = Slow()
boards = bars_and_stripes()
history = fit(MADE(16, (32,), seed=0), boards, boards, epochs=EPOCHS, seed=0, progress=False,
              on_epoch=monitor)
"""


def test_curves_levels_and_samples_stand_at_their_numbers(show, bare):
    x = bars_and_stripes()
    monitor = TrainingMonitor({"entropy": 3.4, "<b>here": 10.9})
    fit(MADE(16, (32,), seed=0), x, x, epochs=11, seed=0, progress=False, on_epoch=monitor)
    widget = show(monitor)
    axis = bare.evaluate(
        """() => [...document.querySelectorAll('.made-monitor text[text-anchor=end]')]
            .filter(t => /^[\\d.]+$/.test(t.textContent))
            .map(t => [t.getAttribute('y') - 5, +t.textContent])"""
    )
    (y0, low), (y1, high) = axis[0], axis[-1]
    for name, nll in monitor.told["curves"].items():
        line = widget.locator(f"g[data-curve={name}]")
        points = line.locator("polyline").get_attribute("points").split()
        for point, nats in zip(points, nll, strict=True):
            seen = low + (float(point.partition(",")[2]) - y0) * (high - low) / (y1 - y0)
            assert seen == pytest.approx(nats, abs=0.01)
        assert f"{nll[-1]:.4g}" in widget.locator("svg").first.text_content()
    words = widget.inner_text()
    assert "Below the picture: entropy 3.4" in words
    assert "<b>here 10.9" in widget.locator("svg").first.text_content()
    assert [r.inner_text() for r in widget.locator(".made-row").all()] == [
        f"{k}" for k in (1, 5, 10)
    ]
    # a pixel of each sample of the last row: white as strong as its ink, on whatever paper
    strength = widget.locator("canvas").last.evaluate(
        """canvas => [...Array(8).keys()].map(k => canvas.getContext('2d')
            .getImageData(k * 29 + 3, 3, 1, 1).data[3])"""
    )
    assert strength == (255 * monitor.samples[10][:, 0]).tolist()


def test_a_long_line_has_few_points_the_first_and_the_last_among_them(show, bare):
    monitor = TrainingMonitor()
    wave = [90 + 400 / (k + 1) for k in range(3000)]
    monitor.told = {**monitor.told, "curves": {"train": wave, "validation": wave}}
    monitor.told |= {"range": nll_range([wave], []), "unit": "nats"}
    widget = show(monitor)
    points = widget.locator("polyline").first.get_attribute("points").split()
    assert 50 < len(points) <= 201
    assert points[0].startswith("58.0,")
    assert points[-1].startswith("388.0,")


def test_in_jupyterlab_it_follows_a_busy_kernel_and_stops_it(lab, page):
    assert run_cells(page, lab, "import made_course") == []
    page.evaluate(
        """() => {
            window.seen = [];
            new MutationObserver(() => {
                const line = document.querySelector('.made-controls [role="status"]');
                if (line && window.seen.at(-1) !== line.textContent)
                    window.seen.push(line.textContent);
            }).observe(document, {childList: true, subtree: true, characterData: true});
        }"""
    )
    assert run_cells(page, lab, TRAINING.replace("EPOCHS", "5")) == []
    widget = page.locator(".made-monitor")
    widget.get_by_text("Epoch 5 of 5: ").wait_for()
    assert widget.count() == 1  # it showed itself
    seen = [words.split(" of ")[0] for words in page.evaluate("window.seen")]
    assert list(dict.fromkeys(seen)) == [f"Epoch {k}" for k in range(1, 6)]
    assert widget.locator("canvas").count() == 2
    assert not widget.get_by_role("button", name="Stop").is_visible()

    page.evaluate(REPLACE_CELLS, [TRAINING.replace("EPOCHS", "500")])
    page.evaluate(START_COMMAND, ["notebook:run-all-cells", {}])
    widget.get_by_text(re.compile("of 500: about .* left")).wait_for()
    widget.get_by_role("button", name="Stop").click()
    widget.get_by_text("in all").wait_for()
    epochs = kernel_says(page, "len(history), len(monitor.told['curves']['train'])")
    assert epochs in {f"({k}, {k})" for k in range(2, 20)}
    assert page.complaints == []


def test_a_restart_in_the_middle_of_training_promises_nothing_more(lab, page):
    assert run_cells(page, lab, "import made_course") == []
    page.evaluate(REPLACE_CELLS, [TRAINING.replace("EPOCHS", "500")])
    page.evaluate(START_COMMAND, ["notebook:run-all-cells", {}])
    widget = page.locator(".made-monitor")
    widget.get_by_text(re.compile("of 500: about .* left")).wait_for()
    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    page.evaluate(f"async () => {{ await {kernel}.restart(); }}")
    says(widget, "Python is gone.")
    says(widget, "in all")
    assert not widget.get_by_role("button", name="Stop").is_visible()
    top = widget.get_by_text("Python is gone.").bounding_box()["y"]
    assert top < widget.locator("svg").first.bounding_box()["y"]
    page.wait_for_function(KERNEL_IDLE)
