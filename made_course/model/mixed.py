"""A head for each column: tables hold yes and no, classes, counts and reals side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor

from .heads import NAMED_HEADS, Head


class Mixed(Head):
    r"""Columns of different kinds: variable i has the i-th head.

    .. math::
        \log p(x) = \sum_{i=1}^{D} \log p_{\text{head}_i}(x_i \mid x_{\text{before}})

    The network puts out as many numbers for each variable as the widest head takes, and reads as
    many as the widest makes: a narrower head takes the first, and zeros follow those it makes.

    Probabilities alone add up to nats. With one real column or more the sum is that of
    probabilities and densities: differential nats, which depend on the units of the real columns.

    Args:
        heads: D heads, for the columns from left to right.

    Raises:
        TypeError, ValueError: if they are no heads of one column each, or there are none.

    Example:
        A switch, and a real number after it:

        >>> from made_course import MADE, Bernoulli, MixtureOfGaussians
        >>> head = Mixed([Bernoulli(), MixtureOfGaussians(2)])
        >>> head.params_per_variable, head.is_density
        (6, True)
        >>> model = MADE(2, (8,), head=head, seed=0)
        >>> model.log_conditionals(torch.tensor([[1.0, -1.2]])).shape  # nats, differential nats
        torch.Size([1, 2])
        >>> model.sample(50)[:, 0].unique()
        tensor([0., 1.])
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        if isinstance(heads, str) or not isinstance(heads, Sequence):
            raise TypeError(f"heads must be a list, a head for each column, got {heads!r}")
        if not heads:
            raise ValueError("heads must be a list with a head for each column, got an empty one")
        for i, head in enumerate(heads):
            if not isinstance(head, Head) or head.columns is not None:
                raise TypeError(f"heads[{i}] must be a head of one column, got {head!r}")
        self.heads = tuple(heads)
        self.columns = len(heads)
        self.params_per_variable = max(head.params_per_variable for head in heads)
        self.inputs_per_variable = max(head.inputs_per_variable for head in heads)
        self.is_density = any(head.is_density for head in heads)
        alike: dict[object, list[int]] = {}
        for i, head in enumerate(heads):
            alike.setdefault(repr(head) if type(head) in NAMED_HEADS else id(head), []).append(i)
        self._groups = [(heads[at[0]], torch.tensor(at)) for at in alike.values()]
        self._places = torch.cat([at for _, at in self._groups]).argsort()

    def of(self, i: int) -> Head:
        """The head of variable i alone."""
        return self.heads[i]

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Log-probability or density of each column: (..., D, P) and (..., D) to (..., D)."""
        parts = [
            head.log_prob(_at(params, i, -2)[..., : head.params_per_variable], _at(x, i, -1))
            for head, i in self._groups
        ]
        return self._joined(parts, -1)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """A value of its kind for each column: (..., D, P) and (..., D) to (..., D)."""
        parts = [
            head.sample(_at(params, i, -2)[..., : head.params_per_variable], _at(u, i, -1))
            for head, i in self._groups
        ]
        return self._joined(parts, -1)

    def encode(self, x: Tensor) -> Tensor:
        """What the network reads of each column: (..., D) to (..., D, inputs_per_variable)."""
        width = self.inputs_per_variable
        parts = [
            F.pad(head.encode(_at(x, i, -1)), (0, width - head.inputs_per_variable))
            for head, i in self._groups
        ]
        return self._joined(parts, -2)

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless each column holds values of its head, and say which does not."""
        try:
            for head, i in self._groups:
                head.check(_at(x, i, -1))
        except ValueError:
            for k, head in enumerate(self.heads):
                try:
                    head.check(x[..., k])
                except ValueError as error:
                    raise ValueError(f"column {k} (counted from 0): {error}") from None
            raise

    def _joined(self, parts: list[Tensor], dim: int) -> Tensor:
        """What each group says of its columns, in the order of the columns."""
        return _at(torch.cat(parts, dim), self._places, dim)

    def __repr__(self) -> str:
        runs = [(head, len([*run])) for head, run in groupby(map(repr, self.heads))]
        lists = [f"[{head}] * {n}" if n > 1 else f"[{head}]" for head, n in runs]
        return f"Mixed({' + '.join(lists)})"


def _at(x: Tensor, columns: Tensor, dim: int) -> Tensor:
    return x.index_select(dim, columns.to(x.device))
