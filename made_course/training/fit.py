"""Training and scoring: :func:`fit`, :func:`evaluate`, and the plain recipe."""

from __future__ import annotations

import math
import os
import pathlib
import time
import warnings
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..common.arguments import check_choice, check_count, check_number, values_are_known
from ..common.last_training import last_training
from ..data.mnist import make_mnist_loaders
from ..model.made import MADE
from ..model.sampling import evaluation_mode
from .batches import Batches, check_data, check_iterable, count_batches, shuffled, tensors
from .checkpoints import Epoch, Run, resume
from .history import History
from .precision import PRECISIONS, bfloat16_is_faster
from .processes import ALONE, Processes, processes_on
from .random_streams import own_stream, stream_for, stream_of_dropout
from .schedules import Constant, OneCycle, Patient

MAX_GRADIENT_NORM = 1.0
FUSED = ("cpu", "cuda")
"""Kinds of device on which PyTorch's optimizers have a fast form in one piece."""
LARGE = 30
"""What lies beyond it was not standardised."""

OnEpoch = Callable[[MADE, History], bool | None]


def evaluate(
    model: MADE, x: Batches, *, ensemble: int | None = None, batch_size: int = 1000
) -> float:
    r"""Mean negative log-likelihood (NLL) of the rows: lower is better.

    .. math::
        -\frac{1}{N}\sum_n \log p(x^{(n)})

    Dropout is off, products are in the model's own precision, and the model's training mode stays
    as it was.

    Args:
        model: a MADE, or anything with its ``log_prob`` and ``check_data``.
        x: (N, D) tensor valid for the model, or a loader of such batches.
        ensemble: None scores the set of masks in use; k the mixture of the first k sets of masks,
            or with ``num_masks=None`` of k that are drawn from a fixed seed.
        batch_size: rows at once, where ``x`` is a tensor.

    Returns:
        nats, for a density differential nats; divide by D ln 2 for bits per dimension.

    Raises:
        TypeError, ValueError: if the data are not as described, or there are none.

    Example:
        >>> model = MADE(784)
        >>> for p in model.parameters():
        ...     _ = torch.nn.init.zeros_(p)
        >>> round(evaluate(model, torch.ones(5, 784)), 2)  # a coin for each pixel: 784 ln 2
        543.43
    """
    total, rows = _sum_nll(model, x, ensemble, batch_size)
    if rows == 0:
        raise ValueError("there are no rows to evaluate: got empty data")
    return total / rows


