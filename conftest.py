"""What every example in a docstring may use without importing it."""

import math

import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def _names_in_docstrings(doctest_namespace):
    doctest_namespace.update(torch=torch, math=math, np=np)


@pytest.fixture(autouse=True)
def _same_random_numbers():
    """Each test and example draws the same numbers, whichever ran before it."""
    torch.manual_seed(0)
