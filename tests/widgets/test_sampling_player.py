"""SamplingPlayer without a browser: what it plays is the model's own sampling, step by step."""

import copy
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import MADE, Categorical, SamplingPlayer
from made_course.trajectory import trajectory
from made_course.words import variable_names
from tests.widgets.models import a_model, rows_of
from tests.widgets.page import HOSTILE, controls, markup, page, parts, pixels_of, status, words


@torch.no_grad()
def seen_by(model, x):
    """By the definition, one pass a step: outputs of each pass, conditionals, log-likelihoods."""
    ordering = torch.argsort(model.order).tolist()
    known, passes, p, steps = torch.zeros_like(x), [], torch.zeros_like(x), [0.0]
    for i in ordering:
        passes.append(torch.sigmoid(model(known[None])[0]))
        p[i] = passes[-1][i]
        steps.append(steps[-1] + math.log(p[i] if x[i] else 1 - p[i]))
        known[i] = x[i]
    return ordering, passes, p, steps


def numbers_said(w):
    """p, the number it is compared with, the sign between them and the value, as they are said."""
    number = r"(?:[=<>] )?([\d./]+)"
    pattern = rf"\. p {number},? (?:u {number} )?([≤>≥<])(?: 1/2| p)?.*?(?:is|it is) ([01])"
    return re.search(pattern, w.words).groups()


def assert_tells_the_truth(w, model, names):
    x, u = w.samples[w.sample_index], w.noise[w.sample_index]
    ordering, passes, p, steps = seen_by(model, x)
    torch.testing.assert_close(w.probabilities[w.sample_index], p)
    assert w.log_likelihood[w.sample_index].tolist() == pytest.approx(steps, abs=1e-4)
    assert torch.equal(x, (u <= p).float())
    assert w.words.startswith(status(w).partition(". ")[0])
    if w.step == 0:
        assert f"nothing is decided yet. First in the ordering is {names[ordering[0]]}." in w.words
    else:
        i = ordering[w.step - 1]
        assert f"Step {w.step} of {len(x)}: {names[i]}. p " in w.words
        said_p, said_u, _, value = numbers_said(w)
        assert float(said_p) == pytest.approx(p[i].item(), abs=0.0055)
        assert (said_u is None) == w.greedy
        assert w.greedy or float(said_u) == pytest.approx(u[i].item(), abs=0.0055)
        assert float(value) == x[i]
    board = next(part for part in page(w).iter("svg") if "so far:" in part.get("aria-label", ""))
    outputs = passes[max(w.step - 1, 0)]
    for t, i in enumerate(ordering):
        value = f"is {x[i]:.0f}" if t < w.step else "not decided"
        (output,) = re.findall(rf"{names[i]} {value}, output ([\d.]+)", board.get("aria-label"))
        assert float(output) == pytest.approx(outputs[i].item(), abs=0.0055)
    plot = next(part for part in page(w).iter("svg") if part.get("preserveAspectRatio"))
    whole, so_far = [line.get("points").split() for line in plot.iter("polyline")][:2]
    assert so_far == whole[: w.step + 1]
    heights = [float(point.partition(",")[2]) for point in whole]
    lowest = min(-0.01, w.log_likelihood[w.sample_index, -1].item())
    if not w.show_real:
        assert np.allclose(heights, 140 * np.array(steps) / lowest, atol=0.1)
    assert f"marked at step {w.step}." in plot.get("aria-label")


@given(st.sampled_from([1, 3, 4, 6]), st.integers(0, 50), st.booleans())
@settings(max_examples=20)
def test_every_step_says_and_shows_what_the_model_computes(input_dim, seed, greedy):
    model = a_model(input_dim, (5,) if seed % 3 else (), seed)
    w = SamplingPlayer(model, 2, seed=seed)
    w.greedy, w.sample_index = greedy, 1
    for w.step in range(input_dim + 1):
        assert_tells_the_truth(w, model, variable_names(input_dim))
    w.close()


