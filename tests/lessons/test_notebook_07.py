import math

import torch

from made_lessons.notebook_07.half_adder_orderings import describe_cost
from made_lessons.notebook_07.logistic_orderings import fit_orderings, half_adder_joint
from made_lessons.notebook_07.three_members import three_members
from made_lessons.notebook_07.which_sum_to_one import totals_of_averages
from tests.lessons.checking import right, wrong


def test_best_and_worst():
    right("7.1", {"worst": [3, 0, 1, 2], "best": [2, 3, 1, 0]})
    right("7.1", {"best": torch.tensor([3, 2, 0, 1]), "worst": (1, 3, 0, 2)})


def test_the_rule_of_the_carry_is_what_all_orderings_cost():
    costs, _ = fit_orderings(half_adder_joint())
    assert {ordering: f"{cost:.3f} nats" for ordering, cost in costs.items()} == {
        ordering: describe_cost(ordering) for ordering in costs
    }


def test_the_check_fits_nothing_because_its_time_is_limited(monkeypatch):
    monkeypatch.setattr(torch.optim.LBFGS, "step", None)
    right("7.1", {"best": [0, 1, 2, 3], "worst": [0, 1, 3, 2]})


def test_guesses_of_another_form():
    wrong("7.1", [[0, 1, 2, 3], [0, 1, 3, 2]], "'best' and 'worst'")
    wrong("7.1", {"best": [0, 1, 2, 3], "worst": "carry"}, "'worst': 'carry'", "each of the")
    wrong("7.1", {"best": [1, 2, 3, 4], "worst": [1, 2, 4, 3]}, "0 for x₁", "'best': [1, 2, 3, 4]")


def test_which_sum_to_one():
    assert "Two of the five" in right("7.2", dict(reversed(totals_of_averages().items())))


def test_totals_of_another_form():
    wrong("7.2", totals_of_averages() | {"log p": 1.0}, "needs one of", "'log p'")


def test_three_members():
    exact = 90 + math.log(3) - math.log(1 + math.exp(-2) + math.exp(-4))
    assert abs(three_members()["one image"] - exact) < 1e-4


def test_answers_of_another_form():
    wrong("7.4", {"one image": "90.96", "possible means": [85]}, "must be a finite number")
    wrong("7.4", {"one image": 90.96, "possible means": 85}, "a list of finite numbers")
    wrong("7.4", {"one image": 90.96, "possible means": [85, 89, 90.5, 92]}, "is too high")
    wrong("7.4", {"one image": 90.96, "possible means": [89, 90.5]}, "mean is missing")
    wrong("7.4", {"one image": 90.96, "possible means": [85, 86]}, "only the five")
    wrong("7.4", {"one image": 91.5, "possible means": [85, 89, 90.5]}, "three probabilities")
