"""Exercise 5.1: bits per dimension."""

import math

from ..checking import Exercise, choose, draw_uniform, edit, further_cases


def bits_per_dimension(nll: float, input_dim: int) -> float:
    """Convert the nats of all variables to bits per variable."""
    return nll / (input_dim * math.log(2))


EXERCISE = Exercise(
    title="Bits per dimension",
    stars=1,
    reference=bits_per_dimension,
    cases=((90.0, 784), (2.5, 3), (784 * math.log(2), 784), (30.0, 4)),
    vary=further_cases(lambda key: (100 * draw_uniform(key).item(), choose(key, range(4, 200)))),
    hints=(
        "There are two steps: from nats to bits, and from the whole image to one variable. A "
        "fair coin for each pixel must give 1.",
        "One bit is ln 2 nats, `math.log(2)` in Python. So `nll / math.log(2)` is in bits.",
    ),
    mistakes={
        "you returned nats per pixel. A bit is ln 2 nats, so also divide by math.log(2)": (
            lambda nll, input_dim: nll / input_dim
        ),
        "you multiplied by ln 2. A bit is the smaller unit, only ln 2 = 0.693 nats, so the number "
        "of bits is larger. Divide by ln 2": lambda nll, input_dim: nll * math.log(2) / input_dim,
        "you returned the bits of the whole image. Also divide by the number of variables": (
            lambda nll, input_dim: nll / math.log(2)
        ),
        "you divided by the logarithm of D. The cost is shared by D variables, so divide by D "
        "itself, and by ln 2": lambda nll, input_dim: nll / math.log2(input_dim),
        "you took a logarithm of the nats. Nats are already logarithms, to base e. To convert "
        "them to base 2, divide by ln 2": lambda nll, input_dim: math.log2(nll) / input_dim,
        "you divided by 2. A bit is not 2 nats, but ln 2 = 0.693 nats. Divide by math.log(2)": (
            lambda nll, input_dim: nll / 2 / input_dim
        ),
        "you took a logarithm of nats per pixel. Nats are already logarithms. To convert them to "
        "base 2, divide by ln 2": lambda nll, input_dim: math.log2(nll / input_dim),
        "this is rounded down, as // and int() do. Divide with /": edit("/ (", "// ("),
        "you rounded nll / input_dim down, as // does. Divide with /": (
            lambda nll, input_dim: nll // input_dim / math.log(2)
        ),
        "784 is written into your formula. Use the argument input_dim": (
            lambda nll, input_dim: nll / (784 * math.log(2))
        ),
    },
)
