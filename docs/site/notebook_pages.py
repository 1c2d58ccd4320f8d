"""Turn saved notebooks into pages, with widgets that work and figures that are shown."""

import re
from pathlib import Path

import nbformat
from cards import cards
from docutils import nodes
from living_widgets import start, widgets_of, write_networks
from nbformat import NotebookNode
from notebook_figures import figure, figures_of
from sphinx.application import Sphinx

from tools.pages import colab

BINDER = "https://mybinder.org/v2/gh/{}/binder?urlpath=lab/tree/{}.ipynb"
HEADER = re.compile(
    r"(# [^\n]+\n).*?(\*\*[^*]+\*\*)\n\n(\*\*Time\*\*.+?\n)\n<details>.+?</summary>(.+?</details>)"
    r".*?(?=\n## |\Z)",
    re.DOTALL,
)
"""Header of a notebook: title, question, time and needs, objectives, and words on Binder."""
HEADER_OF_PAGE = """\
\\1
{{.question}}
\\2

<img class="band" src="../_static/cards/{number}.webp" alt="">

{{.facts}}
**{minutes} minutes** · [Binder]({binder}) · [Colab]({colab}) · [your computer](#to-run-it)

<details class="before"><summary>Needs and objectives</summary>

\\3

By the end of this notebook you will be able to
\\4
"""
SIGNS = {"◇": "predict", "◉": "self-check"}
"""How a quote begins that asks the reader for something → its class."""
MOST_LINES = 16
"""Lines of code that a page shows at once; of a longer cell, it shows the first ten."""
MORE = '<details class="more"><summary>Show all {} lines</summary></details>'
IMPORTED = re.compile(r"(?<=import \(\n)(?:    \w+,\n)+")
"""Names in an import, one per line."""
FOR_THOSE_WHO_RUN = re.compile(
    r"^(?:○ .+: not attempted yet|yours\(.+ is the course's solution).*\n", re.M
)
"""Printed lines about a learner's own progress."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register changes to notebooks before they are parsed, and afterwards to their parts."""
    app.connect("builder-inited", start)
    app.connect("source-read", _prepare)
    app.connect("doctree-read", _finish)
    app.connect("build-finished", write_networks)
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
        alive = living.get(cell.id, [])
        if cell.source.startswith("progress()"):  # because it shows a learner's own progress
            cell.metadata["tags"] = ["remove-cell"]
        drawn = figures_of(following) if following else []
        cell.outputs = [_html(part) for part in alive]
        if living.get(cell.id) and drawn:
            _fold(following, "cell", "The same as a picture")
            following.metadata.pop("jupyter", None)
    for cell in notebook.cells:
        _show(cell, images)
    (card,) = (card for card in cards() if card["path"] == docname)
    header = HEADER_OF_PAGE.format(
        number=card["name"],
        minutes=card["minutes"],
        binder=BINDER.format(colab.address(), docname),
        colab=colab.link_to(f"{Path(docname).name}.ipynb"),
    )
    notebook.cells[0].source = HEADER.sub(header, notebook.cells[0].source)
    source[0] = nbformat.writes(notebook)


def _show(cell: NotebookNode, images: Path) -> None:
    """Prepare a cell: write its figures, shorten imports, drop text for those who run it."""
    if cell.cell_type != "code":  # the rule above an exercise is only for JupyterLab
        cell.source = cell.source.replace("---\n\n### Exercise", "### Exercise")
        cell.source = re.sub(r"(\n\n|\A)\*\*Next:\*\* .+\Z", "", cell.source)  # a card says it
        return
    cell.source = IMPORTED.sub(lambda names: f"    {' '.join(names[0].split())}\n", cell.source)
    for output in cell.outputs:
        if output.output_type == "stream":
            output.text = FOR_THOSE_WHO_RUN.sub("", output.text)
    cell.outputs = [output for output in cell.outputs if output.get("text") != ""]
    drawn = figures_of(cell)
    if drawn and len(drawn) == len(cell.outputs) and "mystnb" not in cell.metadata:
        _fold(cell, "input", "How it is drawn")
    cell.outputs = [
        _html(figure(cell, out, images)) if out in drawn else out for out in cell.outputs
    ]


def _fold(cell: NotebookNode, part: str, words: str) -> None:
    """Fold a cell or its input; ``words`` is the text to press."""
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), f"hide-{part}"]
    cell.metadata["mystnb"] = {"code_prompt_show": words, "code_prompt_hide": words}


def _html(part: str) -> NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": part})


def _finish(app: Sphinx, doctree: nodes.document) -> None:
    """Name the quotes that ask for something, and fold long code after its first lines."""
    for quote in doctree.findall(nodes.block_quote):
        if name := SIGNS.get(quote.astext()[:1]):
            quote["classes"].append(name)
    for cell in doctree.findall(lambda node: "cell_metadata" in getattr(node, "attributes", ())):
        lines = cell[0].astext().count("\n") + 1
        if lines > MOST_LINES and "hide-input" not in cell["cell_metadata"].get("tags", []):
            cell[0] += nodes.raw("", MORE.format(lines), format="html")
