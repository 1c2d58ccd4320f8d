"""Samples: two ways that agree on the same noise, and agree with the distribution itself."""

import math
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import made_course.made as made
import made_course.sampling as sampling
from made_course import MADE, NADE, complete, completion_degrees, conditional
from made_course.heads import Bernoulli, Categorical, MixtureOfGaussians
from made_course.sampling import BLOCK, sample_naive
from tests.every_head import HEADS
from tests.members import under

CYCLE = [1, 2, 0]  # x2, then x3, then x1
pytestmark = pytest.mark.filterwarnings("ignore:these completions are worth")
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
            if layer.conditioning is not None:
                layer.conditioning.masked_fill_(layer.mask == 0, value)


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
    model.load_state_dict({**model.state_dict(), "mask_sets.hidden_degrees": degrees})
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
    """Of a G-test of samples against the model's own probabilities: p-value, by the chi-square."""
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * model.input_dim)
    with torch.no_grad():
        return p_value(samples, x, model.log_prob(x).exp())


def p_value(samples, rows, p):
    """Of a G-test of samples against the probability p of each row that there is.

    Cells that expect fewer than five samples count as one.
    """
    cells = {tuple(row): k for k, row in enumerate(rows.tolist())}
    places = torch.tensor([cells[tuple(row)] for row in samples.tolist()])
    observed = torch.bincount(places, minlength=len(rows)).double()
    expected = p.double() * len(samples)
    rare = expected < 5
    if rare.any():
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
def test_fresh_noise_inks_nothing_that_is_hardly_possible(method, monkeypatch):
    """torch.rand gives exact zeros, and u <= p would be true of every p."""
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.zeros(shape))
    model = MADE(3, hidden_dims=())
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].bias.copy_(torch.tensor([-1000.0, -30.0, -10.0]))
    assert model.sample(1, method=method).tolist() == [[0, 0, 1]]


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

    rows, real = [], sampling.sample_rows

    def spy(model, noise, *more):
        rows.append(len(noise))
        return real(model, noise, *more)

    monkeypatch.setattr(sampling, "sample_rows", spy)
    monkeypatch.setattr(sampling, "SAMPLES_AT_ONCE", 7)
    assert torch.equal(model.sample(n, noise=noise, method=method), whole)
    assert sum(rows) == n
    assert max(rows) <= 7


def test_parts_differ_from_each_other_when_noise_is_drawn(monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLES_AT_ONCE", 5)
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
        (TypeError, r"generator must be a torch\.Generator, .*, got 0", {"generator": 0}),
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
    ("n", "worth", "few"), [(8, 1, True), (8, 2, False), (8, 7, False), (8, 8, None), (40, 3, True)]
)
def test_samples_that_do_not_count_alike_are_worth_a_warning(n, worth, few):
    """x2 copies x1 and is known to be 1: a sample counts where its x1 is 1, and else not at all."""
    model = with_weights(MADE(2, hidden_dims=()), 0.0)
    with torch.no_grad():
        model.net[0].weight[1, 0] = 60.0
        model.net[0].bias[1] = -30.0
    noise = torch.ones(1, n, 2)
    noise[0, :worth] = 0.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = complete(model, torch.ones(1, 2), torch.tensor([False, True]), n, noise=noise)
    assert found.effective_sample_size.item() == pytest.approx(worth)
    said = [str(warning.message) for warning in caught]
    assert len(said) == (few is not None)
    assert all(f"worth {worth}.0 exact ones (of {n})" in line for line in said)
    assert all("Take .draw(n), .mean or .class_shares(i)" in line for line in said)
    assert all(("Ask for more" in line) == few for line in said)


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


# ---- every head in both ways --------------------------------------------------------------------


