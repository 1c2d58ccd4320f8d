"""What an output means: each head by itself, and in a network."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import made_course
from made_course import (
    MADE,
    build_masks,
    connectivity,
    direct_mask,
    evaluate,
    fit,
    heads,
    two_moons,
)
from made_course.heads import Bernoulli, Categorical, Head, MixtureOfGaussians
from tests.every_head import HEADS

HEAD = Bernoulli()


def log_prob(z, x):
    return HEAD.log_prob(z[..., None], x)


def sample(z, u):
    return HEAD.sample(z[..., None], u)


LOGITS = st.lists(st.floats(-1000, 1000), min_size=1, max_size=20)


@given(LOGITS, st.integers(0, 10**6))
def test_log_prob_is_the_formula_of_the_class(logits, seed):
    z = torch.tensor(logits, dtype=torch.float64)
    x = torch.randint(2, z.shape, generator=torch.Generator().manual_seed(seed)).double()
    # log sigmoid(z) = -log(exp(0) + exp(-z)); F.softplus, the document's, drops what is below 2e-9
    zero = torch.zeros_like(z)
    expected = -(x * torch.logaddexp(zero, -z) + (1 - x) * torch.logaddexp(zero, z))
    torch.testing.assert_close(log_prob(z, x), expected, rtol=1e-13, atol=1e-12)
    documents = x * -F.softplus(-z) + (1 - x) * -F.softplus(z)
    torch.testing.assert_close(log_prob(z, x), documents, rtol=0, atol=3e-9)


@given(LOGITS)
def test_the_probabilities_of_0_and_1_sum_to_one(logits):
    z = torch.tensor(logits, dtype=torch.float64)
    both = [log_prob(z, torch.full_like(z, value)).exp() for value in (0.0, 1.0)]
    torch.testing.assert_close(sum(both), torch.ones_like(z), rtol=0, atol=1e-12)
    torch.testing.assert_close(both[1], torch.sigmoid(z), rtol=0, atol=1e-12)


def test_log_prob_by_hand():
    z = torch.tensor([[0.0, math.log(3)]])  # odds of 1 : 1 and 3 : 1
    found = log_prob(z, torch.tensor([[1.0, 0.0]]))
    torch.testing.assert_close(found, torch.log(torch.tensor([[0.5, 0.25]])))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_huge_logits_give_finite_log_probabilities_and_gradients(dtype):
    z = torch.tensor([1000.0, 1000.0, -1000.0, -1000.0], dtype=dtype, requires_grad=True)
    x = torch.tensor([0.0, 1.0, 0.0, 1.0], dtype=dtype)
    found = log_prob(z, x)
    assert found.dtype == dtype
    assert found.tolist() == [-1000, 0, 0, -1000]
    found.sum().backward()
    assert z.grad.tolist() == [-1, 0, 0, 1]


def test_the_gradient_is_what_came_minus_what_was_expected():
    z = torch.linspace(-5, 5, 11, dtype=torch.float64, requires_grad=True)
    x = (torch.arange(11) % 2).double()
    log_prob(z, x).sum().backward()
    torch.testing.assert_close(z.grad, x - torch.sigmoid(z.detach()))


@given(LOGITS, st.integers(0, 10**6))
def test_a_sample_is_one_where_the_noise_is_at_most_p(logits, seed):
    z = torch.tensor(logits, dtype=torch.float64)
    u = torch.rand(z.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    p = torch.sigmoid(z)
    assert sample(z, u).tolist() == [float(a <= b) for a, b in zip(u, p, strict=True)]


def test_noise_of_exactly_p_is_a_one():
    z = torch.tensor([0.3, -2.0])
    p = torch.sigmoid(z)
    assert sample(z, p).tolist() == [1, 1]
    assert sample(z, torch.nextafter(p, torch.ones(2))).tolist() == [0, 0]


def test_noise_of_0_and_1():
    z = torch.tensor([-3.0, 0.0, 3.0])
    assert sample(z, torch.zeros(3)).tolist() == [1, 1, 1]
    assert sample(z, torch.ones(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_sample_has_the_dtype_of_the_logits(dtype):
    assert sample(torch.zeros(2, dtype=dtype), torch.rand(2)).dtype == dtype


@pytest.mark.parametrize(
    "x",
    [
        torch.tensor([[0.0, 1.0], [-0.0, 1.0]]),
        torch.tensor([[0, 1]]),
        torch.tensor([[False, True]]),
        torch.zeros(0, 3),
    ],
    ids=["float", "int", "bool", "no row"],
)
def test_zeros_and_ones_are_data(x):
    HEAD.check(x)


@pytest.mark.parametrize(
    ("values", "came"),
    [
        ([0.0, 0.5, 1.0], r"got 0\.5 and 0 more"),
        ([0.0, 2.0, 1.0, 255.0], r"got 2\.0 and 1 more"),
        ([-1.0, 1.0, -1.0, -1.0], r"got -1\.0 and 2 more"),
        ([0.0, float("nan")], r"got nan and 0 more"),
        ([0.0, float("inf")], r"got inf and 0 more"),
        ([float("inf"), float("nan")], r"got inf and 1 more"),
        ([0, 255], r"got 255 and 0 more"),
    ],
)
def test_other_values_are_counted_and_the_cure_is_said(values, came):
    message = f"^binary data must hold only 0 and 1, {came} such values: binarise first.* or choose"
    with pytest.raises(ValueError, match=message):
        HEAD.check(torch.tensor([values]))


def test_it_shows_itself_as_it_is_written():
    assert repr(HEAD) == "Bernoulli()"


# ---- every head ----------------------------------------------------------------------------------


def test_every_head_of_the_package_is_tested_and_named():
    classes = [value for value in vars(heads).values() if isinstance(value, type)]
    for name in [c.__name__ for c in classes if issubclass(c, Head) and c is not Head]:
        tested = [type(head).__name__ for head in HEADS]
        assert name in tested, f"HEADS in tests/every_head.py must have a {name}"
        assert name in made_course.__all__, f"made_course/__init__.pyi must have a line for {name}"
        assert name in MADE.__doc__, f"the docstring of MADE must name {name}, at its head"


def values_of(head):
    """(n,) values of a variable, and (n,) lengths of the cells around them; 1 for a number each."""
    if head.is_density:  # even steps of t where x = sinh(t): fine in the middle, and far out
        t = torch.linspace(-9, 9, 9001, dtype=torch.float64)
        return t.sinh(), t.cosh() * (t[1] - t[0])
    values = torch.arange(100, dtype=torch.float64)
    for k in range(100):
        try:
            head.check(values[: k + 1])
        except ValueError:
            values = values[:k]
            break
    return values, torch.ones_like(values)


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


@pytest.mark.parametrize("head", HEADS, ids=repr)
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


# ---- heads of several parameters, at the edges of the noise ------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("zero", [0, 1, 2])
def test_noise_at_its_ends_chooses_no_class_without_probability(dtype, zero):
    logits = torch.zeros(3, dtype=dtype)
    logits[zero] = -1000
    assert torch.softmax(logits, -1)[zero] == 0
    for u in (0.0, 1.0, 1 - 1e-7):
        value = torch.tensor(u, dtype=dtype)
        assert Categorical(3).sample(logits, value).item() != zero


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("zero", [0, 1])
def test_noise_at_its_ends_gives_a_value_of_a_component_that_is_there(dtype, zero):
    head = MixtureOfGaussians(2)
    params = torch.tensor([0.0, 0.0, -100.0, 100.0, 0.0, 0.0], dtype=dtype)
    params[zero] = -1000
    for u in (0.0, 1.0):
        value = head.sample(params, torch.tensor(u, dtype=dtype)).item()
        assert abs(value - (100 if zero == 0 else -100)) < 10


def test_what_rounding_leaves_of_the_noise_goes_to_a_class_that_is_possible():
    """In float32 probabilities may sum to less than 1; here a class of probability 0 comes last."""
    scales = torch.linspace(0.1, 3, 200)[:, None]
    logits = scales * torch.tensor([0.1, -0.3, 0.7, 0.2, -1.1])
    logits = torch.cat([logits, torch.full((200, 1), -1000.0)], dim=1)
    short = torch.softmax(logits, -1).cumsum(-1)[:, -1] < 1
    assert short.any()
    assert Categorical(6).sample(logits, torch.ones(200))[short].eq(4).all()


# ---- heads of a user's own ----------------------------------------------------------------------


class Own(Head):
    params_per_variable = 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("params_per_variable", None, r"Own\.params_per_variable must be a whole number, got None"),
        ("params_per_variable", 0, r"Own\.params_per_variable must be at least 1, got 0"),
        ("inputs_per_variable", 1.5, r"Own\.inputs_per_variable must be a whole number, got 1\.5"),
    ],
)
def test_a_head_that_does_not_say_its_numbers_is_refused(name, value, message):
    head = Own()
    setattr(head, name, value)
    with pytest.raises((TypeError, ValueError), match=message):
        MADE(3, head=head)


def test_a_head_that_is_not_finished_says_what_it_lacks():
    model = MADE(3, (4,), head=Own())
    with pytest.raises(NotImplementedError, match=r"Own must have a method log_prob\(params, x\)"):
        model.log_prob(torch.zeros(2, 3))
    with pytest.raises(NotImplementedError, match=r"Own must have a method sample\(params, u\)"):
        model.sample(2)
    assert repr(Own()) == "Own()"


# ---- classes ------------------------------------------------------------------------------------


def rows_of_classes(num_classes, input_dim):
    """(K^D, D), every row there is."""
    classes = torch.arange(float(num_classes))
    return torch.cartesian_prod(*[classes] * input_dim).view(-1, input_dim)


@torch.no_grad()
def with_weights(model, scale=1.5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        size = parameter.shape[-1] ** 0.5 if parameter.dim() == 2 else 1
        parameter.normal_(std=scale / size, generator=generator)
    return model


@st.composite
def networks(draw, head, largest=4):
    """A float64 network of any architecture for a head, with any weights."""
    seed = draw(st.integers(0, 10**6))
    model = MADE(
        draw(st.integers(1, largest)),
        draw(st.lists(st.integers(1, 10), max_size=2)),
        draw(st.booleans()),
        head=head,
        activation=draw(st.sampled_from(["relu", "tanh", "silu"])),
        degrees=draw(st.sampled_from(["uniform", "paper", "even"])),
        direct=draw(st.booleans()),
        conditioning=draw(st.booleans()),
        num_masks=draw(st.sampled_from([1, 2, None])),
        seed=seed,
    ).double()
    return with_weights(model, draw(st.sampled_from([0.5, 3.0, 30.0])), seed)


@given(st.data(), st.integers(2, 4))
@settings(max_examples=60)
def test_probabilities_of_all_rows_of_classes_sum_to_one(data, num_classes):
    model = data.draw(networks(Categorical(num_classes)))
    x = rows_of_classes(num_classes, model.input_dim)
    with torch.no_grad():
        for ensemble in (None, 1, model.num_masks or 3):
            total = model.log_prob(x, ensemble).exp().sum().item()
            assert total == pytest.approx(1, abs=1e-9)


def test_log_prob_of_classes_by_hand():
    logits = torch.tensor([[1.0, 2.0, 7.0], [4.0, 3.0, 2.0]]).log()
    found = Categorical(3).log_prob(logits, torch.tensor([2.0, 0.0])).exp()
    torch.testing.assert_close(found, torch.tensor([0.7, 4 / 9]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_huge_logits_of_classes_give_finite_log_probabilities_and_gradients(dtype):
    z = torch.tensor([[1000.0, 0.0, -1000.0]] * 3, dtype=dtype, requires_grad=True)
    found = Categorical(3).log_prob(z, torch.tensor([0.0, 1.0, 2.0], dtype=dtype))
    assert found.dtype == dtype
    assert found.tolist() == [0, -1000, -2000]
    found.sum().backward()
    assert z.grad.tolist() == [[0, 0, 0], [-1, 1, 0], [-1, 0, 1]]


@given(st.data(), st.integers(0, 10**6))
@settings(max_examples=60)
def test_the_degree_of_a_class_is_its_variables(data, seed):
    """Another class at any later variable keeps every bit; with positive weights all else moves."""
    model = data.draw(networks(Categorical(3), largest=5))
    generator = torch.Generator().manual_seed(seed)
    ordering = torch.argsort(model.order)
    x = torch.randint(3, (6, model.input_dim), generator=generator).double()
    with torch.no_grad():
        before = model(x)
        for step in range(model.input_dim):
            changed = x.clone()
            later = ordering[step:]
            changed[:, later] = (changed[:, later] + 1) % 3
            upto = ordering[: step + 1]
            assert torch.equal(model(changed)[:, upto], before[:, upto])

        model.act = torch.nn.Tanh()
        for parameter in model.parameters():
            parameter.uniform_(0.1, 1.0, generator=generator).div_(parameter.shape[-1])
        hidden = build_masks(model.degrees)  # one unit for each variable
        direct = None if model.direct is None else direct_mask(model.order)
        before = model(x)
        for j in range(model.input_dim):
            changed = x.clone()
            changed[:, j] = (changed[:, j] + 1) % 3
            moved = (model(changed) != before).any(dim=0)
            reached = connectivity(hidden, direct)[:, j]
            assert torch.equal(moved, reached[:, None].expand(-1, 3))


@pytest.mark.parametrize("hidden_dims", [(), (7,), (7, 6)])
@pytest.mark.parametrize("direct", [False, True])
def test_the_jacobian_by_the_inputs_of_classes_is_the_connectivity(hidden_dims, direct):
    model = MADE(
        4, hidden_dims, ordering=[1, 2, 0, 3], head=Categorical(3), direct=direct, seed=0
    ).double()
    model.act = torch.nn.Tanh()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(0.1, 1.0).div_(parameter.shape[-1])
    codes = model.head.encode(torch.tensor([0.0, 1.0, 2.0, 0.0], dtype=torch.float64))

    class Given(Categorical):
        def encode(self, x):
            return codes

    model.head = Given(3)
    codes.requires_grad_()
    out = model(torch.zeros(4, dtype=torch.float64))
    assert out.shape == (4, 3)
    grads = torch.stack([torch.autograd.grad(z, codes, retain_graph=True)[0] for z in out.ravel()])
    moved = (grads != 0).view(4, 3, 4, 3)
    reached = connectivity(build_masks(model.degrees), direct_mask(model.order) if direct else None)
    assert torch.equal(moved, reached[:, None, :, None].expand(4, 3, 4, 3))


def test_two_classes_are_binary_variables():
    """Inputs (1 - x, x) with weights (0, w), and outputs (0, z), are a Bernoulli network."""
    binary = with_weights(MADE(4, (9,), ordering=[1, 2, 0, 3], direct=True, seed=0).double())
    classes = MADE(4, (9,), ordering=[1, 2, 0, 3], head=Categorical(2), direct=True, seed=0)
    classes.double()
    with torch.no_grad():
        for parameter in classes.parameters():
            parameter.zero_()
        classes.net[0].weight[:, 1::2] = binary.net[0].weight
        classes.net[0].bias.copy_(binary.net[0].bias)
        classes.net[1].weight[1::2] = binary.net[1].weight
        classes.net[1].bias[1::2] = binary.net[1].bias
        classes.direct.weight[1::2, 1::2] = binary.direct.weight
    x = rows_of_classes(2, 4)
    torch.testing.assert_close(classes.log_prob(x), binary.log_prob(x))


def test_classes_are_read_as_one_of_k():
    codes = Categorical(3).encode(torch.tensor([[0.0, 2.0], [1.0, 1.0]]))
    assert codes.tolist() == [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 1, 0]]]


def shares(seed, n, num_classes):
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(n, num_classes, generator=generator, dtype=torch.float64)


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_a_class_is_the_first_whose_cumulated_probability_reaches_the_noise(seed, num_classes):
    logits = shares(seed, 50, num_classes)
    u = torch.rand(50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    found = Categorical(num_classes).sample(logits, u)
    for k, p, threshold in zip(found.tolist(), torch.softmax(logits, -1), u, strict=True):
        k = int(k)
        assert p[: k + 1].sum() >= threshold or k == num_classes - 1
        assert k == 0 or p[:k].sum() < threshold


def test_noise_at_the_boundary_of_two_classes_is_the_first():
    logits = torch.tensor([0.25, 0.25, 0.5]).log()
    ends = torch.softmax(logits, -1).cumsum(-1)[:2]
    one = torch.ones(2)
    head = Categorical(3)
    assert head.sample(logits.expand(2, 3), ends).tolist() == [0, 1]
    assert head.sample(logits.expand(2, 3), torch.nextafter(ends, one)).tolist() == [1, 2]
    assert head.sample(logits.expand(2, 3), torch.tensor([0.0, 1.0])).tolist() == [0, 2]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_a_sample_of_any_head_has_the_dtype_of_its_parameters(head, dtype):
    params = torch.zeros(2, head.params_per_variable, dtype=dtype)
    for noise in (torch.float32, torch.float64):
        assert head.sample(params, torch.rand(2, dtype=noise)).dtype == dtype
    assert head.log_prob(params, torch.zeros(2, dtype=dtype)).dtype == dtype
    assert head.sample(params.expand(5, 2, -1), torch.rand(5, 2)).shape == (5, 2)
    assert head.sample(params[0], torch.rand(())).shape == ()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64, torch.bool])
def test_grey_levels_of_any_whole_dtype_are_classes(dtype):
    """A comparison of uint8 with 256 or 300 is one with 0 or 44."""
    for num_classes in (256, 300):
        Categorical(num_classes).check(torch.tensor([[0, 3, 255]]).to(dtype))


@pytest.mark.parametrize(
    ("values", "came"),
    [
        ([0.0, 3.0], r"got 3\.0 and 0 more"),
        ([1.5, 2.0, 0.5], r"got 1\.5 and 1 more"),
        ([-1.0, 1.0], r"got -1\.0 and 0 more"),
        ([0.0, float("nan")], r"got nan and 0 more"),
        ([float("inf"), 1.0], r"got inf and 0 more"),
        ([0, 7], r"got 7 and 0 more"),
        ([-1, 1], r"got -1 and 0 more"),
    ],
)
def test_what_is_no_class_is_refused(values, came):
    x = torch.tensor([values])
    message = rf"^classes must be whole numbers 0\.\.2, {came} such values: count classes from 0"
    with pytest.raises(ValueError, match=message):
        Categorical(3).check(x)
    with pytest.raises(ValueError, match=message):
        MADE(len(values), (4,), head=Categorical(3)).log_prob(x)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float64])
def test_classes_of_any_dtype_are_data(dtype):
    model = MADE(3, (8,), head=Categorical(2), seed=0)
    x = torch.tensor([[0, 1, 1], [1, 0, 1]])
    assert torch.equal(model.log_prob(x.to(dtype)), model.log_prob(x.float()))
    Categorical(2).check(torch.zeros(0, 3, dtype=dtype))


@pytest.mark.parametrize("head", [Categorical, MixtureOfGaussians])
@pytest.mark.parametrize(
    ("number", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError), (True, TypeError)]
)
def test_a_head_needs_a_number_of_its_parts(head, number, error):
    with pytest.raises(error, match=r"num_\w+ must be (at least|a whole number)"):
        head(number)


def test_one_class_is_no_variable():
    with pytest.raises(ValueError, match="num_classes must be at least 2, got 1"):
        Categorical(1)


# ---- densities ----------------------------------------------------------------------------------


def density_by_hand(params, x):
    """The formula of the class, component by component."""
    logits, means, log_scales = params.chunk(3, dim=-1)
    scales = log_scales.exp()
    bells = (-0.5 * ((x[..., None] - means) / scales) ** 2).exp() / (
        scales * math.sqrt(2 * math.pi)
    )
    return (logits.exp() / logits.exp().sum(-1, keepdim=True) * bells).sum(-1)


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_a_density_is_the_formula_of_the_class(seed, components):
    generator = torch.Generator().manual_seed(seed)
    params = torch.randn(20, 3 * components, generator=generator, dtype=torch.float64)
    x = 2 * torch.randn(20, generator=generator, dtype=torch.float64)
    found = MixtureOfGaussians(components).log_prob(params, x)
    torch.testing.assert_close(found.exp(), density_by_hand(params, x))


def test_a_standard_deviation_has_a_floor():
    head = MixtureOfGaussians(1)
    params = torch.tensor([0.0, 0.0, -50.0], dtype=torch.float64, requires_grad=True)
    found = head.log_prob(params, torch.tensor(0.0, dtype=torch.float64))
    assert found.item() == pytest.approx(7 - 0.5 * math.log(2 * math.pi))
    found.backward()
    assert params.grad.isfinite().all()


@pytest.mark.parametrize("input_dim", [1, 2])
@pytest.mark.parametrize(("hidden_dims", "num_masks"), [((), 1), ((9,), 2), ((9, 8), None)])
@pytest.mark.parametrize("direct", [False, True])
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


def test_a_density_that_sees_its_own_value_does_not():
    """The test above can fail."""
    model = with_weights(MADE(1, (), head=MixtureOfGaussians(1), seed=0).double(), 0.5)
    model.net[0].set_mask(torch.ones(3, 1))
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)[:, None]
    with torch.no_grad():
        total = model.log_prob(x).exp().sum().item() * 24 / 4000
    assert abs(total - 1) > 0.01


MIXTURE = torch.tensor(
    [math.log(0.3), math.log(0.7), -2.0, 1.0, math.log(0.5), math.log(0.8)], dtype=torch.float64
)
"""0.3 of a bell at -2 ± 0.5, and 0.7 of one at 1 ± 0.8."""


def mixture_cdf(x):
    below = torch.special.ndtr((x[:, None] - MIXTURE[2:4]) / MIXTURE[4:].exp())
    return (below * MIXTURE[:2].exp()).sum(dim=1)


def mixture_sample(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(n, generator=generator, dtype=torch.float64)
    return MixtureOfGaussians(2).sample(MIXTURE.expand(n, 6), noise)


def kolmogorov_distance(x):
    """Largest distance between the share of samples below each value and the true one, times √n."""
    n = len(x)
    expected = mixture_cdf(x.sort().values)
    steps = torch.arange(n + 1, dtype=torch.float64) / n
    far = torch.maximum((expected - steps[:-1]).abs(), (steps[1:] - expected).abs()).max()
    return far.item() * math.sqrt(n)


@pytest.mark.parametrize("seed", [0, 1])
def test_samples_of_a_mixture_have_its_distribution(seed):
    x = mixture_sample(20_000, seed)
    assert (
        kolmogorov_distance(x) < 1.95
    )  # one right sampler in a thousand is above; draws are fixed
    mean = 0.3 * -2 + 0.7 * 1
    variance = 0.3 * (0.5**2 + 4) + 0.7 * (0.8**2 + 1) - mean**2
    assert x.mean().item() == pytest.approx(mean, abs=5 * math.sqrt(variance / 20_000))
    assert x.var().item() == pytest.approx(variance, rel=0.05)


def test_samples_of_another_mixture_have_not():
    """The test above can fail."""
    assert kolmogorov_distance(mixture_sample(20_000) + 0.05) > 2.5


def test_within_a_component_the_value_rises_with_the_noise():
    u = torch.linspace(0, 1, 1001, dtype=torch.float64)
    x = MixtureOfGaussians(2).sample(MIXTURE.expand(1001, 6), u)
    first = u <= MIXTURE[0].exp()
    assert (x[first].diff() >= 0).all()
    assert (x[~first].diff() >= 0).all()
    assert x[first].median().item() == pytest.approx(-2, abs=0.01)
    assert x[~first].median().item() == pytest.approx(1, abs=0.01)


@given(st.integers(0, 10**6))
@settings(max_examples=25)
def test_one_component_inverts_its_distribution(seed):
    generator = torch.Generator().manual_seed(seed)
    params = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    u = torch.rand(50, generator=generator, dtype=torch.float64)
    x = MixtureOfGaussians(1).sample(params, u)
    found = torch.special.ndtr((x - params[:, 1]) / params[:, 2].exp())
    torch.testing.assert_close(found, u, rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_mixtures_of_extreme_parameters_stay_finite(dtype):
    head = MixtureOfGaussians(2)
    params = torch.tensor(
        [
            [1000.0, -1000.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1e6, -1e6, -1000.0, 20.0],
            [0.0, 0.0, 0.0, 0.0, -1000.0, -1000.0],
        ],
        dtype=dtype,
        requires_grad=True,
    )
    for u in (0.0, 0.25, 0.75, 1.0):
        x = head.sample(params, torch.full((3,), u, dtype=dtype)).detach()
        assert x.isfinite().all()
        found = head.log_prob(params, x)
        assert found.isfinite().all()
        (grad,) = torch.autograd.grad(found.sum(), params)
        assert grad.isfinite().all()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_data_that_are_not_finite_have_no_density(value):
    x = torch.tensor([[0.0, value, value]])
    message = rf"^data must be finite, got {value} and 1 more such values: drop the rows"
    with pytest.raises(ValueError, match=message):
        MixtureOfGaussians(2).check(x)
    with pytest.raises(ValueError, match=message):
        MADE(3, (4,), head=MixtureOfGaussians(2)).log_prob(x)


@pytest.mark.parametrize("hidden_dims", [(), (9,), (9, 8)])
@pytest.mark.parametrize("num_masks", [1, 3])
@torch.no_grad()
def test_a_scale_of_10_costs_d_ln_10_nats(hidden_dims, num_masks):
    """Input weights by 1/10, means by 10, standard deviations by 10: a network for 10 x."""
    model = MADE(
        4,
        hidden_dims,
        natural_order=False,
        head=MixtureOfGaussians(3),
        direct=True,
        conditioning=True,
        num_masks=num_masks,
        seed=0,
    ).double()
    with_weights(model, 0.5)
    x = 2 * torch.randn(50, 4, dtype=torch.float64)
    before = model.log_prob(x), model.log_prob(x, ensemble=num_masks)
    model.net[0].weight /= 10
    model.direct.weight /= 10
    last = model.net[-1]
    to_outputs = {last.weight, last.bias, last.conditioning, *model.direct.parameters()} - {None}
    for weight in to_outputs:
        weight.unflatten(0, (4, 9))[:, 3:6] *= 10
    last.bias.view(4, 9)[:, 6:] += math.log(10)
    after = model.log_prob(10 * x), model.log_prob(10 * x, ensemble=num_masks)
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(other, one - 4 * math.log(10), rtol=1e-9, atol=1e-9)


def test_log_densities_may_be_positive():
    model = MADE(2, (), head=MixtureOfGaussians(1))
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].bias.copy_(torch.tensor([0.0, 0.0, -5.0] * 2))
    assert model.log_prob(torch.zeros(1, 2)).item() == pytest.approx(10 - math.log(2 * math.pi))


@pytest.mark.parametrize("components", [1, 2, 3, 10])
def test_bells_start_side_by_side_and_fit_standardised_data(components):
    head = MixtureOfGaussians(components)
    start = head.start().double()
    assert start.shape == (head.params_per_variable,)
    bells = head.distribution(start)
    assert bells.mean.item() == pytest.approx(0, abs=1e-6)
    assert bells.variance.item() == pytest.approx(1, abs=1e-6)
    _, means, log_scales = start.chunk(3)
    assert log_scales.exp().tolist() == pytest.approx([1 / components] * components)
    assert means.diff().tolist() == pytest.approx([math.sqrt(12) / components] * (components - 1))


@pytest.mark.parametrize("hidden_dims", [(), (9,)])
def test_a_new_network_starts_where_its_head_says(hidden_dims):
    head = MixtureOfGaussians(3)
    model = MADE(4, hidden_dims, head=head, direct=True)
    assert torch.equal(model.net[-1].bias.view(4, 9), head.start().expand(4, 9))
    for other in (Bernoulli(), Categorical(3)):  # as PyTorch draws it, and the stream goes on alike
        torch.manual_seed(0)
        model = MADE(4, hidden_dims, head=other, seed=0)
        assert other.start() is None
        assert model.net[-1].bias.unique().numel() > 1


def test_what_fit_finds_is_the_mixture_that_was_drawn_from():
    x = mixture_sample(4_000).float()[:, None]
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
    torch.testing.assert_close(
        torch.softmax(logits, -1), torch.tensor([0.3, 0.7]), rtol=0, atol=0.04
    )
    torch.testing.assert_close(means, torch.tensor([-2.0, 1.0]), rtol=0, atol=0.08)
    torch.testing.assert_close(log_scales.exp(), torch.tensor([0.5, 0.8]), rtol=0, atol=0.06)


def test_trained_on_data_10_times_as_large_it_costs_d_ln_10_nats():
    generator = torch.Generator().manual_seed(0)
    first, noise = torch.randn(2, 600, generator=generator)
    x = torch.stack([first, first.abs() + 0.5 * noise], dim=1)
    found = []
    for scale in (1, 10):
        torch.manual_seed(0)
        model = MADE(2, (16,), activation="tanh", head=MixtureOfGaussians(3), direct=True, seed=0)
        fit(model, scale * x, epochs=60, batch_size=60, lr=0.03, seed=0, progress=False)
        found.append(evaluate(model, scale * x))
    # over four seeds the two networks end within 0.014 nats of one another
    assert found[1] - found[0] == pytest.approx(2 * math.log(10), abs=0.03)


def test_two_moons_are_learned_to_within_a_tenth_of_a_nat_of_their_entropy():
    train, test = two_moons(1500, seed=0), two_moons(4000, seed=1)
    torch.manual_seed(0)
    head = MixtureOfGaussians(8)
    model = MADE(2, (32, 32), ordering=[1, 0], degrees="even", head=head, seed=0)
    assert fit(model, train, epochs=30, batch_size=100, seed=0, progress=False).unit == (
        "differential nats"
    )
    # over five seeds 0.019 to 0.052 nats above; where all bells start alike, 0.186 to 0.527
    assert evaluate(model, test) == pytest.approx(1.008, abs=0.1)
