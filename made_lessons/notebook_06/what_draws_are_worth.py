"""Exercise 6.4: the effective size of weighted draws."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..checking import Exercise, choose, draw_uniform, edit, further_cases


def effective_size(log_w: Tensor) -> Tensor:
    """Return (Σw)² / Σw² from log-weights; this is 1 / Σw² for weights that sum to one."""
    shares = torch.softmax(log_w, dim=0)
    return 1 / (shares**2).sum()


def _size_from_weights(weights: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return a function from log_w to (Σw)² / Σw², where w is ``weights(log_w)``."""
    return lambda log_w: weights(log_w).sum() ** 2 / (weights(log_w) ** 2).sum()


EXERCISE = Exercise(
    title="What weighted draws are worth",
    stars=2,
    reference=effective_size,
    cases=(
        (torch.tensor([3.0, 1.0, 1.0, 2.0, 0.5]).log(),),
        (torch.tensor([0.5, 0.25, 0.25]).log(),),
        (torch.tensor([-900.0, -901.0, -902.5]),),
        (torch.tensor([-700.0, -650.0, -800.0, -720.0]),),
        (torch.full((6,), -0.7),),
    ),
    vary=further_cases(lambda key: (9 * draw_uniform(key, choose(key, [2, 4, 7, 8])) - 90,)),
    hints=(
        "If the weights are `w = exp(log_w)`, the answer is (Σw)² / Σw². Only ratios of the "
        "weights matter, so make the largest of them 1.",
        "`w = (log_w - log_w.max()).exp()` has the right ratios, and its largest entry is 1, so "
        "the sum of its squares cannot be 0.",
        "Then return `w.sum() ** 2 / (w**2).sum()`. A shorter way is `torch.softmax(log_w, 0)`, "
        "which gives weights that sum to 1.",
    ),
    mistakes={
        "exp(-900) is 0 in floating point, and 0 / 0 is nan. First subtract log_w.max(), which "
        "multiplies all weights by the same number": _size_from_weights(torch.exp),
        "you used the logarithms as if they were the weights. Subtract the largest, then take "
        ".exp()": _size_from_weights(Tensor.clone),
        "you forgot .exp(). After subtracting the largest, you still have "
        "logarithms": _size_from_weights(lambda log_w: log_w - log_w.max()),
        "you divided the sum of the weights by the largest one. Divide the square of the sum by "
        "the sum of the squares": lambda log_w: (log_w - log_w.max()).exp().sum(),
        "your denominator is the square of only the largest weight. Sum the squares of "
        "all weights": edit("(shares**2).sum()", "shares.max() ** 2"),
        "you squared the sum instead of summing the squares. Normalised weights sum to 1, so "
        "your result is always 1": edit("(shares**2).sum()", "shares.sum() ** 2"),
        "you returned exp of the entropy of the weights. It is also between 1 and n, but the "
        "effective size is the square of their sum divided by the sum of their squares": (
            lambda log_w: torch.distributions.Categorical(logits=log_w).entropy().exp()
        ),
        "you returned the effective share of the draws. Return their number, which is n times "
        "larger": edit("(shares**2).sum()", "(shares**2).sum() / len(log_w)"),
        "the sum in your numerator is not squared. Divide (w1 + ... + wn)² by the sum of the "
        "squares": lambda log_w: effective_size(log_w) / (log_w - log_w.max()).exp().sum(),
        "you subtracted less than the largest logarithm, so the largest weight is exp of a large "
        "number. It or its square is inf in floating point, and inf / inf is nan. Subtract "
        "log_w.max()": _size_from_weights(lambda log_w: (log_w - log_w.mean()).exp()),
        "you divided the logarithms by the largest, which changes the ratios of the weights. To "
        "divide weights, subtract logarithms: log_w - log_w.max()": _size_from_weights(
            lambda log_w: (log_w / log_w.max()).exp()
        ),
        "you squared the result of log_softmax, which consists of logarithms. softmax returns the "
        "normalised weights themselves": edit("softmax", "log_softmax"),
        "adding a small number avoids 0 / 0, but all weights are already rounded to 0. Subtract "
        "log_w.max() first": (
            lambda log_w: 1 / ((log_w.exp() / (log_w.exp().sum() + 1e-12)) ** 2).sum()
        ),
        "the sum in your numerator is not squared. In logarithms, its square is 2 * logsumexp": (
            lambda log_w: (log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp()
        ),
    },
)
