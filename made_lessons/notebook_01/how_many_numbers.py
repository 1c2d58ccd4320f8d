"""1.1: how many numbers the tables of an ordering hold."""

from __future__ import annotations

from ..checking import but, exercise, further_cases, known_mistakes, one_of


@exercise(
    "1.1",
    "How many numbers",
    stars=1,
    cases=((3,), (1,), (10,)),
    vary=further_cases(lambda word: (one_of(word, [2, 4, 5, 6, 7, 8]),)),
    hints=(
        "How many different pasts can the third variable have? It needs one number for each.",
        "With i variables before it, each 0 or 1, there are 2^i combinations. The first variable "
        "has none before it, so i starts at 0.",
    ),
)
def table_sizes(input_dim: int) -> list[int]:
    """How many numbers each conditional table needs: one for each combination of values before."""
    return [2**i for i in range(input_dim)]


known_mistakes(
    {
        "you count p(xᵢ = 0 | …) and p(xᵢ = 1 | …) both: they sum to one, so one of them is "
        "enough": but("2**i", "2 ** (i + 1)"),
        "in Python ^ is no power (it compares bits): a power is **": but("2**i", "2 ^ i"),
        "you count one number more for each variable: it takes one for each combination of the "
        "values before xᵢ, and each variable doubles these": but("2**i", "i + 1"),
        "you multiply by 2 where it is to the power: 2 ** i, as each variable doubles the "
        "number": but("2**i", "2 * i"),
        "base and exponent are swapped: it is 2 that is multiplied, i times": but("2**i", "i**2"),
        "these are squares: it is 2 that is multiplied, as often as there are variables before, 2 "
        "** i with i from 0": but("2**i", "(i + 1) ** 2"),
        "this is the number of all rows, 2^D, for each variable: the table of xᵢ has a number for "
        "each combination of the values before xᵢ only": but("2**i", "2**input_dim"),
        "this is what the last variable needs, for each of them: the table of xᵢ has a number for "
        "each combination of the values before xᵢ only": but("2**i", "2 ** (input_dim - 1)"),
        "one is subtracted from each: a table of p(xᵢ = 1 | …) need not sum to one, so none of its "
        "numbers follows from the others": but("2**i", "2**i - 1"),
        "you add two numbers for each variable before xᵢ: combinations of values multiply": but(
            "2**i", "max(2 * i, 1)"
        ),
    }
)
