"""2.3: D logistic regressions at once, an FVSBN."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import LongTensor, Tensor

from ..checking import (
    CUT_OFF,
    but,
    drawn,
    dtypes,
    exercise,
    further_cases,
    gradients,
    known_mistakes,
    shuffled,
)


def _case(ordering: list[int], rows: int) -> tuple[Tensor, ...]:
    size = len(ordering)
    weight = (7 * torch.arange(size * size) % 11 - 5.5).view(size, size) / 2
    bias = 0.5 - torch.arange(size) / 4
    x = ((5 + 14 * torch.arange(rows))[:, None] >> torch.arange(size) & 1).float()
    return weight, bias, torch.tensor(ordering), x


def _other_case(word: str) -> tuple[Tensor, ...]:
    _, bias, ordering, x = _case(shuffled(word, range(4)), 5)
    return 6 * drawn(word, 4, 4) - 3, bias, ordering, x


_CASES = (_case([1, 2, 0], 2), _case([3, 0, 4, 1, 2], 6))


@exercise(
    "2.3",
    "D logistic regressions at once",
    stars=2,
    cases=_CASES,
    views=(*gradients(weight=0, bias=1), *dtypes(torch.float64)),
    vary=further_cases(_other_case),
    hints=(
        "Four lines: the degrees, what is allowed, the logits, the log-probability.",
        "order = torch.argsort(ordering) + 1 are the degrees, and weight * (order[:, None] > "
        "order[None, :]) are the weights that are left.",
        "logits = x @ (...).T + bias, with those weights in place of the dots, and log_bernoulli"
        "(logits, x) from section 1 does the rest.",
    ),
)
def fvsbn_log_prob(weight: Tensor, bias: Tensor, ordering: LongTensor, x: Tensor) -> Tensor:
    """(D, D), (D,), (D,), (B, D) → (B,): log p(x) of D logistic regressions in one product."""
    order = torch.argsort(ordering) + 1
    allowed = order[:, None] > order[None, :]
    logits = F.linear(x, weight * allowed, bias)
    return (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(1)


known_mistakes(
    {
        "each output sees its own variable, of equal degree: the comparison must be >, not >=": but(
            "] > order", "] >= order"
        ),
        "the comparison stands the other way round: each output sees the variables after it. Row i "
        "of the weights belongs to output i, so order[:, None] is the output's degree": but(
            "] > order", "] < order"
        ),
        "the ordering makes no difference: degrees come from it, not from the columns of x": but(
            "torch.argsort(ordering)", "torch.arange(len(ordering))"
        ),
        "you compare entries of the ordering as if they were degrees: the two are inverse to one "
        "another (exercise 1.3)": but("torch.argsort(ordering)", "ordering"),
        "nothing is cut: multiply the weights by the matrix of what is allowed": but(
            "weight * allowed", "weight"
        ),
        "you take weight[i, j] to lead from input i to output j: it leads from input j to output "
        "i, as in nn.Linear, so that the product is x @ w.T": but(
            "weight * allowed", "(weight * allowed).T"
        ),
        "these are the logits: log p(x) is made of them, by log_bernoulli": but(
            "(x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(1)", "logits"
        ),
        "x is put in generation order, and weight and bias are not: leave all in the order x₁, x₂, "
        "…, and let the comparison of degrees say who comes before whom": (
            lambda weight, bias, ordering, x: fvsbn_log_prob(
                weight, bias, torch.arange(len(bias)), x[:, ordering]
            )
        ),
        "these are the ones alone: where xᵢ is 0, log p(xᵢ = 0 | …) is to be added": but(
            " + (1 - x) * F.logsigmoid(-logits)", ""
        ),
        "you add log p(xᵢ = 1 | …) whatever xᵢ is: where xᵢ is 0, it must be log "
        "p(xᵢ = 0 | …)": but(
            "x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)", "F.logsigmoid(logits)"
        ),
        "log_bernoulli takes logits: the sigmoid is inside it already, and here it acts twice": but(
            "allowed, bias)", "allowed, bias).sigmoid()"
        ),
        CUT_OFF: torch.no_grad()(fvsbn_log_prob),
    }
)
