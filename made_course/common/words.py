"""Write variable names, output names, lists, percentages and the chain rule as text."""

from __future__ import annotations

from collections.abc import Sequence

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def variable_names(input_dim: int) -> list[str]:
    """Return the names of D variables, from x₁ to x_D.

    Example:
        >>> variable_names(3)
        ['x₁', 'x₂', 'x₃']
    """
    return [f"x{i + 1}".translate(_SUBSCRIPTS) for i in range(input_dim)]


def add_hat(name: str) -> str:
    """Return the name of an output: the name of its variable with a hat on the first letter.

    Example:
        >>> add_hat("x₂")
        'x̂₂'
    """
    return f"{name[:1]}\N{COMBINING CIRCUMFLEX ACCENT}{name[1:]}"


def join_names(names: Sequence[str], max_names: int = 12) -> str:
    """Join names with commas and "and", for use in a sentence.

    If there are more than ``max_names``, the list ends with the number of names that it leaves out.

    Example:
        >>> join_names([]), join_names(["x₂"]), join_names(["x₂", "x₃", "x₁"])
        ('nothing', 'x₂', 'x₂, x₃ and x₁')
    """
    if not names:
        return "nothing"
    if len(names) > max_names:
        return f"{', '.join(names[: max_names - 1])} and {len(names) - max_names + 1} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def format_percent(share: float) -> str:
    """Return a share between 0 and 1 as text in percent, never rounded to 0% or 100%.

    Example:
        >>> format_percent(0.125), format_percent(0.0004), format_percent(1.0)
        ('12%', '<1%', '>99%')
    """
    if 0.01 <= share <= 0.99:
        return f"{share:.0%}"
    return "<1%" if share < 0.5 else ">99%"


def factorization(names: Sequence[str], groups: Sequence[Sequence[int]]) -> str:
    """Return the joint distribution as a product of conditionals, with at most five factors.

    Each of ``groups`` has the indices, counted from 0, of the variables that one step generates.

    Example:
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
