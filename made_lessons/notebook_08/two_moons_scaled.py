"""Exercise 8.3: the NLL in a different unit."""

import math

from ..checking import Exercise, choose, draw_uniform, further_cases


def nll_after_scaling(nll: float, scale: float, input_dim: int) -> float:
    """Return the NLL after all D variables are multiplied by ``scale``."""
    return nll + input_dim * math.log(scale)


EXERCISE = Exercise(
    title="Two moons, scaled",
    stars=1,
    reference=nll_after_scaling,
    cases=((-0.5, 3.0, 5), (1.02, 10.0, 2), (2.0, 0.01, 1)),
    vary=further_cases(
        lambda key: (*(20 * draw_uniform(key, 2)).tolist(), choose(key, [1, 2, 3, 4, 6, 7]))
    ),
    hints=(
        "Take one variable with a uniform density from 0 to 1. How high is the density, and how "
        "high is it after all points are multiplied by 10?",
        "With one variable, the density is divided by `scale`, so the NLL increases by ln(scale). "
        "With D variables this happens D times.",
    ),
    mistakes={
        "you left the NLL unchanged. The same probability is now spread over a larger area, so "
        "there is less probability per unit of area": lambda nll, scale, d: nll,
        "your sign is wrong. On a larger area the density is lower, so its negative logarithm is "
        "higher": lambda nll, scale, d: nll - d * math.log(scale),
        "you changed only one variable, but each of the D axes is stretched": (
            lambda nll, scale, d: nll + math.log(scale)
        ),
        "you used a logarithm to base 2. Nats need the natural logarithm, math.log": (
            lambda nll, scale, d: nll + d * math.log2(scale)
        ),
        "you used a logarithm to base 10. Nats need the natural logarithm, math.log": (
            lambda nll, scale, d: nll + d * math.log10(scale)
        ),
        "you added half of the change. Add ln(scale) for each of the D axes": (
            lambda nll, scale, d: nll + d / 2 * math.log(scale)
        ),
        "you multiplied the NLL. The points are multiplied, so the density is divided by a "
        "number, and a number is added to the NLL": lambda nll, scale, d: scale * nll,
        "with D stretched axes, the volume grows by scale · scale · ... = scale to the power of "
        "D, not by D times scale": lambda nll, scale, d: nll + math.log(d * scale),
        "you added D · scale. The density is divided by scale ** D, so add the logarithm of "
        "scale ** D to the NLL": (lambda nll, scale, d: nll + d * scale),
        "you added scale ** D. The density is divided by scale ** D, and the NLL is a logarithm, "
        "so add ln of it": (lambda nll, scale, d: nll + scale**d),
        "you multiplied the NLL by scale ** D. The density is divided by it, and the NLL is the "
        "negative logarithm of the density, so add a number to the NLL": (
            lambda nll, scale, d: nll * scale**d
        ),
        "you divided the NLL by scale. The density changes by a factor, so a logarithm is added "
        "to the NLL": (lambda nll, scale, d: nll / scale),
        "you divided the NLL by scale ** D. The density is divided by it, and the NLL is the "
        "negative logarithm of the density, so add a number to the NLL": (
            lambda nll, scale, d: nll / scale**d
        ),
        "you multiplied the NLL by D · ln(scale). Add it instead": (
            lambda nll, scale, d: nll * d * math.log(scale)
        ),
        "you divided ln(scale) by D. Add it once for each of the D axes": (
            lambda nll, scale, d: nll + math.log(scale) / d
        ),
        "you also multiplied the NLL by D. It already includes all variables, so only ln(scale) is "
        "added D times": lambda nll, scale, d: (nll + math.log(scale)) * d,
        "your change is never negative. With a factor below one, the area gets smaller and the "
        "density higher, so the NLL falls": lambda nll, scale, d: nll + abs(d * math.log(scale)),
    },
)
