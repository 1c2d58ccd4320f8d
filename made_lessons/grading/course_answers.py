"""Recognise the course's own answers in a submission's process, and disable them."""

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
_FOLDERS = tuple(str(Path(package.__file__).parent) for package in (made_course, made_lessons))


class CoursesOwn(BaseException):
    """Raised if a submission calls the course's answer instead of the learner's own.

    This is not an ``Exception``, so that ``except Exception`` in a check does not catch it.
    """


def disable(exercise: Exercise) -> None:
    """Make every call of the course's answer, or of the same function in the package, fail."""
    for function in [function for own in _own(exercise) for function in _functions_in(own)]:
        free = function.__code__.co_freevars
        function.__code__ = _disabled.__code__.replace(co_freevars=free)


def is_own(exercise: Exercise, answer: object) -> bool:
    """Return True if an answer is the course's own code, or was made from the course's source."""
    files = {function.__code__.co_filename for function in _functions_in(answer)}
    is_from_course = bool(files) and all(file.startswith(_FOLDERS) for file in files)
    return is_from_course or (CELL not in files and is_copy(exercise, answer))


def is_copy(exercise: Exercise, answer: object) -> bool:
    """Return True if an answer is the same as the course's, except for its variable names."""
    steps = _steps(answer)
    return bool(steps) and any(steps == _steps(own) for own in _own(exercise))


def _own(exercise: Exercise) -> list[object]:
    return [own for own in (exercise.reference, exercise.package) if own is not None]


def _functions_in(answer: object) -> list[FunctionType]:
    parts = methods_of(answer).values() if isinstance(answer, type) else [unwrap(answer)]
    return [part for part in parts if isinstance(part, FunctionType)]


def _steps(answer: object) -> list[object]:
    return sorted((_steps_of(f.__code__) for f in _functions_in(answer)), key=repr)


def _steps_of(code: CodeType) -> list[object]:
    """Return the operations of code with their names and constants. Local variables are numbers."""
    steps: list[object] = []
    for step in dis.get_instructions(code):
        if isinstance(step.argval, CodeType):
            steps.append(_steps_of(step.argval))
        elif step.opcode not in dis.hasjrel:
            is_local = step.opcode in (*dis.haslocal, *dis.hasfree)
            steps.append((step.opname, step.arg if is_local else step.argrepr))
    return steps


def _disabled(*_: object, **__: object) -> None:
    # imported here, because this code runs with the globals of another function
    from made_lessons.grading.course_answers import CoursesOwn

    raise CoursesOwn
