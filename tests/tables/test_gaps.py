"""Rows with gaps: known cells are scored, and the network sees which cells are missing."""

import itertools

import pandas
import pytest
import torch
from hypothesis import given, settings

from made_course import (
    MADE,
    Bernoulli,
    Categorical,
    Gaps,
    Mixed,
    MixtureOfGaussians,
    complete,
    evaluate,
    fit,
    load_table,
)
from tests.networks import HEADS, Poisson, every_row, networks, uniforms, with_weights

NAN = float("nan")
EACH_HEAD = pytest.mark.parametrize("head", HEADS, ids=repr)


# ---- a probability ------------------------------------------------------------------------------


@given(networks(Gaps(Bernoulli()), largest=5))
@settings(max_examples=40, deadline=None)
def test_probabilities_sum_to_one_for_every_pattern_of_gaps(model):
    for pattern in itertools.product([False, True], repeat=model.input_dim):
        there = torch.tensor(pattern)
        x = torch.full((2 ** sum(pattern), model.input_dim), NAN, dtype=torch.float64)
        if any(pattern):
            x[:, there] = every_row(sum(pattern)).double()
        with torch.no_grad():
            assert model.log_prob(x).exp().sum().item() == pytest.approx(1, abs=1e-9)


# ---- rows without gaps --------------------------------------------------------------------------


@EACH_HEAD
def test_without_gaps_it_is_the_model_without_the_inputs_that_tell_of_them(head):
    plain = with_weights(MADE(5, (12,), natural_order=False, head=head, seed=1).double(), 0.5)
    gaps = MADE(5, (12,), natural_order=False, head=Gaps(head), seed=1).double()
    read = head.inputs_per_variable
    state = dict(gaps.state_dict()) | dict(plain.state_dict())
    weight = gaps.net[0].weight.detach().clone().view(12, 5, read + 1)
    weight[..., :read] = plain.net[0].weight.detach().view(12, 5, read)
    gaps.load_state_dict(state | {"net.0.weight": weight.flatten(1)})
    noise = uniforms(40, 5)
    x = plain.sample(40, noise=noise)
    torch.testing.assert_close(gaps.sample(40, noise=noise), x)
    torch.testing.assert_close(gaps.log_prob(x), plain.log_prob(x))
    known = torch.tensor([True, False, False, True, False])
    torch.testing.assert_close(
        *(complete(m, x[:3], known, 4, noise=uniforms(3, 4, 5)).mean for m in (gaps, plain)),
        equal_nan=True,
    )


# ---- rows with gaps -----------------------------------------------------------------------------


@EACH_HEAD
def test_a_gap_hides_its_value_and_term_but_later_outputs_see_it(head):
    model = MADE(4, (16,), ordering=[2, 0, 3, 1], degrees="even", head=Gaps(head), seed=0).double()
    with_weights(model, 0.7)
    whole = model.sample(6, noise=uniforms(6, 4))
    x = whole.clone()
    x[:, 0] = NAN
    before, after = model.log_conditionals(whole), model.log_conditionals(x)
    assert torch.equal(after[:, 2], before[:, 2])  # it comes before, and does not depend on it
    assert after[:, 0].eq(0).all()
    assert (after[:, [1, 3]] - before[:, [1, 3]]).abs().min() > 1e-9
    zeros = x.nan_to_num(0.0)
    assert (after[:, [1, 3]] - model.log_conditionals(zeros)[:, [1, 3]]).abs().max() > 1e-6


@EACH_HEAD
def test_gradients_are_those_of_the_rows_that_are_there(head):
    """Check that the gradient is zero, not NaN, for a variable that is always missing."""
    model = MADE(3, (8,), ordering=[1, 2, 0], head=Gaps(head), seed=0).double()
    x = model.sample(20, noise=uniforms(20, 3))
    x[:, 2] = NAN
    x[::2, 1] = NAN
    model.log_prob(x).sum().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    of_outputs = model.net[-1].bias.grad.view(3, -1)
    assert of_outputs[2].eq(0).all()
    assert of_outputs[:2].abs().sum(1).gt(0).all()


