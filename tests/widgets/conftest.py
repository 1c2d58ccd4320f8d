"""Fixtures that call the widgets' modules in Node, or in a browser if there is no Node."""

import shutil

import pytest

from tests.widgets.javascript import in_browser, node


@pytest.fixture(scope="session")
def call(request):
    """Return ``call(module, name, *args)``, which calls a function of a widget's module."""
    if shutil.which("node"):
        with node() as call:
            yield call
    else:
        yield in_browser(request.getfixturevalue("_page"))
