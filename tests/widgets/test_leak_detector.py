"""LeakDetector without a browser: what it draws and says follows from what was measured."""

import base64
import io
import re
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import Button
from ipywidgets.widgets.widget import _instances
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from made_course import MADE, LeakDetector, connectivity, direct_mask
from made_course.figures import plot_dependence
from made_course.widgets.dependence_picture import SIDE, draw_dependence
from made_course.words import check_names, read_ordering, variable_names, write_ordering

CYCLE = [1, 2, 0]  # x2, then x3, then x1
HOSTILE = "</svg><script>alert(1)</script>"
SVG = "{http://www.w3.org/2000/svg}"


def show_every_path(model):
    """Positive weights cannot cancel, and tanh is nowhere flat: each path that exists shows."""
    model.act = nn.Tanh()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.6).div_(parameter.shape[-1] ** 0.5)
    return model


def leak(model):
    """The mistake that the course warns of: ``>=`` at the output."""
    degrees = model.degrees
    model.net[-1].set_mask(degrees[0][:, None] >= degrees[-1][None, :])
    return model


@pytest.fixture
def model():
    return show_every_path(MADE(3, (6, 6), ordering=CYCLE, degrees="even", seed=0))


def page(w):
    """What the picture's markup holds: the matrices, and all words as a reader sees them."""
    root = ElementTree.fromstring(w._picture.value)
    words = " ".join("".join(part.itertext()) for part in root if part.tag != f"{SVG}svg")
    return root.findall(f"{SVG}svg"), words


def cells(matrix):
    """(row, column) → what the cell shows, told by more than its colour."""
    found = {}
    for group in matrix.iter(f"{SVG}g"):
        if "data-state" not in group.attrib:
            continue
        box = group.find(f"{SVG}rect")
        outline = float(box.get("stroke-width")) > 1
        crossed = group.find(f"{SVG}path") is not None
        filled = box.get("fill") != "white"
        state = {
            (True, True, False): "seen",
            (True, True, True): "leak",
            (True, False, False): "allowed",
            (False, False, False): "none",
        }[outline, filled, crossed]
        assert group.get("data-state") == state
        found[int(group.get("data-row")), int(group.get("data-column"))] = state
    return found


def expected_cells(seen, allowed):
    names = {(1, 1): "seen", (1, 0): "leak", (0, 1): "allowed", (0, 0): "none"}
    pairs = np.ndindex(*seen.shape)
    return {(i, j): names[int(seen[i, j]), int(allowed[i, j])] for i, j in pairs}


def named(text):
    """The (output, input) pairs that words name as leaks, counted from 0."""
    digits = text.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    return [
        (int(i) - 1, int(j) - 1)
        for i, j in re.findall(r"output x(\d+) moved when x(\d+) did: by", digits)
    ]


def everything(w):
    return (w.ordering, w.selected, w._picture.value, w._output_choice.value, w.dependence)


# ---- what it says of known functions ------------------------------------------------------------


def test_the_documents_model_has_no_leak(model):
    w = LeakDetector(model)
    assert w.ordering == CYCLE
    assert w.leaks == []
    assert (
        w.verdict
        == "No leak: every output depends only on earlier variables, at all 8 binary vectors x."
    )
    assert w.disagreement == ""
    assert w.selected == 0  # comes last, so it may see most
    assert torch.equal(w.by_flip, connectivity(model.masks))
    assert torch.equal(w.by_gradient, connectivity(model.masks))
    matrices, words = page(w)
    assert words.startswith(f"✓ {w.verdict}")
    assert "The ordering is x₂, x₃, x₁." in words
    assert "Output x₁, step 3 of 3, depends on x₂ and x₃. It may depend on x₂ and x₃." in words
    assert "By gradient it depends on x₂ and x₃." in words
    assert [cells(matrix) for matrix in matrices] == [
        expected_cells(w.by_flip, direct_mask(model.order))
    ] * 2
    assert matrices[0].get("aria-label") == (
        "What flipping finds: x̂₁ sees x₂ and x₃; x̂₂ sees nothing; x̂₃ sees x₂"
    )


def test_an_output_mask_that_is_not_strict_is_caught_and_named(model):
    w = LeakDetector(leak(model))
    assert w.leaks == [(1, 1), (2, 2)]
    headline, *lines = w.verdict.splitlines()
    assert headline == "2 leaks were found by flipping each variable at all 8 binary vectors x."
    assert sorted(named(w.verdict)) == [(1, 1), (2, 2)]
    moves = w.dependence.largest_move
    sizes = [float(re.search(r"by (\S+) logits at x = \(", line)[1]) for line in lines]
    pairs = named(w.verdict)
    assert sizes == pytest.approx([moves[i, j].item() for i, j in pairs], rel=1e-2)
    assert sizes == sorted(sizes, reverse=True)
    assert w.selected == pairs[0][0]
    matrices, words = page(w)
    assert words.startswith(f"✗ {headline}")
    assert f"Not allowed: {variable_names(3)[w.selected]}." in words
    assert (
        matrices[0]
        .get("aria-label")
        .endswith("x̂₂ sees x₂, of these x₂ not allowed; x̂₃ sees x₂ and x₃, of these x₃ not allowed")
    )


