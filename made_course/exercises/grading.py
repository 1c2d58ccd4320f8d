"""Grades a folder of hand-ins: which exercises are right, and which mistakes were made.

``python -m made_course.exercises grade FOLDER`` writes a CSV and an HTML table. Each exercise of
each hand-in runs in a process of its own (``sandbox.py``), and is judged from outside
(``remote.py``). What is graded is kept, so that a run that was cut short goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import html
import io
import json
import multiprocessing
import os
import re
import signal
import socket
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

import torch

import made_course

from ..files import write_whole
from . import NOTEBOOKS, _exercise, _room, remote, sandbox
from .examine import LIMIT_S, TookTooLong, examine, parts_to_do, time_limit
from .exercise import Exercise, Wrong
from .hand_in import HAND_OVER, HandIn, Unreadable, read

SECONDS, OPEN_SECONDS = 20, 600
"""What an exercise may take of the processor, and an open one, which trains a model."""
BY_THE_CLOCK = 3
"""How many times as long it may take by the clock."""
_OUT_OF_TIME = "out of time, {} s of the processor or {} s by the clock; or killed for its memory"
MOST_WORDS = 1000
"""Characters that are said about an exercise: some of them may come from the hand-in."""
MOST_NOTEBOOKS = 20
"""Notebooks in the folder of one hand-in."""
GRADED = [f"{number:02d}" for number in NOTEBOOKS if number > 0]
OPEN = ("5.4", "8.5", "9.4")
INSIDE = ("4.1", "4.5")
"""Modules whose parts the check reads and changes: judged in the process of the hand-in itself."""
_MAY_SAY = ("not attempted", "unfinished")
_INSIDE_MAY_SAY = (*_MAY_SAY, "right", "wrong")
SIGNS = {"right": "✓", "wrong": "✗", "not attempted": "○", "unfinished": "○", "no check": "–"}


@dataclass
class Verdict:
    """What was found about one exercise of one hand-in."""

    state: str
    words: str = ""
    nats: float | None = None
    variant: str | None = None


@dataclass
class Row:
    """What was found about one notebook of one hand-in."""

    hand_in: str
    notebook: str = ""
    word: str = "graded"
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    look_at: list[str] = field(default_factory=list)


# ---- one exercise -------------------------------------------------------------------------------


def judge(exercise: Exercise, cells: list[str], cover: list[Path]) -> Verdict:
    """Run cells in a process of their own, and judge the answer that they hand over."""
    here, there = socket.socketpair()
    seconds = OPEN_SECONDS if exercise.name in OPEN else SECONDS
    with tempfile.TemporaryDirectory(prefix="made-grading-", ignore_cleanup_errors=True) as folder:
        child = os.fork()
        if child == 0:
            _keep_hand_in(there, exercise, cells, Path(folder), seconds, cover)
        there.close()
        peer = remote.Peer(here, BY_THE_CLOCK * seconds, is_judge=True)
        try:
            return _verdict(exercise, peer)
        except remote.TooLate:
            return Verdict("stopped", _OUT_OF_TIME.format(seconds, BY_THE_CLOCK * seconds))
        except remote.Gone:
            return Verdict("stopped", _how_it_ended(child, seconds))
        finally:
            _end(child)


def _verdict(exercise: Exercise, peer: remote.Peer) -> Verdict:
    message = peer.receive()
    if "failed" in message:
        return Verdict("failed", str(message["failed"])[:MOST_WORDS])
    if message.get("state") in (_INSIDE_MAY_SAY if exercise.name in INSIDE else _MAY_SAY):
        return Verdict(message["state"], str(message.get("words", ""))[:MOST_WORDS])
    try:
        with time_limit(LIMIT_S):
            answer = peer.decode(message["answer"])
    except (Exception, TookTooLong) as error:  # whatever the hand-in's process has sent
        raise remote.Gone("a message could not be read") from error
    return _examined(exercise, answer)


def _examined(exercise: Exercise, answer: object) -> Verdict:
    try:
        said = examine(exercise, answer)
        verdict = Verdict("right", said)
    except Wrong as wrong:
        lines = {"tried": wrong.tried, "expected": wrong.expected, "came": wrong.came}
        report = "; ".join(f"{label} {text}" for label, text in lines.items() if text)
        words = f"{wrong.cause} ({report})" if report else wrong.cause
        verdict = Verdict("wrong", words[:MOST_WORDS])
        said = wrong.came
    # a score stands first; a name that the hand-in has chosen may stand further on
    if exercise.name in OPEN and (found := re.match(r"(-?\d+\.\d+) (?:differential )?nats", said)):
        verdict.nats = float(found[1])
    return verdict


def _end(child: int) -> None:
    """End a hand-in and all that it has started; in namespaces nothing outlives the first."""
    for end in (os.killpg, os.kill):
        with suppress(OSError):
            end(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)


def _how_it_ended(child: int, seconds: int) -> str:
    for _ in range(50):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        time.sleep(0.02)
    else:
        return "closed its line to the judge, or said what cannot be read"
    if not os.WIFSIGNALED(status):
        return "left its process before there was a verdict"
    number = os.WTERMSIG(status)
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return _OUT_OF_TIME.format(seconds, BY_THE_CLOCK * seconds)
    return f"its process died of {signal.Signals(number).name}"


def _keep_hand_in(
    line: socket.socket,
    exercise: Exercise,
    cells: list[str],
    folder: Path,
    seconds: int,
    cover: list[Path],
) -> None:
    """Start the process of a hand-in in its namespaces, and end as it ends; this never returns.

    It stands between that process and the judge, since who has separated can start no threads.
    """
    try:
        os.setsid()  # so that it can be killed with all that it starts
        missing, user = sandbox.separate(), sandbox.stranger()
        child = os.fork()
        if child == 0:
            peer = remote.Peer(_nothing_but(line), BY_THE_CLOCK * seconds, is_judge=False)
            with _said_to(peer):
                sandbox.confine(folder, seconds, user=user, cover=cover, in_namespaces=not missing)
                _run(peer, exercise, cells)
        os.closerange(0, 4096)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))
    finally:
        os._exit(0)


def _nothing_but(line: socket.socket) -> socket.socket:
    """Close whatever this process has open but one line."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    kept = os.dup2(line.detach(), 3)
    os.closerange(4, 4096)
    sys.stdin, sys.stdout, sys.stderr = map(os.fdopen, (0, 1, 2), "rww")
    return socket.socket(fileno=kept)


