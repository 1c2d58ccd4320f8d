"""What the tests of exercises have in common."""

import pytest

from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.examine import examine
from made_lessons.checking.exercise import Wrong


def right(exercise, answer):
    """The answer passes; what the check says of it is returned. The exercise may be its name."""
    return examine(exercise_named(exercise) if isinstance(exercise, str) else exercise, answer)


def wrong(exercise, answer, *words):
    """The answer fails, and its report holds all these words; the report is returned."""
    with pytest.raises(Wrong) as caught:
        right(exercise, answer)
    found = caught.value
    report = f"{found.tried}\n{found.expected}\n{found.came}\n{found.cause}"
    for part in words:
        assert part in report
    return found
