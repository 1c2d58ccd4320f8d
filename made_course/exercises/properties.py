"""Judging by properties: small assertions, each with its cause, and the first that fails speaks."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from .calls import run
from .comparing import is_same
from .exercise import Wrong, slip
from .written import written, written_call

Shown = dict[str, str]
"""What shows a fault, for a report: on what it was tried, what was expected, and what came."""


class Properties:
    """Assertions on an answer; called with one, they are made in the order of their definition.

    Example:
        >>> judge = Properties()
        >>> judge.refuses("it is odd: double it", lambda n: unlike("n % 2", 0, n % 2))
        >>> judge(4)
        ''
        >>> judge(3)
        Traceback (most recent call last):
        made_course.exercises.exercise.Wrong: it is odd: double it
    """

    def __init__(self) -> None:
        self.assertions: list[Callable[[object], str | None]] = []

    def __call__(self, answer: object) -> str:
        """Make the assertions, and return what they say of an answer that is right."""
        return " ".join(filter(None, [assertion(answer) for assertion in self.assertions]))

    def requires(self, assertion: Callable[[object], str | None]) -> Callable:
        """Add an assertion that raises :class:`Wrong`, or may return a sentence."""
        self.assertions.append(assertion)
        return assertion

    def refuses(
        self, cause: str, find: Callable[[object], Shown | bool | None], *answers: object
    ) -> None:
        """Add an assertion that there is no such fault.

        Args:
            cause: why an answer that has it is wrong.
            find: looks for it in an answer, and returns what shows it, or None or False.
            answers: that have it; they are wrong answers to the exercise defined last.
        """
        for answer in answers:
            slip(cause, answer)

        def assertion(answer: object) -> None:
            if found := find(answer):
                raise Wrong(cause, **found)

        self.assertions.append(assertion)


def shown(tried: str, expected: object = "", came: object = "") -> Shown:
    """Words as they are, and values as a report shows them."""
    said = {"tried": tried, "expected": expected, "came": came}
    return {label: v if isinstance(v, str) else written(v) for label, v in said.items()}


def unlike(tried: str, expected: object, came: object) -> Shown | None:
    """The two values, if they are not the same."""
    return None if is_same(came, expected) else shown(tried, expected, came)


def instance_of(answer: object, *arguments: object) -> object:
    """An instance of an answer, which must be a class.

    Raises:
        Wrong: if it is none, or cannot be made.
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
    """A class that is wrong in one thing: other methods, or what is done once it is built.

    Example:
        >>> changed(nn.Linear, lambda layer: layer.bias.detach().zero_())(2, 1).bias.item()
        0.0
    """

    def __init__(self: nn.Module, *arguments: object) -> None:
        kind.__init__(self, *arguments)
        then(self)

    return type("Wrong", (kind,), methods if then is None else {"__init__": __init__, **methods})
