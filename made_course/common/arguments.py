"""Checks of arguments. An error names the argument, the expected value and the given value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from operator import index
from typing import Any, TypeVar

import torch
from torch import Tensor

Choice = TypeVar("Choice", bound=str)


def check_count(name: str, value: Any, smallest: int = 1, largest: int | None = None) -> int:
    """Return ``value`` as an int if it is an integer from ``smallest`` to ``largest``.

    Raises a TypeError for True, 1.5, 3.0, "3" and anything else that is not of an integer type, and
    a ValueError for a number outside the bounds. The message begins with ``name``.
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


def check_number(
    name: str, value: float, *, positive: bool = False, largest: float = math.inf
) -> float:
    """Return ``value`` as a finite float from 0 to ``largest``; 0 is refused if ``positive``.

    Raises a TypeError for a bool, a text and anything else that is not a number, and a ValueError
    for a number outside the range.
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
    if number > largest:
        raise ValueError(f"{name} must be at most {largest:g}, got {number:g}")
    return number


def check_choice(name: str, value: Choice, choices: Sequence[str]) -> Choice:
    """Return ``value`` if it is one of the choices, or raise a ValueError that lists them."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"unknown {name} {value!r}: choose one of {', '.join(choices)}")
    return value


def check_switch(name: str, value: bool) -> bool:
    """Return ``value`` if it is True or False, or raise a TypeError, even for 1 and "yes"."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value


def check_widths(hidden_dims: Sequence[int]) -> list[int]:
    """Return widths as a list of positive ints, or raise a TypeError or ValueError."""
    if isinstance(hidden_dims, str) or not isinstance(hidden_dims, Sequence):
        raise TypeError(
            f"hidden_dims must be a tuple of whole numbers such as (512, 512), got {hidden_dims!r}"
        )
    return [check_count("each of hidden_dims", width) for width in hidden_dims]


def check_last_dimension(x: Tensor, input_dim: int) -> None:
    """Raise a TypeError unless ``x`` is a tensor, and a ValueError unless its shape is (..., D)."""
    if not isinstance(x, Tensor):
        raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}")
    if x.dim() == 0 or x.shape[-1] != input_dim:
        raise ValueError(
            f"the last dimension of x must be input_dim = {input_dim}, "
            f"got shape {tuple(x.shape)}: for images, use x.reshape(len(x), -1)"
        )


def check_rows(x: Tensor, input_dim: int) -> None:
    """Raise a TypeError unless ``x`` is a tensor, and a ValueError unless its shape is (B, D)."""
    if not isinstance(x, Tensor):
        raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}")
    if x.dim() != 2 or x.shape[1] != input_dim:
        raise ValueError(
            f"x must have shape (B, {input_dim}), got {tuple(x.shape)}: "
            "for images, use x.reshape(len(x), -1); for one row, x[None]"
        )


_skipped = ContextVar("skip_value_checks", default=False)


@contextmanager
def skip_value_checks(skip: bool = True) -> Iterator[None]:
    """Skip checks of values inside the ``with``, because the caller has already made them."""
    before = _skipped.set(skip)
    try:
        yield
    finally:
        _skipped.reset(before)


def is_transformed() -> bool:
    """Return True under torch.compile or torch.func, where no code may branch on values.

    For torch.func, PyTorch has only a private function; a test fails if it is removed.
    """
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()


def values_may_be_checked() -> bool:
    """Return False under torch.compile or torch.func, or inside :func:`skip_value_checks`."""
    return not (is_transformed() or _skipped.get())
