"""A class on one server: ``python -m tools.classroom.hub`` starts a JupyterHub and lets it learn.

Each learner logs in with a browser of their own and a home folder of their own. All at once they
open and run notebook 03, press units of its widget as ``tools.checks.waits`` does, and run
notebook 05 from top to bottom, with notebook 03 still open. What is printed: how long it took, how
long a press took to its picture, and the memory of each learner's processes. The browsers take part
of the same cores, which those of a real class do not. Nothing listens beyond 127.0.0.1, and nothing
is left running.
"""

import argparse
import importlib.util
import os
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Thread
from types import SimpleNamespace

import nbformat
import psutil

from tests.browser.lab import (
    chromium,
    errors_in,
    free_port,
    kernel_says,
    open_notebook,
    run_command,
    wait_until_up,
    what_is_missing,
    write_settings,
)
from tools.checks.waits import longest_of_95_percent, measure
from tools.pages.minutes import NOTEBOOKS

WIDGET_NOTEBOOK = "03_building_masks.ipynb"
TRAINING_NOTEBOOK = "05_training_on_mnist.ipynb"
SOLVED = "made_lessons.checking.solved_so_far"
LIMIT_S = 1800  # a busy machine is slow, and no failure
WANTED_MS = 500
HUB_SETTINGS = """\
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "{password}"
c.Authenticator.allowed_users = {learners!r}

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True"]
c.Spawner.notebook_dir = "~/notebooks"
c.Spawner.environment = {{"OMP_NUM_THREADS": "1"}}
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
"""


@dataclass
class Learner:
    """One of the class, and what came of it."""

    name: str
    opened_s: float = 0.0  # from the login to notebook 03 with its kernel
    waits_ms: list[float] = field(default_factory=list)
    trained_s: float = 0.0  # notebook 05 from top to bottom
    alone_mb: float = 0.0  # at most, what it shares with others counted in full
    shared_mb: float = 0.0  # at most, what it shares with others counted in parts
    processor_s: float = 0.0  # time on a core, which does not depend on what else runs
    problem: str = ""


def what_a_hub_misses() -> str | None:
    """What this script needs and this machine has not, and how to get it."""
    if missing := what_is_missing():
        return missing
    if importlib.util.find_spec("jupyterhub") is None:
        return "jupyterhub is not installed (python -m pip install 'jupyterhub>=6,<7')"
    if shutil.which("configurable-http-proxy") is None:
        return (
            "no configurable-http-proxy on the path (with Node.js: "
            "npm install configurable-http-proxy, and node_modules/.bin on the path)"
        )
    return None


@contextmanager
def jupyterhub(folder: Path, learners: list[Learner]) -> Iterator[SimpleNamespace]:
    """A JupyterHub for these learners; has `.base`, `.password`, `.folder` and `.process`."""
    for learner in learners:
        home = folder / learner.name
        (home / "notebooks").mkdir(parents=True)
        for notebook in NOTEBOOKS:
            shutil.copy(notebook, home / "notebooks")
        write_settings(home / ".jupyter" / "lab" / "user-settings")
    port, hub_port, proxy_port = free_port(), free_port(), free_port()
    password = secrets.token_hex(16)
    settings = folder / "jupyterhub_config.py"
    settings.touch(mode=0o600)
    settings.write_text(
        HUB_SETTINGS.format(
            **{"port": port, "hub_port": hub_port, "proxy_port": proxy_port},
            folder=folder,
            password=password,
            learners={learner.name for learner in learners},
            python=sys.executable,
        )
    )
    base, log = f"http://127.0.0.1:{port}", folder / "hub.log"
    with log.open("wb") as out:
        hub = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", f"--config={settings}"],
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    try:
        wait_until_up(hub, f"{base}/hub/login", log)
        yield SimpleNamespace(base=base, password=password, folder=folder, process=hub)
    finally:
        _stop(hub)


def _stop(hub: subprocess.Popen) -> None:
    with suppress(psutil.NoSuchProcess):
        all_of_it = psutil.Process(hub.pid).children(recursive=True)
        hub.terminate()  # upon which it stops its proxy and the learners' servers
        with suppress(subprocess.TimeoutExpired):
            hub.wait(60)
        for left in psutil.wait_procs([psutil.Process(hub.pid), *all_of_it], timeout=10)[1]:
            left.kill()


def log_in(page, hub: SimpleNamespace, learner: Learner) -> SimpleNamespace:
    """Logs in and waits for the learner's own JupyterLab; the same fields as `jupyterlab` has."""
    page.goto(f"{hub.base}/hub/login?next=%2Fhub%2Fspawn")
    page.fill("#username_input", learner.name)
    page.fill("#password_input", hub.password)
    page.click("#login_submit")
    page.wait_for_url(f"**/user/{learner.name}/lab**")
    return SimpleNamespace(
        base=f"{hub.base}/user/{learner.name}",
        token="",
        root=hub.folder / learner.name / "notebooks",
    )


def run_notebook(page, lab: SimpleNamespace, name: str) -> None:
    """Runs and saves the notebook that is open; raises if one of its cells did."""
    run_command(page, "notebook:run-all-cells", LIMIT_S)
    run_command(page, "docmanager:save", LIMIT_S)
    if errors := errors_in(lab.root / name):
        raise RuntimeError(f"{name}: {'; '.join(errors)}")
    cells = nbformat.read(lab.root / name, as_version=4).cells
    # the course's files have cells without a count: those of widgets
    if any(cell.source and cell.execution_count is None for cell in cells if "outputs" in cell):
        raise RuntimeError(f"{name}: a cell was not run, or the notebook not saved")


