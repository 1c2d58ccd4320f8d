"""PixelCNN and Transformer see what they may, and fit, scores and samplers take them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from made_course import (
    Categorical,
    CausalAttention,
    MaskedConvolution,
    PixelCNN,
    Transformer,
    bars_and_stripes,
    binary_points,
    connectivity,
    direct_mask,
    evaluate,
    fit,
    measure_dependence,
    total_probability,
)
from made_course.model.sampling import sample_naive
from made_course.relatives.transformer import Block, sinusoidal_embeddings
from made_lessons.notebook_09.window_as_a_mask import window_mask
from made_lessons.notebook_10.mean_over_earlier_positions import attend
from made_lessons.notebook_10.one_more_position import one_more


def loud(model, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.5, generator=generator)
    return model.double()


def windows(side, layers):
    """Return the pixels that windows of 7 × 7, then 3 × 3, may see, from the exercise's matrix."""
    place = torch.arange(side * side)
    row, column = place // side, place % side
    near = ((row[:, None] - row).abs() <= 3) & ((column[:, None] - column).abs() <= 3)
    first = near & (place < place[:, None])
    return connectivity([first] + [window_mask(side, strict=False)] * layers)


MODELS = {
    "windows": lambda: PixelCNN(4, channels=8, layers=2),
    "two windows": lambda: PixelCNN(5, channels=8, layers=1),
    "transformer": lambda: Transformer(16, width=8, layers=2, heads=2),
    "one head": lambda: Transformer(5, width=6, layers=1, heads=1),
}
SEEN = {
    "windows": windows(4, 2),
    "two windows": windows(5, 1),
    "transformer": direct_mask(torch.arange(1, 17)),
    "one head": direct_mask(torch.arange(1, 6)),
}


@pytest.mark.parametrize("name", MODELS)
def test_outputs_see_what_the_mask_lets_through_and_nothing_else(name):
    model = loud(MODELS[name]())
    found = measure_dependence(model, binary_points(model.input_dim))
    assert torch.equal(found.by_flip, SEEN[name])
    assert torch.equal(found.by_gradient, SEEN[name])


def test_probabilities_sum_to_one():
    assert total_probability(loud(PixelCNN(3, channels=8, layers=2))) == pytest.approx(1, abs=1e-9)
    model = loud(Transformer(4, width=8, layers=2, heads=2, head=Categorical(5)))
    assert total_probability(model) == pytest.approx(1, abs=1e-9)
    x = model.sample(7)
    assert torch.allclose(model.log_conditionals(x).sum(1), model.log_prob(x))
    with pytest.raises(ValueError, match="whole numbers 0..4"):
        model.log_prob(x + 5)


@pytest.mark.parametrize("head", [None, Categorical(3)])
def test_a_cache_draws_what_the_loop_draws(head):
    model = loud(Transformer(9, width=8, layers=3, heads=2, head=head))
    noise = torch.rand(300, 9, dtype=torch.float64)
    with torch.no_grad():
        naive = sample_naive(model, model.order, noise, model.head)
    assert torch.equal(model.sample(300, noise=noise), naive)
    x, noise = torch.zeros(0, 9), torch.rand(3, 9)
    assert model.log_prob(x).shape == (0,)
    assert PixelCNN(3).sample(3, noise=noise).shape == (3, 9)


@pytest.mark.parametrize("name", ["windows", "transformer"])
def test_fit_brings_them_near_the_floor(name):
    torch.manual_seed(0)
    model, boards = MODELS[name](), bars_and_stripes()
    how = {"lr": 0.02, "weight_decay": 0.0, "batch_size": 30, "precision": "float32"}
    fit(model, boards, epochs=100, seed=0, progress=False, **how)
    assert evaluate(model, boards) < 6  # a coin for each of 16 pixels: 11.1


def test_attention_is_that_of_the_exercise():
    attention = CausalAttention(width=6, heads=1).double()
    h = torch.randn(2, 5, 6, dtype=torch.float64)
    query, key, value = attention.query_key_value(h).chunk(3, dim=-1)
    assert torch.allclose(attention(h), attention.mix(attend(query, key, value)))
    cache = []
    for t in range(5):
        out = attention(h[:, t : t + 1], cache)
        mean, *_ = one_more(query[0, t], key[0, t], value[0, t], key[0, :t], value[0, :t])
        assert torch.allclose(out[0, 0], attention.mix(mean))


def test_a_block_is_that_of_pytorch():
    block = loud(Block(width=8, heads=2))
    how = {"dropout": 0, "activation": "gelu", "batch_first": True, "norm_first": True}
    theirs = nn.TransformerEncoderLayer(8, 2, 32, **how).double()
    norms, others = [*block.parameters()][:4], [*block.parameters()][4:]
    with torch.no_grad():
        for copied, parameter in zip(theirs.parameters(), others + norms, strict=True):
            copied.copy_(parameter)
    h, later = torch.randn(3, 5, 8).double(), torch.ones(5, 5, dtype=torch.bool).triu(1)
    torch.testing.assert_close(block(h), theirs(h, later))


def test_position_embeddings_are_sines_and_cosines():
    angles = torch.arange(2000.0)[:, None] * torch.tensor([1.0, 0.01])
    torch.testing.assert_close(sinusoidal_embeddings(2000, 4)[:, ::2], angles.sin() / 2)
    torch.testing.assert_close(sinusoidal_embeddings(2000, 4)[:, 1::2], angles.cos() / 2)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="got 3 heads and width 8"):
        CausalAttention(width=8, heads=3)


def test_a_window_is_a_convolution_with_its_future_masked():
    layer = MaskedConvolution(2, 3, reach=2, strict=False).double()
    x = torch.randn(1, 2, 6, 6, dtype=torch.float64)
    whole = torch.zeros(3, 2, 5, 5, dtype=torch.float64)
    whole[:, :, :3] = (layer.weight * layer.mask).detach()
    assert torch.allclose(layer(x), F.conv2d(x, whole, layer.bias, padding=2))
    assert int(layer.mask.sum()) == 13


def test_a_pixelcnn_is_its_formula():
    model = loud(PixelCNN(4, channels=2, layers=1))
    x, (window,) = binary_points(16)[:5].double(), model.windows
    assert window.mask.sum() == 5  # four pixels before it, and the pixel itself
    h = model.first(x.view(5, 1, 4, 4))
    h = h + window(F.relu(h))
    torch.testing.assert_close(model(x), model.last(F.relu(h)).view(5, 16))


def test_defaults_are_those_of_the_docstrings():
    assert PixelCNN(3).n_parameters() == PixelCNN(3, channels=32, layers=4).n_parameters()
    assert Transformer(3).n_parameters() == Transformer(3, width=64, layers=2).n_parameters()