@st.composite
def models_of_any_head(draw):
    """A float64 model with any head, many masks or one, conditioned or not."""
    seed = draw(st.integers(0, 10**6))
    head = draw(st.sampled_from(HEADS))
    model = MADE(
        draw(st.one_of(st.integers(1, 12), st.integers(BLOCK - 1, BLOCK + 3))),
        draw(st.lists(st.integers(1, 30), max_size=3)),
        draw(st.booleans()),
        activation=draw(st.sampled_from(["relu", "tanh", "silu"])),
        degrees=draw(st.sampled_from(["uniform", "paper", "even"])),
        head=head,
        direct=draw(st.booleans()),
        conditioning=draw(st.booleans()),
        num_masks=draw(st.sampled_from([1, 3, None])),
        seed=seed,
    ).double()
    # large weights make standard deviations and rates explode from one variable to the next
    scales = [0.5, 3.0, 30.0] if isinstance(head, Bernoulli | Categorical) else [0.05, 0.2]
    with_weights(model, draw(st.sampled_from(scales)), seed)
    if model.num_masks == 1:  # what one set masks, another may use
        fill_masked(model, draw(st.sampled_from([0.0, -1e30])))
    return model


@given(models_of_any_head(), st.booleans(), st.integers(0, 10**6))
@settings(max_examples=60)
def test_both_ways_agree_for_every_head(model, as_ensemble, seed):
    noise = uniforms(7, model.input_dim, seed)
    ensemble = (model.num_masks or 3) if as_ensemble else None
    naive = model.sample(7, method="naive", noise=noise, ensemble=ensemble)
    incremental = model.sample(7, noise=noise, ensemble=ensemble)
    if model.head.is_density:
        torch.testing.assert_close(incremental, naive, rtol=1e-9, atol=1e-9)
    else:
        assert torch.equal(incremental, naive)
    model.check_data(incremental)


@pytest.mark.parametrize("head", HEADS, ids=repr)
@METHOD
def test_each_value_follows_from_the_conditionals_of_its_row(head, method):
    """The definition itself, for every head."""
    model = MADE(20, (30,), natural_order=False, head=head, direct=True, conditioning=True, seed=3)
    with_weights(model.double(), 0.2)  # larger ones make the spread of some heads explode
    noise = uniforms(30, 20)
    x = model.sample(30, noise=noise, method=method)
    with torch.no_grad():
        params = model(x).view(30, 20, head.params_per_variable)
    torch.testing.assert_close(x, head.sample(params, noise), rtol=1e-9, atol=1e-9)


@METHOD
def test_samples_of_classes_follow_the_models_distribution(method):
    model = MADE(4, (9,), natural_order=False, head=Categorical(3), num_masks=2, seed=0).double()
    with_weights(model, 2.0)
    x = torch.cartesian_prod(*[torch.arange(3.0)] * 4)
    for ensemble in (None, 2):
        generator = torch.Generator().manual_seed(1)
        samples = model.sample(DRAWS, method=method, generator=generator, ensemble=ensemble)
        with torch.no_grad():
            p = model.log_prob(x, ensemble).exp()
        assert p_value(samples, x, p) > 1e-4
    with torch.no_grad():
        assert p_value(samples, x, model.log_prob(x).exp()) < 1e-12, "of one of the two members"


# ---- ensembles ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed():
    """Two orderings and two sets of hidden degrees that are far from one another."""
    model = MADE(5, (16,), natural_order=False, direct=True, num_masks=3, seed=1).double()
    return with_weights(model, 2.0, seed=4)


@METHOD
def test_samples_of_an_ensemble_follow_the_mixture_and_no_member(mixed, method):
    generator = torch.Generator().manual_seed(0)
    samples = mixed.sample(DRAWS, method=method, generator=generator, ensemble=3)
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 5)
    with torch.no_grad():
        assert p_value(samples, x, mixed.log_prob(x, 3).exp()) > 1e-4
        for number in range(3):
            member = under(mixed, mixed.mask_sets.member(number))
            assert p_value(samples, x, member.log_prob(x).exp()) < 1e-12
        assert p_value(samples, x, mixed.log_prob(x, 2).exp()) < 1e-12


