"""What a notebook asks for by name: check, hint, solution, yours and progress."""

from __future__ import annotations

import inspect
from textwrap import fill

from .card import Card
from .catalogue import exercise_named
from .examine import examine
from .exercise import Wrong, imports_of, source_of
from .solved_so_far import Progress, remember
from .unfinished import parts_to_do

_hints_given: dict[str, int] = {}
_passed: dict[str, object] = {}


def check(name: str, answer: object, *, variant: str | None = None) -> None:
    """Judge an answer, and show what was found: what was tried, expected and got, and why.

    An answer that is right is remembered for :func:`progress` and :func:`yours`. Nothing is ever
    raised because of an answer, so that a notebook goes on.

    Args:
        name: of the exercise, such as ``"1.3"``.
        answer: what the exercise asks for: a function, a class or a value.
        variant: of graded work, such as a name: the same exercise with other numbers, which the
            check tells while the answer is ``...``. It is not remembered as solved. Where an
            exercise has no variants, this has no effect.

    Raises:
        ValueError: if there is no exercise of that name.

    Example:
        >>> check("1.3", lambda ordering: ordering + 1)
        ✗ 1.3 · From ordering to degrees: not yet.
          tried     <lambda>([1, 2, 0])
          expected  [3, 1, 2]
          got       [2, 3, 1]
          why       ...
        >>> check("1.3", ...)
        ○ 1.3 · From ordering to degrees: not attempted yet. Replace the ... and run ...
    """
    from IPython.display import display  # prints where there is no notebook

    exercise = exercise_named(name, variant)
    title = f"{name} · {exercise.title}"
    to_do, parts = parts_to_do(answer)
    if to_do and not (exercise.is_value and isinstance(answer, type)):
        state = "not attempted yet" if to_do == parts else "unfinished"
        print(f"○ {title}: {state}. Replace the ... and run the cell again.")
        if exercise.asks:
            print(fill(exercise.asks, 96, initial_indent="  ", subsequent_indent="  "))
        return
    try:
        said = examine(exercise, answer)
    except Wrong as wrong:
        parts = {"tried": wrong.tried, "expected": wrong.expected, "got": wrong.got}
        parts |= {"why": wrong.cause}
        display(Card("✗", title, "not yet.", parts, f'hint("{name}")', exercise.hints))
        return
    display(Card("✓", title, f"right. {said}".rstrip()))
    if exercise is not exercise_named(name):
        return
    _passed[name] = answer
    if not remember(name):
        print("  (It could not be noted for progress(): the folder for your data is not writable.)")


def hint(name: str) -> None:
    """Print the next hint for an exercise, each a little plainer than the one before.

    Raises:
        ValueError: if there is no exercise of that name.
    """
    hints = exercise_named(name).hints
    given = _hints_given[name] = min(_hints_given.get(name, 0) + 1, len(hints))
    print(fill(f"Hint {given} of {len(hints)}: {hints[given - 1]}", 96))
    if given == len(hints):
        print(f'That was the last one. What is left is solution("{name}").')


def solution(name: str) -> None:
    """Print a short solution of an exercise, and what the package has for the same purpose.

    What the notebook has not imported so far comes with it, so that it can be pasted.

    Raises:
        ValueError: if there is no exercise of that name.
    """
    exercise = exercise_named(name)
    print(imports_of(exercise.reference) + source_of(exercise.reference))
    if exercise.package is not None:
        where = f"{exercise.package.__module__}.{exercise.package.__qualname__}"
        print(f"\n\nThe package's own, {where}:\n")
        print(inspect.getsource(exercise.package).rstrip())


def yours(name: str) -> object:
    """Give your own answer, if it has passed its check since the kernel started, else the course's.

    Which of the two is said where it is the course's.

    Raises:
        ValueError: if there is no exercise of that name.

    Example:
        >>> yours("1.3")(torch.tensor([1, 2, 0]))
        yours("1.3") is the course's so far: none of yours has passed since the kernel started
        tensor([3, 1, 2])
    """
    exercise = exercise_named(name)
    if name in _passed:
        return _passed[name]
    so_far = "is the course's so far: none of yours has passed since the kernel started"
    print(f'yours("{name}") {so_far}')
    return exercise.reference() if exercise.is_value else exercise.reference


def progress() -> None:
    """Show which exercises are solved, on this computer and by this user, and where to go on."""
    from IPython.display import display  # prints where there is no notebook

    display(Progress())
