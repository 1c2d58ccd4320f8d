"""TrainingMonitor: shows what was measured, costs little, and leaves the training as it is."""

import copy
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import MADE, History, TrainingMonitor, fit
from made_course.figures.learning_curves import nll_range
from made_course.widgets.training_monitor import training_monitor
from tests.networks import binary

MODELS = {d: MADE(d, (8,), degrees="even", seed=d) for d in (4, 9, 15)}
NLL = st.floats(0.01, 600).map(lambda v: round(v, 2))


def history_of(train, valid=(), **facts):
    history = History(**facts)
    for nll, score in zip(train, valid or [None] * len(train), strict=True):
        history.append(train_nll=nll, valid_nll=score, lr=0.1, seconds=1.5)
    return history


def told(train, valid=(), input_dim=4, **facts):
    """What the page hears of a training."""
    monitor = TrainingMonitor()
    monitor(MODELS[input_dim], history_of(train, valid, **facts))
    return monitor.told


# ---- what the page says and draws ---------------------------------------------------------------


def test_the_page_says_how_far_it_is_and_how_long_it_takes(call):
    def said(**facts):
        return call("training_monitor", "progressWords", running | facts)

    running = told([3.0, 2.0, 1.0, 0.5], planned=20) | {"running": True}
    assert said() == "Epoch 4 of 20: about 24 s left."
    assert said(curves={"train": [3.0]}, seconds=1.5) == "Epoch 1 of 20: about 30 s for all."
    assert said(seconds=60.0) == "Epoch 4 of 20: about 4 min left."
    assert said(seconds=3000.0) == "Epoch 4 of 20: about 3.3 h left."
    assert said(planned=None) == "Epoch 4: 6 s so far."
    assert said(running=False) == "Epoch 4 of 20: 6 s in all."
    assert "fit(model, train, valid, on_epoch=monitor)" in said(curves={})


def test_the_last_epoch_in_numbers(call):
    def said(*args, **facts):
        return call("training_monitor", "scoreWords", told(*args, **facts))

    assert said([543.2, 3.1416], [199.4, 2.5]) == (
        "Last epoch: train 3.142, validation 2.5 nats (1.133 and 0.902 bits per dimension). "
        "Lowest validation: epoch 2."
    )
    density = said([3.0, 92.14], unit="differential nats")  # which are no bits
    assert density == "Last epoch: train 92.1 differential nats."
    assert call("training_monitor", "scoreWords", TrainingMonitor().told) == ""


