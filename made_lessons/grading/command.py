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
from pathlib import Path

from made_course import __version__
from made_course.common.files import write_atomically

from ..checking.catalogue import NOTEBOOKS
from .folder import CLASS, LearnerResult, clean, find_submissions, read_class
from .handing_out import hand_out
from .judge import Verdict
from .reports import write_tables
from .sandbox import find_obstacle, readable_paths

_JUDGE = (
    *(sys.executable, "-P", "-c"),
    # first, tell Linux to kill the judge when this command ends, or exit if it has ended already
    "import ctypes, os; ctypes.CDLL(None).prctl(1, 9)\n"
    f"if os.getppid() != {os.getpid()}: os._exit(1)\n"
    "from made_lessons.grading.judge import main; main()",
)


def main(arguments: list[str] | None = None) -> None:
    """Run ``python -P -m made_lessons grade FOLDER`` or ``hand-out CLASS.csv NOTEBOOK``."""
    parser = argparse.ArgumentParser(prog="python -P -m made_lessons")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("grade", help="grade a folder of submissions")
    command.set_defaults(run=grade)
    add = command.add_argument
    add("folder", type=Path, help="contains a notebook or a folder per learner")
    add("--notebook", type=int, choices=NOTEBOOKS[1:], required=True, help="notebook to grade")
    command = commands.add_parser("hand-out", help="write a notebook with a variant per learner")
    command.set_defaults(run=hand_out)
    add = command.add_argument
    add("class_list", type=Path, help="CSV with the column learner")
    add("notebooks", type=Path, nargs="+", help="notebooks to hand out")
    add("--out", type=Path, required=True, help="folder for the copies")
    asked = vars(parser.parse_args(arguments))
    try:
        print(asked.pop("run")(**asked))
    except ValueError as error:
        parser.error(str(error))


def grade(folder: Path, notebook: int) -> str:
    """Grade a folder of submissions, write the tables, and return messages for the instructor."""
    folder = folder.resolve()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    if any(tree.is_relative_to(folder) or folder.is_relative_to(tree) for tree in readable_paths()):
        raise ValueError("the folder must only hold submissions, not Python or the course itself")
    if reason := find_obstacle():
        raise ValueError(
            f"{reason}, so nothing would protect you from the submissions. Grade on Linux, and "
            "install bubblewrap, for example with apt install bubblewrap. docs/grading.md says more"
        )
    people, results = read_class(folder / CLASS), find_submissions(folder)
    if not results:
        raise ValueError(f"there is no submission in {folder}")
    out = folder.with_name(f"{folder.name}-grades")
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may not support all characters
    _grade_all(results, out / "found", notebook)
    return "\n".join([*write_tables(results, people, out, notebook), f"The tables are in {out}."])


def _grade_all(results: list[LearnerResult], found: Path, notebook: int) -> None:
    """Grade submissions, several at a time. The folder ``found`` keeps the results."""
    found.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends this process and its judges
    # two jobs per processor, because a submission and its judge wait for each other
    with ThreadPoolExecutor(2 * len(os.sched_getaffinity(0))) as pool:
        futures = [pool.submit(add_result, result, found, notebook) for result in results]
        for count, future in enumerate(as_completed(futures), 1):
            done = future.result()
            print(f"{count} of {len(results)}: {done.submission}: {clean(done.status)}", flush=True)


def add_result(result: LearnerResult, found: Path, notebook: int) -> LearnerResult:
    """Grade a submission, or use the result that an earlier run has saved in ``found``."""
    if result.status:
        return result
    try:
        about = f"{__version__} {notebook} ".encode()
        # the h keeps a spreadsheet from reading a digest such as 12e34 as a number
        result.file_digest = f"h{hashlib.sha256(about + result.path.read_bytes()).hexdigest()}"
        file = found / f"{result.file_digest}.json"
        if not file.exists():
            output = _run_judge(result.path, notebook)
            write_atomically(file, lambda temporary: temporary.write_bytes(output))
        verdicts = json.loads(file.read_bytes())
        result.verdicts = {name: Verdict(**fields) for name, fields in verdicts.items()}
        result.status = "graded" if verdicts else "not graded: its judge ran out of time"
    except Exception as error:  # the other submissions must still be graded
        result.status = f"not graded: {error}"[:300]
    return result


def _run_judge(path: Path, notebook: int) -> bytes:
    """Run the judge of a submission in its own process, and return its output."""
    done = subprocess.run(
        [*_JUDGE, str(path), str(notebook)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    if done.returncode == -signal.SIGXCPU:  # saved as a result, because it would happen again
        return b"{}"
    if done.returncode:
        error = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ChildProcessError(error or "its judge was ended")
    return done.stdout
