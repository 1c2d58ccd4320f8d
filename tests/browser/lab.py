"""A real JupyterLab and a real Chromium, for tests, measurements and screenshots."""

import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import nbformat

from tests.waiting import MOST_S, soon

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
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    private = {name: str(folder / name) for name in own}
    token = secrets.token_hex(16)
    log = folder / "lab.log"
    # the path of a socket must be short
    with log.open("wb") as out, TemporaryDirectory(ignore_cleanup_errors=True) as runtime:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                "--ip=127.0.0.1",
                f"--IdentityProvider.token={token}",
                f"--ServerApp.root_dir={root}",
                f"--LabApp.user_settings_dir={folder / 'settings'}",
                "--LabApp.expose_app_in_browser=True",
                "--KernelManager.shutdown_wait_time=0.2",  # each kernel uses all of it; default 5 s
                "--KernelManager.transport=ipc",  # a port may be taken before a kernel binds it
            ],
            stdout=out,
            stderr=out,
            env=os.environ | private | {"JUPYTER_RUNTIME_DIR": runtime},
        )
        try:
            base = address_of(server, Path(runtime), log)
            yield SimpleNamespace(base=base, token=token, root=root)
        finally:
            # nothing is left to save, and an orderly end can hang
            server.kill()
            server.wait(MOST_S)


def write_settings(folder: Path) -> None:
    """Write the settings of JupyterLab that the tests need into a folder."""
    for name, settings in LAB_SETTINGS.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))


def address_of(server: subprocess.Popen, folder: Path, log: Path) -> str:
    """Wait until a JupyterLab listens, and return its address, with the free port that it found."""
    file = folder / f"jpserver-{server.pid}.json"
    if not soon(lambda: server.poll() is not None or (file.exists() and file.read_text())):
        raise TimeoutError("the server did not come up")
    if server.poll() is not None:
        raise RuntimeError(f"the server ended:\n{log.read_text(errors='replace')[-3000:]}")
    return json.loads(file.read_text())["url"].rstrip("/")


@contextmanager
def chromium(width: int = 1100, height: int = 1000):
    """Yield an empty page whose `complaints` collect the errors of its console."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS, timeout=MOST_S * 1000
        )
        yield watched(browser.new_page(viewport={"width": width, "height": height}))
        browser.close()


def watched(page):
    """Return the page after setting up `complaints`, a list of the errors of its console."""
    page.set_default_timeout(MOST_S * 1000)
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


def open_notebook(page, lab: SimpleNamespace, name: str) -> None:
    """Open a notebook from the lab's folder as the only one, and wait for its kernel."""
    if page.evaluate("Boolean(window.jupyterapp)"):  # JupyterLab is already loaded
        page.evaluate(CLOSE_ALL)
        run_command(page, "docmanager:open", path=name)
    else:
        page.goto(f"{lab.base}/doc/tree/{name}?token={lab.token}", wait_until="domcontentloaded")
        page.wait_for_function("window.jupyterapp")
        page.evaluate("window.jupyterapp.started")
    page.wait_for_selector(".jp-Notebook")
    page.wait_for_function(KERNEL_IDLE)


def run_command(page, name: str, limit_s: float = MOST_S, **args: object) -> None:
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
    run_command(page, "notebook:run-all-cells")
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
    widget.locator('[role="status"]', has_text=words).first.wait_for()
