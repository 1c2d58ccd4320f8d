"""The head for numbers: its probabilities, its first parameters, and its samples."""

import math

import numpy as np
import pandas
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import Gaps, Mixed, NormalScores, load_table
from made_course.model.heads import unpack_gaussians
from made_course.tables.numeric_columns import (
    find_bounds,
    find_rounding,
    find_step,
    fit_head,
    make_numeric_column,
)
from tests.networks import uniforms

INFINITE = (-math.inf, math.inf)


def numbers(kind, seed, n=200):
    """Return the training values of a column, its step and its bounds."""
    draw = np.random.default_rng(seed)
    return {
        "counts": (draw.poisson(draw.gamma(1, 5, n)).astype(float), 1.0, (0.0, math.inf)),
        "whole": (draw.normal(0, 40, n).round(), 1.0, INFINITE),
        "per cent": (draw.beta(1, 3, n).round(2) * 100, 1.0, (0.0, 100.0)),
        "rounded": (draw.gamma(2, 400, n).round(-2), 1.0, (0.0, math.inf)),
        "tenths": (draw.normal(20, 1, n).round(1), 0.1, INFINITE),
    }[kind]


def reals(kind, seed, n=200):
    """Return training values without a step, as float32 has them, and their bounds."""
    draw = np.random.default_rng(seed)
    x = np.exp(3 * draw.normal(size=n))
    x[: n // 3] = {"money": x[: n // 3], "savings": 0.0, "price": 9.5}[kind]
    return x.astype(np.float32).astype(float), (0.0, math.inf)


def random_params(head, seed, scale=0.7):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(head.params_per_variable, generator=generator, dtype=torch.float64)


# ---- probabilities -------------------------------------------------------------------------------


@given(
    st.sampled_from(["counts", "whole", "per cent", "rounded", "tenths"]),
    st.integers(0, 10**6),
    st.integers(1, 5),
)
@settings(max_examples=40, deadline=None)
def test_probabilities_of_all_multiples_sum_to_one(kind, seed, num_components):
    x, step, bounds = numbers(kind, seed)
    head = fit_head(x, step, bounds, num_components)
    low, high = np.clip((x.min() - 1e4 * step, x.max() + 1e4 * step), *bounds)
    cells = step * torch.arange(round(low / step), round(high / step) + 1, dtype=torch.float64)
    params = random_params(head, seed)
    p = head.log_prob(params.expand(len(cells), -1), cells).exp()
    starts, ends, _ = head.transform(cells)
    logits, means, scales = unpack_gaussians(params)
    beyond = torch.special.ndtr((starts[0] - means) / scales)
    beyond += torch.special.ndtr((means - ends[-1]) / scales)
    assert (p.sum() + logits.softmax(0) @ beyond).item() == pytest.approx(1, abs=1e-9)


@given(st.sampled_from(["money", "savings", "price"]), st.integers(0, 10**6), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_point_masses_and_the_density_sum_to_one(kind, seed, num_components):
    x, bounds = reals(kind, seed)
    head = fit_head(x, None, bounds, num_components)
    params = random_params(head, seed)
    _, knots, _, values, _, _ = head.arguments
    mass = 0.0
    if values:
        points = torch.tensor(values, dtype=torch.float64)
        mass = head.log_prob(params.expand(len(points), -1), points).exp().sum().item()
    edges = torch.tensor(sorted({*knots, *values}), dtype=torch.float64)  # smooth in between
    nodes, weights = np.polynomial.legendre.leggauss(40)
    nodes, weights = torch.from_numpy(nodes), torch.from_numpy(weights)
    halves, middles = edges.diff() / 2, (edges[1:] + edges[:-1]) / 2
    t = (middles[:, None] + halves[:, None] * nodes).flatten()
    density = head.log_prob(params.expand(len(t), -1), t).exp().view(-1, 40)
    assert mass + (halves * (density @ weights)).sum().item() == pytest.approx(1, abs=1e-3)


def held_out_nll(numbers, widths=1.0):
    """Return the NLL of half of the numbers as a density; a probability is that of a width."""
    table = load_table(pandas.DataFrame({"x": numbers}), split=(0.5, 0.5), kinds={"x": "real"})
    head, x = table.columns[0].head, table.valid[:, 0]
    log_p = head.log_prob(head.initial_params().expand(len(x), -1), x).numpy()
    log_widths = np.broadcast_to(np.log(widths), len(numbers))[table.row_numbers[1]]
    has_mass = np.isin(x, np.float32(head.arguments[3])) | (not head.is_density)
    return -(log_p - has_mass * log_widths).mean()


@pytest.mark.parametrize("significant", [True, False])
@pytest.mark.parametrize("digits", [3, 4])
@pytest.mark.parametrize("kind", ["normal", "lognormal", "uniform", "exponential"])
def test_rounding_real_numbers_changes_their_density_little(kind, digits, significant):
    x = getattr(np.random.default_rng(0), kind)(size=3000) * 5
    powers = np.floor(np.log10(np.abs(x))) + 1 if significant else 0
    widths = 10.0 ** (powers - digits)
    assert held_out_nll((x / widths).round() * widths, widths) == pytest.approx(
        held_out_nll(x), abs=0.1
    )


def test_only_values_that_are_commoner_than_their_neighbours_have_point_masses():
    draw = np.random.default_rng(0)
    x = np.exp(draw.normal(size=3000))
    zeros, capped = np.where(draw.random(3000) < 0.2, 0, x), np.minimum(x, 5.00001)
    rounded = np.array([float(f"{v:.3g}") for v in np.append(x, x / 100)])
    for numbers, values in ((x, []), (rounded, []), (zeros, [0.0]), (capped, [5.00001])):
        head = load_table(pandas.DataFrame({"x": numbers})).columns[0].head
        assert head.arguments[3] == pytest.approx(values)


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_numbers_near_a_bound_have_a_density_although_no_row_has_them(share):
    x = np.exp(np.random.default_rng(0).normal(size=1000))
    x[: round(1000 * share)] = 0.0
    head = fit_head(x.astype(np.float32).astype(float), None, (0.0, math.inf), 2)
    near = torch.tensor([x[x > 0].min() / k for k in (2, 100, 1e4, math.inf)][: 4 - (share > 0)])
    assert head.log_prob(head.initial_params().expand(len(near), -1), near).min() > -6


def test_real_numbers_that_float32_makes_equal_have_no_point_mass():
    x = np.random.default_rng(0).normal(20, 5, 20_000).astype(np.float32).astype(float)
    assert len(np.unique(x)) < len(x)
    head = fit_head(x, None, INFINITE, 2)
    assert head.arguments[3] == []


def test_numbers_that_are_equal_in_all_training_rows_are_refused():
    numbers = pandas.Series([1.5, 1.5, 1.5, 1.5, 2.5])
    with pytest.raises(ValueError, match="fewer than two different values in the 4 training rows"):
        make_numeric_column(numbers, np.arange(4), None, 2)


# ---- the start -----------------------------------------------------------------------------------


def test_an_untrained_head_has_the_shares_of_common_values_and_the_order_of_all():
    x = np.repeat([0.0, 1.0, 2.0, 5.0], [60, 50, 60, 30])
    head = fit_head(x, 1.0, (0.0, math.inf), 2)
    p = head.log_prob(head.initial_params(), torch.tensor([0.0, 1, 2, 5, 3, 9])).exp()
    assert p[:4].tolist() == pytest.approx([0.3, 0.25, 0.3, 0.15], abs=0.02)
    assert (p[4:] > 0).all()


def test_multiples_of_a_rounding_unit_are_likelier_even_if_no_row_has_them():
    draw = np.random.default_rng(0)
    x = np.append(draw.gamma(2, 400, 300).round(-2), draw.gamma(2, 400, 30).round())
    x = x[x != 900]
    head = fit_head(x, 1.0, (0.0, math.inf), 2)
    p = head.log_prob(head.initial_params(), torch.tensor([900.0, 901.0, 800.0])).exp()
    assert 20 * p[1] < p[0] < p[2]


def test_numbers_between_two_groups_are_possible():
    draw = np.random.default_rng(0)
    x = np.append(draw.normal(-1, 0.05, 150), draw.normal(1, 0.05, 150))
    head = fit_head(x, None, INFINITE, 2)
    middle = head.log_prob(head.initial_params(), torch.tensor(0.0)).exp()
    assert middle > 0.1  # it is 0.13, and 0.07 without the part that follows a normal distribution


# ---- samples -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_draws_follow_the_probabilities(scale):
    for kind in ("counts", "per cent", "tenths"):
        x, step, bounds = numbers(kind, 0)
        head = fit_head(x, step, bounds, 2)
        params = random_params(head, 1, scale)
        u = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
        values, counts = head.sample(params.expand(len(u), -1), u).unique(return_counts=True)
        p = head.log_prob(params.expand(len(values), -1), values).exp()
        torch.testing.assert_close(counts.double() / len(u), p, atol=2e-3, rtol=0)


def test_an_outlier_changes_nothing_for_the_others():
    x = np.random.default_rng(0).normal(size=300)
    others = torch.linspace(-2, 2, 41, dtype=torch.float64)
    densities = []
    for far in (4.0, 1e6):
        head = fit_head(np.append(x, far), None, INFINITE, 2)
        densities.append(head.log_prob(head.initial_params().double().expand(41, -1), others))
        at_it = head.log_prob(
            head.initial_params().double(), torch.tensor(far, dtype=torch.float64)
        )
        assert at_it > -30
    assert (densities[0] - densities[1]).abs().max() < 0.1


# ---- one head for several columns ----------------------------------------------------------------


def test_columns_computed_together_are_those_computed_alone():
    heads = [fit_head(*numbers(kind, 3), 2) for kind in ("counts", "tenths", "rounded")]
    heads += [
        fit_head(*reals(kind, 3)[:1], None, reals(kind, 3)[1], 2) for kind in ("money", "price")
    ]
    for own in (heads, [Gaps(head) for head in heads]):
        mixed, u = Mixed(own), uniforms(50, 5)
        params = torch.cat([random_params(head, i) for i, head in enumerate(own)]).expand(50, -1)
        x = mixed.sample(params, u)
        for i, head in enumerate(own):
            alone = params[:, 6 * i : 6 * i + 6]
            torch.testing.assert_close(x[:, i], head.sample(alone, u[:, i]))
            torch.testing.assert_close(
                mixed.log_prob(params, x)[:, i], head.log_prob(alone, x[:, i])
            )
            width = head.inputs_per_variable
            torch.testing.assert_close(
                mixed.encode(x)[:, width * i : width * (i + 1)], head.encode(x[:, i])
            )


# ---- steps, bounds, rounding ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([1, 2, 5], 1),
        ([0.5, 2.25], 0.25),
        ([100, 350], 50),
        ([0.1, 0.7], 0.1),
        ([0.12345, 1], None),
    ],
)
def test_steps(values, step):
    assert find_step(np.array(values, float)) == step


