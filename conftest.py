"""What holds for every test, example in a docstring and notebook."""

import math
import os
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch


def pytest_configure(config):
    # Two workers share the cores, and threads would only wait for one another over products as
    # small as those of most tests. Workers, kernels and subprocesses inherit it.
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ["OMP_NUM_THREADS"] = "1"
        torch.set_num_threads(1)
    # What a notebook solves when it is tested, its user has not solved.
    folder = TemporaryDirectory(prefix="made-course-")
    os.environ["MADE_COURSE_PROGRESS"] = folder.name
    config.add_cleanup(folder.cleanup)


@pytest.fixture(autouse=True)
def _names_in_docstrings(doctest_namespace):
    doctest_namespace.update(torch=torch, math=math, np=np)


@pytest.fixture(autouse=True)
def _same_random_numbers():
    """Each test and example draws the same numbers, whichever ran before it."""
    torch.manual_seed(0)
