"""Torch's random streams: kept apart for a run with a seed, and brought back by a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from .processes import Processes


def random_states(device: torch.device) -> list[Tensor]:
    """States of the streams that a training on this device draws from."""
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    elif device.type == "mps":
        states.append(torch.mps.get_rng_state())
    return states


def set_random_states(device: torch.device, states: list[Tensor]) -> None:
    """Bring those streams to what :func:`random_states` gave."""
    torch.set_rng_state(states[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states[1], device)
    elif device.type == "mps":
        torch.mps.set_rng_state(states[1])


@contextmanager
def own_stream(device: torch.device) -> Iterator[None]:
    """What is drawn or seeded inside the ``with`` leaves torch's global streams as they were."""
    before = random_states(device)
    try:
        yield
    finally:
        set_random_states(device, before)


@contextmanager
def stream_for(seed: int | None, device: torch.device, processes: Processes) -> Iterator[None]:
    """A random stream of a seed's own; without one torch's, unless processes have to agree."""
    if seed is None and processes.size > 1:
        seed = processes.agree(int(torch.randint(2**62, ())))
    if seed is None:
        yield
        return
    with own_stream(device):
        _seed(device, seed)
        yield


@contextmanager
def stream_of_dropout(step: int, processes: Processes) -> Iterator[None]:
    """Of several processes each draws its own dropout, and none of it from the common stream."""
    if processes.size == 1:
        yield
        return
    with own_stream(processes.device):
        # by the seed of the stream, which its state brings along
        _seed(processes.device, hash((torch.initial_seed(), step, processes.rank)) % 2**63)
        yield


def _seed(device: torch.device, seed: int) -> None:
    """Seed the streams that a training on this device draws from, and no other."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
