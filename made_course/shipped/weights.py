"""Weights that ship with the course.

The models of digits have seen only the 55,000 training images of MNIST that are *not* in the
course's small set, so that both the small set and MNIST's test images are an honest test for them.
``tools/ships/train_weights.py`` and ``tools/ships/train_any_order.py`` made them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..common.arguments import check_choice
from ..model.made import MADE
from ..model.masked_linear import MaskedLinear
from .assets import read_asset

MODELS = {
    "mnist-512": "made_mnist_512.pt",
    "mnist-any-order": "made_mnist_any_order.pt",
    "tiny": "made_tiny.pt",
}


def load_pretrained(name: str = "mnist-512") -> MADE:
    """Return a trained model that ships with the course, in evaluation mode, on the CPU.

    Args:
        name: ``"mnist-512"`` is a 512-512 MADE with direct connections, in raster order, over
            digits binarised at one half, trained on the 55,000 MNIST training images outside the
            small set. ``"mnist-any-order"`` is a 960-960 MADE with direct connections and
            conditioning, for :func:`made_course.complete`. It was trained on the same images in
            four fresh orderings at every step (sweeps, rings, random ones, often with a part of
            the image last). ``"tiny"`` has 16 variables and 32 hidden units, and was trained on the
            30 bars and stripes of a 4 × 4 board.

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> load_pretrained("tiny").sample(3).shape
        torch.Size([3, 16])
    """
    content = read_asset(MODELS[check_choice("pretrained name", name, tuple(MODELS))])
    with torch.random.fork_rng(devices=[]):  # its first weights are replaced at once
        model = MADE(**content["arguments"])
    own, stored = model.state_dict(), model.mask_sets.state_dict()
    shipped = {
        f"mask_sets.{key}" if key in stored else key: value
        for key, value in content["state"].items()
    }
    # degrees first, because they say which weights the file holds, and in which order
    model.load_state_dict(own | {key: shipped[key] for key in shipped if "mask_sets" in key})
    for key, counts in unmasked_weights(model).items():
        weight = torch.zeros(counts.shape)
        weight[counts] = shipped[key].float()
        shipped[key] = weight
    model.load_state_dict(shipped)
    return model.eval()


def unmasked_weights(model: MADE) -> dict[str, Tensor]:
    """Return the entries (bool) of each weight in the state dict that some mask does not cut."""
    if model.num_masks == 1:
        fixed = {*model.net, model.direct}
    else:  # hidden units that keep their degree keep the masks between them
        fixed = {*model.net[1:-1]} if model.mask_sets.kind == "even" else set()
    return {
        f"{name}.{kind}": layer.mask.bool() if layer in fixed else layer.mask >= 0
        for name, layer in model.named_modules()
        if isinstance(layer, MaskedLinear)
        for kind in ("weight", "conditioning")
        if getattr(layer, kind) is not None
    }
