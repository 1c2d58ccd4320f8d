"""What an output means: each head by itself, and in a network."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import made_course
from made_course import MADE, build_masks, connectivity, direct_mask, evaluate, fit, two_moons
from made_course.model import heads
from made_course.model.heads import Bernoulli, Categorical, Head, MixtureOfGaussians
from tests.networks import HEADS, networks, show_every_path, total_probability, with_weights

EACH = pytest.mark.parametrize("head", HEADS, ids=repr)
DTYPE = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


# ---- every head ---------------------------------------------------------------------------------


def test_every_head_of_the_package_is_tested_and_named():
    classes = [value for value in vars(heads).values() if isinstance(value, type)]
    for name in [c.__name__ for c in classes if issubclass(c, Head) and c is not Head]:
        tested = [type(head).__name__ for head in HEADS]
        assert name in tested, f"HEADS in tests/networks.py must have a {name}"
        assert name in made_course.__all__, f"made_course/__init__.pyi must have a line for {name}"
        assert name in MADE.__doc__, f"the docstring of MADE must name {name}, at its head"


def values_of(head):
    """(n,) values of a variable, and (n,) lengths of the cells around them; 1 for a number each."""
    if head.is_density:  # even steps of t where x = sinh(t): fine in the middle, and far out
        t = torch.linspace(-9, 9, 9001, dtype=torch.float64)
        return t.sinh(), t.cosh() * (t[1] - t[0])
    values = torch.arange(head.num_classes or 100)
    return values.double(), torch.ones(len(values), dtype=torch.float64)


def probability_and_error(head, seed):
    """At random parameters: Σp, and how far the shares of draws up to a value are from p's."""
    generator = torch.Generator().manual_seed(seed)
    params = torch.randn(head.params_per_variable, generator=generator, dtype=torch.float64)
    x, lengths = values_of(head)
    p = head.log_prob(params.expand(len(x), -1), x).exp() * lengths
    upto = p.cumsum(0) - p / 2 if head.is_density else p.cumsum(0)
    u = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000
    drawn = head.sample(params.expand(len(u), -1), u).sort().values
    shares = torch.searchsorted(drawn, x, right=True) / len(u)
    return p.sum().item(), (shares - upto).abs().max().item()


@EACH
@pytest.mark.parametrize("seed", range(5))
def test_probabilities_sum_to_one_and_draws_follow_them(head, seed):
    total, error = probability_and_error(head, seed)
    assert total == pytest.approx(1, abs=1e-6)
    assert error < 0.001


@pytest.mark.parametrize("number", ["log_prob", "sample"])
def test_a_head_at_odds_with_itself_is_found(number):
    """The test above can fail."""

    class Odd(MixtureOfGaussians):
        pass

    setattr(Odd, number, lambda self, p, x: 1.02 * getattr(MixtureOfGaussians, number)(self, p, x))
    total, error = probability_and_error(Odd(2), 0)
    assert error > 0.001
    assert (abs(total - 1) > 1e-6) == (number == "log_prob")


@DTYPE
@EACH
def test_shapes_and_dtypes_are_those_of_the_parameters(head, dtype):
    params = torch.zeros(2, head.params_per_variable, dtype=dtype)
    for noise in (torch.float32, torch.float64):
        assert head.sample(params, torch.rand(2, dtype=noise)).dtype == dtype
    assert head.log_prob(params, torch.zeros(2, dtype=dtype)).dtype == dtype
    assert head.sample(params.expand(5, 2, -1), torch.rand(5, 2)).shape == (5, 2)
    assert head.sample(params[0], torch.rand(())).shape == ()


WHOLE_NUMBERS = [torch.bool, torch.uint8, torch.int64]


@pytest.mark.parametrize("dtype", [*WHOLE_NUMBERS, torch.float32])
@EACH
def test_values_of_any_dtype_are_data(head, dtype):
    head.check(torch.tensor([[0, 1], [1, 0]]).to(dtype))
    head.check(torch.zeros(0, 3, dtype=dtype))


@pytest.mark.parametrize("num_classes", [256, 300])
def test_grey_levels_are_classes(num_classes):
    """A comparison of uint8 with 256 or 300 is one with 0 or 44."""
    Categorical(num_classes).check(torch.tensor([[0, 3, 255]]).to(torch.uint8))


