import random

import pytest
import torch

from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.source_code import edit_source
from made_lessons.notebook_03.masks_by_hand import masks_by_hand
from tests.lessons.checking import right, wrong


def test_masks_by_hand():
    first, output = masks_by_hand()
    right("3.1", (torch.tensor(first), torch.tensor(output).float()))
    right("3.1", [torch.tensor(first).bool(), output])


def test_a_wrong_row_is_named():
    first, output = masks_by_hand()
    changed = [list(row) for row in first]
    changed[2][0] = 1
    wrong("3.1", [changed, output], "hidden unit 3. Its degree is 2", "[1, 1, 1]")
    changed = [list(row) for row in output]
    changed[0][1] = 0
    wrong("3.1", [first, changed], "output x₁. Its degree is 3", "[1, 0, 1, 1]")


def test_masks_by_hand_of_another_form():
    first, _ = masks_by_hand()
    wrong("3.1", [first], "must have two masks")
    transposed = [list(column) for column in zip(*first, strict=True)]
    wrong("3.1", [transposed, first], "the first mask must have 4 rows of 3")
    wrong("3.1", [first, [[1, 2, 3, 4]] * 3], "zeros and ones")
    wrong("3.1", [first, [[1, 0], [1]]], "rows of equal length")


def test_masks_in_code():
    def by_difference(degrees):
        *hidden, output = zip(degrees, [*degrees[1:], degrees[0]], strict=True)
        masks = [above.unsqueeze(1) - below >= 0 for below, above in hidden]
        return (*masks, output[1].unsqueeze(1) - output[0] > 0)

    right("3.2", by_difference)


def test_connectivity():
    def by_search(masks):
        count = masks[0].shape[1]
        reached = torch.zeros(masks[-1].shape[0], count, dtype=torch.bool)
        for j in range(count):
            here = {j}
            for mask in masks:
                here = {i for i in range(len(mask)) if any(mask[i, k] for k in here)}
            for i in here:
                reached[i, j] = True
        return reached

    right("3.3", by_search)


def test_fewest_units():
    tensors = [torch.tensor(2), torch.tensor(4), torch.tensor(7)]
    for degrees in ((2, 5, 6), torch.tensor([4, 2, 7]), tensors, [2, 4, 6], [2, 5, 7]):
        assert "3 units" in right("3.4", degrees)
    wrong("3.4", [2, 4, 8], "between 1 and 7")
    wrong("3.4", [0, 2, 4, 7], "between 1 and 7")
    wrong("3.4", [2.0, 4.0, 6.0], "whole numbers")
    wrong("3.4", [2, 5], "x̂₈ does not see x₆")
    wrong("3.4", [2, 3, 6], "x̂₆ does not see x₄", "A unit of degree 6 will not do")


def test_drawn_degrees():
    def one_by_one(below, n_units, input_dim):
        lowest, top = min(below.tolist()), max(input_dim - 1, 1)
        return torch.tensor([random.randint(lowest, top) for _ in range(n_units)])

    def from_uniforms(below, n_units, input_dim):
        if input_dim == 1:
            return torch.ones(n_units, dtype=torch.int32)
        return (below.min() + (input_dim - below.min()) * torch.rand(n_units)).floor().int()

    def without_one_degree(below, n_units, input_dim):
        degrees = exercise_named("3.5").reference(below, n_units, input_dim)
        return torch.where(degrees == 3, 5, degrees)

    right("3.5", one_by_one)
    right("3.5", from_uniforms)
    wrong("3.5", without_one_degree, "must be equally likely")


DRAWS = {
    "degree D - 1 never occurs": ("lowest, highest + 1", "1, input_dim - 1"),
    "so they see nothing": ("randint(lowest", "randint(1"),
    "no output may see a unit of degree D": ("highest + 1", "highest + 2"),
    "a unit of degree 0 sees nothing": ("randint(lowest", "randint(0"),
    "layer below never occurs": ("randint(lowest", "randint(lowest + (len(below) > 2)"),
    "if D is 1": ("max(input_dim - 1, 1)", "input_dim - 1"),
    "all units have the same degree": ("(n_units,))", "(1,)).repeat(n_units)"),
    "may have the same degree": (
        "torch.randint(lowest, highest + 1, (n_units,))",
        "torch.randperm(input_dim)[:n_units] + 1",
    ),
}


@pytest.mark.parametrize("words", DRAWS)
def test_degrees_that_are_drawn_in_another_way_are_refused(words):
    wrong("3.5", edit_source(exercise_named("3.5").reference, *DRAWS[words]), words)
