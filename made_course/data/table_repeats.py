"""Numbers that come again: those that are rounded, those that recur, and those far from others."""

from __future__ import annotations

import numpy as np

OFTEN = 10
"""So many rows with one value are enough to learn its probability from."""
MOST, MOST_MET = 100, 4000
APART = 3.0
"""Values so many times as common as by chance stand out; so many times the width of the middle
half from it, they are not near."""
LEAST_GAIN = 10.0
"""In nats of all rows: what a step to which numbers are rounded has to explain."""
LEAST_SHARE = 0.05


def rounded_to(values: np.ndarray, counts: np.ndarray, step: float) -> dict[float, float]:
    """Steps of 2, 5, 10, 20, 25, 50, ... of ``step``, and the share of the numbers rounded to each.

    Whoever rounds to s has only multiples of it, each s times as likely as without. A step is taken
    while it explains enough of which values there are, each of them once; the shares are those of
    the rows, of most likelihood by the EM algorithm.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> x = draw.integers(0, 10_000, 900)
        >>> x[:600] = x[:600].round(-2)
        >>> steps = rounded_to(*np.unique(x, return_counts=True), 1.0)
        >>> {s: round(share, 1) for s, share in steps.items()}
        {100.0: 0.7}
    """
    units, counts = np.rint(values[values != 0] / step), counts[values != 0]
    if not units.size:
        return {}
    low, high = np.quantile(np.repeat(units, counts), (0.1, 0.9))
    sizes = [1, 2, 5] + [d * 10**k for k in range(1, 8) for d in (1, 2, 2.5, 5)]
    by_size = np.array([s * (units % s == 0) for s in sizes if 4 * s <= max(4, high - low)])
    patterns, place = np.unique(by_size, axis=1, return_inverse=True)
    each, rows = np.bincount(place.ravel()), np.bincount(place.ravel(), counts)
    chosen, nats = [0], 0.0
    while others := [k for k in range(len(patterns)) if k not in chosen]:
        tried = {k: _mixture(patterns[[*chosen, k]], each) for k in others}
        best = max(tried, key=lambda k: tried[k][0])
        gain = tried[best][0] - nats
        if gain < max(LEAST_GAIN, each.sum() / 100) or tried[best][1][-1] < LEAST_SHARE:
            break
        chosen, nats = [*chosen, best], nats + gain
    shares = _mixture(patterns[chosen], rows)[1]
    found = {step * sizes[k]: float(share) for k, share in zip(chosen, shares, strict=True)}
    return dict(sorted(found.items(), reverse=True)[:-1])


def _mixture(likelihoods: np.ndarray, rows: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-likelihood of so many rows under a mixture, and the shares of its parts."""
    shares = np.full(len(likelihoods), 1 / len(likelihoods))
    for _ in range(100):
        joint = shares[:, None] * likelihoods
        shares = (joint / joint.sum(0) * rows).sum(1) / rows.sum()
    return float((rows * np.log(shares @ likelihoods)).sum()), shares


def usual_counts(
    values: np.ndarray, counts: np.ndarray, fine: float, steps: dict[float, float]
) -> np.ndarray:
    """How often each value would come if it were like those beside it: three on either side.

    Their rows spread over all cells of width ``fine`` there are, the empty ones, too.

    Example:
        >>> tens = np.arange(0.0, 100, 10)
        >>> for steps in ({}, {10.0: 1.0}):
        ...     print(round(usual_counts(tens, np.full(10, 6), 1.0, steps)[5], 1))
        0.6
        7.1
    """
    padded, n = np.pad(counts.astype(float), 3), len(values)
    around = np.lib.stride_tricks.sliding_window_view(padded, 7).sum(1) - counts
    gaps, at = np.diff(values), np.arange(n)
    gaps = gaps.clip(max=APART * np.quantile(gaps, 0.9)) if n > 1 else gaps  # what is apart is far
    place = np.append(0, gaps.cumsum())
    width = place[(at + 3).clip(max=n - 1)] - place[(at - 3).clip(min=0)]
    units = np.rint(values / fine)
    weights = np.full(n, 1 - sum(steps.values()))
    for s, share in steps.items():
        size = round(s / fine)
        weights += share * size * (units % size == 0)
    return around / np.maximum(1 + width / fine - weights, 1) * weights


def recurring(
    values: np.ndarray, counts: np.ndarray, fine: float, steps: dict[float, float]
) -> np.ndarray:
    """Values in ten rows, far more than by chance; and, far from all else, in three.

    Example:
        >>> recurring(np.arange(9.0), np.array([60, 4, 5, 3, 5, 4, 3, 2, 1]), 1.0, {})
        array([0.])
    """
    stands_out = counts > APART * usual_counts(values, counts, fine, steps)
    are = (counts >= OFTEN) & stands_out
    are |= (counts >= 3) & is_far(values, np.repeat(values[~are], counts[~are]))
    most = np.argsort(-counts[are], kind="stable")[: min(MOST, max(0, len(values) - 2))]
    return np.sort(values[are][most])


def met_again(
    values: np.ndarray,
    counts: np.ndarray,
    spikes: np.ndarray,
    fine: float,
    steps: dict[float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """The other values and their counts, if rows meet at some more than by chance; else none."""
    others = ~np.isin(values, spikes)
    values, counts = values[others], counts[others]
    usual = usual_counts(values, counts, fine, steps)
    inner = np.s_[3:-3]  # at the ends counts may rise, with no values beyond
    more = (counts * (counts - 1))[inner].sum() > APART / 2 * (counts * usual)[inner].sum()
    is_often = (counts - 1).sum() >= max(OFTEN, counts.sum() / 100)
    most = np.argsort(-counts, kind="stable")[: MOST_MET * (more and is_often)]
    return values[most], counts[most]


def is_far(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Which values are not near the numbers, and as far from any of them that is another."""
    low, high, reach = _fences(numbers)
    others = np.pad(np.unique(numbers), 1, constant_values=(-np.inf, np.inf))
    below = others[np.searchsorted(others, values) - 1]
    above = others[np.searchsorted(others, values, side="right")]
    is_apart = np.minimum(values - below, above - values) > reach
    return is_apart & ((values < low) | (values > high))


def not_far(numbers: np.ndarray) -> np.ndarray:
    """Those of the numbers that are near most; all, where these are one and the same."""
    low, high, _ = _fences(numbers)
    near = numbers[(numbers >= low) & (numbers <= high)]
    return near if len(np.unique(near)) > 1 else numbers


def _fences(numbers: np.ndarray) -> tuple[float, float, float]:
    """Where what is near ends, below and above, and how far that is from the middle half."""
    first, third = np.quantile(numbers, (0.25, 0.75)) if numbers.size else (-np.inf, np.inf)
    reach = APART * (third - first)
    return first - reach, third + reach, reach
