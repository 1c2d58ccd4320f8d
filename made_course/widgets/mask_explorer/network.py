"""The state of a MaskExplorer: a masked network, whole or broken, and what can be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import torch
from torch import Tensor

from ...common.words import factorization, hat, listing
from ...model.heads import Bernoulli
from ...model.masks import build_masks, connectivity, direct_mask, input_degrees, paths_through

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
        >>> network.sentence(2, 2)
        'x̂₃ sees x₂. It may see x₂.'
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

    @property
    def finding(self) -> str:
        """Σp in words, and what it does and does not show."""
        total, count = self.total_probability, len(self.names)
        if total is None:
            return f"2^{count} binary vectors x are too many to add up their probabilities."
        said = f"Σ p(x) over all {2**count:,} binary vectors x = {total:.3f}"
        is_mixed_up, leaks = self.fault == "degrees = ordering + 1", bool(self.leaks.any())
        if is_mixed_up and self.degrees[0].equal(input_degrees(self.ordering)):
            said += (
                ". This ordering is its own inverse, so that the mistake changes nothing here: "
                "take a cycle of three variables."
            )
        elif not leaks:
            said += ", and no output sees what it may not"
            said += ": too few paths are left to show the mistake." if is_mixed_up else "."
        elif is_mixed_up:
            belong = ", ".join(self.names[i] for i in torch.argsort(self.degrees[0]))
            meant = ", ".join(self.names[i] for i in self.ordering)
            said += (
                ", so the sum misses this fault: these masks belong to the ordering "
                f"{belong}, not to {meant}."
            )
        else:
            said += ", not 1: this is no distribution."
        return said

    def name(self, layer: int, unit: int) -> str:
        """What a unit is called."""
        if layer == 0:
            return self.names[unit]
        if layer == len(self.masks):
            return hat(self.names[unit])
        return f"unit {unit + 1} of hidden layer {layer}"

    def sentence(self, layer: int, unit: int) -> str:
        """What a unit sees or who sees it, against what the ordering allows."""
        name = self.name(layer, unit)
        if layer == 0:
            reached, allowed = self.reached[:, unit], self.allowed[:, unit]
            said = (
                f"{name} reaches {self._outputs(reached)}. It may reach {self._outputs(allowed)}."
            )
            missing, leaking = self._outputs(allowed & ~reached), self._outputs(reached & ~allowed)
            way = "to"
        elif layer == len(self.masks):
            reached, allowed = self.reached[unit], self.allowed[unit]
            said = f"{name} sees {self._inputs(reached)}. It may see {self._inputs(allowed)}."
            missing, leaking = self._inputs(allowed & ~reached), self._inputs(reached & ~allowed)
            way = "from"
        else:
            cone = paths_through(self.masks, layer, unit, self.direct_mask)
            return (
                f"{name[0].upper()}{name[1:]} has degree {self.degrees[layer][unit]}. "
                f"It sees {self._inputs(cone[0])}; it is seen by {self._outputs(cone[-1])}."
            )
        if (allowed & ~reached).any():
            said += f" No path leads {way} {missing}."
        if (reached & ~allowed).any():
            said += f" A leak: {leaking}."
        return said

    def _inputs(self, which: Tensor) -> str:
        return listing([self.names[i] for i in self.ordering if which[i]])

    def _outputs(self, which: Tensor) -> str:
        return listing([hat(self.names[i]) for i in self.ordering if which[i]])


def _means(mask: Tensor) -> Tensor:
    """Weights by which each unit is a mean of what it sees; none where it sees nothing."""
    spread = torch.arange(1, mask.numel() + 1, dtype=torch.float64) * GOLDEN % 1
    weights = mask * (1 + 2 * spread.reshape(mask.shape))
    return weights / weights.sum(dim=1, keepdim=True).clamp(min=1)
