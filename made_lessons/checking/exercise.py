"""Define exercises: title, hints, reference, and the wrong answers that are known."""

from __future__ import annotations

import ast
import inspect
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import resolve_name
from typing import TypeVar

import __main__

T = TypeVar("T")


class Wrong(Exception):
    """A fault of an answer, in the words that the learner sees.

    Args:
        cause: the fault and its cure; the likely cause if it is a guess.
        tried: input.
        expected: value of a right answer.
        got: value of this answer.
    """

    def __init__(self, cause: str, *, tried: str = "", expected: str = "", got: str = "") -> None:
        super().__init__(cause)
        self.cause, self.tried, self.expected, self.got = cause, tried, expected, got


class Misformed(Wrong):
    """A wrong type, shape or dtype of an answer."""


def require_none(faults: Iterable[tuple[str, object]], **report: str) -> None:
    """Go through assertions until one fails.

    Args:
        faults: a cause, and whether it holds; where some can be asked only once others do not hold,
            a generator.
        report: what was tried, expected and got, as of :class:`Wrong`.

    Raises:
        Wrong: the first cause that holds.
    """
    for cause, holds in faults:
        if holds:
            raise Wrong(cause, **report)


@dataclass(frozen=True)
class KnownMistake:
    """A wrong answer that readers give.

    Args:
        answer: the wrong answer itself: a function, a class or a value.
        cause: why it is wrong, as the check says it.
    """

    answer: object
    cause: str


@dataclass(frozen=True)
class Exercise:
    """An exercise, whose task is in the notebook.

    An answer is compared with the reference on every case, and where it differs, with the known
    mistakes: the one that gives the same is the likely cause. What a comparison cannot tell is
    judged by ``examine``.

    Args:
        name: notebook and number, such as ``"3.2"``.
        title: as in the notebook's heading.
        stars: difficulty from 1 to 3.
        reference: a short right answer; its source is the solution that is shown. Where the answer
            is a value, a function without arguments that computes it.
        hints: from a nudge to nearly the code.
        known_mistakes: wrong answers, two or more.
        cases: arguments with which an answer that is a function is called.
        views: what else is looked at in an answer, one after another; see ``views.View``.
        message: a sentence on a right answer, or a function of it that returns one.
        examine: judges an answer by its properties, once it is right in all cases: raises
            :class:`Wrong`, or returns a sentence on what it found.
        is_value: whether the answer is a value rather than a function or a class.
        is_open: whether there is no best answer, and grading shows who is how near.
        doubtful: nats of an open exercise below which a score waits for an instructor's look.
        is_inside: whether the check reads and changes parts of the answer, so that grading judges
            it in the process of the hand-in.
        package: what the package has for the same purpose, shown after the solution.
        vary: makes the same exercise with other numbers, for graded work: from the exercise and the
            word of a variant, by what is in ``variants.py``.
        asks: what a variant asks for, where that is not as in the notebook.
    """

    name: str
    title: str
    stars: int
    reference: Callable[..., object]
    hints: tuple[str, ...]
    known_mistakes: Sequence[KnownMistake] = ()
    cases: tuple[tuple[object, ...], ...] = ()
    views: Sequence[object] = ()
    message: str | Callable[[object], str] = ""
    examine: Callable[[object], str | None] | None = None
    is_value: bool = False
    is_open: bool = False
    doubtful: float = -math.inf
    is_inside: bool = False
    package: Callable[..., object] | None = None
    vary: Callable[[Exercise, str], Exercise] | None = None
    asks: str = ""


_defined: dict[str, Exercise] = {}


def exercise(
    name: str,
    title: str,
    *,
    stars: int,
    hints: tuple[str, ...],
    known_mistakes: Sequence[KnownMistake] = (),
    views: Sequence[object] = (),
    **how: object,
) -> Callable[[T], T]:
    """Return a decorator that makes an exercise of its reference.

    The arguments are those of :class:`Exercise`. Known mistakes and views that need the reference
    are added below it, by :func:`known_mistakes` and ``views.add_view``.
    """

    def define(reference: T) -> T:
        _defined.pop(name, None)  # of a module that is loaded again
        kept = {"known_mistakes": [*known_mistakes], "views": [*views]}
        _defined[name] = Exercise(name, title, stars, reference, hints, **kept, **how)
        return reference

    return define


def defined(name: str = "") -> Exercise:
    """Return the exercise of a name; by default the one that was defined last."""
    return _defined[name or next(reversed(_defined))]


def known_mistakes(wrong: Mapping[str, object], *, of: str = "") -> None:
    """Say why wrong answers to the exercise above are wrong.

    Args:
        wrong: causes in the words of the check, and the wrong answers.
        of: name of the exercise, if it is in another file.
    """
    defined(of).known_mistakes.extend(
        KnownMistake(answer, cause) for cause, answer in wrong.items()
    )


def exercises_of(module: str) -> tuple[Exercise, ...]:
    """Return the exercises of a module or a folder, in the order of their numbers."""
    found = [e for e in _defined.values() if f"{e.reference.__module__}.".startswith(f"{module}.")]
    return tuple(sorted(found, key=lambda exercise: int(exercise.name.partition(".")[2])))


def imports_of(reference: Callable[..., object]) -> str:
    """Return lines that import the names of a reference that the notebook does not have."""
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
    """Return the source of a reference without its decorator."""
    source = inspect.getsource(reference).rstrip()
    return source[re.search(r"^(def|class) ", source, re.MULTILINE).start() :]
