"""Exercises 6.1 and 6.2: what a step computes, and where greedy is led astray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import eq, ge, le, lt

import torch
from torch import Tensor

from ..checking.exercise import Exercise, Misformed, exercise, require_none, slips
from ..checking.in_words import written
from ..checking.variants import drawn_degrees, further_cases, one_of

# ---- 6.1 ----------------------------------------------------------------------------------------


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


def _but(
    units: Callable[[Tensor, int], Tensor] = lambda units, t: units == t - 1,
    output: Callable[[Tensor, int], Tensor] = lambda order, t: order == t,
) -> Callable[[list[Tensor], int], list[Tensor]]:
    """The answer, in which one of its two rules may be another."""
    return lambda degrees, t: [
        *(units(layer, t) for layer in degrees[1:]),
        output(degrees[0], t),
    ]


slips(
    {
        "a hidden unit of degree t sees the variable of degree t, which step t is only about to "
        "draw: the unit has to wait for the next step": _but(units=eq),
        "right values, but most of them are computed again: a unit of a smaller degree got its "
        "final value at an earlier step": _but(units=lt),
        "these units are not final yet: of those of degree t and more, no input is complete. Those "
        "of degree t - 1 have waited for step t": _but(units=ge),
        "the degree of the t-th variable is taken for t: t is a step, and so a degree itself": (
            lambda degrees, t: to_compute(degrees, int(degrees[0][t - 1]))
        ),
        "units of a larger degree are computed too early: they still wait for variables": (
            _but(units=lambda units, t: units >= t - 1)
        ),
        "the output is looked up in the ordering: degrees[0][i] is already the step of variable "
        "i": _but(output=lambda order, t: torch.argsort(order) + 1 == t),
        "the output's mask comes first, as in degrees: it belongs last, where the output is": (
            lambda degrees, t: [degrees[0] == t, *to_compute(degrees, t)[:-1]]
        ),
        "the outputs of degree 1 to t are all marked: those of a smaller degree were used at their "
        "own step, and step t needs one output only": _but(output=le),
        "the output is that of the t-th variable in the row, which is right in raster ordering "
        "only: the variable of step t is the one of degree t": (
            _but(output=lambda order, t: torch.arange(len(order)) == t - 1)
        ),
        "t - 1 is right for the hidden units, which wait for a variable. The output of step t is "
        "that of the variable which is drawn now: the one of degree t": (
            _but(output=lambda order, t: order == t - 1)
        ),
        "the hidden units are right, and the output is that of the next step: step t draws the "
        "variable of degree t": _but(output=lambda order, t: order == t + 1),
        "the outputs of degree t and more are all marked: those of a larger degree are not final "
        "yet, and step t needs one output only": _but(output=ge),
        "the list begins with the inputs' degrees, and so does this answer. Inputs are not "
        "computed: begin with the first hidden layer, and put the output last": (
            lambda degrees, t: [units == t - 1 for units in degrees]
        ),
        "the layers are mixed up: degrees begins with the inputs, whose degrees the outputs have, "
        "too. The hidden layers are degrees[1:], and the outputs have degrees[0]": (
            lambda degrees, t: to_compute([degrees[-1], *degrees[:-1]], t)
        ),
        "the inputs have a mask in your code, and the outputs none. Inputs are not computed: begin "
        "with the first hidden layer, where units wait for the variable of degree t - 1, and end "
        "with the output of degree t": lambda degrees, t: [layer == t for layer in degrees],
        "only the first hidden layer has a mask: there may be any number of layers, degrees[1:]": (
            lambda degrees, t: to_compute(degrees[:2], t)
        ),
        "deeper layers are computed a step later each. They need not wait: once the first layer's "
        "units of degree t - 1 are computed, so can the second's be, in the same step": (
            lambda degrees, t: [
                *(units == t - layer for layer, units in enumerate(degrees[1:], 1)),
                degrees[0] == t,
            ]
        ),
        "these are the numbers of the units. A mask is asked for: True or False for each unit of "
        "the layer, as a comparison gives it": (
            lambda degrees, t: [mask.nonzero()[:, 0] for mask in to_compute(degrees, t)]
        ),
    }
)


# ---- 6.2 ----------------------------------------------------------------------------------------


FINDS_IT = (
    "here greedy does find the most probable row: the largest entry belongs to the likelier value "
    "of x₁. Could it belong to the other one?"
)
NOT_ONE = "the four entries of a joint distribution sum to one"
CONDITIONALS = (
    "each row sums to one: these are the conditionals p(x₂ | x₁). What is asked for is the joint "
    "distribution, in which all four entries together sum to one"
)
NOT_POSITIVE = "each of the four probabilities must be greater than 0"
TIE = "there is a tie, so which value is the likelier one is not clear: change an entry a little"
OTHER_AXIS = (
    "it would be right if the columns were x₁: table[a, b] is p(x₁ = a, x₂ = b), so each row of "
    "the table belongs to one value of x₁"
)
OTHER_P = "greedy is led astray, but in a table of another p(x₁ = 1) than your variant asks for"


def _row(table: Tensor, index: tuple[int, int]) -> str:
    return f"{index} with p = {table[index].item():.4g}"


def _greedy_and_mode(table: Tensor) -> tuple[tuple[int, int], tuple[int, int]]:
    first = int(table.sum(1).argmax())
    second = int(table[first].argmax())
    return (first, second), tuple(divmod(int(table.argmax()), 2))


def _has_tie(table: Tensor) -> bool:
    first = table.sum(1)
    highest = table.flatten().sort().values
    pairs = (first, table[first.argmax()], highest[2:])
    return any(abs(float(a) - float(b)) < 1e-6 for a, b in pairs)


def examine_table(answer: object, likelier: float | None = None) -> str:
    """Judge a table by what greedy does on it, and by p(x₁ = 1), where that is given."""
    try:
        table = torch.as_tensor(answer, dtype=torch.float64).detach()
    except (TypeError, ValueError, RuntimeError):
        raise Misformed(
            "a tensor of shape (2, 2) is expected", came=type(answer).__name__
        ) from None
    if table.shape != (2, 2):
        raise Misformed(
            "a joint distribution of two variables has four entries: table[a, b] is "
            "p(x₁ = a, x₂ = b)",
            came=f"shape {tuple(table.shape)}",
            expected="shape (2, 2)",
        )
    came, total, p_of_1 = written(table), float(table.sum()), float(table[1].sum())
    (greedy, mode), (other, other_mode) = map(_greedy_and_mode, (table, table.T))
    require_none(
        [
            (NOT_POSITIVE, not bool((table > 0).all())),
            (CONDITIONALS, bool(((table.sum(1) - 1).abs() < 1e-4).all())),
        ],
        came=came,
    )
    require_none([(NOT_ONE, abs(total - 1) > 1e-4)], came=f"{came}, which sums to {total:.4g}")
    require_none([(TIE, _has_tie(table))], came=came)
    would_be_right = other != other_mode and not _has_tie(table.T)
    require_none(
        [(OTHER_AXIS, greedy == mode and would_be_right), (FINDS_IT, greedy == mode)],
        tried=came,
        expected="two different rows (x₁, x₂)",
        came=f"greedy takes {_row(table, greedy)}, which is also the most probable",
    )
    require_none(
        [(OTHER_P, likelier is not None and abs(p_of_1 - likelier) > 1e-4)],
        expected=f"p(x₁ = 1) = {likelier}",
        came=f"p(x₁ = 1) = {p_of_1:.4g}",
    )
    return f"Greedy takes {_row(table, greedy)}, but the mode is {_row(table, mode)}."


def _vary_table(exercise: Exercise, variant: str) -> Exercise:
    """The same with a given p(x₁ = 1), which is not the 0.6 of the solution."""
    likelier = one_of(variant, [n / 1000 for n in range(505, 640) if n != 600])
    rest = 1 - likelier
    table = torch.tensor([[0.95 * rest, 0.05 * rest], [0.53 * likelier, 0.47 * likelier]])
    return replace(
        exercise,
        reference=lambda: table,
        examine=lambda answer: examine_table(answer, likelier),
        asks=f"Your variant: the same, with p(x₁ = 1) = {likelier}.",
    )


@exercise(
    "6.2",
    "Lead greedy astray",
    stars=2,
    examine=examine_table,
    is_value=True,
    vary=_vary_table,
    hints=(
        "Greedy first compares p(x₁ = 0) with p(x₁ = 1): the sums of the two rows of the table. It "
        "does not see how a row is divided.",
        "Give the row x₁ = 1 a sum of 0.6, divided almost evenly. What remains is 0.4.",
        "Put nearly all of the 0.4 on one entry: then it is larger than each half of the 0.6.",
    ),
)
def misleading_table() -> Tensor:
    """x₁ = 1 is likelier, but shares its probability between two rows; x₁ = 0 bets on one."""
    return torch.tensor([[0.38, 0.02], [0.32, 0.28]])


slips(
    {
        FINDS_IT: torch.tensor([[0.4, 0.2], [0.3, 0.1]]),
        NOT_ONE: torch.tensor([[0.38, 0.02], [0.32, 0.32]]),
        CONDITIONALS: torch.tensor([[0.95, 0.05], [0.53, 0.47]]),
        NOT_POSITIVE: torch.tensor([[0.4, 0.0], [0.35, 0.25]]),
        TIE: torch.tensor([[0.38, 0.02], [0.3, 0.3]]),
        OTHER_AXIS: misleading_table().T,
    }
)
