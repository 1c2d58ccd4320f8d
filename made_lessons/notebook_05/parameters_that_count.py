"""Exercise 5.3: count the parameters that the masks leave."""

import torch
from torch import nn

from made_course.model.made import MADE
from made_course.model.masked_linear import MaskedLinear

from ..checking import Exercise, choose, edit, further_cases, random_degrees


def _build_networks() -> tuple[tuple[MADE], ...]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        large = MADE(5, (7, 4), ordering=[3, 0, 4, 1, 2], degrees="even", direct=True)
        nn.init.normal_(large.direct.weight)
        allowed = large.direct.mask[0].nonzero()[0]
        large.direct.weight.data[0, allowed] = 0  # this weight is zero, although it is not masked
        small = MADE(3, (4,), ordering=[1, 2, 0], degrees="even")
    large.__name__ = "MADE(5, hidden_dims=(7, 4), direct=True)"  # for messages
    small.__name__ = "MADE(3, hidden_dims=(4,))"
    return (large,), (small,)


def used_parameters(model: MADE) -> int:
    """Count the weights that the masks keep, and all biases."""
    used = 0
    for layer in model.modules():
        if isinstance(layer, MaskedLinear):
            used += int(layer.mask.sum())
            if layer.bias is not None:
                used += len(layer.bias)
    return used


def _draw_network(key: str) -> MADE:
    order, *hidden = random_degrees(key)
    with torch.random.fork_rng(devices=[]):
        return MADE(
            len(order),
            [len(layer) for layer in hidden],
            ordering=torch.argsort(order),
            degrees="even",
            direct=choose(key, [True, False]),
        )


EXERCISE = Exercise(
    title="Parameters that count",
    stars=2,
    reference=used_parameters,
    cases=_build_networks(),
    vary=further_cases(lambda key: (_draw_network(key),)),
    hints=(
        "Go through the layers. A masked layer has a weight, a mask of the same shape, and "
        "usually a bias.",
        "`layer.mask.sum()` counts the 1s in a mask. `for layer in model.modules()` visits every "
        "layer; `isinstance(layer, MaskedLinear)` is `True` for a masked layer.",
        "The direct connections are also a `MaskedLinear`. They have no bias, so `layer.bias` is "
        "`None`.",
    ),
    mistakes={
        "you counted all entries of the masks, including the zeros, and left out the biases. Count "
        "the 1s in the masks, and add all biases": edit(
            "layer.mask.sum()", "layer.mask.numel()", "len(layer.bias)", "0"
        ),
        "you counted every parameter. A weight whose mask is 0 has no effect, whatever its value "
        "is": (MADE.n_parameters),
        "you counted the parameters that are not 0. A masked weight itself is not 0, because the "
        "mask is only applied in the forward pass. Count the 1s in the masks": (
            lambda model: sum(int((p != 0).sum()) for p in model.parameters())
        ),
        "you counted only the weights. A bias has no mask, so all biases count": edit(
            "len(layer.bias)", "0"
        ),
        "model.masks are the masks of the layers from input to output. The weights of the direct "
        "connections are missing, and so are all biases, which have no mask": (
            lambda model: sum(int(mask.sum()) for mask in model.masks)
        ),
        "you counted the weights that are not 0 after masking. A weight can be 0 by chance, and "
        "direct connections start at 0. Count the 1s in the mask": edit(
            "layer.mask.sum()", "(layer.masked_weight() != 0).sum()"
        ),
        "model.net holds the layers from input to output. If there are direct connections, they "
        "are in model.direct": edit("model.modules()", "model.net"),
        "you counted the direct connections twice, because model.modules() also visits them": (
            lambda model: (
                used_parameters(model)
                + (0 if model.direct is None else int(model.direct.mask.sum()))
            )
        ),
        "half of all parameters is only a rule of thumb. Count the 1s in the masks, and add all "
        "biases": (lambda model: model.n_parameters() // 2),
        "you counted D too many. Direct connections have no bias, so their layer.bias "
        "is None": edit(
            "return used", "return used + (model.direct is not None) * model.input_dim"
        ),
        "you counted only the first layer. Go through all masked layers": edit(
            "model.modules()", "model.net[:1]"
        ),
        "you counted the weights that the masks cut, but a mask is 1 where a weight counts": edit(
            "layer.mask.sum()", "(layer.mask == 0).sum()", "len(layer.bias)", "0"
        ),
        "you counted the zeros in the masks and all biases, but a mask is 1 where a "
        "weight counts": edit("layer.mask.sum()", "(layer.mask == 0).sum()"),
        "you counted only the biases of the outputs, but hidden units also have biases": edit(
            "layer.bias is not None", "layer is model.net[-1]"
        ),
    },
)
