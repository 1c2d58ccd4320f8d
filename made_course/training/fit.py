"""Training with good defaults: ``fit`` checks its arguments, then runs epoch after epoch."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from torch import Tensor
from tqdm.auto import tqdm

from ..common.arguments import check_choice, check_count, check_number
from ..model.made import MADE
from .batches import Batches, Loader, ShuffledLoader, check_data
from .checkpoints import describe_data, read_checkpoint, write_checkpoint
from .history import History
from .precision import PRECISIONS, uses_bfloat16
from .processes import connect_processes
from .run import Run
from .schedules import OneCycle, PatientSchedule

OnEpoch = Callable[[MADE, History], bool | None]


def fit(
    model: MADE,
    train: Batches,
    valid: Batches | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    lr: float | None = None,
    weight_decay: float | None = None,
    patience: int | None = None,
    precision: str = "auto",
    seed: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    on_epoch: OnEpoch | None = None,
    progress: bool = True,
) -> History:
    """Train a model by maximum likelihood with AdamW and clipped gradients.

    A model with many sets of masks switches to the next set after each step, and is scored with the
    first. Under ``torchrun``, all processes train together, and each takes a share of every batch.

    After training, the model is in evaluation mode. It has the weights of its best epoch on
    ``valid``, or of the last epoch if there is no ``valid``. Ctrl-C (the stop button in Jupyter)
    ends the training and drops the unfinished epoch.

    Args:
        model: the model to train, in place and on its device.
        train: (N, D) values that the model's head allows (bool and integers are cast), or a loader
            that is iterated again in each epoch, see :func:`made_course.make_mnist_loaders`.
        valid: data in the same form, only for scoring.
        epochs: passes over ``train``; None is 10. With ``patience``, this is an upper limit, and
            None sets no limit.
        batch_size: rows per step, if ``train`` is a tensor; None is 512, or with ``patience`` a
            tenth of the rows, but at most 100.
        lr: peak of the learning rate; None is 0.015, or with ``patience`` 0.03.
        weight_decay: weight decay of AdamW; None is 0.03, or with ``patience`` the
            :func:`~made_course.training.schedules.falling_decay`.
        patience: end the training after this many epochs without a better score on ``valid``. This
            suits tables of a few hundred to about ten thousand rows. The schedule is then
            :class:`~made_course.training.schedules.PatientSchedule`, independent of ``epochs``.
        precision: ``"float32"`` (the model's own dtype), ``"bfloat16"`` (autocast), or ``"auto"``:
            autocast if a short trial finds it faster, but never for densities or in float64.
        seed: seed of shuffling and dropout, used without changing torch's global stream; None uses
            the global stream. To repeat a whole run, also call ``torch.manual_seed`` before the
            model is built.
        checkpoint: file to write after each epoch. If it exists, training resumes from it, and
            ends exactly as if it had never stopped. The history then includes the earlier epochs.
        on_epoch: called as ``on_epoch(model, history)`` after each epoch; True stops the training.
            It must not change the model.
        progress: whether to show a progress bar.

    Raises:
        FloatingPointError: if the loss or its gradient is not finite.
        OSError: if the checkpoint cannot be read or written.
        TypeError or ValueError: if an argument or the data have a wrong type or value, ``patience``
            is given without ``valid``, or the checkpoint belongs to different arguments.

    Source:
        Germain et al. 2015, Algorithm 1 (the loss); Loshchilov and Hutter 2019 (AdamW); Smith and
        Topin 2018 (one cycle); Shamir and Zhang 2013 (averages).

    Example:
        >>> import torch
        >>> from made_course import evaluate
        >>> x = torch.tensor([[0, 0, 0], [0, 1, 1], [1, 1, 0]]).repeat(40, 1)
        >>> model = MADE(3, hidden_dims=(16,), seed=0)
        >>> history = fit(model, x, epochs=100, lr=0.05, seed=0, progress=False)
        >>> evaluate(model, x) < 1.2  # the entropy of 3 equally frequent rows is ln 3 = 1.10 nats
        True
    """
    if patience is not None and valid is None:
        raise ValueError("patience needs validation data: pass valid=")
    schedule = _make_schedule(epochs, lr, weight_decay, patience)
    check_choice("precision", precision, PRECISIONS)
    seed = None if seed is None else check_count("seed", seed, smallest=0, largest=2**63 - 1)
    check_data(model, train)
    if valid is not None:
        check_data(model, valid)
    batches: Loader | ShuffledLoader = train
    if isinstance(train, Tensor):
        size = schedule.batch_size(len(train)) if batch_size is None else batch_size
        batches = ShuffledLoader(train, check_count("batch_size", size))

    own = next(model.parameters())
    settings = {
        "model": f"{model!r} in {own.dtype}",
        # a checksum, because repr abbreviates a long ordering
        "ordering": describe_data(model.order) if _has_given_ordering(model) else None,
        "train": describe_data(train),
        "valid": describe_data(valid),
        "batch_size": batches.batch_size if isinstance(batches, ShuffledLoader) else None,
        **asdict(schedule),
        # with patience, epochs is only a limit, which may change when a run is resumed
        "epochs": schedule.epochs if patience is None else None,
        "precision": precision,
        "seed": seed,
    }
    processes = connect_processes(own.device)
    with processes.using_seed(seed):
        bfloat16 = uses_bfloat16(precision, model, processes)
        run = Run(model, schedule, batches, valid, processes, bfloat16)
        if checkpoint is not None and pathlib.Path(checkpoint).exists():
            run.load(read_checkpoint(checkpoint, settings))

        def save() -> None:
            if checkpoint is not None and processes.rank == 0:
                write_checkpoint(checkpoint, settings, run.state())

        _train(run, save, on_epoch, progress)
    return run.history


def _has_given_ordering(model: MADE) -> bool:
    """Return True if the ordering was given to the model, or the model is not a MADE."""
    return not isinstance(model, MADE) or model.mask_sets.has_given_ordering


def _make_schedule(
    epochs: int | None, lr: float | None, weight_decay: float | None, patience: int | None
) -> OneCycle | PatientSchedule:
    """Return the schedule with these settings, and with its own defaults where they are None."""
    given = (
        ("epochs", epochs, check_count),
        ("lr", lr, partial(check_number, positive=True)),
        ("weight_decay", weight_decay, check_number),
        ("patience", patience, check_count),
    )
    chosen: Any = {name: check(name, value) for name, value, check in given if value is not None}
    return OneCycle(**chosen) if patience is None else PatientSchedule(**chosen)


def _train(run: Run, save: Callable[[], None], on_epoch: OnEpoch | None, progress: bool) -> None:
    """Run epoch after epoch until the schedule, ``on_epoch`` or an interrupt ends the run."""
    epochs, steps = run.schedule.epochs, len(run.train)
    with tqdm(
        total=epochs and epochs * steps,
        initial=len(run.history) * steps,
        unit="step",
        disable=not progress or run.processes.rank > 0,
    ) as bar:
        try:
            while not run.schedule.is_over(run.history):
                run.run_epoch(bar)
                name = "valid" if run.history.valid_nll else "train"
                bar.set_postfix_str(f"{name} NLL {getattr(run.history, f'{name}_nll')[-1]:.2f}")
                save()
                if on_epoch is not None and _asks_to_stop(on_epoch, run):
                    break
        except KeyboardInterrupt:
            pass  # return the history so far
        finally:
            run.finish()


def _asks_to_stop(on_epoch: OnEpoch, run: Run) -> bool:
    """Call ``on_epoch`` in the first process, and tell every process whether it asks to stop."""
    stop = None
    if run.processes.rank == 0:
        with run.using_averages(), run.processes.using_stream(None):
            stop = on_epoch(run.model, run.history)
    return run.processes.broadcast(stop is True)
