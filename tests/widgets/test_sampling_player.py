"""SamplingPlayer without a browser: whatever is done to it, picture, words and model agree."""

import base64
import copy
import gc
import io
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets.widgets import widget
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from made_course import MADE, SamplingPlayer
from made_course.figures import paint_variables, plot_trajectory
from made_course.heads import Bernoulli, Categorical
from made_course.sampling import sample_naive
from made_course.trajectory import trajectory
from made_course.words import variable_names
from tests.widgets.controls import controls

HOSTILE = "</svg><script>alert(1)</script>"
SVG = "{http://www.w3.org/2000/svg}"


def a_model(input_dim, hidden=(6,), seed=0, **options):
    """With weights as training makes them, so that the conditionals differ."""
    torch.manual_seed(seed)
    options = {"natural_order": False, "seed": seed} | options
    model = MADE(input_dim, hidden, **options)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=2 / parameter.shape[-1] ** 0.5)
    return model


def rows_of(n, input_dim, seed=5):
    return torch.randint(2, (n, input_dim), generator=torch.Generator().manual_seed(seed)).float()


# ---- an independent computation of what there is to see -----------------------------------------


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


def page(w):
    """All that the player shows, as a tree; it is well-formed or this raises."""
    return ElementTree.fromstring(w._picture.value.replace("&nbsp;", " "))


def words_in(element):
    return "".join(element.itertext()).replace("\N{NO-BREAK SPACE}", " ")


def status(w):
    (found,) = [element for element in page(w).iter("div") if element.get("role") == "status"]
    return " ".join(words_in(part) for part in found)


def boards(tree):
    """Of each pair: its svg element and its two pictures, each as (array, group)."""
    pairs = []
    for svg in tree.iter(f"{SVG}svg"):
        groups = [g for g in svg.iter(f"{SVG}g") if g.find(f"{SVG}image") is not None]
        if groups:
            pairs.append((svg, [(decode(g.find(f"{SVG}image")), g) for g in groups]))
    return pairs


def decode(image):
    data = base64.b64decode(image.get("href").partition("base64,")[2])
    return np.asarray(Image.open(io.BytesIO(data)))


def block(picture, shape, i):
    """The pixels of variable i."""
    rows, columns = shape
    high, wide = picture.shape[0] // rows, picture.shape[1] // columns
    row, column = divmod(i, columns)
    return picture[row * high : (row + 1) * high, column * wide : (column + 1) * wide]


def is_hatched(pixels):
    """Blue lines; a value is one grey."""
    return bool((pixels[..., 2].astype(int) - pixels[..., 0] > 30).any())


def is_grey(pixels, p):
    return len(np.unique(pixels)) == 1 and abs(int(pixels.flat[0]) - 255 * (1 - p)) <= 1


def assert_pair_shows(pair, x, seen, step, shape, names):
    ordering, passes, p, _ = seen
    svg, ((so_far, left), (outputs, right)) = pair
    at_step = passes[max(step - 1, 0)]
    conditional = ordering[: max(step, 1)]
    for i in range(len(x)):
        decided = i in ordering[:step]
        assert is_hatched(block(so_far, shape, i)) == (not decided)
        assert not decided or is_grey(block(so_far, shape, i), x[i].item())
        assert is_hatched(block(outputs, shape, i)) == (i not in conditional)
        assert i not in conditional or is_grey(block(outputs, shape, i), p[i].item())
    for group in (left, right):
        frames = [r for r in group.iter(f"{SVG}rect") if r.get("class") == "made-last"]
        assert len(frames) == (step > 0)
        for frame in frames:
            row, column = divmod(ordering[step - 1], shape[1])
            wide, high = float(frame.get("width")) - 2, float(frame.get("height")) - 2
            assert float(frame.get("x")) == pytest.approx(column * wide - 1, abs=0.1)
            assert float(frame.get("y")) == pytest.approx(row * high - 1, abs=0.1)
            assert frame.get("stroke") == "#D55E00"
    written = [[t.text for t in group.iter(f"{SVG}text")] for group in (left, right)]
    if len(x) > 20:
        assert written == [[], []]
        decided = f"{int(x[ordering[:step]].sum())} of the {step} "
        assert decided in svg.get("aria-label")
        return
    for group in written:
        assert group[::2] == names
    assert written[0][1::2] == [
        f"{x[i]:.0f}" if i in ordering[:step] else "?" for i in range(len(x))
    ]
    for i, number in enumerate(written[1][1::2]):
        assert float(number) == pytest.approx(at_step[i].item(), abs=0.0055)
        said = f"{names[i]} {'is' if i in ordering[:step] else 'not decided'}"
        assert said in svg.get("aria-label")


