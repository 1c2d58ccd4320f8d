"""Exercise 1.3: from an ordering to degrees."""

import torch
from torch import LongTensor, Tensor

from made_course.model.masks import input_degrees

from ..checking import Exercise, choose, further_cases, shuffle


def degrees_of(ordering: Tensor) -> LongTensor:
    """Return the step, counted from 1, in which each variable is generated."""
    degrees = torch.empty_like(ordering)
    degrees[ordering] = torch.arange(1, len(ordering) + 1)
    return degrees


EXERCISE = Exercise(
    title="From ordering to degrees",
    stars=1,
    reference=degrees_of,
    cases=((torch.tensor([1, 2, 0]),), (torch.tensor([3, 0, 4, 1, 2]),)),
    package=input_degrees,
    vary=further_cases(lambda key: (torch.tensor(shuffle(key, range(choose(key, [4, 6, 7])))),)),
    hints=(
        "`ordering[t]` = i means that step t generates variable i. You need the same pairs, looked "
        "up by i.",
        "Make an empty tensor and write `t + 1` at index `ordering[t]`. One line of indexing does "
        "this for all t.",
    ),
    mistakes={
        "this is the ordering, counted from 1. The degree of variable i is the step that generates "
        "it, so you need the position of i in the ordering, not the entry at "
        "position i": (lambda ordering: ordering + 1),
        "these are the steps counted from 0, but degrees count from 1": torch.argsort,
        "you count from the end, but the first variable of the ordering has degree 1": (
            lambda ordering: len(ordering) - torch.argsort(ordering)
        ),
        "you return 1, 2, 3, … for every ordering. If you sorted, you need the positions, not the "
        "sorted values. torch.argsort returns them, and so does torch.sort as its "
        "second result": (lambda ordering: ordering.sort().values + 1),
    },
)
