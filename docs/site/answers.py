"""Fold the answers to predictions, so that one press opens an output and its paragraph."""

import re

from docutils import nodes
from sphinx.application import Sphinx

TELLING = re.compile(r"\bexpect\(|\b(?:alt|invalid)=")
"""Code that gives its own result away."""
FOLDED = '<details class="answer"><summary>Predict first, then show the answer</summary>'
END = "</details>"
LINES_OF_A_CELL = 10_000
"""Distance at which myst-nb numbers the first lines of adjacent cells."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the folding of answers, which happens after a notebook is parsed."""
    app.connect("doctree-read", _fold_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fold_all(app: Sphinx, doctree: nodes.document) -> None:
    for cell in list(doctree.findall(nodes.container)):
        if "jupyter" in cell.get("cell_metadata", {}):
            _fold(cell)


def _fold(cell: nodes.container) -> None:
    """Move the answer to a prediction, a cell or output and the text below, into a fold."""
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
    end = position
    while end < len(parent) and _goes_on(parent[position], parent[end]):
        end += 1
    answer += parent[position:end]
    del parent[position:end]
    opening, closing = (nodes.raw("", html, format="html") for html in (FOLDED, END))
    if parent[position - 1].astext() == END:  # one press opens adjacent answers
        parent[position - 1 : position] = [*answer, closing]
    else:
        parent[position:position] = [opening, *answer, closing]


def _goes_on(first: nodes.Node, node: nodes.Node) -> bool:
    """Return True if a node is of the same cell as the first, and neither a role nor a heading."""
    if isinstance(node, (nodes.section, nodes.block_quote, nodes.container)):
        return False
    return node.line // LINES_OF_A_CELL == first.line // LINES_OF_A_CELL
