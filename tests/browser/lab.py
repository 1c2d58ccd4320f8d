"""A real JupyterLab and a real Chromium, for tests, measurements and screenshots."""

import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import nbformat

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # only this machine can be reached, because widgets have to work offline
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
LAB_SETTINGS = {
    # attach every cell to the page, including those out of view
    "notebook-extension/tracker": {"windowingMode": "none"},
    # no autosave, which could write a file while a test reads it
    "docmanager-extension/plugin": {"autosave": False},
    # no notices, which could cover the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

# JupyterLab shows "idle" even before there is a kernel, so the connection is also checked.
KERNEL_IDLE = """() => {
    const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
CLOSE_ALL = "() => [...window.jupyterapp.shell.widgets('main')].forEach((one) => one.dispose())"
START_COMMAND = """([name, args]) => {
    window.commandEnded = false;
    window.jupyterapp.commands.execute(name, args).then(() => { window.commandEnded = true; });
}"""


def what_is_missing() -> str | None:
    """Return which requirement of browser tests this machine lacks, or None."""
    if shutil.which("chromium") is None:
        return "no chromium on the path"
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed (python -m pip install playwright)"
    return None


@contextmanager
def jupyterlab(folder: Path) -> Iterator[SimpleNamespace]:
    """Run JupyterLab on ``folder / "notebooks"``, and yield its `.base`, `.token` and `.root`."""
    root = folder / "notebooks"
    root.mkdir(exist_ok=True)
    write_settings(folder / "settings")
    # The user's own configuration of Jupyter must not affect the tests.
    private = {
        name: str(folder / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    token, base = secrets.token_hex(16), f"http://127.0.0.1:{free_port()}"
    log = folder / "lab.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ip=127.0.0.1", f"--port={base.rpartition(':')[2]}"),
                f"--IdentityProvider.token={token}",
                f"--ServerApp.root_dir={root}",
                f"--LabApp.user_settings_dir={folder / 'settings'}",
                "--LabApp.expose_app_in_browser=True",
                "--KernelManager.shutdown_wait_time=0.2",  # each kernel uses all of it; default 5 s
            ],
            stdout=out,
            stderr=out,
            env=os.environ | private,
        )
    try:
        wait_until_up(server, f"{base}/api?token={token}", log)
        yield SimpleNamespace(base=base, token=token, root=root)
    finally:
        server.terminate()
        server.wait(30)


def write_settings(folder: Path) -> None:
    """Write the settings of JupyterLab that the tests need into a folder."""
    for name, settings in LAB_SETTINGS.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))


def free_port() -> int:
    """Return a port of this machine that is not in use."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_up(server: subprocess.Popen, address: str, log: Path, seconds: float = 90) -> None:
    """Wait until a server answers, or raise a RuntimeError with the end of its log."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"the server did not come up:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def chromium(width: int = 1100, height: int = 1000):
    """Yield an empty page whose `complaints` collect the errors of its console."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        yield watched(browser.new_page(viewport={"width": width, "height": height}))
        browser.close()


def watched(page):
    """Return the page after setting up `complaints`, a list of the errors of its console."""
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            page.complaints.append(f"{message.text} ({message.location.get('url')})")
            if message.type == "error"
            else None
        ),
    )
    return page


def open_notebook(page, lab: SimpleNamespace, name: str, limit_s: float = 60) -> None:
    """Open a notebook from the lab's folder as the only one, and wait for its kernel."""
    if page.evaluate("Boolean(window.jupyterapp)"):  # JupyterLab is already loaded
        page.evaluate(CLOSE_ALL)
        run_command(page, "docmanager:open", limit_s, path=name)
    else:
        page.goto(f"{lab.base}/doc/tree/{name}?token={lab.token}", wait_until="domcontentloaded")
        page.wait_for_function("window.jupyterapp", timeout=limit_s * 1000)
        page.evaluate("window.jupyterapp.started")
    page.wait_for_selector(".jp-Notebook", timeout=limit_s * 1000)
    page.wait_for_function(KERNEL_IDLE, timeout=limit_s * 1000)


def run_command(page, name: str, limit_s: float = 60, **args: object) -> None:
    """Run a command of JupyterLab, and wait until it has ended."""
    page.evaluate(START_COMMAND, [name, args])
    page.wait_for_function("window.commandEnded", timeout=limit_s * 1000)


# Replaces the cells of the open notebook. Its kernel keeps its imports.
REPLACE_CELLS = """(sources) => {
    const notebook = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
    notebook.transact(() => {
        notebook.deleteCellRange(0, notebook.cells.length);
        sources.forEach((source, k) => notebook.insertCell(k, {cell_type: 'code', source}));
    });
}"""


def run_cells(page, lab: SimpleNamespace, *sources: str, dark: bool = False) -> list[str]:
    """Run code cells in a new notebook, and return their errors.

    The next call uses the same notebook and kernel, unless a test has shut the kernel down.
    """
    scratch = getattr(page, "scratch", None)
    if scratch is None or scratch not in page.url or not page.evaluate(KERNEL_IDLE):
        page.scratch = scratch = f"{secrets.token_hex(4)}.ipynb"
        kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        empty = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        nbformat.write(empty, lab.root / scratch)
        open_notebook(page, lab, scratch)
    theme = "JupyterLab Dark" if dark else "JupyterLab Light"
    run_command(page, "apputils:change-theme", theme=theme)
    page.evaluate(REPLACE_CELLS, list(sources))
    run_command(page, "notebook:run-all-cells", 120)
    run_command(page, "docmanager:save")
    return errors_in(lab.root / scratch)


def errors_in(notebook: Path) -> list[str]:
    """Return the errors among the outputs of a saved notebook."""
    return [
        f"{output.ename}: {output.evalue}"
        for cell in nbformat.read(notebook, as_version=4).cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


def kernel_says(page, expression: str) -> str:
    """Return the repr of a Python expression that the notebook's kernel evaluates."""
    return page.evaluate(
        """async (code) => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const ask = kernel.requestExecute(
                {code: "", user_expressions: {answer: code}, store_history: false});
            const answer = (await ask.done).content.user_expressions.answer;
            return answer.data ? answer.data["text/plain"] : answer.ename + ": " + answer.evalue;
        }""",
        expression,
    )


def place(box: dict[str, float], across: float, down: float) -> tuple[float, float]:
    """Return the point of a box at these fractions of its width and height."""
    return box["x"] + box["width"] * across, box["y"] + box["height"] * down


def drag(page, *places: tuple[float, float]) -> None:
    """Press the mouse at the first point, and release it at the last."""
    page.mouse.move(*places[0])
    page.mouse.down()
    for at in places[1:]:
        page.mouse.move(*at, steps=4)
    page.mouse.up()


def says(widget, words: str) -> None:
    """Wait until a status line of a widget (role="status") has these words."""
    widget.locator('[role="status"]', has_text=words).first.wait_for(timeout=10_000)
