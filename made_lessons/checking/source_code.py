"""The source code of references: shown as a solution, and edited to make known mistakes."""

import ast
import inspect
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import resolve_name
from typing import NamedTuple, TypeVar

import __main__

T = TypeVar("T")


class Edit(NamedTuple):
    """An old text, its replacement, the next old text, its replacement, and so on."""

    texts: tuple[str, ...]


def edit(*texts: str) -> Edit:
    """Describe a known mistake as texts of the reference's source that are replaced.

    The exercise applies :func:`edit_source` to its own reference.
    """
    return Edit(texts)


@cache
def edit_source(reference: T, *texts: str) -> T:
    """Return a copy of a function or class, with some texts of its source replaced.

    If the source contains the function's own name, that name still means the unedited function.

    Args:
        reference: function or class that a module defines.
        texts: an old text, its replacement, the next old text, its replacement, and so on.

    Raises:
        ValueError: if an old text does not occur exactly once.

    Example:
        >>> from .variants import choose
        >>> last_of = edit_source(choose, "[0]", "[-1]")
        >>> last_of("maria", [1, 2, 3, 4, 5]), choose("maria", [1, 2, 3, 4, 5])
        (5, 2)
    """
    source = source_of(reference)
    for text, instead in zip(texts[::2], texts[1::2], strict=True):
        if source.count(text) != 1:
            name, count = reference.__name__, source.count(text)
            raise ValueError(f"{text!r} must occur once in {name}, but it occurs {count} times")
        source = source.replace(text, instead)
    made: dict[str, T] = {}
    code = compile(source, inspect.getfile(reference), "exec")
    exec(code, vars(sys.modules[reference.__module__]), made)
    return made[reference.__name__]


def imports_of(reference: Callable[..., object]) -> str:
    """Return import lines for the names that a reference uses and the notebook lacks."""
    module, names = sys.modules[reference.__module__], ast.walk(ast.parse(source_of(reference)))
    missing = {node.id for node in names if isinstance(node, ast.Name)} - {*vars(__main__)}
    lines = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [name for name in node.names if (name.asname or name.name) in missing]
            if isinstance(node, ast.ImportFrom) and node.level:
                path = f"{'.' * node.level}{node.module}"
                node.module, node.level = resolve_name(path, module.__package__), 0
            lines += [ast.unparse(node)] if node.names else []
        elif getattr(node, "name", "") in missing - {reference.__name__}:
            lines.append(f"from {module.__name__} import {node.name}")
    return "".join(f"{line}\n" for line in lines) + "\n\n" * bool(lines)


def source_of(reference: Callable[..., object]) -> str:
    """Return the source of a reference."""
    return inspect.getsource(reference).rstrip()
