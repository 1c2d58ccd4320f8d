"""A real JupyterLab on a copy of the notebooks, and a page of a real Chromium on it."""

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
from pathlib import Path
from types import SimpleNamespace

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAB_SETTINGS = {
    # every cell is attached to the page, also those that are scrolled away
    "notebook-extension/tracker": {"windowingMode": "none"},
    # nothing is fetched, and no notice lies over the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def _missing() -> str | None:
    if shutil.which("chromium") is None:
        return "no chromium on the path"
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed (python -m pip install playwright)"
    return None


@pytest.fixture(scope="session")
def _browser_here():
    missing = _missing()
    if missing and os.environ.get("MADE_COURSE_REQUIRE_BROWSER"):
        pytest.fail(f"MADE_COURSE_REQUIRE_BROWSER is set, but there is {missing}")
    if missing:
        pytest.skip(missing)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="session")
def lab(_browser_here, tmp_path_factory):
    """A JupyterLab with `.base` (its address), `.token` and `.root`, the folder it serves."""
    folder = tmp_path_factory.mktemp("lab")
    root = folder / "notebooks"
    shutil.copytree(NOTEBOOKS, root, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name, settings in LAB_SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))
    # What the person running the tests has configured must not decide how they end.
    private = {
        name: str(folder / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    token, base = secrets.token_hex(16), f"http://127.0.0.1:{_free_port()}"
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
            ],
            stdout=out,
            stderr=out,
            env=os.environ | private,
        )
    try:
        _wait_until_up(server, f"{base}/api?token={token}", log)
        yield SimpleNamespace(base=base, token=token, root=root)
    finally:
        server.terminate()
        server.wait(30)


def _wait_until_up(server: subprocess.Popen, address: str, log: Path, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not come up:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture
def page(_browser_here):
    """An empty page; `page.complaints` collects what the browser's console calls an error."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        page = browser.new_page(viewport={"width": 1100, "height": 1000})
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
        yield page
        browser.close()