@contextmanager
def _said_to(peer: remote.Peer) -> Iterator[None]:
    """Say what is raised, and end the process."""
    try:
        yield
    except BaseException as error:
        with suppress(BaseException):
            peer.send({"failed": f"{type(error).__name__}: {error}"[:400]})
    finally:
        os._exit(0)


def _run(peer: remote.Peer, exercise: Exercise, cells: list[str]) -> None:
    """Run the cells, and serve the calls of the answer that they hand over."""

    def hand_over(answer: object) -> None:
        torch.manual_seed(0)
        to_do, parts = parts_to_do(answer)
        if to_do:
            peer.send({"state": "not attempted" if to_do == parts else "unfinished"})
        elif exercise.name in INSIDE:
            verdict = _examined(exercise, answer)
            peer.send({"state": verdict.state, "words": verdict.words})
        else:
            peer.send({"answer": peer.encode(answer)})
            while True:
                peer.serve(peer.receive())
        os._exit(0)

    notebook = {"__name__": "__main__", HAND_OVER: hand_over}
    torch.manual_seed(0)
    for cell in cells:
        exec(compile(cell, "<hand-in>", "exec"), notebook)
    peer.send({"failed": "the check was not reached"})


# ---- one hand-in --------------------------------------------------------------------------------


def grade_one(path: Path, name: str, notebook: str, cover: list[Path]) -> Row:
    """Grade one notebook, exercise by exercise."""
    row = Row(name, notebook)
    try:
        hand_in = read(path)
        row.notebook = notebook or _most_likely(hand_in)
    except Unreadable as error:
        row.word = str(error)
        return row
    exercises = _room(int(row.notebook)).EXERCISES
    has = hand_in.names()
    if not has.intersection(exercise.name for exercise in exercises):
        row.word = f"another notebook: it has no check of notebook {row.notebook}"
        return row
    row.look_at = hand_in.oddities()
    for exercise in exercises:
        if exercise.name not in has:
            row.verdicts[exercise.name] = Verdict("no check", "the cell with the check is gone")
        else:
            row.verdicts[exercise.name] = _graded(hand_in, exercise.name, cover)
    return row