def close_to(said, value):
    """Whether "= 0.83" or "< 0.0001" is said of a value."""
    sign, number = said.split()
    if sign == "=":
        return abs(float(number) - value) <= 0.0055
    return value < float(number) if sign == "<" else value > float(number)


def assert_says(w, x, seen, u, names):
    ordering, _, p, steps = seen
    step, input_dim = w.step, len(x)
    said = w.words
    assert said.startswith(status(w))
    assert said.startswith(f"Step {step} of {input_dim}: ")
    if step == 0:
        assert f"nothing is decided yet. First in the ordering is {names[ordering[0]]}." in said
    else:
        i = ordering[step - 1]
        assert said.startswith(f"Step {step} of {input_dim}: {names[i]}. p ")
        if w.greedy:
            found = re.search(r"\. p ([=<>] \S+) ([≥<]) 1/2: the likelier value is (\d)", said)
            assert found[2] == ("≥" if p[i] >= 0.5 else "<")
        else:
            found = re.search(r"\. p ([=<>] \S+), u ([=<>] \S+) ([≤>]) p, so it is (\d)", said)
            assert close_to(found[2], u[i].item())
            assert found[3] == ("≤" if u[i] <= p[i] else ">")
        assert close_to(found[1], p[i].item())
        assert found[found.lastindex] == f"{x[i]:.0f}"
    totals = [float(number) for number in re.findall(r"(?:−)(\d+\.\d+)", status(w))]
    assert any(abs(-steps[-1] - total) <= 0.051 for total in totals) or -steps[-1] < 0.0051
    assert ("draws nothing" in said) == w.greedy
    assert ("neither a reconstruction nor a sample" in said) == w.show_real
    assert ("not conditionals yet" in said) == (max(step, 1) < input_dim)


def assert_curves_show(w, all_steps):
    (plot,) = [e for e in page(w).iter(f"{SVG}svg") if e.get("preserveAspectRatio")]
    lines = list(plot.iter(f"{SVG}polyline"))
    assert len(lines) == 2 * len(all_steps)
    lowest = min(-0.01, *(steps[-1] for steps in all_steps))
    for k, steps in enumerate(all_steps):
        whole, so_far = (
            [tuple(map(float, point.split(","))) for point in line.get("points").split()]
            for line in lines[2 * k : 2 * k + 2]
        )
        assert so_far == whole[: w.step + 1]
        assert np.allclose([x for x, _ in whole], np.linspace(0, 1000, len(steps)), atol=0.06)
        assert np.allclose([y for _, y in whole], 140 * np.array(steps) / lowest, atol=0.1)
    colours = [line.get("stroke") for line in lines[::2]]
    dashes = [line.get("stroke-dasharray") for line in lines[::2]]
    assert colours == ["#0072B2", "#D55E00"][: len(colours)]
    assert [bool(dash) for dash in dashes] == [False, True][: len(dashes)]
    assert f"marked at step {w.step}." in plot.get("aria-label")


def assert_consistent(w, model, real, shape, names):
    input_dim, n = model.input_dim, len(w.samples)
    noise = w.noise
    assert noise.shape == w.samples.shape == w.probabilities.shape == (n, input_dim)
    assert w.log_likelihood.shape == (n, input_dim + 1)
    if w.greedy:
        assert (noise == 0.5).all()
    for k in {w.sample_index, n - 1}:
        x, u = w.samples[k], noise[k]
        ordering, _, p, steps = seen = seen_by(model, x)
        assert torch.allclose(w.probabilities[k], p, atol=1e-5)
        assert torch.allclose(w.log_likelihood[k], torch.tensor(steps).double(), atol=1e-3)
        assert torch.equal(x, (u <= p).float())
    x = w.samples[w.sample_index]
    _, _, _, steps = seen = seen_by(model, x)
    pairs = boards(page(w))
    assert len(pairs) == 1 + w.show_real
    assert_pair_shows(pairs[0], x, seen, w.step, shape, names)
    all_steps = [steps]
    if w.show_real:
        beside = real[w.sample_index % len(real)]
        seen_real = seen_by(model, beside)
        assert_pair_shows(pairs[1], beside, seen_real, w.step, shape, names)
        all_steps.append(seen_real[3])
        if w.step:
            i = ordering[w.step - 1]
            whole = "image" if min(shape) > 1 else "row"
            assert f"In the real {whole} {names[i]} is {beside[i]:.0f}" in status(w)
    assert_says(w, x, seen, noise[w.sample_index], names)
    assert_curves_show(w, all_steps)

    shown = controls(w)
    assert shown["Step"].value == w.step
    assert shown["Step"].max == input_dim
    assert shown["Take the likelier value"].value == w.greedy
    assert real_box(w).value == w.show_real
    assert real_box(w).disabled == (real is None)
    assert shown["New sample"].disabled == w.greedy
    assert shown["Pause" if w.playing else "Play"].value == w.playing
    assert w._clock.playing == w.playing
    assert (shown["Sample"].value if n > 1 else 0) == w.sample_index
    if "Speed" in shown:
        assert shown["Speed"].value == w.speed
    silent = [e.get("aria-live") for e in page(w).iter("div") if e.get("role") == "status"]
    assert silent == ["off" if w.playing else None]


