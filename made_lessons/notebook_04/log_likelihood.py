"""4.2: from logits to a log-likelihood."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from made_course.model.heads import Bernoulli

from ..checking import (
    CUT_OFF,
    but,
    drawn,
    dtypes,
    exercise,
    further_cases,
    gradients,
    known_mistakes,
)

_CASES = (
    (
        torch.tensor([[1.0, -2.0, 0.5], [0.2, 3.0, 1.0]]),
        torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]),
    ),
    (
        torch.tensor([[200.0, -200.0], [-200.0, 0.0], [30.0, 2.0]]),
        torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
    ),
    (
        torch.tensor([[1000.0, 0.0], [1000.0, 1.0], [-1000.0, 2.0]]),
        torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
    ),
)


@exercise(
    "4.2",
    "From logits to a log-likelihood",
    stars=2,
    cases=_CASES,
    views=(*gradients(logits=0), *dtypes(torch.float64)),
    package=Bernoulli.log_prob,
    vary=further_cases(lambda word: (8 * drawn(word, 3, 4) - 4, drawn(f"{word} x", 3, 4).round())),
    hints=(
        "Two tensors of shape (B, D): the log-probability of a 1, and that of a 0. Then choose "
        "between them by x, and sum.",
        "x * a + (1 - x) * b is a where x is 1 and b where it is 0. log σ(z) = −softplus(−z).",
        "log_p1 = -F.softplus(-logits), log_p0 = -F.softplus(logits), and .sum(dim=1) at the end.",
    ),
)
def bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Log-probability of each row: the sum over its variables, (B, D), (B, D) → (B,)."""
    log_p1 = -F.softplus(-logits)
    log_p0 = -F.softplus(logits)
    return (x * log_p1 + (1 - x) * log_p0).sum(dim=1)


def of_probabilities(p: Tensor, x: Tensor) -> Tensor:
    """As the formula stands: right until a probability is rounded to 0 or 1."""
    return (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(dim=1)


known_mistakes(
    {
        "right while logits are small. At large ones the sigmoid is rounded to 0 or 1, the "
        "logarithm of 0 is −inf, and 0 · −inf is NaN: use softplus, which needs no such "
        "logarithm": lambda logits, x: of_probabilities(torch.sigmoid(logits), x),
        "right while logits are small. At large ones the sigmoid is rounded to 0 or 1, and "
        "binary_cross_entropy cuts the logarithm of 0 off at −100: use softplus, or "
        "binary_cross_entropy_with_logits, which takes no sigmoid first": (
            lambda logits, x: (
                -F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(dim=1)
            )
        ),
        "this is log σ(z) whatever x is: where x is 0, it takes log(1 − σ(z)), which is "
        "−softplus(z)": but("x * log_p1 + (1 - x) * log_p0", "log_p1"),
        "this is the part of the ones alone: where x is 0, log(1 − σ(z)) is to be added, which is "
        "−softplus(z)": but(" + (1 - x) * log_p0", ""),
        "this is the part of the zeros alone: where x is 1, log σ(z) is to be added, which is "
        "−softplus(−z)": but("x * log_p1 + ", ""),
        "this sums over the rows: each row is an example and gets a number of its own, so sum over "
        "dimension 1": lambda logits, x: bernoulli_log_prob(logits.T, x.T),
        "the variables share a softmax in your code: each is a coin of its own, with p = σ(z)": (
            lambda logits, x: F.log_softmax(logits, 1).gather(1, x.long()).sum(1)
        ),
        "log(1 + exp(z)) is missing: log p(x) is x · z − softplus(z), summed": (
            lambda logits, x: (x * logits).sum(1)
        ),
        "these are probabilities, summed. It is their logarithms that are summed": but(
            "* log_p1", "* log_p1.exp()", "* log_p0", "* log_p0.exp()"
        ),
        "the logarithms are multiplied: those of a product of probabilities are added": but(
            ".sum(", ".prod("
        ),
        "log(1 − p) is not 1 − log p: as 1 − σ(z) = σ(−z), it is −softplus(z)": but(
            "* log_p0", "* (1 - log_p1)"
        ),
        "where x is 0, so is z · x, and its logit does not count: log(1 − σ(z)) is −softplus(z)": (
            lambda logits, x: F.logsigmoid(logits * x).sum(1)
        ),
        "zeros and ones are swapped: where x is 1 it takes log σ(z), where x is 0 log(1 − σ(z))": (
            lambda logits, x: bernoulli_log_prob(-logits, x)
        ),
        "the logits are taken for probabilities: p = σ(z), and z may be any real number": (
            of_probabilities
        ),
        CUT_OFF: lambda logits, x: bernoulli_log_prob(logits, x).detach(),
    }
)
