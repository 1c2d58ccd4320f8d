"""Dependence of outputs on inputs, measured by flips and by gradients."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from made_course import MADE, binary_points, measure_dependence
from made_course.leaks.dependence import MOST_POINTS
from made_course.model.masks import find_ordering
from tests.networks import (
    CYCLE,
    leak,
    networks,
    nothing_changes,
    reachable,
    show_every_path,
    with_weights,
)


def measure(function, input_dim, seed=0):
    return measure_dependence(function, binary_points(input_dim, seed))


# ---- points -------------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [1, 10, 11, 784])
def test_few_variables_are_tried_at_every_input_and_many_at_random_points(input_dim):
    assert 2**10 <= MOST_POINTS < 2**11
    stream = torch.get_rng_state()
    points = binary_points(input_dim, seed=3)
    assert torch.equal(torch.get_rng_state(), stream)
    assert points.dtype == torch.float32
    assert set(points.unique().tolist()) == {0, 1}
    is_every = input_dim <= 10
    assert points.shape == (2**input_dim if is_every else 64, input_dim)
    assert not is_every or len(points.unique(dim=0)) == len(points)
    assert torch.equal(points, binary_points(input_dim, seed=3))
    assert torch.equal(binary_points(input_dim), binary_points(input_dim, seed=0))
    assert torch.equal(points, binary_points(input_dim, seed=4)) == is_every
    assert is_every or abs(points.mean() - 0.5) < 0.1


# ---- dependence ---------------------------------------------------------------------------------


def assert_found(model):
    found = measure(model, model.input_dim)
    assert torch.equal(found.by_flip, reachable(model))
    assert torch.equal(found.by_gradient, reachable(model))
    assert (found.largest_move[~reachable(model)] == 0).all(), "without a path it keeps every bit"
    assert (found.largest_slope[~reachable(model)] == 0).all()
    assert found.leaks(find_ordering(model.order)) == []


@given(networks())
@settings(max_examples=40)
def test_what_moves_and_what_has_a_slope_is_the_connectivity(model):
    assert_found(show_every_path(model))


def test_at_random_points_too():
    """Use 300 variables, which need several batches."""
    model = MADE(300, (64,), natural_order=False, direct=True, seed=0)
    assert_found(show_every_path(model))


@given(networks(), st.integers(0, 10**6))
@settings(max_examples=40)
def test_an_output_mask_that_is_not_strict_leaks_where_the_masks_say(model, seed):
    show_every_path(leak(model))
    input_dim, generator = model.input_dim, torch.Generator().manual_seed(seed)
    step = torch.randint(input_dim, (input_dim,), generator=generator)
    groups = [(step == t).nonzero().ravel().tolist() for t in range(input_dim)]
    found = measure(model, input_dim)
    assert torch.equal(found.by_flip, reachable(model))
    assert found.leaks(groups) == [
        (i, j) for i, j in reachable(model).nonzero().tolist() if step[j] >= step[i]
    ]


def test_the_largest_move_and_slope():
    model = with_weights(MADE(5, (16,), activation="tanh", ordering=[2, 0, 4, 1, 3], seed=0), 3.0)
    found, points = measure(model, 5), binary_points(5)
    for j in range(5):
        flipped = points.clone()
        flipped[:, j] = 1 - flipped[:, j]
        with torch.no_grad():
            moves = (model(flipped) - model(points)).abs().double()
        torch.testing.assert_close(found.largest_move[:, j], moves.amax(dim=0))
    slopes = torch.func.vmap(torch.func.jacrev(model))(points).abs().amax(dim=0)
    torch.testing.assert_close(found.largest_slope, slopes.detach().double())


# ---- what counts as a move ----------------------------------------------------------------------


def with_a_leak_of(size, scale):
    """Return a function whose logits have this scale, with one leak of this size."""
    model = MADE(12, (64, 64), natural_order=False, seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
        model.net[-1].weight.mul_(scale / model(binary_points(12)).abs().max())
        model.net[-1].bias.zero_()
    first = int(torch.argsort(model.order)[0])

    def function(x):
        logits = model(x).clone()
        logits[:, first] += size * x[:, first] + scale / 2
        return logits

    return function, torch.argsort(model.order), first


@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_a_leak_of_a_ten_thousandth_is_found_in_float32(scale):
    function, ordering, first = with_a_leak_of(1e-4, scale)
    found = measure(function, 12)
    assert found.leaks(ordering) == [(first, first)]
    assert found.largest_move[first, first] == pytest.approx(1e-4, rel=0.05)
    assert measure(with_a_leak_of(0.0, scale)[0], 12).leaks(ordering) == []


@pytest.mark.parametrize("size", [0, 1, 30])
@pytest.mark.parametrize(("input_dim", "width"), [(4, 16), (100, 256)])
def test_rounding_is_not_a_move(input_dim, width, size):
    """Add to each hidden unit a copy with the opposite output weight, so that both cancel.

    Only rounding remains. The outputs also see the second half of the inputs, at any scale.
    """
    generator, half = torch.Generator().manual_seed(0), input_dim // 2
    inwards, real_inwards = torch.randn(2, width, input_dim, generator=generator) / input_dim**0.5
    outwards, real_outwards = torch.randn(2, input_dim, width, generator=generator) / width**0.5
    real_inwards[:, :half] = 0
    largest = torch.relu(binary_points(input_dim) @ real_inwards.T) @ real_outwards.T
    real_outwards *= size / largest.abs().max()
    outwards *= max(1, size / 5)
    shuffled = torch.randperm(3 * width, generator=generator)
    first = torch.cat([inwards, inwards, real_inwards])[shuffled]
    last = torch.cat([outwards, -outwards, real_outwards], dim=1)[:, shuffled]
    found = measure(lambda x: torch.relu(x @ first.T) @ last.T, input_dim)
    assert found.largest_move[:, :half].max() > 0, "nothing was rounded"
    assert not found.by_flip[:, :half].any()
    assert found.by_flip[:, half:].any() == (size > 0)
    assert found.by_gradient[:, :half].any()


# ---- the model is only looked at ----------------------------------------------------------------


@torch.no_grad()  # gradients are still measured
def test_a_model_is_measured_in_its_own_mode_and_left_as_it_was():
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
    model[2].eval()  # each module's own mode, not only the model's
    with nothing_changes(model):
        found = measure(model, 3)
        assert found.by_flip.all()
        assert found.by_gradient.all()
        assert found.rows_mix
        with pytest.raises(ValueError, match="one output per variable"):
            measure(model[:2], 3)
    assert {parameter.grad for parameter in model.parameters()} == {None}


def test_one_row_cannot_mix_but_can_be_random():
    found = measure_dependence(nn.Dropout(), torch.ones(1, 64))
    assert not found.rows_mix
    assert not found.deterministic


def test_a_function_may_write_into_what_it_is_given():
    def careless(x):
        x[:, 1:] = x[:, :-1].clone()
        x[:, 0] = 0
        return x

    points = binary_points(4)
    found = measure_dependence(careless, points)
    assert torch.equal(points, binary_points(4))
    expected = torch.diag(torch.ones(3), -1).bool()
    assert torch.equal(found.by_flip, expected)
    assert torch.equal(found.by_gradient, expected)


# ---- functions of any kind ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.from_numpy(x.numpy()[:, [2, 0, 1]].copy()),
        lambda x: x.detach().roll(1, dims=1) + torch.zeros(1, requires_grad=True),
        torch.inference_mode()(lambda x: x.roll(1, dims=1)),
    ],
    ids=["numpy", "gradients of other things", "inference_mode"],
)
def test_a_function_without_gradients_is_measured_by_flips_only(function):
    found = measure(function, 3)
    assert found.largest_slope is None
    assert found.by_gradient is None
    assert found.leaks(CYCLE) == [(1, 0)]  # x1 and x3 come after what they see


def test_outputs_that_are_counted_or_no_number():
    counted = measure(lambda x: x.long() * 10**9, 3)
    assert counted.by_flip.equal(torch.eye(3).bool())
    assert counted.tolerance.eq(0).all()
    found = measure(lambda x: x > 0.5, 3)
    assert found.by_flip.equal(torch.eye(3).bool())
    assert found.by_gradient is None
    found = measure(lambda x: 0 * x.sqrt(), 2)  # a slope of NaN counts as a slope
    assert found.largest_slope.diagonal().isinf().all()
    assert not found.by_flip.any()


WRONG_POINTS = [torch.zeros(3), torch.zeros(0, 3), torch.tensor([[0.5]]), torch.tensor([[2.0]])]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measure(lambda x: x.sum(1), 3), "one output per variable, got (8, 3) → (8,)"),
        (lambda: measure(lambda x: x.log(), 3), "the outputs must be finite numbers"),
        *((lambda x=x: measure_dependence(torch.clone, x), "zeros and ones") for x in WRONG_POINTS),
        (lambda: binary_points(0), "input_dim must be at least 1, got 0"),
        (lambda: binary_points(3, -1), "seed must be at least 0, got -1"),
        (lambda: measure(torch.clone, 3).leaks([0, 1]), "a permutation of 0..2, got [0, 1]"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
