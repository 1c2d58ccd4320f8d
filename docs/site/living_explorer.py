"""A MaskExplorer without a kernel: all its states for three variables, drawn beforehand.

Pictures, sentences and styles are those of the widget's own functions. The page switches between
them with static/mask_explorer.js.
"""

import json
from collections.abc import Iterable
from html import escape
from itertools import permutations, product
from pathlib import Path

from sphinx.application import Sphinx

from made_course import MaskExplorer
from made_course.widgets.mask_explorer import FAULT_WORDS
from made_course.widgets.mask_picture import (
    UNLESS_POINTED_AT,
    draw_panel,
    number_of,
    selection_style,
    units_of,
)
from made_course.widgets.network import FAULTS, Network
from made_course.widgets.panel import STYLE
from made_course.widgets.svg import element
from made_course.words import variable_names, write_ordering

LIVING = "MaskExplorer()"
"""In the source of the cell whose widget lives on: three variables, all as the default."""

LAB = '<a href="../docs/index.html#to-run-it">JupyterLab</a>'
ABOUT = (
    "Here, too, you can operate it: point at a unit or press it, change the ordering, break it. "
    f"In {LAB} it takes networks of any size, and every degree can be changed."
)
WITHOUT_SCRIPTS = "To operate it, allow this page its script; until then, it is a picture."


def _network(ordering: tuple[int, ...], fault: str = "none", direct: bool = False) -> Network:
    hidden = tuple(tuple(layer) for layer in MaskExplorer().hidden_degrees)
    return Network(tuple(variable_names(3)), ordering, hidden, direct, fault)


START = _network(tuple(MaskExplorer().ordering))
SELECTED = MaskExplorer().selected


def draw_explorer() -> str:
    """The explorer as it starts: its controls, its picture and what it says, as HTML."""
    orderings = [write_ordering(ordering, START.names) for ordering in permutations(range(3))]
    units = [START.name(*unit) for unit in units_of(START)]
    controls = element(
        "form",
        _choice("Ordering", "ordering", zip(orderings, orderings, strict=True), _written(START)),
        _choice("Break it", "fault", [(fault, FAULT_WORDS[fault]) for fault in FAULTS], "none"),
        _choice("Unit", "unit", enumerate(units), number_of(START, SELECTED), class_="made-unit"),
        element(
            "label",
            element("input", type="checkbox", name="direct"),
            " Direct connections",
        ),
        element("button", "Start again", type="reset"),
        autocomplete="off",
    )
    said = element(
        "div",
        element("style", _style(SELECTED)),
        element("div", escape(START.sentence(*SELECTED)), role="status"),
        class_="made-picture made-said",
    )
    return element(
        "div",
        element("style", STYLE),
        element("p", ABOUT, class_="stand-in"),
        element("noscript", WITHOUT_SCRIPTS),
        controls,
        said,
        element("div", draw_panel(START, SELECTED), class_="living-picture"),
        element("div", escape(START.finding), role="status", class_="made-picture made-finding"),
        element("script", defer="", src="../_static/mask_explorer_states.js"),
        element("script", defer="", src="../_static/mask_explorer.js"),
        class_="made-widget living-explorer",
    )


def write_states(app: Sphinx, problem: Exception | None) -> None:
    """Write every state beside the page, once it is built: as a script, which needs no server."""
    if problem is None and app.builder.format == "html":
        states = json.dumps(draw_states(), ensure_ascii=False, separators=(",", ":"))
        path = Path(app.outdir, "_static", "mask_explorer_states.js")
        path.write_text(f"const maskExplorer = {states};\n", encoding="utf-8")


def draw_states() -> dict[str, object]:
    """The style of each selected unit, and all there is to show of each network by its name."""
    networks = [
        _network(*state) for state in product(permutations(range(3)), FAULTS, (False, True))
    ]
    return {
        "styles": [_style(unit) for unit in units_of(START)],
        "networks": {_name(network): _show(network) for network in networks},
    }


def _name(network: Network) -> str:
    return f"{_written(network)}|{network.fault}|{str(network.direct).lower()}"


def _show(network: Network) -> dict[str, object]:
    leaking = network.leaking_output
    return {
        "picture": draw_panel(network, SELECTED),
        "sentences": [network.sentence(*unit) for unit in units_of(network)],
        "finding": network.finding,
        "leaking": None if leaking is None else number_of(network, (len(network.masks), leaking)),
    }


def _written(network: Network) -> str:
    return write_ordering(network.ordering, network.names)


def _style(selected: tuple[int, int]) -> str:
    return selection_style(number_of(START, selected), f".living-explorer {UNLESS_POINTED_AT}")


def _choice(
    label: str,
    name: str,
    options: Iterable[tuple[object, str]],
    chosen: object,
    **attributes: object,
) -> str:
    """A labelled list to choose from; ``options`` are values and words."""
    listed = [
        element("option", escape(words), value=value, selected="" if value == chosen else None)
        for value, words in options
    ]
    return element(
        "div",
        element("label", label, for_=f"explorer-{name}"),
        element("select", *listed, name=name, id=f"explorer-{name}"),
        **attributes,
    )
