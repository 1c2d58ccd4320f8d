"""The museum: each exhibit with a picture of what its outputs see, from its own code."""

import doctest
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from unittest.mock import patch

import torch
from docutils import nodes
from sphinx.application import Sphinx
from torch import Tensor

import made_course

MEASURES = ("measure_dependence", "connectivity")
"""Functions that an exhibit calls, with the pairs that are connected as their result."""
SQUARE = '<rect class="{}" x="{}" y="{}" width="0.9" height="0.9"/>'
CROSS = '<path d="M{} {} l0.5 0.5 m0 -0.5 l-0.5 0.5"/>'
MASK = '<svg class="mask" viewBox="0 0 {0} {0}" role="img" aria-label="{1}">{2}</svg>'


def setup(app: Sphinx) -> dict[str, bool]:
    """Draw the pictures once the page is parsed."""
    app.connect("doctree-read", _draw_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _draw_all(app: Sphinx, doctree: nodes.document) -> None:
    if app.env.docname != "docs/museum":
        return
    seen = _seen_in(app.env.doc2path("docs/museum").read_text(encoding="utf-8"))
    for section in doctree.findall(nodes.section):
        if isinstance(section.parent.parent, nodes.section):
            svg = _picture(seen[section[0].astext()])
            section.insert(1, nodes.raw("", svg, format="html"))


def _seen_in(page: str) -> dict[str, Tensor]:
    """Run the page, and return for each heading the matrix with most leaks that its code shows."""
    names, matrices, seen = {}, [], {}
    measures = {name: _keeping(getattr(made_course, name), matrices) for name in MEASURES}
    with patch.multiple(made_course, **measures), redirect_stdout(StringIO()):
        for part in re.split(r"^##+ ", page, flags=re.MULTILINE):
            matrices.clear()
            heading, _, text = part.partition("\n")
            for example in doctest.DocTestParser().get_examples(text.replace("\n```\n", "\n\n")):
                exec(compile(example.source, heading, "single"), names)
            honest = torch.ones(6, 6).tril(-1).bool()
            seen[heading.replace("`", "")] = max(matrices, key=_leaks, default=honest)
    return seen


def _keeping(measure: Callable, matrices: list[Tensor]) -> Callable:
    """Return a function that also appends its result to a list."""

    def keep(*arguments: object) -> object:
        result = measure(*arguments)
        matrices.append(getattr(result, "by_flip", result))
        return result

    return keep


def _leaks(matrix: Tensor) -> int:
    return int(matrix.triu().sum())


def _picture(matrix: Tensor) -> str:
    """Return a matrix as SVG: squares for seen, leaked and missing pairs of output and input."""
    size, shapes = len(matrix), []
    for i in range(size):
        for j in range(size):
            if matrix[i, j] or j < i:
                kind = ("missing", "seen", "leak")[int(matrix[i, j]) * (1 + (j >= i))]
                shapes.append(SQUARE.format(kind, j + 0.05, i + 0.05))
                shapes += [CROSS.format(j + 0.25, i + 0.25)] * (kind == "leak")
    words = f"{_leaks(matrix)} leaks, {int(matrix.sum())} pairs in all"
    return MASK.format(size, words, "".join(shapes))
