"""MADE in JavaScript against the package's: samples, log-probabilities, completions."""

import warnings
from base64 import b64encode

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import complete, completion_degrees, load_pretrained
from made_course.widgets.shared.sampler import describe, uniforms, weight_bytes
from tests.widgets.models import a_model, rows_of


@st.composite
def models(draw, **options):
    options |= draw(
        st.sampled_from([{}, {"num_masks": 3}, {"num_masks": None}, {"natural_order": True}])
    )
    return a_model(
        draw(st.integers(1, 7)),
        tuple(draw(st.lists(st.integers(1, 9), max_size=3))),
        draw(st.integers(0, 99)),
        activation=draw(st.sampled_from(["relu", "tanh", "silu"])),
        direct=draw(st.booleans()),
        conditioning=draw(st.booleans()),
        degrees=draw(st.sampled_from(["uniform", "paper", "even"])),
        **options,
    )


def in_javascript(model):
    """The network as plain lists, in the precision of the model."""
    first, direct = model.net[0].conditioning, model.direct
    between = None if direct is None or first is None else flat(direct.conditioning)
    return describe(model) | {
        "weights": [flat(layer.weight) for layer in model.net],
        "biases": [layer.bias.tolist() for layer in model.net],
        "direct": direct and flat(direct.weight),
        "conditioning": None if first is None else {"first": flat(first), "direct": between},
    }


def flat(weight):
    return weight.T.flatten().tolist()


def values(numbers):
    """What JSON makes of an array of numbers in JavaScript."""
    return list(numbers.values())


def log_conditionals(call, network, row):
    found = call("sampler", "score", network, row)
    found = {"row": values(found["row"]), "logits": values(found["logits"])}
    return torch.tensor(values(call("sampler", "logConditionals", found)), dtype=torch.float64)


@given(models(), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_same_noise_gives_the_same_sample_and_log_probability(call, model, seed):
    model = model.double()
    network, noise = in_javascript(model), uniforms(seed, 4, model.input_dim)
    samples = model.sample(4, noise=noise)
    expected = model.log_conditionals(samples).detach()
    for u, row, log_p in zip(noise.tolist(), samples, expected, strict=True):
        assert values(call("sampler", "sample", network, u)["row"]) == row.tolist()
        found = log_conditionals(call, network, row.int().tolist())
        torch.testing.assert_close(found, log_p, rtol=0, atol=1e-9)


@given(models())
@settings(max_examples=20, deadline=None)
def test_the_bytes_of_a_network_are_its_numbers(call, model):
    sent = {"base64": b64encode(weight_bytes(model)).decode()}
    found, expected = call("sampler", "networkOf", describe(model), sent), in_javascript(model)
    assert as_lists(found) == as_lists(expected)


def as_lists(network):
    """Its numbers, where JSON made an object of an array, and what is not there is left out."""
    direct, between = network["direct"], network["conditioning"] or {}
    parts = [*network["weights"], *network["biases"], direct, *between.values()]
    return [values(part) if isinstance(part, dict) else part for part in parts if part]


@given(models(), st.integers(0, 99), st.data())
@settings(max_examples=60, deadline=None)
def test_completions_are_those_of_complete(call, model, seed, data):
    model, n = model.double(), model.input_dim
    known = torch.tensor(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    x, noise = rows_of(1, n, seed), uniforms(seed, 3, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = complete(model, x, known, 3, noise=noise[None])
    (order, *_), exact = completion_degrees(model, known)
    network = in_javascript(model)
    row = x[0].int().tolist()
    found = call("sampler", "complete", network, network, row, known.tolist(), noise.tolist())
    assert [values(one["row"]) for one in found["rows"]] == expected.samples[0].tolist()
    assert (found["exact"], found["order"]) == (exact, order.tolist())
    assert found["worth"] == pytest.approx(expected.effective_sample_size.item())
    shares = found["shares"] or [1 / 3] * 3
    assert shares == pytest.approx(expected.shares[0].tolist())


def test_float32_weights_give_log_probabilities_to_a_ten_thousandth(call):
    model = load_pretrained("tiny")
    row = model.sample(1, noise=uniforms(1, 1, model.input_dim))
    found = log_conditionals(call, in_javascript(model), row[0].int().tolist())
    expected = model.log_conditionals(row)[0].double()
    torch.testing.assert_close(found, expected.detach(), rtol=0, atol=1e-4)


def test_uniforms_are_the_same_in_both_languages_and_spread_evenly(call):
    for seed in (0, 1, 999_999):
        u = uniforms(seed, 2000)
        assert values(call("uniforms", "uniforms", seed, 2000)) == u.tolist()
        assert u.min() > 0
        assert u.max() < 1
        tenths = (10 * u).long().bincount(minlength=10)
        assert (tenths - 200).abs().max() < 60
    assert (uniforms(0, 2000) != uniforms(1, 2000)).all()
