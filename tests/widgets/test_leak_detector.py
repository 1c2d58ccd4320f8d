"""LeakDetector without a page: its state, and what its module makes of it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from torch import nn

from made_course import MADE, LeakDetector, connectivity
from tests.networks import CYCLE, leak, show_every_path


@pytest.fixture
def model():
    return show_every_path(MADE(3, (6, 6), ordering=CYCLE, degrees="even", seed=0))


@pytest.fixture(scope="module")
def findings(call):
    """``findings(w)`` is what the page makes of a widget's state."""

    def of(w):
        moves = np.frombuffer(w.moves, np.float32).tolist()
        return call("leaks", "findingsOf", w.names, w.ordering, list(w.found), moves, w.tried)

    return of


# ---- what the page says of known functions ------------------------------------------------------


def test_the_documents_model_has_no_leak(model, call, findings):
    w = LeakDetector(model)
    assert (w.ordering, w.first_ordering, w.leaks) == (CYCLE, CYCLE, [])
    assert w.selected == 0  # comes last, so it may see most
    assert torch.equal(w.dependence.by_flip, connectivity(model.masks))
    f = findings(w)
    assert call("leaks", "verdict", f) == [
        "✓ No leak: outputs move with earlier variables only.",
        "Each of 3 variables was flipped at all 8 inputs.",
    ]
    assert call("leaks", "rowWords", f, 0) == (
        "Output x̂₁ is step 3 of 3. It depends on x₂ and x₃. It may depend on x₂ and x₃."
    )
    assert call("leaks", "pairWords", f, 1, 2) == [
        "x₃ is generated after x₂ (steps 2 and 1).",
        "Flipping x₃ moves it at none of the 8 inputs.",
        "The slope says the same.",
    ]
    assert call("leaks", "agreement", f) == "Flips and slopes agree on every pair."


def test_an_output_mask_that_is_not_strict_is_caught_and_named(model, call, findings):
    w = LeakDetector(leak(model))
    f = findings(w)
    assert w.leaks == [(1, 1), (2, 2)]
    assert call("leaks", "verdict", f)[0].startswith("✗ 2 leaks: outputs that move with their own")
    moves = w.dependence.largest_move
    assert (w.selected, w.pointed) == max(w.leaks, key=lambda pair: moves[pair])
    assert call("leaks", "rowWords", f, 2).endswith("It may depend on x₂. Leaks: x₃.")
    assert call("leaks", "pairWords", f, 2, 2)[0] == "An output must not see its own variable."


def test_size_and_place_of_a_move_are_told_plainly(call, findings):
    def conjunction(x):
        return torch.stack([5 * x[:, 1] * (1 - x[:, 2]), 0 * x[:, 0], x[:, 1] / 3], dim=1)

    f = findings(LeakDetector(conjunction, input_dim=3))
    told = "Flipping x₃ moves the output, by up to 5 logits at x = (0, 1, 0)."
    assert call("leaks", "pairWords", f, 0, 2)[1] == told
    assert " by up to 0.333 logits at " in call("leaks", "pairWords", f, 2, 1)[1]
    many = findings(LeakDetector(lambda x: x, input_dim=12))
    told = "Flipping x₄ moves the output, by up to 1 logit at one of 64 random inputs."
    assert call("leaks", "pairWords", many, 3, 3)[1] == told
    none = findings(LeakDetector(lambda x: 0 * x, input_dim=12))
    assert call("leaks", "verdict", none) == [
        "✓ No leak found: outputs move with earlier variables only.",
        "Each of 12 variables was flipped at 64 random inputs. Other inputs might show one.",
    ]


def test_each_disagreement_of_the_two_ways_is_told_with_its_reason(call, findings):
    def tricky(x):
        outputs = torch.zeros_like(x)
        outputs[:, 0] = torch.relu(1 - torch.relu(2 - 4 * x[:, 3]))
        outputs[:, 1] = x[:, 2] ** 2 - x[:, 2]
        outputs[:, 2] = 0.1 * x[:, 3] + 0.7 * x[:, 3] - 0.8 * x[:, 3]
        return outputs

    f = findings(LeakDetector(tricky, input_dim=4))
    reasons = {(0, 3): "behind a ReLU that is off", (1, 2): "as x² − x does not.",
               (2, 3): "its slope is within rounding"}  # fmt: skip
    for (i, j), reason in reasons.items():
        assert reason in call("leaks", "pairWords", f, i, j)[2]
    assert f["disputed"] == [4 * i + j for i, j in reasons]
    assert call("leaks", "agreement", f) == (
        "Flips and slopes disagree on 3 pairs, ringed: trust the flips."
    )
    many = findings(LeakDetector(lambda x: x**2 - x, input_dim=11))
    assert "or it moves at inputs not tried." in call("leaks", "pairWords", many, 4, 4)[2]
    infinite = findings(LeakDetector(lambda x: 0 * x.sqrt(), input_dim=1))
    assert "not a finite number" in call("leaks", "pairWords", infinite, 0, 0)[2]


