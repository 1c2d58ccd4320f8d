"""Which parts of an answer are written, and which are still ``...``."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Mapping
from types import CodeType, FunctionType


def parts_to_do(answer: object) -> tuple[int, int]:
    """How many parts of an answer are stubs still, and how many parts it has.

    A stub is ``...``, a function whose body it is, or a list that holds one. The parts of a
    collection are its entries; those of a class are its methods. ``__init__``, which exercises
    begin themselves, is one of them once it goes further.

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
        methods = methods_of(answer)
        if "__init__" in methods and not _goes_further(methods["__init__"]):
            del methods["__init__"]
        parts = list(methods.values()) or [...]
    else:
        parts = [answer]
    return sum(map(_is_stub, parts)), len(parts)


def methods_of(answer: type) -> dict[str, FunctionType]:
    """What a class defines itself."""
    found = {name: unwrapped(part) for name, part in vars(answer).items()}
    return {name: part for name, part in found.items() if isinstance(part, FunctionType)}


def _goes_further(init: FunctionType) -> bool:
    """Whether there is more than ``super().__init__(...)``."""
    return not set(init.__code__.co_names) <= {"super", "__init__"}


def unwrapped(answer: object) -> object:
    """A function without its decorators."""
    return inspect.unwrap(answer) if callable(answer) else answer


def names_read(answer: object, only_globals: bool = False) -> set[str]:
    """Names of functions, attributes and globals that a function reads, in functions inside, too.

    Example:
        >>> sorted(names_read(lambda x: [part.log() for part in list(x)]))
        ['list', 'log']
    """
    code = getattr(unwrapped(answer), "__code__", answer)
    if not isinstance(code, CodeType):
        return set()
    steps = dis.get_instructions(code)
    read = (step.argval for step in steps if step.opname == "LOAD_GLOBAL")
    return set(read if only_globals else code.co_names).union(
        *(names_read(part, only_globals) for part in code.co_consts)
    )


def _is_stub(answer: object) -> bool:
    if answer is ...:
        return True
    if isinstance(answer, list | tuple):
        return any(map(_is_stub, answer))
    answer = unwrapped(answer)
    if isinstance(answer, FunctionType):
        code = answer.__code__
        says_nothing = set(code.co_consts) <= {None, answer.__doc__}
        return says_nothing and code.co_code[::2] == _stub.__code__.co_code[::2]  # operations
    return False


def _stub() -> None: ...