def _graded(hand_in: HandIn, name: str, cover: list[Path]) -> Verdict:
    try:
        variant = hand_in.variant(name)
    except Unreadable as error:
        return Verdict("failed", str(error))
    verdict = _in_a_process(name, variant, hand_in.needed(name), cover)
    verdict.variant = variant
    return verdict


def _most_likely(hand_in: HandIn) -> str:
    numbers = [name.partition(".")[0].zfill(2) for name in sorted(hand_in.names())]
    known = [number for number in numbers if number in GRADED]
    if not known:
        raise Unreadable("another notebook: it has no check of this course")
    return max(known, key=known.count)


def _in_a_process(name: str, variant: str | None, cells: list[str], cover: list[Path]) -> Verdict:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=_send_verdict, args=(theirs, name, variant, cells, cover))
    process.start()
    theirs.close()
    try:
        if ours.poll(2 * BY_THE_CLOCK * OPEN_SECONDS):
            return ours.recv()
        return Verdict("stopped", "it could not be judged in time")
    except EOFError:
        return Verdict("stopped", "it could not be judged: the judge's process ended")
    finally:
        process.kill()
        process.join()


def _send_verdict(
    to: Connection, name: str, variant: str | None, cells: list[str], cover: list[Path]
) -> None:
    try:
        exercise = _exercise(name, variant)
    except ValueError as error:
        to.send(Verdict("failed", str(error)))
    else:
        sandbox.limit_memory()  # the judge computes with what the hand-in sends
        to.send(judge(exercise, cells, cover))


# ---- all hand-ins -------------------------------------------------------------------------------


def grade(folder: Path, out: Path, notebook: str = "", jobs: int | None = None) -> list[Row]:
    """Grade all hand-ins of a folder; those that a run before has graded are not run again.

    Args:
        folder: of hand-ins: notebooks, or a folder for each learner with notebooks in it.
        out: where the tables go, and what has been found so far.
        notebook: the number of the one that is graded; else the one that each most likely is.
        jobs: hand-ins that run at the same time; as many as there are processors by default.
    """
    kept = out / "found"
    kept.mkdir(parents=True, exist_ok=True)
    rows, waiting = [], []
    for name, path in hand_ins(folder, notebook):
        file = kept / f"{_key(name, path, notebook)}.json"
        if isinstance(path, str):
            rows.append(Row(name, notebook, path))
        elif file.exists():
            rows.append(_row(file))
        else:
            waiting.append((name, path, file))
    count, running = len(rows) + len(waiting), {}
    fork, jobs = multiprocessing.get_context("fork"), jobs or os.cpu_count()
    while waiting or running:
        while waiting and len(running) < jobs:
            name, path, file = waiting.pop(0)
            arguments = (path, name, notebook, [folder, out], file)
            process = fork.Process(target=_keep, args=arguments)
            process.start()
            running[process.sentinel] = process, name, file
        for sentinel in wait(list(running)):
            process, name, file = running.pop(sentinel)
            process.join()
            failed = Row(name, notebook, "could not be graded: the grader's process ended")
            rows.append(_row(file) if file.exists() else failed)
            print(f"{len(rows)} of {count}: {name}: {rows[-1].word}", flush=True)
    return sorted(rows, key=lambda row: (row.hand_in, row.notebook))