def real_box(w):
    (box,) = [box for name, box in controls(w).items() if name.startswith("Beside: a real ")]
    return box


# ---- any sequence of actions --------------------------------------------------------------------

ACTIONS = st.one_of(
    st.tuples(st.just("step"), st.integers(-1, 27)),
    st.tuples(st.just("type a step"), st.integers(0, 30)),
    st.tuples(st.just("sample_index"), st.integers(-1, 3)),
    st.tuples(st.just("choose a sample"), st.integers(0, 2)),
    st.tuples(st.sampled_from(["greedy", "show_real", "playing"]), st.booleans()),
    st.tuples(st.sampled_from(["tick greedy", "tick real", "press play"]), st.booleans()),
    st.tuples(st.just("speed"), st.sampled_from([0, 1, 2, 5])),
    st.tuples(st.just("choose a speed"), st.integers(0, 2)),
    st.tuples(st.sampled_from(["clock", "new_samples", "press new"]), st.none()),
    st.tuples(st.just("step"), st.sampled_from([None, 1.5, True, "2"])),
    st.tuples(st.sampled_from(["greedy", "playing"]), st.sampled_from([1, None, "yes"])),
)


def expected_state(w, name, value):
    """(step, sample_index, greedy, show_real, playing, speed) afterwards; None if it must raise."""
    state = {
        key: getattr(w, key)
        for key in ("step", "sample_index", "greedy", "show_real", "playing", "speed")
    }
    input_dim, n = w.samples.shape[1], len(w.samples)
    offered = [count for _, count in w._speed_control.options]
    if name in ("clock", "new_samples", "press new"):
        if name == "clock" and w.playing:
            state["step"] = min(w.step + w.speed, input_dim)
            state["playing"] = state["step"] < input_dim
        return state
    if name == "type a step":
        value = min(value, input_dim)
    if name == "choose a speed":
        value = offered[value % len(offered)]
    name = {
        "type a step": "step",
        "choose a sample": "sample_index",
        "tick greedy": "greedy",
        "tick real": "show_real",
        "press play": "playing",
        "choose a speed": "speed",
    }.get(name, name)
    whole = isinstance(value, int) and not isinstance(value, bool)
    good = {
        "step": whole and 0 <= value <= input_dim,
        "sample_index": whole and 0 <= value < n,
        "greedy": isinstance(value, bool),
        "show_real": isinstance(value, bool) and (not value or w._real is not None),
        "playing": isinstance(value, bool),
        "speed": value in offered,
    }[name]
    if not good:
        return None
    if name == "playing" and value and w.step == input_dim:
        state["step"] = 0
    return state | {name: value}


def act(w, name, value):
    """Carry an action out; the error if it raised."""
    shown = controls(w)
    try:
        if name == "clock":
            w._clock.value += 1
        elif name == "new_samples":
            w.new_samples()
        elif name == "press new":
            shown["New sample"].click()
        elif name == "type a step":
            shown["Step"].value = value
        elif name == "choose a sample":
            shown["Sample"].value = value
        elif name == "tick greedy":
            shown["Take the likelier value"].value = value
        elif name == "tick real":
            real_box(w).value = value
        elif name == "press play":
            shown["Pause" if w.playing else "Play"].value = value
        elif name == "choose a speed":
            if "Speed" in shown:
                shown["Speed"].index = value % len(shown["Speed"].options)
        else:
            setattr(w, name, value)
    except (TypeError, ValueError) as error:
        return error
    return None


