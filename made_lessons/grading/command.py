"""The command ``grade``: judges all hand-ins of a folder, several at a time."""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from made_course import __version__
from made_course.common.files import write_whole

from ..checking import time_limits
from ..checking.catalogue import NOTEBOOKS
from .folder import IDS, WORDS, clean, hand_ins, listed
from .handing_out import hand_out
from .marking import Marking
from .reports import write_all
from .sandbox import limit_memory, missing, trees
from .verdicts import Row, Verdict

LONGEST_S = 1_800 + 60
"""How long a judge may take: the clock of a hand-in that answers an open exercise, and a minute."""
_KEPT = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL")
_CURE = (
    "Install it (apt install bubblewrap, or dnf install bubblewrap), or grade in a container, as "
    "docs/grading.md says. Where you trust the class, add --unprotected"
)


def _graded(row: Row, folder: Path, kept: Path, *how: object) -> Row:
    """What is found about a hand-in, in this run or an earlier one that kept it."""
    if row.word:
        return row
    try:
        found = _found(row, (folder / row.place).read_bytes(), kept, *how)
    except Exception as error:  # whatever it is, it costs this hand-in alone
        found = Row(word=f"could not be judged: {type(error).__name__}: {error}")
    who = ("learner", "hand_in", "platform_id", "place", "when")
    return replace(found, **{part: getattr(row, part) for part in who})


def _found(row: Row, content: bytes, kept: Path, *how: object) -> Row:
    said = "\0".join([__version__, row.hand_in, *map(str, how)])
    digest = hashlib.sha256(said.encode() + content).hexdigest()[:32]
    file = kept / f"{digest}.json"
    if file.exists():
        found = json.loads(file.read_text())
        return Row(**found | {"verdicts": {n: Verdict(**v) for n, v in found["verdicts"].items()}})
    row = _judged(content, *how)
    row.content = f"h{digest[:12]}"  # no number, whatever a spreadsheet sees in it
    write_whole(file, lambda temporary: temporary.write_text(json.dumps(asdict(row))))
    return row


def _judged(*asked: object) -> Row:
    """What the judge of a hand-in says, which is a process of its own.

    Raises:
        TimeoutError, EOFError: if it does not come to its end.
    """
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_begin, args=(theirs, *asked))
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


def _begin(to: Connection, *asked: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_command, daemon=True).start()
    from .judge import judge  # where this runs it is loaded already, and with it what notebooks use

    sys.argv[:] = [""]  # in which the folder's name stands
    os.chdir("/")
    limit_memory()  # it computes with what the hand-in sends
    time_limits.PATIENCE = 20  # which a hand-in's process inherits: they wait for one another
    to.send(judge(*asked))


def _end_with_command() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def main(arguments: list[str] | None = None) -> None:
    """``python -P -m made_lessons grade FOLDER`` and ``hand-out CLASS.csv NOTEBOOK``."""
    asked = _parser().parse_args(arguments)
    asked.run(asked)


def _hand_out(asked: argparse.Namespace) -> None:
    try:
        count = hand_out(asked.class_list, asked.notebooks, asked.out)
    except ValueError as error:
        asked.refuse(str(error))
    print(f"{count} notebooks and {WORDS}, which is yours alone, in {asked.out}")


def _grade(asked: argparse.Namespace) -> None:
    try:
        folder = _folder(asked.folder)
        out = (asked.out or folder.with_name(f"{folder.name}-grades")).resolve()
        if out.is_relative_to(folder):
            raise ValueError(f"--out must not lie in {folder}, where it would be a hand-in")
        if not asked.unprotected and (lacks := missing()):
            raise ValueError(f"hand-ins would run unprotected: {lacks}. {_CURE}")
        marking = Marking(listed(folder / IDS), listed(folder / WORDS), out, asked.deadline)
    except ValueError as error:
        asked.refuse(str(error))
    rows, ended = _rows(asked, folder, out)
    write_all(rows, marking, out, nameless=asked.nameless)
    for line in marking.said():
        _say(line)
    _say(f"The tables are in {out}: open grades.html.")
    if ended:
        os._exit(ended)  # with this process its judges end, and all that they watch


def _rows(asked: argparse.Namespace, folder: Path, out: Path) -> tuple[list[Row], int]:
    """What is found about all hand-ins, or some where the run is stopped, and how it ended."""
    for name in os.environ.keys() - set(_KEPT):
        del os.environ[name]  # so that it is in no process of a hand-in
    os.environ["OMP_NUM_THREADS"] = "1"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    kept = out / "found"
    kept.mkdir(parents=True, exist_ok=True)
    rows, handed_in, ended = [], hand_ins(folder), 0
    how = folder, kept, asked.notebook or "", not asked.unprotected
    multiprocessing.get_context("forkserver").set_forkserver_preload([f"{__package__}.judge"])
    # two for each processor, since a hand-in and its judge wait for each other
    pool = ThreadPoolExecutor(asked.jobs or 2 * os.cpu_count())
    try:
        for done in as_completed([pool.submit(_graded, row, *how) for row in handed_in]):
            rows.append(row := done.result())
            _say(f"{len(rows)} of {len(handed_in)}: {row.hand_in}: {clean(row.word)}")
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ended = 130
        _say(f"Stopped after {len(rows)} of {len(handed_in)}: begun again, it goes on from there.")
        done = {row.place for row in rows}
        rows += [replace(row, word="not graded yet") for row in handed_in if row.place not in done]
    return rows, ended


def _say(line: str) -> None:
    """Print, whatever letters the terminal has, and whether or not there is one still."""
    known = sys.stdout.encoding or "ascii"
    with suppress(OSError):
        print(line.encode(known, "backslashreplace").decode(known), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -P -m made_lessons")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("grade", help="grade a folder of hand-ins")
    command.set_defaults(run=_grade, refuse=command.error)
    command.add_argument("folder", type=Path, help="of notebooks, or of a folder for each learner")
    command.add_argument(
        "--notebook",
        type=lambda number: number.zfill(2),
        choices=[f"{number:02d}" for number in NOTEBOOKS if number > 0],
        help="the one to grade",
    )
    command.add_argument("--out", type=Path, help="for the tables; by default FOLDER-grades")
    command.add_argument("--jobs", type=int, help="hand-ins at the same time")
    command.add_argument(
        "--deadline", type=datetime.fromisoformat, help='such as "2027-05-31 18:00": later is late'
    )
    command.add_argument(
        "--nameless", action="store_true", help="tables with numbers in place of names"
    )
    command.add_argument(
        "--unprotected", action="store_true", help="without a sandbox: you trust the class"
    )
    command = commands.add_parser("hand-out", help="a notebook for each learner, with their word")
    command.set_defaults(run=_hand_out, refuse=command.error)
    command.add_argument("class_list", type=Path, help="CSV: a learner in each line")
    command.add_argument("notebooks", type=Path, nargs="+", help="to hand out")
    command.add_argument("--out", type=Path, required=True, help="a folder for them")
    return parser


def _folder(given: Path) -> Path:
    folder = given.resolve()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {given}")
    course = trees()
    if any(tree.is_relative_to(folder) or folder.is_relative_to(tree) for tree in course):
        raise ValueError("the folder must hold hand-ins alone, not Python or the course itself")
    return folder
