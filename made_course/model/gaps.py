"""Rows with gaps: a head that is told what is missing, and scores what is there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .heads import Head


class Gaps(Head):
    r"""A head for a variable that some rows lack: NaN where it is missing.

    .. math::
        \log p(x) = \sum_{i\ \mathrm{there}} \log p(x_i \mid x_{before},
        \text{which of these are there})

    A missing variable is read as zeros, and one input more says that it is missing: 1, or 0 where
    it is there. Its own term is left out. So for each pattern of gaps the probabilities of what is
    there sum to one. How well they agree from pattern to pattern, the rows have to teach.

    This takes it that a gap depends on nothing but what comes before it in the ordering, values and
    gaps: whether an income is missing may depend on the city, if the city comes first, and not on
    the income itself. So put first what is never missing, and last what is missing most often.

    Args:
        head: of the variable where it is there.

    Raises:
        TypeError: if it is no head of one column.

    Example:
        >>> from made_course import MADE, Bernoulli
        >>> model = MADE(2, (8,), head=Gaps(Bernoulli()), seed=0)
        >>> x = torch.tensor([[torch.nan, 0.0], [torch.nan, 1.0]])
        >>> round(model.log_prob(x).exp().sum().item(), 5)  # x2 where x1 is missing
        1.0
    """

    def __init__(self, head: Head) -> None:
        if not isinstance(head, Head) or head.kinds is not None:
            raise TypeError(f"head must be a head of one column, got {head!r}")
        self.head = head
        self.arguments = (head,)
        self.params_per_variable = head.params_per_variable
        self.inputs_per_variable = head.inputs_per_variable + 1
        self.is_density, self.num_classes = head.is_density, head.num_classes
        self.needs_float32 = head.needs_float32
        self.family = head.family and (Gaps, *head.family)

    def together(self, heads: Sequence[Head]) -> Gaps:
        """One head for n columns, of the one that theirs are together."""
        return Gaps(self.head.together([head.arguments[0] for head in heads]))

    def left_out(self) -> Gaps:
        """That of the head."""
        return Gaps(self.head.left_out())

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """That of the head, and 0 where x is missing: (..., P) and (...) to (...)."""
        is_missing = x.isnan()
        x = self.head.filled(x, ~is_missing)  # a value that cannot be has no finite gradient
        return self.head.log_prob(params, x).masked_fill(is_missing, 0)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """One value for each uniform number, none of them missing."""
        return self.head.sample(params, u)

    def encode(self, x: Tensor) -> Tensor:
        """What the network reads of the head, zeros where x is missing, and whether it is."""
        is_missing = x.isnan()[..., None]
        read = self.head.encode(self.head.filled(x, ~is_missing[..., 0])).masked_fill(is_missing, 0)
        return torch.cat([read, is_missing.to(read)], -1)

    def start(self) -> Tensor | None:
        """That of the head."""
        return self.head.start()

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless every value that is there is one of the head's."""
        self.head.check(self.head.filled(x, ~x.isnan()) if x.is_floating_point() else x)
