"""Exercise 7.3: average probabilities, given as logarithms."""

import math

import torch
from torch import Tensor

from ..checking import Exercise, choose, draw_uniform, further_cases


def log_mean_exp(log_p: Tensor) -> Tensor:
    """Return the log-probabilities (N,) of a mixture, from those of its K models (K, N)."""
    return torch.logsumexp(log_p, dim=0) - math.log(len(log_p))


def _best_member(log_p: Tensor) -> Tensor:
    return log_p.max(0).values


EXERCISE = Exercise(
    title="Average probabilities, in logarithms",
    stars=2,
    reference=log_mean_exp,
    cases=(
        (torch.tensor([[-1.0, -2.0, -3.0], [-2.0, -2.0, -9.0]]),),
        (torch.tensor([[-90.0, -120.0, -60.0, -70.0], [-92.0, -118.5, -75.0, -70.0]]),),
        (torch.tensor([[-700.0, -5.0], [-710.0, -3.0], [-702.0, -4.0]]),),
        (torch.tensor([[-10.0, -400.0], [-300.0, -20.0]]),),
        (torch.tensor([[-800.0, -801.0, -900.0], [-802.0, -801.0, -850.0]], dtype=torch.double),),
    ),
    vary=further_cases(lambda key: (9 * draw_uniform(key, choose(key, [2, 3, 5, 6]), 4) - 90,)),
    hints=(
        "You could use three steps: exp, mean over the models, log. But exp(−120) is 0 in float32. "
        "`torch.logsumexp` computes exp, sum and log in one step and avoids this.",
        "A mean is a sum divided by K. What does a division by K do to a logarithm?",
        "`torch.logsumexp(log_p, dim=0)` is the logarithm of the sum for each row. Subtract "
        "`math.log(K)`.",
    ),
    mistakes={
        "you averaged the logarithms. This gives the geometric mean of the probabilities, which "
        "is smaller than their mean, so its total is below 1": (lambda log_p: log_p.mean(0)),
        "you returned the logarithm of the sum, so the total is K. A mean divides by K, so "
        "subtract ln K": lambda log_p: log_p.logsumexp(0),
        "you subtracted K. To divide a probability by K, subtract ln K from its logarithm": (
            lambda log_p: log_p.logsumexp(0) - len(log_p)
        ),
        "you divided the logarithm by K. To divide a probability by K, subtract ln K from its "
        "logarithm": lambda log_p: log_p.logsumexp(0) / len(log_p),
        "you added ln K, which multiplies the probability by K. Subtract ln K": (
            lambda log_p: log_p.logsumexp(0) + math.log(len(log_p))
        ),
        "you returned the worst member of each row. A mixture is never this bad": (
            lambda log_p: log_p.min(0).values
        ),
        "you divided the logarithms by K, which takes roots of the probabilities. Subtract ln K "
        "from the logsumexp": lambda log_p: (log_p / len(log_p)).logsumexp(0),
        "you returned the best member of each row. You can choose it only after seeing the row, so "
        "the total is above 1": _best_member,
        "you averaged over rows, which gives one number per model. Models are in dimension 0, so "
        "average over dimension 0": lambda log_p: log_mean_exp(log_p.T),
        "you subtracted the largest value and did not add it back, so this is the difference "
        "between the mixture and the best member": lambda log_p: (
            log_mean_exp(log_p) - _best_member(log_p)
        ),
        "you returned only the best member, divided by K. The others also give the row some "
        "probability": lambda log_p: _best_member(log_p) - math.log(len(log_p)),
        "you subtracted ln N, with N the number of rows. The mean is over the K models, so "
        "subtract ln K": lambda log_p: log_p.logsumexp(0) - math.log(log_p.shape[1]),
        **{
            f"you subtracted ln {k}. The number of models is not always {k}. Use len(log_p)": (
                lambda log_p, k=k: log_p.logsumexp(0) - math.log(k)
            )
            for k in (2, 3, 8)
        },
    },
)