BINARY = r"^binary data must hold only 0 and 1, got {} more such values: binarise first.* or choose"
CLASSES = r"^classes must be whole numbers 0\.\.2, got {} more such values: count classes from 0"
FINITE = r"^data must be finite, got {} more such values: drop or correct"


@pytest.mark.parametrize(
    ("head", "message", "values", "came"),
    [
        (Bernoulli(), BINARY, [0.0, 0.5, 1.0], r"0\.5 and 0"),
        (Bernoulli(), BINARY, [-1.0, 1.0, -1.0, 2.0], r"-1\.0 and 2"),
        (Bernoulli(), BINARY, [math.inf, math.nan], "inf and 1"),
        (Bernoulli(), BINARY, [0, 255], "255 and 0"),
        (Categorical(3), CLASSES, [0.0, 3.0], r"3\.0 and 0"),
        (Categorical(3), CLASSES, [1.5, 2.0, 0.5], r"1\.5 and 1"),
        (Categorical(3), CLASSES, [0.0, math.inf], "inf and 0"),
        (Categorical(3), CLASSES, [-1, 1], "-1 and 0"),
        (MixtureOfGaussians(2), FINITE, [0.0, -math.inf, math.nan], "-inf and 1"),
    ],
)
def test_other_values_are_counted_and_the_cure_is_said(head, message, values, came):
    model, x = MADE(len(values), (4,), head=head), torch.tensor([values])
    for check in (head.check, model.check_data, model.log_prob):
        with pytest.raises(ValueError, match=message.format(came)):
            check(x)


# ---- heads of a user's own ----------------------------------------------------------------------


class Own(Head):
    params_per_variable = 2


def test_a_head_that_is_not_finished_says_what_it_lacks():
    model = MADE(3, (4,), head=Own())
    with pytest.raises(NotImplementedError, match=r"Own must have a method log_prob\(params, x\)"):
        model.log_prob(torch.zeros(2, 3))
    with pytest.raises(NotImplementedError, match=r"Own must have a method sample\(params, u\)"):
        model.sample(2)
    assert [repr(head) for head in (Own(), *HEADS[:3])] == [
        "Own()",
        "Bernoulli()",
        "Categorical(2)",
        "Categorical(5)",
    ]
    assert repr(HEADS[4]) == "MixtureOfGaussians(3)"


@pytest.mark.parametrize(
    ("error", "message", "build"),
    [
        (ValueError, "num_classes must be at least 2, got 1", lambda: Categorical(1)),
        (TypeError, "num_classes must be a whole number, got 2.5", lambda: Categorical(2.5)),
        (ValueError, "num_components must be at least 1", lambda: MixtureOfGaussians(0)),
        (TypeError, "num_components must be a whole", lambda: MixtureOfGaussians(True)),
    ],
)
def test_a_head_needs_a_number_of_its_parts(error, message, build):
    with pytest.raises(error, match=message):
        build()


# ---- binary variables ---------------------------------------------------------------------------


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=20), st.integers(0, 10**6))
@settings(max_examples=50)
def test_a_binary_variable_is_the_formula_of_the_class(logits, seed):
    z = torch.tensor(logits, dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(2, z.shape, generator=generator).double()
    # log sigmoid(z) = -log(exp(0) + exp(-z)); F.softplus, the document's, drops what is below 2e-9
    zero = torch.zeros_like(z)
    expected = -(x * torch.logaddexp(zero, -z) + (1 - x) * torch.logaddexp(zero, z))
    found = Bernoulli().log_prob(z[:, None], x)
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-12)
    u = torch.rand(z.shape, generator=generator, dtype=torch.float64)
    assert torch.equal(Bernoulli().sample(z[:, None], u), (u <= torch.sigmoid(z)).double())


@DTYPE
def test_huge_logits_give_finite_log_probabilities_and_gradients(dtype):
    z = torch.tensor([1000.0, 1000.0, -1000.0, -1000.0], dtype=dtype, requires_grad=True)
    found = Bernoulli().log_prob(z[:, None], torch.tensor([0.0, 1.0, 0.0, 1.0], dtype=dtype))
    assert found.tolist() == [-1000, 0, 0, -1000]
    found.sum().backward()
    assert z.grad.tolist() == [-1, 0, 0, 1]

    z = torch.tensor([[1000.0, 0.0, -1000.0]] * 3, dtype=dtype, requires_grad=True)
    found = Categorical(3).log_prob(z, torch.tensor([0.0, 1.0, 2.0], dtype=dtype))
    assert found.tolist() == [0, -1000, -2000]
    found.sum().backward()
    assert z.grad.tolist() == [[0, 0, 0], [-1, 1, 0], [-1, 0, 1]]


