"""What an output means: the Bernoulli head by itself."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from made_course.heads import Bernoulli

HEAD = Bernoulli()


def log_prob(z, x):
    return HEAD.log_prob(z[..., None], x)


def sample(z, u):
    return HEAD.sample(z[..., None], u)


LOGITS = st.lists(st.floats(-1000, 1000), min_size=1, max_size=20)


@given(LOGITS, st.integers(0, 10**6))
def test_log_prob_is_the_formula_of_the_class(logits, seed):
    z = torch.tensor(logits, dtype=torch.float64)
    x = torch.randint(2, z.shape, generator=torch.Generator().manual_seed(seed)).double()
    # log sigmoid(z) = -log(exp(0) + exp(-z)); F.softplus, the document's, drops what is below 2e-9
    zero = torch.zeros_like(z)
    expected = -(x * torch.logaddexp(zero, -z) + (1 - x) * torch.logaddexp(zero, z))
    torch.testing.assert_close(log_prob(z, x), expected, rtol=1e-13, atol=1e-12)
    documents = x * -F.softplus(-z) + (1 - x) * -F.softplus(z)
    torch.testing.assert_close(log_prob(z, x), documents, rtol=0, atol=3e-9)


@given(LOGITS)
def test_the_probabilities_of_0_and_1_sum_to_one(logits):
    z = torch.tensor(logits, dtype=torch.float64)
    both = [log_prob(z, torch.full_like(z, value)).exp() for value in (0.0, 1.0)]
    torch.testing.assert_close(sum(both), torch.ones_like(z), rtol=0, atol=1e-12)
    torch.testing.assert_close(both[1], torch.sigmoid(z), rtol=0, atol=1e-12)


def test_log_prob_by_hand():
    z = torch.tensor([[0.0, math.log(3)]])  # odds of 1 : 1 and 3 : 1
    found = log_prob(z, torch.tensor([[1.0, 0.0]]))
    torch.testing.assert_close(found, torch.log(torch.tensor([[0.5, 0.25]])))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_huge_logits_give_finite_log_probabilities_and_gradients(dtype):
    z = torch.tensor([1000.0, 1000.0, -1000.0, -1000.0], dtype=dtype, requires_grad=True)
    x = torch.tensor([0.0, 1.0, 0.0, 1.0], dtype=dtype)
    found = log_prob(z, x)
    assert found.dtype == dtype
    assert found.tolist() == [-1000, 0, 0, -1000]
    found.sum().backward()
    assert z.grad.tolist() == [-1, 0, 0, 1]


def test_the_gradient_is_what_came_minus_what_was_expected():
    z = torch.linspace(-5, 5, 11, dtype=torch.float64, requires_grad=True)
    x = (torch.arange(11) % 2).double()
    log_prob(z, x).sum().backward()
    torch.testing.assert_close(z.grad, x - torch.sigmoid(z.detach()))


@given(LOGITS, st.integers(0, 10**6))
def test_a_sample_is_one_where_the_noise_is_at_most_p(logits, seed):
    z = torch.tensor(logits, dtype=torch.float64)
    u = torch.rand(z.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    p = torch.sigmoid(z)
    assert sample(z, u).tolist() == [float(a <= b) for a, b in zip(u, p, strict=True)]


def test_noise_of_exactly_p_is_a_one():
    z = torch.tensor([0.3, -2.0])
    p = torch.sigmoid(z)
    assert sample(z, p).tolist() == [1, 1]
    assert sample(z, torch.nextafter(p, torch.ones(2))).tolist() == [0, 0]


def test_noise_of_0_and_1():
    z = torch.tensor([-3.0, 0.0, 3.0])
    assert sample(z, torch.zeros(3)).tolist() == [1, 1, 1]
    assert sample(z, torch.ones(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_sample_has_the_dtype_of_the_logits(dtype):
    assert sample(torch.zeros(2, dtype=dtype), torch.rand(2)).dtype == dtype


@pytest.mark.parametrize(
    "x",
    [
        torch.tensor([[0.0, 1.0], [-0.0, 1.0]]),
        torch.tensor([[0, 1]]),
        torch.tensor([[False, True]]),
        torch.zeros(0, 3),
    ],
    ids=["float", "int", "bool", "no row"],
)
def test_zeros_and_ones_are_data(x):
    HEAD.check(x)


@pytest.mark.parametrize(
    ("values", "came"),
    [
        ([0.0, 0.5, 1.0], r"got 0\.5 and 0 more"),
        ([0.0, 2.0, 1.0, 255.0], r"got 2\.0 and 1 more"),
        ([-1.0, 1.0, -1.0, -1.0], r"got -1\.0 and 2 more"),
        ([0.0, float("nan")], r"got nan and 0 more"),
        ([0.0, float("inf")], r"got inf and 0 more"),
        ([float("inf"), float("nan")], r"got inf and 1 more"),
        ([0, 255], r"got 255 and 0 more"),
    ],
)
def test_other_values_are_counted_and_the_cure_is_said(values, came):
    message = f"^binary data must hold only 0 and 1, {came} such values: binarise first, for exam"
    with pytest.raises(ValueError, match=message):
        HEAD.check(torch.tensor([values]))


def test_it_shows_itself_as_it_is_written():
    assert repr(HEAD) == "Bernoulli()"
