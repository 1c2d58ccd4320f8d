"""Heads that keep to what a column of numbers can be: within bounds, whole, or rounded."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ..common.arguments import check_count
from .heads import Head, MixtureOfGaussians, choose_component, unpacked

Number = float | Sequence[float]
"""One for a column, or one for each of several that share a head."""
END = 1e9
"""Of the axis, in place of infinity, whose gradient is none."""
WIDEST = 1e4
"""So many standard deviations from a mean are as many as any: their squares stay exact enough."""
FARTHEST = 30.0
"""No place is farther for a network: zero stands for what it may not see, and may be no value."""
NEARLY = 1 - 1e-6
"""Of the way to the farthest value."""
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
    straight line. The network and the curves see z = (t - centre) / scale; where there are values
    far out, its logarithm there, so that a single one does not outweigh all others, on an axis that
    goes on for ever while values come near to a farthest one:

    .. math::
        f \operatorname{artanh}\!\left( \tfrac1f \, 2 \operatorname{arsinh}(z / 2) \right)

    Args:
        num_components: number of curves K.
        lower, upper: the least and the largest value, infinite where there is none.
        knee: κ.
        centre, scale: of the values on the axis.
        farthest: f, infinite where no values are far out.
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
        farthest: Number = math.inf,
    ) -> None:
        self.num_components = check_count("num_components", num_components)
        self.bells = MixtureOfGaussians(self.num_components)
        self.params_per_variable = self.bells.params_per_variable
        self.arguments = (self.num_components, lower, upper, knee, centre, scale, farthest)
        self.numbers = torch.tensor(self.arguments[1:], dtype=torch.float64, device="cpu")
        ends = self.numbers[[0, 1, 5]].isfinite().reshape(3, -1)[:, 0].tolist()
        self.has_lower, self.has_upper, self.has_farthest = ends
        self.family = (type(self), self.num_components, *ends)

    def together(self, heads: Sequence[Head]) -> OnAxis:
        """One head for n columns, whose bounds and scales are those of each."""
        _, *numbers = zip(*(head.arguments for head in heads), strict=True)
        return type(self)(self.num_components, *numbers)

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
        (lower, upper), (knee, centre, scale, farthest) = self._constants(y)
        if self.has_lower and self.has_upper:
            t = (y - lower).log() - (upper - y).log()
        elif self.has_lower or self.has_upper:
            u = (y - lower) / knee if self.has_lower else (upper - y) / knee
            t = (knee if self.has_lower else -knee) * (u + (-torch.expm1(-u)).log())
        else:
            t = y
        z = (t - centre) / scale
        if self.has_farthest:
            part = 2 * torch.asinh(z / 2) / farthest
            z = farthest * torch.atanh(part.clamp(-NEARLY, NEARLY))
        return z

    def value(self, t: Tensor) -> Tensor:
        """The way back from a place."""
        (lower, upper), (knee, centre, scale, farthest) = self._constants(t)
        if self.has_farthest:
            t = 2 * torch.sinh(farthest * torch.tanh(t / farthest) / 2)
        t = t * scale + centre
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
        (lower, upper), (knee, _, scale, farthest) = self._constants(y)
        slope = -scale.log()
        if self.has_farthest:
            part = torch.tanh(self.place(y) / farthest)
            slope = slope - torch.cosh(farthest * part / 2).log() - torch.log1p(-(part**2))
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
        num_components, lower, upper, knee, centre, scale, farthest: see :class:`OnAxis`.

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
    r"""Whole numbers from lower to upper, as people write them: to the next 1, or 10, or 500.

    .. math::
        P(n) = \sum_{s \mid n} \rho_s \sum_{k=1}^K \pi_k \left[
            \Phi\!\left(\frac{t(n + s/2) - \mu_k}{\sigma_k}\right) -
            \Phi\!\left(\frac{t(n - s/2) - \mu_k}{\sigma_k}\right) \right]

    over 1 and the other ``steps`` s: what the curves put into the cell around n, if it is written
    to a step of which n is a multiple. Beyond the least and the largest multiple no cells are, and
    theirs reach to the ends of the axis, so all probabilities sum to one.

    Args:
        num_components, lower, upper, knee, centre, scale, farthest: see :class:`OnAxis`.
        steps: whole numbers above 1, each with a multiple between the bounds.

    Source:
        Salimans et al. 2017, "PixelCNN++" (cells of a mixture, of logistic curves: on a logarithm
        these draw numbers far beyond all others).

    Example:
        >>> head = Whole(2, lower=0, upper=6, steps=[5])
        >>> n = torch.arange(7.0)
        >>> p = head.log_prob(torch.ones(7, 7), n).exp()
        >>> round(p.sum().item(), 4), (p[5] > 3 * p[4]).item()
        (1.0, True)
    """

    needs_float32 = True

    def __init__(
        self,
        num_components: int,
        lower: Number = -math.inf,
        upper: Number = math.inf,
        knee: Number = 1.0,
        centre: Number = 0.0,
        scale: Number = 1.0,
        farthest: Number = math.inf,
        steps: Sequence[Number] = (),
    ) -> None:
        super().__init__(num_components, lower, upper, knee, centre, scale, farthest)
        self.arguments = (*self.arguments, tuple(steps))
        others = torch.tensor(steps, dtype=torch.float64, device="cpu")
        self.steps = functional.pad(others, (1, 0), value=1.0)
        self.params_per_variable += others.shape[-1]
        self.family = (*self.family, others.shape[-1])

    def start(self) -> Tensor:
        """(P,) parameters of curves side by side, and of steps that are equally likely."""
        return functional.pad(super().start(), (0, self.steps.shape[-1] - 1))

    def bounds(self) -> Tensor:
        """Ends of the axis: half a step below the least number and above the largest."""
        half = torch.tensor([-0.5, 0.5], device="cpu").double()
        return self.numbers[:2] + half.view(2, *[1] * (self.numbers.dim() - 1))

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Log-probability of each number in nats: (..., P) and (...) to (...)."""
        curves, shares = self._unpack(params)
        logits, means, scales = unpacked(curves)
        # cells of a large number are thin, seen from its logarithm, and MPS has no float64
        exact = x if x.device.type == "mps" else x.double()
        nats = []
        for share, s in zip(shares.unbind(-1), self.steps.to(exact).unbind(-1), strict=True):
            cell = _log_cell(*((t[..., None] - means) / scales for t in self._edges(exact, s)))
            in_step = (logits.log_softmax(-1) + cell.to(logits)).logsumexp(-1) + share
            nats.append(in_step.where(exact % s == 0, -math.inf))
        return torch.stack(nats, -1).logsumexp(-1)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """The number in whose cell the place of each uniform number is, written to a step."""
        curves, shares = self._unpack(params)
        k, u = choose_component(shares.exp(), u.to(params.dtype))
        steps = self.steps.to(params).expand(*k.shape, self.steps.shape[-1])
        s = steps.gather(-1, k[..., None])[..., 0]
        lower, upper = self.numbers[:2].to(params)
        multiple = (super().sample(curves, u) / s).round()
        return multiple.maximum((lower / s).ceil()).minimum((upper / s).floor()) * s

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless every value is whole, and between the bounds."""
        super().check(x)
        if x.is_floating_point() and not torch.equal(x, x.round()):
            raise ValueError(f"data must be whole numbers, got {x[x != x.round()][0].item()}")
        _require_within(x, *self.numbers[:2].to(x.device), open_ended=False)

    def _unpack(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """What the curves take, and the logarithms of the shares of steps."""
        curves, steps = params.split([3 * self.num_components, self.steps.shape[-1] - 1], -1)
        return curves, functional.pad(steps, (1, 0)).log_softmax(-1)

    def _edges(self, x: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """Where the cells of multiples of s begin and end on the axis."""
        lower, upper = self.numbers[:2].to(x)
        low, high = (self.place(x + d * s).clamp(-END, END) for d in (-0.5, 0.5))
        return low.where(x - s >= lower, -END), high.where(x + s <= upper, END)


def _log_cell(low: Tensor, high: Tensor) -> Tensor:
    """Logarithm of Φ(high) - Φ(low), exact where both are far out, too."""
    low, high = low.clamp(-WIDEST, WIDEST), high.clamp(-WIDEST, WIDEST)
    is_right = low + high > 0  # then from the other side, from which Φ is small and exact
    low, high = low.where(~is_right, -high), high.where(~is_right, -low)
    upto, before = torch.special.log_ndtr(high), torch.special.log_ndtr(low)
    return upto + (-torch.expm1((before - upto).clamp(max=-LEAST))).log()


def _require_within(x: Tensor, lower: Tensor, upper: Tensor, *, open_ended: bool) -> None:
    beyond = (x < lower) | (x > upper)
    if open_ended:
        beyond |= (x == lower) | (x == upper)
    if beyond.any():
        ends = f"{lower.min().item():g} to {upper.max().item():g}"
        raise ValueError(f"data must be within {ends}, got {x[beyond][0].item():g}")
