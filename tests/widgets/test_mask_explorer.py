"""MaskExplorer without a browser: what it says, against every single path; Python and page."""

import re
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import MADE, MaskExplorer
from made_course.common.words import hat, listing, variable_names
from made_course.model.masks import (
    DEGREE_DRAWS,
    hidden_degrees,
    input_degrees,
    leaking_connections,
    paths_through,
)
from made_course.widgets.mask_explorer.network import FAULTS

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
            for key in [start[0]] * (to[0] == start[0] + 1) + [self.last] * direct:
                more = self.degrees[to[0]][to[1]] - self.degrees[start[0]][start[1]]
                if more > 0 or (more == 0 and (to[0] < self.last or w.fault == NOT_STRICT)):
                    self.lines[key, to[1], start[1]] = (start, to)
        self.above = {}
        for unit in reversed(self.units):
            nexts = {to for start, to in self.lines.values() if start == unit}
            self.above[unit] = nexts.union(*(self.above[to] for to in nexts))
        self.inputs, self.outputs = self.units[:size], self.units[-size:]

    def may_see(self, output, variable):
        return self.step[variable[1]] < self.step[output[1]]

    def by_step(self, units):
        return sorted(units, key=lambda unit: self.step[unit[1]])

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


def ones(masks):
    return {(k, *at) for k, m in enumerate(masks) for at in torch.as_tensor(m).nonzero().tolist()}


def plain(masks):
    return [torch.as_tensor(mask).int().tolist() for mask in masks]


STATES = {
    "ordering": st.permutations(range(4)),
    "hidden": st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4), max_size=2),
    "direct": st.booleans(),
    "fault": st.sampled_from(FAULTS),
}


@given(**STATES)
@settings(max_examples=60)
def test_python_and_the_page_say_what_follows_from_every_path(
    call, ordering, hidden, direct, fault
):
    w, names = MaskExplorer(4, (1,), ordering, direct=direct), variable_names(4)
    w.hidden_degrees, w.fault = hidden, fault
    wiring, network = Wiring(w), w.network
    traits = ("names", "ordering", "hidden_degrees", "direct", "fault")
    page = call("network", "networkOf", {name: getattr(w, name) for name in traits})

    masks = [*network.masks, *([network.direct_mask] if direct else [])]
    assert ones(masks) == set(wiring.lines)
    assert [*page["masks"], *([page["direct"]] if direct else [])] == plain(masks)
    for name in ("allowed", "reached", "leaks"):
        assert page[name] == plain([getattr(network, name)])[0], name
    assert ones(page["leaking"]) == wiring.leaking()
    forbidden = ~network.allowed
    found = leaking_connections(network.masks, forbidden, network.direct_mask)
    assert ones(found) == wiring.leaking()

    for unit in wiring.units:
        w.selected = unit
        expected = sentence(wiring, names, unit)
        assert w.sentence == expected == call("network", "sentence", page, unit)
        cone = paths_through(network.masks, *unit, network.direct_mask)
        found = call("masks", "pathsThrough", page["masks"], *unit, page["direct"])
        assert found == plain(cone)

    factors = " · ".join(words for words, _ in call("network", "factors", page))
    assert network.factorization.removeprefix("wanted: ") == f"p(x) = {factors}"
    assert network.factorization.startswith("wanted: ") == bool(w.leaks)
    total = call("network", "totalProbability", page)
    assert total == pytest.approx(w.total_probability, abs=1e-9)
    assert network.finding == call("network", "finding", page, total)
    if any(i == j for i, j in w.leaks):
        assert total > 1.02
    else:
        assert total == pytest.approx(1, abs=1e-9)


@given(size=st.integers(1, 70), width=st.integers(1, 80), seed=st.integers(0, 9))
@settings(max_examples=30)
def test_wider_networks_are_connected_alike(call, size, width, seed):
    """Sets of more than 32 variables do not fit into one of the script's numbers."""
    w = MaskExplorer(size, (width,), degrees="uniform", seed=seed)
    w.fault = NOT_STRICT
    page = call("masks", "connectivity", plain(w.masks))
    assert page == plain([w.connectivity])[0]


@given(size=st.integers(1, 40), width=st.integers(1, 60))
def test_degrees_are_spread_and_drawn_as_the_package_does(call, size, width):
    order = input_degrees(torch.randperm(size))
    assert call("masks", "inputDegrees", torch.argsort(order).tolist()) == order.tolist()
    spread = hidden_degrees(order, width, size, "even").tolist()
    assert call("masks", "hiddenDegrees", order.tolist(), width, size, "even") == spread
    below, top = [2] * 3, max(size - 1, 1)
    for draw, lowest in (("uniform", 1), ("paper", min(2, top))):
        drawn = {
            d for _ in range(3) for d in call("masks", "hiddenDegrees", below, 200, size, draw)
        }
        assert (min(drawn), max(drawn)) == (lowest, top) or top > 20


