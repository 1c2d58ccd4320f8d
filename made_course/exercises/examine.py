"""How an answer is examined: called on copies, within a time limit, and compared part by part.

The order of diagnosis is always the same: not attempted, raised, type, shape, dtype, value.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import dis
import inspect
import io
import math
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from pathlib import Path
from types import CodeType, FunctionType

import numpy as np
import torch
from torch import Tensor, nn

from .exercise import Exercise, Slip, Wrong

LIMIT_S = 2.0
"""How long an answer may run in a check."""
RELATIVE, ABSOLUTE = 3e-4, 1e-6
"""How far a number that is not whole may be from the right one: 0.693 will do for ln 2."""
MOST_PRINTED = 5_000
"""Characters that an answer may print."""
_DATA = (Real, list, tuple, Tensor, np.ndarray, nn.Module)
_NOT_THE_READERS = tuple(str(Path(file).parent) for file in (torch.__file__, __file__))


class TookTooLong(BaseException):
    """Raised in an answer that ran past its time; no ``except Exception`` in it keeps this back."""


class Misformed(Wrong):
    """An answer whose type, shape or dtype is not the one expected."""


def examine(exercise: Exercise, answer: object) -> str:
    """Judge an answer.

    Returns:
        a sentence on what was found; often empty.

    Raises:
        Wrong: if it is not right.
    """
    try:
        with _nothing_left_behind(), time_limit(LIMIT_S):
            said = ""
            if exercise.examine is not None:
                said = exercise.examine(answer) or ""
            elif exercise.is_value:
                compare_value(answer, exercise.reference(), exercise.slips)
            compare_on_cases(answer, exercise.reference, exercise.cases, exercise.slips)
            return said
    except TookTooLong:
        raise Wrong(
            f"it was stopped after {LIMIT_S:g} seconds: does a loop never end, or does it do far "
            "more steps than needed?"
        ) from None
    except Wrong as wrong:
        wrong.cause += _of_the_notebook(answer)
        raise
    except Exception as error:  # an answer may be anything, and a check must never raise
        raise Wrong(
            f"the check could make nothing of this answer: {type(error).__name__}: {error}"
        ) from error


@contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """What an answer draws, or sets for all of torch, is as it was afterwards."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_num_threads(threads)


# ---- not attempted ------------------------------------------------------------------------------


def parts_to_do(answer: object) -> tuple[int, int]:
    """How many parts of an answer are stubs still, and how many parts it has.

    A stub is ``...``, a function whose body it is, or a list that holds one. The parts of a
    collection are its entries; those of a class are its methods but ``__init__``, which exercises
    begin themselves.

    Example:
        >>> def stub(x):
        ...     "What it should do."
        ...     ...
        >>> parts_to_do(stub), parts_to_do({"a": 1, "b": ...}), parts_to_do(lambda x: 2 * x)
        ((1, 1), (1, 2), (0, 1))
    """
    if isinstance(answer, Mapping):
        parts = list(answer.values())
    elif isinstance(answer, list | tuple):
        parts = list(answer)
    elif isinstance(answer, type):
        parts = [part for name, part in _methods(answer).items() if name != "__init__"] or [...]
    else:
        parts = [answer]
    return sum(map(_is_stub, parts)), len(parts)


def _methods(answer: type) -> dict[str, FunctionType]:
    found = {name: _unwrapped(part) for name, part in vars(answer).items()}
    return {name: part for name, part in found.items() if isinstance(part, FunctionType)}


def _unwrapped(answer: object) -> object:
    return inspect.unwrap(answer) if callable(answer) else answer


def _is_stub(answer: object) -> bool:
    if answer is ...:
        return True
    if isinstance(answer, list | tuple):
        return any(map(_is_stub, answer))
    answer = _unwrapped(answer)
    if isinstance(answer, FunctionType):
        says_nothing = set(answer.__code__.co_consts) <= {None, answer.__doc__}
        return says_nothing and _instructions(answer) == _instructions(_stub)
    return False


def _stub() -> None: ...


def _instructions(function: FunctionType) -> list[str]:
    return [instruction.opname for instruction in dis.get_instructions(function)]


# ---- calling ------------------------------------------------------------------------------------