def test_the_point_where_it_happened_is_told():
    def conjunction(x):
        return torch.stack([5 * x[:, 1] * (1 - x[:, 2]), 0 * x[:, 0], 0 * x[:, 0]], dim=1)

    w = LeakDetector(conjunction, input_dim=3)
    assert w.verdict.splitlines()[1] == "output x₁ moved when x₂ did: by 5 logits at x = (0, 0, 0)"
    w.ordering = [1, 0, 2]
    assert w.verdict.splitlines() == [
        "1 leak was found by flipping each variable at all 8 binary vectors x.",
        "output x₁ moved when x₃ did: by 5 logits at x = (0, 1, 0)",
    ]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (1.0, "by 1 logit at"),
        (2.5, "by 2.5 logits at"),
        (1 / 3, "by 0.333 logits at"),
        (2.0**-13, "by 0.000122 logits at"),
        (2.0**20, "by 1050000 logits at"),
    ],
)
def test_sizes_are_said_plainly(size, said):
    assert said in LeakDetector(lambda x: size * x, input_dim=1).verdict


def test_a_dense_autoencoder_leaks_everywhere():
    model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 5))
    w = LeakDetector(model, input_dim=5)
    assert w.ordering == [0, 1, 2, 3, 4]
    assert w.leaks == [(i, j) for i in range(5) for j in range(i, 5)]
    assert w.verdict.splitlines()[0].startswith("15 leaks were found")
    assert w.verdict.splitlines()[-1] == "and 9 more"
    assert len(named(w.verdict)) == 6


def test_seven_leaks_of_which_six_are_named_largest_first():
    factors = torch.tensor([3.0, 9, 5, 8, 4, 7, 6])
    w = LeakDetector(lambda x: factors * x, input_dim=7)
    assert named(w.verdict) == [(1, 1), (3, 3), (5, 5), (6, 6), (2, 2), (4, 4)]
    assert w.verdict.splitlines()[-1] == "and 1 more"
    six = LeakDetector(lambda x: factors[:6] * x, input_dim=6)
    assert len(six.verdict.splitlines()) == 7
    assert "more" not in six.verdict


def test_equal_moves_are_named_from_above():
    w = LeakDetector(lambda x: 2 * x, input_dim=9)
    assert named(w.verdict) == [(i, i) for i in range(6)]


def test_many_variables_are_tried_at_random_points_that_are_numbered():
    factors = torch.ones(12)
    factors[7] = 3

    def last_alone(x):  # moves only where the first variable is 1
        return factors * x * x[:, :1]

    w = LeakDetector(last_alone, input_dim=12)
    assert w.verdict.startswith(
        "12 leaks were found by flipping each variable at 64 random points."
    )
    line = w.verdict.splitlines()[1]
    said = re.fullmatch(r"output x₈ moved when x₈ did: by 3 logits at random point (\d+)", line)
    assert w.dependence.points[int(said[1]) - 1][0] == 1
    safe = LeakDetector(lambda x: 0 * x, input_dim=12)
    assert safe.verdict == (
        "No leak found: every output depends only on earlier variables, at 64 random points."
    )


# ---- where the two ways disagree ----------------------------------------------------------------


def tricky(x):
    outputs = torch.zeros_like(x)
    outputs[:, 0] = torch.relu(1 - torch.relu(2 - 4 * x[:, 3]))
    outputs[:, 1] = x[:, 2] ** 2 - x[:, 2]
    outputs[:, 2] = 0.1 * x[:, 3] + 0.7 * x[:, 3] - 0.8 * x[:, 3]
    return outputs


def test_each_disagreement_is_told_with_its_reason():
    w = LeakDetector(tricky, input_dim=4)
    hidden, steep, faint = w.disagreement.splitlines()
    assert hidden.startswith("Flipping alone finds that x̂₁ depends on x₄: the output moves")
    assert "zero at every point" in hidden
    assert "ReLU that is off" in hidden
    assert steep.startswith("The gradient alone finds that x̂₂ depends on x₃: there is a slope")
    assert steep.endswith("as x² − x does not.")
    assert faint.startswith("The gradient alone finds that x̂₃ depends on x₄: its slope is within")
    assert w.leaks == [(0, 3)]
    words = page(w)[1]
    for line in (hidden, steep, faint):
        assert line in words
    states = [cells(matrix) for matrix in page(w)[0]]
    assert [state[0, 3] for state in states] == ["leak", "none"]
    assert [state[1, 2] for state in states] == ["none", "leak"]


