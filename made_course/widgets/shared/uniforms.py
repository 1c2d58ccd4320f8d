"""Random numbers that are the same in Python and in the page."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor


def uniforms(seed: int, *shape: int) -> Tensor:
    """Return float32 uniforms in (0, 1) of this shape, equal to those of ``uniforms.mjs``.

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
