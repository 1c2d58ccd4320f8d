"""A model small enough for a page: eight bits a weight, and none for those that a mask cuts."""

import base64

import torch
from torch import Tensor

from made_course import MADE, build_masks, direct_mask
from made_course.widgets.shared.sampler import describe


def pack(model: MADE) -> dict[str, object]:
    """What scripts/unpack.js makes the same model of, up to rounding, as JSON can hold it.

    ``integers`` are the weights that the masks leave, (in, out) as they stand there, in 127ths of
    the largest of their unit; ``numbers`` are these largest weights and the biases.
    """
    layers = [(layer.weight, layer.bias) for layer in model.net]
    masks = build_masks(model.degrees)
    if model.direct is not None:
        layers.append((model.direct.weight, torch.zeros(0)))
        masks.append(direct_mask(model.order))
    integers, numbers = [], []
    for (weight, bias), mask in zip(layers, masks, strict=True):
        scale = (weight * mask).abs().amax(dim=1).clamp(min=1e-9) / 127
        rounded = (weight / scale[:, None]).round().to(torch.int8)
        integers.append(rounded.T[mask.T])
        numbers += [scale, bias]
    return {
        "described": describe(model) | {"sets": []},
        "integers": _text(torch.cat(integers)),
        "numbers": _text(torch.cat(numbers).float()),
    }


def _text(values: Tensor) -> str:
    return base64.b64encode(values.detach().numpy().tobytes()).decode()
