"""What all widgets share: errors are shown, and nothing stays behind."""

import gc
import weakref
from types import SimpleNamespace

import pytest
import torch
from ipywidgets import Button, IntText
from ipywidgets.widgets import widget as ipywidgets_widget

from made_course import (
    MADE,
    Choice,
    CompletionPlayer,
    LeakDetector,
    MaskExplorer,
    Quiz,
    SamplingPlayer,
    TrainingMonitor,
    bars_and_stripes,
    fit,
)
from made_course.widgets import panel
from made_course.widgets.panel import Panel

SMALL, IMAGES = MADE(3, (4,), seed=0), MADE(16, (4,), seed=0)


def monitored():
    monitor, x = TrainingMonitor(every=1), bars_and_stripes()
    fit(IMAGES, x, x, epochs=2, seed=0, progress=False, on_epoch=monitor)
    return monitor


MAKE = {
    "MaskExplorer": MaskExplorer,
    "LeakDetector": lambda: LeakDetector(torch.sin, input_dim=3),
    "SamplingPlayer": lambda: SamplingPlayer(SMALL, real=torch.ones(3)),
    "SamplingPlayer of 2": lambda: SamplingPlayer(IMAGES, 2),
    "CompletionPlayer": lambda: CompletionPlayer(IMAGES),
    "TrainingMonitor": monitored,
    "Quiz": lambda: Quiz("?", [Choice("1", "y", right=True), Choice("0", "n")]),
    "Quiz, several": lambda: Quiz(
        "?", [Choice("1", "y", right=True), Choice("2", "y", right=True), Choice("0", "n")]
    ),
}
all_widgets = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)


def instances():
    return set(ipywidgets_widget._instances)


@all_widgets
def test_closing_leaves_no_part_behind(make):
    before = instances()
    made = make()
    assert len(instances()) > len(before)
    made.close()
    assert instances() == before


@all_widgets
def test_a_closed_widget_is_freed_with_all_it_holds(make):
    made = make()
    made.close()
    remembered = weakref.ref(made)
    del made
    gc.collect()
    assert remembered() is None


@all_widgets
def test_the_global_random_stream_is_left_alone(make):
    before = torch.random.get_rng_state()
    made = make()
    assert torch.equal(torch.random.get_rng_state(), before)
    made.close()


# ---- running a cell again -----------------------------------------------------------------------


@pytest.fixture
def run_cell(monkeypatch):
    """Stands in for a notebook: sets which run of which cell is going on."""
    monkeypatch.setattr(panel, "_shown_in", {})

    def run(cell, number):
        request = {"metadata": {"cellId": cell}, "header": {"msg_id": f"run {number}"}}
        shell = SimpleNamespace(get_parent=lambda: request)
        monkeypatch.setattr("IPython.get_ipython", lambda: shell)

    return run


def test_running_a_cell_again_closes_what_its_last_run_made(run_cell):
    before = instances()
    run_cell("a", 1)
    first, second = Panel([Button()]), Panel([Button()])  # two in one run may stand together
    run_cell("b", 2)
    other = Panel([Button()])
    alive = instances()
    assert {first.model_id, second.model_id, other.model_id} <= alive
    for number in range(3, 103):
        run_cell("a", number)
        last = Panel([Button()])
        Panel([Button()])
        assert len(instances()) == len(alive)
    assert other.model_id in instances()
    assert first.comm is None
    run_cell("a", 103)
    assert last.comm is not None
    run_cell("b", 104)
    Panel([]).close()
    run_cell("a", 105)
    Panel([]).close()
    assert instances() == before


def test_outside_a_notebook_nothing_is_closed():
    first = Panel([])
    second = Panel([])
    assert first.comm is not None
    first.close()
    second.close()


# ---- errors -------------------------------------------------------------------------------------


@pytest.fixture
def number_panel():
    number = IntText()
    panel = Panel([number])
    panel.taken = []

    def take(value):
        if value == 1:
            raise ValueError("1 is <not> a number")
        if value == 2:
            raise ZeroDivisionError("two")
        panel.taken.append(value)

    panel.listen(number, take)
    yield panel, number
    panel.close()


def test_a_wrong_input_is_told_until_the_next_good_one(number_panel):
    panel, number = number_panel
    number.value = 1
    assert panel.problem == "1 is <not> a number"
    assert "1 is &lt;not&gt; a number" in panel._problem_line.value
    assert 'role="alert"' in panel._problem_line.value
    number.value = 5
    assert panel.problem == ""
    assert "Not possible" not in panel._problem_line.value
    assert panel.taken == [5]


def test_a_mistake_in_the_code_is_shown_and_raised(number_panel):
    panel, number = number_panel
    with pytest.raises(ZeroDivisionError):
        number.value = 2
    assert panel.problem == "ZeroDivisionError: two"


def test_quiet_controls_call_nothing(number_panel):
    panel, number = number_panel
    with panel.quietly():
        number.value = 1
        with panel.quietly():
            number.value = 7
        number.value = 8
    assert (panel.problem, panel.taken) == ("", [])
    number.value = 9
    assert panel.taken == [9]


@all_widgets
def test_no_part_has_a_tooltip_that_says_null(make):
    made = make()
    tooltips = [part.tooltip for part in panel._parts(made) if part.has_trait("tooltip")]
    assert tooltips
    assert None not in tooltips
    made.close()
