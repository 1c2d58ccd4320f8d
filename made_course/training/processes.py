"""Several processes that train one model together, as ``torchrun`` starts them.

Every process has the whole model and the same random stream, so that all agree on the order of the
rows and on the masks of each step. Of each batch a process takes its share of the rows; gradients
are averaged by PyTorch's DistributedDataParallel (gloo on processors, NCCL on GPUs).
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from ..model.made import MADE

Value = TypeVar("Value")


@dataclass(frozen=True)
class Processes:
    """The processes that train together, seen from one of them; alone where there is no other.

    Attributes:
        rank: number of this one, from 0.
        size: how many there are.
        device: where the model of this process is.

    Example:
        >>> Processes(rank=1, size=2).share(torch.arange(5))
        tensor([1, 3])
        >>> Processes().total(3.0, 5.0)
        [3.0, 5.0]
    """

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def has_fused_optimizers(self) -> bool:
        """Whether PyTorch's optimizers have a fast form in one piece on this kind of device."""
        return self.device.type in ("cpu", "cuda")

    def share(self, batch: Tensor) -> Tensor:
        """The rows of a batch that are this process's; the last processes may have one less."""
        return batch if self.size == 1 else batch[self.rank :: self.size]

    def total(self, *numbers: float) -> list[float]:
        """The sum of each number over all processes."""
        if self.size == 1:
            return list(numbers)
        dtype = torch.float32 if self.device.type == "mps" else torch.float64
        sums = torch.tensor(numbers, dtype=dtype, device=self.device)
        distributed.all_reduce(sums)
        return sums.tolist()

    def agree(self, value: Value) -> Value:
        """What the first process says."""
        if self.size == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0, device=self.device)
        return values[0]

    def log_prob_of(self, model: MADE) -> Callable[[Tensor], Tensor]:
        """The model's ``log_prob``, such that ``backward()`` averages over the processes.

        The model first becomes that of the first process, weights and masks.
        """
        if self.size == 1:
            return model.log_prob
        state = {name: tensor.cpu() for name, tensor in model.state_dict().items()}
        model.load_state_dict(self.agree(state))  # masks follow
        # they are alike in all processes from then on: nothing has to be sent at every step
        wrap = nn.parallel.DistributedDataParallel
        new, old = "forward_sync_buffers", "broadcast_buffers"  # the old name warns where both are
        options: dict[str, Any] = {new if new in signature(wrap).parameters else old: False}
        return wrap(_LogProb(model), init_sync=False, **options)


ALONE = Processes()
"""What a single process is."""


def processes_on(device: torch.device) -> Processes:
    """The processes of this run: those that ``torchrun`` started, else this one alone.

    Where they do not know of each other yet, they are introduced, once and until they end.
    """
    if not distributed.is_available():
        return Processes(device=device)
    if distributed.is_torchelastic_launched() and not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(_leave)
    if not distributed.is_initialized():
        return Processes(device=device)
    return Processes(distributed.get_rank(), distributed.get_world_size(), device)


def _leave() -> None:
    # A thread of gloo may still hold tensors of the last exchange. To let go of them it needs the
    # interpreter's lock, and one that asks for it when Python has ended aborts the process.
    time.sleep(0.1)
    distributed.destroy_process_group()


class _LogProb(nn.Module):
    def __init__(self, model: MADE) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model.log_prob(x)
