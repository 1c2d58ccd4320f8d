"""Heads with bounds, of whole numbers, and with values that recur: they keep to what can be."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import MADE, Gaps, Mixed
from made_course.model.heads_of_numbers import Reals, Whole
from made_course.model.recurring import Spiked
from tests.networks import HEADS, networks, uniforms, with_weights

LOG = {"knee": 3000.0, "centre": -24_000.0, "scale": 3000.0}
REALS = [
    Reals(2),
    Reals(2, lower=0.0, knee=0.3),
    Reals(3, lower=0.0, **LOG),
    Reals(2, upper=0.0, knee=0.5, centre=-0.2, scale=2.0),
    Reals(2, lower=0.0, upper=100.0, scale=0.5),
    Reals(2, lower=0.0, knee=5.0, farthest=8.0),
    Reals(2, farthest=9.0, centre=5.0, scale=3.0),
]
WHOLE = [
    Whole(2, lower=0, upper=6, centre=0.3),
    Whole(2, lower=2, knee=1.5, centre=3.0, scale=4.0),
    Whole(3, upper=3, scale=2.0),
    Whole(2, centre=-4.0, scale=3.0, farthest=7.0),
    Whole(2, lower=0, **(LOG | {"scale": 600.0})),
    Whole(2, lower=3, upper=57, centre=1.0, scale=0.5, steps=[5.0, 20.0]),
    Whole(2, lower=0, knee=8.0, centre=20.0, scale=10.0, steps=[10.0]),
]
SPIKED = [
    Spiked([0.0], REALS[1]),
    Spiked([0.0, 100.0], REALS[4], unit=20.0),
    Spiked([-9.0, 0.0], WHOLE[0]),
    Spiked([5.0], WHOLE[1]),
    Spiked([0.0, 0.3, 1.5, 2.0], REALS[1], unit=3.0, rows=[4.0, 5.0, 1.0, 2.0, 9.0], own=1),
    Spiked([5.0, 40.0, 6.0], WHOLE[-2], rows=[2.0, 3.0, 1.0, 7.0], own=0),
]
WITH_GAPS = [Gaps(head) for head in (REALS[1], WHOLE[0], WHOLE[1], SPIKED[0])]
EACH = pytest.mark.parametrize("head", [*REALS, *WHOLE, *SPIKED], ids=repr)


def axis_of(head):
    return head.beside if isinstance(head, Spiked) else head


def cells(head):
    """Values in order, and which have probabilities; a density has cells around its values."""
    axis = axis_of(head)
    if head.is_density:
        places = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
        x = axis.value(places)
        lengths = (-axis.log_slope(x)).exp() * (places[1] - places[0]) / unit_of(head)
    else:
        lower, upper = axis.numbers[:2].clamp(-3000, 60_000).tolist()
        x = torch.arange(lower, upper + 1, dtype=torch.float64)
        lengths = torch.ones_like(x)
    if isinstance(head, Spiked):
        new = head.values[~torch.isin(head.values, x)]
        x, lengths = torch.cat([x, new]), torch.cat([lengths, torch.ones_like(new)])
    order = x.argsort(stable=True)
    return x[order], lengths[order]


def unit_of(head):
    return 1 / head.log_unit.exp() if isinstance(head, Spiked) else 1.0


def drawn_params(head, seed):
    generator = torch.Generator().manual_seed(seed)
    return 0.3 * torch.randn(head.params_per_variable, generator=generator, dtype=torch.float64)


@EACH
@pytest.mark.parametrize("seed", range(3))
def test_masses_and_integral_sum_to_one_and_draws_follow_them(head, seed):
    params = drawn_params(head, seed)
    x, lengths = cells(head)
    p = head.log_prob(params.expand(len(x), -1), x).exp() * lengths
    assert p.sum().item() == pytest.approx(1, abs=1e-6)
    u = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000
    drawn = head.sample(params.expand(len(u), -1), u).sort().values
    shares = torch.searchsorted(drawn, x, right=True) / len(u)
    upto = p.cumsum(0) - (p / 2 if head.is_density and not isinstance(head, Spiked) else 0)
    assert (shares - upto).abs().max() < 0.002


@EACH
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@torch.no_grad()
def test_no_draw_lies_beyond_the_bounds_whatever_the_network_says(head, dtype):
    for size in (1.0, 30.0):
        params = size * drawn_params(head, 1).to(dtype)
        x = head.sample(params.expand(20_000, -1), uniforms(20_000, dtype=dtype))
        head.check(x)
        assert x.dtype == dtype
        assert head.log_prob(params.expand(len(x), -1), x).isfinite().all()


def test_nothing_is_drawn_that_is_no_number():
    params = torch.tensor([0.0, 0.0, -400.0, 400.0, 5.0, 5.0]).expand(2000, 6)
    for head in (REALS[6], REALS[5]):
        head.check(head.sample(params, uniforms(2000)))


@pytest.mark.parametrize(
    ("head", "x", "message"),
    [
        (REALS[1], [0.5, 0.0], "data must be within 0 to inf, got 0"),
        (REALS[4], [0.5, 101.0], "data must be within 0 to 100, got 101"),
        (WHOLE[0], [0.0, 7.0], "data must be within 0 to 6, got 7"),
        (WHOLE[0], [0.0, 1.5], r"data must be whole numbers, got 1\.5"),
        (SPIKED[2], [-9.0, -8.0], "data must be within 0 to 6, got -8"),
        (SPIKED[0], [0.0, math.nan], "data must be finite, got nan"),
    ],
)
def test_what_cannot_be_is_refused(head, x, message):
    model = MADE(2, (4,), head=Mixed([head, head]))
    head.check(torch.tensor(x[:1]))
    for check in (head.check, model.log_prob):
        with pytest.raises(ValueError, match=message):
            check(torch.tensor([x]))


@given(networks([*REALS, *WHOLE, *SPIKED, *WITH_GAPS, *HEADS], 12, (0.05, 0.2)))
@settings(max_examples=30)
@torch.no_grad()
def test_columns_are_read_scored_and_drawn_as_each_alone(model):
    noise = uniforms(7, model.input_dim)
    x = model.sample(7, noise=noise)
    has_gaps = torch.tensor([isinstance(head, Gaps) for head in model.head.heads])
    x_whole = x.clone()
    x[1:3, has_gaps] = torch.nan
    model.check_data(x)
    own = model(x).split(model.head.widths(model.input_dim)[1].tolist(), 1)
    each = [*zip(model.head.heads, own, x.T, noise.T, strict=True)]
    read = torch.cat([head.encode(values) for head, _, values, _ in each], 1)
    assert torch.equal(model.head.encode(x), read)
    alone = torch.stack([head.log_prob(params, values) for head, params, values, _ in each], 1)
    torch.testing.assert_close(model.log_conditionals(x), alone)
    own = model(x_whole).split(model.head.widths(model.input_dim)[1].tolist(), 1)
    parts = zip(model.head.heads, own, noise.T, strict=True)
    drawn = torch.stack([head.sample(params, u) for head, params, u in parts], 1)
    torch.testing.assert_close(x_whole, drawn, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(x_whole, model.sample(7, noise=noise, method="naive"))


@EACH
def test_gradients_are_finite_at_far_values_and_at_recurring_ones(head):
    x = cells(head)[0].float().unique()[1:-1]
    model = with_weights(MADE(1, (4,), head=Mixed([head])), 1.0)
    model.log_prob(x[:: 1 + len(x) // 50, None]).mean().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


@EACH
def test_a_file_holds_it(head, tmp_path):
    model = MADE(1, (4,), head=Mixed([head]), seed=0)
    model.save(tmp_path / "model.pt")
    found = MADE.load(tmp_path / "model.pt")
    assert repr(found.head) == repr(model.head)
    x = model.sample(5)
    assert torch.equal(found.log_prob(x), model.log_prob(x))


def test_a_row_to_learn_from_is_not_among_those_that_its_value_is_known_from():
    head = Mixed([Gaps(Spiked([0.0, 0.5, 1.0, 1.5], REALS[1], rows=[9, 6, 1, 2, 4], own=1))])
    params, x = torch.zeros(4, head.of(0).params_per_variable), torch.tensor([0.0, 0.5, 1.0, 1.5])
    p = head.left_out().log_prob(params, x[:, None])[:, 0].exp()
    assert (p / p[2]).tolist() == pytest.approx([6, 3.5578, 1, 3], rel=1e-4)
    new = p[1] / REALS[1].log_prob(torch.zeros(6), x[1]).exp()  # to those that the others know
    assert new.item() == pytest.approx((9 + 3 / 4) / 22)


@given(st.integers(0, 10**6), st.sampled_from(WHOLE[:2]))
@settings(max_examples=20)
@torch.no_grad()
def test_thin_cells_keep_their_probabilities_in_float32(n, head):
    head = Whole(2, lower=0, **LOG) if head is WHOLE[0] else Whole(2, lower=0, knee=1e5, scale=1e6)
    params, x = torch.zeros(6), torch.tensor(float(n))
    exact = head.log_prob(params.double(), x.double())
    torch.testing.assert_close(head.log_prob(params, x).double(), exact, rtol=1e-5, atol=1e-5)