def test_a_function_without_gradients(call, findings):
    w = LeakDetector(lambda x: x.detach().roll(1, dims=1), input_dim=3)
    f = findings(w)
    assert call("leaks", "agreement", f).startswith("The function has no slopes")
    assert len(call("leaks", "pairWords", f, 0, 0)) == 2
    assert len(w.figure().axes) == 1


FUNCTIONS = [
    leak(show_every_path(MADE(4, (5,), ordering=[1, 3, 0, 2], seed=0))),
    lambda x: x.detach().roll(1, dims=1),
    nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 4)),
]


@given(st.sampled_from(FUNCTIONS), st.permutations(range(4)), st.data())
@settings(max_examples=25)
def test_page_and_python_find_the_same_leaks_in_any_ordering(call, findings, function, start, data):
    w = LeakDetector(function, input_dim=4)
    a, b = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))
    w.ordering = call("chips", "moved", start, a, b)
    assert w.ordering[b] == start[a]
    f = findings(w)
    assert f["leaks"] == len(w.leaks)
    for way, seen in ((1, w.dependence.by_flip), (2, w.dependence.by_gradient)):
        if seen is not None:
            for i in range(4):
                for j in range(4):
                    allowed = w.ordering.index(j) < w.ordering.index(i)
                    kinds = ("seen" if allowed else "leak", "allowed" if allowed else "none")
                    assert call("leaks", "kindOf", f, i, j, way) == kinds[not seen[i, j]]
    w.close()


def test_what_moves_farther_has_the_stronger_colour(call, findings):
    sizes = torch.tensor([[4.0, 1.0, 0.0], [0.0, 0.25, 0.0], [0.0, 0.0, 0.0]])
    f = findings(LeakDetector(lambda x: x @ sizes.T, input_dim=3))
    assert [call("leaks", "shade", f, k, 1) for k in (0, 1, 4)] == [1, 0.625, 0.4375]
    assert call("leaks", "shade", f, 4, 2) == 1  # of slopes no size is sent
    assert call("leaks", "scaleWords", f) == "the stronger, the farther it moved: up to 4 logits"


def test_a_single_leak_among_many_variables_shows(call, findings):
    w = LeakDetector(lambda x: x @ torch.ones(30, 30).triu(1), input_dim=30)  # 1 output, all before
    found = bytearray(w.found)
    found[13 * 30 + 14] = 1
    w.found = bytes(found)
    painted = call("leaks", "colours", findings(w), 1, 3, 10)
    picture = np.array([painted[str(k)] for k in range(400)]).reshape(10, 10, 4)
    orange = (picture[..., :3] == (0xD5, 0x5E, 0)).all(axis=-1)
    assert list(zip(*orange.nonzero(), strict=True)) == [(3, 4), (4, 4), (5, 4)]
    assert picture[9, 0].tolist() == [0, 0x72, 0xB2, 255]
    assert picture[0, 9, 3] == 0  # nothing allowed, nothing seen: the page's own colour


def test_the_figure_shows_the_same(model):
    figure = LeakDetector(leak(model)).figure()
    FigureCanvasAgg(figure).draw()
    (axes,) = figure.axes
    assert "What flipping finds: 2 leaks." in figure.alt
    (crosses,) = axes.get_lines()
    assert {(round(y), round(x)) for x, y in crosses.get_xydata()} == {(1, 1), (2, 2)}
    differ = LeakDetector(lambda x: x + x.roll(-1, 1) ** 2 - x.roll(-1, 1), 3).figure()
    assert [axes.get_title(loc="left") for axes in differ.axes] == [
        "What flipping finds",
        "What slopes find",
    ]
