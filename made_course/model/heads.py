"""Heads: distributions that turn the network's outputs into log-probabilities and samples.

A head does not use masks, layers or orderings. It treats each variable separately, so only the
network has to ensure the autoregressive property. Parameters have the shape (..., D, P), with P
parameters per variable. If variables differ in kind, :class:`made_course.Mixed` has one head per
variable.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, distributions

from ..common.arguments import check_count

MIN_LOG_SCALE = -7.0
"""Smallest logarithm of a standard deviation. It keeps densities at repeated values finite."""


class Head:
    r"""Base class of heads. A subclass needs ``params_per_variable``, ``log_prob`` and ``sample``.

    Attributes:
        params_per_variable: number P of parameters that the network outputs per variable.
        inputs_per_variable: number of network inputs per variable, see :meth:`encode`.
        is_density: whether log-probabilities are log-densities, in differential nats.
        needs_float32: whether bfloat16 is too coarse for the parameters.
        num_classes: number of values if they are 0, 1, ..., otherwise None.
        arguments: arguments of ``__init__``, for ``repr`` and for files.
        kinds: (D,) LongTensor, with the same number for variables with the same head; None if all
            share one head.

    Example:
        A head for counts 0, 1, 2, ..., whose parameter is the logarithm of the rate:

        >>> class Poisson(Head):
        ...     params_per_variable = 1
        ...
        ...     def log_prob(self, params, x):
        ...         rate = params[..., 0].exp()
        ...         return torch.distributions.Poisson(rate, validate_args=False).log_prob(x)
        ...
        ...     def sample(self, params, u):
        ...         counts = torch.arange(100.0, device=params.device)  # counts > 99 become 100
        ...         p = self.log_prob(params[..., None, :], counts).exp()
        ...         return (u[..., None] > p.cumsum(-1)).sum(-1).to(params.dtype)
        ...
        ...     def encode(self, x):
        ...         return torch.log1p(x)[..., None]
        >>> from made_course import MADE
        >>> model = MADE(3, (8,), head=Poisson(), seed=0)
        >>> counts = model.sample(5)
        >>> bool((counts >= 0).all()), model.log_prob(counts).shape
        (True, torch.Size([5]))
    """

    params_per_variable: int
    inputs_per_variable: int = 1
    is_density: bool = False
    needs_float32: bool = False
    num_classes: int | None = None
    arguments: tuple[Any, ...] = ()
    kinds: Tensor | None = None

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Return the log-probability (...), in nats, of values (...) under ``params`` (..., P)."""
        raise NotImplementedError(f"{type(self).__name__} must have a method log_prob(params, x)")

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """Return a value (...) for each u (...) in [0, 1], under ``params`` (..., P)."""
        raise NotImplementedError(f"{type(self).__name__} must have a method sample(params, u)")

    def encode(self, x: Tensor) -> Tensor:
        """Return the network's inputs (..., inputs_per_variable) for values (...)."""
        return x.unsqueeze(-1)

    def initial_params(self) -> Tensor | None:
        """Return initial parameters (P,), the output biases of a new MADE; None keeps PyTorch's."""
        return None

    def check(self, x: Tensor) -> None:
        """Raise a ValueError unless all values of ``x`` are possible, which here means finite."""
        _require_valid(torch.isfinite(x), x, "data must be finite", "Drop or correct these rows")

    def fill_missing(self, x: Tensor, is_there: Tensor) -> Tensor:
        """Return floats ``x`` (..., D) with valid values wherever ``is_there`` is False."""
        input_dim = x.shape[-1]
        params = self.reshape_outputs(x.new_zeros(int(self.widths(input_dim)[1].sum())))
        return x.where(is_there, self.sample(params, x.new_full((input_dim,), 0.5)))

    def select(self, i: int) -> Head:
        """Return the head of variable i."""
        return self

    def widths(self, input_dim: int) -> tuple[Tensor, Tensor]:
        """Return how many inputs and outputs of the network each variable has, (D,) each.

        Example:
            >>> MixtureOfGaussians(1).widths(2)
            (tensor([1, 1]), tensor([3, 3]))
        """
        ones = torch.ones(input_dim, dtype=torch.long, device="cpu")
        return self.inputs_per_variable * ones, self.params_per_variable * ones

    def reshape_outputs(self, outputs: Tensor) -> Tensor:
        """Reshape the network's outputs (..., D * P) to the parameters (..., D, P)."""
        return outputs.unflatten(-1, (-1, self.params_per_variable))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.arguments))})"