def attend(learner: Learner, hub: SimpleNamespace, together: Barrier) -> None:
    """One learner's class; whoever fails no longer lets the others wait."""
    try:
        with chromium() as page:
            page.set_default_timeout(LIMIT_S * 1000)
            _attend(page, learner, hub, together)
    except Exception as error:  # whatever it was, the table says so, and the others go on
        learner.problem = f"{type(error).__name__}: {error}"
        together.abort()


def _attend(page, learner: Learner, hub: SimpleNamespace, together: Barrier) -> None:
    _wait_for_all(together)
    start = time.monotonic()
    lab = log_in(page, hub, learner)
    open_notebook(page, lab, WIDGET_NOTEBOOK, LIMIT_S)
    learner.opened_s = time.monotonic() - start
    print(f"{learner.name} has opened notebook 03", flush=True)
    run_notebook(page, lab, WIDGET_NOTEBOOK)

    folder = kernel_says(page, f"str(__import__({SOLVED!r}, fromlist=[None]).solved_folder())")
    if str(hub.folder / learner.name) not in folder:
        raise RuntimeError(f"solved exercises are kept in {folder}, outside the learner's home")

    widget = page.locator(".made-widget:has(.unit)").first
    units = widget.locator(".unit")
    n_units = units.count()
    _wait_for_all(together)
    learner.waits_ms = measure(widget, lambda _, k: units.nth(k % n_units).click())
    print(f"{learner.name} has pressed", flush=True)

    _wait_for_all(together)
    start = time.monotonic()
    open_notebook(page, lab, TRAINING_NOTEBOOK, LIMIT_S)
    run_notebook(page, lab, TRAINING_NOTEBOOK)
    learner.trained_s = time.monotonic() - start
    print(f"{learner.name} has run notebook 05", flush=True)


def _wait_for_all(together: Barrier) -> None:
    with suppress(BrokenBarrierError):
        together.wait()


def watch(hub: subprocess.Popen, learners: list[Learner], threads: list[Thread]) -> float:
    """Notes what the learners take until the last thread ends; returns all memory, at most."""
    most_mb = 0.0
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        alone, shared, used = Counter(), Counter(), Counter()
        for process in psutil.Process(hub.pid).children(recursive=True):
            with suppress(psutil.Error):
                memory = process.memory_full_info()
                name = process.environ().get("JUPYTERHUB_USER", "the hub")
                used[name] += sum(process.cpu_times()[:2])
                alone[name] += memory.rss / 2**20
                # a page that several processes hold: where the system can, its share alone
                shared[name] += getattr(memory, "pss", memory.uss) / 2**20
        for learner in learners:
            learner.alone_mb = max(learner.alone_mb, alone[learner.name])
            learner.shared_mb = max(learner.shared_mb, shared[learner.name])
            learner.processor_s = max(learner.processor_s, used[learner.name])
        most_mb = max(most_mb, shared.total())
    return most_mb


def table(learners: list[Learner]) -> str:
    """What came of each learner, a row each."""
    rows = [
        "| learner | opens 03 | presses | median | 95% within | runs 05 | time on a core "
        "| memory, alone | shared |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for learner in learners:
        waits = learner.waits_ms
        pressed = "– | –"
        if waits:
            pressed = f"{statistics.median(waits):.0f} ms | {longest_of_95_percent(waits):.0f} ms"
        rows.append(
            f"| {learner.name} | {learner.opened_s:.0f} s | {len(waits)} | {pressed} "
            f"| {learner.trained_s:.0f} s | {learner.processor_s:.0f} s "
            f"| {learner.alone_mb:.0f} MB | {learner.shared_mb:.0f} MB |"
        )
    return "\n".join(rows)


def verdict(learners: list[Learner]) -> tuple[str, bool]:
    """In words, and whether nobody failed."""
    failed = [learner for learner in learners if learner.problem]
    lines = [f"{learner.name} failed. {learner.problem}" for learner in failed]
    waits = [wait for learner in learners for wait in learner.waits_ms]
    if waits:
        share = sum(wait < WANTED_MS for wait in waits) / len(waits)
        lines.append(
            f"{len(waits)} presses: {share:.1%} under {WANTED_MS} ms, 95% within "
            f"{longest_of_95_percent(waits):.0f} ms, the longest {max(waits):.0f} ms"
        )
    lines.append(f"{len(learners) - len(failed)} of {len(learners)} learners succeeded")
    return "\n".join(lines), not failed


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.classroom.hub")
    parser.add_argument("--learners", type=int, default=5, help="how many at once")
    n_learners = parser.parse_args(arguments).learners
    if n_learners < 1:
        parser.error(f"--learners must be at least 1, got {n_learners}")
    if missing := what_a_hub_misses():
        print(missing, file=sys.stderr)
        return 2
    # a request to end is to stop the hub, too, as an interrupt does
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    learners = [Learner(f"learner{k}") for k in range(1, n_learners + 1)]
    print(f"{os.cpu_count()} cores; load before: {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder, jupyterhub(Path(folder), learners) as hub:
        together = Barrier(n_learners)
        # daemons: whoever interrupts the class need not wait until each of them has noticed
        threads = [
            Thread(target=attend, args=(learner, hub, together), daemon=True)
            for learner in learners
        ]
        for thread in threads:
            thread.start()
        most_mb = watch(hub.process, learners, threads)
    said, well = verdict(learners)
    print(f"load after: {os.getloadavg()[0]:.1f}\n\n{table(learners)}\n")
    print(f"all together, the hub included: {most_mb:.0f} MB at most\n{said}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
