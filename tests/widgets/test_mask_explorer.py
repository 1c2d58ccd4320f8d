"""MaskExplorer without a browser: whatever is done to it, picture, words and masks agree."""

import re
from itertools import product
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from made_course import MADE, MaskExplorer, build_masks, connectivity, input_degrees
from made_course.widgets import mask_picture
from made_course.widgets.network import FAULTS
from made_course.words import factorization, hat, listing
from tests.widgets.controls import controls

HOSTILE = "</svg><script>alert(1)</script>"


def page(w):
    """All markup that the explorer shows."""
    return "".join(part.value for part in (w._picture, w._said, w._sum, w._problem_line))


def drawn_connections(w):
    """(mask, to, from) of every line in the picture."""
    return {
        (where["mask"], int(where["to"]), int(where["from"]))
        for line in re.findall(r"<(?:line|path) [^>]*data-mask[^>]*>", w._picture.value)
        for where in [dict(re.findall(r'data-(\w+)="(\w+)"', line))]
    }


def expected_masks(w):
    """The masks, from the state alone."""
    order = input_degrees(w.ordering)
    if w.fault == "degrees = ordering + 1":
        order = torch.tensor(w.ordering) + 1
    degrees = [order, *(torch.tensor(layer, dtype=torch.long) for layer in w.hidden_degrees)]
    masks = dict(enumerate(build_masks(degrees)))
    compare = torch.ge if w.fault == "output with >=" else torch.gt
    masks[len(masks) - 1] = compare(order[:, None], degrees[-1][None, :])
    if w.direct:
        masks["direct"] = compare(order[:, None], order[None, :])
    return masks


def assert_consistent(w):
    masks = expected_masks(w)
    layers = [mask for key, mask in masks.items() if key != "direct"]
    assert all(torch.equal(a, b) for a, b in zip(w.masks, layers, strict=True))
    reached = connectivity(layers, masks.get("direct"))
    assert torch.equal(w.connectivity, reached)
    lines = sum(int(mask.sum()) for mask in masks.values())
    if lines <= mask_picture.MOST_LINES and max(w._network.sizes) <= mask_picture.MOST_CIRCLES:
        assert drawn_connections(w) == {
            (str(key), to, start)
            for key, mask in masks.items()
            for to, start in mask.nonzero().tolist()
        }
    else:
        assert drawn_connections(w) == set()
        assert w._picture.value.count("<image") >= len(masks)

    names = w._network.names
    position = {variable: t for t, variable in enumerate(w.ordering)}
    layer, unit = w.selected
    in_order = [(i, names[i]) for i in w.ordering]
    if layer == len(layers):
        seen = listing([name for i, name in in_order if reached[unit, i]])
        may = listing([name for i, name in in_order if position[i] < position[unit]])
        assert w.sentence.startswith(f"{hat(names[unit])} sees {seen}. It may see {may}.")
    elif layer == 0:
        seers = listing([hat(name) for i, name in in_order if reached[i, unit]])
        assert w.sentence.startswith(f"{names[unit]} reaches {seers}. It may reach ")
    assert w.sentence.replace("<", "&lt;").replace(">", "&gt;") in w._said.value
    wanted = "wanted: " if w.leaks else ""
    assert w.factorization == wanted + factorization(names, w.ordering)

    leaks = [
        (i, j)
        for i, j in product(range(len(names)), repeat=2)
        if reached[i, j] and not position[j] < position[i]
    ]
    assert w.leaks == leaks
    assert ("A leak" in w.sentence) == (
        (layer == len(layers) and any(i == unit for i, _ in leaks))
        or (layer == 0 and any(j == unit for _, j in leaks))
    )
    total = w.total_probability
    if w.fault == "output with >=":
        assert (total > 1.001) == bool(leaks)
    else:
        assert total == pytest.approx(1, abs=1e-5)
    assert f"{total:.3f}" in w._sum.value

    shown = controls(w)
    assert shown["Ordering"].value == ", ".join(
        name.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")) for _, name in in_order
    )
    assert shown["Widths"].value == ", ".join(map(str, w.hidden_dims))
    assert shown["Unit"].index == sum(w._network.sizes[:layer]) + unit
    assert shown["Break it"].value == w.fault
    assert shown["Degrees"].value == w.draw
    assert shown["Direct connections"].value == w.direct
    assert shown["Its degree"].disabled == (layer in (0, len(layers)))
    assert shown["Its degree"].value == w._network.degree(layer, unit)


