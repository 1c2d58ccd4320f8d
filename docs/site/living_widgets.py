"""The widgets of the notebooks on the site: each as its notebook's own cell makes it."""

import base64
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from made_course.widgets.alone import alone_from

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
VIEW = "application/vnd.jupyter.widget-view+json"
STATES = "application/vnd.jupyter.widget-state+json"


@cache
def run_all() -> dict[str, dict[str, list[str]]]:
    """For each notebook with widgets, by the id of a cell: what it shows, as HTML."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    with ThreadPoolExecutor(2) as pool:
        return dict(zip([path.stem for path in paths], pool.map(run, paths), strict=True))


def run(path: Path) -> dict[str, list[str]]:
    """The widgets of one notebook, which is run as far as its last one."""
    notebook = nbformat.read(path, as_version=4)
    tagged = [
        k for k, cell in enumerate(notebook.cells) if "widget" in cell.metadata.get("tags", [])
    ]
    if not tagged:
        return {}
    del notebook.cells[tagged[-1] + 1 :]
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=600, resources=folder, store_widget_state=True).execute()
    states = notebook.metadata.widgets[STATES]["state"]
    return {
        notebook.cells[k].id: [
            alone_from(_with_buffers(model))
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
