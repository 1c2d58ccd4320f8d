"""Notebook 08: log-probabilities of classes and of mixtures, another unit, a head, two rings."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, partial

import torch
from torch import Tensor, nn

from ..heads import Categorical, Head, MixtureOfGaussians
from ..made import MADE
from ..sampling import evaluation_mode
from ..training import fit
from .calls import run
from .challenge import require_finite_weights, shuffled
from .comparing import require_same
from .exercise import Misformed, Slip, Wrong, exercise, exercises_of, known_slips, slip
from .time_limits import LIMIT_S
from .variants import drawn, further_cases, one_of
from .written import written

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


slip(
    "these are the logits of the classes. A logit is no logarithm of a probability yet: "
    "take off the log of the sum over all classes",
    lambda logits, x: _at_class(logits, x).sum(1),
)
slip(
    "softmax first and then the logarithm: at large logits a probability is rounded to 0, "
    "and its logarithm is minus infinity. Take log_softmax, or subtract the logsumexp",
    lambda logits, x: _at_class(logits.softmax(-1), x).log().sum(1),
)
slip(
    "the formula is right, but exp overflows at large logits: logsumexp computes the log "
    "of the sum without computing the sum",
    lambda logits, x: _at_class(logits - logits.exp().sum(-1, keepdim=True).log(), x).sum(1),
)
slip(
    "the softmax is taken over the variables. It is the K classes of one variable that "
    "share a probability of one: the last dimension",
    lambda logits, x: _at_class(logits.log_softmax(1), x).sum(1),
)
slip(
    "these are probabilities, summed. It is their logarithms that are summed",
    lambda logits, x: _at_class(logits.softmax(-1), x).sum(1),
)
slip(
    "the softmax is taken over the rows of the batch. It is the K classes of one variable that "
    "share a probability of one: the last dimension",
    lambda logits, x: _at_class(logits.log_softmax(0), x).sum(1),
)
slip(
    "all classes are summed: each variable counts with the class that it has, and no other",
    lambda logits, x: logits.log_softmax(-1).sum((1, 2)),
)
slip(
    "this is the mean over all rows and variables, as F.cross_entropy gives it if nothing "
    "else is said: sum over the variables of each row (reduction='none' keeps them apart)",
    lambda logits, x: _at_class(logits.log_softmax(-1), x).mean(),
)
slip(
    "each variable counts with its most likely class: it is the class in x that counts",
    lambda logits, x: logits.log_softmax(-1).amax(-1).sum(1),
)
slip(
    "the logsumexp is taken over all numbers of a row. It is the K classes of one variable "
    "that share a probability of one: the last dimension only",
    lambda logits, x: (_at_class(logits, x) - logits.logsumexp((1, 2))[:, None]).sum(1),
)
slip(
    "the sigmoid is for one number a variable. Of K logits it knows only one: the others "
    "come in by the softmax",
    lambda logits, x: nn.functional.logsigmoid(_at_class(logits, x)).sum(1),
)


# ---- 8.2 ----------------------------------------------------------------------------------------


def _log_bells(x: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    return torch.distributions.Normal(means, stds).log_prob(x[:, None])


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


slip(
    "this is a mean of logarithms. The density is the sum of weighted bells, so the "
    "logarithm comes after the sum: logsumexp of the logs of the terms",
    lambda x, weights, means, stds: (weights * _log_bells(x, means, stds)).sum(-1),
)
slip(
    "the weights are missing: the bells without them have an area of K, not of one",
    lambda x, weights, means, stds: _log_bells(x, means, stds).logsumexp(-1),
)
slip(
    "the formula is right, but far from all bells their heights are rounded to 0, and the "
    "logarithm is minus infinity: stay with logarithms, by logsumexp",
    lambda x, weights, means, stds: (weights * _log_bells(x, means, stds).exp()).sum(-1).log(),
)
slip(
    "ln σ is missing: a narrow bell has to be high, so that its area is one",
    lambda x, weights, means, stds: (
        weights.log() + _log_bells(x, means, stds) + stds.log()
    ).logsumexp(-1),
)
slip(
    "σ is used as if it were the variance σ²",
    lambda x, weights, means, stds: (weights.log() + _log_bells(x, means, stds.sqrt())).logsumexp(
        -1
    ),
)
slip(
    "½ ln 2π is missing. It is the same for all bells, so training would not notice, but "
    "the number would be no log-density: the area must be one",
    lambda x, weights, means, stds: (
        weights.log() + _log_bells(x, means, stds) + math.log(2 * math.pi) / 2
    ).logsumexp(-1),
)
slip(
    "the log-densities are summed, which multiplies the bells. A mixture adds them: "
    "logsumexp in place of sum",
    lambda x, weights, means, stds: (weights.log() + _log_bells(x, means, stds)).sum(-1),
)
slip(
    "the weights themselves are added to logarithms: add their logarithms",
    lambda x, weights, means, stds: (weights + _log_bells(x, means, stds)).logsumexp(-1),
)
slip(
    "the weights multiply logarithms: they multiply the bells, so it is their logarithms "
    "that are added to those of the bells",
    lambda x, weights, means, stds: (weights * _log_bells(x, means, stds)).logsumexp(-1),
)
slip(
    "the weights went through a softmax: they are probabilities already. Only the numbers "
    "that a network puts out need one",
    lambda x, weights, means, stds: mixture_log_prob(x, weights.softmax(0), means, stds),
)
slip(
    "σ is taken for its logarithm: stds holds the widths themselves",
    lambda x, weights, means, stds: mixture_log_prob(x, weights, means, stds.exp()),
)
slip(
    "σ is squared once too often: in the formula (x − μ)/σ is squared, and ln σ has no square",
    lambda x, weights, means, stds: mixture_log_prob(x, weights, means, stds**2),
)
slip(
    "(x − μ)² is divided by σ: it is divided by σ², as (x − μ)/σ is squared",
    lambda x, weights, means, stds: (
        weights.log()
        - (x[:, None] - means) ** 2 / (2 * stds)
        - stds.log()
        - math.log(2 * math.pi) / 2
    ).logsumexp(-1),
)
slip(
    "the ½ before ((x − μ)/σ)² is missing",
    lambda x, weights, means, stds: (
        weights.log() - ((x[:, None] - means) / stds) ** 2 - stds.log() - math.log(2 * math.pi) / 2
    ).logsumexp(-1),
)
slip(
    "the ½ before ln 2π is missing",
    lambda x, weights, means, stds: (
        weights.log() + _log_bells(x, means, stds) - math.log(2 * math.pi) / 2
    ).logsumexp(-1),
)
slip(
    "ln σ is added, and must be taken off: a narrow bell is high",
    lambda x, weights, means, stds: (
        weights.log() + _log_bells(x, means, stds) + 2 * stds.log()
    ).logsumexp(-1),
)
slip(
    "½ ((x − μ)/σ)² is added, and must be taken off: far from μ a bell is low",
    lambda x, weights, means, stds: (
        weights.log()
        + ((x[:, None] - means) / stds) ** 2 / 2
        - stds.log()
        - math.log(2 * math.pi) / 2
    ).logsumexp(-1),
)
slip(
    "this is one bell, of the mean μ and the mean σ: a mixture is a sum of bells, not a bell of "
    "their means",
    lambda x, weights, means, stds: torch.distributions.Normal(
        (weights * means).sum(), (weights * stds).sum()
    ).log_prob(x),
)
slip(
    "this is a mean of logarithms, which multiplies the bells. A mixture adds them: logsumexp in "
    "place of mean",
    lambda x, weights, means, stds: (weights.log() + _log_bells(x, means, stds)).mean(-1),
)
slip(
    "each number counts with the bell that is the highest there: a mixture adds all bells, "
    "by logsumexp",
    lambda x, weights, means, stds: (weights.log() + _log_bells(x, means, stds)).amax(-1),
)
slip(
    "the sum runs over the numbers, and must run over the bells: the last dimension, where "
    "the terms have the shape (n, K)",
    lambda x, weights, means, stds: (weights.log() + _log_bells(x, means, stds)).logsumexp(0),
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


slip(
    "no change? The same probability now lies on a larger area, so there is less of it on "
    "each unit of area",
    lambda nll, scale, input_dim: nll,
)
slip(
    "the sign is turned round: on a larger area the density is lower, so its negative "
    "logarithm is higher",
    lambda nll, scale, input_dim: nll - input_dim * math.log(scale),
)
slip(
    "this is the change for one variable: each of the D axes is stretched",
    lambda nll, scale, input_dim: nll + math.log(scale),
)
slip(
    "half of it is missing: ln(scale) is added for each of the D axes",
    lambda nll, scale, input_dim: nll + input_dim / 2 * math.log(scale),
)
slip(
    "the points are multiplied, and with them no logarithm: the density is divided by a "
    "number, so its logarithm has a number taken off",
    lambda nll, scale, input_dim: scale * nll,
)
slip(
    "D stretched axes make the room scale · scale · ... times as large, that is scale to "
    "the power of D, not D times scale",
    lambda nll, scale, input_dim: nll + math.log(input_dim * scale),
)
slip(
    "this takes the logarithm to base 10: nats need the natural one, math.log",
    lambda nll, scale, input_dim: nll + input_dim * math.log10(scale),
)
slip(
    "density is divided by scale ** D: what is added to the NLL is the logarithm of that",
    lambda nll, scale, input_dim: nll + input_dim * scale,
)
slip(
    "scale ** D is what the density is divided by. The NLL is a logarithm: ln of it is added",
    lambda nll, scale, input_dim: nll + scale**input_dim,
)
slip(
    "it is the density that is divided by scale ** D. The NLL is the negative of its "
    "logarithm, and a number is added to that",
    lambda nll, scale, input_dim: nll * scale**input_dim,
)
slip(
    "the density changes by a factor, and not the NLL: to that a logarithm is added",
    lambda nll, scale, input_dim: nll / scale,
)
slip(
    "the sign is turned round, and this is the change for one variable: on a larger area "
    "the density is lower, so the NLL rises, by ln(scale) for each of the D axes",
    lambda nll, scale, input_dim: nll - math.log(scale),
)
slip(
    "this takes the logarithm to base 2, which gives bits: nats need the natural one, math.log",
    lambda nll, scale, input_dim: nll + input_dim * math.log2(scale),
)
slip(
    "this is right for two variables only: D is input_dim",
    lambda nll, scale, input_dim: nll + 2 * math.log(scale),
)
slip(
    "this is right for a factor of 10 only: use scale",
    lambda nll, scale, input_dim: nll + input_dim * math.log(10),
)
slip(
    "the NLL is multiplied by D · ln(scale): that is added to it",
    lambda nll, scale, input_dim: nll * input_dim * math.log(scale),
)
slip(
    "ln(scale) is divided by D: it is added once for each of the D axes",
    lambda nll, scale, input_dim: nll + math.log(scale) / input_dim,
)
slip(
    "this is the NLL of one variable: that of all D is asked for, D times as much",
    lambda nll, scale, input_dim: nll / input_dim + math.log(scale),
)
slip(
    "the NLL is multiplied by D, and holds all variables already: only ln(scale) is taken D times",
    lambda nll, scale, input_dim: (nll + math.log(scale)) * input_dim,
)
slip(
    "with a factor below one the area becomes smaller and the density higher: the NLL falls then",
    lambda nll, scale, input_dim: nll + abs(input_dim * math.log(scale)),
)


# ---- 8.4 ----------------------------------------------------------------------------------------


@exercise(
    "8.4",
    "A head for counts",
    stars=3,
    examine=lambda answer: _examine_head(answer),
    hints=(
        "Write the probability down first: x failures and one success have (1 − q)^x · q. Take the "
        "logarithm, with log q = logsigmoid(z) and log(1 − q) = logsigmoid(−z).",
        "For sample: P(x ≤ k) = 1 − (1 − q)^(k+1). Which is the smallest k for which that is at "
        "least u? Bring k to one side. (A table of sums would be too long: at z = −18 half of all "
        "counts are above 45 million.)",
        "u ≤ 1 − (1 − q)^(k+1) means k + 1 ≥ ln(1 − u) / ln(1 − q). The floor of that quotient is "
        "such a k: (torch.log1p(-u) / logsigmoid(-z)).floor(). Keep u a little below 1.",
    ),
)
class Geometric(Head):
    """Counts 0, 1, 2, ... of failures before a success of probability q = σ(z)."""

    params_per_variable = 1

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """(..., 1), (...) → (...): x failures and a success."""
        z = params[..., 0]
        return nn.functional.logsigmoid(z) + x * nn.functional.logsigmoid(-z)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """(..., 1), (...) → (...): more than k failures have the probability (1 - q) ** (k + 1)."""
        log_fail = nn.functional.logsigmoid(-params[..., 0])
        u = u.clamp(max=1 - 1e-6)
        return (torch.log1p(-u) / log_fail).floor()


@slip(
    "success and failure have changed places: q = σ(z) belongs to the one success, and 1 − q "
    "to each of the x failures"
)
class _Swapped(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return super().log_prob(-params, x)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return super().sample(-params, u)


@slip("this counts the tries, from 1: x counts the failures alone, and 0 is a value that it has")
class _FromOne(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return super().log_prob(params, x - 1)


@slip("the success at the end is missing: x failures and a success are x + 1 factors")
class _NoSuccess(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return x * nn.functional.logsigmoid(-params[..., 0])


@slip("these are probabilities: log_prob gives their logarithms")
class _IsProbability(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return super().log_prob(params, x).exp()


@slip(
    "at large logits this is minus infinity, as 1 − q is rounded to 0 before its logarithm is "
    "taken, or exp is too large for the computer: take logsigmoid(z) and logsigmoid(−z), as in "
    "notebook 2"
)
class _LogOfRounded(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        q = params[..., 0].sigmoid()
        return q.log() + x * (1 - q).log()


@slip(
    "at moderate logits it is right, at large ones not: σ(z) is rounded to 0 or 1 there, and a "
    "small number that keeps the logarithm from 0 takes its place. logsigmoid is exact"
)
class _LogOfRaised(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        q = params[..., 0].sigmoid()
        return (q + 1e-8).log() + x * (1 - q + 1e-8).log()


@slip("this is the NLL: log_prob is its negative, and never above 0")
class _IsNLL(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return -super().log_prob(params, x)


@slip("log(1 − q) is not 1 − log q: as 1 − σ(z) = σ(−z), it is logsigmoid(−z)")
class _OneMinusLog(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        log_q = nn.functional.logsigmoid(params[..., 0])
        return log_q + x * (1 - log_q)


@slip("these are x + 1 failures: the last of the x + 1 factors is the success, of probability q")
class _OneMoreFailure(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return (x + 1) * nn.functional.logsigmoid(-params[..., 0])


@slip(
    "params has one dimension more than x, and so each number meets each count: params[..., 0] "
    "has the shape of x"
)
class _ParamsAsTheyAre(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return nn.functional.logsigmoid(params) + x * nn.functional.logsigmoid(-params)


@slip(
    "log_prob is right for one row of counts, and not where x has more dimensions: "
    "params[..., 0] has the shape of x in each case, params[:, 0] has not"
)
class _LogProbFlat(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        z = params[:, 0]
        return nn.functional.logsigmoid(z) + x * nn.functional.logsigmoid(-z)


@slip(
    "log_prob has a dimension too many: params is (..., 1), and params[..., 0] has the shape of x"
)
class _KeepsLastDimension(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return super().log_prob(params, x)[..., None]


@slip("log_prob sums over variables: a head gives one number for each variable, and the model sums")
class _Summed(Geometric):
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return super().log_prob(params, x).sum(-1)


@slip(
    "counts have probabilities, not densities: leave is_density out, or their nats are called "
    "differential ones"
)
class _IsDensity(Geometric):
    is_density = True


@slip("sample gives 0 and 1 only, as for a coin: a count can be any whole number")
class _SamplesCoin(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return (u <= params[..., 0].sigmoid()).to(params.dtype)


@slip("every sample is one too large: a share q of all u must give 0 failures")
class _SamplesOneMore(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return super().sample(params, u) + 1


@slip("samples must be whole numbers, such as the smallest k with u ≤ P(x ≤ k)")
class _SamplesReal(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return torch.log1p(-u) / nn.functional.logsigmoid(-params[..., 0])


@slip("every sample is one too small: a share q of all u must give 0 failures, and none −1")
class _SamplesOneLess(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return super().sample(params, u) - 1


@slip(
    "u = 0 gives −1, which is no count, and torch.rand does draw 0 now and then. clamp(min=0) "
    "mends it; so does floor, where ceil and − 1 stood"
)
class _SamplesBelowZero(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return (torch.log1p(-u) / nn.functional.logsigmoid(-params[..., 0])).ceil() - 1


@slip(
    "the number is rounded to the nearest count. Rounded down, by floor, it is the smallest k "
    "with P(x ≤ k) above u"
)
class _SamplesNearest(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return (torch.log1p(-u) / nn.functional.logsigmoid(-params[..., 0])).round()


@slip(
    "large counts never come. A table or a loop that ends after so many counts is too short "
    "for a small q: solve u = 1 − (1 − q)^(k+1) for k"
)
class _SamplesCutOff(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        p = self.log_prob(params[..., None, :], torch.arange(100.0)).exp()
        return (u[..., None] > p.cumsum(-1)).sum(-1).to(params.dtype)


@slip("where q is tiny, 1 − q is rounded to 1, and its logarithm is 0: take logsigmoid(−z)")
class _SamplesOfRounded(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return (torch.log1p(-u) / (1 - params[..., 0].sigmoid()).log()).floor()


@slip(
    "sample is right for a row of u, and not where u has more dimensions: params[..., 0] has "
    "the shape of u in each case, params[:, 0] has not"
)
class _SamplesFlat(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        log_fail = nn.functional.logsigmoid(-params[:, 0])
        return (torch.log1p(-u) / log_fail).floor()


@slip(
    "sample draws random numbers of its own: it must use u, so that the same u gives the same "
    "sample"
)
class _DrawsItself(Geometric):
    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        return super().sample(params, torch.rand_like(u))


def _cause_of(answer: type[Head]) -> str:
    return next(known.cause for known in known_slips("8.4") if known.answer is answer)


MANY = torch.arange(400.0)
"""Counts among which all but nothing of the probability lies, for the logits that are tried."""
TRIED_LOGITS = (-1.5, 0.0, 1.0)
SMALL, TINY = -5.0, -18.0
"""Logits of which half of all counts are above 100, and above 45 million."""


def _examine_head(answer: object) -> str:
    head = _built(answer)
    one, two = torch.tensor([[0.4], [-0.7]]), torch.tensor([[[0.4], [-0.7]], [[1.0], [0.0]]])
    for params, x in (
        (one, torch.tensor([0.0, 3.0])),
        (two, torch.tensor([[0.0, 3.0], [1.0, 2.0]])),
    ):
        _require_log_prob(head, params, x)
    for z in TRIED_LOGITS:
        _require_sum_of_one(head, z)
    for z, x in ((0.4, 0.0), (-0.7, 3.0), (120.0, 2.0), (-120.0, 2.0)):
        _require_log_prob(head, torch.tensor([[z]]), torch.tensor([x]))
    for z in (*TRIED_LOGITS, SMALL, TINY):
        _require_samples(head, z)
    _require_counts_at_the_ends(head)
    return "Σp = 1, and samples come as often as log_prob says."


def _built(answer: object) -> Head:
    if not isinstance(answer, type) or not issubclass(answer, Head):
        if isinstance(answer, type):
            came = f"the class {answer.__name__}"
        else:
            came = f"a {type(answer).__name__}"
        raise Misformed(
            "a class is expected that inherits from Head, with log_prob and sample: hand over the "
            "class itself",
            came=came,
            expected="class Geometric(Head)",
        )
    try:
        head = answer()
    except Exception as error:
        raise Wrong(f"your class raised {type(error).__name__}: {error}") from error
    numbers = getattr(head, "params_per_variable", None)
    if numbers != 1:
        raise Misformed(
            "one number for each variable is enough, its logit",
            came=f"params_per_variable = {numbers}",
            expected="params_per_variable = 1",
        )
    if head.is_density:
        raise Misformed(
            _cause_of(_IsDensity), came="is_density = True", expected="is_density = False"
        )
    return head


def _require_log_prob(head: Head, params: Tensor, x: Tensor) -> None:
    tried = f"log_prob({written(params)}, {written(x)})"
    expected = Geometric().log_prob(params, x)
    came = run(head.log_prob, params, x)
    report = {"tried": tried, "expected": written(expected), "came": written(came)}
    if isinstance(came, Tensor) and came.shape == (*x.shape, 1):
        raise Misformed(_cause_of(_KeepsLastDimension), **report)
    if isinstance(came, Tensor) and came.shape == x.shape[:-1]:
        raise Misformed(_cause_of(_Summed), **report)
    each_with_each = torch.broadcast_shapes(params.shape, x.shape)
    if isinstance(came, Tensor) and came.shape == each_with_each:
        raise Misformed(_cause_of(_ParamsAsTheyAre), **report)
    try:
        require_same(came, expected, "log_prob(params, x)")
    except Misformed as wrong:
        wrong.tried = tried
        raise
    except Wrong as wrong:
        for known in known_slips("8.4"):
            theirs = known.answer().log_prob(params, x)
            if theirs.shape == came.shape and torch.allclose(theirs, came, atol=1e-5):
                raise Wrong(known.cause, **report) from wrong
        if bool((params.abs() > 20).any()):  # smaller ones were right
            raise Wrong(_cause_of(_LogOfRaised), **report) from wrong
        if params.dim() > 2:  # for a row it was right
            raise Wrong(_cause_of(_LogProbFlat), **report) from wrong
        raise Wrong(
            "log_prob differs: x failures, each of probability 1 − q, and one success", **report
        ) from wrong


def _require_sum_of_one(head: Head, z: float) -> None:
    total = run(head.log_prob, torch.full((len(MANY), 1), z), MANY).double().exp().sum().item()
    if not abs(total - 1) < 1e-4:
        raise Wrong(
            "the probabilities of all counts do not sum to one",
            tried=f"the counts 0 to {len(MANY) - 1} at z = {z}",
            expected="1",
            came=f"{total:.4f}",
        )


def _require_samples(head: Head, z: float, n: int = 1000) -> None:
    """Even noise must give each count as often as its probability says, in whatever order."""
    u = (torch.arange(n) + 0.5) / n
    params = torch.full((n, 1), z)
    came = run(head.sample, params, u)
    tried = f"sample at z = {z}, for {n} evenly spread u"
    if not isinstance(came, Tensor) or came.shape != u.shape:
        shape = f"shape {tuple(came.shape)}" if isinstance(came, Tensor) else type(came).__name__
        raise Misformed(
            "sample gives one count for each u", tried=tried, expected=f"shape ({n},)", came=shape
        )
    if not torch.equal(came, run(head.sample, params, u)):
        raise Wrong(_cause_of(_DrawsItself), tried=tried)
    came = came.double()
    if not bool((came == came.round()).all()) or not bool(came.isfinite().all()):
        is_rounded = z == TINY and not came.isfinite().all()
        cause = _cause_of(_SamplesOfRounded if is_rounded else _SamplesReal)
        raise Wrong(cause, tried=tried, came=written(came[:5]))
    counts = torch.arange(40.0)
    share = (came[:, None] == counts).double().mean(0)
    p = Geometric().log_prob(torch.full((len(counts), 1), z), counts).exp().double()
    near = (share - p).abs() <= 2.5 / n
    expected = Geometric().sample(params, u).double()
    in_any_order = [values.sort().values for values in (came, expected)]
    if bool(near.all() and (came >= 0).all()) and torch.allclose(*in_any_order, rtol=0.01, atol=1):
        _require_samples_of_any_shape(head, u)
        return
    largest = int(expected.max())
    report = {
        "tried": tried,
        "expected": f"shares of 0 to 4: {written(p[:5])}, the largest count {largest:,}",
        "came": f"{written(share[:5])}, the largest count {int(came.max()):,}",
    }
    for known in known_slips("8.4"):
        theirs = known.answer().sample(params, u).double()
        if torch.equal(theirs, came):
            raise Wrong(known.cause, **report)
    if bool(near[:5].all()) and came.max() < largest:
        raise Wrong(_cause_of(_SamplesCutOff), **report)
    causes = {
        bool((came <= 1).all()): _cause_of(_SamplesCoin),
        bool((share[1:] - p[:-1]).abs().le(2.5 / n).all()): _cause_of(_SamplesOneMore),
        bool((share[:-1] - p[1:]).abs().le(2.5 / n).all()): _cause_of(_SamplesOneLess),
    }
    raise Wrong(causes.get(True, "samples do not come as often as log_prob says"), **report)


def _require_counts_at_the_ends(head: Head) -> None:
    """torch.rand draws 0, and numbers just below 1."""
    ends = torch.tensor([0.0, 1 - 2**-24])
    for z in (0.0, TINY):
        came = run(head.sample, torch.full((2, 1), z), ends)
        if bool(((came >= 0) & came.isfinite()).all()):
            continue
        raise Wrong(
            _cause_of(_SamplesBelowZero)
            if came[0] == -1
            else "u = 0 and the largest u below 1 must give counts, too: torch.rand draws both",
            tried=f"sample at z = {z}, for u = 0 and for the largest u below 1",
            came=written(came),
        )


def _require_samples_of_any_shape(head: Head, u: Tensor) -> None:
    """A row of u, and the same u in two dimensions, must give the same samples."""
    params, shape = torch.linspace(-1.5, 1.0, len(u))[:, None], (len(u) // 2, 2)
    row = run(head.sample, params, u)
    tried = f"sample with params of shape {(*shape, 1)} and u of shape {shape}"
    try:
        came = run(head.sample, params.view(*shape, 1), u.view(shape))
    except Wrong as wrong:
        raise Wrong(_cause_of(_SamplesFlat), tried=tried, came=wrong.cause) from wrong
    if not isinstance(came, Tensor) or came.shape != shape:
        raise Misformed(_cause_of(_SamplesFlat), tried=tried)
    if not torch.equal(came, row.view(shape)):
        raise Wrong(_cause_of(_SamplesFlat), tried=tried)


# ---- 8.5 ----------------------------------------------------------------------------------------

RADII, BLUR = (10.0, 20.0), 1.0
ENTROPY = 6.596
"""Of the rings, in differential nats, from a million points: what the true density has."""
WITHIN = 0.1
BANDS = (
    (0.008, "So near, and from 4,000 points? That is better than anything that was tried here."),
    (0.02, "That is what a good idea or some patience brings."),
    (0.04, "As good as the notebook's network for the moons, in the right unit."),
    (WITHIN, "It is done. What would go further?"),
)
REACH, CELLS = 32.0, 200
"""The integral is taken over a square of this half-width, by one point in each small cell."""
SOME = 1_000
"""Points that a model is asked about at once."""


def ring_points() -> Tensor:
    """The 4,000 points that exercise 8.5 is to be solved with: (4000, 2).

    Example:
        >>> ring_points().shape
        torch.Size([4000, 2])
    """
    return _rings(4_000, seed=8)


def _rings(n: int, seed: int) -> Tensor:
    """Points on two circles around 0, blurred along the radius."""
    generator = torch.Generator().manual_seed(seed)
    radius = torch.tensor(RADII)[torch.randint(2, (n,), generator=generator)]
    radius = radius + BLUR * torch.randn(n, generator=generator)
    angle = 2 * math.pi * torch.rand(n, generator=generator)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)


def _rings_log_prob(x: Tensor) -> Tensor:
    """The true log-density: that of the radius, spread along the circle."""
    radius = x.norm(dim=1)
    bells = torch.distributions.Normal(torch.tensor(RADII, dtype=x.dtype), BLUR)
    log_radius = bells.log_prob(radius[:, None]).logsumexp(1) - math.log(len(RADII))
    return log_radius - (2 * math.pi * radius).log()


def _radius_log_prob(x: Tensor) -> Tensor:
    """The log-density of the radius alone, which a reader may take for that of the points."""
    return _rings_log_prob(x) + (2 * math.pi * x.norm(dim=1)).log()


class _Density:
    """An answer in a line: log-densities from points."""

    def __init__(self, log_prob: Callable[[Tensor], Tensor]) -> None:
        self.log_prob = log_prob


def _wide_bell(x: Tensor) -> Tensor:
    return torch.distributions.Normal(0.0, 11.2).log_prob(x).sum(1)


_RING_SLIPS = (
    Slip(
        _Density(lambda x: _rings_log_prob(x) + 2 * math.log(10)),
        "this would be right for points divided by 10, as a density per unit of *their* area. For "
        "the points as they are, ln 10 has to come off for each of the two variables",
    ),
    Slip(
        _Density(lambda x: _rings_log_prob(x) + math.log(10)),
        "there is ten times too much of it: if the points were divided by 10, ln 10 has to come "
        "off for each of the *two* variables",
    ),
    Slip(
        _Density(lambda x: _rings_log_prob(x) + 4 * math.log(10)),
        "if the points were divided by 10, ln 10 has to come off for each of the two variables: "
        "here it was added",
    ),
    Slip(
        _Density(lambda x: -_rings_log_prob(x)),
        "this is the negative of a log-density: log_prob is higher where points are more likely",
    ),
    Slip(
        _Density(lambda x: _rings_log_prob(x).exp()),
        "this is a density itself: log_prob gives its logarithm",
    ),
    Slip(
        _Density(lambda x: _rings_log_prob(x).mean()),
        "one number came for all points: log_prob must give one for each row",
    ),
    Slip(
        _Density(lambda x: torch.stack([_rings_log_prob(x) / 2] * 2, dim=1)),
        "one number came for each variable: the log-density of a row is their sum",
    ),
    Slip(
        _Density(lambda x: _rings_log_prob(x).log_softmax(0) + math.log(len(x))),
        "the number of a row changes with the other rows: log_prob(x) must treat each row by "
        "itself",
    ),
    Slip(
        _Density(_wide_bell),
        "it is a density, and no better than one wide bell: has the model been trained, and on "
        "points of a scale of about 1, as the head wants them?",
    ),
    Slip(
        _Density(lambda x: _rings_log_prob(10 * x) + 2 * math.log(10)),
        "this is a model of smaller points: trained on points divided by a number, it must be "
        "asked about points divided by that number, too. Here it is asked about the points as they "
        "are: let log_prob(x) divide first, and take ln of the number off for each variable",
    ),
    Slip(
        _Density(lambda x: torch.full_like(x[:, 0], -6.0)),
        "every point has the same log-density: a constant over the whole plane has no area of one",
    ),
    Slip(
        _Density(_radius_log_prob),
        "this is the density of the radius. In the plane the same probability lies on a circle of "
        "length 2πr: ln 2πr has to come off",
    ),
)
(
    _UNIT_FORGOTTEN,
    _UNIT_ONCE,
    _UNIT_ADDED,
    _IS_NEGATIVE,
    _IS_DENSITY,
    _IS_ONE_NUMBER,
    _IS_EACH_VARIABLE,
    _MIXES_ROWS,
    _IS_WIDE_BELL,
    _IS_OF_SMALLER,
    _IS_CONSTANT,
    _IS_OF_RADIUS,
) = (slip.cause for slip in _RING_SLIPS)


def _examine_rings(model: object) -> str:
    if isinstance(model, type) or not callable(getattr(model, "log_prob", None)):
        raise Misformed(
            "a model is needed: an object with log_prob(x), from points (n, 2) to (n,) numbers",
            came="a class" if isinstance(model, type) else f"a {type(model).__name__}",
            expected="a MADE, or an object of your own",
        )
    require_finite_weights(model)
    kept, truth = _kept_points()
    grid, cell = _grid()
    as_scored = evaluation_mode(model) if isinstance(model, nn.Module) else nullcontext()
    with torch.no_grad(), as_scored:
        _require_speed(model, kept)
        log_p, on_grid = _asked(model, kept, grid)
        _require_rows_apart(log_p, _asked(model, kept, grid[:SOME])[0])
        is_no_better = log_p.mean() < _wide_bell(kept).mean() + 0.1
        if is_no_better and _is_of_smaller_points(model, kept):
            raise Wrong(_IS_OF_SMALLER, **_report(truth - log_p))
        area = (on_grid.exp().sum() * cell).item()
        if is_no_better and 0.9 < area < 1.1:
            raise Wrong(_IS_WIDE_BELL, **_report(truth - log_p, area))
        _require_area_of_one(area, on_grid, grid, cell)
    log_p = log_p - max(0.0, math.log(area))  # up to a hundredth too much is rounding, and no merit
    above = (truth - log_p).mean().item()
    report = _report(truth - log_p, area)
    if above >= WITHIN:
        raise Wrong(
            "the model is a density, and not near enough yet. How does its picture differ from "
            "the points? Does each conditional have bells enough?",
            **report,
        )
    if above < -0.03:
        raise Wrong("that is better than the true density, which only luck can be", **report)
    words = next(words for nats, words in BANDS if above < nats)
    return (
        f"{ENTROPY + above:.3f} differential nats on points that the exercise keeps, "
        f"{above:.3f} above the true density; the integral is {area:.2f}. {words}"
    )


def _report(apart: Tensor, area: float | None = None) -> dict[str, str]:
    came = f"{ENTROPY + apart.mean().item():.2f} differential nats"
    return {
        "tried": f"the {len(apart):,} points that this exercise keeps",
        "expected": f"less than {ENTROPY + WITHIN:.2f} differential nats",
        "came": came if area is None else f"{came}; the integral is {area:.2f}",
    }


def _log_densities(model: object, x: Tensor) -> Tensor:
    for parameter in getattr(model, "parameters", list)():
        x = x.to(parameter)
        break
    try:
        came = model.log_prob(x.clone())
    except Exception as error:
        raise Wrong(f"log_prob raised {type(error).__name__}: {error}") from error
    if not isinstance(came, Tensor):
        raise Misformed(
            "log_prob(x) must give a tensor",
            came=f"a {type(came).__name__}",
            expected="a torch.Tensor",
        )
    report = {"came": f"shape {tuple(came.shape)}", "expected": f"shape ({len(x)},)"}
    if came.numel() == 1:
        raise Misformed(_IS_ONE_NUMBER, **report)
    if came.shape == x.shape:
        raise Misformed(_IS_EACH_VARIABLE, **report)
    if came.shape != x.shape[:1]:
        raise Misformed("log_prob(x) has another shape", **report)
    came = came.detach().double().cpu()
    if bool(came.isnan().any()) or bool((came == math.inf).any()):
        raise Wrong("log_prob(x) is not finite everywhere: it needs its stable form")
    return came


def _asked(model: object, kept: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Log-densities of the points kept and of the grid, which are asked about together."""
    ask = partial(_log_densities, model)
    said = shuffled(ask, torch.cat([kept, grid]), batch=SOME)
    return said[: len(kept)], said[len(kept) :]


