"""How a MaskExplorer draws its network: pure functions from a Network to SVG."""

from __future__ import annotations

import re
from html import escape
from itertools import product

import numpy as np
from torch import Tensor

from ..colours import BLUE, GREY, INK, ORANGE, PALE, rgb
from .dependence_picture import draw_dependence, legend
from .network import Network
from .svg import ON_ENTER_OR_SPACE, element, operate, pixels, svg, text

MOST_LINES, MOST_CIRCLES = 1500, 16
"""Connections, and units in a layer, up to which the network is drawn as a graph.

Beyond them, its masks are drawn as heat-maps.
"""

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
BOX = "this.getBoundingClientRect()"
HEAT_MAP = 220
"""Longer side of a heat-map, in pixels."""

Unit = tuple[int, int]


def is_drawn_as_graph(network: Network) -> bool:
    """Whether there are few enough units and connections for a circle and a line each."""
    lines = sum(int(mask.sum()) for mask in network.connections.values())
    return lines <= MOST_LINES and max(network.sizes) <= MOST_CIRCLES and len(network.sizes) <= 8


def number_of(network: Network, unit: Unit) -> int:
    """A unit's number when all are counted, from the inputs on."""
    return sum(network.sizes[: unit[0]]) + unit[1]


def units_of(network: Network) -> list[Unit]:
    """All units as (layer, number in the layer), from the inputs on."""
    return [(layer, k) for layer, size in enumerate(network.sizes) for k in range(size)]


def draw_pictures(network: Network, selected: Unit | None = None) -> list[str]:
    """The pictures that belong side by side: the network or its masks, and what reaches what.

    Args:
        network: what to draw.
        selected: where the network is drawn as heat-maps, the unit whose paths are coloured.
    """
    reaches = draw_dependence(
        network.reached,
        network.allowed,
        network.names,
        "Which output sees which input",
        _select_row(network, len(network.masks), "ROW"),
    )
    if is_drawn_as_graph(network):
        classes = _path_classes(network)
        return [_draw_graph(network, classes), reaches, _draw_masks(network, classes)]
    return [_draw_heat_maps(network, selected), reaches]


def draw_panel(network: Network, selected: Unit) -> str:
    """All that stands between the controls and the sentence of the selected unit, as HTML."""
    left, reaches, *masks = draw_pictures(network, selected)
    return element(
        "div",
        element("div", escape(network.factorization), class_="made-formula"),
        left,
        element("div", reaches, legend(len(network.names)), style="flex:1 1 260px"),
        *masks,
        draw_words(network),
        class_="made-picture made-graph",
    )


def draw_words(network: Network) -> str:
    """What stands beside the pictures: how to read them and, of the unit pointed at, a sentence."""
    if not is_drawn_as_graph(network):
        rule = (
            "A row of a mask is a unit that is led to, a column one that is led from. Press a row "
            "to select its unit."
        )
        words = _paragraph(rule) + _paragraph(HEAT_MAP_COLOURS)
        return element("div", words, class_="made-words")
    rules, sentences = [BASE_STYLE], []
    for unit in units_of(network):
        number = number_of(network, unit)
        pointed_at = f'.made-graph:has([data-unit="{number}"]:is(:hover,:focus-visible))'
        rules.append(selection_style(number, pointed_at))
        rules.append(f"{pointed_at} .say{number}{{display:block}}")
        sentences.append(
            element("b", escape(network.sentence(*unit)), class_=f"made-say say{number}")
        )
    comparison = "≥" if network.fault == "output with >=" else ">"
    rule = (
        "The number in a circle is its degree m. A line leads to every unit with m(to) ≥ m(from), "
        f"and to every output with m(to) {comparison} m(from)."
    )
    hint = f"Point at a unit to see its paths, press it to keep them. {GRAPH_COLOURS}"
    return (
        element("style", "\n".join(rules))
        + element("div", _paragraph(rule), _paragraph(hint), class_="made-words")
        + element("div", *sentences, class_="made-sentences", aria_hidden="true")
    )


GRAPH_COLOURS = (
    "Blue, unbroken: from its ancestors. Orange, dashed: to its descendants. "
    "Orange, dotted, with ✕ at its end: a path that leaks."
)
HEAT_MAP_COLOURS = (
    "Grey: a weight may exist. Blue: on a path from the selected unit's ancestors. Orange: on a "
    "path to its descendants. Black: on a path that leaks."
)


def _paragraph(words: str) -> str:
    return element("p", escape(words), style="margin:0 0 6px")


