"""Notebook 01: counting numbers, changing the ordering, degrees, sampling from tables."""

from __future__ import annotations

import torch
from torch import LongTensor, Tensor

from made_course.model.masks import input_degrees

from ..checking.exercise import exercise, slip
from ..checking.variants import drawn, further_cases, one_of, shuffled

# ---- 1.1 ----------------------------------------------------------------------------------------


@exercise(
    "1.1",
    "How many numbers",
    stars=1,
    cases=((3,), (1,), (10,)),
    vary=further_cases(lambda word: (one_of(word, [2, 4, 5, 6, 7, 8]),)),
    hints=(
        "How many different pasts can the third variable have? It needs one number for each.",
        "With i variables before it, each 0 or 1, there are 2^i combinations. The first variable "
        "has none before it, so i starts at 0.",
    ),
)
def table_sizes(input_dim: int) -> list[int]:
    """How many numbers each conditional table needs: one for each combination of values before."""
    return [2**i for i in range(input_dim)]


slip(
    "you count p(xᵢ = 0 | …) and p(xᵢ = 1 | …) both: they sum to one, so one of them is enough",
    lambda input_dim: [2 ** (i + 1) for i in range(input_dim)],
)
slip(
    "in Python ^ is no power (it compares bits): a power is **",
    lambda input_dim: [2 ^ i for i in range(input_dim)],
)
slip(
    "you count one number more for each variable: it takes one for each combination of the "
    "values before xᵢ, and each variable doubles these",
    lambda input_dim: [i + 1 for i in range(input_dim)],
)
slip(
    "you multiply by 2 where it is to the power: 2 ** i, as each variable doubles the number",
    lambda input_dim: [2 * i for i in range(input_dim)],
)
slip(
    "base and exponent are swapped: it is 2 that is multiplied, i times",
    lambda input_dim: [i**2 for i in range(input_dim)],
)
slip(
    "these are squares: it is 2 that is multiplied, as often as there are variables before, 2 ** i "
    "with i from 0",
    lambda input_dim: [i**2 for i in range(1, input_dim + 1)],
)
slip(
    "this is the number of all rows, 2^D, for each variable: the table of xᵢ has a number for each "
    "combination of the values before xᵢ only",
    lambda input_dim: [2**input_dim] * input_dim,
)
slip(
    "you add two numbers for each variable before xᵢ: combinations of values multiply",
    lambda input_dim: [max(2 * i, 1) for i in range(input_dim)],
)


# ---- 1.2 ----------------------------------------------------------------------------------------


def _joint(p1: Tensor, p2: Tensor, p3: Tensor) -> Tensor:
    first = torch.stack([1 - p1, p1])[:, None] * torch.stack([1 - p2, p2], dim=-1)
    return first[:, :, None] * torch.stack([1 - p3, p3], dim=-1)


