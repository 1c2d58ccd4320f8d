"""What a widget refuses, when it is made and when it is set, and that it changes nothing."""

import math
import re

import pytest
import torch

from made_course import (
    MADE,
    Categorical,
    CompletionPlayer,
    MaskExplorer,
    SamplingPlayer,
)

MODEL, ROW = MADE(3), torch.ones(3)


def player_of(bias=0.0, **options):
    model = MADE(3, **options)
    torch.nn.init.constant_(model.net[0].bias, bias)
    return SamplingPlayer(model)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SamplingPlayer(torch.nn.Linear(3, 3)), "model must be a MADE, got Linear"),
        (lambda: player_of(head=Categorical(3)), "the model's head is Categorical(3)"),
        (lambda: player_of(activation=torch.nn.GELU), "relu, tanh, silu, but the model's is GELU"),
        (lambda: player_of(ordering=[[1, 2], [0]]), "the model's ordering has groups"),
        (lambda: player_of(bias=math.nan), "weights that are NaN or infinite"),
        (lambda: SamplingPlayer(MODEL, real=torch.ones(4)), "shape (3,) or (m, 3), got (4,)"),
        (lambda: SamplingPlayer(MODEL, real=ROW / 2), "must hold only 0 and 1, got 0.5"),
        (lambda: CompletionPlayer(MADE(1), ROW[:1]), "at least 2 variables, one to hide"),
        (lambda: CompletionPlayer(MODEL, torch.ones(4)), "shape (3,) or (m, 3), got (4,)"),
        (
            lambda: CompletionPlayer(MODEL, torch.ones(11, 3)),
            "at most 10 images can be shown, got 11",
        ),
        (lambda: MaskExplorer("diary", [300]), "at most 4 hidden layers of at most 64"),
        (lambda: MaskExplorer("diary", (2,), [0, 1]), "a permutation of 0..2, got [0, 1]"),
    ],
)
def test_what_makes_no_widget(make, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        make()


MAKE = {
    "sampling": lambda: SamplingPlayer(MODEL),
    "completion": lambda: CompletionPlayer(MODEL, ROW),
    "masks": MaskExplorer,
}
ASKED = {"image_index": 0, "hidden": "100", "seed": 0, "guess": None, "revealed": False}


@pytest.mark.parametrize(
    ("widget", "name", "value", "message"),
    [
        ("sampling", "step", 4, "step must be at most 3, got 4"),
        ("sampling", "greedy", "yes", "greedy must be True or False, got 'yes'"),
        ("sampling", "show_real", True, "no real image to show: make the player with real=..."),
        ("completion", "asked", ASKED | {"image_index": 1}, "image_index must be at most 0, got 1"),
        ("completion", "asked", ASKED | {"seed": 10**6}, "seed must be at most 999999, got"),
        ("completion", "part", "half", "unknown part 'half': choose one of left, right, "),
        ("masks", "lesson", "digits", "choose one of diary, boards, yours"),
        ("masks", "yours", [[0, 2] * 8], "boards of 16 zeros and ones"),
        ("masks", "ordering", [0, 0, 1], "permutation"),
        ("masks", "hidden_degrees", [[1, 3]], "hidden degrees lie in 1..2, got 3"),
        ("masks", "fault", "all", "choose one of none, output with >="),
        ("masks", "selected", (0, 3), "no unit (0, 3)"),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(widget, name, value, message):
    w = MAKE[widget]()
    before = w.get_state()
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        setattr(w, name, value)
    assert w.get_state() == before
    w.close()
