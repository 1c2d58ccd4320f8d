"""What an output means: each head by itself, and in a network."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from made_course import MADE
from made_course.heads import Bernoulli, Categorical, Head, MixtureOfGaussians

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


# ---- heads of several parameters, at the edges of the noise ------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("zero", [0, 1, 2])
def test_noise_at_its_ends_chooses_no_class_without_probability(dtype, zero):
    logits = torch.zeros(3, dtype=dtype)
    logits[zero] = -1000
    assert torch.softmax(logits, -1)[zero] == 0
    for u in (0.0, 1.0, 1 - 1e-7):
        value = torch.tensor(u, dtype=dtype)
        assert Categorical(3).sample(logits, value).item() != zero


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("zero", [0, 1])
def test_noise_at_its_ends_gives_a_value_of_a_component_that_is_there(dtype, zero):
    head = MixtureOfGaussians(2)
    params = torch.tensor([0.0, 0.0, -100.0, 100.0, 0.0, 0.0], dtype=dtype)
    params[zero] = -1000
    for u in (0.0, 1.0):
        value = head.sample(params, torch.tensor(u, dtype=dtype)).item()
        assert abs(value - (100 if zero == 0 else -100)) < 10


def test_what_rounding_leaves_of_the_noise_goes_to_a_class_that_is_possible():
    """In float32 probabilities may sum to less than 1; here a class of probability 0 comes last."""
    scales = torch.linspace(0.1, 3, 200)[:, None]
    logits = scales * torch.tensor([0.1, -0.3, 0.7, 0.2, -1.1])
    logits = torch.cat([logits, torch.full((200, 1), -1000.0)], dim=1)
    short = torch.softmax(logits, -1).cumsum(-1)[:, -1] < 1
    assert short.any()
    assert Categorical(6).sample(logits, torch.ones(200))[short].eq(4).all()


# ---- heads of a user's own ----------------------------------------------------------------------


class Own(Head):
    params_per_variable = 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("params_per_variable", None, r"Own\.params_per_variable must be a whole number, got None"),
        ("params_per_variable", 0, r"Own\.params_per_variable must be at least 1, got 0"),
        ("inputs_per_variable", 1.5, r"Own\.inputs_per_variable must be a whole number, got 1\.5"),
    ],
)
def test_a_head_that_does_not_say_its_numbers_is_refused(name, value, message):
    head = Own()
    setattr(head, name, value)
    with pytest.raises((TypeError, ValueError), match=message):
        MADE(3, head=head)


def test_a_head_that_is_not_finished_says_what_it_lacks():
    model = MADE(3, (4,), head=Own())
    with pytest.raises(NotImplementedError, match=r"Own must have a method log_prob\(params, x\)"):
        model.log_prob(torch.zeros(2, 3))
    with pytest.raises(NotImplementedError, match=r"Own must have a method sample\(params, u\)"):
        model.sample(2)
    assert repr(Own()) == "Own()"
