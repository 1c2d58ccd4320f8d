"""An answer is called on copies, and its errors are shown with the line and its tensors."""

import sys

import pytest
import torch
from torch import nn

from made_lessons.checking.calls import is_unchanged, run
from tests.lessons.checking import said


def test_a_call_works_on_copies():
    given = torch.tensor([1, 2])

    def spoils(x):
        x += 1
        return x

    found = said(run, spoils, given)
    assert "changed its argument" in found["why"]
    assert found == found | {"tried": "spoils([1, 2])", "expected": "[1, 2], unchanged"}
    assert given.tolist() == [1, 2]


def test_a_changed_model_is_noticed():
    def trains(model):
        model.train()

    model = nn.Linear(2, 1).eval()
    run(trains, model)  # a mode does not count as a change, and the caller's model keeps its own
    assert not model.training

    def spoils(model):
        nn.init.zeros_(model.weight)

    found = said(run, spoils, model)
    assert "changed its argument" in found["why"]
    assert found["got"] == "a Linear, changed"


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ([1, [2]], [1, [2]], True),
        ([1, [2]], [1, [3]], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (torch.ones(2), [1, 1], False),
        (len, len, True),
    ],
)
def test_what_counts_as_changed(before, after, same):
    assert is_unchanged(before, after) is same


def test_an_error_in_a_class_of_a_notebook_is_shown():
    namespace = {"__name__": "__main__"}
    exec("class A:\n    def __init__(self, x):\n        raise ValueError('boom')", namespace)
    assert "raised ValueError: boom" in said(run, namespace["A"], 1)["why"]


def test_an_error_names_the_tensors_of_its_line():
    class Layer(nn.Linear):
        def forward(self, x):
            masks = [torch.ones(1, 2)]
            return x @ self.weight + len(masks)

    why = said(run, Layer(3, 2).forward, torch.ones(4, 3))["why"]
    assert "in the line `return x @ self.weight + len(masks)`, where " in why
    assert "x is (4, 3), float32; self.weight is (2, 3), float32" in why
    assert "masks is a list of tensors (1, 2)" in why


def test_a_variable_that_the_line_sets_is_not_looked_up_elsewhere():
    namespace = {"__name__": "__main__", "x": torch.ones(2), "y": torch.ones(3)}
    exec("def answer():\n    y = x[5] + 1\n    return y", namespace)
    why = said(run, namespace["answer"])["why"]
    assert "y is" not in why


def test_leaving_the_program_is_reported():
    assert "raised SystemExit" in said(run, sys.exit)["why"]


def test_an_answer_prints_only_so_much(capsys):
    run(lambda: [print("five") for _ in range(2000)])
    assert capsys.readouterr().out == "five\n" * 1000


def test_what_cannot_be_called():
    assert "must be a function, but you passed a torch.Tensor" in said(run, torch.ones(2))["why"]