@torch.no_grad()
def _sum_nll(
    model: MADE,
    x: Batches,
    ensemble: int | None,
    batch_size: int = 1000,
    processes: Processes = ALONE,
) -> tuple[float, int]:
    """NLL summed over all rows, and how many there are."""
    check_count("batch_size", batch_size)
    known = isinstance(x, Tensor)
    if known:
        model.check_data(x)
        x = x.split(batch_size)
    check_iterable(x)
    device = next(model.parameters()).device
    total, rows = 0.0, 0
    with (
        evaluation_mode(model),
        torch.autocast(device.type, enabled=False),
        values_are_known(known),
    ):
        for batch in tensors(x):
            share = processes.share(batch).to(device)
            total -= model.log_prob(share, ensemble).cpu().double().sum().item()
            rows += len(batch)
    return processes.total(total)[0], rows


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
        lr: peak of the learning rate; None is 0.015, with ``patience`` 0.01.
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
        >>> x = torch.tensor([[0, 0, 0], [0, 1, 1], [1, 1, 0]]).repeat(40, 1)
        >>> model = MADE(3, hidden_dims=(16,), seed=0)
        >>> history = fit(model, x, epochs=100, lr=0.05, seed=0, progress=False)
        >>> evaluate(model, x) < 1.2  # the entropy of three equal patterns is ln 3 = 1.10 nats
        True
    """
    chosen = {"epochs": epochs, "lr": lr, "weight_decay": weight_decay}
    chosen = {name: value for name, value in chosen.items() if value is not None}
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
    if not isinstance(train, Tensor):
        batch_size = None  # it is the loader's
    elif batch_size is None:
        batch_size = schedule.batch_size(len(train))
    else:
        batch_size = check_count("batch_size", batch_size)
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
            settings = {"model": f"{model!r} in {own.dtype}", "batch_size": batch_size}
            settings |= {**schedule.settings(), "precision": precision, "seed": seed}
            save = resume(run, checkpoint, settings, train, valid)
        if run.bfloat16 is None:
            run.bfloat16 = _takes_bfloat16(precision, model, processes)
        history = _train(run, train, valid, batch_size, save, on_epoch, progress)
    if patience is not None and len(history) == epochs and epochs - history.best_epoch < patience:
        warnings.warn(
            f"fit stopped at epochs={epochs} before patience={patience} had run out: the best "
            f"epoch is {history.best_epoch}, and a longer run may find a better one",
            stacklevel=2,
        )
    return history


def train_made(
    epochs: int = 10,
    hidden: tuple[int, ...] = (512, 512),
    lr: float = 2e-3,
    batch_size: int = 512,
    natural_order: bool = True,
    device: torch.device | str | None = None,
) -> MADE:
    """Train a MADE on binarised MNIST by the plainest recipe: Adam at a constant rate, float32.

    Prints a line an epoch and the number of parameters. ``torch.manual_seed`` before it makes it
    repeatable. :func:`fit` reaches better models in less time.

    Args:
        epochs: passes over the training images.
        hidden: width of each hidden layer.
        lr: learning rate.
        batch_size: images a step.
        natural_order: pixels in raster order; False draws a random ordering.
        device: None is the GPU if there is one, else the processor.

    Returns:
        the trained model, in evaluation mode.

    Raises:
        TypeError, ValueError: if an argument is not as described.
        FloatingPointError: if the loss is not finite.

    Source:
        the model and loss of Germain et al. 2015; Kingma and Ba 2015 (Adam).
    """
    check_count("epochs", epochs)
    check_number("lr", lr, positive=True)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    train, test = make_mnist_loaders(batch_size=batch_size)
    model = MADE(28 * 28, hidden_dims=hidden, natural_order=natural_order).to(device)
    processes = Processes(device=torch.device(device))
    fused = processes.device.type in FUSED
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=fused)
    run = Run(model, optimizer, Constant(), model.log_prob, processes)
    for epoch in range(1, epochs + 1):
        train_nll = train_epoch(run, train, epoch, len(train))
        test_nll = evaluate(model, test)
        bpd = test_nll / (model.input_dim * math.log(2))
        print(
            f"Epoch {epoch:02d} | train NLL: {train_nll:.3f} | test NLL: {test_nll:.3f} "
            f"| bpd: {bpd:.3f}"
        )
    print(f"\nMADE parameters: {model.n_parameters():,}")
    return model.eval()


# ---- the loop -----------------------------------------------------------------------------------


def _start(model: MADE, schedule: OneCycle | Patient, processes: Processes) -> Run:
    log_prob = processes.log_prob_of(model)
    fused = processes.device.type in FUSED
    optimizer = torch.optim.AdamW(schedule.groups(model), lr=schedule.lr, fused=fused)
    history = History(
        unit="differential nats" if model.head.is_density else "nats",
        planned=schedule.epochs if isinstance(schedule, OneCycle) else None,
    )
    run = Run(model, optimizer, schedule, log_prob, processes, history, MAX_GRADIENT_NORM)
    run.last = Epoch(0, run.weights())
    return run


def _train(
    run: Run,
    train: Batches,
    valid: Batches | None,
    batch_size: int | None,
    save: Callable[[], None] | None,
    on_epoch: OnEpoch | None,
    progress: bool,
) -> History:
    """The loop over epochs; ends with the best weights, or those of the last whole epoch."""
    steps = count_batches(train, batch_size)
    last_training.stopped_after = None
    with _progress_bar(run, steps, progress) as bar:
        try:
            while not run.schedule.is_over(run.history):
                start = time.perf_counter()
                with values_are_known(isinstance(train, Tensor)):
                    batches = _counted(shuffled(train, batch_size), bar)
                    train_nll = train_epoch(run, batches, len(run.history) + 1, steps)
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


def train_epoch(run: Run, batches: Iterable[Tensor], epoch: int, steps: int) -> float:
    """One pass of gradient steps; the mean NLL of the batches, each under the weights it met."""
    model, processes = run.model.train(), run.processes
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
        norm = nn.utils.clip_grad_norm_(model.parameters(), run.max_norm).item()
        nll = processes.total(loss.item())[0] / processes.size
        _require_finite(nll, norm, epoch, number, batch)
        run.optimizer.step()
        run.schedule.after_step(model, step)
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
    total, rows = _sum_nll(run.model, valid, first, processes=run.processes)
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


def _takes_bfloat16(precision: str, model: MADE, processes: Processes) -> bool:
    if precision != "auto":
        return precision == "bfloat16"
    if next(model.parameters()).dtype != torch.float32 or model.head.is_density:
        return False
    return processes.agree(bfloat16_is_faster(processes.device))
