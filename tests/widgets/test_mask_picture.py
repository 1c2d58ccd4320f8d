"""What a MaskExplorer draws and says, against a reading of its degrees by brute force."""

import base64
import io
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html import unescape
from html.parser import HTMLParser
from itertools import combinations, pairwise, product
from math import floor, hypot
from xml.etree import ElementTree

import numpy as np
import pytest
from ipywidgets import HTML, BoundedIntText, Button, Checkbox, Dropdown, Text
from PIL import Image

from made_course import MADE, MaskExplorer
from made_course.widgets.mask_picture import draw_page, draw_pictures, draw_words
from made_course.widgets.network import FAULTS, Network

BLUE, ORANGE, INK, PALE, WHITE = "#0072b2", "#d55e00", "#222222", "#d0d0d0", "#ffffff"
NAMES = ("x₁", "x₂", "x₃", "x₄")
HATS = dict(zip(NAMES, ("x̂₁", "x̂₂", "x̂₃", "x̂₄"), strict=True))
HOSTILE = ("</svg><script>alert(1)</script>", 'a" onload="alert(2)', "b' & <i>c</i>")

THREE = Network(NAMES[:3], (1, 2, 0), ((2, 1),))
GRAPHS = {
    "one layer": THREE,
    "no layer": Network(NAMES[:3], (2, 0, 1), ()),
    "no layer, direct": Network(NAMES[:3], (2, 0, 1), (), direct=True),
    "two layers": Network(NAMES, (2, 0, 3, 1), ((1, 3, 2), (2, 1, 3, 1))),
    "two layers, direct": Network(NAMES, (3, 1, 0, 2), ((3, 1, 2, 2), (2, 3, 1)), direct=True),
    "much unreached": Network(NAMES, (1, 2, 3, 0), ((3, 1), (1,), (2, 1)), direct=True),
}
HEAT_MAPS = {
    "wide": Network(NAMES, (2, 0, 3, 1), (tuple(1 + k % 3 for k in range(17)), (2, 1, 3))),
    "wide, direct": Network(NAMES, (1, 3, 0, 2), ((3, 1), (2,) * 9 + (1, 3) * 4), direct=True),
}


def under_each_fault(networks):
    return pytest.mark.parametrize(
        "network",
        [
            pytest.param(replace(network, fault=fault), id=f"{name}: {fault}")
            for (name, network), fault in product(networks.items(), FAULTS)
        ],
    )


class Wiring:
    """Units as (layer, number), connections as (mask, to, from), by loops over the degrees."""

    def __init__(self, network):
        step = {variable: t for t, variable in enumerate(network.ordering, start=1)}
        size, last = len(network.names), len(network.hidden) + 1
        mistaken = network.fault == "degrees = ordering + 1"
        ends = [network.ordering[i] + 1 if mistaken else step[i] for i in range(size)]
        self.degrees = [ends, *map(list, network.hidden), ends]
        self.units = [(layer, k) for layer in range(last + 1) for k, _ in enumerate(self[layer])]
        self.number = {unit: number for number, unit in enumerate(self.units)}
        self.inputs, self.outputs = self.units[:size], self.units[-size:]
        self.allowed = {
            (i, j)
            for i, j in product(self.outputs, self.inputs)
            if network.ordering.index(j[1]) < network.ordering.index(i[1])
        }
        self.keys = [*range(last), *(["direct"] if network.direct else [])]
        self.ends = {}
        for key, start, to in product(self.keys, self.units, self.units):
            if (start[0], to[0]) != ((0, last) if key == "direct" else (key, key + 1)):
                continue
            more = self[to[0]][to[1]] - self[start[0]][start[1]]
            strict = to[0] == last and network.fault != "output with >="
            if more > 0 or (more == 0 and not strict):
                self.ends[key, to[1], start[1]] = (start, to)
        self.above = {unit: self._from(unit) for unit in self.units}
        routes = [
            route
            for start in self.inputs
            for route in self._routes(start)
            if (self.ends[route[-1]][1], start) not in self.allowed
        ]
        self.leaking = set().union(*routes)
        self.leaking_through = {
            unit: set().union(*(r for r in routes if any(unit in self.ends[c] for c in r)))
            for unit in self.units
        }

    def __getitem__(self, layer):
        return self.degrees[layer]

    def _from(self, unit):
        found = set()
        for start, to in self.ends.values():
            if start == unit:
                found |= {to} | self._from(to)
        return found

    def _routes(self, unit):
        if unit in self.outputs:
            return [()]
        return [
            (connection, *rest)
            for connection, (start, to) in self.ends.items()
            if start == unit
            for rest in self._routes(to)
        ]

    def paths(self, unit):
        """Connections on paths to a unit, and on paths from it."""
        return (
            {c for c, (_, to) in self.ends.items() if to == unit or unit in self.above[to]},
            {c for c, (start, _) in self.ends.items() if start in {unit} | self.above[unit]},
        )

    def shape(self, key):
        if key == "direct":
            return len(self.outputs), len(self.inputs)
        return len(self[key + 1]), len(self[key])

    @property
    def connection_classes(self):
        classes = {connection: set() for connection in self.ends}
        for number, unit in enumerate(self.units):
            for letter, found in zip(
                "adl", (*self.paths(unit), self.leaking_through[unit]), strict=True
            ):
                for connection in found:
                    classes[connection].add(f"{letter}{number}")
        return classes

    def unit_classes(self, unit):
        return {f"a{self.number[other]}" for other in self.above[unit]} | {
            f"d{number}" for number, other in enumerate(self.units) if unit in self.above[other]
        }


wired = cache(Wiring)


@cache
def pictures(network, selected=None):
    return [parsed(picture) for picture in draw_pictures(network, selected)]


def parsed(markup):
    root = ElementTree.fromstring(markup)
    for part in root.iter():
        part.tag = part.tag.rpartition("}")[2]
    return root


def at(part, *names):
    return tuple(float(part.get(name)) for name in names)


def nodes(network):
    graph = pictures(network)[0]
    found = {int(g.get("data-unit")): g for g in graph.iter("g") if g.get("data-unit")}
    wiring = wired(network)
    assert sorted(found) == list(range(len(wiring.units)))
    return {unit: found[number] for number, unit in enumerate(wiring.units)}


