"""MaskExplorer without a browser: picture, words and numbers, against every single path."""

import re
from itertools import combinations, pairwise, product
from math import hypot
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import MADE, MaskExplorer
from made_course.widgets.network import FAULTS
from made_course.words import hat, listing, variable_names
from tests.widgets.page import HOSTILE, controls, markup, page, pixels_of, status, words

_, NOT_STRICT, MIXED_UP = FAULTS


class Wiring:
    """What a state means, by loops over its degrees: lines are (mask, to, from)."""

    def __init__(self, w):
        size, self.last = len(w.ordering), len(w.hidden_dims) + 1
        self.step = {variable: t for t, variable in enumerate(w.ordering)}
        degree_of = w.ordering if w.fault == MIXED_UP else self.step
        ends = [degree_of[variable] + 1 for variable in range(size)]
        self.degrees = [ends, *w.hidden_degrees, ends]
        self.units = [(layer, k) for layer, ds in enumerate(self.degrees) for k in range(len(ds))]
        self.lines = {}
        for start, to in product(self.units, repeat=2):
            direct = w.direct and (start[0], to[0]) == (0, self.last)
            for key in [start[0]] * (to[0] == start[0] + 1) + ["direct"] * direct:
                more = self.degrees[to[0]][to[1]] - self.degrees[start[0]][start[1]]
                if more > 0 or (more == 0 and (to[0] < self.last or w.fault == NOT_STRICT)):
                    self.lines[str(key), to[1], start[1]] = (start, to)
        self.above = {}
        for unit in reversed(self.units):
            nexts = {to for start, to in self.lines.values() if start == unit}
            self.above[unit] = nexts.union(*(self.above[to] for to in nexts))
        self.inputs, self.outputs = self.units[:size], self.units[-size:]

    def may_see(self, output, variable):
        return self.step[variable[1]] < self.step[output[1]]

    def by_step(self, units):
        return sorted(units, key=lambda unit: self.step[unit[1]])

    def on_paths(self, unit):
        """Lines that lead to a unit, and lines that come from it."""
        return (
            {c for c, (_, to) in self.lines.items() if to == unit or unit in self.above[to]},
            {
                c
                for c, (start, _) in self.lines.items()
                if start == unit or start in self.above[unit]
            },
        )

    def leaking(self):
        """Lines on a way from an input to an output that may not see it."""
        return {
            c
            for c, (start, to) in self.lines.items()
            for i, o in product(self.inputs, self.outputs)
            if (start == i or start in self.above[i]) and (to == o or o in self.above[to])
            and not self.may_see(o, i)
        }  # fmt: skip


def sentence(wiring, names, unit):
    layer, k = unit
    seen = wiring.by_step(j for j in wiring.inputs if unit in wiring.above[j])
    seers = wiring.by_step(o for o in wiring.outputs if o in wiring.above[unit])
    inputs, outputs = (
        listing([names[j] for _, j in seen]),
        listing([hat(names[o]) for _, o in seers]),
    )
    if 0 < layer < wiring.last:
        return (
            f"Unit {k + 1} of hidden layer {layer} has degree {wiring.degrees[layer][k]}. "
            f"It sees {inputs}; it is seen by {outputs}."
        )
    if layer == 0:
        found, may = seers, [o for o in wiring.outputs if wiring.may_see(o, unit)]
        begin, verb, way, name = f"{names[k]} reaches {outputs}.", "reach", "to", hat
    else:
        found, may = seen, [j for j in wiring.inputs if wiring.may_see(unit, j)]
        begin, verb, way, name = f"{hat(names[k])} sees {inputs}.", "see", "from", str

    def named(units):
        return listing([name(names[j]) for _, j in wiring.by_step(units)])

    missing, leaks = set(may) - set(found), set(found) - set(may)
    said = f"{begin} It may {verb} {named(may)}."
    said += f" No path leads {way} {named(missing)}." if missing else ""
    return said + (f" A leak: {named(leaks)}." if leaks else "")


STATES = {
    "ordering": st.permutations(range(4)),
    "hidden": st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4), max_size=2),
    "direct": st.booleans(),
    "fault": st.sampled_from(FAULTS),
}