@pytest.mark.parametrize(
    ("values", "counts", "bounds"),
    [
        ([-3, 4, 9], [1, 1, 1], INFINITE),
        ([2, 4, 9], [1, 1, 1], (0, math.inf)),
        ([0, 50, 100], [1, 1, 1], (0, 100)),
        ([18, 19, 90], [20, 20, 20], (18, 90)),
        ([18, 19, 90], [19, 20, 19], (0, math.inf)),
    ],
)
def test_bounds(values, counts, bounds):
    assert find_bounds(np.array(values, float), np.array(counts)) == bounds


@pytest.mark.parametrize("unit", [2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 2500, 10_000])
def test_rounded_numbers_have_a_unit(unit):
    assert find_rounding(unit * np.arange(1.0, 300))[0] == unit


def test_numbers_that_nobody_rounded_have_no_unit():
    draw = np.random.default_rng(0)
    assert find_rounding(np.unique(draw.integers(0, 9999, 300))) == (1, 0.0)


@pytest.mark.parametrize("value", [math.nan, -1.0, 2.5])
def test_impossible_values_are_refused(value):
    head = NormalScores(2, (-0.5, 5.0, 10.5), (-40.0, 0.0, 40.0), (0.0,), (0.5,), step=1.0)
    with pytest.raises(ValueError, match="^data must be "):
        head.check(torch.tensor([3.0, value]))
