"""Write the notebooks for Colab: ``python -m tools.pages.colab``, only on the branch ``colab``.

Colab opens a single file without the rest of the repository. So each notebook on this branch begins
with a cell that installs the course, and its links and pictures point to the repository. The branch
is made from the tag of a release (``docs/publishing.md``), so that only readers on Colab see the
cell.
"""

import re
import tomllib
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from made_course import __version__
from tools.pages.minutes import NOTEBOOKS, read

ROOT = Path(__file__).parents[2]
TAG = f"v{__version__}"
CELL = """\
# Colab starts without the course: run this cell first. Colab forgets what progress() notes.
try:
    from google.colab import output
except ModuleNotFoundError:
    print("This is not Colab, and nothing was installed.")
else:
    %pip install --quiet git+https://github.com/{address}@{tag}
    output.enable_custom_widget_manager()"""
LINK = re.compile(
    r'(?<=\]\()(?!https?:|#)([^)]+)(?=\))|(?:(?<=src=")|(?<=srcset="))(?!https:)([^"]+)'
)
"""A Markdown link to a page or a picture of the course."""


def address():
    """Return the address in ``pyproject.toml``, as "account/repository"."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/")


def link_to(name):
    """Return the address that opens a notebook on Colab."""
    return f"https://colab.research.google.com/github/{address()}/blob/colab/notebooks/{name}"


def adapt_for_colab(notebook):
    """Insert the first cell into a notebook, and return it with links that work on Colab."""

    def replace_link(link):
        target = next(filter(None, link.groups()))
        if not target.startswith("../") and ".ipynb" in target:
            return link_to(target)
        path = target.removeprefix("../") if target.startswith("../") else f"notebooks/{target}"
        if link[1]:
            return f"https://github.com/{address()}/blob/{TAG}/{path}"
        return f"https://raw.githubusercontent.com/{address()}/{TAG}/{path}"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(replace_link, cell.source)
    first = new_code_cell(CELL.format(address=address(), tag=TAG), id="colab")
    notebook.cells.insert(0, first)
    return notebook


if __name__ == "__main__":
    for path in NOTEBOOKS:
        nbformat.write(adapt_for_colab(read(path)), path)
        print(f"for Colab: {path.name}")
