"""The widgets of the notebooks on the site: each as its notebook's own cell makes it."""

import base64
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np
from kept_runs import run
from sphinx.application import Sphinx

from made_course.widgets.shared.without_kernel import html_of_state, script_of

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
VIEW = "application/vnd.jupyter.widget-view+json"
STATES = "application/vnd.jupyter.widget-state+json"
NOT_A_WIDGET = ("progress()", "handle = display(")
"""How cells begin that have the tag but show no widget: a learner's progress, a live figure."""
MOST_BYTES = 200_000
"""Of a model's weights that a page brings along; more are loaded when a reader asks for them."""

POSTER = "<!-- what it looks like -->"
"""Where the figure belongs that stands for a widget until a reader asks for it."""

_asked_for: dict[str, str] = {}
"""Name of a script → its text: a widget with the weights of its model."""


_running: dict[str, Future] = {}
"""Name of a notebook → by the id of a cell: what its widgets show, as HTML."""


def start(app: Sphinx) -> None:
    """Begin to run the notebooks, two at a time, while pages are read."""
    pool = ThreadPoolExecutor(2)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        kept = Path(app.doctreedir, "widgets", path.stem)
        _running[path.stem] = pool.submit(_widgets, path, kept)


def widgets_of(name: str) -> dict[str, list[str]]:
    """Return the widgets of a notebook as HTML, by the id of their cell."""
    return _running[name].result()


def _widgets(path: Path, kept: Path) -> dict[str, list[str]]:
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
    notebook = run(notebook, path.parent, kept)
    states = notebook.metadata.get("widgets", {STATES: {"state": {}}})[STATES]["state"]
    return {
        notebook.cells[k].id: [
            _shown(_with_buffers(model))
            for output in notebook.cells[k].outputs
            if VIEW in output.get("data", {})
            if "_esm" in (model := states[output.data[VIEW]["model_id"]])["state"]  # no plain bar
        ]
        for k in tagged
    }


def _with_buffers(model: dict) -> dict[str, object]:
    state = dict(model["state"])
    for buffer in model.get("buffers", []):
        state[buffer["path"][0]] = base64.b64decode(buffer["data"])
    return state


def _shown(state: dict[str, object]) -> str:
    """Return a widget as HTML; one with many weights is a picture and a button that loads it."""
    weights = state.get("weights", b"")
    if len(weights) < MOST_BYTES:
        return html_of_state(state)
    script = script_of(state | {"weights": _rounded(weights)}, "document.currentScript.place")
    script = f"(() => {{\n{script}}})();\n"
    name = f"widget-{hashlib.sha256(script.encode()).hexdigest()[:12]}.js"
    _asked_for[name] = script
    return (
        f'<style>{state["_css"]}</style>\n<div class="made-later">{POSTER}'
        f'<button type="button" class="made-load" data-script="../_static/{name}">'
        '<b aria-hidden="true">▶</b>'
        f"<span>Operate it here (loads {len(script) / 2**20:.0f} MB)</span></button></div>"
    )


def _rounded(weights: bytes) -> dict[str, str]:
    """Round floats to 8 bits, 64 per scale, in the form that without_kernel.mjs reads."""
    floats = np.frombuffer(weights, dtype=np.float32)
    blocks = np.pad(floats, (0, -len(floats) % 64)).reshape(-1, 64)
    scales = np.maximum(np.abs(blocks).max(axis=1), 1e-12).astype(np.float32) / 127
    integers = np.round(blocks / scales[:, None]).astype(np.int8)
    return {
        "base64": base64.b64encode(integers.tobytes()).decode(),
        "scales": base64.b64encode(scales.astype(np.float32).tobytes()).decode(),
    }


def write_scripts(app: Sphinx, problem: Exception | None) -> None:
    """Write the scripts that are loaded on request."""
    if problem is None and app.builder.format == "html":
        for name, script in _asked_for.items():
            Path(app.outdir, "_static", name).write_text(script, encoding="utf-8")
