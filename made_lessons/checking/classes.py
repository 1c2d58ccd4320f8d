"""Answers that are classes: an instance of one, and classes that are wrong in one thing."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from .calls import run
from .exercise import Wrong
from .in_words import written_call


def instance_of(answer: object, *arguments: object) -> object:
    """Return an instance of an answer, which must be a class.

    Raises:
        Wrong: if it is not a class, or raises an error.
    """
    if not callable(answer) or isinstance(answer, nn.Module):
        raise Wrong(
            f"a class was expected, came {type(answer).__name__}: hand over the class itself, "
            "without calling it"
        )
    made = run(answer, *arguments)
    if isinstance(made, nn.Module) and "_parameters" not in vars(made):
        raise Wrong(
            "__init__ did not call that of nn.Module, which makes room for parameters and "
            "buffers: it begins with super().__init__(…)",
            tried=written_call(answer, arguments),
        )
    return made


def changed(
    kind: type[nn.Module], then: Callable[[nn.Module], object] | None = None, **methods: object
) -> type[nn.Module]:
    """Return a class that is wrong in one thing: another method, or a step after it is built.

    Example:
        >>> changed(nn.Linear, lambda layer: layer.bias.detach().zero_())(2, 1).bias.item()
        0.0
    """

    def __init__(self: nn.Module, *arguments: object) -> None:
        kind.__init__(self, *arguments)
        then(self)

    return type("Wrong", (kind,), methods if then is None else {"__init__": __init__, **methods})


def kept_as(name: str, keep: Callable[[object], object]) -> Callable[[nn.Module], None]:
    """Return a function that keeps a buffer or the layers of a model in another way."""

    def change(module: nn.Module) -> None:
        value = getattr(module, name)
        delattr(module, name)
        setattr(module, name, keep(value))

    return change