class Bernoulli(Head):
    r"""Binary variables: the network's output z is the logit of :math:`p(x = 1)`.

    .. math::
        \log p(x) = x \log \sigma(z) + (1 - x) \log(1 - \sigma(z))

    Source:
        Germain et al. 2015, "Distribution Estimation as Autoregression".

    Example:
        >>> head = Bernoulli()
        >>> logits = torch.zeros(3, 1)
        >>> head.log_prob(logits[:2], torch.tensor([0.0, 1.0])).exp()
        tensor([0.5000, 0.5000])
        >>> head.sample(logits, torch.tensor([0.4, 0.5, 0.6]))  # 1 where u <= p
        tensor([1., 1., 0.])
    """

    params_per_variable = 1
    num_classes = 2

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Return the log-probability (...), in nats, of values (...) under logits (..., 1)."""
        # squeeze(-1) instead of [..., 0], whose backward pass makes a copy
        return distributions.Bernoulli(logits=params.squeeze(-1), validate_args=False).log_prob(x)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """Return 1 where u ≤ σ(z) and 0 elsewhere (...), for logits z (..., 1) and u (...)."""
        return (u <= torch.sigmoid(params.squeeze(-1))).to(params.dtype)

    def check(self, x: Tensor) -> None:
        """Raise a ValueError unless every value is 0 or 1."""
        cure = "Binarise first, for example (x > 0.5).float(), or choose a head for such values"
        _require_valid((x == 0) | (x == 1), x, "binary data must hold only 0 and 1", cure)


class Categorical(Head):
    r"""Variables with the classes 0..K-1: the K outputs are logits.

    .. math::
        p(x = k) = \frac{e^{z_k}}{\sum_j e^{z_j}}

    The network reads each variable as K numbers, 1 at its class and 0 elsewhere, so that no order
    or distance between the classes is assumed. These inputs all have the variable's degree.

    Args:
        num_classes: number of classes K, at least 2.

    Raises:
        TypeError or ValueError: if ``num_classes`` is not an integer of at least 2.

    Example:
        >>> head = Categorical(3)
        >>> logits = torch.tensor([[0.5, 0.25, 0.25]]).log()
        >>> head.log_prob(logits, torch.tensor([1.0])).exp()
        tensor([0.2500])
        >>> head.sample(logits.expand(3, 3), torch.tensor([0.4, 0.6, 0.8]))
        tensor([0., 1., 2.])
        >>> head.encode(torch.tensor([2.0]))
        tensor([[0., 0., 1.]])
    """

    num_classes: int

    def __init__(self, num_classes: int) -> None:
        self.num_classes = check_count("num_classes", num_classes, smallest=2)
        self.arguments = (self.num_classes,)
        self.params_per_variable = self.inputs_per_variable = self.num_classes

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Return the log-probability (...), in nats, of classes (...) under logits (..., K)."""
        return distributions.Categorical(logits=params, validate_args=False).log_prob(x)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """Return the first class k with u ≤ p(x ≤ k), the inverse CDF, for each ``u`` (...)."""
        return _choose_class(torch.softmax(params, -1), u).to(params.dtype)

    def encode(self, x: Tensor) -> Tensor:
        """Return one-hot vectors (..., K) for classes (...)."""
        return (x[..., None] == torch.arange(self.num_classes, device=x.device)).to(x.dtype)

    def check(self, x: Tensor) -> None:
        """Raise a ValueError unless every value is a class: 0, 1, ..., K-1."""
        if not x.is_floating_point():
            x = x.long()  # because uint8 would turn 256 into 0
        rule = f"classes must be whole numbers 0..{self.num_classes - 1}"
        cure = "Count classes from 0, and give Categorical the total number of classes"
        _require_valid((x >= 0) & (x < self.num_classes) & (x == x.round()), x, rule, cure)


