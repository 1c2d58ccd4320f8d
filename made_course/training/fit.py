"""Training by the good recipe: what is asked for is checked, and the loop set up."""

from __future__ import annotations

import os
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..common.arguments import check_choice, check_count
from ..model.made import MADE
from .batches import Batches, Loader, Shuffled, check_data
from .checkpoints import Run, resume
from .history import History
from .loop import train_epochs
from .precision import PRECISIONS, takes_bfloat16
from .processes import Processes, processes_on
from .random_streams import stream_for
from .schedules import OneCycle, Patient

MAX_GRADIENT_NORM = 1.0


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
    on_epoch: Callable[[MADE, History], bool | None] | None = None,
    progress: bool = True,
) -> History:
    """Train a model by maximum likelihood: AdamW, one learning-rate cycle, gradient clipping.

    A model with many sets of masks goes on to the next after every step, and is scored on
    ``valid`` with the first, as ``evaluate(model, valid, ensemble=1)`` does. Under ``torchrun`` all
    processes train together: each takes its share of every batch, and the first alone shows
    progress, writes checkpoints and calls ``on_epoch``.

    The model ends in evaluation mode, with the weights of its best epoch on ``valid`` if there is
    any, else of the last epoch. Ctrl-C (the stop button in Jupyter) ends the training early, as of
    the last whole epoch.

    Args:
        model: the model to train, in place, on the device where it is.
        train: (N, D) tensor valid for the model (bool and integers are cast), or a loader that is
            iterated anew each epoch, such as those of :func:`made_course.make_mnist_loaders`.
        valid: the same, for scoring only.
        epochs: passes over ``train``; None is 10. With ``patience`` at most that many, and None
            sets no limit (where nothing is left to chance, a score may get better for ever); a
            warning says where the limit came first.
        batch_size: rows a step, where ``train`` is a tensor; None is 512, with ``patience``
            a tenth of the rows and at most 100.
        lr: peak of the learning rate; None is 0.015, with ``patience`` 0.03.
        weight_decay: of AdamW; None is 0.03, with ``patience`` the :func:`falling_decay`.
        patience: stop once that many epochs have brought no better score on ``valid``. This is for
            tables of some hundred to some ten thousand rows: with more, the default comes as far,
            or nearly, in a small part of the time. Nothing depends on ``epochs`` then. The rate
            stays at its peak after the first epoch; the decay goes from strong to weak, so that the
            best epoch chooses the decay, too; biases do not decay; and what is scored, shown to
            ``on_epoch`` and kept are weights averaged over the last steps, see
            :func:`average_into`.
        precision: ``"float32"`` computes in the model's own dtype, ``"bfloat16"`` under autocast,
            ``"auto"`` under autocast where a short trial shows that it is faster here, and never
            for densities, which may be too narrow for it.
        seed: governs shuffling and dropout and leaves torch's global stream alone; None uses it.
            The weights of a new model come from that stream, so ``torch.manual_seed(0)`` before
            ``MADE(..., seed=0)`` and ``fit(..., seed=0)`` repeat a whole run.
            Equal seeds give equal bits on one computer, with as many threads, where ``precision``
            is not left to a trial.
        checkpoint: file to write after every epoch. If it is there already, training goes on
            from it and ends exactly as if it had never stopped. Of a loader only its length and
            generator are known: that it yields the same data again is up to you.
        on_epoch: called as ``on_epoch(model, history)`` after every epoch; True stops. It may look
            and draw, also from torch's global stream, but must not change the model.
        progress: show a progress bar.

    Returns:
        the :class:`History` of the run, what came before a checkpoint included.

    Raises:
        TypeError, ValueError: if an argument is not as described, or the checkpoint belongs to
            another configuration.
        OSError: if the checkpoint cannot be read or written.
        FloatingPointError: if the loss or its gradient is not finite; the model then has the
            weights of its last good epoch.

    Source:
        Germain et al. 2015, Algorithm 1 (the loss); Loshchilov and Hutter 2019 (AdamW); Smith and
        Topin 2018 (one cycle); Shamir and Zhang 2013 (averages).

    Example:
        >>> from made_course import evaluate
        >>> x = torch.tensor([[0, 0, 0], [0, 1, 1], [1, 1, 0]]).repeat(40, 1)
        >>> model = MADE(3, hidden_dims=(16,), seed=0)
        >>> history = fit(model, x, epochs=100, lr=0.05, seed=0, progress=False)
        >>> evaluate(model, x) < 1.2  # the entropy of three equal patterns is ln 3 = 1.10 nats
        True
    """
    asked = {"epochs": epochs, "lr": lr, "weight_decay": weight_decay}
    chosen: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    schedule = OneCycle(**chosen) if patience is None else Patient(patience, **chosen)
    check_choice("precision", precision, PRECISIONS)
    seed = None if seed is None else check_count("seed", seed, smallest=0, largest=2**63 - 1)
    check_data(model, train)
    if isinstance(train, Tensor):
        model.head.check_table(train)
    if valid is not None:
        check_data(model, valid)
    elif patience is not None:
        raise ValueError("patience needs validation data: pass valid=")
    if isinstance(train, Tensor):
        if batch_size is None:
            batch_size = schedule.batch_size(len(train))
        batch_size = check_count("batch_size", batch_size)
        batches: Loader = Shuffled(train, batch_size)
    else:
        batches, batch_size = train, None  # it is the loader's
    if isinstance(on_epoch, type):
        raise TypeError(f"on_epoch must be an object, got a class: make one, {on_epoch.__name__}()")
    if on_epoch is not None and not callable(on_epoch):
        raise TypeError(f"on_epoch must be a function of model and history, got {on_epoch!r}")
    if checkpoint is not None and not pathlib.Path(checkpoint).absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder for the checkpoint {checkpoint}: create it")

    own = next(model.parameters())
    processes = processes_on(own.device)
    with stream_for(seed, own.device, processes):
        run = _start(model, schedule, processes)
        save = None
        if checkpoint is not None:
            settings = {
                "model": f"{model!r} in {own.dtype}",
                "batch_size": batch_size,
                **schedule.settings(),
                "precision": precision,
                "seed": seed,
            }
            save = resume(run, checkpoint, settings, train, valid)
        if run.bfloat16 is None:
            run.bfloat16 = takes_bfloat16(precision, model, processes)
        history = train_epochs(run, batches, valid, save, on_epoch, progress)
    since_best = len(history) - (history.best_epoch or 0)
    if patience is not None and len(history) == epochs and since_best < patience:
        warnings.warn(
            f"fit stopped at epochs={epochs} before patience={patience} had run out: the best "
            f"epoch is {history.best_epoch}, and a longer run may find a better one",
            stacklevel=2,
        )
    return history


def _start(model: MADE, schedule: OneCycle | Patient, processes: Processes) -> Run:
    log_prob = processes.log_prob_of(model)
    fused = processes.has_fused_optimizers
    optimizer = torch.optim.AdamW(schedule.groups(model), lr=schedule.lr, fused=fused)
    history = History(
        unit="differential nats" if model.head.is_density else "nats",
        planned=schedule.epochs if isinstance(schedule, OneCycle) else None,
    )
    return Run(model, optimizer, schedule, log_prob, processes, history, MAX_GRADIENT_NORM)
