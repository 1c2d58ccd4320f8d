"""Differences between two values are described in words, and small ones are ignored."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from made_lessons.checking.comparison import is_same, require_same
from made_lessons.checking.value_text import as_text
from tests.lessons.checking import said


@pytest.mark.parametrize(
    ("got", "expected", "why"),
    [
        (..., 1, "is still `...`"),
        (None, 1, "Is a `return` missing"),
        (1.0, torch.ones(1), "must be a torch.Tensor"),
        (torch.ones(1), torch.ones(2), "wrong shape$"),
        (torch.ones(2, 3), torch.ones(3, 2), "wrong shape, because rows and columns are swapped"),
        (torch.ones(2, 1), torch.ones(2), "wrong shape, with one dimension of size 1 too many"),
        (torch.ones(2), torch.ones(2, 1), "wrong shape, with one dimension of size 1 too few"),
        (np.ones(1), 1.0, "must be a number"),
        (torch.ones(1), torch.ones(1, dtype=torch.bool), "wrong dtype. .* True or False"),
        (torch.ones(1), torch.ones(1).long(), "wrong dtype. .* whole numbers"),
        (torch.ones(1).long(), torch.ones(1), "wrong dtype. .* floats"),
        (torch.zeros(33), torch.arange(33.0), r"entry \[1\] of the answer has the wrong value"),
        (torch.zeros(32), torch.ones(32), "^the answer has the wrong value"),
        (3, [3], "must be a list"),
        ([3], (3, 4), "wrong length"),
        ([1, 3], [1, 2], r"entry \[1\] of the answer has the wrong value"),
        ({"a": 1}, {"b": 1}, "wrong keys"),
        ([], {"b": 1}, "must be a dict"),
        ({"a": 1}, {"a": 2}, r"entry \['a'\] of the answer has the wrong"),
        (1, True, "wrong type"),
        (True, 1, "must be a number"),
        (1.0004, 1.0, "has the wrong value"),
        (2e-4, 0.0, "has the wrong value"),
        (1j, 1.0, "must be a number"),
        ([None, 2], [1, 2], r"entry \[0\] of the answer is None$"),
        (torch.tensor([1066767]), torch.tensor([1066768]), "has the wrong value"),
        (torch.tensor([2e-4]), torch.zeros(1), "has the wrong value"),
        (torch.tensor([1000.4]), torch.tensor([1000.0]), "has the wrong value"),
        ("a", "b", "has the wrong value"),
    ],
)
def test_differences_are_named(got, expected, why):
    assert re.search(why, said(require_same, got, expected)["why"])


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (torch.ones(2, dtype=torch.float64), torch.ones(2)),
        (torch.ones(2, dtype=torch.int32), torch.ones(2, dtype=torch.long)),
        (torch.tensor(3), 3),
        (0.1 + 0.2, 0.3),
        (1.00005, 1.0),
        (5e-5, 0.0),
        (np.array(3), 3),
        (0.5, torch.tensor(0.5)),
        (torch.tensor([1000.2, 5e-5, np.nan]), torch.tensor([1000.0, 0.0, np.nan])),
        ((1, 2), [1, 2]),
        (float("inf"), float("inf")),
    ],
)
def test_harmless_differences_are_accepted(got, expected):
    assert is_same(got, expected)


def test_long_values_are_cut():
    assert as_text(torch.zeros(100, 100)) == "a tensor of shape (100, 100)"
    assert len(as_text("a" * 1000)) <= 240
    assert as_text((1.0,)) == "(1.0,)"
    assert as_text(nn.Linear(1, 1)) == "a Linear"
