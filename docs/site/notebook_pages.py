"""What a saved notebook needs to be a page: texts for figures, words for widgets, formulas."""

import re
from html import unescape
from pathlib import Path

import nbformat
from docutils import nodes
from native_math import mathml
from nbformat import NotebookNode
from sphinx.application import Sphinx

from made_course import MaskExplorer
from made_course.widgets.alone import alone

LAB = '<a href="../docs/index.html#to-run-it">JupyterLab</a>'
README = Path(__file__).parents[2] / "README.md"
READING = (
    "**This page is for reading.** To work on it, open it [on Binder]({binder}), in your "
    "browser, or [on your own computer](#to-run-it)."
)
PICTURED = (
    f"In {LAB}, this cell shows something to operate. Here, the next one shows it as a picture."
)
PERSONAL = f"What this cell shows in {LAB} is the reader's own, so that nothing of it is saved."


def setup(app: Sphinx) -> dict[str, bool]:
    """Change notebooks before they are parsed, and their figures once they are."""
    app.connect("source-read", _prepare)
    app.connect("doctree-read", _describe_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    if not docname.startswith("notebooks/"):
        return
    notebook = nbformat.reads(source[0], as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code_cells:
        if "jupyter" in cell.metadata:  # it answers a prediction
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-output"]
        for output in cell.outputs:
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = _with_formulas(output.data["text/html"])
    for cell, following in zip(code_cells, [*code_cells[1:], None], strict=True):
        if "widget" in cell.metadata.get("tags", []):
            cell.outputs = [_stand_in(cell, following)]
    header, mark, rest = notebook.cells[0].source.partition("\n## ")
    notebook.cells[0].source = f"{header}\n\n{_how_to_run(docname)}\n{mark}{rest}"
    source[0] = nbformat.writes(notebook)


def _how_to_run(docname: str) -> str:
    """Where the page can be run: on Binder, by the README's link to it, and at home."""
    links = re.findall(r"\((https://mybinder\.org/[^)\s]+)\)", README.read_text(encoding="utf-8"))
    return READING.format(binder=next(link for link in links if link.endswith(f"{docname}.ipynb")))


def _stand_in(cell: NotebookNode, following: NotebookNode | None) -> NotebookNode:
    """What a cell that shows a widget puts on the page, where there is no kernel."""
    if "MaskExplorer()" in cell.source:
        markup = alone(MaskExplorer())
    else:
        words = PICTURED if following and _figures(following) else PERSONAL
        markup = f'<p class="stand-in">{words}</p>'
    return nbformat.v4.new_output("display_data", {"text/html": markup})


def _with_formulas(markup: str) -> str:
    r"""Replace LaTeX between dollars, as in the answers of a quiz, by MathML."""
    return re.sub(r"\$([^$]+)\$", lambda found: mathml(unescape(found[1])), markup)


def _figures(cell: NotebookNode) -> list[NotebookNode]:
    return [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]


def _describe_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Give each figure the text that the notebook has for it."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    saved = [
        output.metadata["image/png"]["alt"]
        for cell in nbformat.read(path, as_version=4).cells
        for output in _figures(cell)
    ]
    for image, alt in zip(doctree.findall(nodes.image), saved, strict=True):
        image["alt"] = alt