def _require_speed(model: object, kept: Tensor) -> None:
    """A model that could not answer in time is told so, before the clock stops it."""
    few = kept[:SOME]
    start = time.thread_time()
    _log_densities(model, few)
    needed = (time.thread_time() - start) * (len(kept) + CELLS**2) / len(few)
    if needed > 2 * LIMIT_S:
        raise Wrong(
            "log_prob is too slow for this check, which asks it about many points at once: a loop "
            "over the points, or a bell for each of 4,000 points, takes too long. A network, or "
            "a hundred bells, is quick enough",
            tried=f"log_prob of {len(few):,} points, to see how long {len(kept) + CELLS**2:,} take",
            expected=f"at most {LIMIT_S:g} seconds",
            came=f"about {needed:.0f} seconds",
        )


def _is_of_smaller_points(model: object, kept: Tensor) -> bool:
    """Whether a model scores the points far better once they are divided by a number."""
    few = kept[:500]
    wide = _wide_bell(few).mean().item() + 0.1
    return any(
        _log_densities(model, few / s).mean().item() - 2 * math.log(s) > wide
        for s in (2, 5, 8, 10, 11.2, 15, 20, 25, 32)
    )


def _require_rows_apart(log_p: Tensor, again: Tensor) -> None:
    if not torch.allclose(log_p, again, rtol=1e-3, atol=1e-3):
        at = (log_p - again).abs().argmax()
        raise Wrong(
            _MIXES_ROWS,
            tried="log_prob of one point twice, among others each time",
            expected="the same number",
            came=f"{log_p[at]:.3f} and {again[at]:.3f}",
        )


