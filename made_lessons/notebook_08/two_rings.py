"""Open exercise 8.5: a density of two rings, as close to the true one as possible."""

import math
from functools import cache, partial

import torch
from torch import Tensor, nn

from made_course.model.heads import MixtureOfGaussians
from made_course.model.made import MADE
from made_course.training.fit import fit

from ..checking import Exercise, WrongAnswer
from ..checking.trained_models import (
    Challenge,
    call_shuffled,
    in_evaluation_mode,
    log_prob_of,
    require_independent_rows,
    require_model,
)

RADII, BLUR = (10.0, 20.0), 1.0
ENTROPY = 6.596  # differential entropy of the rings in nats, estimated from a million points
WITHIN = 0.1  # an NLL less than this many nats above the true density's solves the exercise
DOUBTFUL_NLL = ENTROPY + 0.008  # no model trained on only these points has reached this NLL
_CHALLENGE = Challenge("point", "variable", 2)
REACH, CELLS = 32.0, 200
"""The integral is a sum over the square from -REACH to REACH, with one point in each cell."""
BATCH = 1_000  # number of points per call of log_prob


def ring_points() -> Tensor:
    """Return the 4,000 training points of exercise 8.5: (4000, 2).

    Example:
        >>> ring_points().shape
        torch.Size([4000, 2])
    """
    return _draw_rings(4_000, seed=8)


def _draw_rings(n: int, seed: int) -> Tensor:
    """Draw n points (n, 2) on two circles around 0, blurred along the radius."""
    generator = torch.Generator().manual_seed(seed)
    radius = torch.tensor(RADII)[torch.randint(2, (n,), generator=generator)]
    radius = radius + BLUR * torch.randn(n, generator=generator)
    angle = 2 * math.pi * torch.rand(n, generator=generator)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)


def _rings_log_prob(x: Tensor) -> Tensor:
    """Return the true log-density (n,): the radius's density divided by the circumference."""
    radius = x.norm(dim=1)
    rings = torch.distributions.Normal(torch.tensor(RADII, dtype=x.dtype), BLUR)
    log_radius = rings.log_prob(radius[:, None]).logsumexp(1) - math.log(len(RADII))
    return log_radius - (2 * math.pi * radius).log()


