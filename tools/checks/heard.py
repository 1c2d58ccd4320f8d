"""List all messages that a learner can get: ``python -m tools.checks.heard``.

The command checks the reference and each known mistake of every exercise, as ``check`` does, and
prints the messages. Two runs print the same, so ``diff`` shows the messages that a change to the
exercises has changed.
"""

from random import Random
from unittest.mock import patch

import torch

from made_lessons.checking.catalogue import NOTEBOOKS, exercises_in
from made_lessons.checking.examine import examine
from made_lessons.checking.exercise import WrongAnswer


def messages(exercise, answer):
    """Return the message about an answer, as label → text."""
    with patch("secrets.randbits", Random(0).getrandbits):  # the seeds of open exercises
        try:
            return {"right": examine(exercise, answer) or "(no more is said)"}
        except WrongAnswer as wrong:
            words = {"tried": wrong.tried, "expected": wrong.expected, "got": wrong.got}
            return {**words, "why": wrong.cause}


def format_block(title, words):
    """Return a title and one indented line per labelled text."""
    lines = {label: " ⏎ ".join(text.splitlines()) for label, text in words.items() if text}
    return "\n".join([title, *(f"  {label:<10}{text}" for label, text in lines.items())])


def list_exercise(exercise):
    """Yield a block for the reference of an exercise, and one for each of its known mistakes."""
    torch.manual_seed(0)
    right = exercise.reference() if exercise.is_value else exercise.reference
    title = f"{exercise.name} · {exercise.title}"
    yield format_block(f"{title}, the reference", messages(exercise, right))
    for k, (cause, answer) in enumerate(exercise.known_mistakes.items(), start=1):
        words = {"listed": cause, **messages(exercise, answer)}
        yield format_block(f"{title}, mistake {k} of {len(exercise.known_mistakes)}", words)


def main():
    torch.set_num_threads(1)  # several threads may change the last digit of a sum
    for number in NOTEBOOKS:
        for exercise in exercises_in(number):
            print(*list_exercise(exercise), sep="\n\n", end="\n\n")


if __name__ == "__main__":
    main()