def centres(network):
    return {unit: at(g.find("circle"), "cx", "cy") for unit, g in nodes(network).items()}


def lines(network):
    """The element drawn for each connection."""
    found = {}
    for part in pictures(network)[0].iter():
        if (key := part.get("data-mask")) is not None:
            key = key if key == "direct" else int(key)
            connection = (key, int(part.get("data-to")), int(part.get("data-from")))
            assert connection not in found
            found[connection] = part
    return found


def route_of(line):
    """Points along a line, or along an arc with one control point."""
    if line.tag == "line":
        start, end = at(line, "x1", "y1"), at(line, "x2", "y2")
        control = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    else:
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", line.get("d"))]
        start, control, end = zip(numbers[::2], numbers[1::2], strict=True)
    return [
        tuple(
            (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
            for a, b, c in zip(start, control, end, strict=True)
        )
        for t in np.linspace(0, 1, 401)
    ]


def unit_name(network, unit):
    layer, k = unit
    if layer == 0:
        return network.names[k]
    if layer == len(network.hidden) + 1:
        return HATS[network.names[k]]
    return f"unit {k + 1} of hidden layer {layer}"


def chosen_by(handler):
    """The number of the unit that a handler selects, for a point at a height of the element."""
    number = re.search(r"querySelector\('\.made-unit select'\);c\.selectedIndex=(.*?);", handler)
    script = number[1].replace("this.getBoundingClientRect()", "box")
    script = re.sub(r"Math\.(floor|min|max)", r"\1", script).replace("event.clientY", "y")
    script = script.replace("box.top", "100").replace("box.height", "400")
    return lambda share: eval(script, {"floor": floor, "y": 100 + 400 * share})


# ---- sentences ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "sentences"),
    [
        (
            "none",
            [
                "x₁ reaches nothing. It may reach nothing.",
                "x₂ reaches x̂₃ and x̂₁. It may reach x̂₃ and x̂₁.",
                "x₃ reaches x̂₁. It may reach x̂₁.",
                "Unit 1 of hidden layer 1 has degree 2. It sees x₂ and x₃; it is seen by x̂₁.",
                "Unit 2 of hidden layer 1 has degree 1. It sees x₂; it is seen by x̂₃ and x̂₁.",
                "x̂₁ sees x₂ and x₃. It may see x₂ and x₃.",
                "x̂₂ sees nothing. It may see nothing.",
                "x̂₃ sees x₂. It may see x₂.",
            ],
        ),
        (
            "output with >=",
            [
                "x₁ reaches nothing. It may reach nothing.",
                "x₂ reaches x̂₂, x̂₃ and x̂₁. It may reach x̂₃ and x̂₁. A leak: x̂₂.",
                "x₃ reaches x̂₃ and x̂₁. It may reach x̂₁. A leak: x̂₃.",
                "Unit 1 of hidden layer 1 has degree 2. "
                "It sees x₂ and x₃; it is seen by x̂₃ and x̂₁.",
                "Unit 2 of hidden layer 1 has degree 1. It sees x₂; it is seen by x̂₂, x̂₃ and x̂₁.",
                "x̂₁ sees x₂ and x₃. It may see x₂ and x₃.",
                "x̂₂ sees x₂. It may see nothing. A leak: x₂.",
                "x̂₃ sees x₂ and x₃. It may see x₂. A leak: x₃.",
            ],
        ),
        (
            "degrees = ordering + 1",
            [
                "x₁ reaches x̂₂. It may reach nothing. A leak: x̂₂.",
                "x₂ reaches nothing. It may reach x̂₃ and x̂₁. No path leads to x̂₃ and x̂₁.",
                "x₃ reaches x̂₂ and x̂₁. It may reach x̂₁. A leak: x̂₂.",
                "Unit 1 of hidden layer 1 has degree 2. It sees x₃ and x₁; it is seen by x̂₂.",
                "Unit 2 of hidden layer 1 has degree 1. It sees x₃; it is seen by x̂₂ and x̂₁.",
                "x̂₁ sees x₃. It may see x₂ and x₃. No path leads from x₂.",
                "x̂₂ sees x₃ and x₁. It may see nothing. A leak: x₃ and x₁.",
                "x̂₃ sees nothing. It may see x₂. No path leads from x₂.",
            ],
        ),
    ],
)
def test_every_units_whole_sentence(fault, sentences):
    network = replace(THREE, fault=fault)
    assert [network.sentence(*unit) for unit in wired(network).units] == sentences


def test_a_sentence_tells_of_a_missing_path_before_a_leak():
    network = Network(NAMES[:3], (1, 2, 0), ((2,),), fault="degrees = ordering + 1")
    assert network.sentence(0, 2) == (
        "x₃ reaches x̂₂. It may reach x̂₁. No path leads to x̂₁. A leak: x̂₂."
    )
    network = Network(NAMES[:3], (2, 0, 1), ((1,),), fault="degrees = ordering + 1")
    assert network.sentence(2, 0) == (
        "x̂₁ sees x₂. It may see x₃. No path leads from x₃. A leak: x₂."
    )


@under_each_fault(GRAPHS | HEAT_MAPS)
def test_sentences_name_what_paths_connect_in_the_order_of_generation(network):
    wiring, last = wired(network), len(network.hidden) + 1

    def said(units):
        by_step = sorted(units, key=lambda unit: network.ordering.index(unit[1]))
        names = [unit_name(network, unit) for unit in by_step]
        if len(names) < 2:
            return names[0] if names else "nothing"
        return f"{', '.join(names[:-1])} and {names[-1]}"

    for unit in wiring.units:
        layer, k = unit
        seen = {j for j in wiring.inputs if unit in wiring.above[j]}
        reached = wiring.above[unit] & set(wiring.outputs)
        if 1 <= layer < last:
            expected = (
                f"Unit {k + 1} of hidden layer {layer} has degree {wiring[layer][k]}. "
                f"It sees {said(seen)}; it is seen by {said(reached)}."
            )
        else:
            inner, found = ("reaches", reached) if layer == 0 else ("sees", seen)
            may = {i for i, j in wiring.allowed if j == unit} | {
                j for i, j in wiring.allowed if i == unit
            }
            verb, way = ("reach", "to") if layer == 0 else ("see", "from")
            expected = (
                f"{unit_name(network, unit)} {inner} {said(found)}. It may {verb} {said(may)}."
                + f" No path leads {way} {said(may - found)}." * bool(may - found)
                + f" A leak: {said(found - may)}." * bool(found - may)
            )
        assert network.sentence(*unit) == expected


