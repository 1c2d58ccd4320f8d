"""What a saved notebook needs to be a page: widgets that live, figures that are seen."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from docutils import nodes
from living_widgets import POSTER, start, widgets_of, write_scripts
from nbformat import NotebookNode
from notebook_figures import figure, figures_of
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
FOR_THOSE_WHO_RUN = re.compile(
    r"^(?:○ .+: not attempted yet|yours\(.+ is the course's so far).*\n", re.M
)
"""Printed lines about a learner's own progress."""
TELLING = re.compile(r"\bexpect\(|\b(?:alt|invalid)=")
"""Code that gives its own result away."""
PERSONAL = (
    '<p class="stand-in">What this cell shows in <a href="../docs/index.html#to-run-it">JupyterLab'
    "</a> depends on the reader, so it is not saved.</p>"
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Change notebooks before they are parsed, and their quotes once they are."""
    app.connect("builder-inited", start)
    app.connect("source-read", _prepare)
    app.connect("doctree-read", _name_quotes)
    app.connect("build-finished", write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    if not docname.startswith("notebooks/"):
        return
    notebook, images = nbformat.reads(source[0], as_version=4), Path(app.outdir, "_images")
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    living = widgets_of(Path(docname).name)
    for cell, following in zip(code_cells, [*code_cells[1:], None], strict=True):
        if "widget" not in cell.metadata.get("tags", []):
            continue
        alive = living.get(cell.id, [PERSONAL] if cell.source.startswith("progress()") else [])
        drawn = figures_of(following) if following else []
        if drawn and any(POSTER in part for part in alive):
            alive = [part.replace(POSTER, figure(drawn[0], images)) for part in alive]
            following.outputs.remove(drawn[0])
            following.metadata["tags"] = [] if following.outputs else ["remove-cell"]
            drawn = []
        cell.outputs = [_html(part) for part in alive]
        if living.get(cell.id) and drawn:
            _fold(following, "cell", "The same as a picture")
            following.metadata.pop("jupyter", None)
    notebook.cells = [shown for cell in notebook.cells for shown in _shown(cell, images)]
    header, mark, rest = notebook.cells[0].source.partition("\n## ")
    header = header.partition("**On Binder**")[0].rstrip()  # a reader of the page is not there
    owner_and_name = urlsplit(app.config.html_context["repository"]).path.strip("/")
    doors = {name: link.format(owner_and_name, docname) for name, link in DOORS.items()}
    reading = READING.format(**doors)
    notebook.cells[0].source = f"{header}\n\n{reading}\n{mark}{rest}"
    source[0] = nbformat.writes(notebook)


def _shown(cell: NotebookNode, images: Path) -> list[NotebookNode]:
    """Return the cells that show a cell; figures that answer a prediction get their own cell."""
    if cell.cell_type != "code":  # the rule above an exercise is for pages without a style
        cell.source = cell.source.replace("---\n\n### Exercise", "### Exercise")
        return [cell]
    for output in cell.outputs:
        if output.output_type == "stream":
            output.text = FOR_THOSE_WHO_RUN.sub("", output.text)
    cell.outputs = [output for output in cell.outputs if output.get("text") != ""]
    drawn, guess = figures_of(cell), "jupyter" in cell.metadata
    if drawn and len(drawn) == len(cell.outputs) and "mystnb" not in cell.metadata:
        _fold(cell, "input", "How it is drawn")
    pictures = [_html(figure(output, images, guess=guess)) for output in drawn]
    if not guess:
        place = iter(pictures)
        cell.outputs = [next(place) if output in drawn else output for output in cell.outputs]
        return [cell]
    cell.outputs = [output for output in cell.outputs if output not in drawn]
    if TELLING.search(cell.source) and "mystnb" not in cell.metadata:
        _fold(cell, "cell")
    elif cell.outputs:
        _fold(cell, "output")
    alone = nbformat.v4.new_code_cell(
        "figure", outputs=pictures, metadata={"tags": ["remove-input"]}
    )
    return [cell, *[alone] * bool(drawn)]


def _fold(cell: NotebookNode, part: str, words: str | None = None) -> None:
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), f"hide-{part}"]
    if words:
        cell.metadata["mystnb"] = {"code_prompt_show": words, "code_prompt_hide": words}


def _html(part: str) -> NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": part})


def _name_quotes(app: Sphinx, doctree: nodes.document) -> None:
    for quote in doctree.findall(nodes.block_quote):
        if name := SIGNS.get(quote.astext()[:1]):
            quote["classes"].append(name)
