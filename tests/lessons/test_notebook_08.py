import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from made_course import MADE, Categorical, Head, MixtureOfGaussians, fit
from made_lessons.notebook_08 import two_rings as rings
from made_lessons.notebook_08.head_for_counts import Geometric
from made_lessons.notebook_08.two_rings import ENTROPY, ring_points
from tests.lessons.checking import right, wrong


def test_classes():
    right(
        "8.1",
        lambda logits, x: (
            -F.cross_entropy(logits.movedim(-1, 1), x.long(), reduction="none").sum(1)
        ),
    )
    right("8.1", lambda logits, x: Categorical(4).log_prob(logits, x).sum(-1))

    def one_by_one(logits, x):
        rows = []
        for z, classes in zip(logits, x, strict=True):
            log_p = z - z.max(-1, keepdim=True).values
            log_p = log_p - log_p.exp().sum(-1, keepdim=True).log()
            rows.append(sum(log_p[d, int(k)] for d, k in enumerate(classes)))
        return torch.stack(rows)

    right("8.1", one_by_one)

    def of_four(logits, x):
        return (logits.log_softmax(-1) * F.one_hot(x.long(), 4)).sum((1, 2))

    wrong("8.1", of_four, "size of tensor a (3) must match", "of_four(")

    def of_three(logits, x):
        log_p = logits.log_softmax(-1).gather(-1, x.long()[..., None])
        return log_p[:, 0, 0] + log_p[:, 1, 0] + log_p[:, 2, 0]

    wrong("8.1", of_three, "out of bounds")
    wrong(
        "8.1",
        lambda z, x: z.double().softmax(-1).log().gather(-1, x.long()[..., None])[..., 0].sum(1),
        "float64 only moves the place",
    )
    wrong("8.1", lambda z, x: one_by_one(z, x).mean(), "the mean over all entries: not one number")
    wrong("8.1", lambda z, x: -F.cross_entropy(z.mT, x.long()), "the mean over everything")


def test_mixture():
    def by_torch(x, weights, means, stds):
        components = torch.distributions.Normal(means, stds)
        mixing = torch.distributions.Categorical(probs=weights)
        return torch.distributions.MixtureSameFamily(mixing, components).log_prob(x)

    right("8.2", by_torch)

    def one_bell_after_the_other(x, weights, means, stds):
        total = torch.full_like(x, -math.inf)
        for weight, mean, std in zip(weights, means, stds, strict=True):
            variance = std**2
            bell = -((x - mean) ** 2) / (2 * variance) - (2 * math.pi * variance).log() / 2
            total = torch.logaddexp(total, weight.log() + bell)
        return total

    right("8.2", one_bell_after_the_other)


def test_scaled():
    right("8.3", lambda nll, scale, input_dim: nll + math.log(scale**input_dim))
    right("8.3", lambda nll, scale, D: torch.tensor(nll) + D * torch.tensor(scale).log())
    right("8.3", lambda nll, scale, D: round(nll + D * math.log(scale), 3))
    wrong("8.3", lambda nll, scale, D: nll + D / 2 * math.log(scale), "half of it is missing")
    wrong("8.3", lambda nll, scale, D: nll + D, "other values of `scale`")
    wrong("8.3", lambda nll, scale, D: nll + 4.605, "other values of `scale`")


class GeometricFromAbove(Head):
    """Small u give large counts; softplus in place of logsigmoid."""

    params_per_variable = 1

    def log_prob(self, params, x):
        z = params.squeeze(-1)
        return -F.softplus(-z) - x * F.softplus(z)

    def sample(self, params, u):
        return (
            (u.clamp(min=1e-7).log() / -F.softplus(params.squeeze(-1))).ceil().sub(1).clamp(min=0)
        )


def test_heads():
    assert "Σp = 1" in right("8.4", GeometricFromAbove)

    class Whole(Geometric):
        def sample(self, params, u):
            return (torch.log(1 - u) / torch.log1p(-params[..., 0].sigmoid())).long()

    wrong("8.4", Whole, "counts are asked for as floats")