# ---- the graph ----------------------------------------------------------------------------------


@under_each_fault(GRAPHS)
def test_each_circle_holds_its_degree(network):
    wiring = wired(network)
    for (layer, k), node in nodes(network).items():
        (degree,) = [part for part in node.iter("text") if part.get("class") == "degree"]
        assert degree.text == str(wiring[layer][k])
        (x, y), (cx, cy) = at(degree, "x", "y"), at(node.find("circle"), "cx", "cy")
        assert (x, degree.get("text-anchor")) == (cx, "middle")
        assert 0 < y - cy < 8


@under_each_fault(GRAPHS)
def test_names_stand_beside_inputs_plain_and_beside_outputs_with_a_hat(network):
    last = len(network.hidden) + 1
    for unit, node in nodes(network).items():
        names = [part for part in node.iter("text") if part.get("class") != "degree"]
        x, y, radius = at(node.find("circle"), "cx", "cy", "r")
        if 1 <= unit[0] < last:
            assert names == []
            continue
        (name,) = names
        assert name.text == unit_name(network, unit)
        assert abs(float(name.get("y")) - y) < 8
        if unit[0] == 0:
            assert name.get("text-anchor") == "end"
            assert float(name.get("x")) < x - radius
        else:
            assert name.get("text-anchor") == "start"
            assert float(name.get("x")) > x + radius


@under_each_fault(GRAPHS)
def test_layers_stand_from_left_to_right_below_their_headings(network):
    graph, place = pictures(network)[0], centres(network)
    columns = [
        {x for (layer, _), (x, _) in place.items() if layer == wanted}
        for wanted in range(len(network.hidden) + 2)
    ]
    headings = {
        part.text: float(part.get("x"))
        for part in graph.findall("text")
        if part.get("class") != "cross"
    }
    assert list(headings) == [
        "inputs",
        *(f"hidden {k + 1}" for k in range(len(network.hidden))),
        "outputs",
    ]
    assert [{x} for x in headings.values()] == columns
    assert sorted(headings.values()) == list(headings.values())
    for (layer, k), (_, y) in place.items():
        assert k == 0 or y > place[layer, k - 1][1]
    middles = [
        np.mean([y for (layer, _), (_, y) in place.items() if layer == wanted])
        for wanted in range(len(columns))
    ]
    assert middles == pytest.approx([middles[0]] * len(columns))


@pytest.mark.parametrize("size", [1, 2, 6, 7, 12, 13, 16])
def test_circles_and_names_fit_into_the_graph(size):
    names = tuple(f"a long name {i}" for i in range(size))
    network = Network(names, tuple(range(size)), ((1,) * 3, (1,) * 16, (1, 1), (1,), (1,))[:size])
    graph = pictures(network)[0]
    width, height = at(graph, "width", "height")
    circles = [at(circle, "cx", "cy", "r") for circle in graph.iter("circle")]
    for (x1, y1, r1), (x2, y2, r2) in combinations(circles, 2):
        assert hypot(x1 - x2, y1 - y2) > r1 + r2
    for x, y, r in circles:
        assert r <= x <= width - r
        assert r + 18 < y <= height - r
    for unit in (g for g in graph.iter("g") if g.get("data-unit")):
        for name in unit.findall("text")[1:]:
            room = float(name.get("x"))
            room = room if name.get("text-anchor") == "end" else width - room
            assert room >= 7 * len(name.text)


@under_each_fault(GRAPHS)
def test_each_unit_is_a_button_that_says_and_selects_itself(network):
    wiring = wired(network)
    for unit, node in nodes(network).items():
        degree = wiring[unit[0]][unit[1]]
        assert node.get("aria-label") == f"{unit_name(network, unit)}, degree {degree}"
        assert (node.get("role"), node.get("tabindex")) == ("button", "0")
        assert chosen_by(node.get("onclick"))(0) == wiring.number[unit]
        assert "this.onclick(event)" in node.get("onkeydown")


@under_each_fault(GRAPHS)
def test_each_line_joins_the_circles_of_its_connection(network):
    wiring, place = wired(network), centres(network)
    drawn = lines(network)
    assert set(drawn) == set(wiring.ends)
    for connection, line in drawn.items():
        points, (start, to) = route_of(line), wiring.ends[connection]
        assert points[0] == pytest.approx(place[start], abs=0.5)
        assert points[-1] == pytest.approx(place[to], abs=0.5)


def test_direct_connections_are_arcs_well_above_the_straight_line():
    for (key, *_), line in lines(GRAPHS["two layers, direct"]).items():
        assert (line.tag == "path") == (key == "direct")
        if key == "direct":
            points = route_of(line)
            assert line.get("fill") == "none"
            assert points[200][1] < (points[0][1] + points[-1][1]) / 2 - 20


@under_each_fault(GRAPHS)
def test_exactly_the_leaking_lines_are_marked(network):
    wiring, drawn = wired(network), lines(network)
    marked = {c for c, line in drawn.items() if "leak" in line.get("class").split()}
    assert marked == wiring.leaking
    assert marked == {
        (key, to, start)
        for key, leaking in network.leaking.items()
        for to, start in leaking.nonzero().tolist()
    }
    assert bool(marked) == bool(network.leaks.any())


@under_each_fault(GRAPHS)
def test_a_cross_lies_on_each_leaking_line_into_an_output_and_nowhere_else(network):
    wiring, drawn = wired(network), lines(network)
    crosses = [part for part in pictures(network)[0].iter("text") if part.get("class") == "cross"]
    assert {part.text for part in crosses} <= {"✕"}
    free = [(x, y - 6) for x, y in (at(part, "x", "y") for part in crosses)]
    for connection in sorted(wiring.leaking, key=str):
        if wiring.ends[connection][1] not in wiring.outputs:
            continue
        points = route_of(drawn[connection])
        distance, nearest = min(
            (hypot(x - a, y - b), (x, y)) for x, y in free for a, b in points[20:-20]
        )
        assert distance < 2
        free.remove(nearest)
    assert free == []


