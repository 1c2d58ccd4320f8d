"""Wrong answers that are right ones with a change in their source: often shorter, and plainer."""

from __future__ import annotations

import inspect
import sys
from typing import TypeVar

from .exercise import defined, source_of

T = TypeVar("T")


def but(*texts: str) -> object:
    """The right answer to the exercise above, edited as by :func:`edited`."""
    return edited(defined().reference, *texts)


def edited(reference: T, *texts: str) -> T:
    """A function or a class with other texts in some places of its source.

    Names mean what they mean in its module: its own name is that of the right one.

    Args:
        reference: of some module.
        texts: what stands in its source once and what is to stand there instead, in turns.

    Raises:
        ValueError: if a text does not stand there, or more than once.

    Example:
        >>> from .variants import one_of
        >>> last_of = edited(one_of, "[0]", "[-1]")
        >>> last_of("maria", [1, 2, 3, 4, 5]), one_of("maria", [1, 2, 3, 4, 5])
        (5, 2)
    """
    source = source_of(reference)
    for text, instead in zip(texts[::2], texts[1::2], strict=True):
        if source.count(text) != 1:
            name, count = reference.__name__, source.count(text)
            raise ValueError(f"{text!r} must stand once in {name}, and stands {count} times there")
        source = source.replace(text, instead)
    made: dict[str, T] = {}
    code = compile(source, inspect.getfile(reference), "exec")
    exec(code, vars(sys.modules[reference.__module__]), made)
    return made[reference.__name__]
