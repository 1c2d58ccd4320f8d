"""MaskExplorer without a browser: Python and the page on drawn networks, and what the page says."""

import re
from statistics import mean

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import MADE, MaskExplorer
from made_course.common.words import variable_names
from made_course.model.masks import (
    DEGREE_DRAWS,
    hidden_degrees,
    input_degrees,
    leaking_connections,
    paths_through,
)
from made_course.widgets.mask_explorer.network import FAULTS

_, NOT_STRICT, MIXED_UP = FAULTS


def plain(masks):
    return [torch.as_tensor(mask).int().tolist() for mask in masks]


def in_the_page(call, w):
    """What the page makes of a widget's state."""
    traits = ("names", "ordering", "hidden_degrees", "direct", "fault")
    return call("network", "networkOf", {name: getattr(w, name) for name in traits})


STATES = {
    "ordering": st.permutations(range(4)),
    "hidden": st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4), max_size=2),
    "direct": st.booleans(),
    "fault": st.sampled_from(FAULTS),
}


@given(**STATES)
@settings(max_examples=60)
def test_python_and_the_page_compute_the_same(call, ordering, hidden, direct, fault):
    w = MaskExplorer(4, (1,), ordering, direct=direct)
    w.hidden_degrees, w.fault = hidden, fault
    network, page = w.network, in_the_page(call, w)
    assert page["masks"] == plain(network.masks)
    assert page["direct"] == (plain([network.direct_mask])[0] if direct else None)
    for name in ("allowed", "reached", "leaks"):
        assert page[name] == plain([getattr(network, name)])[0], name
    found = leaking_connections(network.masks, ~network.allowed, network.direct_mask)
    assert page["leaking"] == plain(found)
    for layer, degrees in enumerate(page["degrees"]):
        for unit in range(len(degrees)):
            cone = paths_through(network.masks, layer, unit, network.direct_mask)
            found = call("masks", "pathsThrough", page["masks"], layer, unit, page["direct"])
            assert found == plain(cone)

    factors = " · ".join(words for words, _ in call("network", "factors", page))
    assert network.factorization.removeprefix("wanted: ") == f"p(x) = {factors}"
    assert network.factorization.startswith("wanted: ") == bool(w.leaks)
    total = call("network", "totalProbability", page)
    assert total == pytest.approx(w.total_probability, abs=1e-9)
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
        drawn = call("masks", "hiddenDegrees", below, 600, size, draw)
        assert {*drawn} == {*range(lowest, top + 1)} or top > 20
        assert abs(mean(drawn) - (lowest + top) / 2) < 0.08 * (top + 1 - lowest)


# ---- what the page says, and what the default and the breaks teach ------------------------------

EVEN, NO_PATHS = [[1, 1, 2, 2]] * 2, [[2], [1]]


@pytest.mark.parametrize(
    ("unit", "fault", "hidden", "said"),
    [
        ((3, 0), "none", EVEN, "x̂₁ sees x₂ and x₃. It may see x₂ and x₃."),
        ((0, 1), "none", EVEN, "x₂ reaches x̂₃ and x̂₁. It may reach x̂₃ and x̂₁."),
        ((3, 1), NOT_STRICT, EVEN, "x̂₂ sees x₂. It may see nothing. A leak: x₂."),
        (
            (0, 1),
            NOT_STRICT,
            EVEN,
            "x₂ reaches x̂₂, x̂₃ and x̂₁. It may reach x̂₃ and x̂₁. A leak: x̂₂.",
        ),
        ((3, 2), "none", NO_PATHS, "x̂₃ sees nothing. It may see x₂. No path leads from x₂."),
        (
            (0, 1),
            "none",
            NO_PATHS,
            "x₂ reaches nothing. It may reach x̂₃ and x̂₁. No path leads to x̂₃ and x̂₁.",
        ),
        (
            (2, 3),
            "none",
            EVEN,
            "Unit 4 of hidden layer 2 has degree 2. It sees x₂ and x₃; it is seen by x̂₁.",
        ),
    ],
)
def test_what_a_unit_sees_or_who_sees_it(call, unit, fault, hidden, said):
    w = MaskExplorer()
    w.hidden_degrees, w.fault = hidden, fault
    assert call("network", "sentence", in_the_page(call, w), unit) == said