def assert_any_actions_are_followed(w, model, real, shape, actions):
    names = variable_names(model.input_dim)
    assert_consistent(w, model, real, shape, names)
    n = len(w.samples)
    for name, value in actions:
        if name == "choose a sample" and (value >= n or n == 1):
            continue  # no such choice
        if name == "tick real" and real is None:
            continue  # it is disabled
        expected = expected_state(w, name, value)
        noise = w._noise.clone()
        error = act(w, name, value)
        assert (error is None) == (expected is not None), (name, value, error)
        if expected is not None:
            assert {key: getattr(w, key) for key in expected} == expected, (name, value)
        assert torch.equal(noise, w._noise) == (name not in ("new_samples", "press new"))
        assert w.problem == ""
        assert_consistent(w, model, real, shape, names)


@given(
    st.sampled_from([(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (6, (1, 6))]),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(0, 50),
    st.lists(ACTIONS, max_size=12),
)
@settings(max_examples=50)
def test_whatever_is_done_picture_words_and_model_agree(size, n, n_real, seed, actions):
    input_dim, shape = size
    model = a_model(input_dim, (5,) if seed % 3 else (), seed)
    real = rows_of(n_real, input_dim) if n_real else None
    w = SamplingPlayer(model, n, seed=seed, real=real)
    assert_any_actions_are_followed(w, model, real, shape, actions)
    w.close()


@given(st.lists(ACTIONS, max_size=8))
@settings(max_examples=6)
def test_so_they_do_with_many_variables_as_pixels(actions):
    model, real = a_model(25), rows_of(1, 25)
    w = SamplingPlayer(model, 2, real=real)
    assert_any_actions_are_followed(w, model, real, (5, 5), actions)
    w.close()


# ---- what is played -----------------------------------------------------------------------------


def test_conditionals_of_decided_variables_are_those_of_the_full_pass():
    model = a_model(40, (30, 30))
    x = rows_of(1, 40)[0]
    found = trajectory(model, x, model.order, model.head)
    with torch.no_grad():
        full = torch.sigmoid(model(x[None])[0])
        assert torch.allclose(found.probabilities, full, atol=1e-6)
        assert found.log_likelihood[-1].item() == pytest.approx(model.log_prob(x[None]).item())
    ordering = torch.argsort(model.order)
    assert torch.equal(found.ordering, ordering)
    for step in range(1, 41):
        assert torch.allclose(
            found.outputs[step - 1][ordering[:step]].float(), full[ordering[:step]], atol=1e-3
        )
        assert torch.equal(found.map(step)[ordering[:step]], found.probabilities[ordering[:step]])
    later = ordering[20:]
    assert (found.outputs[10][later].float() - full[later]).abs().max() > 0.05


def test_a_trajectory_reads_zeros_where_nothing_is_known_yet():
    model = a_model(6)
    x = torch.ones(6)
    found = trajectory(model, x, model.order, model.head)
    _, passes, _, steps = seen_by(model, x)
    for step, outputs in enumerate(passes):
        assert torch.allclose(found.outputs[step].float(), outputs, atol=1e-3)
    assert found.log_likelihood.tolist() == pytest.approx(steps, abs=1e-4)
    assert found.log_likelihood.dtype == torch.float64
    assert [found.undecided(t).sum().item() for t in range(7)] == [6, 5, 4, 3, 2, 1, 0]
    assert [found.not_conditional(t).sum().item() for t in range(7)] == [5, 5, 4, 3, 2, 1, 0]


def test_the_sample_is_the_models_own_on_the_same_noise():
    model = a_model(30, (20,))
    w = SamplingPlayer(model, 4, seed=3)
    assert torch.equal(w.samples, model.sample(4, noise=w.noise))
    assert torch.equal(w.noise, torch.rand(4, 30, generator=torch.Generator().manual_seed(3)))


def test_the_likelier_values_are_one_where_p_is_at_least_a_half():
    model = a_model(12, (8,))
    w = SamplingPlayer(model, 2)
    drawn = w.samples
    w.greedy = True
    noise = torch.full((1, 12), 0.5)
    greedy = sample_naive(model.forward, model.order, noise, Bernoulli())
    assert torch.equal(w.samples, greedy.detach().expand(2, -1))
    assert torch.equal(w.samples[0], (w.probabilities[0] >= 0.5).float())
    w.greedy = False
    assert torch.equal(w.samples, drawn)


def test_the_first_variable_has_its_conditional_from_the_start():
    w = SamplingPlayer(a_model(1))
    w.step = 0
    assert w.words.endswith("Every output is a conditional now.")
    (_, ((so_far, _), (outputs, _))), *_ = boards(page(w))
    assert is_hatched(so_far)
    assert is_grey(outputs, w.probabilities[0, 0].item())


def test_even_chances_take_one():
    model = MADE(3, ordering=[1, 2, 0])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    w = SamplingPlayer(model)
    w.greedy = True
    assert w.samples.tolist() == [[1, 1, 1]]
    assert w.words.startswith("Step 2 of 3: x₃. p = 0.50 ≥ 1/2: the likelier value is 1.")


def test_close_calls_are_said_with_more_digits():
    model = MADE(1, ())
    p = torch.tensor(0.5004)
    with torch.no_grad():
        model.net[0].bias.copy_(torch.logit(p)[None])
    w = SamplingPlayer(model)
    w._noise = torch.tensor([[0.5001]])
    w._trajectories.clear()
    w.step = 1
    assert w.words.startswith("Step 1 of 1: x₁. p = 0.5004000, u = 0.5001000 ≤ p, so it is 1.")
    w.greedy = True
    assert w.words.startswith("Step 1 of 1: x₁. p = 0.5004000 ≥ 1/2: the likelier value is 1.")


def test_probabilities_are_never_rounded_to_certainty():
    model = MADE(4, ())
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].bias.copy_(torch.tensor([-30.0, 30.0, -5.0, 5.0]))
    w = SamplingPlayer(model, seed=1)
    said = []
    for step in range(1, 5):
        w.step = step
        said.append(re.search(r"p ([=<>] \S+),", w.words)[1])
    assert said == ["< 0.0001", "> 0.9999", "= 0.01", "= 0.99"]


