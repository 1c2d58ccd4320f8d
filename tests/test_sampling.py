"""Samples: two ways that agree on the same noise, and agree with the distribution itself."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import made_course.made as made
from made_course import MADE, complete, completion_degrees, conditional
from made_course.heads import Bernoulli, MixtureOfGaussians
from made_course.sampling import BLOCK, sample_naive

CYCLE = [1, 2, 0]  # x2, then x3, then x1
METHODS = ["incremental", "naive"]
METHOD = pytest.mark.parametrize("method", METHODS)


def uniforms(n, input_dim, seed=0, dtype=torch.float64):
    return torch.rand(n, input_dim, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@torch.no_grad()
def with_weights(model, scale, seed=0):
    """Normal weights whose sums have a standard deviation of about ``scale`` at every unit."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        size = parameter.shape[-1] ** 0.5 if parameter.dim() == 2 else 1
        parameter.normal_(std=scale / size, generator=generator)
    return model


@torch.no_grad()
def fill_masked(model, value):
    """Garbage where the masks are zero."""
    for layer in model.modules():
        if isinstance(layer, made.MaskedLinear):
            layer.weight.masked_fill_(layer.mask == 0, value)


@st.composite
def models(draw, largest=2 * BLOCK + 6):
    """A float64 model with any architecture, ordering, degrees and weights."""
    input_dim = draw(
        st.one_of(st.integers(1, 10), st.integers(1, largest), st.integers(BLOCK - 1, BLOCK + 1))
    )
    seed = draw(st.integers(0, 10**6))
    model = MADE(
        input_dim,
        hidden_dims=draw(st.lists(st.integers(1, 40), max_size=3)),
        natural_order=draw(st.booleans()),
        activation=draw(st.sampled_from(["relu", "tanh", "silu"])),
        degrees=draw(st.sampled_from(["uniform", "paper", "even"])),
        direct=draw(st.booleans()),
        dropout=draw(st.sampled_from([0.0, 0.5])),
        seed=seed,
    ).double()
    with_weights(model, draw(st.sampled_from([0.5, 3.0, 30.0])), seed)
    fill_masked(model, draw(st.sampled_from([0.0, 1.0, -1e30])))
    return model


# ---- the two ways agree -------------------------------------------------------------------------


def test_an_infinite_unit_that_is_not_known_yet_changes_nothing():
    model = with_weights(MADE(40, (30, 30), activation="tanh", seed=0).double(), 3.0)
    with torch.no_grad():
        model.net[0].bias[5] = torch.inf
    noise = uniforms(50, 40)
    naive = model.sample(50, method="naive", noise=noise)
    assert torch.equal(model.sample(50, noise=noise), naive)


@given(models(), st.integers(1, 9), st.integers(0, 10**6))
@settings(max_examples=150)
def test_both_ways_agree_bit_for_bit_in_float64(model, n, seed):
    noise = uniforms(n, model.input_dim, seed)
    naive = model.sample(n, method="naive", noise=noise)
    assert torch.equal(model.sample(n, noise=noise), naive)
    assert naive.shape == (n, model.input_dim)
    assert naive.dtype == torch.float64
    assert ((naive == 0) | (naive == 1)).all()


@given(st.integers(0, 10**6), st.booleans())
@settings(max_examples=25)
def test_both_ways_agree_whatever_the_hidden_degrees(seed, direct):
    """Degrees that no draw gives: all alike, falling from layer to layer, only the last one."""
    generator = torch.Generator().manual_seed(seed)
    model = MADE(40, (6, 6, 6), natural_order=False, direct=direct, seed=seed).double()
    with_weights(model, 3.0, seed)
    degrees = torch.randint(1, 40, (1, 18), generator=generator)
    degrees[0, :6] = int(degrees[0, 0])
    degrees[0, 12:] = torch.tensor([1, 39])[torch.randint(2, (6,), generator=generator)]
    model.load_state_dict({**model.state_dict(), "hidden_degrees": degrees})
    noise = uniforms(20, 40, seed)
    assert torch.equal(model.sample(20, noise=noise), model.sample(20, noise=noise, method="naive"))


