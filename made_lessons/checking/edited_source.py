"""Make known mistakes by editing the source of the reference."""

import inspect
import sys
from typing import TypeVar

from .exercise import defined_exercise, source_of

T = TypeVar("T")


def edit(*texts: str) -> object:
    """Apply :func:`edit_source` to the reference of the exercise that is defined above."""
    return edit_source(defined_exercise().reference, *texts)


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
