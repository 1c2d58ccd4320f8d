"""Define exercises: a title, hints, a reference, known mistakes and views."""

from __future__ import annotations

import ast
import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import resolve_name
from typing import TypeVar

import __main__

T = TypeVar("T")


class WrongAnswer(Exception):
    """Raised for a wrong answer. The arguments are the lines of the report.

    Args:
        cause: likely cause, and how to correct it.
        tried: input of the answer.
        expected: value of a right answer.
        got: value of this answer.
    """

    def __init__(self, cause: str, *, tried: str = "", expected: str = "", got: str = "") -> None:
        super().__init__(cause)
        self.cause, self.tried, self.expected, self.got = cause, tried, expected, got


class MalformedAnswer(WrongAnswer):
    """Raised for an answer with a wrong type, shape or dtype."""


@dataclass(frozen=True)
class Exercise:
    """An exercise. Its task is in the notebook.

    An answer is compared with the reference, first on the cases, then in each view. At the first
    difference, the known mistake with the same value as the answer is the likely cause.

    Args:
        name: number of the notebook and of the exercise, such as ``"3.2"``.
        title: title in the notebook's heading.
        stars: difficulty from 1 to 3.
        reference: short right answer, whose source is the solution that learners see. If the
            answer is a value, the reference is a function without arguments that returns it.
        hints: hints, each more explicit than the one before.
        known_mistakes: two or more wrong answers, each with its cause as the key.
        cases: arguments of each call of an answer that is a function.
        views: other properties that are compared; see :class:`~.views.View`.
        message: sentence about a right answer, or a function of the answer that returns one.
        is_value: whether the answer is a value, not a function or a class.
        score: function that scores an answer to an open exercise, which has no best answer. It
            raises :class:`WrongAnswer`, or returns a sentence that begins with the score in nats.
        doubtful_below: score in nats below which an instructor must look at the answer.
        is_inspected: whether the check reads or changes parts of the answer, so that grading must
            judge it in the submission's own process.
        package: the same function or class in ``made_course``, shown after the solution.
        vary: function that takes the exercise and a variant key, and returns the exercise with
            other numbers, for graded work; see ``variants.py``.
        task: task of a variant, if it differs from the notebook's.
    """

    name: str
    title: str
    stars: int
    reference: Callable[..., object]
    hints: tuple[str, ...]
    known_mistakes: Mapping[str, object] = field(default_factory=dict)
    cases: tuple[tuple[object, ...], ...] = ()
    views: Sequence[object] = ()
    message: str | Callable[[object], str] = ""
    is_value: bool = False
    score: Callable[[object], str] | None = None
    doubtful_below: float = -math.inf
    is_inspected: bool = False
    package: Callable[..., object] | None = None
    vary: Callable[[Exercise, str], Exercise] | None = None
    task: str = ""

    @property
    def is_open(self) -> bool:
        """Whether answers are scored, because there is no best answer."""
        return self.score is not None


_defined: dict[str, Exercise] = {}


def exercise(
    name: str, title: str, *, views: Sequence[object] = (), **how: object
) -> Callable[[T], T]:
    """Return a decorator that turns a reference into an exercise.

    The arguments are those of :class:`Exercise`. Below the reference, :func:`known_mistakes` adds
    wrong answers, and ``views.add_view`` adds views.
    """

    def define(reference: T) -> T:
        _defined.pop(name, None)  # a reload of its module defines the exercise again
        _defined[name] = Exercise(name, title, reference=reference, views=[*views], **how)
        return reference

    return define


def defined_exercise(name: str = "") -> Exercise:
    """Return the exercise with a name, or by default the one that was defined last."""
    return _defined[name or next(reversed(_defined))]


def continue_exercise(name: str) -> Exercise:
    """Return an exercise that another module defines. What follows is added to it."""
    return _defined.setdefault(name, _defined.pop(name))  # as the one that was defined last


def known_mistakes(wrong: Mapping[str, object]) -> None:
    """Add wrong answers, each with its cause as the key, to the exercise that is defined above."""
    defined_exercise().known_mistakes.update(wrong)


def exercises_of(module: str) -> tuple[Exercise, ...]:
    """Return the exercises that a module or folder defines, ordered by number."""
    found = [e for e in _defined.values() if f"{e.reference.__module__}.".startswith(f"{module}.")]
    return tuple(sorted(found, key=lambda exercise: int(exercise.name.partition(".")[2])))


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
    """Return the source of a reference without its decorator."""
    source = inspect.getsource(reference).rstrip()
    return source[re.search(r"^(def|class) ", source, re.MULTILINE).start() :]