@pytest.mark.parametrize("options", [{}, {"direct": True, "degrees": "even"}], ids=["", "direct"])
def test_in_float32_they_part_only_where_the_noise_meets_p(options):
    model = MADE(100, (64, 64), natural_order=False, seed=1, **options)
    with_weights(model, 3.0)
    noise = uniforms(2000, 100, dtype=torch.float32)
    naive = model.sample(2000, noise=noise, method="naive")
    incremental = model.sample(2000, noise=noise)
    assert incremental.dtype == torch.float32
    ordering = torch.argsort(model.order)
    parts = naive[:, ordering] != incremental[:, ordering]
    rows = parts.any(dim=1).nonzero().ravel()
    assert len(rows) < 20
    with torch.no_grad():
        p = torch.sigmoid(model(naive))  # up to where they part, either row gives the same
    for row in rows:
        i = ordering[parts[row].int().argmax()]
        assert (noise[row, i] - p[row, i]).abs() < 1e-5


@METHOD
def test_samples_are_one_where_the_noise_is_at_most_p(method):
    """The definition itself: of any sample, each entry follows from the conditionals it has."""
    model = with_weights(MADE(40, (30, 30), natural_order=False, direct=True, seed=3), 3.0).double()
    noise = uniforms(50, 40)
    x = model.sample(50, noise=noise, method=method)
    with torch.no_grad():
        assert torch.equal(x, (noise <= torch.sigmoid(model(x))).double())


# ---- the ordering -------------------------------------------------------------------------------


def copying_model():
    """x2 is a fair coin, x3 copies x2, and x1 copies x3."""
    model = MADE(3, hidden_dims=(), ordering=CYCLE)
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].weight[2, 1] = model.net[0].weight[0, 2] = 200.0
        model.net[0].bias.copy_(torch.tensor([-100.0, 0.0, -100.0]))
    return model


@METHOD
def test_variables_are_drawn_in_the_ordering_and_not_in_its_inverse(method):
    model = copying_model()
    noise = torch.tensor([[0.5, 0.1, 0.5], [0.5, 0.9, 0.5]])
    assert model.sample(2, noise=noise, method=method).tolist() == [[1, 1, 1], [0, 0, 0]]


def test_the_degrees_taken_for_the_ordering_give_other_samples():
    """The test above can fail."""
    model, noise = copying_model(), torch.tensor([[0.5, 0.1, 0.5]])
    wrong = torch.argsort(model.order) + 1
    with torch.no_grad():
        assert sample_naive(model, wrong, noise, Bernoulli()).tolist() != [[1, 1, 1]]


# ---- the distribution ---------------------------------------------------------------------------

CELLS, DRAWS = 2**6, 20_000


@pytest.fixture(scope="module")
def peaked():
    """A model of six variables that depend strongly on each other, in no simple order."""
    model = MADE(6, (16, 16), ordering=[1, 2, 0, 5, 3, 4], degrees="even", direct=True, seed=0)
    return with_weights(model.double(), 2.0, seed=4)


def g_test(model, samples):
    """Of a G-test of samples against the model's own probabilities: p-value, by the chi-square.

    Cells that expect fewer than five samples count as one.
    """
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * model.input_dim)
    with torch.no_grad():
        expected = model.log_prob(x).exp() * len(samples)
    places = 2 ** torch.arange(model.input_dim - 1, -1, -1)
    observed = torch.bincount((samples.long() * places).sum(dim=1), minlength=len(x)).double()
    rare = expected < 5
    expected = torch.cat([expected[~rare], expected[rare].sum()[None]])
    observed = torch.cat([observed[~rare], observed[rare].sum()[None]])
    g = 2 * (torch.xlogy(observed, observed / expected)).sum()
    freedom = torch.tensor(len(expected) - 1.0, dtype=torch.float64)
    return torch.special.gammaincc(freedom / 2, g / 2).item()


