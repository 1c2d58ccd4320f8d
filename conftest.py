"""What holds for every test, example in a docstring and notebook.

PyTorch is imported where it is used, here and in ``tests/conftest.py``: the process that hands out
the tests to its workers needs none, and all wait for it.
"""

import atexit
import gc
import os
from functools import partial
from tempfile import TemporaryDirectory

import nbval.kernel
import pytest
from xdist.scheduler import LoadFileScheduling


class ByFile(LoadFileScheduling):
    """A worker gets whole files; a notebook that is played in JupyterLab lasts as long as one.

    All tests of the site go to one worker, which builds it.
    """

    def _split_scope(self, nodeid):
        if nodeid.startswith("tests/site/"):
            return "tests/site"
        is_played = nodeid.startswith("tests/browser/test_notebook_in_lab.py")
        return nodeid if is_played else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


def pytest_configure(config):
    # Two workers share the cores, and threads would only wait for one another over products as
    # small as those of most tests. Workers, kernels and subprocesses inherit it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # What a notebook solves when it is tested, its user has not solved.
    folder = TemporaryDirectory(prefix="made-course-")
    os.environ["MADE_COURSE_PROGRESS"] = f"{folder.name}/solved"
    # The kernels of two workers would wait for one another's history.
    os.environ["IPYTHONDIR"] = f"{folder.name}/ipython"
    if os.name == "posix":  # a free port may be taken before a kernel binds it
        by_file = {"transport": "ipc", "ip": f"{folder.name}/kernel"}
        nbval.kernel.KernelManager = partial(nbval.kernel.KernelManager, **by_file)
    atexit.register(folder.cleanup)  # after IPython has closed its history


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Exempt imported and collected objects from garbage collection, because they stay in use."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    return found


@pytest.fixture(autouse=True)
def _names_in_docstrings(doctest_namespace):
    import math

    import numpy as np
    import torch

    doctest_namespace.update(torch=torch, math=math, np=np)


@pytest.fixture(autouse=True)
def _same_random_numbers():
    """Seed torch, so that a test or example draws the same numbers whatever ran before it."""
    import torch

    # torch.manual_seed writes the stack down each time, for a GPU that has not been used yet
    torch.default_generator.manual_seed(0)