GOOD = st.one_of(
    st.tuples(st.just("ordering"), st.permutations(range(4))),
    st.tuples(st.just("type ordering"), st.permutations(range(4))),
    st.tuples(
        st.just("press"),
        st.sampled_from(["Earlier", "Later", "Random ordering", "Draw degrees", "Start again"]),
    ),
    st.tuples(st.just("select"), st.integers(0, 30)),
    st.tuples(st.just("unit"), st.integers(0, 30)),
    st.tuples(st.just("degree"), st.integers(1, 3)),
    st.tuples(st.just("draw"), st.sampled_from(["even", "paper", "uniform"])),
    st.tuples(st.just("widths"), st.lists(st.integers(1, 5), max_size=3)),
    st.tuples(st.just("direct"), st.booleans()),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
)
BAD = st.sampled_from(
    [
        ("ordering", [0, 0, 1, 2]),
        ("ordering", [0, 1]),
        ("type", ("Ordering", "x1, x2")),
        ("type", ("Ordering", "x1, x2, x3, x9")),
        ("type", ("Widths", "4, zero")),
        ("type", ("Widths", "0")),
        ("select", (9, 9)),
        ("hidden_degrees", [[1, 4]]),
        ("hidden_degrees", [[]]),
        ("fault", "everything"),
        ("draw", "odd"),
    ]
)


def act(w, action, value):
    shown = controls(w)
    hidden_units = range(len(w.hidden_dims))
    if action == "ordering":
        w.ordering = value
    elif action == "type ordering":
        shown["Ordering"].value = " ".join(f"x{i + 1}" for i in value)
    elif action == "press":
        if not shown[value].disabled:
            shown[value].click()
    elif action == "select":
        units = mask_picture.units_of(w._network)
        w.selected = units[value % len(units)]
    elif action == "unit":
        shown["Unit"].index = value % len(shown["Unit"].options)
    elif action == "degree" and w.hidden_dims and w.selected[0] - 1 in hidden_units:
        shown["Its degree"].value = value
        assert w.hidden_degrees[w.selected[0] - 1][w.selected[1]] == value
    elif action == "draw":
        shown["Degrees"].value = value
    elif action == "widths":
        shown["Widths"].value = ", ".join(map(str, value))
        assert w.hidden_dims == value
    elif action == "direct":
        shown["Direct connections"].value = value
    elif action == "fault":
        shown["Break it"].value = value


@given(st.lists(GOOD, min_size=1, max_size=8))
def test_any_sequence_of_actions_keeps_picture_words_and_masks_together(actions):
    w = MaskExplorer(4, (3, 3))
    for action, value in actions:
        act(w, action, value)
        assert w.problem == ""
        assert_consistent(w)
    w.close()


@given(st.lists(GOOD, max_size=4), BAD)
def test_a_wrong_input_changes_nothing_and_says_why(actions, bad):
    w = MaskExplorer(4, (3, 3))
    for action, value in actions:
        act(w, action, value)
    network, selected = w._network, w.selected
    action, value = bad
    if action == "type":
        name, words = value
        controls(w)[name].value = words
        assert w.problem
        assert w.problem.split(":")[0].replace("'", "&#x27;") in w._problem_line.value
    else:
        with pytest.raises(ValueError, match=r"\w{3}"):
            setattr(w, {"select": "selected"}.get(action, action), value)
    assert (w._network, w.selected) == (network, selected)
    if action != "type":
        assert_consistent(w)
    # the next good input takes the complaint away
    controls(w)["Ordering"].value = "x4 x3 x1 x2"
    assert (w.problem, w.ordering) == ("", [3, 2, 0, 1])
    w.close()


# ---- what the default and the breaks teach ------------------------------------------------------


def test_opens_with_the_documents_example():
    w = MaskExplorer()
    assert w.ordering == [1, 2, 0]
    assert w.degrees[0].tolist() == [3, 1, 2]
    assert w.factorization == "p(x) = p(x₂) · p(x₃ | x₂) · p(x₁ | x₂, x₃)"
    assert w.sentence == "x̂₁ sees x₂ and x₃. It may see x₂ and x₃."
    w.selected = (3, 2)
    assert w.sentence == "x̂₃ sees x₂. It may see x₂."
    assert "x = 1.000, and no output sees what it may not" in w._sum.value


def test_hidden_degrees_of_one_reach_less_than_is_allowed():
    w = MaskExplorer()
    w.hidden_degrees = [[1, 1], [1]]
    w.selected = (3, 0)
    assert w.sentence == "x̂₁ sees x₂. It may see x₂ and x₃. No path leads from x₃."
    assert w._picture.value.count('data-state="allowed" data-row') == 1
    assert w._picture.value.count('data-state="seen" data-row') == 2