@pytest.mark.parametrize(
    ("unit", "fault", "said"),
    [
        ((2, 2), "none", "x̂₃ sees x₂ and x₄. It may see x₂ and x₄."),
        ((0, 3), "none", "x₄ reaches x̂₃ and x̂₁. It may reach x̂₃ and x̂₁."),
        (
            (2, 3),
            NOT_STRICT,
            "x̂₄ sees x₂ and x₄. It may see x₂. A leak: x₄.",
        ),
        (
            (1, 0),
            "none",
            "Unit 1 of hidden layer 1 has degree 2. It sees x₂ and x₄; it is seen by ",
        ),
    ],
)
def test_what_is_said_where_inputs_reach_outputs_directly(call, unit, fault, said):
    w = MaskExplorer(4, (2,))
    w.ordering, w.hidden_degrees, w.direct, w.fault = [1, 3, 2, 0], [[2, 3]], True, fault
    assert call("network", "sentence", in_the_page(call, w), unit).startswith(said)


@pytest.mark.parametrize(
    ("fault", "ordering", "hidden", "leaks", "said"),
    [
        ("none", [1, 2, 0], EVEN, [], "x = 1.000, and no output sees what it may not."),
        # never the last variable, without direct connections
        (NOT_STRICT, [1, 2, 0], EVEN, [(1, 1), (2, 2)], "1.880, not 1: this is no distribution."),
        (
            MIXED_UP,
            [1, 2, 0],
            EVEN,
            [(1, 0), (1, 2)],
            "1.000, so the sum misses this fault: these masks belong to the ordering x₃, x₁, x₂, "
            "not to x₂, x₃, x₁.",
        ),
        (
            MIXED_UP,
            [1, 0, 2],
            EVEN,
            [],
            "This ordering is its own inverse, so that the mistake changes nothing here: take a "
            "cycle of three variables.",
        ),
        (MIXED_UP, [1, 2, 0], NO_PATHS, [], ": too few paths are left to show the mistake."),
    ],
)
def test_what_the_sum_shows_and_what_not(call, fault, ordering, hidden, leaks, said):
    w = MaskExplorer()
    w.ordering, w.hidden_degrees, w.fault = ordering, hidden, fault
    assert w.leaks == leaks
    found = call("network", "finding", in_the_page(call, w), w.total_probability)
    assert found.startswith("Σ p(x) over all 8 binary vectors x = ")
    assert found.endswith(said)


def test_the_sum_survives_depth_and_is_not_tried_for_many_variables(call):
    assert MaskExplorer(4, (60,) * 12).total_probability == pytest.approx(1, abs=1e-9)
    w = MaskExplorer(784, (8,))
    assert w.total_probability is None
    page = in_the_page(call, MaskExplorer(13, (2,)))
    assert call("network", "finding", page, None).startswith("2^13 binary vectors x are too many")


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
    assert not w.connectivity[4].any()
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
        (lambda w: MaskExplorer(names=["a₁", "a1", "b"]), "names must differ from one another"),
        (lambda w: MaskExplorer(names=["a", " ", "b"]), "neither blank nor contain a comma"),
        (lambda w: MaskExplorer(names=["a", 1, "b"]), "each of names must be a string, got 1"),
        (lambda w: MaskExplorer(names="abc"), "names must be a list of strings, got 'abc'"),
        (lambda w: MaskExplorer(MADE(3, (5,)), direct=True), "brings its own"),
        (
            lambda w: MaskExplorer(MADE(3, ordering=[[1, 2], [0]])),
            "a list of whole numbers, got [[",
        ),
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
    assert f"over all 8 binary vectors x = {w.total_probability:.3f}" in figure.alt
    axes = figure.axes[0]
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    lines = sum(int(mask.sum()) for mask in [*w.masks, w.network.direct_mask])
    assert len(axes.lines) - len(crosses) == lines
    assert len(crosses) == 7
    FigureCanvasAgg(MaskExplorer(16, (64, 64)).figure()).draw()
