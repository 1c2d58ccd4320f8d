"""What holds for every test: which data it may need, and how hypothesis searches."""

import os

import hypothesis
import pytest

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
