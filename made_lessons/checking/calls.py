"""Call an answer on copies of the arguments, and explain its errors."""

from __future__ import annotations

import contextlib
import copy
import io
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor, nn

from .exercise import WrongAnswer
from .torch_errors import meaning_of
from .value_text import as_text, call_as_text, kind_of

MOST_PRINTED = 5_000
"""Largest number of characters that an answer may print."""
IN_LINE, EXPLANATION = ", in the line ", ". Explanation: "
_OTHER_CODE = str(Path(torch.__file__).parent), str(Path(__file__).parents[1])


def run(function: Callable[..., object], *arguments: object) -> object:
    """Call an answer on copies of the arguments and return the result.

    Raises:
        WrongAnswer: if the answer is not callable, raises an error or changes an argument.
    """
    if not callable(function):
        kind = "None" if function is None else kind_of(function)
        raise WrongAnswer(
            f"the answer must be a function, but you passed {kind}. Pass the function itself, "
            "without calling it"
        )
    given = copy.deepcopy(arguments)
    try:
        with contextlib.redirect_stdout(_CappedStream(sys.stdout)):
            got = function(*given)
    except (Exception, SystemExit) as error:
        message = f": {error}".rstrip(". ") if str(error) else ""
        meaning = meaning_of(error)
        explained = f"{EXPLANATION}{meaning}" if meaning else ""
        raise WrongAnswer(
            f"your code raised {type(error).__name__}{message}{_describe_place(error)}{explained}",
            tried=call_as_text(function, arguments),
        ) from error
    for before, after in zip(arguments, given, strict=True):
        if not is_unchanged(before, after):
            raise WrongAnswer(
                "your code changed its argument. Work on a copy, such as x.clone() for a tensor, "
                "because the caller still uses the argument",
                tried=call_as_text(function, arguments),
                expected=f"{as_text(before)}, unchanged",
                got=f"{as_text(after)}, changed",
            )
    return got


def convert_dtype(dtype: torch.dtype, value: object) -> object:
    """Convert all floating-point tensors in a value, such as a list or a module, to a dtype."""
    if isinstance(value, list | tuple):
        return type(value)(convert_dtype(dtype, part) for part in value)
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).to(dtype)
    is_floats = isinstance(value, Tensor) and value.is_floating_point()
    return value.to(dtype) if is_floats else value


class _CappedStream(io.TextIOBase):
    """A text stream that passes on only the first ``MOST_PRINTED`` characters."""

    def __init__(self, out: io.TextIOBase) -> None:
        self.out, self.left = out, MOST_PRINTED

    def write(self, text: str) -> int:
        self.out.write(text[: self.left])
        self.left -= min(self.left, len(text))
        return len(text)


def is_unchanged(before: object, after: object) -> bool:
    """Return True if a copy is still equal to its original."""
    if isinstance(before, nn.Module):
        return is_unchanged(dict(before.state_dict()), dict(after.state_dict()))
    if isinstance(before, Tensor):
        return isinstance(after, Tensor) and torch.equal(before, after)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(is_unchanged, before, after))
    if isinstance(before, Mapping):
        return list(before) == list(after) and all(is_unchanged(before[k], after[k]) for k in after)
    return callable(before) or isinstance(before, torch.Generator) or before == after


def _describe_place(error: BaseException) -> str:
    """Describe the learner's line of code that led to an error, and the shapes of its tensors."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    lines = [summary.line for summary in traceback.extract_tb(error.__traceback__)]
    own = [
        (frame, line)
        for frame, line in zip(frames, lines, strict=True)
        if not frame.f_code.co_filename.startswith(_OTHER_CODE)
    ]
    of_one_file = [
        (frame, line)
        for frame, line in own
        if frame.f_code.co_filename == own[0][0].f_code.co_filename
    ]
    if not of_one_file or not of_one_file[-1][1]:
        return ""
    frame, line = of_one_file[-1]
    tensors = _describe_tensors(line, frame)
    shapes = "; ".join(f"{name} is {about}" for name, about in tensors.items())
    return f"{IN_LINE}`{line}`" + (f", where {shapes}" if shapes else "")


def _describe_tensors(line: str, frame: FrameType) -> dict[str, str]:
    """Describe the shape and dtype of each tensor whose name is in a line of code."""
    found = {}
    for name in re.findall(r"[A-Za-z_][\w.]*", line):
        parts = name.split(".")
        value = (frame.f_locals | frame.f_globals).get(parts[0])
        value = frame.f_locals.get(parts[0], value)
        known = parts[:1]
        for part in parts[1:]:
            if isinstance(value, nn.Module) and part in {*vars(value), *_registered_names(value)}:
                value, known = getattr(value, part), [*known, part]
        if isinstance(value, Tensor):
            kind = str(value.dtype).removeprefix("torch.")
            found[".".join(known)] = f"{tuple(value.shape)}, {kind}"
        elif isinstance(value, list | tuple) and all(isinstance(v, Tensor) for v in value):
            shapes = ", ".join(str(tuple(part.shape)) for part in value[:6])
            found[".".join(known)] = f"a list of tensors {shapes}" if shapes else "an empty list"
    return found


def _registered_names(module: nn.Module) -> set[str]:
    """Return the names of a module's parameters, buffers and layers."""
    kinds = ("_parameters", "_buffers", "_modules")
    return {name for kind in kinds for name in vars(module).get(kind, ())}
