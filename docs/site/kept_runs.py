"""Run notebooks, and keep the results for the next build."""

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

import made_course
import made_lessons


def run(notebook: NotebookNode, folder: Path, kept: Path) -> NotebookNode:
    """Return the notebook with outputs and widget states, from a run now or an earlier one.

    Args:
        notebook: notebook to run.
        folder: folder in which it runs.
        kept: folder of its earlier runs. They are used only if the course's code has not changed.
    """
    runs = get_cache(kept / str(_last_change()))
    try:
        return runs.merge_match_into_notebook(notebook)[1]
    except KeyError:
        pass
    asked = {"timeout": 600, "resources": {"metadata": {"path": str(folder)}}}
    with TemporaryDirectory() as sockets:  # a free port may be taken before a kernel binds it
        own = Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"})
        client = NotebookClient(notebook, config=own, store_widget_state=True, **asked)
        client.execute(env={**os.environ, "OMP_NUM_THREADS": "1"})  # another one also runs
    runs.cache_notebook_bundle(CacheBundleIn(notebook, kept.name), check_validity=False)
    return notebook


@cache
def _last_change() -> int:
    """Return the time in nanoseconds of the last change to a file of the two packages."""
    packages = [Path(package.__file__).parent for package in (made_course, made_lessons)]
    files = [file for package in packages for file in package.rglob("*") if file.is_file()]
    return max(file.stat().st_mtime_ns for file in files if file.suffix != ".pyc")
