"""9.2: a mixture with a hundredth of a good model."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..checking import but, drawn, exercise, further_cases, known_mistakes


@exercise(
    "9.2",
    "A hundredth of a good model",
    stars=2,
    cases=(
        (torch.tensor([-1.0, -2.5, -4.0]), torch.tensor([-2.0, -0.5, -4.0]), 0.25),
        (torch.tensor([-70.0, -130.0, -250.0]), torch.full((3,), -543.0), 0.01),
        (torch.tensor([-3.0, -200.0]), torch.tensor([-math.inf, -0.5]), 0.5),
        (torch.tensor([-800.0, -999.0]).double(), torch.tensor([-802.0, -990.0]).double(), 0.25),
    ),
    vary=further_cases(lambda word: (*(9 * drawn(word, 2, 3) - 90), drawn(f"{word} p").item())),
    hints=(
        "The probability of x under the mixture is share · p(x) + (1 - share) · q(x). You have the "
        "logarithms of p(x) and q(x), which may be far too small for exp.",
        "log(share · p) is log(share) + log p. And torch.logaddexp(a, b) is log(exp(a) + exp(b)), "
        "computed without leaving logarithms.",
    ),
)
def mix(log_p: Tensor, log_q: Tensor, share: float) -> Tensor:
    """log(share · p + (1 - share) · q), without leaving logarithms."""
    return torch.logaddexp(math.log(share) + log_p, math.log1p(-share) + log_q)


known_mistakes(
    {
        "these are averages of log-probabilities. A mixture averages probabilities; the logarithm "
        "comes last": lambda log_p, log_q, share: share * log_p + (1 - share) * log_q,
        "the shares divide the probabilities here, as a logarithm that is taken off does: add "
        "log(share) and log(1 - share)": but(
            "math.log(share)", "-math.log(share)", "math.log1p(-share)", "-math.log1p(-share)"
        ),
        "the shares are missing: this is log(p + q)": (
            lambda log_p, log_q, share: torch.logaddexp(log_p, log_q)
        ),
        "a share that multiplies p is added to log p, as log(share): share · log p is the "
        "logarithm of p to a power": but(
            "math.log(share) +", "share *", "math.log1p(-share) +", "(1 - share) *"
        ),
        "log_p and log_q are logarithms already, and negative: a mixture averages what they are "
        "the logarithms of": (
            lambda log_p, log_q, share: (share * log_p + (1 - share) * log_q).log()
        ),
        "q has no share: it has the rest, 1 - share, whose logarithm is added to log q": but(
            "math.log1p(-share) + ", ""
        ),
        "q has the share of p, too: its own is 1 - share": but("log1p(-share)", "log(share)"),
        "log(share) is taken from log q, which divides q by it: q has the share 1 - share, so add "
        "log(1 - share)": but("math.log1p(-share)", "-math.log(share)"),
        "the shares themselves are added to logarithms: add their logarithms": but(
            "math.log(share)", "share", "math.log1p(-share)", "1 - share"
        ),
        "the larger of the two is not yet their sum: torch.logaddexp adds the smaller one, "
        "too": but("logaddexp", "maximum"),
        "a sum of logarithms is the logarithm of a product. A mixture adds: torch.logaddexp": but(
            "logaddexp", "add"
        ),
    }
)