@under_each_fault(GRAPHS)
def test_classes_of_lines_say_whose_paths_they_lie_on(network):
    expected = wired(network).connection_classes
    for connection, line in lines(network).items():
        words = Counter(line.get("class").split())
        assert set(words) - {"line", "leak"} == expected[connection]
        assert words["line"] == 1


@under_each_fault(GRAPHS)
def test_classes_of_units_say_whose_ancestors_and_descendants_they_are(network):
    wiring = wired(network)
    for unit, node in nodes(network).items():
        words = node.get("class").split()
        assert words[0] == "unit"
        assert sorted(words[1:]) == sorted(wiring.unit_classes(unit))


@under_each_fault({name: n for name, n in (GRAPHS | HEAT_MAPS).items() if n.direct})
def test_paths_never_light_direct_connections_that_pass_a_unit_by(network):
    wiring = wired(network)
    for unit in wiring.units:
        lit = {
            (to, start)
            for key, (_, on_path) in network.paths(*unit).items()
            if key == "direct"
            for to, start in on_path.nonzero().tolist()
        }
        assert lit == {(c[1], c[2]) for c in set().union(*wiring.paths(unit)) if c[0] == "direct"}
        if unit not in wiring.inputs + wiring.outputs:
            assert lit == set()


def test_graphs_give_way_to_heat_maps_beyond_16_units_8_layers_or_1500_lines():
    def is_graph(network):
        return pictures(network)[0].find(".//circle") is not None

    names, ordering = tuple("abcdefghijklmnop"), tuple(range(16))
    assert is_graph(Network(names, ordering, ((1,) * 16,)))
    assert not is_graph(Network(names, ordering, ((1,) * 17,)))
    assert is_graph(Network(names[:2], (0, 1), ((1,),) * 6))
    assert not is_graph(Network(names[:2], (0, 1), ((1,),) * 7))
    below = ((1,) * 16,) * 5
    full = Network(names, ordering, (*below, (1,) * 12 + (10,) * 4))
    assert sum(int(mask.sum()) for mask in full.masks) == 1500
    assert is_graph(full)
    assert not is_graph(replace(full, hidden=(*below, (1,) * 12 + (9,) + (10,) * 3)))


# ---- what reaches what --------------------------------------------------------------------------


@under_each_fault(GRAPHS | HEAT_MAPS)
def test_the_dependence_matrix_shows_what_is_reached_against_what_is_allowed(network):
    wiring = wired(network)
    cells = {
        (int(g.get("data-row")), int(g.get("data-column"))): g.get("data-state")
        for g in pictures(network)[1].iter("g")
        if g.get("data-state")
    }
    assert cells == {
        (i[1], j[1]): {
            (True, True): "seen",
            (True, False): "leak",
            (False, True): "allowed",
            (False, False): "none",
        }[i in wiring.above[j], (i, j) in wiring.allowed]
        for i, j in product(wiring.outputs, wiring.inputs)
    }


@under_each_fault(GRAPHS | HEAT_MAPS)
def test_a_row_of_the_dependence_matrix_selects_its_output(network):
    matrix = pictures(network)[1]
    rows = {part.text: float(part.get("y")) for part in matrix.iter("text") if part.get("data-row")}
    clickable = [part for part in matrix.iter("rect") if part.get("onclick")]
    assert len(clickable) == len(rows) == len(network.names)
    for part in clickable:
        y, height = at(part, "y", "height")
        (name,) = [name for name, baseline in rows.items() if y < baseline < y + height]
        unit = wired(network).units[chosen_by(part.get("onclick"))(0.5)]
        assert name == unit_name(network, unit)


# ---- the masks as matrices ----------------------------------------------------------------------

SYMBOLS = {0: "W¹", 1: "W²", 2: "W³", "direct": "A"}


def titles(picture):
    """Symbol and x of each mask's name, from the left."""
    found = []
    for part in picture.iter("text"):
        if part.text == "M":
            symbol, *what = ["".join(span.itertext()) for span in part.findall("tspan")]
            found.append((symbol, what, float(part.get("x"))))
    return sorted(found, key=lambda title: title[2])


def expected_titles(network):
    last = len(network.hidden)
    return [
        ("V", ["output"]) if key == last else (SYMBOLS[key], ["direct"] if key == "direct" else [])
        for key in wired(network).keys
    ]


@under_each_fault(GRAPHS)
def test_matrices_bear_the_papers_symbols(network):
    found = titles(pictures(network)[2])
    assert [(symbol, what) for symbol, what, _ in found] == expected_titles(network)


@cache
def matrices(network):
    """For each mask: its cells by (row, column), and the texts around and in them."""
    picture = pictures(network)[2]
    bounds = [x for *_, x in titles(picture)] + [float("inf")]
    cells = picture.findall("rect")[1:]
    texts = [
        part
        for part in picture.findall("text")
        if part.text == "✕" or re.fullmatch(r"\d+", part.text)
    ]
    found = {}
    for key, (left, right) in zip(wired(network).keys, pairwise(bounds), strict=True):
        own = [part for part in cells if left <= float(part.get("x")) < right]
        xs, ys = (sorted({float(part.get(name)) for part in own}) for name in "xy")
        by_place = {
            (ys.index(float(part.get("y"))), xs.index(float(part.get("x")))): part for part in own
        }
        assert len(by_place) == len(own) == len(xs) * len(ys)
        found[key] = (by_place, [t for t in texts if left <= float(t.get("x")) < right])
    assert sum(len(by_place) for by_place, _ in found.values()) == len(cells)
    return found


def covers(cell, part, axis):
    start, length = at(cell, axis, {"x": "width", "y": "height"}[axis])
    return start <= float(part.get(axis)) <= start + length


@under_each_fault(GRAPHS)
def test_cells_are_filled_where_a_weight_may_exist_and_classed_like_lines(network):
    wiring = wired(network)
    classes = wiring.connection_classes
    for key, (cells, _) in matrices(network).items():
        rows, columns = wiring.shape(key)
        assert set(cells) == set(product(range(rows), range(columns)))
        for (i, j), cell in cells.items():
            if (key, i, j) in wiring.ends:
                words = cell.get("class").split()
                assert words[0] == "cell"
                assert sorted(words[1:]) == sorted(classes[key, i, j])
                assert cell.get("fill") is None
            else:
                assert (cell.get("class"), cell.get("fill")) == (None, "white")
                assert cell.get("stroke").lower() == PALE


