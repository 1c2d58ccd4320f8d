"""TrainingMonitor: shows what was measured, costs little, and leaves the training as it is."""

import base64
import copy
import io
import math
import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets.widgets.widget import _instances
from PIL import Image
from torch.utils.data import DataLoader

from made_course import MADE, History, TrainingMonitor, fit
from made_course.figures import plot_history
from made_course.widgets import training_monitor
from made_course.widgets.training_monitor import (
    describe,
    draw_curve,
    round_numbers,
    spread_out,
    value_range,
)

SVG = "{http://www.w3.org/2000/svg}"
MODELS = {d: MADE(d, (8,), degrees="even", seed=d) for d in (4, 9, 15)}


def history_of(train, valid=()):
    history = History()
    for nll, score in zip(train, valid or [None] * len(train), strict=True):
        history.append(train_nll=nll, valid_nll=score, lr=0.1, seconds=1.0)
    return history


def binary(n, input_dim, seed=0):
    return torch.randint(2, (n, input_dim), generator=torch.Generator().manual_seed(seed)).float()


def settings_of(monitor):
    """Everything that can be seen of a monitor."""
    return (
        *(monitor.every, monitor.n_samples, monitor.seed, monitor.shape, monitor.levels),
        *(monitor.status, repr(monitor.history), list(monitor.samples)),
        *(monitor._picture.value, monitor._words.value),
    )


# ---- reading the picture ------------------------------------------------------------------------


def numbers(texts):
    return [(float(t.text), float(t.get("x")), float(t.get("y"))) for t in texts]


class Seen:
    """What a reader sees in the picture, measured by its axes alone."""

    def __init__(self, markup):
        self.root = ET.fromstring(markup)
        curve, *samples = self.root
        self.words = [t.text for t in curve.iter(f"{SVG}text")]
        self.plot = curve.find(f"{SVG}svg")
        left = float(self.plot.get("x"))
        bottom = float(self.plot.get("y")) + float(self.plot.get("height"))
        texts = [t for t in curve.findall(f"{SVG}text") if re.fullmatch(r"-?[\d.]+", t.text)]
        beside = numbers(t for t in texts if float(t.get("x")) < left)
        below = numbers(t for t in texts if float(t.get("y")) > bottom)
        self.nats = np.polyfit([y - 5 for _, _, y in beside], [v for v, _, _ in beside], 1)
        self.epochs = np.polyfit([x for _, x, _ in below], [v for v, _, _ in below], 1)
        self.epochs_per_pixel = abs(self.epochs[0])
        self.nats_per_pixel = abs(self.nats[0])
        self.top = np.polyval(self.nats, float(self.plot.get("y")))
        self.bottom = np.polyval(self.nats, bottom)
        self.last = {t.get("data-last"): t.text for t in curve.iter() if t.get("data-last")}
        self.best = [
            (int(p.get("data-best")), self.point(p.get("d"))) for p in curve.iter(f"{SVG}path")
            if p.get("data-best")
        ]  # fmt: skip
        self.rows = [self.row(image) for part in samples for image in part.iter(f"{SVG}image")]
        self.row_names = [
            t.text for part in samples for t in part.findall(f"{SVG}text") if "epoch" in t.text
        ]

    def near(self, nats):
        """Two tenths of a pixel; far outside more, since the axis is read from rounded places."""
        beyond = max(nats - self.top, self.bottom - nats, 0)
        return pytest.approx(nats, abs=0.2 * self.nats_per_pixel + 1e-3 * beyond)

    def at(self, x, y):
        return np.polyval(self.epochs, x), np.polyval(self.nats, y)

    def point(self, path):
        x, y = map(float, re.match(r"M(\S+) (\S+?)l", path).groups())
        return self.at(x, y + 9)

    def markers(self, name):
        (group,) = (g for g in self.plot if g.get("data-curve") == name)
        circles = [(c.get("cx"), c.get("cy"), 0) for c in group.findall(f"{SVG}circle")]
        squares = [(r.get("x"), r.get("y"), 4) for r in group.findall(f"{SVG}rect")]
        return [self.at(float(x) + half, float(y) + half) for x, y, half in circles + squares]

    def line(self, name):
        (group,) = (g for g in self.plot if g.get("data-curve") == name)
        points = group.find(f"{SVG}polyline").get("points").split()
        return [self.at(*map(float, point.split(","))) for point in points]

    def levels(self):
        lines = (p for p in self.plot if p.get("data-level"))
        height = re.compile(r"M\S+ (\S+?)H")
        return {
            p.get("data-level"): self.at(0, float(height.match(p.get("d"))[1]))[1] for p in lines
        }

    @staticmethod
    def row(image):
        data = base64.b64decode(image.get("href").removeprefix("data:image/png;base64,"))
        return np.asarray(Image.open(io.BytesIO(data)))


