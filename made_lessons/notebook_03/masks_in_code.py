"""3.2: masks in code."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from operator import ge, gt, le, lt

import torch
from torch import BoolTensor, Tensor

from made_course.model import masks as package

from ..checking.exercise import exercise, slips
from ..checking.variants import drawn_degrees, further_cases
from .masks_by_hand import RULES_SWAPPED


def compared(
    hidden: Callable = ge, output: Callable = gt, first: Callable | None = None
) -> Callable[[list[Tensor]], list[Tensor]]:
    """Masks by these comparisons: into hidden layers, into the outputs, and the first of all."""

    def masks(degrees: list[Tensor]) -> list[Tensor]:
        rules = [*[hidden] * (len(degrees) - 1), output]
        rules[0] = first or rules[0]
        pairs = pairwise([*degrees, degrees[0]])
        return [rule(up[:, None], low) for rule, (low, up) in zip(rules, pairs, strict=True)]

    return masks


def _masks_but(output: Callable[[list[Tensor]], Tensor]) -> Callable[[list[Tensor]], list[Tensor]]:
    return lambda degrees: [*build_masks(degrees)[:-1], output(degrees)]


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


slips(
    {
        "output x₃ can see x₃: the output mask needs `>`, not `>=`": compared(output=ge),
        "a unit of degree 1 sees nothing: into hidden layers it is `>=`, and only the output mask "
        "has `>`": compared(gt, gt),
        RULES_SWAPPED: compared(gt, ge),
        "the strict `>` stands at the first mask instead of the last. With degrees from 1 to D − 1 "
        "that leaves units of degree 1 without an input: `>=` into hidden layers, and `>` into the "
        "outputs": compared(ge, ge, first=gt),
        "your masks are transposed: they must be (out_features, in_features), as the weight of "
        "nn.Linear, with a row for each listener": (
            lambda degrees: [mask.T for mask in build_masks(degrees)]
        ),
        "the outputs have degrees 1, 2, 3, … in your code: an output has the degree of its "
        "variable, degrees[0]": _masks_but(lambda d: _natural(d)[:, None] > d[-1]),
        "the variables have degrees 1, 2, 3, … in your code, whatever the ordering is: theirs are "
        "degrees[0]": lambda degrees: build_masks([_natural(degrees), *degrees[1:]]),
        "the outputs listen to the first hidden layer in your code, degrees[1]: below them stands "
        "the last layer, degrees[-1]": _masks_but(lambda d: d[0][:, None] > d[1]),
        "each layer is compared with itself in your code: a mask stands between two layers, and "
        "compares the one above with the one below": (
            lambda degrees: [layer[:, None] >= layer for layer in degrees]
        ),
        "the output mask has a row for each hidden unit in your code: rows are outputs, so it is "
        "degrees[0][:, None] > degrees[-1]": _masks_but(lambda d: d[-1][:, None] > d[0]),
        "the outputs have degrees 0, 1, 2, … in your code: an output has the degree of its "
        "variable, degrees[0]": _masks_but(lambda d: _natural(d)[:, None] - 1 > d[-1]),
        "every layer listens to the inputs in your code: each mask compares a layer with the one "
        "just below it": lambda d: [
            *(layer[:, None] >= d[0] for layer in d[1:]),
            d[0][:, None] > d[0],
        ],
        "the output mask comes first in your list: masks go from the inputs upwards": (
            lambda degrees: [build_masks(degrees)[-1], *build_masks(degrees)[:-1]]
        ),
        "the comparison is the wrong way round: a listener's degree (its row) must be the larger "
        "one": compared(le, lt),
    }
)


def _natural(degrees: list[Tensor]) -> Tensor:
    return torch.arange(1, len(degrees[0]) + 1)
