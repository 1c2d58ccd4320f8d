"""The state of a MaskExplorer as a masked network, whole or broken; what is said, the page says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import torch
from torch import Tensor

from ...common.words import factorization
from ...model.heads import Bernoulli
from ...model.masks import build_masks, connectivity, direct_mask, input_degrees

MOST_SUMMED = 12
"""Variables up to which all 2^D probabilities are added up."""
SLOPE = 4.0
"""Of the example's logits: large enough that a leak shows, and no sigmoid is saturated."""
GOLDEN = 0.6180339887498949
FAULTS = ("none", "output with >=", "degrees = ordering + 1")


@dataclass(frozen=True)
class Network:
    """Which unit may be connected to which, by degrees; no weights.

    Args:
        names: of the variables, as text.
        ordering: (D,) variables in the order of their generation, counted from 0.
        hidden: degrees of each hidden layer's units.
        direct: whether inputs are connected to later outputs directly.
        fault: one of ``FAULTS``: whole; the output's mask with ``>=`` in place of ``>``; or the
            ordering itself taken for the degrees.

    Example:
        >>> network = Network(("x₁", "x₂", "x₃"), (1, 2, 0), ((1, 2),))
        >>> network.reached.int()
        tensor([[0, 1, 1],
                [0, 0, 0],
                [0, 1, 0]], dtype=torch.int32)
    """

    names: tuple[str, ...]
    ordering: tuple[int, ...]
    hidden: tuple[tuple[int, ...], ...]
    direct: bool = False
    fault: str = "none"

    @cached_property
    def degrees(self) -> list[Tensor]:
        """LongTensors: degrees of the inputs and of each hidden layer, as the masks use them."""
        order = input_degrees(self.ordering)
        if self.fault == "degrees = ordering + 1":
            order = torch.tensor(self.ordering) + 1
        return [order, *(torch.tensor(layer, dtype=torch.long) for layer in self.hidden)]

    @cached_property
    def masks(self) -> list[Tensor]:
        """BoolTensors (out_features, in_features), a layer each, the output's last."""
        masks = build_masks(self.degrees)
        if self.fault == "output with >=":
            masks[-1] = self.degrees[0][:, None] >= self.degrees[-1][None, :]
        return masks

    @cached_property
    def direct_mask(self) -> Tensor | None:
        """Mask of the direct connections (D, D), bool; None without them."""
        if not self.direct:
            return None
        order = self.degrees[0]
        if self.fault == "output with >=":
            return order[:, None] >= order[None, :]
        return direct_mask(order)

    @cached_property
    def allowed(self) -> Tensor:
        """(D, D) bool: whether the ordering lets output i see input j, whatever the masks do."""
        return direct_mask(input_degrees(self.ordering))

    @cached_property
    def reached(self) -> Tensor:
        """(D, D) bool: whether some path leads from input j to output i."""
        return connectivity(self.masks, self.direct_mask)

    @cached_property
    def leaks(self) -> Tensor:
        """(D, D) bool: reached, and not allowed."""
        return self.reached & ~self.allowed

    @property
    def factorization(self) -> str:
        """The chain rule in this ordering, and whether a leak makes it a mere wish.

        Example:
            >>> Network(("x₁", "x₂"), (1, 0), ((1,),), fault="output with >=").factorization
            'wanted: p(x) = p(x₂) · p(x₁ | x₂)'
        """
        formula = factorization(self.names, self.ordering)
        return f"wanted: {formula}" if bool(self.leaks.any()) else formula

    @cached_property
    def total_probability(self) -> float | None:
        """Σ p(x) over all 2^D inputs of an example with these connections; None for D > 12.

        Each unit is a weighted mean of what it sees, so that no two paths cancel and depth changes
        little: where an output sees its own variable, Σ p(x) is above 1. The weights are multiples
        of the golden ratio, so that the page computes the same.
        """
        count = len(self.names)
        if count > MOST_SUMMED:
            return None
        x = torch.tensor(list(product((0.0, 1.0), repeat=count)), dtype=torch.float64)
        h, *layers = x, *map(_means, self.masks)
        for means in layers:
            h = h @ means.T
        logits = SLOPE * (h - means.sum(dim=1) / 2)
        if self.direct_mask is not None:
            direct = _means(self.direct_mask)
            logits += SLOPE * (x @ direct.T - direct.sum(dim=1) / 2)
        return Bernoulli().log_prob(logits[..., None], x).sum(dim=1).exp().sum().item()


def _means(mask: Tensor) -> Tensor:
    """Weights by which each unit is a mean of what it sees; none where it sees nothing."""
    spread = torch.arange(1, mask.numel() + 1, dtype=torch.float64) * GOLDEN % 1
    weights = mask * (1 + 2 * spread.reshape(mask.shape))
    return weights / weights.sum(dim=1, keepdim=True).clamp(min=1)
