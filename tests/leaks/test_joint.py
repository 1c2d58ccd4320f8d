"""Joint distributions, and the best model with logistic conditionals in every ordering."""

import math
import re
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import (
    MADE,
    binary_points,
    chain_joint,
    fit_orderings,
    parity_joint,
    rain_diary,
)
from made_course.leaks.joint import check_joint, half_adder_joint, joint_of, kl_divergence

CYCLE = [1, 2, 0]  # x2, then x3, then x1
X1, X2, CARRY, SUM = range(4)


def random_joint(input_dim, seed, power=1.0):
    generator = torch.Generator().manual_seed(seed)
    joint = torch.rand(2**input_dim, generator=generator, dtype=torch.float64) ** power
    return joint / joint.sum()


@st.composite
def joints(draw, largest=6):
    """From nearly even to nearly certain, some of them with rows that never occur."""
    input_dim = draw(st.integers(1, largest))
    size = 2**input_dim
    shares = draw(
        st.lists(st.sampled_from([0.0, 1e-6, 0.02, 0.3, 1.0]), min_size=size, max_size=size)
    )
    shares[draw(st.integers(0, size - 1))] = 1.0
    joint = torch.tensor(shares, dtype=torch.float64)
    return joint / joint.sum()


def as_made(fits, ordering):
    """The fitted weights in the network that they are meant for."""
    model = MADE(fits.input_dim, hidden_dims=(), ordering=ordering).double()
    weight, bias = fits.layer(ordering)
    with torch.no_grad():
        model.net[0].weight.copy_(weight)
        model.net[0].bias.copy_(bias)
    return model


# ---- joint distributions ------------------------------------------------------------------------


def test_a_chain_stays_with_the_given_probability():
    joint = chain_joint(4, stay=0.8)
    points = binary_points(4)
    assert joint.sum().item() == pytest.approx(1, abs=1e-15)
    for i in range(4):
        assert joint @ points[:, i].double() == pytest.approx(0.5, abs=1e-15)
    for i in range(3):
        stays = points[:, i] == points[:, i + 1]
        assert joint[stays].sum().item() == pytest.approx(0.8, abs=1e-15)
    assert joint[0b0010].item() == pytest.approx(0.5 * 0.8 * 0.2 * 0.2, abs=1e-15)
    assert chain_joint(1).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("input_dim", [1, 2, 3, 6])
def test_parity_gives_all_to_even_rows(input_dim):
    joint, even = parity_joint(input_dim), binary_points(input_dim).sum(dim=1) % 2 == 0
    assert joint[even].unique().tolist() == [1 / 2 ** (input_dim - 1)]
    assert joint[~even].sum() == 0