@given(**STATES)
@settings(max_examples=40)
def test_masks_picture_and_sentences_follow_from_every_path(ordering, hidden, direct, fault):
    w, names = MaskExplorer(4, (1,), ordering, direct=direct), variable_names(4)
    w.hidden_degrees, w.fault = hidden, fault
    wiring, tree = Wiring(w), page(w)
    drawn = {
        (part.get("data-mask"), int(part.get("data-to")), int(part.get("data-from"))): part
        for part in tree.iter()
        if part.get("data-mask")
    }
    classes = {c: set(line.get("class").split()) for c, line in drawn.items()}
    assert set(drawn) == set(wiring.lines)
    masks = dict(enumerate(w.masks)) | ({"direct": w.direct_mask} if direct else {})
    assert set(drawn) == {(str(k), *at) for k, m in masks.items() for at in m.nonzero().tolist()}
    assert {c for c, line in classes.items() if "leak" in line} == wiring.leaking()
    nodes = [part for part in tree.iter("g") if part.get("data-unit")]
    for number, (unit, node) in enumerate(zip(wiring.units, nodes, strict=True)):
        for letter, expected in zip("ad", wiring.on_paths(unit), strict=True):
            assert {c for c, line in classes.items() if f"{letter}{number}" in line} == expected
        numbered = list(enumerate(wiring.units))
        below = {f"a{k}" for k, other in numbered if other in wiring.above[unit]}
        above = {f"d{k}" for k, other in numbered if unit in wiring.above[other]}
        assert set(node.get("class").split()) == {"unit"} | below | above
        assert node.get("aria-label").endswith(f"degree {wiring.degrees[unit[0]][unit[1]]}")
        w.selected = unit
        assert w.sentence == sentence(wiring, names, unit)
        assert w.sentence in status(w)

    reached = {(o[1], j[1]) for o in wiring.outputs for j in wiring.inputs if o in wiring.above[j]}
    allowed = {(i, j) for i, j in product(range(4), repeat=2) if wiring.step[j] < wiring.step[i]}
    assert set(map(tuple, w.connectivity.nonzero().tolist())) == reached
    assert w.leaks == sorted(reached - allowed)
    states = {
        (int(cell.get("data-row")), int(cell.get("data-column"))): cell.get("data-state")
        for cell in tree.iter("g")
        if cell.get("data-state") and cell.get("data-row")
    }
    names_of = {(1, 1): "seen", (1, 0): "leak", (0, 1): "allowed", (0, 0): "none"}
    assert states == {at: names_of[at in reached, at in allowed] for at in states}
    assert len(states) == 16
    if any(i == j for i, j in w.leaks):
        assert w.total_probability > 1.05
    else:
        assert w.total_probability == pytest.approx(1, abs=1e-5)
    assert f"{w.total_probability:.3f}" in words(w)
    assert w.factorization.startswith("wanted: ") == bool(w.leaks)
    w.close()


def test_masks_stand_below_the_papers_symbols_with_their_degrees():
    w = MaskExplorer(3, (2,), direct=True)
    (matrices,) = [p for p in page(w).iter("svg") if p.get("aria-label") == "The masks as matrices"]
    texts = ["".join(part.itertext()) for part in matrices.iter("text")]
    assert [said[1:3].strip() for said in texts if said[0] == "M"] == ["W¹", "Vo", "Ad"]
    numbers = [int(said) for said in texts if said.isdigit()]
    order, hidden = w.degrees[0].tolist(), w.hidden_degrees[0]
    assert sorted(numbers) == sorted([*order, *hidden, *hidden, *order, *order, *order])
    filled = [r for r in matrices.iter("rect") if "cell" in r.get("class", "")]
    assert len(filled) == sum(int(m.sum()) for m in [*w.masks, w.direct_mask])


# ---- what the default and the breaks teach ------------------------------------------------------


def test_opens_with_the_documents_example():
    w = MaskExplorer()
    assert w.ordering == [1, 2, 0]
    assert w.factorization == "p(x) = p(x₂) · p(x₃ | x₂) · p(x₁ | x₂, x₃)"
    assert w.sentence == "x̂₁ sees x₂ and x₃. It may see x₂ and x₃."
    assert "x = 1.000, and no output sees what it may not" in words(w)
    assert "every output with m(to) > m(from)" in words(w)


