"""Exercises as cards: stars and minutes, the task, a signature, hints and the solution."""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.source_code import imports_of, source_of
from tools.pages import colab

CHECK = re.compile(r'^check\("([\d.]+)", .*', re.MULTILINE)
TO_FILL_IN = re.compile(r"^(?:(?:from|import) .+| *\.\.\.)\n|^check\(.+|\n\Z", re.MULTILINE)
"""Lines of a cell that have no meaning where nothing can be run."""
EFFORT = re.compile(r" \((★+), (.+)\)$")
WAYS = """<p class="ways"><a href="{}">Open in Colab</a>
<a href="../docs/index.html#to-run-it">On your computer</a></p>
<details class="hints"><summary>Hints</summary><ol>{}</ol></details>
<details class="solution"><summary>Solution</summary>"""


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the cards once a notebook is parsed."""
    app.connect("doctree-read", _make_cards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _make_cards(app: Sphinx, doctree: nodes.document) -> None:
    for task in list(doctree.findall(nodes.block_quote)):
        if task.astext().startswith("✎"):
            _make_card(task, Path(app.env.docname).name)


def _make_card(task: nodes.block_quote, notebook: str) -> None:
    """Replace a task and what follows, up to the cell with its check, by a card."""
    section, title, position = task.parent, task.parent[0], task.parent.index(task)
    if effort := EFFORT.search(title.astext()):
        title[-1] = nodes.Text(title[-1].removesuffix(effort[0]))
        title += nodes.inline("", " ".join(effort.groups()), classes=["effort"])
    end = next(k for k in range(position, len(section)) if CHECK.search(section[k].astext()))
    code = section[end].astext()
    exercise = exercise_named(CHECK.search(code)[1])
    hints = "".join(f"<li>{_as_html(hint)}</li>" for hint in exercise.hints)
    ways = WAYS.format(colab.link_to(f"{notebook}.ipynb"), hints)
    parts = [
        *task.children,
        *section[position + 1 : end],
        _code(TO_FILL_IN.sub("", code).strip()),
        nodes.raw("", ways, format="html"),
        _code(imports_of(exercise.reference) + source_of(exercise.reference)),
        nodes.raw("", "</details>", format="html"),
    ]
    section[position : end + 1] = [nodes.container("", *parts, classes=["exercise"])]


def _code(text: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language="python")


def _as_html(hint: str) -> str:
    return re.sub("`(.+?)`", r"<code>\1</code>", escape(hint, quote=False))