def test_the_half_adder_adds():
    joint = half_adder_joint(0.1).reshape(2, 2, 2, 2)
    for a in (0, 1):
        for b in (0, 1):
            assert joint[a, b, (a + b) // 2, (a + b) % 2].item() == pytest.approx(0.9**2 / 4)
            assert joint[a, b, 1 - (a + b) // 2, (a + b) % 2].item() == pytest.approx(0.09 / 4)
            assert joint[a, b].sum().item() == pytest.approx(1 / 4, abs=1e-15)
    exact = half_adder_joint(0.0).reshape(2, 2, 2, 2)
    assert exact[1, 1].tolist() == [[0, 0], [0.25, 0]]
    assert torch.equal(half_adder_joint(), half_adder_joint(0.001))


def test_a_joint_has_an_axis_a_variable_or_one_for_all():
    table = random_joint(3, seed=0).reshape(2, 2, 2)
    torch.testing.assert_close(check_joint(1.000004 * table), table.flatten())
    assert check_joint(torch.tensor([0, 1])).tolist() == [0, 1]
    for dtype in (torch.bool, torch.int64, torch.float32):
        joint = joint_of(torch.tensor([[1, 0, 0], [1, 1, 0], [1, 0, 0]]).to(dtype))
        assert joint.tolist() == pytest.approx([0, 0, 0, 0, 2 / 3, 0, 1 / 3, 0], abs=1e-15)


@pytest.mark.parametrize(
    ("joint", "message"),
    [
        ([0.5, 0.5], "must be a torch.Tensor, got list"),
        (torch.tensor([1.0]), "for 1 to 6 variables: got (1,)"),
        (torch.full((4, 2), 1 / 8), "got (4, 2)"),
        (torch.full((2,) * 7, 1 / 128), "got (2, 2, 2, 2, 2, 2, 2)"),
        (torch.tensor([1.5, -0.5]), "at least 0 and finite"),
        (torch.tensor([math.nan, 1.0]), "at least 0 and finite"),
        (torch.tensor([0.5, 0.4]), "sum to 1, got 0.9"),
        (torch.tensor([1, 1j]), "must be real numbers, got dtype torch.complex64"),
    ],
)
def test_what_is_no_joint_distribution(joint, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        fit_orderings(joint)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: chain_joint(0), "input_dim must be at least 1"),
        (lambda: parity_joint(7), "at most 6, got 7"),
        (lambda: parity_joint(2.5), "must be a whole number"),
        (lambda: chain_joint(3, stay=1.1), "stay is a probability, at most 1: got 1.1"),
        (lambda: chain_joint(3, stay=-0.1), "stay must be finite and at least 0"),
        (lambda: half_adder_joint("no"), "noise must be a number"),
        (lambda: half_adder_joint(2), "noise is a probability"),
        (lambda: joint_of([[0, 1]]), "must be a torch.Tensor, got list"),
        (lambda: joint_of(torch.zeros(3)), "shape (N, D)"),
        (lambda: joint_of(torch.zeros(5, 7)), "D from 1 to 6, got (5, 7)"),
        (lambda: joint_of(torch.full((2, 2), 0.5)), "zeros and ones only"),
        (lambda: kl_divergence(parity_joint(2), [0.0] * 4), "log_q must be a torch.Tensor"),
        (lambda: kl_divergence(parity_joint(2), torch.zeros(8)), "shape (4,), got (8,)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        call()


def test_kl_divergence_is_nll_minus_entropy():
    p, q = random_joint(3, 0), random_joint(3, 1)
    nll, entropy = -(p * q.log()).sum(), -(p * p.log()).sum()
    assert kl_divergence(p, q.log()) == pytest.approx((nll - entropy).item(), abs=1e-14)
    assert kl_divergence(p, p.log()) == pytest.approx(0, abs=1e-15)
    certain = torch.tensor([1.0, 0.0])
    assert kl_divergence(certain, torch.tensor([0.5, 0.5]).log()) == pytest.approx(math.log(2))
    assert kl_divergence(torch.tensor([0.5, 0.5]), certain.log()) == math.inf


# ---- the fit ------------------------------------------------------------------------------------


@given(joints())
@settings(max_examples=40)
def test_no_weight_can_be_changed_for_the_better(joint):
    """The slope of a convex function is zero at its smallest value, and nowhere else."""
    fits = fit_orderings(joint)
    for i in range(fits.input_dim):
        for s in range(2**fits.input_dim):
            if s & 2**i:
                continue
            inside = [j for j in range(fits.input_dim) if s & 2**j]
            outside = [j for j in range(fits.input_dim) if not s & 2**j]
            weight, bias = fits.weight[i, s], fits.bias[i, s]
            assert not weight[outside].any()
            error = (fits.points @ weight + bias).sigmoid() - fits.points[:, i]
            assert abs(joint @ error) < 1e-6
            assert all(abs(joint @ (error * fits.points[:, j])) < 1e-6 for j in inside)


@given(joints())
@settings(max_examples=40)
def test_steps_add_up_to_the_divergence_and_probabilities_to_one(joint):
    fits = fit_orderings(joint)
    orderings = list(permutations(range(fits.input_dim)))
    assert list(fits.costs) == orderings
    for ordering in orderings[:: max(1, len(orderings) // 7)]:
        log_q = fits.log_prob(ordering)
        assert log_q.exp().sum().item() == pytest.approx(1, abs=1e-9)
        steps = fits.steps(ordering)
        assert steps.min() > -1e-12
        divergence = kl_divergence(joint, log_q)
        assert steps.sum().item() == pytest.approx(divergence, abs=1e-9)
        assert fits.costs[ordering] == pytest.approx(divergence, abs=1e-9)


@given(joints(4), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_a_made_without_hidden_layers_is_the_same_model(joint, random):
    fits = fit_orderings(joint)
    ordering = random.sample(range(fits.input_dim), fits.input_dim)
    with torch.no_grad():
        log_prob = as_made(fits, ordering).log_prob(fits.points)
    torch.testing.assert_close(log_prob, fits.log_prob(ordering), rtol=0, atol=1e-9)
    torch.testing.assert_close(as_made(fits, ordering)(fits.points), fits.logits(ordering))


@pytest.mark.parametrize(("input_dim", "stay"), [(1, 0.9), (4, 0.6), (5, 0.999), (6, 1.0)])
def test_a_chain_costs_nothing_in_any_ordering(input_dim, stay):
    costs = fit_orderings(chain_joint(input_dim, stay)).costs
    assert len(costs) == math.factorial(input_dim)
    assert max(map(abs, costs.values())) < 1e-9


@pytest.mark.parametrize("input_dim", [3, 6])
def test_parity_costs_ln_2_in_every_ordering_at_its_last_step(input_dim):
    fits = fit_orderings(parity_joint(input_dim))
    assert max(abs(cost - math.log(2)) for cost in fits.costs.values()) < 1e-12
    steps = fits.steps(list(reversed(range(input_dim))))
    assert steps.tolist() == pytest.approx([0] * (input_dim - 1) + [math.log(2)], abs=1e-12)


def test_the_half_adder_wants_its_carry_early():
    stream = torch.get_rng_state()
    costs = fit_orderings(half_adder_joint()).costs
    assert torch.equal(torch.get_rng_state(), stream)
    assert costs[X1, X2, CARRY, SUM] == pytest.approx(0.0168, abs=5e-5)
    assert costs[X1, X2, SUM, CARRY] == pytest.approx(0.6857, abs=5e-5)
    for ordering, cost in costs.items():
        assert cost == pytest.approx(0.6857 if ordering[-1] == CARRY else 0.0168, abs=5e-5)
    exact = fit_orderings(half_adder_joint(0.0)).costs  # separable: weights would be infinite
    for ordering, cost in exact.items():
        assert cost == pytest.approx(math.log(2) if ordering[-1] == CARRY else 0, abs=1e-9)


def test_the_rain_diary_costs_what_notebook_2_trains_to():
    joint = joint_of(rain_diary())
    entropy = -(joint * joint.log()).sum().item()
    nll = entropy + fit_orderings(joint).costs[tuple(CYCLE)]
    assert f"{entropy:.2f} {nll:.2f}" == "1.84 1.92"


def test_conditionals_true_and_fitted():
    joint = random_joint(4, seed=3)
    fits, table = fit_orderings(joint), joint.reshape(2, 2, 2, 2)
    share, truth, fitted = fits.conditional(1, given=[3, 0])
    expected = table.sum(dim=2).permute(2, 0, 1)  # x4, x1, x2
    torch.testing.assert_close(share, expected.sum(dim=2).flatten())
    torch.testing.assert_close(truth, (expected[..., 1] / expected.sum(dim=2)).flatten())
    logits = fits.logits([3, 0, 1, 2])[:, 1]
    for k, (x4, x1) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        row = (fits.points[:, 3] == x4) & (fits.points[:, 0] == x1)
        assert torch.allclose(logits[row].sigmoid(), fitted[k])
    total, marginal, same = fits.conditional(2, given=[])
    assert total.tolist() == pytest.approx([1])
    assert marginal.item() == pytest.approx(table.sum(dim=(0, 1, 3))[1].item())
    assert same.item() == pytest.approx(marginal.item(), abs=1e-9)
    always = torch.tensor([0.0, 0.0, 0.5, 0.5])  # x1 is 1: a row that never occurs has none
    share, truth, fitted = fit_orderings(always).conditional(1, given=[0])
    assert share.tolist() == [0, 1]
    assert truth[0].isnan()
    assert truth[1] == 0.5
    assert fitted.isfinite().all()


# ---- many orderings together --------------------------------------------------------------------


@given(joints(4), st.integers(1, 5), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_a_mixture_is_a_distribution_within_its_bounds(joint, count, random):
    fits = fit_orderings(joint)
    orderings = [random.sample(range(fits.input_dim), fits.input_dim) for _ in range(count)]
    mixture = fits.mean_of_probabilities(orderings)
    members = torch.stack([fits.log_prob(ordering) for ordering in orderings]).exp()
    torch.testing.assert_close(mixture.exp(), members.mean(dim=0))
    p = torch.stack([fits.logits(ordering) for ordering in orderings]).mean(dim=0).sigmoid()
    claimed = (fits.points * p + (1 - fits.points) * (1 - p)).prod(dim=1)
    torch.testing.assert_close(fits.mean_of_logits(orderings).exp(), claimed)
    assert mixture.exp().sum().item() == pytest.approx(1, abs=1e-9)
    costs = [fits.costs[tuple(ordering)] for ordering in orderings]
    divergence = kl_divergence(joint, mixture)
    assert divergence < sum(costs) / count + 1e-9
    assert divergence < min(costs) + math.log(count) + 1e-9


def test_a_mean_of_logits_is_no_distribution_though_every_member_is_exact():
    fits = fit_orderings(chain_joint(4))
    orderings = list(permutations(range(4)))
    claimed = fits.mean_of_logits(orderings)
    assert claimed.exp().sum().item() == pytest.approx(1.6414, abs=1e-4)
    assert kl_divergence(chain_joint(4), claimed) < -0.4  # which no distribution can reach
    assert kl_divergence(chain_joint(4), fits.mean_of_probabilities(orderings)) < 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda fits: fits.log_prob([0, 1]), "each of 3 variables"),
        (lambda fits: fits.steps([0, 1, 1]), "permutation of 0..2"),
        (lambda fits: fits.mean_of_probabilities([]), "at least one ordering"),
        (lambda fits: fits.mean_of_logits([]), "at least one ordering"),
        (lambda fits: fits.conditional(3, []), "different variables of 0..2, got [3]"),
        (lambda fits: fits.conditional(1, [0, 1]), "different variables of 0..2, got [1, 0, 1]"),
        (lambda fits: fits.conditional(1, [-1]), "at least 0"),
    ],
)
def test_what_fits_refuse(call, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        call(fit_orderings(chain_joint(3)))


def test_another_default_dtype_changes_nothing():
    expected = fit_orderings(half_adder_joint()).costs
    torch.set_default_dtype(torch.float16)
    try:
        assert fit_orderings(half_adder_joint()).costs == expected
    finally:
        torch.set_default_dtype(torch.float32)
