"""The choice of bfloat16 by a short trial, because processor flags do not predict the speed."""

from __future__ import annotations

import time
from functools import cache

import torch
from torch import nn

from ..model.made import MADE
from .processes import Processes

PRECISIONS = ("auto", "float32", "bfloat16")


@cache
@torch.no_grad()
def bfloat16_is_faster(device: torch.device) -> bool:
    """Return True if a matrix product, with its casts, is clearly faster in bfloat16."""
    if device.type not in ("cpu", "cuda"):
        return False
    x, w = torch.ones(512, 512, device=device), torch.ones(512, 512, device=device)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for enabled in [False] * 12 + [True] * 12:
        start = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=enabled):
            nn.functional.linear(x, w).sum().item()
        seconds[enabled].append(time.perf_counter() - start)
    return min(seconds[True]) < 0.8 * min(seconds[False])


def uses_bfloat16(precision: str, model: MADE, processes: Processes) -> bool:
    """Return True if bfloat16 was chosen or, with ``"auto"``, is safe and faster."""
    if precision != "auto":
        return precision == "bfloat16"
    is_float32 = next(model.parameters()).dtype == torch.float32
    is_safe = is_float32 and not (model.head.is_density or model.head.needs_float32)
    return is_safe and processes.broadcast(bfloat16_is_faster(processes.device))