def _require_area_of_one(area: float, values: Tensor, grid: Tensor, cell: float) -> None:
    if 0.9 < area < 1.01:
        return
    report = {
        "tried": f"the integral over the square from −{REACH:.0f} to {REACH:.0f}",
        "expected": "1",
        "came": f"{area:.4g}",
    }
    if values.max() - values.min() < 1e-4:
        raise Wrong(_IS_CONSTANT, **report)
    if not math.isfinite(area):
        raise Wrong(
            "log_prob is enormously high at some point: what does it give far from all points?",
            **report | {"came": f"at one point a log-density of {values.max():.4g}"},
        )
    of_radius = (values.exp() / (2 * math.pi * grid.norm(dim=1))).sum().item() * cell
    if 0.97 < of_radius < 1.02:
        raise Wrong(_IS_OF_RADIUS, **report)
    if abs((-values).exp().sum().item() * cell - 1) < 0.1:
        raise Wrong(_IS_NEGATIVE, **report)
    if bool((values >= 0).all()) and abs(values.sum().item() * cell - 1) < 0.1:
        raise Wrong(_IS_DENSITY, **report)
    causes = {100: _UNIT_FORGOTTEN, 10: _UNIT_ONCE, 10_000: _UNIT_ADDED}
    for factor, cause in causes.items():
        if abs(area / factor - 1) < 0.03:
            raise Wrong(cause, **report)
    if 1 < area < 1.3:
        raise Wrong(
            "there is somewhat too much of it: either something is added to a log-density, or the "
            "model has peaks so narrow that they fall between the points of the sum",
            **report,
        )
    if area > 1:
        raise Wrong(
            "a density has an integral of 1. If you divided the points by s, ln s has to come off "
            f"for each of the two variables. Forgotten, it leaves s², so that s was "
            f"{area**0.5:.4g}; taken off once only, it leaves s, which was {area:.4g}; added in "
            f"place of taken off, s⁴, and s was {area**0.25:.4g}. Is one of the three yours? (Or "
            "is a part of ln 2πr missing, if you began from the density of the radius?)",
            **report,
        )
    raise Wrong(
        "a density has an integral of 1: here a part of it lies outside of the square, or is "
        "missing. If you divided the points by s, ln s comes off once for each of two variables",
        **report,
    )


