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


POSITIVE = {"positive": True}
METHODS = (("slow", "naive"),)


@pytest.mark.parametrize(
    ("check", "values", "more", "error", "message"),
    [
        (check_count, [1.0, "3", True, torch.tensor(1.5)], (), TypeError, "be a whole number, got"),
        (check_count, [0], (), ValueError, "be at least 1, got 0$"),
        (check_count, [-1], (0,), ValueError, "be at least 0, got -1$"),
        (check_count, [4], {"largest": 3}, ValueError, "be at most 3, got 4$"),
        (check_number, ["0.1", None, True, torch.ones(2)], (), TypeError, "be a number, got "),
        (check_number, [0.0, math.nan], POSITIVE, ValueError, "be finite and above 0, got "),
        (check_number, [-0.1, math.inf], (), ValueError, "be finite and at least 0, got"),
        (check_switch, [1, None, "yes"], (), TypeError, "be True or False.*, got"),
        (check_choice, ["Naive", None, ["naive"]], METHODS, ValueError, "one of slow, naive$"),
    ],
)
def test_wrong_arguments_are_refused(check, values, more, error, message):
    for value in values:
        with pytest.raises(error, match=f"name.*{message}"):
            check("name", value, **more) if isinstance(more, dict) else check("name", value, *more)
