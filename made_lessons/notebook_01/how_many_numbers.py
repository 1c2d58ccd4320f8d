"""Exercise 1.1: the number of entries in the tables of an ordering."""

from ..checking import Exercise, choose, edit, further_cases


def table_sizes(input_dim: int) -> list[int]:
    """Return the size of each conditional table: one number per combination of earlier values."""
    return [2**i for i in range(input_dim)]


EXERCISE = Exercise(
    title="How many numbers",
    stars=1,
    reference=table_sizes,
    cases=((3,), (1,), (10,)),
    vary=further_cases(lambda key: (choose(key, [2, 4, 5, 6, 7, 8]),)),
    hints=(
        "How many combinations of values can the variables before the third one have? It needs one "
        "number for each.",
        "i earlier variables, each 0 or 1, have 2^i combinations. The first variable has no "
        "earlier ones, so i starts at 0.",
    ),
    mistakes={
        "you count both p(xᵢ = 0 | …) and p(xᵢ = 1 | …), but they sum to one, so one of them is "
        "enough": edit("2**i", "2 ** (i + 1)"),
        "in Python, ^ compares bits. Write a power with **": edit("2**i", "2 ^ i"),
        "you add one number per variable, but xᵢ needs one number per combination of the earlier "
        "values, and each variable doubles their number": edit("2**i", "i + 1"),
        "you multiply by 2, but you need a power, 2 ** i, because each variable doubles the "
        "number": edit("2**i", "2 * i"),
        "you swapped base and exponent. The base is 2, and the exponent is i": edit("2**i", "i**2"),
        "these are squares, but you need a power of 2, with one factor of 2 per earlier variable: "
        "2 ** i, with i from 0": edit("2**i", "(i + 1) ** 2"),
        "you count all 2^D rows for each variable, but the table of xᵢ has one number per "
        "combination of the values before xᵢ": edit("2**i", "2**input_dim"),
        "you give each variable the table of the last one, but the table of xᵢ has one number per "
        "combination of the values before xᵢ": edit("2**i", "2 ** (input_dim - 1)"),
        "you subtract one from each size, but a table of p(xᵢ = 1 | …) need not sum to one, so "
        "none of its numbers follows from the others": edit("2**i", "2**i - 1"),
        "you add two numbers per earlier variable, but numbers of combinations "
        "are multiplied": edit("2**i", "max(2 * i, 1)"),
    },
)
