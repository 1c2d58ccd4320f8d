"""A head for a variable that is missing in some rows."""

from __future__ import annotations

import torch
from torch import Tensor

from ..model.heads import Head


class Gaps(Head):
    r"""A head for a variable that is missing in some rows, where it is NaN.

    .. math::
        \log p(x) = \sum_{i\ \mathrm{present}} \log p(x_i \mid x_{before},
        \text{which of these are present})

    The network reads a missing variable as zeros, and an additional input says whether it is
    missing. Its term is left out of the sum. For each pattern of gaps, the probabilities of the
    variables that are present sum to one.

    This assumes that a gap depends only on variables that come before it in the ordering. Whether
    an income is missing may depend on the city, if the city comes first, but not on the income
    itself. So order variables by how often they are missing, the most complete ones first.

    Args:
        head: head of the variable where it is present.

    Raises:
        TypeError: if ``head`` is not a head of one column.

    Example:
        >>> from made_course import MADE, Bernoulli
        >>> model = MADE(2, (8,), head=Gaps(Bernoulli()), seed=0)
        >>> x = torch.tensor([[torch.nan, 0.0], [torch.nan, 1.0]])
        >>> round(model.log_prob(x).exp().sum().item(), 5)  # p(x2) sums to 1 where x1 is missing
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

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Return the log-probability (...), in nats, of values (...), 0 for missing ones."""
        is_missing = x.isnan()
        # missing values are filled in, because the gradient of a masked NaN would also be NaN
        x = self.head.fill_missing(x, ~is_missing)
        return self.head.log_prob(params, x).masked_fill(is_missing, 0)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """Return a value, never NaN, for each uniform ``u`` (...), given ``params`` (..., P)."""
        return self.head.sample(params, u)

    def encode(self, x: Tensor) -> Tensor:
        """Return the head's inputs, all 0 if ``x`` is missing, and an input that is 1 only then."""
        is_missing = x.isnan()[..., None]
        inputs = self.head.encode(self.head.fill_missing(x, ~is_missing[..., 0]))
        return torch.cat([inputs.masked_fill(is_missing, 0), is_missing.to(inputs)], -1)

    def initial_params(self) -> Tensor | None:
        """Return the initial parameters (P,) of the head, or None."""
        return self.head.initial_params()

    def check(self, x: Tensor) -> None:
        """Raise a ValueError if the head does not allow a value of ``x``; NaN is always allowed."""
        self.head.check(self.head.fill_missing(x, ~x.isnan()) if x.is_floating_point() else x)