def test_samples_of_the_ensemble_of_fresh_masks_follow_its_mixture():
    model = MADE(5, (16,), natural_order=False, direct=True, num_masks=None, seed=1).double()
    with_weights(model, 2.0, seed=4)
    samples = model.sample(DRAWS, generator=torch.Generator().manual_seed(0), ensemble=4)
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 5)
    with torch.no_grad():
        assert p_value(samples, x, model.log_prob(x, 4).exp()) > 1e-4
        assert p_value(samples, x, model.log_prob(x).exp()) < 1e-12


@METHOD
def test_the_first_noise_chooses_the_member_and_what_it_leaves_is_noise(mixed, method):
    noise = uniforms(60, 5)
    found = mixed.sample(60, noise=noise, method=method, ensemble=3)
    members = (3 * noise[:, 0]).long()
    assert members.unique().tolist() == [0, 1, 2]
    for number in range(3):
        rows = members == number
        rest = noise[rows].clone()
        rest[:, 0] = 3 * rest[:, 0] - number
        member = under(mixed, mixed.mask_sets.member(number))
        assert torch.equal(found[rows], member.sample(len(rest), noise=rest))


@METHOD
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_ensemble_takes_noise_of_0_and_1(mixed, method, dtype):
    noise = torch.tensor([0.0, 1.0], dtype=dtype)[:, None].expand(2, 5)
    model = MADE(5, (16,), natural_order=False, direct=True, num_masks=3, seed=1).to(dtype)
    assert model.sample(2, noise=noise, method=method, ensemble=3).tolist() == [[1] * 5, [0] * 5]
    assert noise.tolist() == [[0] * 5, [1] * 5], "noise is not changed"


def test_an_ensemble_of_one_is_the_first_set(mixed):
    noise = uniforms(50, 5)
    first = under(mixed, mixed.mask_sets.member(0)).sample(50, noise=noise)
    assert torch.equal(mixed.sample(50, noise=noise, ensemble=1), first)


def test_an_ensemble_is_drawn_in_parts_that_do_not_show(monkeypatch, mixed):
    noise = uniforms(23, 5)
    whole = mixed.sample(23, noise=noise, ensemble=3)
    monkeypatch.setattr(sampling, "SAMPLES_AT_ONCE", 7)
    assert torch.equal(mixed.sample(23, noise=noise, ensemble=3), whole)


# ---- completion ---------------------------------------------------------------------------------


def given_the_known(model, x, known):
    """Every row that agrees with x where it is known, and its probability given that: by force."""
    rows = torch.cartesian_prod(*[torch.arange(2.0)] * model.input_dim)
    rows = rows[(rows == x)[:, known].all(dim=1)]
    with torch.no_grad():
        return rows, torch.softmax(model.log_prob(rows), dim=0)


KNOWN = torch.tensor([False, True, False, True, True, False, False])


def seven(scale=1.5, **arguments):
    defaults = {"natural_order": False, "direct": True, "conditioning": True, "seed": 2}
    model = MADE(7, (16, 16), **{**defaults, **arguments}).double()
    return with_weights(model, scale, seed=4)


ROW = torch.tensor([[1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]])


@pytest.mark.parametrize(
    "arguments",
    [
        {"ordering": [3, 1, 4, 6, 0, 2, 5]},
        {"num_masks": None},
        {"num_masks": None, "degrees": "paper"},
        {"ordering": [4, 3, 1, 6, 0, 2, 5], "num_masks": 3},
    ],
    ids=["given", "any", "any, paper", "given, 3 sets"],
)
def test_completions_follow_the_conditional_of_their_ordering(arguments):
    model = seven(**arguments)
    degrees, is_exact = completion_degrees(model, KNOWN)
    assert is_exact
    assert sorted(degrees[0][KNOWN].tolist()) == [1, 2, 3]
    generator = torch.Generator().manual_seed(0)
    found = complete(model, ROW, KNOWN, DRAWS, generator=generator)
    assert found.log_weights is None
    assert found.effective_sample_size.tolist() == [DRAWS]
    samples = found.samples[0]
    assert torch.equal(samples[:, KNOWN], ROW[:, KNOWN].double().expand(DRAWS, 3))
    rows, p = given_the_known(under(model, degrees), ROW, KNOWN)
    assert p.max() < 0.9
    assert p_value(samples, rows, p) > 1e-4