def test_greater_or_equal_leaks_and_the_sum_shows_it():
    w = MaskExplorer()
    controls(w)["Break it"].value = "output with >="
    assert w.leaks == [(1, 1), (2, 2)]  # never the last variable, without direct connections
    assert w.total_probability > 1.2
    assert "no distribution" in w._sum.value
    assert w._picture.value.count('class="cross"') == 4  # a cross on each line into an output
    w.direct = True
    assert w.leaks == [(0, 0), (1, 1), (2, 2)]


def test_ordering_read_as_degrees_sums_to_one_and_is_wrong():
    w = MaskExplorer()
    w.fault = "degrees = ordering + 1"
    assert w.total_probability == pytest.approx(1, abs=1e-6)
    assert w.leaks == [(1, 0), (1, 2)]
    assert "x3, x1, x2" in w._sum.value.translate(str.maketrans("₁₂₃", "123"))


@pytest.mark.parametrize("fault", FAULTS)
def test_leaking_lines_are_those_on_a_path_that_is_not_allowed(fault):
    w = MaskExplorer(4, (4, 3), direct=True, degrees="uniform", seed=3)
    w.fault = fault
    network = w._network
    on_path = {key: torch.zeros_like(mask) for key, mask in network.connections.items()}
    sizes = network.sizes
    masks = network.masks
    for route in product(*map(range, sizes)):  # every way from an input to an output
        if all(masks[k][route[k + 1], route[k]] for k in range(len(masks))) and (
            not network.allowed[route[-1], route[0]]
        ):
            for k in range(len(masks)):
                on_path[k][route[k + 1], route[k]] = True
    on_path["direct"] = network.direct_mask & ~network.allowed
    for key, expected in on_path.items():
        assert torch.equal(network.leaking[key], expected)
    assert any(bool(mask.any()) for mask in on_path.values()) == (fault != "none")


@pytest.mark.parametrize("fault", FAULTS)
def test_leaking_lines_of_a_unit_are_those_on_such_a_path_through_it(fault):
    w = MaskExplorer(4, (3, 3), degrees="uniform", seed=3)
    w.fault = fault
    network = w._network
    routes = [
        route
        for route in product(*map(range, network.sizes))
        if all(network.masks[k][route[k + 1], route[k]] for k in range(3))
        and not network.allowed[route[-1], route[0]]
    ]
    lines = {
        (int(key), int(to), int(start)): set(words.split())
        for words, key, start, to in re.findall(
            r'<line [^>]*class="([^"]*)" data-mask="(\d)" data-from="(\d+)" data-to="(\d+)"',
            w._picture.value,
        )
    }
    for number, (layer, unit) in enumerate(mask_picture.units_of(network)):
        expected = {
            (k, route[k + 1], route[k])
            for route in routes
            if route[layer] == unit
            for k in range(3)
        }
        assert {line for line, words in lines.items() if f"l{number}" in words} == expected


def test_paths_light_up_by_the_classes_of_lines_and_units():
    w = MaskExplorer(4, (4, 3), degrees="uniform", seed=3)
    network = w._network
    units = mask_picture.units_of(network)
    lines = {
        (int(key), int(to), int(start)): set(words.split())
        for words, key, start, to in re.findall(
            r'<line [^>]*class="([^"]*)" data-mask="(\d)" data-from="(\d+)" data-to="(\d+)"',
            w._picture.value,
        )
    }
    for number, (layer, unit) in enumerate(units):
        cone = network.cone(layer, unit)
        for (key, to, start), words in lines.items():
            assert (f"a{number}" in words) == (
                key < layer and bool(cone[key + 1][to]) and bool(cone[key][start])
            )
            assert (f"d{number}" in words) == (
                key >= layer and bool(cone[key][start]) and bool(cone[key + 1][to])
            )
    assert f".a{number}.line" in w._picture.value


# ---- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("input_dim", "hidden"),
    [
        (1, ()),
        (1, (2,)),
        (2, ()),
        (2, (1,)),
        (5, (1, 1, 1)),
        (16, (16, 16)),
        (5, (17,)),
        (16, (64, 64)),
    ],
)
def test_every_size_works(input_dim, hidden):
    w = MaskExplorer(input_dim, hidden, direct=True)
    for fault in FAULTS:
        w.fault = fault
        assert_consistent(w)
    for unit in mask_picture.units_of(w._network)[:: max(1, input_dim)]:
        w.selected = unit
        assert w._network.sentence(*unit) in w._said.value
    w.close()


