"""Settings and fixtures of all tests: data, hypothesis, solved exercises, the browser."""

import os
from uuid import uuid4

import hypothesis
import pytest

from tests.browser.lab import chromium, what_is_missing

# The same examples in every run, so that failures repeat. No time limit for examples, because it
# depends on how busy the machine is.
hypothesis.settings.register_profile(
    "course",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("course")


def pytest_runtest_setup(item):
    # If MADE_COURSE_DATA names a folder, these tests run, and fail if MNIST is missing there.
    if item.get_closest_marker("full_mnist") and not os.environ.get("MADE_COURSE_DATA"):
        from made_course.data.mnist import mnist_folder

        folder = mnist_folder()
        if not folder.exists():
            pytest.skip(f"no full MNIST in {folder} (python -m made_course.data downloads it)")


@pytest.fixture(autouse=True)
def _nothing_solved_yet(monkeypatch, tmp_path_factory):
    """Keep solved exercises apart from those of the user and of other tests."""
    solved = tmp_path_factory.getbasetemp() / uuid4().hex  # made by the first solved exercise
    monkeypatch.setenv("MADE_COURSE_PROGRESS", str(solved))
    monkeypatch.setattr("made_lessons.checking.check._passed", {})
    monkeypatch.setattr("made_lessons.checking.check._hints_given", {})


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch):
    """Give answers more time on the clock, so that only their processor time counts."""
    monkeypatch.setattr("made_lessons.checking.time_limits.PATIENCE", 100)


@pytest.fixture(scope="session")
def _browser_here():
    missing = what_is_missing()
    if missing and os.environ.get("MADE_COURSE_REQUIRE_BROWSER"):
        pytest.fail(f"MADE_COURSE_REQUIRE_BROWSER is set, but there is {missing}")
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="session")
def _page(_browser_here):
    with chromium() as page:
        yield page


@pytest.fixture
def page(_page):
    """Return a page in Chromium; `page.complaints` collects the errors of its console."""
    _page.complaints.clear()
    _page.set_viewport_size({"width": 1100, "height": 1000})
    _page.emulate_media(media="null", color_scheme="null", reduced_motion="null")
    return _page