@METHOD
@pytest.mark.parametrize("seed", [0, 1])
def test_samples_follow_the_models_distribution(peaked, method, seed):
    generator = torch.Generator().manual_seed(seed)
    samples = peaked.sample(DRAWS, method=method, generator=generator)
    # below this one in ten thousand right samplers falls; the draws are the same in each run
    assert g_test(peaked, samples) > 1e-4


def test_samples_in_the_wrong_ordering_do_not(peaked):
    """The test above can fail: degrees taken as ``ordering + 1``."""
    wrong = torch.argsort(peaked.order) + 1
    with torch.no_grad():
        samples = sample_naive(peaked, wrong, uniforms(DRAWS, 6), peaked.head)
    assert g_test(peaked, samples) < 1e-12


def test_samples_of_a_slightly_different_model_do_not(peaked):
    other = with_weights(MADE(6, (16, 16), seed=0).double(), 2.0, seed=4)
    other.load_state_dict({k: v for k, v in peaked.state_dict().items() if "direct" not in k})
    assert g_test(peaked, other.sample(DRAWS)) < 1e-12


# ---- noise and random streams -------------------------------------------------------------------


@METHOD
def test_noise_of_0_gives_ones_and_noise_of_1_gives_zeros(method):
    model = MADE(40, (20,), seed=0)
    assert model.sample(3, noise=torch.zeros(3, 40), method=method).eq(1).all()
    assert model.sample(3, noise=torch.ones(3, 40), method=method).eq(0).all()


@METHOD
def test_probabilities_of_0_and_1_are_certain(method):
    model = MADE(3, hidden_dims=())
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].bias.copy_(torch.tensor([1000.0, -1000.0, 1000.0]))
    noise = torch.tensor([[1.0, 1e-30, 1.0], [0.5, 0.5, 0.5]])
    assert model.sample(2, noise=noise, method=method).tolist() == [[1, 0, 1]] * 2


@METHOD
def test_a_generator_repeats_the_samples_and_leaves_the_global_stream_alone(method):
    model = MADE(50, (20,), seed=0)
    before = torch.get_rng_state()
    first, again, other = (
        model.sample(100, method=method, generator=torch.Generator().manual_seed(seed))
        for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    model.sample(100, method=method, noise=torch.rand(100, 50, generator=torch.Generator()))
    assert torch.equal(torch.get_rng_state(), before)


@METHOD
def test_without_noise_the_global_stream_repeats_the_samples(method):
    model = MADE(50, (20,), seed=0)
    torch.manual_seed(7)
    first = model.sample(100, method=method)
    second = model.sample(100, method=method)
    torch.manual_seed(7)
    assert torch.equal(model.sample(100, method=method), first)
    assert not torch.equal(second, first)
    torch.manual_seed(7)
    assert torch.equal(model.sample(100, noise=torch.rand(100, 50), method=method), first)


def test_both_ways_draw_the_same_from_the_same_generator():
    model = with_weights(MADE(50, (20,), seed=0).double(), 3.0)
    first, second = (
        model.sample(100, method=method, generator=torch.Generator().manual_seed(3))
        for method in METHODS
    )
    assert torch.equal(first, second)


@METHOD
def test_noise_is_left_as_it_was(method):
    model, noise = MADE(5, (8,), seed=0), uniforms(4, 5, dtype=torch.float32)
    before = noise.clone()
    model.sample(4, noise=noise, method=method)
    assert torch.equal(noise, before)


# ---- in parts -----------------------------------------------------------------------------------


@METHOD
@pytest.mark.parametrize("n", [1, 6, 7, 8, 23])
def test_many_samples_are_drawn_in_parts_that_do_not_show(monkeypatch, method, n):
    model = with_weights(MADE(40, (20, 20), natural_order=False, seed=0).double(), 3.0)
    noise = uniforms(n, 40)
    whole = model.sample(n, noise=noise, method=method)

    rows = []
    real = getattr(made, f"sample_{method}")

    def spy(*arguments):
        rows.append(next(a for a in arguments if getattr(a, "dtype", None) == noise.dtype).shape[0])
        return real(*arguments)

    monkeypatch.setattr(made, f"sample_{method}", spy)
    monkeypatch.setattr(made, "SAMPLES_AT_ONCE", 7)
    assert torch.equal(model.sample(n, noise=noise, method=method), whole)
    assert sum(rows) == n
    assert max(rows) <= 7


def test_parts_differ_from_each_other_when_noise_is_drawn(monkeypatch):
    monkeypatch.setattr(made, "SAMPLES_AT_ONCE", 5)
    first, second = MADE(60, (10,), seed=0).sample(10).split(5)
    assert not torch.equal(first, second)


# ---- whatever the mode --------------------------------------------------------------------------


@METHOD
def test_dropout_is_off_and_every_module_keeps_its_mode(method):
    model = with_weights(MADE(40, (30, 30), dropout=0.5, seed=0).double(), 3.0)
    noise = uniforms(50, 40)
    model.eval()
    expected = model.sample(50, noise=noise, method=method)
    model.train()
    model.net[1].eval()
    modes = [module.training for module in model.modules()]
    assert torch.equal(model.sample(50, noise=noise, method=method), expected)
    assert [module.training for module in model.modules()] == modes


@METHOD
def test_autocast_changes_no_sample(method):
    model = with_weights(MADE(40, (30, 30), direct=True, seed=0), 3.0)
    noise = uniforms(500, 40, dtype=torch.float32)
    expected = model.sample(500, noise=noise, method=method)
    with torch.autocast("cpu", torch.bfloat16):
        assert model(noise).dtype == torch.bfloat16, "autocast is off: the test proves nothing"
        samples = model.sample(500, noise=noise, method=method)
    assert samples.dtype == torch.float32
    assert torch.equal(samples, expected)


@METHOD
def test_samples_carry_no_gradient_and_leave_none(method):
    model = MADE(5, (8,), seed=0)
    assert not model.sample(3, method=method).requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())


