"""6.3: completion by enumeration."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from made_course.data.toys import rain_diary

from ..checking import View, but, drawn, exercise, further_cases, known_mistakes, one_of

_DAYS = torch.bincount(rain_diary().long() @ torch.tensor([4, 2, 1]), minlength=8) / 20
_X = torch.tensor([0.0, 1.0, 0.0, 1.0])
_TABLE = torch.tensor([9, 2, 1, 5, 3, 8, 2, 1, 4, 7, 1, 6, 2, 3, 10, 1]) / 65

ONE_ROW = "log_prob takes rows (n, D): for one row x[None]"
NO_VALUE = "log_prob takes rows of zeros and ones: there is no number for unknown"


def diary(x: Tensor) -> Tensor:
    """(n, 3) days → (n,) log-probabilities."""
    return _looked_up(_DAYS, x)


def four_variables(x: Tensor) -> Tensor:
    """(n, 4) rows → (n,) log-probabilities, from a table."""
    return _looked_up(_TABLE, x)


def improbable(x: Tensor) -> Tensor:
    """(n, 4) rows → (n,) log-probabilities, as low as those of an image."""
    return four_variables(x) - 300


def _looked_up(table: Tensor, x: Tensor) -> Tensor:
    """Look rows up in a table of probabilities, as strict about x as a model's ``log_prob``."""
    if x.dim() != 2:
        raise ValueError(ONE_ROW)
    if not bool(((x == 0) | (x == 1)).all()):
        raise ValueError(NO_VALUE)
    log_p = table[x.long() @ 2 ** torch.arange(x.shape[1]).flip(0)].log()
    return log_p.to(torch.result_type(x, 0.0))  # a float64 x gets float64


def _other_row(word: str) -> tuple[Callable[[Tensor], Tensor], Tensor, Tensor]:
    size = one_of(word, [2, 3, 4, 5])
    p = drawn(word, 2**size)
    known = drawn(f"{word} known", size) < 0.5
    known[one_of(word, range(size))] = False

    def some_table(x: Tensor) -> Tensor:
        return _looked_up(p / p.sum(), x)

    return some_table, drawn(f"{word} x", size).round(), known


@exercise(
    "6.3",
    "Complete by enumeration",
    stars=2,
    cases=(
        (four_variables, torch.tensor([1.0, 0.0, 1.0, 0.0]), torch.tensor([False] * 3 + [True])),
        (diary, torch.tensor([1.0, 1.0, 0.0]), torch.tensor([True, False, False])),
        (four_variables, _X, torch.tensor([True, False] * 2)),
        (diary, torch.tensor([1.0, 1.0, 0.0]), torch.tensor([True, True, False])),
    ),
    views=(
        View(cases=((improbable, torch.tensor([0.0, 1, 0, 1]), torch.tensor([True, False] * 2)),)),
    ),
    vary=further_cases(_other_row),
    hints=(
        "Make one row for each filling: copies of x, whose unknown places hold all combinations of "
        "0 and 1. With u unknown variables there are 2^u.",
        "The combinations are torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * u).view(-1, u), "
        "or itertools.product([0.0, 1.0], repeat=u) as a tensor; rows[:, ~known] = ... writes them "
        "in. log_prob(rows).exp() is p(filling, known).",
        "Divided by their sum they are p(filling | known), and log_prob(rows).softmax(0) is just "
        "that, where exp alone would give 0. p(xᵢ = 1 | known) is the sum over the rows in which "
        "xᵢ is 1, for all i at once: weights @ rows.",
    ),
)
def fill_in(log_prob, x: Tensor, known: Tensor) -> Tensor:
    """p(xᵢ = 1 | the known values), by going through all fillings of the unknown variables."""
    n_unknown = int((~known).sum())
    fillings = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * n_unknown).to(x)
    rows = x.repeat(2**n_unknown, 1)
    rows[:, ~known] = fillings.view(-1, n_unknown)
    p = log_prob(rows).softmax(0)  # p(filling, known) by their sum, without an exp that is 0
    return p @ rows


def _one_at_a_time(log_prob: Callable, x: Tensor, known: Tensor, unknown: object) -> Tensor:
    """p(xᵢ = 1) with a value for the other unknown variables."""
    found, places = torch.where(known, x, unknown), torch.arange(len(x))
    either = found.repeat(2, len(x), 1)
    either[0, places, places], either[1, places, places] = 0.0, 1.0
    low, high = (log_prob(rows).exp() for rows in either)
    return torch.where(known, x, high / (low + high))


known_mistakes(
    {
        "these are p(xᵢ = 1) for the unknown variables, as if nothing were known: writing the "
        "known values in afterwards does not tell the others about them": (
            lambda log_prob, x, known: torch.where(
                known, x, fill_in(log_prob, x, torch.zeros_like(known))
            )
        ),
        "these are p(xᵢ = 1, known): divide by the sum over all fillings, which is p(known)": but(
            "softmax(0)", "exp()"
        ),
        "exp gives 0 for a log-probability as low as −300, and 0 / 0 is nan: .softmax(0) of the "
        "log-probabilities gives the weights without that": but(
            "log_prob(rows).softmax(0)", "(p := log_prob(rows).exp()) / p.sum()"
        ),
        "each filling is weighted by how probable it is beside the best: these weights have to be "
        "divided by their sum": but(
            "log_prob(rows).softmax(0)", "(log_prob(rows) - log_prob(rows).max()).exp()"
        ),
        "a known variable has its own value, and not 0": but("p @ rows", "(p @ rows) * ~known"),
        "the fillings are weighted by their log-probabilities: take .exp() first": but(
            "log_prob(rows).softmax(0)", "log_prob(rows) / log_prob(rows).sum()"
        ),
        "½ at each unknown place, as if every filling counted the same: weight each by its "
        "probability": but("p @ rows", "rows.mean(0)"),
        "the other unknown variables are held at 0: this is p(xᵢ = 1 | known, all others 0). Sum "
        "over both of their values": (
            lambda log_prob, x, known: _one_at_a_time(log_prob, x, known, 0.0)
        ),
        "what stands in x at unknown places is used as if it were known: only x[known] counts": (
            lambda log_prob, x, known: _one_at_a_time(log_prob, x, known, x)
        ),
        "this is the single most probable filling: what is asked for is a mean over all of them, "
        "weighted by their probability": but("p @ rows", "rows[p.argmax()]"),
        ONE_ROW: (lambda log_prob, x, known: log_prob(x) * x),
        "at the unknown places these are p(xᵢ = 0 | known): sum over the rows in which xᵢ is "
        "1": but("p @ rows", "torch.where(known, x, 1 - p @ rows)"),
        "only the unknown variables have an entry: return one for every variable. A known one has "
        "its own value": but("p @ rows", "(p @ rows)[~known]"),
        "these are p(xᵢ = 1) for all variables, as if nothing were known: keep only the rows that "
        "have the known values": (
            lambda log_prob, x, known: fill_in(log_prob, x, torch.zeros_like(known))
        ),
        "the fillings are written into the last columns, which is right only if the known come "
        "first: rows[:, ~known] = ... finds the unknown columns": but(
            "rows[:, ~known]", "rows[:, len(x) - n_unknown :]"
        ),
        f"{NO_VALUE}. Sum over both values of each unknown variable": (
            lambda log_prob, x, known: _one_at_a_time(log_prob, x, known, 0.5)
        ),
        "torch.cartesian_prod gives a vector, not a matrix, where only one variable is unknown: "
        "fillings.view(-1, u), with u unknown variables, is a matrix for any u": but(
            "fillings.view(-1, n_unknown)", "fillings"
        ),
    }
)
