"""Notebook 01: counting numbers, changing the ordering, degrees, sampling from tables."""

from __future__ import annotations

import torch
from torch import LongTensor, Tensor

from ..masks import input_degrees
from ..widgets.quiz import Choice
from .exercise import Exercise, Slip
from .variants import drawn, further_cases, one_of, shuffled

# ---- 1.1 ----------------------------------------------------------------------------------------


def table_sizes(input_dim: int) -> list[int]:
    """How many numbers each conditional table needs: one for each combination of values before."""
    return [2**i for i in range(input_dim)]


COUNTING = Exercise(
    name="1.1",
    title="How many numbers",
    stars=1,
    minutes=4,
    reference=table_sizes,
    cases=((3,), (1,), (10,)),
    vary=further_cases(lambda word: (one_of(word, [2, 4, 5, 6, 7, 8]),)),
    slips=(
        Slip(
            lambda input_dim: [2 ** (i + 1) for i in range(input_dim)],
            "you count p(xᵢ = 0 | …) and p(xᵢ = 1 | …) both: they sum to one, so one of them is "
            "enough",
        ),
        Slip(
            lambda input_dim: [2 ^ i for i in range(input_dim)],
            "in Python ^ is no power (it compares bits): a power is **",
        ),
        Slip(
            lambda input_dim: [2 ** (i + 1) - 1 for i in range(input_dim)],
            "these are running sums, the numbers of all factors so far: each factor's own are "
            "asked for",
        ),
        Slip(
            lambda input_dim: [i + 1 for i in range(input_dim)],
            "you count one number more for each variable: it takes one for each combination of the "
            "values before xᵢ, and each variable doubles these",
        ),
        Slip(
            lambda input_dim: [max(2 * i, 1) for i in range(input_dim)],
            "you add two numbers for each variable before xᵢ: combinations of values multiply",
        ),
        Slip(
            lambda input_dim: [2**i for i in reversed(range(input_dim))],
            "the list stands the other way round: the first variable has nothing before it",
        ),
        Slip(
            lambda input_dim: 2**input_dim - 1,
            "this is the sum of all tables: a list is asked for, with one entry for each variable",
        ),
    ),
    hints=(
        "How many different pasts can the third variable have? It needs one number for each.",
        "With i variables before it, each 0 or 1, there are 2^i combinations. The first variable "
        "has none before it, so i starts at 0.",
    ),
)


# ---- 1.2 ----------------------------------------------------------------------------------------


