"""A JupyterLab for all browser tests, and a page of Chromium for each."""

import os
import shutil
from pathlib import Path

import pytest

from tests.browser.lab import chromium, jupyterlab, what_is_missing

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="session")
def _browser_here():
    missing = what_is_missing()
    if missing and os.environ.get("MADE_COURSE_REQUIRE_BROWSER"):
        pytest.fail(f"MADE_COURSE_REQUIRE_BROWSER is set, but there is {missing}")
    if missing:
        pytest.skip(missing)


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
def _page(_browser_here):
    with chromium() as page:
        yield page


@pytest.fixture
def page(_page):
    """A page of Chromium; `page.complaints` collects what its console calls an error."""
    _page.complaints.clear()
    _page.set_viewport_size({"width": 1100, "height": 1000})
    return _page
