"""Compressed rows come back, and the file is as short as the model allows."""

import math
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from made_course import MADE, Bernoulli, Categorical, load_binarized_mnist, load_pretrained
from made_lessons.notebook_11 import compression
from made_lessons.notebook_11.compression import compress, decompress
from tests.networks import binary, every_row, networks, nothing_changes, p_value, with_weights


def small():
    return with_weights(MADE(5, (6,), ordering=[3, 0, 4, 1, 2], seed=0), 2.0)


def coded_bits(model, rows):
    """Return -log2 p of all rows, from the chances that the coder uses."""
    pairs = compression._list_bits_and_chances(compression._round_model(model), rows)
    with torch.no_grad():
        return -sum(math.log2((chance if bit else 65536 - chance) / 65536) for bit, chance in pairs)


@st.composite
def models_and_rows(draw):
    """Draw a model, with rows drawn from it and random rows."""
    model = draw(networks(Bernoulli(), draw(st.sampled_from([8, 134]))))
    model.act = nn.ReLU()
    seed = draw(st.integers(0, 10**6))
    drawn = model.sample(draw(st.integers(1, 20)), generator=torch.Generator().manual_seed(seed))
    return model, torch.cat([drawn, binary(20, model.input_dim, seed).to(drawn)])


@given(models_and_rows(), st.integers(1, 40))
@settings(max_examples=40)
def test_rows_come_back_from_a_short_file(model_and_rows, n):
    model, rows = model_and_rows
    rows = rows[:n]
    with nothing_changes(model):
        file = compress(model, rows)
        assert torch.equal(decompress(model, file, len(rows)), rows.float())
    assert len(file) <= 2 + coded_bits(model, rows) / 8 + 1e-6


@pytest.mark.parametrize("n", [6, 7, 8, 20])
def test_more_rows_than_are_coded_at_once_make_one_file(n, monkeypatch):
    monkeypatch.setattr(compression, "ROWS_AT_ONCE", 7)
    rows = binary(n, 5)
    assert torch.equal(decompress(small(), compress(small(), rows), n), rows)


@pytest.mark.parametrize("together", [1, 7, 60])
def test_rounded_outputs_do_not_depend_on_the_batch_size(together):
    model = MADE(150, (80, 70), natural_order=False, direct=True, seed=0).double()
    rows = with_weights(model, 2.0).sample(60)
    own = compression._round_model(model)
    with torch.no_grad():
        assert torch.equal(torch.cat([own(part) for part in rows.split(together)]), own(rows))
        assert torch.equal(own(rows) * 2**16, (own(rows) * 2**16).round())


def test_every_machine_rounds_the_chances_alike():
    logits = torch.arange(-352, 353, dtype=torch.float64) / 32
    exact = 65536 * torch.sigmoid(logits)
    assert ((exact - exact.floor()) - 0.5).abs().min() > 1e-4
    chances = compression._round_probabilities(logits)
    assert [a + b for a, b in zip(chances, reversed(chances), strict=True)] == [65536] * 705
    assert (torch.tensor(chances) - exact).abs().max() < 0.5
    assert min(chances) == compression._round_probabilities(torch.tensor([-1e9]))[0] == 1


def test_a_file_of_digits_is_as_long_as_minus_log_p():
    model, (_, digits, _) = load_pretrained(), load_binarized_mnist("small")
    file = compress(model, digits[:100])
    with torch.no_grad():
        bits = -model.log_prob(digits[:100]).sum().item() / math.log(2)
    assert 8 * len(file) <= 1.005 * bits + 8 * 2
    assert torch.equal(decompress(model, file, 100), digits[:100])


def test_random_bytes_give_samples_of_the_model():
    model = with_weights(MADE(4, (6,), ordering=[2, 0, 3, 1], seed=0), 2.0)
    rows = every_row(4)
    with torch.no_grad():
        p = model.double().log_prob(rows.double()).exp()
    samples = decompress(model, random.Random(0).randbytes(20_000), 20_000)
    assert p_value(samples, rows, p) > 0.001
    assert p_value(samples, rows, p.flip(0)) < 1e-6


@pytest.mark.parametrize("model", [MADE(5, head=Categorical(2)), MADE(5, activation="tanh")])
def test_other_models_are_refused(model):
    with pytest.raises(ValueError, match="must have binary variables and ReLU units"):
        compress(model, binary(9, 5))
