"""What came and what was expected, part by part: type, shape, dtype, value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

from .exercise import Misformed, Wrong
from .in_words import kind_of, told_apart, written

RELATIVE, ABSOLUTE = 3e-4, 1e-4
"""How far a floating number may be from the right one, by either: 0.693 will do for ln 2."""


def require_same(came: object, expected: object, where: str = "the answer") -> None:
    """Compare two values part by part: type, shape, dtype, value.

    Tensors, numbers, texts, lists and mappings of them. Numbers are compared up to rounding, and
    one may come for a tensor of one number.

    Raises:
        Wrong: if they differ.
    """
    if came is ...:
        raise _misformed(f"{where} is `...` still", "...", kind_of(expected))
    if came is None and expected is not None:
        forgotten = "" if where.startswith("entry") else ": is a `return` missing?"
        raise _misformed(f"{where} is None{forgotten}", "None", kind_of(expected))
    if isinstance(came, np.generic | np.ndarray) and came.ndim == 0:
        came = came.item()
    if isinstance(expected, Tensor):
        _require_same_tensor(came, expected, where)
    elif isinstance(expected, Mapping):
        if not isinstance(came, Mapping):
            raise _misformed(f"{where} must be a dict", kind_of(came), "dict")
        if set(came) != set(expected):
            keys = written(list(came)), written(list(expected))
            raise _misformed(f"{where} has other keys", *keys)
        for key in expected:
            require_same(came[key], expected[key], f"entry [{key!r}] of {where}")
    elif isinstance(expected, list | tuple):
        if not isinstance(came, list | tuple):
            raise _misformed(
                f"{where} must be {kind_of(expected)}", kind_of(came), kind_of(expected)
            )
        if len(came) != len(expected):
            raise _misformed(
                f"{where} has another length", f"length {len(came)}", f"length {len(expected)}"
            )
        for k, part in enumerate(expected):
            try:
                require_same(came[k], part, f"entry [{k}] of {where}")
            except Wrong as wrong:
                if all(isinstance(part, Real) for part in [*came, *expected]):
                    wrong.came, wrong.expected = told_apart(came, expected)
                raise
    elif isinstance(expected, bool | str):
        if isinstance(came, Tensor) and came.numel() == 1:
            came = came.item()
        if type(came) is not type(expected):
            raise _misformed(f"{where} has another type", kind_of(came), kind_of(expected))
        if came != expected:
            raise _differing(where, came, expected)
    else:
        if isinstance(came, Tensor) and came.numel() == 1:
            came = came.item()
        if isinstance(came, bool) or not isinstance(came, Real):
            raise _misformed(f"{where} must be a number", kind_of(came), "a number")
        if isinstance(expected, Integral):
            is_near = came == expected
        else:
            is_near = math.isclose(came, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        if not is_near:
            raise _differing(where, came, expected)


def is_same(came: object, expected: object) -> bool:
    """Whether :func:`require_same` finds nothing."""
    try:
        require_same(came, expected)
    except Wrong:
        return False
    return True


def _require_same_tensor(came: object, expected: Tensor, where: str) -> None:
    if expected.dim() == 0 and isinstance(came, Real) and not isinstance(came, bool):
        came = torch.tensor(came, dtype=torch.float64)  # a single number, as .item() gives it
    if not isinstance(came, Tensor):
        how = ": torch.from_numpy makes one of an array" if isinstance(came, np.ndarray) else ""
        raise _misformed(f"{where} must be a torch.Tensor{how}", kind_of(came), kind_of(expected))
    if came.shape != expected.shape:
        raise _misformed(
            f"{where} has another shape{_shape_words(came, expected)}",
            f"shape {tuple(came.shape)}",
            f"shape {tuple(expected.shape)}",
        )
    if _family(came) != _family(expected):
        kind = _family(expected)
        cause = f"{where} has another dtype: {_HOW[kind]}"
        raise _misformed(cause, str(came.dtype), str(expected.dtype))
    if expected.is_floating_point():
        both = came.detach().double(), expected.detach().double()
        near = torch.isclose(*both, rtol=0, atol=ABSOLUTE, equal_nan=True)
        close = near | torch.isclose(*both, rtol=RELATIVE, atol=0)
    else:
        close = came == expected
    if not bool(close.all()):
        if came.numel() <= 32:
            raise _differing(where, came, expected)
        first = (~close).nonzero()[0].tolist()
        came, expected = (
            f"{written(tensor[tuple(first)].item())} at {first}" for tensor in (came, expected)
        )
        raise Wrong(f"entry {first} of {where} differs in value", came=came, expected=expected)


def _misformed(cause: str, came: str, expected: str) -> Misformed:
    return Misformed(cause, came=came, expected=expected)


def _differing(where: str, came: object, expected: object) -> Wrong:
    texts = told_apart(came, expected)
    return Wrong(f"{where} differs in value", came=texts[0], expected=texts[1])


def _shape_words(came: Tensor, expected: Tensor) -> str:
    if came.squeeze().shape == expected.squeeze().shape:
        few = "many" if came.dim() > expected.dim() else "few"
        return f": there is a dimension of size 1 too {few}"
    if came.dim() == expected.dim() == 2 and came.T.shape == expected.shape:
        return ": rows and columns are swapped (torch.stack puts rows together, dim=1 columns)"
    return ""


_HOW = {
    "bool": "True and False are asked for, which a comparison gives, or .bool()",
    "whole": "whole numbers are asked for, which torch.arange, argsort and .long() give",
    "floating": "floats are asked for, such as .float() gives",
}


def _family(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "bool"
    return "floating" if tensor.is_floating_point() else "whole"
