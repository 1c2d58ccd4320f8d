"""The course's own answers in the process of a submission: recognise them, take them away."""

from __future__ import annotations

import dis
from pathlib import Path
from types import CodeType, FunctionType

import made_course
import made_lessons

from ..checking.exercise import Exercise
from ..checking.stubs import methods_of, unwrap

CELL = "<submission>"
"""File name of the code in a submission's cells."""
_FILES = tuple(str(Path(package.__file__).parent) for package in (made_course, made_lessons))


class TheCoursesOwn(BaseException):
    """An answer of the course was called instead of the learner's own."""


def take_away(exercise: Exercise) -> None:
    """Make it impossible to call the course's and the package's answers in this process."""
    for function in [function for own in _own(exercise) for function in _functions_in(own)]:
        within = function.__code__.co_freevars
        function.__code__ = _taken.__code__.replace(co_freevars=within)


def is_own(exercise: Exercise, answer: object) -> bool:
    """Return True if an answer has the course's code, or was made from the text of that code."""
    files = {function.__code__.co_filename for function in _functions_in(answer)}
    is_there = bool(files) and all(file.startswith(_FILES) for file in files)
    return is_there or (CELL not in files and is_alike(exercise, answer))


def is_alike(exercise: Exercise, answer: object) -> bool:
    """Return True if an answer has the same steps as the course's, with any names."""
    steps = _steps(answer)
    return bool(steps) and any(steps == _steps(own) for own in _own(exercise))


def _own(exercise: Exercise) -> list[object]:
    return [own for own in (exercise.reference, exercise.package) if own is not None]


def _functions_in(answer: object) -> list[FunctionType]:
    parts = methods_of(answer).values() if isinstance(answer, type) else [unwrap(answer)]
    return [part for part in parts if isinstance(part, FunctionType)]


def _steps(answer: object) -> list[object]:
    return sorted((_of_code(f.__code__) for f in _functions_in(answer)), key=repr)


def _of_code(code: CodeType) -> tuple[object, ...]:
    """Return the names, constants and operations of code in order; local variables by number."""
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


def _taken(*_: object, **__: object) -> None:
    from made_lessons.grading.own import TheCoursesOwn  # its globals are another function's

    raise TheCoursesOwn
