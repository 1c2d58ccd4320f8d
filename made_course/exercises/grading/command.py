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
from dataclasses import asdict
from pathlib import Path

from ... import __version__
from ...files import write_whole
from .. import NOTEBOOKS
from .folder import HandedIn, NoNotebook, composed, hand_ins, school_ids
from .sandbox import missing, trees
from .tables import write_feedback, write_tables
from .verdicts import Row, Verdict

LONGEST_S = 2 * 3 * 600
"""How long a judge may say nothing: twice what an open exercise may take by the clock."""
_KEPT = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL")


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
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.judge"])
    pool = ThreadPoolExecutor(jobs or 2 * os.cpu_count())
    try:
        arguments = kept, notebook, protected
        doing = [pool.submit(_graded, one, *arguments) for one in handed_in]
        for done in as_completed(doing):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _graded(one: HandedIn, kept: Path, notebook: str, protected: bool) -> Row:
    row = Row(one.learner, one.name, notebook, look_at=list(one.others))
    try:
        content = one.content()
        said = [__version__, one.learner, one.name, notebook, str(protected)]
        key = hashlib.sha256("\0".join(said).encode() + content).hexdigest()
        file = kept / f"{key[:32]}.json"
        if file.exists():
            found = json.loads(file.read_text())
            found["verdicts"] = {name: Verdict(**v) for name, v in found["verdicts"].items()}
            return Row(**found)
        _judge(row, content, notebook, protected)
        if not any(verdict.is_of_the_clock for verdict in row.verdicts.values()):
            write_whole(file, lambda temporary: temporary.write_text(json.dumps(asdict(row))))
    except NoNotebook as error:
        row.word = str(error)
    except Exception as error:  # whatever it is, it costs this hand-in alone
        row.word = f"could not be judged: {type(error).__name__}: {error}"
    return row


def _judge(row: Row, content: bytes, notebook: str, protected: bool) -> None:
    """Fill a row with what the judge of its hand-in says.

    Raises:
        NoNotebook: if the judge does not come to its end.
    """
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_begin, args=(content, notebook, protected, theirs))
    process.start()
    theirs.close()
    try:
        while ours.poll(LONGEST_S):
            part, value = ours.recv()
            if part == "end":
                return
            if isinstance(value, Verdict):
                row.verdicts[part] = value
            elif part == "look_at":
                row.look_at += value
            else:
                setattr(row, part, value)
        raise NoNotebook("could not be judged in time")
    except EOFError:
        raise NoNotebook("could not be judged to the end: the judge's process ended") from None
    finally:
        process.kill()
        process.join()


def _begin(*arguments: object) -> None:
    from .judge import judge  # where this runs it is loaded already, and with it what notebooks use

    sys.argv[:] = [""]  # in which the folder's name stands
    os.chdir("/")
    judge(*arguments)
    arguments[-1].send(("end", ""))


def main(arguments: list[str] | None = None) -> None:
    """``python -P -m made_course.exercises grade FOLDER [--notebook 03] [--out FOLDER]``."""
    parser = argparse.ArgumentParser(prog="python -P -m made_course.exercises")
    command = parser.add_subparsers(required=True).add_parser(
        "grade", help="grade a folder of hand-ins"
    )
    command.add_argument("folder", type=Path, help="of notebooks, or of a folder for each learner")
    command.add_argument("--notebook", default="", help="the one to grade, such as 03")
    command.add_argument("--out", type=Path, help="for the tables; by default FOLDER-grades")
    command.add_argument("--jobs", type=int, help="hand-ins at the same time")
    command.add_argument(
        "--unprotected", action="store_true", help="without a sandbox: you trust the class"
    )
    asked = parser.parse_args(arguments)
    try:
        notebook = _number(asked.notebook)
        folder = _folder(asked.folder)
        ids = school_ids(folder)
        lacks = "" if asked.unprotected else missing()
        if lacks:
            raise ValueError(f"hand-ins would run unprotected: {lacks}. {_CURE}")
    except ValueError as error:
        parser.error(str(error))
    for name in os.environ.keys() - set(_KEPT):
        del os.environ[name]  # so that it is in no process of a hand-in
    os.environ["OMP_NUM_THREADS"] = "1"
    out = (asked.out or folder.with_name(f"{folder.name}-grades")).resolve()
    rows: list[Row] = []
    handed_in = hand_ins(folder, notebook)
    for row in grade(handed_in, out, notebook, asked.jobs, protected=not asked.unprotected):
        rows.append(row)
        write_feedback(row, out)
        print(f"{len(rows)} of {len(handed_in)}: {row.hand_in}: {row.word}", flush=True)
    known = {composed(name) for row in rows for name in (row.learner, row.hand_in)}
    rows += [Row(name, word="nothing handed in") for name in ids if composed(name) not in known]
    write_tables(sorted(rows, key=lambda row: (row.learner, row.notebook)), ids, out)
    print(f"{len(rows)} rows in {out / 'grades.csv'} and {out / 'grades.html'}")


_CURE = (
    "Install it, or grade in a container that has nothing to lose and no network: docker run --rm "
    "--network none -v FOLDER:/hand-ins -v GRADES:/grades made-course grade /hand-ins --out "
    "/grades --unprotected; docs/grading.md says how to make the image. Where you trust the class, "
    "add --unprotected"
)


def _number(notebook: str) -> str:
    graded = [f"{number:02d}" for number in NOTEBOOKS if number > 0]
    if notebook and notebook.zfill(2) not in graded:
        raise ValueError(f"--notebook is {graded[0]} to {graded[-1]}, not {notebook!r}")
    return notebook and notebook.zfill(2)


def _folder(given: Path) -> Path:
    folder = given.resolve()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {given}")
    course = trees()
    if any(tree.is_relative_to(folder) or folder.is_relative_to(tree) for tree in course):
        raise ValueError("the folder must hold hand-ins alone, not Python or the course itself")
    return folder
