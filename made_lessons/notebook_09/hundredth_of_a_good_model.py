"""Exercise 9.2: a mixture with a hundredth of a good model."""

import math

import torch
from torch import Tensor

from ..checking import Exercise, draw_uniform, edit, further_cases


def mix(log_p: Tensor, log_q: Tensor, share: float) -> Tensor:
    """Return log(share · p + (1 - share) · q), computed only with logarithms."""
    return torch.logaddexp(math.log(share) + log_p, math.log1p(-share) + log_q)


EXERCISE = Exercise(
    title="A hundredth of a good model",
    stars=2,
    reference=mix,
    cases=(
        (torch.tensor([-1.0, -2.5, -4.0]), torch.tensor([-2.0, -0.5, -4.0]), 0.25),
        (torch.tensor([-70.0, -130.0, -250.0]), torch.full((3,), -543.0), 0.01),
        (torch.tensor([-3.0, -200.0]), torch.tensor([-math.inf, -0.5]), 0.5),
        (torch.tensor([-800.0, -999.0]).double(), torch.tensor([-802.0, -990.0]).double(), 0.25),
        (torch.tensor([1.5, 0.5]), torch.tensor([0.5, 2.0]), 0.75),  # of densities
    ),
    vary=further_cases(
        lambda key: (*(9 * draw_uniform(key, 2, 3) - 90), draw_uniform(f"{key} p").item())
    ),
    hints=(
        "The probability of x under the mixture is share · p(x) + (1 - share) · q(x). You have "
        "log p(x) and log q(x), which may be far too small for exp.",
        "log(share · p) is log(share) + log p. And `torch.logaddexp(a, b)` computes `log(exp(a) + "
        "exp(b))` without underflow.",
    ),
    mistakes={
        "you averaged log-probabilities. A mixture averages probabilities, and the logarithm "
        "comes last": lambda log_p, log_q, share: share * log_p + (1 - share) * log_q,
        "you subtracted the logarithms of the shares, which divides the probabilities by them. Add "
        "log(share) and log(1 - share)": edit(
            "math.log(share)", "-math.log(share)", "math.log1p(-share)", "-math.log1p(-share)"
        ),
        "you returned log(p + q), without the shares. Add log(share) to log p, and log(1 - share) "
        "to log q": (lambda log_p, log_q, share: torch.logaddexp(log_p, log_q)),
        "you multiplied log p by share, which is the logarithm of p to the power of share. To "
        "multiply p by share, add log(share) to log p": edit(
            "math.log(share) +", "share *", "math.log1p(-share) +", "(1 - share) *"
        ),
        "you averaged log_p and log_q and took the logarithm again. They are already logarithms, "
        "and a mixture averages probabilities": (
            lambda log_p, log_q, share: (share * log_p + (1 - share) * log_q).log()
        ),
        "you summed over the rows, but each row has its own log-probability. Sum over p and q": (
            lambda log_p, log_q, share: torch.stack(
                [math.log(share) + log_p, math.log1p(-share) + log_q]
            ).logsumexp(1)
        ),
        "q has no share in your mixture. Its share is 1 - share, so add log(1 - share) to "
        "log q": edit("math.log1p(-share) + ", ""),
        "q has the same share as p in your mixture, but its share is 1 - share": edit(
            "log1p(-share)", "log(share)"
        ),
        "you subtracted log(share) from log q, which divides q by it. The share of q is 1 - "
        "share, so add log(1 - share)": edit("math.log1p(-share)", "-math.log(share)"),
        "you added the shares themselves to logarithms. Add their logarithms": edit(
            "math.log(share)", "share", "math.log1p(-share)", "1 - share"
        ),
        "you took the larger of the two terms, which is not their sum. torch.logaddexp also adds "
        "the smaller one": edit("logaddexp", "maximum"),
        "you added the logarithms, which multiplies the probabilities. A mixture adds them, with "
        "torch.logaddexp": edit("logaddexp", "add"),
    },
)
