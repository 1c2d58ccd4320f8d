"""Joint distributions: what the named ones are, what is none, and how far a model is from one."""

import math
import re

import pytest
import torch

from made_course import binary_points, chain_joint, parity_joint
from made_course.leaks.joint import check_joint, half_adder_joint, joint_of, kl_divergence


def random_joint(input_dim, seed):
    generator = torch.Generator().manual_seed(seed)
    joint = torch.rand(2**input_dim, generator=generator, dtype=torch.float64)
    return joint / joint.sum()


def test_a_chain_stays_nine_times_in_ten():
    joint, points = chain_joint(4), binary_points(4)
    assert joint.sum().item() == pytest.approx(1, abs=1e-15)
    for i in range(4):
        assert joint @ points[:, i].double() == pytest.approx(0.5, abs=1e-15)
    for i in range(3):
        stays = points[:, i] == points[:, i + 1]
        assert joint[stays].sum().item() == pytest.approx(0.9, abs=1e-15)
    assert joint[0b0010].item() == pytest.approx(0.5 * 0.9 * 0.1 * 0.1, abs=1e-15)
    assert chain_joint(1).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("input_dim", [1, 2, 3, 6])
def test_parity_gives_all_to_even_rows(input_dim):
    joint, even = parity_joint(input_dim), binary_points(input_dim).sum(dim=1) % 2 == 0
    assert joint[even].unique().tolist() == [1 / 2 ** (input_dim - 1)]
    assert joint[~even].sum() == 0


def test_the_half_adder_adds():
    joint = half_adder_joint().reshape(2, 2, 2, 2)
    for a in (0, 1):
        for b in (0, 1):
            carry, digit = (a + b) // 2, (a + b) % 2
            assert joint[a, b, carry, digit].item() == pytest.approx(0.999**2 / 4)
            assert joint[a, b, 1 - carry, digit].item() == pytest.approx(0.001 * 0.999 / 4)
            assert joint[a, b].sum().item() == pytest.approx(1 / 4, abs=1e-15)


def test_a_joint_has_an_axis_a_variable_or_one_for_all():
    table = random_joint(3, seed=0).reshape(2, 2, 2)
    torch.testing.assert_close(check_joint(1.000004 * table), table.flatten())
    assert check_joint(torch.tensor([0, 1])).tolist() == [0, 1]
    for dtype in (torch.bool, torch.int64, torch.float32):
        joint = joint_of(torch.tensor([[1, 0, 0], [1, 1, 0], [1, 0, 0]]).to(dtype))
        assert joint.tolist() == pytest.approx([0, 0, 0, 0, 2 / 3, 0, 1 / 3, 0], abs=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check_joint([0.5, 0.5]), "must be a torch.Tensor, got list"),
        (lambda: check_joint(torch.tensor([1.0])), "for 1 to 6 variables: got (1,)"),
        (lambda: check_joint(torch.full((4, 2), 1 / 8)), "got (4, 2)"),
        (lambda: check_joint(torch.full((2,) * 7, 1 / 128)), "got (2, 2, 2, 2, 2, 2, 2)"),
        (lambda: check_joint(torch.tensor([1.5, -0.5])), "at least 0 and finite"),
        (lambda: check_joint(torch.tensor([math.nan, 1.0])), "at least 0 and finite"),
        (lambda: check_joint(torch.tensor([0.5, 0.4])), "sum to 1, got 0.9"),
        (lambda: chain_joint(0), "input_dim must be at least 1"),
        (lambda: parity_joint(7), "at most 6, got 7"),
    ],
)
def test_what_is_no_joint_distribution(call, message):
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
