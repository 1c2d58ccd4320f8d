"""Checks of arguments return plain numbers, or raise an error that names the argument."""

import math

import numpy as np
import pytest
import torch

from made_course.common.arguments import check_choice, check_count, check_number, check_switch


@pytest.mark.parametrize("value", [1, np.int64(7), torch.tensor(7)])
def test_a_whole_number_of_any_kind_comes_back_as_an_int(value):
    count = check_count("n", value, largest=7)
    assert type(count) is int
    assert count == value


@pytest.mark.parametrize("value", [0.25, 1, np.float32(0.25), torch.tensor(0.25)])
def test_a_real_number_of_any_kind_comes_back_as_a_float(value):
    number = check_number("lr", value)
    assert type(number) is float
    assert number == value


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        *[
            (TypeError, r"^rows must be a whole number, got ", lambda v=v: check_count("rows", v))
            for v in [1.0, "3", True, torch.tensor(1.5)]
        ],
        (ValueError, r"^rows must be at least 1, got 0$", lambda: check_count("rows", 0)),
        (ValueError, r"^row must be at least 0, got -1$", lambda: check_count("row", -1, 0)),
        (ValueError, r"^row must be at most 3, got 4$", lambda: check_count("row", 4, largest=3)),
        *[
            (TypeError, r"^lr must be a number, got ", lambda v=v: check_number("lr", v))
            for v in ["0.1", None, True, torch.ones(2)]
        ],
        *[
            (
                ValueError,
                r"^lr must be finite and above 0, got ",
                lambda v=v: check_number("lr", v, positive=True),
            )
            for v in [0.0, math.nan]
        ],
        *[
            (ValueError, r"^p must be finite and at least 0, got", lambda v=v: check_number("p", v))
            for v in [-0.1, math.inf]
        ],
        *[
            (TypeError, r"^shown must be True or Fa.*, got", lambda v=v: check_switch("shown", v))
            for v in [1, None, "yes"]
        ],
        *[
            (
                ValueError,
                r"^unknown method .*: choose one of slow, naive$",
                lambda v=v: check_choice("method", v, ("slow", "naive")),
            )
            for v in ["Naive", None, ["naive"]]
        ],
    ],
)
def test_wrong_arguments_are_refused(error, message, call):
    with pytest.raises(error, match=message):
        call()
