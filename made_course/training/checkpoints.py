"""A training in progress, and the file from which it goes on: whole at every moment."""

from __future__ import annotations

import math
import os
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ..common.files import read_tensors, write_whole
from ..model.made import MADE
from .batches import Batches, fingerprint
from .history import History
from .processes import Processes
from .random_streams import random_states, set_random_states
from .schedules import Patient, Schedule


@dataclass(frozen=True)
class Epoch:
    """What a run goes back to where an epoch fails: replaced as one when the next is done.

    Attributes:
        number: 1, 2, ...; 0 before the first.
        weights: the model's state dict.
        best: that of the best epoch so far, if any has a score.
    """

    number: int
    weights: dict[str, Tensor]
    best: dict[str, Tensor] | None = None


@dataclass
class Run:
    """A training in progress.

    Attributes:
        log_prob: the model's, such that ``backward()`` averages over the processes.
        max_norm: length to which longer gradients are shortened.
        bfloat16: whether products are computed in it; None is not decided yet.
        last: the last whole epoch.
    """

    model: MADE
    optimizer: Optimizer
    schedule: Schedule
    log_prob: Callable[[Tensor], Tensor]
    processes: Processes
    history: History = field(default_factory=History)
    max_norm: float = math.inf
    bfloat16: bool | None = None

    def __post_init__(self) -> None:
        self.last = Epoch(0, self.weights())

    def weights(self) -> dict[str, Tensor]:
        """A copy of what the model is now."""
        return {name: value.clone() for name, value in self.model.state_dict().items()}

    def go_back(self) -> None:
        """To the best epoch, or else to the last whole one."""
        self.history.truncate(self.last.number)
        self.model.load_state_dict(self.last.best or self.last.weights)


def resume(
    run: Run,
    path: str | os.PathLike[str],
    settings: Mapping[str, object],
    train: Batches,
    valid: Batches | None,
) -> Callable[[], None]:
    """Bring a run to where its checkpoint is, if there is one; returns what writes the next.

    Args:
        run: the run as it starts.
        path: file of the checkpoint.
        settings: what must be the same when a run goes on, beside the data.
        train: the training data.
        valid: the validation data.

    Raises:
        ValueError: if the file is damaged or no checkpoint, or its run had other settings.
        OSError: if it cannot be read, or later written; it is then untouched.
    """
    settings = {
        **settings,
        "train": fingerprint(train),
        "valid": None if valid is None else fingerprint(valid),
    }

    def write() -> None:
        content = {"settings": settings, **_state(run, train)}
        if run.processes.rank == 0:
            write_whole(path, lambda file: torch.save(content, file))

    if pathlib.Path(path).exists():
        content = read_tensors(path)
        if not isinstance(content, dict) or content.keys() != {"settings", *_state(run, train)}:
            raise ValueError(
                f"{path} is no checkpoint of fit, or one of another version: choose another file "
                "or delete it"
            )
        _require_same(path, content.pop("settings"), settings)
        _set_state(run, train, content)
    return write


def _require_same(path: object, before: Mapping[str, object], now: Mapping[str, object]) -> None:
    differing = [
        f"{name} was {before.get(name)!r} and is now {now.get(name)!r}"
        for name in {**now, **before}
        if before.get(name) != now.get(name)
    ]
    if differing:
        raise ValueError(
            f"the checkpoint {path} belongs to another configuration: {'; '.join(differing)}. "
            "Use the same arguments, or another checkpoint file"
        )


def _state(run: Run, train: Batches) -> dict[str, object]:
    """All that a run needs to go on."""
    loader = getattr(train, "generator", None)
    return {
        "last": vars(run.last),
        "bfloat16": run.bfloat16,
        "optimizer": run.optimizer.state_dict(),
        "average": getattr(run.schedule, "average", None),
        "history": vars(run.history),
        "random": random_states(run.processes.device),
        "loader": None if loader is None else loader.get_state(),
    }


def _set_state(run: Run, train: Batches, state: Mapping[str, Any]) -> None:
    run.last = Epoch(**state["last"])
    run.model.load_state_dict(run.last.weights)
    run.bfloat16 = state["bfloat16"]
    run.optimizer.load_state_dict(state["optimizer"])
    if isinstance(run.schedule, Patient):
        run.schedule.average = [mean.to(run.processes.device) for mean in state["average"]]
    vars(run.history).update(state["history"])
    set_random_states(run.processes.device, state["random"])
    if (loader := getattr(train, "generator", None)) is not None:
        loader.set_state(state["loader"])