def test_a_leak_that_only_the_gradient_speaks_of_does_not_pass_in_silence():
    w = LeakDetector(lambda x: x**2 - x, input_dim=3)
    assert w.leaks == []
    assert w.verdict.splitlines() == [
        "No leak: every output depends only on earlier variables, at all 8 binary vectors x.",
        "The gradient alone speaks of 3 leaks: see below why that can be.",
    ]
    assert page(w)[1].startswith("✓ No leak")
    one = LeakDetector(lambda x: (x**2 - x) * torch.tensor([1.0, 0.0]), input_dim=2)
    assert one.verdict.endswith("The gradient alone speaks of 1 leak: see below why that can be.")


def test_at_random_points_a_slope_may_move_elsewhere():
    w = LeakDetector(lambda x: x**2 - x, input_dim=11)
    assert w.disagreement.endswith("as x² − x does not, or it moves at points not tried.")
    assert "x̂₁ depends on x₁, x̂₂ on x₂, x̂₃ on x₃, x̂₄ on x₄, x̂₅ on x₅, x̂₆ on x₆ and 5 more" in (
        w.disagreement
    )


def test_what_is_not_allowed_comes_first_in_a_disagreement():
    w = LeakDetector(lambda x: (x**2 - x).sum(1, keepdim=True).expand_as(x), input_dim=3)
    assert "x̂₁ depends on x₁, x̂₁ on x₂, x̂₁ on x₃, x̂₂ on x₂, x̂₂ on x₃, x̂₃ on x₃ and 3 more" in (
        w.disagreement
    )


def test_a_slope_that_is_no_number_tells_nothing():
    w = LeakDetector(lambda x: 0 * x.sqrt(), input_dim=1)
    assert w.disagreement == (
        "The gradient alone finds that x̂₁ depends on x₁: it is not a finite number there, and "
        "tells nothing."
    )


def test_a_function_without_gradients():
    w = LeakDetector(lambda x: x.detach().roll(1, dims=1), input_dim=3, ordering=CYCLE)
    assert w.by_gradient is None
    assert w.disagreement == "The function gives no gradients, so that flipping alone decides."
    matrices, words = page(w)
    assert len(matrices) == 1
    assert "By gradient" not in words
    assert w.disagreement in words
    assert len(w.figure().axes) == 1
    assert LeakDetector(lambda x: x.detach() * 0, input_dim=3).verdict.count("\n") == 0


# ---- arguments ----------------------------------------------------------------------------------


def test_the_number_of_variables_can_be_told_in_four_ways(model):
    def zero(x):
        return 0 * x

    assert len(LeakDetector(model).ordering) == 3
    assert len(LeakDetector(model, input_dim=3).ordering) == 3
    assert len(LeakDetector(zero, input_dim=5).ordering) == 5
    assert LeakDetector(zero, [2, 0, 1]).ordering == [2, 0, 1]
    assert LeakDetector(zero, names=["a", "b"]).ordering == [0, 1]


def test_a_given_ordering_counts_more_than_the_models(model):
    w = LeakDetector(model, ordering=torch.tensor([0, 1, 2]))
    assert w.ordering == [0, 1, 2]
    assert w.leaks == [(0, 1), (0, 2)]  # x1 comes last in truth
    words = page(w)[1]
    assert "The ordering is x₁, x₂, x₃. It is not the model's own, which is x₂, x₃, x₁." in words
    w.ordering = CYCLE
    assert w.leaks == []
    assert "model's own" not in page(w)[1]


