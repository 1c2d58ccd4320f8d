"""Which exercises are solved: an empty file for each, in the user's data folder.

There a restart, another kernel and a clone that may not be written leave them alone. The variable
``MADE_COURSE_PROGRESS`` names another folder, so that tests solve nothing in the user's name.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_data_path


def solved_folder() -> Path:
    """Where solved exercises are remembered."""
    if folder := os.environ.get("MADE_COURSE_PROGRESS"):
        return Path(folder)
    return user_data_path("made_course", appauthor=False) / "solved"


def remember(name: str) -> bool:
    """Note that an exercise is solved; False where the folder cannot be written."""
    folder = solved_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    except OSError:
        return False
    return True


def remembered() -> set[str]:
    """Names of the exercises that were solved so far."""
    with suppress(OSError):
        return {file.name for file in solved_folder().iterdir()}
    return set()