def test_too_many_variables_to_sum_over_are_said_to_be_so():
    w = MaskExplorer(784, (512, 512))
    assert w.total_probability is None
    assert "too many" in w._sum.value
    w.close()


def test_heat_maps_colour_the_selected_units_paths():
    w = MaskExplorer(16, (64, 64))
    before = w._picture.value
    w.selected = (1, 60)
    assert w._picture.value != before


# ---- a given model, names, copies ---------------------------------------------------------------


def test_shows_a_given_model_and_leaves_it_alone():
    model = MADE(5, (6, 4), natural_order=False, direct=True, seed=3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    w = MaskExplorer(model)
    assert w.ordering == torch.argsort(model.order).tolist()
    assert all(torch.equal(a, b) for a, b in zip(w.masks, model.masks, strict=True))
    assert torch.equal(w.direct_mask, model.direct.mask.bool())
    w.fault = "output with >="
    w.hidden_dims = [3]
    controls(w)["Start again"].click()
    assert all(torch.equal(a, b) for a, b in zip(w.masks, model.masks, strict=True))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_the_global_random_stream_is_left_alone():
    before = torch.random.get_rng_state()
    w = MaskExplorer(4, (3,), degrees="uniform")
    w.draw_ordering()
    w.draw_degrees()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_equal_seeds_draw_alike():
    a, b = (MaskExplorer(6, (9, 9), degrees="uniform", seed=5) for _ in range(2))
    a.draw_ordering()
    b.draw_ordering()
    assert (a.ordering, a.hidden_degrees) == (b.ordering, b.hidden_degrees)
    assert MaskExplorer(6, (9, 9), degrees="uniform", seed=6).hidden_degrees != a.hidden_degrees


def test_another_random_ordering_is_another():
    w = MaskExplorer(2, (2,))
    for _ in range(4):
        before = w.ordering
        controls(w)["Random ordering"].click()
        assert w.ordering != before


def test_moving_stops_at_the_ends():
    w = MaskExplorer()
    w.selected = (0, 1)  # x2, generated first
    controls(w)["Earlier"].click()
    assert w.ordering == [1, 2, 0]
    controls(w)["Later"].click()
    assert w.ordering == [2, 1, 0]
    w.move(2, 9)
    assert w.ordering == [1, 0, 2]


def test_hostile_names_are_text():
    w = MaskExplorer(3, (2,), names=[HOSTILE, 'a"b', "c & d"])
    w.fault = "output with >="
    controls(w)["Ordering"].value = f"{HOSTILE}!"
    assert "&lt;script&gt;" in w._problem_line.value
    assert "<script" not in page(w)
    assert "<script" not in mask_picture.draw_page(w._network, w.selected, w._report())
    w.figure().canvas.draw()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_dim": 0}, "at least 1"),
        ({"hidden_dims": (0,)}, "at least 1"),
        ({"hidden_dims": "44"}, "widths such as"),
        ({"ordering": [0, 1]}, "each of 3 variables"),
        ({"degrees": "odd"}, "choose one of uniform, paper, even"),
        ({"names": ["a", "b"]}, "got 2"),
        ({"seed": -1}, "at least 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        MaskExplorer(**arguments)


def test_only_hidden_units_have_degrees_to_set():
    w = MaskExplorer()
    with pytest.raises(ValueError, match="follow from the ordering"):
        w.set_degree(0, 0, 1)
    with pytest.raises(ValueError, match="lie in 1..2"):
        w.set_degree(1, 0, 3)


# ---- files and figures --------------------------------------------------------------------------


def test_saved_picture_stands_by_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    w = MaskExplorer()
    controls(w)["Save picture"].click()
    controls(w)["Save picture"].click()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["masks-2.svg", "masks.svg"]
    assert "masks-2.svg" in w._said.value
    root = ElementTree.parse(tmp_path / "masks.svg").getroot()
    assert root.tag.endswith("svg")
    words = "".join(root.itertext())
    for said in (w.sentence, w.factorization, "x = 1.000"):
        assert said in words


def test_figure_is_of_the_same_state():
    w = MaskExplorer(direct=True)
    figure = w.figure()
    assert len(figure.axes[0].lines) == len(drawn_connections(w))
    assert figure.get_suptitle().startswith(w.factorization)
    w.fault = "output with >="
    crosses = [line for line in w.figure().axes[0].lines if line.get_marker() == "x"]
    assert len(crosses) == w._picture.value.count('class="cross"') == 7
    figure.canvas.draw()
    MaskExplorer(16, (64, 64)).figure().canvas.draw()


# ---- nothing is left behind ---------------------------------------------------------------------


def test_closing_leaves_no_widget_behind():
    from ipywidgets.widgets import widget

    before = set(widget._instances)
    MaskExplorer().close()
    assert set(widget._instances) == before


# ---- what a reader may get wrong ----------------------------------------------------------------


def test_what_was_typed_wrongly_is_gone_with_its_complaint():
    w = MaskExplorer()
    for change in (
        lambda: setattr(w, "selected", (0, 0)),
        lambda: setattr(w, "ordering", [2, 0, 1]),
        w.restart,
    ):
        controls(w)["Ordering"].value = "x1, x7"
        assert "unknown x7" in w.problem
        controls(w)["Widths"].value = "4, zero"
        change()
        assert w.problem == ""
        assert_consistent(w)


@pytest.mark.parametrize("widths", ["30000", ", ".join(["2"] * 13)])
def test_more_units_than_can_be_shown_are_refused(widths):
    w = MaskExplorer()
    controls(w)["Widths"].value = widths
    assert "at most 12 hidden layers of at most 1000 units" in w.problem
    assert w.hidden_dims == [4, 4]


def test_a_picture_that_fails_changes_nothing(monkeypatch):
    w = MaskExplorer()
    before = page(w)

    def fail(*_):
        raise MemoryError("no room")

    monkeypatch.setattr("made_course.widgets.mask_explorer.draw_panel", fail)
    with pytest.raises(MemoryError):
        w.ordering = [2, 0, 1]
    assert (w.ordering, page(w)) == ([1, 2, 0], before)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w: setattr(w, "selected", (1.0, 0)), "must be a whole number"),
        (lambda w: setattr(w, "selected", (0, 3)), "no unit (0, 3)"),
        (lambda w: w.set_degree(1, 9, 1), "no unit (1, 9)"),
        (lambda w: w.set_degree(1, -1, 1), "at least 0"),
        (lambda w: w.move(9, 1), "no unit (0, 9)"),
    ],
)
def test_units_that_are_none(act, message):
    w = MaskExplorer()
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        act(w)
    assert_consistent(w)