@given(st.lists(NLL, min_size=1, max_size=30), st.lists(NLL, max_size=3))
def test_later_epochs_and_near_levels_are_inside_and_the_others_are_said(call, train, levels):
    named = {f"level {k}": nats for k, nats in enumerate(levels)}
    low, high = nll_range([train], levels)
    later = train[len(train) // 2 :]
    assert low <= min(later) <= max(later) <= high
    assert low < high
    assert all(low <= level <= high for level in levels if min(train) <= level <= max(later))
    span = max(train) - min(train)  # no level stretches the picture beyond three times the curve
    assert high - low <= 3.001 * max(span, 0.02 * min(train), 1e-9) or span == 0
    shown = {"curves": {"train": train}, "levels": named, "range": [low, high]}
    said = call("curve", "beyond", shown)
    for name, nats in named.items():
        assert (name in said) == (not low <= nats <= high)
    assert ("train up to" in said) == (max(train) > high)


def test_where_two_curves_cross_is_far_from_the_edges():
    train, valid = (
        [425.0, 190, 140, 115, 103, 95, 90, 86],
        [290.0, 160, 130, 116, 108, 104, 101, 99],
    )
    low, high = nll_range([train, valid], [])
    assert 0.2 < (115.5 - low) / (high - low) < 0.8
    assert (99 - 86) / (high - low) > 0.1  # the gap in the end


@given(st.floats(-1e4, 1e4), st.floats(1e-4, 1e5), st.integers(2, 9))
def test_round_numbers_are_even_steps_inside(call, low, width, most):
    numbers = call("curve", "roundNumbers", low, low + width, most)
    assert 1 <= len(numbers) <= most + 1
    assert all(low - 1e-9 <= number <= low + width + 1e-9 for number in numbers)
    assert np.allclose(np.diff(numbers), np.diff(numbers)[:1])


@given(st.lists(st.integers(0, 300), min_size=1, max_size=5))
def test_words_do_not_lie_on_one_another(call, heights):
    moved = call("curve", "spreadOut", heights, 17)
    assert all(np.diff(sorted(moved)) >= 17 - 1e-9)
    assert [sorted(heights).index(h) for h in heights] == [
        min(sorted(moved).index(m) for h2, m in zip(heights, moved, strict=True) if h2 == h)
        for h in heights
    ]
    if len(heights) > 1 and min(np.diff(sorted(heights))) >= 17:
        assert moved == heights


# ---- samples ------------------------------------------------------------------------------------


def test_the_first_row_and_the_latest_ones_are_kept_each_from_the_same_noise():
    monitor, models = TrainingMonitor(levels={"two": 2}), {}

    def on_epoch(model, history):
        models[len(history)] = copy.deepcopy(model)
        return monitor(model, history)

    history = fit(MADE(4, (16,), seed=0), binary(64, 4), epochs=26, lr=0.3, seed=0,
                  progress=False, on_epoch=on_epoch)  # fmt: skip
    assert list(monitor.samples) == monitor.rows == [1, 10, 15, 20, 25]
    noise = torch.rand(8, 4, generator=torch.Generator().manual_seed(0))
    for epoch, rows in monitor.samples.items():
        assert torch.equal(rows, models[epoch].sample(8, noise=noise))
    assert monitor.image_shape == (2, 2)
    assert list(monitor.ink) == (255 * torch.cat([*monitor.samples.values()]).view(-1)).tolist()
    assert monitor.told["planned"] == 26
    figure = monitor.figure()
    FigureCanvasAgg(figure).draw()
    assert list(figure.axes[0].lines[0].get_ydata()) == history.train_nll
    names = [axes.get_ylabel() for axes in figure.axes[1::8]]
    assert names == [f"epoch {epoch}" for epoch in monitor.samples]


def test_there_are_no_samples_where_the_variables_make_no_square():
    monitor = TrainingMonitor()
    monitor(MODELS[15], history_of([2.0]))
    assert (monitor.samples, monitor.problem) == ({}, "")
    assert monitor.told["curves"] == {"train": [2.0]}


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
def test_training_ends_with_the_same_bits(seed, monkeypatch):
    monkeypatch.setattr(training_monitor, "EVERY", 1)
    monitor = TrainingMonitor(levels={"coins": 6.2})
    alone, without, stream = train_once(seed, None)
    watched, with_it, stream_with_it = train_once(seed, monitor)
    assert (monitor.problem, len(monitor.samples)) == ("", 4)
    assert_same_bits(alone, watched)
    assert (without.train_nll, without.valid_nll) == (with_it.train_nll, with_it.valid_nll)
    assert torch.equal(stream, stream_with_it)
    assert repr(monitor.history) == repr(with_it)


def failing(*_args, **_kwargs):
    raise RuntimeError("no ink left")


@pytest.mark.parametrize(("target", "name"), [(MADE, "sample"), (ipywidgets.Widget, "send_state")])
def test_what_fails_in_the_showing_does_not_end_the_training(monkeypatch, target, name):
    monitor = TrainingMonitor()
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
    def pressed(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(MADE, "sample", pressed)
    _, history, _ = train_once(0, TrainingMonitor())
    assert len(history) == 1


def test_another_training_starts_anew_and_one_that_goes_on_keeps_its_samples():
    monitor, five = TrainingMonitor(), [3.0, 2.0, 1.0, 0.5, 0.4]
    for epochs in ([3.0], [3.0, 2.0], five):
        monitor(MODELS[4], history_of(epochs))
    assert list(monitor.samples) == [1, 5]
    before = monitor.samples[5]
    monitor(MADE(4, (8,), degrees="even", seed=99), history_of(five))
    assert monitor.samples[5] is before  # a row stays that of its epoch
    for d, second in ((4, [9.0]), (4, [8.0, 7.0]), (9, [8.0, 7.0, 6.0])):
        monitor(MODELS[d], history_of(second))
        assert monitor.history.train_nll == second
        assert list(monitor.samples) == monitor.rows == [len(second)]


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


def test_messages_are_no_faster_than_the_page_and_the_last_one_is_whole(shell):
    monitor, history, sent = TrainingMonitor(), History(planned=100), set()
    for k in range(100):
        shell.now = k / 100
        history.append(train_nll=100.0 - k, lr=0.1, seconds=0.01)
        monitor(MODELS[4], history)
        sent.add(len(monitor.told["curves"]["train"]))
    assert len(sent) == 1 / training_monitor.LEAST_SECONDS
    assert monitor.told["running"]
    assert max(sent) < 100
    (hook,) = shell.hooks
    hook()
    assert shell.hooks == []
    assert (len(monitor.told["curves"]["train"]), monitor.told["running"]) == (100, False)
    monitor(MODELS[4], history)
    monitor.close()
    assert shell.hooks == []
