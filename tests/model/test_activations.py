"""What hidden units make of their sums: a name, or a class of one's own."""

from functools import partial

import pytest
import torch
from torch import nn

from made_course import MADE


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x.tanh()


@pytest.mark.parametrize(
    "activation", [nn.GELU, nn.PReLU, nn.RReLU, Doubled, partial(nn.ELU, 0.5, inplace=True)]
)
def test_a_class_of_ones_own_is_a_probability_and_draws_both_ways(activation):
    model = MADE(6, (12, 12), natural_order=False, activation=activation, seed=1).double().train()
    x = torch.cartesian_prod(*[torch.arange(2.0)] * 6).double()
    noise = torch.rand(20, 6, dtype=torch.float64)
    samples = [model.sample(20, noise=noise, method=method) for method in ("naive", "incremental")]
    assert torch.equal(*samples)
    assert model.training
    with torch.no_grad():
        assert model.eval().log_prob(x).exp().sum().item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("activation", [nn.GELU(), 1, None, ["relu"]])
def test_what_makes_no_module_is_refused(activation):
    with pytest.raises(
        ValueError, match=r"^unknown activation .*: choose .* such as torch\.nn\.GELU"
    ):
        MADE(6, (8,), activation=activation)
