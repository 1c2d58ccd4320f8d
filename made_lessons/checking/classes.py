"""Build instances of an answer that is a class, and classes with one mistake."""

from collections.abc import Callable

from torch import nn

from .calls import run
from .exercise import WrongAnswer
from .value_text import call_as_text


def make_instance(answer: object, *arguments: object) -> object:
    """Return an instance of an answer that is a class.

    Raises:
        WrongAnswer: if it is not a class, raises an error or does not call ``super().__init__``.
    """
    if not callable(answer) or isinstance(answer, nn.Module):
        raise WrongAnswer(
            f"the answer must be a class, but you passed a {type(answer).__name__}. Pass the class "
            "itself, without calling it"
        )
    made = run(answer, *arguments)
    if isinstance(made, nn.Module) and "_parameters" not in vars(made):
        raise WrongAnswer(
            "your __init__ does not call the __init__ of nn.Module, which a module needs before it "
            "can store parameters and buffers. Begin with super().__init__(…)",
            tried=call_as_text(answer, arguments),
        )
    return made


def make_subclass(
    base: type[nn.Module],
    after_init: Callable[[nn.Module], object] | None = None,
    **methods: object,
) -> type[nn.Module]:
    """Return a subclass that replaces methods, and calls ``after_init(self)`` after ``__init__``.

    Example:
        >>> make_subclass(nn.Linear, lambda layer: layer.bias.detach().zero_())(2, 1).bias.item()
        0.0
    """

    def __init__(self: nn.Module, *arguments: object) -> None:
        base.__init__(self, *arguments)
        after_init(self)

    return type(
        "Wrong", (base,), methods if after_init is None else {"__init__": __init__, **methods}
    )


def replace_attribute(
    name: str, convert: Callable[[object], object]
) -> Callable[[nn.Module], None]:
    """Return a function that replaces an attribute of a module with ``convert(value)``."""

    def change(module: nn.Module) -> None:
        value = getattr(module, name)
        delattr(module, name)
        setattr(module, name, convert(value))

    return change
