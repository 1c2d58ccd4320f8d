"""SamplingPlayer: its state in Python, and the words that the page makes of it."""

import copy

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import SamplingPlayer
from made_course.leaks.trajectory import trajectory
from made_course.widgets.shared.sampler import uniforms
from tests.widgets.models import a_model, rows_of

BOARD = {"rows": 2, "columns": 2, "names": ["x₁", "x₂", "x₃", "x₄"]}
ROW = {"rows": 1, "columns": 3, "names": ["rain", "wind", "fog"]}


def said(call, name, *args):
    return call("sampling_player", name, *args)


def test_starts_before_the_first_variable_and_plays_the_models_own_sample():
    model = a_model(9, (8,), dropout=0.5).train()
    before = copy.deepcopy(model.state_dict())
    w = SamplingPlayer(model, seed=3)
    assert w.step == 0
    assert torch.equal(w.trajectory.x, model.sample(1, noise=uniforms(3, 1, 9))[0])
    w.seed = 4
    assert torch.equal(w.trajectory.x, model.sample(1, noise=uniforms(4, 1, 9))[0])
    w.greedy = True
    assert torch.equal(w.trajectory.x, (w.trajectory.probabilities >= 0.5).float())
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert model.training


@pytest.mark.parametrize(
    ("ordering", "undecided"),
    [(None, [6, 5, 4, 3, 2, 1, 0]), ([[2], [0, 5, 3], [1, 4]], [6, 5, 2, 0])],
)
def test_a_trajectory_reads_zeros_where_nothing_is_known_yet(ordering, undecided):
    model, x = a_model(6, ordering=ordering), torch.ones(6)
    found = trajectory(model, x, model.order, model.head)
    known, steps = torch.zeros(6), [0.0]
    with torch.no_grad():
        for t in range(len(undecided) - 1):
            p, now = torch.sigmoid(model(known[None])[0]), model.order == t + 1
            torch.testing.assert_close(found.outputs[t].float(), p, atol=1e-3, rtol=0)
            steps.append(steps[-1] + p[now].log().sum().item())
            known[now] = 1
    assert found.log_likelihood.tolist() == pytest.approx(steps, abs=1e-4)
    times = range(len(undecided))
    assert [found.undecided(t).sum().item() for t in times] == undecided
    assert [found.not_conditional(t).sum().item() for t in times] == [5, *undecided[1:]]


def test_what_is_said_of_a_step(call):
    row = {"row": [0, 1, 1, 0], "p": [0.999999, 0.5, 0.004, 1e-9], "ordering": [1, 2, 0, 3]}
    row |= {"soFar": [0, -0.69, -6.21, -22.3, -22.3]}
    assert said(call, "sayDecision", BOARD, row, 0, None) == (
        "Step 0 of 4: nothing is decided yet. First in the ordering is x₂: p = 0.50."
    )
    for step, u, words in [
        (1, None, "Step 1 of 4: x₂. p = 0.50 ≥ 1/2: the likelier value is 1 (ink)."),
        (1, 0.4999, "Step 1 of 4: x₂. p = 0.5000000, u = 0.4999000 ≤ p, so it is 1 (ink)."),
        (2, 0.001, "Step 2 of 4: x₃. p = 0.004, u = 0.001 ≤ p, so it is 1 (ink)."),
        (3, 0.99999994, "Step 3 of 4: x₁. p = 0.9999990, u = 0.9999999 > p, so it is 0 (paper)."),
        (4, 0.5, "Step 4 of 4: x₄. p < 0.0001, u = 0.50 > p, so it is 0 (paper)."),
    ]:
        assert said(call, "sayDecision", BOARD, row, step, u) == words
    assert said(call, "sayLikelihood", BOARD, row, 2) == (
        "log p so far: −6.21 nats, of −22.3 in the end."
    )
    assert said(call, "sayLikelihood", BOARD, row, 4) == "The whole image has log p = −22.3 nats."
    real = row | {"row": [1, 0, 1], "soFar": [0, -1, -2, -3], "ordering": [1, 2, 0]}
    assert said(call, "sayReal", ROW, real, 1) == (
        "The real row has log p = −3.00 nats in all. There wind is 0, where p = 0.50."
    )
    assert said(call, "nats", -0.001) == "0.00"


def test_real_rows_are_shown_in_turn_and_the_figure_is_a_filmstrip():
    w = SamplingPlayer(a_model(784, (4,)), real=rows_of(2, 784).bool())
    assert w.step == 378  # in the middle of a row, and of the drawing
    w.step, w.seed = 406, 3
    figure = w.figure()
    FigureCanvasAgg(figure).draw()
    steps = [157, 314, 406, 471, 628, 784]
    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == [
        f"step {step}" for step in steps
    ]
    assert "steps 157, 314, 406, 471, 628 and 784" in figure.alt
    w.show_real = w.greedy = True
    assert "Log p of the real image falls to" in w.figure().alt


def test_a_model_in_half_precision_is_played():
    assert SamplingPlayer(a_model(9).bfloat16()).figure().axes
