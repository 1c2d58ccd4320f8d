"""11.4: degrees of hidden units with which each output sees the context."""

from __future__ import annotations

import torch
from torch import Tensor

from made_course.common.words import hat, variable_names
from made_course.model import masks as package

from ..checking import Misformed, Wrong, but, exercise, known_mistakes, run, written, written_call

_DEAF = (
    "x̂₁ does not see the context: it sees only units of a degree smaller than 1, and there are "
    "none. Which degree would such a unit have?"
)
_TOO_HIGH = "no output can see a unit of degree D, because no output has a larger degree"


def _reached(degrees: Tensor, D: int) -> Tensor:
    """Return (D, 1 + D) bool: whether each output sees the context, then each variable."""
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
    return "Each output sees the context, all variables before its own, and nothing else."


def _why_missing(i: int, j: int, degrees: Tensor, D: int, tried: str) -> Wrong:
    """Say why output i does not see input j, which is the context where j is 0."""
    if int(degrees.max()) >= D:
        return Wrong(_TOO_HIGH, tried=tried, got=written(degrees))
    if int(degrees.min()) < 0:
        cause = "a unit of degree −1 would not even see the context: the smallest degree is 0"
        return Wrong(cause, tried=tried, got=written(degrees))
    names = variable_names(D)
    output, what = hat(names[i]), names[j - 1] if j else "the context"
    return Wrong(
        _DEAF if i == j == 0 else _unseen(output, what),
        tried=tried,
        expected=f"a path from {what} to {output}",
        got=f"degrees {written(degrees)}",
    )


def _unseen(output: str, what: str) -> str:
    return (
        f"{output} does not see {what}, although it may: with D units or more, each degree from 0 "
        "to D − 1 can occur at least once"
    )


def _require_degrees(degrees: object, width: int, tried: str) -> None:
    is_tensor = isinstance(degrees, Tensor)
    if not is_tensor or degrees.is_floating_point() or degrees.dtype == torch.bool:
        got = written(degrees)
        raise Misformed("a tensor of whole numbers is asked for", tried=tried, got=got)
    if degrees.shape != (width,):
        got = f"shape {tuple(degrees.shape)}"
        cause = "there is one degree for each unit: shape (width,)"
        raise Misformed(cause, tried=tried, got=got)


@exercise(
    "11.4",
    "See the context",
    stars=2,
    examine=_examine,
    hints=(
        "The context has degree 0. Which degree must a unit have that sees the context and that "
        "x̂₁, of degree 1, may see?",
        "A unit of degree 0 sees only the context, and all outputs may see it. A unit of degree "
        "D − 1 is seen only by x̂_D. Use all degrees between, and repeat them.",
        "torch.arange(width) % D",
    ),
)
def hidden_degrees(width: int, D: int) -> Tensor:
    """Return the degrees from 0 to D − 1, repeated until there are ``width`` of them."""
    return torch.arange(width) % D


known_mistakes(
    {
        _DEAF: but("% D", "% max(D - 1, 1) + 1"),
        _TOO_HIGH: but("% D", "% D + 1"),
        _unseen("x̂₂", "x₁"): but("torch.arange(width) % D", "torch.zeros(width).long()"),
    }
)
