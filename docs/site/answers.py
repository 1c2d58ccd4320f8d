"""Fold the answers to predictions, so that one press opens an output and its paragraph."""

import re

from docutils import nodes
from sphinx.application import Sphinx

TELLING = re.compile(r"\bexpect\(|\b(?:alt|invalid)=")
"""Code that gives its own result away."""
FOLDED = '<details class="answer"><summary>Predict first, then show the answer</summary>'
END = "</details>"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the folding of answers, which happens after a notebook is parsed."""
    app.connect("doctree-read", _fold_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fold_all(app: Sphinx, doctree: nodes.document) -> None:
    for cell in list(doctree.findall(nodes.container)):
        if "jupyter" in cell.get("cell_metadata", {}):
            _fold(cell)


def _fold(cell: nodes.container) -> None:
    """Move the answer to a prediction, a cell or output and the next paragraph, into a fold."""
    parent, position = cell.parent, cell.parent.index(cell)
    if "hide-input" in cell["cell_metadata"].get("tags", []) or TELLING.search(cell[0].astext()):
        answer = [cell]
        parent.remove(cell)
    else:
        outputs = [part for part in cell if part["nb_element"] == "cell_code_output"]
        for part in outputs:
            cell.remove(part)
        answer = [nodes.container("", *outputs, classes=["cell"])]
        position += 1
    if position < len(parent) and isinstance(parent[position], nodes.paragraph):
        answer.append(parent.pop(position))
    start, end = (nodes.raw("", html, format="html") for html in (FOLDED, END))
    if parent[position - 1].astext() == END:  # one press opens adjacent answers
        parent[position - 1 : position] = [*answer, end]
    else:
        parent[position:position] = [start, *answer, end]
