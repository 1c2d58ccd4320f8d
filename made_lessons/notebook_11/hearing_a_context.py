"""11.4: degrees of hidden units, so that each output hears the context."""

from __future__ import annotations

import torch
from torch import Tensor

from made_course.common.words import hat, variable_names
from made_course.model import masks as package

from ..checking import Misformed, Wrong, but, exercise, run, slips, written, written_call

_DEAF = (
    "x̂₁ does not see the context: it can see units of a degree smaller than 1 only, and there are "
    "none. Which degree would such a unit have?"
)
_TOO_HIGH = (
    "no output may listen to a unit of degree D: an output's degree would have to be larger, and "
    "none is"
)


def _reached(degrees: Tensor, D: int) -> Tensor:
    """(D, 1 + D) bool: which outputs hear the context, and which variables."""
    variables = torch.arange(1, D + 1)
    inputs = torch.cat([torch.tensor([0]), variables])
    return package.connectivity(package.build_masks([inputs, degrees], variables))


def _examine(answer: object) -> str:
    for width, D in ((4, 4), (9, 3), (2, 1), (40, 12)):
        degrees, tried = run(answer, width, D), written_call(answer, (width, D))
        _require_degrees(degrees, width, tried)
        missing = torch.ones(D, 1 + D).tril().bool() & ~_reached(degrees, D)
        if bool(missing.any()):
            i, j = missing.nonzero()[0].tolist()
            raise _why_missing(i, j, degrees, D, tried)
    return "Each output hears the context and all variables before its own, and no other."


def _why_missing(i: int, j: int, degrees: Tensor, D: int, tried: str) -> Wrong:
    """Say why output i does not see input j, which is the context where j is 0."""
    if int(degrees.max()) >= D:
        return Wrong(_TOO_HIGH, tried=tried, came=written(degrees))
    if int(degrees.min()) < 0:
        cause = "a unit of degree −1 would not even see the context: 0 is the smallest"
        return Wrong(cause, tried=tried, came=written(degrees))
    names = variable_names(D)
    output, what = hat(names[i]), names[j - 1] if j else "the context"
    return Wrong(
        _DEAF if i == j == 0 else _unheard(output, what),
        tried=tried,
        expected=f"a path from {what} to {output}",
        came=f"degrees {written(degrees)}",
    )


def _unheard(output: str, what: str) -> str:
    return (
        f"{output} does not hear {what}, and may: with D units or more each degree from 0 to "
        "D − 1 can be there at least once"
    )


def _require_degrees(degrees: object, width: int, tried: str) -> None:
    is_tensor = isinstance(degrees, Tensor)
    if not is_tensor or degrees.is_floating_point() or degrees.dtype == torch.bool:
        came = written(degrees)
        raise Misformed("a tensor of whole numbers is asked for", tried=tried, came=came)
    if degrees.shape != (width,):
        came = f"shape {tuple(degrees.shape)}"
        cause = "there is one degree for each unit: shape (width,)"
        raise Misformed(cause, tried=tried, came=came)


@exercise(
    "11.4",
    "Hear the context",
    stars=2,
    examine=_examine,
    hints=(
        "The context has degree 0. Which degrees may a unit have that hears it and that x̂₁, of "
        "degree 1, may listen to?",
        "A unit of degree 0 hears the context alone, and all outputs may listen to it. One of "
        "degree D − 1 is heard by x̂_D alone. Take all degrees between, again and again.",
        "torch.arange(width) % D",
    ),
)
def hidden_degrees(width: int, D: int) -> Tensor:
    """All degrees from 0 to D − 1, again and again."""
    return torch.arange(width) % D


slips(
    {
        _DEAF: but("% D", "% max(D - 1, 1) + 1"),
        _TOO_HIGH: but("% D", "% D + 1"),
        _unheard("x̂₂", "x₁"): but("torch.arange(width) % D", "torch.zeros(width).long()"),
    }
)
