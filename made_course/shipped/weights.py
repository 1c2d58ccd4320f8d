"""Weights that ship with the course.

The models of digits were trained on the 55,000 training images of MNIST that are *not* in the
course's small set, so both the small set and MNIST's test images are unseen data for them. The
commands that train them are in ``tools/ships``.
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
        name: ``"mnist-512"`` is a 512-512 MADE of binarised digits in raster order.
            ``"mnist-any-order"`` is a 960-960 MADE of the same digits with conditioning, for
            :func:`made_course.complete`; each training step used four new orderings (sweeps, rings
            or random orderings, often with a part of the image last). ``"tiny"`` has 16 variables
            and 32 hidden units, and was trained on :func:`made_course.bars_and_stripes`. All have
            direct connections.

    Raises:
        ValueError: if the name is unknown.
        OSError: if the file is missing, or its SHA-256 is wrong.

    Example:
        >>> load_pretrained("tiny").sample(3).shape
        torch.Size([3, 16])
    """
    content = read_asset(MODELS[check_choice("pretrained name", name, tuple(MODELS))])
    with torch.random.fork_rng(devices=[]):  # so that the global random stream is unchanged
        model = MADE(**content["arguments"])
    own, stored = model.state_dict(), model.mask_sets.state_dict()
    shipped = {
        f"mask_sets.{key}" if key in stored else key: value
        for key, value in content["state"].items()
    }
    # degrees first, because they determine which weights are in the file, and in which order
    model.load_state_dict(own | {key: shipped[key] for key in shipped if "mask_sets" in key})
    for key, is_kept in unmasked_weights(model).items():
        weight = torch.zeros(is_kept.shape)
        weight[is_kept] = shipped[key].float()
        shipped[key] = weight
    model.load_state_dict(shipped)
    return model.eval()


def unmasked_weights(model: MADE) -> dict[str, Tensor]:
    """Return a dict from the name of each weight matrix to a BoolTensor of its shape.

    It is True for weights that some set of masks keeps. The names are those of the state dict.
    """
    if model.num_masks == 1:
        fixed = {*model.net, model.direct}
    else:  # with even degrees, the masks between hidden layers are the same in all sets
        fixed = {*model.net[1:-1]} if model.mask_sets.kind == "even" else set()
    return {
        f"{name}.{kind}": layer.mask.bool() if layer in fixed else layer.mask >= 0
        for name, layer in model.named_modules()
        if isinstance(layer, MaskedLinear)
        for kind in ("weight", "conditioning")
        if getattr(layer, kind) is not None
    }
