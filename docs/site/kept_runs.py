"""Notebooks as they end when they are run, kept until anything that they come from is another."""

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

import made_course
import made_lessons
from made_course.common.files import write_whole
from made_course.data.mnist import mnist_folder


def run(notebook: NotebookNode, folder: Path, kept: Path) -> NotebookNode:
    """The notebook with outputs and states of widgets: from the file ``kept``, or run and kept."""
    made_from = _made_from(notebook)
    if kept.is_file():
        before = nbformat.read(kept, as_version=4)
        if before.metadata.made_from == made_from:
            return before
    resources = {"metadata": {"path": str(folder)}}
    asked = {"timeout": 600, "resources": resources, "store_widget_state": True}
    with TemporaryDirectory() as sockets:  # a free port may be taken before a kernel binds it
        own = Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"})
        client = NotebookClient(notebook, config=own, **asked)
        client.execute(env={**os.environ, "OMP_NUM_THREADS": "1"})  # another runs at the same time
    notebook.metadata["made_from"] = made_from
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_whole(kept, partial(nbformat.write, notebook))
    return notebook


def _made_from(notebook: NotebookNode) -> str:
    """A hash of the notebook's code, and of all that this code may use."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(repr([code, _around()]).encode()).hexdigest()


@cache
def _around() -> list[object]:
    """Our code and files, the digits of the full set, and what is installed."""
    ours = [(str(file), hashlib.sha256(file.read_bytes()).hexdigest()) for file in _our_files()]
    digits = [(str(file), file.stat().st_mtime_ns) for file in sorted(mnist_folder().glob("*"))]
    installed = sorted(f"{found.name} {found.version}" for found in metadata.distributions())
    return [ours, digits, installed, sys.version]


def _our_files() -> Iterator[Path]:
    yield Path(__file__)
    for package in (made_course, made_lessons):
        files = Path(package.__file__).parent.rglob("*")
        yield from sorted(file for file in files if file.is_file() and file.suffix != ".pyc")