def test_greater_or_equal_leaks_and_the_sum_shows_it():
    w = MaskExplorer()
    controls(w)["Break it"].value = NOT_STRICT
    assert w.leaks == [(1, 1), (2, 2)]  # never the last variable, without direct connections
    assert w.selected == (3, 1)  # the first output that leaks
    assert "no distribution" in status(w)
    assert "every output with m(to) ≥ m(from)" in words(w)
    assert words(w).count("✕") >= 4  # on each line into an output


def test_ordering_read_as_degrees_sums_to_one_and_is_wrong():
    w = MaskExplorer()
    w.fault = MIXED_UP
    assert w.total_probability == pytest.approx(1, abs=1e-6)
    assert w.leaks == [(1, 0), (1, 2)]
    assert "belong to the ordering x₃, x₁, x₂, not to x₂, x₃, x₁" in status(w)
    w.ordering = [1, 0, 2]
    assert "its own inverse" in status(w)
    w.ordering, w.hidden_degrees = [1, 2, 0], [[2], [1]]  # no path is left
    assert "too few paths" in status(w)


def test_the_sum_survives_depth_and_says_whose_weights_it_takes():
    assert MaskExplorer(4, (60,) * 12).total_probability == pytest.approx(1, abs=1e-4)
    assert "not with the model's own" in status(MaskExplorer(MADE(3, (4,), seed=0)))
    w = MaskExplorer(784, (512, 512))
    assert w.total_probability is None
    assert "too many" in status(w)


# ---- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 6, 7, 12, 13, 16])
def test_circles_and_names_stand_apart_and_inside_the_picture(size):
    names = [f"a long name {i}" for i in range(size)]
    w = MaskExplorer(size, (3, 16, 1)[: size - 1], direct=True, names=names)
    graph = next(page(w).iter("svg"))
    width, height = float(graph.get("width")), float(graph.get("height"))
    circles = [[float(c.get(name)) for name in ("cx", "cy", "r")] for c in graph.iter("circle")]
    assert all(r <= x <= width - r and r + 18 < y <= height - r for x, y, r in circles)
    for (x1, y1, r1), (x2, y2, r2) in combinations(circles, 2):
        assert hypot(x1 - x2, y1 - y2) > r1 + r2
    for name in (part for part in graph.iter("text") if "long name" in part.text):
        room = float(name.get("x"))
        room = room if name.get("text-anchor") == "end" else width - room
        assert room >= 7 * len(name.text)


def test_a_cross_lies_on_each_leaking_line_into_an_output():
    w = MaskExplorer()
    w.fault = NOT_STRICT
    graph = next(page(w).iter("svg"))
    crosses = {
        (float(p.get("x")), float(p.get("y")) - 6) for p in graph.iter("text") if p.text == "✕"
    }
    lines = [
        p for p in graph.iter("line") if "leak" in p.get("class") and p.get("data-mask") == "2"
    ]
    ends = [[float(line.get(name)) for name in ("x1", "y1", "x2", "y2")] for line in lines]

    def way_by(cross, end):
        return hypot(end[0] - cross[0], end[1] - cross[1]) + hypot(
            end[2] - cross[0], end[3] - cross[1]
        )

    between = {min(crosses, key=lambda cross, end=end: way_by(cross, end)): end for end in ends}
    assert len(between) == len(crosses) == len(lines)
    for (x, y), (x1, y1, x2, y2) in between.items():
        assert x1 < x < x2
        assert y == pytest.approx(y1 + (y2 - y1) * (x - x1) / (x2 - x1), abs=0.5)


def test_of_many_units_the_masks_are_heat_maps_that_colour_the_selected_units_paths():
    w = MaskExplorer(4, (17, 3), [2, 0, 3, 1], direct=True)
    w.fault, w.selected = NOT_STRICT, (1, 1)
    assert page(w).find(".//circle") is None
    wiring = Wiring(w)
    to_it, from_it = wiring.on_paths((1, 1))
    images = list(page(w).iter("image"))[:4]
    for key, mask, image in zip("012", w.masks, images, strict=False):
        for (i, j), colour in [
            ((i, j), "#" + bytes(pixels_of(image)[i, j]).hex())
            for i, j in product(*map(range, mask.shape))
        ]:
            line = (key, i, j)
            expected = "#222222" if line in wiring.leaking() else "#0072b2" if line in to_it else (
                "#d55e00" if line in from_it else "#d0d0d0" if line in wiring.lines else "#ffffff"
            )  # fmt: skip
            assert colour == expected, line


