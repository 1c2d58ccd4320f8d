"""6.4: what weighted draws are worth."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..checking import but, drawn, exercise, further_cases, known_mistakes, one_of


@exercise(
    "6.4",
    "What weighted draws are worth",
    stars=2,
    cases=(
        (torch.tensor([3.0, 1.0, 1.0, 2.0, 0.5]).log(),),
        (torch.tensor([0.5, 0.25, 0.25]).log(),),
        (torch.tensor([-900.0, -901.0, -902.5]),),
        (torch.tensor([-700.0, -650.0, -800.0, -720.0]),),
        (torch.full((6,), -0.7),),
    ),
    vary=further_cases(lambda word: (9 * drawn(word, one_of(word, [2, 4, 7, 8])) - 90,)),
    hints=(
        "If the weights are w = exp(log_w), the answer is (Σw)² / Σw². Only ratios of the weights "
        "matter, so make the largest of them 1.",
        "w = (log_w - log_w.max()).exp() has the right ratios, and its largest entry is 1: the sum "
        "of its squares cannot be 0.",
        "Then w.sum() ** 2 / (w**2).sum(). Shorter: torch.softmax(log_w, 0) are weights with the "
        "sum 1.",
    ),
)
def effective_size(log_w: Tensor) -> Tensor:
    """(Σw)² / Σw², from logarithms: the shares of the weights sum to one, so 1 / Σ share²."""
    shares = torch.softmax(log_w, dim=0)
    return 1 / (shares**2).sum()


def _worth(weights: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The formula, of other weights."""
    return lambda log_w: weights(log_w).sum() ** 2 / (weights(log_w) ** 2).sum()


known_mistakes(
    {
        "exp(-900) is 0 for the computer, and 0 / 0 is nan: first subtract log_w.max(), which "
        "multiplies all weights by the same number": _worth(torch.exp),
        "the logarithms are used as if they were the weights: take .exp() of them, after the "
        "largest is subtracted": _worth(Tensor.clone),
        ".exp() is missing: with the largest subtracted these are logarithms still": _worth(
            lambda log_w: log_w - log_w.max()
        ),
        "this is the sum of the weights over the largest one: asked for is the sum, squared, over "
        "the sum of the squares": lambda log_w: (log_w - log_w.max()).exp().sum(),
        "the largest share alone is squared below: asked for are the squares of all, summed": but(
            "(shares**2).sum()", "shares.max() ** 2"
        ),
        "the sum is squared where the squares should be summed: shares sum to 1, so this is 1 for "
        "any weights": but("(shares**2).sum()", "shares.sum() ** 2"),
        "this is exp of the shares' entropy: it lies between 1 and n, too, but asked for is the "
        "sum of the weights, squared, over the sum of their squares": (
            lambda log_w: torch.distributions.Categorical(logits=log_w).entropy().exp()
        ),
        "this is the share of the draws that count: asked for is their number, n times that": but(
            "(shares**2).sum()", "(shares**2).sum() / len(log_w)"
        ),
        "the sum in the numerator is not squared: (w1 + ... + wn)² stands over the sum of the "
        "squares": lambda log_w: effective_size(log_w) / (log_w - log_w.max()).exp().sum(),
        "less than the largest was subtracted, so that the largest weight is exp of a large "
        "number: it or its square is inf for the computer, and inf / inf is nan. Subtract "
        "log_w.max()": _worth(lambda log_w: (log_w - log_w.mean()).exp()),
        "the logarithms were divided by the largest, which changes the ratios of the weights. To "
        "divide weights is to subtract logarithms: log_w - log_w.max()": _worth(
            lambda log_w: (log_w / log_w.max()).exp()
        ),
        "log_softmax gives the logarithms of the shares, and these were squared: softmax gives the "
        "shares themselves": but("softmax", "log_softmax"),
        "a small number keeps the shares from 0 / 0, and all of them are 0: the weights have been "
        "rounded to 0 before. Subtract log_w.max() first": (
            lambda log_w: 1 / ((log_w.exp() / (log_w.exp().sum() + 1e-12)) ** 2).sum()
        ),
        "the sum in the numerator is not squared: in logarithms that is 2 * logsumexp": (
            lambda log_w: (log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp()
        ),
    }
)