def test_heads_that_fail_at_large_logits_and_at_the_ends():
    class Table(Geometric):
        length = 200

        def sample(self, params, u):
            p = self.log_prob(params[..., None, :], torch.arange(float(self.length))).exp()
            return (u[..., None] > p.cumsum(-1)).sum(-1).to(params.dtype)

    wrong("8.4", Table, "large counts never come", "sample at z = -5", "largest count 200")

    class LongTable(Table):
        length = 2000

    wrong("8.4", LongTable, "large counts never come", "sample at z = -18")

    class OfRounded(Geometric):
        def sample(self, params, u):
            return (torch.log1p(-u) / (1 - torch.sigmoid(params[..., 0])).log()).floor()

    wrong("8.4", OfRounded, "1 − q is rounded to 1", "sample at z = -18")

    class LogOfSigmoid(Geometric):
        def log_prob(self, params, x):
            z = params[..., 0]
            return z.sigmoid().log() + x * (-z).sigmoid().log()

    wrong("8.4", LogOfSigmoid, "minus infinity, as 1 − q is rounded")

    class BelowZero(Geometric):
        def sample(self, params, u):
            return super().sample(params, u) - (u == 0).float()

    wrong("8.4", BelowZero, "u = 0 gives −1")

    class Infinite(Geometric):
        def sample(self, params, u):
            return (u.log() / F.logsigmoid(-params[..., 0])).floor()

    wrong("8.4", Infinite, "must give counts, too", "[inf")


def test_a_head_that_is_right_works_in_a_made():
    model = MADE(2, (8,), head=Geometric(), seed=0)
    counts = model.sample(50)
    assert bool((counts == counts.round()).all() and (counts >= 0).all())
    assert model.log_prob(counts).shape == (50,)


def test_heads_that_are_none():
    wrong("8.4", nn.ReLU, "inherits from Head", "the class ReLU")
    wrong("8.4", 3, "inherits from Head", "a int")
    wrong("8.4", Geometric(), "hand over the class itself")
    wrong("8.4", Categorical, "raised TypeError")

    class NoNumber(Head):
        log_prob, sample = Geometric.log_prob, Geometric.sample

    wrong("8.4", NoNumber, "params_per_variable = None")

    class TwoNumbers(Geometric):
        params_per_variable = 2

    wrong("8.4", TwoNumbers, "params_per_variable = 2")

    class NoSamples(Head):
        params_per_variable = 1
        log_prob = Geometric.log_prob

    wrong("8.4", NoSamples, "must have a method sample")

    class NotATensor(Geometric):
        def sample(self, params, u):
            return 0

    wrong("8.4", NotATensor, "one count for each u", "int")

    class Nothing(Geometric):
        def log_prob(self, params, x):
            params * x[..., None]

    wrong("8.4", Nothing, "log_prob(params, x) is None")

    class Half(Geometric):
        def log_prob(self, params, x):
            return super().log_prob(params, x) / 2

    wrong("8.4", Half, "log_prob differs")

    class TooFew(Geometric):
        def sample(self, params, u):
            return super().sample(params, u**2)

    wrong("8.4", TooFew, "as often as log_prob says", "shares of 0 to 4")

    class ShortTable(Geometric):
        def sample(self, params, u):
            p = self.log_prob(params[..., None, :], torch.arange(6.0)).exp()
            return (u[..., None] > p.cumsum(-1)).sum(-1)

    wrong("8.4", ShortTable, "large counts never come", "the largest count 6")

    class TryInPlaceOfFailure(Geometric):
        def sample(self, params, u):
            return (torch.log1p(-u) / F.logsigmoid(params[..., 0])).floor()

    wrong("8.4", TryInPlaceOfFailure, "have changed places")

    class ForARow(Geometric):
        def sample(self, params, u):
            return super().sample(params[:, :1].flatten(1), u)

    wrong("8.4", ForARow, "right for a row of u")


# ---- 8.5 -----------------------------------------------------------------------------------------


class Rings:
    def log_prob(self, x):
        return rings._rings_log_prob(x)


