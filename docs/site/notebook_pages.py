"""What a saved notebook needs to be a page: widgets that live, texts for figures."""

from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from docutils import nodes
from living_widgets import start, widgets_of, write_scripts
from nbformat import NotebookNode
from sphinx.application import Sphinx

DOORS = {
    "binder": "https://mybinder.org/v2/gh/{}/binder?urlpath=lab/tree/{}.ipynb",
    "colab": "https://colab.research.google.com/github/{}/blob/colab/{}.ipynb",
}
"""Name → where a page of this repository and name is run in a browser."""
READING = (
    "**Questions and widgets work on this page.** To run the code and to do the exercises, open it "
    "in your browser, [on Binder]({binder}) or [on Colab]({colab}), or "
    "[on your own computer](#to-run-it)."
)
SIGNS = {"◇": "predict", "✎": "exercise", "◉": "self-check"}
"""How a quote begins that asks the reader for something → its class."""
PERSONAL = (
    '<p class="stand-in">What this cell shows in <a href="../docs/index.html#to-run-it">JupyterLab'
    "</a> is the reader's own, so that nothing of it is saved.</p>"
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Change notebooks before they are parsed, and their figures once they are."""
    app.connect("builder-inited", start)
    app.connect("source-read", _prepare)
    app.connect("doctree-read", _describe_figures)
    app.connect("doctree-read", _name_quotes)
    app.connect("build-finished", write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    if not docname.startswith("notebooks/"):
        return
    notebook = nbformat.reads(source[0], as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code_cells:
        if "jupyter" in cell.metadata:  # it answers a prediction
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-output"]
    living = widgets_of(Path(docname).name)
    for cell, following in zip(code_cells, [*code_cells[1:], None], strict=True):
        if "widget" not in cell.metadata.get("tags", []):
            continue
        alive = living.get(cell.id)
        cell.outputs = _html(alive or [PERSONAL])
        if alive and following and _figures(following):
            following.metadata["tags"] = [*{*following.metadata.get("tags", []), "hide-output"}]
            following.metadata["mystnb"] = {"code_prompt_show": "The same as a picture"}
    for cell in notebook.cells:  # the rule above an exercise is for pages without a style
        cell.source = cell.source.replace("---\n\n### Exercise", "### Exercise")
    header, mark, rest = notebook.cells[0].source.partition("\n## ")
    header = header.partition("**On Binder**")[0].rstrip()  # a reader of the page is not there
    owner_and_name = urlsplit(app.config.html_context["repository"]).path.strip("/")
    doors = {name: link.format(owner_and_name, docname) for name, link in DOORS.items()}
    reading = READING.format(**doors)
    notebook.cells[0].source = f"{header}\n\n{reading}\n{mark}{rest}"
    source[0] = nbformat.writes(notebook)


def _html(parts: list[str]) -> list[NotebookNode]:
    return [nbformat.v4.new_output("display_data", {"text/html": part}) for part in parts]


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


def _name_quotes(app: Sphinx, doctree: nodes.document) -> None:
    for quote in doctree.findall(nodes.block_quote):
        if name := SIGNS.get(quote.astext()[:1]):
            quote["classes"].append(name)
