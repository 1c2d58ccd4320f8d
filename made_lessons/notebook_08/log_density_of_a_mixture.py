"""Exercise 8.2: the log-density of a mixture of Gaussians."""

import math

import torch
from torch import Tensor

from made_course.model.heads import MixtureOfGaussians

from ..checking import Exercise, choose, draw_uniform, edit, further_cases


def _draw_mixture(key: str, components: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x, weights, means, stds = draw_uniform(key, 4, components)
    return 8 * x - 4, weights / weights.sum(), 4 * means - 2, stds + 0.5


def mixture_log_prob(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """Return the log of a weighted sum of Gaussian densities, by logsumexp of its terms."""
    z = (x[:, None] - means) / stds
    log_normal = -(z**2) / 2 - stds.log() - math.log(2 * math.pi) / 2
    return (weights.log() + log_normal).logsumexp(dim=-1)


EXERCISE = Exercise(
    title="Log-density of a mixture",
    stars=2,
    reference=mixture_log_prob,
    cases=(
        _draw_mixture("two", 2),
        (
            torch.tensor([0.0, 80.0]),
            torch.tensor([0.5, 0.25, 0.25]),
            torch.tensor([0.0, 1.0, 2.0]),
            torch.tensor([1.0, 0.5, 1.5]),
        ),
    ),
    package=MixtureOfGaussians.distribution,
    vary=further_cases(lambda key: _draw_mixture(key, choose(key, [2, 3, 4]))),
    hints=(
        "Start with the log-density of each x under each Gaussian, of shape (n, K). `x[:, None] - "
        "means` has this shape.",
        "The log of one term is ln π + ln N = ln π − ½ ((x − μ)/σ)² − ln σ − ½ ln 2π.",
        "The log of the sum of the K terms is `logsumexp` over the last dimension: `(weights.log() "
        "+ log_normal).logsumexp(-1)`.",
    ),
    mistakes={
        "you averaged logarithms. The density is a weighted sum of Gaussians, so take the "
        "logarithm after the sum, with logsumexp of the logs of the terms": edit(
            "(weights.log() + log_normal).logsumexp(dim=-1)", "(weights * log_normal).sum(-1)"
        ),
        "the weights are missing. Without them, the K components integrate to K instead "
        "of one": edit("weights.log() + ", ""),
        "ln σ is missing. A narrow Gaussian must be high, so that it integrates to one": edit(
            " - stds.log()", ""
        ),
        "you used σ as if it were the variance σ²": edit(
            "/ stds", "/ stds.sqrt()", "stds.log()", "stds.log() / 2"
        ),
        "you used the variance σ² instead of σ. torch.distributions.Normal takes σ": edit(
            "/ stds", "/ stds**2", "stds.log()", "2 * stds.log()"
        ),
        "you summed over the numbers x, but each x has its own density. Sum over the components, "
        "the last dimension": edit("logsumexp(dim=-1)", "logsumexp(dim=0)"),
        "½ ln 2π is missing. It is the same for all components, so it does not change the "
        "training, but without it the density does not integrate to one": edit(
            " - math.log(2 * math.pi) / 2", ""
        ),
        "you summed the log-densities, which multiplies the components. A mixture adds them. Use "
        "logsumexp instead of sum": edit("logsumexp(dim=-1)", "sum(-1)"),
        "you added the weights themselves to logarithms. Add their logarithms": edit(
            "weights.log() +", "weights +"
        ),
        "you multiplied the log-densities by the weights. The weights multiply the densities, so "
        "add their logarithms": edit("weights.log() +", "weights *"),
        "you divided (x − μ)² by σ. Divide by σ², because (x − μ)/σ is squared": edit(
            "-(z**2)", "-(z**2) * stds"
        ),
        "the ½ before ((x − μ)/σ)² is missing": edit("-(z**2) / 2", "-(z**2)"),
        "the ½ before ln 2π is missing": edit("math.pi) / 2", "math.pi)"),
        "you added ln σ. Subtract it, because a narrow Gaussian is high": edit(
            "- stds.log()", "+ stds.log()"
        ),
        "you added ½ ((x − μ)/σ)². Subtract it, because a Gaussian is low far from μ": edit(
            "-(z**2)", "z**2"
        ),
        "you used one Gaussian with the means of all μ and all σ, but a mixture is a weighted sum "
        "of densities": (
            lambda x, weights, means, stds: mixture_log_prob(
                x, torch.ones(1), (weights * means).sum(0, True), (weights * stds).sum(0, True)
            )
        ),
        "you averaged logarithms, which multiplies the components. A mixture adds them. Use "
        "logsumexp instead of mean": edit("logsumexp(dim=-1)", "mean(-1)"),
        "you took only the largest component at each x, but a mixture adds all of them, with "
        "logsumexp": edit("logsumexp(dim=-1)", "amax(-1)"),
    },
)