@pytest.mark.parametrize(
    ("arguments", "error", "fragment"),
    [
        ({}, ValueError, "give input_dim, as in LeakDetector(function, input_dim=3)"),
        ({"input_dim": 0}, ValueError, "input_dim must be at least 1, got 0"),
        ({"input_dim": "3"}, TypeError, "input_dim must be a whole number, got '3'"),
        ({"input_dim": 3, "ordering": [0, 1]}, ValueError, "must name each of 3 variables, got 2"),
        ({"ordering": [0, 1, 1]}, ValueError, "ordering must be a permutation of 0..2"),
        ({"ordering": "x1"}, TypeError, "ordering must be a tensor or a list of whole numbers"),
        ({"input_dim": 3, "names": ["a"]}, ValueError, "must name each of 3 variables, got 1"),
        ({"input_dim": 2, "names": ["a", "a"]}, ValueError, "differ from one another, got a and a"),
        ({"input_dim": 2, "names": ["a₁", "a1"]}, ValueError, "names must differ from one another"),
        (
            {"input_dim": 2, "names": ["a", " "]},
            ValueError,
            "neither blank nor contain a comma",
        ),
        ({"input_dim": 2, "names": ["a", "b,c"]}, ValueError, "or a control character, got 'b,c'"),
        ({"input_dim": 2, "names": ["a", 1]}, TypeError, "each of names must be a string, got 1"),
        ({"input_dim": 2, "names": "ab"}, TypeError, "names must be a list of strings, got 'ab'"),
        ({"input_dim": 2, "names": {"a", "b"}}, TypeError, "names must be a list of strings, got"),
        ({"input_dim": 2, "seed": -1}, ValueError, "seed must be at least 0, got -1"),
    ],
)
def test_arguments_that_do_not_fit(arguments, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        LeakDetector(lambda x: x, **arguments)


def test_another_number_of_variables_than_the_models(model):
    with pytest.raises(ValueError, match=r"the model has 3 variables, got input_dim = 4: leave it"):
        LeakDetector(model, input_dim=4)
    with pytest.raises(ValueError, match="ordering must name each of 3 variables, got 4"):
        LeakDetector(model, ordering=[0, 1, 2, 3])


@pytest.mark.parametrize(
    ("function", "error", "fragment"),
    [
        ("a model", TypeError, "function must be a callable (B, D) → (B, D), got 'a model'"),
        (nn.Linear(4, 4), ValueError, "the function raised RuntimeError"),
        (lambda x: x.sum(1), ValueError, "one output for each variable"),
        (torch.rand_like, ValueError, "draws random numbers"),
    ],
)
def test_a_function_that_cannot_be_measured_leaves_no_widget(function, error, fragment):
    before = len(_instances)
    with pytest.raises(error, match=re.escape(fragment)):
        LeakDetector(function, input_dim=3)
    assert len(_instances) == before


# ---- state and controls -------------------------------------------------------------------------


FUNCTIONS = {
    "MADE": leak(show_every_path(MADE(4, (5,), ordering=[1, 3, 0, 2], seed=0))),
    "tricky": tricky,
    "no gradient": lambda x: x.detach().roll(1, dims=1),
    "dense": nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 4)),
}
ACTIONS = st.one_of(
    st.tuples(st.just("ordering"), st.permutations(range(4))),
    st.tuples(st.just("type ordering"), st.permutations(range(4))),
    st.tuples(st.just("type with spaces"), st.permutations(range(4))),
    st.tuples(st.just("select"), st.integers(0, 3)),
    st.tuples(st.just("choose"), st.integers(0, 3)),
    st.tuples(st.just("measure"), st.none()),
    st.tuples(st.just("bad ordering"), st.sampled_from([[0, 1], [0, 0, 1, 2], "x1", [0.0, 1.0]])),
    st.tuples(st.just("bad text"), st.sampled_from(["", "x1, x2", "x1 x1 x2 x3", "x5", HOSTILE])),
    st.tuples(st.just("bad selection"), st.sampled_from([4, -1, 1.5, "x1", None])),
)


def assert_shows_its_state(w, function):
    names = variable_names(4)
    allowed = torch.tensor(
        [[w.ordering.index(j) < w.ordering.index(i) for j in range(4)] for i in range(4)]
    )
    leaks = [(i, j) for i, j in np.ndindex(4, 4) if w.by_flip[i, j] and not allowed[i, j]]
    assert w.leaks == leaks
    ways = [w.by_flip] if w.by_gradient is None else [w.by_flip, w.by_gradient]
    matrices, words = page(w)
    assert len(matrices) == len(ways)
    for matrix, seen in zip(matrices, ways, strict=True):
        assert cells(matrix) == expected_cells(seen, allowed)
        marks = [part.get("data-selected") for part in matrix.iter() if part.get("data-selected")]
        assert marks == [str(w.selected)]
    assert (w.verdict.splitlines()[0].startswith("No leak")) == (leaks == [])
    moves = w.dependence.largest_move
    largest = sorted(leaks, key=lambda pair: -moves[pair])[:6]
    assert sorted(moves[pair] for pair in named(w.verdict)) == sorted(moves[p] for p in largest)
    assert set(named(words)) == set(named(w.verdict)) <= set(leaks)
    more = re.search(r"and (\d+) more", w.verdict)
    assert len(leaks) == len(named(w.verdict)) + (int(more[1]) if more else 0)

    def listed(inputs):
        said = [names[j] for j in w.ordering if inputs[j]]
        return " and ".join(filter(None, [", ".join(said[:-1]), said[-1]])) if said else "nothing"

    i = w.selected
    sentence = f"Output {names[i]}, step {w.ordering.index(i) + 1} of 4, depends on "
    sentence += f"{listed(w.by_flip[i])}. It may depend on {listed(allowed[i])}."
    assert sentence in words
    forbidden = w.by_flip[i] & ~allowed[i]
    assert ("Not allowed" in words) == bool(forbidden.any())
    if forbidden.any():
        assert f"{sentence} Not allowed: {listed(forbidden)}." in words
    most = re.search(r"moved most when (x\S) did: by", words)
    assert (most is None) == (not w.by_flip[i].any())
    if most:
        assert moves[i, names.index(most[1])] == moves[i].max()
    assert f"The ordering is {', '.join(names[j] for j in w.ordering)}." in (
        words.replace(" It is not", "") if isinstance(function, MADE) else words
    )
    assert w._output_choice.value == w.selected


