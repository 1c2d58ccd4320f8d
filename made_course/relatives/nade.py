"""The neural autoregressive distribution estimator, which updates a hidden layer at each step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..common.arguments import check_count
from .ordered_model import OrderedModel


class NADE(OrderedModel):
    r"""Neural autoregressive distribution estimator: one hidden layer per step, shared weights.

    .. math::
        a_d = c + \sum_{j \text{ before } d} W_{:,j} x_j, \quad h_d = \sigma(a_d), \quad
        p(x_d = 1 \mid x_{before}) = \sigma(b_d + V_d \cdot h_d)

    The weights have the shapes of an autoencoder with one hidden layer: W and c are in ``hidden``,
    V and b in ``output``. But the H hidden units are computed again for each variable, from the
    variables before it. Each step adds one term to :math:`a`, so a cumulative sum gives all D
    hidden layers in O(D H) operations per row. NADE equals a MADE with (D-1) H hidden units, H of
    each degree, if units of different degrees share weights and an output sees only the units one
    degree below its own.

    Args:
        input_dim: number of variables D.
        hidden_dim: number of hidden units H per step.
        ordering: (D,) permutation of 0..D-1; ``ordering[t]`` is generated at step t + 1. None is
            the natural ordering, x₁ first.

    Raises:
        TypeError or ValueError: if a dimension is not an integer of at least 1, or ``ordering``
            is not a permutation.

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
        """Return logits (B, D) for rows (B, D); logit i is for p(xᵢ = 1 | variables before xᵢ)."""
        x, steps = self._to_input(x), self.ordering
        # The sum begins with the bias and leaves out the last variable. If each variable's own term
        # were subtracted from a full sum, its output would see the variable through rounding.
        inputs = torch.cat([torch.ones_like(x[..., :1]), x[..., steps[:-1]]], dim=-1)
        terms = torch.cat([self.hidden.bias[None], self.hidden.weight.T[steps[:-1]]])
        h = torch.sigmoid((inputs[..., None] * terms).cumsum(dim=-2))
        received = (h * self.output.weight[steps]).sum(dim=-1)
        return received[..., self.order - 1] + self.output.bias

    def _sample_rows(self, noise: Tensor) -> Tensor:
        """Draw samples (n, D) in order, from uniforms (n, D).

        Each row keeps its pre-activations ``a``, to which each step adds the term of the variable
        that it has drawn.
        """
        w, v, b = self.hidden.weight.T.contiguous(), self.output.weight, self.output.bias
        a = self.hidden.bias.repeat(len(noise), 1)
        x = torch.empty_like(noise, dtype=w.dtype)
        for i in self.ordering.tolist():
            logits = torch.sigmoid(a) @ v[i] + b[i]
            x[:, i] = self.head.sample(logits[:, None], noise[:, i])
            a.addr_(x[:, i], w[i])
        return x
