"""A sound model, and six with one fault each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import LongTensor, Tensor, nn

from made_course.model.masks import build_masks, draw_degrees, input_degrees

from ..checking.edited_source import edited
from ..checking.properties import changed
from .ancestral_sampler import sample
from .log_likelihood import bernoulli_log_prob
from .masked_layer import MaskedLinear


class MADE(nn.Module):
    """A MADE over binary variables that are generated in a given ordering."""

    def __init__(self, input_dim: int, hidden_dims: list[int], ordering: LongTensor) -> None:
        super().__init__()
        self.register_buffer("order", input_degrees(ordering))
        self.degrees = draw_degrees(self.order, hidden_dims, "even")
        self.layers = nn.ModuleList()
        for mask in build_masks(self.degrees):
            layer = MaskedLinear(mask.shape[1], mask.shape[0])
            layer.set_mask(mask)
            self.layers.append(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Logits: (B, D) → (B, D)."""
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-probability of each row: (B, D) → (B,)."""
        return bernoulli_log_prob(self(x), x)

    @torch.no_grad()
    def sample(self, u: Tensor) -> Tensor:
        """A sample for each row of uniform numbers: (n, D) → (n, D)."""
        return sample(self.forward, self.order, u)


altered = partial(changed, MADE)
"""Makes a wrong model of the sound one."""


def unmask(layers: Sequence[MaskedLinear]) -> None:
    """As if their ``set_mask`` had been forgotten."""
    remask(layers, [torch.ones_like(layer.mask) for layer in layers])


def remask(layers: Sequence[MaskedLinear], masks: Sequence[Tensor]) -> None:
    """Give layers other masks."""
    for layer, mask in zip(layers, masks, strict=True):
        layer.set_mask(mask)


@torch.no_grad()
def _mask_weights(model: MADE) -> None:
    for layer in model.layers:
        layer.weight.mul_(layer.mask)


def _forward_without_masks(self: MADE, x: Tensor) -> Tensor:
    for layer in self.layers[:-1]:
        x = torch.relu(F.linear(x, layer.weight, layer.bias))
    return F.linear(x, self.layers[-1].weight, self.layers[-1].bias)


def sampling(sampler: Callable[..., Tensor]) -> type[MADE]:
    """A model with another sampler, of the form of exercise 4.3."""
    return altered(sample=torch.no_grad()(lambda self, u: sampler(self, self.order, u)))


MODELS: dict[str, type[MADE]] = {
    "sound": MADE,
    # >= in place of >
    "output sees itself": altered(
        lambda self: self.layers[-1].set_mask(self.order[:, None] >= self.degrees[-1])
    ),
    # order = ordering + 1, and all the rest follows from it
    "ordering as degrees": altered(
        __init__=lambda self, input_dim, hidden_dims, ordering: MADE.__init__(
            self, input_dim, hidden_dims, torch.argsort(torch.as_tensor(ordering))
        )
    ),
    # the mask of the middle layer is all ones
    "mask forgotten": altered(lambda self: unmask([self.layers[len(self.layers) // 2]])),
    # the weights are multiplied by the masks when the model is built, and never again
    "masked once": altered(_mask_weights, forward=_forward_without_masks),
    "samples by degrees": sampling(edited(sample, "torch.argsort(order)", "(order - 1)")),
    # .mean(dim=1) in place of .sum(dim=1)
    "mean for sum": altered(log_prob=lambda self, x: MADE.log_prob(self, x) / x.shape[1]),
}
"""By the names of exercise 4.4."""
MUTANTS = [name for name in MODELS if name != "sound"]