class MixtureOfGaussians(Head):
    r"""Real variables: the density is a mixture of K Gaussians.

    .. math::
        p(x) = \sum_{k=1}^{K} \pi_k \, \mathcal{N}(x; \mu_k, \sigma_k^2), \qquad
        \pi = \mathrm{softmax}(z_{1..K}), \quad \mu_k = z_{K+k}, \quad \sigma_k = e^{z_{2K+k}}

    Log-probabilities are differential nats: they depend on the unit of x, and may be positive. A
    standard deviation is at least :math:`e^{-7} \approx 0.001`, so bring data to a scale of about 1
    first, for example ``(x - x.mean(0)) / x.std(0)``.

    The initial output biases put the components side by side, so that they do not start alike.
    Their mixture has mean 0 and variance 1, like standardised data:

    .. math::
        \pi_k = \tfrac1K, \qquad \mu_k = \sqrt3 \, \tfrac{2k - 1 - K}{K}, \qquad
        \sigma_k = \tfrac1K

    Args:
        num_components: number of components K. Choose it on validation rows. With a few hundred
            rows, ten components may overfit, and one or two may fit better.

    Raises:
        TypeError or ValueError: if ``num_components`` is not an integer of at least 1.

    Source:
        Uria, Murray and Larochelle 2013, "RNADE: The real-valued neural autoregressive
        density-estimator" (the mixtures, for NADE).

    Example:
        >>> head = MixtureOfGaussians(2)
        >>> params = torch.tensor([0.0, 0.0, -1.0, 1.0, -7.0, -7.0])  # narrow, at -1 and at 1
        >>> head.sample(params.expand(2, 6), torch.tensor([0.25, 0.75]))  # the two means
        tensor([-1.,  1.])
        >>> round(head.log_prob(params, torch.tensor(1.0)).item(), 3)  # ln 1/2 + 7 - ln(2π)/2
        5.388
    """

    is_density = True

    def __init__(self, num_components: int) -> None:
        self.num_components = check_count("num_components", num_components)
        self.arguments = (self.num_components,)
        self.params_per_variable = 3 * self.num_components

    def initial_params(self) -> Tensor:
        """Return the initial parameters (3K,), with the components side by side."""
        count = self.num_components
        positions = torch.arange(1 - count, count, 2) / count
        logits, log_scales = torch.zeros(count), torch.full((count,), -math.log(count))
        return torch.cat([logits, math.sqrt(3) * positions, log_scales])

    def distribution(self, params: Tensor) -> distributions.MixtureSameFamily:
        """Return the mixtures of ``params`` (..., 3K) as a distribution of batch shape (...)."""
        logits, means, scales = unpack_gaussians(params)
        return distributions.MixtureSameFamily(
            distributions.Categorical(logits=logits, validate_args=False),
            distributions.Normal(means, scales, validate_args=False),
            validate_args=False,
        )

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Return the log-density (...), in differential nats, of values (...)."""
        return self.distribution(params).log_prob(x)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        r"""Return a value (...) for each uniform u (...), which is used twice.

        The component is the first k with :math:`u \le \pi_1 + \dots + \pi_k`. The position of u in
        the interval of this component is uniform again, and the Gaussian's inverse CDF maps it to a
        value.
        """
        params32 = params.to(torch.promote_types(params.dtype, torch.float32))
        logits, means, scales = unpack_gaussians(params32)  # ndtri needs float32 or more
        k, position = choose_component(torch.softmax(logits, -1), u.to(params32.dtype))
        mean, scale = (numbers.gather(-1, k[..., None])[..., 0] for numbers in (means, scales))
        return (mean + scale * torch.special.ndtri(position)).to(params.dtype)


def check_head(head: Head, input_dim: int) -> Head:
    """Return ``head`` if it fits ``input_dim`` variables, or raise a TypeError or ValueError."""
    if not isinstance(head, Head):
        raise TypeError(
            "head must be Bernoulli(), Categorical(num_classes), MixtureOfGaussians(num_components)"
            f", Mixed(a head for each column) or another Head, got {head!r}"
        )
    if head.kinds is not None and len(head.kinds) != input_dim:
        raise ValueError(
            f"{type(head).__name__} has heads for {len(head.kinds)} columns, and input_dim is "
            f"{input_dim}: give it one head per variable"
        )
    return head


def unpack_gaussians(params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Split ``params`` (..., 3K) into logits, means and standard deviations, (..., K) each."""
    logits, means, log_scales = params.chunk(3, dim=-1)
    return logits, means, log_scales.clamp(min=MIN_LOG_SCALE).exp()


def choose_component(shares: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Return the component (...) that each u (...) selects (inverse CDF), and a new uniform.

    The components have the probabilities ``shares`` (..., K). The position of u in the interval of
    its component is the new uniform.
    """
    k = _choose_class(shares, u)
    share = shares.gather(-1, k[..., None])[..., 0]
    below = shares.cumsum(-1).gather(-1, k[..., None])[..., 0] - share
    rounding = torch.finfo(shares.dtype).eps  # the inverse CDF is infinite at 0 and 1
    return k, ((u - below) / share).clamp(rounding, 1 - rounding)


def _choose_class(probabilities: Tensor, u: Tensor) -> Tensor:
    """Return the first class k with u ≤ p(x ≤ k), int64 (...), for probabilities (..., K)."""
    upto = probabilities.cumsum(-1)
    # if u is 0 or exceeds the rounded sum, it could select a class of probability 0
    u = u.clamp(min=torch.finfo(upto.dtype).tiny).minimum(upto[..., -1])
    return (u[..., None] > upto[..., :-1]).sum(-1)


def _require_valid(is_valid: Tensor, x: Tensor, rule: str, cure: str) -> None:
    """Raise a ValueError that shows the first invalid value, if there is one."""
    if bool(is_valid.all()):
        return
    wrong = x[~is_valid]
    if wrong[0].isnan():
        cure = "To fill in missing values, use complete(). To train on such rows, use Gaps(head)"
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    raise ValueError(f"{rule}, got {wrong[0].item()}{more}. {cure}")
