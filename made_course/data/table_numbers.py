"""What a column of numbers is: its step, values that recur, bounds, and an axis it lies well on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from ..common.words import listing, percent
from ..model.columns import MOST_DIGITS, Numbers
from ..model.heads import Head, MixtureOfGaussians
from ..model.heads_of_numbers import OnAxis, Reals, Spiked, Whole

RECURS = 10
"""So many rows with one value far out, or at an end, are no chance."""
MOST_SPIKES = 200
MANY = 9
"""So many values are counted, and not listed, if they are in less than a tenth of the rows."""
LARGEST = 2**23
"""Whole numbers up to here are exact in float32, and so is half a step beside them."""
NEAR = 6.0
"""A bell whose mean is so many standard deviations above zero needs no bound there."""
SKEWED = 0.75
FAR_OUT = 10.0
"""Where a value is so many standard deviations away, bells alone would see nothing else."""


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
    spikes = recurring(*np.unique(numbers[learned], return_counts=True), step_of(values, 7))
    near = _to_learn(numbers, learned, spikes)
    far = np.intersect1d(spikes, values[counts >= max(RECURS, len(numbers) / 100)])
    is_rest = ~np.isin(numbers, far)
    far = far[(2 * len(far) < len(values)) & ~is_within_fences(far, numbers[is_rest])]
    usual = ~np.isin(values, far)
    bounds = said or bounds_of(values[usual], counts[usual], near)
    if not step:  # an axis has no place for its ends
        spikes = np.union1d(spikes, values[np.isin(values, bounds)])
        near = _to_learn(numbers, learned, spikes)
    is_log = math.isfinite(bounds[0]) and is_skewed(near - bounds[0] + (step or 0.0))
    scale = step or float(near.std(ddof=1))
    centre = 0.0 if step else bounds[0] if is_log else float(near.mean())

    def read(x: np.ndarray) -> np.ndarray:
        return np.rint(x / scale) if step else (x - centre) / scale

    rest = numbers[~np.isin(numbers, spikes)]
    kind, ends = Whole if step else Reals, read(np.array(bounds))
    axis = _on_axis(kind, read(near), read(rest), ends, is_log, bells)
    head: Head = axis
    if spikes.size:
        head = Spiked(read(spikes).astype(np.float32).tolist(), axis, 1.0 if step else scale)
    elif not step and np.isinf(bounds).all() and not axis.tails:
        head = MixtureOfGaussians(bells)
    shown = near if len(spikes) < MANY else _within_fences(numbers[learned])
    told = _in_words(step, bounds, is_log, shown) + ", some far out" * axis.tails
    is_listed = [len(spikes) < MANY or (numbers == v).mean() >= 0.1 for v in spikes]
    if any(is_listed):
        told += f", and {_shares(spikes[is_listed], numbers)} of the rows"
    if (others := np.delete(spikes, is_listed)).size:
        told += f", {len(others)} values recur in {percent(np.isin(numbers, others).mean())}"
    if far.size:
        say(
            f"has {_shares(far, numbers)} of its rows, far from all else: if that stands for a "
            "missing cell, leave it empty, as pandas.read_csv(..., na_values="
            f"[{', '.join(f'{v:g}' for v in far)}]) does"
        )
    step = step or (1.0 if (values % 1 == 0).all() else None)
    return Numbers(head, centre, scale, step, (*spikes.tolist(),), told)


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


def recurring(values: np.ndarray, counts: np.ndarray, step: float | None) -> np.ndarray:
    """Values far more common than a curve over those beside them would have it, or far out.

    A curve spreads over all cells of a grid, the empty ones, too. Under it one table of a hundred
    would have a value that comes so often, or so many empty cells around one.

    Example:
        >>> recurring(np.arange(9.0), np.array([60, 4, 5, 3, 5, 4, 3, 2, 1]), 1.0)
        array([0.])
        >>> recurring(np.arange(0, 45, 5.0), np.array([8, 4, 5, 3, 5, 4, 3, 2, 1]), 1.0)
        array([ 0.,  5., 10., 15., 20., 25., 30.])
    """
    padded = np.pad(counts.astype(float), 3, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 7)
    seen = (~np.isnan(around)).sum(1)
    first, last = (np.pad(values, 3, mode="edge")[at] for at in (np.s_[:-6], np.s_[6:]))
    share = seen / np.maximum(1 + (last - first) / (step or 1e-9), seen)
    usual = np.nanmedian(around[:, [0, 1, 2, 4, 5, 6]], axis=1) * share
    by_chance = counts * np.log(usual) - np.array([math.lgamma(k + 1) for k in counts])
    by_chance[counts <= 2 * usual] = 0
    are_empty = -(1 - share) * np.nansum(around, axis=1)
    are = (counts > 1) & (np.minimum(by_chance, are_empty) < -math.log(100 * len(values)))
    is_far = ~is_within_fences(values, np.repeat(values, counts))
    are |= (counts >= max(RECURS, counts.sum() / 100)) & is_far
    most = max(0, min(MOST_SPIKES, len(values) - 2))
    return np.sort(values[are][np.argsort(-counts[are], kind="stable")][:most])


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
    is_near_zero = near.mean() < NEAR * near.std() or is_skewed(near) or upper in (1, 100)
    if not is_sudden[0] and (low == 0 or (low > 0 and is_near_zero)):
        lower = 0.0
    return lower, upper


def is_within_fences(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Whether values are within three times the width of the middle half of numbers from it."""
    first, third = np.quantile(numbers, (0.25, 0.75))
    reach = 3 * (third - first)
    return (values >= first - reach) & (values <= third + reach)


