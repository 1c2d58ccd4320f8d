"""Sets of masks: one, K in a cycle or always new ones, and their state dict."""

import copy
import math
import pickle

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from made_course import MADE, build_masks, direct_mask
from made_course.model.mask_sets import MaskSets
from tests.networks import (
    assert_same,
    binary,
    every_row,
    members,
    networks,
    nothing_changes,
    under,
    with_weights,
)

EACH = pytest.mark.parametrize("num_masks", [1, 3, None])


def family(num_masks=4, **arguments):
    """Return a MADE of five variables with several sets of masks and large weights."""
    defaults = {"natural_order": False, "direct": True, "seed": 3}
    model = MADE(5, (9, 7), num_masks=num_masks, **{**defaults, **arguments})
    return with_weights(model.double(), 1)


# ---- drawn sets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [5, None])
@pytest.mark.parametrize("natural_order", [True, False])
def test_stored_sets_are_drawn_as_single_masks_and_repeat_in_a_cycle(natural_order, seed):
    many, one = [], []
    for num_masks, seen in ((2, many), (1, one)):
        torch.manual_seed(1)
        model = MADE(9, (7, 5), natural_order, direct=True, num_masks=num_masks, seed=seed)
        for _ in range(7):
            seen.append([model.order, *model.masks, model.direct.mask.bool()])
            assert all(map(torch.equal, model.masks, build_masks(model.degrees)))
            assert torch.equal(model.direct.mask.bool(), direct_mask(model.order))
            model.resample_masks()
    for step in range(7):
        assert all(map(torch.equal, many[step], many[step % 2]))
        assert all(map(torch.equal, one[step], many[step])) == (step < 2)
    assert len({tuple(order.tolist()) for order, *_ in one}) == (1 if natural_order else 7)
    assert len({tuple(mask.ravel().tolist()) for _, mask, *_ in one}) == 7


@pytest.mark.parametrize("input_dim", [2**15, 2**15 + 1])
def test_degrees_above_those_of_16_bits_are_stored(input_dim):
    assert MaskSets(input_dim, ()).degrees()[0][-1] == input_dim


@EACH
def test_all_sets_keep_a_given_ordering(num_masks):
    model = MADE(6, (20,), False, ordering=[1, 2, 0, 5, 3, 4], num_masks=num_masks, seed=0)
    hidden = set()
    for number in range(3):
        assert model.order.tolist() == [3, 1, 2, 5, 6, 4]
        assert num_masks == 1 or torch.equal(model.mask_sets.degrees(number)[0], model.order)
        hidden.add(tuple(model.degrees[1].tolist()))
        model.resample_masks()
    assert len(hidden) == 3


def test_a_seed_governs_orderings_and_degrees_and_nothing_else():
    models = []
    for stream, seed in ((1, 5), (2, 5), (2, 6)):
        torch.manual_seed(stream)
        models.append(MADE(20, (30, 30), natural_order=False, seed=seed))
    first, second, other = models
    for _ in range(3):
        assert all(map(torch.equal, first.degrees, second.degrees))
        assert not torch.equal(first.order, other.order)
        stream = torch.get_rng_state()
        for model in models:
            model.resample_masks()
        assert torch.equal(torch.get_rng_state(), stream)
    assert not torch.equal(first.net[0].weight, second.net[0].weight)


@pytest.mark.parametrize("seed", [None, 7])
def test_members_of_fresh_masks_are_those_of_the_seeds_0_1_2(seed):
    """Check that an ensemble can be measured again from the weights only."""
    model = MADE(12, (10,), natural_order=False, num_masks=None, seed=seed)
    for number in range(3):
        generator = torch.Generator().manual_seed(number)
        order, hidden = model.mask_sets.degrees(number)
        assert torch.equal(order, torch.randperm(12, generator=generator) + 1)
        assert torch.equal(hidden, torch.randint(1, 12, (10,), generator=generator))


# ---- other degrees for a moment -----------------------------------------------------------------


