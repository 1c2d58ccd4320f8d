"""How things are named: variables, outputs, lists of them, the chain rule."""

from __future__ import annotations

from collections.abc import Sequence

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def variable_names(input_dim: int) -> list[str]:
    """Names of the variables, counted from 1.

    Example:
        >>> variable_names(3)
        ['x₁', 'x₂', 'x₃']
    """
    return [f"x{i + 1}".translate(_SUBSCRIPTS) for i in range(input_dim)]


def check_names(names: Sequence[str], input_dim: int) -> list[str]:
    """Return the reader's own names of the variables, or say what is wrong with them.

    Raises:
        TypeError: if they are not a list of strings.
        ValueError: if there are not D, or one is blank, not printable, contains a comma, or
            stands for two variables.

    Example:
        >>> check_names(["rain", "wet grass"], 2)
        ['rain', 'wet grass']
    """
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"names must be a list of strings, got {names!r}")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"each of names must be a string, got {name!r}")
        if not name.strip() or "," in name or not name.isprintable():
            raise ValueError(
                "a name must be neither blank nor contain a comma or a control character, "
                f"got {name!r}"
            )
    if len(names) != input_dim:
        raise ValueError(f"names must name each of {input_dim} variables, got {len(names)}")
    if len({_plain(name) for name in names}) < len(names):
        raise ValueError(f"names must differ from one another, got {listing(names)}")
    return list(names)


def _plain(name: str) -> str:
    """A name as it is typed: digits on the line, one space between words."""
    return " ".join(name.translate(_DIGITS).split())


def hat(name: str) -> str:
    """Name of an output: its variable's, with a hat on the first letter.

    Example:
        >>> hat("x₂")
        'x̂₂'
    """
    return f"{name[:1]}\N{COMBINING CIRCUMFLEX ACCENT}{name[1:]}"


def shortened(name: str, most: int = 12) -> str:
    """A name that fits into a picture: what is cut off leaves an ellipsis.

    Example:
        >>> shortened("sprinkler", 6), shortened("rain", 6)
        ('sprin…', 'rain')
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def listing(names: Sequence[str], most: int = 12) -> str:
    """Names as they stand in a sentence; long lists say how many more there are.

    Example:
        >>> listing([]), listing(["x₂"]), listing(["x₂", "x₃", "x₁"])
        ('nothing', 'x₂', 'x₂, x₃ and x₁')
    """
    if not names:
        return "nothing"
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def percent(share: float) -> str:
    """A share as it is said, never rounded to nothing or to all.

    Example:
        >>> percent(0.125), percent(0.0004), percent(1.0)
        ('12%', '<1%', '>99%')
    """
    if 0.01 <= share <= 0.99:
        return f"{share:.0%}"
    return "<1%" if share < 0.5 else ">99%"


def factorization(names: Sequence[str], groups: Sequence[Sequence[int]]) -> str:
    """The joint distribution as a product of conditionals; those of a group come in one step.

    More than five factors are abbreviated.

    Example:
        >>> factorization(["x₁", "x₂", "x₃"], [[1], [2], [0]])
        'p(x) = p(x₂) · p(x₃ | x₂) · p(x₁ | x₂, x₃)'
        >>> factorization(["x₁", "x₂", "x₃"], [[1, 2], [0]])
        'p(x) = p(x₂) · p(x₃) · p(x₁ | x₂, x₃)'
    """
    factors: list[str] = []
    past: list[str] = []
    for group in groups:
        before = past if len(past) < 4 else [past[0], "…", past[-1]]
        given = f" | {', '.join(before)}" if before else ""
        factors += [f"p({names[i]}{given})" for i in group]
        past += [names[i] for i in group]
    if len(factors) > 5:
        factors[3:-1] = ["⋯"]
    return "p(x) = " + " · ".join(factors)