@under_each_fault(GRAPHS)
def test_crosses_in_matrices_are_at_leaking_weights_of_outputs(network):
    wiring = wired(network)
    for key, (cells, texts) in matrices(network).items():
        crosses = [part for part in texts if part.text == "✕"]
        crossed = [
            place
            for part in crosses
            for place, cell in cells.items()
            if covers(cell, part, "x") and covers(cell, part, "y")
        ]
        assert len(crossed) == len(crosses)
        assert sorted(crossed) == sorted(
            (to, start)
            for mask, to, start in wiring.leaking
            if mask == key and wiring.ends[mask, to, start][1] in wiring.outputs
        )


@under_each_fault(GRAPHS)
def test_degrees_stand_along_rows_and_columns(network):
    wiring = wired(network)
    for key, (cells, texts) in matrices(network).items():
        numbers = [part for part in texts if part.text != "✕"]
        left, top = at(cells[0, 0], "x", "y")
        above = [part for part in numbers if float(part.get("y")) < top]
        beside = [part for part in numbers if float(part.get("x")) < left]
        assert len(above) + len(beside) == len(numbers) == sum(wiring.shape(key))
        to_layer = -1 if key == "direct" else key + 1
        from_layer = 0 if key == "direct" else key
        for j, degree in enumerate(wiring[from_layer]):
            (part,) = [part for part in above if covers(cells[0, j], part, "x")]
            assert part.text == str(degree)
        for i, degree in enumerate(wiring[to_layer]):
            (part,) = [part for part in beside if covers(cells[i, 0], part, "y")]
            assert part.text == str(degree)


@under_each_fault(GRAPHS)
def test_matrices_do_not_overlap_and_lie_inside_their_picture(network):
    picture = pictures(network)[2]
    width, height = at(picture, "width", "height")
    boxes = []
    for cells, texts in matrices(network).values():
        corners = [at(cell, "x", "y", "width", "height") for cell in cells.values()]
        x = [float(t.get("x")) - 4 for t in texts] + [x + w for x, _, w, _ in corners]
        y = [y + h for _, y, _, h in corners]
        boxes.append((min(x), max(x)))
        assert max(y) <= height
    assert boxes[0][0] >= 0
    assert boxes[-1][1] <= width
    assert all(a[1] < b[0] for a, b in pairwise(boxes))


# ---- the masks as heat-maps ---------------------------------------------------------------------


def decoded(image):
    kind, data = image.get("href").split(",")
    assert kind == "data:image/png;base64"
    colours = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
    return [["#" + bytes(pixel).hex() for pixel in row] for row in colours]


def expected_colours(network, selected, key):
    wiring = wired(network)
    to_it, from_it = wiring.paths(selected) if selected else ((), ())
    rows, columns = wiring.shape(key)

    def colour(connection):
        if connection not in wiring.ends:
            return WHITE
        if connection in wiring.leaking:
            return INK
        return BLUE if connection in to_it else ORANGE if connection in from_it else PALE

    return [[colour((key, i, j)) for j in range(columns)] for i in range(rows)]


@pytest.mark.parametrize(
    "selected", [None, (1, 0), (1, 1), (2, 0), (2, 2), (0, 0), (0, 3), (3, 0), (3, 1)], ids=str
)
@under_each_fault(HEAT_MAPS)
def test_pixels_show_weights_paths_and_leaks(network, selected):
    picture = pictures(network, selected)[0]
    images = sorted(picture.iter("image"), key=lambda image: float(image.get("x")))
    for key, image in zip(wired(network).keys, images, strict=True):
        assert decoded(image) == expected_colours(network, selected, key)


def test_heat_maps_of_the_examples_show_every_colour():
    shown = {
        colour
        for network, fault in product(HEAT_MAPS.values(), FAULTS)
        for key in wired(network).keys
        for row in expected_colours(replace(network, fault=fault), (1, 1), key)
        for colour in row
    }
    assert shown == {WHITE, PALE, BLUE, ORANGE, INK}


@under_each_fault(HEAT_MAPS)
def test_heat_maps_stand_below_their_symbols_inside_their_picture(network):
    picture = pictures(network)[0]
    found = titles(picture)
    assert [(symbol, what) for symbol, what, _ in found] == expected_titles(network)
    width, height = at(picture, "width", "height")
    images = sorted(at(image, "x", "y", "width", "height") for image in picture.iter("image"))
    bounds = [x for *_, x in found] + [width]
    for (x, y, w, h), (left, right), key in zip(
        images, pairwise(bounds), wired(network).keys, strict=True
    ):
        assert left <= x < x + w <= right
        assert 18 < y < y + h <= height
        rows, columns = wired(network).shape(key)
        assert w / h == pytest.approx(columns / rows, rel=1e-2)


@under_each_fault(HEAT_MAPS)
def test_a_row_of_a_heat_map_selects_the_unit_it_leads_to(network):
    wiring, picture = wired(network), pictures(network)[0]
    clickable = [part for part in picture.iter("rect") if part.get("onclick")]
    images = list(picture.iter("image"))
    for key, part, image in zip(wiring.keys, clickable, images, strict=True):
        assert at(part, "x", "y") == pytest.approx(at(image, "x", "y"), abs=2)
        assert at(part, "width", "height") == pytest.approx(at(image, "width", "height"), abs=3)
        rows, _ = wiring.shape(key)
        above = len(network.hidden) + 1 if key == "direct" else key + 1
        chosen = chosen_by(part.get("onclick"))
        assert [wiring.units[chosen((i + 0.5) / rows)] for i in range(rows)] == [
            (above, i) for i in range(rows)
        ]
        # the frame is a little wider than the mask
        assert wiring.units[chosen(-0.001)] == (above, 0)
        assert wiring.units[chosen(1.001)] == (above, rows - 1)


# ---- words and colours --------------------------------------------------------------------------


def rules_of(css):
    """(selector, {property: value}) of a style sheet, in its order."""
    return [
        (selector.strip(), dict(re.findall(r"([\w-]+):\s*([^;}]+)", body)))
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css)
    ]