def train_on_scaled_points() -> object:
    """Train a mixture of Gaussians on points / 10, and convert its log-density back."""
    points, scale = ring_points(), 10.0
    torch.manual_seed(0)
    model = MADE(2, (32, 32), degrees="even", head=MixtureOfGaussians(8), seed=0)
    how = {"lr": 0.03, "weight_decay": 0.0, "precision": "float32", "seed": 0, "progress": False}
    fit(model, points / scale, epochs=20, batch_size=200, **how)

    class ModelInOriginalUnit(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def log_prob(self, x: Tensor) -> Tensor:
            return self.model.log_prob(x / scale) - 2 * math.log(scale)

    return ModelInOriginalUnit()


_BROAD = torch.distributions.Normal(0.0, 11.2)  # one Gaussian per variable, as broad as the rings
_SCALES = (2, 5, 8, 10, 11.2, 15, 20, 25, 32)
"""Numbers by which a model's training points may have been divided."""


def _broad_log_prob(x: Tensor) -> Tensor:
    return _BROAD.log_prob(x).sum(1)


def _score(model: object) -> str:
    require_model(
        model,
        "the answer must be a model, an object whose log_prob(x) takes points (n, 2) and returns "
        "(n,) numbers",
        ("log_prob",),
    )
    (points, truth), (grid, cell) = _test_points(), _grid()
    with torch.no_grad(), in_evaluation_mode(model):
        log_p, on_grid = _log_densities(model, points, grid)
        again, _ = _log_densities(model, points, grid[:BATCH])
        require_independent_rows(log_p, again, _CHALLENGE)
        area = (on_grid.exp().sum() * cell).item()
        # an integral of up to 1.01 must not improve the score
        above = (truth - log_p).mean().item() + math.log(max(area, 1.0))
        is_poor = bool(log_p.mean() < _broad_log_prob(points).mean() + 0.1)
        is_smaller = is_poor and _fits_divided_points(model, points[:500])
    faults = {
        "this is a model of smaller points. If you trained it on points divided by a number, "
        "log_prob(x) must divide x by the same number first, and subtract the ln of this number "
        "for each of the two variables": is_smaller,
        "the model is a density, but not better than one broad Gaussian. Has it been trained, on "
        "points with a scale of about 1? The head needs such points": is_poor and 0.9 < area < 1.1,
        _explain_integral(area, on_grid): not 0.9 < area < 1.01,
        "the model is a density, but not close enough yet. How does its picture differ from the "
        "points? Does each conditional have enough mixture components?": above >= WITHIN,
        "your score is better than that of the true density, which is possible only by luck": (
            above < -0.03
        ),
    }
    if any(faults.values()):
        raise WrongAnswer(
            next(cause for cause, is_so in faults.items() if is_so),
            tried=f"the {len(points):,} test points",
            expected=f"less than {ENTROPY + WITHIN:.3f} differential nats; the integral is 1",
            got=f"{ENTROPY + above:.3f} differential nats; the integral is {area:.4g}",
        )
    return (
        f"{ENTROPY + above:.3f} differential nats on the test points, {above:.3f} above the true "
        f"density. The integral is {area:.2f}."
    )


def _log_densities(model: object, *parts: Tensor) -> tuple[Tensor, ...]:
    """Return the log-densities of several sets of points, evaluated in mixed batches."""
    log_p = call_shuffled(partial(log_prob_of, model, _CHALLENGE), torch.cat(parts), batch=BATCH)
    if bool(log_p.isnan().any()) or bool((log_p == math.inf).any()):
        raise WrongAnswer("log_prob(x) is not finite everywhere. Use a numerically stable formula")
    return log_p.split([len(part) for part in parts])


def _fits_divided_points(model: object, points: Tensor) -> bool:
    """Return True if the model beats a broad Gaussian once points are divided by some number."""
    broad = _broad_log_prob(points).mean() + 0.1
    scaled = {s: log_prob_of(model, _CHALLENGE, points / s).mean() for s in _SCALES}
    return any(log_p - 2 * math.log(s) > broad for s, log_p in scaled.items())


def _explain_integral(area: float, log_p: Tensor) -> str:
    """Return the likely cause of an integral that is not 1, given the log-densities on the grid."""
    grid, cell = _grid()
    of_radius = (log_p.exp() / (2 * math.pi * grid.norm(dim=1))).sum().item() * cell
    too_much = "the integral of your density is larger than 1"
    faults = {
        "every point has the same log-density, so the integral over the plane is not finite": bool(
            log_p.max() - log_p.min() < 1e-4
        ),
        "log_prob is extremely high at some point. How high is it far away from all points?": (
            not math.isfinite(area)
        ),
        "this is the density of the radius. In the plane, the same probability is spread over a "
        "circle of length 2πr, so subtract ln 2πr": 0.97 < of_radius < 1.02,
        "this is the negative of a log-density. log_prob must be higher where points are more "
        "likely": abs((-log_p).exp().sum().item() * cell - 1) < 0.1,
        "no number is below 0, but the logarithm of a density is, wherever the density is below 1. "
        "Did you return the density itself?": bool((log_p >= 0).all()),
    }
    for power, done in {2: "is missing", 1: "is subtracted once", 4: "is added"}.items():
        s = max(area, 1.0) ** (1 / power)
        cause = f"subtract ln {s:.2g} for each of the *two* variables. In your log_prob, this term"
        faults[f"{too_much}. If you divided the points by {s:.2g}, {cause} {done}"] = (
            1.5 < s < 50 and abs(s - round(s)) < 0.02 * s
        )
    faults[
        f"{too_much}. Either a term of the log-density is wrong or missing, or the model has peaks "
        "so narrow that they fall between the points of the sum"
    ] = area > 1
    smaller = (
        "the integral of your density is smaller than 1. A part of it lies outside the square, or "
        "is missing. If you divided the points by s, subtract ln s once for each of the two "
        "variables"
    )
    return next((cause for cause, is_so in faults.items() if is_so), smaller)


@cache
def _test_points() -> tuple[Tensor, Tensor]:
    """Return 10,000 points that learners do not have, and their true log-densities."""
    points = _draw_rings(10_000, seed=808)
    return points, _rings_log_prob(points.double())


@cache
def _grid() -> tuple[Tensor, float]:
    """Return one random point per grid cell, and a cell's area. A regular grid could miss peaks."""
    side = 2 * REACH / CELLS
    corners = torch.cartesian_prod(*[torch.arange(CELLS) * side - REACH] * 2)
    offsets = torch.rand(corners.shape, generator=torch.Generator().manual_seed(0))
    return corners + side * offsets, side**2


EXERCISE = Exercise(
    title="Two rings",
    stars=3,
    reference=train_on_scaled_points,
    doubtful_below=DOUBTFUL_NLL,
    score=lambda model: _score(model),
    is_value=True,
    hints=(
        "Look at the points. How large are they? The head needs a scale of about 1. Train on "
        "`points / 10`. Then look at section 7. What must you add to the NLL of a model in a "
        "different unit?",
        "Write a class with a method `log_prob(self, x)` that returns the model's `log_prob` of `x "
        "/ 10`, minus 2 · ln 10.",
        "To improve it further, rotate the points. The rings look the same from all sides, so "
        "random angles give as many new points as you like.",
    ),
)
