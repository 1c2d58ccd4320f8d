"""Which exercises are solved: an empty file for each, in the user's data folder.

There a restart, another kernel and a clone that may not be written leave them alone.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from platformdirs import user_data_path


def solved_folder() -> Path:
    """Where solved exercises are remembered."""
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
