"""Exercises 8.1 to 8.3: log-probabilities of classes and of mixtures, and another unit."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from made_course.model.heads import Categorical, MixtureOfGaussians

from ..checking.exercise import exercise, slips
from ..checking.variants import drawn, further_cases, one_of

# ---- 8.1 ----------------------------------------------------------------------------------------


def _at_class(values: Tensor, x: Tensor) -> Tensor:
    return values.gather(-1, x.long()[..., None]).squeeze(-1)


_LOGITS = torch.tensor(
    [
        [[0.0, 1.0, 2.0, 0.5], [1.5, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
        [[2.0, 0.0, -2.0, 1.0], [0.5, 0.5, 3.0, -1.0], [1.0, 2.0, 3.0, 4.0]],
    ]
)
_CLASSES = torch.tensor([[2.0, 0.0, 3.0], [1.0, 3.0, 0.0]])


@exercise(
    "8.1",
    "Log-probability of classes",
    stars=2,
    cases=(
        (_LOGITS, _CLASSES),
        (torch.zeros(1, 3, 4), torch.zeros(1, 3)),
        (300 * _LOGITS, _CLASSES),
        (torch.tensor([[[0.2, -1.0, 1.0], [2.0, 0.5, 0.0]]]), torch.tensor([[2.0, 1.0]])),
    ),
    package=Categorical.log_prob,
    vary=further_cases(
        lambda word: (6 * drawn(word, 3, 2, 5) - 3, (5 * drawn(f"{word} x", 3, 2)).floor())
    ),
    hints=(
        "Two steps. First turn each variable's K logits into K log-probabilities. Then pick the "
        "one that belongs to the class in x.",
        "The first step is logits.log_softmax(-1), or logits minus their logsumexp over the last "
        "dimension.",
        "log_p.gather(-1, x.long()[..., None]) picks one of each K; squeeze(-1) takes the last "
        "dimension away, and sum(1) adds up the variables.",
    ),
)
def categorical_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Sum over variables of the log-softmax at each variable's class."""
    log_p = logits - logits.logsumexp(dim=-1, keepdim=True)
    return log_p.gather(-1, x.long()[..., None]).squeeze(-1).sum(dim=1)


slips(
    {
        "these are the logits of the classes. A logit is no logarithm of a probability yet: take "
        "off the log of the sum over all classes": lambda z, x: _at_class(z, x).sum(1),
        "the softmax is taken over the variables. It is the K classes of one variable that share a "
        "probability of one: the last dimension": (
            lambda z, x: _at_class(z.log_softmax(1), x).sum(1)
        ),
        "these are probabilities, summed. It is their logarithms that are summed": (
            lambda z, x: _at_class(z.softmax(-1), x).sum(1)
        ),
        "this is the logarithm of a sum of probabilities: those of the variables are multiplied, "
        "so it is their logarithms that are summed": (
            lambda z, x: _at_class(z.softmax(-1), x).sum(1).log()
        ),
        "exp is missing inside the logarithm: it takes the log of the sum of exp(logit), which is "
        "logsumexp": lambda z, x: (_at_class(z, x) - z.sum(-1).log()).sum(1),
        "the softmax is taken over the rows of the batch. It is the K classes of one variable that "
        "share a probability of one: the last dimension": (
            lambda z, x: _at_class(z.log_softmax(0), x).sum(1)
        ),
        "all classes are summed: each variable counts with the class that it has, and no other": (
            lambda z, x: z.log_softmax(-1).sum((1, 2))
        ),
        "each variable counts with its most likely class: it is the class in x that counts": (
            lambda z, x: z.log_softmax(-1).amax(-1).sum(1)
        ),
        "the logsumexp is taken over all numbers of a row. It is the K classes of one variable "
        "that share a probability of one: the last dimension only": (
            lambda z, x: (_at_class(z, x) - z.logsumexp((1, 2))[:, None]).sum(1)
        ),
        "the sigmoid is for one number a variable. Of K logits it knows only one: the others come "
        "in by the softmax": lambda z, x: nn.functional.logsigmoid(_at_class(z, x)).sum(1),
    }
)


# ---- 8.2 ----------------------------------------------------------------------------------------