def test_completions_do_not_follow_another_orderings_conditional():
    """The test above can fail: this is the conditional of the ordering in use, not of theirs."""
    model = seven(num_masks=None)
    samples = complete(model, ROW, KNOWN, DRAWS).samples[0]
    assert p_value(samples, *given_the_known(model, ROW, KNOWN)) < 1e-12


def test_an_ordering_made_for_the_purpose_is_that_of_the_shared_weights():
    model = seven(num_masks=None)
    degrees, _ = completion_degrees(model, KNOWN)
    assert [len(d) for d in degrees] == [7, 16, 16]
    known, hidden = KNOWN.nonzero().ravel(), (~KNOWN).nonzero().ravel()
    assert known.double().mean() < hidden.double().mean()
    assert torch.equal(torch.argsort(degrees[0]), torch.cat([known, hidden]))
    (order, *_), _ = completion_degrees(model, KNOWN.flip(0))
    assert torch.equal(torch.argsort(order), 6 - torch.cat([known, hidden]))
    for _ in range(2):  # the same each time, whatever the masks in use
        model.resample_masks()
        again, _ = completion_degrees(model, KNOWN)
        assert all(map(torch.equal, again, degrees))


def test_a_wanted_ordering_is_taken_with_the_known_before_the_others():
    model, wanted = seven(num_masks=None), torch.tensor([5, 2, 0, 6, 4, 1, 3])
    degrees, is_exact = completion_degrees(model, KNOWN, wanted)
    assert is_exact
    ordering = torch.argsort(degrees[0]).tolist()
    known = [i for i in wanted.tolist() if KNOWN[i]]
    assert ordering == known + [i for i in wanted.tolist() if not KNOWN[i]]
    generator = torch.Generator().manual_seed(0)
    found = complete(model, ROW, KNOWN, DRAWS, ordering=wanted.tolist(), generator=generator)
    rows, p = given_the_known(under(model, degrees), ROW, KNOWN)
    assert p_value(found.samples[0], rows, p) > 1e-4
    by_index = given_the_known(under(model, completion_degrees(model, KNOWN)[0]), ROW, KNOWN)
    assert p_value(found.samples[0], *by_index) < 1e-12


@pytest.mark.parametrize(
    "arguments",
    [{}, {"num_masks": 3}, {"num_masks": None, "natural_order": True}],
    ids=["one set", "3 sets", "natural"],
)
def test_a_wanted_ordering_is_for_a_model_for_any(arguments):
    model = MADE(7, (8,), **{"natural_order": False, "seed": 0} | arguments)
    with pytest.raises(ValueError, match="^ordering is for a model that was trained for any"):
        complete(model, ROW, KNOWN, ordering=torch.arange(7))


def test_a_wanted_ordering_must_be_one():
    with pytest.raises(ValueError, match="permutation"):
        complete(seven(num_masks=None), ROW, KNOWN, ordering=[0, 1, 2, 3, 4, 5, 5])


def test_of_k_stored_orderings_the_one_with_the_known_first_is_taken():
    model = seven(num_masks=12, seed=5)
    number = 7
    ordering = torch.argsort(model.mask_sets.member(number)[0])
    known = torch.zeros(7, dtype=torch.bool).index_fill(0, ordering[:3], True)
    fitting = [n for n in range(12) if model.mask_sets.orders[n][known].max() == 3]
    assert int(model.mask_sets.position) not in fitting
    degrees, is_exact = completion_degrees(model, known)
    assert is_exact
    assert all(map(torch.equal, degrees, model.mask_sets.member(fitting[0])))
    found = complete(model, ROW, known, DRAWS, generator=torch.Generator().manual_seed(0))
    assert found.log_weights is None
    rows, p = given_the_known(under(model, degrees), ROW, known)
    assert p_value(found.samples[0], rows, p) > 1e-4