@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(ACTIONS, max_size=6))
@settings(max_examples=60)
def test_whatever_is_done_picture_words_and_state_agree(which, actions):
    function = FUNCTIONS[which]
    w = LeakDetector(function, input_dim=4)
    by_flip = w.by_flip
    expected = [w.ordering, w.selected]
    assert_shows_its_state(w, function)
    for action, value in actions:
        before = everything(w)
        problem = False
        if action == "ordering":
            w.ordering = value
            expected[0] = list(value)
        elif action == "type ordering":
            w._ordering_text.value = ", ".join(f"x{i + 1}" for i in value)
            expected[0] = list(value)
        elif action == "type with spaces":
            w._ordering_text.value = "  ".join(variable_names(4)[i] for i in value)
            expected[0] = list(value)
        elif action == "select":
            w.selected = expected[1] = value
        elif action == "choose":
            w._output_choice.value = expected[1] = value
        elif action == "measure":
            w.measure()
        elif action == "bad ordering":
            with pytest.raises((TypeError, ValueError)):
                w.ordering = value
            assert everything(w) == before
        elif action == "bad selection":
            with pytest.raises((TypeError, ValueError)):
                w.selected = value
            assert everything(w) == before
        else:
            # a text that stands there already changes nothing, and nothing is told again
            problem = w._ordering_text.value != value or bool(w.problem)
            w._ordering_text.value = value
            assert everything(w) == before
            assert w._ordering_text.value == value
        if not action.startswith("bad"):
            assert w._ordering_text.value == ", ".join(f"x{i + 1}" for i in expected[0])
        if action in ("bad ordering", "bad selection"):
            problem = bool(w.problem)
        assert bool(w.problem) == problem
        assert [w.ordering, w.selected] == expected
        assert torch.equal(w.by_flip, by_flip)  # all 16 inputs are tried every time
        assert_shows_its_state(w, function)
    w.close()


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "an ordering names each variable once: missing x₁, x₂ and x₃"),
        ("x1, x2", "an ordering names each variable once: missing x₃"),
        ("x1 x1 x3, x3 x2", "an ordering names each variable once: repeated x₁ and x₃"),
        ("x1, x2, x4", "unknown x4: type x₁, x₂ and x₃ in the order of generation"),
        ("x1; x2; x3", "unknown x1; and x2;: type x₁, x₂ and x₃ in the order of generation"),
        (HOSTILE, f"unknown {HOSTILE}: type x₁, x₂ and x₃ in the order of generation"),
    ],
)
def test_a_text_that_is_no_ordering_keeps_the_state_and_says_why(model, text, fragment):
    w = LeakDetector(model)
    before = everything(w)
    w._ordering_text.value = "x3, x2, x1"
    w._ordering_text.value = "x2, x3, x1"
    w._ordering_text.value = text or "x1"
    w._ordering_text.value = text
    assert w.problem == fragment
    assert fragment in unescape(w._problem_line.value)
    assert "<script>" not in w._problem_line.value
    assert everything(w)[:4] == before[:4]
    w.selected = 1
    assert w.problem == ""
    assert w._ordering_text.value == "x2, x3, x1"


@pytest.mark.parametrize(
    ("output", "error", "fragment"),
    [
        (3, ValueError, "selected must be less than 3, got 3"),
        (-1, ValueError, "selected must be at least 0, got -1"),
        ("x1", TypeError, "selected must be a whole number, got 'x1'"),
    ],
)
def test_outputs_that_cannot_be_selected(model, output, error, fragment):
    w = LeakDetector(model)
    before = everything(w)
    with pytest.raises(error, match=re.escape(fragment)):
        w.selected = output
    assert everything(w) == before


def test_a_row_that_is_clicked_operates_the_control(model):
    matrices, _ = page(LeakDetector(model))
    for matrix in matrices:
        clicks = [part.get("onclick") for part in matrix.iter() if part.get("onclick")]
        assert len(clicks) == 3
        for row, click in enumerate(clicks):
            assert ".made-leaks-output select" in click
            assert f"c.selectedIndex=[0, 1, 2][{row}];" in click


def test_measuring_again_takes_new_points_where_not_all_were_tried():
    model = show_every_path(MADE(11, (20,), natural_order=False, seed=0))
    stream = torch.get_rng_state()
    w = LeakDetector(model, seed=7)
    again = w._again
    assert isinstance(again, Button)
    assert not again.disabled
    points = [w.dependence.points]
    for _ in range(2):
        again.click()
        points.append(w.dependence.points)
        assert again.description == "Measure again"
        assert w.problem == ""
    assert not torch.equal(points[0], points[1])
    assert not torch.equal(points[1], points[2])
    same = LeakDetector(model, seed=7)
    same.measure()
    assert torch.equal(same.dependence.points, points[1])
    assert torch.equal(torch.get_rng_state(), stream)


