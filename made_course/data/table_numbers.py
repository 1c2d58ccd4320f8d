"""What a column of numbers is: its step, values that recur, bounds, and an axis it lies well on."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from ..common.words import listing, percent
from ..model.columns import MOST_DIGITS, Numbers
from ..model.heads import Head, MixtureOfGaussians
from ..model.heads_of_numbers import OnAxis, Reals, Whole
from ..model.recurring import Spiked
from .table_repeats import is_far, met_again, not_far, recurring, rounded_to

RECURS = 10
"""So many rows with one value at an end are no chance."""
LARGEST = 2**23
"""Whole numbers up to here are exact in float32, and so is half a step beside them."""
NEAR = 6.0
"""A bell whose mean is so many standard deviations above zero needs no bound there."""
MANY = 9
"""Of fewer values those in a hundredth of the rows are listed, of so many those in a tenth."""
SKEWED = 1 / 6
AS_WELL = 0.02
"""Nats a row."""
KNEES = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 3000)
"""Beyond so many standard deviations from its one end an axis is straight: the last never is."""
FAR_OUT = 10.0
"""Where a value is so many standard deviations away, bells alone would see nothing else."""
BEYOND = 1.25
"""So many times as far out as any, on an axis that is a logarithm there, no value is drawn."""


def numbers_of(
    numbers: np.ndarray,
    learned: np.ndarray,
    bells: int,
    say: Callable[[str], None],
    said: tuple[float, float] | None = None,
) -> Numbers:
    """What the numbers of a column are; those that are ``learned`` from say centre and scale.

    ``said`` are bounds that the owner says; ``say`` takes a word for the owner.
    """
    values, counts = np.unique(numbers, return_counts=True)
    step = _step_to_count(values, len(numbers))
    seen = np.unique(numbers[learned], return_counts=True)
    fine = step_of(values, 7) or 1e-9
    steps = rounded_to(*seen, step) if step else {}
    spikes = recurring(*seen, fine, steps)
    others = _others(numbers[learned], spikes)
    far, near = spikes[is_far(spikes, others)], not_far(others)
    usual = ~np.isin(values, far)
    bounds = said or bounds_of(values[usual], counts[usual], near)
    if not step:  # an axis has no place for its ends
        spikes = np.union1d(spikes, values[np.isin(values, bounds)])
        others = _others(numbers[learned], spikes)
        near = not_far(others)
    scale = step or float(near.std(ddof=1))
    is_at_bound = near.mean() - bounds[0] < near.std()  # and there floats are finest
    centre = 0.0 if step else bounds[0] if is_at_bound else float(near.mean())

    def read(x: np.ndarray | list[float] | tuple[float, ...]) -> np.ndarray:
        return np.rint(np.array(x) / scale) if step else (np.array(x) - centre) / scale

    kind = partial(Whole, steps=read([*steps]).tolist()) if step else Reals
    axis = _on_axis(kind, read(others), read(bounds), read(near).std(), bells)
    head: Head = axis
    again, rows = met_again(*seen, spikes, fine, steps)
    recur = np.append(spikes, again)
    if recur.size:
        rows_of = np.append([(numbers[learned] == v).sum() for v in spikes], rows)
        kept, rows_of = _told_apart(read(recur), rows_of)
        rows_of = np.append(learned.sum() - rows_of.sum(), rows_of).clip(min=1)
        read_as, own = read(recur[kept]).astype(np.float32), int((kept < len(spikes)).sum())
        head = Spiked(read_as.tolist(), axis, 1.0 if step else scale, rows_of.tolist(), own)
        recur = recur[kept]
    elif not step and np.isinf(bounds).all() and not axis.has_farthest:
        head = MixtureOfGaussians(bells)
    told = (
        _in_words(step, bounds, numbers[~np.isin(numbers, far)])
        + ", some far out" * axis.has_farthest
    )
    told += _of_repeats(numbers, steps, spikes, again[rows > 1])
    if far.size:
        say(
            f"has {_shares(far, numbers)} of its rows, far from all else: if that stands for a "
            "missing cell, leave it empty, as pandas.read_csv(..., na_values="
            f"[{', '.join(f'{v:.10g}' for v in far)}]) does"
        )
    step = step or (1.0 if (values % 1 == 0).all() else None)
    return Numbers(head, centre, scale, step, tuple(recur.tolist()), told)


def _step_to_count(values: np.ndarray, n: int) -> float | None:
    """The step of n numbers that is worth a probability: whole, or one at which many meet."""
    step = step_of(values)
    if step is None or np.abs(values).max() >= LARGEST * step:
        return None
    return step if step % 1 == 0 or n >= 2 * len(values) else None


def step_of(values: np.ndarray, digits: int = MOST_DIGITS) -> float | None:
    """The largest number of which all are multiples, if so many decimals or fewer write it.

    Example:
        >>> step_of(np.array([0.5, 2.25, 7.0])), step_of(np.array([1.41421, 3.0]))
        (0.25, None)
    """
    for k in range(digits + 1):
        scaled = values * 10**k
        whole = np.rint(scaled)
        if (np.abs(scaled - whole) <= np.clip(1e-6 * np.abs(scaled), 1e-6, 0.01)).all():
            return float(np.gcd.reduce(whole.astype(np.int64)) / 10**k)
    return None


def bounds_of(values: np.ndarray, counts: np.ndarray, near: np.ndarray) -> tuple[float, float]:
    """The least and the largest number that may be, infinite where nothing speaks for one.

    An end at which values do not peter out is one: numbers beyond would else have been seen. Shares
    and per cents, which reach 1 or 100, are between zero and these; and nothing is below zero where
    all are above and some are near.
    """
    low, high = float(values[0]), float(values[-1])
    near_end = [values <= low + (high - low) / 50, values >= high - (high - low) / 50]
    is_sudden = [
        counts[i] >= 3 and counts[at].sum() >= RECURS and counts[i] > counts[at].mean() / 3
        for i, at in zip((0, -1), near_end, strict=True)
    ]
    lower = low if is_sudden[0] else -math.inf
    upper = high if is_sudden[1] else math.inf
    if low >= 0 and (high in (1, 100) or 0.95 < high < 1):
        upper = max(1.0, high)
    is_near_zero = near.mean() < NEAR * near.std() or upper in (1, 100)
    if not is_sudden[0] and (low == 0 or (low > 0 and is_near_zero)):
        lower = 1.0 if low == 1 and (values % 1 == 0).all() else 0.0
    return lower, upper


def _others(numbers: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """Those that are no spike; where most of the values are spikes, each value once."""
    others, values = numbers[~np.isin(numbers, spikes)], np.unique(numbers)
    return others if len(np.unique(others)) > len(values) / 2 else values


def _told_apart(read: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the first of those that float32 makes one, in their order, and the rows of all."""
    _, first, same = np.unique(read.astype(np.float32), return_index=True, return_inverse=True)
    kept = np.sort(first)
    return kept, np.bincount(first[same], rows, len(read))[kept].astype(int)


