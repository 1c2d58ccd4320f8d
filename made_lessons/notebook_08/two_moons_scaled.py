"""8.3: nats in another unit."""

from __future__ import annotations

import math

from ..checking import drawn, exercise, further_cases, known_mistakes, one_of


@exercise(
    "8.3",
    "Two moons, scaled",
    stars=1,
    cases=((-0.5, 3.0, 5), (1.02, 10.0, 2), (2.0, 0.01, 1)),
    vary=further_cases(
        lambda word: (*(20 * drawn(word, 2)).tolist(), one_of(word, [1, 2, 3, 4, 6, 7]))
    ),
    hints=(
        "Take one variable and a uniform density from 0 to 1. What is its height, and what is it "
        "after all points are multiplied by 10?",
        "One variable: the density is divided by scale, so ln(scale) is added to the NLL. With D "
        "variables that happens D times.",
    ),
)
def nll_after_scaling(nll: float, scale: float, input_dim: int) -> float:
    """The same probability on scale ** D times the room: every one of the D axes is stretched."""
    return nll + input_dim * math.log(scale)


known_mistakes(
    {
        "no change? The same probability now lies on a larger area, so there is less of it on each "
        "unit of area": lambda nll, scale, d: nll,
        "the sign is turned round: on a larger area the density is lower, so its negative "
        "logarithm is higher": lambda nll, scale, d: nll - d * math.log(scale),
        "this is the change for one variable: each of the D axes is stretched": (
            lambda nll, scale, d: nll + math.log(scale)
        ),
        "half of it is missing: ln(scale) is added for each of the D axes": (
            lambda nll, scale, d: nll + d / 2 * math.log(scale)
        ),
        "the points are multiplied, and with them no logarithm: the density is divided by a "
        "number, so its logarithm has a number taken off": lambda nll, scale, d: scale * nll,
        "D stretched axes make the room scale · scale · ... times as large, that is scale to the "
        "power of D, not D times scale": lambda nll, scale, d: nll + math.log(d * scale),
        "density is divided by scale ** D: what is added to the NLL is the logarithm of that": (
            lambda nll, scale, d: nll + d * scale
        ),
        "scale ** D is what the density is divided by. The NLL is a logarithm: ln of it is added": (
            lambda nll, scale, d: nll + scale**d
        ),
        "it is the density that is divided by scale ** D. The NLL is the negative of its "
        "logarithm, and a number is added to that": lambda nll, scale, d: nll * scale**d,
        "the density changes by a factor, and not the NLL: to that a logarithm is added": (
            lambda nll, scale, d: nll / scale
        ),
        "it is the density that is divided by scale ** D. The NLL is the negative of its "
        "logarithm, which is never divided": lambda nll, scale, d: nll / scale**d,
        "the NLL is multiplied by D · ln(scale): that is added to it": (
            lambda nll, scale, d: nll * d * math.log(scale)
        ),
        "ln(scale) is divided by D: it is added once for each of the D axes": (
            lambda nll, scale, d: nll + math.log(scale) / d
        ),
        "the NLL is multiplied by D, and holds all variables already: only ln(scale) is taken D "
        "times": lambda nll, scale, d: (nll + math.log(scale)) * d,
        "with a factor below one the area becomes smaller and the density higher: the NLL falls "
        "then": lambda nll, scale, d: nll + abs(d * math.log(scale)),
    }
)