def test_a_model_brings_its_own_sizes():
    model = MADE(3, (5,), seed=0)
    for arguments in ({"hidden_dims": (7,)}, {"ordering": [2, 0, 1]}, {"direct": True}):
        with pytest.raises(ValueError, match="brings its own"):
            MaskExplorer(model, **arguments)


# ---- sums of probabilities ----------------------------------------------------------------------


@given(
    st.permutations(range(5)),
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=6), max_size=3),
    st.booleans(),
    st.sampled_from(FAULTS),
)
def test_the_sum_is_above_one_exactly_where_an_output_sees_itself(ordering, hidden, direct, fault):
    w = MaskExplorer(5, (1,), ordering, direct=direct)
    w.hidden_degrees = hidden
    w.fault = fault
    if any(i == j for i, j in w.leaks):
        assert w.total_probability > 1.05
    else:
        assert w.total_probability == pytest.approx(1, abs=1e-5)
    w.close()


def test_the_sum_is_finite_in_deep_networks_and_with_other_default_dtypes():
    w = MaskExplorer(4, (60,) * 12)
    assert w.total_probability == pytest.approx(1, abs=1e-4)
    torch.set_default_dtype(torch.float64)
    try:
        assert MaskExplorer().total_probability == pytest.approx(1, abs=1e-5)
    finally:
        torch.set_default_dtype(torch.float32)


def test_an_ordering_that_is_its_own_inverse_hides_the_second_fault():
    w = MaskExplorer(3, (4,), [1, 0, 2])
    w.fault = "degrees = ordering + 1"
    assert w.leaks == []
    assert "its own inverse" in w._sum.value


def test_no_other_ordering_is_called_its_own_inverse():
    w = MaskExplorer(3, (1, 1))
    w.hidden_degrees = [[2], [1]]  # no path is left
    w.fault = "degrees = ordering + 1"
    assert w.leaks == []
    assert "its own inverse" not in w._sum.value
    assert "too few paths" in w._sum.value


def test_whose_weights_are_summed_is_said():
    assert "not with the model's own" in MaskExplorer(MADE(3, (4,), seed=0))._sum.value.replace(
        "&#x27;", "'"
    )
    assert "own" not in MaskExplorer()._sum.value
