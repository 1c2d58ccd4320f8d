"""MADE and its masked layer: like a plain MADE, a probability, and one that saves and compiles."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from made_course import MADE, Bernoulli, Categorical, build_masks, direct_mask
from made_course.model.made import scale_weights
from tests.networks import (
    CYCLE,
    ORDER,
    binary,
    every_row,
    networks,
    nothing_changes,
    reachable,
    show_every_path,
    total_probability,
    uniforms,
    with_weights,
)
from tools.benchmarks import plain_recipe

# ---- like the plain MADE of the benchmarks -------------------------------------------------------


@pytest.mark.parametrize("natural_order", [True, False])
@pytest.mark.parametrize(("input_dim", "hidden_dims"), [(50, (512, 512)), (9, (8, 7, 6)), (5, ())])
def test_the_same_seed_gives_the_documents_model(input_dim, hidden_dims, natural_order):
    torch.manual_seed(0)
    reference = plain_recipe.MADE(input_dim, hidden_dims, natural_order)
    stream = torch.get_rng_state()
    torch.manual_seed(0)
    model = MADE(input_dim, hidden_dims, natural_order)
    assert torch.equal(torch.get_rng_state(), stream)
    assert torch.equal(model.order, reference.order)
    for ours, theirs in zip(model.net, reference.net, strict=True):  # the same draw, rescaled
        num_inputs = theirs.mask.sum(1, keepdim=True)
        scale = (theirs.in_features / num_inputs).sqrt().where(num_inputs > 0, 1.0)
        torch.testing.assert_close(ours.weight, theirs.weight * scale)
        assert torch.equal(ours.mask.bool(), theirs.mask.bool())

    scale_weights(model, 0.5)
    x = binary(50, input_dim)
    torch.testing.assert_close(model(x), reference(x))
    torch.testing.assert_close(model.log_prob(x), reference.log_prob(x))
    for one in (model, reference):
        one.log_prob(x).mean().backward()
    for ours, theirs in zip(model.net, reference.net, strict=True):
        torch.testing.assert_close(ours.weight, theirs.weight)
        assert torch.equal(ours.bias, theirs.bias)
        torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


@pytest.mark.parametrize("num_masks", [1, 3, None])
def test_the_input_of_a_unit_starts_equally_large_whatever_its_mask_keeps(num_masks):
    torch.manual_seed(0)
    model = MADE(200, (2000, 800), natural_order=False, num_masks=num_masks)
    num_sets = num_masks or 30
    num_inputs, squares = [0.0] * 3, [0.0] * 3
    for _ in range(num_sets):
        for k, layer in enumerate(model.net):
            num_inputs[k] += layer.mask.sum(1)
            squares[k] += layer.masked_weight().square().sum(1).detach() / num_sets
        model.resample_masks()
    for count, square in zip(num_inputs, squares, strict=True):  # a draw within ±1 has 1/3
        for units in count.argsort()[(count == 0).sum() :].chunk(3 if num_masks else 1):
            assert square[units].mean().item() == pytest.approx(1 / 3, rel=0.05)


# ---- what depends on what -----------------------------------------------------------------------


@given(networks(), st.integers(0, 10**6))
@settings(max_examples=50)
def test_what_the_jacobian_reaches_is_the_connectivity(model, seed):
    show_every_path(model, seed)
    for _ in range(2):
        assert all(map(torch.equal, model.masks, build_masks(model.degrees)))
        jacobian = torch.autograd.functional.jacobian(model, torch.rand(model.input_dim).double())
        assert torch.equal(jacobian != 0, reachable(model))
        assert not (reachable(model) & ~direct_mask(model.order)).any()
        model.resample_masks()


@pytest.mark.parametrize("conditioning", [False, True])
@pytest.mark.parametrize("direct", [False, True])
def test_masked_weights_get_a_gradient_of_exactly_zero_and_do_not_move(direct, conditioning):
    model = MADE(8, (16, 16), natural_order=False, direct=direct, conditioning=conditioning, seed=0)
    with_weights(model, 1)
    layers = [*model.net, *([model.direct] if direct else [])]
    matrices = [(layer.weight, layer.mask) for layer in layers]
    matrices += [(m.conditioning, m.mask) for m in layers if m.conditioning is not None]
    assert len(matrices) == 3 + direct + conditioning * (1 + direct)
    masked = [weight[mask == 0].clone() for weight, mask in matrices]
    optimizer, x = torch.optim.Adam(model.parameters(), lr=0.05), binary(200, 8)
    for _ in range(3):
        optimizer.zero_grad()
        (-model.log_prob(x).mean()).backward()
        optimizer.step()
    for (weight, mask), before in zip(matrices, masked, strict=True):
        assert weight.grad[mask == 0].eq(0).all()
        assert weight.grad[mask == 1].ne(0).any()
        assert torch.equal(weight[mask == 0], before)


# ---- probability --------------------------------------------------------------------------------


@given(networks())
@settings(max_examples=50)
def test_probabilities_sum_to_one_under_each_set_and_for_the_ensemble(model):
    for _ in range(3):
        assert total_probability(model) == pytest.approx(1, abs=1e-9)
        model.resample_masks()
    ensemble = model.num_masks or 3
    assert total_probability(model, ensemble=ensemble) == pytest.approx(1, abs=1e-9)


# ---- what each argument does --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "function"), [("relu", F.relu), ("tanh", torch.tanh), ("silu", F.silu)]
)
@pytest.mark.parametrize("conditioning", [False, True])
def test_a_deep_network_by_hand(name, function, conditioning):
    model = MADE(
        5, (9, 7), activation=name, ordering=[3, 1, 4, 0, 2], direct=True, conditioning=conditioning
    ).double()
    assert model.direct.weight.eq(0).all()
    with_weights(model, 1)
    x = every_row(5).double()
    h, (first, *_), masks = x, model.net, model.masks
    for layer, mask in zip(model.net, masks, strict=True):
        h = F.linear(h if layer is first else function(h), layer.weight * mask, layer.bias)
        if layer is first and conditioning:
            h = h + (layer.conditioning * mask).sum(1)
    direct, mask = model.direct, direct_mask(model.order)
    h = h + F.linear(x, direct.weight * mask)
    if conditioning:
        h = h + (direct.conditioning * mask).sum(1)
    torch.testing.assert_close(model(x), h)
    plain = (5 * 9 + 9) + (9 * 7 + 7) + (7 * 5 + 5) + 5 * 5
    assert model.n_parameters() == plain + conditioning * (5 * 9 + 5 * 5)


def test_orderings_and_degrees_arrive_in_the_model():
    assert MADE(5).order.tolist() == [1, 2, 3, 4, 5]
    assert MADE(5).hidden_dims == [512, 512]
    assert not [name for name in MADE(5).state_dict() if name.endswith(".mask")]  # from degrees
    for natural_order in (True, False):
        assert MADE(3, (4,), natural_order, ordering=torch.tensor(CYCLE)).order.tolist() == ORDER
    drawn = MADE(50, (4,), natural_order=False).order
    assert drawn.sort().values.tolist() == list(range(1, 51)) != drawn.tolist()
    in_groups = MADE(9, (4,), ordering=[[0, 4, 8], [1, 5, 6], [2, 3, 7]], degrees="even")
    assert in_groups.order.tolist() == [1, 2, 3, 3, 1, 2, 2, 3, 1]
    assert in_groups.degrees[1].tolist() == [1, 1, 2, 2]  # of 1, 3, 6 and 8 variables known


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x.tanh()


@pytest.mark.parametrize("activation", [nn.PReLU, nn.RReLU, Doubled, partial(nn.ELU, inplace=True)])
def test_any_activation_gives_a_probability_and_draws_both_ways(activation):
    model = MADE(6, (12, 12), natural_order=False, activation=activation, seed=1).double().train()
    noise = uniforms(20, 6)
    samples = [model.sample(20, noise=noise, method=method) for method in ("naive", "incremental")]
    assert torch.equal(*samples)
    assert model.training
    assert total_probability(model.eval()) == pytest.approx(1, abs=1e-9)


def test_dropout_drops_its_share_of_hidden_units_and_keeps_the_mean():
    """Use one hidden unit with bias 1 and weight 1: it is 0 or 1 / (1 - 0.25)."""
    model = with_weights(MADE(2, (1,), dropout=0.25), 0)
    with torch.no_grad():
        model.net[0].bias.fill_(1)
        model.net[1].weight.fill_(1)
        z = model(torch.zeros(20_000, 2))[:, 1]
        assert set(z.tolist()) == {0, torch.tensor(1 / 0.75).item()}
        assert z.eq(0).float().mean().item() == pytest.approx(0.25, abs=0.02)
        assert model.eval()(torch.zeros(9, 2))[:, 1].eq(1).all()
    inputs, x = with_weights(MADE(4, (), direct=True, dropout=0.9), 1), binary(8, 4)
    assert torch.equal(inputs(x), inputs(x))


def test_shapes_and_dtypes():
    model = MADE(6, (8,), direct=True, seed=0)
    for shape in [(6,), (2, 3, 6), (0, 6)]:
        assert model(torch.randn(shape)).shape == shape
    assert MADE(6, (8,), head=Categorical(3))(torch.zeros(2, 6)).shape == (2, 6, 3)
    x = binary(10, 6)
    single = model.log_prob(x)
    double = copy.deepcopy(model).double()
    for dtype in (torch.bool, torch.uint8, torch.int64, torch.float64):
        assert torch.equal(model.log_prob(x.to(dtype)), single)
        assert double.log_prob(x.to(dtype)).dtype == torch.float64
    with torch.autocast("cpu", torch.bfloat16):  # logits are rounded, probabilities are not
        assert model.log_prob(x).dtype == torch.float32


def test_repr_shows_the_arguments_that_are_not_defaults():
    options = {"ordering": CYCLE, "degrees": "even", "dropout": 0.25, "conditioning": True}
    assert MADE(3, (4, 5), num_masks=None, seed=7, **options).extra_repr() == (
        "input_dim=3, hidden_dims=(4, 5), ordering=[1, 2, 0], degrees='even', dropout=0.25, "
        "conditioning=True, num_masks=None, seed=7"
    )
    assert MADE(3).extra_repr() == "input_dim=3"


# ---- bad arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, r"input_dim must be at least 1, got 0", {"input_dim": 0}),
        (TypeError, r"input_dim must be a whole number, got 3\.0", {"input_dim": 3.0}),
        (ValueError, r"each of hidden_dims must be at least 1, got 0", {"hidden_dims": (4, 0)}),
        (TypeError, r"hidden_dims must be a tuple .* \(512, 512\), got 512", {"hidden_dims": 512}),
        (TypeError, r"hidden_dims must be a tuple .*, got '512'", {"hidden_dims": "512"}),
        (TypeError, r"natural_order must be True or False, got 'tanh'", {"natural_order": "tanh"}),
        (ValueError, r"unknown activation 'gelu': choose one of relu, ta", {"activation": "gelu"}),
        (ValueError, r"^unknown activation ReLU.*such as torch\.nn\.G", {"activation": nn.ReLU()}),
        (ValueError, r"unknown degrees 'random': choose one of uniform, p", {"degrees": "random"}),
        (ValueError, r"permutation of 0\.\.2, got \[1, 0\]", {"ordering": [1, 0]}),
        (ValueError, r"seed must be at least 0, got -1", {"seed": -1}),
        (ValueError, r"dropout must be at most 1, got 1\.5", {"dropout": 1.5}),
        (ValueError, r"num_masks must be at least 1, got 0", {"num_masks": 0}),
        (TypeError, r"head must be Bernoulli\(\), .* got <class", {"head": Bernoulli}),
    ],
)
def test_bad_arguments_are_refused(error, message, arguments):
    with pytest.raises(error, match=message):
        MADE(**{"input_dim": 3, "hidden_dims": (4,), **arguments})


@pytest.mark.parametrize(
    ("error", "message", "x"),
    [
        (ValueError, r"x must have shape \(B, 6\), got \(2, 5\)", binary(2, 5)),
        (ValueError, r"got .*\(4, 2, 3\): for images, use x\.reshape", torch.ones(4, 2, 3)),
        (ValueError, r"got \(6,\): .* one row, x\[None\]", binary(2, 6)[0]),
        (ValueError, r"must hold only 0 and 1, got 0\.5 .* Binarise", torch.full((2, 6), 0.5)),
        (TypeError, r"x must be a torch\.Tensor, got list", [[0, 1, 0, 1, 0, 1]]),
    ],
)
def test_bad_data_is_refused_and_changes_nothing(error, message, x):
    model = MADE(6, (8,), natural_order=False, dropout=0.5)
    with nothing_changes(model):
        for check in (model.log_prob, model.check_data):  # fit and evaluate call the latter
            with pytest.raises(error, match=message):
                check(x)


@pytest.mark.parametrize("x", [binary(2, 5), torch.tensor(1.0)])
def test_forward_checks_the_last_dimension(x):
    with pytest.raises(ValueError, match=r"last dimension of x must be input_dim = 6, got .*\("):
        MADE(6, (8,))(x)