def _mixture(
    square: float = 0.5,
    log_std: float = 1.0,
    constant: float = 0.5,
    power: int = 2,
    stds_as: Callable[[Tensor], Tensor] = Tensor.clone,
    log_weights: Callable[[Tensor], Tensor] = torch.log,
    reduce: Callable[[Tensor], Tensor] = lambda terms: terms.logsumexp(-1),
) -> Callable[..., Tensor]:
    """The formula of 8.2, in which one part may be another."""

    def log_prob(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
        stds = stds_as(stds)
        squares = (x[:, None] - means) ** 2 / stds**power
        log_bells = -square * squares - log_std * stds.log() - constant * math.log(2 * math.pi)
        return reduce(log_weights(weights) + log_bells)

    return log_prob


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


_log_bells = _mixture(log_weights=torch.zeros_like, reduce=Tensor.clone)
slips(
    {
        "this is a mean of logarithms. The density is the sum of weighted bells, so the logarithm "
        "comes after the sum: logsumexp of the logs of the terms": (
            lambda x, weights, *bells: (weights * _log_bells(x, weights, *bells)).sum(-1)
        ),
        "the weights are missing: the bells without them have an area of K, not of one": (
            _mixture(log_weights=torch.zeros_like)
        ),
        "ln σ is missing: a narrow bell has to be high, so that its area is one": (
            _mixture(log_std=0)
        ),
        "σ is used as if it were the variance σ²": _mixture(stds_as=torch.sqrt),
        "½ ln 2π is missing. It is the same for all bells, so training would not notice, but the "
        "number would be no log-density: the area must be one": _mixture(constant=0),
        "the log-densities are summed, which multiplies the bells. A mixture adds them: logsumexp "
        "in place of sum": _mixture(reduce=lambda terms: terms.sum(-1)),
        "the weights themselves are added to logarithms: add their logarithms": (
            _mixture(log_weights=Tensor.clone)
        ),
        "the weights multiply logarithms: they multiply the bells, so it is their logarithms that "
        "are added to those of the bells": (
            lambda x, weights, *bells: (weights * _log_bells(x, weights, *bells)).logsumexp(-1)
        ),
        "(x − μ)² is divided by σ: it is divided by σ², as (x − μ)/σ is squared": (
            _mixture(power=1)
        ),
        "the ½ before ((x − μ)/σ)² is missing": _mixture(square=1),
        "the ½ before ln 2π is missing": _mixture(constant=1),
        "ln σ is added, and must be taken off: a narrow bell is high": _mixture(log_std=-1),
        "½ ((x − μ)/σ)² is added, and must be taken off: far from μ a bell is low": (
            _mixture(square=-0.5)
        ),
        "this is one bell, of the mean μ and the mean σ: a mixture is a sum of bells, not a bell "
        "of their means": lambda x, weights, means, stds: _log_bells(
            x, weights[:1], (weights * means).sum(), (weights * stds).sum()
        )[:, 0],
        "this is a mean of logarithms, which multiplies the bells. A mixture adds them: logsumexp "
        "in place of mean": _mixture(reduce=lambda terms: terms.mean(-1)),
        "each number counts with the bell that is the highest there: a mixture adds all bells, by "
        "logsumexp": _mixture(reduce=lambda terms: terms.amax(-1)),
    }
)


# ---- 8.3 ----------------------------------------------------------------------------------------


@exercise(
    "8.3",
    "Two moons, scaled",
    stars=1,
    cases=((-0.5, 3.0, 5), (1.02, 10.0, 2), (2.0, 0.01, 1)),
    vary=further_cases(
        lambda word: (*(20 * drawn(word, 2)).tolist(), one_of(word, [1, 2, 3, 4, 6, 7]))
    ),
    hints=(
        "Take one variable and a uniform density from 0 to 1. What is its height, and what is it "
        "after all points are multiplied by 10?",
        "One variable: the density is divided by scale, so ln(scale) is added to the NLL. With D "
        "variables that happens D times.",
    ),
)
def nll_after_scaling(nll: float, scale: float, input_dim: int) -> float:
    """The same probability on scale ** D times the room: every one of the D axes is stretched."""
    return nll + input_dim * math.log(scale)


slips(
    {
        "no change? The same probability now lies on a larger area, so there is less of it on each "
        "unit of area": lambda nll, scale, d: nll,
        "the sign is turned round: on a larger area the density is lower, so its negative "
        "logarithm is higher": lambda nll, scale, d: nll - d * math.log(scale),
        "this is the change for one variable: each of the D axes is stretched": (
            lambda nll, scale, d: nll + math.log(scale)
        ),
        "half of it is missing: ln(scale) is added for each of the D axes": (
            lambda nll, scale, d: nll + d / 2 * math.log(scale)
        ),
        "the points are multiplied, and with them no logarithm: the density is divided by a "
        "number, so its logarithm has a number taken off": lambda nll, scale, d: scale * nll,
        "D stretched axes make the room scale · scale · ... times as large, that is scale to the "
        "power of D, not D times scale": lambda nll, scale, d: nll + math.log(d * scale),
        "density is divided by scale ** D: what is added to the NLL is the logarithm of that": (
            lambda nll, scale, d: nll + d * scale
        ),
        "scale ** D is what the density is divided by. The NLL is a logarithm: ln of it is added": (
            lambda nll, scale, d: nll + scale**d
        ),
        "it is the density that is divided by scale ** D. The NLL is the negative of its "
        "logarithm, and a number is added to that": lambda nll, scale, d: nll * scale**d,
        "the density changes by a factor, and not the NLL: to that a logarithm is added": (
            lambda nll, scale, d: nll / scale
        ),
        "it is the density that is divided by scale ** D. The NLL is the negative of its "
        "logarithm, which is never divided": lambda nll, scale, d: nll / scale**d,
        "the NLL is multiplied by D · ln(scale): that is added to it": (
            lambda nll, scale, d: nll * d * math.log(scale)
        ),
        "ln(scale) is divided by D: it is added once for each of the D axes": (
            lambda nll, scale, d: nll + math.log(scale) / d
        ),
        "the NLL is multiplied by D, and holds all variables already: only ln(scale) is taken D "
        "times": lambda nll, scale, d: (nll + math.log(scale)) * d,
        "with a factor below one the area becomes smaller and the density higher: the NLL falls "
        "then": lambda nll, scale, d: nll + abs(d * math.log(scale)),
    }
)
