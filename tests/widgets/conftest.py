"""What the widgets' modules compute is asked of Node, or of a browser where there is none."""

import shutil

import pytest

from tests.widgets.javascript import in_browser, node


@pytest.fixture(scope="session")
def call(request):
    """``call(module, name, *args)`` calls a function of the widgets' modules."""
    if shutil.which("node"):
        with node() as call:
            yield call
    else:
        yield in_browser(request.getfixturevalue("_page"))