@METHOD
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_samples_have_the_models_dtype_whatever_the_noises(method, dtype):
    model = MADE(5, (8,), seed=0).to(dtype)
    for noise in (None, torch.rand(3, 5), torch.rand(3, 5, dtype=torch.float64)):
        assert model.sample(3, noise=noise, method=method).dtype == dtype


@METHOD
def test_samples_are_memory_of_their_own(method):
    """What was drawn may be changed, and is laid out as a data set is."""
    model = MADE(5, (8,), seed=0)
    noise = torch.rand(3, 5)
    x = model.sample(3, noise=noise, method=method)
    assert x.is_contiguous()
    x.fill_(7)
    assert model.sample(3, noise=noise, method=method).max() <= 1


def test_samples_go_to_the_device_that_is_named():
    assert MADE(5, (8,)).sample(3, "cpu").device.type == "cpu"
    assert MADE(5, (8,)).sample(3, device=torch.device("meta")).device.type == "meta"


# ---- bad arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, r"n_samples must be at least 1, got 0", {"n_samples": 0}),
        (ValueError, r"n_samples must be at least 1, got -2", {"n_samples": -2}),
        (TypeError, r"n_samples must be a whole number, got 1\.5", {"n_samples": 1.5}),
        (TypeError, r"n_samples must be a whole number, got '3'", {"n_samples": "3"}),
        (ValueError, r"unknown method 'fast': choose one of incremental, n", {"method": "fast"}),
        (ValueError, r"unknown method None", {"method": None}),
        (ValueError, r"shape .* = \(2, 5\), got \(2, 4\)", {"noise": torch.rand(2, 4)}),
        (ValueError, r"shape .* = \(2, 5\), got \(3, 5\)", {"noise": torch.rand(3, 5)}),
        (ValueError, r"shape .* = \(2, 5\), got \(5,\)", {"noise": torch.rand(5)}),
        (ValueError, r"shape .* = \(2, 5\), got \(1, 2, 5\)", {"noise": torch.rand(1, 2, 5)}),
        (TypeError, r"noise must be a torch\.Tensor, got list", {"noise": [[0.5] * 5] * 2}),
        (ValueError, r"noise must lie between 0 and 1", {"noise": torch.full((2, 5), 1.5)}),
        (ValueError, r"noise must lie between 0 and 1", {"noise": torch.full((2, 5), -0.1)}),
        (ValueError, r"noise must lie between 0 and 1", {"noise": torch.full((2, 5), torch.nan)}),
        (
            ValueError,
            r"give either noise or a generator of noise, not both",
            {"noise": torch.rand(2, 5), "generator": torch.Generator()},
        ),
    ],
)
def test_bad_arguments_are_refused_and_change_nothing(error, message, arguments):
    model = MADE(5, (8,), dropout=0.5, seed=0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stream = torch.get_rng_state()
    with pytest.raises(error, match=message):
        model.sample(**{"n_samples": 2, **arguments})
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model.training
    assert torch.equal(torch.get_rng_state(), stream)


# ---- noise of any dtype -------------------------------------------------------------------------


@pytest.mark.parametrize("noise_dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ensemble", [None, 3])
def test_both_ways_take_noise_of_any_dtype(noise_dtype, dtype, ensemble):
    model = MADE(5, (8,), natural_order=False, num_masks=3, head=MixtureOfGaussians(2), seed=0)
    with_weights(model.to(dtype), 1.0)
    noise = uniforms(50, 5, dtype=noise_dtype)
    naive, incremental = (
        model.sample(50, noise=noise, method=method, ensemble=ensemble) for method in METHODS
    )
    tolerance = 1e-12 if dtype == torch.float64 else 1e-4
    torch.testing.assert_close(naive, incremental, rtol=tolerance, atol=tolerance)
    assert naive.dtype == dtype


@METHOD
def test_noise_of_whole_numbers_cuts_no_values(method):
    model = with_weights(MADE(5, (8,), head=MixtureOfGaussians(2), seed=0), 1.0)
    noise = torch.randint(2, (20, 5))
    expected = model.sample(20, noise=noise.float(), method=method)
    assert torch.equal(model.sample(20, noise=noise, method=method), expected)
    assert (expected != expected.round()).any()


# ---- completion and conditionals: modes, warnings, arguments ------------------------------------


def test_dropout_is_off_in_completions_and_conditionals_and_the_mode_is_kept():
    model = with_weights(MADE(6, (30, 30), dropout=0.5, seed=0).double(), 2.0)
    x, known = uniforms(3, 6).round(), torch.tensor([False, False, True, True, False, True])
    noise = torch.stack([uniforms(50, 6, seed) for seed in range(3)])
    model.eval()
    expected = complete(model, x, known, 50, noise=noise), conditional(model, x, 4)
    model.train()
    model.net[1].eval()
    modes = [module.training for module in model.modules()]
    stream = torch.get_rng_state()
    found = complete(model, x, known, 50, noise=noise), conditional(model, x, 4)
    assert torch.equal(found[0].samples, expected[0].samples)
    assert torch.equal(found[0].log_weights, expected[0].log_weights)
    assert torch.equal(found[1], expected[1])
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), stream)


def test_the_warning_of_few_effective_samples_points_at_the_call():
    model = MADE(4, (8,), seed=0)
    with pytest.warns(UserWarning, match=r"worth 1\.0 exact ones \(of 1\)") as caught:
        complete(model, torch.ones(1, 4), torch.tensor([0, 0, 0, 1]))
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("known", "error", "message"),
    [
        ([True, False, False], TypeError, r"known must be a torch\.Tensor, got list"),
        (torch.ones(4), ValueError, r"known must have shape \(3,\), got \(4,\)"),
        (torch.ones(1, 3), ValueError, r"known must have shape \(3,\), got \(1, 3\)"),
        (torch.tensor([0, 2, 1]), ValueError, r"known must hold only True and False"),
    ],
)
def test_degrees_for_a_completion_need_a_mask(known, error, message):
    with pytest.raises(error, match=message):
        completion_degrees(MADE(3, (4,)), known)


def test_degrees_for_a_completion_take_zeros_and_ones():
    model = MADE(3, (4,), natural_order=False, num_masks=None, seed=0)
    known = torch.tensor([0, 1, 1])
    found, expected = (completion_degrees(model, mask)[0] for mask in (known, known.bool()))
    assert all(map(torch.equal, found, expected))
