r"""MADE's ancestors, models of binary vectors: a regression a variable, then a hidden layer a step.

- :class:`FVSBN`: each variable is a logistic regression on those before it.
- :class:`NADE`: as FVSBN, with one hidden layer that grows by one variable at each step.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..common.arguments import check_count, is_transformed
from ..model.made import MADE
from .ordered_model import OrderedModel

FLOATS_AT_ONCE = 2**22
"""Hidden activations that :class:`NADE` holds at once: 16 MiB in float32."""


class FVSBN(MADE):
    r"""Fully visible sigmoid belief network: a logistic regression a variable, x₁ first.

    .. math::
        p(x_i = 1 \mid x_{before}) = \sigma\Big(b_i + \sum_{j < i} W_{ij} x_j\Big)

    All D regressions are one product with one strictly lower triangular matrix. That is a MADE
    without hidden layers, which keeps just this mask, that of its output.

    Args:
        input_dim: number of variables D.

    Raises:
        TypeError, ValueError: if it is no such whole number.

    Source:
        Neal 1992, "Connectionist learning of belief networks"; Frey, Hinton and Dayan 1996, "Does
        the wake-sleep algorithm produce good density estimators?" (with every variable visible).

    Example:
        >>> from made_course import total_probability
        >>> model = FVSBN(3)
        >>> model.masks[0].int()
        tensor([[0, 0, 0],
                [1, 0, 0],
                [1, 1, 0]], dtype=torch.int32)
        >>> round(total_probability(model), 9)
        1.0
    """

    def __init__(self, input_dim: int) -> None:
        super().__init__(input_dim, hidden_dims=())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> MADE:
        """As :meth:`made_course.MADE.load`: the MADE that this was."""
        return MADE.load(path)


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