def hand_ins(folder: Path, notebook: str = "") -> Iterator[tuple[str, Path | str]]:
    """Name and notebook of each hand-in, or in place of the notebook, why there is none."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name == "ids.csv":
            continue
        if entry.is_symlink() or not entry.is_dir():
            is_notebook = entry.name.endswith(".ipynb")
            yield _readable(entry.name), Path(entry.path) if is_notebook else "no notebook"
            continue
        every = _files(Path(entry.path))
        found = [path for path in every if path.name.startswith(notebook)] or every
        if not found:
            yield _readable(entry.name), "no notebook in this folder"
        elif len(found) > MOST_NOTEBOOKS:
            yield _readable(entry.name), f"too many files: more than {MOST_NOTEBOOKS} notebooks"
        else:
            for path in found:
                yield _readable(path.relative_to(folder)), path


def _readable(path: str | Path) -> str:
    """A file's name as text, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _files(folder: Path) -> list[Path]:
    """Notebooks in a folder, up to one more than are read."""
    found: list[Path] = []
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(at) / name for name in sorted(names) if name.endswith(".ipynb")]
        if len(found) > MOST_NOTEBOOKS:
            break
    return found


def _key(name: str, path: Path | str, notebook: str) -> str:
    content = os.fsencode(path)
    with suppress(OSError):
        if isinstance(path, Path) and path.is_file() and not path.is_symlink():
            content = path.read_bytes()
    return hashlib.sha256(f"{name}\0{notebook}\0".encode() + content).hexdigest()[:32]


def _keep(path: Path, name: str, notebook: str, cover: list[Path], file: Path) -> None:
    row = grade_one(path, name, notebook, cover)
    write_whole(file, lambda temporary: temporary.write_text(json.dumps(asdict(row))))


def _row(file: Path) -> Row:
    found = json.loads(file.read_text())
    found["verdicts"] = {name: Verdict(**verdict) for name, verdict in found["verdicts"].items()}
    return Row(**found)


# ---- tables -------------------------------------------------------------------------------------


def write_tables(rows: list[Row], ids: dict[str, str], out: Path, missing: str) -> None:
    """Write ``grades.csv``, ``grades.html`` and, where a model was scored, ``leaderboard.csv``."""
    _write_csv(out / "grades.csv", _grades(rows, ids))
    scores = sorted(
        (name, verdict.nats, _school_id(ids, row.hand_in), row.hand_in, verdict.state)
        for row in rows
        for name, verdict in row.verdicts.items()
        if verdict.nats is not None
    )
    if scores:
        columns = ("exercise", "nats", "school_id", "hand_in", "state")
        _write_csv(out / "leaderboard.csv", [columns, *scores])
    _write(out / "grades.html", _page(rows, ids, missing), "utf-8")


def _school_ids(folder: Path) -> dict[str, str]:
    """What ``ids.csv`` in the folder says: a hand-in, or its folder, and an id in each line.

    Raises:
        ValueError: if it is not UTF-8.
    """
    path = folder / "ids.csv"
    if not path.is_file():
        return {}
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
    lines = csv.reader(text.splitlines(), delimiter=";" if ";" in text else ",")
    return {_composed(line[0].strip()): line[1] for line in lines if len(line) > 1}


def _school_id(ids: dict[str, str], hand_in: str) -> str:
    name = _composed(hand_in)
    return ids.get(name) or ids.get(name.partition("/")[0], "")


def _without_hand_in(ids: dict[str, str], rows: list[Row]) -> list[str]:
    """Names in ``ids.csv`` that are neither a hand-in nor the folder of one."""
    names = [_composed(row.hand_in) for row in rows]
    return [name for name in ids if name not in {*names, *(n.partition("/")[0] for n in names)}]


def _composed(name: str) -> str:
    """A name in which an umlaut is one letter: some computers write it as two."""
    return unicodedata.normalize("NFC", name)


def _grades(rows: list[Row], ids: dict[str, str]) -> list[tuple[object, ...]]:
    names = sorted({name for row in rows for name in row.verdicts})
    columns = [column for name in names for column in (_starred(name), f"{name} why")]
    table = [
        ("school_id", "hand_in", "notebook", "word", "right", "of", *columns, "variants", "look_at")
    ]
    for row in rows:
        found = [row.verdicts.get(name, Verdict("")) for name in names]
        words = [part for v in found for part in (v.state, "" if v.state == "right" else v.words)]
        right = sum(verdict.state == "right" for verdict in found)
        variants = [f"{name}: {v.variant}" for name, v in row.verdicts.items() if v.variant]
        start = (_school_id(ids, row.hand_in), row.hand_in, row.notebook, row.word)
        end = ("; ".join(variants), "; ".join(row.look_at))
        table.append((*start, right, len(row.verdicts), *words, *end))
    return table


