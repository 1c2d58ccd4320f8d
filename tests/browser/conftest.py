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


@pytest.fixture
def page(_browser_here):
    """An empty page; `page.complaints` collects what the browser's console calls an error."""
    with chromium() as page:
        yield page