# ---- the ends of the noise, and where classes meet ----------------------------------------------


def test_noise_of_exactly_p_falls_to_the_first():
    p = torch.sigmoid(torch.tensor([0.3, -2.0]))
    z, above = torch.tensor([[0.3], [-2.0]]), torch.nextafter(p, torch.ones(2))
    assert Bernoulli().sample(z, p).tolist() == [1, 1]
    assert Bernoulli().sample(z, above).tolist() == [0, 0]
    assert Bernoulli().sample(z, torch.tensor([0.0, 1.0])).tolist() == [1, 0]

    logits = torch.tensor([0.25, 0.25, 0.5]).log().expand(2, 3)
    ends = torch.softmax(logits[0], -1).cumsum(-1)[:2]
    assert Categorical(3).sample(logits, ends).tolist() == [0, 1]
    assert Categorical(3).sample(logits, torch.nextafter(ends, torch.ones(2))).tolist() == [1, 2]
    assert Categorical(3).sample(logits, torch.tensor([0.0, 1.0])).tolist() == [0, 2]


@DTYPE
@pytest.mark.parametrize("zero", [0, 1, 2])
def test_noise_at_its_ends_chooses_nothing_without_probability(dtype, zero):
    logits = torch.zeros(3, dtype=dtype)
    logits[zero] = -1000
    params = torch.cat([logits, 100 * torch.arange(3), torch.zeros(3)]).to(dtype)
    for u in torch.tensor([0.0, 1.0, 1 - 1e-7], dtype=dtype):
        assert Categorical(3).sample(logits, u).item() != zero
        assert abs(MixtureOfGaussians(3).sample(params, u).item() - 100 * zero) > 80


def test_what_rounding_leaves_of_the_noise_goes_to_a_class_that_is_possible():
    """In float32 probabilities may sum to less than 1; here a class of probability 0 comes last."""
    scales = torch.linspace(0.1, 3, 200)[:, None]
    logits = scales * torch.tensor([0.1, -0.3, 0.7, 0.2, -1.1])
    logits = torch.cat([logits, torch.full((200, 1), -1000.0)], dim=1)
    short = torch.softmax(logits, -1).cumsum(-1)[:, -1] < 1
    assert short.any()
    assert Categorical(6).sample(logits, torch.ones(200))[short].eq(4).all()


@given(st.integers(0, 10**6), st.integers(2, 6))
@settings(max_examples=25)
def test_a_class_is_the_first_whose_cumulated_probability_reaches_the_noise(seed, num_classes):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(50, num_classes, generator=generator, dtype=torch.float64)
    u = torch.rand(50, generator=generator, dtype=torch.float64)
    found = Categorical(num_classes).sample(logits, u)
    for k, p, threshold in zip(found.tolist(), torch.softmax(logits, -1), u, strict=True):
        k = int(k)
        assert p[: k + 1].sum() >= threshold or k == num_classes - 1
        assert k == 0 or p[:k].sum() < threshold


# ---- classes ------------------------------------------------------------------------------------


def test_log_prob_of_classes_by_hand():
    logits = torch.tensor([[1.0, 2.0, 7.0], [4.0, 3.0, 2.0]]).log()
    found = Categorical(3).log_prob(logits, torch.tensor([2.0, 0.0])).exp()
    torch.testing.assert_close(found, torch.tensor([0.7, 4 / 9]))


@given(st.data(), st.integers(2, 4))
@settings(max_examples=30)
def test_probabilities_of_all_rows_of_classes_sum_to_one(data, num_classes):
    model = data.draw(networks(Categorical(num_classes), largest=4))
    for ensemble in (None, model.num_masks or 3):
        assert total_probability(model, ensemble=ensemble) == pytest.approx(1, abs=1e-9)


