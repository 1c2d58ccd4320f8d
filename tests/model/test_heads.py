"""Heads: each one by itself, and in a network."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import made_course
from made_course import MADE, build_masks, connectivity, direct_mask
from made_course.model import heads
from made_course.model.heads import Bernoulli, Categorical, Head, MixtureOfGaussians
from tests.networks import HEADS, networks, show_every_path

EACH = pytest.mark.parametrize("head", HEADS, ids=repr)
DTYPE = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
SEEDS = st.integers(0, 10**6)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


# ---- every head ---------------------------------------------------------------------------------


def test_every_head_of_the_package_is_tested_and_named():
    classes = [value for value in vars(heads).values() if isinstance(value, type)]
    for name in [c.__name__ for c in classes if issubclass(c, Head) and c is not Head]:
        tested = [type(head).__name__ for head in HEADS]
        assert name in tested, f"HEADS in tests/networks.py must have a {name}"
        assert name in made_course.__all__, f"made_course/__init__.pyi must have a line for {name}"
        assert name in MADE.__doc__, f"the docstring of MADE must name {name}, at its head"


def cells_of(head):
    """Return (n,) values of a variable and (n,) lengths of the cells around them."""
    if head.is_density:  # x = sinh(t) is dense in the middle and reaches the tails
        t = torch.linspace(-9, 9, 9001, dtype=torch.float64)
        return t.sinh(), t.cosh() * (t[1] - t[0])
    values = torch.arange(head.num_classes or 100)
    return values.double(), torch.ones(len(values), dtype=torch.float64)


@EACH
@pytest.mark.parametrize("seed", range(3))
def test_probabilities_sum_to_one_and_samples_follow_them(head, seed):
    params = torch.randn(head.params_per_variable, generator=seeded(seed), dtype=torch.float64)
    x, lengths = cells_of(head)
    p = head.log_prob(params.expand(len(x), -1), x).exp() * lengths
    assert p.sum().item() == pytest.approx(1, abs=1e-6)
    cdf = p.cumsum(0) - p / 2 if head.is_density else p.cumsum(0)
    u = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000
    drawn = head.sample(params.expand(len(u), -1), u).sort().values
    shares = torch.searchsorted(drawn, x, right=True) / len(u)
    assert (shares - cdf).abs().max().item() < 0.001


@DTYPE
@EACH
def test_shapes_and_dtypes_are_those_of_the_parameters(head, dtype):
    params = torch.zeros(2, head.params_per_variable, dtype=dtype)
    for noise in (torch.float32, torch.float64):
        assert head.sample(params, torch.rand(2, dtype=noise)).dtype == dtype
    assert head.log_prob(params, torch.zeros(2, dtype=dtype)).dtype == dtype
    assert head.sample(params.expand(5, 2, -1), torch.rand(5, 2)).shape == (5, 2)
    head.check(torch.zeros(0, 3, dtype=dtype))
    head.check(torch.tensor([[False, True]]))


def test_uint8_grey_levels_are_classes():
    """Compared with a uint8, 256 is 0 and 300 is 44."""
    for num_classes in (256, 300):
        Categorical(num_classes).check(torch.tensor([[0, 3, 255]]).to(torch.uint8))


@pytest.mark.parametrize(
    ("head", "message", "values"),
    [
        (Bernoulli(), r"^binary data must hold only 0 and 1, got 0\.5\. Binarise", [0.0, 0.5, 1.0]),
        (Bernoulli(), "got inf and 1 more", [math.inf, math.nan]),
        (
            Categorical(3),
            r"^classes must .* 0\.\.2, got 1\.5 and 1 more\. Count cl",
            [1.5, 2.0, 0.5],
        ),
        (Categorical(3), r"got 3\.0\. ", [0.0, 3.0]),
        (Categorical(3), r"got -1\. ", [-1, 1]),
        (MixtureOfGaussians(2), r"must be finite, got -inf and 1 more", [-math.inf, math.nan]),
    ],
)
def test_other_values_are_counted_with_a_cure(head, message, values):
    model, x = MADE(len(values), (4,), head=head), torch.tensor([values])
    for check in (head.check, model.log_prob):
        with pytest.raises(ValueError, match=message):
            check(x)


def test_an_unfinished_head_says_what_it_lacks():
    class Own(Head):
        params_per_variable = 2

    model = MADE(3, (4,), head=Own())
    with pytest.raises(NotImplementedError, match=r"Own must have a method log_prob\(params, x\)"):
        model.log_prob(torch.zeros(2, 3))
    with pytest.raises(NotImplementedError, match=r"Own must have a method sample\(params, u\)"):
        model.sample(2)
    assert [repr(head) for head in (Own(), HEADS[1], HEADS[4])] == [
        *("Own()", "Categorical(2)", "MixtureOfGaussians(3)")
    ]


# ---- bits and classes ---------------------------------------------------------------------------


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


def test_noise_of_exactly_p_gives_the_first_value():
    p = torch.sigmoid(torch.tensor([0.3, -2.0]))
    z, above = torch.tensor([[0.3], [-2.0]]), torch.nextafter(p, torch.ones(2))
    assert Bernoulli().sample(z, p).tolist() == [1, 1]
    assert Bernoulli().sample(z, above).tolist() == [0, 0]
    logits = torch.tensor([0.25, 0.25, 0.5]).log().expand(2, 3)
    ends = torch.softmax(logits[0], -1).cumsum(-1)[:2]
    assert Categorical(3).sample(logits, ends).tolist() == [0, 1]
    assert Categorical(3).sample(logits, torch.nextafter(ends, torch.ones(2))).tolist() == [1, 2]


@DTYPE
@pytest.mark.parametrize("zero", [0, 1, 2])
def test_a_class_or_component_without_probability_is_never_drawn(dtype, zero):
    logits = torch.zeros(3, dtype=dtype)
    logits[zero] = -1000
    params = torch.cat([logits, 100 * torch.arange(3), torch.zeros(3)]).to(dtype)
    for u in torch.tensor([0.0, 1.0, 1 - 1e-7], dtype=dtype):
        assert Categorical(3).sample(logits, u).item() != zero
        assert abs(MixtureOfGaussians(3).sample(params, u).item() - 100 * zero) > 80


def test_noise_above_a_sum_below_one_gives_a_possible_class():
    """In float32 probabilities may sum to less than 1. Here the last class has probability 0."""
    scales = torch.linspace(0.1, 3, 200)[:, None]
    logits = scales * torch.tensor([0.1, -0.3, 0.7, 0.2, -1.1])
    logits = torch.cat([logits, torch.full((200, 1), -1000.0)], dim=1)
    short = torch.softmax(logits, -1).cumsum(-1)[:, -1] < 1
    assert short.any()
    assert Categorical(6).sample(logits, torch.ones(200))[short].eq(4).all()


# ---- in a network -------------------------------------------------------------------------------


@given(networks([Bernoulli(), Categorical(3), MixtureOfGaussians(2)], 5), SEEDS)
@settings(max_examples=40)
@torch.no_grad()
def test_all_inputs_and_outputs_of_a_variable_have_its_degree(model, seed):
    """Change a value: all outputs that may see it move, and all others stay equal to the bit."""
    show_every_path(model, seed)
    x = torch.randint(3, (6, model.input_dim), generator=seeded(seed)).double()
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
"""Parameters of 0.3 · N(-2, 0.5²) + 0.7 · N(1, 0.8²)."""


@DTYPE
def test_noise_at_its_ends_and_at_a_boundary_gives_the_tails(dtype):
    params = MIXTURE.to(dtype).expand(4, 6)
    border = torch.softmax(params[0, :2], -1)[0].item()
    u = torch.tensor([0.0, 1.0, border, border + 1e-7], dtype=dtype)
    x = MixtureOfGaussians(2).sample(params, u)
    assert x.isfinite().all()
    assert x[0] < -2 - 4 * 0.5  # the left tail of the first component
    assert x[1] > 1 + 4 * 0.8  # the right tail of the last component
    assert x[2] > -2 + 4 * 0.5  # where they meet, the right tail of the first ...
    assert x[3] < 1 - 4 * 0.8  # ... and the left tail of the last


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
    for u in (0.0, 0.25, 1.0):
        x = head.sample(params, torch.full((3,), u, dtype=dtype)).detach()
        found = head.log_prob(params, x)
        (grad,) = torch.autograd.grad(found.sum(), params)
        assert all(value.isfinite().all() for value in (x, found, grad))
    assert found[2].item() < 7


@pytest.mark.parametrize("components", [1, 2, 10])
def test_components_start_side_by_side_and_fit_standardised_data(components):
    head = MixtureOfGaussians(components)
    start = head.initial_params().double()
    mixture = head.distribution(start)
    assert mixture.mean.item() == pytest.approx(0, abs=1e-6)
    assert mixture.variance.item() == pytest.approx(1, abs=1e-6)
    _, means, log_scales = start.chunk(3)
    assert log_scales.exp().tolist() == pytest.approx([1 / components] * components)
    assert means.diff().tolist() == pytest.approx([math.sqrt(12) / components] * (components - 1))
    model = MADE(4, (9,), head=head, direct=True)  # a new network starts there too
    assert torch.equal(model.net[-1].bias.view(4, -1), head.initial_params().expand(4, -1))
