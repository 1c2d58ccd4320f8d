"""A correct MADE, and six mutants with one fault each."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import LongTensor, Tensor, nn

from made_course.model.masks import build_masks, draw_degrees, input_degrees

from ..checking import edit_source, make_subclass
from ..checking.classes import replace_attribute
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
        """Return the logits: (B, D) → (B, D)."""
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the log-probability of each row: (B, D) → (B,)."""
        return bernoulli_log_prob(self(x), x)

    @torch.no_grad()
    def sample(self, u: Tensor) -> Tensor:
        """Draw a sample for each row of uniform numbers: (n, D) → (n, D)."""
        return sample(self.forward, self.order, u)


make_mutant = partial(make_subclass, MADE)
"""Function that returns a subclass of MADE with one fault; see :func:`make_subclass`."""


def remove_masks(layers: Sequence[MaskedLinear]) -> None:
    """Remove the masks, as if ``set_mask`` had never been called."""
    replace_masks(layers, [torch.ones_like(layer.mask) for layer in layers])


def replace_masks(layers: Sequence[MaskedLinear], masks: Sequence[Tensor]) -> None:
    """Replace the masks of layers."""
    for layer, mask in zip(layers, masks, strict=True):
        layer.set_mask(mask)


MODELS: dict[str, type[MADE]] = {
    "sound": MADE,
    # the output mask uses >= instead of >
    "output sees itself": make_mutant(
        lambda self: self.layers[-1].set_mask(self.order[:, None] >= self.degrees[-1])
    ),
    # the masks are built from order = ordering + 1
    "ordering as degrees": edit_source(
        MADE, "input_degrees(ordering)", "torch.as_tensor(ordering) + 1"
    ),
    # the mask of the middle layer is all ones
    "mask forgotten": make_mutant(lambda self: remove_masks([self.layers[len(self.layers) // 2]])),
    # the masks are multiplied into the weights when the model is built, and never again
    "masked once": edit_source(
        MADE,
        "layer.set_mask(mask)",
        "layer.set_mask(mask)\n            layer.weight.data.mul_(mask)",
        "torch.relu(layer(x))",
        "torch.relu(nn.Linear.forward(layer, x))",
        "return self.layers[-1](x)",
        "return nn.Linear.forward(self.layers[-1], x)",
    ),
    # the sampler uses the degrees minus one as if they were the ordering
    "samples by degrees": edit_source(MADE, "self.order, u)", "self.order.argsort() + 1, u)"),
    # log_prob has .mean(dim=1) instead of .sum(dim=1)
    "mean for sum": edit_source(MADE, "(self(x), x)", "(self(x), x) / x.shape[1]"),
}
"""The correct model and its mutants, by their names in exercise 4.4."""
MUTANTS = [name for name in MODELS if name != "sound"]


def draw_masks(model: MADE) -> None:
    """Give a model new random masks."""
    hidden_dims = [len(degrees) for degrees in model.degrees[1:]]
    replace_masks(model.layers, build_masks(draw_degrees(model.order, hidden_dims, "uniform")))


def make_mutant_with_masks(convert: Callable[[Tensor], Tensor]) -> type[MADE]:
    """Return a mutant with random masks, which its layers store as ``convert(mask)``."""
    drawn = make_mutant(draw_masks)
    return make_subclass(
        drawn, lambda self: [*map(replace_attribute("mask", convert), self.layers)]
    )
