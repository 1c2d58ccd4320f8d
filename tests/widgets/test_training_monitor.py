"""TrainingMonitor: shows what was measured, costs little, and leaves the training as it is."""

import copy
import math
import re
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import MADE, History, TrainingMonitor, fit
from made_course.figures import plot_history
from made_course.widgets import training_monitor
from made_course.widgets.training_monitor import describe, draw_curve, round_numbers, value_range
from tests.widgets.page import HOSTILE, page, parsed, pixels_of, status, words

MODELS = {d: MADE(d, (8,), degrees="even", seed=d) for d in (4, 9, 15)}
NLL = st.floats(0.01, 600).map(lambda v: round(v, 2))


def history_of(train, valid=()):
    history = History()
    for nll, score in zip(train, valid or [None] * len(train), strict=True):
        history.append(train_nll=nll, valid_nll=score, lr=0.1, seconds=1.0)
    return history


def binary(n, input_dim, seed=0):
    return torch.randint(2, (n, input_dim), generator=torch.Generator().manual_seed(seed)).float()


class Seen:
    """What a reader sees of the curves, measured by the numbers along the axes alone."""

    def __init__(self, root):
        self.plot = next(
            part for part in root.iter("svg") if part.find("g[@data-curve]") is not None
        )
        texts = [part for part in root.iter("text") if re.fullmatch(r"-?[\d.]+", part.text or "")]
        left, top = float(self.plot.get("x")), float(self.plot.get("y"))
        bottom = top + float(self.plot.get("height"))
        beside = [(float(t.get("y")) - 5, float(t.text)) for t in texts if float(t.get("x")) < left]
        below = [(float(t.get("x")), float(t.text)) for t in texts if float(t.get("y")) > bottom]
        self.nats = np.polyfit(*zip(*beside, strict=True), 1)
        self.epochs = np.polyfit(*zip(*below, strict=True), 1)
        self.top, self.bottom = np.polyval(self.nats, top), np.polyval(self.nats, bottom)
        self.words = [part.text for part in root.iter("text")]

    def line(self, name):
        """[(epoch, nats)] along a curve."""
        points = self.plot.find(f"g[@data-curve='{name}']/polyline").get("points").split()
        places = [map(float, point.split(",")) for point in points]
        return [(np.polyval(self.epochs, x), np.polyval(self.nats, y)) for x, y in places]

    def near(self, nats):
        """Two tenths of a pixel; far outside more, since the axis is read from rounded places."""
        beyond = max(nats - self.top, self.bottom - nats, 0)
        return pytest.approx(nats, abs=0.2 * abs(self.nats[0]) + 1e-3 * beyond)


def curve_of(history, levels=()):
    return Seen(parsed(draw_curve(history, dict(levels))))


# ---- what it shows ------------------------------------------------------------------------------


@given(st.lists(st.tuples(NLL, NLL), min_size=1, max_size=8), st.booleans(), NLL)
def test_curves_levels_and_the_best_epoch_stand_at_their_numbers(epochs, with_valid, level):
    train, valid = map(list, zip(*epochs, strict=True))
    history = history_of(train, valid if with_valid else ())
    monitor = TrainingMonitor(levels={"near": level})
    monitor(MODELS[4], history)
    seen = Seen(page(monitor))
    curves = {"train": train} | ({"validation": valid} if with_valid else {})
    for name, nll in curves.items():
        for (epoch, nats), (k, value) in zip(seen.line(name), enumerate(nll, 1), strict=True):
            assert epoch == pytest.approx(k, abs=0.3 * abs(seen.epochs[0]) + 0.01)
            assert nats == seen.near(value)
        (last,) = [p.text for p in page(monitor).iter() if p.get("data-last") == name]
        assert float(last) == pytest.approx(nll[-1], rel=1e-3, abs=0.06)
        cut_off = any(said.startswith("▲") and name in said for said in seen.words)
        assert cut_off == (max(nll) > seen.top)
    best = [int(p.get("data-best")) for p in page(monitor).iter() if p.get("data-best")]
    assert best == ([history.best_epoch] if with_valid else [])
    assert any("near: " in said for said in seen.words)
    assert status(monitor) == monitor.status == describe(history, 4)
    monitor.close()