def test_where_all_inputs_were_tried_there_is_nothing_new_to_try(model):
    w = LeakDetector(model)
    assert w._again.tooltip == "Measure the model as it is now"
    w._again.click()
    assert len(w.dependence.points) == 8


def test_measuring_again_looks_at_the_model_as_it_is_by_now(model):
    w = LeakDetector(model)
    leak(model)
    assert w.leaks == []
    w._again.click()
    assert w.leaks == [(1, 1), (2, 2)]
    assert "2 leaks" in page(w)[1]


def test_an_ordering_that_was_not_given_follows_the_model():
    model = show_every_path(MADE(6, (10,), natural_order=False, seed=0))
    follows, given_one = LeakDetector(model), LeakDetector(model, ordering=[3, 4, 5, 0, 1, 2])
    typed = LeakDetector(model)
    typed._ordering_text.value = "x1 x2 x3 x4 x5 x6"
    old = follows.ordering
    model.resample_masks()
    for w in (follows, given_one, typed):
        w.measure()
    assert follows.ordering == torch.argsort(model.order).tolist() != old
    assert follows.leaks == []
    assert given_one.ordering == [3, 4, 5, 0, 1, 2]
    assert typed.ordering == [0, 1, 2, 3, 4, 5]


def test_what_was_found_stays_when_it_cannot_be_measured_again():
    broken = []

    def function(x):
        if broken:
            raise RuntimeError("out of order")
        return x

    w = LeakDetector(function, input_dim=12)
    before = everything(w)
    broken.append(True)
    w._again.click()
    assert (
        w.problem
        == "the function raised RuntimeError on an input of shape (1024, 12): out of order"
    )
    assert w._again.description == "Measure again"
    with pytest.raises(ValueError, match="out of order"):
        w.measure()
    assert everything(w) == before
    broken.clear()
    w._again.click()
    assert w.problem == ""
    assert not torch.equal(w.dependence.points, before[-1].points)


def test_nothing_of_the_model_changes():
    model = MADE(3, (8,), ordering=CYCLE, dropout=0.5, seed=0).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    masks = [mask.clone() for mask in model.masks]
    w = LeakDetector(model)
    w.ordering = [2, 1, 0]
    w.measure()
    w.figure()
    w.close()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(map(torch.equal, model.masks, masks))
    assert {module.training for module in model.modules()} == {True}
    assert {parameter.grad for parameter in model.parameters()} == {None}


def test_one_message_draws_everything(model):
    w = LeakDetector(model)
    sent = []

    def listen(widget):
        widget.observe(lambda change: sent.append((type(widget).__name__, change["name"])))
        for child in getattr(widget, "children", ()):
            listen(child)

    listen(w)
    w._output_choice.value = 1
    assert [trait for kind, trait in sent if kind != "Dropdown"] == ["value"]
    sent.clear()
    w._ordering_text.value = "x1, x2, x3"
    assert [(kind, trait) for kind, trait in sent if kind != "Text"] == [("HTML", "value")]


def test_closing_leaves_nothing_behind(model):
    LeakDetector(model).close()  # what is made once only
    before = len(_instances)
    for _ in range(10):
        LeakDetector(model).close()
    assert len(_instances) == before


# ---- what is drawn ------------------------------------------------------------------------------


def test_names_of_the_readers_are_text(model):
    names = ["rain", HOSTILE, 'a "b" & <c>']
    w = LeakDetector(leak(model), names=names)
    assert "<script" not in w._picture.value
    matrices, words = page(w)  # it parses
    assert f"output {HOSTILE} moved when {HOSTILE} did" in words
    assert {"rain"} <= {"".join(text.itertext()) for text in matrices[0].iter(f"{SVG}text")}
    w._ordering_text.value = f'rain, a "b" & <c>, {HOSTILE}'
    assert w.ordering == [0, 2, 1]
    assert w.problem == ""
    w._ordering_text.value = f"rain, {HOSTILE}"
    assert w.problem == 'an ordering names each variable once: missing a "b" & <c>'


