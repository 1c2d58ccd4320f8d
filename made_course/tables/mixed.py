"""A head for each column of a table."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import groupby

import torch
from torch import Tensor

from ..model.heads import Bernoulli, Categorical, Head, MixtureOfGaussians
from .gaps import Gaps


class Mixed(Head):
    r"""Columns of different kinds: variable i has the i-th head.

    .. math::
        \log p(x) = \sum_{i=1}^{D} \log p_{\text{head}_i}(x_i \mid x_{\text{before}})

    The network's inputs and outputs begin with those of the first column, followed by those of the
    second column, and so on. If one column has a density, the sum is in differential nats, which
    depend on the units of such columns.

    Args:
        heads: D heads, for the columns from left to right.

    Raises:
        TypeError or ValueError: if ``heads`` is empty, or not a list of heads of one column.

    Example:
        A switch, and a real number after it:

        >>> from made_course import MADE, Bernoulli, MixtureOfGaussians
        >>> model = MADE(2, (8,), head=Mixed([Bernoulli(), MixtureOfGaussians(2)]), seed=0)
        >>> model(torch.tensor([[1.0, -1.2]])).shape  # a logit, and six parameters of a mixture
        torch.Size([1, 7])
        >>> model.log_conditionals(torch.tensor([[1.0, -1.2]])).shape  # nats, differential nats
        torch.Size([1, 2])
        >>> model.sample(50)[:, 0].unique()
        tensor([0., 1.])
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        if isinstance(heads, str) or not isinstance(heads, Sequence):
            raise TypeError(f"heads must be a list with a head for each column, got {heads!r}")
        if not heads:
            raise ValueError("heads must be a list with a head for each column, got an empty list")
        for i, head in enumerate(heads):
            if not isinstance(head, Head) or head.kinds is not None:
                raise TypeError(f"heads[{i}] must be a head of one column, got {head!r}")
        self.heads = tuple(heads)
        self.arguments = (self.heads,)
        self.is_density = any(head.is_density for head in heads)
        self.needs_float32 = any(head.needs_float32 for head in heads)
        keys = [_equality_key(head) for head in heads]
        self.kinds = torch.tensor([keys.index(key) for key in keys], device="cpu")
        ends = [0, *self.widths(len(heads))[1].cumsum(0).tolist()]
        self._runs: list[tuple[Head, slice, slice]] = []  # one call per run of equal heads is fast
        for _, run in groupby(range(len(heads)), key=lambda i: keys[i]):
            columns = [*run]
            start, stop = columns[0], columns[-1] + 1
            self._runs.append(
                (self.heads[start], slice(start, stop), slice(ends[start], ends[stop]))
            )

    def select(self, i: int) -> Head:
        """Return the head of variable i."""
        return self.heads[i]

    def widths(self, input_dim: int) -> tuple[Tensor, Tensor]:
        """Return how many inputs and outputs of the network each column has, (D,) each."""
        inputs = [head.inputs_per_variable for head in self.heads]
        outputs = [head.params_per_variable for head in self.heads]
        return torch.tensor(inputs, device="cpu"), torch.tensor(outputs, device="cpu")

    def reshape_outputs(self, outputs: Tensor) -> Tensor:
        """Return the outputs unchanged, because columns have different numbers of outputs."""
        return outputs

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Return the log-probability (..., D), in nats, of each column of rows (..., D)."""
        parts = [
            head.log_prob(head.reshape_outputs(params[..., outputs]), x[..., columns])
            for head, columns, outputs in self._runs
        ]
        return torch.cat(parts, -1)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """Return values (..., D), one for each uniform ``u`` (..., D)."""
        parts = [
            head.sample(head.reshape_outputs(params[..., outputs]), u[..., columns])
            for head, columns, outputs in self._runs
        ]
        return torch.cat(parts, -1)

    def encode(self, x: Tensor) -> Tensor:
        """Return the network's inputs (..., sum over columns) for rows (..., D)."""
        parts = [head.encode(x[..., columns]).flatten(-2) for head, columns, _ in self._runs]
        return torch.cat(parts, -1)

    def check(self, x: Tensor) -> None:
        """Raise a ValueError that names the first column with a value its head does not allow."""
        for i, head in enumerate(self.heads):
            try:
                head.check(x[..., i])
            except ValueError as error:
                raise ValueError(f"column {i} (counted from 0): {error}") from None

    def __repr__(self) -> str:
        runs = [(head, len([*run])) for head, run in groupby(map(repr, self.heads))]
        lists = [f"[{head}] * {n}" if n > 1 else f"[{head}]" for head, n in runs]
        return f"Mixed({' + '.join(lists)})"


def _equality_key(head: Head) -> Hashable:
    """Return a key that two heads share if they can be computed in one call."""
    if isinstance(head, Gaps):
        return Gaps, _equality_key(head.head)
    is_named = type(head) in (Bernoulli, Categorical, MixtureOfGaussians)
    return repr(head) if is_named else id(head)