def test_under_other_degrees_and_back_again():
    model = family(num_masks=3, conditioning=True)
    degrees, own = model.mask_sets.degrees(2), under(model, model.degrees)
    other = under(model, degrees)
    with nothing_changes(model):
        with model.using_degrees(degrees):
            assert_same(model, other)
            with pytest.raises(KeyboardInterrupt), model.using_degrees(model.mask_sets.degrees(1)):
                raise KeyboardInterrupt
            assert_same(model, other)
        assert_same(model, own)
        wrong = [degrees[0][:2], *degrees[1:]]
        with pytest.raises(ValueError, match="must have shape"), model.using_degrees(wrong):
            pass
        assert_same(model, own)
    with model.using_degrees(degrees):
        model.resample_masks()
    assert_same(model, under(model, model.degrees))


@EACH
def test_gradients_are_those_of_the_masks_of_their_forward_pass(num_masks):
    model = family(num_masks=num_masks)
    twin = copy.deepcopy(model)
    losses = [-one.log_prob(binary(10, 5)).mean() for one in (model, twin)]
    with torch.inference_mode():  # masks outlive it, and training needs them
        model.resample_masks()
    for loss in losses:
        loss.backward()
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(ours.grad, theirs.grad)
    model.log_prob(binary(10, 5)).mean().backward()


# ---- ensembles ----------------------------------------------------------------------------------


@given(networks(largest=6))
@settings(max_examples=40)
def test_an_ensemble_averages_the_probabilities_of_its_members(model):
    x, k = every_row(model.input_dim).double(), model.num_masks or 3
    model.resample_masks()  # the first k sets count, at any position of the cycle
    with torch.no_grad():
        each = torch.stack([one.log_prob(x) for one in members(model, k)])
        for size in range(1, k + 1):
            expected = each[:size].logsumexp(dim=0) - math.log(size)
            with nothing_changes(model):
                found = model.log_prob(x, ensemble=size)
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_the_gradient_of_an_ensemble_survives_new_masks():
    model, x = family(num_masks=3, conditioning=True), binary(20, 5)
    loss = -model.log_prob(x, ensemble=3).mean()
    model.resample_masks()
    loss.backward()
    expected = members(model, 3)
    log_probs = torch.stack([one.log_prob(x) for one in expected])
    (-(log_probs.logsumexp(0) - math.log(3)).mean()).backward()
    for name, parameter in model.named_parameters():
        total = sum(dict(one.named_parameters())[name].grad for one in expected)
        torch.testing.assert_close(parameter.grad, total)


@pytest.mark.parametrize(
    ("error", "message", "num_masks", "ensemble"),
    [
        (ValueError, r"at most num_masks = 3, got 4: build .* num_masks=4", 3, 4),
        (ValueError, r"ensemble must be at least 1, got 0", None, 0),
        (TypeError, r"ensemble must be a whole number, got 1\.5", 3, 1.5),
    ],
)
def test_ensembles_that_do_not_exist_are_refused(error, message, num_masks, ensemble):
    model, x = family(num_masks=num_masks), binary(4, 5)
    for call in (lambda: model.log_prob(x, ensemble), lambda: model.sample(3, ensemble=ensemble)):
        with nothing_changes(model), pytest.raises(error, match=message):
            call()


# ---- state dicts --------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("how", ["pickle", "state dict", "assigned"])
def test_a_copy_draws_the_same_masks_and_is_independent(num_masks, how):
    model = family(num_masks, dropout=0.5).eval()
    model.resample_masks()
    if how == "pickle":
        twin = pickle.loads(pickle.dumps(model))
    else:
        # the state dict stores sets for any seed; fresh masks are drawn from the seed
        twin = family(num_masks, dropout=0.5, seed=4 if num_masks == 3 else 3).eval()
        inside, outside = (nn.Sequential(nn.Identity(), one) for one in (model, twin))
        outside.load_state_dict(copy.deepcopy(inside.state_dict()), assign=how == "assigned")
    assert not twin.training
    for _ in range(5):
        assert_same(model, twin)
        model.resample_masks()
        twin.resample_masks()
    other = family(num_masks, dropout=0.5, seed=9).state_dict()
    with nothing_changes(model):
        twin.load_state_dict(other)
        assert all(map(torch.equal, twin.masks, build_masks(twin.degrees)))
