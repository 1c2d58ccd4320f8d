"""Exercise 11.4: degrees of hidden units with which each output sees the context."""

import torch
from torch import Tensor

from made_course.common.words import add_hat, variable_names
from made_course.model import masks as package

from ..checking import Exercise, MalformedAnswer, View, as_text, edit, run


def hidden_degrees(width: int, D: int) -> Tensor:
    """Return the degrees from 0 to D − 1, repeated until there are ``width`` of them."""
    return torch.arange(width) % D


def _check_degrees(answer: object, width: int, D: int) -> Tensor:
    degrees = run(answer, width, D)
    is_tensor = isinstance(degrees, Tensor)
    if not is_tensor or degrees.is_floating_point() or degrees.dtype == torch.bool:
        raise MalformedAnswer("return a tensor of whole numbers", got=as_text(degrees))
    if degrees.shape != (width,):
        got = f"shape {tuple(degrees.shape)}"
        raise MalformedAnswer(
            "return one degree for each unit, a tensor of shape (width,)", got=got
        )
    return degrees


def _describe_missing_input(answer: object, width: int, D: int) -> str:
    """Name degrees that are out of range, or an input that an output should see but does not."""
    degrees, variables = _check_degrees(answer, width, D), torch.arange(1, D + 1)
    inputs = torch.cat([torch.tensor([0]), variables])
    seen = package.connectivity(package.build_masks([inputs, degrees], variables))
    missing = (torch.ones(D, 1 + D).tril().bool() & ~seen).nonzero().tolist()
    if missing and not 0 <= degrees.min() <= degrees.max() < D:
        return f"degrees from {degrees.min()} to {degrees.max()}"
    if not missing:
        return "each output sees all that it may see"
    i, j = missing[0]
    names = ["the context", *variable_names(D)]
    return f"{add_hat(names[i + 1])} does not see {names[j]}"


EXERCISE = Exercise(
    title="See the context",
    stars=2,
    reference=hidden_degrees,
    message="Each output sees the context, all variables before its own, and nothing else.",
    hints=(
        "The context has degree 0. Which degree must a unit have so that it sees the context, and "
        "x̂₁, of degree 1, may see it?",
        "A unit of degree 0 sees only the context, and all outputs may see it. A unit of degree "
        "D − 1 is seen only by x̂_D. Use all degrees from 0 to D − 1, and repeat them.",
        "Return `torch.arange(width) % D`.",
    ),
    mistakes={
        "x̂₁ does not see the context, because it can see only units of a degree smaller than 1, "
        "and there are none. Which degree must such a unit have?": edit(
            "% D", "% max(D - 1, 1) + 1"
        ),
        "your degrees are 1 to D, but 0 to D − 1 are needed. Nothing sees a unit of degree D, and "
        "without a unit of degree 0, x̂₁ does not see the context": edit("% D", "% D + 1"),
        "a unit of degree −1 does not even see the context. The smallest degree is 0": edit(
            "% D", "% D - 1"
        ),
    },
    views=[
        View(
            lambda answer, case=(width, D): _describe_missing_input(answer, *case),
            f"hidden_degrees({width}, {D})",
            "each output may see the context and all earlier variables. With D units or more, use "
            "each degree from 0 to D − 1 at least once",
        )
        for width, D in ((4, 4), (9, 3), (2, 1), (40, 12))
    ],
)
