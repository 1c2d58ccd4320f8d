"""A sound model, and six with one fault each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import LongTensor, Tensor, nn

from made_course.model.masks import build_masks, draw_degrees, input_degrees

from ..checking import changed, edited
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
    "ordering as degrees": edited(MADE, "input_degrees(ordering)", "torch.as_tensor(ordering) + 1"),
    # the mask of the middle layer is all ones
    "mask forgotten": altered(lambda self: unmask([self.layers[len(self.layers) // 2]])),
    # the weights are multiplied by the masks when the model is built, and never again
    "masked once": edited(
        MADE,
        "layer.set_mask(mask)",
        "layer.set_mask(mask)\n            layer.weight.data.mul_(mask)",
        "torch.relu(layer(x))",
        "torch.relu(nn.Linear.forward(layer, x))",
        "return self.layers[-1](x)",
        "return nn.Linear.forward(self.layers[-1], x)",
    ),
    "samples by degrees": sampling(edited(sample, "torch.argsort(order)", "(order - 1)")),
    # .mean(dim=1) in place of .sum(dim=1)
    "mean for sum": edited(MADE, "(self(x), x)", "(self(x), x) / x.shape[1]"),
}
"""By the names of exercise 4.4."""
MUTANTS = [name for name in MODELS if name != "sound"]
