"""Joint distributions of a few variables, and the best logistic regressions in every ordering."""

import math
from itertools import permutations

import pytest
import torch

from made_course import binary_points
from made_lessons.notebook_07.logistic_orderings import (
    chain_joint,
    fit_orderings,
    half_adder_joint,
    parity_joint,
)

POINTS = binary_points(4).double()


def random_joint(seed, power=1):
    joint = torch.rand(16, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return joint**power / (joint**power).sum()


def log_prob(logits, points):
    return torch.nn.functional.logsigmoid((2 * points - 1) * logits).sum(1)


def test_the_half_adder_adds():
    joint = half_adder_joint().reshape(2, 2, 2, 2)
    for a in (0, 1):
        for b in (0, 1):
            carry, digit = (a + b) // 2, (a + b) % 2
            assert joint[a, b, carry, digit].item() == pytest.approx(0.999**2 / 4)
            assert joint[a, b, 1 - carry, digit].item() == pytest.approx(0.001 * 0.999 / 4)


def test_neighbours_in_the_chain_agree_in_nine_of_ten():
    joint = chain_joint()
    assert joint.sum().item() == pytest.approx(1)
    for j in range(3):
        assert joint[POINTS[:, j] == POINTS[:, j + 1]].sum().item() == pytest.approx(0.9)


@pytest.mark.parametrize("joint", [half_adder_joint(), chain_joint(), random_joint(0, 5)])
def test_no_weight_can_be_changed_for_the_better(joint):
    """Check the gradient: it is zero only at the minimum of a convex function."""
    _, logits = fit_orderings(joint)
    for ordering, of_ordering in logits.items():
        for step, i in enumerate(ordering):
            error = joint * (of_ordering[:, i].sigmoid() - POINTS[:, i])
            assert abs(error.sum()) < 1e-6
            assert all(abs(error @ POINTS[:, j]) < 1e-6 for j in ordering[:step])
            for j in ordering[step:]:  # the logit does not depend on later variables
                table = of_ordering[:, i].reshape(2, 2, 2, 2)
                assert torch.equal(table, table.flip(j))


@pytest.mark.parametrize("joint", [half_adder_joint(), random_joint(1), random_joint(2, 3)])
def test_costs_are_the_kl_of_distributions(joint):
    costs, logits = fit_orderings(joint)
    assert list(costs) == list(permutations(range(4)))
    for ordering, cost in costs.items():
        log_q = log_prob(logits[ordering], POINTS)
        assert log_q.exp().sum().item() == pytest.approx(1, abs=1e-9)
        assert cost == pytest.approx((joint * (joint.log() - log_q)).sum().item(), abs=1e-9)


def test_certain_conditionals_cost_nothing():
    copies = torch.tensor([0.5, *[0.0] * 14, 0.5], dtype=torch.float64)
    assert max(map(abs, fit_orderings(copies)[0].values())) < 1e-6
    assert min(fit_orderings(parity_joint())[0].values()) == pytest.approx(math.log(2))
