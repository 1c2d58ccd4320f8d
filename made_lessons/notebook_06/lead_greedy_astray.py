"""6.2: a table that leads greedy astray."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..checking import Exercise, Misformed, exercise, known_mistakes, one_of, require_none, written

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
        raise Misformed("a tensor of shape (2, 2) is expected", got=type(answer).__name__) from None
    if table.shape != (2, 2):
        raise Misformed(
            "a joint distribution of two variables has four entries: table[a, b] is "
            "p(x₁ = a, x₂ = b)",
            got=f"shape {tuple(table.shape)}",
            expected="shape (2, 2)",
        )
    got, total, p_of_1 = written(table), float(table.sum()), float(table[1].sum())
    (greedy, mode), (other, other_mode) = map(_greedy_and_mode, (table, table.T))
    require_none(
        [
            (NOT_POSITIVE, not bool((table > 0).all())),
            (CONDITIONALS, bool(((table.sum(1) - 1).abs() < 1e-4).all())),
        ],
        got=got,
    )
    require_none([(NOT_ONE, abs(total - 1) > 1e-4)], got=f"{got}, which sums to {total:.4g}")
    require_none([(TIE, _has_tie(table))], got=got)
    would_be_right = other != other_mode and not _has_tie(table.T)
    require_none(
        [(OTHER_AXIS, greedy == mode and would_be_right), (FINDS_IT, greedy == mode)],
        tried=got,
        expected="two different rows (x₁, x₂)",
        got=f"greedy takes {_row(table, greedy)}, which is also the most probable",
    )
    require_none(
        [(OTHER_P, likelier is not None and abs(p_of_1 - likelier) > 1e-4)],
        expected=f"p(x₁ = 1) = {likelier}",
        got=f"p(x₁ = 1) = {p_of_1:.4g}",
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


known_mistakes(
    {
        FINDS_IT: torch.tensor([[0.4, 0.2], [0.3, 0.1]]),
        NOT_ONE: torch.tensor([[0.38, 0.02], [0.32, 0.32]]),
        CONDITIONALS: torch.tensor([[0.95, 0.05], [0.53, 0.47]]),
        NOT_POSITIVE: torch.tensor([[0.4, 0.0], [0.35, 0.25]]),
        TIE: torch.tensor([[0.38, 0.02], [0.3, 0.3]]),
        OTHER_AXIS: misleading_table().T,
    }
)