def test_two_players_of_a_seed_agree_and_no_other_stream_is_touched():
    model = a_model(5)
    before = torch.get_rng_state()
    first, second = (SamplingPlayer(model, 2, seed=4) for _ in range(2))
    for w in (first, second):
        w.greedy = True
        w.new_samples()
        w.greedy = False
    assert torch.equal(first.samples, second.samples)
    assert torch.equal(first.noise, second.noise)
    assert not torch.equal(first.noise, SamplingPlayer(model, 2, seed=5).noise)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_model_is_left_alone_and_the_player_keeps_its_own():
    model = a_model(6, (8,), dropout=0.5).train()
    before = copy.deepcopy(model.state_dict())
    w = SamplingPlayer(model, real=rows_of(1, 6))
    w.show_real = w.greedy = True
    w.new_samples()
    w.figure()
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(module.training for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())
    w.greedy = False
    kept = copy.deepcopy(model).eval()
    with torch.no_grad():
        model.net[0].weight.add_(1)
    w.new_samples()
    assert torch.equal(w.samples, kept.sample(1, noise=w.noise))
    with torch.no_grad():
        assert torch.allclose(w.probabilities, torch.sigmoid(kept(w.samples)), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_models_of_other_precision(dtype):
    model = a_model(9).to(dtype)
    w = SamplingPlayer(model, real=rows_of(2, 9).bool())
    w.show_real = True
    assert w.samples.dtype == dtype
    assert len(boards(page(w))) == 2
    assert w.figure().axes


def test_real_rows_stand_beside_the_samples_in_turn():
    model, real = a_model(3), torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    w = SamplingPlayer(model, 3, real=real)
    w.show_real = True
    w.step = 3
    seen = []
    for k in range(3):
        w.sample_index = k
        seen.append([t.text for t in boards(page(w))[1][1][0][1].iter(f"{SVG}text")][1::2])
    assert seen == [["1"] * 3, ["0"] * 3, ["1"] * 3]


def test_a_single_real_row():
    w = SamplingPlayer(a_model(3), real=torch.tensor([1, 0, 1]))
    w.show_real = True
    assert "the real row" in words_in(page(w))


# ---- playing ------------------------------------------------------------------------------------


def test_playing_goes_to_the_end_and_starts_again():
    w = SamplingPlayer(a_model(5))
    w.step = 3
    w._clock.value += 1
    assert w.step == 3  # it does not play
    controls(w)["Play"].value = True
    assert w._clock.playing
    w._clock.value += 1
    assert (w.step, w.playing) == (4, True)
    w._clock.value += 1
    assert (w.step, w.playing, w._clock.playing) == (5, False, False)
    w._clock.value += 1
    assert w.step == 5
    w.playing = True
    assert w.step == 0


def test_speeds_fit_the_picture_and_the_last_tick_ends_at_the_end():
    w = SamplingPlayer(a_model(784, (4,)))
    assert controls(w)["Speed"].options == (
        ("1 pixel at a time", 1),
        ("7 pixels at a time", 7),
        ("28 pixels at a time", 28),
    )
    assert (w.speed, w.step) == (7, 406)
    w.step, w.speed, w.playing = 781, 28, True
    w._clock.value += 1
    assert (w.step, w.playing) == (784, False)
    assert controls(SamplingPlayer(a_model(3)))["Speed"].layout.display == "none"


def test_the_clock_is_hidden_and_stops_when_the_player_closes():
    w = SamplingPlayer(a_model(3))
    assert w._clock.layout.display == "none"
    w.playing = True
    w.close()
    assert not w._clock.playing


def test_nothing_is_left_behind():
    model, real = a_model(30), rows_of(1, 30)

    def once():
        w = SamplingPlayer(model, 2, real=real)
        w.playing = w.show_real = w.greedy = True
        w.close()

    once()
    gc.collect()
    before = len(open_widgets())
    for _ in range(5):
        once()
    assert len(open_widgets()) == before


def open_widgets():
    return widget._instances


def test_a_step_changes_one_picture_and_the_steps_number():
    w = SamplingPlayer(a_model(784, (4,)))
    changed = []
    for part in (w, w._picture, w._clock, *controls(w).values()):
        part.observe(lambda change: changed.append(change["owner"]))
    w.step = 17
    assert changed == [w._step_control, w._picture]
    controls(w)["Step"].value = 18
    assert changed[2:] == [w._picture, w._step_control]


# ---- the curve operates the real control --------------------------------------------------------


def test_a_press_or_drag_on_the_curve_sets_the_step_control():
    w = SamplingPlayer(a_model(7))
    (curve,) = [e for e in page(w).iter("div") if e.get("onpointerdown")]
    script = curve.get("onpointerdown")
    assert script == curve.get("onpointermove")
    assert script.startswith("if(event.buttons===1){")
    assert "querySelector('.made-step input')" in script
    assert "Math.max(0,Math.min(7,s))" in script
    assert "made-step" in w._step_control._dom_classes


# ---- how it is drawn ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("input_dim", "given_shape", "shape"),
    [
        (1, None, (1, 1)),
        (3, None, (1, 3)),
        (16, None, (4, 4)),
        (16, (2, 8), (2, 8)),
        (20, None, (1, 20)),
        (50, None, (1, 50)),
        (50, [5, 10], (5, 10)),
        (50, (50, 1), (50, 1)),
    ],
)
def test_shapes(input_dim, given_shape, shape):
    model = a_model(input_dim)
    w = SamplingPlayer(model, shape=given_shape)
    assert_consistent(w, model, None, shape, variable_names(input_dim))
    assert w.figure().axes


