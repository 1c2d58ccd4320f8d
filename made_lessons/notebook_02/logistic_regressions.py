"""Exercise 2.3: D logistic regressions at once (an FVSBN)."""

import torch
import torch.nn.functional as F
from torch import LongTensor, Tensor

from ..checking import Exercise, dtype_views, edit, gradient_views
from ..checking.variants import draw_uniform, further_cases, shuffle


def _draw_case(key: str, ordering: list[int], rows: int = 5, scale: int = 3) -> tuple[Tensor, ...]:
    weight, bias = (
        scale * (2 * draw_uniform(key, len(ordering), len(ordering)) - 1),
        draw_uniform(key, len(ordering)),
    )
    return (
        weight,
        bias,
        torch.tensor(ordering),
        draw_uniform(f"{key} x", rows, len(ordering)).round(),
    )


def fvsbn_log_prob(weight: Tensor, bias: Tensor, ordering: LongTensor, x: Tensor) -> Tensor:
    """Return log p(x) of rows under D logistic regressions: (D, D), (D,), (D,), (B, D) → (B,)."""
    order = torch.argsort(ordering) + 1
    allowed = order[:, None] > order[None, :]
    logits = F.linear(x, weight * allowed, bias)
    return (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(1)


EXERCISE = Exercise(
    title="D logistic regressions at once",
    stars=2,
    reference=fvsbn_log_prob,
    cases=(
        _draw_case("three", [1, 2, 0], 2),
        _draw_case("five", [3, 0, 4, 1, 2]),
        _draw_case("large", [3, 0, 4, 1, 2], 5, 100),
    ),
    vary=further_cases(lambda key: _draw_case(key, shuffle(key, range(4)))),
    hints=(
        "You need four lines: the degrees, the allowed pairs, the logits and the log-probability.",
        "The degrees are `order = torch.argsort(ordering) + 1`, and the masked weights are `weight "
        "* (order[:, None] > order[None, :])`.",
        "`logits = x @ (...).T + bias`, with the masked weights instead of the dots. Then return "
        "`log_bernoulli(logits, x)` from section 1.",
    ),
    mistakes={
        "each output sees its own variable, of equal degree. Compare with >, not >=": edit(
            "] > order", "] >= order"
        ),
        "your comparison is reversed. Each output sees the variables after it. Row i of the "
        "weights belongs to output i, so order[:, None] is the output's degree": edit(
            "] > order", "] < order"
        ),
        "your result does not depend on the ordering, but the degrees must come from it": edit(
            "torch.argsort(ordering)", "torch.arange(len(ordering))"
        ),
        "you use the ordering where the degrees belong, but one is the inverse of the other "
        "(exercise 1.3)": edit("torch.argsort(ordering)", "ordering"),
        "no weight is masked. Multiply the weights by the matrix of allowed pairs": edit(
            "weight * allowed", "weight"
        ),
        "you use weight[i, j] from input i to output j, but it leads from input j to output i, as "
        "in nn.Linear, so the product is x @ w.T": edit("weight * allowed", "(weight * allowed).T"),
        "these are the logits. log_bernoulli turns them into log p(x)": edit(
            "(x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(1)", "logits"
        ),
        "you reorder x by the ordering, but not weight and bias. Leave everything in the order x₁, "
        "x₂, …, because the degrees already say which variable is earlier": (
            lambda weight, bias, ordering, x: fvsbn_log_prob(
                weight, bias, torch.arange(len(bias)), x[:, ordering]
            )
        ),
        "you only count variables that are 1. Where xᵢ is 0, add log p(xᵢ = 0 | …)": edit(
            " + (1 - x) * F.logsigmoid(-logits)", ""
        ),
        "you add log p(xᵢ = 1 | …) for every xᵢ, but where xᵢ is 0, it must be log p(xᵢ = "
        "0 | …)": edit(
            "x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)", "F.logsigmoid(logits)"
        ),
        "log_bernoulli takes logits and applies the sigmoid itself, so your own sigmoid is one too "
        "many": edit("allowed, bias)", "allowed, bias).sigmoid()"),
    },
    views=(*gradient_views(weight=0, bias=1), *dtype_views(torch.float64)),
)
