"""A JupyterLab for all browser tests."""

import shutil
from pathlib import Path

import pytest

from made_course.widgets.alone import alone
from tests.browser.lab import jupyterlab

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="session")
def lab(_browser_here, tmp_path_factory):
    """A JupyterLab with `.base` (its address), `.token` and `.root`, the folder it serves."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(
        NOTEBOOKS, folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints")
    )
    with jupyterlab(folder) as server:
        yield server


@pytest.fixture
def show(page, tmp_path):
    """``show(widget)`` opens a widget on a page without Python, and returns its element."""

    def open_page(widget):
        path = tmp_path / "widget.html"
        path.write_text(f"<!doctype html><meta charset=utf-8><title>-</title>{alone(widget)}")
        page.goto(path.as_uri())
        shown = page.locator(".made-widget")
        shown.wait_for()
        return shown

    yield open_page
    assert page.complaints == []


@pytest.fixture
def state(page):
    """``state(name)`` is what the page holds of the shown widget's state."""
    ask = "name => document.querySelector('.made-widget').model.get(name)"
    return lambda name: page.evaluate(ask, name)