def test_graphs_give_way_beyond_16_units_8_layers_or_1500_lines():
    def is_graph(w):
        return page(w).find(".//circle") is not None

    assert is_graph(MaskExplorer(16, (16,)))
    assert not is_graph(MaskExplorer(16, (17,)))
    assert is_graph(MaskExplorer(2, (1,) * 6))
    assert not is_graph(MaskExplorer(2, (1,) * 7))
    full = MaskExplorer(16, (16,) * 6)
    full.hidden_degrees = [[1] * 16] * 6
    assert sum(int(mask.sum()) for mask in full.masks) > 1500
    assert not is_graph(full)


# ---- controls -----------------------------------------------------------------------------------


def test_every_control_does_what_python_does():
    w = MaskExplorer(4, (3, 3))
    shown = controls(w)
    shown["Ordering"].value = "x3 x₁, x4 x2"
    assert w.ordering == [2, 0, 3, 1]
    shown["Widths"].value = "2, 5"
    assert w.hidden_dims == [2, 5]
    shown["Direct connections"].value = True
    assert w.direct
    shown["Degrees"].value = "uniform"
    assert w.draw == "uniform"
    shown["Unit"].index = 5
    assert w.selected == (1, 1)
    assert shown["Earlier"].disabled
    shown["Its degree"].value = 3
    assert w.hidden_degrees[0][1] == 3
    w.selected = (0, 0)
    assert shown["Its degree"].disabled
    shown["Earlier"].click()
    shown["Earlier"].click()  # it is the first already
    assert w.ordering == [0, 2, 3, 1]
    assert shown["Ordering"].value == "x1, x3, x4, x2"
    shown["Later"].click()
    assert w.ordering == [2, 0, 3, 1]
    before = w.ordering
    shown["Random ordering"].click()
    assert w.ordering != before
    shown["Start again"].click()
    assert (w.ordering, w.hidden_dims, w.direct, w.draw) == ([1, 2, 3, 0], [3, 3], False, "even")
    assert (w.selected, shown["Ordering"].value) == ((3, 0), "x2, x3, x4, x1")


@pytest.mark.parametrize(
    ("selected", "widths", "expected"),
    [
        *(((3, 2), [4], (2, 2)), ((3, 2), [], (1, 2)), ((1, 3), [2, 4], (1, 1))),
        *(((2, 3), [4], (2, 2)), ((2, 3), [4, 1], (2, 0))),
    ],
)
def test_which_unit_stays_selected_when_widths_change(selected, widths, expected):
    w = MaskExplorer(3, (4, 4))
    w.selected = selected
    w.hidden_dims = widths
    assert w.selected == expected


def test_each_unit_is_a_button_that_selects_itself():
    w = MaskExplorer()
    for number, node in enumerate(p for p in page(w).iter("g") if p.get("data-unit")):
        assert (node.get("role"), node.get("tabindex")) == ("button", "0")
        assert f"'.made-unit select');c.selectedIndex={number};" in node.get("onclick")
        assert "this.onclick" in node.get("onkeydown")


