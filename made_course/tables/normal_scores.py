"""The head for a column of numbers: a mixture of Gaussians on their normal scores."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.special import ndtri

from ..common.arguments import check_count
from ..model.heads import Head, MixtureOfGaussians, unpack_gaussians

FARTHEST = 1e4
"""Score that replaces infinite scores, because their gradients would not be finite."""
LARGEST_SCORE = 38.0
"""Beyond this score, Φ or 1 - Φ underflows in float64."""
LARGEST_INPUT = 10.0
"""Largest score that the network reads."""
ROUNDING = 0.1
"""Largest distance of a float32 number from the nearest multiple of a step, in steps."""


class NormalScores(Head):
    r"""A mixture of K Gaussians on the normal scores of a column of numbers.

    .. math::
        z = \Phi^{-1}(F(x)), \qquad F(x) = \sum_{v_j \le x} w_j + \kappa \, \Phi(s(x)), \qquad
        \kappa = 1 - \sum_j w_j

    F is a smoothed distribution function of the training values. It has point masses :math:`w_j` at
    repeated values :math:`v_j`. Between them it follows a curve, whose score s is piecewise linear
    between knots. The network reads z. Its outputs are the parameters of a mixture q on z, so that

    .. math::
        P(x) = \int_{\Phi^{-1}(F(x^-))}^{\Phi^{-1}(F(x))} q(z) \, dz \ \text{ where F jumps}, \qquad
        p(x) = q(z) \, \frac{dz}{dx} \ \text{ elsewhere.}

    With a ``step``, every value is a multiple of it. Its probability is the integral over its
    cell, from :math:`F(x - \text{step} / 2)` to :math:`F(x + \text{step} / 2)`. If q is the
    standard normal distribution, x has the distribution F. Training starts with this q, that is,
    with a model of independent columns.

    Args:
        num_components: number of Gaussians K.
        knots: increasing values, between which s is linear. The first and the last bound x.
        scores: s at the knots, increasing, from -40 to 40, so that no mass is outside the bounds.
        values: increasing values that have a point mass.
        masses: their point masses :math:`w_j`, with a sum below 1.
        step: number of which all values are multiples; None if x is real and has a density.

    Raises:
        TypeError or ValueError: if ``num_components`` is not an integer of at least 1.

    Example:
        A shop sells nothing on half of the days, and otherwise up to 10 pieces:

        >>> head = NormalScores(2, (-0.5, 5.0, 10.5), (-40.0, 0.0, 40.0), (0.0,), (0.5,), step=1.0)
        >>> p = head.log_prob(head.initial_params(), torch.arange(11.0)).exp()
        >>> round(p.sum().item(), 5), round(p[0].item(), 2)
        (1.0, 0.5)
    """

    needs_float32 = True

    def __init__(
        self,
        num_components: int,
        knots: Sequence[float],
        scores: Sequence[float],
        values: Sequence[float] = (),
        masses: Sequence[float] = (),
        step: float | None = None,
    ) -> None:
        self.num_components = check_count("num_components", num_components)
        self.params_per_variable = 3 * self.num_components
        self.arguments = (num_components, knots, scores, values, masses, step)
        self.is_density, self.step = step is None, step or 0.0
        x, s, v, w = (
            torch.tensor(numbers, dtype=torch.float64, device="cpu")
            for numbers in (knots, scores, values, masses)
        )
        v = F.pad(v, (0, 1), value=math.inf)  # so that there is always a next point mass
        self._tensors = x, s, s.diff() / x.diff(), v, F.pad(w, (1, 1)).cumsum(0)

    def initial_params(self) -> Tensor:
        """Return parameters (P,) for which the mixture is the standard normal distribution."""
        return torch.zeros(self.params_per_variable)

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Return the log-probability or log-density (...), in nats, of values (...)."""
        x = x.double()
        low, high, middle = self.transform(x)
        logits, means, scales = unpack_gaussians(params)
        start, end = (
            (z.clamp(-FARTHEST, FARTHEST)[..., None] - means) / scales for z in (low, high)
        )
        nats = _log_mass(start, end)
        if self.is_density:
            knots = self._tensors[0].to(x.device)  # a bound has the density beside it
            x = x.where(x > knots[0], knots[1:3].mean()).where(x < knots[-1], knots[-3:-1].mean())
            curve, slope = self._curve(x)
            middle = self.transform(x)[2]
            start = (middle.clamp(-FARTHEST, FARTHEST)[..., None] - means) / scales
            z = middle.clamp(-LARGEST_SCORE, LARGEST_SCORE)
            log_jacobian = slope.log() - curve**2 / 2 + z**2 / 2 + (1 - self._tensors[-1][-1]).log()
            log_q = -(start**2) / 2 - scales.log() - math.log(2 * math.pi) / 2
            nats = nats.where((low < high)[..., None], log_q + log_jacobian[..., None])
        return (logits.log_softmax(-1) + nats).logsumexp(-1).to(params.dtype)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """Return a value (...) for each uniform ``u`` (...), under ``params`` (..., P)."""
        z = MixtureOfGaussians(self.num_components).sample(params, u)
        return self.inverse(z.double()).to(params.dtype)

    def encode(self, x: Tensor) -> Tensor:
        """Return the scores (..., 1) that the network reads for values (...)."""
        middle = self.transform(x.double())[2]
        return middle.clamp(-LARGEST_INPUT, LARGEST_INPUT)[..., None].to(x.dtype)

    def check(self, x: Tensor) -> None:
        """Raise a ValueError unless all values are multiples of the step within the bounds."""
        super().check(x)
        is_possible = self.is_possible(x)
        if not is_possible.all():
            raise ValueError(
                "data must be within the bounds of the column and multiples of its step, got "
                f"{x[~is_possible][0].item():g}"
            )

    def is_possible(self, x: Tensor) -> Tensor:
        """Return a BoolTensor, True for values within the bounds that are multiples of the step."""
        knots = self.arguments[1]
        is_within = (x >= knots[0]) & (x <= knots[-1])
        if self.is_density:
            return is_within
        steps = x.double() / self.step
        is_multiple = (steps - steps.round()).abs() < ROUNDING
        is_coarse = steps.abs() > 2**21  # where float32 is too coarse to tell
        return is_within & (is_multiple | is_coarse)

    def transform(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the scores at the start, end and middle of each value's interval, (...) each.

        The interval is a jump of F, or a cell if there is a step. For a value with a density, it
        is a point.
        """
        start = self._cdf(x - self.step / 2, right=False)
        end = self._cdf(x + self.step / 2, right=True)
        middle = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
        return _score(*start), _score(*end), _score(*middle)

    def inverse(self, z: Tensor) -> Tensor:
        """Return the values x (...) at which F reaches Φ(z), for scores z (...)."""
        knots, scores, slopes, values, jumps = (t.to(z.device) for t in self._tensors)
        starts, ends = (_score(*self._cdf(values, right)) for right in (False, True))
        n_before = torch.searchsorted(starts, z, right=True)
        nearest = (n_before - 1).clamp(min=0)
        is_jump = (n_before > 0) & (z <= ends[nearest])
        below = (ndtr(z) - jumps[n_before]) / (1 - jumps[-1])
        above = (ndtr(-z) - (jumps[-1] - jumps[n_before])) / (1 - jumps[-1])
        curve = _score(below.clamp(min=0), above.clamp(min=0))
        k = (torch.searchsorted(scores, curve) - 1).clamp(0, len(slopes) - 1)
        x = values[nearest].where(is_jump, knots[k] + (curve - scores[k]) / slopes[k])
        if self.is_density:
            return x.clamp(knots[0], knots[-1])
        low, high = (knots[0] / self.step).ceil(), (knots[-1] / self.step).floor()
        return (x / self.step).round().clamp(low, high) * self.step

    def _cdf(self, x: Tensor, right: bool) -> tuple[Tensor, Tensor]:
        """Return F(x) if ``right``, else its left limit F(x⁻), and the complement of either.

        The complement stays accurate where it is small.
        """
        values, jumps = (t.to(x.device) for t in self._tensors[3:])
        curve, total = self._curve(x)[0], jumps[-1]
        mass = jumps[torch.searchsorted(values, x.contiguous(), right=right)]
        return mass + (1 - total) * ndtr(curve), total - mass + (1 - total) * ndtr(-curve)

    def _curve(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the score s(x) of the curve and its slope at x."""
        knots, scores, slopes = (t.to(x.device) for t in self._tensors[:3])
        k = (torch.searchsorted(knots, x.contiguous()) - 1).clamp(0, len(slopes) - 1)
        return scores[k] + slopes[k] * (x - knots[k]), slopes[k]

    def __repr__(self) -> str:
        knots, _, values, _, step = self.arguments[1:]
        sizes = f"{len(knots)} knots, {len(values)} values"
        return f"NormalScores({self.num_components}, {sizes}, step={step})"


def ndtr(z: Tensor) -> Tensor:
    """Return Φ(z), accurate below -8.3, where torch.special.ndtr returns 0."""
    return torch.erfc(-z / math.sqrt(2)) / 2


def _score(below: Tensor, above: Tensor) -> Tensor:
    """Return the normal score of a probability ``below``; ``above`` is its complement."""
    return ndtri(below).where(below < above, -ndtri(above))


def _log_mass(start: Tensor, end: Tensor) -> Tensor:
    """Return the logarithm of Φ(end) - Φ(start), accurate in both tails."""
    is_right = start + end > 0  # mirror, because Φ is accurate on the left
    start, end = start.where(~is_right, -end), end.where(~is_right, -start)
    log_end, log_start = torch.special.log_ndtr(end), torch.special.log_ndtr(start)
    return log_end + (-torch.expm1((log_start - log_end).clamp(max=-1e-30))).log()