def reorder(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """From p(x₁), p(x₂ | x₁), p(x₃ | x₁, x₂) to p(x₂), p(x₃ | x₂), p(x₁ | x₂, x₃)."""
    joint = torch.stack([1 - p1, p1])  # then one axis more with each variable
    joint = joint[:, None] * torch.stack([1 - p2, p2], dim=-1)
    joint = joint[:, :, None] * torch.stack([1 - p3, p3], dim=-1)
    joint23 = joint.sum(0)
    joint2 = joint23.sum(1)
    return joint2[1], joint23[:, 1] / joint2, joint[1] / joint23


def _joint(p1: Tensor, p2: Tensor, p3: Tensor) -> Tensor:
    first = torch.stack([1 - p1, p1])[:, None] * torch.stack([1 - p2, p2], dim=-1)
    return first[:, :, None] * torch.stack([1 - p3, p3], dim=-1)


def _both_values(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    joint = _joint(p1, p2, p3)
    joint23, joint2 = joint.sum(0), joint.sum((0, 2))
    return joint2, joint23 / joint2[:, None], joint / joint23


def _of_zeros(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q2, q3, q1 = _both_values(p1, p2, p3)
    return q2[0], q3[:, 0], q1[0]


def _not_divided(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    joint = _joint(p1, p2, p3)
    return joint.sum((0, 2))[1], joint.sum(0)[:, 1], joint[1]


def _divided_by_one_number(p1: Tensor, p2: Tensor, p3: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q2, _, q1 = reorder(p1, p2, p3)
    return q2, _joint(p1, p2, p3).sum(0)[:, 1] / q2, q1


_TABLES = (
    torch.tensor(0.6),
    torch.tensor([0.25, 0.5]),
    torch.tensor([[1 / 6, 1 / 2], [5 / 6, 1 / 3]]),
)


def _other_tables(word: str) -> tuple[Tensor, Tensor, Tensor]:
    p1, p2, p3 = (0.1 + 0.8 * drawn(f"{word} {k}", *[2] * k) for k in range(3))
    return p1, p2, p3


REORDERING = Exercise(
    name="1.2",
    title="Another ordering, the same joint",
    stars=2,
    minutes=12,
    reference=reorder,
    cases=(
        _TABLES,
        (torch.tensor(0.3), torch.tensor([0.9, 0.2]), torch.tensor([[0.7, 0.1], [0.4, 0.8]])),
    ),
    vary=further_cases(_other_tables),
    slips=(
        Slip(
            lambda p1, p2, p3: (p1, p2, p3),
            "this is an old table under a new name: p(x₂) is not p(x₁), and p(x₁ | x₂, x₃) is not "
            "p(x₃ | x₁, x₂). Build the joint distribution first",
        ),
        Slip(
            lambda p1, p2, p3: (*reorder(p1, p2, p3)[:2], reorder(p1, p2, p3)[2].T),
            "the last table is transposed: its first index is x₂, its second x₃",
        ),
        Slip(
            _both_values,
            "these tables hold the probabilities of both values: only that of a 1 is asked for",
        ),
        Slip(_of_zeros, "these are the probabilities of a 0: those of a 1 are asked for"),
        Slip(
            _not_divided,
            "this is a joint probability: divide by the probability of what is given",
        ),
        Slip(
            _divided_by_one_number,
            "both entries of p(x₃ | x₂) are divided by p(x₂ = 1): the one given x₂ = 0 needs "
            "p(x₂ = 0)",
        ),
        Slip(
            lambda p1, p2, p3: (reorder(p1, p2, p3)[0], p3.mean(0), reorder(p1, p2, p3)[2]),
            "p(x₃ | x₂) is a mean over x₁ in which both values of x₁ count the same: weight them "
            "by how probable they are, or go by way of the joint distribution",
        ),
        Slip(
            lambda p1, p2, p3: (
                reorder(p1, p2, p3)[0],
                (1 - p1) * p3[0] + p1 * p3[1],
                reorder(p1, p2, p3)[2],
            ),
            "p(x₃ | x₂) is a mean over x₁ weighted by p(x₁): given x₂, the values of x₁ have other "
            "probabilities, p(x₁ | x₂)",
        ),
    ),
    hints=(
        "Go by way of the joint distribution: a tensor of shape (2, 2, 2), with one axis for each "
        "variable.",
        "joint[a, b, c] = p(x₁ = a) p(x₂ = b | a) p(x₃ = c | a, b), where torch.stack([1 - p, p], "
        "dim=-1) makes an axis for the variable whose table is p.",
        "Summing over axis 0 forgets x₁: that is p(x₂, x₃). A conditional is a joint probability "
        "divided by the probability of what is given.",
    ),
)


# ---- 1.3 ----------------------------------------------------------------------------------------


def degrees_of(ordering: Tensor) -> LongTensor:
    """The step, counted from 1, at which each variable is generated."""
    degrees = torch.empty_like(ordering)
    degrees[ordering] = torch.arange(1, len(ordering) + 1)
    return degrees


DEGREES = Exercise(
    name="1.3",
    title="From ordering to degrees",
    stars=1,
    minutes=5,
    reference=degrees_of,
    cases=((torch.tensor([1, 2, 0]),), (torch.tensor([3, 0, 4, 1, 2]),)),
    vary=further_cases(
        lambda word: (torch.tensor(shuffled(word, range(one_of(word, [4, 6, 7])))),)
    ),
    slips=(
        Slip(
            lambda ordering: ordering + 1,
            "this is the ordering, counted from 1. The degree of variable i is the step at which "
            "it comes: the place of i in the ordering, not what stands at place i",
        ),
        Slip(
            lambda ordering: torch.argsort(ordering),
            "these are the steps counted from 0: degrees count from 1",
        ),
        Slip(
            lambda ordering: len(ordering) - torch.argsort(ordering),
            "these count from the end: the variable that comes first has degree 1",
        ),
    ),
    hints=(
        "ordering[t] = i says: at step t comes variable i. You need the same list of pairs, looked "
        "up by i.",
        "Make an empty tensor and fill it: at index ordering[t] goes t + 1. One line of indexing "
        "does it for all t.",
    ),
    package=input_degrees,
)


# ---- 1.4 ----------------------------------------------------------------------------------------


def draw_days(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    """Draw x₂, then x₃ given x₂, then x₁ given both; column i of u decides variable i."""
    x2 = (u[:, 1] <= q2).long()
    x3 = (u[:, 2] <= q3[x2]).long()
    x1 = (u[:, 0] <= q1[x2, x3]).long()
    return torch.stack([x1, x2, x3], dim=1).float()


def _draw_by_steps(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    return draw_days(q2, q3, q1, u[:, [2, 0, 1]])


def _draw_swapped(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    return draw_days(q2, q3, q1, u)[:, [1, 2, 0]]


def _draw_apart(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    p = torch.stack([q1.mean(), q2, q3.mean()])
    return (u <= p).float()


def _draw_above(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    x2 = (u[:, 1] >= q2).long()
    x3 = (u[:, 2] >= q3[x2]).long()
    x1 = (u[:, 0] >= q1[x2, x3]).long()
    return torch.stack([x1, x2, x3], dim=1).float()


def _draw_transposed(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    return draw_days(q2, q3, q1.T, u)


def _draw_x1_too_early(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    x2 = (u[:, 1] <= q2).long()
    x1 = (u[:, 0] <= q1[x2, 0]).long()
    x3 = (u[:, 2] <= q3[x2]).long()
    return torch.stack([x1, x2, x3], dim=1).float()


def _draw_by_bools(q2: Tensor, q3: Tensor, q1: Tensor, u: Tensor) -> Tensor:
    x2 = u[:, 1] <= q2
    x3 = u[:, 2] <= q3[x2]
    return torch.stack([u[:, 0] <= q1[x2, x3], x2, x3], dim=1).float()


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

SAMPLING = Exercise(
    name="1.4",
    title="Draw days",
    stars=2,
    minutes=8,
    reference=draw_days,
    cases=(
        (*reorder(*_TABLES), _UNIFORMS),
        (torch.tensor(0.8), torch.tensor([0.3, 0.6]), _TABLES[2], _UNIFORMS[[6, 1, 4]]),
    ),
    vary=further_cases(lambda word: (*reorder(*_other_tables(word)), drawn(f"{word} u", 6, 3))),
    slips=(
        Slip(
            _draw_by_steps,
            "you take the columns of u in the order of the steps: column i belongs to variable i, "
            "so x₂ is decided by u[:, 1]",
        ),
        Slip(
            _draw_swapped,
            "the columns of your result stand in the order of the steps, x₂, x₃, x₁: column i of a "
            "sample is variable i",
        ),
        Slip(
            _draw_apart,
            "each variable is drawn without a look at the ones before it: q3 is to be looked up at "
            "the x₂ that was drawn, q1 at the x₂ and x₃",
        ),
        Slip(
            _draw_above,
            "the probability of a 1 is used as that of a 0: a variable is 1 where u ≤ p",
        ),
        Slip(_draw_transposed, "q1 is looked up with x₃ first: its first index is x₂"),
        Slip(
            _draw_x1_too_early,
            "q1 is looked up at x₃ = 0 in every row: x₁ comes last, when x₃ has been drawn",
        ),
        Slip(
            _draw_by_bools,
            "a tensor of bools used as an index selects rows. Make it one of whole numbers first: "
            "x2 = (...).long()",
        ),
    ),
    hints=(
        "Three steps, one a variable, in the order x₂, x₃, x₁. Each compares a column of u with a "
        "probability.",
        "A drawn x₂ of dtype long is an index: q3[x2] looks up one probability for each row.",
        "x2 = (u[:, 1] <= q2).long(), then the same for x₃ with q3[x2], then x₁ with q1[x2, x3]; "
        "torch.stack(..., dim=1) puts the columns together.",
    ),
)

EXERCISES = (COUNTING, REORDERING, DEGREES, SAMPLING)


# ---- self-checks --------------------------------------------------------------------------------

QUIZZES = {
    "1a": (
        "On how many of the 20 days was the grass dry although it rained?",
        [
            Choice("6", "On 6 days it rained and the grass was wet: the bars of 110 and 111."),
            Choice(
                "2",
                "$p(x_1 = 0, x_2 = 1)$ is the sum of the bars of 010 and 011, 1/20 each.",
                right=True,
            ),
            Choice("8", "On 8 days it rained, whatever the grass was. Two conditions are asked."),
        ],
    ),
    "1b": (
        "Why is the chain rule useful, if it needs as many numbers as the table?",
        [
            Choice(
                "It leaves out combinations that never occur",
                "It leaves out nothing: it holds exactly, for all $2^D$ combinations.",
            ),
            Choice(
                "It turns one question about everything into D questions about one variable each",
                "And a question about one variable is one that a function with few parameters "
                "can learn to answer.",
                right=True,
            ),
            Choice(
                "The later factors need fewer numbers than the first ones",
                "The other way round: the last factor alone needs $2^{D-1}$, more than half.",
            ),
        ],
    ),
    "1c": (
        "Which of these may differ between two orderings, with exact conditionals?",
        [
            Choice(
                "the probability of a whole day",
                "The product is the joint distribution, which knows nothing of orderings.",
            ),
            Choice(
                "the single number that rain needs when it comes first",
                "Rain first is $p(x_2 = 1) = 0.4$ in each ordering that begins with it.",
            ),
            Choice(
                "the factor in which rain appears, and how many numbers it has",
                "First it has one number; after the grass two; last four, one for each "
                "combination of the others.",
                right=True,
            ),
        ],
    ),
    "1d": (
        "Five variables have `order = [2, 5, 1, 4, 3]`. Which is generated second?",
        [
            Choice("x₅", "You read the list as an ordering: its second entry is 5."),
            Choice("x₁", "The one whose degree is 2: the first entry.", right=True),
            Choice("x₂", "x₂ has degree 5: it comes last."),
        ],
    ),
    "1e": (
        "Two models are scored on four days. One gives each day probability 1/4; the other gives "
        "three of them 1/2 and the fourth 1/64. Which has the smaller NLL?",
        [
            Choice(
                "The second: it is better on three days of four",
                "The NLL does not count days. The second loses $\\ln 16$ nats on the fourth day, "
                "and gains $\\ln 2$ on each of the others.",
            ),
            Choice(
                "The first: the product of its four probabilities is larger",
                "$4^{-4} = 1/256$ against $2^{-3}/64 = 1/512$. One day that got a sixteenth of "
                "the other's probability weighs more than three that got twice as much.",
                right=True,
            ),
            Choice(
                "Neither: each must average over all kinds of days",
                "It is an average over the days that were seen, whatever a model says of others.",
            ),
        ],
    ),
    "1f": (
        "A model reports an NLL of 1.50 nats a day on the diary, whose entropy is "
        "1.84 nats. What follows?",
        [
            Choice(
                "It has learned a lot from few days",
                "No amount of learning gets a distribution below the entropy of the data it is "
                "scored on.",
            ),
            Choice(
                "It knows the ordering better than we do",
                "All orderings have the same joint distribution, and the same floor.",
            ),
            Choice(
                "Its numbers are no probabilities of days, or the score is computed wrongly",
                "The floor holds for every distribution. Whatever is below it does not sum to one, "
                "or something else was counted.",
                right=True,
            ),
        ],
    ),
    "1g": (
        "You have q2, q3 and q1, for the ordering x₂, x₃, x₁. May you draw x₁ first?",
        [
            Choice(
                "Yes, all orderings give the same joint distribution",
                "They do, but with other conditionals. q1 is $p(x_1 | x_2, x_3)$, and has to be "
                "told $x_2$ and $x_3$.",
            ),
            Choice(
                "No: q1 can be looked up only once x₂ and x₃ are drawn",
                "To draw x₁ first you would need $p(x_1)$ and then $p(x_2 | x_1)$: other tables, "
                "made by way of the joint distribution, as in exercise 1.2.",
                right=True,
            ),
            Choice(
                "Yes, with q1 averaged over its four entries",
                "A plain mean weights all four situations alike, and the x₂ drawn later would not "
                "know of the x₁.",
            ),
        ],
    ),
    "1h": (
        "In the ordering x₂, x₃, x₁: which of these may the number for x₃ look at?",
        [
            Choice("x₂ alone", "It is the only one with a smaller degree.", right=True),
            Choice(
                "x₁ and x₂",
                "These stand before it in the alphabet of indices, not in the ordering: x₁ has "
                "degree 3.",
            ),
            Choice(
                "x₂ and x₃",
                "A number that has seen x₃ need not predict it. This is the mistake of notebook 2.",
            ),
        ],
    ),
}
