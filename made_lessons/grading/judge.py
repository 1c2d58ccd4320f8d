"""The judge of one submission, which runs none of the submission's code."""

from __future__ import annotations

import json
import socket
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import Timer

from made_course.common.files import write_whole

from ..checking import time_limits
from ..checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from ..checking.exercise import Exercise
from .line import Gone, Lost, Peer
from .own import TheCoursesOwn
from .sandbox import limit_memory, sandbox
from .verdicts import ALIKE, COUNTS, COURSES_OWN, FORGEABLE, WAITS, Row, Verdict, examined

SECONDS, OPEN_SECONDS = 30, 600  # of the processor, for an exercise and for an open one
CLOCKS = 3  # times as many seconds by the clock
_EARN_NOTHING = ("not attempted", "unfinished", "failed")  # so that the submission may say them
_STOPPED = (
    "no verdict: it ran out of time or memory, left its process, or sent something unreadable"
)


def main() -> None:
    """Judge one notebook in a process of its own: ``FILE RESULT NOTEBOOK PROTECTED``."""
    path, result, notebook, protected = sys.argv[1:]
    limit_memory()  # because the judge computes with what the submission sends
    time_limits.PATIENCE = 20  # several submissions share the processor
    row = judge(Path(path).read_bytes(), notebook, protected == "True")
    write_whole(result, lambda file: file.write_text(json.dumps(asdict(row))))


def judge(content: bytes, notebook: str, protected: bool) -> Row:
    """Judge a notebook.

    Args:
        content: bytes of the file.
        notebook: number of the notebook; empty if it may be any.
        protected: whether it runs in bubblewrap's sandbox.
    """
    with sandbox(protected=protected) as line:
        found: dict[str, object] = {"failed": "out of time or memory"}
        with suppress(Gone), _clock(line, CLOCKS * SECONDS):
            peer = Peer(line, is_judge=True)
            peer.send(content=content)
            found = peer.receive()
        if "failed" in found:
            return Row(notebook=notebook, status=f"it could not be read: {found['failed']}"[:200])
        checks = [str(name) for name in found["checks"]]
        numbers = Counter(name.partition(".")[0].zfill(2) for name in checks)
        graded = {f"{number:02d}": numbers[f"{number:02d}"] for number in NOTEBOOKS[1:]}
        which = f"notebook {notebook}" if notebook else "this course"
        notebook = notebook or max(graded, key=graded.get)
        if not graded[notebook]:
            return Row(status=f"another notebook: it has no check of {which}")
        exercises = exercises_in(int(notebook))
        verdicts = {e.name: _tried(line, e, is_found=e.name in checks) for e in exercises}
    look_at = [f"{name}: {ALIKE}" for name, verdict in verdicts.items() if verdict.alike]
    return Row(
        notebook=notebook,
        status="graded",
        verdicts=verdicts,
        look_at=look_at,
        text=str(found["text"]),
    )


def _tried(line: socket.socket, exercise: Exercise, *, is_found: bool) -> Verdict:
    """Try an answer with the cells that it needs, then with all cells if it is not right.

    The second try is for an answer that needs more cells than can be seen.
    """
    if not is_found:
        check = f'write check("{exercise.name}", …) on a line of its own'
        return Verdict("no check", f"no check of it was found: {check}")
    verdict = _ask(line, exercise, every_cell=False)
    if verdict.state in (*COUNTS, "not attempted", "stopped"):
        return verdict
    again = _ask(line, exercise, every_cell=True)
    return again if again.state in COUNTS else verdict


def _ask(line: socket.socket, exercise: Exercise, *, every_cell: bool) -> Verdict:
    """Run cells in a new process of the sandbox, and return the verdict on the answer in it."""
    seconds = OPEN_SECONDS if exercise.is_open else SECONDS
    with suppress(Gone), _fork(line) as fork, _clock(fork, CLOCKS * seconds):
        peer = Peer(fork, is_judge=True)
        peer.send(name=exercise.name, seconds=seconds, every_cell=every_cell)
        return _verdict(exercise, peer.receive())
    return Verdict("stopped", _STOPPED)


@contextmanager
def _clock(line: socket.socket, seconds: float) -> Iterator[None]:
    """Shut a line down when the time is up."""
    timer = Timer(seconds, line.shutdown, [socket.SHUT_RDWR])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _fork(line: socket.socket) -> Iterator[socket.socket]:
    """Let the sandbox fork a process, and yield a line to it."""
    here, there = socket.socketpair()
    try:
        with here:
            with there:
                socket.send_fds(line, [b"1"], [there.fileno()])
            yield here
    except OSError as error:
        raise Gone from error


def _verdict(exercise: Exercise, said: Mapping[str, object]) -> Verdict:
    """Return the verdict on an answer, from the message of the submission's process."""
    variant = said.get("variant")
    variant = None if variant is None else str(variant)[:100]
    state, words = said.get("state"), str(said.get("words", ""))
    if "answer" in said:
        verdict = judged(exercise_named(exercise.name, variant), said["answer"])
    elif state == "own":
        verdict = Verdict(WAITS, COURSES_OWN)
    elif state == "right" and exercise.is_inspected:
        verdict = Verdict(WAITS, FORGEABLE)
    elif state in _EARN_NOTHING or (state == "wrong" and exercise.is_inspected):
        verdict = Verdict(state, words)
    else:
        raise Gone
    verdict.variant, verdict.alike = variant, bool(said.get("alike"))
    return verdict


def judged(exercise: Exercise, answer: object) -> Verdict:
    """Return the verdict of the check on an answer in the submission's process."""
    try:
        return examined(exercise, answer)
    except TheCoursesOwn:
        return Verdict(WAITS, COURSES_OWN)
    except Lost as why:
        return Verdict("failed", str(why))
