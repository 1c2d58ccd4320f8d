"""Fill the front page, the page on which a mask is broken, and the museum's first exhibit."""

from cards import cards
from living_widgets import shown
from sphinx.application import Sphinx

from made_course import MaskExplorer, Sketchpad, load_binarized_mnist
from made_course.widgets.shared.without_kernel import standalone_html

EXHIBIT = "<!-- the network that trains in the page -->"
"""Comment in the museum that the widget replaces."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the function that fills the pages."""
    app.connect("html-page-context", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fill(app: Sphinx, name: str, template: str, context: dict, doctree: object) -> None:
    if name == "index":
        context |= {"cards": cards(), "toy": _toy(context["address"])}
    elif name == "try":
        context["laboratory"] = standalone_html(MaskExplorer(direct=True))
    elif name == "docs/museum":
        context["body"] = context["body"].replace(EXHIBIT, standalone_html(MaskExplorer("boards")))


def _toy(address: str) -> str:
    """Return the sketchpad with 40 digits of the small test set, a 3 first, as HTML."""
    pad = Sketchpad(load_binarized_mnist("small")[1][63:103])
    return shown(pad.get_state(), address, static="_static")
