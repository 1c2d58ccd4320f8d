"""Write formulas and variables as MathML, which browsers show without a script or a download."""

import re
from unicodedata import normalize

from docutils import nodes
from math_core import LatexToMathML
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

PART = re.compile(
    r"(<(pre|code|script|style)\b.*?</\2>|<math display.*?</math>|(?!<math)<[^>]*>)"
    r"|(?:[^\s<]|<math>.*?</math>|(?<=\d) (?:to|ln) (?=\d))+",
    re.DOTALL,
)
"""In HTML: markup, code and formulas, or words to keep on one line, as "d-th" or "70 to 100"."""
VARIABLE = re.compile("([a-z])(\u0302?)([₀-₉ᵢ]+)")
"""A letter, perhaps with a hat, and its index."""
BESIDE_CODE = re.compile(r'[(“]*<code class="docutils literal.*?</code>[^\s<]*', re.DOTALL)
"""Code in running text, with the brackets and stops that touch it."""
_converter = LatexToMathML()


def mathml(latex: str, *, display: bool = False) -> str:
    """Return a formula as MathML, on its own line if ``display``; unknown LaTeX is an error."""
    return _converter.convert_with_local_state(latex, displaystyle=display)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register "native" as a value of ``html_math_renderer``, and the change of whole pages."""
    app.connect("html-page-context", _hold_together)
    app.add_html_math_renderer("native", (_write_inline, None), (_write_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _hold_together(app: Sphinx, name: str, template: str, context: dict, doctree: object) -> None:
    """Set variables as formulas, and keep brackets and stops beside code on its line."""
    body = context.get("body", "").replace("<code>", '<code class="docutils literal">')
    body = BESIDE_CODE.sub(r'<span class="together">\g<0></span>', body)
    context["body"] = PART.sub(_set, body)


def _set(part: re.Match) -> str:
    word = part[0] if part[1] else VARIABLE.sub(_as_formula, part[0])
    breaks = not part[1] and re.search("<math| ", word)
    return f'<span class="together">{word}</span>' if breaks else word


def _as_formula(variable: re.Match) -> str:
    letter, hat, index = variable.groups()
    base = rf"\hat {letter}" if hat else letter
    return mathml(f"{base}_{{{normalize('NFKC', index)}}}")


def _write_inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _write_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    formula = mathml(node.astext(), display=True)
    translator.body.append(f'<div class="formula">{formula}</div>')
    raise nodes.SkipNode
