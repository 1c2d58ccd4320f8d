"""Count the parts of an answer that are still ``...``."""

import dis
import inspect
from collections.abc import Mapping
from types import CodeType, FunctionType


def count_stubs(answer: object) -> tuple[int, int]:
    """Return the number of stubs in an answer, and the number of its parts.

    A stub is ``...``, a function with the body ``...``, or a list with a stub in it. The parts of
    a collection are its entries, and the parts of a class are its methods. ``__init__`` counts
    only if it does more than call ``super().__init__``, because exercises provide that line.

    Example:
        >>> def stub(x):
        ...     "What it should do."
        ...     ...
        >>> count_stubs(stub), count_stubs({"a": 1, "b": ...}), count_stubs(lambda x: 2 * x)
        ((1, 1), (1, 2), (0, 1))
    """
    if isinstance(answer, Mapping):
        parts = list(answer.values())
    elif isinstance(answer, list | tuple):
        parts = list(answer)
    elif isinstance(answer, type):
        methods = methods_of(answer)
        if "__init__" in methods and not _extends_parent(methods["__init__"]):
            del methods["__init__"]
        parts = list(methods.values()) or [...]
    else:
        parts = [answer]
    return sum(map(_is_stub, parts)), len(parts)


def methods_of(answer: type) -> dict[str, FunctionType]:
    """Return the methods that a class itself defines, without inherited methods."""
    found = {name: unwrap(part) for name, part in vars(answer).items()}
    return {name: part for name, part in found.items() if isinstance(part, FunctionType)}


def _extends_parent(init: FunctionType) -> bool:
    """Return True if ``__init__`` does more than call ``super().__init__``."""
    return not set(init.__code__.co_names) <= {"super", "__init__"}


def unwrap(answer: object) -> object:
    """Return a function without its decorators."""
    return inspect.unwrap(answer) if callable(answer) else answer


def names_used(answer: object, only_globals: bool = False) -> set[str]:
    """Return the names that a function reads, including those of the functions inside it.

    Example:
        >>> sorted(names_used(lambda x: [part.log() for part in list(x)]))
        ['list', 'log']
    """
    code = getattr(unwrap(answer), "__code__", answer)
    if not isinstance(code, CodeType):
        return set()
    steps = dis.get_instructions(code)
    read = (step.argval for step in steps if step.opname == "LOAD_GLOBAL")
    return set(read if only_globals else code.co_names).union(
        *(names_used(part, only_globals) for part in code.co_consts)
    )


def _is_stub(answer: object) -> bool:
    if answer is ...:
        return True
    if isinstance(answer, list | tuple):
        return any(map(_is_stub, answer))
    answer = unwrap(answer)
    if isinstance(answer, FunctionType):
        code = answer.__code__
        says_nothing = set(code.co_consts) <= {None, answer.__doc__}
        return says_nothing and code.co_code[::2] == _stub.__code__.co_code[::2]  # opcodes only
    return False


def _stub() -> None: ...
