"""Exercise 6.3: completion by enumeration."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from made_course.data.toys import rain_diary

from ..checking import Exercise, View, choose, draw_uniform, edit, further_cases

_DAYS = torch.bincount(rain_diary().long() @ torch.tensor([4, 2, 1]), minlength=8) / 20
_TABLE = torch.tensor([9, 2, 1, 5, 3, 8, 2, 1, 4, 7, 1, 6, 2, 3, 10, 1]) / 65

ONE_ROW = "log_prob takes rows (n, D). For a single row, use x[None]"
NO_VALUE = "log_prob takes only zeros and ones. No other number can mark an unknown value"


def _look_up_log_prob(x: Tensor, log_p: Tensor) -> Tensor:
    """Check rows as a model's ``log_prob`` does, and look up their log-probabilities in a table."""
    if x.dim() != 2:
        raise ValueError(ONE_ROW)
    if not bool(((x == 0) | (x == 1)).all()):
        raise ValueError(NO_VALUE)
    rows = x.long() @ 2 ** torch.arange(x.shape[1]).flip(0)
    return log_p[rows].to(torch.result_type(x, 0.0))  # float64 if x is float64


def _make_log_prob(name: str, log_p: Tensor) -> Callable[[Tensor], Tensor]:
    """Return a ``log_prob`` that looks rows up in a table, with a name for messages."""
    log_prob = partial(_look_up_log_prob, log_p=log_p)
    log_prob.__name__ = name
    return log_prob


_DIARY = _make_log_prob("diary", _DAYS.log())
_FOUR = _make_log_prob("four_variables", _TABLE.log())
_IMPROBABLE = _make_log_prob("improbable_rows", _TABLE.log() - 300)


def _draw_row(key: str) -> tuple[Callable[[Tensor], Tensor], Tensor, Tensor]:
    size = choose(key, [2, 3, 4, 5])
    p = draw_uniform(key, 2**size)
    known = draw_uniform(f"{key} known", size) < 0.5
    known[choose(key, range(size))] = False
    return (
        _make_log_prob("some_table", (p / p.sum()).log()),
        draw_uniform(f"{key} x", size).round(),
        known,
    )


def fill_in(log_prob, x: Tensor, known: Tensor) -> Tensor:
    """Return p(xᵢ = 1 | known values), by enumerating all assignments of the unknown variables."""
    n_unknown = int((~known).sum())
    assignments = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * n_unknown).to(x)
    rows = x.repeat(2**n_unknown, 1)
    rows[:, ~known] = assignments.view(-1, n_unknown)
    p = log_prob(rows).softmax(0)  # p(row) divided by the sum over rows
    return p @ rows


def _fill_in_one_by_one(log_prob: Callable, x: Tensor, known: Tensor, unknown: object) -> Tensor:
    """Return p(xᵢ = 1) of each unknown variable, with the other unknown ones set to ``unknown``."""
    found, i = torch.where(known, x, unknown), torch.arange(len(x))
    either = found.repeat(2, len(x), 1)
    either[0, i, i], either[1, i, i] = 0.0, 1.0
    low, high = (log_prob(rows).exp() for rows in either)
    return torch.where(known, x, high / (low + high))


