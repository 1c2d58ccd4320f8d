"""Call an answer on copies of the arguments, and explain its errors."""

import contextlib
import copy
import io
import re
import traceback
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor, nn

from .exercise import WrongAnswer
from .torch_errors import explain_error
from .value_text import as_text, call_as_text, kind_of

MOST_PRINTED = 5_000  # largest number of printed characters that are shown
IN_LINE, EXPLANATION = ", in the line ", ". Explanation: "
_FIRST_LINE = (
    "do not change the first line of the function, because the check passes those arguments"
)
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
    printed = _CappedBuffer()
    try:
        with contextlib.redirect_stdout(printed):
            got = function(*given)
    except (Exception, SystemExit) as error:
        message = f": {error}".rstrip(". ") if str(error) else ""
        place = _describe_place(error)
        is_call = not place and re.search("positional argument|unexpected keyword", message)
        meaning = _FIRST_LINE if is_call else explain_error(error)
        explained = f"{EXPLANATION}{meaning}" if meaning else ""
        raise WrongAnswer(
            f"your code raised {type(error).__name__}{message}{place}{explained}",
            tried=call_as_text(function, arguments),
        ) from error
    finally:
        print(printed.getvalue(), end="")
    for before, after in zip(arguments, given, strict=True):
        if not is_unchanged(before, after):
            how = {list: "list(x)", Tensor: "x.clone()"}.get(type(before), "copy.deepcopy(x)")
            raise WrongAnswer(
                f"your code changed its argument. Work on a copy, such as {how}, because the "
                "caller still uses the argument",
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


class _CappedBuffer(io.StringIO):
    """A text buffer that keeps only the first ``MOST_PRINTED`` characters."""

    def write(self, text: str) -> int:
        return super().write(text[: MOST_PRINTED - self.tell()])


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
    steps = [
        (frame.f_code.co_filename, frame, line)
        for frame, line in zip(frames, lines, strict=True)
        if not frame.f_code.co_filename.startswith(_OTHER_CODE)
    ]
    steps = [step for step in steps if step[0] == steps[0][0]]
    if not steps or not steps[-1][2]:
        return ""
    _, frame, line = steps[-1]
    shapes = "; ".join(f"{name} is {about}" for name, about in _describe_tensors(line, frame))
    return f"{IN_LINE}`{line}`" + (f", where {shapes}" if shapes else "")


def _describe_tensors(line: str, frame: FrameType) -> Iterator[tuple[str, str]]:
    """Yield the name of each tensor in a line of code, and its shape and dtype."""
    variables, described = frame.f_globals | frame.f_locals, set()
    not_yet_set = {*frame.f_code.co_varnames} - {*frame.f_locals}
    for path in re.findall(r"[A-Za-z_][\w.]*", line):
        name, *parts = path.split(".")
        value = variables.get(name)
        for part in parts:
            if part in (inside := _attributes(value)):
                name, value = f"{name}.{part}", inside[part]
        if name in described | not_yet_set:
            continue
        described.add(name)
        if isinstance(value, Tensor):
            yield name, f"{tuple(value.shape)}, {str(value.dtype).removeprefix('torch.')}"
        elif isinstance(value, list | tuple) and all(isinstance(v, Tensor) for v in value):
            shapes = ", ".join(str(tuple(part.shape)) for part in value[:6])
            yield name, f"a list of tensors {shapes}" if shapes else "an empty list"


def _attributes(value: object) -> dict[str, object]:
    """Return a module's attributes, parameters, buffers and layers, without calling properties."""
    own = vars(value) if isinstance(value, nn.Module) else {}
    registered = [own.get(kind, {}) for kind in ("_parameters", "_buffers", "_modules")]
    return dict(ChainMap(own, *registered))