# ---- what the default and the breaks teach ------------------------------------------------------


def test_greater_or_equal_leaks_and_the_sum_shows_it():
    w = MaskExplorer()
    assert (w.ordering, w.selected) == ([1, 2, 0], (3, 0))
    w.fault = NOT_STRICT
    assert w.leaks == [(1, 1), (2, 2)]  # never the last variable, without direct connections
    assert "no distribution" in w.network.finding


def test_ordering_read_as_degrees_sums_to_one_and_is_wrong():
    w = MaskExplorer()
    w.fault = MIXED_UP
    assert w.total_probability == pytest.approx(1, abs=1e-6)
    assert w.leaks == [(1, 0), (1, 2)]
    assert "belong to the ordering x₃, x₁, x₂, not to x₂, x₃, x₁" in w.network.finding
    w.ordering = [1, 0, 2]
    assert "its own inverse" in w.network.finding
    w.ordering, w.hidden_degrees = [1, 2, 0], [[2], [1]]  # no path is left
    assert "too few paths" in w.network.finding


def test_the_sum_survives_depth_and_is_not_tried_for_many_variables():
    assert MaskExplorer(4, (60,) * 12).total_probability == pytest.approx(1, abs=1e-9)
    w = MaskExplorer(784, (512, 512))
    assert w.total_probability is None
    assert "too many" in w.network.finding


# ---- state --------------------------------------------------------------------------------------


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


def test_what_the_page_sends_may_change_all_at_once():
    w = MaskExplorer()
    w.set_state(
        {
            "names": variable_names(5),
            "ordering": [4, 0, 1, 2, 3],
            "hidden_degrees": [[1, 4]],
            "selected": [2, 4],
        }
    )
    assert w.sentence == "x̂₅ sees nothing. It may see nothing."
    w.restart()
    assert (w.ordering, w.hidden_dims, w.selected) == ([1, 2, 0], [4, 4], (3, 0))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w: setattr(w, "names", ["a", "b"]), "got 2"),
        (lambda w: setattr(w, "ordering", [0, 0, 1]), "permutation"),
        (lambda w: setattr(w, "hidden_degrees", [[1, 3]]), "hidden degrees lie in 1..2, got 3"),
        (lambda w: setattr(w, "hidden_degrees", [[]]), "at least one unit"),
        (lambda w: setattr(w, "fault", "all"), "choose one of none, output with >="),
        (lambda w: setattr(w, "draw", "odd"), "choose one of uniform, paper, even"),
        (lambda w: setattr(w, "selected", (0, 3)), "no unit (0, 3)"),
        (lambda w: setattr(w, "selected", (1.0, 0)), "must be a whole number"),
        (lambda w: setattr(w, "hidden_dims", [30000]), "at most 12 hidden layers of at most 1000"),
        (lambda w: MaskExplorer(0), "at least 1"),
        (lambda w: MaskExplorer(3, "44"), "widths such as"),
        (lambda w: MaskExplorer(3, (2,), [0, 1]), "each of 3 variables"),
        (lambda w: MaskExplorer(names=["a", "b"]), "got 2"),
        (lambda w: MaskExplorer(MADE(3, (5,)), direct=True), "brings its own"),
    ],
)
def test_wrong_values_are_refused_and_change_nothing(act, message):
    w = MaskExplorer()
    before = w.get_state()
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        act(w)
    assert w.get_state() == before


@pytest.mark.parametrize("draw", DEGREE_DRAWS)
def test_shows_a_given_model_and_leaves_it_alone(draw):
    model = MADE(5, (6, 4), natural_order=False, direct=True, degrees=draw, seed=3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    w = MaskExplorer(model)
    w.fault, w.hidden_dims = NOT_STRICT, [3]
    w.restart()
    assert w.draw == draw
    assert w.ordering == torch.argsort(model.order).tolist()
    assert all(map(torch.equal, w.masks, model.masks))
    assert torch.equal(w.network.direct_mask, model.direct.mask.bool())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_equal_seeds_draw_alike():
    a, b, other = (MaskExplorer(6, (9, 9), degrees="uniform", seed=s) for s in (5, 5, 6))
    assert a.hidden_degrees == b.hidden_degrees != other.hidden_degrees


def test_the_figure_is_of_the_same_state():
    w = MaskExplorer(direct=True)
    w.fault = NOT_STRICT
    figure = w.figure()
    assert figure.alt.startswith(f"{NOT_STRICT}, wanted: p(x) = ")
    axes = figure.axes[0]
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    lines = sum(int(mask.sum()) for mask in [*w.masks, w.network.direct_mask])
    assert len(axes.lines) - len(crosses) == lines
    assert len(crosses) == 7
    FigureCanvasAgg(MaskExplorer(16, (64, 64)).figure()).draw()
