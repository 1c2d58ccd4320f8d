"""1.3: from ordering to degrees."""

from __future__ import annotations

import torch
from torch import LongTensor, Tensor

from made_course.model.masks import input_degrees

from ..checking import exercise, further_cases, known_mistakes, one_of, shuffled


@exercise(
    "1.3",
    "From ordering to degrees",
    stars=1,
    cases=((torch.tensor([1, 2, 0]),), (torch.tensor([3, 0, 4, 1, 2]),)),
    package=input_degrees,
    vary=further_cases(
        lambda word: (torch.tensor(shuffled(word, range(one_of(word, [4, 6, 7])))),)
    ),
    hints=(
        "ordering[t] = i says: at step t comes variable i. You need the same list of pairs, looked "
        "up by i.",
        "Make an empty tensor and fill it: at index ordering[t] goes t + 1. One line of indexing "
        "does it for all t.",
    ),
)
def degrees_of(ordering: Tensor) -> LongTensor:
    """The step, counted from 1, at which each variable is generated."""
    degrees = torch.empty_like(ordering)
    degrees[ordering] = torch.arange(1, len(ordering) + 1)
    return degrees


known_mistakes(
    {
        "this is the ordering, counted from 1. The degree of variable i is the step at which it "
        "comes: the place of i in the ordering, not what stands at place i": (
            lambda ordering: ordering + 1
        ),
        "these are the steps counted from 0: degrees count from 1": torch.argsort,
        "these count from the end: the variable that comes first has degree 1": (
            lambda ordering: len(ordering) - torch.argsort(ordering)
        ),
        "these are 1, 2, 3, … for every ordering. If you sorted: sorted values say nothing of the "
        "steps, their places do, torch.argsort or the second part of torch.sort": (
            lambda ordering: ordering.sort().values + 1
        ),
    }
)
