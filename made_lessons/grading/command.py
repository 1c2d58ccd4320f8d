"""The commands ``grade`` and ``hand-out``."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from made_course import __version__
from made_course.common.files import write_whole

from ..checking.catalogue import NOTEBOOKS
from .folder import CLASS, ClassList, clean, submissions
from .handing_out import hand_out
from .reports import write_all
from .sandbox import missing, trees
from .verdicts import Row, Verdict

LONGEST_S = 7_200
"""Longest real time for one submission, in seconds."""
_JUDGE = (sys.executable, "-P", "-c", "from made_lessons.grading.judge import main; main()")
_CURE = (
    "Install it (apt install bubblewrap, or dnf install bubblewrap), or grade in a container, as "
    "docs/grading.md says. If you trust the class, add --unprotected"
)


def main(arguments: list[str] | None = None) -> None:
    """Run ``python -P -m made_lessons grade FOLDER`` or ``hand-out CLASS.csv NOTEBOOK``."""
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except ValueError as error:
        asked.refuse(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -P -m made_lessons")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("grade", help="grade a folder of submissions")
    command.set_defaults(run=_grade, refuse=command.error)
    add = command.add_argument
    add("folder", type=Path, help="contains a notebook or a folder per learner")
    numbers = [f"{number:02d}" for number in NOTEBOOKS if number > 0]
    add("--notebook", type=lambda text: text.zfill(2), choices=numbers, help="the one to grade")
    add("--out", type=Path, help="folder for the tables; by default FOLDER-grades")
    add("--jobs", type=int, help="number of submissions at the same time")
    add("--unprotected", action="store_true", help="no sandbox, if you trust the class")
    command = commands.add_parser("hand-out", help="write a notebook with a variant per learner")
    command.set_defaults(run=_hand_out, refuse=command.error)
    add = command.add_argument
    add("class_list", type=Path, help="CSV with the column learner")
    add("notebooks", type=Path, nargs="+", help="to hand out")
    add("--out", type=Path, required=True, help="folder for the copies")
    return parser


def _hand_out(asked: argparse.Namespace) -> None:
    count = hand_out(asked.class_list, asked.notebooks, asked.out)
    print(f"{count} notebooks and {CLASS}, which is only for you, in {asked.out}")


def _grade(asked: argparse.Namespace) -> None:
    folder = asked.folder.resolve()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {asked.folder}")
    if any(tree.is_relative_to(folder) or folder.is_relative_to(tree) for tree in trees()):
        raise ValueError("the folder must only hold submissions, not Python or the course itself")
    out = (asked.out or folder.with_name(f"{folder.name}-grades")).resolve()
    if out.is_relative_to(folder):
        raise ValueError(f"--out must not be in {folder}, where it would be a submission")
    if not asked.unprotected and (reason := missing()):
        raise ValueError(f"submissions would run unprotected: {reason}. {_CURE}")
    people = ClassList(folder / CLASS)
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may not support all characters
    how = [asked.notebook or "", str(not asked.unprotected)]
    rows = _graded(submissions(folder), folder, out / "found", how, asked.jobs)
    for line in write_all(rows, people, out):
        print(line)
    print(f"The tables are in {out}.", flush=True)


def _graded(
    rows: list[Row], folder: Path, found: Path, how: Sequence[str], jobs: int | None
) -> list[Row]:
    """Grade submissions, several at a time.

    Args:
        rows: the submissions.
        folder: folder that contains the submissions.
        found: folder for the results.
        how: last arguments of the judge's command.
        jobs: number of submissions that are graded at the same time.
    """
    found.mkdir(parents=True, exist_ok=True)
    # each judge reads from a pipe that this process keeps open, and ends when this process ends
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    pipe, _ = os.pipe()
    # two jobs per processor, because a submission and its judge wait for each other
    with ThreadPoolExecutor(jobs or 2 * os.cpu_count()) as pool:
        futures = [pool.submit(result_of, row, folder, found, how, pipe) for row in rows]
        for count, future in enumerate(as_completed(futures), 1):
            row = future.result()
            print(f"{count} of {len(rows)}: {row.submission}: {clean(row.status)}", flush=True)
    return [future.result() for future in futures]


def result_of(
    row: Row, folder: Path, found: Path, how: Sequence[str], stdin: int = subprocess.DEVNULL
) -> Row:
    """Grade a submission, or return the result that an earlier run has saved."""
    if row.status:
        return row
    path = folder / row.path
    try:
        about = "\0".join([__version__, *how])
        digest = hashlib.sha256(about.encode() + path.read_bytes()).hexdigest()
        file = found / f"{digest}.json"
        if not file.exists():
            result = _judged(path, how, stdin)
            write_whole(file, lambda temporary: temporary.write_bytes(result))
        fields = json.loads(file.read_bytes())
    except Exception as error:  # the other submissions must still be graded
        return replace(row, status=f"could not be judged: {error}"[:300])
    verdicts = {name: Verdict(**fields) for name, fields in fields.pop("verdicts", {}).items()}
    # the digest begins with a letter, so that a spreadsheet does not read 12e34 as a number
    return replace(row, **fields, verdicts=verdicts, file_digest=f"h{digest[:12]}")


def _judged(path: Path, how: Sequence[str], stdin: int) -> bytes:
    """Run the judge of a submission in its own process, and return its output."""
    done = subprocess.run(
        [*_JUDGE, str(path), *how],
        stdin=stdin,
        capture_output=True,
        timeout=LONGEST_S,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        error = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ChildProcessError(error or "its judge was ended")
    return done.stdout
