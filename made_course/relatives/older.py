r"""The peers MADE is compared with: three older models of binary vectors, and one that cheats.

All give D logits for a row of D variables, and add up D cross entropies:

- :class:`IndependentBernoullis`: no variable sees another.
- :class:`FVSBN`: each variable is a logistic regression on those before it.
- :class:`NADE`: as FVSBN, with one hidden layer that grows by one variable at each step.
- :class:`DenseAutoencoder`: each output sees every input, its own too. The sum looks like a
  log-likelihood and is none, which :func:`made_course.total_probability` shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Generator, LongTensor, Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..common.arguments import check_count, check_last_dimension, check_widths, is_transformed
from ..model.heads import Bernoulli, Head, check_head
from ..model.made import MADE
from ..model.masked_linear import MaskedLinear
from ..model.masks import check_ordering, direct_mask, input_degrees, shown_ordering
from ..model.sampling import sample_in_parts, sample_incremental, sample_naive

FLOATS_AT_ONCE = 2**22
"""Hidden activations that :class:`NADE` holds at once: 16 MiB in float32."""


class Peer(nn.Module):
    r"""What the models of this room share: D outputs, and a sum of D log-probabilities.

    .. math::
        \sum_{i=1}^{D} x_i \log \sigma(z_i) + (1 - x_i) \log(1 - \sigma(z_i))

    It is the logarithm of a probability if no output :math:`z_i` sees its own variable or a later
    one. A subclass gives ``forward(x)``, the outputs, and ``_sample_rows(noise)``.

    Args:
        input_dim: number of variables D.
        head: what an output means; None is ``Bernoulli()``, of the formula.

    Raises:
        TypeError, ValueError: if an argument is not as described.
    """

    def __init__(self, input_dim: int, head: Head | None = None) -> None:
        super().__init__()
        self.input_dim = check_count("input_dim", input_dim)
        self.head = Bernoulli() if head is None else check_head(head, self.input_dim)

    num_masks = 1  # fit has no masks to resample

    check_data = MADE.check_data
    n_parameters = MADE.n_parameters

    def _as_input(self, x: Tensor) -> Tensor:
        check_last_dimension(x, self.input_dim)
        return x.to(next(self.parameters()).dtype)

    def log_prob(self, x: Tensor, ensemble: int | None = None) -> Tensor:
        """Log-probability of each row in nats.

        Args:
            x: (B, D) of zeros and ones; bool and integers are cast.
            ensemble: None or 1: there is no second ordering to average with.

        Returns:
            (B,) numbers, all ≤ 0.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if it is not (B, D), a value is neither 0 nor 1, or ``ensemble`` is another
                number.
        """
        if ensemble is not None and check_count("ensemble", ensemble) > 1:
            raise ValueError(
                f"{type(self).__name__} has one ordering: ensemble must be None or 1, got "
                f"{ensemble}; a MADE can have several, by num_masks"
            )
        self._check_values(x)
        return self._log_conditionals(x).sum(dim=-1)

    log_conditionals = MADE.log_conditionals
    _check_values = MADE._check_values

    def _log_conditionals(self, x: Tensor) -> Tensor:
        x = self._as_input(x)
        return self.head.log_prob(self.forward(x).view(*x.shape, self.head.params_per_variable), x)

    @torch.no_grad()
    def sample(
        self,
        n_samples: int,
        device: torch.device | str | None = None,
        *,
        noise: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        r"""Draw exact samples, variable by variable in the model's ordering.

        Variable i of a row is 1 where its noise is at most :math:`p(x_i = 1 \mid x_{before})`.

        Args:
            n_samples: number of rows n; any number, memory is bounded.
            device: where the samples go; None is the model's device.
            noise: (n, D) uniforms in [0, 1] to use instead of fresh ones.
            generator: source of the noise, on the model's device; None is torch's global stream.

        Returns:
            (n, D) zeros and ones.

        Raises:
            TypeError, ValueError: if an argument is not as described.
        """
        n_samples = check_count("n_samples", n_samples)
        return sample_in_parts(
            self._sample_rows,
            (n_samples, self.input_dim),
            next(self.parameters()),
            device=device,
            noise=noise,
            generator=generator,
        )

    def extra_repr(self) -> str:
        """What ``print(model)`` says of its arguments."""
        return f"input_dim={self.input_dim}"


class OrderedModel(Peer):
    """A :class:`Peer` that generates its variables one after another.

    Args:
        input_dim: number of variables D.
        ordering: (D,) permutation of 0..D-1; ``ordering[t]`` is generated at step t. None is the
            natural one, x₁ first.
        head: what an output means; None is ``Bernoulli()``.

    Raises:
        TypeError, ValueError: if an argument is not as described.
    """

    def __init__(
        self,
        input_dim: int,
        ordering: Tensor | Sequence[int] | None = None,
        head: Head | None = None,
    ) -> None:
        super().__init__(input_dim, head)
        if ordering is None:
            order = torch.arange(1, self.input_dim + 1)
        else:
            order = input_degrees(check_ordering(ordering, self.input_dim))
        self.register_buffer("order", order)
        self.register_load_state_dict_pre_hook(_check_order)

    @property
    def ordering(self) -> LongTensor:
        """(D,) variables in the order in which they are generated."""
        return torch.argsort(self.order)

    def _sample_rows(self, noise: Tensor) -> Tensor:
        return sample_naive(self, self.order, noise, self.head)

    def extra_repr(self) -> str:
        """What ``print(model)`` says of its arguments."""
        return f"{super().extra_repr()}, ordering={shown_ordering(self.order)}"


class IndependentBernoullis(Peer):
    r"""No variable depends on another.

    .. math::
        p(x) = \prod_{i=1}^{D} \theta_i^{x_i} (1 - \theta_i)^{1 - x_i}, \qquad
        \theta_i = \sigma(z_i)

    The simplest peer, with D logits, which start at zero. What another model is better by, it has
    learned from how variables depend on each other. The best logits are those of the means of the
    data; ``fit`` comes there in small steps, of about ``lr`` each at most, and a pixel that is
    never on needs many of them or a large ``lr``.

    Args:
        input_dim: number of variables D.

    Raises:
        TypeError, ValueError: if it is no such whole number.

    Example:
        >>> model = IndependentBernoullis(3)
        >>> model.log_prob(torch.ones(1, 3)).exp()
        tensor([0.1250], grad_fn=<ExpBackward0>)
    """

    def __init__(self, input_dim: int) -> None:
        super().__init__(input_dim)
        self.logits = nn.Parameter(torch.zeros(self.input_dim))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, D), the same in every row; any leading dimensions will do."""
        return self.logits.expand_as(self._as_input(x))

    def _sample_rows(self, noise: Tensor) -> Tensor:
        return self.head.sample(self.logits[:, None], noise)


