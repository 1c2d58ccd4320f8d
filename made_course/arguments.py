"""Checks that every public function makes of its arguments: what came, what was expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index


def check_count(name: str, value: int, smallest: int = 1, largest: int | None = None) -> int:
    """Return a whole number of at least ``smallest``, or say why it is none.

    Raises:
        TypeError: if it is not a whole number (True, 1.5 and "3" are none).
        ValueError: if it is too small, or larger than the ``largest``.

    Example:
        >>> check_count("input_dim", 3)
        3
    """
    try:
        whole = None if isinstance(value, bool) else index(value)
    except TypeError:
        whole = None
    if whole is None:
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if whole < smallest:
        raise ValueError(f"{name} must be at least {smallest}, got {whole}")
    if largest is not None and whole > largest:
        raise ValueError(f"{name} must be at most {largest}, got {whole}")
    return whole


def check_number(name: str, value: float, *, positive: bool = False) -> float:
    """Return a finite number of at least 0, or above 0 if ``positive``, or say why it is none.

    Raises:
        TypeError: if it is not a real number.
        ValueError: if it is not finite, or too small.

    Example:
        >>> check_number("lr", 0.002, positive=True)
        0.002
    """
    try:
        number = None if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        raise TypeError(f"{name} must be a number, got {value!r}")
    fits = number > 0 if positive else number >= 0
    if not (fits and math.isfinite(number)):
        bound = "above 0" if positive else "at least 0"
        raise ValueError(f"{name} must be finite and {bound}, got {number:g}")
    return number


def check_choice(name: str, value: str, choices: Sequence[str]) -> str:
    """Return a word that is one of the choices, or say which there are.

    Raises:
        ValueError: if it is none of them.

    Example:
        >>> check_choice("degrees", "even", ("uniform", "paper", "even"))
        'even'
    """
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"unknown {name} {value!r}: choose one of {', '.join(choices)}")
    return value


def check_switch(name: str, value: bool) -> bool:
    """Return True or False, or say that it is neither.

    Raises:
        TypeError: if it is anything else: 1 and "yes", too.

    Example:
        >>> check_switch("playing", True)
        True
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value
