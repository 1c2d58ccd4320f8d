"""Exercise 4.2: from logits to a log-likelihood."""

import torch
import torch.nn.functional as F
from torch import Tensor

from made_course.model.heads import Bernoulli

from ..checking import Exercise, dtype_views, edit, gradient_views
from ..checking.variants import draw_uniform, further_cases


def bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Sum the log-probabilities of the variables of each row: (B, D), (B, D) → (B,)."""
    log_p1 = -F.softplus(-logits)
    log_p0 = -F.softplus(logits)
    return (x * log_p1 + (1 - x) * log_p0).sum(dim=1)


def log_prob_of_probabilities(p: Tensor, x: Tensor) -> Tensor:
    """Return the log-probability of each row from p(1). It is NaN or −∞ if some p is 0 or 1."""
    return (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(dim=1)


EXERCISE = Exercise(
    title="From logits to a log-likelihood",
    stars=2,
    reference=bernoulli_log_prob,
    cases=(
        (8 * draw_uniform("two rows", 2, 3) - 4, draw_uniform("x", 2, 3).round()),
        (
            torch.tensor([[200.0, -200.0], [-200.0, 0.0], [30.0, 2.0]]),
            torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
        ),
        (
            torch.tensor([[1000.0, 0.0], [1000.0, 1.0], [-1000.0, 2.0]]),
            torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        ),
        (draw_uniform("logits like probabilities", 2, 3), draw_uniform("x", 2, 3).round()),
    ),
    package=Bernoulli.log_prob,
    vary=further_cases(
        lambda key: (8 * draw_uniform(key, 3, 4) - 4, draw_uniform(f"{key} x", 3, 4).round())
    ),
    hints=(
        "Compute two tensors of shape (B, D): the log-probability of a 1, and that of a 0. Choose "
        "between them with `x`, and sum.",
        "`x * a + (1 - x) * b` is `a` where `x` is 1, and `b` where it is 0. log σ(z) = "
        "−softplus(−z).",
        "Use `log_p1 = -F.softplus(-logits)`, `log_p0 = -F.softplus(logits)`, and `.sum(dim=1)` at "
        "the end.",
    ),
    mistakes={
        "your answer is right for small logits. For large ones, the sigmoid is rounded to 0 or 1, "
        "the logarithm of 0 is −inf, and 0 · −inf is NaN. Use softplus, which needs no logarithm "
        "of a sigmoid": lambda logits, x: log_prob_of_probabilities(torch.sigmoid(logits), x),
        "your answer is right for small logits. For large ones, the sigmoid is rounded to 0 or 1, "
        "and binary_cross_entropy replaces the logarithm of 0 with −100. Use softplus, or "
        "binary_cross_entropy_with_logits without a sigmoid": (
            lambda logits, x: (
                -F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(dim=1)
            )
        ),
        "you use log σ(z) for every x, but where x is 0, you need log(1 − σ(z)), which is "
        "−softplus(z)": edit("x * log_p1 + (1 - x) * log_p0", "log_p1"),
        "you only count the ones. Where x is 0, add log(1 − σ(z)), which is −softplus(z)": edit(
            " + (1 - x) * log_p0", ""
        ),
        "you only count the zeros. Where x is 1, add log σ(z), which is −softplus(−z)": edit(
            "x * log_p1 + ", ""
        ),
        "you sum over the rows, but each row is an example with its own log-probability. Sum over "
        "dimension 1": lambda logits, x: bernoulli_log_prob(logits.T, x.T),
        "your variables share one softmax, but each variable is its own coin, with p = σ(z)": (
            lambda logits, x: F.log_softmax(logits, 1).gather(1, x.long()).sum(1)
        ),
        "log(1 + exp(z)) is missing. log p(x) is the sum of x · z − softplus(z)": (
            lambda logits, x: (x * logits).sum(1)
        ),
        "you sum probabilities, but you must sum their logarithms": edit(
            "* log_p1", "* log_p1.exp()", "* log_p0", "* log_p0.exp()"
        ),
        "you multiply logarithms, but the logarithm of a product is the sum of "
        "the logarithms": edit(".sum(", ".prod("),
        "log(1 − p) is not 1 − log p. Because 1 − σ(z) = σ(−z), it is −softplus(z)": edit(
            "* log_p0", "* (1 - log_p1)"
        ),
        "where x is 0, z · x is 0 too, so its logit does not count. Use log(1 − σ(z)) = "
        "−softplus(z)": (lambda logits, x: F.logsigmoid(logits * x).sum(1)),
        "you swapped zeros and ones. Use log σ(z) where x is 1, and log(1 − σ(z)) where x is 0": (
            lambda logits, x: bernoulli_log_prob(-logits, x)
        ),
        "you use the logits as probabilities, but a logit z is any real number, and p = σ(z)": (
            log_prob_of_probabilities
        ),
    },
    views=(*gradient_views(logits=0), *dtype_views(torch.float64)),
)
