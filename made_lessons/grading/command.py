"""The command ``grade``: judges all hand-ins of a folder, several at a time."""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path

from made_course import __version__
from made_course.common.files import write_whole

from ..checking.catalogue import NOTEBOOKS
from .folder import HandedIn, composed, hand_ins, school_ids
from .reports import write_feedback, write_tables
from .sandbox import missing, trees
from .verdicts import Row, Verdict

LONGEST_S = 2 * 3 * 600
"""How long a judge may take: twice what an open exercise may take by the clock."""
_KEPT = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL")
_CURE = (
    "Install it (apt install bubblewrap, or dnf install bubblewrap), or grade in a container that "
    "has nothing to lose and no network: docker run --rm --network none --pids-limit 999 -v "
    "FOLDER:/hand-ins -v GRADES:/grades made-course grade /hand-ins --out /grades --unprotected; "
    "docs/grading.md says how to make the image. Where you trust the class, add --unprotected"
)


def grade(
    handed_in: list[HandedIn], out: Path, notebook: str, jobs: int | None, *, protected: bool
) -> Iterator[Row]:
    """Grade hand-ins, and yield each as it is done.

    What is found is kept, so that a run that was cut short goes on where it was, and a later one
    grades only what is new.

    Args:
        handed_in: by learners.
        out: where what is found is kept.
        notebook: the number of the one that is graded; else the one that each most likely is.
        jobs: hand-ins that run at the same time; None is two for each processor, since a hand-in
            and its judge wait for each other.
        protected: whether they run in bubblewrap's sandbox.
    """
    kept = out / "found"
    kept.mkdir(parents=True, exist_ok=True)
    multiprocessing.get_context("forkserver").set_forkserver_preload([f"{__package__}.judge"])
    pool = ThreadPoolExecutor(jobs or 2 * os.cpu_count())
    try:
        doing = [pool.submit(_graded, one, kept, notebook, protected) for one in handed_in]
        for done in as_completed(doing):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _graded(one: HandedIn, kept: Path, notebook: str, protected: bool) -> Row:
    row = Row(notebook=notebook, word=one.word)
    if not one.word:
        try:
            row = _found(one, kept, notebook, protected)
        except Exception as error:  # whatever it is, it costs this hand-in alone
            row.word = f"could not be judged: {type(error).__name__}: {error}"
    look_at = [*one.others, *row.look_at]
    return replace(row, learner=one.learner, hand_in=one.name, look_at=look_at)


def _found(one: HandedIn, kept: Path, notebook: str, protected: bool) -> Row:
    """What the judge says of a hand-in, or said in an earlier run."""
    content = one.path.read_bytes()
    said = "\0".join([__version__, one.name, notebook, str(protected)])
    file = kept / f"{hashlib.sha256(said.encode() + content).hexdigest()[:32]}.json"
    if file.exists():
        found = json.loads(file.read_text())
        return Row(**found | {"verdicts": {n: Verdict(**v) for n, v in found["verdicts"].items()}})
    row = _judged(content, notebook, protected)
    if not any(verdict.is_of_the_clock for verdict in row.verdicts.values()):
        write_whole(file, lambda temporary: temporary.write_text(json.dumps(asdict(row))))
    return row


def _judged(content: bytes, notebook: str, protected: bool) -> Row:
    """What the judge of a hand-in says, which is a process of its own.

    Raises:
        TimeoutError, EOFError: if it does not come to its end.
    """
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_begin, args=(theirs, content, notebook, protected))
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
    from .judge import judge  # where this runs it is loaded already, and with it what notebooks use

    sys.argv[:] = [""]  # in which the folder's name stands
    os.chdir("/")
    to.send(judge(*asked))


def main(arguments: list[str] | None = None) -> None:
    """``python -P -m made_lessons grade FOLDER [--notebook 03] [--out FOLDER]``."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    notebook, protected = asked.notebook or "", not asked.unprotected
    try:
        folder = _folder(asked.folder)
        ids = school_ids(folder)
        if protected and (lacks := missing()):
            raise ValueError(f"hand-ins would run unprotected: {lacks}. {_CURE}")
    except ValueError as error:
        parser.error(str(error))
    for name in os.environ.keys() - set(_KEPT):
        del os.environ[name]  # so that it is in no process of a hand-in
    os.environ["OMP_NUM_THREADS"] = "1"
    out = (asked.out or folder.with_name(f"{folder.name}-grades")).resolve()
    rows: list[Row] = []
    handed_in = hand_ins(folder, notebook)
    for row in grade(handed_in, out, notebook, asked.jobs, protected=protected):
        rows.append(row)
        write_feedback(row, out)
        word = "".join(c if c.isprintable() else " " for c in row.word)
        print(f"{len(rows)} of {len(handed_in)}: {row.hand_in}: {word}", flush=True)
    known = {composed(name) for row in rows for name in (row.learner, row.hand_in)}
    rows += [Row(name, word="nothing handed in") for name in ids if composed(name) not in known]
    write_tables(sorted(rows, key=lambda row: (row.learner, row.notebook)), ids, out)
    print(f"{len(rows)} rows in {out / 'grades.csv'} and {out / 'grades.html'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -P -m made_lessons")
    command = parser.add_subparsers(required=True).add_parser(
        "grade", help="grade a folder of hand-ins"
    )
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
        "--unprotected", action="store_true", help="without a sandbox: you trust the class"
    )
    return parser


def _folder(given: Path) -> Path:
    folder = given.resolve()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {given}")
    course = trees()
    if any(tree.is_relative_to(folder) or folder.is_relative_to(tree) for tree in course):
        raise ValueError("the folder must hold hand-ins alone, not Python or the course itself")
    return folder