def test_gaps_that_depend_on_earlier_variables_do_not_bias_the_model():
    """Hide most incomes of city 0, which earns less, so that complete rows alone are biased."""
    draw = torch.Generator().manual_seed(0)
    city = (torch.rand(4000, generator=draw) < 0.5).float()
    income = city + 0.5 * torch.randn(4000, generator=draw)
    age = income + 0.5 * torch.randn(4000, generator=draw)
    rows = torch.stack([income, age, city], 1)
    rows[(city == 0) & (torch.rand(4000, generator=draw) < 0.7), 0] = NAN
    found = {}
    for name, x in {"gaps": rows, "whole": rows[~rows.isnan().any(1)]}.items():
        torch.manual_seed(0)
        heads = [MixtureOfGaussians(1), MixtureOfGaussians(1), Bernoulli()]
        model = MADE(3, (16,), ordering=[2, 0, 1], head=Mixed([*map(Gaps, heads)]), seed=0)
        fit(model, x, epochs=8, batch_size=100, seed=0, progress=False)
        found[name] = model.sample(20_000, generator=draw)[:, [0, 2]].mean(0)
    assert found["gaps"].tolist() == pytest.approx([0.5, 0.5], abs=0.03)
    assert (found["whole"] > 0.7).all()


# ---- heads in heads, tables and files -----------------------------------------------------------


class FromFive(Poisson):
    """A head for counts of five and more, which takes the logarithm of x - 4."""

    def log_prob(self, params, x):
        return super().log_prob(params, (x - 4).log())

    def sample(self, params, u):
        return super().sample(params, u) + 5

    def check(self, x):
        assert (x >= 5).all()


@pytest.mark.parametrize("head", [FromFive(), Mixed([FromFive(), Bernoulli()])])
def test_unknown_cells_need_not_be_0(head):
    heads = [Gaps(head.select(i)) for i in range(2)]
    for model in (MADE(2, (4,), head=head), MADE(2, (4,), head=Mixed(heads))):
        x = torch.tensor([[NAN, 1.0 if head.kinds is not None else 6.0]])
        drawn = complete(model, x, ~x.isnan(), 50).samples
        assert (drawn[..., 0] >= 5).all()
    model.log_prob(x).sum().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_impossible_values_are_refused():
    model = MADE(2, head=Gaps(Bernoulli()))
    with pytest.raises(ValueError, match=r"hold only 0 and 1, got 0\.5\. "):
        model.log_prob(torch.tensor([[NAN, 0.5]]))
    for head in (Bernoulli(), Categorical(3), MixtureOfGaussians(2)):
        with pytest.raises(ValueError, match=r"got nan\. .*Gaps\(head\)"):
            MADE(2, head=head).log_prob(torch.tensor([[NAN, 1.0]]))
    with pytest.raises(TypeError, match=r"^head must be a head of one column, got Mixed"):
        Gaps(Mixed([Bernoulli()]))


def test_a_table_that_keeps_its_gaps_is_trained_on_as_it_is():
    cells = {
        "warm": [None if i % 5 == 1 else i / 2 - 50 for i in range(200)],
        "rain": ["yes", "no", None, None, "no"] * 40,
        "kind": ["a", "b", "c", "a", "b"] * 40,
    }
    frame = pandas.DataFrame(cells)
    table = load_table(frame, missing="keep")
    heads = [column.head for column in table.columns]
    assert repr(heads[0]).startswith("Gaps(NormalScores(2, ")
    assert repr(heads[1:]) == "[Gaps(Bernoulli()), Categorical(3)]"
    lines = str(table).splitlines()
    assert lines[1].startswith("    warm: multiples of 0.5 (median ")
    assert lines[1].endswith(", missing in 20% of the rows")
    assert lines[2] == "    rain: yes/no (no and yes), missing in 40% of the rows"
    assert lines[3] == "    kind: 3 classes (a, b and c)"
    model = MADE(3, (8,), head=table.head, seed=0)
    assert evaluate(model, table.train[:0].new_tensor([[NAN, NAN, 0.0]])) > 0
    whole = load_table(frame.dropna(), like=table, split=None)
    assert repr(whole.head) == repr(table.head)  # a model of the first reads them
    assert not any(c.missing for c in load_table(frame.dropna(), missing="keep").columns)
