"""Columns of numbers: find their step and bounds, and fit their head."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from pandas import Series

from ..common.words import format_percent, join_names
from .columns import MOST_DIGITS, Column
from .normal_scores import NormalScores, ndtr

Curve = tuple[np.ndarray, np.ndarray]
"""Knots of a distribution function Φ(s(x)), and the scores s there; s is linear between knots."""
MOST_STEPS = 2**21
"""Number of steps up to which float32 is exact to a tenth of a step."""
MANY = 10
"""Smallest number of equal values that chance does not explain."""
NEIGHBOURS = 10
"""Number of values on each side with which a value is compared."""
OUTERMOST = 40.0
"""Beyond this score, the normal distribution has no mass in float64."""
NORMAL_PART = 0.25
"""Share of the mass of a curve that follows a normal distribution."""
HALVINGS = 0.5 ** np.arange(20.0, 0.0, -1.0)
"""Powers of 1/2 that place the knots of a curve outside the training values."""
UNITS: tuple[float, ...] = (0.1, 0.01, 0.001)
UNITS += (2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000)
"""Multiples of a step to which people round. Below 1, 0.01 is a hundredth of 100 for 100 to 999."""


def make_numeric_column(
    numbers: Series,
    training: np.ndarray,
    bounds: tuple[float, float] | None,
    num_components: int,
) -> Column:
    """Return the Column for numbers, with a head that is fitted to the training rows.

    ``numbers`` are all numbers that are present, indexed by row. ``training`` has the indices of
    the training rows. If ``bounds`` is None, they are found from the numbers. A ValueError is
    raised if float32 is too coarse for the numbers, or all training values are equal.
    """
    values, counts = np.unique(numbers, return_counts=True)
    step = find_step(values)
    bounds = bounds or find_bounds(values, counts)
    exact = numbers.to_numpy(np.float32).astype(float)
    if len(np.unique(exact)) < 0.9 * len(values):
        raise ValueError(
            "has more digits than float32 can represent. Subtract the smallest number first"
        )
    chosen = exact[np.isin(numbers.index, training)]
    if len(np.unique(chosen)) < 2:
        raise ValueError(
            f"has fewer than two different values in the {len(training):,} training rows"
        )
    has_cells = step is not None and np.abs(values).max() < MOST_STEPS * step
    head = fit_head(chosen, step if has_cells else None, bounds, num_components)
    shares = {f"{v:g}": c / len(numbers) for v, c in zip(values, counts, strict=True)}
    common = [f"{v} in {format_percent(s)}" for v, s in shares.items() if s >= 0.1]
    words = "real" if step is None else "whole" if step == 1 else f"multiples of {step:g}"
    words += f" from {bounds[0]:g}" if math.isfinite(bounds[0]) else ""
    words += f" to {bounds[1]:g}" if math.isfinite(bounds[1]) else ""
    first, median, third = np.quantile(numbers, (0.25, 0.5, 0.75))
    words += f" (median {median:.4g}, half from {first:.4g} to {third:.4g})"
    words += f", {join_names(common, max_names=3)} of the rows" if common else ""
    return Column(str(numbers.name), numbers=head, step=step, words=words)


def fit_head(
    numbers: np.ndarray, step: float | None, bounds: tuple[float, float], num_components: int
) -> NormalScores:
    """Return a head whose initial distribution is close to that of the training values (n,).

    Each common value gets a point mass that holds nearly all of its rows, and the others follow a
    curve, which also gives a probability to values that no row has. Without a step, a value is
    common if it is repeated far more often than its neighbours. With a step, it is common if it has
    many rows; a share of the other rows goes to point masses too, and if people rounded some of the
    numbers, part of the curve's mass moves to the multiples of the unit to which they rounded.

    All values are multiples of ``step``, or have a density if it is None. A bound that does not
    exist is infinite.
    """
    scale, half = (step, 0.5) if step else (1.0, 0.0)  # so that the step is 1 from here on
    numbers = np.rint(numbers / scale) if step else numbers
    lower, upper = np.asarray(bounds, None if step else np.float32).astype(float) / scale
    values, counts = np.unique(numbers, return_counts=True)
    n, n_bars = len(numbers), int(np.clip(math.sqrt(len(numbers)), 8, 64))
    is_common = counts > n / n_bars if step else is_repeated(values, counts)
    is_common |= np.isin(values, (lower, upper))
    weights = np.where(is_common, 0.5, counts)  # 0.5, so that the curve has mass there
    curve = fit_curve(values, weights, n_bars, (lower - half, upper + half))
    masses = np.where(is_common, counts - 0.5, 0.0) / n
    if step:
        unit, rounded = find_rounding(values)
        reach = units_at(values, unit)[[0, -1]] * [-10, 10]
        first, last = (values[[0, -1]] + reach).clip(np.ceil(lower), np.floor(upper))
        grid = np.union1d(values, np.arange(first, last + 1) if rounded else [])
        units, is_value = units_at(grid, unit), np.isin(grid, values)
        moved = rounded * np.where(grid % units == 0, cell_mass(curve, grid, units), 0.0)
        smooth = (1 - rounded) * cell_mass(curve, values, 1) + moved[is_value]
        share = estimate_repeated_share(counts[~is_common], smooth[~is_common])
        masses += np.where(is_common, 0.0, share * counts) / n
        moved *= 1 - masses.sum()
        moved[is_value] += masses
        values, masses = grid, moved
    knots, scores = curve
    arrays = (knots * scale, scores, values[masses > 0] * scale, masses[masses > 0])
    knots, scores, values, masses = (array.tolist() for array in arrays)
    return NormalScores(num_components, knots, scores, values, masses, step)


def fit_curve(
    values: np.ndarray, weights: np.ndarray, n_bars: int, bounds: tuple[float, float]
) -> Curve:
    """Fit a curve with knots at equally spaced scores to sorted, weighted values.

    A quarter of its mass follows a normal distribution with the same quantiles at 5% and 95%. So
    the curve is smooth where values are rare, and a Gaussian in the column's units is nearly
    Gaussian in the scores.

    The values (n,) are different and ascending. A weight (n,) is the number of rows of a value, or
    1/2 if the value has a point mass. There are ``n_bars`` intervals between the outermost values.
    """
    shares = (weights.cumsum() - weights / 2) / weights.sum()
    low, high = np.interp([0.05, 0.95], shares, values)
    if low < high:
        normal = _ndtr((values - (low + high) / 2) * 2 * _ndtri(0.95) / (high - low))
        normal = np.interp(normal, normal[[0, -1]], shares[[0, -1]])  # rescale to the outer shares
        shares = (1 - NORMAL_PART) * shares + NORMAL_PART * normal
    middles = _ndtri(shares)
    scores = np.linspace(middles[0], middles[-1], n_bars + 1)
    knots, scores = _extend_left(np.interp(scores, middles, values), scores, bounds[0])
    knots, scores = _extend_left(-knots[::-1], -scores[::-1], -bounds[1])
    return -knots[::-1], -scores[::-1]


def _extend_left(knots: np.ndarray, scores: np.ndarray, bound: float) -> Curve:
    """Extend a curve to the left of the training values.

    Down to a finite bound, the extension has a uniform density. Without a bound, the mass beyond a
    point falls as distance⁻⁴ from the training values.
    """
    if knots[0] <= bound:  # a point mass, not a part of the curve
        knots, scores = knots[1:], scores[1:]
    end, mass = knots[0], _ndtr(scores[0])
    if math.isfinite(bound):
        added = np.append(bound, bound + (end - bound) * HALVINGS)
        parts = HALVINGS
    else:
        inner = min(8 * mass, 0.5)
        width = (np.interp(_ndtri(inner), scores, knots) - end) / math.log(inner / mass)
        added = end - 4 * width * (1 / np.append(HALVINGS[0] / 2, HALVINGS) - 1)
        parts = HALVINGS**4
    scores = np.concatenate([[-OUTERMOST], _ndtri(mass * parts), scores])
    return np.append(added, knots), scores


def cell_mass(curve: Curve, x: np.ndarray, width: float | np.ndarray) -> np.ndarray:
    """Return the mass (n,) of the curve in a cell of this width around each x (n,)."""
    below, above = np.interp([x - width / 2, x + width / 2], *curve)
    return _ndtr(above) - _ndtr(below)


def units_at(x: np.ndarray, unit: float) -> np.ndarray:
    """Return the unit (n,) of the rounding at whole numbers x (n,), as UNITS explains."""
    powers = 10.0 ** np.floor(np.log10((np.abs(x) - 1).clip(1)))
    return np.full(len(x), unit) if unit >= 1 else np.rint(unit * powers).clip(1)


def find_rounding(values: np.ndarray) -> tuple[float, float]:
    """Find the unit to which people rounded whole numbers, and the share that they rounded.

    If no unit explains the values (n,) clearly better than no rounding, the result is (1, 0.0).

    Example:
        >>> find_rounding(np.append(np.arange(100.0, 9000.0, 100.0), [1234.0, 4321.0]))
        (100, 0.977...)
    """
    best, unit, rounded = float(MANY), 1.0, 0.0  # smallest gain that counts, in nats
    for candidate in UNITS:
        units = units_at(values, candidate)
        is_multiple = values % units == 0
        share = (is_multiple - 1 / units).sum() / max((1 - 1 / units).sum(), 0.5)
        share = float(np.clip(share, 0, 1 - 0.5 / len(values)))
        gain = np.where(is_multiple, np.log1p(share * (units - 1)), math.log1p(-share)).sum()
        if gain > best:
            best, unit, rounded = float(gain), candidate, share
    return unit, rounded


def is_repeated(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return whether chance cannot explain that a value (n,) has more rows than its neighbours.

    Value i has ``counts[i]`` rows. One expects as many as its neighbours on one side have per cell,
    if a cell is as wide as the smallest distance between two of them, as for rounded numbers.
    """
    gaps = np.diff(np.pad(values, NEIGHBOURS, mode="reflect", reflect_type="odd"))
    gaps = sliding_window_view(gaps, NEIGHBOURS)
    rows = sliding_window_view(np.pad(counts, NEIGHBOURS, mode="reflect"), NEIGHBOURS).sum(1)
    cells, m = gaps.min(1) / gaps.sum(1), len(values)
    expected = np.maximum(cells[:m] * rows[:m], cells[-m:] * rows[-m:])
    others = np.maximum(counts - 1, expected)
    return others * np.log(others / expected) - (others - expected) > math.log(counts.sum())


