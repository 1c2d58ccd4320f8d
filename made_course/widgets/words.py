"""How the widgets name things: variables, outputs, lists of them, the chain rule in an ordering."""

from __future__ import annotations

from collections.abc import Sequence

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def variable_names(input_dim: int) -> list[str]:
    """Names of the variables, counted from 1.

    Example:
        >>> variable_names(3)
        ['x₁', 'x₂', 'x₃']
    """
    return [f"x{i + 1}".translate(_SUBSCRIPTS) for i in range(input_dim)]


def hat(name: str) -> str:
    """Name of an output: its variable's, with a hat on the first letter.

    Example:
        >>> hat("x₂")
        'x̂₂'
    """
    return f"{name[:1]}\N{COMBINING CIRCUMFLEX ACCENT}{name[1:]}"


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


def factorization(names: Sequence[str], ordering: Sequence[int]) -> str:
    """The joint distribution as a product of conditionals, in the ordering.

    More than five variables are abbreviated.

    Example:
        >>> factorization(["x₁", "x₂", "x₃"], [1, 2, 0])
        'p(x) = p(x₂) · p(x₃ | x₂) · p(x₁ | x₂, x₃)'
    """
    said = [names[i] for i in ordering]
    steps = range(len(said))
    if len(said) > 5:
        steps = [0, 1, 2, len(said) - 1]
    factors = []
    for t in steps:
        before = said[:t] if t <= 3 else [said[0], "…", said[t - 1]]
        factors.append(f"p({said[t]} | {', '.join(before)})" if before else f"p({said[t]})")
    if len(said) > 5:
        factors.insert(3, "⋯")
    return "p(x) = " + " · ".join(factors)