def _on_axis(
    kind: Callable[..., OnAxis], numbers: np.ndarray, bounds: np.ndarray, sd: float, bells: int
) -> OnAxis:
    """A head on the straightest axis on which one bell fits numbers about as well as may be.

    There they have mean 0 and deviation 1. What is farther out than all but 1 of 200 counts as if
    it were there.
    """
    axes = [kind(bells, *bounds.tolist(), float(knee * sd)) for knee in KNEES]
    ends = np.quantile(numbers, (0.005, 0.995))
    x, every = (axes[0].off_bounds(torch.from_numpy(n)) for n in (numbers.clip(*ends), numbers))
    nats = [(axis.place(x).std().log() - axis.log_slope(x).mean()).item() for axis in axes]
    best = next(axis for axis, n in zip(axes, nats, strict=True) if n < min(nats) + AS_WELL)
    middle = not_far(best.place(x).numpy())
    centre, scale = float(middle.mean()), float(middle.std(ddof=1))
    far = (best.place(every) - centre).abs().max().item() / scale
    has_farthest = far > FAR_OUT and np.isinf(bounds).any()
    farthest = BEYOND * 2 * math.asinh(far / 2) if has_farthest else math.inf
    return kind(bells, *bounds.tolist(), best.arguments[3], centre, scale, farthest)


def _in_words(step: float | None, bounds: tuple[float, float], numbers: np.ndarray) -> str:
    kind = "real" if step is None else "whole numbers" if step == 1 else f"in steps of {step:g}"
    lower, upper = bounds
    if math.isfinite(lower):
        kind += f" from {lower:g}"
    if math.isfinite(upper):
        kind += f" {'to' if math.isfinite(lower) else 'up to'} {upper:g}"
    mean, sd, half = numbers.mean(), numbers.std(ddof=1), np.median(numbers)
    is_skewed = math.isfinite(lower) and (mean - half > SKEWED * sd or mean - lower < sd)
    middle = f"skewed, median {half:.4g}" if is_skewed else f"{mean:.4g} ± {sd:.4g}"
    return f"{kind} ({middle})"


def _of_repeats(
    numbers: np.ndarray, steps: dict[float, float], spikes: np.ndarray, again: np.ndarray
) -> str:
    told = f", rounded to {_listed(steps)} of the rows" if steps else ""
    least = 0.01 if len(spikes) < MANY else 0.1
    is_listed = [(numbers == v).mean() >= least for v in spikes]
    if any(is_listed):
        told += f", and {_shares(spikes[is_listed], numbers)} of the rows"
    others = np.append(np.delete(spikes, is_listed), again)
    if others.size:
        are = "value recurs" if len(others) == 1 else "values recur"
        told += f", {len(others)} {are} in {percent(np.isin(numbers, others).mean())}"
    return told


def _shares(values: np.ndarray, numbers: np.ndarray) -> str:
    return _listed({v: (numbers == v).mean() for v in values})


def _listed(shares: dict[float, float]) -> str:
    return listing([f"{v:.7g} in {percent(share)}" for v, share in shares.items()])