def _both_values(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    joint = _joint(p1, p2, p3)
    joint23, joint2 = joint.sum(0), joint.sum((0, 2))
    return joint2, joint23 / joint2[:, None], joint / joint23


_TABLES = (
    torch.tensor(0.6),
    torch.tensor([0.25, 0.5]),
    torch.tensor([[1 / 6, 1 / 2], [5 / 6, 1 / 3]]),
)


def _other_tables(word: str) -> tuple[Tensor, Tensor, Tensor]:
    p1, p2, p3 = (0.1 + 0.8 * drawn(f"{word} {k}", *[2] * k) for k in range(3))
    return p1, p2, p3


@exercise(
    "1.2",
    "Another ordering, the same joint",
    stars=2,
    cases=(
        _TABLES,
        (torch.tensor(0.3), torch.tensor([0.9, 0.2]), torch.tensor([[0.7, 0.1], [0.4, 0.8]])),
    ),
    vary=further_cases(_other_tables),
    hints=(
        "Go by way of the joint distribution: a tensor of shape (2, 2, 2), with one axis for each "
        "variable.",
        "joint[a, b, c] = p(x₁ = a) p(x₂ = b | a) p(x₃ = c | a, b), where torch.stack([1 - p, p], "
        "dim=-1) makes an axis for the variable whose table is p.",
        "Summing over axis 0 forgets x₁: that is p(x₂, x₃). A conditional is a joint probability "
        "divided by the probability of what is given.",
    ),
)
def reorder(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """From p(x₁), p(x₂ | x₁), p(x₃ | x₁, x₂) to p(x₂), p(x₃ | x₂), p(x₁ | x₂, x₃)."""
    joint = torch.stack([1 - p1, p1])  # then one axis more with each variable
    joint = joint[:, None] * torch.stack([1 - p2, p2], dim=-1)
    joint = joint[:, :, None] * torch.stack([1 - p3, p3], dim=-1)
    joint23 = joint.sum(0)
    joint2 = joint23.sum(1)
    return joint2[1], joint23[:, 1] / joint2, joint[1] / joint23


slip(
    "this is an old table under a new name: p(x₂) is not p(x₁), and p(x₁ | x₂, x₃) is not "
    "p(x₃ | x₁, x₂). Build the joint distribution first",
    lambda p1, p2, p3: (p1, p2, p3),
)
slip(
    "the last table is transposed: its first index is x₂, its second x₃",
    lambda p1, p2, p3: (*reorder(p1, p2, p3)[:2], reorder(p1, p2, p3)[2].T),
)
slip(
    "these tables hold the probabilities of both values: only that of a 1 is asked for",
    _both_values,
)


@slip("these are the probabilities of a 0: those of a 1 are asked for")
def _of_zeros(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q2, q3, q1 = _both_values(p1, p2, p3)
    return q2[0], q3[:, 0], q1[0]


@slip("this is a joint probability: divide by the probability of what is given")
def _not_divided(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    joint = _joint(p1, p2, p3)
    return joint.sum((0, 2))[1], joint.sum(0)[:, 1], joint[1]


@slip("both entries of p(x₃ | x₂) are divided by p(x₂ = 1): the one given x₂ = 0 needs p(x₂ = 0)")
def _divided_by_one_number(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q2, _, q1 = reorder(p1, p2, p3)
    return q2, _joint(p1, p2, p3).sum(0)[:, 1] / q2, q1


slip(
    "p(x₃ | x₂) is a mean over x₁ in which both values of x₁ count the same: weight them "
    "by how probable they are, or go by way of the joint distribution",
    lambda p1, p2, p3: (reorder(p1, p2, p3)[0], p3.mean(0), reorder(p1, p2, p3)[2]),
)
slip(
    "the last table is divided by p(x₂), and given are both x₂ and x₃: divide p(x₁, x₂, x₃) by "
    "p(x₂, x₃), the joint summed over x₁",
    lambda p1, p2, p3: (
        *reorder(p1, p2, p3)[:2],
        _joint(p1, p2, p3)[1] / _joint(p1, p2, p3).sum((0, 2))[:, None],
    ),
)
slip(
    "p(x₃ | x₂) is a mean over x₁ weighted by p(x₁): given x₂, the values of x₁ have other "
    "probabilities, p(x₁ | x₂)",
    lambda p1, p2, p3: (
        reorder(p1, p2, p3)[0],
        (1 - p1) * p3[0] + p1 * p3[1],
        reorder(p1, p2, p3)[2],
    ),
)


# ---- 1.3 ----------------------------------------------------------------------------------------


@exercise(
    "1.3",
    "From ordering to degrees",
    stars=1,
    cases=((torch.tensor([1, 2, 0]),), (torch.tensor([3, 0, 4, 1, 2]),)),
    package=input_degrees,
    vary=further_cases(
        lambda word: (torch.tensor(shuffled(word, range(one_of(word, [4, 6, 7])))),)
    ),
    hints=(
        "ordering[t] = i says: at step t comes variable i. You need the same list of pairs, looked "
        "up by i.",
        "Make an empty tensor and fill it: at index ordering[t] goes t + 1. One line of indexing "
        "does it for all t.",
    ),
)
def degrees_of(ordering: Tensor) -> LongTensor:
    """The step, counted from 1, at which each variable is generated."""
    degrees = torch.empty_like(ordering)
    degrees[ordering] = torch.arange(1, len(ordering) + 1)
    return degrees


slip(
    "this is the ordering, counted from 1. The degree of variable i is the step at which "
    "it comes: the place of i in the ordering, not what stands at place i",
    lambda ordering: ordering + 1,
)
slip(
    "these are the steps counted from 0: degrees count from 1",
    lambda ordering: torch.argsort(ordering),
)
slip(
    "these count from the end: the variable that comes first has degree 1",
    lambda ordering: len(ordering) - torch.argsort(ordering),
)
slip(
    "these are 1, 2, 3, … for every ordering. If you sorted: sorted values say nothing of the "
    "steps, their places do, torch.argsort or the second part of torch.sort",
    lambda ordering: ordering.sort().values + 1,
)


# ---- 1.4 ----------------------------------------------------------------------------------------


_UNIFORMS = torch.tensor(
    [
        [0.70, 0.20, 0.90],
        [0.10, 0.70, 0.30],
        [0.82, 0.50, 0.40],
        [0.75, 0.10, 0.60],
        [0.15, 0.90, 0.95],
        [0.50, 0.35, 0.20],
        [0.81, 0.45, 0.45],
        [0.30, 0.30, 0.80],
    ]
)


@exercise(
    "1.4",
    "Draw days",
    stars=2,
    cases=(
        (*reorder(*_TABLES), _UNIFORMS),
        (torch.tensor(0.8), torch.tensor([0.3, 0.6]), _TABLES[2], _UNIFORMS[[6, 1, 4]]),
    ),
    vary=further_cases(lambda word: (*reorder(*_other_tables(word)), drawn(f"{word} u", 6, 3))),
    hints=(
        "Three steps, one a variable, in the order x₂, x₃, x₁. Each compares a column of u with a "
        "probability.",
        "A drawn x₂ of dtype long is an index: q3[x2] looks up one probability for each row.",
        "x2 = (u[:, 1] <= q2).long(), then the same for x₃ with q3[x2], then x₁ with q1[x2, x3]; "
        "torch.stack(..., dim=1) puts the columns together.",
    ),
)
def draw_days(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    """Draw x₂, then x₃ given x₂, then x₁ given both; column i of u decides variable i."""
    x2 = (u[:, 1] <= q2).long()
    x3 = (u[:, 2] <= q3[x2]).long()
    x1 = (u[:, 0] <= q1[x2, x3]).long()
    return torch.stack([x1, x2, x3], dim=1).float()


@slip(
    "you take the columns of u in the order of the steps: column i belongs to variable i, "
    "so x₂ is decided by u[:, 1]"
)
def _draw_by_steps(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    return draw_days(q2, q3, q1, u[:, [2, 0, 1]])


@slip(
    "the columns of your result stand in the order of the steps, x₂, x₃, x₁: column i of a "
    "sample is variable i"
)
def _draw_swapped(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    return draw_days(q2, q3, q1, u)[:, [1, 2, 0]]


@slip(
    "each variable is drawn without a look at the ones before it: q3 is to be looked up at "
    "the x₂ that was drawn, q1 at the x₂ and x₃"
)
def _draw_apart(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    p = torch.stack([q1.mean(), q2, q3.mean()])
    return (u <= p).float()


@slip("the probability of a 1 is used as that of a 0: a variable is 1 where u ≤ p")
def _draw_above(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    x2 = (u[:, 1] >= q2).long()
    x3 = (u[:, 2] >= q3[x2]).long()
    x1 = (u[:, 0] >= q1[x2, x3]).long()
    return torch.stack([x1, x2, x3], dim=1).float()


@slip("a variable is 1 where u ≤ p, and here where u > p: that is 1 with the probability of a 0")
def _draw_strictly_above(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    x2 = (u[:, 1] > q2).long()
    x3 = (u[:, 2] > q3[x2]).long()
    x1 = (u[:, 0] > q1[x2, x3]).long()
    return torch.stack([x1, x2, x3], dim=1).float()


@slip("q1 is looked up with x₃ first: its first index is x₂")
def _draw_transposed(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    return draw_days(q2, q3, q1.T, u)


@slip("q1 is looked up at x₃ = 0 in every row: x₁ comes last, when x₃ has been drawn")
def _draw_x1_too_early(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    x2 = (u[:, 1] <= q2).long()
    x1 = (u[:, 0] <= q1[x2, 0]).long()
    x3 = (u[:, 2] <= q3[x2]).long()
    return torch.stack([x1, x2, x3], dim=1).float()