def draw_page(network: Network, selected: Unit, report: str) -> str:
    """Everything a reader sees, in one picture that stands by itself: for a file."""
    pictures = draw_pictures(network, selected)
    sizes = [_size_of(part) for part in pictures]
    formula = network.factorization
    colours = GRAPH_COLOURS if is_drawn_as_graph(network) else HEAT_MAP_COLOURS
    words = [network.sentence(*selected), report, colours]
    width = max(sum(w + 30 for w, _ in sizes), 11 * len(formula), *(8 * len(w) for w in words))
    below = 50 + max(h for _, h in sizes)
    x, placed = 0.0, []
    for part, (w, _) in zip(pictures, sizes, strict=True):
        placed.append(element("g", part, transform=f"translate({x:.4g} 46)"))
        x += w + 30
    lines = [
        text(4, below + 22 * k, line, text_anchor="start") for k, line in enumerate(words, start=1)
    ]
    page = svg(
        width,
        below + 22 * len(words) + 12,
        element("style", BASE_STYLE + selection_style(number_of(network, selected), ".made-graph")),
        text(2, 26, formula, text_anchor="start", **FORMULA),
        *placed,
        *lines,
        label=f"{formula}. {' '.join(words)}",
        class_="made-graph",
    )
    return re.sub(
        r' (?:on\w+="[^"]*"|tabindex="0"|role="(?:button|group)")', "", page
    )  # nothing to press in a file


FORMULA = {"font_family": "serif", "font_style": "italic", "font_size": 22}
UNLESS_POINTED_AT = ".made-graph:not(:has(.unit:is(:hover,:focus-visible)))"
BASE_STYLE = f"""
.made-graph .line {{stroke: #8c8c8c; stroke-width: 1.3}}
.made-graph .line.leak {{stroke: {ORANGE}; stroke-width: 2.6; stroke-dasharray: 2 4}}
.made-graph .cell {{fill: #8c8c8c}}
.made-graph .unit circle {{fill: white; stroke: {INK}; stroke-width: 1.5}}
.made-graph .made-say {{display: none}}
.made-graph .made-words {{flex: 1 1 320px}}
.made-graph .made-sentences {{flex-basis: 100%; min-height: 1.5em}}
.made-widget:has(.unit:hover) .made-said {{color: {GREY}; font-weight: normal}}
"""


def selection_style(number: int, scope: str) -> str:
    """CSS that lights up the paths through one unit.

    Ancestors are blue, descendants orange and dashed, and a path that leaks stays dotted.
    """
    ancestor, descendant, leak = (f"{scope} .{letter}{number}" for letter in "adl")
    return (
        f"{ancestor}.line{{stroke:{BLUE};stroke-width:3.4;stroke-dasharray:none}}"
        f"{descendant}.line{{stroke:{ORANGE};stroke-width:3.4;stroke-dasharray:9 5}}"
        f"{leak}.line{{stroke:{ORANGE};stroke-width:4.5;stroke-dasharray:3 4}}"
        f"{ancestor}.cell{{fill:{BLUE}}}"
        f"{descendant}.cell{{fill:{ORANGE};stroke:{INK};stroke-dasharray:3 3}}"
        f"{leak}.cell{{fill:{ORANGE}}}"
        f"{ancestor} circle{{fill:#d4e7f4;stroke:{BLUE};stroke-width:3.4}}"
        f"{descendant} circle{{fill:#fce4d6;stroke:{ORANGE};stroke-width:3.4;stroke-dasharray:5 3}}"
        f'{scope} [data-unit="{number}"] circle{{fill:{INK};stroke:{INK}}}'
        f'{scope} [data-unit="{number}"] .degree{{fill:white}}'
    )


# ---- the graph ----------------------------------------------------------------------------------


