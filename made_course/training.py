"""Training and scoring: :func:`fit`, :func:`evaluate`, checkpoints, and the plain recipe."""

from __future__ import annotations

import argparse
import io
import math
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from zlib import crc32

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from .arguments import check_choice, check_count, check_number
from .data import binarized_loader, load_mnist, make_mnist_loaders
from .files import read_tensors, write_whole
from .made import MADE
from .processes import ALONE, Processes, processes_on
from .sampling import evaluation_mode
from .tables import Table

PRECISIONS = ("auto", "float32", "bfloat16")
WARM_UP = 0.3
"""Share of all steps in which the learning rate rises to its peak."""
MAX_GRADIENT_NORM = 1.0
ONE_CYCLE = {"batch_size": 512, "lr": 0.015, "weight_decay": 0.03}
PATIENT = {"batch_size": 100, "lr": 0.01, "weight_decay": None}
"""What ``fit`` takes where an argument is left None, without and with ``patience``."""
FEWEST_STEPS = 10
"""Steps in an epoch of a small table, where ``fit`` chooses the batches of a patient run."""
FUSED = ("cpu", "cuda")
"""Kinds of device on which PyTorch's optimizers have a fast form in one piece."""

Batches = Tensor | Iterable[Tensor]


@dataclass
class History:
    """What a training run measured, one entry an epoch.

    Attributes:
        epoch: 1, 2, ...
        train_nll: mean over the epoch's batches, while the weights were still changing (nats).
        valid_nll: mean over the validation rows at the end of the epoch (nats); empty without any.
        lr: learning rate of the epoch's last step.
        seconds: duration of the epoch; left out of what a notebook shows.
        unit: of the NLL, "nats" or, for a density, "differential nats".

    Example:
        >>> history = History()
        >>> history.append(train_nll=2.5, valid_nll=2.25, lr=0.01, seconds=0.1)
        >>> history
        epoch  train NLL  valid NLL   rate
            1      2.500      2.250  0.010
    """

    epoch: list[int] = field(default_factory=list)
    train_nll: list[float] = field(default_factory=list)
    valid_nll: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    unit: str = "nats"

    def append(
        self, *, train_nll: float, lr: float, seconds: float, valid_nll: float | None = None
    ) -> None:
        """Add one epoch."""
        self.epoch.append(len(self.epoch) + 1)
        self.train_nll.append(train_nll)
        if valid_nll is not None:
            self.valid_nll.append(valid_nll)
        self.lr.append(lr)
        self.seconds.append(seconds)

    def truncate(self, epochs: int) -> None:
        """Forget all but the first epochs."""
        for values in self._lists().values():
            del values[epochs:]

    @property
    def best_epoch(self) -> int | None:
        """Epoch of the lowest validation NLL; None without validation."""
        if not self.valid_nll:
            return None
        return 1 + min(range(len(self.valid_nll)), key=self.valid_nll.__getitem__)

    def __len__(self) -> int:
        return len(self.epoch)

    def _lists(self) -> dict[str, list]:
        return {name: values for name, values in vars(self).items() if name != "unit"}

    def _columns(self) -> dict[str, list[str]]:
        columns = {
            "epoch": [str(e) for e in self.epoch],
            "train NLL": [f"{v:.3f}" for v in self.train_nll],
            "valid NLL": [f"{v:.3f}" for v in self.valid_nll],
            "rate": [f"{v:#.2g}" for v in self.lr],
        }
        return {name: column for name, column in columns.items() if column or name != "valid NLL"}

    def __repr__(self) -> str:
        columns = self._columns()
        widths = [max(map(len, [name, *column])) for name, column in columns.items()]
        rows = [list(columns), *zip(*columns.values(), strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        )

    def _repr_html_(self) -> str:
        columns = self._columns()
        head = "".join(f'<th scope="col">{name}</th>' for name in columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
            for row in zip(*columns.values(), strict=True)
        )
        return (
            f"<table><caption>negative log-likelihood (NLL) in {self.unit}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def evaluate(
    model: MADE, x: Batches, *, ensemble: int | None = None, batch_size: int = 1000
) -> float:
    r"""Mean negative log-likelihood of the rows, :math:`-\frac{1}{N}\sum_n \log p(x^{(n)})`.

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
    if isinstance(x, Tensor):
        model.check_data(x)
        x = x.split(batch_size)
    _check_iterable(x)
    device = next(model.parameters()).device
    total, rows = 0.0, 0
    with evaluation_mode(model), torch.autocast(device.type, enabled=False):
        for batch in _tensors(x):
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
            sets no limit (where nothing is left to chance, a score may get better for ever).
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
    # the plain numbers they stand for: those of NumPy would make a checkpoint unreadable
    if epochs is not None or not patience:
        epochs = check_count("epochs", 10 if epochs is None else epochs)
    default = PATIENT if patience else ONE_CYCLE
    if batch_size is None:
        batch_size = default["batch_size"]
        if patience and isinstance(train, Tensor):
            model.check_data(train)
            batch_size = min(batch_size, max(1, math.ceil(len(train) / FEWEST_STEPS)))
    batch_size = check_count("batch_size", batch_size)
    lr = check_number("lr", default["lr"] if lr is None else lr, positive=True)
    weight_decay = default["weight_decay"] if weight_decay is None else weight_decay
    if weight_decay is not None:
        weight_decay = check_number("weight_decay", weight_decay)
    check_choice("precision", precision, PRECISIONS)
    if seed is not None:
        seed = check_count("seed", seed, smallest=0)
    if patience is not None:
        patience = check_count("patience", patience)
        if valid is None:
            raise ValueError("patience needs validation data: pass valid=")
    if isinstance(on_epoch, type):
        raise TypeError(f"on_epoch must be an object, got a class: make one, {on_epoch.__name__}()")
    if on_epoch is not None and not callable(on_epoch):
        raise TypeError(f"on_epoch must be a function of model and history, got {on_epoch!r}")
    if checkpoint is not None and not pathlib.Path(checkpoint).absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder for the checkpoint {checkpoint}: create it")
    first = None if _has_one_mask(model) else 1
    steps = _count_batches(model, train, batch_size)
    if valid is not None:
        _count_batches(model, valid, batch_size)

    device = next(model.parameters()).device
    groups = [{"params": list(model.parameters())}]
    if patience:  # a bias is the logit of a frequency, which may be far from 0
        biases = [p for p in model.parameters() if p.dim() == 1]
        weights = [p for p in model.parameters() if p.dim() > 1]
        groups = [{"params": weights}, {"params": biases, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(
        groups,
        lr=lr,
        weight_decay=weight_decay or 0.0,
        fused=device.type in FUSED,
    )
    history = History(unit="differential nats" if _is_density(model) else "nats")

    def before_step(batch: int) -> None:
        step = len(history) * steps + batch
        share = min(1.0, (step + 1) / steps) if patience else one_cycle(step, steps * epochs)
        for group in optimizer.param_groups:
            group["lr"] = lr * share
        if weight_decay is None:  # AdamW multiplies it by the rate
            optimizer.param_groups[0]["weight_decay"] = falling_decay(step) / (lr * share)

    def after_step(batch: int) -> None:
        if patience:
            average_into(run["average"], model.parameters(), len(history) * steps + batch)
        bar.update()

    settings = {
        "model": f"{model!r} in {next(model.parameters()).dtype}",
        "epochs": None if patience else epochs,
        "batch_size": batch_size if isinstance(train, Tensor) else None,
        "lr": lr,
        "weight_decay": weight_decay,
        "patience": patience,
        "precision": precision,
        "seed": seed,
    }
    if checkpoint is not None:
        settings["train"] = _describe(train)
        settings["valid"] = None if valid is None else _describe(valid)
    processes = processes_on(device)
    with _stream_for(seed, device, processes):
        log_prob = processes.log_prob_of(model)
        # what is true of the last whole epoch; replaced as one when the next is done
        run = {"epochs": 0, "model": _copy_of(model), "best": None, "bfloat16": None}
        run["average"] = [p.detach().clone() for p in model.parameters()] if patience else None
        if checkpoint is not None and pathlib.Path(checkpoint).exists():
            run |= _resume(checkpoint, settings, model, optimizer, history, train)
        if run["bfloat16"] is None:
            own = next(model.parameters()).dtype
            run["bfloat16"] = precision == "bfloat16" or (
                precision == "auto"
                and own == torch.float32
                and not _is_density(model)
                and processes.agree(_bfloat16_is_faster(device))
            )
        with tqdm(
            total=epochs and epochs * steps,
            initial=len(history) * steps,
            unit="step",
            disable=not progress or processes.rank > 0,
        ) as bar:
            try:
                while not _is_over(history, epochs, patience):
                    start = time.perf_counter()
                    train_nll = _train_epoch(
                        model,
                        _batches(train, batch_size),
                        optimizer,
                        epoch=len(history) + 1,
                        before_step=before_step,
                        max_norm=MAX_GRADIENT_NORM,
                        bfloat16=run["bfloat16"],
                        after_step=after_step,
                        log_prob=log_prob,
                        processes=processes,
                    )
                    weights = scored = _copy_of(model)
                    if patience:
                        _set_weights(model, run["average"])
                        scored = _copy_of(model)
                    score = None
                    if valid is not None:
                        total, rows = _sum_nll(model, valid, first, processes=processes)
                        score = total / rows
                    if score is not None and not math.isfinite(score):
                        raise _not_finite(score, len(history) + 1, steps)
                    is_best = score is not None and score < min(history.valid_nll, default=math.inf)
                    history.append(
                        train_nll=train_nll,
                        valid_nll=score,
                        lr=optimizer.param_groups[0]["lr"],
                        seconds=time.perf_counter() - start,
                    )
                    run = {
                        **run,
                        "epochs": len(history),
                        "model": weights,
                        "best": scored if is_best else run["best"],
                    }
                    bar.set_postfix_str(
                        f"train NLL {train_nll:.2f}" if score is None else f"valid NLL {score:.2f}"
                    )
                    if checkpoint is not None and processes.rank == 0:
                        _write_checkpoint(checkpoint, settings, run, optimizer, history, train)
                    if on_epoch is not None:
                        stop = None
                        if processes.rank == 0:
                            with _own_random_stream(device):
                                stop = on_epoch(model, history)
                        if processes.agree(stop is True):
                            break
                    if patience:  # training goes on where it was
                        model.load_state_dict(weights)
            except KeyboardInterrupt:
                pass
            finally:
                history.truncate(run["epochs"])
                model.load_state_dict(run["best"] or run["model"])
                model.eval()
    return history


def one_cycle(step: int, steps: int) -> float:
    r"""Share of the peak learning rate at a step: up in a straight line, down along a cosine.

    Args:
        step: 0 .. steps - 1.
        steps: steps of the whole run.

    Returns:
        a number in (0, 1].

    Example:
        >>> [round(one_cycle(step, 10), 2) for step in range(10)]
        [0.33, 0.67, 1.0, 1.0, 0.95, 0.81, 0.61, 0.39, 0.19, 0.05]
    """
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    step = min(step, steps - 1)  # a loader may yield more batches than it announced
    return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1, steps - rise))


def falling_decay(step: int) -> float:
    r"""Share of itself that each weight loses at a step: :math:`10 / (100 + t)`.

    A strong decay leaves a network nothing but the strongest dependencies, a weak one lets it learn
    the rest and in the end the noise. What has passed through all of them in one run has met the
    decay that its data need, and the validation score tells when.

    Args:
        step: steps done so far, t.

    Returns:
        a number in (0, 0.1].

    Example:
        >>> falling_decay(0), falling_decay(900)
        (0.1, 0.01)
    """
    return 10 / (100 + step)


@torch.no_grad()
def average_into(averages: Sequence[Tensor], weights: Iterable[Tensor], step: int) -> None:
    r"""Take the weights after one more step into their averages, in place.

    .. math::
        \bar\theta \leftarrow \bar\theta + \frac{5}{t + 5}\,(\theta - \bar\theta)

    The first weights are the first averages. Later ones reach back over about a fifth of all steps,
    whatever their number, so that the noise of single batches cancels out.

    Args:
        averages: a tensor for each one of ``weights``.
        weights: those after step t.
        step: steps done before it, t.

    Source:
        Shamir and Zhang 2013, "Stochastic Gradient Descent for Non-smooth Optimization: Convergence
        Results and Optimal Averaging Schemes" (polynomial-decay averaging, with an exponent of 4).

    Example:
        >>> average = torch.zeros(1)
        >>> for step, weight in enumerate([2.0, 8.0]):
        ...     average_into([average], [torch.tensor([weight])], step)
        >>> average.item()  # 2, then five sixths of the way to 8
        7.0
    """
    for average, weight in zip(averages, weights, strict=True):
        average.lerp_(weight, 5 / (step + 5))


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
    fused = torch.device(device).type in FUSED
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=fused)
    for epoch in range(1, epochs + 1):
        train_nll = _train_epoch(model, train, optimizer, epoch=epoch)
        test_nll = evaluate(model, test)
        bpd = test_nll / (model.input_dim * math.log(2))
        print(
            f"Epoch {epoch:02d} | train NLL: {train_nll:.3f} | test NLL: {test_nll:.3f} "
            f"| bpd: {bpd:.3f}"
        )
    print(f"\nMADE parameters: {model.n_parameters():,}")
    return model.eval()


def _train_epoch(
    model: MADE,
    batches: Iterable[Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    epoch: int,
    before_step: Callable[[int], object] = lambda number: None,
    max_norm: float | None = None,
    bfloat16: bool = False,
    after_step: Callable[[int], object] = lambda number: None,
    log_prob: Callable[[Tensor], Tensor] | None = None,
    processes: Processes = ALONE,
) -> float:
    """One pass of gradient steps; the mean NLL of the batches, each under the weights it met."""
    model.train()
    log_prob = log_prob or model.log_prob
    device = next(model.parameters()).device
    total, rows = 0.0, 0
    for number, batch in enumerate(_tensors(batches)):
        before_step(number)
        share = processes.share(batch).to(device)
        # one context a step: autocast keeps its copies of the biases until it ends
        with (
            _stream_of_dropout(epoch, number, device, processes),
            torch.autocast(device.type, torch.bfloat16, enabled=bfloat16),
        ):
            # gradients are averaged over processes: this is the mean over the rows of all
            loss = -log_prob(share).sum() * processes.size / len(batch)
        optimizer.zero_grad()
        loss.backward()
        if max_norm is not None:
            norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        nll = processes.total(loss.item())[0] / processes.size
        if not math.isfinite(nll) or (max_norm is not None and not math.isfinite(norm)):
            raise _not_finite(nll, epoch, number + 1)
        optimizer.step()
        if not _has_one_mask(model):
            model.resample_masks()
        total += nll * len(batch)
        rows += len(batch)
        after_step(number)
    if rows == 0:
        raise ValueError(
            f"there are no batches in epoch {epoch}: a loader must yield them anew each time"
        )
    # what the last step did to the weights, no loss has shown yet
    with torch.no_grad(), evaluation_mode(model):
        nll = -processes.total(model.log_prob(share).sum().item())[0]
    if not math.isfinite(nll):
        raise _not_finite(nll, epoch, number + 1)
    return total / rows


def _has_one_mask(model: nn.Module) -> bool:
    return getattr(model, "num_masks", 1) == 1


def _is_density(model: nn.Module) -> bool:
    return getattr(model, "head", None) is not None and model.head.is_density


def _not_finite(nll: float, epoch: int, batch: int) -> FloatingPointError:
    what = "the gradient is not finite" if math.isfinite(nll) else f"the loss is {nll:g}"
    return FloatingPointError(
        f"{what} in epoch {epoch}, batch {batch}: lower lr, or check the data; fit leaves the "
        "weights of the last good epoch"
    )


@cache
def _bfloat16_is_faster(device: torch.device) -> bool:
    """Time the same product in float32 and in bfloat16, casts included: flags say nothing."""
    if device.type not in ("cpu", "cuda"):
        return False
    x, w = torch.ones(512, 512, device=device), torch.ones(512, 512, device=device)

    def seconds(enabled: bool) -> float:
        trials = []
        for _ in range(12):
            start = time.perf_counter()
            with torch.autocast(device.type, torch.bfloat16, enabled=enabled):
                nn.functional.linear(x, w).sum().item()
            trials.append(time.perf_counter() - start)
        return min(trials)

    with torch.no_grad():
        return seconds(True) < 0.8 * seconds(False)


@contextmanager
def _own_random_stream(device: torch.device) -> Iterator[None]:
    """What is drawn or seeded inside the ``with`` leaves torch's global streams as they were."""
    before = _random_states(device)
    try:
        yield
    finally:
        _set_random_states(device, before)


@contextmanager
def _stream_for(seed: int | None, device: torch.device, processes: Processes) -> Iterator[None]:
    """A random stream of a seed's own; without one torch's, unless processes have to agree."""
    if seed is None and processes.size > 1:
        seed = processes.agree(int(torch.randint(2**62, ())))
    if seed is None:
        yield
        return
    with _own_random_stream(device):
        _seed(device, seed)
        yield


@contextmanager
def _stream_of_dropout(
    epoch: int, number: int, device: torch.device, processes: Processes
) -> Iterator[None]:
    """Of several processes each draws its own dropout, and none of it from the common stream."""
    if processes.size == 1:
        yield
        return
    with _own_random_stream(device):
        # by the seed of the stream, which its state brings along
        _seed(device, hash((torch.initial_seed(), epoch, number, processes.rank)) % 2**63)
        yield


def _random_states(device: torch.device) -> list[Tensor]:
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    elif device.type == "mps":
        states.append(torch.mps.get_rng_state())
    return states


def _set_random_states(device: torch.device, states: list[Tensor]) -> None:
    torch.set_rng_state(states[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states[1], device)
    elif device.type == "mps":
        torch.mps.set_rng_state(states[1])


def _seed(device: torch.device, seed: int) -> None:
    """Seed the streams that a training on this device draws from, and no other."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


def _batches(data: Batches, batch_size: int) -> Iterator[Tensor]:
    if not isinstance(data, Tensor):
        return iter(data)
    shuffled = torch.randperm(len(data), device=data.device).split(batch_size)
    return (data.index_select(0, rows) for rows in shuffled)


def _count_batches(model: MADE, data: Batches, batch_size: int) -> int:
    """Steps in one pass over the data; raises unless they are data for this model."""
    if isinstance(data, Tensor):
        model.check_data(data)
        if len(data) == 0:
            raise ValueError(f"there are no rows: got shape {tuple(data.shape)}")
        return math.ceil(len(data) / batch_size)
    _check_iterable(data)
    try:
        batches = len(data)
    except TypeError as error:
        raise TypeError(f"a loader must have a length, got {type(data).__name__}") from error
    if batches == 0:
        raise ValueError("there are no batches: got an empty loader")
    return batches


def _check_iterable(data: object) -> None:
    if isinstance(data, Table):  # as an iterable it would pass for three batches
        raise TypeError(
            "data must be one part of a table, got all three: train, valid, test = table"
        )
    if isinstance(data, str) or not hasattr(data, "__iter__"):
        raise TypeError(
            f"data must be a (N, D) tensor or a loader of such batches, got {type(data).__name__}"
        )


def _tensors(batches: Iterable[Tensor]) -> Iterator[Tensor]:
    for batch in batches:
        if not isinstance(batch, Tensor):
            raise TypeError(
                "data must be a (N, D) tensor or a loader of such batches without labels, got "
                f"{type(batch).__name__} as a batch: torch.as_tensor makes a tensor"
            )
        yield batch


def _describe(data: Batches) -> str:
    if isinstance(data, Tensor):
        checksum = crc32(data.detach().float().cpu().contiguous().numpy())
        return f"tensor {tuple(data.shape)} with checksum {checksum:08x}"
    own = " and a generator" if getattr(data, "generator", None) is not None else ""
    return f"loader of {len(data)} batches{own}"


def _is_over(history: History, epochs: int | None, patience: int | None) -> bool:
    if epochs is not None and len(history) >= epochs:
        return True
    return patience is not None and len(history) - (history.best_epoch or 0) >= patience


@torch.no_grad()
def _set_weights(model: nn.Module, weights: Iterable[Tensor]) -> None:
    for p, weight in zip(model.parameters(), weights, strict=True):
        p.copy_(weight)


def _copy_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


# ---- checkpoints --------------------------------------------------------------------------------


def _write_checkpoint(path, settings, run, optimizer, history, train) -> None:
    """Write all that a run needs to go on, to a file that is whole at every moment."""
    loader = getattr(train, "generator", None)
    content = {
        "settings": settings,
        "run": run,
        "optimizer": optimizer.state_dict(),
        "history": history._lists(),
        "random": _random_states(next(iter(run["model"].values())).device),
        "loader": None if loader is None else loader.get_state(),
    }
    write_whole(path, lambda file: torch.save(content, file))


def _resume(path, settings, model, optimizer, history, train) -> dict:
    """Bring everything back to the state of the checkpoint, if it belongs to these settings."""
    content = read_tensors(path)
    parts = {"settings", "run", "optimizer", "history", "random", "loader"}
    if not isinstance(content, dict) or not parts <= content.keys():
        raise ValueError(f"{path} is no checkpoint of fit: choose another file or delete it")
    differing = [
        f"{name} was {content['settings'].get(name)!r} and is now {value!r}"
        for name, value in settings.items()
        if content["settings"].get(name) != value
    ]
    if differing:
        raise ValueError(
            f"the checkpoint {path} belongs to another configuration: {'; '.join(differing)}. "
            "Use the same arguments, or another checkpoint file"
        )
    if settings["patience"] and "average" not in content["run"]:
        raise ValueError(
            f"the checkpoint {path} is of an earlier version of fit, which kept no averages of the "
            "weights: choose another file or delete it"
        )
    optimizer.load_state_dict(content["optimizer"])
    model.load_state_dict(content["run"]["model"])
    for name, values in content["history"].items():
        getattr(history, name).extend(values)
    _set_random_states(next(model.parameters()).device, content["random"])
    if content["loader"] is not None:
        train.generator.set_state(content["loader"])
    run, device = content["run"], next(model.parameters()).device
    if run.get("average") is not None:
        run["average"] = [average.to(device) for average in run["average"]]
    return run


# ---- the training command -----------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> None:
    """Train a MADE on MNIST from the command line, on one process or, by ``torchrun``, on several.

    ``python -m made_course.training --epochs 10`` and
    ``torchrun --nproc-per-node=2 -m made_course.training --epochs 10`` take the same steps, up to
    rounding and dropout; ``--help`` lists the arguments. With ``torchrun`` on GPUs each process
    takes one.
    """
    parser = argparse.ArgumentParser(
        prog="python -m made_course.training", description="Train a MADE on binarised MNIST."
    )
    parser.add_argument("--data", default="auto", choices=("auto", "small", "full"))
    parser.add_argument("--binarize", default="threshold", choices=("threshold", "stochastic"))
    parser.add_argument("--hidden", type=int, nargs="*", default=[512, 512], metavar="H")
    parser.add_argument("--random-order", action="store_true", help="not raster order")
    parser.add_argument("--degrees", default="even", choices=("uniform", "paper", "even"))
    parser.add_argument("--direct", action="store_true", help="direct connections")
    parser.add_argument("--conditioning", action="store_true", help="conditioning weights")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--num-masks", type=int, default=1, help="0: fresh ones at every step")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=512, help="of all processes together")
    parser.add_argument("--lr", type=float, default=0.015)
    parser.add_argument("--weight-decay", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", help="file to write after every epoch and to go on from")
    parser.add_argument("--save", help="file for the weights: the model's state dict")
    given = parser.parse_args(arguments)

    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    processes = processes_on(device)
    is_first = processes.rank == 0
    with redirect_stdout(sys.stdout if is_first else io.StringIO()):
        train, test, _ = load_mnist(given.data)
    torch.manual_seed(given.seed)
    loader = binarized_loader(train, given.batch_size, given.binarize, shuffle=True)
    images = next(iter(binarized_loader(test, len(test), given.binarize, shuffle=False)))
    model = MADE(
        784,
        given.hidden,
        natural_order=not given.random_order,
        degrees=given.degrees,
        direct=given.direct,
        dropout=given.dropout,
        conditioning=given.conditioning,
        num_masks=given.num_masks or None,
        seed=given.seed,
    ).to(device)

    def say(_: MADE, history: History) -> None:
        print(
            f"epoch {len(history)}: train NLL {history.train_nll[-1]:.3f} nats, "
            f"{history.seconds[-1]:.1f} s",
            flush=True,
        )

    fit(
        model,
        loader,
        epochs=given.epochs,
        lr=given.lr,
        weight_decay=given.weight_decay,
        seed=given.seed,
        checkpoint=given.checkpoint,
        on_epoch=say,
        progress=False,
    )
    if is_first:
        print(f"test NLL: {evaluate(model, images):.3f} nats, {processes.size} process(es)")
        if given.save:
            write_whole(given.save, lambda path: torch.save(model.state_dict(), path))
            print(f"weights: {given.save}")


if __name__ == "__main__":
    main()