class FVSBN(OrderedModel):
    r"""Fully visible sigmoid belief network: a logistic regression a variable.

    .. math::
        p(x_i = 1 \mid x_{before}) = \sigma\Big(b_i + \sum_{j \text{ before } i} W_{ij} x_j\Big)

    All D regressions are one product with one masked matrix, which is strictly lower triangular
    once rows and columns stand in the ordering. It differs from ``MADE(input_dim, ())`` in nothing
    but its name: a MADE without hidden layers keeps just this mask, that of its output.

    Args:
        input_dim: number of variables D.
        ordering: (D,) permutation of 0..D-1; ``ordering[t]`` is generated at step t. None is the
            natural one, x₁ first.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Source:
        Neal 1992, "Connectionist learning of belief networks"; Frey, Hinton and Dayan 1996, "Does
        the wake-sleep algorithm produce good density estimators?" (with every variable visible).

    Example:
        >>> from made_course import total_probability
        >>> model = FVSBN(3, ordering=[1, 2, 0])  # x2, x3, x1
        >>> model.linear.mask.int()
        tensor([[0, 1, 1],
                [0, 0, 0],
                [0, 1, 0]], dtype=torch.int32)
        >>> round(total_probability(model), 9)
        1.0
    """

    def __init__(self, input_dim: int, ordering: Tensor | Sequence[int] | None = None) -> None:
        super().__init__(input_dim, ordering)
        self.linear = MaskedLinear(self.input_dim, self.input_dim)
        self.linear.register_buffer("mask", self.linear.mask, persistent=False)  # order is stored
        self.register_load_state_dict_post_hook(_install_mask)
        _install_mask(self)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, D): output i is the logit of p(xᵢ = 1 | the variables before xᵢ)."""
        return self.linear(self._as_input(x))

    def _sample_rows(self, noise: Tensor) -> Tensor:
        return sample_incremental(
            weights=[self.linear.masked_weight()],
            biases=[self.linear.bias],
            degrees=[self.order],
            activation=torch.sigmoid,  # of hidden units, of which there are none
            noise=noise,
            head=self.head,
        )


class NADE(OrderedModel):
    r"""Neural autoregressive distribution estimator: one hidden layer for each step, all shared.

    .. math::
        a_d = c + \sum_{j \text{ before } d} W_{:,j} x_j, \quad h_d = \sigma(a_d), \quad
        p(x_d = 1 \mid x_{before}) = \sigma(b_d + V_d \cdot h_d)

    Its weights are those of an autoencoder with one hidden layer: W and c in ``hidden``, V and b in
    ``output``. But H hidden units are computed anew for each variable, from the inputs before it
    alone. From one step to the next a single term is added to :math:`a`, so that all D of them are
    one cumulative sum and cost no more than the autoencoder's product, O(D H) a row. It is a MADE
    of (D-1) H hidden units, H of each degree, where units of different degrees share weights and an
    output hears only the units one degree below its own.

    Where an autoencoder holds H activations of a row, this one holds D H: for 512 images and 500
    units 800 MB, and in training several times as much. So rows go through in parts of at most
    4 million activations, and ``backward()`` computes the activations of a part once more rather
    than keep them. On a processor that is also faster, as a part fits its cache.

    Args:
        input_dim: number of variables D.
        hidden_dim: number of hidden units H of each step.
        ordering: (D,) permutation of 0..D-1; ``ordering[t]`` is generated at step t. None is the
            natural one, x₁ first.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Source:
        Larochelle and Murray 2011, "The Neural Autoregressive Distribution Estimator".

    Example:
        >>> from made_course import total_probability
        >>> model = NADE(3, hidden_dim=4, ordering=[1, 2, 0])  # x2, x3, x1
        >>> model.n_parameters()  # 3·4 + 4 of W and c, 4·3 + 3 of V and b
        31
        >>> round(total_probability(model), 9)
        1.0
    """

    def __init__(
        self, input_dim: int, hidden_dim: int, ordering: Tensor | Sequence[int] | None = None
    ) -> None:
        super().__init__(input_dim, ordering)
        self.hidden_dim = check_count("hidden_dim", hidden_dim)
        self.hidden = nn.Linear(self.input_dim, self.hidden_dim)
        self.output = nn.Linear(self.hidden_dim, self.input_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, D): output i is the logit of p(xᵢ = 1 | the variables before xᵢ)."""
        x, ordering = self._as_input(x), self.ordering
        w = self.hidden.weight.T.index_select(0, ordering)
        v = self.output.weight.index_select(0, ordering)
        rows = x.reshape(-1, self.input_dim).index_select(1, ordering)
        parts = rows.split(max(1, FLOATS_AT_ONCE // w.numel()))
        if len(parts) == 1 or is_transformed():  # torch.func knows no checkpoints
            received = [_received(part, w, self.hidden.bias, v) for part in parts]
        else:
            received = [
                checkpoint(
                    _received,
                    part,
                    w,
                    self.hidden.bias,
                    v,
                    use_reentrant=False,
                    preserve_rng_state=False,
                )
                for part in parts
            ]
        logits = torch.cat(received).index_select(1, self.order - 1) + self.output.bias
        return logits.view(x.shape)

    def _sample_rows(self, noise: Tensor) -> Tensor:
        """Each row keeps its running a, to which a step adds what its variable contributes."""
        w, v, b = self.hidden.weight.T.contiguous(), self.output.weight, self.output.bias
        a = self.hidden.bias.repeat(len(noise), 1)
        x = torch.empty_like(noise, dtype=w.dtype)
        for i in self.ordering.tolist():
            logits = torch.sigmoid(a) @ v[i] + b[i]
            x[:, i] = self.head.sample(logits[:, None], noise[:, i])
            a.addr_(x[:, i], w[i])
        return x

    def extra_repr(self) -> str:
        """What ``print(model)`` says of its arguments."""
        return f"{super().extra_repr()}, hidden_dim={self.hidden_dim}"


class DenseAutoencoder(Peer):
    r"""The autoencoder that cheats: every output sees every input, its own too.

    Its ``log_prob`` is the same sum of cross entropies as MADE's, so that ``fit`` and ``evaluate``
    take it, but it is the logarithm of no probability: an output that copies its own variable says
    1 to whatever it is shown, and the "probabilities" of all inputs add up to as much as
    :math:`2^D`: see :func:`made_course.total_probability`. What ``evaluate`` says of it can be
    compared with no negative log-likelihood.

    Args:
        input_dim: number of variables D.
        hidden_dims: width of each hidden layer (rectified linear units); may be empty.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Source:
        Germain et al. 2015, "Autoencoders".

    Example:
        >>> from made_course import total_probability
        >>> model = DenseAutoencoder(2, hidden_dims=())
        >>> with torch.no_grad():  # each output copies its own variable
        ...     _ = model.net[0].weight.copy_(100 * torch.eye(2))
        ...     _ = model.net[0].bias.fill_(-50)
        >>> round(total_probability(model), 9)  # "certain" of each of the 2² inputs
        4.0
    """

    def __init__(self, input_dim: int, hidden_dims: Sequence[int]) -> None:
        super().__init__(input_dim)
        sizes = [self.input_dim, *check_widths(hidden_dims), self.input_dim]
        layers = [part for sides in pairwise(sizes) for part in (nn.Linear(*sides), nn.ReLU())]
        self.net = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, D), each of which sees the whole row; any leading dimensions will do."""
        return self.net(self._as_input(x))

    def sample(
        self,
        n_samples: int,
        device: torch.device | str | None = None,
        *,
        noise: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        """Raise TypeError: there is no distribution to draw from.

        An output is asked for variable i and must be shown variable i first, so that no ordering
        has a first step. Feeding outputs back as inputs gives pictures, but of a chain that nobody
        has a probability of, and that has nothing to do with ``log_prob``.
        """
        raise TypeError(
            "a DenseAutoencoder cannot be sampled from: each output must see its own variable "
            "first, so it is the conditional of no distribution. Use MADE, NADE or FVSBN"
        )


def _received(x: Tensor, w: Tensor, c: Tensor, v: Tensor) -> Tensor:
    """What NADE's outputs receive from the hidden units; variables stand in order of their steps.

    Args:
        x: (n, D) inputs.
        w: (D, H); row t is what the hidden units receive from the variable of step t.
        c: (H,) their bias.
        v: (D, H); row t is what the output of step t receives from them.

    Returns:
        (n, D).
    """
    # the bias goes first and the last variable nowhere: a sum from which the variable's own term
    # is taken away again would keep its rounding, by which an output sees its own variable
    x = torch.cat([torch.ones_like(x[:, :1]), x[:, :-1]], dim=1)
    w = torch.cat([c[None], w[:-1]])
    a = (x[:, :, None] * w).cumsum(dim=1)
    return torch.einsum("ndh,dh->nd", torch.sigmoid(a), v)


def _install_mask(model: FVSBN, _incompatible_keys: object = None) -> None:
    """Set the mask from the order; also runs after ``load_state_dict``."""
    with torch.no_grad():
        model.linear.mask.copy_(direct_mask(model.order))


def _check_order(model: OrderedModel, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Refuse a state dict whose order is no permutation, before anything is copied."""
    if f"{prefix}order" in state:
        check_ordering(state[f"{prefix}order"].cpu() - 1, model.input_dim)