def test_every_picture_fits_in_its_frame():
    for input_dim in (1, 2, 3, 16, 20, 50, 784):
        w = SamplingPlayer(a_model(input_dim, (3,)))
        (svg, pictures), *_ = boards(page(w))
        width, height = float(svg.get("width")), float(svg.get("height"))
        parents = {child: parent for parent in svg.iter() for child in parent}
        for _, group in pictures:
            image = group.find(f"{SVG}image")
            x = y = 2
            while group is not svg:
                dx, dy = map(float, re.findall(r"[\d.]+", group.get("transform")))
                x, y, group = x + dx, y + dy, parents[group]
            assert x + float(image.get("width")) <= width + 1
            assert y + float(image.get("height")) <= height + 1


def test_names_are_written_escaped():
    w = SamplingPlayer(a_model(3, ordering=[1, 2, 0]), names=["a", "rain tomorrow", HOSTILE])
    w.step = 2
    assert HOSTILE in w.words
    assert "<script" not in w._picture.value
    assert HOSTILE in status(w)
    assert "rain tomorrow" in boards(page(w))[0][0].get("aria-label")
    assert w.figure().axes


def test_ink_is_said_of_images_alone():
    w = SamplingPlayer(a_model(4))
    w.step = 4
    assert re.search(r"so it is (1 \(ink\)|0 \(paper\))\.", w.words)
    assert "image" in w.words
    w = SamplingPlayer(a_model(3))
    w.step = 3
    assert re.search(r"so it is [01]\.", w.words)
    assert "image" not in w.words