EXERCISE = Exercise(
    title="Complete by enumeration",
    stars=2,
    reference=fill_in,
    cases=(
        (_FOUR, torch.tensor([1.0, 0.0, 1.0, 0.0]), torch.tensor([False] * 3 + [True])),
        (_DIARY, torch.tensor([1.0, 1.0, 0.0]), torch.tensor([True, False, False])),
        (_FOUR, torch.tensor([0.0, 1, 0, 1]), torch.tensor([True, False] * 2)),
        (_DIARY, torch.tensor([1.0, 1.0, 0.0]), torch.tensor([True, True, False])),
    ),
    vary=further_cases(_draw_row),
    hints=(
        "Make one row for each assignment of the unknown variables: copies of `x` with all "
        "combinations of 0 and 1 in the unknown columns. With u unknown variables there are 2^u "
        "rows.",
        "The combinations are `torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * u).view(-1, u)`, "
        "or `itertools.product([0.0, 1.0], repeat=u)` as a tensor; `rows[:, ~known] = ...` writes "
        "them in. `log_prob(rows).exp()` is p(unknown, known).",
        "Divided by their sum, they are p(unknown | known). `log_prob(rows).softmax(0)` computes "
        "this, even where exp would give 0. p(xᵢ = 1 | known) is the sum over the rows in which xᵢ "
        "is 1. For all i at once, it is `weights @ rows`.",
    ),
    mistakes={
        "you returned p(xᵢ = 1) of the unknown variables, as if nothing were known. Writing in "
        "the known values afterwards does not change the others": (
            lambda log_prob, x, known: torch.where(
                known, x, fill_in(log_prob, x, torch.zeros_like(known))
            )
        ),
        "you returned p(xᵢ = 1, known). Divide by the sum over all assignments, which "
        "is p(known)": edit("softmax(0)", "exp()"),
        "exp of a log-probability as low as −300 is 0, and 0 / 0 is nan. .softmax(0) of the "
        "log-probabilities gives the same weights safely": edit(
            "log_prob(rows).softmax(0)", "(p := log_prob(rows).exp()) / p.sum()"
        ),
        "your weights are relative to the most probable assignment. Divide them by their sum": edit(
            "log_prob(rows).softmax(0)", "(log_prob(rows) - log_prob(rows).max()).exp()"
        ),
        "you returned 0 for the known variables. Return their values": edit(
            "p @ rows", "(p @ rows) * ~known"
        ),
        "you weighted the assignments by their log-probabilities. Take .exp() first": edit(
            "log_prob(rows).softmax(0)", "log_prob(rows) / log_prob(rows).sum()"
        ),
        "you returned ½ for each unknown variable, as if all assignments were equally probable. "
        "Weight each by its probability": edit("p @ rows", "rows.mean(0)"),
        "you set the other unknown variables to 0, so this is p(xᵢ = 1 | known, all others 0). "
        "Sum over both of their values": (
            lambda log_prob, x, known: _fill_in_one_by_one(log_prob, x, known, 0.0)
        ),
        "you used the values of x at unknown positions as if they were known, but only x[known] "
        "counts": (lambda log_prob, x, known: _fill_in_one_by_one(log_prob, x, known, x)),
        "you returned the single most probable assignment. Return the mean over all assignments, "
        "weighted by their probability": edit("p @ rows", "rows[p.argmax()]"),
        ONE_ROW: (lambda log_prob, x, known: log_prob(x) * x),
        "for the unknown variables you returned p(xᵢ = 0 | known). Sum over the rows in which xᵢ "
        "is 1": edit("p @ rows", "torch.where(known, x, 1 - p @ rows)"),
        "you returned only the unknown variables. Return one entry for every variable. The entry "
        "of a known variable is its value": edit("p @ rows", "(p @ rows)[~known]"),
        "you returned p(xᵢ = 1) of all variables, as if nothing were known. Keep only the rows "
        "with the known values": (
            lambda log_prob, x, known: fill_in(log_prob, x, torch.zeros_like(known))
        ),
        "you wrote the assignments into the last columns, which is right only if the known "
        "variables come first. rows[:, ~known] = ... finds the unknown columns": edit(
            "rows[:, ~known]", "rows[:, len(x) - n_unknown :]"
        ),
        f"{NO_VALUE}. Sum over both values of each unknown variable": (
            lambda log_prob, x, known: _fill_in_one_by_one(log_prob, x, known, 0.5)
        ),
        "torch.cartesian_prod returns a vector, not a matrix, if only one variable is unknown. "
        "assignments.view(-1, u), with u unknown variables, is always a matrix": edit(
            "assignments.view(-1, n_unknown)", "assignments"
        ),
    },
    views=(
        View(cases=((_IMPROBABLE, torch.tensor([0.0, 1, 0, 1]), torch.tensor([True, False] * 2)),)),
    ),
)
