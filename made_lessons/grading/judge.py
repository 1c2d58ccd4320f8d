"""The judge of one submission, which runs nothing that comes back from it."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Timer

from ..checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from ..checking.exercise import Exercise
from ..checking.time_limits import LIMIT_S, TookTooLong, time_limit
from .examined import INSIDE, OPEN, examined
from .line import Gone, Lost, Peer
from .own import TheCoursesOwn
from .sandbox import sandbox
from .verdicts import ALIKE, COURSES_OWN, FORGEABLE, MOST_TRIES, WAITS, Row, Verdict

SECONDS, OPEN_SECONDS = 30, 600
"""Time of the processor for one exercise; for an open one, which trains a model."""
CLOCKS = 3
"""How many times as long an exercise may take by the clock."""
_RIGHT = ("right", WAITS)
_MAY_SAY = ("not attempted", "unfinished", "failed")
_NEVER_ENDS = "it was stopped"
"""The beginning of the check's words about an answer that ran out of time."""
_STOPPED = (
    "no verdict: it ran out of time or memory, left its process, or sent something unreadable"
)


def judge(content: bytes, notebook: str, protected: bool) -> Row:
    """Judge a notebook.

    Each exercise is tried in a process of its own, with the cells that it needs. An answer that is
    not right there may need more than can be seen. Therefore all cells run once more, together.

    Args:
        content: bytes of the file.
        notebook: number of the notebook; empty if it may be any.
        protected: whether it runs in bubblewrap's sandbox.
    """
    with sandbox(protected=protected) as line:
        found: dict[str, object] = {"failed": "out of time or memory"}
        with suppress(Gone), _clock(line, CLOCKS * SECONDS):
            peer = Peer(line, is_judge=True)
            peer.send({"content": content})
            found = peer.receive()
        if "failed" in found:
            return Row(notebook=notebook, status=f"it could not be read: {found['failed']}"[:200])
        notebook = notebook or _most_likely(found["checks"])
        exercises = exercises_in(int(notebook)) if notebook else ()
        answered = [e.name for e in exercises if e.name in found["checks"]]
        if not answered:
            which = f"notebook {notebook}" if notebook else "this course"
            return Row(notebook=notebook, status=f"another notebook: it has no check of {which}")
        verdicts = _tried(line, answered)
    look_at = [f"{name}: {ALIKE}" for name, verdict in verdicts.items() if verdict.alike]
    verdicts = {e.name: _of_exercise(e, verdicts.get(e.name)) for e in exercises}
    return Row(notebook=notebook, verdicts=verdicts, look_at=look_at, text=str(found["text"]))


def _most_likely(names: Iterable[str]) -> str:
    """Return the number of the notebook with most of the checks; empty if there is none."""
    numbers = [name.partition(".")[0] for name in sorted(names)]
    graded = [str(number) for number in NOTEBOOKS[1:]]
    known = [number for number in numbers if number in graded]
    return max(known, key=known.count).zfill(2) if known else ""


def _of_exercise(exercise: Exercise, verdict: Verdict | None) -> Verdict:
    """Add to a verdict what tables say of the exercise."""
    gone = f'no check of it was found: write check("{exercise.name}", …) on a line of its own'
    about = {"title": exercise.title, "stars": exercise.stars, "varies": exercise.vary is not None}
    return replace(verdict or Verdict("no check", gone), **about)


def _tried(line: socket.socket, names: Sequence[str]) -> dict[str, Verdict]:
    """Try each answer alone, and all that are not right once more among all cells."""
    verdicts = {}
    for name in names:
        seconds = OPEN_SECONDS if name in OPEN else SECONDS
        verdicts |= {name: Verdict("stopped", _STOPPED)} | _ask(line, [name], seconds)
    doubtful = [
        name
        for name, verdict in verdicts.items()
        if verdict.state not in (*_RIGHT, "not attempted", "stopped")
        and not verdict.words.startswith(_NEVER_ENDS)
    ]
    if doubtful:
        found = _ask(line, doubtful, 2 * SECONDS, every_cell=True)
        verdicts |= {name: verdict for name, verdict in found.items() if verdict.state in _RIGHT}
    return verdicts


def _ask(
    line: socket.socket, names: Sequence[str], seconds: int, *, every_cell: bool = False
) -> dict[str, Verdict]:
    """Return the verdicts on some answers, up to the one that ends their process."""
    verdicts: dict[str, Verdict] = {}
    with suppress(Gone), _fork(line) as fork, _clock(fork, CLOCKS * seconds):
        peer = Peer(fork, is_judge=True)
        peer.send({"names": names, "seconds": seconds, "every_cell": every_cell})
        handed_over = peer.receive()
        for name in names:
            verdicts[name] = _verdict(name, handed_over.get(name), peer)
    return verdicts


@contextmanager
def _clock(line: socket.socket, seconds: float) -> Iterator[None]:
    """Shut a line down if it is needed for longer."""
    timer = Timer(seconds, line.shutdown, [socket.SHUT_RDWR])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _fork(line: socket.socket) -> Iterator[socket.socket]:
    """Have the sandbox fork a process, and yield the line to it."""
    here, there = socket.socketpair()
    try:
        with here:
            with there:
                socket.send_fds(line, [b"1"], [there.fileno()])
            yield here
    except OSError as error:
        raise Gone from error


def _verdict(name: str, answers: object, peer: Peer) -> Verdict:
    """Return the verdict on the last answer, or on one that is right."""
    if not isinstance(answers, list) or not answers:
        return Verdict("failed", "the check was not reached")
    verdicts = []
    for answer in answers[:MOST_TRIES]:
        verdicts.append(_of_answer(name, answer, peer))
        if verdicts[-1].state in _RIGHT:
            return verdicts[-1]
    return verdicts[0]


def _of_answer(name: str, said: object, peer: Peer) -> Verdict:
    if not isinstance(said, dict):
        raise Gone
    variant = said.get("variant")
    variant = None if variant is None else str(variant)[:100]
    state, words = said.get("state"), str(said.get("words", ""))
    if state == "own":
        verdict = Verdict(WAITS, COURSES_OWN)
    elif state == "right" and name in INSIDE:
        verdict = Verdict(WAITS, FORGEABLE)
    elif state in _MAY_SAY or (state == "wrong" and name in INSIDE):
        verdict = Verdict(state, words)
    else:
        verdict = _judged(exercise_named(name, variant), said.get("answer", {}), peer)
    verdict.variant, verdict.alike = variant, bool(said.get("alike"))
    return verdict


def _judged(exercise: Exercise, answer: object, peer: Peer) -> Verdict:
    try:
        with time_limit(LIMIT_S):
            decoded = peer.decode(answer)
    except (Exception, TookTooLong) as error:  # the submission's process may have sent anything
        raise Gone from error
    peer.of = exercise.name
    try:
        return examined(exercise, decoded)
    except TheCoursesOwn:
        return Verdict(WAITS, COURSES_OWN)
    except Lost as why:
        return Verdict("failed", str(why))
