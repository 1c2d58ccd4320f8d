"""What all widgets share: errors are shown, and nothing stays behind."""

import gc
import importlib.metadata
import runpy
import weakref
from types import SimpleNamespace

import pytest
import torch
from ipywidgets import Button, IntText, Play, RadioButtons
from ipywidgets.widgets import widget as ipywidgets_widget

import made_course.widgets
from made_course import (
    MADE,
    Choice,
    CompletionPlayer,
    MaskExplorer,
    Quiz,
    SamplingPlayer,
    TrainingMonitor,
    bars_and_stripes,
    fit,
)
from made_course.widgets import panel
from made_course.widgets.panel import Panel
from tests.widgets.page import controls, page, parts, words

SMALL, IMAGES = MADE(3, (4,), seed=0), MADE(16, (4,), seed=0)
ONE, TWO, NONE = Choice("1", "y", right=True), Choice("2", "y", right=True), Choice("0", "n")


def monitored():
    monitor, x = TrainingMonitor(every=1), bars_and_stripes()
    fit(IMAGES, x, x, epochs=2, seed=0, progress=False, on_epoch=monitor)
    return monitor


MAKE = {
    "MaskExplorer": MaskExplorer,
    "SamplingPlayer": lambda: SamplingPlayer(IMAGES, 2, real=torch.ones(16)),
    "CompletionPlayer": lambda: CompletionPlayer(IMAGES),
    "TrainingMonitor": monitored,
    "Quiz": lambda: Quiz("?", [ONE, NONE]),
    "Quiz, several": lambda: Quiz("?", [ONE, TWO, NONE]),
}


def instances():
    return set(ipywidgets_widget._instances)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_closed_widget_leaves_nothing_behind_and_no_random_stream_moved(make):
    before, stream = instances(), torch.random.get_rng_state()
    made = make()
    assert len(instances()) > len(before)
    assert torch.equal(torch.random.get_rng_state(), stream)
    tooltips = [part.tooltip for part in panel._parts(made) if part.has_trait("tooltip")]
    assert tooltips
    assert None not in tooltips  # the page would say "null"
    made.close()
    assert instances() == before
    remembered = weakref.ref(made)
    del made
    gc.collect()
    assert remembered() is None


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_every_control_has_a_name_and_every_picture_a_text(make):
    made = make()
    unnamed = (Play, RadioButtons)  # a clock that is not shown; the question stands above
    controls = [p for p in parts(made) if p.has_trait("disabled") and not isinstance(p, unnamed)]
    assert all(control.description.strip() for control in controls)
    for svg in page(made).iter("svg"):
        inside = svg.get("viewBox") is not None and svg.get("role") is None
        assert svg.get("aria-label") or svg.get("aria-hidden") or inside
    made.close()


# ---- running a cell again -----------------------------------------------------------------------


def test_running_a_cell_again_closes_what_its_last_run_made(monkeypatch):
    monkeypatch.setattr(panel, "_shown_in", {})
    request = {}
    shell = SimpleNamespace(get_parent=lambda: request)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)

    def run(cell, number):
        request.update(metadata={"cellId": cell}, header={"msg_id": f"run {number}"})

    before = instances()
    run("a", 1)
    first, second = Panel([Button()]), Panel([Button()])  # two in one run may stand together
    run("b", 2)
    other = Panel([Button()])
    alive = instances()
    assert {first.model_id, second.model_id, other.model_id} <= alive
    for number in range(3, 13):
        run("a", number)
        Panel([Button()])
        Panel([Button()])
        assert len(instances()) == len(alive)
    assert (first.comm, other.comm is not None) == (None, True)
    for cell in "ab":
        run(cell, 99)
        Panel([]).close()
    assert instances() == before


# ---- errors -------------------------------------------------------------------------------------


@pytest.fixture
def number_panel():
    number = IntText(description="Number")
    panel = Panel([number])
    panel.taken = []

    def take(value):
        if value == 1:
            raise ValueError("1 is <not> a number")
        if value == 2:
            raise ZeroDivisionError("two")
        panel.taken.append(value)

    panel.listen(number, take)
    yield panel
    panel.close()


def test_a_wrong_input_is_told_until_the_next_good_one(number_panel):
    number = controls(number_panel)["Number"]
    number.value = 1
    assert number_panel.problem == "1 is <not> a number"
    (alert,) = [part for part in page(number_panel).iter() if part.get("role") == "alert"]
    assert "".join(alert.itertext()) == "Not possible: 1 is <not> a number"
    number.value = 5
    assert (number_panel.problem, number_panel.taken) == ("", [5])
    assert "Not possible" not in words(number_panel)


def test_a_mistake_in_the_code_is_shown_and_raised(number_panel):
    with pytest.raises(ZeroDivisionError):
        controls(number_panel)["Number"].value = 2
    assert number_panel.problem == "ZeroDivisionError: two"


def test_quiet_controls_call_nothing(number_panel):
    number = controls(number_panel)["Number"]
    with number_panel.quietly():
        number.value = 1
        with number_panel.quietly():
            number.value = 7
        number.value = 8
    assert (number_panel.problem, number_panel.taken) == ("", [])
    number.value = 9
    assert number_panel.taken == [9]


@pytest.mark.parametrize("old", ["7.8.5", "6.0"])
def test_an_old_ipywidgets_gets_a_clear_word(monkeypatch, old):
    installed = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: old if name == "ipywidgets" else installed(name)
    )
    with pytest.raises(ImportError, match=rf"8\.1\.2 or newer, and here is {old}: run `python -m"):
        runpy.run_path(made_course.widgets.__file__)