@pytest.mark.parametrize("input_dim", [1, 2, 12, 13, 20, 21, 784])
def test_any_number_of_variables(input_dim):
    w = LeakDetector(lambda x: 2 * x, input_dim=input_dim)
    assert w.leaks == [(i, i) for i in range(input_dim)]
    matrices, _ = page(w)
    assert len(matrices) == 2
    for matrix in matrices:
        width, height = float(matrix.get("width")), float(matrix.get("height"))
        assert width < 512  # so that nothing is made smaller than it is
        assert "max-width:100%" in matrix.get("style")
        for part in matrix.iter(f"{SVG}rect"):
            assert 0 <= float(part.get("x", 0)) <= width
            right = float(part.get("x", 0)) + float(part.get("width"))
            assert right <= width + 2
            assert float(part.get("y", 0)) + float(part.get("height")) <= height + 2
        sizes = [int(text.get("font-size", 14)) for text in matrix.iter(f"{SVG}text")]
        assert min(sizes) >= 13
        assert (len(cells(matrix)) == input_dim**2) == (input_dim <= 20)
        assert len(matrix.findall(f"{SVG}image")) == (input_dim > 20)
    assert len(w._picture.value) < 300_000
    w.selected = input_dim - 1
    assert f"Output {variable_names(input_dim)[-1]}, step {input_dim} of" in page(w)[1]


def test_many_variables_stand_in_the_orderings_sequence():
    model = leak(show_every_path(MADE(30, (60,), natural_order=False, degrees="even", seed=0)))
    w = LeakDetector(model)
    order = torch.argsort(model.order).tolist()
    assert w.ordering == order != list(range(30))
    matrices, words = page(w)
    assert "for rows and columns too: on the diagonal and above nothing is allowed" in words
    label = matrices[0].get("aria-label")
    leaks = len(w.leaks)
    seen = int(connectivity(model.masks).sum()) - leaks
    assert label == (
        f"What flipping finds: {seen} of {30 * 29 // 2} allowed pairs seen, "
        f"{leaks} pairs seen that are not allowed"
    )
    (click,) = [part.get("onclick") for part in matrices[0].iter() if part.get("onclick")]
    assert f"c.selectedIndex={order}[Math.floor((event.clientY-" in click
    for output in (order[0], order[29], 7):
        w.selected = output
        pointer = page(w)[0][0].find(f"{SVG}g[@data-selected]")
        assert pointer.get("data-selected") == str(order.index(output))
        y = float(re.match(r"M4 (\S+)l", pointer.find(f"{SVG}path").get("d"))[1]) + 6
        assert y == pytest.approx(28 + SIDE * (order.index(output) + 0.5) / 30, abs=0.01)


def image_in(matrix):
    (image,) = ElementTree.fromstring(matrix).iter(f"{SVG}image")
    png = base64.b64decode(image.get("href").partition(",")[2])
    return np.array(Image.open(io.BytesIO(png)).convert("RGB"))


WHITE, PALE, BLUE, ORANGE = (255, 255, 255), (208, 208, 208), (0, 114, 178), (213, 94, 0)


def test_many_pairs_are_pixels():
    seen = torch.zeros(30, 30, dtype=torch.bool)
    seen[20, 3] = seen[2, 9] = True
    picture = image_in(
        draw_dependence(seen, torch.ones(30, 30).tril(-1).bool(), variable_names(30), "title")
    )
    assert picture.shape == (30, 30, 3)
    for (i, j), colour in {(20, 3): BLUE, (2, 9): ORANGE, (20, 4): PALE, (4, 20): WHITE}.items():
        assert tuple(picture[i, j]) == colour


