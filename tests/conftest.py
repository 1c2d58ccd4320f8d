"""What holds for every test: which data it may need, and how hypothesis searches."""

import os

import hypothesis
import pytest
import torch

from made_course.data import mnist_folder

# The same examples in every run, so that a red test is red again, and no limit on the time of
# one example, which measures how busy the machine is.
hypothesis.settings.register_profile("course", derandomize=True, deadline=None)
hypothesis.settings.load_profile("course")


def pytest_runtest_setup(item):
    # Whoever names a folder of MNIST wants it used: there the tests run, and fail without it.
    if item.get_closest_marker("full_mnist") and not os.environ.get("MADE_COURSE_DATA"):
        folder = mnist_folder()
        if not folder.exists():
            pytest.skip(f"no full MNIST in {folder} (python -m made_course.data downloads it)")


@pytest.fixture(autouse=True)
def _one_thread(request):
    """Threads would only wait for each other over products as small as those of most tests."""
    threads = torch.get_num_threads()
    if not request.node.get_closest_marker("full_mnist"):
        torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _nothing_solved_yet(monkeypatch, tmp_path):
    """What a test solves is neither that of the user at hand nor that of another test."""
    monkeypatch.setenv("MADE_COURSE_PROGRESS", str(tmp_path / "solved"))
    monkeypatch.setattr("made_course.exercises._passed", {})
    monkeypatch.setattr("made_course.exercises._hints_given", {})
