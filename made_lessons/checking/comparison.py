"""Compare a value with the expected one: first type, then shape, dtype and value."""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

from .exercise import MalformedAnswer, WrongAnswer
from .value_text import as_text, distinct_texts, kind_of

RELATIVE, ABSOLUTE = 3e-4, 1e-4
"""A float is right if it is within either tolerance, so that 0.693 is accepted for ln 2."""


def require_same(got: object, expected: object, where: str = "the answer") -> None:
    """Require that a value equals the expected one, up to rounding.

    Args:
        got: value of an answer. A tensor with one entry is accepted as a number.
        expected: expected value, which is a tensor, number, text, list or mapping.
        where: name of the value, for the message.

    Raises:
        WrongAnswer: if the values differ.
    """
    if got is ...:
        raise MalformedAnswer(f"{where} is still `...`", got="...", expected=kind_of(expected))
    if got is None and expected is not None:
        forgotten = "" if where.startswith("entry") else ". Is a `return` missing?"
        raise MalformedAnswer(f"{where} is None{forgotten}", got="None", expected=kind_of(expected))
    if isinstance(got, np.generic | np.ndarray) and got.ndim == 0:
        got = got.item()
    if isinstance(expected, Tensor):
        return _require_same_tensor(got, expected, where)
    if isinstance(expected, Mapping):
        return _require_same_mapping(got, expected, where)
    if isinstance(expected, list | tuple):
        return _require_same_list(got, expected, where)
    if isinstance(got, Tensor) and got.numel() == 1:
        got = got.item()
    if isinstance(expected, bool | str):
        if type(got) is not type(expected):
            raise MalformedAnswer(
                f"{where} has the wrong type", got=kind_of(got), expected=kind_of(expected)
            )
        is_near = got == expected
    elif isinstance(got, bool) or not isinstance(got, Real):
        raise MalformedAnswer(f"{where} must be a number", got=kind_of(got), expected="a number")
    elif isinstance(expected, Integral):
        is_near = got == expected
    else:
        is_near = math.isclose(got, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    if not is_near:
        raise _make_wrong_answer(where, got, expected)
    return None


def require_form(got: object, like: Tensor, where: str = "the answer") -> None:
    """Require a tensor of the same shape and kind of dtype as ``like``, whatever its entries are.

    Raises:
        WrongAnswer: if the value is not such a tensor.
    """
    blank = torch.zeros(got.shape, dtype=got.dtype) if isinstance(got, Tensor) else got
    require_same(blank, torch.zeros_like(like), where)


def is_same(got: object, expected: object) -> bool:
    """Return True if :func:`require_same` accepts a value."""
    try:
        require_same(got, expected)
    except WrongAnswer:
        return False
    return True


def has_same_numbers(got: object, right: object) -> bool:
    """Return True if two values contain the same numbers up to rounding, in lists or tensors.

    Example:
        >>> has_same_numbers([1, 2], torch.tensor([1.0, 2.0]))
        True
    """
    got, right = to_tensors(got), to_tensors(right)
    if isinstance(got, Tensor) and isinstance(right, Tensor):
        return is_close(got.double(), right.double())
    if isinstance(got, list) and isinstance(right, list) and len(got) == len(right):
        return all(map(has_same_numbers, got, right))
    return False


def to_tensors(value: object) -> Tensor | list[object] | None:
    """Convert numbers and lists of them to tensors, other lists part by part, the rest to None."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    numbers = bool | int | float
    is_list = isinstance(value, list | tuple)
    if isinstance(value, numbers | np.ndarray | np.generic) or (
        is_list and value and all(isinstance(part, numbers) for part in value)
    ):
        try:
            return torch.as_tensor(value)
        except (TypeError, RuntimeError, ValueError):  # objects, or numbers beyond int64
            return None
    return [*map(to_tensors, value)] if is_list else None


def name_non_finite(got: object, right: object) -> str:
    """Return the first number that is not finite, or "" if there is none, or a right one is not.

    Example:
        >>> name_non_finite([1.0, torch.tensor([2.0, math.nan])], [1.0, torch.ones(2)])
        'nan'
    """
    numbers = (float(number) for number in _list_numbers(got) if not math.isfinite(number))
    return str(next(numbers, "")) if all(map(math.isfinite, _list_numbers(right))) else ""


def is_nan(value: object) -> bool:
    """Return True if all numbers in a value are NaN, and there is at least one."""
    numbers = _list_numbers(value)
    return bool(numbers) and all(map(math.isnan, numbers))


def _list_numbers(value: object) -> list[float]:
    tensors = to_tensors(value)
    if isinstance(tensors, list):
        return [number for part in tensors for number in _list_numbers(part)]
    is_real = tensors is not None and not tensors.is_complex()
    return tensors.flatten().tolist() if is_real else []


def is_close(got: Tensor, right: Tensor) -> bool:
    """Return True if two tensors have the same shape and, up to rounding, the same entries."""
    return got.shape == right.shape and torch.allclose(
        got, right, rtol=3e-4, atol=1e-6, equal_nan=True
    )


def _require_same_mapping(got: object, expected: Mapping, where: str) -> None:
    if not isinstance(got, Mapping):
        raise MalformedAnswer(f"{where} must be a dict", got=kind_of(got), expected="dict")
    if set(got) != set(expected):
        keys = {"got": as_text(list(got)), "expected": as_text(list(expected))}
        raise MalformedAnswer(f"{where} has the wrong keys", **keys)
    for key in expected:
        require_same(got[key], expected[key], f"entry [{key!r}] of {where}")


def _require_same_list(got: object, expected: Sequence, where: str) -> None:
    if not isinstance(got, list | tuple):
        kind = kind_of(expected)
        raise MalformedAnswer(f"{where} must be {kind}", got=kind_of(got), expected=kind)
    if len(got) != len(expected):
        lengths = {"got": f"length {len(got)}", "expected": f"length {len(expected)}"}
        raise MalformedAnswer(f"{where} has the wrong length", **lengths)
    for k, part in enumerate(expected):
        try:
            require_same(got[k], part, f"entry [{k}] of {where}")
        except WrongAnswer as wrong:
            if all(isinstance(part, Real) for part in [*got, *expected]):
                wrong.got, wrong.expected = distinct_texts(got, expected)
            raise


def _require_same_tensor(got: object, expected: Tensor, where: str) -> None:
    if expected.dim() == 0 and isinstance(got, Real) and not isinstance(got, bool):
        got = torch.tensor(got, dtype=torch.float64)  # a number counts as a tensor of shape ()
    if not isinstance(got, Tensor):
        how = ". torch.from_numpy turns an array into one" if isinstance(got, np.ndarray) else ""
        cause = f"{where} must be a torch.Tensor{how}"
        raise MalformedAnswer(cause, got=kind_of(got), expected=kind_of(expected))
    if got.shape != expected.shape:
        shapes = {"got": tuple(got.shape), "expected": tuple(expected.shape)}
        cause = f"{where} has the wrong shape{_explain_shape(got, expected)}"
        raise MalformedAnswer(cause, **{key: f"shape {shape}" for key, shape in shapes.items()})
    if _describe_entries(got) != _describe_entries(expected):
        cause = f"{where} has the wrong dtype. Its entries must be {_describe_entries(expected)}"
        raise MalformedAnswer(cause, got=str(got.dtype), expected=str(expected.dtype))
    if expected.is_floating_point():
        both = got.detach().double(), expected.detach().double()
        near = torch.isclose(*both, rtol=0, atol=ABSOLUTE, equal_nan=True)
        close = near | torch.isclose(*both, rtol=RELATIVE, atol=0)
    else:
        close = got == expected
    if not bool(close.all()):
        if got.numel() <= 32:
            raise _make_wrong_answer(where, got, expected)
        first = (~close).nonzero()[0].tolist()
        got, expected = (
            f"{as_text(tensor[tuple(first)].item())} at {first}" for tensor in (got, expected)
        )
        raise WrongAnswer(
            f"entry {first} of {where} has the wrong value", got=got, expected=expected
        )


def _make_wrong_answer(where: str, got: object, expected: object) -> WrongAnswer:
    got, expected = distinct_texts(got, expected)
    return WrongAnswer(f"{where} has the wrong value", got=got, expected=expected)


def _explain_shape(got: Tensor, expected: Tensor) -> str:
    if got.squeeze().shape == expected.squeeze().shape:
        few = "many" if got.dim() > expected.dim() else "few"
        return f", with one dimension of size 1 too {few}"
    if got.dim() == expected.dim() == 2 and got.T.shape == expected.shape:
        return (
            ", because rows and columns are swapped. torch.stack makes rows, and with dim=1 it "
            "makes columns"
        )
    return ""


def _describe_entries(tensor: Tensor) -> str:
    """Describe the type of a tensor's entries, and how to get entries of this type."""
    if tensor.dtype == torch.bool:
        return "True or False, as a comparison or .bool() returns them"
    if tensor.is_floating_point():
        return "floats, as .float() returns them"
    return "whole numbers, as torch.arange, argsort and .long() return them"