def test_the_true_density_is_one_and_has_the_entropy_that_is_said():
    points = rings._rings(1_000_000, seed=1).double()
    log_p = rings._rings_log_prob(points)
    assert -log_p.mean().item() == pytest.approx(ENTROPY, abs=0.004)
    assert "0.000 above the true density; the integral is 1.00" in right("8.5", Rings())


def test_the_kept_points_are_others():
    kept, _ = rings._kept_points()
    assert not {tuple(p) for p in ring_points().tolist()} & {tuple(p) for p in kept.tolist()}


def test_another_unit_than_ten_is_recognised_by_its_square():
    class Forgotten:
        def log_prob(self, x):
            return rings._rings_log_prob(x) + 2 * math.log(11.2)

    wrong("8.5", Forgotten(), "by 11, ln 11 has to come off", "here it is missing")

    class TakenOffTwice:
        def log_prob(self, x):
            return rings._rings_log_prob(x) - 2 * math.log(10)

    wrong("8.5", TakenOffTwice(), "or is missing")


def test_what_a_right_area_does_not_hide():
    class SlightlyTooMuch:
        def log_prob(self, x):
            return rings._rings_log_prob(x) + 0.009

    assert "6.596 differential" in right("8.5", SlightlyTooMuch()).replace("6.595", "6.596")

    class Enormous:
        def log_prob(self, x):
            return rings._rings_log_prob(x) + 1000 * (x.norm(dim=1) > 31)

    wrong("8.5", Enormous(), "enormously high")

    class TakenOffOnce:
        def log_prob(self, x):
            return rings._rings_log_prob(x) + math.log(11.2)

    wrong("8.5", TakenOffOnce(), "by 11, ln 11 has to come off", "it came off once")

    class Raised:
        def log_prob(self, x):
            return rings._rings_log_prob(x) + 0.05

    wrong("8.5", Raised(), "somewhat too much")
    untrained = MADE(2, (8,), head=MixtureOfGaussians(2), seed=0)
    wrong("8.5", untrained, "has the model been trained")


def test_a_bell_for_each_point_is_too_slow_and_hears_so():
    points = ring_points().repeat(4, 1)  # slow on the fastest computer, but not stopped

    class Bells:
        def log_prob(self, x):
            parts = []
            for part in x.split(500):
                apart = (part[:, None] - points).square().sum(-1)
                parts.append((-apart / 0.72).logsumexp(1))
            return torch.cat(parts) - math.log(len(points) * 2 * math.pi * 0.36)

    wrong("8.5", Bells(), "too slow for this check", "at most 2 seconds")


def trained_on(points):
    torch.manual_seed(0)
    model = MADE(2, (16,), degrees="even", head=MixtureOfGaussians(3), seed=0)
    fit(model, points, epochs=8, batch_size=100, lr=0.03, seed=0, progress=False)
    return model


def test_without_another_scale_it_is_not_near_enough():
    found = wrong("8.5", trained_on(ring_points()), "differential nats")
    assert "the integral is" in found.came


def test_a_made_in_the_wrong_unit_hears_of_it():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.made = trained_on(ring_points() / 10)

        def log_prob(self, x):
            return self.made.log_prob(x / 10)

    scaled = Scaled()
    wrong("8.5", scaled, "ln 10 has to come off")
    wrong("8.5", scaled.made, "must be asked about points divided by that number")


@pytest.mark.parametrize(
    ("log_prob", "words"),
    [
        (lambda x: None, "a NoneType"),
        (lambda x: x.T, "another shape"),
        (lambda x: x.sum(1) * math.nan, "stable form"),
        (lambda x: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_what_is_no_log_density(log_prob, words):
    answer = Rings()
    answer.log_prob = log_prob
    wrong("8.5", answer, words)


def test_weights_that_are_no_numbers_are_not_blamed_on_the_formula():
    model = MADE(2, (4,), head=MixtureOfGaussians(2))
    nn.init.constant_(model.net[0].weight, math.nan)
    wrong("8.5", model, "weights that are no finite numbers")


@pytest.mark.parametrize(("answer", "words"), [(3, "a int"), (MADE, "a class"), (None, "NoneTy")])
def test_what_is_no_model(answer, words):
    wrong("8.5", answer, "a model is needed", words)
