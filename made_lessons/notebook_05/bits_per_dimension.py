"""5.1: bits per dimension."""

from __future__ import annotations

import math

from ..checking import drawn, exercise, further_cases, known_mistakes, one_of


@exercise(
    "5.1",
    "Bits per dimension",
    stars=1,
    cases=((90.0, 784), (2.5, 3), (784 * math.log(2), 784)),
    vary=further_cases(lambda word: (100 * drawn(word).item(), one_of(word, range(4, 200)))),
    hints=(
        "Two steps: from nats to bits, and from the whole image to one variable. A coin for each "
        "pixel must come out as 1.",
        "One bit is ln 2 nats, in Python math.log(2). So nll / math.log(2) are bits.",
    ),
)
def bits_per_dimension(nll: float, input_dim: int) -> float:
    """From nats for all variables to bits for one of them."""
    return nll / (input_dim * math.log(2))


known_mistakes(
    {
        "these are nats per pixel: a bit is ln 2 nats, so divide by math.log(2), too": (
            lambda nll, input_dim: nll / input_dim
        ),
        "you multiplied by ln 2. A bit is the smaller unit, only ln 2 = 0.693 nats, so it takes "
        "more bits than nats: divide": lambda nll, input_dim: nll * math.log(2) / input_dim,
        "these are the bits of the whole image: divide by the number of variables": (
            lambda nll, input_dim: nll / math.log(2)
        ),
        "you divided by the logarithm of D. The variables share the cost: divide by D itself, and "
        "by ln 2": lambda nll, input_dim: nll / math.log2(input_dim),
        "this is a logarithm of the nats. They are logarithms already, to base e: to have them to "
        "base 2, divide by ln 2": lambda nll, input_dim: math.log2(nll) / input_dim,
        "a bit is not 2 nats, but ln 2 = 0.693 of one: divide by math.log(2)": (
            lambda nll, input_dim: nll / 2 / input_dim
        ),
        "this is a logarithm of nats per pixel. They are logarithms already: to have them to base "
        "2, divide by ln 2": lambda nll, input_dim: math.log2(nll / input_dim),
        "784 is written into the formula: use the argument input_dim": (
            lambda nll, input_dim: nll / (784 * math.log(2))
        ),
    }
)
