"""The loop of a training: epochs, their steps, and what ends it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..common.arguments import values_are_known
from ..common.last_training import last_training
from ..model.made import MADE
from ..model.sampling import evaluation_mode
from .batches import Batches, Loader, Shuffled, tensors
from .checkpoints import Epoch, Run
from .evaluate import sum_nll
from .history import History
from .random_streams import own_stream, stream_of_dropout

LARGE = 30
"""What lies beyond it was not standardised."""

OnEpoch = Callable[[MADE, History], bool | None]


def train_epochs(
    run: Run,
    train: Loader,
    valid: Batches | None,
    save: Callable[[], None] | None,
    on_epoch: OnEpoch | None,
    progress: bool,
) -> History:
    """The loop over epochs; ends with the best weights, or those of the last whole epoch."""
    steps = len(train)
    last_training.stopped_after = None
    with _progress_bar(run, steps, progress) as bar:
        try:
            while not run.schedule.is_over(run.history):
                start = time.perf_counter()
                with values_are_known(isinstance(train, Shuffled)), left_out(run.model):
                    epoch = len(run.history) + 1
                    train_nll = train_epoch(run, _counted(train, bar), epoch, steps)
                weights = run.weights()
                with run.schedule.shown(run.model):
                    score = None if valid is None else _score(run, valid, steps)
                    _note_epoch(run, weights, train_nll, score, time.perf_counter() - start)
                    bar.set_postfix_str(
                        f"train NLL {train_nll:.2f}" if score is None else f"valid NLL {score:.2f}"
                    )
                    if save is not None:
                        save()
                    if on_epoch is not None and _is_told_to_stop(on_epoch, run):
                        break
        except KeyboardInterrupt:
            last_training.stopped_after = run.last.number
        finally:
            run.go_back()
            run.model.eval()
    return run.history


@contextmanager
def left_out(model: MADE) -> Iterator[None]:
    """Meanwhile no row knows that it is one of those that the head has counted."""
    head = model.head
    model.head = head.left_out()
    try:
        yield
    finally:
        model.head = head


def train_epoch(run: Run, batches: Iterable[Tensor], epoch: int, steps: int) -> float:
    """One pass of gradient steps; the mean NLL of the batches, each under the weights it met."""
    model, processes = run.model.train(), run.processes
    weights = list(model.parameters())
    total, rows = 0.0, 0
    for number, batch in enumerate(tensors(batches)):
        step = (epoch - 1) * steps + number
        run.schedule.before_step(run.optimizer, step, steps)
        share = processes.share(batch).to(processes.device)
        # one context a step: autocast keeps its copies of the biases until it ends
        with (
            stream_of_dropout(step, processes),
            torch.autocast(processes.device.type, torch.bfloat16, enabled=bool(run.bfloat16)),
        ):
            # gradients are averaged over processes: this is the mean over the rows of all
            loss = -run.log_prob(share).sum() * processes.size / len(batch)
        run.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(weights, run.max_norm).item()
        nll = processes.total(loss.item())[0] / processes.size
        _require_finite(nll, norm, epoch, number, batch)
        run.optimizer.step()
        run.schedule.after_step(weights, step)
        if model.num_masks != 1:
            model.resample_masks()
        total += nll * len(batch)
        rows += len(batch)
    if rows == 0:
        raise ValueError(
            f"there are no batches in epoch {epoch}: a loader must yield them anew each time"
        )
    # what the last step did to the weights, no loss has shown yet
    with torch.no_grad(), evaluation_mode(model):
        nll = -processes.total(model.log_prob(share).sum().item())[0]
    _require_finite(nll, 0.0, epoch, number, batch)
    return total / rows


def _require_finite(nll: float, norm: float, epoch: int, number: int, batch: Tensor) -> None:
    if math.isfinite(nll) and math.isfinite(norm):
        return
    what = "the gradient is not finite" if math.isfinite(nll) else f"the loss is {nll:g}"
    cure = "lower lr, or check the data"
    if (largest := batch.float().norm(torch.inf).item()) > LARGE:
        cure = f"the data reach {largest:g}: standardise them, (x - x.mean(0)) / x.std(0)"
    raise FloatingPointError(
        f"{what} in epoch {epoch}, batch {number + 1}: {cure}; fit leaves the weights of the last "
        "good epoch"
    )


def _score(run: Run, valid: Batches, steps: int) -> float:
    """NLL on the validation data, under the first set of masks."""
    first = None if run.model.num_masks == 1 else 1
    total, rows = sum_nll(run.model, valid, first, processes=run.processes)
    if not math.isfinite(total):
        raise FloatingPointError(
            f"the loss on the validation data is {total:g} after epoch {len(run.history) + 1}: "
            "lower lr, or check the data; fit leaves the weights of the last good epoch"
        )
    return total / rows


def _note_epoch(
    run: Run, weights: dict[str, Tensor], train_nll: float, score: float | None, seconds: float
) -> None:
    history, best = run.history, run.last.best
    if score is not None and score < min(history.valid_nll, default=math.inf):
        best = run.weights()
    rate = run.optimizer.param_groups[0]["lr"]
    history.append(train_nll=train_nll, valid_nll=score, lr=rate, seconds=seconds)
    run.last = Epoch(len(history), weights, best)


def _is_told_to_stop(on_epoch: OnEpoch, run: Run) -> bool:
    stop = None
    if run.processes.rank == 0:
        with own_stream(run.processes.device):
            stop = on_epoch(run.model, run.history)
    return run.processes.agree(stop is True)


def _progress_bar(run: Run, steps: int, progress: bool) -> tqdm:
    epochs = run.schedule.epochs
    return tqdm(
        total=epochs and epochs * steps,
        initial=len(run.history) * steps,
        unit="step",
        disable=not progress or run.processes.rank > 0,
    )


def _counted(batches: Iterable[Tensor], bar: tqdm) -> Iterator[Tensor]:
    for batch in batches:
        yield batch
        bar.update()
