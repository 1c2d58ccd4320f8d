"""A JupyterLab for all browser tests."""

import shutil
from pathlib import Path

import pytest

from made_course.widgets.shared.without_kernel import standalone_html
from tests.browser.lab import jupyterlab, watched

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


@pytest.fixture(scope="session")
def _bare(_page):
    return watched(_page.context.browser.new_page())


@pytest.fixture
def bare(_bare):
    """A page for widgets without Python; that of JupyterLab keeps its notebook meanwhile."""
    _bare.complaints.clear()
    _bare.set_viewport_size({"width": 1100, "height": 1000})
    _bare.emulate_media(color_scheme="null", reduced_motion="null")
    yield _bare
    assert _bare.complaints == []
    _bare.goto("about:blank")  # what trains there would go on


@pytest.fixture
def show(bare, tmp_path):
    """``show(widget)`` opens a widget on the bare page, and returns its element."""

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
    """``state(name)`` is what the bare page holds of the shown widget's state."""
    ask = "name => document.querySelector('.made-widget').model.get(name)"
    return lambda name: bare.evaluate(ask, name)
