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

from ..checking.catalogue import NOTEBOOKS
from .folder import CLASS, ClassList, clean, submissions
from .handing_out import hand_out
from .reports import write_all
from .sandbox import missing, trees
from .verdicts import Row, Verdict

LONGEST_S = 3_600
"""Seconds by the clock for one submission."""
_NOT_YET = "not graded yet"
_JUDGE = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)  # from now on, this process ends with the command
if os.getppid() != int(sys.argv.pop(1)):
    sys.exit("the command has ended")
from made_lessons.grading.judge import main
main()
"""
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
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may not have all letters
    rows = _graded(submissions(folder), asked, folder, out / "found")
    for line in write_all(rows, people, out):
        print(line)
    print(f"The tables are in {out}.", flush=True)
    if any(row.status == _NOT_YET for row in rows):
        os._exit(130)  # this ends the judges, and all that they run


def _graded(rows: list[Row], asked: argparse.Namespace, folder: Path, kept: Path) -> list[Row]:
    """Grade submissions, several at a time, until Ctrl-C."""
    os.environ["OMP_NUM_THREADS"] = "1"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    kept.mkdir(parents=True, exist_ok=True)
    how = asked.notebook or "", not asked.unprotected
    # two per processor, because a submission and its judge wait for each other
    pool = ThreadPoolExecutor(asked.jobs or 2 * os.cpu_count())
    jobs = [pool.submit(_one, row, folder, kept, *how) for row in rows]
    try:
        for count, job in enumerate(as_completed(jobs), 1):
            row = job.result()
            print(f"{count} of {len(rows)}: {row.submission}: {clean(row.status)}", flush=True)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("Stopped. If you run it again, it goes on from there.")
    return [
        job.result() if job.done() else replace(row, status=_NOT_YET)
        for row, job in zip(rows, jobs, strict=True)
    ]


def _one(row: Row, folder: Path, kept: Path, *how: object) -> Row:
    """Return the result of a submission, of this run or of an earlier one."""
    if row.status:
        return row
    path = folder / row.place
    try:
        about = "\0".join([__version__, *map(str, how)])
        digest = hashlib.sha256(about.encode() + path.read_bytes()).hexdigest()[:32]
        file = kept / f"{digest}.json"
        if not file.exists():
            python = [sys.executable, "-P", "-c", _JUDGE, str(os.getpid())]
            done = subprocess.run(
                [*python, str(path), str(file), *map(str, how)],
                capture_output=True,
                timeout=LONGEST_S,
                start_new_session=True,  # so that Ctrl-C does not reach it
            )
            if done.returncode:
                said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
                raise ChildProcessError(said or "its judge was ended")
        found = Row(**json.loads(file.read_text()))
    except Exception as error:  # it costs only this submission
        return replace(row, status=f"could not be judged: {error}"[:300])
    return replace(
        row,
        notebook=found.notebook,
        status=found.status,
        verdicts={name: Verdict(**verdict) for name, verdict in found.verdicts.items()},
        look_at=found.look_at,
        text=found.text,
        content=f"h{digest[:12]}",  # with a letter first, so that it is a text in a spreadsheet
    )
