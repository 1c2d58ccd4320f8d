"""7.3: average probabilities, in logarithms."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..checking import drawn, exercise, further_cases, known_mistakes, one_of


@exercise(
    "7.3",
    "Average probabilities, in logarithms",
    stars=2,
    cases=(
        (torch.tensor([[-1.0, -2.0, -3.0], [-2.0, -2.0, -9.0]]),),
        (torch.tensor([[-90.0, -120.0, -60.0, -70.0], [-92.0, -118.5, -75.0, -70.0]]),),
        (torch.tensor([[-700.0, -5.0], [-710.0, -3.0], [-702.0, -4.0]]),),
        (torch.tensor([[-10.0, -400.0], [-300.0, -20.0]]),),
        (torch.tensor([[-800.0, -801.0, -900.0], [-802.0, -801.0, -850.0]], dtype=torch.double),),
    ),
    vary=further_cases(lambda word: (9 * drawn(word, one_of(word, [2, 3, 5, 6]), 4) - 90,)),
    hints=(
        "In three steps it would be exp, mean over the models, log. Only, exp(−120) is 0 in "
        "float32. torch.logsumexp does exp, sum and log in one, without that.",
        "A mean is a sum divided by K. What does a division by K do to a logarithm?",
        "torch.logsumexp(log_p, dim=0) is ln of the sum for each row; subtract math.log(K).",
    ),
)
def log_mean_exp(log_p: Tensor) -> Tensor:
    """From the log-probabilities of K models to that of their mixture: (K, N) → (N,)."""
    return torch.logsumexp(log_p, dim=0) - math.log(len(log_p))


def _best(log_p: Tensor) -> Tensor:
    return log_p.max(0).values


known_mistakes(
    {
        "this is the mean of the logarithms. It belongs to the geometric mean of the "
        "probabilities, which is smaller than their mean, and its total is below 1": (
            lambda log_p: log_p.mean(0)
        ),
        "this is the logarithm of the sum: the total would be K. A mean divides by K, so subtract "
        "ln K": lambda log_p: log_p.logsumexp(0),
        "K was subtracted. Division by K is subtraction of ln K in logarithms": (
            lambda log_p: log_p.logsumexp(0) - len(log_p)
        ),
        "the logarithm was divided by K. It is the probability that is to be divided: subtract ln "
        "K": lambda log_p: log_p.logsumexp(0) / len(log_p),
        "ln K was added: that multiplies by K. Subtract it": (
            lambda log_p: log_p.logsumexp(0) + math.log(len(log_p))
        ),
        "this is the worst member of each row: a mixture is never so bad": (
            lambda log_p: log_p.min(0).values
        ),
        "the logarithms are divided by K, which takes roots of the probabilities: subtract ln K "
        "from the logsumexp": lambda log_p: (log_p / len(log_p)).logsumexp(0),
        "this is the best member of each row: it takes the answer to choose it, and the total is "
        "above 1": _best,
        "this averages over rows, one number for each model: models are in dimension 0, so average "
        "over dimension 0": lambda log_p: log_mean_exp(log_p.T),
        "the largest value was subtracted first and not added again: this is how far the mixture "
        "is from the best member": lambda log_p: log_mean_exp(log_p) - _best(log_p),
        "this is the best member alone, divided by K: the others give the row some probability, "
        "too": lambda log_p: _best(log_p) - math.log(len(log_p)),
        "ln N was subtracted, the number of rows. The mean is one over the K models, so subtract "
        "ln K": lambda log_p: log_p.logsumexp(0) - math.log(log_p.shape[1]),
        **{
            f"ln {k} was subtracted. The number of models is not always {k}: it is len(log_p)": (
                lambda log_p, k=k: log_p.logsumexp(0) - math.log(k)
            )
            for k in (2, 3, 8)
        },
    }
)