def test_the_set_in_use_comes_before_the_others():
    model = MADE(4, (8, 8), num_masks=3, seed=0)  # natural, in all three
    model.resample_masks()
    degrees, is_exact = completion_degrees(model, torch.tensor([True, True, False, False]))
    assert is_exact
    assert all(map(torch.equal, degrees, model.degrees))


@pytest.mark.parametrize(
    "arguments",
    [
        {"natural_order": True},
        {"natural_order": True, "num_masks": None},
        {"ordering": [0, 1, 2, 3, 4, 5, 6], "num_masks": None},
        {"ordering": [0, 1, 2, 3, 4, 5, 6], "num_masks": 2},
    ],
)
def test_weights_make_up_for_known_variables_that_come_late(arguments):
    model = seven(**arguments)
    model.resample_masks()
    n = 100_000
    found = complete(model, ROW, KNOWN, n, generator=torch.Generator().manual_seed(0))
    rows, p = given_the_known(model, ROW, KNOWN)
    places = (rows == found.samples[0, :, None]).all(dim=2).int().argmax(dim=1)
    weights = torch.softmax(found.log_weights[0], dim=0)
    weighted = torch.zeros(len(rows), dtype=torch.float64).index_add_(0, places, weights)
    plain = torch.bincount(places, minlength=len(rows)) / n
    size = found.effective_sample_size.item()
    assert size > 1000
    assert (weighted - p).abs().max() < 4 * (0.25 / size) ** 0.5  # four standard errors at most
    assert (plain - p).abs().max() > 0.02, "without weights it is another distribution"
    assert torch.equal(found.samples[0][:, KNOWN], ROW[:, KNOWN].double().expand(n, 3))


def test_weights_and_effective_sample_size_by_hand():
    model = seven(natural_order=True)
    found = complete(model, ROW, KNOWN, 200, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        each = model.log_conditionals(found.samples[0])
    torch.testing.assert_close(found.log_weights[0], each[:, 1] + each[:, 3] + each[:, 4])
    w = found.log_weights[0].exp()
    assert found.effective_sample_size.item() == pytest.approx((w.sum() ** 2 / (w**2).sum()).item())


def test_few_effective_samples_are_said():
    """x2 copies x1, which is rarely 1, and x2 = 1 is known: one sample in twenty fits."""
    model = MADE(2, hidden_dims=())
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].weight[1, 0] = 40.0
        model.net[0].bias.copy_(torch.tensor([math.log(0.05 / 0.95), -20.0]))
    x, known = torch.ones(1, 2), torch.tensor([False, True])
    noise = torch.full((1, 20, 2), 0.5)
    noise[0, 7, 0] = 0.01
    with pytest.warns(UserWarning, match=r"worth 1\.0 exact ones \(of 20\).*num_masks=None"):
        found = complete(model, x, known, 20, noise=noise)
    assert found.samples[0, :, 0].nonzero().tolist() == [[7]]
    assert found.log_weights[0].argmax() == 7
    assert found.effective_sample_size.item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("num_masks", [1, 3, None])
@pytest.mark.filterwarnings("error")
def test_all_known_and_none_known(num_masks):
    model = seven(num_masks=num_masks, natural_order=num_masks is None)
    whole = complete(model, ROW, torch.ones(7), 3)
    assert torch.equal(whole.samples, ROW.double().expand(1, 3, 7))
    assert whole.log_weights is None
    noise = torch.stack([uniforms(5, 7, 1), uniforms(5, 7, 2)])
    new = complete(model, ROW.expand(2, 7), torch.zeros(7), 5, noise=noise)
    assert new.log_weights is None
    for rows, u in zip(new.samples, noise, strict=True):  # what sample draws from the same noise
        assert torch.equal(rows, model.sample(5, noise=u))


