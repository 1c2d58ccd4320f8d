"""Mixed: a head for each column of a table with columns of different kinds."""

import math

import pytest
import torch

from made_course import (
    MADE,
    Bernoulli,
    Categorical,
    Mixed,
    MixtureOfGaussians,
    NormalScores,
    complete,
)
from tests.networks import COLUMNS, with_weights

THREE = Mixed([Categorical(3), MixtureOfGaussians(2), Bernoulli()])


# ---- a probability ------------------------------------------------------------------------------


@pytest.mark.parametrize("num_masks", [1, 3, None])
@pytest.mark.parametrize("extras", [False, True])
def test_the_sum_over_classes_of_the_integral_over_reals_is_one(num_masks, extras):
    options = {"direct": extras, "conditioning": extras, "num_masks": num_masks}
    model = MADE(3, (9,), natural_order=False, head=THREE, seed=3, **options).double()
    with_weights(model, 0.7)
    t = torch.linspace(-9, 9, 3001, dtype=torch.float64)  # even steps of t where x = sinh(t)
    classes = torch.cartesian_prod(torch.arange(3.0), torch.arange(2.0)).double()
    x = torch.cat([classes.repeat_interleave(len(t), 0), t.sinh().repeat(6)[:, None]], 1)
    lengths = (t.cosh() * (t[1] - t[0])).repeat(6)
    with torch.no_grad():
        p = model.log_prob(x[:, [0, 2, 1]], ensemble=None if num_masks == 1 else 3).exp()
    assert (p * lengths).sum().item() == pytest.approx(1, abs=1e-6)


def test_one_column_of_numbers_makes_bfloat16_too_coarse():
    numbers = NormalScores(2, (0.0, 1.0), (-40.0, 40.0))
    assert Mixed([Bernoulli(), numbers]).needs_float32


def test_a_new_model_starts_each_column_as_its_head_says():
    bias = MADE(6, (4,), head=COLUMNS).net[-1].bias.split([1, 6, 1, 3, 1, 3])
    two, one = MixtureOfGaussians(2), MixtureOfGaussians(1)
    assert torch.equal(bias[1], two.initial_params())
    assert torch.equal(bias[5], one.initial_params())
    assert all(bias[i].ne(0).all() for i in (0, 2, 3, 4))  # PyTorch's draw


def test_first_weights_depend_on_how_many_variables_a_unit_sees():
    torch.manual_seed(0)
    pytorchs = torch.nn.Linear(59, 30).weight
    torch.manual_seed(0)
    model = MADE(10, (30,), head=Mixed([Categorical(50)] + [Bernoulli()] * 9), degrees="even")
    heard = model.degrees[1][:, None]
    torch.testing.assert_close(model.net[0].weight, pytorchs * (10 / heard).sqrt())


# ---- its list of heads --------------------------------------------------------------------------


def test_it_shows_itself_as_it_may_be_written():
    said = "Mixed([Bernoulli()] * 2 + [Categorical(3)] + [Bernoulli()])"
    assert repr(Mixed([Bernoulli(), Bernoulli(), Categorical(3), Bernoulli()])) == said


@pytest.mark.parametrize(
    ("heads", "error", "message"),
    [
        ([], ValueError, "a head for each column, got an empty list"),
        (Bernoulli(), TypeError, r"heads must be a list .* got Bernoulli\(\)"),
        ([Bernoulli(), Bernoulli], TypeError, r"heads\[1\] must be .* of one column, got <class"),
        ([Mixed([Bernoulli()])], TypeError, r"heads\[0\] must be .* one column, got Mixed"),
    ],
)
def test_other_values_than_a_list_of_heads_are_refused(heads, error, message):
    with pytest.raises(error, match=message):
        Mixed(heads)


def test_a_head_for_other_columns_than_the_models_is_refused():
    with pytest.raises(ValueError, match="Mixed has heads for 3 columns, and input_dim is 4"):
        MADE(4, head=THREE)


# ---- data of another kind -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([3.0, 0.5, 1.0], r"column 0 \(counted from 0\): classes must be whole numbers 0\.\.2"),
        ([2.0, math.nan, 1.0], r"column 1 \(counted from 0\): data must be finite, got nan"),
        ([2.0, 0.5, 0.5], r"column 2 \(counted from 0\): binary data must hold only 0 and 1, got"),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_column(row, message):
    model = MADE(3, (4,), head=THREE)
    x = torch.tensor([[1.0, 0.0, 1.0], row])
    for score in (model.log_prob, model.check_data, lambda x: complete(model, x, torch.ones(3))):
        with pytest.raises(ValueError, match=message):
            score(x)
