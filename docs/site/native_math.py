"""Write formulas as MathML, because browsers show it without a script or a download."""

import re

from docutils import nodes
from math_core import LatexToMathML
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

_converter = LatexToMathML()


def mathml(latex: str, *, display: bool = False) -> str:
    """Return a formula as MathML, on its own line if ``display``; unknown LaTeX is an error."""
    return _converter.convert_with_local_state(latex, displaystyle=display)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register "native" as a value of ``html_math_renderer``."""
    app.connect("doctree-read", _hold_together)
    app.add_html_math_renderer("native", (_write_inline, None), (_write_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _hold_together(app: Sphinx, doctree: nodes.document) -> None:
    """Prevent line breaks between a formula and adjacent text, as in "(x)," or "d-th"."""
    for formula in [*doctree.findall(nodes.math)]:
        parent, place = formula.parent, formula.parent.index(formula)
        beside = [parent[max(place - 1, 0) : place], parent[place + 1 : place + 2]]
        before, after = ("".join(t for t in n if isinstance(t, nodes.Text)) for n in beside)
        start, end = re.search(r"\S*$", before)[0], re.match(r"\S*", after)[0]
        if end:
            parent[place + 1] = nodes.Text(after.removeprefix(end))
        if start:
            parent[place - 1] = nodes.Text(before.removesuffix(start))
        parent[place] = nodes.inline("", start, formula, nodes.Text(end), classes=["together"])


def _write_inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _write_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    formula = mathml(node.astext(), display=True)
    translator.body.append(f'<div class="formula">{formula}</div>')
    raise nodes.SkipNode