def test_what_is_known_may_differ_from_row_to_row():
    model = seven(num_masks=None)
    x = uniforms(6, 7).round()
    known = uniforms(6, 7, seed=1) < 0.5
    known[3] = known[0]
    noise = torch.stack([uniforms(4, 7, seed) for seed in range(6)])
    together = complete(model, x, known, 4, noise=noise)
    assert together.samples.shape == (6, 4, 7)
    for row in range(6):
        alone = complete(model, x[row : row + 1], known[row], 4, noise=noise[row : row + 1])
        assert torch.equal(together.samples[row], alone.samples[0])
        kept = together.samples[row][:, known[row]]
        assert torch.equal(kept, x[row, known[row]].expand_as(kept))


def test_rows_that_need_no_weights_have_zeros_beside_those_that_do():
    model = seven(natural_order=True)
    known = torch.stack([torch.arange(7) < 3, torch.arange(7) == 2])
    found = complete(model, ROW.expand(2, 7), known, 50)
    assert found.log_weights[0].eq(0).all()
    assert found.log_weights[1].ne(0).any()
    assert found.effective_sample_size[0].item() == pytest.approx(50)
    assert found.effective_sample_size[1] < 49.99


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_known_and_rows_of_any_dtype(dtype):
    model = seven(num_masks=None)
    noise = uniforms(3, 7)[None]
    expected = complete(model, ROW, KNOWN, 3, noise=noise).samples
    assert torch.equal(complete(model, ROW, KNOWN.to(dtype), 3, noise=noise).samples, expected)
    assert torch.equal(complete(model, ROW.to(dtype), KNOWN, 3, noise=noise).samples, expected)
    assert expected.dtype == torch.float64


@pytest.mark.parametrize("garbage", [torch.nan, torch.inf, 2.0, -1.0])
def test_what_stands_in_unknown_places_does_not_matter(garbage):
    model = seven(num_masks=None)
    noise = uniforms(3, 7)[None]
    expected = complete(model, ROW, KNOWN, 3, noise=noise).samples
    filled = torch.where(KNOWN, ROW, torch.tensor(garbage))
    assert torch.equal(complete(model, filled, KNOWN, 3, noise=noise).samples, expected)
    with pytest.raises(ValueError, match=r"must hold only 0 and 1, got .* and 2 more"):
        complete(model, torch.where(KNOWN, torch.tensor(garbage), ROW), KNOWN)


