"""One training run: a step, an epoch, and the state from which the run can resume."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..common.arguments import skip_value_checks
from ..model.made import MADE
from .batches import Batches, Loader, ShuffledLoader, unwrap_batches
from .evaluate import sum_nll
from .history import History
from .processes import Processes
from .schedules import OneCycle, PatientSchedule, update_averages

MAX_GRADIENT_NORM = 1.0
LARGE = 30
"""Absolute value above which data do not look standardised."""


class Run:
    """A training run: a model, its optimizer, the history and the best weights so far.

    The schedule gives the rate and the weight decay of each step, and ends the run. Each epoch
    trains on the batches of ``train``, and then scores ``valid``, if it is given.
    """

    def __init__(
        self,
        model: MADE,
        schedule: OneCycle | PatientSchedule,
        train: Loader,
        valid: Batches | None,
        processes: Processes,
        bfloat16: bool,
    ) -> None:
        self.model, self.schedule, self.processes = model, schedule, processes
        self.train, self.valid, self.bfloat16 = train, valid, bfloat16
        self.generator = getattr(train, "generator", None)
        processes.share_model(model)
        self.optimizer = torch.optim.AdamW(
            schedule.parameter_groups(model),
            lr=schedule.lr,
            fused=processes.device.type in ("cpu", "cuda"),
        )
        self.history = History(unit="differential nats" if model.head.is_density else "nats")
        self.weights = list(model.parameters())
        self.averages = [p.detach().clone() for p in self.weights] if schedule.averages else []
        self.last = self._model_state()
        self.best: dict[str, Tensor] | None = None

    def run_epoch(self, bar: tqdm) -> None:
        """Train on every batch once, score the model, and add the results to the history."""
        start = time.perf_counter()
        train_nll = self._take_steps(bar)
        last, best, valid_nll = self._model_state(), self.best, None
        if self.valid is not None:
            with self.using_averages():
                valid_nll = self._score(self.valid)
                if valid_nll < min(self.history.valid_nll, default=math.inf):
                    best = self._model_state()
        self.last, self.best = last, best
        rate, seconds = self.optimizer.param_groups[0]["lr"], time.perf_counter() - start
        self.history.append(train_nll=train_nll, valid_nll=valid_nll, lr=rate, seconds=seconds)

    def _take_steps(self, bar: tqdm) -> float:
        """Take a step per batch, and return the mean NLL, each batch scored before its step."""
        model, steps, total, rows = self.model.train(), len(self.train), 0.0, 0
        with skip_value_checks(isinstance(self.train, ShuffledLoader)):
            for number, batch in enumerate(unwrap_batches(self.train)):
                step = len(self.history) * steps + number
                self.schedule.set_rate(self.optimizer, step, steps, self.history)
                nll, norm = self._compute_gradient(batch, step)
                if not (math.isfinite(nll) and math.isfinite(norm)):
                    raise self._explain_not_finite(nll, batch, number)
                self.optimizer.step()
                if self.averages:
                    update_averages(self.averages, self.weights, step)
                if model.num_masks != 1:
                    model.resample_masks()
                total += nll * len(batch)
                rows += len(batch)
                bar.update()
        return total / rows

    def _compute_gradient(self, batch: Tensor, step: int) -> tuple[float, float]:
        """Compute the clipped gradient of a batch's mean NLL; return the NLL and unclipped norm."""
        processes = self.processes
        share = processes.take_share(batch).to(processes.device)
        # one context per step, because autocast reuses its casts of the biases until it exits
        with (
            processes.using_dropout_stream(step),
            torch.autocast(processes.device.type, torch.bfloat16, enabled=self.bfloat16),
        ):
            loss = -self.model.log_prob(share).sum() / len(batch)
        self.optimizer.zero_grad()
        loss.backward()
        processes.add_gradients(self.weights)
        norm = nn.utils.clip_grad_norm_(self.weights, MAX_GRADIENT_NORM)
        return processes.sum_over_processes(loss.item()), norm.item()

    def _explain_not_finite(self, nll: float, batch: Tensor, number: int) -> FloatingPointError:
        problem = "the gradient is not finite" if math.isfinite(nll) else f"the loss is {nll:g}"
        cure = "lower lr, or check the data"
        if (largest := batch.float().norm(torch.inf).item()) > LARGE:
            cure = f"the data reach {largest:g}: standardise them, (x - x.mean(0)) / x.std(0)"
        return FloatingPointError(
            f"{problem} in epoch {len(self.history) + 1}, batch {number + 1}: {cure}. The "
            "model's weights are those from before this epoch"
        )

    def _score(self, data: Batches) -> float:
        """Return the mean NLL of the data under the first set of masks."""
        first = None if self.model.num_masks == 1 else 1
        total, rows = sum_nll(self.model, data, first, processes=self.processes)
        if not math.isfinite(total):
            raise FloatingPointError(
                f"the loss on the validation data is {total:g} after epoch "
                f"{len(self.history) + 1}: lower lr, or check the data. The model's weights are "
                "those from before this epoch"
            )
        return total / rows

    @contextmanager
    def using_averages(self) -> Iterator[None]:
        """Use the averaged weights, if there are any, inside the ``with``."""
        own = [p.detach().clone() for p in self.weights] if self.averages else []
        _copy_into(self.weights, self.averages)
        try:
            yield
        finally:
            _copy_into(self.weights, own)

    def finish(self) -> None:
        """Put the model into evaluation mode, with the weights of its best or else last epoch."""
        self.model.load_state_dict(self.best or self.last)
        self.model.eval()

    def state(self) -> dict[str, Any]:
        """Return everything that the run needs to resume after its last complete epoch."""
        return {
            "last": self.last,
            "best": self.best,
            "averages": self.averages,
            "optimizer": self.optimizer.state_dict(),
            "history": vars(self.history),
            "bfloat16": self.bfloat16,
            "random": self.processes.random_states(),
            "loader": None if self.generator is None else self.generator.get_state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Restore a state that :meth:`state` returned, to resume its run."""
        self.last, self.best, self.bfloat16 = state["last"], state["best"], state["bfloat16"]
        self.model.load_state_dict(self.last)
        _copy_into(self.averages, state["averages"])
        self.optimizer.load_state_dict(state["optimizer"])
        vars(self.history).update(state["history"])
        self.processes.set_random_states(state["random"])
        if self.generator is not None:
            self.generator.set_state(state["loader"])

    def _model_state(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.model.state_dict().items()}


@torch.no_grad()
def _copy_into(targets: Iterable[Tensor], sources: Iterable[Tensor]) -> None:
    for target, source in zip(targets, sources, strict=False):  # there may be no averages
        target.copy_(source)
