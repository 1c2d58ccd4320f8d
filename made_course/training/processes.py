"""Several processes that train one model together, as ``torchrun`` starts them.

Every process has the whole model and the same random stream, so that all agree on the order of the
rows and on the masks of each step. Each process takes its share of the rows of a batch, and the
gradients are added up (by gloo on CPUs, NCCL on GPUs).
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from ..model.made import MADE

Value = TypeVar("Value")
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Processes:
    """The processes that train together, as seen from process number ``rank``, counted from 0.

    Example:
        >>> Processes(rank=1, size=2).take_share(torch.arange(5))
        tensor([1, 3])
    """

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

    def take_share(self, batch: Tensor) -> Tensor:
        """Return this process's rows of a batch (B, ...); some processes may have one row fewer."""
        return batch if self.size == 1 else batch[self.rank :: self.size]

    def sum_over_processes(self, number: float) -> float:
        """Return the sum of a number over all processes."""
        if self.size == 1:
            return number
        result = torch.tensor(number, dtype=torch.float64, device=self.device)
        distributed.all_reduce(result)
        return result.item()

    def broadcast(self, value: Value) -> Value:
        """Return the value of the first process, in every process."""
        if self.size == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0, device=self.device)
        return values[0]

    def share_model(self, model: MADE) -> None:
        """Copy the weights and masks of the first process to the others."""
        if self.size > 1:
            state = {name: tensor.cpu() for name, tensor in model.state_dict().items()}
            model.load_state_dict(self.broadcast(state))

    def add_gradients(self, weights: list[nn.Parameter]) -> None:
        """Replace each gradient with its sum over all processes."""
        if self.size > 1:
            for weight in weights:
                distributed.all_reduce(weight.grad)

    @contextmanager
    def using_stream(self, seed: int | None) -> Iterator[None]:
        """Use a random stream with this seed inside the ``with``, then restore the global one.

        With None, the stream starts as a copy of the global stream.
        """
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            if seed is not None:
                torch.manual_seed(seed)
            yield

    def using_seed(self, seed: int | None) -> AbstractContextManager[None]:
        """Use a random stream with this seed in all processes.

        Without a seed, a single process uses the global stream, and several share a new seed.
        """
        if seed is None and self.size > 1:
            seed = self.broadcast(int(torch.randint(2**62, ())))
        return nullcontext() if seed is None else self.using_stream(seed)

    def using_dropout_stream(self, step: int) -> AbstractContextManager[None]:
        """Use a separate random stream for dropout in each process, if there are several."""
        if self.size == 1:
            return nullcontext()
        # a resumed run has the same initial seed, because the seed is part of the state
        return self.using_stream(hash((torch.initial_seed(), step, self.rank)) % 2**63)

    def random_states(self) -> list[Tensor]:
        """Return the states of the random streams that training on this device uses."""
        return [stream.get_rng_state() for stream in self._random_streams()]

    def set_random_states(self, states: list[Tensor]) -> None:
        """Set the random streams to the states that :meth:`random_states` returned."""
        for stream, state in zip(self._random_streams(), states, strict=True):
            stream.set_rng_state(state)

    def _random_streams(self) -> list[Any]:
        own = [] if self.device.type == "cpu" else [torch.get_device_module(self.device)]
        return [torch, *own]


ALONE = Processes()


def connect_processes(device: torch.device) -> Processes:
    """Return the processes that ``torchrun`` started, or else this process alone.

    Processes that are not connected yet are connected until Python exits.
    """
    if not distributed.is_available():
        return Processes(device=device)
    if distributed.is_torchelastic_launched() and not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(_disconnect)
    if not distributed.is_initialized():
        return Processes(device=device)
    return Processes(distributed.get_rank(), distributed.get_world_size(), device)


def _disconnect() -> None:
    # A thread of gloo may still hold tensors of the last exchange, and needs the interpreter's lock
    # to release them. If Python ended first, the thread would abort the process.
    time.sleep(0.1)
    distributed.destroy_process_group()
