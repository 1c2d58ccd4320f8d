import random

import pytest
import torch

from made_lessons.checking.catalogue import exercise_named
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
    wrong("3.1", [changed, output], "hidden unit 3: its degree is 2", "[1, 1, 1]")
    changed = [list(row) for row in output]
    changed[0][1] = 0
    wrong("3.1", [first, changed], "output x₁: its degree is 3", "[1, 0, 1, 1]")


def test_one_mask_by_the_wrong_rule_is_named():
    first, output = masks_by_hand()
    transposed = [list(column) for column in zip(*first, strict=True)]
    wrong("3.1", [transposed, output], "the first mask must have 4 rows of 3")
    by_ordering = [[1, 0, 1], [1, 0, 1], [1, 0, 1], [0, 0, 1]]
    wrong("3.1", [by_ordering, output], "look again at hidden unit 1")
    strict = [[0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]]
    natural = [[0, 0, 0, 0], [1, 0, 0, 1], [1, 1, 1, 1]]
    wrong("3.1", [strict, natural], "units of degree 1 see nothing")
    by_step = [[row[i] for i in (1, 2, 0)] for row in first]  # columns x₂, x₃, x₁
    wrong("3.1", [by_step, output], "has degree 1; or they stand in the order x₂, x₃, x₁")
    wrong("3.1", [first, natural], "has degree 1; or they stand in the order x₂, x₃, x₁")


def test_masks_by_hand_of_another_form():
    first, output = masks_by_hand()
    wrong("3.1", [first], "two masks are asked for")
    wrong("3.1", [first, [[1, 2, 3, 4]] * 3], "zeros and ones")
    wrong("3.1", [first, [[1, 0], [1]]], "rows of equal length")
    wrong("3.1", [first, output[:2]], "the output mask must have 3 rows of 4")


def test_masks_in_code():
    def by_loops(degrees):
        layers = [*degrees, degrees[0]]
        masks = []
        for k in range(len(layers) - 1):
            strict = 1 if k == len(layers) - 2 else 0
            mask = torch.zeros(len(layers[k + 1]), len(layers[k]), dtype=torch.bool)
            for i, above in enumerate(layers[k + 1].tolist()):
                for j, below in enumerate(layers[k].tolist()):
                    mask[i, j] = above >= below + strict
            masks.append(mask)
        return masks

    def by_difference(degrees):
        *hidden, output = zip(degrees, [*degrees[1:], degrees[0]], strict=True)
        masks = [above.unsqueeze(1) - below >= 0 for below, above in hidden]
        return (*masks, output[1].unsqueeze(1) - output[0] > 0)

    right("3.2", by_loops)
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

    def from_the_outputs(masks):
        product = torch.eye(len(masks[-1]), dtype=torch.float64)
        for mask in reversed(masks):
            product = torch.einsum("ik,kj->ij", product, mask.double())
        return product.clamp(max=1).bool()

    right("3.3", from_the_outputs)
    wrong(
        "3.3",
        lambda masks: exercise_named("3.3").reference(masks).fill_diagonal_(False),
        "is a leak",
    )


def test_fewest_units():
    tensors = [torch.tensor(2), torch.tensor(4), torch.tensor(7)]
    for degrees in ([2, 4, 6], [7, 5, 2], (2, 5, 6), torch.tensor([4, 2, 7]), tensors):
        assert "3 units" in right("3.4", degrees)
    wrong("3.4", [2, 4, 6, 6], "fewer units")
    wrong("3.4", [2, 4, 8], "between 1 and 7")
    wrong("3.4", [0, 2, 4, 7], "between 1 and 7")
    wrong("3.4", [], "x̂₃ does not see x₁")
    wrong("3.4", [2.0, 4.0, 6.0], "whole numbers")
    wrong("3.4", [2, 5], "x̂₈ does not see x₆")
    wrong("3.4", [2, 3, 6], "x̂₆ does not see x₄", "One of degree 6 will not do: into x̂₆")
    wrong("3.4", [2, 2, 2, 5, 7], "as many units as pairs")


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
    wrong("3.5", without_one_degree, "come more often than others")
    wrong("3.5", lambda below, n_units, d: torch.ones(n_units), "another dtype")

    def ending_with(ones):
        return lambda below, n, d: ones(n) if d == 1 else one_by_one(below, n, d)

    wrong("3.5", ending_with(torch.ones), "another dtype")
    wrong("3.5", ending_with(lambda n: torch.zeros(n).long()), "where D is 1")
    wrong("3.5", lambda below, n_units, d: torch.randint(1, max(d, 2), (1,)), "another shape")
    wrong(
        "3.5",
        lambda below, n_units, d: below[torch.randint(len(below), (n_units,))],
        "very degrees",
    )


@pytest.mark.parametrize("degrees", [[2, 4, 6], [2, 4, 7], [2, 5, 6], [2, 5, 7]])
def test_no_right_answer_of_the_notebook_is_right_in_a_variant(degrees):
    right("3.4", degrees)
    for k in range(40):
        wrong(exercise_named("3.4", f"learner {k}"), degrees)
