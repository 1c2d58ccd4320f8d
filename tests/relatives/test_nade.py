"""FVSBN is one regression per variable, and NADE follows its paper's formula."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import FVSBN, NADE, binary_points, evaluate, total_probability
from made_course.model.sampling import sample_naive
from tests.networks import CYCLE, ORDER, binary, uniforms, with_weights


@st.composite
def nades(draw, largest=9, scales=(0.5, 3.0, 30.0)):
    """Draw a float64 NADE in any ordering, with weights of any size."""
    input_dim, hidden_dim = draw(st.integers(1, largest)), draw(st.integers(1, 9))
    model = NADE(input_dim, hidden_dim, draw(st.permutations(range(input_dim)))).double()
    scale, seed = draw(st.sampled_from(scales)), draw(st.integers(0, 10**6))
    return with_weights(model, scale, seed)


# ---- what each computes -------------------------------------------------------------------------


def test_fvsbn_is_a_regression_a_variable_on_those_before_it():
    model, x = with_weights(FVSBN(5).double(), 3.0), binary(20, 5).double()
    (layer,) = model.net
    torch.testing.assert_close(model(x), x @ layer.weight.tril(-1).T + layer.bias)


def nade_by_the_paper(model, x):
    """Step after step, each hidden layer from all inputs before it: no sum is carried on."""
    z = torch.empty_like(x)
    for step, i in enumerate(model.ordering.tolist()):
        before = model.ordering[:step]
        a = model.hidden.bias + x[:, before] @ model.hidden.weight[:, before].T
        z[:, i] = torch.sigmoid(a) @ model.output.weight[i] + model.output.bias[i]
    return z


@given(nades(12, [3.0]), st.integers(0, 10**6))
@settings(max_examples=50)
def test_nade_is_the_papers_formula(model, seed):
    x = binary(10, model.input_dim, seed).double()
    torch.testing.assert_close(model(x), nade_by_the_paper(model, x), rtol=1e-12, atol=1e-12)


def test_log_prob_is_the_sum_of_cross_entropies_of_the_logits():
    model, x = with_weights(NADE(5, 7).double(), 3.0), binary(20, 5).double()
    expected = -F.binary_cross_entropy_with_logits(model(x), x, reduction="none").sum(dim=1)
    torch.testing.assert_close(model.log_prob(x.bool(), ensemble=1), expected)
    torch.testing.assert_close(torch.func.vmap(model.log_prob)(x), expected)


@given(nades())
@settings(max_examples=30)
def test_probabilities_of_all_inputs_sum_to_one(model):
    assert total_probability(model) == pytest.approx(1, abs=1e-9)


# ---- samples, saving, training ------------------------------------------------------------------


@given(nades(largest=40), st.integers(1, 9), st.integers(0, 10**6))
@settings(max_examples=60)
def test_samples_are_those_of_d_forward_passes_on_the_same_noise(model, n, seed):
    noise = uniforms(n, model.input_dim, seed=seed)
    with torch.no_grad():
        naive = sample_naive(model, model.order, noise, model.head)
    assert torch.equal(model.sample(n, noise=noise), naive)


def test_a_loaded_model_is_the_same_distribution_in_the_same_ordering():
    model, other = with_weights(NADE(3, 7, torch.tensor(CYCLE)), 3.0), NADE(3, 7)
    assert other.order.tolist() == [1, 2, 3]
    other.load_state_dict(model.state_dict())
    assert (other.ordering.tolist(), other.order.tolist()) == (CYCLE, ORDER)
    assert torch.equal(other.log_prob(binary_points(3)), model.log_prob(binary_points(3)))


X = torch.zeros(2, 6)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, r"must have shape \(B, 6\), got \(2, 5\)", lambda m: m.check_data(X[:, 1:])),
        (ValueError, r"must hold only 0 and 1, got 0\.5", lambda m: m.log_prob(X + 0.5)),
        (ValueError, r"last dimension of x must be input_dim = 6", lambda m: m(X[:, 1:])),
        (ValueError, r"one ordering: .* None or 1, got 2", lambda m: evaluate(m, X, ensemble=2)),
        (ValueError, r"shape \(2, 6\), got \(2, 5\)", lambda m: m.sample(2, noise=X[:, 1:])),
        (ValueError, r"ordering must be a permutation", lambda m: NADE(3, 4, [1, 0])),
    ],
)
def test_bad_arguments_are_refused(error, message, call):
    with pytest.raises(error, match=message):
        call(NADE(6, 7))