def assert_shows(monitor, history, levels, samples, shape):
    seen = Seen(monitor._picture.value)
    curves = {"train": history.train_nll, "validation": history.valid_nll}
    for name, nll in curves.items():
        if not nll:
            assert name not in seen.last
            continue
        points = [(epoch + 1, nll[epoch]) for epoch in range(len(nll))]
        for shown, (epoch, nats) in zip(seen.markers(name), points, strict=True):
            assert shown[0] == pytest.approx(epoch, abs=0.3 * seen.epochs_per_pixel)
            assert shown[1] == seen.near(nats)
        assert len(seen.line(name)) == len(nll)
        assert float(seen.last[name]) == pytest.approx(nll[-1], rel=1e-3, abs=0.06)
    above = [name for name, nll in curves.items() if nll and max(nll) > seen.top]
    (said,) = [w for w in seen.words if w.startswith("▲")] or [""]
    assert [name for name in curves if name in said] == above
    if history.valid_nll:
        lowest = min(history.valid_nll)
        ((best, where),) = seen.best
        assert best == history.valid_nll.index(lowest) + 1
        assert where[0] == pytest.approx(best, abs=0.3 * seen.epochs_per_pixel)
        assert where[1] == seen.near(lowest)
    else:
        assert seen.best == []
    within = {k: v for k, v in levels.items() if seen.bottom <= v <= seen.top}
    assert seen.levels() == {k: seen.near(v) for k, v in within.items()}
    assert all(any(name in words for words in seen.words) for name in levels)
    assert seen.row_names == [f"epoch {epoch}" for epoch in samples]
    for row, images in zip(seen.rows, samples.values(), strict=True):
        side_by_side = np.hstack([image.view(shape).numpy() for image in images])
        assert np.array_equal(row, 255 * (1 - side_by_side))


# ---- what it shows ------------------------------------------------------------------------------

NLL = st.floats(0.01, 600).map(lambda v: round(v, 2))
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("epoch"), NLL, NLL),
        st.tuples(st.just("fit"), st.sampled_from([4, 9, 15]), st.booleans()),
        st.tuples(st.just("levels"), st.dictionaries(st.sampled_from("abc"), NLL)),
        st.tuples(st.just("every"), st.integers(1, 4)),
        st.tuples(st.sampled_from(["bad levels", "bad every", "again"])),
    ),
    max_size=14,
)


@given(ACTIONS)
def test_the_picture_is_what_was_measured(actions):
    monitor = TrainingMonitor(every=2, n_samples=3, seed=5)
    input_dim, with_valid, history, levels, every, rows = 4, True, History(), {}, 2, {}
    shown = False
    for name, *values in actions:
        if name == "epoch":
            history.append(
                train_nll=values[0], valid_nll=values[1] if with_valid else None, lr=0.1, seconds=1
            )
            monitor(MODELS[input_dim], history)
            shown = True
            epoch = len(history)
            if epoch == 1:
                rows = {}
            if input_dim != 15 and (epoch == 1 or epoch % every == 0):
                rows[epoch] = None
        elif name == "fit":
            (input_dim, with_valid), history = values, History()
            if shown:  # a history that is as long as the last one would pass for the same training
                history.append(
                    train_nll=601.0, valid_nll=[None, 600.5][with_valid], lr=0.1, seconds=1
                )
                monitor(MODELS[input_dim], history)
                rows = {} if input_dim == 15 else {1: None}
        elif name == "levels":
            (levels,) = values
            monitor.levels = levels
        elif name == "every":
            (every,) = values
            monitor.every = every
        elif name == "again" and shown and len(history):
            monitor(MODELS[input_dim], history)
        elif name.startswith("bad"):
            before = settings_of(monitor)
            with pytest.raises(ValueError, match="must be"):
                setattr(monitor, *(("levels", {"a": math.nan}), ("every", 0))[name == "bad every"])
            assert settings_of(monitor) == before
        assert monitor.problem == ""
        if not shown or not len(history):
            continue
        rows = {k: v for i, (k, v) in enumerate(rows.items()) if i == 0 or i >= len(rows) - 4}
        noise = torch.rand(3, input_dim, generator=torch.Generator().manual_seed(5))
        samples = dict.fromkeys(rows, MODELS[input_dim].sample(3, noise=noise))
        assert list(monitor.samples) == list(rows)
        assert repr(monitor.history) == repr(history)
        assert describe(history, input_dim) == monitor.status
        assert f'<div role="status">{monitor.status}</div>' == monitor._words.value
        side = math.isqrt(input_dim)
        assert_shows(monitor, history, levels, samples, (side, side))
    monitor.close()