@pytest.mark.parametrize("head", HEADS, ids=repr)
@pytest.mark.parametrize("num_masks", [1, None])
def test_every_head_is_completed_from_its_own_conditionals(head, num_masks):
    model = MADE(6, (12,), natural_order=False, head=head, num_masks=num_masks, seed=1).double()
    with_weights(model, 0.5)
    known = torch.tensor([False, True, False, False, True, True])
    x = model.sample(3, noise=uniforms(3, 6))
    noise = torch.stack([uniforms(4, 6, seed) for seed in range(3)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = complete(model, x, known, 4, noise=noise)
    assert torch.equal(found.samples[..., known], x[:, None, known].expand(3, 4, 3))
    assert (found.log_weights is None) == (num_masks is None)
    member = under(model, completion_degrees(model, known)[0])
    rows = found.samples.flatten(0, 1)
    with torch.no_grad():
        params = member(rows).view(12, 6, head.params_per_variable)
    drawn = head.sample(params, noise.flatten(0, 1))
    torch.testing.assert_close(rows[:, ~known], drawn[:, ~known], rtol=1e-9, atol=1e-9)


def test_completions_are_drawn_in_parts_that_do_not_show(monkeypatch):
    model = seven(natural_order=True)
    x, noise = uniforms(5, 7).round(), torch.stack([uniforms(4, 7, seed) for seed in range(5)])
    whole = complete(model, x, KNOWN, 4, noise=noise)
    monkeypatch.setattr(sampling, "SAMPLES_AT_ONCE", 8)
    parts = complete(model, x, KNOWN, 4, noise=noise)
    assert torch.equal(parts.samples, whole.samples)
    torch.testing.assert_close(parts.log_weights, whole.log_weights)


def test_completions_of_no_row():
    model = seven(num_masks=None)
    for known in (KNOWN, KNOWN.expand(0, 7)):
        found = complete(model, ROW[:0], known, 3)
        assert found.samples.shape == (0, 3, 7)
        assert found.effective_sample_size.shape == (0,)


@pytest.mark.filterwarnings("ignore:these completions")
def test_completions_draw_from_the_stream_they_are_given():
    for num_masks in (1, None):
        model = seven(num_masks=num_masks, dropout=0.3)
        before = torch.get_rng_state()
        first, again, other = (
            complete(model, ROW, KNOWN, 50, generator=torch.Generator().manual_seed(seed)).samples
            for seed in (3, 3, 4)
        )
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
        complete(model, ROW, KNOWN, 1, noise=uniforms(1, 7)[None])
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(3)
        from_global = complete(model, ROW, KNOWN, 50).samples
        assert torch.equal(from_global, first)


def test_autocast_changes_no_completion():
    model = with_weights(MADE(40, (30, 30), direct=True, seed=0), 2.0)
    x, known = uniforms(3, 40).round(), torch.arange(40) > 36
    noise = torch.stack([uniforms(20, 40, seed, torch.float32) for seed in range(3)])
    expected = complete(model, x, known, 20, noise=noise)
    with torch.autocast("cpu", torch.bfloat16):
        found = complete(model, x, known, 20, noise=noise)
    assert torch.equal(found.samples, expected.samples)
    assert torch.equal(found.log_weights, expected.log_weights)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (TypeError, r"x must be a torch\.Tensor, got list", {"x": [[1] * 7]}),
        (ValueError, r"x must have shape \(B, 7\), got \(7,\): .* x\[None\]", {"x": ROW[0]}),
        (ValueError, r"x must have shape \(B, 7\), got \(1, 6\)", {"x": ROW[:, 1:]}),
        (TypeError, r"known must be a torch\.Tensor, got list", {"known": [True] * 7}),
        (TypeError, r"known must be a torch\.Tensor, got NoneType", {"known": None}),
        (ValueError, r"known must have shape \(7,\) or \(1, 7\), got \(6,\)", {"known": KNOWN[1:]}),
        (ValueError, r"known must have .*, got \(2, 7\)", {"known": KNOWN.expand(2, 7)}),
        (ValueError, r"known must hold only True and False", {"known": 2 * KNOWN}),
        (ValueError, r"known must hold only True and False", {"known": KNOWN * torch.nan}),
        (ValueError, r"n_samples must be at least 1, got 0", {"n_samples": 0}),
        (ValueError, r"n_samples must be at least 1, got -1", {"n_samples": -1}),
        (TypeError, r"n_samples must be a whole number, got 1\.5", {"n_samples": 1.5}),
        (TypeError, r"n_samples must be a whole number, got True", {"n_samples": True}),
        (
            ValueError,
            r"noise must have shape \(B, n_samples, input_dim\) = \(1, 2, 7\), got \(2, 7\)",
            {"noise": torch.rand(2, 7)},
        ),
        (
            ValueError,
            r"noise must .*, got \(2, 1, 7\)",
            {"noise": torch.rand(2, 1, 7)},
        ),
        (ValueError, r"noise must lie between 0 and 1", {"noise": torch.full((1, 2, 7), 1.5)}),
        (TypeError, r"noise must be a torch\.Tensor, got float", {"noise": 0.5}),
        (
            ValueError,
            r"give either noise or a generator",
            {"noise": torch.rand(1, 2, 7), "generator": torch.Generator()},
        ),
    ],
)
def test_a_completion_that_cannot_be_is_refused(error, message, arguments):
    model = seven(num_masks=None, dropout=0.5)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stream = torch.get_rng_state()
    with pytest.raises(error, match=message):
        complete(**{"model": model, "x": ROW, "known": KNOWN, "n_samples": 2, **arguments})
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model.training
    assert torch.equal(torch.get_rng_state(), stream)


