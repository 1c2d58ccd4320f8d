"""3.5: degrees that are drawn."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import LongTensor, Tensor

from made_course.model import masks as package

from ..checking import (
    Misformed,
    Wrong,
    exercise,
    require_none,
    require_same,
    run,
    written,
    written_call,
)

_BELOW = (
    ([1, 4], 6),
    ([3, 1, 5, 2, 6, 4], 6),
    ([3, 5, 2, 4], 6),
    ([5, 5], 6),
    ([2, 1], 2),
    ([1], 1),
)
_MANY = 3000  # each of five degrees comes 600 times, give or take 22
_PICKED = (
    "each unit has one of the very degrees that the layer below has: any whole number may come, "
    "from below.min() to D - 1"
)
_REPEATED = (
    "these are drawn without repetition, so no more of them come than there are degrees: several "
    "units may have the same one, as torch.randint gives it"
)
_OF_BELOW = "these are as many units as the layer below has: n_units are asked for"
_DEGREE_0 = "a unit of degree 0 knows nothing: degrees of hidden units begin with 1"
_DEGREE_D = "no output may listen to a unit of degree D: the largest degree is D - 1"
_BLIND = (
    "some units have a smaller degree than all units of the layer below, and so see nothing: draw "
    "from the smallest degree below upwards"
)
_ALL_THE_SAME = "all units have the same degree: each draws one of its own"
_NO_HIGHEST = (
    "degree D - 1 never comes, and without it the last output cannot see its immediate "
    "predecessor. torch.randint(a, b, ...) draws from a to b - 1, without b"
)
_NO_LOWEST = (
    "the smallest degree of the layer below never comes. A unit that has it does see something: "
    "the units below of equal degree"
)
_NOT_ALIKE = "some degrees come more often than others: each is to be equally likely"
_NOT_DRAWN = "two calls gave the same degrees: draw at random, anew each time, without a seed"
_ONE_VARIABLE = "where D is 1, no degree lies between 1 and D - 1: give every unit degree 1"


def _examine_drawing(answer: object) -> None:
    for below, input_dim in _BELOW:
        degrees, again = (_drawn(answer, below, input_dim) for _ in range(2))
        require_none(
            [
                *_faults_of_degrees(degrees, min(below), input_dim),
                (_NOT_DRAWN, len(degrees.unique()) > 1 and degrees.equal(again)),
            ],
            tried=written_call(answer, [below, _MANY, input_dim]),
            got=f"{written(degrees[:8])[:-1]}, ...]",
        )


def _drawn(answer: object, below: list[int], input_dim: int) -> Tensor:
    got = None
    try:
        got = run(answer, torch.tensor(below), _MANY, input_dim)
        form = torch.zeros_like(got) if isinstance(got, Tensor) else got
        require_same(form, torch.zeros(_MANY).long())
    except Wrong as wrong:
        wrong.tried = written_call(answer, [below, _MANY, input_dim])
        if isinstance(got, Tensor) and got.dim() == 1 and 1 < len(got) <= input_dim:
            wrong.cause = _OF_BELOW if len(got) == len(below) else _REPEATED
        if input_dim == 1 and not isinstance(wrong, Misformed):  # all was well with more
            raise Wrong(_ONE_VARIABLE, tried=wrong.tried, got=wrong.cause) from wrong
        raise
    return got


def _faults_of_degrees(
    degrees: Tensor, lowest: int, input_dim: int
) -> Iterator[tuple[str, object]]:
    if input_dim == 1:
        yield _ONE_VARIABLE, (degrees != 1).any()
        return
    counts = torch.tensor([int((degrees == d).sum()) for d in range(lowest, input_dim)])
    yield _PICKED, lowest == 1 and set(degrees.tolist()) == {1, 4}
    yield _DEGREE_0, degrees.min() < 1
    yield _DEGREE_D, degrees.max() >= input_dim
    yield _BLIND, degrees.min() < lowest
    yield _ALL_THE_SAME, len(counts) > 1 and len(degrees.unique()) == 1
    yield _NO_HIGHEST, counts[-1] == 0
    yield _NO_LOWEST, counts[0] == 0
    yield _NOT_ALIKE, counts.max() > 1.3 * _MANY / len(counts)


@exercise(
    "3.5",
    "Draw degrees",
    stars=2,
    examine=_examine_drawing,
    package=package.hidden_degrees,
    hints=(
        "Which degrees may come? The smallest is that of the layer below, below.min(). The largest "
        "is D - 1, and torch.randint leaves out its upper end.",
        "For D = 1 the largest would be 0, and nothing would be left to draw from: take "
        "max(input_dim - 1, 1).",
        "torch.randint(lowest, highest + 1, (n_units,)), with int(below.min()) and "
        "max(input_dim - 1, 1).",
    ),
)
def draw_hidden(below: LongTensor, n_units: int, input_dim: int) -> LongTensor:
    """From the smallest degree of the layer below up to D - 1, or 1 where D is 1."""
    lowest, highest = int(below.min()), max(input_dim - 1, 1)
    return torch.randint(lowest, highest + 1, (n_units,))
