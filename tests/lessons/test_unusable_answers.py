"""Answers that are not finite, of the wrong kind, or unusual get no false cause."""

import math
import re

import pytest
import torch
from torch import Tensor, nn

from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.source_code import edit_source
from made_lessons.notebook_04.mutants import MADE
from made_lessons.notebook_10.mean_over_earlier_positions import attend
from tests.lessons.checking import wrong

NUMERICAL = [
    "1.2",
    "2.1",
    "2.3",
    "4.2",
    "5.1",
    "5.2",
    "6.3",
    "6.4",
    "7.3",
    "9.2",
    "11.1",
    "11.3",
    "12.3",
]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", NUMERICAL)
def test_a_number_that_is_not_finite_is_named_before_anything_else(name, number):
    def answer(*arguments):
        result = exercise_named(name).reference(*arguments)
        if isinstance(result, tuple):
            return (torch.tensor(number), *result[1:])
        return torch.full_like(result, number) if isinstance(result, Tensor) else number

    found = wrong(name, answer)
    assert found.cause.endswith(f" contains {number}, but it must be finite")
    assert found.tried


def test_a_wrong_entry_of_a_set_is_not_blamed_on_another_one():
    answer = exercise_named("4.4").reference() | {"masked once": "gradient"}
    found = wrong("4.4", answer, 'answer["masked once"] must be a set')
    assert not found.tried


def test_two_partial_mistakes_in_different_calls_are_no_cause():
    def sometimes_without_mask(query, key, value):
        open_to_all = query.shape[1] == 3
        return (
            edit_source(attend, "~mask", "~mask & False")(query, key, value)
            if open_to_all
            else (attend(query, key, value))
        )

    assert "there is no mask" not in wrong("10.1", sometimes_without_mask).cause


@pytest.mark.parametrize(
    "result", [[None], 1j, [10**400], torch.tensor([1j]), "", {}, object(), True, torch.empty(0)]
)
@pytest.mark.parametrize("name", ["1.1", "2.1", "4.2", "5.3"])
def test_a_result_of_the_wrong_kind_is_not_called_random(name, result):
    cause = wrong(name, lambda *arguments: result).cause
    assert not re.search("random|share|rounded|first of", cause)


def looks_up(input_dim):
    return sum()


def by_log_of_one(nll, D):
    return nll / math.log(1) / D


def with_a_comma(nll, D):
    return (nll / math.log(2) / D,)


def with_a_constant(p1, p2, p3):
    first, _, last = exercise_named("1.2").reference(p1, p2, p3)
    return first, torch.tensor(0.5), last


FALSE = [
    ("1.2", with_a_constant, "rounded"),
    ("1.1", looks_up, "first line"),  # the error is not in the call of the check
    ("5.1", with_a_comma, "dimension"),
    ("5.1", by_log_of_one, "rounded to 0"),
    ("11.3", lambda prior, given: int((prior + given)[0].argmax()), "stays the same"),
    (
        "8.4",
        edit_source(exercise_named("8.4").reference, "floor()", "floor() * (u / u)"),
        "own random",
    ),
]


@pytest.mark.parametrize(("name", "answer", "words"), FALSE)
def test_a_false_cause_is_not_shown(name, answer, words):
    assert words not in wrong(name, answer).cause


def names_the_layer_method_wrongly():
    layer = exercise_named("4.1").reference
    return type("MaskedLinear", (nn.Linear,), {"set_masks": layer.set_mask})


UNUSABLE = [
    ("10.1", lambda query, key, value: value * math.nan, "must be finite: perhaps -inf times 0"),
    ("4.5", edit_source(MADE, "[-1](x)", "[-1](x).sigmoid().logit()"), "are NaN or infinite"),
    ("4.1", names_the_layer_method_wrongly(), "no method set_mask"),
    ("6.2", torch.tensor([[0.38 + 9j, 0.02 - 9j], [0.32, 0.28]]), "finite numbers"),
    ("6.2", [[math.nan, 0.2], [0.3, 0.5]], "finite numbers"),
    ("9.1", lambda *nade: [[1.0]] * 3, "a list"),
]


@pytest.mark.parametrize(("name", "answer", "words"), UNUSABLE)
def test_what_cannot_be_used_is_said(name, answer, words):
    wrong(name, answer, words)
