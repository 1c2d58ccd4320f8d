"""TrainingMonitor in JupyterLab: it follows training while the kernel is busy, and stays."""

import pytest

from tests.browser.lab import kernel_says, run_cells

pytestmark = pytest.mark.delivery

TRAINING = """
import time, torch
from made_course import MADE, TrainingMonitor, bars_and_stripes, fit
class Slow(TrainingMonitor):
    def __call__(self, model, history):
        super().__call__(model, history)
        time.sleep(0.4)
monitor = Slow(every=2, levels={"entropy": 3.40})
history = fit(MADE(16, (32,), seed=0), bars_and_stripes(), bars_and_stripes(), epochs=6,
              seed=0, progress=False, on_epoch=monitor)
"""


def test_follows_the_training_and_stays(lab, page):
    assert run_cells(page, lab, "import made_course") == []
    # what the page has shown, one entry for each change, noted by the browser itself
    page.evaluate(
        """() => {
            window.seen = [];
            new MutationObserver(() => {
                const line = document.querySelector('.made-widget [role="status"]');
                if (line && window.seen.at(-1) !== line.textContent)
                    window.seen.push(line.textContent);
            }).observe(document, {childList: true, subtree: true, characterData: true});
        }"""
    )
    assert run_cells(page, lab, TRAINING) == []
    widget = page.locator(".made-widget")
    assert widget.count() == 1  # it showed itself
    widget.locator('[role="status"]', has_text="Epoch 6").wait_for()
    epochs = [words.split(":")[0] for words in page.evaluate("window.seen")]
    assert epochs == [f"Epoch {k}" for k in range(1, 7)]
    nll = float(kernel_says(page, "history.valid_nll[-1]"))
    assert f"validation {nll:.4g} nats" in widget.locator('[role="status"]').inner_text()
    assert widget.locator('[data-curve="validation"] rect').count() == 6
    assert widget.locator("image").count() == 4  # rows of samples: epochs 1, 2, 4, 6
    assert page.complaints == []