def test_the_decision_is_drawn_to_scale():
    model = a_model(3)
    w = SamplingPlayer(model)
    for step in (1, 2, 3):
        w.step = step
        i = torch.argsort(model.order)[step - 1]
        (bar,) = [e for e in page(w).iter(f"{SVG}svg") if e.get("width") == "340"]
        filled, mark = bar.findall(f"{SVG}rect")[1], bar.find(f"{SVG}path")
        assert float(filled.get("width")) == pytest.approx(
            300 * w.probabilities[0, i].item(), abs=0.1
        )
        tip = float(re.match(r"M([\d.]+)", mark.get("d"))[1])
        assert tip == pytest.approx(20 + 300 * w.noise[0, i].item(), abs=0.1)
    w.greedy = True
    (bar,) = [e for e in page(w).iter(f"{SVG}svg") if e.get("width") == "340"]
    assert bar.find(f"{SVG}path").get("d").startswith("M170.0")
    w.step = 0
    assert [e for e in page(w).iter(f"{SVG}svg") if e.get("width") == "340"] == []


def test_hatched_pixels_are_pale_and_blue_and_others_grey():
    values, apart = np.array([0.0, 1.0, 0.0, 0.25]), np.array([True, True, False, False])
    picture = paint_variables(values, apart, (2, 2), 10)
    assert picture.shape == (20, 20, 3)
    assert picture.dtype == np.uint8
    assert is_hatched(picture[:10, :10])
    assert (picture[:10, :10] == 255).all(axis=2).mean() > 0.7
    assert is_hatched(picture[:10, 10:])
    assert picture[:10].max(axis=2).min() > 200  # never dark
    assert (picture[10:, :10] == 255).all()
    assert (picture[10:, 10:] == 191).all()


# ---- the static figure --------------------------------------------------------------------------


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def test_the_figure_is_a_filmstrip_of_the_state():
    w = SamplingPlayer(a_model(784, (4,)), real=rows_of(1, 784))
    figure = w.figure()
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    assert titles(figure) == [f"step {t}" for t in (157, 314, 406, 471, 628, 784)]
    assert len(figure.axes) == 2 * 6 + 1
    assert "steps 157, 314, 406, 471, 628 and 784" in w.description
    assert not re.search(r"\d\.\d", w.description)
    w.step = 0
    w.show_real = w.greedy = True
    figure = w.figure()
    figure.canvas.draw()
    assert len(figure.axes) == 4 * 6 + 1
    assert titles(figure)[0] == "step 0"
    assert w.description.startswith("Filmstrip of the likelier values at steps 0, 157,")
    assert "a real image" in w.description


@pytest.mark.parametrize(("input_dim", "written"), [(3, True), (16, True), (20, False)])
def test_the_figure_fits_on_a_page(input_dim, written):
    figure = SamplingPlayer(a_model(input_dim)).figure()
    assert figure.get_figwidth() < 16
    assert any(axes.texts for axes in figure.axes) == written


def test_plot_trajectory():
    model, x = a_model(4, ordering=[1, 2, 0, 3]), torch.tensor([1.0, 0.0, 1.0, 1.0])
    found = trajectory(model, x, model.order, model.head)
    names = ["$a_", "b", "c", "d"]
    figure = plot_trajectory({"one": found, "two": found}, [0, 2], (2, 2), names=names, marked=2)
    figure.canvas.draw()
    *pictures, curve = figure.axes
    assert len(pictures) == 8
    assert titles(figure) == ["step 0", "step 2"]
    by_place = {
        (axes.get_subplotspec().rowspan.start, axes.get_subplotspec().colspan.start): axes
        for axes in pictures
    }
    texts = [t.get_text() for t in by_place[0, 1].texts]
    assert texts == ["$a_", "?", "b", "0", "c", "1", "d", "?"]
    assert [t.get_text() for t in by_place[0, 0].texts][1::2] == ["?"] * 4
    numbers = [float(t.get_text()) for t in by_place[1, 1].texts[1::2]]
    assert numbers == pytest.approx(found.map(2).tolist(), abs=0.0055)
    hatched = [is_hatched(block(picture_in(by_place[0, 1]), (2, 2), i)) for i in range(4)]
    assert hatched == [True, False, False, True]
    assert (block(picture_in(by_place[0, 1]), (2, 2), 0) == 255).mean() > 0.7  # its 1 is not told
    (frame,) = by_place[0, 1].patches
    assert (frame.get_xy(), to_hex(frame.get_edgecolor())) == ((0, 1), "#d55e00")
    assert list(by_place[0, 0].patches) == []
    one, two, mark = curve.get_lines()
    assert np.array_equal(one.get_ydata(), found.log_likelihood)
    assert (to_hex(one.get_color()), one.get_linestyle()) == ("#0072b2", "-")
    assert (to_hex(two.get_color()), two.get_linestyle()) == ("#d55e00", "--")
    assert list(mark.get_xdata()) == [2, 2]
    labels = [by_place[row, 0].get_ylabel() for row in range(4)]
    assert labels == ["one\nso far", "p(xᵢ = 1 | before)", "two\nso far", "p(xᵢ = 1 | before)"]