def style_of(classes, scope, rules):
    """What a part with these classes looks like inside an element that matches ``scope``."""
    fitting = []
    for order, (selector, look) in enumerate(rules):
        before, _, own = selector.rpartition(" ")
        wanted = own.split(".")[1:]
        if before == scope and own.startswith(".") and set(wanted) <= set(classes):
            fitting.append((len(wanted), order, look))
    style = {}
    for *_, look in sorted(fitting, key=lambda rule: rule[:2]):
        style |= look
    return {name: value.lower() for name, value in style.items()}


def kind_of_line(style):
    """Solid, dashed or dotted, and the colour."""
    first = style.get("stroke-dasharray", "none").split()[0]
    kind = "solid" if first == "none" else "dotted" if float(first) < 4 else "dashed"
    return kind, style["stroke"]


@under_each_fault(GRAPHS)
def test_a_saved_page_lights_up_the_selected_units_paths_and_keeps_leaks_dotted(network):
    wiring = wired(network)
    cells = {
        (key, *place): cell
        for key, (by_place, _) in matrices(network).items()
        for place, cell in by_place.items()
        if cell.get("class")
    }
    for unit in wiring.units[:: max(1, len(wiring.units) // 4)]:
        page = parsed(draw_page(network, unit, "A report."))
        rules = rules_of("".join(style.text for style in page.iter("style")))
        to_it, from_it = wiring.paths(unit)
        for connection, line in lines(network).items():
            drawn = kind_of_line(style_of(line.get("class").split(), ".made-graph", rules))
            style = style_of(cells[connection].get("class").split(), ".made-graph", rules)
            if connection in wiring.leaking_through[unit]:
                assert (*drawn, style["fill"]) == ("dotted", ORANGE, ORANGE)
            elif connection in to_it:
                assert (*drawn, style["fill"]) == ("solid", BLUE, BLUE)
            elif connection in from_it:
                assert (*drawn, style["fill"]) == ("dashed", ORANGE, ORANGE)
            else:
                assert drawn == ("dotted", ORANGE) or connection not in wiring.leaking
                assert drawn == ("solid", "#8c8c8c") or connection in wiring.leaking
                assert style["fill"] == "#8c8c8c"
        fill = dict(rules)[f'.made-graph [data-unit="{wiring.number[unit]}"] circle']["fill"]
        assert fill == INK


@under_each_fault(GRAPHS)
def test_words_hold_every_units_sentence_and_show_it_where_the_unit_is_pointed_at(network):
    words = parsed(f"<div>{draw_words(network)}</div>")
    said = {part.get("class"): part.text for part in words.iter("b")}
    wiring = wired(network)
    assert said == {
        f"made-say say{number}": network.sentence(*unit) for number, unit in enumerate(wiring.units)
    }
    rules = rules_of("".join(style.text for style in words.iter("style")))
    hidden = [look for selector, look in rules if selector == ".made-graph .made-say"]
    assert hidden == [{"display": "none"}]
    shown = [selector for selector, look in rules if look == {"display": "block"}]
    assert shown == [
        f'.made-graph:has([data-unit="{number}"]:is(:hover,:focus-visible)) .say{number}'
        for number, _ in enumerate(wiring.units)
    ]


@under_each_fault(GRAPHS)
def test_pointing_at_a_unit_lights_up_its_own_paths(network):
    words = parsed(f"<div>{draw_words(network)}</div>")
    rules = rules_of("".join(style.text for style in words.iter("style")))
    for number, _ in enumerate(wired(network).units):
        scope = f'.made-graph:has([data-unit="{number}"]:is(:hover,:focus-visible))'
        lit = {selector.removeprefix(scope) for selector, _ in rules if selector.startswith(scope)}
        looks = {
            letter: kind_of_line(style_of([f"{letter}{number}", "line"], scope, rules))
            for letter in "adl"
        }
        assert looks == {"a": ("solid", BLUE), "d": ("dashed", ORANGE), "l": ("dotted", ORANGE)}
        assert {int(n) for selector in lit for n in re.findall(r"[adl](\d+)", selector)} == {number}
        assert f' [data-unit="{number}"] circle' in lit


@pytest.mark.parametrize(("fault", "strict"), [(fault, fault != FAULTS[1]) for fault in FAULTS])
def test_words_state_the_rule_that_the_masks_follow(fault, strict):
    words = "".join(parsed(f"<div>{draw_words(replace(THREE, fault=fault))}</div>").itertext())
    assert ("every output with m(to) > m(from)" in words) == strict
    assert ("every output with m(to) ≥ m(from)" in words) != strict


def test_words_beside_heat_maps_explain_their_colours_and_no_lines():
    words = draw_words(HEAT_MAPS["wide"])
    assert all(colour in words for colour in ("Grey:", "Blue:", "Orange:", "Black:"))
    assert "<style" not in words
    assert "dashed" not in words


# ---- the saved page -----------------------------------------------------------------------------

REPORT = "First words (with more), and others. Second words. (A note.)"
PAGES = {
    "one layer": THREE,
    "one variable": Network(NAMES[:1], (0,), ((1,),)),
    "two layers, direct": GRAPHS["two layers, direct"],
    "wide, direct": HEAT_MAPS["wide, direct"],
    "long names": Network(("a name of some length", "b", "another name"), (2, 0, 1), ((1, 2),)),
    "12 variables": Network(tuple("abcdefghijkl"), tuple(range(12)), ((3,) * 12,) * 4),
    "28 variables": Network(
        tuple(f"x{i}" for i in range(28)), tuple(range(28)), ((1, 9, 20),), direct=True
    ),
}


@under_each_fault(PAGES)
def test_parts_of_a_saved_page_do_not_overlap_and_lie_inside_it(network):
    page = parsed(draw_page(network, (0, 0), "First words. Second words."))
    width, height = at(page, "width", "height")
    view = [float(edge) for edge in page.get("viewBox").split()]
    assert view == pytest.approx([0, 0, width, height], abs=0.5)
    boxes = []
    for group in page.findall("g"):
        x, y = map(float, re.findall(r"-?[\d.]+", group.get("transform")))
        (part,) = group.findall("svg")
        w, h = at(part, "width", "height")
        boxes.append((x, y, x + w, y + h))
    assert len(boxes) == len(draw_pictures(network))
    for x1, y1, x2, y2 in boxes:
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    assert {part.get("text-anchor") for part in page.findall("text")} == {"start"}
    baselines = [float(part.get("y")) for part in page.findall("text")]
    highest, lowest = min(y for _, y, *_ in boxes), max(y for *_, y in boxes)
    assert baselines[0] < highest
    assert all(lowest + 10 < y < height for y in baselines[1:])
    assert all(upper + 14 <= lower for upper, lower in pairwise(baselines[1:]))


@under_each_fault(PAGES)
def test_a_saved_page_holds_formula_sentence_and_report(network):
    for unit in [(0, 0), (1, 0), (2, 0)]:
        page = parsed(draw_page(network, unit, REPORT))
        said = [part.text for part in page.findall("text")]
        wanted = "wanted: " if network.leaks.any() else ""
        first = network.names[network.ordering[0]]
        assert said[0].startswith(f"{wanted}p(x) = p({first})")
        words = " ".join(said[1:])
        colours = "Orange, dashed:" if page.find(".//circle") is not None else "Grey:"
        for part in (network.sentence(*unit), REPORT, colours):
            assert part in words
            assert part in page.get("aria-label")
        assert said[0] in page.get("aria-label")


@under_each_fault(PAGES)
def test_nothing_in_a_saved_page_can_be_pressed_or_focused(network):
    page = parsed(draw_page(network, (0, 0), "A report."))
    names = set().union(*(part.attrib for part in page.iter()))
    assert not any(name.startswith("on") for name in names)
    assert "tabindex" not in names
    assert not any(part.get("role") == "button" for part in page.iter())


def test_a_saved_page_of_heat_maps_colours_the_selected_units_paths():
    network = HEAT_MAPS["wide"]
    page = parsed(draw_page(network, (2, 1), "A report."))
    images = list(page.iter("image"))
    for key, image in zip(wired(network).keys, images, strict=True):
        assert decoded(image) == expected_colours(network, (2, 1), key)


# ---- hostile names ------------------------------------------------------------------------------


class Markup(HTMLParser):
    """Tags, attributes and words of a page, as a browser takes them."""

    def __init__(self, markup):
        super().__init__()
        self.tags, self.attributes, self.words = set(), [], ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.words += data


def assert_harmless(markup, *names):
    found = Markup(markup)
    assert not found.tags & {"script", "i"}
    assert "onload" not in dict(found.attributes)
    handlers = [value for name, value in found.attributes if name.startswith("on")]
    assert not any("alert" in handler for handler in handlers)
    for name in names:
        assert name in found.words


def walk(widget):
    for child in getattr(widget, "children", ()):
        yield child
        yield from walk(child)


def controls(w):
    return {
        part.description: part
        for part in walk(w)
        if isinstance(part, (Button, Text, Dropdown, Checkbox, BoundedIntText))
    }


def shown(w):
    return [part.value for part in walk(w) if isinstance(part, HTML)]


@pytest.fixture
def explorer():
    made = []

    def make(*arguments, **options):
        made.append(MaskExplorer(*arguments, **options))
        return made[-1]

    yield make
    for w in made:
        w.close()


@pytest.mark.parametrize("hidden", [(2,), (17,)], ids=["graph", "heat-maps"])
@pytest.mark.parametrize("fault", FAULTS)
def test_hostile_names_are_text_in_every_part_of_the_page(explorer, tmp_path, fault, hidden):
    w = explorer(3, hidden, names=HOSTILE, direct=True)
    w.fault = fault
    for unit in [(0, 0), (1, 1), (2, 0), (2, 2)]:
        w.selected = unit
        for markup in shown(w):
            assert_harmless(markup)
        said = [markup for markup in shown(w) if w.sentence in Markup(markup).words]
        assert len(said) >= 1
        w.save(tmp_path / "page.svg")
        page = (tmp_path / "page.svg").read_text(encoding="utf-8")
        assert_harmless(page, w.factorization, w.sentence)
        root = parsed(page)
        assert w.sentence in "".join(root.itertext())
    drawn = next(markup for markup in shown(w) if "made-formula" in markup and "<svg" in markup)
    assert_harmless(drawn, w.factorization)
    report = next(markup for markup in shown(w) if "Σ" in markup)
    named = HOSTILE if fault == FAULTS[2] else ()
    assert_harmless(report, *named)


@pytest.mark.parametrize("fault", FAULTS)
def test_hostile_names_are_text_where_a_problem_is_shown(explorer, fault):
    w = explorer(3, (2,), names=HOSTILE)
    w.fault = fault
    controls(w)["Ordering"].value = f"{HOSTILE[0]}!"
    assert HOSTILE[0] in w.problem
    (line,) = [markup for markup in shown(w) if 'role="alert"' in markup]
    assert_harmless(line, w.problem)


@pytest.mark.parametrize("hidden", [((2, 1),), ((1,) * 17,)], ids=["graph", "heat-maps"])
@pytest.mark.parametrize("fault", FAULTS)
def test_pictures_and_words_escape_hostile_names(fault, hidden):
    network = Network(HOSTILE, (1, 2, 0), hidden, direct=True, fault=fault)
    for markup in [*draw_pictures(network, (1, 0)), f"<div>{draw_words(network)}</div>"]:
        assert_harmless(markup)
        parsed(markup)
    page = draw_page(network, (2, 2), f"Report of {HOSTILE[0]}. And {HOSTILE[1]}.")
    assert_harmless(page, f"Report of {HOSTILE[0]}. And {HOSTILE[1]}.")


# ---- the explorer's controls --------------------------------------------------------------------


def test_every_control_has_a_description(explorer):
    interactive = [
        part
        for part in walk(explorer())
        if isinstance(part, (Button, Text, Dropdown, Checkbox, BoundedIntText))
    ]
    assert {type(part) for part in interactive} == {
        Button,
        Text,
        Dropdown,
        Checkbox,
        BoundedIntText,
    }
    assert all(part.description.strip() for part in interactive)
    assert len({part.description for part in interactive}) == len(interactive)


@pytest.mark.parametrize("hidden", [(), (2,), (3, 2), (17,)])
def test_earlier_and_later_are_disabled_exactly_for_hidden_units(explorer, hidden):
    w = explorer(3, hidden)
    for layer, k in wired(Network(NAMES[:3], (0, 1, 2), tuple((1,) * h for h in hidden))).units:
        w.selected = (layer, k)
        is_hidden = 1 <= layer <= len(hidden)
        assert controls(w)["Earlier"].disabled == is_hidden
        assert controls(w)["Later"].disabled == is_hidden
        assert controls(w)["Its degree"].disabled != is_hidden


@pytest.mark.parametrize(("button", "steps"), [("Earlier", -1), ("Later", 1)])
@pytest.mark.parametrize("layer", [0, 2])
def test_earlier_and_later_move_the_selected_variable_one_step(explorer, button, steps, layer):
    w = explorer(5, (4,), ordering=[4, 2, 0, 1, 3])
    w.selected = (layer, 0)
    controls(w)[button].click()
    assert w.ordering.index(0) == 2 + steps
    assert [i for i in w.ordering if i != 0] == [4, 2, 1, 3]
    assert w.selected == (layer, 0)


def test_the_degree_control_follows_the_selection_within_its_bounds(explorer):
    w = explorer(4, (5, 2))
    box = controls(w)["Its degree"]
    for unit in product(range(4), range(2)):
        w.selected = unit
        degrees = [*w.degrees, w.degrees[0]]
        assert box.value == degrees[unit[0]][unit[1]]
        assert box.min == 1
        if unit[0] in (1, 2):
            assert box.max == 3


def test_a_drawn_unit_chooses_itself_in_the_list_of_units(explorer):
    w = explorer(4, (3, 2), direct=True)
    chosen = controls(w)["Unit"]
    drawn = re.findall(r'<g class="unit[^>]*>', next(m for m in shown(w) if "<circle" in m))
    assert len(drawn) == len(chosen.options) == 4 + 3 + 2 + 4
    for node in map(unescape, drawn):
        chosen.index = chosen_by(node)(0)
        assert chosen.label == re.search(r'aria-label="(.*?), degree \d+"', node)[1]


def test_what_is_lit_up_is_the_selected_units_in_this_explorer_alone(explorer):
    w, other = explorer(), explorer()
    for number, unit in enumerate(wired(Network(NAMES[:3], (1, 2, 0), ((1,) * 4,) * 2)).units):
        w.selected = unit
        (said,) = [m for m in shown(w) if 'made-said"' in m]
        rules = rules_of(re.search(r"<style>(.*?)</style>", said, re.S)[1])
        assert {int(n) for selector, _ in rules for n in re.findall(r"\.[adl](\d+)", selector)} == {
            number
        }
        for selector, _ in rules:
            own = selector.split()[0].removeprefix(".")
            assert own in w._dom_classes
            assert own not in other._dom_classes


def test_start_again_restores_everything(explorer):
    w = explorer(4, (5, 3), ordering=[2, 0, 3, 1], degrees="paper", direct=True, seed=4)
    state = ("draw", "fault", "ordering", "hidden_degrees", "direct", "selected", "sentence")
    before = {name: getattr(w, name) for name in state}
    before_page = shown(w)
    assert before["selected"] == (3, 1)
    boxes = ("Ordering", "Widths", "Degrees", "Direct connections", "Break it", "Its degree")
    before_boxes = {name: controls(w)[name].value for name in boxes}

    w.draw = "even"
    w.ordering = [0, 1, 2, 3]
    w.hidden_dims = [2]
    w.direct = False
    w.fault = "output with >="
    w.selected = (1, 0)
    controls(w)["Start again"].click()

    assert {name: getattr(w, name) for name in state} == before
    assert {name: controls(w)[name].value for name in boxes} == before_boxes
    assert shown(w) == before_page


@pytest.mark.parametrize("draw", ["even", "paper", "uniform"])
def test_a_given_models_degree_draw_is_taken_over(explorer, draw):
    model = MADE(5, (6, 4), degrees=draw, seed=1)
    w = explorer(model)
    assert w.draw == controls(w)["Degrees"].value == draw
    assert w.hidden_degrees == [layer.tolist() for layer in model.degrees[1:]]
    w.draw = "uniform" if draw == "even" else "even"
    w.restart()
    assert w.draw == controls(w)["Degrees"].value == draw
    assert w.hidden_degrees == [layer.tolist() for layer in model.degrees[1:]]


@pytest.mark.parametrize(
    ("selected", "widths", "expected"),
    [
        ((3, 2), [4], (2, 2)),
        ((3, 2), [], (1, 2)),
        ((3, 0), [1, 1, 1], (4, 0)),
        ((0, 2), [1], (0, 2)),
        ((1, 1), [4, 4, 4], (1, 1)),
        ((1, 3), [2, 4], (1, 1)),
        ((2, 3), [4, 1], (2, 0)),
        ((2, 3), [4], (2, 2)),
        ((2, 3), [4, 4, 4], (2, 3)),
    ],
)
def test_which_unit_stays_selected_when_widths_change(explorer, selected, widths, expected):
    w = explorer(3, (4, 4))
    w.selected = selected
    controls(w)["Widths"].value = ", ".join(map(str, widths))
    assert w.hidden_dims == widths
    assert w.selected == expected


@pytest.mark.parametrize("fault", FAULTS[1:])
def test_breaking_it_selects_the_first_output_that_leaks(explorer, fault):
    w = explorer(4, (5,), ordering=[1, 3, 0, 2])
    controls(w)["Break it"].value = fault
    leaking = [i for i in w.ordering if any(i == output for output, _ in w.leaks)]
    assert w.selected == (2, leaking[0])
    assert "A leak" in w.sentence


@pytest.mark.parametrize("hidden", [(4, 4), (17,)], ids=["graph", "heat-maps"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_saved_file_says_what_the_page_says(explorer, tmp_path, fault, hidden):
    w = explorer(3, hidden)
    w.fault = fault
    w.selected = (1, 2)
    w.save(tmp_path / "page.svg")
    said = "".join(ElementTree.parse(tmp_path / "page.svg").getroot().itertext())
    assert w.factorization in said
    assert w.sentence in said
    report = next(m for m in shown(w) if f"{w.total_probability:.3f}" in m)
    assert Markup(report).words in said
