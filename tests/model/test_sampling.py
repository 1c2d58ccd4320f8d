"""Samples: both methods agree for the same noise, and follow the distribution."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import made_course.model.sampling as sampling
from made_course import MADE
from made_course.model.heads import Categorical, MixtureOfGaussians
from made_course.model.sampling import BLOCK, sample_incremental, sample_naive
from tests.networks import (
    DISCRETE,
    HEADS,
    every_row,
    fill_masked,
    members,
    networks,
    nothing_changes,
    p_value,
    uniforms,
    with_weights,
)

METHODS = ["incremental", "naive"]
METHOD = pytest.mark.parametrize("method", METHODS)
SIX = [1, 2, 0, 5, 3, 4]
DRAWS = 20_000


def both_ways(model, n, **arguments):
    return (model.sample(n, method=method, **arguments) for method in METHODS)


# ---- both methods agree -------------------------------------------------------------------------


@st.composite
def networks_of_several_blocks(draw):
    """Draw a network; masked weights of a single set may be huge, which must not matter."""
    head = draw(st.sampled_from([*HEADS, DISCRETE, HEADS]))
    # large weights make standard deviations and rates explode from one variable to the next
    scales = (0.5, 3.0, 30.0) if head in DISCRETE or head is DISCRETE else (0.05, 0.2)
    largest = draw(st.sampled_from([10, 2 * BLOCK + 6]))
    model = draw(networks(head, largest, scales))
    return (
        fill_masked(model, draw(st.sampled_from([0.0, -1e30]))) if model.num_masks == 1 else model
    )


@given(networks_of_several_blocks(), st.booleans(), st.integers(1, 9), st.integers(0, 10**6))
@settings(max_examples=60)
def test_both_ways_agree_bit_for_bit_in_float64(model, as_ensemble, n, seed):
    noise = uniforms(n, model.input_dim, seed=seed)
    ensemble = (model.num_masks or 3) if as_ensemble else None
    incremental, naive = both_ways(model, n, noise=noise, ensemble=ensemble)
    if model.head.is_density:
        torch.testing.assert_close(incremental, naive, rtol=1e-9, atol=1e-9)
    else:
        assert torch.equal(incremental, naive)
    assert naive.shape == (n, model.input_dim)
    assert naive.dtype == torch.float64
    model.check_data(incremental)


@pytest.mark.parametrize("together", [1, 5])
@pytest.mark.parametrize("input_dim", [1, BLOCK - 1, BLOCK, 2 * BLOCK])
@pytest.mark.parametrize("seed", range(2))
def test_both_ways_agree_whatever_the_degrees(input_dim, seed, together):
    """Use degrees that are never drawn: all equal, decreasing over layers, only the last one.

    Variables of one step have one degree, and none of them sees another. If some variables are
    given, the others follow from the conditionals of their row.
    """
    generator, top = torch.Generator().manual_seed(seed), max(input_dim - 1, 1)
    model = MADE(input_dim, (6, 6, 6), natural_order=False, direct=seed % 2, seed=seed).double()
    with_weights(model, 3.0, seed)
    hidden = torch.randint(1, top + 1, (18,), generator=generator)
    hidden[:6] = hidden[0]
    hidden[12:] = torch.tensor([1, top])[torch.randint(2, (6,), generator=generator)]
    order = (model.order - 1) // together * together + 1
    noise = uniforms(20, input_dim, seed=seed)
    x = uniforms(20, input_dim, seed=seed + 1).round()
    known = uniforms(input_dim, seed=seed) < 0.3
    with model.using_degrees([order, *hidden.split(6)]):
        assert torch.equal(*both_ways(model, 20, noise=noise))
        completed = sample_incremental(model, noise, x, known)
        with torch.no_grad():
            drawn = model.head.sample(model(completed)[..., None], noise)
    assert torch.equal(completed, x.where(known, drawn))


@pytest.mark.parametrize("direct", [False, True])
def test_in_float32_they_part_only_where_the_noise_meets_p(direct):
    model = MADE(100, (64, 64), natural_order=False, direct=direct, seed=1)
    with_weights(model, 3.0)
    noise = uniforms(2000, 100, dtype=torch.float32)
    incremental, naive = both_ways(model, 2000, noise=noise)
    assert incremental.dtype == torch.float32
    ordering = torch.argsort(model.order)
    parts = naive[:, ordering] != incremental[:, ordering]
    rows = parts.any(dim=1).nonzero().ravel()
    assert len(rows) < 20
    with torch.no_grad():
        p = torch.sigmoid(model(naive))  # up to the first difference, both rows give the same p
    for row in rows:
        i = ordering[parts[row].int().argmax()]
        assert (noise[row, i] - p[row, i]).abs() < 1e-5


# ---- the distribution ---------------------------------------------------------------------------

PEAKED = {
    "one set": {"ordering": SIX, "degrees": "even"},
    "3 sets": {"natural_order": False, "num_masks": 3},
    "fresh sets": {"natural_order": False, "num_masks": None},
    "groups": {"ordering": [[3], [1, 4], [0, 2, 5]], "num_masks": 2},
    "classes": {"natural_order": False, "num_masks": 2, "head": Categorical(3)},
}


def peaked(name):
    """Return a model whose variables depend strongly on each other, and all its rows."""
    input_dim = 4 if name == "classes" else 6
    model = MADE(input_dim, (16, 16), direct=True, seed=1, **PEAKED[name]).double()
    return with_weights(model, 2.0, seed=4), every_row(input_dim, 3 if name == "classes" else 2)


@pytest.mark.parametrize("name", PEAKED)
@torch.no_grad()
def test_samples_follow_the_distribution(name):
    """Apply a G-test: a right sampler has p < 1e-4 for one seed in ten thousand."""
    model, rows = peaked(name)
    k = model.num_masks or 4
    for ensemble in (None, k) if k > 1 else (None,):
        generator = torch.Generator().manual_seed(0)
        samples = model.sample(DRAWS, generator=generator, ensemble=ensemble)
        assert p_value(samples, rows, model.log_prob(rows, ensemble).exp()) > 1e-4
    if k > 1:  # the mixture differs from each member
        for one in members(model, k):
            assert p_value(samples, rows, one.log_prob(rows).exp()) < 1e-12
    else:  # the G-test finds degrees that are taken as the ordering
        wrong = torch.argsort(model.order) + 1
        samples = sample_naive(model, wrong, uniforms(DRAWS, 6), model.head)
        assert p_value(samples, rows, model.log_prob(rows).exp()) < 1e-12


@METHOD
def test_the_first_noise_chooses_the_member_and_its_rest_is_noise(method):
    model, _ = peaked("3 sets")
    noise = uniforms(60, 6)
    found = model.sample(60, noise=noise, method=method, ensemble=3)
    chosen = (3 * noise[:, 0]).long()
    for number, one in enumerate(members(model, 3)):
        rows = chosen == number
        assert rows.any()
        rest = noise[rows].clone()
        rest[:, 0] = 3 * rest[:, 0] - number
        assert torch.equal(found[rows], one.sample(len(rest), noise=rest))


# ---- noise and random streams -------------------------------------------------------------------


@METHOD
@pytest.mark.parametrize("ensemble", [None, 3])
def test_noise_of_any_dtype_is_taken_as_it_is(method, ensemble):
    """Whole numbers or a smaller dtype would cut the values that a row is drawn from."""
    model = MADE(5, (8,), natural_order=False, num_masks=3, head=MixtureOfGaussians(2), seed=0)
    with_weights(model.double(), 1.0)
    for dtype in (torch.float16, torch.float32, torch.bool):
        noise = uniforms(50, 5).round() if dtype == torch.bool else uniforms(50, 5)
        noise = noise.to(dtype)
        before = noise.clone()
        found = model.sample(50, noise=noise, method=method, ensemble=ensemble)
        exact = model.sample(50, noise=noise.double(), ensemble=ensemble)
        torch.testing.assert_close(found, exact, rtol=1e-12, atol=1e-12)
        assert torch.equal(noise, before)


@METHOD
def test_fresh_noise_never_draws_impossible_values(method, monkeypatch):
    """torch.rand gives exact zeros, and u <= p would be true for every p."""
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.zeros(shape))
    model = with_weights(MADE(3, hidden_dims=()), 0)
    with torch.no_grad():
        model.net[0].bias.copy_(torch.tensor([-1000.0, -30.0, -10.0]))
    assert model.sample(1, method=method).tolist() == [[0, 0, 1]]
    assert model.sample(1, noise=torch.ones(1, 3), method=method).tolist() == [[0, 0, 0]]


@METHOD
def test_samples_come_from_the_given_stream(method):
    model = with_weights(MADE(50, (20,), seed=0), 3.0)
    with nothing_changes(model):
        first = model.sample(100, method=method, generator=torch.Generator().manual_seed(3))
    torch.manual_seed(3)
    assert torch.equal(model.sample(100, method=method), first)
    assert not torch.equal(model.sample(100, method=method), first)
    noise = torch.rand(100, 50, generator=torch.Generator().manual_seed(3))
    assert torch.equal(model.sample(100, method=method, noise=noise), first)


# ---- modes, chunks and memory -------------------------------------------------------------------


@METHOD
@pytest.mark.parametrize("ensemble", [None, 3])
def test_many_samples_are_drawn_in_chunks(monkeypatch, method, ensemble):
    model = MADE(40, (20, 20), natural_order=False, num_masks=3, seed=0).double()
    noise = uniforms(23, 40)
    whole = with_weights(model, 3.0).sample(23, noise=noise, method=method, ensemble=ensemble)
    rows, real = [], model.head.sample
    monkeypatch.setattr(model.head, "sample", lambda p, u: rows.append(u.shape) or real(p, u))
    monkeypatch.setattr(sampling, "SAMPLES_AT_ONCE", 7)
    chunks = model.sample(23, noise=noise, method=method, ensemble=ensemble)
    assert torch.equal(chunks, whole)
    assert sum(map(math.prod, rows)) == 40 * 23
    assert max(shape[-1] for shape in rows) <= 7
    first, second = model.sample(14).split(7)
    assert not torch.equal(first, second)


@METHOD
def test_neither_dropout_nor_autocast_changes_a_sample(method):
    model = with_weights(MADE(40, (30, 30), direct=True, dropout=0.5, seed=0), 3.0).eval()
    noise = uniforms(500, 40, dtype=torch.float32)
    expected = model.sample(500, noise=noise, method=method)
    model.train()
    model.net[1].eval()
    with nothing_changes(model), torch.autocast("cpu", torch.bfloat16):
        samples = model.sample(500, noise=noise, method=method)
    assert torch.equal(samples, expected)
    assert not samples.requires_grad
    assert not samples.is_inference()
    assert model.sample(3, "meta", method=method).device.type == "meta"


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, r"n_samples must be at least 1, got 0", {"n_samples": 0}),
        (ValueError, r"unknown method 'fast': choose one of incremental, n", {"method": "fast"}),
        (ValueError, r"\(2, 5\), got \(2, 4\): draw it with torch", {"noise": torch.rand(2, 4)}),
        (ValueError, r"0 and 1, got 1\.5: draw it with torch", {"noise": torch.full((2, 5), 1.5)}),
        (ValueError, r"noise .* 0 and 1, got nan: draw", {"noise": torch.full((2, 5), torch.nan)}),
        (TypeError, r"noise .* got list: draw it with torch\.rand\(2, 5\)", {"noise": [[0.5] * 5]}),
        (TypeError, r"noise must be a torch\.Tensor, got ndarray", {"noise": np.zeros((2, 5))}),
        (ValueError, "not both", {"noise": torch.rand(2, 5), "generator": torch.Generator()}),
        (TypeError, r"generator must be a torch\.Generator, got 0: use", {"generator": 0}),
    ],
)
def test_bad_arguments_are_refused(error, message, arguments):
    model = MADE(5, (8,), dropout=0.5, seed=0)
    with nothing_changes(model), pytest.raises(error, match=message):
        model.sample(**{"n_samples": 2, **arguments})
