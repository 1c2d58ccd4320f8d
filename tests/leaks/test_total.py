"""Σp over all inputs: of every kind of model, of one that leaks, and what cannot be added up."""

import pytest
from torch import nn

from made_course import MADE, Bernoulli, Categorical, MixtureOfGaussians, total_probability
from made_course.leaks import total
from tests.networks import leak, nothing_changes, with_weights


@pytest.mark.parametrize(
    "model",
    [
        lambda: MADE(5, (8,), ordering=[1, 2, 0, 4, 3], seed=0),
        lambda: MADE(5, (8,), natural_order=False, num_masks=3, dropout=0.5, seed=0),
        lambda: MADE(3, (8,), head=Categorical(4), seed=0),
    ],
    ids=["binary", "many masks", "categorical"],
)
def test_every_kind_of_made_adds_up_to_one(model):
    model = with_weights(model(), 3.0)
    with nothing_changes(model):
        assert total_probability(model) == pytest.approx(1, abs=1e-9)


def test_a_leak_shows():
    model = with_weights(MADE(4, (9,), degrees="even"), 3.0)
    assert abs(total_probability(leak(model)) - 1) > 0.01


def test_as_many_inputs_are_added_up_as_it_says(monkeypatch):
    monkeypatch.setattr(total, "MOST_INPUTS", 2**11)  # more than one part of them
    assert total_probability(with_weights(MADE(11, ()), 3.0)) == pytest.approx(1, abs=1e-9)
    with pytest.raises(ValueError, match=r"there are 2\^12 inputs, but at most 2\^11 can"):
        total_probability(MADE(12, ()))


class Headed(nn.Module):
    head = Bernoulli()


@pytest.mark.parametrize(
    ("error", "message", "model"),
    [
        (TypeError, r"must be a model of the course, such as a MADE, got None", None),
        (TypeError, r"must be a model of the course, .* got Headed", Headed()),
        (TypeError, r"finitely many .* MixtureOfG", MADE(2, (4,), head=MixtureOfGaussians(2))),
    ],
)
def test_what_is_no_model_with_finitely_many_inputs(error, message, model):
    with pytest.raises(error, match=message):
        total_probability(model)
