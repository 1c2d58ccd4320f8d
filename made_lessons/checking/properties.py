"""Judging by properties: small assertions, each with its cause, and the first that fails speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from .calls import run
from .comparing import is_same
from .exercise import Wrong, defined, slips
from .in_words import written, written_call


class Fault(Wrong):
    """What shows that an answer is wrong; words as they are, values as a report writes them.

    Args:
        tried: on which input.
        expected: what a right answer gives there.
        came: what this answer gave.
        kind: what tells apart faults that show in the same place; what came, if left out.
        cause: what is said where nothing that is known is alike; None leaves it to the next
            assertion.
    """

    def __init__(
        self, tried: str, expected: object = "", came: object = "", kind: object = None, cause=""
    ) -> None:
        said = {"tried": tried, "expected": expected, "came": came}
        texts = {key: v if isinstance(v, str) else written(v) for key, v in said.items()}
        super().__init__(cause, **texts)
        self.kind = came if kind is None else kind

    def __str__(self) -> str:
        return self.cause


def unlike(tried: str, expected: object, came: object) -> Fault | None:
    """The fault that two values are not the same, if they are not."""
    return None if is_same(came, expected) else Fault(tried, expected, came)


class Properties:
    """Assertions on an answer; called with one, they are made in the order of their definition.

    Args:
        of: the exercise.
        like: what is looked at in place of an answer, for another answer; that one, if left out.

    Example:
        >>> judge = Properties("1.1")
        >>> @judge.refuses("it is odd: double it")
        ... def is_odd(n):
        ...     return unlike("n % 2", 0, n % 2)
        >>> judge(4)
        >>> judge(3)
        Traceback (most recent call last):
        made_lessons.checking.properties.Fault: it is odd: double it
    """

    def __init__(
        self, of: str, like: Callable[[object, object], object] = lambda _, other: other
    ) -> None:
        self.of, self.like = of, like
        self.assertions: list[Callable[[object], None]] = []

    def __call__(self, answer: object) -> None:
        """Raise the first fault that is found."""
        for assertion in self.assertions:
            assertion(answer)

    def refuses(self, causes: str | Mapping[str, object], wrong: object = None) -> Callable:
        """Assert that there is no fault that the function below finds.

        It is called with an answer, and returns the fault, or None or False where there is none.

        Args:
            causes: why it may be there; several, each with a wrong answer to the exercise. Of
                these it is the first whose answer has a fault of the same kind, and if there is
                none, the last.
            wrong: a wrong answer that has the fault, where there is one cause.
        """
        known = {causes: wrong} if isinstance(causes, str) else causes
        slips({cause: a for cause, a in known.items() if a is not None}, of=self.of)

        def define(find: Callable[[object], Fault | bool | None]) -> Callable:
            def assertion(answer: object) -> None:
                if fault := find(answer):
                    fault.cause = self._cause(find, known, answer, fault)
                    if fault.cause is not None:
                        raise fault

            self.assertions.append(assertion)
            return find

        return define

    def look(
        self,
        tried: str,
        see: Callable[[object], object],
        causes: str | Mapping[str, object],
        wrong: object = None,
    ) -> None:
        """Assert that what is seen of an answer is what is seen of the right one."""
        self.refuses(causes, wrong)(
            lambda answer: unlike(tried, see(defined(self.of).reference), see(answer))
        )

    def _cause(
        self, find: Callable, known: Mapping[str, object], answer: object, fault: Fault
    ) -> str | None:
        for cause, wrong in known.items() if len(known) > 1 or fault.cause else ():
            other = find(self.like(answer, wrong))
            if other and is_same(other.kind, fault.kind):
                return cause
        return [*known][-1] if fault.cause == "" else fault.cause


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


def kept_as(name: str, keep: Callable[[object], object]) -> Callable[[nn.Module], None]:
    """What is done to keep a buffer or the layers of a model in another way."""

    def change(module: nn.Module) -> None:
        value = getattr(module, name)
        delattr(module, name)
        setattr(module, name, keep(value))

    return change
