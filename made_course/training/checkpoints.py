"""Write a run's checkpoint atomically, and read it only for a run with the same settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import torch
from torch import Tensor

from ..common.files import read_tensors, write_atomically
from .batches import Batches

Path = str | os.PathLike[str]


def write_checkpoint(path: Path, settings: Mapping[str, object], state: Mapping[str, Any]) -> None:
    """Write the settings and the state of a run to a file."""
    content = {"settings": settings, "state": state}
    write_atomically(path, lambda file: torch.save(content, file))


def read_checkpoint(path: Path, settings: Mapping[str, object]) -> dict[str, Any]:
    """Return the state of a run from its file, or raise a ValueError if the settings differ."""
    content = read_tensors(path)
    if not isinstance(content, dict) or content.keys() != {"settings", "state"}:
        raise ValueError(f"{path} is not a checkpoint of fit: choose another file or delete it")
    before = content["settings"]
    differing = [
        f"{name} was {before.get(name)!r} and is now {now!r}"
        for name, now in settings.items()
        if before.get(name) != now
    ]
    if differing:
        raise ValueError(
            f"the checkpoint {path} belongs to another configuration: {'; '.join(differing)}. "
            "Use the same arguments, or another checkpoint file"
        )
    return content["state"]


def describe_data(data: Batches | None) -> str | None:
    """Describe a tensor by its shape and checksum, and a loader by its length; None for no data."""
    if data is None:
        return None
    if isinstance(data, Tensor):
        checksum = crc32(data.detach().float().cpu().contiguous().numpy().data)
        return f"tensor {tuple(data.shape)} with checksum {checksum:08x}"
    own = " and a generator" if getattr(data, "generator", None) is not None else ""
    return f"loader of {len(data)} batches{own}"
