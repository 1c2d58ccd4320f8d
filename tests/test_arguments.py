"""The checks of arguments: what is accepted comes back plain, the rest is refused and named."""

import numpy as np
import pytest
import torch

from made_course.arguments import check_choice, check_count, check_number, check_switch


@pytest.mark.parametrize("value", [1, 7, np.int64(7), torch.tensor(7), 10**12])
def test_a_whole_number_of_any_kind_comes_back_as_an_int(value):
    count = check_count("n", value)
    assert type(count) is int
    assert count == value


@pytest.mark.parametrize("value", [1.5, 1.0, "3", None, True, False, [3], torch.tensor(1.5)])
def test_what_is_no_whole_number_is_a_type_error(value):
    with pytest.raises(TypeError, match=r"^rows must be a whole number, got "):
        check_count("rows", value)


def test_the_message_shows_what_came():
    with pytest.raises(TypeError, match=r"got '3'$"):
        check_count("rows", "3")


@pytest.mark.parametrize(("value", "smallest"), [(0, 1), (-3, 1), (-1, 0), (1, 2)])
def test_a_count_below_the_smallest_is_a_value_error(value, smallest):
    with pytest.raises(ValueError, match=rf"^rows must be at least {smallest}, got {value}$"):
        check_count("rows", value, smallest)


def test_the_smallest_count_itself_is_accepted():
    assert check_count("seed", 0, smallest=0) == 0


def test_a_count_above_the_largest_is_a_value_error():
    assert check_count("row", 3, largest=3) == 3
    with pytest.raises(ValueError, match=r"^row must be at most 3, got 4$"):
        check_count("row", 4, largest=3)


@pytest.mark.parametrize("value", [1, 0, None, "yes", np.True_])
def test_a_switch_is_true_or_false_and_nothing_else(value):
    assert check_switch("shown", True) is True
    assert check_switch("shown", False) is False
    with pytest.raises(TypeError, match=r"^shown must be True or False, got "):
        check_switch("shown", value)


@pytest.mark.parametrize("value", [0.25, 1, np.float32(0.25), torch.tensor(0.25)])
def test_a_real_number_of_any_kind_comes_back_as_a_float(value):
    number = check_number("lr", value, positive=True)
    assert type(number) is float
    assert number == value


@pytest.mark.parametrize("value", ["0.1", None, True, 1j, [0.1], torch.ones(2)])
def test_what_is_no_real_number_is_a_type_error(value):
    with pytest.raises(TypeError, match=r"^lr must be a number, got "):
        check_number("lr", value)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), -float("inf")])
def test_a_number_must_lie_above_its_bound_and_be_finite(value):
    with pytest.raises(ValueError, match=r"^lr must be finite and above 0, got "):
        check_number("lr", value, positive=True)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_number_must_not_be_negative_and_be_finite(value):
    with pytest.raises(ValueError, match=r"^dropout must be finite and at least 0, got "):
        check_number("dropout", value)


def test_the_least_value_itself_is_accepted():
    assert check_number("weight_decay", 0.0) == 0.0


def test_a_choice_comes_back():
    assert check_choice("method", "naive", ("incremental", "naive")) == "naive"


@pytest.mark.parametrize("value", ["Naive", "", "incremental, naive", None, 0, ["naive"]])
def test_an_unknown_choice_hears_which_there_are(value):
    message = r"^unknown method .*: choose one of incremental, naive$"
    with pytest.raises(ValueError, match=message):
        check_choice("method", value, ("incremental", "naive"))
