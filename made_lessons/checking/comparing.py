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


def require_same(got: object, expected: object, where: str = "the answer") -> None:
    """Compare two values part by part: type, shape, dtype, value.

    Tensors, numbers, texts, lists and mappings of them. Numbers are compared up to rounding, and
    one may come for a tensor of one number.

    Raises:
        Wrong: if they differ.
    """
    if got is ...:
        raise _misformed(f"{where} is `...` still", "...", kind_of(expected))
    if got is None and expected is not None:
        forgotten = "" if where.startswith("entry") else ": is a `return` missing?"
        raise _misformed(f"{where} is None{forgotten}", "None", kind_of(expected))
    if isinstance(got, np.generic | np.ndarray) and got.ndim == 0:
        got = got.item()
    if isinstance(expected, Tensor):
        _require_same_tensor(got, expected, where)
    elif isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            raise _misformed(f"{where} must be a dict", kind_of(got), "dict")
        if set(got) != set(expected):
            keys = written(list(got)), written(list(expected))
            raise _misformed(f"{where} has other keys", *keys)
        for key in expected:
            require_same(got[key], expected[key], f"entry [{key!r}] of {where}")
    elif isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple):
            raise _misformed(
                f"{where} must be {kind_of(expected)}", kind_of(got), kind_of(expected)
            )
        if len(got) != len(expected):
            raise _misformed(
                f"{where} has another length", f"length {len(got)}", f"length {len(expected)}"
            )
        for k, part in enumerate(expected):
            try:
                require_same(got[k], part, f"entry [{k}] of {where}")
            except Wrong as wrong:
                if all(isinstance(part, Real) for part in [*got, *expected]):
                    wrong.got, wrong.expected = told_apart(got, expected)
                raise
    elif isinstance(expected, bool | str):
        if isinstance(got, Tensor) and got.numel() == 1:
            got = got.item()
        if type(got) is not type(expected):
            raise _misformed(f"{where} has another type", kind_of(got), kind_of(expected))
        if got != expected:
            raise _differing(where, got, expected)
    else:
        if isinstance(got, Tensor) and got.numel() == 1:
            got = got.item()
        if isinstance(got, bool) or not isinstance(got, Real):
            raise _misformed(f"{where} must be a number", kind_of(got), "a number")
        if isinstance(expected, Integral):
            is_near = got == expected
        else:
            is_near = math.isclose(got, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        if not is_near:
            raise _differing(where, got, expected)


def is_same(got: object, expected: object) -> bool:
    """Whether :func:`require_same` finds nothing."""
    try:
        require_same(got, expected)
    except Wrong:
        return False
    return True


def _require_same_tensor(got: object, expected: Tensor, where: str) -> None:
    if expected.dim() == 0 and isinstance(got, Real) and not isinstance(got, bool):
        got = torch.tensor(got, dtype=torch.float64)  # a single number, as .item() gives it
    if not isinstance(got, Tensor):
        how = ": torch.from_numpy makes one of an array" if isinstance(got, np.ndarray) else ""
        raise _misformed(f"{where} must be a torch.Tensor{how}", kind_of(got), kind_of(expected))
    if got.shape != expected.shape:
        raise _misformed(
            f"{where} has another shape{_shape_words(got, expected)}",
            f"shape {tuple(got.shape)}",
            f"shape {tuple(expected.shape)}",
        )
    if _family(got) != _family(expected):
        kind = _family(expected)
        cause = f"{where} has another dtype: {_HOW[kind]}"
        raise _misformed(cause, str(got.dtype), str(expected.dtype))
    if expected.is_floating_point():
        both = got.detach().double(), expected.detach().double()
        near = torch.isclose(*both, rtol=0, atol=ABSOLUTE, equal_nan=True)
        close = near | torch.isclose(*both, rtol=RELATIVE, atol=0)
    else:
        close = got == expected
    if not bool(close.all()):
        if got.numel() <= 32:
            raise _differing(where, got, expected)
        first = (~close).nonzero()[0].tolist()
        got, expected = (
            f"{written(tensor[tuple(first)].item())} at {first}" for tensor in (got, expected)
        )
        raise Wrong(f"entry {first} of {where} differs in value", got=got, expected=expected)


def _misformed(cause: str, got: str, expected: str) -> Misformed:
    return Misformed(cause, got=got, expected=expected)


def _differing(where: str, got: object, expected: object) -> Wrong:
    texts = told_apart(got, expected)
    return Wrong(f"{where} differs in value", got=texts[0], expected=texts[1])


def _shape_words(got: Tensor, expected: Tensor) -> str:
    if got.squeeze().shape == expected.squeeze().shape:
        few = "many" if got.dim() > expected.dim() else "few"
        return f": there is a dimension of size 1 too {few}"
    if got.dim() == expected.dim() == 2 and got.T.shape == expected.shape:
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
