"""Σp over all inputs: 1 for a model, something else for a leak, or an error."""

from threading import Lock

import pytest
import torch
from torch import nn

from made_course import MADE, Categorical, MixtureOfGaussians, total_probability
from made_course.leaks import total
from tests.networks import every_row, leak, nothing_changes, with_weights


def test_the_sum_is_one_for_a_model_and_not_for_a_leak():
    model = MADE(4, (9,), natural_order=False, head=Categorical(3), num_masks=3, dropout=0.5)
    with_weights(model, 3.0)
    model.lock = Lock()  # so that the model cannot be copied
    model.log_prob(every_row(4, 3)).sum().backward()
    with nothing_changes(model):
        assert total_probability(model) == pytest.approx(1, abs=1e-9)
    assert {parameter.grad.dtype for parameter in model.parameters()} == {torch.float32}
    leaking = leak(with_weights(MADE(4, (9,), degrees="even"), 3.0))
    assert abs(total_probability(leaking) - 1) > 0.01


def test_as_many_inputs_are_added_up_as_it_says(monkeypatch):
    monkeypatch.setattr(total, "MOST_INPUTS", 2**11)  # more than one part of them
    assert total_probability(with_weights(MADE(11, ()), 3.0)) == pytest.approx(1, abs=1e-9)
    with pytest.raises(ValueError, match=r"there are 2\^12 inputs, but at most 2\^11 can"):
        total_probability(MADE(12, ()))


@pytest.mark.parametrize(
    ("error", "message", "model"),
    [
        (TypeError, r"must be a model of the course, such as a MADE, got None", None),
        (TypeError, r"must be a model of the course, .* got Linear", nn.Linear(2, 2)),
        (TypeError, r"finitely many .* MixtureOfG", MADE(2, (4,), head=MixtureOfGaussians(2))),
    ],
)
def test_models_without_finitely_many_inputs_are_refused(error, message, model):
    with pytest.raises(error, match=message):
        total_probability(model)