def picture_in(axes):
    (image,) = axes.get_images()
    return np.asarray(image.get_array())


# ---- errors -------------------------------------------------------------------------------------


def broken():
    model = MADE(3)
    with torch.no_grad():
        model.net[0].weight.fill_(math.nan)
    return model


@pytest.mark.parametrize(
    ("model", "options", "error", "fragment"),
    [
        (torch.nn.Linear(3, 3), {}, TypeError, "model must be a MADE, got Linear"),
        (MADE(3, head=Categorical(3)), {}, ValueError, "the model's head is Categorical(3)"),
        (None, {"n_samples": 0}, ValueError, "n_samples must be at least 1, got 0"),
        (None, {"n_samples": 5}, ValueError, "n_samples must be at most 4, got 5"),
        (None, {"n_samples": "2"}, TypeError, "n_samples must be a whole number, got '2'"),
        (None, {"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        (None, {"shape": 3}, TypeError, "shape must be a pair (rows, columns), got 3"),
        (None, {"shape": (1, 2, 3)}, TypeError, "shape must be a pair (rows, columns), got (1,"),
        (None, {"shape": (2, 2)}, ValueError, "room for exactly 3 variables, got 2 × 2"),
        (None, {"shape": (3, 1.0)}, TypeError, "each of shape must be a whole number, got 1.0"),
        (None, {"names": "abc"}, TypeError, "names must be a list of strings, got 'abc'"),
        (None, {"names": ["a", 2, "c"]}, TypeError, "each of names must be a string, got 2"),
        (None, {"names": ["a", "b"]}, ValueError, "names must name each of 3 variables, got 2"),
        (None, {"real": [1, 0, 1]}, TypeError, "real must be a torch.Tensor, got list"),
        (None, {"real": torch.ones(4)}, ValueError, "shape (3,) or (m, 3), got (4,)"),
        (None, {"real": torch.ones(0, 3)}, ValueError, "shape (3,) or (m, 3), got (0, 3)"),
        (None, {"real": torch.ones(1, 1, 3)}, ValueError, "or (m, 3), got (1, 1, 3)"),
        (None, {"real": torch.full((3,), 0.5)}, ValueError, "must hold only 0 and 1, got 0.5"),
        (broken(), {}, ValueError, "the model gives no finite log-probability"),
    ],
)
def test_arguments_that_are_none(model, options, error, fragment):
    open_before = len(open_widgets())
    with pytest.raises(error, match=re.escape(fragment)):
        SamplingPlayer(model or MADE(3), **options)
    assert len(open_widgets()) == open_before


@pytest.mark.parametrize(
    ("name", "value", "error", "fragment"),
    [
        ("step", 4, ValueError, "step must be at most 3, got 4"),
        ("step", -1, ValueError, "step must be at least 0, got -1"),
        ("step", 1.5, TypeError, "step must be a whole number, got 1.5"),
        ("sample_index", 2, ValueError, "sample_index must be at most 1, got 2"),
        ("greedy", "yes", TypeError, "greedy must be True or False, got 'yes'"),
        ("show_real", 1, TypeError, "show_real must be True or False, got 1"),
        ("show_real", True, ValueError, "no real image to show: make the player with real=..."),
        ("playing", None, TypeError, "playing must be True or False, got None"),
        ("speed", 2, ValueError, "speed must be one of [1] variables at a time, got 2"),
        ("speed", "1", TypeError, "speed must be a whole number, got '1'"),
    ],
)
def test_a_bad_value_changes_nothing(name, value, error, fragment):
    w = SamplingPlayer(a_model(3), 2)
    before, picture = getattr(w, name), w._picture.value
    with pytest.raises(error, match=re.escape(fragment)):
        setattr(w, name, value)
    assert getattr(w, name) == before
    assert w._picture.value == picture
