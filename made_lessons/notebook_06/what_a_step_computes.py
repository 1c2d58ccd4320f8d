"""6.1: what a step computes."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking import but, drawn_degrees, exercise, further_cases, known_mistakes, one_of


@exercise(
    "6.1",
    "What a step computes",
    stars=2,
    cases=tuple(
        (degrees, t)
        for degrees, steps in (
            ([torch.tensor([3, 1, 2]), torch.tensor([1, 2, 2, 1])], (2, 3, 1)),
            (
                [
                    torch.tensor([4, 1, 5, 3, 2]),
                    torch.tensor([1, 4, 2, 3, 3, 1]),
                    torch.tensor([3, 2, 4, 4]),
                ],
                (3, 5),
            ),
        )
        for t in steps
    ),
    vary=further_cases(lambda word: (drawn_degrees(word), one_of(word, [1, 2, 3, 4]))),
    hints=(
        "At step t the variables of degree 1 to t - 1 are drawn. Which one of them is new since "
        "the step before, and which hidden units were waiting for it alone?",
        "A hidden unit of degree d is final as soon as the variable of degree d is drawn. The "
        "newest drawn variable has degree t - 1.",
        "One comparison a layer: units == t - 1 for each hidden layer, then order == t for the "
        "output.",
    ),
)
def to_compute(degrees: list[Tensor], t: int) -> list[Tensor]:
    """Step t: the hidden units whose last variable was drawn at step t - 1, and one output."""
    order, *hidden = degrees
    return [*(units == t - 1 for units in hidden), order == t]


known_mistakes(
    {
        "a hidden unit of degree t sees the variable of degree t, which step t is only about to "
        "draw: the unit has to wait for the next step": but("units == t - 1", "units == t"),
        "right values, but most of them are computed again: a unit of a smaller degree got its "
        "final value at an earlier step": but("units == t - 1", "units < t"),
        "these units are not final yet: of those of degree t and more, no input is complete. Those "
        "of degree t - 1 have waited for step t": but("units == t - 1", "units >= t"),
        "the degree of the t-th variable is taken for t: t is a step, and so a degree itself": (
            lambda degrees, t: to_compute(degrees, int(degrees[0][t - 1]))
        ),
        "units of a larger degree are computed too early: they still wait for variables": but(
            "units == t - 1", "units >= t - 1"
        ),
        "the output is looked up in the ordering: degrees[0][i] is already the step of variable "
        "i": but("order == t", "torch.argsort(order) + 1 == t"),
        "the output's mask comes first, as in degrees: it belongs last, where the output is": but(
            "*(units == t - 1 for units in hidden), order == t",
            "order == t, *(units == t - 1 for units in hidden)",
        ),
        "the outputs of degree 1 to t are all marked: those of a smaller degree were used at their "
        "own step, and step t needs one output only": but("order == t", "order <= t"),
        "the output is that of the t-th variable in the row, which is right in raster ordering "
        "only: the variable of step t is the one of degree t": but(
            "order == t", "torch.arange(len(order)) == t - 1"
        ),
        "t - 1 is right for the hidden units, which wait for a variable. The output of step t is "
        "that of the variable which is drawn now: the one of degree t": but(
            "order == t", "order == t - 1"
        ),
        "the hidden units are right, and the output is that of the next step: step t draws the "
        "variable of degree t": but("order == t", "order == t + 1"),
        "the outputs of degree t and more are all marked: those of a larger degree are not final "
        "yet, and step t needs one output only": but("order == t", "order >= t"),
        "the list begins with the inputs' degrees, and so does this answer. Inputs are not "
        "computed: begin with the first hidden layer, and put the output last": but(
            "in hidden), order == t", "in degrees)"
        ),
        "the layers are mixed up: degrees begins with the inputs, whose degrees the outputs have, "
        "too. The hidden layers are degrees[1:], and the outputs have degrees[0]": but(
            "order, *hidden", "*hidden, order"
        ),
        "the inputs have a mask in your code, and the outputs none. Inputs are not computed: begin "
        "with the first hidden layer, where units wait for the variable of degree t - 1, and end "
        "with the output of degree t": lambda degrees, t: [layer == t for layer in degrees],
        "only the first hidden layer has a mask: there may be any number of layers, "
        "degrees[1:]": but("in hidden", "in hidden[:1]"),
        "deeper layers are computed a step later each. They need not wait: once the first layer's "
        "units of degree t - 1 are computed, so can the second's be, in the same step": but(
            "t - 1 for units in hidden", "t - k for k, units in enumerate(hidden, 1)"
        ),
        "these are the numbers of the units. A mask is asked for: True or False for each unit of "
        "the layer, as a comparison gives it": (
            lambda degrees, t: [mask.nonzero()[:, 0] for mask in to_compute(degrees, t)]
        ),
    }
)
