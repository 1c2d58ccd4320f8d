"""Run notebooks and save their outputs: ``python -m tools.pages.refresh notebooks/*.ipynb``.

Cells with the tag ``widget`` are saved without output and execution count, because a saved widget
would be an empty frame. Outputs that answer a *Predict* are saved folded; JupyterLab unfolds them
when the reader runs the cell. The metadata are as JupyterLab writes them, so that saving a notebook
there changes only the version of Python.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.11.7",
    },
}
KEPT = ("tags", "slideshow", "caption")
FOLDED = {"collapsed": True, "jupyter": {"outputs_hidden": True}}


def find_answers(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Return the cells whose outputs answer a *Predict*: all between it and the next text cell."""
    found, is_asked = [], False
    for cell in cells:
        if cell.cell_type == "markdown":
            is_asked = "**Predict.**" in cell.source
        elif is_asked and cell.outputs:
            found.append(cell)
    return found


def refresh(path: Path) -> None:
    """Run a notebook from top to bottom in its own folder and save it, or raise an error."""
    notebook = nbformat.read(path, as_version=4)
    # coalesced, because on a busy machine two prints of a cell could become two outputs
    where = {"metadata": {"path": path.parent}}
    waits = {"timeout": 3600, "startup_timeout": 3600}
    client = NotebookClient(notebook, **waits, coalesce_streams=True, resources=where)
    with TemporaryDirectory() as folder:  # so that the user's progress does not change
        client.execute(env=os.environ | {"MADE_COURSE_PROGRESS": folder})
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata = {name: cell.metadata[name] for name in KEPT if cell.metadata.get(name)}
        if "widget" in cell.metadata.get("tags", []):
            cell.outputs, cell.execution_count = [], None
    for cell in find_answers(notebook.cells):
        cell.metadata |= FOLDED
    notebook.metadata = METADATA
    nbformat.write(notebook, path)
    print(f"refreshed {path}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    for name in sys.argv[1:]:
        refresh(Path(name))
