"""3.2: masks in code."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import BoolTensor, Tensor

from made_course.model import masks as package

from ..checking import but, drawn_degrees, exercise, further_cases, known_mistakes
from .masks_by_hand import RULES_SWAPPED


@exercise(
    "3.2",
    "Masks in code",
    stars=2,
    cases=(
        ([torch.tensor([3, 1, 2]), torch.tensor([2, 1])],),
        ([torch.tensor([2, 4, 1, 3]), torch.tensor([1, 3, 2]), torch.tensor([3, 1])],),
        ([torch.tensor([3, 1, 2])],),
        ([torch.tensor([3, 1, 2]), *map(torch.tensor, ([1, 2], [2, 1, 1], [1, 2]))],),
    ),
    package=package.build_masks,
    vary=further_cases(lambda word: (drawn_degrees(word),)),
    hints=(
        "How many masks are there for a list of n degrees? One from each entry to the next, and "
        "one more, from the last entry to the outputs.",
        "Between two layers it is above[:, None] >= below[None, :]. zip(degrees, degrees[1:]) "
        "gives you the pairs. The outputs have the degrees of the variables, degrees[0].",
        "masks = [above[:, None] >= below[None, :] for below, above in zip(degrees, degrees[1:])]; "
        "then append the comparison of degrees[0] with degrees[-1], with `>`.",
    ),
)
def build_masks(degrees: list[Tensor]) -> list[BoolTensor]:
    """One mask a layer, (out, in): `>=` into each hidden layer, `>` into the outputs."""
    masks = []
    for below, above in pairwise(degrees):
        masks.append(above[:, None] >= below[None, :])
    outputs = degrees[0]  # an output has the degree of its variable
    masks.append(outputs[:, None] > degrees[-1][None, :])
    return masks


known_mistakes(
    {
        "output x₃ can see x₃: the output mask needs `>`, not `>=`": but(
            "outputs[:, None] >", "outputs[:, None] >="
        ),
        "a unit of degree 1 sees nothing: into hidden layers it is `>=`, and only the output mask "
        "has `>`": but("above[:, None] >=", "above[:, None] >"),
        RULES_SWAPPED: but(
            "above[:, None] >=", "above[:, None] >", "outputs[:, None] >", "outputs[:, None] >="
        ),
        "the strict `>` stands at the first mask instead of the last. With degrees from 1 to D − 1 "
        "that leaves units of degree 1 without an input: `>=` into hidden layers, and `>` into the "
        "outputs": but(
            "above[:, None] >=",
            "above[:, None] - int(not masks) >=",
            "outputs[:, None] >",
            "outputs[:, None] - int(not masks) >=",
        ),
        "your masks are transposed: they must be (out_features, in_features), as the weight of "
        "nn.Linear, with a row for each listener": but(
            "return masks", "return [mask.T for mask in masks]"
        ),
        "the outputs have degrees 1, 2, 3, … in your code: an output has the degree of its "
        "variable, degrees[0]": but("= degrees[0]", "= torch.arange(1, len(degrees[0]) + 1)"),
        "the variables have degrees 1, 2, 3, … in your code, whatever the ordering is: theirs are "
        "degrees[0]": (
            lambda degrees: build_masks([torch.arange(1, len(degrees[0]) + 1), *degrees[1:]])
        ),
        "the outputs listen to the first hidden layer in your code, degrees[1]: below them stands "
        "the last layer, degrees[-1]": but("degrees[-1]", "degrees[1]"),
        "each layer is compared with itself in your code: a mask stands between two layers, and "
        "compares the one above with the one below": (
            lambda degrees: [layer[:, None] >= layer for layer in degrees]
        ),
        "the output mask has a row for each hidden unit in your code: rows are outputs, so it is "
        "degrees[0][:, None] > degrees[-1]": but(
            "outputs[:, None] > degrees[-1][None, :]", "degrees[-1][:, None] > outputs"
        ),
        "the outputs have degrees 0, 1, 2, … in your code: an output has the degree of its "
        "variable, degrees[0]": but("= degrees[0]", "= torch.arange(len(degrees[0]))"),
        "every layer listens to the inputs in your code: each mask compares a layer with the one "
        "just below it": but(
            "pairwise(degrees)",
            "((degrees[0], layer) for layer in degrees[1:])",
            "degrees[-1]",
            "degrees[0]",
        ),
        "the output mask comes first in your list: masks go from the inputs upwards": but(
            "return masks", "return [masks[-1], *masks[:-1]]"
        ),
        "the comparison is the wrong way round: a listener's degree (its row) must be the larger "
        "one": but(
            "above[:, None] >=", "above[:, None] <=", "outputs[:, None] >", "outputs[:, None] <"
        ),
    }
)