def is_skewed(numbers: np.ndarray) -> bool:
    """Whether positive numbers have a long tail to the right, and in logarithms a shorter one."""
    if numbers.min() <= 0:
        return False
    skew, of_logs = (
        float(((x - x.mean()) ** 3).mean() / x.std() ** 3) for x in (numbers, np.log(numbers))
    )
    return skew > max(SKEWED, abs(of_logs))


def _within_fences(numbers: np.ndarray) -> np.ndarray:
    near = numbers[is_within_fences(numbers, numbers)]
    return near if len(np.unique(near)) > 1 else numbers


def _to_learn(numbers: np.ndarray, learned: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """What says where the middle is and how wide: no value that recurs, and none far out.

    Where most of the values recur, it is each of them once.
    """
    here = numbers[learned]
    others, values = here[~np.isin(here, spikes)], np.unique(here)
    return _within_fences(others if len(np.unique(others)) > len(values) / 2 else values)


def _on_axis(
    kind: type[OnAxis],
    near: np.ndarray,
    rest: np.ndarray,
    bounds: np.ndarray,
    is_log: bool,
    bells: int,
) -> OnAxis:
    """A head on an axis with these bounds, where what is near has mean 0 and deviation 1."""
    sd = near.std(ddof=1)
    room = min(np.quantile(near, 0.01) - bounds[0], bounds[1] - np.quantile(near, 0.99))
    knee = float(3000 * sd if is_log else np.clip(room / 4, sd / 8, sd / 2))
    lower, upper = bounds.tolist()
    bare = kind(bells, lower, upper, knee)
    places, far = (bare.place(torch.from_numpy(x)).numpy() for x in (near, rest))
    middle = _within_fences(places)
    centre, scale = float(middle.mean()), float(middle.std(ddof=1))
    reach = np.abs(far - centre).max() / scale
    tails = bool(reach > FAR_OUT and not is_log and np.isinf(bounds).any())
    return kind(bells, lower, upper, knee, centre, scale, tails)


def _shares(values: np.ndarray, numbers: np.ndarray) -> str:
    return listing([f"{v:.10g} in {percent((numbers == v).mean())}" for v in values])


def _in_words(
    step: float | None, bounds: tuple[float, float], is_log: bool, near: np.ndarray
) -> str:
    kind = "real" if step is None else "whole numbers" if step == 1 else f"in steps of {step:g}"
    lower, upper = bounds
    if math.isfinite(lower):
        kind += f" from {lower:g}"
    if math.isfinite(upper):
        kind += f" {'to' if math.isfinite(lower) else 'up to'} {upper:g}"
    middle = f"{near.mean():.4g} ± {near.std(ddof=1):.4g}"
    if is_log:
        middle = f"skewed, half below {np.median(near):.4g}"
    return f"{kind} ({middle})"