@pytest.mark.parametrize(
    ("control", "typed", "message"),
    [
        ("Ordering", "x1, x2", "missing x₃ and x₄"),
        ("Ordering", "x1, x2, x3, x9", "unknown x9"),
        ("Widths", "4, zero", "got 'zero'"),
        ("Widths", "30000", "at most 12 hidden layers of at most 1000 units"),
    ],
)
def test_a_wrong_input_changes_nothing_and_is_told_until_the_next_good_one(control, typed, message):
    w = MaskExplorer(4, (3, 3))
    before = (w.ordering, w.hidden_degrees)
    controls(w)[control].value = typed
    assert message in w.problem
    assert message in words(w).replace("&#x27;", "'")
    assert (w.ordering, w.hidden_degrees) == before
    controls(w)["Ordering"].value = "x4 x3 x1 x2"
    assert (w.problem, w.ordering) == ("", [3, 2, 0, 1])


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w: setattr(w, "ordering", [0, 0, 1]), "permutation"),
        (lambda w: setattr(w, "hidden_degrees", [[1, 3]]), "hidden degrees lie in 1..2, got 3"),
        (lambda w: setattr(w, "hidden_degrees", [[]]), "at least one unit"),
        (lambda w: setattr(w, "fault", "all"), "choose one of none, output with >="),
        (lambda w: setattr(w, "draw", "odd"), "choose one of uniform, paper, even"),
        (lambda w: setattr(w, "selected", (0, 3)), "no unit (0, 3)"),
        (lambda w: setattr(w, "selected", (1.0, 0)), "must be a whole number"),
        (lambda w: w.set_degree(0, 0, 1), "follow from the ordering"),
        (lambda w: w.move(9, 1), "no unit (0, 9)"),
        (lambda w: MaskExplorer(0), "at least 1"),
        (lambda w: MaskExplorer(3, "44"), "widths such as"),
        (lambda w: MaskExplorer(3, (2,), [0, 1]), "each of 3 variables"),
        (lambda w: MaskExplorer(names=["a", "b"]), "got 2"),
        (lambda w: MaskExplorer(MADE(3, (5,)), direct=True), "brings its own"),
    ],
)
def test_wrong_values_are_refused_and_change_nothing(act, message):
    w = MaskExplorer()
    before = markup(w)
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        act(w)
    assert markup(w) == before


# ---- a given model, draws, files ----------------------------------------------------------------


@pytest.mark.parametrize("draw", ["even", "paper", "uniform"])
def test_shows_a_given_model_and_leaves_it_alone(draw):
    model = MADE(5, (6, 4), natural_order=False, direct=True, degrees=draw, seed=3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    w = MaskExplorer(model)
    w.fault, w.hidden_dims = NOT_STRICT, [3]
    controls(w)["Start again"].click()
    assert w.draw == draw
    assert w.ordering == torch.argsort(model.order).tolist()
    assert all(map(torch.equal, w.masks, model.masks))
    assert torch.equal(w.direct_mask, model.direct.mask.bool())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_equal_seeds_draw_alike():
    a, b, other = (MaskExplorer(6, (9, 9), degrees="uniform", seed=s) for s in (5, 5, 6))
    for w in (a, b):
        w.draw_ordering()
    assert (a.ordering, a.hidden_degrees) == (b.ordering, b.hidden_degrees)
    assert other.hidden_degrees != a.hidden_degrees


@pytest.mark.parametrize("hidden", [(2,), (17,)], ids=["graph", "heat-maps"])
def test_a_saved_page_says_it_all_by_itself_and_nothing_in_it_can_be_pressed(tmp_path, hidden):
    w = MaskExplorer(3, hidden, names=[HOSTILE, 'a"b', "c & d"])
    w.fault = NOT_STRICT
    controls(w)["Ordering"].value = f"{HOSTILE}!"
    assert HOSTILE in w.problem
    assert HOSTILE in words(w)  # as text: page() finds no script
    w.save(tmp_path / "page.svg")
    root = ElementTree.parse(tmp_path / "page.svg").getroot()
    said = "".join(root.itertext())
    for part in (w.factorization, w.sentence, f"{w.total_probability:.3f}"):
        assert part in said
    attributes = set().union(*(part.attrib for part in root.iter()))
    assert "tabindex" not in attributes
    assert not any(name.startswith("on") for name in attributes)
    bottoms = [float(part.get("y")) for part in root.findall("{*}text")]
    assert all(
        upper + 14 <= lower <= float(root.get("height")) for upper, lower in pairwise(bottoms)
    )


def test_saving_never_overwrites(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    w = MaskExplorer()
    controls(w)["Save picture"].click()
    controls(w)["Save picture"].click()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["masks-2.svg", "masks.svg"]
    assert "masks-2.svg" in words(w)


def test_the_figure_is_of_the_same_state():
    w = MaskExplorer(direct=True)
    w.fault = NOT_STRICT
    axes = w.figure().axes[0]
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    lines = [part for part in page(w).iter() if part.get("data-mask")]
    assert len(axes.lines) - len(crosses) == len(lines)
    assert len(crosses) == 7
    assert w.figure().get_suptitle().startswith(w.factorization)
    FigureCanvasAgg(MaskExplorer(16, (64, 64)).figure()).draw()
