import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from made_course import MADE, Categorical, Head, MixtureOfGaussians
from made_lessons.checking import edit_source
from made_lessons.notebook_08 import two_rings as rings
from made_lessons.notebook_08.head_for_counts import Geometric
from made_lessons.notebook_08.two_rings import ENTROPY, ring_points
from tests.lessons.checking import right, wrong


def test_heads():
    assert "Σp = 1" in right("8.4", Geometric)

    class Whole(Geometric):
        def sample(self, params, u):
            return (torch.log(1 - u) / torch.log1p(-params[..., 0].sigmoid())).long()

    wrong("8.4", Whole, "return counts as floats")


def test_a_head_that_fails_at_the_ends():
    class Infinite(Geometric):
        def sample(self, params, u):
            return (u.log() / F.logsigmoid(-params[..., 0])).floor()

    wrong("8.4", Infinite, "must also give counts", "[inf")


FAULTS_OF_HEADS = {
    "decides the result": (
        *("logsigmoid(z)", "(z.sigmoid() + 1e-8).log()"),
        *("logsigmoid(-z)", "(1 - z.sigmoid() + 1e-8).log()"),
    ),
    "right for one row of counts": ("z = params[..., 0]", "z = params[:, 0]"),
    "not densities": ("params_per_variable = 1", "params_per_variable, is_density = 1, True"),
    "samples must be whole numbers": (".floor()", ""),
    "large counts are never drawn": ("floor()", "floor().clamp(max=100)"),
    "right for one row of u": ("logsigmoid(-params[..., 0])", "logsigmoid(-params[:, 0])"),
    "1 − q is rounded to 1": (
        "(torch.log1p(-u) / log_dry).floor()",
        "((1 - u).log() / (1 - params[..., 0].sigmoid()).log()).ceil().sub(1).clamp(0)",
    ),
    "draws its own random numbers": ("u.clamp(max=1 - 1e-6)", "torch.rand_like(u)"),
}


@pytest.mark.parametrize("words", FAULTS_OF_HEADS)
def test_views_of_heads_name_their_faults(words):
    wrong("8.4", edit_source(Geometric, *FAULTS_OF_HEADS[words]), words)


def test_heads_of_another_form():
    wrong("8.4", nn.ReLU, "inherits from Head", "the class ReLU")
    wrong("8.4", Geometric(), "Pass the class itself")
    wrong("8.4", Categorical, "raised TypeError")

    class TwoNumbers(Geometric):
        params_per_variable = 2

    wrong("8.4", TwoNumbers, "params_per_variable = 2")

    class NoSamples(Head):
        params_per_variable = 1
        log_prob = Geometric.log_prob

    wrong("8.4", NoSamples, "must have a method sample")

    class Half(Geometric):
        def log_prob(self, params, x):
            return super().log_prob(params, x) / 2

    wrong("8.4", Half, "log_prob must be")

    class TooFew(Geometric):
        def sample(self, params, u):
            return super().sample(params, u**2)

    wrong("8.4", TooFew, "the frequencies that your log_prob gives", "shares of 0 to 4")


# ---- 8.5 -----------------------------------------------------------------------------------------


class Rings:
    """A model with the true log-density, or with a changed one."""

    def __init__(self, change=lambda log_p, x: log_p):
        self.change = change

    def log_prob(self, x):
        return self.change(rings._rings_log_prob(x), x)


def test_the_true_density_integrates_to_one_and_has_the_stated_entropy():
    points = rings._draw_rings(1_000_000, seed=1).double()
    log_p = rings._rings_log_prob(points)
    assert -log_p.mean().item() == pytest.approx(ENTROPY, abs=0.004)
    assert "0.000 above the true density. The integral is 1.00" in right("8.5", Rings())


def test_the_kept_points_are_others():
    kept, _ = rings._test_points()
    assert not {tuple(p) for p in ring_points().tolist()} & {tuple(p) for p in kept.tolist()}


NOT_DENSITIES = {
    "subtract ln 10 for each of the *two* variables. In your log_prob, this term is missing": (
        lambda log_p, x: log_p + 2 * math.log(10)
    ),
    "this term is subtracted once": lambda log_p, x: log_p + math.log(10),
    "this term is added": lambda log_p, x: log_p + 4 * math.log(10),
    "this is the negative of a log-density": lambda log_p, x: -log_p,
    "Did you return the density itself": lambda log_p, x: log_p.exp(),
    "one number for all points": lambda log_p, x: log_p.mean(),
    "one number for each variable": lambda log_p, x: torch.stack([log_p / 2] * 2, dim=1),
    "depends on the other rows": lambda log_p, x: log_p.log_softmax(0) + math.log(len(log_p)),
    "not better than one broad Gaussian": lambda log_p, x: rings._broad_log_prob(x),
    "this is a model of smaller points": (
        lambda log_p, x: rings._rings_log_prob(10 * x) + 2 * math.log(10)
    ),
    "every point has the same log-density": lambda log_p, x: torch.full_like(log_p, -6.0),
    "this is the density of the radius": (
        lambda log_p, x: log_p + (2 * math.pi * x.norm(dim=1)).log()
    ),
}


@pytest.mark.parametrize("words", NOT_DENSITIES)
def test_wrong_densities_of_rings_get_their_cause(words):
    wrong("8.5", Rings(NOT_DENSITIES[words]), words)


def test_another_unit_than_ten_is_recognised_by_its_square():
    forgotten = Rings(lambda log_p, x: log_p + 2 * math.log(11.2))
    wrong("8.5", forgotten, "by 11, subtract ln 11", "this term is missing")
    taken_off_twice = Rings(lambda log_p, x: log_p - 2 * math.log(10))
    wrong("8.5", taken_off_twice, "smaller than 1")


def test_what_a_right_area_does_not_hide():
    slightly_too_much = Rings(lambda log_p, x: log_p + 0.009)
    assert "6.596 differential" in right("8.5", slightly_too_much).replace("6.595", "6.596")
    enormous = Rings(lambda log_p, x: log_p + 1000 * (x.norm(dim=1) > 31))
    wrong("8.5", enormous, "extremely high")
    wrong("8.5", Rings(lambda log_p, x: log_p + 0.05), "peaks so narrow")
    blurred = Rings(lambda log_p, x: torch.logaddexp(log_p, rings._broad_log_prob(x)) - math.log(2))
    wrong("8.5", blurred, "not close enough yet")
    untrained = MADE(2, (8,), head=MixtureOfGaussians(2), seed=0)
    wrong("8.5", untrained, "Has it been trained")


def test_weights_of_nan_are_named():
    model = MADE(2, (4,), head=MixtureOfGaussians(2))
    nn.init.constant_(model.net[0].weight, math.nan)
    wrong("8.5", model, "some weights of the model are not finite")


@pytest.mark.parametrize(("answer", "words"), [(3, "a int"), (MADE, "a class")])
def test_objects_that_are_not_models_are_refused(answer, words):
    wrong("8.5", answer, "the answer must be a model", words)
