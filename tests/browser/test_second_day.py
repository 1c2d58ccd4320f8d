"""A notebook as JupyterLab saved it, opened on another day, when its kernel is gone."""

import pytest

from tests.browser.lab import open_notebook, run_command
from tools.checks.walk import second_day

LIMIT_S = 600


@pytest.mark.delivery
@pytest.mark.parametrize(
    "name", ["00_start_here.ipynb", "03_building_masks.ipynb", "06_sampling_and_completion.ipynb"]
)
def test_questions_and_figures_are_there_and_widgets_sleep(lab, page, name):
    """What is counted besides is one line, on the page and in the console, for each widget."""
    open_notebook(page, lab, name)
    run_command(page, "notebook:run-all-cells", LIMIT_S)
    run_command(page, "docmanager:save")
    assert [*second_day(page, lab, name)] == []
