"""Exercise 6.2: a joint distribution for which greedy misses the most probable row."""

from contextlib import suppress
from dataclasses import replace

import torch
from torch import Tensor

from ..checking import Exercise, MalformedAnswer, View, as_text, choose


def _check_table(answer: object) -> Tensor:
    """Convert an answer to a (2, 2) table in float64."""
    got = f"a {type(answer).__name__}"
    with suppress(TypeError, ValueError, RuntimeError):
        table = torch.as_tensor(answer).detach()
        if table.shape == (2, 2) and table.isreal().all() and table.isfinite().all():
            return table.double()
        got = f"{as_text(table)} of shape {tuple(table.shape)}"
    raise MalformedAnswer(
        "return the four entries of a joint distribution, finite numbers in which table[a, b] is "
        "p(x₁ = a, x₂ = b)",
        got=got,
        expected="shape (2, 2)",
    )


def _find_greedy_and_mode(table: Tensor) -> tuple[tuple[int, int], tuple[int, int]]:
    first = int(table.sum(1).argmax())
    second = int(table[first].argmax())
    return (first, second), tuple(divmod(int(table.argmax()), 2))


def _has_tie(table: Tensor) -> bool:
    first = table.sum(1)
    highest = table.flatten().sort().values
    pairs = (first, table[first.argmax()], highest[2:])
    return any(abs(float(a) - float(b)) < 1e-6 for a, b in pairs)


def _is_misleading(table: Tensor) -> bool:
    greedy, mode = _find_greedy_and_mode(table)
    return greedy != mode and not _has_tie(table)


def _describe_result(answer: object) -> str:
    table = _check_table(answer)
    greedy, mode = (f"{row} with p = {table[row]:.4g}" for row in _find_greedy_and_mode(table))
    return f"Greedy takes {greedy}, but the mode is {mode}."


def _vary_table(exercise: Exercise, variant: str) -> Exercise:
    """Ask for a table with a given p(x₁ = 1), other than the 0.6 of the solution."""
    likelier = choose(variant, [n / 1000 for n in range(505, 640) if n != 600])
    rest = 1 - likelier
    table = torch.tensor([[0.95 * rest, 0.05 * rest], [0.53 * likelier, 0.47 * likelier]])
    p_of_1 = View(
        lambda answer: float(_check_table(answer)[1].sum()),
        "p(x₁ = 1) of your table",
        "your table leads greedy astray, but your variant asks for another p(x₁ = 1)",
    )
    return replace(
        exercise,
        reference=lambda: table,
        views=[*exercise.views, p_of_1],
        task=f"Your variant: the same, with p(x₁ = 1) = {likelier}.",
    )


def misleading_table() -> Tensor:
    """Return a table in which x₁ = 1 is more probable, but is split over two entries."""
    return torch.tensor([[0.38, 0.02], [0.32, 0.28]])


def _describe_table(answer: object) -> str:
    """Describe the fault of a table, or say that greedy misses its most probable row."""
    table = _check_table(answer)
    if not bool((table > 0).all()):
        return "an entry that is not greater than 0"
    if torch.allclose(table.sum(1), torch.ones(2).double(), atol=1e-4):
        return "a sum of 1 in each row"
    if abs(table.sum() - 1) > 1e-4:
        return f"a sum of {table.sum():.4f}"
    if _has_tie(table):
        return "a tie"
    if _is_misleading(table):
        return "greedy misses the most probable row"
    found = "greedy finds the most probable row"
    return f"{found}, but not in table.T" if _is_misleading(table.T) else found


EXERCISE = Exercise(
    title="Lead greedy astray",
    stars=2,
    reference=misleading_table,
    message=_describe_result,
    is_value=True,
    vary=_vary_table,
    hints=(
        "Greedy first compares p(x₁ = 0) with p(x₁ = 1): the sums of the two rows of the table. "
        "It does not see how a row is divided between its two entries.",
        "Give the row x₁ = 1 a sum of 0.6, divided almost evenly. What remains is 0.4.",
        "Put nearly all of the 0.4 on one entry, so that it is larger than each half of the 0.6.",
    ),
    views=(
        View(
            _describe_table,
            as_text,
            mistakes={
                "each of the four probabilities must be greater than 0": torch.tensor(
                    [[0.4, 0.0], [0.35, 0.25]]
                ),
                "each of your rows sums to one, so these are the conditionals p(x₂ | x₁). Return "
                "the joint distribution, whose four entries together sum to one": torch.tensor(
                    [[0.95, 0.05], [0.53, 0.47]]
                ),
                "two values are equally probable, so greedy has no clear choice. Change an entry "
                "a little": torch.tensor([[0.38, 0.02], [0.3, 0.3]]),
                "your table would be right if its columns were x₁. table[a, b] is p(x₁ = a, x₂ = "
                "b), so each row of the table belongs to one value of x₁": misleading_table().T,
                "greedy finds the most probable row of your table, because the largest entry "
                "belongs "
                "to the likelier value of x₁. Could it belong to the other value?": torch.tensor(
                    [[0.4, 0.2], [0.3, 0.1]]
                ),
                "the four entries of a joint distribution must sum to one": torch.tensor(
                    [[0.38, 0.02], [0.32, 0.32]]
                ),
            },
        ),
    ),
)