def test_undecided_variables_are_hatched_and_decided_ones_as_grey_as_their_value():
    model = a_model(25)
    w = SamplingPlayer(model)
    w.step = 11
    ordering, _, p, _ = seen_by(model, w.samples[0])
    so_far, outputs = (pixels_of(image) for image in list(page(w).iter("image"))[:2])
    size = len(so_far) // 5
    for t, i in enumerate(ordering):
        row, column = (size * k for k in divmod(i, 5))
        for picture, value in ((so_far, w.samples[0, i]), (outputs, p[i])):
            block = picture[row : row + size, column : column + size].astype(int)
            if t < 11:
                assert np.abs(block - 255 * (1 - value.item())).max() <= 1
            else:
                assert (block[..., 2] - block[..., 0]).max() > 30  # blue lines
    assert len([part for part in page(w).iter("rect") if part.get("class") == "made-last"]) == 2


# ---- what is played -----------------------------------------------------------------------------


def test_a_trajectory_reads_zeros_where_nothing_is_known_yet():
    model, x = a_model(6), torch.ones(6)
    found = trajectory(model, x, model.order, model.head)
    _, passes, p, steps = seen_by(model, x)
    torch.testing.assert_close(found.outputs[:6].float(), torch.stack(passes), atol=1e-3, rtol=0)
    torch.testing.assert_close(found.probabilities, p)
    assert found.log_likelihood.tolist() == pytest.approx(steps, abs=1e-4)
    assert [found.undecided(t).sum().item() for t in range(7)] == [6, 5, 4, 3, 2, 1, 0]
    assert [found.not_conditional(t).sum().item() for t in range(7)] == [5, 5, 4, 3, 2, 1, 0]


def test_the_sample_is_the_models_own_on_the_noise_of_the_seed():
    model = a_model(30, (20,))
    w = SamplingPlayer(model, 4, seed=3)
    assert torch.equal(w.noise, torch.rand(4, 30, generator=torch.Generator().manual_seed(3)))
    assert torch.equal(w.samples, model.sample(4, noise=w.noise))
    drawn = w.samples
    w.greedy = True
    assert torch.equal(w.samples[0], (w.probabilities[0] >= 0.5).float())
    w.greedy = False
    assert torch.equal(w.samples, drawn)
    controls(w)["New sample"].click()
    assert not torch.equal(w.noise[0], w.noise[1])
    assert torch.equal(w.samples, model.sample(4, noise=w.noise))
    assert not torch.equal(w.samples, drawn)


def constant(*logits):
    model = MADE(len(logits), (), ordering=[*range(1, len(logits)), 0])
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].bias.copy_(torch.tensor(logits))
    return model


def test_probabilities_are_never_rounded_to_certainty_nor_ties_hidden():
    w = SamplingPlayer(constant(5.0, -30.0, 30.0, -5.0), seed=1)
    said = []
    for w.step in range(1, 5):
        said.append(re.search(r"p ([=<>] \S+),", w.words)[1])
    assert said == ["< 0.0001", "> 0.9999", "= 0.01", "= 0.99"]
    w = SamplingPlayer(constant(0.0, 0.0, 0.0))
    w.greedy, w.step = True, 2
    assert w.words.startswith("Step 2 of 3: x₃. p = 0.50 ≥ 1/2: the likelier value is 1.")
    u = torch.rand(1, 1, generator=torch.Generator().manual_seed(0)).item()
    w = SamplingPlayer(constant(math.log((u + 1e-4) / (1 - u - 1e-4))))
    w.step = 1
    assert re.search(r"p = 0\.\d{7}, u = 0\.\d{7} ≤ p, so it is 1", w.words)


