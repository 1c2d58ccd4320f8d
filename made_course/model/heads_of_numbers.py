"""Heads that keep to what a column of numbers can be: bounds, whole numbers, values that recur."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..common.arguments import check_count
from .gaps import Gaps
from .heads import Bernoulli, Categorical, Head, MixtureOfGaussians, part_of, unpacked

Number = float | Sequence[float]
"""One for a column, or one for each of several that share a head."""
END = 1e9
"""Of the axis, in place of infinity, whose gradient is none."""
WIDEST = 1e4
"""So many standard deviations from a mean are as many as any: their squares stay exact enough."""
FARTHEST = 30.0
"""No place is farther for a network: zero stands for what it may not see, and may be no value."""
LEAST = 1e-30
"""Above a bound of zero, as near as it gets."""


class OnAxis(Head):
    r"""What :class:`Reals` and :class:`Whole` share: an axis without ends, on which curves lie.

    A value y between bounds has a place t on it:

    .. math::
        t = \begin{cases} y & \text{without bounds} \\
            \kappa \log(e^{(y - \text{lower}) / \kappa} - 1) & \text{above a lower bound} \\
            \log(y - \text{lower}) - \log(\text{upper} - y) & \text{between two} \end{cases}

    and below an upper bound, mirrored. The second is a logarithm up to about the knee κ, and then a
    straight line. The network and the curves see (t - centre) / scale, with ``tails`` its
    logarithm far out, so that a single far value does not outweigh all others.

    Args:
        num_components: number of curves K.
        lower, upper: the least and the largest value, infinite where there is none.
        knee: κ.
        centre, scale: of the values on the axis.
        tails: whether there are values far out.
    """

    family: tuple[object, ...]

    def __init__(
        self,
        num_components: int,
        lower: Number = -math.inf,
        upper: Number = math.inf,
        knee: Number = 1.0,
        centre: Number = 0.0,
        scale: Number = 1.0,
        tails: bool = False,
    ) -> None:
        self.num_components = check_count("num_components", num_components)
        self.bells = MixtureOfGaussians(self.num_components)
        self.params_per_variable = self.bells.params_per_variable
        self.arguments = (self.num_components, lower, upper, knee, centre, scale, tails)
        self.numbers = torch.tensor(self.arguments[1:6], dtype=torch.float64, device="cpu")
        self.tails = tails
        ends = self.numbers[:2].isfinite().reshape(2, -1)[:, 0].tolist()
        self.has_lower, self.has_upper = ends
        self.family = (type(self), self.num_components, *ends, tails)

    def together(self, heads: Sequence[Head]) -> OnAxis:
        """One head for n columns, whose bounds and scales are those of each."""
        _, *numbers = zip(*(head.arguments[:6] for head in heads), strict=True)
        lower, upper, knee, centre, scale = numbers
        kind = type(self)
        return kind(self.num_components, lower, upper, knee, centre, scale, self.tails)

    def start(self) -> Tensor:
        """(3K,) parameters of curves side by side."""
        return self.bells.start()

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """One value for each uniform number, within the bounds."""
        return self.value(self.bells.sample(params, u))

    def bounds(self) -> Tensor:
        """Ends of the axis: (2,), or (2, n) for n columns."""
        return self.numbers[:2]

    def place(self, y: Tensor) -> Tensor:
        """Places of values on the axis."""
        (lower, upper), (knee, centre, scale) = self._constants(y)
        if self.has_lower and self.has_upper:
            t = (y - lower).log() - (upper - y).log()
        elif self.has_lower or self.has_upper:
            u = (y - lower) / knee if self.has_lower else (upper - y) / knee
            t = (knee if self.has_lower else -knee) * (u + (-torch.expm1(-u)).log())
        else:
            t = y
        t = (t - centre) / scale
        return 2 * torch.asinh(t / 2) if self.tails else t

    def value(self, t: Tensor) -> Tensor:
        """The way back from a place."""
        (lower, upper), (knee, centre, scale) = self._constants(t)
        t = (2 * torch.sinh(t / 2) if self.tails else t) * scale + centre
        if self.has_lower and self.has_upper:
            y = lower + (upper - lower) * t.sigmoid()
        elif self.has_lower:
            y = lower + knee * torch.logaddexp(t / knee, torch.zeros_like(t))
        elif self.has_upper:
            y = upper - knee * torch.logaddexp(-t / knee, torch.zeros_like(t))
        else:
            return t
        return self.off_bounds(y)

    def off_bounds(self, y: Tensor) -> Tensor:
        """Values that rounding has brought to a bound, where nothing is, as near as may be."""
        lower, upper = self.bounds().to(y)
        least = torch.nextafter(lower, upper).maximum(lower + LEAST)
        return y.maximum(least).minimum(torch.nextafter(upper, lower).minimum(upper - LEAST))

    def log_slope(self, y: Tensor) -> Tensor:
        """Logarithm of how far a place moves with its value."""
        (lower, upper), (knee, _, scale) = self._constants(y)
        slope = -scale.log()
        if self.tails:
            straight = 2 * torch.sinh(self.place(y) / 2)
            slope = slope - torch.log1p(straight**2 / 4) / 2
        if self.has_lower and self.has_upper:
            return slope + (upper - lower).log() - (y - lower).log() - (upper - y).log()
        if self.has_lower or self.has_upper:
            u = (y - lower) / knee if self.has_lower else (upper - y) / knee
            return slope - (-torch.expm1(-u)).log()
        return slope + torch.zeros_like(y)

    def encode(self, x: Tensor) -> Tensor:
        """(...) to (..., 1): the place, and a finite number for whatever has none."""
        return self.place(x).nan_to_num(0.0).clamp(-FARTHEST, FARTHEST)[..., None]

    def _constants(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return self.bounds().to(like), self.numbers[2:].to(like)


class Reals(OnAxis):
    r"""Real numbers between bounds: a mixture of K bells on the axis.

    .. math::
        p(y) = \frac{dt}{dy} \sum_{k=1}^K \pi_k \, \mathcal N(t; \mu_k, \sigma_k^2)

    It is a density of y, and integrates to one between the bounds: no value beyond has any.

    Args:
        num_components, lower, upper, knee, centre, scale, tails: see :class:`OnAxis`.

    Example:
        >>> head = Reals(2, lower=0.0, knee=1000.0, centre=-6900.0, scale=1000.0)  # a logarithm
        >>> head.sample(torch.zeros(4, 6), torch.tensor([0.001, 0.3, 0.7, 0.999])).min() > 0
        tensor(True)
    """

    is_density = True

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Log-density of each value in differential nats: (..., 3K) and (...) to (...)."""
        return self.bells.log_prob(params, self.place(x)) + self.log_slope(x)

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless every value is finite, and between the bounds."""
        super().check(x)
        _require_within(x, *self.bounds().to(x.device), open_ended=True)


class Whole(OnAxis):
    r"""Whole numbers from lower to upper: the probability of n is that of a cell around it.

    .. math::
        P(n) = \sum_{k=1}^K \pi_k \left[ \Phi\!\left(\frac{t(n + ½) - \mu_k}{\sigma_k}\right) -
            \Phi\!\left(\frac{t(n - ½) - \mu_k}{\sigma_k}\right) \right]

    The axis ends where the cells do, so all probabilities sum to one.

    Args:
        num_components, lower, upper, knee, centre, scale, tails: see :class:`OnAxis`.

    Source:
        Salimans et al. 2017, "PixelCNN++" (cells of a mixture, of logistic curves: on a logarithm
        these draw numbers far beyond all others).

    Example:
        >>> head = Whole(2, lower=0, upper=6)
        >>> n = torch.arange(7.0)
        >>> round(head.log_prob(torch.ones(7, 6), n).exp().sum().item(), 4)
        1.0
    """

    needs_float32 = True

    def bounds(self) -> Tensor:
        """Ends of the axis: half a step below the least number and above the largest."""
        half = torch.tensor([-0.5, 0.5], device="cpu").double()
        return self.numbers[:2] + half.view(2, *[1] * (self.numbers.dim() - 1))

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Log-probability of each number in nats: (..., 3K) and (...) to (...)."""
        logits, means, scales = unpacked(params)
        # cells of a large number are thin, seen from its logarithm, and MPS has no float64
        exact = x if x.device.type == "mps" else x.double()
        edges = (self.place(exact + d) for d in (-0.5, 0.5))
        low, high = (
            ((t.clamp(-END, END)[..., None] - means) / scales).clamp(-WIDEST, WIDEST) for t in edges
        )
        is_right = low + high > 0  # then from the other side, from which Φ is small and exact
        low, high = low.where(~is_right, -high), high.where(~is_right, -low)
        upto, before = torch.special.log_ndtr(high), torch.special.log_ndtr(low)
        cell = upto + (-torch.expm1((before - upto).clamp(max=-LEAST))).log()
        return (logits.log_softmax(-1) + cell.to(logits)).logsumexp(-1)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """The number in whose cell the place of each uniform number is."""
        lower, upper = self.numbers[:2].to(params)
        return super().sample(params, u).round().maximum(lower).minimum(upper)

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless every value is whole, and between the bounds."""
        super().check(x)
        if x.is_floating_point() and not torch.equal(x, x.round()):
            raise ValueError(f"data must be whole numbers, got {x[x != x.round()][0].item()}")
        _require_within(x, *self.numbers[:2].to(x.device), open_ended=False)


class Spiked(Head):
    r"""Numbers among which some recur: probabilities of these, and another head for all others.

    .. math::
        p(x) = \begin{cases} \pi_j & x = v_j \\
            \pi_0 \, p_{\text{beside}}(x) / \text{unit} & \text{else} \end{cases}
        \qquad \pi = \mathrm{softmax}(z_{0..m})

    A probability has no unit and a density has: ``unit`` says how much of the table's is 1 for the
    other head, so that nats are per unit of the table. Beside whole numbers, which have
    probabilities, too, the two add up.

    Args:
        values: m values that recur.
        beside: :class:`Reals` or :class:`Whole`.
        unit: see above.

    Example:
        >>> head = Spiked([0.0], Reals(2, lower=0.0))  # rain: none on half of the days
        >>> head.sample(torch.zeros(4, 8), torch.tensor([0.1, 0.4, 0.6, 0.9])).eq(0)
        tensor([False, False,  True,  True])
    """

    needs_float32 = True

    def __init__(self, values: Sequence[Number], beside: OnAxis, unit: Number = 1.0) -> None:
        self.arguments = (tuple(values), beside, unit)
        self.values = torch.tensor(values, dtype=torch.float64, device="cpu")
        self.beside = beside
        self.log_unit = torch.tensor(unit, dtype=torch.float64, device="cpu").log()
        self.count = self.values.shape[-1]
        self.is_density = beside.is_density
        self.params_per_variable = 1 + self.count + beside.params_per_variable
        self.inputs_per_variable = self.count + beside.inputs_per_variable
        self.family = (Spiked, self.count, *beside.family)

    def together(self, heads: Sequence[Head]) -> Spiked:
        """One head for n columns, whose values, other heads and units are those of each."""
        values, beside, unit = zip(*(head.arguments for head in heads), strict=True)
        return Spiked(values, self.beside.together(beside), unit)

    def start(self) -> Tensor:
        """(P,) parameters: all values and the rest are equally likely."""
        return torch.cat([torch.zeros(1 + self.count), self.beside.start()])

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Log-probability of what recurs, log-density or log-probability of all else."""
        logits, others = self._unpack(params)
        hits, of_beside = self._hits(x), self._of_beside(x)
        mass = (logits[..., 1:] * hits).sum(-1)
        rest = logits[..., 0] + self.beside.log_prob(others, self._inside(x, of_beside))
        rest = rest - self.log_unit.to(rest)
        both = torch.logaddexp(mass, rest).where(of_beside, mass)
        return both.where(hits.any(-1), rest)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """A value that recurs where u falls to one, else one by the other head."""
        logits, others = self._unpack(params)
        k, rest = part_of(logits.exp(), u.to(params.dtype))
        values = self.values.to(params).expand(*k.shape, self.count)
        recurring = values.gather(-1, (k - 1).clamp(min=0)[..., None])[..., 0]
        return recurring.where(k > 0, self.beside.sample(others, rest))

    def encode(self, x: Tensor) -> Tensor:
        """(...) to (..., m + 1): which value recurs, and the place of all others."""
        places = self.beside.encode(self._inside(x, self._of_beside(x)))
        return torch.cat([self._hits(x).to(x.dtype), places], -1)

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless each value recurs, or is one of the other head."""
        self.beside.check(self._inside(x, self._of_beside(x)))

    def _hits(self, x: Tensor) -> Tensor:
        return x[..., None] == self.values.to(x)

    def _of_beside(self, x: Tensor) -> Tensor:
        """Which values the other head has to do with: none that recurs, where it has a density."""
        recurs = self._hits(x).any(-1)
        if self.is_density:
            return ~recurs
        lower, upper = self.beside.bounds().to(x.device)
        return ~recurs | ((x > lower) & (x < upper))

    def _inside(self, x: Tensor, of_beside: Tensor) -> Tensor:
        """What the other head reads: a value of its own in place of those that are none."""
        middle = self.beside.value(torch.zeros_like(x, dtype=torch.get_default_dtype()))
        return x.where(of_beside, (middle if self.is_density else middle.round()).to(x))

    def _unpack(self, params: Tensor) -> tuple[Tensor, Tensor]:
        logits, others = params.split([1 + self.count, self.beside.params_per_variable], -1)
        return logits.log_softmax(-1), others


NAMED_HEADS = (Bernoulli, Categorical, MixtureOfGaussians, Reals, Whole, Spiked, Gaps)
"""Heads that are told apart by name and arguments alone."""


def _require_within(x: Tensor, lower: Tensor, upper: Tensor, *, open_ended: bool) -> None:
    beyond = (x < lower) | (x > upper)
    if open_ended:
        beyond |= (x == lower) | (x == upper)
    if beyond.any():
        ends = f"{lower.min().item():g} to {upper.max().item():g}"
        raise ValueError(f"data must be within {ends}, got {x[beyond][0].item():g}")
