"""The functions that notebooks import: check, hint, solution, yours and progress."""

import inspect
from textwrap import fill

from .card import Card
from .catalogue import exercise_named
from .examine import examine
from .exercise import WrongAnswer
from .progress import Progress, mark_as_solved
from .source_code import imports_of, source_of
from .stubs import count_stubs

_hints_given: dict[str, int] = {}
_passed: dict[str, object] = {}


def check(name: str, answer: object, *, variant: str | None = None) -> None:
    """Check an answer to an exercise, and show a report with the likely cause of a mistake.

    A right answer is remembered for :func:`progress` and :func:`yours`. A wrong answer never raises
    an error, so that the notebook can continue.

    Args:
        name: name of the exercise, such as ``"1.3"``.
        answer: function, class or value that the exercise asks for.
        variant: variant key, such as a learner's name, which chooses other numbers for graded work.
            The variant's task is shown while the answer is ``...``. A solved variant is not
            remembered. If the exercise has no variants, the key has no effect.

    Raises:
        ValueError: if no exercise has this name.

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
    from IPython.display import display  # outside notebooks, display prints text

    exercise = exercise_named(name, variant)
    title = f"{name} · {exercise.title}"
    to_do, parts = count_stubs(answer)
    if to_do and not (exercise.is_value and isinstance(answer, type)):
        state = "not attempted yet" if to_do == parts else "unfinished"
        print(f"○ {title}: {state}. Replace the ... and run the cell again.")
        if exercise.task:
            print(fill(exercise.task, 96, initial_indent="  ", subsequent_indent="  "))
        return
    try:
        message = examine(exercise, answer)
    except WrongAnswer as wrong:
        parts = {"tried": wrong.tried, "expected": wrong.expected, "got": wrong.got}
        parts |= {"why": wrong.cause}
        display(Card("✗", title, "not yet.", parts, f'hint("{name}")', exercise.hints))
        return
    display(Card("✓", title, f"right. {message}".rstrip()))
    if exercise is not exercise_named(name):
        return
    _passed[name] = answer
    if not mark_as_solved(name):
        print("  (progress() will not show it, because your data folder is not writable.)")


def hint(name: str) -> None:
    """Print the next hint for an exercise. Each hint is more explicit than the one before.

    Raises:
        ValueError: if no exercise has this name.
    """
    hints = exercise_named(name).hints
    given = _hints_given[name] = min(_hints_given.get(name, 0) + 1, len(hints))
    print(fill(f"Hint {given} of {len(hints)}: {hints[given - 1]}", 96))
    if given == len(hints):
        print(f'This was the last hint. To see a solution, call solution("{name}").')


def solution(name: str) -> None:
    """Print a short solution of an exercise, with the imports that a notebook still needs for it.

    Raises:
        ValueError: if no exercise has this name.
    """
    exercise = exercise_named(name)
    print(imports_of(exercise.reference) + source_of(exercise.reference))
    if exercise.package is not None:
        where = f"{exercise.package.__module__}.{exercise.package.__qualname__}"
        print(f"\n\nThe package does the same in {where}:\n")
        print(inspect.getsource(exercise.package).rstrip())


def yours(name: str) -> object:
    """Return your own answer if it has passed its check in this session.

    Otherwise the course's solution is returned, and a line of text says so.

    Raises:
        ValueError: if no exercise has this name.

    Example:
        >>> yours("1.3")(torch.tensor([1, 2, 0]))
        yours("1.3") is the course's solution, because no answer of yours has passed the check yet
        tensor([3, 1, 2])
    """
    exercise = exercise_named(name)
    if name in _passed:
        return _passed[name]
    why = "is the course's solution, because no answer of yours has passed the check yet"
    print(f'yours("{name}") {why}')
    return exercise.reference() if exercise.is_value else exercise.reference


def progress() -> None:
    """Show which exercises you have solved on this computer, and which one is next."""
    from IPython.display import display  # outside notebooks, display prints text

    display(Progress())
