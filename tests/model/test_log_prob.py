"""Log-probabilities of more rows than the units of a network have room for at once."""

import pytest
import torch

from made_course import MADE, Categorical
from made_course.model import sampling


def rows(n, input_dim=4):
    return torch.randint(3, (n, input_dim), generator=torch.Generator().manual_seed(0)).double()


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLES_AT_ONCE", 2)
    monkeypatch.setattr(sampling, "NUMBERS_AT_ONCE", 12 * 7)


def most_rows(model, call):
    """How many rows a layer got at once, at most."""
    seen = []
    hook = model.net[0].register_forward_pre_hook(lambda _, args: seen.append(len(args[0])))
    call()
    hook.remove()
    return max(seen)


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("ensemble", [None, 2])
@pytest.mark.parametrize("n", [0, 1, 7, 8, 50])
def test_parts_are_small_and_do_not_show(n, ensemble):
    options = {"head": Categorical(3), "direct": True, "num_masks": 2, "natural_order": False}
    model, x = MADE(4, (8, 6), **options).double(), rows(n)
    whole = model.log_prob(x, ensemble)
    assert whole.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(model.log_prob(x, ensemble), whole.detach())
        assert most_rows(model, lambda: model.log_prob(x, ensemble)) == min(n, 7)
    assert most_rows(model, lambda: model.log_prob(x, ensemble)) == n


def test_a_wide_network_gets_rows_enough_to_be_worth_masking():
    model, x = MADE(4, (10_000,), head=Categorical(3)), rows(3000)
    with torch.no_grad():
        assert most_rows(model, lambda: model.log_prob(x)) == sampling.SAMPLES_AT_ONCE


@pytest.mark.usefixtures("few_at_once")
def test_values_that_are_none_are_counted_over_all_parts():
    x = rows(50)
    x[::10, 1] = 5
    with torch.no_grad(), pytest.raises(ValueError, match=r"got 5\.0 and 4 more"):
        MADE(4, (8,), head=Categorical(3)).log_prob(x)