# ---- conditionals -------------------------------------------------------------------------------


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_conditionals_multiply_to_the_probability_of_the_row(head):
    model = MADE(5, (9,), natural_order=False, head=head, direct=True, seed=0).double()
    with_weights(model, 0.5)
    x = model.sample(10, noise=uniforms(10, 5))
    each = torch.stack([conditional(model, x, i) for i in range(5)])
    assert each.shape == (5, 10)
    assert not each.requires_grad
    torch.testing.assert_close(each.prod(dim=0), model.log_prob(x).exp().detach())
    torch.testing.assert_close(each.T.log(), model.log_conditionals(x).detach())


def test_conditionals_of_a_binary_variable_by_force():
    """p(x_i | x_before) from the table of all probabilities, in no natural ordering."""
    model = with_weights(MADE(4, (9,), ordering=[1, 2, 0, 3], direct=True, seed=0).double(), 2.0)
    rows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)
    with torch.no_grad():
        p = model.log_prob(rows).exp()
    for step, i in enumerate([1, 2, 0, 3]):
        before = [1, 2, 0, 3][:step]
        found = conditional(model, rows, i)
        for x, value in zip(rows, found, strict=True):
            alike = (rows == x)[:, before].all(dim=1)
            expected = p[alike & (rows[:, i] == x[i])].sum() / p[alike].sum()
            assert value.item() == pytest.approx(expected.item(), rel=1e-9)


def test_conditionals_do_not_see_what_comes_later():
    model = with_weights(MADE(4, (9,), ordering=[1, 2, 0, 3], direct=True, seed=0).double(), 2.0)
    x = torch.tensor([[0.0, 1, 0, 0], [1.0, 1, 0, 1]])  # alike in x2 and x3
    assert conditional(model, x, 2)[0] == conditional(model, x, 2)[1]
    assert conditional(model, x, 3)[0] != conditional(model, x, 3)[1]


@pytest.mark.parametrize(
    ("error", "message", "x", "i"),
    [
        (ValueError, r"i must be less than 7, the number of variables, got 7", ROW, 7),
        (ValueError, r"i must be at least 0, got -1", ROW, -1),
        (TypeError, r"i must be a whole number, got 1\.0", ROW, 1.0),
        (TypeError, r"i must be a whole number, got True", ROW, True),
        (ValueError, r"must have shape \(B, 7\), got \(7,\)", ROW[0], 0),
        (ValueError, r"must hold only 0 and 1", ROW / 2, 0),
        (TypeError, r"x must be a torch\.Tensor, got list", [[0] * 7], 0),
    ],
)
def test_a_conditional_that_is_not_there_is_refused(error, message, x, i):
    with pytest.raises(error, match=message):
        conditional(seven(), x, i)


@pytest.mark.parametrize("model", [NADE(7, 2), torch.nn.Linear(7, 7), None])
def test_what_is_no_made_is_neither_completed_nor_asked_for_conditionals(model):
    came = type(model).__name__
    with pytest.raises(TypeError, match=f"^complete needs a MADE, got {came}$"):
        complete(model, ROW, KNOWN)
    with pytest.raises(TypeError, match=f"^completion_degrees needs a MADE, got {came}$"):
        completion_degrees(model, KNOWN)
    with pytest.raises(TypeError, match=f"^conditional needs a MADE, got {came}$"):
        conditional(model, ROW, 0)