@cache
def _kept_points() -> tuple[Tensor, Tensor]:
    """Points that no learner has, and their true log-densities."""
    kept = _rings(10_000, seed=808)
    return kept, _rings_log_prob(kept.double())


@cache
def _grid() -> tuple[Tensor, float]:
    """A point at a random place in each cell, so that no narrow peak hides between points."""
    side = 2 * REACH / CELLS
    corners = torch.cartesian_prod(*[torch.arange(CELLS) * side - REACH] * 2)
    places = torch.rand(corners.shape, generator=torch.Generator().manual_seed(0))
    return corners + side * places, side**2


@exercise(
    "8.5",
    "Two rings",
    stars=3,
    is_open=True,
    examine=_examine_rings,
    is_value=True,
    hints=(
        "Look at the points: how large are they? The head wants a scale of about 1. Train on "
        "points / 10, and look at the NLL of section 7: what did a model of another unit need?",
        "Write a class with a method log_prob(self, x) that returns the model's log_prob of "
        "x / 10, minus 2 · ln 10.",
        "What would go further: the rings look the same from all sides. Turning points by a random "
        "angle gives new points, as many as you like.",
    ),
    slips=_RING_SLIPS,
)
def come_near() -> object:
    """A mixture of bells for points brought to a scale of about 1, and the nats that this costs."""
    points, scale = ring_points(), 10.0
    torch.manual_seed(0)
    model = MADE(2, (32, 32), degrees="even", head=MixtureOfGaussians(8), seed=0)
    fit(
        model,
        points / scale,
        epochs=30,
        batch_size=100,
        lr=0.03,
        weight_decay=0.0,
        precision="float32",
        seed=0,
        progress=False,
    )

    class InTheOldUnit(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def log_prob(self, x: Tensor) -> Tensor:
            return self.model.log_prob(x / scale) - 2 * math.log(scale)

    return InTheOldUnit()


EXERCISES = exercises_of(__name__)
