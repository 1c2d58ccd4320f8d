"""A head for each column: tables hold yes and no, classes, counts and reals side by side."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor

from .gaps import Gaps
from .heads import Bernoulli, Categorical, Head, MixtureOfGaussians
from .heads_of_numbers import Reals, Whole
from .recurring import Spiked

NAMED_HEADS = (Bernoulli, Categorical, MixtureOfGaussians, Reals, Whole, Spiked, Gaps)
"""Heads that are told apart by name and arguments alone."""


class Mixed(Head):
    r"""Columns of different kinds: variable i has the i-th head.

    .. math::
        \log p(x) = \sum_{i=1}^{D} \log p_{\text{head}_i}(x_i \mid x_{\text{before}})

    The network puts out as many numbers as the heads take, and reads as many as they make: those of
    the first column, then those of the second, and so on.

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
        >>> head.is_density
        True
        >>> model = MADE(2, (8,), head=head, seed=0)
        >>> model(torch.tensor([[1.0, -1.2]])).shape  # a logit, and six numbers of two bells
        torch.Size([1, 7])
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
            if not isinstance(head, Head) or head.kinds is not None:
                raise TypeError(f"heads[{i}] must be a head of one column, got {head!r}")
        names = [_name(head) for head in heads]
        alike = dict(zip(names, heads, strict=True))
        self.heads = tuple(alike[name] for name in names)
        self.arguments = (self.heads,)
        self.is_density = any(head.is_density for head in heads)
        self.needs_float32 = any(head.needs_float32 for head in heads)
        self.kinds = _numbered(names)
        families = _numbered([head.family or k for head, k in zip(self.heads, names, strict=True)])
        self._columns = families.argsort(stable=True)
        self._kinds = []
        for columns in self._columns.split(families.bincount().tolist()):
            own = [self.heads[i] for i in columns.tolist()]
            joint = own[0].together(own) if len(set(map(id, own))) > 1 else own[0]
            self._kinds.append((joint, len(own)))
        inputs, outputs = map(families.repeat_interleave, self.widths(len(heads)))
        self._outputs = outputs.argsort(stable=True)
        self._column_places = self._columns.argsort()
        self._input_places = inputs.argsort(stable=True).argsort()

    def of(self, i: int) -> Head:
        """The head of variable i alone."""
        return self.heads[i]

    def left_out(self) -> Mixed:
        """Those of the columns."""
        head = copy.copy(self)
        head._kinds = [(joint.left_out(), count) for joint, count in self._kinds]
        return head

    def widths(self, input_dim: int) -> tuple[Tensor, Tensor]:
        """How many inputs, and how many outputs, a network has for each column: (D,) and (D,)."""
        inputs = [head.inputs_per_variable for head in self.heads]
        outputs = [head.params_per_variable for head in self.heads]
        return torch.tensor(inputs, device="cpu"), torch.tensor(outputs, device="cpu")

    def arranged(self, outputs: Tensor) -> Tensor:
        """A network's outputs as :meth:`log_prob` takes them: as they are."""
        return outputs

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Log-probability or density of each column: (..., all P) and (..., D) to (..., D)."""
        parts = [head.log_prob(own, values) for head, own, values in self._by_kind(params, x)]
        return _at(torch.cat(parts, -1), self._column_places)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """A value of its kind for each column: (..., all P) and (..., D) to (..., D)."""
        parts = [head.sample(own, values) for head, own, values in self._by_kind(params, u)]
        return _at(torch.cat(parts, -1), self._column_places)

    def encode(self, x: Tensor) -> Tensor:
        """What the network reads of all columns: (..., D) to (..., all inputs)."""
        parts = [head.encode(values).flatten(-2) for head, values in self._values(x)]
        return _at(torch.cat(parts, -1), self._input_places)

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless each column holds values of its head, and say which does not."""
        try:
            for head, values in self._values(x):
                head.check(values)
        except ValueError:
            for k, head in enumerate(self.heads):
                try:
                    head.check(x[..., k])
                except ValueError as error:
                    raise ValueError(f"column {k} (counted from 0): {error}") from None
            raise

    def _values(self, x: Tensor) -> list[tuple[Head, Tensor]]:
        """Each different head, and the values of all columns that have it."""
        parts = _at(x, self._columns).split([count for _, count in self._kinds], -1)
        return [(head, part) for (head, _), part in zip(self._kinds, parts, strict=True)]

    def _by_kind(self, params: Tensor, x: Tensor) -> list[tuple[Head, Tensor, Tensor]]:
        """Each different head, and the parameters and the values of all columns that have it."""
        sizes = [count * head.params_per_variable for head, count in self._kinds]
        parts = zip(_at(params, self._outputs).split(sizes, -1), self._values(x), strict=True)
        return [(head, head.arranged(own), values) for own, (head, values) in parts]

    def __repr__(self) -> str:
        runs = [(head, len([*run])) for head, run in groupby(map(repr, self.heads))]
        lists = [f"[{head}] * {n}" if n > 1 else f"[{head}]" for head, n in runs]
        return f"Mixed({' + '.join(lists)})"


def _name(head: Head) -> object:
    """What heads have in common that are one and the same."""
    if isinstance(head, Gaps):
        return Gaps, _name(head.head)
    return repr(head) if type(head) in NAMED_HEADS else id(head)


def _numbered(names: Sequence[object]) -> Tensor:
    """A number for each name, counted from 0 as they come: (D,), equal where names are."""
    numbers = {name: k for k, name in enumerate(dict.fromkeys(names))}
    return torch.tensor([numbers[name] for name in names], device="cpu")


def _at(x: Tensor, places: Tensor) -> Tensor:
    return x.index_select(-1, places.to(x.device))
