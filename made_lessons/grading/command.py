"""The commands ``grade`` and ``hand-out``."""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from made_course import __version__
from made_course.common.files import write_whole

from ..checking import time_limits
from ..checking.catalogue import NOTEBOOKS
from .folder import IDS, VARIANTS, clean, listed, submissions
from .handing_out import hand_out
from .marking import Marking
from .reports import write_all
from .sandbox import limit_memory, missing, trees
from .verdicts import Row, Verdict

LONGEST_S = 3_600
"""Seconds by the clock for one submission."""
_CURE = (
    "Install it (apt install bubblewrap, or dnf install bubblewrap), or grade in a container, as "
    "docs/grading.md says. If you trust the class, add --unprotected"
)


def main(arguments: list[str] | None = None) -> None:
    """``python -P -m made_lessons grade FOLDER`` and ``hand-out CLASS.csv NOTEBOOK``."""
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
    command.add_argument("folder", type=Path, help="a notebook or a folder per learner")
    numbers = [f"{number:02d}" for number in NOTEBOOKS if number > 0]
    command.add_argument(
        "--notebook", type=lambda text: text.zfill(2), choices=numbers, help="the one to grade"
    )
    command.add_argument("--out", type=Path, help="for the tables; by default FOLDER-grades")
    command.add_argument("--jobs", type=int, help="number of submissions at the same time")
    nameless = "tables with numbers instead of names"
    command.add_argument("--nameless", action="store_true", help=nameless)
    unprotected = "without a sandbox, if you trust the class"
    command.add_argument("--unprotected", action="store_true", help=unprotected)
    command = commands.add_parser("hand-out", help="a notebook per learner, with their variant")
    command.set_defaults(run=_hand_out, refuse=command.error)
    command.add_argument("class_list", type=Path, help="CSV: a learner in each line")
    command.add_argument("notebooks", type=Path, nargs="+", help="to hand out")
    command.add_argument("--out", type=Path, required=True, help="a folder for them")
    return parser


def _hand_out(asked: argparse.Namespace) -> None:
    count = hand_out(asked.class_list, asked.notebooks, asked.out)
    print(f"{count} notebooks and {VARIANTS}, which is only for you, in {asked.out}")


def _grade(asked: argparse.Namespace) -> None:
    folder = asked.folder.resolve()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {asked.folder}")
    if any(tree.is_relative_to(folder) or folder.is_relative_to(tree) for tree in trees()):
        raise ValueError("the folder must only hold submissions, not Python or the course itself")
    out = (asked.out or folder.with_name(f"{folder.name}-grades")).resolve()
    if out.is_relative_to(folder):
        raise ValueError(f"--out must not be in {folder}, where it would be a submission")
    if not asked.unprotected and (lacks := missing()):
        raise ValueError(f"submissions would run unprotected: {lacks}. {_CURE}")
    marking = Marking(listed(folder / IDS), listed(folder / VARIANTS), out)
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may not have all letters
    rows, is_stopped = _graded(submissions(folder), asked, folder, out / "found")
    write_all(rows, marking, out, nameless=asked.nameless)
    for line in marking.messages():
        print(line)
    print(f"The tables are in {out}.", flush=True)
    if is_stopped:
        os._exit(130)  # with this process its judges end, and all that they run


def _graded(
    rows: list[Row], asked: argparse.Namespace, folder: Path, kept: Path
) -> tuple[list[Row], bool]:
    """Grade submissions, several at a time, and return the results and whether it was stopped."""
    os.environ["OMP_NUM_THREADS"] = "1"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    kept.mkdir(parents=True, exist_ok=True)
    how = asked.notebook or "", not asked.unprotected
    multiprocessing.get_context("forkserver").set_forkserver_preload([f"{__package__}.judge"])
    # two per processor, because a submission and its judge wait for each other
    pool = ThreadPoolExecutor(asked.jobs or 2 * os.cpu_count())
    jobs = {pool.submit(_one, row, folder, kept, *how): k for k, row in enumerate(rows)}
    rows = [replace(row, status=row.status or "not graded yet") for row in rows]
    try:
        for count, done in enumerate(as_completed(jobs), 1):
            row = rows[jobs[done]] = done.result()
            print(f"{count} of {len(rows)}: {row.submission}: {clean(row.status)}", flush=True)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("Stopped. If you run it again, it goes on from there.")
        return rows, True
    return rows, False


def _one(row: Row, folder: Path, kept: Path, *how: object) -> Row:
    """Return the result of a submission, of this run or an earlier one that kept it."""
    if row.status:
        return row
    try:
        content = (folder / row.place).read_bytes()
        said = "\0".join([__version__, *map(str, how)])
        digest = hashlib.sha256(said.encode() + content).hexdigest()[:32]
        file = kept / f"{digest}.json"
        if file.exists():
            found = Row(**json.loads(file.read_text()))
            found.verdicts = {name: Verdict(**v) for name, v in found.verdicts.items()}
        else:
            found = _judged(content, *how)
            found.content = f"h{digest[:12]}"  # not a number, whatever a spreadsheet sees in it
            write_whole(file, lambda temporary: temporary.write_text(json.dumps(asdict(found))))
    except Exception as error:  # whatever it is, it costs only this submission
        found = Row(status=f"could not be judged: {type(error).__name__}: {error}")
    who = {part: getattr(row, part) for part in ("learner", "submission", "platform_id", "place")}
    return replace(found, **who, look_at=[*row.look_at, *found.look_at])


def _judged(*asked: object) -> Row:
    """Judge a submission in a process of its own, so that what ends it ends nothing else."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_judge, args=(theirs, *asked))
    process.start()
    theirs.close()
    try:
        if not ours.poll(LONGEST_S):
            raise TimeoutError(f"its judge took more than {LONGEST_S} s")
        return ours.recv()
    except EOFError:
        raise EOFError("its judge's process ended") from None
    finally:
        process.kill()
        process.join()


def _judge(to: Connection, *asked: object) -> None:
    Thread(target=_end_with_command, daemon=True).start()
    from .judge import judge  # loaded already where this runs

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for all processes
    limit_memory()  # it computes with what the submission sends
    time_limits.PATIENCE = 20  # submissions wait for one another
    to.send(judge(*asked))


def _end_with_command() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