def _starred(name: str) -> str:
    return f"{name}*" if name in INSIDE else name


def _write_csv(path: Path, table: list[tuple[object, ...]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([[_harmless(cell) for cell in line] for line in table])
    _write(path, text.getvalue(), "utf-8-sig")


def _write(path: Path, text: str, encoding: str) -> None:
    """Write any text: an error's words may hold what no file can, such as half a character."""
    write_whole(path, lambda file: file.write_text(text, encoding, "backslashreplace"))


def _harmless(cell: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    is_formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if is_formula else cell


def _page(rows: list[Row], ids: dict[str, str], missing: str) -> str:
    names = sorted({name for row in rows for name in row.verdicts})
    columns = ("id", "hand-in", "right", *map(_starred, names), "not graded", "look at")
    head = "".join(f"<th>{_text(column)}" for column in columns)
    lines = []
    for row in rows:
        found = [row.verdicts.get(name, Verdict("")) for name in names]
        cells = "".join(_cell(name, verdict) for name, verdict in zip(names, found, strict=True))
        word = "" if row.word == "graded" else row.word
        right = sum(verdict.state == "right" for verdict in found)
        start = f"<td>{_text(_school_id(ids, row.hand_in))}<th scope=row>{_text(row.hand_in)}"
        start += f"<td>{right} of {len(row.verdicts)}" if row.verdicts else "<td>"
        lines.append(f"<tr>{start}{cells}<td>{_text(word)}<td>{_text('; '.join(row.look_at))}")
    notes = [
        "✓ right, ✗ wrong, ○ not attempted or unfinished, – no check, ! stopped or failed; "
        "the reason appears where the pointer rests on a sign.",
        f"* {', '.join(INSIDE)} are judged in the process of the hand-in, which could forge them.",
    ]
    if missing:
        notes.append(f"Not all protection was there: {missing}. See docs/grading.md.")
    return _PAGE.format(
        notes="".join(f"<p>{_text(note)}" for note in notes),
        head=head,
        lines="\n".join(lines),
        mistakes="\n".join(_mistakes(rows)),
    )


def _cell(name: str, verdict: Verdict) -> str:
    sign = SIGNS.get(verdict.state, "!") if verdict.state else ""
    said = f"{name} {verdict.state}: {verdict.words}" if sign else ""
    return f'<td class="{sign}" title="{_text(said)}">{sign}'


def _mistakes(rows: list[Row]) -> Iterator[str]:
    """Each mistake with who made it, the most frequent of an exercise first."""
    who: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for name, verdict in row.verdicts.items():
            if verdict.state in ("wrong", "failed", "stopped"):
                cause = re.split(r" \((?:tried|expected|came) ", verdict.words, maxsplit=1)[0]
                who.setdefault((name, cause), []).append(row.hand_in)
    order = sorted(who.items(), key=lambda item: (item[0][0], -len(item[1])))
    for (name, cause), made_by in order:
        by = ", ".join(made_by)
        yield f"<tr><td>{name}<td>{len(made_by)}<td>{_text(cause)}<td>{_text(by)}"


def _text(text: str) -> str:
    return html.escape(text)


_PAGE = r"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Grades</title>
<style>
body {{ font: 16px/1.4 system-ui, sans-serif; margin: 2em; color: #111; background: #fff }}
table {{ border-collapse: collapse; margin: 1em 0 }}
td, th {{ border: 1px solid #bbb; padding: .2em .4em; text-align: left; vertical-align: top }}
th[scope=row], td:last-child {{ min-width: 8em; overflow-wrap: anywhere }}
th[scope=row] {{ min-width: 14em }}
td:first-child, th[scope=row] + td {{ white-space: nowrap }}
.✓ {{ color: #0072b2 }} .✗, .\! {{ color: #a63c00; font-weight: bold }}
</style>
<h1>Grades</h1>
{notes}
<table><thead><tr>{head}</thead><tbody>
{lines}
</tbody></table>
<h2>Mistakes</h2>
<table><thead><tr><th>exercise<th>how many<th>mistake<th>who</thead><tbody>
{mistakes}
</tbody></table>
</html>
"""


# ---- the command --------------------------------------------------------------------------------

_KEPT = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "MADE_COURSE_DATA")
_CLEAN = "MADE_COURSE_GRADING"


def main(arguments: list[str] | None = None) -> None:
    """``python -m made_course.exercises grade FOLDER [--notebook 03] [--out FOLDER]``."""
    parser = argparse.ArgumentParser(prog="python -m made_course.exercises")
    command = parser.add_subparsers(required=True).add_parser(
        "grade", help="grade a folder of hand-ins"
    )
    command.add_argument("folder", type=Path, help="of notebooks, or of a folder for each learner")
    command.add_argument("--notebook", default="", help="the one to grade, such as 03")
    command.add_argument("--out", type=Path, help="for the tables; by default FOLDER-grades")
    command.add_argument("--jobs", type=int, help="hand-ins at the same time")
    command.add_argument(
        "--unprotected", action="store_true", help="run even where files cannot be protected"
    )
    asked = parser.parse_args(arguments)
    if not hasattr(os, "fork"):
        parser.error("grading needs Linux or macOS; on Windows use WSL")
    if asked.notebook and asked.notebook not in GRADED:
        parser.error(f"--notebook is {GRADED[0]} to {GRADED[-1]}, not {asked.notebook!r}")
    folder = asked.folder.resolve()
    if not folder.is_dir():
        parser.error(f"there is no folder {asked.folder}")
    if folder in Path(__file__).resolve().parents:
        parser.error("the folder must hold hand-ins alone, not the course itself")
    if os.environ.get(_CLEAN) is None:  # so that nothing of this environment is in any memory
        clean = {name: os.environ[name] for name in _KEPT if name in os.environ}
        given = [sys.executable, "-m", "made_course.exercises", *(arguments or sys.argv[1:])]
        sys.stdout.flush()
        os.execve(sys.executable, given, clean | {_CLEAN: "1", "OMP_NUM_THREADS": "1"})
    out = (asked.out or folder.with_name(f"{folder.name}-grades")).resolve()
    torch.set_num_threads(1)
    _load_what_notebooks_import()
    try:
        ids = _school_ids(folder)
    except ValueError as error:
        parser.error(str(error))
    missing = _missing()
    if missing and os.getuid() != 0 and not asked.unprotected:
        parser.error(
            f"{missing}, so that hand-ins could change your files. Grade on Linux with user "
            "namespaces or as root, or in a machine with nothing to lose with --unprotected"
        )
    if missing:
        print(f"Not all protection is there: {missing}. Hand-ins can reach the network.")
    out.mkdir(parents=True, exist_ok=True)
    tried = _in_a_process("3.1", None, [f"{HAND_OVER}(...)"], [folder, out])
    if tried.state != "not attempted":
        parser.error(f"a hand-in cannot be run here: {tried.words}")
    rows = grade(folder, out, asked.notebook, asked.jobs)
    write_tables(rows, ids, out, missing)
    for name in _without_hand_in(ids, rows):
        print(f"ids.csv: there is no hand-in {name!r}")
    print(f"{len(rows)} rows in {out / 'grades.csv'} and {out / 'grades.html'}")


def _load_what_notebooks_import() -> None:
    """Load it once, before the forks, so that each of them has it at once."""
    for name in made_course.__all__:
        getattr(made_course, name)
    for number in NOTEBOOKS:
        _room(number)
    torch.manual_seed(0)  # which loads much of torch


def _missing() -> str:
    """What cannot be protected on this computer, found by trying."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=lambda: theirs.send(sandbox.separate())
    )
    process.start()
    process.join()
    return ours.recv()
