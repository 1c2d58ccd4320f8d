"""Formulas as MathML, which browsers set by themselves: no script, and nothing to fetch."""

from docutils import nodes
from math_core import LatexToMathML
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

_converter = LatexToMathML()


def mathml(latex: str, *, display: bool = False) -> str:
    """A formula as MathML, on a line of its own if ``display``; raises for LaTeX it cannot read."""
    return _converter.convert_with_local_state(latex, displaystyle=display)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make "native" a choice of ``html_math_renderer``."""
    app.add_html_math_renderer("native", (_write_inline, None), (_write_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write_inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _write_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    formula = mathml(node.astext(), display=True)
    translator.body.append(f'<div class="formula">{formula}</div>')
    raise nodes.SkipNode