@given(networks([Bernoulli(), Categorical(3), MixtureOfGaussians(2)], 5), st.integers(0, 10**6))
@settings(max_examples=40)
@torch.no_grad()
def test_all_inputs_and_outputs_of_a_variable_have_its_degree(model, seed):
    """Another value of one moves all outputs of those that may hear it, and no other by a bit."""
    show_every_path(model, seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(3, (6, model.input_dim), generator=generator).double()
    direct = None if model.direct is None else direct_mask(model.order)
    reached = connectivity(build_masks(model.degrees), direct)  # one unit for each variable
    _, counts = model.head.widths(model.input_dim)
    outputs_of = torch.arange(model.input_dim).repeat_interleave(counts)
    for j in range(model.input_dim):
        changed = x.clone()
        changed[:, j] = (x[:, j] + 1) % 3
        moved = (model(changed) != model(x)).any(dim=0).ravel()
        assert torch.equal(moved, reached[outputs_of, j])


# ---- densities ----------------------------------------------------------------------------------

MIXTURE = torch.tensor(
    [math.log(0.3), math.log(0.7), -2.0, 1.0, math.log(0.5), math.log(0.8)], dtype=torch.float64
)
"""0.3 of a bell at -2 ± 0.5, and 0.7 of one at 1 ± 0.8."""


@given(st.integers(0, 10**6), st.integers(1, 4))
@settings(max_examples=25)
def test_a_density_is_the_formula_of_the_class(seed, components):
    generator = torch.Generator().manual_seed(seed)
    params = torch.randn(20, 3 * components, generator=generator, dtype=torch.float64)
    x = 2 * torch.randn(20, generator=generator, dtype=torch.float64)
    logits, means, log_scales = params.chunk(3, dim=-1)
    scales = log_scales.exp()
    bells = (-0.5 * ((x[:, None] - means) / scales) ** 2).exp() / (scales * math.sqrt(2 * math.pi))
    expected = (logits.exp() / logits.exp().sum(-1, keepdim=True) * bells).sum(-1)
    torch.testing.assert_close(MixtureOfGaussians(components).log_prob(params, x).exp(), expected)


@pytest.mark.parametrize("input_dim", [1, 2])
@pytest.mark.parametrize(
    ("hidden_dims", "num_masks", "direct"), [((), 1, True), ((9,), 2, False), ((9, 8), None, True)]
)
def test_a_density_of_one_or_two_variables_integrates_to_one(
    input_dim, hidden_dims, num_masks, direct
):
    model = MADE(
        input_dim,
        hidden_dims,
        natural_order=False,
        head=MixtureOfGaussians(2),
        direct=direct,
        conditioning=True,
        num_masks=num_masks,
        seed=0,
    )
    with_weights(model.double(), 0.5)
    # even steps of t where x = sinh(t): fine where the density is, and out to 200 for its tails
    t = torch.linspace(-6, 6, 241, dtype=torch.float64)
    x = torch.cartesian_prod(*[t.sinh()] * input_dim).view(-1, input_dim)
    cells = torch.cartesian_prod(*[t.cosh() * (t[1] - t[0])] * input_dim).view(-1, input_dim)
    with torch.no_grad():
        for ensemble in (None, num_masks or 2):
            total = (model.log_prob(x, ensemble).exp() * cells.prod(dim=1)).sum().item()
            assert total == pytest.approx(1, abs=1e-3)


def test_within_a_component_the_value_rises_with_the_noise():
    u = torch.linspace(0, 1, 1001, dtype=torch.float64)
    x = MixtureOfGaussians(2).sample(MIXTURE.expand(1001, 6), u)
    first = u <= MIXTURE[0].exp()
    for values, middle in ((x[first], -2), (x[~first], 1)):
        assert (values.diff() >= 0).all()
        assert values.median().item() == pytest.approx(middle, abs=0.01)


@given(st.integers(0, 10**6))
@settings(max_examples=10)
def test_one_component_inverts_its_distribution(seed):
    generator = torch.Generator().manual_seed(seed)
    params = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    u = torch.rand(50, generator=generator, dtype=torch.float64)
    x = MixtureOfGaussians(1).sample(params, u)
    found = torch.special.ndtr((x - params[:, 1]) / params[:, 2].exp())
    torch.testing.assert_close(found, u, rtol=0, atol=1e-9)


@DTYPE
def test_noise_at_its_ends_and_at_a_boundary_gives_finite_values(dtype):
    params = MIXTURE.to(dtype).expand(4, 6)
    border = torch.softmax(params[0, :2], -1)[0].item()
    u = torch.tensor([0.0, 1.0, border, border + 1e-7], dtype=dtype)
    x = MixtureOfGaussians(2).sample(params, u)
    assert x.isfinite().all()
    assert x[0] < -2 - 4 * 0.5  # far out on the left of the first, ...
    assert x[1] > 1 + 4 * 0.8  # ... on the right of the last, ...
    assert x[2] > -2 + 4 * 0.5  # ... and on either side of where they meet
    assert x[3] < 1 - 4 * 0.8


@DTYPE
def test_mixtures_of_extreme_parameters_stay_finite(dtype):
    head = MixtureOfGaussians(2)
    params = torch.tensor(
        [
            [1000.0, -1000.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1e6, -1e6, -1000.0, 20.0],
            [0.0, 0.0, 0.0, 0.0, -1000.0, -1000.0],  # a standard deviation has a floor
        ],
        dtype=dtype,
        requires_grad=True,
    )
    for u in (0.0, 0.25, 0.75, 1.0):
        x = head.sample(params, torch.full((3,), u, dtype=dtype)).detach()
        found = head.log_prob(params, x)
        (grad,) = torch.autograd.grad(found.sum(), params)
        assert all(value.isfinite().all() for value in (x, found, grad))
    assert found[2].item() < 7


@pytest.mark.parametrize("components", [1, 2, 3, 10])
def test_bells_start_side_by_side_and_fit_standardised_data(components):
    head = MixtureOfGaussians(components)
    start = head.start().double()
    bells = head.distribution(start)
    assert bells.mean.item() == pytest.approx(0, abs=1e-6)
    assert bells.variance.item() == pytest.approx(1, abs=1e-6)
    _, means, log_scales = start.chunk(3)
    assert log_scales.exp().tolist() == pytest.approx([1 / components] * components)
    assert means.diff().tolist() == pytest.approx([math.sqrt(12) / components] * (components - 1))
    model = MADE(4, (9,), head=head, direct=True)  # where a new network starts, too
    assert torch.equal(model.net[-1].bias.view(4, -1), head.start().expand(4, -1))


def test_what_fit_finds_is_the_mixture_that_was_drawn_from():
    u = torch.rand(4_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = MixtureOfGaussians(2).sample(MIXTURE.expand(4_000, 6), u).float()[:, None]
    model = MADE(1, (), head=MixtureOfGaussians(2), seed=0)
    with torch.no_grad():
        model.net[0].bias.copy_(torch.tensor([0.0, 0.0, -1.0, 1.0, 0.0, 0.0]))
    fit(model, x, epochs=15, batch_size=200, lr=0.1, weight_decay=0.0, seed=0, progress=False)
    true = -MixtureOfGaussians(2).log_prob(MIXTURE, x[:, 0].double()).mean().item()
    # five parameters, fitted to 4,000 rows: about 5 / 8,000 nats better than the truth
    assert -0.004 < evaluate(model, x) - true < 0.002
    with torch.no_grad():
        logits, means, log_scales = model(x[:1])[0, 0].chunk(3)
    # 0.3 and 0.7, 1,200 and 2,800 rows: standard errors of 0.008, 0.015 and 0.011 at most
    found = torch.cat([torch.softmax(logits, -1), means, log_scales.exp()])
    error = (found - torch.tensor([0.3, 0.7, -2.0, 1.0, 0.5, 0.8])).abs()
    assert (error < torch.tensor([0.04, 0.04, 0.08, 0.08, 0.06, 0.06])).all()


def test_two_moons_are_learned_to_within_a_tenth_of_a_nat_of_their_entropy():
    train, test = two_moons(1500, seed=0), two_moons(4000, seed=1)
    torch.manual_seed(0)
    head = MixtureOfGaussians(8)
    model = MADE(2, (32, 32), ordering=[1, 0], degrees="even", head=head, seed=0)
    history = fit(model, train, epochs=30, batch_size=100, seed=0, progress=False)
    assert history.unit == "differential nats"
    # over five seeds 0.019 to 0.052 nats above; where all bells start alike, 0.186 to 0.527
    assert evaluate(model, test) == pytest.approx(1.008, abs=0.1)