def test_the_model_is_left_alone_and_the_player_keeps_its_own():
    model = a_model(6, (8,), dropout=0.5).train()
    before = copy.deepcopy(model.state_dict())
    w = SamplingPlayer(model, real=rows_of(1, 6))
    w.show_real = w.greedy = True
    w.figure()
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(module.training for module in model.modules())
    w.greedy = False
    kept = copy.deepcopy(model).eval()
    with torch.no_grad():
        model.net[0].weight.add_(1)
    w.new_samples()
    assert torch.equal(w.samples, kept.sample(1, noise=w.noise))


def test_real_rows_stand_beside_the_samples_in_turn_with_their_own_numbers():
    model, real = a_model(3), torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    w = SamplingPlayer(model, 3, real=real.bool())
    w.show_real = True
    for w.sample_index, w.step in ((0, 3), (1, 2), (2, 1)):
        row = real[w.sample_index % 2]
        ordering, _, _, steps = seen_by(model, row)
        assert (
            f"In the real row {variable_names(3)[ordering[w.step - 1]]} is {row[0]:.0f}" in w.words
        )
        assert f"in all it has log p = −{-steps[-1]:.2f}"[:-1] in w.words
        assert "neither a reconstruction nor a sample" in w.words
        assert_tells_the_truth(w, model, variable_names(3))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_models_of_other_precision(dtype):
    w = SamplingPlayer(a_model(9).to(dtype), real=rows_of(2, 9))
    w.show_real = True
    assert w.samples.dtype == dtype
    assert w.figure().axes


# ---- controls -----------------------------------------------------------------------------------


def test_controls_do_what_python_does():
    w = SamplingPlayer(a_model(784, (4,)), 2, real=rows_of(1, 784))
    shown = controls(w)
    assert (w.step, w.speed) == (406, 7)
    assert [count for _, count in shown["Speed"].options] == [1, 7, 28]
    shown["Step"].value, shown["Speed"].value, shown["Sample"].value = 18, 28, 1
    shown["Take the likelier value"].value = shown["Beside: a real image"].value = True
    assert (w.step, w.speed, w.sample_index, w.greedy, w.show_real) == (18, 28, 1, True, True)
    assert shown["New sample"].disabled
    w.step, w.speed, w.sample_index, w.greedy, w.show_real = 3, 1, 0, False, False
    assert (shown["Step"].value, shown["Speed"].value, shown["Sample"].value) == (3, 1, 0)
    assert not shown["Take the likelier value"].value
    assert not shown["Beside: a real image"].value
    assert controls(SamplingPlayer(a_model(3)))["Beside: a real row"].disabled


def test_playing_goes_to_the_end_and_starts_again():
    w = SamplingPlayer(a_model(784, (4,)))
    (clock,) = [part for part in parts(w) if hasattr(part, "interval")]
    w.step, w.speed = 750, 28
    clock.value += 1
    assert w.step == 750  # it does not play
    controls(w)["Play"].value = True
    assert clock.playing
    assert 'aria-live="off"' in markup(w)  # nobody can listen to that many steps
    for expected in ((778, True), (784, False), (784, False)):
        clock.value += 1
        assert (w.step, w.playing) == expected
    w.playing = True
    assert w.step == 0
    w.close()
    assert not clock.playing


def test_a_press_or_drag_on_the_curve_sets_the_step_control():
    w = SamplingPlayer(a_model(7))
    (curve,) = [part for part in page(w).iter("div") if part.get("onpointerdown")]
    assert curve.get("onpointerdown") == curve.get("onpointermove")
    assert "querySelector('.made-step input')" in curve.get("onpointerdown")
    assert "Math.max(0,Math.min(7,s))" in curve.get("onpointerdown")
    assert "made-step" in controls(w)["Step"]._dom_classes