def test_a_single_leak_among_784_variables_shows():
    allowed = torch.ones(784, 784).tril(-1).bool()
    for i, j in ((5, 5), (700, 783), (301, 302)):
        seen = allowed.clone()
        seen[i, j] = True
        picture = image_in(draw_dependence(seen, allowed, variable_names(784), "title"))
        assert picture.shape == (262, 262, 3)
        assert tuple(picture[i // 3, j // 3]) == ORANGE
        assert (picture == ORANGE).all(axis=-1).sum() == 1
        assert tuple(picture[200, 100]) == BLUE
        assert tuple(picture[100, 200]) == WHITE


def test_long_names_are_cut_in_the_matrix_alone():
    name = "the weather of the day before yesterday"
    w = LeakDetector(lambda x: 2 * x, input_dim=2, names=[name, "b"])
    matrices, words = page(w)
    shown = {"".join(text.itertext()) for text in matrices[0].iter(f"{SVG}text")}
    assert "the weather…" in shown
    assert name not in shown
    assert name in words
    assert name in matrices[0].get("aria-label")


def test_a_matrix_may_be_only_looked_at():
    markup = draw_dependence(torch.eye(3).bool(), torch.ones(3, 3).bool(), list("abc"), "title")
    assert "onclick" not in markup
    assert "data-selected" not in markup


def test_the_legend_shows_what_the_matrix_shows():
    few = LeakDetector(lambda x: 2 * x, input_dim=3)._picture.value
    many = LeakDetector(lambda x: 2 * x, input_dim=30)._picture.value
    for words in ("allowed and seen", "allowed, not seen", "seen, not allowed: a leak"):
        assert words in few
        assert words in many
    assert few.count('fill="#d0d0d0"') == 0
    assert many.count('fill="#d0d0d0"') == 1


# ---- figure -------------------------------------------------------------------------------------


def squares(axes):
    return {
        (round(p.get_y() + 0.4), round(p.get_x() + 0.4)): (
            to_hex(p.get_facecolor()),
            to_hex(p.get_edgecolor()),
        )
        for p in axes.patches
    }


def test_the_figure_shows_the_same(model):
    w = LeakDetector(leak(model))
    figure = w.figure()
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    assert [axes.get_title() for axes in figure.axes] == [
        "What flipping finds: 2 leaks",
        "What the gradient claims: 2 leaks",
    ]
    allowed = direct_mask(model.order)
    for axes, seen in zip(figure.axes, (w.by_flip, w.by_gradient), strict=True):
        states = expected_cells(seen, allowed)
        blue, orange = "#0072b2", "#d55e00"
        colours = {
            "seen": (blue, blue),
            "leak": (orange, orange),
            "allowed": ("#ffffff", blue),
        }
        assert squares(axes) == {
            place: colours[state] for place, state in states.items() if state != "none"
        }
        (crosses,) = axes.get_lines()
        assert {(round(y), round(x)) for x, y in crosses.get_xydata()} == {(1, 1), (2, 2)}
        assert [text.get_text() for text in axes.get_xticklabels()] == ["x₁", "x₂", "x₃"]
        assert [text.get_text() for text in axes.get_yticklabels()] == ["x₁", "x₂", "x₃"]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("input", "output")
        bottom, top = axes.get_ylim()
        assert bottom > top
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "allowed and seen",
        "allowed, not seen",
        "a leak",
    ]


def test_the_figure_of_many_variables():
    allowed = torch.ones(40, 40).tril(-1).bool()
    seen = torch.zeros(40, 40, dtype=torch.bool)
    seen[30, 2] = seen[2, 30] = True
    figure = plot_dependence({"seen": seen}, allowed)
    figure.canvas.draw()
    (axes,) = figure.axes
    assert axes.get_title() == "seen: 1 leak"
    (image,) = axes.get_images()
    for (i, j), colour in {(30, 2): BLUE, (2, 30): ORANGE, (30, 3): PALE, (3, 30): WHITE}.items():
        assert image.get_array()[i, j].tolist() == pytest.approx([c / 255 for c in colour])
    (dots,) = axes.get_lines()
    assert dots.get_xydata().tolist() == [[30, 2]]


def test_names_in_the_figure_are_no_formulas():
    figure = plot_dependence({"seen": torch.eye(2).bool()}, torch.eye(2).bool(), names=["$a$", "$"])
    figure.canvas.draw()
    (axes,) = figure.axes
    labels = [*axes.get_xticklabels(), *axes.get_yticklabels()]
    assert [label.get_text() for label in labels] == ["$a$", "$"] * 2
    assert not any(label.get_parse_math() for label in labels)
    assert axes.get_title() == "seen: 0 leaks"


@pytest.mark.parametrize("input_dim", [1, 3, 20])
def test_nothing_in_the_figure_is_cut_off(input_dim):
    figure = LeakDetector(lambda x: x, input_dim=input_dim).figure()
    figure.canvas.draw()
    width, height = figure.bbox.width, figure.bbox.height
    for part in [*(axes.title for axes in figure.axes), figure.legends[0]]:
        box = part.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= width
        assert box.y0 >= 0
        assert box.y1 <= height


# ---- orderings as text --------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1).filter(
    lambda word: word.strip() and word.isprintable()
)


def typed(name):
    """A name without subscripts and with single spaces, as it is compared."""
    return " ".join(name.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")).split())


@given(st.lists(WORDS, min_size=1, max_size=6, unique_by=typed), st.randoms())
def test_what_is_written_can_be_read(names, random):
    ordering = random.sample(range(len(names)), len(names))
    assert check_names(names, len(names)) == names
    text = write_ordering(ordering, names)
    assert read_ordering(text, names) == ordering
    assert read_ordering(text.replace(", ", " ,  "), names) == ordering


@pytest.mark.parametrize(
    "text", ["x2, x3, x1", "x2 x3 x1", "x₂,x₃,x₁", " x2,,x₃\tx1, ", "x2 , x3 x1"]
)
def test_an_ordering_may_be_typed_in_many_ways(text):
    assert read_ordering(text, variable_names(3)) == CYCLE


def test_names_of_ones_own():
    names = ["rain", "wet grass", "x1"]
    assert read_ordering("wet grass, x1 rain", names) == [1, 2, 0]
    assert read_ordering("x2, rain, x3", names) == [1, 0, 2]  # by number where no name says else
    with pytest.raises(ValueError, match="unknown wet and grass: type rain, wet gr"):
        read_ordering("wet grass x1 rain", names)


def test_many_names_are_not_all_told():
    with pytest.raises(ValueError, match="missing x₂, x₃.*, x₁₂ and 772 more$"):
        read_ordering("x1", variable_names(784))