def test_the_last_epoch_in_words():
    assert describe(history_of([543.2, 92.14], [199.4, 90.36]), 784) == (
        "Epoch 2: train 92.1, validation 90.4 nats; best so far epoch 2. "
        "Bits per dimension: train 0.170, validation 0.166."
    )
    assert describe(history_of([3, 2, 1], [1.0, 0.5, 0.75]), 4).startswith(
        "Epoch 3: train 1, validation 0.75 nats; best so far epoch 2."
    )
    density = history_of([3.0, 2.0])
    density.unit = "differential nats"  # which are no bits
    assert describe(density, 4) == "Epoch 2: train 2 differential nats."
    unit = "negative log-likelihood (differential nats)"
    assert unit in draw_curve(density, {})
    assert plot_history(density).axes[0].get_ylabel() == unit


def test_before_training_it_says_what_to_do():
    monitor = TrainingMonitor()
    assert "fit(model, train, valid, on_epoch=monitor)" in status(monitor)
    assert "stop button" in words(monitor)
    assert monitor.samples == {}


def test_the_two_curves_differ_in_more_than_colour():
    plot = curve_of(history_of([3.0, 2.0], [2.5, 2.0])).plot
    train, valid = (group for group in plot if group.get("data-curve"))
    assert [child.tag for child in train] == ["polyline", "circle", "circle"]
    assert [child.tag for child in valid] == ["polyline", "rect", "rect"]
    assert [group[0].get("stroke-dasharray") for group in (train, valid)] == [None, "7 4"]


def test_early_epochs_leave_room_for_later_ones_and_are_said():
    train = [543.0, 180.0, 110.0, *(95 - k for k in range(9))]
    seen = curve_of(history_of(train), {"coin": 543.4, "near": 120.0})
    assert seen.top < 180
    assert "▲ first epochs: up to train 543.0" in seen.words
    assert "↑ coin: 543.4" in seen.words
    assert max(train[6:]) - min(train[6:]) > (seen.top - seen.bottom) / 10


@pytest.mark.parametrize(
    "train", [[1e-5, 1.1e-5], [123456.0, 5.0], [2.5] * 5, [0.0], [-50.0, -60.0], [1e9, 1.0, 1.0]]
)
def test_huge_tiny_and_equal_values(train):
    seen = curve_of(history_of(train, train[::-1]), {"level": 1.0})
    for (_, nats), value in zip(seen.line("train"), train, strict=True):
        assert nats == seen.near(value)


