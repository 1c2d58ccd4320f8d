import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from made_course import MADE, binary_points
from made_lessons.notebook_07.logistic_orderings import fit_orderings, half_adder_joint
from made_lessons.notebook_07.three_members import MEMBERS, candidates, three_members
from made_lessons.notebook_07.which_sum_to_one import totals_of_averages
from tests.lessons.checking import right, wrong


def test_best_and_worst():
    right("7.1", {"worst": [3, 0, 1, 2], "best": [2, 3, 1, 0]})
    right("7.1", {"best": torch.tensor([3, 2, 0, 1]), "worst": (1, 3, 0, 2)})


def test_the_rule_of_the_carry_is_what_all_orderings_cost():
    costs, _ = fit_orderings(half_adder_joint())
    for ordering, cost in costs.items():
        expected = 0.686 if ordering[-1] == 2 else 0.017
        assert abs(cost - expected) < 5e-4


def test_guesses_of_another_form():
    wrong("7.1", [[0, 1, 2, 3], [0, 1, 3, 2]], "'best' and 'worst'")
    wrong("7.1", {"best": [0, 1, 2, 3], "worst": "carry"}, "'worst': 'carry'", "each of the")


def test_which_sum_to_one():
    assert "Two of the five" in right("7.2", dict(reversed(totals_of_averages().items())))


@pytest.mark.parametrize("seed", range(2))
def test_the_stated_totals_hold_for_drawn_networks(seed):
    """Sum over all 16 rows of four variables, for eight networks with enlarged weights."""
    x = binary_points(4).double()
    for natural_order in (False, True):
        torch.manual_seed(seed)
        model = MADE(4, (12,), natural_order=natural_order, num_masks=8, seed=seed).double()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter *= 4
            logits = []
            for _ in range(8):
                logits.append(model(x))
                model.resample_masks()
            log_p = [logsigmoid((2 * x - 1) * z).sum(1) for z in logits]
            mean_logit = logsigmoid((2 * x - 1) * torch.stack(logits).mean(0)).sum(1)
        p = torch.stack(log_p).exp()
        assert p.mean(0).sum().item() == pytest.approx(1)
        assert p.max(0).values.sum() > 1.001
        assert torch.stack(log_p).mean(0).exp().sum() < 0.999
        is_one = abs(mean_logit.exp().sum().item() - 1) < 1e-9
        assert is_one == natural_order


def test_totals_of_another_form():
    wrong("7.2", totals_of_averages() | {"log p": 1.0}, "needs one of", "'log p'")


def test_three_members():
    exact = 90 + math.log(3) - math.log(1 + math.exp(-2) + math.exp(-4))
    assert abs(three_members()["one image"] - exact) < 1e-4


def test_each_mean_is_possible_or_is_not():
    """Two kinds of images, equally many, on which two of the members take turns to be good."""

    def mean_of_mixture(spread):
        nats = torch.tensor([[90 - spread, 90 + spread], [92 + spread, 92 - spread], [94.0, 94.0]])
        return (math.log(3) - (-nats).logsumexp(0)).mean().item()

    most = mean_of_mixture(0.0)
    assert abs(most - three_members()["one image"]) < 1e-4
    assert mean_of_mixture(30.0) < min(
        candidates(MEMBERS)
    )  # and all means between, because it is continuous
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        nats = 20 * torch.rand(3, 50, generator=generator)
        nats += torch.tensor([90.0, 92, 94])[:, None] - nats.mean(1, keepdim=True)
        assert (math.log(3) - (-nats).logsumexp(0)).mean().item() < most + 1e-4


def test_answers_of_another_form():
    wrong("7.4", {"one image": "90.96?", "possible means": [85]}, "must be a number")
    wrong("7.4", {"one image": 90.96, "possible means": 85}, "a list of numbers")
    wrong("7.4", {"one image": 90.96, "possible means": [85, 86]}, "only the five")
    wrong("7.4", {"one image": 91.5, "possible means": [85, 89, 90.5]}, "three probabilities")
