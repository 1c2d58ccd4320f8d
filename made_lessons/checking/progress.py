"""Remember each solved exercise as an empty file in the user's data folder.

The environment variable ``MADE_COURSE_PROGRESS`` names another folder, for tests.
"""

import os
import re
from contextlib import suppress
from html import escape
from pathlib import Path

from platformdirs import user_data_path

from .catalogue import NOTEBOOKS, exercise_named, exercises_in


def solved_folder() -> Path:
    """Return the folder that contains a file for each solved exercise."""
    if folder := os.environ.get("MADE_COURSE_PROGRESS"):
        return Path(folder)
    return user_data_path("made_course", appauthor=False) / "solved"


def mark_as_solved(name: str) -> bool:
    """Remember that an exercise is solved, or return False if the folder is not writable."""
    folder = solved_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    except OSError:
        return False
    return True


def solved_names() -> list[str]:
    """Return the names of the solved exercises in the order in which they were solved."""
    with suppress(OSError):
        files = sorted(solved_folder().iterdir(), key=lambda file: file.stat().st_mtime_ns)
        return [file.name for file in files]
    return []


class Progress:
    """Solved and open exercises, as lines of text or as a table with links."""

    def __init__(self) -> None:
        self.rows = {n: [exercise.name for exercise in exercises_in(n)] for n in NOTEBOOKS}
        names = [name for row in self.rows.values() for name in row]
        self.solved = [name for name in solved_names() if name in names]
        after = names.index(self.solved[-1]) + 1 if self.solved else 0
        open_ones = [n for n in names[after:] + names[:after] if n not in self.solved]
        self.next = exercise_named(open_ones[0]) if open_ones else None
        self.head = f"{len(self.solved)} of {len(names)} exercises solved (✓ solved, ○ open)"

    def __repr__(self) -> str:
        lines = [
            self.head,
            *(f"  {'   '.join(self._add_marks(row))}" for row in self.rows.values()),
        ]
        if self.next:
            lines.append(f"Continue with {self.next.name} · {self.next.title}.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        lines = [f"<div>{self.head}</div><table>"]
        for number, row in self.rows.items():
            cells = [_make_link(f"notebook {number}", number), *self._add_marks(row)]
            lines.append(f"<tr><td>{'</td><td>'.join(cells)}</td></tr>")
        lines.append("</table>")
        if self.next:
            name, title = self.next.name, self.next.title
            number = int(name.partition(".")[0])
            link = _make_link(f"{name} · {title}", number, name)
            lines.append(f"<div>Continue with <b>{link}</b> in notebook {number}.</div>")
        return "".join(lines)

    def _add_marks(self, row: list[str]) -> list[str]:
        return [f"{name} {'✓' if name in self.solved else '○'}" for name in row]


def _make_link(words: str, number: int, exercise: str = "") -> str:
    """Return a link to a notebook in the same folder, or to an exercise in that notebook."""
    files = sorted(Path.cwd().glob(f"{number:02d}_*.ipynb"), key=lambda file: len(file.name))
    if not files:
        return words
    heading = rf'### (Exercise {exercise} [^"\\]*)'
    found = exercise and re.search(heading, files[0].read_text(encoding="utf-8"))
    place = f"#{found[1].replace(' ', '-')}" if found else ""
    return f'<a href="{escape(files[0].name + place)}">{words}</a>'
