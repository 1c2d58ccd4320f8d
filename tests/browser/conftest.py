"""Fixtures for browser tests: a JupyterLab, and a page for widgets without Python."""

import shutil
from pathlib import Path

import pytest

from made_course.widgets.shared.without_kernel import standalone_html
from tests.browser.lab import jupyterlab, watched

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="session")
def lab(_browser_here, tmp_path_factory):
    """Return a JupyterLab with `.base` (its address), `.token` and `.root` (its folder)."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(
        NOTEBOOKS, folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints")
    )
    with jupyterlab(folder) as server:
        yield server


@pytest.fixture(scope="session")
def _bare(_page):
    return watched(_page.context.browser.new_page())


@pytest.fixture
def bare(_bare):
    """Return a page for widgets without Python, apart from the page of JupyterLab."""
    _bare.complaints.clear()
    _bare.set_viewport_size({"width": 1100, "height": 1000})
    _bare.emulate_media(color_scheme="null", reduced_motion="null")
    yield _bare
    assert _bare.complaints == []
    _bare.goto("about:blank")  # ends the training of a widget


@pytest.fixture
def show(bare, tmp_path):
    """Return a function that opens a widget on the bare page, and returns its element."""

    def open_page(widget):
        path = tmp_path / "widget.html"
        page = f"<!doctype html><meta charset=utf-8><title>-</title>{standalone_html(widget)}"
        path.write_text(page, encoding="utf-8")
        bare.goto(path.as_uri())
        shown = bare.locator(".made-widget")
        shown.wait_for()
        return shown

    return open_page


@pytest.fixture
def state(bare):
    """Return a function from the name of a trait to its value in the bare page."""
    ask = "name => document.querySelector('.made-widget').model.get(name)"
    return lambda name: bare.evaluate(ask, name)