def _draw_graph(network: Network, classes: dict[str, str]) -> str:
    sizes = network.sizes
    tallest = max(sizes)
    gap = 48 if tallest <= 6 else 34 if tallest <= 12 else 28
    radius = min(17, gap // 2 - 2)
    label_width = 14 + 9 * max(map(len, network.names))
    step = 110 if len(sizes) <= 5 else 80
    width, height = 2 * label_width + 2 * radius + step * (len(sizes) - 1), 44 + gap * tallest

    def place(layer: int, unit: int) -> tuple[float, float]:
        y = 40 + gap * (unit + 0.5 + (tallest - sizes[layer]) / 2)
        return label_width + radius + step * layer, y

    lines, crosses = [], []
    for key, mask in network.connections.items():
        below, above = network.ends(key)
        for to, start in np.argwhere(mask.numpy()).tolist():
            (x1, y1), (x2, y2) = place(below, start), place(above, to)
            leak = bool(network.leaking[key][to, start])
            where = {"data_mask": key, "data_from": start, "data_to": to}
            words = f"line {classes[f'{key}.{to}.{start}']}{' leak' if leak else ''}"
            if key == "direct":  # an arc, or it would hide behind the hidden layers' lines
                bend = 40 - 0.2 * gap * tallest
                path = f"M{x1:.4g} {y1:.4g}Q{(x1 + x2) / 2:.4g} {bend:.4g} {x2:.4g} {y2:.4g}"
                lines.append(element("path", d=path, fill="none", class_=words, **where))
                middle = ((x1 + x2) / 2, (y1 + y2) / 4 + bend / 2)
            else:
                lines.append(element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=words, **where))
                middle = (0.35 * x1 + 0.65 * x2, 0.35 * y1 + 0.65 * y2)
            if leak and above == len(network.masks):
                crosses.append(_cross(*middle))
    nodes = [_draw_node(network, unit, place(*unit), radius) for unit in units_of(network)]
    names = ["inputs", *(f"hidden {k + 1}" for k in range(len(network.hidden))), "outputs"]
    headings = [text(place(layer, 0)[0], 18, name) for layer, name in enumerate(names)]
    return svg(
        width,
        height,
        *headings,
        *lines,
        *crosses,
        *nodes,
        label="The network, inputs at the left, outputs at the right; the number in a unit is its "
        "degree. Each unit is a button that selects it.",
        role="group",
    )


def _size_of(picture: str) -> tuple[float, float]:
    width, height = re.search(r'width="([\d.]+)" height="([\d.]+)"', picture).groups()
    return float(width), float(height)


def _draw_node(network: Network, unit: Unit, at: tuple[float, float], radius: float) -> str:
    (layer, k), (x, y), number = unit, at, number_of(network, unit)
    degree = network.degree(layer, k)
    words = [element("circle", cx=x, cy=y, r=radius)]
    words.append(text(x, y + 5, degree, class_="degree"))
    if layer == 0:
        words.append(text(x - radius - 8, y + 5, network.name(layer, k), text_anchor="end"))
    elif layer == len(network.masks):
        words.append(text(x + radius + 8, y + 5, network.name(layer, k), text_anchor="start"))
    return element(
        "g",
        *words,
        class_=f"unit {_unit_classes(network, unit)}",
        data_unit=number,
        role="button",
        tabindex=0,
        aria_label=f"{network.name(layer, k)}, degree {degree}",
        onclick=operate(".made-unit select", selectedIndex=number),
        onkeydown=ON_ENTER_OR_SPACE,
        style="cursor:pointer",
    )


def _cross(x: float, y: float) -> str:
    halo = {"stroke": "white", "stroke_width": 4, "paint_order": "stroke"}
    style = {"fill": ORANGE, "font_weight": "bold", "font_size": 17} | halo
    return text(x, y + 6, "✕", class_="cross", **style)


# ---- the masks ----------------------------------------------------------------------------------


def _draw_masks(network: Network, classes: dict[str, str]) -> str:
    cell, parts, x, tallest = 20, [], 0, 0
    for key, mask in network.connections.items():
        to_degrees, from_degrees = _degrees_around(network, key)
        rows, columns = mask.shape
        left, top = x + 26, 66
        parts.append(_mask_name(x, network, key))
        parts += [
            text(left + cell * (j + 0.5), top - 6, int(degree), font_size=13, fill=GREY)
            for j, degree in enumerate(from_degrees)
        ]
        parts += [
            text(left - 12, top + cell * (i + 0.5) + 5, int(degree), font_size=13, fill=GREY)
            for i, degree in enumerate(to_degrees)
        ]
        for i, j in product(range(rows), range(columns)):
            at = {"x": left + cell * j, "y": top + cell * i, "width": cell - 2, "height": cell - 2}
            if not mask[i, j]:
                parts.append(element("rect", **at, fill="white", stroke=PALE))
                continue
            words = f"cell {classes[f'{key}.{i}.{j}']}"
            parts.append(element("rect", **at, class_=words))
            if network.leaking[key][i, j] and key in ("direct", len(network.masks) - 1):
                parts.append(text(at["x"] + 9, at["y"] + 14, "✕", fill="white", font_weight="bold"))
        x += 26 + max(cell * columns, 62) + 18
        tallest = max(tallest, rows)
    legend = "filled: the weight may exist; numbers are degrees"
    parts.append(text(0, 38, legend, text_anchor="start"))
    width = max(x, 7.6 * len(legend))
    return svg(width, 70 + cell * tallest, *parts, label="The masks as matrices")


