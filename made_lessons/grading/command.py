"""The commands ``grade`` and ``hand-out``."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from made_course import __version__
from made_course.common.files import write_whole

from ..checking.catalogue import NOTEBOOKS
from .folder import CLASS, clean, read_class, submissions
from .handing_out import hand_out
from .reports import write_all
from .sandbox import missing, trees
from .verdicts import Row, Verdict

LONGEST_S = 3 * 3_600
"""Longest real time for one submission, in seconds, if its judge does not end by itself."""
_JUDGE = (
    *(sys.executable, "-P", "-c"),
    # first, let Linux kill the judge when the command ends; it may have ended before
    "import ctypes, os; ctypes.CDLL(None).prctl(1, 9)\n"
    f"if os.getppid() != {os.getpid()}: os._exit(1)\n"
    "from made_lessons.grading.judge import main; main()",
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
    add("--notebook", type=int, choices=NOTEBOOKS[1:], required=True, help="the one to grade")
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
    if reason := missing():
        raise ValueError(
            f"{reason}, so nothing would protect you from the submissions. Grade on Linux, and "
            "install bubblewrap (apt install bubblewrap, or dnf install bubblewrap). "
            "docs/grading.md says more"
        )
    people, out = read_class(folder / CLASS), folder.with_name(f"{folder.name}-grades")
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may not support all characters
    rows = _graded(submissions(folder), folder, out / "found", asked.notebook)
    for line in write_all(rows, people, out, asked.notebook):
        print(line)
    print(f"The tables are in {out}.", flush=True)


def _graded(rows: list[Row], folder: Path, found: Path, notebook: int) -> list[Row]:
    """Grade submissions, several at a time. The folder ``found`` keeps the results."""
    found.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends this process and its judges
    # two jobs per processor, because a submission and its judge wait for each other
    with ThreadPoolExecutor(2 * len(os.sched_getaffinity(0))) as pool:
        futures = [pool.submit(result_of, row, folder, found, notebook) for row in rows]
        for count, future in enumerate(as_completed(futures), 1):
            row = future.result()
            print(f"{count} of {len(rows)}: {row.submission}: {clean(row.status)}", flush=True)
    return [future.result() for future in futures]


def result_of(row: Row, folder: Path, found: Path, notebook: int) -> Row:
    """Grade a submission, or return the result that an earlier run has saved."""
    if row.status:
        return row
    path = folder / row.path
    try:
        about = f"{__version__} {notebook} ".encode()
        # begins with a letter, so that a spreadsheet does not read 12e34 as a number
        digest = f"h{hashlib.sha256(about + path.read_bytes()).hexdigest()}"
        file = found / f"{digest}.json"
        if not file.exists():
            result = _judged(path, notebook)
            write_whole(file, lambda temporary: temporary.write_bytes(result))
        verdicts = json.loads(file.read_bytes())
    except Exception as error:  # the other submissions must still be graded
        return replace(row, status=f"not graded: {error}"[:300])
    verdicts = {name: Verdict(**fields) for name, fields in verdicts.items()}
    return replace(row, status="graded", verdicts=verdicts, file_digest=digest)


def _judged(path: Path, notebook: int) -> bytes:
    """Run the judge of a submission in its own process, and return its output."""
    done = subprocess.run(
        [*_JUDGE, str(path), str(notebook)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST_S,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        error = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ChildProcessError(error or "its judge was ended")
    return done.stdout
