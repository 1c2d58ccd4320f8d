"""A model as sampler.mjs reads it, and uniforms that Python and the page draw alike."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ...model.activations import ACTIVATIONS
from ...model.completion import completion_degrees
from ...model.heads import Bernoulli
from ...model.made import MADE


def check_model(model: MADE) -> None:
    """Raise an error unless the page can run this model."""
    if not isinstance(model, MADE):
        raise TypeError(f"model must be a MADE, got {type(model).__name__}")
    if not isinstance(model.head, Bernoulli):
        raise ValueError(
            f"the player draws binary variables, but the model's head is {model.head!r}: use "
            "model.sample(n) or complete(model, x, known) and your own figure"
        )
    if type(model.act) not in ACTIVATIONS.values():
        raise ValueError(
            f"the player knows the activations {', '.join(ACTIVATIONS)}, but the model's is "
            f"{model.act}: use model.sample(n) or complete(model, x, known) and your own figure"
        )
    if len(model.order.unique()) < model.input_dim:
        raise ValueError(
            "the player draws one variable per step, but the model's ordering has groups: use "
            "model.sample(n) or complete(model, x, known) and your own figure"
        )
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError(
            "the model has weights that are NaN or infinite: train it again with a lower lr"
        )


def describe(model: MADE) -> dict[str, object]:
    """Return everything about a model that sampler.mjs needs, except its weights.

    ``sets`` are the degrees in use and of all stored sets. ``whenAny`` are the hidden degrees of a
    model for any ordering, which the page uses with orderings of its own.
    """
    stored = [model.degrees]
    if model.num_masks is not None and model.num_masks > 1:
        stored += model.mask_sets.members(model.num_masks)
    when_any = None
    if model.mask_sets.is_order_agnostic:
        nothing = torch.zeros(model.input_dim, dtype=torch.bool)
        _, *hidden = completion_degrees(model, nothing, range(model.input_dim))[0]
        when_any = [layer.tolist() for layer in hidden]
    sets = [{"order": o.tolist(), "degrees": [d.tolist() for d in ds]} for o, *ds in stored]
    return {
        **sets[0],
        "activation": next(name for name, of in ACTIVATIONS.items() if of is type(model.act)),
        "direct": model.direct is not None,
        "conditioning": model.net[0].conditioning is not None,
        "sets": sets,
        "whenAny": when_any,
    }


def weight_bytes(model: MADE) -> bytes:
    """Return weights, biases, direct connections and conditioning, each matrix transposed."""
    parts = [part for layer in model.net for part in (layer.weight.T, layer.bias)]
    first, direct = model.net[0].conditioning, model.direct
    parts += [] if direct is None else [direct.weight.T]
    parts += [] if first is None else [first.T]
    parts += [] if first is None or direct is None else [direct.conditioning.T]
    return torch.cat([part.detach().flatten() for part in parts]).float().numpy().tobytes()


def uniforms(seed: int, *shape: int) -> Tensor:
    """Return numbers between 0 and 1 that sampler.mjs also draws from the same seed.

    Example:
        >>> uniforms(0, 2, 2)
        tensor([[0.2664, 0.0003],
                [0.2233, 0.1462]])
    """
    k = np.arange(1, math.prod(shape) + 1, dtype=np.uint32)
    t = k * np.uint32(0x6D2B79F5) + np.array([seed * 0x9E3779B1 % 2**32], dtype=np.uint32)
    t = (t ^ (t >> 15)) * (t | 1)
    t ^= t + (t ^ (t >> 7)) * (t | 61)
    u = (((t ^ (t >> 14)) >> 9) + 0.5) / 2**23
    return torch.from_numpy(u.astype(np.float32)).view(shape)
