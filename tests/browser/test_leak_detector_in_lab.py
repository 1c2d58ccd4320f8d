"""LeakDetector in JupyterLab: a cheating autoencoder and an honest MADE."""

import pytest

from tests.browser.lab import kernel_says, run_cells, says

pytestmark = pytest.mark.delivery

CHEAT = """
import torch
from made_course import LeakDetector
torch.manual_seed(0)
dense = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
w = LeakDetector(dense, ordering=[1, 2, 0])
w"""
HONEST = """
import torch
from made_course import MADE, LeakDetector
w = LeakDetector(MADE(3, (8,), ordering=[1, 2, 0], degrees="even", seed=0))
w"""


def test_a_dense_autoencoder_is_caught_and_rows_can_be_chosen(lab, page):
    assert run_cells(page, lab, CHEAT) == []
    widget = page.locator(".made-widget")
    says(widget, "6 leaks were found by flipping each variable at all 8 binary vectors x")
    says(widget, "output x₂ moved when x₂ did")
    assert widget.locator('[data-state="leak"][data-row]').count() >= 6

    for output in ("x₃", "x₂"):
        widget.locator('rect[style*="pointer"]').nth(int("₁₂₃".index(output[1]))).click()
        says(widget, f"Output {output}, step")
    assert kernel_says(page, "w.selected") == "1"
    choice = widget.get_by_label("Output", exact=False).first
    choice.focus()
    page.keyboard.press("ArrowUp")
    says(widget, "Output x₁, step 3 of 3")
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1
    assert page.complaints == []


def test_an_honest_made_passes_until_the_ordering_is_another(lab, page):
    assert run_cells(page, lab, HONEST) == []
    widget = page.locator(".made-widget")
    says(
        widget, "No leak: every output depends only on earlier variables, at all 8 binary vectors x"
    )
    ordering = widget.get_by_label("Ordering")
    ordering.fill("x1, x2, x3")
    ordering.press("Enter")
    says(widget, "output x₁ moved when x₂ did")
    ordering.fill("x1, x7")
    ordering.press("Enter")
    widget.get_by_role("alert").get_by_text("unknown x7").wait_for()
    assert kernel_says(page, "w.ordering") == "[0, 1, 2]"
    assert page.complaints == []