def run(function: Callable[..., object], *arguments: object) -> object:
    """Call an answer on copies of the arguments, and give back what it returned.

    Raises:
        Wrong: if it cannot be called, raises, or changes an argument.
    """
    if not callable(function):
        raise Wrong(
            f"a function was expected, came {type(function).__name__}: hand over the function "
            "itself, without calling it"
        )
    given = copy.deepcopy(arguments)
    tried = written_call(function, arguments)
    try:
        with contextlib.redirect_stdout(_Capped(sys.stdout)):
            came = function(*given)
    except (Exception, SystemExit) as error:
        said = f": {error}" if str(error) else ""
        raise Wrong(
            f"your code raised {type(error).__name__}{said}{_where(error)}", tried=tried
        ) from error
    for before, after in zip(arguments, given, strict=True):
        if not is_unchanged(before, after):
            raise Wrong(
                "your code changed what it was given: work on a copy (for a tensor x.clone()), "
                "since the caller goes on to use it",
                tried=tried,
                expected=f"{written(before)}, untouched",
                came=f"{written(after)}, changed",
            )
    return came


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TookTooLong` in Python code that computes longer; a call into C is waited for.

    What counts is the processor's time, so that a busy machine stops nobody, and five times as
    much by the clock. It is raised again and again, so that most answers which catch everything
    end, too.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    raise_there = ctypes.pythonapi.PyThreadState_SetAsyncExc
    over, lock = threading.Event(), threading.Lock()
    worked = _clock_of_this_thread()
    work_ends, ends = worked() + seconds, time.monotonic() + 5 * seconds

    def watch() -> None:
        while not over.wait(0.05):
            with lock:
                is_late = worked() > work_ends or time.monotonic() > ends
                if is_late and not over.is_set():
                    raise_there(thread, ctypes.py_object(TookTooLong))

    def end() -> None:
        with lock:
            over.set()
        raise_there(thread, None)  # one that is on its way has nothing to stop any more

    try:
        try:
            threading.Thread(target=watch, daemon=True).start()
            yield
        finally:
            end()
    finally:
        end()  # the first may have been struck itself; the next stroke is 50 ms away


def _clock_of_this_thread() -> Callable[[], float]:
    """The processor's time that this thread has used, to be asked for from any thread."""
    if not hasattr(time, "pthread_getcpuclockid"):  # Windows and macOS count all threads
        return time.process_time
    clock = time.pthread_getcpuclockid(threading.get_ident())
    return lambda: time.clock_gettime(clock)


class _Capped(io.TextIOBase):
    """Passes on what is printed, up to a limit."""

    def __init__(self, out: io.TextIOBase) -> None:
        self.out, self.left = out, MOST_PRINTED

    def write(self, text: str) -> int:
        self.out.write(text[: self.left])
        self.left -= min(self.left, len(text))
        return len(text)


def is_unchanged(before: object, after: object) -> bool:
    """Whether a copy is still what it was copied from."""
    if isinstance(before, nn.Module):
        return is_unchanged(dict(before.state_dict()), dict(after.state_dict()))
    if isinstance(before, Tensor):
        return isinstance(after, Tensor) and torch.equal(before, after)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(is_unchanged, before, after))
    if isinstance(before, Mapping):
        return list(before) == list(after) and all(is_unchanged(before[k], after[k]) for k in after)
    return callable(before) or isinstance(before, torch.Generator) or before == after


def _where(error: BaseException) -> str:
    """The line of the reader's own code that led to an error, where there is one."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(_NOT_THE_READERS)]
    lines = [frame.line for frame in theirs if frame.filename == theirs[0].filename]
    return f", in the line `{lines[-1]}`" if lines and lines[-1] else ""


def _of_the_notebook(answer: object) -> str:
    """A remark on the numbers, lists and tensors of the notebook that an answer reads."""
    functions = _methods(answer).values() if isinstance(answer, type) else [_unwrapped(answer)]
    names = set()
    for function in functions:
        if isinstance(function, FunctionType) and function.__module__ == "__main__":
            data = function.__globals__
            read = _globals_read(function.__code__)
            names |= {name for name in read if isinstance(data.get(name), _DATA)}
    if not names:
        return ""
    these = ", ".join(f"`{name}`" for name in sorted(names))
    return f" (From the notebook, and so the same in every call: {these}. Is an argument meant?)"


def _globals_read(code: CodeType) -> set[str]:
    nested = [part for part in code.co_consts if isinstance(part, CodeType)]
    read = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return read.union(*map(_globals_read, nested))


# ---- comparing ----------------------------------------------------------------------------------


def compare_on_cases(
    answer: object,
    reference: Callable[..., object],
    cases: Sequence[tuple[object, ...]],
    slips: Sequence[Slip],
) -> None:
    """Compare a function with the reference on every case.

    Raises:
        Wrong: at the first case where it differs, with the cause of the slip that does the same.
    """
    for k, case in enumerate(cases):
        expected = reference(*copy.deepcopy(case))
        try:
            came = run(answer, *case)
            require_same(came, expected)
        except Wrong as wrong:
            wrong.tried = wrong.tried or written_call(answer, case)
            wrong.cause = _cause(answer, reference, cases, k, slips) or wrong.cause
            raise wrong


def compare_value(came: object, expected: object, slips: Sequence[Slip]) -> None:
    """Compare a value with the right one.

    Raises:
        Wrong: if it differs, with the cause of the slip that has the same value; the right value is
            not told.
    """
    try:
        if came is None:
            raise _misformed("the answer is None", "None", _kind(expected))
        require_same(came, expected)
    except Wrong as wrong:
        wrong.came = wrong.came or written(came)
        if not isinstance(wrong, Misformed):
            wrong.expected = ""
        causes = [slip.cause for slip in slips if is_same(came, slip.answer)]
        wrong.cause = next(iter(causes), wrong.cause)
        raise wrong


def require_same(came: object, expected: object, where: str = "the answer") -> None:
    """Compare two values part by part: type, shape, dtype, value.

    Tensors, numbers, texts, lists and mappings of them. Numbers are compared up to rounding, and
    one may come for a tensor of one number.

    Raises:
        Wrong: if they differ.
    """
    if came is ...:
        raise _misformed(f"{where} is `...` still", "...", _kind(expected))
    if came is None and expected is not None:
        forgotten = "" if where.startswith("entry") else ": is a `return` missing?"
        raise _misformed(f"{where} is None{forgotten}", "None", _kind(expected))
    if isinstance(came, np.generic | np.ndarray) and came.ndim == 0:
        came = came.item()
    if isinstance(expected, Tensor):
        _require_same_tensor(came, expected, where)
    elif isinstance(expected, Mapping):
        if not isinstance(came, Mapping):
            raise _misformed(f"{where} must be a dict", _kind(came), "dict")
        if set(came) != set(expected):
            keys = written(list(came)), written(list(expected))
            raise _misformed(f"{where} has other keys", *keys)
        for key in expected:
            require_same(came[key], expected[key], f"entry {key!r} of {where}")
    elif isinstance(expected, list | tuple):
        if not isinstance(came, list | tuple):
            raise _misformed(f"{where} must be {_kind(expected)}", _kind(came), _kind(expected))
        if len(came) != len(expected):
            raise _misformed(
                f"{where} has another length", f"length {len(came)}", f"length {len(expected)}"
            )
        for k, part in enumerate(expected):
            try:
                require_same(came[k], part, f"entry {k} of {where}")
            except Wrong as wrong:
                if all(isinstance(part, Real) for part in [*came, *expected]):
                    wrong.came, wrong.expected = written(came), written(expected)
                raise
    elif isinstance(expected, bool | str):
        if isinstance(came, Tensor) and came.numel() == 1:
            came = came.item()
        if type(came) is not type(expected):
            raise _misformed(f"{where} has another type", _kind(came), _kind(expected))
        if came != expected:
            raise _differing(where, came, expected)
    else:
        if isinstance(came, Tensor) and came.numel() == 1:
            came = came.item()
        if isinstance(came, bool) or not isinstance(came, Real):
            raise _misformed(f"{where} must be a number", _kind(came), "a number")
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
        raise _misformed(f"{where} must be a torch.Tensor", _kind(came), _kind(expected))
    if came.shape != expected.shape:
        raise _misformed(
            f"{where} has another shape",
            f"shape {tuple(came.shape)}",
            f"shape {tuple(expected.shape)}",
        )
    if _family(came) != _family(expected):
        raise _misformed(f"{where} has another dtype", str(came.dtype), str(expected.dtype))
    if expected.is_floating_point():
        both = came.detach().double(), expected.detach().double()
        close = torch.isclose(*both, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    else:
        close = came == expected
    if not bool(close.all()):
        if came.numel() <= 32:
            raise _differing(where, came, expected)
        first = (~close).nonzero()[0].tolist()
        came, expected = (tensor[tuple(first)].item() for tensor in (came, expected))
        raise _differing(f"entry {first} of {where}", came, expected)


def _cause(
    answer: object,
    reference: Callable[..., object],
    cases: Sequence[tuple[object, ...]],
    failed: int,
    slips: Sequence[Slip],
) -> str | None:
    """The cause of the slip that does the same on all cases, or else wherever the answer is wrong.

    One case alone may look like many a mistake. Where the answer raises, it tells nothing of the
    case that failed before.
    """
    came, right = ([_outcome(function, case) for case in cases] for function in (answer, reference))
    telling = [k for k in range(len(cases)) if k == failed or not isinstance(came[k], str)]
    by_slip = [[_outcome(slip.answer, case) for case in cases] for slip in slips]
    for is_alike in (lambda came, slip, _: is_same(came, slip), _is_as_wrong):
        for slip, theirs in zip(slips, by_slip, strict=True):
            if all(is_alike(came[k], theirs[k], right[k]) for k in telling):
                return slip.cause
    return None


def _is_as_wrong(came: object, slip: object, right: object) -> bool:
    """Whether an answer, or each entry of a list, is right or the same as the slip's."""
    if is_same(came, slip) or is_same(came, right):
        return True
    lists = (came, slip, right)
    if not all(isinstance(part, list | tuple) and len(part) == len(right) for part in lists):
        return False
    return all(map(_is_as_wrong, came, slip, right))


def _outcome(function: object, arguments: tuple[object, ...]) -> object:
    """What a call returns, or the words of what is wrong with it; what it prints is not shown."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return run(function, *arguments)
    except Wrong as wrong:
        return wrong.cause.partition(", in the line")[0]


def _misformed(cause: str, came: str, expected: str) -> Wrong:
    return Misformed(cause, came=came, expected=expected)


def _differing(where: str, came: object, expected: object) -> Wrong:
    return Wrong(f"{where} differs in value", came=written(came), expected=written(expected))


def _family(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "bool"
    return "floating" if tensor.is_floating_point() else "whole"


# ---- words --------------------------------------------------------------------------------------


def written(value: object, longest: int = 240) -> str:
    """A value as a report shows it: short, with masks as zeros and ones.

    Example:
        >>> written(torch.tensor([[True, False]])), written([0.123456, torch.tensor(3)])
        ('[[1, 0]] (bool)', '[0.1235, 3]')
    """
    text = _text(value)
    if isinstance(value, Tensor) and value.dtype == torch.bool:
        text += " (bool)"
    if len(text) <= longest:
        return text
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{text[: longest - 1]}…"


def written_call(function: object, arguments: Sequence[object]) -> str:
    """A call as a report shows it.

    Example:
        >>> written_call(len, [[1, 2]])
        'len([1, 2])'
    """
    name = getattr(function, "__name__", "your function")
    return f"{name}({', '.join(written(argument, 100) for argument in arguments)})"


def _text(value: object) -> str:
    if isinstance(value, Tensor):
        value = value.int() if value.dtype == torch.bool else value
        return _text(value.tolist())
    if isinstance(value, bool | str):
        return repr(value)
    if isinstance(value, float):
        return f"{value:.1f}" if value.is_integer() else f"{value:.4g}"
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_text(part)}' for key, part in value.items())}}}"
    if isinstance(value, nn.Module):
        return f"a {type(value).__name__}"
    return getattr(value, "__name__", None) or repr(value)


def _kind(value: object) -> str:
    if isinstance(value, Tensor):
        return f"a torch.Tensor of {value.dtype}"
    name = "function" if isinstance(value, FunctionType) else type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
