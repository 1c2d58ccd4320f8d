"""The two schedules of ``fit``: one cycle of the learning rate, or falls when scores stall."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .history import History

WARM_UP = 0.3
"""Share of all steps during which the learning rate of :class:`OneCycle` rises to its peak."""
RISE = 100
"""Number of steps during which the learning rate of :class:`PatientSchedule` rises."""
FALLS, FALL = 6, 1 / 3
"""Number and factor of the falls of the learning rate of :class:`PatientSchedule`."""


@dataclass
class OneCycle:
    """A schedule whose learning rate rises to its peak and falls again, over all epochs."""

    epochs: int = 10
    lr: float = 0.015
    weight_decay: float = 0.03
    averages = False

    def batch_size(self, rows: int) -> int:
        """Return the default batch size."""
        return 512

    def parameter_groups(self, model: nn.Module) -> list[dict]:
        """Return the parameter groups for AdamW."""
        return [{"params": list(model.parameters()), "weight_decay": self.weight_decay}]

    def set_rate(self, optimizer: Optimizer, step: int, steps: int, history: History) -> None:
        """Set the rate of a step, counted from 0, of a run with ``steps`` steps per epoch."""
        optimizer.param_groups[0]["lr"] = self.lr * one_cycle(step, steps * self.epochs)

    def is_over(self, history: History) -> bool:
        """Return True if all epochs are done."""
        return len(history) >= self.epochs


@dataclass
class PatientSchedule:
    """A schedule whose learning rate rises, and then falls each time that the scores stall.

    The rate rises to ``lr`` during the first 100 steps. After each sixth of the patience without a
    better score, it is divided by three. The run ends after ``patience`` epochs without a better
    score, or after ``epochs`` at the latest. The weights that are scored and kept are averages over
    the last steps, see :func:`update_averages`.

    If ``weight_decay`` is None, it goes from strong to weak (see :func:`falling_decay`), so that
    the best epoch also chooses the decay. Biases do not decay, because an output's bias is the
    logit of a frequency and may be far from 0.
    """

    patience: int
    epochs: int | None = None
    lr: float = 0.03
    weight_decay: float | None = None
    averages = True
    falls = 0

    def batch_size(self, rows: int) -> int:
        """Return the default batch size: a tenth of all rows, at most 100."""
        return min(100, max(1, math.ceil(rows / 10)))

    def parameter_groups(self, model: nn.Module) -> list[dict]:
        """Return the parameter groups for AdamW: weights first, then biases, which do not decay."""
        weights = [p for p in model.parameters() if p.dim() > 1]
        biases = [p for p in model.parameters() if p.dim() == 1]
        return [
            {"params": weights, "weight_decay": self.weight_decay or 0.0},
            {"params": biases, "weight_decay": 0.0},
        ]

    def set_rate(self, optimizer: Optimizer, step: int, steps: int, history: History) -> None:
        """Set the rate and the weight decay of a step, counted from 0."""
        if step % steps == 0:  # a new epoch
            self.falls = count_falls(history.valid_nll, math.ceil(self.patience / FALLS))
        rate = self.lr * min(1.0, (step + 1) / RISE) * FALL**self.falls
        for group in optimizer.param_groups:
            group["lr"] = rate
        if self.weight_decay is None:  # divide, because AdamW multiplies by the rate
            optimizer.param_groups[0]["weight_decay"] = falling_decay(step) / rate

    def is_over(self, history: History) -> bool:
        """Return True if the patience is used up, or the limit of epochs is reached."""
        if self.epochs is not None and len(history) >= self.epochs:
            return True
        return len(history) - (history.best_epoch or 0) >= self.patience


def one_cycle(step: int, steps: int) -> float:
    r"""Return the fraction of the peak rate at a step: a linear rise, then half a cosine.

    Example:
        >>> [round(one_cycle(step, 10), 2) for step in range(10)]
        [0.33, 0.67, 1.0, 1.0, 0.95, 0.81, 0.61, 0.39, 0.19, 0.05]
    """
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    step = min(step, steps - 1)  # a loader may yield more batches than its length says
    return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1, steps - rise))


def count_falls(scores: Sequence[float], wait: int) -> int:
    """Count how often ``wait`` epochs in a row passed without a new best score.

    Example:
        >>> count_falls([3.0, 2.0, 2.5, 2.4, 1.0, 1.5, 1.5, 1.5, 1.5], wait=2)
        3
    """
    best, waited, falls = math.inf, 0, 0
    for score in scores:
        waited = 0 if score < best else waited + 1
        best = min(best, score)
        if waited and waited % wait == 0:
            falls += 1
    return falls


def falling_decay(step: int) -> float:
    r"""Return the fraction of itself that each weight loses at step t: :math:`10 / (100 + t)`.

    With a strong decay, a network learns only the strongest dependencies. With a weak one, it also
    learns the rest and, in the end, the noise. A run from a strong to a weak decay passes the decay
    that suits its data, and the validation score shows when.
    """
    return 10 / (100 + step)


@torch.no_grad()
def update_averages(averages: Sequence[Tensor], weights: Iterable[Tensor], step: int) -> None:
    r"""Update the averages of the weights, in place, after step t.

    .. math::
        \bar\theta \leftarrow \bar\theta + \frac{5}{t + 5}\,(\theta - \bar\theta)

    The averages reach back over about a fifth of all steps, so that the noise of single batches
    cancels out.

    Source:
        Shamir and Zhang 2013, "Stochastic Gradient Descent for Non-smooth Optimization: Convergence
        Results and Optimal Averaging Schemes" (polynomial-decay averaging, with an exponent of 4).
    """
    for average, weight in zip(averages, weights, strict=True):
        average.lerp_(weight, 5 / (step + 5))
