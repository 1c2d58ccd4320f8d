"""The best model with logistic conditionals in every ordering, and several orderings together."""

import math
import re
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import chain_joint, fit_orderings
from made_course.leaks.joint import kl_divergence

X1, X2, CARRY, SUM = range(4)


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


@given(joints())
@settings(max_examples=40)
def test_no_weight_can_be_changed_for_the_better(joint):
    assert_best(joint)


def assert_best(joint):
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


def test_a_step_that_goes_too_far_is_halved():
    for seed in range(10):  # with some, a whole step leads nowhere
        generator = torch.Generator().manual_seed(seed)
        joint = torch.rand(16, generator=generator, dtype=torch.float64) ** 30
        assert_best(joint / joint.sum())


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


def test_where_nothing_is_ever_wrong_weights_are_large_and_the_cost_is_that_of_the_limit():
    copies = torch.tensor([0.5, *[0.0] * 14, 0.5])
    assert max(map(abs, fit_orderings(copies).costs.values())) < 1e-9
    adder = torch.zeros(2, 2, 2, 2)
    adder[0, 0, 0, 0] = adder[0, 1, 0, 1] = adder[1, 0, 0, 1] = adder[1, 1, 1, 0] = 1 / 4
    for ordering, cost in fit_orderings(adder).costs.items():
        assert cost == pytest.approx(math.log(2) if ordering[-1] == CARRY else 0, abs=1e-9)


def test_conditionals_true_and_fitted():
    joint = torch.rand(16, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    table = (joint / joint.sum()).reshape(2, 2, 2, 2)
    fits = fit_orderings(table)
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
    costs = [fits.costs[tuple(ordering)] for ordering in orderings]
    divergence = kl_divergence(joint, mixture)
    assert divergence < sum(costs) / count + 1e-9
    assert divergence < min(costs) + math.log(count) + 1e-9


@pytest.mark.parametrize(
    ("ordering", "message"),
    [([0, 1], "each of 3 variables"), ([0, 1, 1], "permutation of 0..2")],
)
def test_what_is_no_ordering(ordering, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        fit_orderings(chain_joint(3)).steps(ordering)
