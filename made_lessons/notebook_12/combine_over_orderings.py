"""Exercise 12.2: one number over all orderings, by dynamic programming over sets of pixels."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..checking import Exercise, View, draw_uniform, edit, further_cases, run


def mean(log_p: Tensor) -> Tensor:
    """Return the mean over the first dimension."""
    return log_p.mean(0)


def log_mean_exp(log_p: Tensor) -> Tensor:
    """Return the logarithm of the mean probability over the first dimension."""
    return log_p.logsumexp(0) - math.log(len(log_p))


def maximum(log_p: Tensor) -> Tensor:
    """Return the largest value over the first dimension."""
    return log_p.max(0).values


def _draw_table(key: str, D: int, rows: int) -> Tensor:
    return -3 * draw_uniform(key, 2**D, D, rows)


def combine_over_orderings(log_p: Tensor, combine: Callable[[Tensor], Tensor]) -> Tensor:
    """Combine log p over all orderings, from the full set of known pixels to the empty set."""
    sets, D, _ = log_p.shape
    value = torch.zeros_like(log_p[:, 0])
    for known in reversed(range(sets - 1)):
        hidden = [i for i in range(D) if not known >> i & 1]
        after = [known | 1 << i for i in hidden]
        value[known] = combine(log_p[known, hidden] + value[after])
    return value[0]


EXERCISE = Exercise(
    title="All orderings at once",
    stars=3,
    reference=combine_over_orderings,
    cases=(
        (_draw_table("two", 2, 1), mean),
        (_draw_table("three", 3, 2), log_mean_exp),
        (_draw_table("four", 4, 2), mean),
        (_draw_table("four", 4, 2), log_mean_exp),
        (_draw_table("four", 4, 3), maximum),
    ),
    vary=further_cases(lambda key: (_draw_table(key, 4, 2), log_mean_exp)),
    hints=(
        "Begin at the end. If all pixels are known, nothing is left to predict, so the value is 0. "
        "If one pixel is hidden, the value is the log p of this pixel.",
        "For a set `known`, the next pixel may be each i with `not known >> i & 1`. Add "
        "`log_p[known, i]` and the value of the set `known | 1 << i`, and combine over i. Larger "
        "sets have larger numbers, so go from 2^D − 2 down to 0.",
        "`value = torch.zeros_like(log_p[:, 0])`; then for each set: `value[known] = "
        "combine(log_p[known, hidden] + value[after])`, where `hidden` is the list of hidden "
        "pixels and `after` the list of the sets with one of them added.",
    ),
    mistakes={
        "you counted only the first step. The value of the larger set is missing, or still 0 when "
        "you need it. Begin with the full set": edit(
            "reversed(range(sets - 1))", "range(sets - 1)"
        ),
        "you read log p where the pixel is already known, log_p[after, i]. This is a leak, "
        "because the pixel is predicted from itself. Read log_p[known, i]": edit(
            "log_p[known, hidden]", "log_p[after, hidden]"
        ),
        "you added the values after combining. Each pixel leads to a set of its own, so add log "
        "p and the value of this set first, and combine the sums": edit(
            "combine(log_p[known, hidden] + value[after])",
            "combine(log_p[known, hidden]) + combine(value[after])",
        ),
        "you counted known pixels among the choices. Only a hidden pixel can come next": edit(
            " if not known >> i & 1", ""
        ),
        "you numbered the pixels from the other end, but bit i of a set, known >> i & 1, belongs "
        "to pixel i": edit("known >> i", "known >> D - 1 - i", "1 << i", "1 << D - 1 - i"),
        "you followed a single ordering, 0, 1, 2 and so on. Combine over all pixels that can "
        "come next": edit(
            "hidden = [i for i in range(D) if not known >> i & 1]",
            "hidden = [i for i in range(D) if not known >> i & 1][:1]",
        ),
        "you returned the table of all sets. Return the value of the empty set, value[0]": edit(
            "return value[0]", "return value"
        ),
    },
    views=(
        View(
            lambda answer: run(answer, _draw_table("nine", 9, 1), mean),
            "nine pixels, with 362,880 orderings",
            expected="",
        ),
    ),
)
