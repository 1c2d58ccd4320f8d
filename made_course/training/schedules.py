"""What ``fit`` asks at every step: how fast to learn, how much to forget, whether to go on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..common.arguments import check_count, check_number
from .history import History

WARM_UP = 0.3
"""Share of all steps in which the rate of :class:`OneCycle` rises to its peak."""
FEWEST_STEPS = 10
"""Steps in an epoch of a small table, where :class:`Patient` chooses the batches."""


class Schedule:
    """What a training asks; as it is, the rate stays as the optimizer has it, and nothing ends."""

    epochs: int | None = None

    def before_step(self, optimizer: Optimizer, step: int, steps: int) -> None:
        """Set rate and decay for a step, counted from 0 over all epochs, of ``steps`` each."""

    def after_step(self, weights: Sequence[Tensor], step: int) -> None:
        """Look at the new weights."""

    def shown(self, model: nn.Module) -> AbstractContextManager[None]:
        """The weights that are scored, inside a ``with``: as it is, the model's own."""
        return nullcontext()

    def is_over(self, history: History) -> bool:
        """Whether the run has had its epochs."""
        return self.epochs is not None and len(history) >= self.epochs


@dataclass
class OneCycle(Schedule):
    """The rate rises to its peak and falls again, once in all epochs.

    Args:
        epochs: of the run.
        lr: peak of the learning rate.
        weight_decay: of AdamW.
    """

    epochs: int = 10
    lr: float = 0.015
    weight_decay: float = 0.03

    def __post_init__(self) -> None:
        self.epochs = check_count("epochs", self.epochs)
        self.lr = check_number("lr", self.lr, positive=True)
        self.weight_decay = check_number("weight_decay", self.weight_decay)

    def settings(self) -> dict[str, object]:
        """What must not change when a run goes on."""
        return asdict(self)

    def batch_size(self, rows: int) -> int:
        """Rows a step, where nobody says."""
        return 512

    def groups(self, model: nn.Module) -> list[dict]:
        """Parameters for AdamW."""
        return [{"params": list(model.parameters()), "weight_decay": self.weight_decay}]

    def before_step(self, optimizer: Optimizer, step: int, steps: int) -> None:
        """Set the rate for a step: see :func:`one_cycle`."""
        optimizer.param_groups[0]["lr"] = self.lr * one_cycle(step, steps * self.epochs)


@dataclass
class Patient(Schedule):
    """The rate stays at its peak, and the score on validation rows says when to stop.

    The decay goes from strong to weak, so that the best epoch chooses it, too. Biases do not decay:
    one is the logit of a frequency, which may be far from 0. What is scored, shown and kept are
    weights averaged over the last steps, see :func:`average_into`.

    Args:
        patience: epochs without a better score after which a run is over.
        epochs: most epochs; None sets no limit.
        lr: learning rate after the first epoch, in which it rises.
        weight_decay: of AdamW; None is the :func:`falling_decay`.
    """

    patience: int
    epochs: int | None = None
    lr: float = 0.03
    weight_decay: float | None = None

    def __post_init__(self) -> None:
        self.patience = check_count("patience", self.patience)
        if self.epochs is not None:
            self.epochs = check_count("epochs", self.epochs)
        self.lr = check_number("lr", self.lr, positive=True)
        if self.weight_decay is not None:
            self.weight_decay = check_number("weight_decay", self.weight_decay)
        self.average: list[Tensor] = []

    def settings(self) -> dict[str, object]:
        """What must not change when a run goes on: nothing depends on the limit."""
        return {**asdict(self), "epochs": None}

    def batch_size(self, rows: int) -> int:
        """Rows a step, where nobody says: a tenth of all, and at most 100."""
        return min(100, max(1, math.ceil(rows / FEWEST_STEPS)))

    def groups(self, model: nn.Module) -> list[dict]:
        """Parameters for AdamW: weights, and biases that do not decay."""
        weights = [p for p in model.parameters() if p.dim() > 1]
        biases = [p for p in model.parameters() if p.dim() == 1]
        decay = self.weight_decay or 0.0
        return [
            {"params": weights, "weight_decay": decay},
            {"params": biases, "weight_decay": 0.0},
        ]

    def before_step(self, optimizer: Optimizer, step: int, steps: int) -> None:
        """Set rate and decay for a step."""
        rate = self.lr * min(1.0, (step + 1) / steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        if self.weight_decay is None:  # AdamW multiplies it by the rate
            optimizer.param_groups[0]["weight_decay"] = falling_decay(step) / rate

    def after_step(self, weights: Sequence[Tensor], step: int) -> None:
        """Take the new weights into their average."""
        if not self.average:
            self.average = [p.detach().clone() for p in weights]
        average_into(self.average, weights, step)

    @contextmanager
    def shown(self, model: nn.Module) -> Iterator[None]:
        """The weights that are scored: inside the ``with``, the model has the averages."""
        own = [p.detach().clone() for p in model.parameters()]
        _set_weights(model, self.average)
        try:
            yield
        finally:
            _set_weights(model, own)

    def is_over(self, history: History) -> bool:
        """Whether the last epochs brought nothing better, or the limit has come."""
        if super().is_over(history):
            return True
        return len(history) - (history.best_epoch or 0) >= self.patience


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


@torch.no_grad()
def _set_weights(model: nn.Module, weights: Iterable[Tensor]) -> None:
    for p, weight in zip(model.parameters(), weights, strict=True):
        p.copy_(weight)
