"""Convert values and calls to text, for a report."""

from collections.abc import Mapping, Sequence
from types import FunctionType

import torch
from torch import Tensor, nn


def as_text(value: object, max_length: int = 240, digits: int = 4) -> str:
    """Convert a value to a short string, with masks as zeros and ones.

    Args:
        value: any value, such as a tensor, a list or a function.
        max_length: largest number of tensor entries, and of characters, that are shown.
        digits: number of significant digits of a float.

    Example:
        >>> as_text(torch.tensor([[True, False]])), as_text([0.123456, torch.tensor(3)])
        ('[[1, 0]] (bool)', '[0.1235, 3]')
    """
    is_tensor = isinstance(value, Tensor)
    if is_tensor and value.numel() > max_length:
        return f"a tensor of shape {tuple(value.shape)}"
    text = _to_text(value, digits)
    if is_tensor and value.dtype == torch.bool:
        text += " (bool)"
    if len(text) <= max_length:
        return text
    return f"a tensor of shape {tuple(value.shape)}" if is_tensor else f"{text[: max_length - 1]}…"


def distinct_texts(*values: object) -> list[str]:
    """Convert two values to texts, with enough digits to tell them apart.

    Example:
        >>> distinct_texts(0.5, 0.25), distinct_texts(0.500001, 0.5)
        (['0.5', '0.25'], ['0.500001', '0.5'])
    """
    texts = [as_text(value) for value in values]
    return texts if len({*texts}) > 1 else [as_text(value, digits=8) for value in values]


def call_as_text(function: object, arguments: Sequence[object]) -> str:
    """Convert a call to text.

    Example:
        >>> call_as_text(len, [[1, 2]])
        'len([1, 2])'
    """
    name = getattr(function, "__name__", "your function")
    return f"{name}({', '.join(as_text(argument, 100) for argument in arguments)})"


def _to_text(value: object, digits: int = 4) -> str:
    if isinstance(value, Tensor):
        value = value.int() if value.dtype == torch.bool else value
        return _to_text(value.tolist(), digits)
    if isinstance(value, bool | str):
        return repr(value)
    if isinstance(value, float):
        is_short = value.is_integer() and abs(value) < 1e9
        return f"{value:.1f}" if is_short else f"{value:.{digits}g}"
    if isinstance(value, list | tuple):
        entries = ", ".join(_to_text(part, digits) for part in value)
        if isinstance(value, list):
            return f"[{entries}]"
        return f"({entries}{',' if len(value) == 1 else ''})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_to_text(part)}' for key, part in value.items())}}}"
    if isinstance(value, nn.Module):
        return getattr(value, "__name__", f"a {type(value).__name__}")
    return getattr(value, "__name__", None) or repr(value)


def kind_of(value: object) -> str:
    """Return the type of a value with an article, such as "a list"."""
    if isinstance(value, Tensor):
        return f"a torch.Tensor of {value.dtype}"
    name = "function" if isinstance(value, FunctionType) else type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