def test_words_do_not_lie_on_one_another():
    levels = {"a": 90.2, "b": 90.4, "c": 10.0, "d": 700.0, "e": 800.0}
    drawn = draw_curve(history_of([543, 92, 91, 90.5], [91, 90.5, 90.4, 90.4]), levels)
    placed = [
        (float(t.get("y")), float(t.get("x")) // 100, t.text)
        for t in parsed(drawn).iter("text")
        if t.get("stroke") == "white" and "best" not in t.text
    ]
    shown = {said for *_, said in placed}
    assert shown >= {"a: 90.2", "b: 90.4", "↓ c: 10", "↑ e: 800.0, d: 700.0"}
    for i, (y, column, _) in enumerate(placed):
        assert all(column != other or abs(y - at) >= 14 for at, other, _ in placed[:i])


def test_a_thousand_epochs_cost_what_fifty_do():
    wave = [90 + 400 / (k + 1) + math.sin(k) for k in range(1000)]
    history = history_of(wave, [v + 1 for v in wave])
    assert len(draw_curve(history, {})) < 3 * len(draw_curve(history_of(wave[:50], wave[:50]), {}))
    line = curve_of(history).line("validation")
    epochs = [round(epoch) for epoch, _ in line]
    assert (epochs[0], epochs[-1]) == (1, 1000)
    assert history.best_epoch in epochs
    assert max(np.diff(epochs)) < 30


@given(st.lists(NLL, min_size=1, max_size=30), st.lists(NLL, max_size=3))
def test_later_epochs_and_near_levels_are_inside(train, levels):
    low, high = value_range(train, levels=levels)
    later = train[len(train) // 2 :]
    assert low < high
    assert low <= min(later) <= max(later) <= high
    assert all(low <= level <= high for level in levels if min(train) <= level <= max(later))
    span = max(train) - min(train)  # no level stretches the picture beyond three times the curve
    assert high - low <= 3.001 * max(span, 0.02 * min(train), 1e-9) or span == 0


@given(st.floats(-1e4, 1e4), st.floats(1e-4, 1e5), st.integers(2, 9))
def test_round_numbers_are_even_steps_inside(low, width, most):
    numbers = round_numbers(low, low + width, most)
    values = list(numbers.values())
    assert 1 <= len(values) <= most + 1
    assert all(low - 1e-9 <= value <= low + width + 1e-9 for value in values)
    assert np.allclose(np.diff(values), np.diff(values)[:1])
    assert [float(label) for label in numbers] == pytest.approx(values, abs=1e-9, rel=1e-9)


# ---- samples ------------------------------------------------------------------------------------


def test_the_first_row_and_the_latest_ones_are_kept_each_from_the_same_noise():
    monitor, models = TrainingMonitor(every=3, seed=3, n_samples=5, levels={HOSTILE: 2.0}), {}

    def on_epoch(model, history):
        models[len(history)] = copy.deepcopy(model)
        return monitor(model, history)

    history = fit(MADE(4, (16,), seed=0), binary(64, 4), epochs=20, lr=0.3, seed=0,
                  progress=False, on_epoch=on_epoch)  # fmt: skip
    assert list(monitor.samples) == [1, 9, 12, 15, 18]
    noise = torch.rand(5, 4, generator=torch.Generator().manual_seed(3))
    for epoch, rows in monitor.samples.items():
        assert torch.equal(rows, models[epoch].sample(5, noise=noise))
    drawn = [pixels_of(image) for image in page(monitor).iter("image")]
    for picture, rows in zip(drawn, monitor.samples.values(), strict=True):
        assert np.array_equal(picture[..., 0], 255 * (1 - np.hstack(rows.view(5, 2, 2).numpy())))
    assert f"{HOSTILE}: 2" in words(monitor)
    figure = monitor.figure()
    FigureCanvasAgg(figure).draw()
    assert list(figure.axes[0].lines[0].get_ydata()) == history.train_nll
    names = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert names == [f"epoch {epoch}" for epoch in monitor.samples]


def test_a_shape_is_used_or_said_not_to_fit():
    monitor = TrainingMonitor(shape=(3, 5), n_samples=2)
    monitor(MODELS[15], history_of([2.0]))
    assert pixels_of(page(monitor).find(".//image")).shape == (3, 10, 3)
    monitor = TrainingMonitor(shape=(3, 4))
    monitor(MODELS[15], history_of([2.0]))
    assert "shape (3, 4) has 12 pixels, but the model has 15 variables" in monitor.problem
    assert Seen(page(monitor)).line("train")
    assert monitor.samples == {}


# ---- the training stays as it is ----------------------------------------------------------------


def train_once(seed, on_epoch):
    torch.manual_seed(7)
    x = binary(70, 9)
    model = MADE(9, (16, 16), dropout=0.4, seed=0)
    history = fit(
        model, x, x[:20], epochs=4, batch_size=16, seed=seed, progress=False, on_epoch=on_epoch
    )
    return model, history, torch.get_rng_state()


def assert_same_bits(one, other):
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


@pytest.mark.parametrize("seed", [0, None])
def test_training_ends_with_the_same_bits(seed):
    monitor = TrainingMonitor(every=1, levels={"coins": 6.2})
    alone, without, stream = train_once(seed, None)
    watched, with_it, stream_with_it = train_once(seed, monitor)
    assert (monitor.problem, len(monitor.samples)) == ("", 4)
    assert_same_bits(alone, watched)
    assert (without.train_nll, without.valid_nll) == (with_it.train_nll, with_it.valid_nll)
    assert torch.equal(stream, stream_with_it)
    assert repr(monitor.history) == repr(with_it)


@pytest.mark.parametrize("mode", [True, False])
def test_the_model_stays_as_it_is(mode):
    model = MADE(9, (16,), dropout=0.5, seed=0).train(mode)
    before = copy.deepcopy(model)
    assert TrainingMonitor()(model, history_of([2.0])) is None
    assert {module.training for module in model.modules()} == {mode}
    assert_same_bits(before, model)


def failing(*_args, **_kwargs):
    raise RuntimeError("no ink left")


@pytest.mark.parametrize(
    ("target", "name"),
    [(training_monitor, "draw_curve"), (training_monitor, "describe"), (MADE, "sample"),
     (ipywidgets.Widget, "send_state")],
)  # fmt: skip
def test_what_fails_in_the_drawing_does_not_end_the_training(monkeypatch, target, name):
    monitor = TrainingMonitor(every=1)
    alone, *_ = train_once(None, None)
    monkeypatch.setattr(target, name, failing)
    watched, history, _ = train_once(None, monitor)
    assert_same_bits(alone, watched)
    assert "no ink left" in monitor.problem
    assert repr(monitor.history) == repr(history)
    monkeypatch.undo()
    monitor(watched, history)
    assert monitor.problem == ""


def test_the_stop_button_gets_through(monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training_monitor, "draw_curve", pressed)
    _, history, _ = train_once(0, TrainingMonitor())
    assert len(history) == 1


def test_another_training_starts_anew_and_one_that_goes_on_keeps_its_samples():
    monitor = TrainingMonitor(every=2)
    for epochs in ([3.0], [3.0, 2.0], [3.0, 2.0, 1.0, 0.5]):
        monitor(MODELS[4], history_of(epochs))
    assert list(monitor.samples) == [1, 2, 4]
    before = monitor.samples[4]
    monitor(MADE(4, (8,), degrees="even", seed=99), history_of([3.0, 2.0, 1.0, 0.5]))
    assert monitor.samples[4] is before  # a row stays that of its epoch
    for d, second in ((4, [9.0]), (4, [8.0, 7.0]), (9, [8.0, 7.0, 6.0])):
        monitor(MODELS[d], history_of(second))
        assert monitor.history.train_nll == second
        assert list(monitor.samples) == [len(second)]


# ---- in a notebook ------------------------------------------------------------------------------


@pytest.fixture
def shell(monkeypatch):
    """A notebook: ``run`` is the cell that runs, ``shown`` what was displayed by itself."""
    hooks = []
    shell = SimpleNamespace(run="first", now=0.0, shown=[], hooks=hooks)
    shell.events = SimpleNamespace(
        register=lambda _, hook: hooks.append(hook),
        unregister=lambda _, hook: hooks.remove(hook),
    )
    shell.get_parent = lambda: {"header": {"msg_id": shell.run}}

    def display(widget):
        widget._repr_mimebundle_()
        shell.shown.append(widget)

    monkeypatch.setattr(training_monitor, "get_ipython", lambda: shell)
    monkeypatch.setattr(training_monitor, "display", display)
    monkeypatch.setattr(training_monitor, "time", SimpleNamespace(monotonic=lambda: shell.now))
    return shell


def test_it_displays_itself_once_in_each_run_of_a_cell(shell):
    monitor = TrainingMonitor()
    for shell.now, epochs in ((1, [3.0]), (2, [3.0, 2.0]), (3, [2.0])):
        monitor(MODELS[4], history_of(epochs))
    assert shell.shown == [monitor]
    shell.run = "second"
    monitor(MODELS[4], history_of([1.0]))
    assert shell.shown == [monitor] * 2
    displayed, closed = TrainingMonitor(), TrainingMonitor()
    displayed._repr_mimebundle_(include=None, exclude=None)  # by the reader
    closed.close()
    for other in (displayed, closed):
        other(MODELS[4], history_of([1.0]))
    assert shell.shown == [monitor] * 2


def test_drawings_are_no_faster_than_the_page_and_the_last_one_is_whole(shell):
    monitor, history, drawn = TrainingMonitor(), History(), set()
    for k in range(100):
        shell.now = k / 100
        history.append(train_nll=100.0 - k, lr=0.1, seconds=0.01)
        monitor(MODELS[4], history)
        drawn.add(status(monitor))
    assert len(drawn) == 1 / training_monitor.LEAST_SECONDS
    assert "Epoch 100" not in status(monitor)
    (hook,) = shell.hooks
    hook()
    assert (shell.hooks, "Epoch 100" in status(monitor)) == ([], True)
    monitor(MODELS[4], history)
    monitor.close()
    assert shell.hooks == []


# ---- what it says of wrong arguments ------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "fragment"),
    [
        ({"every": 0}, ValueError, "every must be at least 1, got 0"),
        ({"n_samples": 1.5}, TypeError, "n_samples must be a whole number, got 1.5"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"shape": 784}, TypeError, "shape must be (rows, columns) or None, got 784"),
        ({"shape": (0, 28)}, ValueError, "rows of shape must be at least 1, got 0"),
        ({"shape": (28, 0)}, ValueError, "columns of shape must be at least 1, got 0"),
        ({"levels": [90]}, TypeError, "levels must map names to nats, got list"),
        ({"levels": {"a": "x"}}, TypeError, "level 'a' must be a number of nats, got 'x'"),
        ({"levels": {"a": math.inf}}, ValueError, "level 'a' must be finite, got inf"),
    ],
)
def test_wrong_arguments(arguments, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        TrainingMonitor(**arguments)