def test_the_last_epoch_in_words():
    history = history_of([543.2, 92.14], [199.4, 90.36])
    words = describe(history, 784)
    assert words == (
        "Epoch 2: train 92.1, validation 90.4 nats; best so far epoch 2. "
        "Bits per dimension: train 0.170, validation 0.166."
    )
    assert describe(history_of([3.0, 2.0]), 4) == (
        "Epoch 2: train 2 nats. Bits per dimension: train 0.721."
    )
    assert describe(history_of([3, 2, 1], [1.0, 0.5, 0.75]), 4).startswith(
        "Epoch 3: train 1, validation 0.75 nats; best so far epoch 2."
    )
    assert describe(History(), 4).startswith("No epoch yet.")


def test_a_density_has_differential_nats_and_no_bits():
    history = history_of([3.0, 2.0])
    history.unit = "differential nats"
    assert describe(history, 4) == "Epoch 2: train 2 differential nats."
    unit = "negative log-likelihood (differential nats)"
    assert unit in draw_curve(history, {})
    assert plot_history(history).axes[0].get_ylabel() == unit


def test_before_training_it_says_what_to_do():
    monitor = TrainingMonitor()
    assert "fit(model, train, valid, on_epoch=monitor)" in monitor._words.value
    assert monitor._picture.value == ""
    assert any("stop button" in part.value for part in monitor.children[1:-1])
    assert monitor.samples == {}
    assert len(monitor.figure().axes) == 1


def test_the_two_curves_differ_in_more_than_colour():
    root = ET.fromstring(draw_curve(history_of([3.0, 2.0], [2.5, 2.0]), {}))
    train, valid = (g for g in root.iter(f"{SVG}g") if g.get("data-curve"))
    assert [child.tag.removeprefix(SVG) for child in train] == ["polyline", "circle", "circle"]
    assert [child.tag.removeprefix(SVG) for child in valid] == ["polyline", "rect", "rect"]
    lines = [g[0] for g in (train, valid)]
    assert [line.get("stroke") for line in lines] == ["#0072B2", "#D55E00"]
    assert [line.get("stroke-dasharray") for line in lines] == [None, "7 4"]


def test_early_epochs_leave_room_for_later_ones():
    train = [543.0, 180.0, 110.0, *(95 - k for k in range(9))]
    seen = Seen(f"<div>{draw_curve(history_of(train), {'coin': 543.4, 'near': 120.0})}</div>")
    assert seen.top < 180
    assert "▲ first epochs: up to train 543.0" in seen.words
    assert "↑ coin: 543.4" in seen.words
    assert list(seen.levels()) == ["near"]
    later = train[6:]
    assert max(later) - min(later) > (seen.top - seen.bottom) / 10


@pytest.mark.parametrize(("first", "cut"), [(140.0, True), (136.0, False)])
def test_what_is_cut_off_is_said(first, cut):
    seen = Seen(f"<div>{draw_curve(history_of([first, 100.0, 100.0, 90.0]), {})}</div>")
    assert (first > seen.top) == cut
    assert (f"▲ first epochs: up to train {first}" in seen.words) == cut


