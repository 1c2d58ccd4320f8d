"""The course's own answers, where a submission runs: recognised if submitted, else out of reach."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType

import made_course
import made_lessons

from ..checking.catalogue import exercise_named
from ..checking.exercise import Exercise
from ..checking.unfinished import methods_of, unwrapped
from .examined import EXERCISES

CELL = "<submission>"
"""File name of the code in a submission's cells."""
_FILES = tuple(str(Path(package.__file__).parent) for package in (made_course, made_lessons))


class TheCoursesOwn(BaseException):
    """An answer of the course was called instead of one of the learner's."""


def take_values_away() -> None:
    """Make the values that exercises ask for impossible to compute in this process."""
    for exercise in EXERCISES:
        object.__setattr__(exercise, "vary", None)
        for function in _functions_of(exercise) if exercise.is_value else ():
            _take_away(function)


@contextmanager
def out_of_reach(name: str) -> Iterator[None]:
    """Make the course's and the package's answers to one exercise impossible to call meanwhile."""
    taken = {function: function.__code__ for function in _functions_of(exercise_named(name))}
    try:
        [*map(_take_away, taken)]
        yield
    finally:
        for function, code in taken.items():
            function.__code__ = code


def is_own(name: str, answer: object) -> bool:
    """Return True if an answer is the course's: its code is there, or was made from such a text."""
    files = {function.__code__.co_filename for function in _functions_in(answer)}
    is_there = bool(files) and all(file.startswith(_FILES) for file in files)
    return is_there or (CELL not in files and is_alike(name, answer))


def is_alike(name: str, answer: object) -> bool:
    """Return True if an answer does step by step what the course's does, whatever its names."""
    steps = _steps(answer)
    return bool(steps) and any(steps == _steps(own) for own in _own(exercise_named(name)))


def _own(exercise: Exercise) -> list[object]:
    return [own for own in (exercise.reference, exercise.package) if own is not None]


def _functions_of(exercise: Exercise) -> list[FunctionType]:
    return [function for own in _own(exercise) for function in _functions_in(own)]


def _functions_in(answer: object) -> list[FunctionType]:
    parts = methods_of(answer).values() if isinstance(answer, type) else [unwrapped(answer)]
    return [part for part in parts if isinstance(part, FunctionType)]


def _steps(answer: object) -> list[object]:
    return sorted((_of_code(f.__code__) for f in _functions_in(answer)), key=repr)


def _of_code(code: CodeType) -> tuple[object, ...]:
    """Return what code looks up, takes and computes, in its order; local variables by number."""
    steps: list[object] = []
    for step in dis.get_instructions(code):
        if isinstance(step.argval, CodeType):
            steps.append(_of_code(step.argval))
        elif step.opcode in (*dis.hasname, *dis.hasconst):
            steps.append(step.argval)
        elif step.opcode in dis.haslocal:
            steps.append(step.arg)
        elif step.opcode in dis.hascompare or step.opname == "BINARY_OP":
            steps.append(step.argrepr)
    return tuple(steps)


def _take_away(function: FunctionType) -> None:
    within = function.__code__.co_freevars
    function.__code__ = _taken.__code__.replace(co_freevars=within)


def _taken(*_: object, **__: object) -> None:
    from made_lessons.grading.own import TheCoursesOwn  # its globals are another function's

    raise TheCoursesOwn
