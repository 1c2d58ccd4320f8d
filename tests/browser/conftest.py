"""A JupyterLab for all browser tests."""

import shutil
from pathlib import Path

import pytest

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