def _select_row(network: Network, layer: int, row: str) -> str:
    """JavaScript: select the unit of a layer that a row of a matrix belongs to."""
    first = number_of(network, (layer, 0))
    return operate(".made-unit select", selectedIndex=f"{first}+{row}")


def _draw_heat_maps(network: Network, selected: Unit | None) -> str:
    paths = {} if selected is None else network.paths(*selected)
    parts, x, tallest = [], 0, 0
    for key, mask in network.connections.items():
        rows, columns = mask.shape
        scale = HEAT_MAP / max(rows, columns)
        width, height = scale * columns, scale * rows
        colours = np.full((rows, columns, 3), 255, dtype=np.uint8)
        colours[mask.numpy()] = rgb(PALE)
        if key in paths:
            letter, on_path = paths[key]
            colours[on_path.numpy()] = rgb(BLUE if letter == "a" else ORANGE)
        colours[network.leaking[key].numpy()] = rgb(INK)
        title = _mask_name(x, network, key)
        row = f"Math.floor({rows}*(event.clientY-{BOX}.top)/{BOX}.height)"
        row = f"Math.max(0,Math.min({rows - 1},{row}))"  # the frame is wider than the mask
        at = {"x": x, "y": 30, "width": width + 2, "height": height + 2}
        parts += [
            title,
            pixels(x + 1, 31, width, height, colours),
            element(
                "rect",
                **at,
                fill="transparent",
                stroke=GREY,
                style="cursor:pointer",
                onclick=_select_row(network, network.ends(key)[1], row),
            ),
        ]
        x += max(width, 90) + 26
        tallest = max(tallest, height)
    return svg(x, tallest + 40, *parts, label="The masks as heat-maps: grey weights may exist")


def _degrees_around(network: Network, key: int | str) -> tuple[Tensor, Tensor]:
    """Degrees of the units a mask leads to, and of those it comes from."""
    if key == "direct":
        return network.degrees[0], network.degrees[0]
    return network.degrees[(key + 1) % len(network.degrees)], network.degrees[key]


def _mask_name(x: float, network: Network, key: int | str) -> str:
    """The paper's symbol of a mask, set as a title."""
    what = ""
    if key == "direct":
        raised, what = "A", "direct"
    elif key == len(network.masks) - 1:
        raised, what = "V", "output"
    else:
        raised = f"W{key + 1}".translate(_SUPERSCRIPTS)
    return element(
        "text",
        "M",
        element("tspan", raised, dy=-6, font_size=13),
        element("tspan", what, dy=6, dx=6, font_weight="normal") if what else "",
        x=x,
        y=18,
        font_weight="bold",
    )


# ---- paths through a unit -----------------------------------------------------------------------


def _path_classes(network: Network) -> dict[str, str]:
    """For each connection, "mask.to.from", the classes that say on which units' paths it lies.

    ``a7``: it leads towards unit 7 (an ancestor's); ``d7``: it comes from there (a descendant's);
    ``l7``: on a path through unit 7 that leaks.
    """
    classes: dict[str, list[str]] = {}
    for key, mask in network.connections.items():
        for to, start in np.argwhere(mask.numpy()).tolist():
            classes[f"{key}.{to}.{start}"] = []
    for unit in units_of(network):
        for key, (letter, on_path) in network.paths(*unit).items():
            for to, start in np.argwhere(on_path.numpy()).tolist():
                classes[f"{key}.{to}.{start}"].append(f"{letter}{number_of(network, unit)}")
        leaking_through = network.leaking_through(*unit) if network.leaks.any() else {}
        for key, leaking in leaking_through.items():
            for to, start in np.argwhere(leaking.numpy()).tolist():
                classes[f"{key}.{to}.{start}"].append(f"l{number_of(network, unit)}")
    return {connection: " ".join(words) for connection, words in classes.items()}


def _unit_classes(network: Network, unit: Unit) -> str:
    """Of which units it is an ancestor (``a7``), of which a descendant (``d7``)."""
    words = []
    for layer, others in enumerate(network.cone(*unit)):
        letter = "a" if layer > unit[0] else "d"
        if layer != unit[0]:
            words += [
                f"{letter}{number_of(network, (layer, k))}" for k in others.nonzero().flatten()
            ]
    return " ".join(words)