def test_words_do_not_lie_on_one_another():
    levels = {"a": 90.2, "b": 90.4, "c": 10.0, "d": 700.0, "e": 800.0}
    root = ET.fromstring(
        draw_curve(history_of([543, 92, 91, 90.5], [91, 90.5, 90.4, 90.4]), levels)
    )
    placed = [
        (float(t.get("y")), float(t.get("x")) // 100, t.text)
        for t in root.iter(f"{SVG}text")
        if t.get("stroke") == "white" and "best" not in t.text
    ]
    assert {words for _, _, words in placed} >= {"a: 90.2", "b: 90.4", "↓ c: 10"}
    assert "↑ e: 800.0, d: 700.0" in {words for _, _, words in placed}
    for i, (y, column, _) in enumerate(placed):
        for other, other_column, _ in placed[:i]:
            assert column != other_column or abs(y - other) >= 14
    # what would cover the end of a curve stands at the left
    columns = {words: column for _, column, words in placed}
    assert columns["a: 90.2"] == columns["b: 90.4"] == 0
    assert columns["↓ c: 10"] == 0


@pytest.mark.parametrize(
    "train",
    [
        [1e-5, 1.1e-5],
        [123456.0, 5.0],
        [2.5] * 5,
        [0.0],
        [0.0, 0.0],
        [-50.0, -60.0],
        [1e9, 1.0, 1.0],
    ],
)
def test_huge_tiny_and_equal_values(train):
    history = history_of(train, train[::-1])
    seen = Seen(f"<div>{draw_curve(history, {'level': 1.0})}</div>")
    for (_, nats), value in zip(seen.markers("train"), train, strict=True):
        assert nats == seen.near(value)
    assert seen.bottom < min(train)


def test_a_thousand_epochs_cost_what_fifty_do():
    wave = [90 + 400 / (k + 1) + math.sin(k) for k in range(1000)]
    history = history_of(wave, [v + 1 for v in wave])
    long, short = draw_curve(history, {}), draw_curve(history_of(wave[:50], wave[:50]), {})
    assert len(long) < 3 * len(short)
    seen = Seen(f"<div>{long}</div>")
    line = seen.line("validation")
    assert len(line) <= training_monitor.MOST_POINTS + 2
    assert len(seen.markers("train")) <= training_monitor.MOST_MARKERS
    assert (round(line[0][0]), round(line[-1][0])) == (1, 1000)
    assert history.best_epoch in [round(epoch) for epoch, _ in line]
    for epoch, nats in line:
        assert nats == seen.near(wave[round(epoch) - 1] + 1)


def test_names_are_text():
    name = "</svg><script>alert(1)</script>&"
    monitor = TrainingMonitor(levels={name: 2.0})
    monitor(MODELS[4], history_of([2.0]))
    assert "<script" not in monitor._picture.value
    assert f"{name}: 2" in Seen(monitor._picture.value).words


@given(
    st.lists(NLL, min_size=1, max_size=30), st.lists(NLL, max_size=3), st.booleans(), st.integers()
)
def test_later_epochs_and_near_levels_are_inside(train, levels, with_valid, shift):
    valid = [value + shift % 40 for value in train]
    curves = [train, valid] if with_valid else [train]
    low, high = value_range(*curves, levels=levels)
    later = [value for nll in curves for value in nll[len(nll) // 2 :]]
    assert low < high
    assert low <= min(later)
    assert max(later) <= high
    lowest = min(value for nll in curves for value in nll)
    span = max(max(later) - lowest, max(max(nll) for nll in curves) - lowest)
    for level in levels:
        if lowest <= level <= max(later):
            assert low <= level <= high
    # no level stretches the picture beyond three times the curves
    assert high - low <= 3.001 * max(span, 0.02 * lowest, 1e-9) or span == 0


@given(st.floats(-1e4, 1e4), st.floats(1e-4, 1e5), st.integers(2, 9))
def test_round_numbers_are_even_steps_inside(low, width, most):
    numbers = round_numbers(low, low + width, most)
    values = list(numbers.values())
    assert 1 <= len(values) <= most + 1
    assert all(low - 1e-9 <= value <= low + width + 1e-9 for value in values)
    steps = np.diff(values)
    assert np.allclose(steps, steps[:1])
    for label, value in numbers.items():
        assert float(label) == pytest.approx(value, abs=1e-9, rel=1e-9)


@given(st.integers(1, 5000), st.integers(1, 200))
def test_points_are_spread_out(count, most):
    chosen = spread_out(count, most)
    assert chosen[0] == 0
    assert chosen[-1] == count - 1
    assert len(chosen) <= most + 1
    if count <= most:
        assert chosen == list(range(count))
    else:
        assert max(np.diff(chosen), default=0) <= math.ceil(count / most)


# ---- samples ------------------------------------------------------------------------------------


def test_the_first_row_and_the_latest_ones_are_kept():
    monitor, history = TrainingMonitor(every=3), History()
    for _ in range(20):
        history.append(train_nll=2.0, lr=0.1, seconds=1.0)
        monitor(MODELS[4], history)
    assert list(monitor.samples) == [1, 9, 12, 15, 18]
    assert {tuple(row.shape) for row in monitor.samples.values()} == {(8, 4)}


def test_the_same_noise_is_used_each_time():
    monitor = TrainingMonitor(every=1, seed=3, n_samples=50)
    x = binary(64, 4)
    x[:, 1] = x[:, 0]
    model, models = MADE(4, (16,), seed=0), []

    def on_epoch(model, history):
        models.append(copy.deepcopy(model))
        return monitor(model, history)

    fit(model, x, epochs=4, lr=0.3, seed=0, progress=False, on_epoch=on_epoch)
    noise = torch.rand(50, 4, generator=torch.Generator().manual_seed(3))
    for epoch, then in zip(monitor.samples, models, strict=True):
        assert torch.equal(monitor.samples[epoch], then.sample(50, noise=noise))
    assert not torch.equal(monitor.samples[1], monitor.samples[4])


def test_a_shape_that_is_given_is_used():
    monitor = TrainingMonitor(shape=(3, 5), n_samples=2)
    monitor(MODELS[15], history_of([2.0]))
    (row,) = Seen(monitor._picture.value).rows
    assert row.shape == (3, 10)
    assert len(monitor.figure().axes) == 2


def test_a_shape_that_does_not_fit_is_said_and_the_curve_is_shown():
    monitor = TrainingMonitor(shape=(3, 4))
    monitor(MODELS[15], history_of([2.0]))
    assert "shape (3, 4) has 12 pixels, but the model has 15 variables" in monitor.problem
    assert "training goes on" in monitor.problem
    assert Seen(monitor._picture.value).last == {"train": "2"}
    assert monitor.samples == {}


# ---- the training stays as it is ----------------------------------------------------------------


def train_once(kind, seed, on_epoch):
    torch.manual_seed(7)
    x = binary(70, 9)
    train = x if kind == "tensor" else DataLoader(x, batch_size=16, shuffle=True)
    model = MADE(9, (16, 16), dropout=0.4, seed=0)
    history = fit(
        model, train, x[:20], epochs=4, batch_size=16, seed=seed, progress=False, on_epoch=on_epoch
    )
    return model, history, torch.get_rng_state()


@pytest.mark.parametrize("kind", ["tensor", "loader"])
@pytest.mark.parametrize("seed", [0, None])
def test_training_ends_with_the_same_bits(kind, seed):
    monitor = TrainingMonitor(every=1, levels={"coins": 6.2})
    alone, without, stream = train_once(kind, seed, None)
    watched, with_it, stream_with_it = train_once(kind, seed, monitor)
    assert monitor.problem == ""
    assert len(monitor.samples) == 4
    for name, value in alone.state_dict().items():
        assert torch.equal(value, watched.state_dict()[name])
    assert (without.train_nll, without.valid_nll) == (with_it.train_nll, with_it.valid_nll)
    assert torch.equal(stream, stream_with_it)
    assert repr(monitor.history) == repr(with_it)


def test_by_hand_it_draws_nothing_from_torchs_stream():
    before = torch.get_rng_state()
    TrainingMonitor()(MODELS[9], history_of([2.0]))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("mode", [True, False])
def test_the_model_stays_as_it_is(mode):
    model = MADE(9, (16,), dropout=0.5, seed=0).train(mode)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert TrainingMonitor()(model, history_of([2.0])) is None
    assert {module.training for module in model.modules()} == {mode}
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def failing(*_args, **_kwargs):
    raise RuntimeError("no ink left")


@pytest.mark.parametrize("name", ["draw_curve", "draw_samples", "describe", "sample"])
def test_what_fails_in_the_drawing_does_not_end_the_training(monkeypatch, name):
    monitor = TrainingMonitor(every=1)
    alone, *_ = train_once("tensor", None, None)
    target = MADE if name == "sample" else training_monitor
    monkeypatch.setattr(target, name, failing)
    watched, history, _ = train_once("tensor", None, monitor)
    assert len(history) == 4
    for key, value in alone.state_dict().items():
        assert torch.equal(value, watched.state_dict()[key])
    assert monitor.problem == "RuntimeError: no ink left (training goes on)"
    assert "no ink left" in monitor.children[-1].value
    assert repr(monitor.history) == repr(history)
    monkeypatch.undo()
    monitor(watched, history)
    assert monitor.problem == ""
    assert Seen(monitor._picture.value).last


def test_a_page_that_is_gone_does_not_end_the_training(monkeypatch):
    monitor = TrainingMonitor(every=1)
    monkeypatch.setattr(ipywidgets.Widget, "send_state", failing)
    _, history, _ = train_once("tensor", 0, monitor)
    assert len(history) == len(monitor.history) == 4
    assert "no ink left" in monitor.problem


def test_the_stop_button_gets_through(monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training_monitor, "draw_curve", pressed)
    _, history, _ = train_once("tensor", 0, TrainingMonitor())
    assert len(history) == 1


# ---- one monitor, several trainings -------------------------------------------------------------


def test_another_training_starts_anew():
    monitor = TrainingMonitor(every=1)
    monitor(MODELS[4], history_of([3.0, 2.0, 1.0], [3.0, 2.0, 1.0]))
    for second in (history_of([9.0]), history_of([3.0, 2.5, 1.0, 0.5], [3.0, 2.0, 1.0, 0.9])):
        monitor(MODELS[4], second)
        assert repr(monitor.history) == repr(second)
        assert list(monitor.samples) == [len(second)]
    monitor(MODELS[9], history_of([3.0, 2.5, 1.0, 0.5, 0.4]))
    assert [row.shape for row in monitor.samples.values()] == [(8, 9)]


def test_a_training_that_goes_on_keeps_its_samples():
    monitor = TrainingMonitor(every=2)
    monitor(MODELS[4], history_of([3.0]))
    monitor(MODELS[4], history_of([3.0, 2.0]))
    monitor(MODELS[4], history_of([3.0, 2.0, 1.0, 0.5]))  # from a checkpoint, say
    assert list(monitor.samples) == [1, 2, 4]


def test_a_row_stays_that_of_its_epoch():
    monitor = TrainingMonitor(every=2)
    monitor(MODELS[4], history_of([3.0, 2.0]))
    before = monitor.samples[2]
    monitor(MADE(4, (8,), degrees="even", seed=99), history_of([3.0, 2.0]))  # the best one, say
    assert monitor.samples[2] is before


def test_the_history_is_a_copy():
    monitor, history = TrainingMonitor(), history_of([3.0, 2.0])
    monitor(MODELS[4], history)
    history.train_nll[0] = 99.0
    monitor.history.train_nll[1] = 99.0
    monitor.samples.clear()
    assert monitor.history.train_nll == [3.0, 2.0]
    assert list(monitor.samples) == [2]


# ---- in a notebook ------------------------------------------------------------------------------


class Shell:
    """As much of a kernel's IPython as a monitor needs; `run` is the cell that is running."""

    def __init__(self):
        self.run, self.hooks = "first", []
        self.events = SimpleNamespace(
            register=lambda name, hook: self.hooks.append((name, hook)),
            unregister=lambda name, hook: self.hooks.remove((name, hook)),
        )

    def get_parent(self):
        return {"header": {"msg_id": self.run}}


@pytest.fixture
def shell(monkeypatch):
    """A notebook: `shell.shown` are the widgets that were displayed by themselves."""
    shell = Shell()
    shell.shown = []

    def display(widget):
        widget._repr_mimebundle_()
        shell.shown.append(widget)

    monkeypatch.setattr(training_monitor, "get_ipython", lambda: shell)
    monkeypatch.setattr(training_monitor, "display", display)
    monkeypatch.setattr(training_monitor, "time", SimpleNamespace(monotonic=lambda: shell.now))
    shell.now = 0.0
    return shell


def test_it_displays_itself_once_in_each_run_of_a_cell(shell):
    monitor = TrainingMonitor()
    for epochs in (1, 2):
        shell.now += 1
        monitor(MODELS[4], history_of([3.0] * epochs))
    assert shell.shown == [monitor]
    monitor(MODELS[4], history_of([2.0]))  # another training in the same cell
    assert shell.shown == [monitor]
    shell.run = "second"
    monitor(MODELS[4], history_of([1.0]))
    assert shell.shown == [monitor] * 2


def test_what_the_reader_has_displayed_is_not_displayed_again(shell):
    monitor = TrainingMonitor()
    monitor._repr_mimebundle_(include=None, exclude=None)
    for shell.run in ("first", "second"):
        monitor(MODELS[4], history_of([1.0]))
    assert shell.shown == []


def test_closed_it_stays_closed(shell):
    monitor = TrainingMonitor()
    monitor.close()
    monitor(MODELS[4], history_of([1.0]))
    assert shell.shown == []
    assert monitor.problem == ""
    assert len(monitor.history) == 1


def test_without_a_notebook_nothing_is_displayed(capsys):
    monitor = TrainingMonitor(every=1)
    train_once("tensor", 0, monitor)
    assert capsys.readouterr().out == ""
    assert Seen(monitor._picture.value).last["train"]


def test_drawings_are_no_faster_than_the_page_and_the_last_one_is_whole(shell, monkeypatch):
    messages = []
    monitor, history = TrainingMonitor(), History()
    monkeypatch.setattr(ipywidgets.Widget, "send_state", lambda self, key=None: messages.append(1))
    drawn = set()
    for k in range(100):
        shell.now = k / 100
        history.append(train_nll=100.0 - k, lr=0.1, seconds=0.01)
        monitor(MODELS[4], history)
        drawn.add(monitor._words.value)
    assert len(drawn) == 1 / training_monitor.LEAST_SECONDS
    assert len(messages) == 2 * len(drawn)
    assert "Epoch 100" not in monitor._words.value
    ((name, hook),) = shell.hooks
    assert name == "post_execute"
    hook()
    assert shell.hooks == []
    assert "Epoch 100" in monitor._words.value
    assert Seen(monitor._picture.value).last["train"] == "1"


def test_closing_leaves_no_hook(shell):
    monitor = TrainingMonitor()
    for epochs in (1, 2):
        monitor(MODELS[4], history_of([3.0] * epochs))
    assert len(shell.hooks) == 1
    monitor.close()
    assert shell.hooks == []


def test_closing_leaves_no_widget():
    before = set(_instances)
    for _ in range(3):
        monitor = TrainingMonitor()
        monitor(MODELS[4], history_of([2.0]))
        monitor.close()
    assert set(_instances) == before


# ---- the figure ---------------------------------------------------------------------------------


def test_the_figure_shows_the_same():
    monitor = TrainingMonitor(every=2, n_samples=4, levels={"coins": 2.8})
    x = binary(40, 4)
    history = fit(MADE(4, (8,), seed=0), x, x, epochs=4, seed=0, progress=False, on_epoch=monitor)
    figure = monitor.figure()
    figure.canvas.draw()
    curve, samples = figure.axes
    assert list(curve.lines[0].get_ydata()) == history.train_nll
    assert list(curve.lines[1].get_ydata()) == history.valid_nll
    assert any("coins" in words.get_text() for words in curve.texts)
    names = [label.get_text() for label in samples.get_yticklabels()]
    assert names == ["epoch 1", "epoch 2", "epoch 4"]
    grid = np.asarray(samples.get_images()[0].get_array())
    for row, (images, middle) in enumerate(
        zip(monitor.samples.values(), samples.get_yticks(), strict=True)
    ):
        top = 2 + 4 * row
        assert middle == top + 0.5
        for column, image in enumerate(images):
            left = 2 + 4 * column
            assert np.array_equal(grid[top : top + 2, left : left + 2], image.view(2, 2))


# ---- what it says of wrong arguments ------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "fragment"),
    [
        ({"every": 0}, ValueError, "every must be at least 1, got 0"),
        ({"every": 1.5}, TypeError, "every must be a whole number, got 1.5"),
        ({"n_samples": 0}, ValueError, "n_samples must be at least 1, got 0"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"shape": 784}, TypeError, "shape must be (rows, columns) or None, got 784"),
        ({"shape": (28, 28, 1)}, TypeError, "shape must be (rows, columns) or None"),
        ({"shape": (0, 28)}, ValueError, "rows of shape must be at least 1, got 0"),
        ({"shape": (28, 0)}, ValueError, "columns of shape must be at least 1, got 0"),
        ({"levels": [90]}, TypeError, "levels must map names to nats, got list"),
        ({"levels": {"a": "x"}}, TypeError, "level 'a' must be a number of nats, got 'x'"),
        ({"levels": {"a": None}}, TypeError, "level 'a' must be a number of nats, got None"),
        ({"levels": {"a": math.inf}}, ValueError, "level 'a' must be finite, got inf"),
    ],
)
def test_wrong_arguments(arguments, error, fragment):
    before = set(_instances)
    with pytest.raises(error, match=re.escape(fragment)):
        TrainingMonitor(**arguments)
    assert set(_instances) == before
