"""8.2: the log-density of a mixture of bells."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from made_course.model.heads import MixtureOfGaussians

from ..checking import but, drawn, exercise, further_cases, known_mistakes, one_of


def _other_mixture(word: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x, weights, means, stds = drawn(word, 4, one_of(word, [2, 3, 4]))
    return 8 * x - 4, weights / weights.sum(), 4 * means - 2, stds + 0.5


@exercise(
    "8.2",
    "Log-density of a mixture",
    stars=2,
    cases=(
        (
            torch.tensor([-1.0, 0.3, 2.0]),
            torch.tensor([0.2, 0.8]),
            torch.tensor([-1.0, 1.0]),
            torch.tensor([0.5, 2.0]),
        ),
        (
            torch.tensor([0.0, 80.0]),
            torch.tensor([0.5, 0.25, 0.25]),
            torch.tensor([0.0, 1.0, 2.0]),
            torch.tensor([1.0, 0.5, 1.5]),
        ),
    ),
    package=MixtureOfGaussians.distribution,
    vary=further_cases(_other_mixture),
    hints=(
        "Take one bell first: the log-density of each x under each bell, shape (n, K). "
        "x[:, None] - means has that shape.",
        "The log of one term is ln π + ln N = ln π − ½ ((x − μ)/σ)² − ln σ − ½ ln 2π.",
        "The log of the sum of the K terms is logsumexp over the last dimension: "
        "(weights.log() + log_bells).logsumexp(-1).",
    ),
)
def mixture_log_prob(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """The log of a weighted sum of bells, from the logs of its terms."""
    z = (x[:, None] - means) / stds
    log_bells = -(z**2) / 2 - stds.log() - math.log(2 * math.pi) / 2
    return (weights.log() + log_bells).logsumexp(dim=-1)


known_mistakes(
    {
        "this is a mean of logarithms. The density is the sum of weighted bells, so the logarithm "
        "comes after the sum: logsumexp of the logs of the terms": but(
            "(weights.log() + log_bells).logsumexp(dim=-1)", "(weights * log_bells).sum(-1)"
        ),
        "the weights are missing: the bells without them have an area of K, not of one": but(
            "weights.log() + ", ""
        ),
        "ln σ is missing: a narrow bell has to be high, so that its area is one": but(
            " - stds.log()", ""
        ),
        "σ is used as if it were the variance σ²": but(
            "/ stds", "/ stds.sqrt()", "stds.log()", "stds.log() / 2"
        ),
        "½ ln 2π is missing. It is the same for all bells, so training would not notice, but the "
        "number would be no log-density: the area must be one": but(
            " - math.log(2 * math.pi) / 2", ""
        ),
        "the log-densities are summed, which multiplies the bells. A mixture adds them: logsumexp "
        "in place of sum": but("logsumexp(dim=-1)", "sum(-1)"),
        "the weights themselves are added to logarithms: add their logarithms": but(
            "weights.log() +", "weights +"
        ),
        "the weights multiply logarithms: they multiply the bells, so it is their logarithms that "
        "are added to those of the bells": but("weights.log() +", "weights *"),
        "(x − μ)² is divided by σ: it is divided by σ², as (x − μ)/σ is squared": but(
            "-(z**2)", "-(z**2) * stds"
        ),
        "the ½ before ((x − μ)/σ)² is missing": but("-(z**2) / 2", "-(z**2)"),
        "the ½ before ln 2π is missing": but("math.pi) / 2", "math.pi)"),
        "ln σ is added, and must be taken off: a narrow bell is high": but(
            "- stds.log()", "+ stds.log()"
        ),
        "½ ((x − μ)/σ)² is added, and must be taken off: far from μ a bell is low": but(
            "-(z**2)", "z**2"
        ),
        "this is one bell, of the mean μ and the mean σ: a mixture is a sum of bells, not a bell "
        "of their means": (
            lambda x, weights, means, stds: mixture_log_prob(
                x, torch.ones(1), (weights * means).sum(0, True), (weights * stds).sum(0, True)
            )
        ),
        "this is a mean of logarithms, which multiplies the bells. A mixture adds them: logsumexp "
        "in place of mean": but("logsumexp(dim=-1)", "mean(-1)"),
        "each number counts with the bell that is the highest there: a mixture adds all bells, by "
        "logsumexp": but("logsumexp(dim=-1)", "amax(-1)"),
    }
)
