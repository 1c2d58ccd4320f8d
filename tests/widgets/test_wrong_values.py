"""Wrong values for a widget raise an error and change nothing."""

import re

import pytest
import torch

from made_course import MaskExplorer, Sketchpad

DIGIT = torch.zeros(784)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sketchpad(torch.ones(4)), "shape (784,) or (m, 784), got (4,)"),
        (lambda: Sketchpad(DIGIT, "half"), "unknown part 'half': choose one of bottom, right, "),
        (lambda: MaskExplorer("diary", [300]), "at most 4 hidden layers of at most 64"),
        (lambda: MaskExplorer("diary", (2,), [0, 1]), "a permutation of 0..2, got [0, 1]"),
    ],
)
def test_what_makes_no_widget(make, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        make()


MAKE = {"sketchpad": lambda: Sketchpad(DIGIT), "masks": MaskExplorer}


@pytest.mark.parametrize(
    ("widget", "name", "value", "message"),
    [
        ("sketchpad", "digit", "0" * 783, "digit must be 784 zeros and ones, got '0000"),
        ("sketchpad", "hidden", "2" * 784, "hidden must be 784 zeros and ones, got '2222"),
        ("masks", "lesson", "digits", "choose one of diary, boards, yours"),
        ("masks", "yours", [[0, 2] * 8], "boards of 16 zeros and ones"),
        ("masks", "ordering", [0, 0, 1], "permutation"),
        ("masks", "hidden_degrees", [[1, 3]], "needs degrees in 1..2, got [1, 3]"),
        ("masks", "hidden_degrees", [[]], "needs degrees in 1..2, got []"),
        ("masks", "fault", "all", "choose one of none, output with >="),
        ("masks", "selected", (0, 3), "no unit (0, 3)"),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(widget, name, value, message):
    w = MAKE[widget]()
    before = w.get_state()
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        setattr(w, name, value)
    assert w.get_state() == before
    w.close()
