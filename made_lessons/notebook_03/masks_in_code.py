"""Exercise 3.2: the masks of a network, in code."""

from itertools import pairwise

import torch
from torch import BoolTensor, Tensor

from made_course.model import masks as package

from ..checking import Exercise, edit, further_cases, random_degrees
from .masks_by_hand import RULES_SWAPPED


def build_masks(degrees: list[Tensor]) -> list[BoolTensor]:
    """Return one (out, in) mask per layer, with `>=` into hidden layers and `>` into outputs."""
    masks = []
    for below, above in pairwise(degrees):
        masks.append(above[:, None] >= below[None, :])
    outputs = degrees[0]  # an output has the degree of its variable
    masks.append(outputs[:, None] > degrees[-1][None, :])
    return masks


EXERCISE = Exercise(
    title="Masks in code",
    stars=2,
    reference=build_masks,
    cases=(
        ([torch.tensor([3, 1, 2]), torch.tensor([2, 1])],),
        ([torch.tensor([2, 4, 1, 3]), torch.tensor([1, 3, 2]), torch.tensor([3, 1])],),
        ([torch.tensor([3, 1, 2])],),
        ([torch.tensor([3, 1, 2]), *map(torch.tensor, ([1, 2], [2, 1, 1], [1, 2]))],),
    ),
    package=package.build_masks,
    vary=further_cases(lambda key: (random_degrees(key),)),
    hints=(
        "How many masks are there for a list of n degrees? One from each entry to the next, and "
        "one more, from the last entry to the outputs.",
        "The mask between two layers is `above[:, None] >= below[None, :]`. `zip(degrees, "
        "degrees[1:])` makes the pairs. The outputs have the degrees of the variables, "
        "`degrees[0]`.",
        "`masks = [above[:, None] >= below[None, :] for below, above in zip(degrees, "
        "degrees[1:])]`. Then append the comparison of `degrees[0]` with `degrees[-1]`, with `>`.",
    ),
    mistakes={
        "output x₃ sees x₃, because the output mask has `>=`. It needs `>`": edit(
            "outputs[:, None] >", "outputs[:, None] >="
        ),
        "a unit of degree 1 sees nothing, because your mask into its layer has `>`. Masks into "
        "hidden layers need `>=`, and only the output mask needs `>`": edit(
            "above[:, None] >=", "above[:, None] >"
        ),
        RULES_SWAPPED: edit(
            "above[:, None] >=", "above[:, None] >", "outputs[:, None] >", "outputs[:, None] >="
        ),
        "the strict `>` is in the first mask instead of the last. With degrees from 1 to D − 1, "
        "units of degree 1 then have no input. Use `>=` into hidden layers, and `>` into the "
        "outputs": edit(
            "above[:, None] >=",
            "above[:, None] - int(not masks) >=",
            "outputs[:, None] >",
            "outputs[:, None] - int(not masks) >=",
        ),
        "your masks are transposed. They must have the shape (out_features, in_features), like the "
        "weight of nn.Linear, with one row per unit that sees": edit(
            "return masks", "return [mask.T for mask in masks]"
        ),
        "your outputs have the degrees 1, 2, 3, …, but an output has the degree of its variable, "
        "in degrees[0]": edit("= degrees[0]", "= torch.arange(1, len(degrees[0]) + 1)"),
        "your variables have the degrees 1, 2, 3, … for every ordering, but their degrees are "
        "degrees[0]": (
            lambda degrees: build_masks([torch.arange(1, len(degrees[0]) + 1), *degrees[1:]])
        ),
        "your outputs see the first hidden layer, degrees[1], but the layer below them is the last "
        "one, degrees[-1]": edit("degrees[-1]", "degrees[1]"),
        "you compare each layer with itself, but a mask is between two layers. Compare the layer "
        "above with the layer below": (
            lambda degrees: [layer[:, None] >= layer for layer in degrees]
        ),
        "your output mask has one row per hidden unit, but its rows must be the outputs: "
        "degrees[0][:, None] > degrees[-1]": edit(
            "outputs[:, None] > degrees[-1][None, :]", "degrees[-1][:, None] > outputs"
        ),
        "your outputs have the degrees 0, 1, 2, …, but an output has the degree of its variable, "
        "in degrees[0]": edit("= degrees[0]", "= torch.arange(len(degrees[0]))"),
        "each of your layers sees the inputs, but it must see the layer just below it": edit(
            "pairwise(degrees)",
            "((degrees[0], layer) for layer in degrees[1:])",
            "degrees[-1]",
            "degrees[0]",
        ),
        "the output mask is first in your list, but masks are listed from the inputs upwards": edit(
            "return masks", "return [masks[-1], *masks[:-1]]"
        ),
        "your comparison is reversed. The degree of the unit that sees, in the row, must be the "
        "larger one": edit(
            "above[:, None] >=", "above[:, None] <=", "outputs[:, None] >", "outputs[:, None] <"
        ),
    },
)