def test_names_are_text_and_ink_is_said_of_images_alone():
    w = SamplingPlayer(a_model(3, ordering=[1, 2, 0]), names=["a", "rain tomorrow", HOSTILE])
    w.step = 2
    assert HOSTILE in w.words
    assert HOSTILE in status(w).replace("\N{NO-BREAK SPACE}", " ")
    assert "ink" not in w.words
    assert w.figure().axes
    w = SamplingPlayer(a_model(4))
    w.step = 4
    assert re.search(r"so it is (1 \(ink\)|0 \(paper\))\.", w.words)
    assert "Every output is a conditional now." in words(w)


@pytest.mark.parametrize(
    ("input_dim", "shape", "cells"),
    [(3, None, (1, 3)), (16, None, (4, 4)), (16, (2, 8), (2, 8)), (50, [50, 1], (50, 1))],
)
def test_variables_stand_in_a_square_a_row_or_the_shape_that_is_given(input_dim, shape, cells):
    image = next(page(SamplingPlayer(a_model(input_dim), shape=shape)).iter("image"))
    high, wide, _ = pixels_of(image).shape
    assert high * cells[1] == wide * cells[0]


def test_the_figure_is_a_filmstrip_of_the_state():
    w = SamplingPlayer(a_model(784, (4,)), real=rows_of(1, 784))
    figure = w.figure()
    FigureCanvasAgg(figure).draw()
    steps = [157, 314, 406, 471, 628, 784]
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == [f"step {t}" for t in steps]
    assert "steps 157, 314, 406, 471, 628 and 784" in w.description
    w.show_real = w.greedy = True
    assert len(w.figure().axes) == 4 * 6 + 1
    assert w.description.startswith("Filmstrip of the likelier values")
    assert "a real image" in w.description


# ---- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "options", "error", "fragment"),
    [
        (torch.nn.Linear(3, 3), {}, TypeError, "model must be a MADE, got Linear"),
        (MADE(3, head=Categorical(3)), {}, ValueError, "the model's head is Categorical(3)"),
        (constant(math.nan), {}, ValueError, "the model gives no finite log-probability"),
        (None, {"n_samples": 5}, ValueError, "n_samples must be at most 4, got 5"),
        (None, {"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        (None, {"shape": 3}, TypeError, "shape must be a pair (rows, columns), got 3"),
        (None, {"shape": (2, 2)}, ValueError, "room for exactly 3 variables, got 2 × 2"),
        (None, {"names": ["a", "b"]}, ValueError, "names must name each of 3 variables, got 2"),
        (None, {"real": [1, 0, 1]}, TypeError, "real must be a torch.Tensor, got list"),
        (None, {"real": torch.ones(4)}, ValueError, "shape (3,) or (m, 3), got (4,)"),
        (None, {"real": torch.ones(0, 3)}, ValueError, "shape (3,) or (m, 3), got (0, 3)"),
        (None, {"real": torch.full((3,), 0.5)}, ValueError, "must hold only 0 and 1, got 0.5"),
    ],
)
def test_arguments_that_are_none(model, options, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        SamplingPlayer(model or MADE(3), **options)


@pytest.mark.parametrize(
    ("name", "value", "error", "fragment"),
    [
        ("step", 4, ValueError, "step must be at most 3, got 4"),
        ("step", 1.5, TypeError, "step must be a whole number, got 1.5"),
        ("sample_index", 2, ValueError, "sample_index must be at most 1, got 2"),
        ("greedy", "yes", TypeError, "greedy must be True or False, got 'yes'"),
        ("show_real", True, ValueError, "no real image to show: make the player with real=..."),
        ("playing", None, TypeError, "playing must be True or False, got None"),
        ("speed", 2, ValueError, "speed must be one of [1] variables at a time, got 2"),
    ],
)
def test_a_bad_value_changes_nothing(name, value, error, fragment):
    w = SamplingPlayer(a_model(3), 2)
    before, shown = getattr(w, name), markup(w)
    with pytest.raises(error, match=re.escape(fragment)):
        setattr(w, name, value)
    assert (getattr(w, name), markup(w)) == (before, shown)
