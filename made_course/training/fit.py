"""Training with good defaults: ``fit`` checks its arguments, then runs epoch after epoch."""

from __future__ import annotations

import os
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

from torch import Tensor
from tqdm.auto import tqdm

from ..common.arguments import check_choice, check_count
from ..model.made import MADE
from .batches import Batches, Loader, Shuffled, check_data
from .checkpoints import fingerprint, read_checkpoint, write_checkpoint
from .history import History
from .precision import PRECISIONS, takes_bfloat16
from .processes import processes_on
from .run import Run
from .schedules import OneCycle, Patient

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

    A model with many sets of masks goes to the next set after each step, and is scored under the
    first. Under ``torchrun``, all processes train together: each takes its share of every batch.

    The model ends in evaluation mode, with the weights of its best epoch on ``valid``, or else of
    the last epoch. Ctrl-C (the stop button in Jupyter) ends the training after the last whole
    epoch.

    Args:
        model: the model to train, in place and on its device.
        train: (N, D) tensor valid for the model (bool and integers are cast), or a loader that is
            iterated again in each epoch, such as those of :func:`made_course.make_mnist_loaders`.
        valid: the same, only for scoring.
        epochs: passes over ``train``; None is 10. With ``patience``, an upper limit; None sets no
            limit.
        batch_size: rows per step, if ``train`` is a tensor; None is 512, or with ``patience`` a
            tenth of the rows and at most 100.
        lr: peak of the learning rate; None is 0.015, or with ``patience`` 0.03.
        weight_decay: weight decay of AdamW; None is 0.03, or with ``patience`` the
            :func:`~made_course.training.schedules.falling_decay`.
        patience: number of epochs without a better score on ``valid`` that end the training. This
            suits tables of some hundred to some ten thousand rows. The rate falls to a third after
            each sixth of the patience without a better score, and the weights that are scored and
            kept are averages over the last steps. Nothing depends on ``epochs`` then.
        precision: ``"float32"`` (the model's own dtype), ``"bfloat16"`` (autocast), or ``"auto"``:
            autocast if a short trial finds it faster, and never for densities.
        seed: seed of shuffling and dropout, which leaves torch's global stream unchanged; None
            uses the global stream. To repeat a whole run, also call ``torch.manual_seed`` before
            the model is built.
        checkpoint: file to write after each epoch. If it exists, the training goes on from it, and
            ends exactly as if it had never stopped.
        on_epoch: called as ``on_epoch(model, history)`` after each epoch; True stops the training.
            It must not change the model.
        progress: whether to show a progress bar.

    Returns:
        the :class:`History` of the run, including epochs before a checkpoint.

    Raises:
        TypeError, ValueError: if an argument is not as described, or the checkpoint belongs to
            another configuration.
        OSError: if the checkpoint cannot be read or written.
        FloatingPointError: if the loss or its gradient is not finite.

    Source:
        Germain et al. 2015, Algorithm 1 (the loss); Loshchilov and Hutter 2019 (AdamW); Smith and
        Topin 2018 (one cycle); Shamir and Zhang 2013 (averages).

    Example:
        >>> import torch
        >>> from made_course import evaluate
        >>> x = torch.tensor([[0, 0, 0], [0, 1, 1], [1, 1, 0]]).repeat(40, 1)
        >>> model = MADE(3, hidden_dims=(16,), seed=0)
        >>> history = fit(model, x, epochs=100, lr=0.05, seed=0, progress=False)
        >>> evaluate(model, x) < 1.2  # the entropy of three equal patterns is ln 3 = 1.10 nats
        True
    """
    given = {"epochs": epochs, "lr": lr, "weight_decay": weight_decay}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    schedule = OneCycle(**chosen) if patience is None else Patient(patience, **chosen)
    if patience is not None and valid is None:
        raise ValueError("patience needs validation data: pass valid=")
    check_choice("precision", precision, PRECISIONS)
    seed = None if seed is None else check_count("seed", seed, smallest=0, largest=2**63 - 1)
    check_data(model, train)
    if valid is not None:
        check_data(model, valid)
    batches, batch_size = _batches(model, train, batch_size, schedule)

    own = next(model.parameters())
    settings = {
        "model": f"{model!r} in {own.dtype}",
        "train": fingerprint(train),
        "valid": fingerprint(valid),
        "batch_size": batch_size,
        **schedule.settings(),
        "precision": precision,
        "seed": seed,
    }
    processes = processes_on(own.device)
    with processes.seeded(seed):
        bfloat16 = takes_bfloat16(precision, model, processes)
        run = Run(model, schedule, batches, valid, processes, bfloat16)
        if checkpoint is not None and pathlib.Path(checkpoint).exists():
            run.load(read_checkpoint(checkpoint, settings))

        def save() -> None:
            if checkpoint is not None and processes.rank == 0:
                write_checkpoint(checkpoint, settings, run.state())

        _train(run, save, on_epoch, progress)
    since_best = len(run.history) - (run.history.best_epoch or 0)
    if patience is not None and len(run.history) == epochs and since_best < patience:
        warnings.warn(
            f"fit stopped at epochs={epochs} before patience={patience} was used up: the best "
            f"epoch is {run.history.best_epoch}, and a longer run may find a better one",
            stacklevel=2,
        )
    return run.history


def _batches(
    model: MADE, train: Batches, batch_size: int | None, schedule: OneCycle | Patient
) -> tuple[Loader, int | None]:
    """Return a loader of the training data and its batch size, None if the loader has its own."""
    if not isinstance(train, Tensor):
        return train, None
    if batch_size is None:
        batch_size = schedule.batch_size(len(train))
    batch_size = check_count("batch_size", batch_size)
    return Shuffled(train, batch_size), batch_size


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
                run.epoch(bar)
                name = "valid" if run.history.valid_nll else "train"
                bar.set_postfix_str(f"{name} NLL {getattr(run.history, f'{name}_nll')[-1]:.2f}")
                save()
                if on_epoch is not None and _asks_to_stop(on_epoch, run):
                    break
        except KeyboardInterrupt:
            pass  # the history so far is returned
        finally:
            run.finish()


def _asks_to_stop(on_epoch: OnEpoch, run: Run) -> bool:
    """Call ``on_epoch`` in the first process, and return to all whether it asks to stop."""
    stop = None
    if run.processes.rank == 0:
        with run.shown(), run.processes.fork_random():
            stop = on_epoch(run.model, run.history)
    return run.processes.agree(stop is True)