def estimate_repeated_share(counts: np.ndarray, smooth: np.ndarray) -> float:
    """Estimate the share of rows in point masses, by EM on leave-one-out frequencies.

    Value i has ``counts[i]`` rows, and the probability ``smooth[i]`` under the curve.
    """
    n, share = counts.sum(), 0.5
    for _ in range(100):
        joint = share * (counts - 1) / n  # with the value's frequency in the other rows
        share = float(counts @ (joint / (joint + (1 - share) * smooth + 1e-300))) / (n + 1)
    return share  # below 1, so that new values are possible


def find_step(values: np.ndarray) -> float | None:
    """Return the greatest common divisor of the values, or None if one has over four decimals.

    Example:
        >>> find_step(np.array([0.5, 2.25, 7.0])), find_step(np.array([1.41421, 3.0]))
        (0.25, None)
    """
    for digits in range(MOST_DIGITS + 1):
        scaled = values * 10**digits
        whole = np.rint(scaled)
        if (np.abs(scaled - whole) <= np.clip(1e-6 * np.abs(scaled), 1e-6, 0.01)).all():
            return math.gcd(*map(int, whole)) / 10**digits or None
    return None


def find_bounds(values: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Find the bounds of a column from its sorted values, infinite where there is none.

    Numbers that are never negative have the lower bound 0, and the upper bound 1 or 100 if that is
    their largest value. The smallest or largest value is also a bound if it has many rows, and at
    least as many as the value next to it.
    """
    low, high = float(values[0]), float(values[-1])
    lower = low if counts[0] >= max(MANY, counts[1]) else 0.0 if low >= 0 else -math.inf
    is_upper = counts[-1] >= max(MANY, counts[-2]) or (low >= 0 and high in (1, 100))
    return lower, high if is_upper else math.inf


def _ndtr(x):
    return ndtr(torch.as_tensor(x, dtype=torch.float64)).numpy()


def _ndtri(p):
    return torch.special.ndtri(torch.as_tensor(p, dtype=torch.float64)).numpy()
