"""Show the notebooks' widgets on the site, in the states that their cells create."""

import base64
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from sphinx.application import Sphinx
from traitlets.config import Config

from made_course.widgets.shared.without_kernel import render_state
from made_course.widgets.sketchpad.page_network import page_networks

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
VIEW = "application/vnd.jupyter.widget-view+json"
STATES = "application/vnd.jupyter.widget-state+json"
NOT_A_WIDGET = ("progress()", "handle = display(")
"""How cells begin that have the tag but show no widget: a learner's progress, a live figure."""
LOAD = """<script>
new IntersectionObserver(([{ isIntersecting }], seen) => {
  if (!isIntersecting) return;
  seen.disconnect();
  const script = document.createElement("script");
  script.src = "STATIC/networks.js";
  document.body.append(script);
}).observe(document.currentScript.parentElement.querySelector(".made-alone"));
</script>
"""
"""Loads the networks of a sketchpad when it is in view."""
NETWORKS = """{
  const bytes = Uint8Array.from(atob("BASE64"), (letter) => letter.charCodeAt(0));
  for (const { model } of document.querySelectorAll(".made-alone")) {
    if (model?.get("weights")?.byteLength === 0) model.set("weights", new DataView(bytes.buffer));
  }
}
"""
"""The script that is loaded, once for all pages."""


_running: dict[str, Future] = {}
"""Name of a notebook → by the id of a cell: what its widgets show, as HTML."""


def start(app: Sphinx) -> None:
    """Begin to run the notebooks, two at a time, while pages are read."""
    pool = ThreadPoolExecutor(2)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        _running[path.stem] = pool.submit(_widgets, path, app.config.html_context["address"])


def widgets_of(name: str) -> dict[str, list[str]]:
    """Return the widgets of a notebook as HTML, by the id of their cell."""
    return _running[name].result()


def _widgets(path: Path, address: str) -> dict[str, list[str]]:
    """Run a notebook up to its last widget, and return its widgets as HTML."""
    notebook = nbformat.read(path, as_version=4)
    tagged = [
        k
        for k, cell in enumerate(notebook.cells)
        if "widget" in cell.metadata.get("tags", []) and not cell.source.startswith(NOT_A_WIDGET)
    ]
    if not tagged:
        return {}
    del notebook.cells[tagged[-1] + 1 :]
    where = {"metadata": {"path": str(path.parent)}}
    asked = {"timeout": 3600, "startup_timeout": 3600, "resources": where}
    with TemporaryDirectory() as sockets:  # a free port may be taken before a kernel binds it
        own = Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"})
        client = NotebookClient(notebook, config=own, store_widget_state=True, **asked)
        client.execute(env={**os.environ, "OMP_NUM_THREADS": "1"})  # another one also runs
    states = notebook.metadata.get("widgets", {STATES: {"state": {}}})[STATES]["state"]
    return {
        notebook.cells[k].id: [
            shown(_with_buffers(model), address)
            for output in notebook.cells[k].outputs
            if VIEW in output.get("data", {})
            if "_esm" in (model := states[output.data[VIEW]["model_id"]])["state"]  # not a bar
        ]
        for k in tagged
    }


def _with_buffers(model: dict) -> dict[str, object]:
    state = dict(model["state"])
    for buffer in model.get("buffers", []):
        state[buffer["path"][0]] = base64.b64decode(buffer["data"])
    return state


def shown(state: dict[str, object], address: str, static: str = "../_static") -> str:
    """Return a widget as HTML; the networks of a sketchpad are loaded afterwards."""
    if "weights" not in state:
        return render_state(state)
    later = {"weights": b"", "address": address.removeprefix("https://").rstrip("/")}
    return render_state(state | later) + LOAD.replace("STATIC", static)


def write_networks(app: Sphinx, problem: Exception | None) -> None:
    """Write the script with the sketchpad's networks, which LOAD adds to a page."""
    if problem is None and app.builder.format == "html":
        text = NETWORKS.replace("BASE64", base64.b64encode(page_networks().weights).decode())
        Path(app.outdir, "_static", "networks.js").write_text(text, encoding="utf-8")
