"""MADE and its masked layer: the document's, a probability, and one that saves and compiles."""

import copy
import math
import pickle
import shutil
import sys
import sysconfig
import warnings
from itertools import pairwise
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from made_course import (
    MADE,
    MaskedLinear,
    build_masks,
    complete,
    conditional,
    connectivity,
    direct_mask,
    evaluate,
)
from made_course.heads import Bernoulli, Categorical, MixtureOfGaussians
from made_course.sampling import evaluation_mode
from tests.members import under

CYCLE = [1, 2, 0]  # x2, then x3, then x1
ORDER = [3, 1, 2]


def all_inputs(input_dim):
    """(2^D, D), every row there is."""
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * input_dim).view(-1, input_dim)


def total_probability(model):
    with torch.no_grad():
        return model.log_prob(all_inputs(model.input_dim)).exp().sum().item()


def binary(n, input_dim, seed=0):
    return torch.randint(2, (n, input_dim), generator=torch.Generator().manual_seed(seed)).float()


@torch.no_grad()
def enlarge(model, factor):
    """Weights as training makes them: at their first values a network hides its leaks."""
    for parameter in model.parameters():
        parameter.mul_(factor)
    if model.direct is not None:  # starts at zero
        model.direct.weight.normal_(generator=torch.Generator().manual_seed(0))
    return model


def train(model, steps=30):
    data = binary(200, model.input_dim)
    data[:, -1] = data[:, 0]  # something to learn
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(steps):
        loss = -model.log_prob(data).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def leak(model):
    """Put in by hand the mistake that the course warns of: ``>=`` at the output."""
    degrees = model.degrees
    model.net[-1].set_mask(degrees[0][:, None] >= degrees[-1][None, :])
    return model


def everything(model):
    """A copy of all that makes a model what it is: parameters, buffers and modes."""
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {
        **{name: tensor.detach().clone() for name, tensor in tensors.items()},
        "modes": [module.training for module in model.modules()],
    }


def assert_unchanged(model, before):
    after = everything(model)
    assert after.keys() == before.keys()
    assert after.pop("modes") == before["modes"]
    assert all(torch.equal(value, before[name]) for name, value in after.items())


def same_function(a, b):
    x = binary(64, a.input_dim)
    with torch.no_grad(), evaluation_mode(a), evaluation_mode(b):
        return torch.equal(a(x), b(x)) and torch.equal(a.log_prob(x), b.log_prob(x))


def same_structure(a, b):
    return all(map(torch.equal, [*a.degrees, *a.masks], [*b.degrees, *b.masks]))


@st.composite
def models(draw, largest=8):
    return MADE(
        draw(st.integers(1, largest)),
        hidden_dims=draw(st.lists(st.integers(1, 12), max_size=3)),
        natural_order=draw(st.booleans()),
        activation=draw(st.sampled_from(["relu", "tanh", "silu"])),
        degrees=draw(st.sampled_from(["uniform", "paper", "even"])),
        direct=draw(st.booleans()),
        seed=draw(st.integers(0, 10**6)),
    ).double()


# ---- the document's class -----------------------------------------------------------------------


class Reference(nn.Module):
    """What the document's MADE does, as short as it can be said; masks are plain attributes."""

    def __init__(self, input_dim, hidden_dims, natural_order, activation):
        super().__init__()
        sizes = [input_dim, *hidden_dims, input_dim]
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in pairwise(sizes)])
        self.act = {"relu": F.relu, "tanh": torch.tanh, "silu": F.silu}[activation]
        natural = torch.arange(1, input_dim + 1)
        self.order = natural if natural_order else torch.randperm(input_dim) + 1
        hidden = [torch.randint(1, input_dim, (width,)) for width in hidden_dims]
        self.masks = [
            (above.unsqueeze(1) >= below.unsqueeze(0)).float()
            for below, above in pairwise([self.order, *hidden])
        ]
        self.masks.append((self.order.unsqueeze(1) > [self.order, *hidden][-1]).float())

    def forward(self, x):
        *hidden, last = zip(self.layers, self.masks, strict=True)
        for layer, mask in hidden:
            x = self.act(F.linear(x, layer.weight * mask, layer.bias))
        layer, mask = last
        return F.linear(x, layer.weight * mask, layer.bias)

    def log_prob(self, x):
        z = self(x)
        return (-x * F.softplus(-z) - (1 - x) * F.softplus(z)).sum(dim=1)


@pytest.mark.parametrize("natural_order", [True, False])
@pytest.mark.parametrize(
    ("input_dim", "hidden_dims", "activation"),
    [(784, (512, 512), "relu"), (20, (30,), "tanh"), (9, (8, 7, 6), "silu"), (5, (), "relu")],
)
def test_the_same_seed_gives_the_documents_model(input_dim, hidden_dims, activation, natural_order):
    torch.manual_seed(0)
    reference = Reference(input_dim, hidden_dims, natural_order, activation)
    torch.manual_seed(0)
    model = MADE(input_dim, hidden_dims, natural_order, activation)
    next_number = torch.rand(())
    torch.manual_seed(0)
    Reference(input_dim, hidden_dims, natural_order, activation)
    assert torch.equal(torch.rand(()), next_number), "the streams are not at the same place"

    assert torch.equal(model.order, reference.order)
    for ours, theirs in zip(model.net, reference.layers, strict=True):
        assert torch.equal(ours.weight, theirs.weight)
        assert torch.equal(ours.bias, theirs.bias)
    for ours, theirs in zip(model.masks, reference.masks, strict=True):
        assert ours.dtype == torch.bool
        assert torch.equal(ours, theirs.bool())
    x = binary(50, input_dim)
    with torch.no_grad():
        assert torch.equal(model(x), reference(x))
        torch.testing.assert_close(model.log_prob(x), reference.log_prob(x))
    for model_ in (model, reference):
        model_.log_prob(x).mean().backward()
    for ours, theirs in zip(model.net, reference.layers, strict=True):
        torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


def test_log_prob_is_the_documents_formula_to_the_last_digits():
    model = enlarge(MADE(30, (40, 40), natural_order=False, direct=True, seed=0).double(), 10)
    x = binary(100, 30).double()
    with torch.no_grad():
        z = model(x)
        # softplus as the document writes it, but exact: F.softplus drops what is below 2e-9
        softplus = torch.logaddexp(torch.stack([-z, z]), torch.zeros(()).double())
        expected = -(x * softplus[0] + (1 - x) * softplus[1]).sum(dim=1)
        torch.testing.assert_close(model.log_prob(x), expected, rtol=1e-13, atol=0)


def test_resampled_masks_are_the_documents_too():
    torch.manual_seed(0)
    model = MADE(20, (30, 10), natural_order=False)
    torch.manual_seed(1)
    model.resample_masks()
    torch.manual_seed(1)
    assert torch.equal(model.order, torch.randperm(20) + 1)
    assert torch.equal(model.degrees[1], torch.randint(1, 20, (30,)))
    assert torch.equal(model.degrees[2], torch.randint(1, 20, (10,)))


def test_the_documents_number_of_parameters():
    model = MADE(28 * 28)
    assert model.n_parameters() == 1_066_768
    assert model.hidden_dims == [512, 512]
    assert MADE(3, (4,), direct=True).n_parameters() == (3 * 4 + 4) + (4 * 3 + 3) + 3 * 3


@pytest.mark.parametrize("input_dim", [1, 3, 784])
def test_zero_weights_give_d_ln_2(input_dim):
    model = MADE(input_dim, (16,), direct=True)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        nll = -model.log_prob(binary(5, input_dim))
    assert nll.tolist() == pytest.approx([input_dim * math.log(2)] * 5, rel=1e-6)
    if input_dim == 784:
        assert round(nll[0].item(), 2) == 543.43


# ---- structure ----------------------------------------------------------------------------------


def test_the_documents_ordering():
    model = MADE(3, (4, 4), ordering=CYCLE)
    assert model.order.tolist() == ORDER
    assert model.order.dtype == torch.int64
    assert torch.argsort(model.order).tolist() == CYCLE


@given(models(largest=12))
@settings(max_examples=50)
def test_masks_and_degrees_belong_together(model):
    sizes = [model.input_dim, *model.hidden_dims, model.input_dim]
    assert [len(degrees) for degrees in model.degrees] == sizes[:-1]
    assert torch.equal(model.degrees[0], model.order)
    assert all(map(torch.equal, model.masks, build_masks(model.degrees)))
    for layer, mask in zip(model.net, model.masks, strict=True):
        assert mask.dtype == torch.bool
        assert mask.shape == layer.weight.shape
    if model.direct is not None:
        assert torch.equal(model.direct.mask.bool(), direct_mask(model.order))


@pytest.mark.parametrize("wrong", ["tanh", 1, None])
def test_what_is_no_natural_order_is_no_activation_either(wrong):
    with pytest.raises(TypeError, match=f"must be True or False, got {wrong!r}: .*activation="):
        MADE(10, (32,), wrong)


def test_the_natural_order_is_the_default():
    assert MADE(5, (4,)).order.tolist() == [1, 2, 3, 4, 5]


def test_a_random_order_is_a_permutation_other_than_the_natural():
    order = MADE(50, (4,), natural_order=False).order
    assert sorted(order.tolist()) == list(range(1, 51))
    assert order.tolist() != list(range(1, 51))


@pytest.mark.parametrize("natural_order", [True, False])
def test_a_given_ordering_counts_more_than_natural_order(natural_order):
    assert MADE(3, (4,), natural_order, ordering=torch.tensor(CYCLE)).order.tolist() == ORDER


def test_even_degrees_arrive_in_the_model():
    assert MADE(4, (3, 6), degrees="even").degrees[1].tolist() == [1, 2, 3]
    assert MADE(4, (3, 6), degrees="even").degrees[2].tolist() == [1, 1, 2, 2, 3, 3]


def test_papers_degrees_arrive_in_the_model():
    for seed in range(20):
        first, second = MADE(30, (2, 50), degrees="paper", seed=seed).degrees[1:]
        assert second.min() >= first.min()
    uniform = [MADE(30, (2, 50), seed=seed).degrees[1:] for seed in range(20)]
    assert any(second.min() < first.min() for first, second in uniform)


@pytest.mark.parametrize(
    ("name", "function"), [("relu", F.relu), ("tanh", torch.tanh), ("silu", F.silu)]
)
def test_activations_are_the_ones_named(name, function):
    z = torch.linspace(-3, 3, 7)
    assert torch.equal(MADE(3, activation=name).act(z), function(z))


def test_it_shows_its_arguments():
    shown = repr(MADE(3, (4, 5), ordering=CYCLE, degrees="even", dropout=0.25, seed=7))
    for part in ("input_dim=3", "[4, 5]", "'even'", "dropout=0.25", "seed=7", "[1, 2, 0]"):
        assert part in shown


# ---- dependence ---------------------------------------------------------------------------------


@given(models(), st.integers(0, 10**6))
def test_what_the_jacobian_reaches_is_the_connectivity(model, seed):
    """Positive weights cannot cancel, and tanh is nowhere flat: each path that exists shows."""
    model.act = nn.Tanh()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(0.1, 1.0, generator=generator).div_(parameter.shape[-1])
    jacobian = torch.autograd.functional.jacobian(model, torch.rand(model.input_dim).double())
    direct = None if model.direct is None else direct_mask(model.order)
    assert torch.equal(jacobian != 0, connectivity(model.masks, direct))


@given(models(largest=12), st.sampled_from([1, 30]), st.integers(0, 10**6))
def test_a_later_variable_changes_no_earlier_output_by_a_single_bit(model, factor, seed):
    enlarge(model, factor)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(2, (5, model.input_dim), generator=generator).double()
    ordering = torch.argsort(model.order)
    with torch.no_grad():
        before = model(x)
        for step, variable in enumerate(ordering):
            changed = x.clone()
            later = ordering[step:]
            changed[:, later] = 1e6 * torch.randn(5, len(later), generator=generator).double()
            upto = ordering[: step + 1]  # the variable itself is no input of its own output
            assert torch.equal(model(changed)[:, upto], before[:, upto]), variable


def test_a_leak_is_seen_in_jacobian_and_outputs():
    """The two tests above can fail."""
    model = leak(MADE(3, (6,), ordering=CYCLE, activation="tanh", degrees="even").double())
    x = binary(1, 3).double()[0]
    jacobian = torch.autograd.functional.jacobian(model, x)
    assert (jacobian != 0).int().tolist() == [[0, 1, 1], [0, 1, 0], [0, 1, 1]]
    changed = x.clone()
    changed[1] = 1e6
    assert not torch.equal(model(changed)[1], model(x)[1])


@pytest.mark.parametrize("direct", [False, True])
def test_masked_weights_get_a_gradient_of_exactly_zero_and_do_not_move(direct):
    model = enlarge(MADE(8, (16, 16), natural_order=False, direct=direct, seed=0), 2)
    layers = [*model.net, *([model.direct] if direct else [])]
    masked = [layer.weight[layer.mask == 0].clone() for layer in layers]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model.log_prob(binary(50, 8)).mean().backward()
        for layer in layers:
            assert layer.weight.grad[layer.mask == 0].eq(0).all()
            assert layer.weight.grad[layer.mask == 1].ne(0).any()
        optimizer.step()
    for layer, before in zip(layers, masked, strict=True):
        assert before.numel() > 0
        assert torch.equal(layer.weight[layer.mask == 0], before)


# ---- probability --------------------------------------------------------------------------------


@given(models(largest=9), st.sampled_from([1, 5, 100]))
@settings(max_examples=60)
def test_probabilities_sum_to_one(model, factor):
    assert total_probability(enlarge(model, factor)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("direct", "draw"), [(False, "uniform"), (True, "paper"), (False, "even")])
@pytest.mark.parametrize("input_dim", [1, 3, 10])
def test_probabilities_sum_to_one_after_training(input_dim, direct, draw):
    model = MADE(
        input_dim,
        (32, 32),
        natural_order=False,
        activation="silu",
        degrees=draw,
        direct=direct,
        dropout=0.2,
        seed=1,
    ).double()
    before = total_probability(model.eval())
    x = binary(200, input_dim)
    x[:, -1] = x[:, 0]
    nll = -model.log_prob(x).mean()
    train(model.train())
    assert -model.log_prob(x).mean() < nll, "nothing was learned"
    assert before == pytest.approx(1, abs=1e-9)
    assert total_probability(model) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("widths", [(), (32,), (32, 32)])
def test_with_a_leak_they_do_not(widths):
    """The tests above can fail, but only once weights are enlarged: see how little shows before."""
    model = leak(MADE(6, widths, ordering=[1, 2, 0, 5, 3, 4], degrees="even", seed=0).double())
    assert abs(total_probability(enlarge(model, 20)) - 1) > 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_prob_stays_finite_where_logits_are_huge(dtype):
    model = MADE(4, hidden_dims=()).to(dtype)
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].bias.copy_(torch.tensor([1000.0, -1000.0, 1000.0, -1000.0]))
    found = model.log_prob(torch.tensor([[1, 0, 1, 0], [0, 1, 0, 1]]))
    assert found.tolist() == [0, -4000]
    found.sum().backward()
    assert model.net[0].bias.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float64])
def test_data_of_any_dtype_is_cast_to_the_models(dtype):
    model = MADE(6, (8,), seed=0)
    x = binary(10, 6)
    assert torch.equal(model.log_prob(x.to(dtype)), model.log_prob(x))
    assert torch.equal(model(x.to(dtype)), model(x))
    assert model.double().log_prob(x.to(dtype)).dtype == torch.float64


def test_shapes_of_logits_and_log_probabilities():
    model = MADE(6, (8,), direct=True)
    assert model(torch.zeros(6)).shape == (6,)
    assert model(torch.zeros(2, 3, 6)).shape == (2, 3, 6)
    assert model(torch.zeros(0, 6)).shape == (0, 6)
    assert model.log_prob(torch.zeros(5, 6)).shape == (5,)
    assert model.log_prob(torch.zeros(0, 6)).shape == (0,)
    assert (model.log_prob(binary(5, 6)) <= 0).all()


# ---- direct connections and dropout -------------------------------------------------------------


def test_direct_weights_start_at_zero_and_are_strict():
    torch.manual_seed(3)
    plain = MADE(6, (8,), ordering=[1, 2, 0, 5, 3, 4], degrees="even")
    torch.manual_seed(3)
    model = MADE(6, (8,), ordering=[1, 2, 0, 5, 3, 4], degrees="even", direct=True)
    assert model.direct.weight.eq(0).all()
    assert model.direct.bias is None
    assert same_function(model, plain)
    assert len(model.masks) == 2
    assert torch.equal(model.direct.mask.bool(), direct_mask(model.order))
    assert not model.direct.mask.diagonal().any()


def test_direct_weights_count():
    model = MADE(3, (2,), ordering=CYCLE, direct=True)
    x = binary(8, 3)
    with torch.no_grad():
        before = model(x)
        model.direct.weight.fill_(2.0)  # the masked ones too
        difference = model(x) - before
    expected = torch.stack([2 * (x[:, 1] + x[:, 2]), torch.zeros(8), 2 * x[:, 1]], dim=1)
    torch.testing.assert_close(difference, expected)
    assert MADE(3, (2,)).direct is None


def test_dropout_acts_while_training_and_only_then():
    model = enlarge(MADE(6, (50, 50), dropout=0.5, seed=0), 3)
    x = binary(4, 6)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))
    with_none = MADE(6, (50, 50), seed=0)
    with_none.load_state_dict(dict(model.state_dict()))
    assert same_function(model, with_none)


def test_dropout_switches_off_the_share_it_is_given_and_keeps_the_mean():
    """One hidden unit of weight 1 behind a bias of 1: it is 0 or 1 / (1 - 0.25)."""
    model = MADE(2, (1,), dropout=0.25)
    with torch.no_grad():
        model.net[0].weight.zero_()
        model.net[0].bias.fill_(1)
        model.net[1].weight.fill_(1)
        model.net[1].bias.zero_()
        z = model(torch.zeros(20_000, 2))[:, 1]
    assert set(z.tolist()) == {0, torch.tensor(1 / 0.75).item()}
    assert z.eq(0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert z.mean().item() == pytest.approx(1, abs=0.03)


def test_dropout_spares_inputs_and_direct_connections():
    model = MADE(4, hidden_dims=(), direct=True, dropout=0.9)
    nn.init.normal_(model.direct.weight)
    x = binary(8, 4)
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("training", [True, False])
def test_zero_dropout_draws_no_random_number(training):
    model = MADE(6, (8, 8), direct=True).train(training)
    before = torch.get_rng_state()
    model.log_prob(binary(10, 6)).sum().backward()
    assert torch.equal(torch.get_rng_state(), before)


def test_evaluation_mode_restores_each_module():
    model = MADE(6, (8, 8), dropout=0.5)
    model.net[0].eval()
    modes = [module.training for module in model.modules()]
    assert len(set(modes)) == 2
    with evaluation_mode(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == modes
    with pytest.raises(KeyboardInterrupt), evaluation_mode(model):
        raise KeyboardInterrupt
    assert [module.training for module in model.modules()] == modes


# ---- new masks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"ordering": [1, 2, 0, 5, 3, 4]}, [3, 1, 2, 5, 6, 4]),
        ({"ordering": [1, 2, 0, 5, 3, 4], "natural_order": False}, [3, 1, 2, 5, 6, 4]),
    ],
    ids=["natural", "given", "given, not natural"],
)
@pytest.mark.parametrize("seed", [None, 0])
def test_new_masks_keep_an_ordering_that_is_natural_or_given(arguments, order, seed):
    model = MADE(6, (20, 20), seed=seed, direct=True, **arguments)
    before = model.degrees
    model.resample_masks()
    assert model.order.tolist() == order
    assert not torch.equal(model.degrees[1], before[1])
    assert not torch.equal(model.degrees[2], before[2])
    assert all(map(torch.equal, model.masks, build_masks(model.degrees)))


@pytest.mark.parametrize("seed", [None, 0])
def test_new_masks_draw_a_random_ordering_anew(seed):
    model = MADE(20, (20,), natural_order=False, direct=True, seed=seed)
    seen = set()
    for _ in range(4):
        seen.add(tuple(model.order.tolist()))
        assert all(map(torch.equal, model.masks, build_masks(model.degrees)))
        assert torch.equal(model.direct.mask.bool(), direct_mask(model.order))
        model.resample_masks()
    assert len(seen) == 4


@given(models(largest=7), st.integers(1, 3))
@settings(max_examples=25)
def test_under_new_masks_it_is_a_probability_still(model, times):
    enlarge(model, 20)
    parameters = [parameter.clone() for parameter in model.parameters()]
    for _ in range(times):
        model.resample_masks()
    assert total_probability(model) == pytest.approx(1, abs=1e-9)
    assert all(map(torch.equal, model.parameters(), parameters)), "weights are masked, not changed"


def test_a_seed_governs_orderings_and_degrees_and_nothing_else():
    torch.manual_seed(1)
    first = MADE(20, (30, 30), natural_order=False, seed=5)
    torch.manual_seed(2)
    second = MADE(20, (30, 30), natural_order=False, seed=5)
    other = MADE(20, (30, 30), natural_order=False, seed=6)
    for _ in range(3):
        assert same_structure(first, second)
        assert not torch.equal(first.order, other.order)
        for model in (first, second, other):
            model.resample_masks()
    assert not torch.equal(first.net[0].weight, second.net[0].weight)


def test_with_a_seed_the_global_stream_is_left_to_the_weights():
    torch.manual_seed(1)
    model = MADE(20, (30,), natural_order=False, seed=5)
    state = torch.get_rng_state()
    model.resample_masks()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(1)
    for sizes in ((20, 30), (30, 20)):
        MaskedLinear(*sizes)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("how", ["deepcopy", "pickle", "state dict"])
def test_a_copy_goes_on_to_the_same_masks(how):
    model = MADE(20, (30,), natural_order=False, seed=5)
    model.resample_masks()
    if how == "state dict":
        twin = MADE(20, (30,), natural_order=False, seed=5)
        twin.load_state_dict(model.state_dict())
    else:
        twin = copy.deepcopy(model) if how == "deepcopy" else pickle.loads(pickle.dumps(model))
    for _ in range(2):
        assert same_structure(model, twin)
        model.resample_masks()
        twin.resample_masks()
    assert same_structure(model, twin)


@pytest.mark.parametrize("num_masks", [1, 3, None])
def test_gradients_are_those_of_the_masks_of_their_forward_pass(num_masks):
    model = MADE(6, (8, 8), natural_order=False, direct=True, num_masks=num_masks, seed=0)
    twin = copy.deepcopy(model)
    losses = [-one.log_prob(binary(10, 6)).mean() for one in (model, twin)]
    model.resample_masks()
    for loss in losses:
        loss.backward()
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(ours.grad, theirs.grad)


def test_masks_that_are_set_in_inference_mode_serve_in_training():
    model = MADE(6, (8,), natural_order=False, seed=0)
    with torch.inference_mode():
        model.resample_masks()
    (-model.log_prob(binary(10, 6)).mean()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_under_other_degrees_and_back_again():
    model = MADE(6, (8, 8), natural_order=False, direct=True, num_masks=None, seed=0)
    before, degrees = everything(model), model.mask_sets.member(5)
    with model.under(degrees):
        assert all(map(torch.equal, model.degrees, degrees))
        assert same_function(model, under(model, degrees))
        with pytest.raises(KeyboardInterrupt), model.under(model.mask_sets.member(6)):
            raise KeyboardInterrupt
        assert same_structure(model, under(model, degrees))
    assert_unchanged(model, before)


# ---- state dicts --------------------------------------------------------------------------------


def test_masks_are_in_no_models_state_dict_but_in_a_layers():
    names = MADE(6, (8, 8), direct=True).state_dict().keys()
    assert not [name for name in names if name.endswith("mask")]
    stored = {f"mask_sets.{name}" for name in ("orders", "hidden_degrees", "position")}
    assert stored <= names
    assert "mask" in MaskedLinear(2, 3).state_dict()


@pytest.mark.parametrize("widths", [(), (30,), (30, 30)])
@pytest.mark.parametrize("assign", [False, True])
def test_a_loaded_model_is_the_same_distribution(widths, assign):
    model = enlarge(MADE(20, widths, natural_order=False, direct=True, seed=1), 3)
    other = enlarge(MADE(20, widths, natural_order=False, direct=True, seed=2), 3)
    assert not same_function(model, other)
    other.load_state_dict(copy.deepcopy(model.state_dict()), assign=assign)
    assert same_structure(model, other)
    assert torch.equal(other.direct.mask, model.direct.mask)
    assert same_function(model, other)
    noise = torch.rand(10, 20)
    assert torch.equal(model.sample(10, noise=noise), other.sample(10, noise=noise))


def test_a_model_inside_another_module_loads_too():
    model = enlarge(MADE(20, (30,), natural_order=False), 3)
    other = nn.Sequential(nn.Identity(), MADE(20, (30,), natural_order=False))
    other.load_state_dict(nn.Sequential(nn.Identity(), model).state_dict())
    assert same_function(model, other[1])
    with pytest.raises(ValueError, match="permutation"):
        other.load_state_dict({**other.state_dict(), "1.mask_sets.orders": torch.ones(1, 20)})


def test_a_layer_alone_keeps_its_mask():
    layer, other = MaskedLinear(3, 2), MaskedLinear(3, 2)
    layer.set_mask(torch.tensor([[1, 0, 1], [0, 0, 1]]))
    other.load_state_dict(layer.state_dict())
    x = torch.rand(4, 3)
    assert torch.equal(other(x), layer(x))
    assert torch.equal(other.mask, layer.mask)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mask_sets.orders", [[1, 1, 2, 3]], r"must be a permutation"),
        ("mask_sets.orders", [[0, 1, 2, 3]], r"must be a permutation"),
        ("mask_sets.orders", [[2, 3, 4, 5]], r"must be a permutation"),
        ("mask_sets.orders", [[1, 2, 3]], r"must name each of 4 variables, got 3"),
        (
            "mask_sets.hidden_degrees",
            [[0, 1, 2]],
            r"hidden degrees in a state dict must lie in 1\.\.3",
        ),
        (
            "mask_sets.hidden_degrees",
            [[1, 4, 2]],
            r"hidden degrees in a state dict must lie in 1\.\.3",
        ),
        ("mask_sets.hidden_degrees", [[1, torch.nan, 2]], r"hidden degrees .* must lie in 1\.\.3"),
    ],
)
def test_a_state_dict_that_makes_no_masks_is_refused_whole(name, value, message):
    model = MADE(4, (3,), ordering=[1, 2, 0, 3], seed=0)
    before = everything(model)
    state = MADE(4, (3,), natural_order=False, seed=1).state_dict()
    with pytest.raises(ValueError, match=message):
        model.load_state_dict({**state, name: torch.tensor(value)})
    assert_unchanged(model, before)


def test_a_copy_is_a_model_of_its_own():
    model = enlarge(MADE(20, (30,), natural_order=False, direct=True), 3)
    before = everything(model)
    twin = copy.deepcopy(model)
    assert same_function(model, twin)
    twin.load_state_dict(MADE(20, (30,), natural_order=False, direct=True).state_dict())
    twin.resample_masks()
    train(twin, steps=1)
    assert_unchanged(model, before)
    assert not same_function(model, twin)


def test_pickle_brings_back_the_same_distribution():
    model = enlarge(MADE(20, (30,), natural_order=False, direct=True, dropout=0.5), 3).eval()
    twin = pickle.loads(pickle.dumps(model))
    assert same_structure(model, twin)
    assert same_function(model, twin)
    assert not twin.training
    twin.load_state_dict(dict(MADE(20, (30,), direct=True).state_dict()))  # its hooks came with it
    assert twin.order.tolist() == list(range(1, 21))
    assert all(map(torch.equal, twin.masks, build_masks(twin.degrees)))


# ---- devices and dtypes -------------------------------------------------------------------------


def test_float64_is_the_same_network_more_exactly():
    model = enlarge(MADE(20, (30, 30), natural_order=False, direct=True), 2)
    x = binary(10, 20)
    single = model.log_prob(x)
    double = copy.deepcopy(model).double()
    assert {p.dtype for p in double.parameters()} == {torch.float64}
    assert double.log_prob(x).dtype == torch.float64
    assert same_structure(model, double)
    torch.testing.assert_close(double.log_prob(x).float(), single, rtol=1e-4, atol=1e-4)
    double.resample_masks()
    assert total_probability(MADE(6, (9,)).double()) == pytest.approx(1, abs=1e-12)


def test_everything_moves_with_the_model():
    """To ``meta``, the one other device that each machine has."""
    model = MADE(6, (8, 8), natural_order=False, direct=True, dropout=0.1).to("meta")
    tensors = [*model.parameters(), *model.buffers()]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert model(torch.zeros(3, 6, device="meta")).shape == (3, 6)


def test_moving_to_where_it_is_changes_nothing():
    model = MADE(6, (8,), natural_order=False)
    before = everything(model)
    assert model.to("cpu") is model
    assert_unchanged(model, before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu_masks_are_resampled_there_and_samples_drawn_there():
    model = MADE(40, (30, 30), natural_order=False, direct=True, seed=0).double()
    x, noise = binary(10, 40), torch.rand(10, 40, dtype=torch.float64)
    here = copy.deepcopy(model)
    model.cuda()
    for _ in range(2):
        assert model.order.is_cuda
        torch.testing.assert_close(model.log_prob(x.cuda()).cpu(), here.log_prob(x))
        assert torch.equal(model.sample(10, noise=noise).cpu(), here.sample(10, noise=noise))
        model.resample_masks()
        here.resample_masks()
    assert model.sample(3).is_cuda
    assert not model.sample(3, device="cpu").is_cuda


# ---- torch.compile and torch.func ---------------------------------------------------------------


def has_compiler():
    """What Inductor needs to build for a processor: on Linux a compiler and Python's headers.

    And no space in PyTorch's own path, which it hands to the linker without quotes.
    """
    header = Path(sysconfig.get_path("include")) / "Python.h"
    can_build = shutil.which("g++") is not None and header.exists() and " " not in torch.__file__
    return sys.platform == "linux" and can_build


INDUCTOR = pytest.param(
    "inductor",
    marks=pytest.mark.skipif(
        not has_compiler(),
        reason="g++ or Python.h is missing, or torch lies in a folder with a space",
    ),
)


@pytest.fixture
def _fresh_compiler():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@pytest.mark.usefixtures("_fresh_compiler")
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_forward_and_log_prob_compile_as_one_graph(backend):
    model = enlarge(MADE(6, (8, 8), natural_order=False, direct=True), 3)
    twin = copy.deepcopy(model)
    x = binary(10, 6)
    forward = torch.compile(model, fullgraph=True, backend=backend)
    log_prob = torch.compile(model.log_prob, fullgraph=True, backend=backend)
    for _ in range(2):
        torch.testing.assert_close(forward(x), twin(x))
        torch.testing.assert_close(log_prob(x), twin.log_prob(x))
        log_prob(x).mean().backward()
        twin.log_prob(x).mean().backward()
        for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad)
            ours.grad = theirs.grad = None
        model.resample_masks()  # the compiled network goes on with the new masks
        twin.load_state_dict(model.state_dict())


@pytest.mark.usefixtures("_fresh_compiler")
@pytest.mark.parametrize("backend", [INDUCTOR])
@torch.no_grad()
def test_what_inductor_builds_gives_the_same(backend):
    model = enlarge(MADE(6, (8,), natural_order=False, direct=True), 3)
    x = binary(10, 6)
    log_prob = torch.compile(model.log_prob, fullgraph=True, backend=backend)
    torch.testing.assert_close(log_prob(x), model.log_prob(x))


@pytest.mark.usefixtures("_fresh_compiler")
def test_dropout_compiles():
    model = MADE(6, (64,), dropout=0.5)
    forward = torch.compile(model, fullgraph=True, backend="aot_eager")
    x = binary(10, 6)
    assert not torch.equal(forward(x), forward(x))


@pytest.fixture
def small():
    return enlarge(MADE(6, (8, 8), natural_order=False, direct=True, seed=0).double(), 3)


def test_vmap_over_forward_and_log_prob(small):
    x = binary(10, 6).double()
    torch.testing.assert_close(torch.func.vmap(small)(x), small(x))
    torch.testing.assert_close(torch.func.vmap(small.log_prob)(x), small.log_prob(x))


class LogProb(nn.Module):
    """``log_prob`` as the forward pass of a module, for functional_call."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model.log_prob(x)


def test_gradients_row_by_row_equal_a_loop(small):
    x = binary(10, 6).double()
    wrapped = LogProb(small)
    parameters = {name: parameter.detach() for name, parameter in wrapped.named_parameters()}

    def log_prob(parameters, row):
        return torch.func.functional_call(wrapped, parameters, (row,))

    each = torch.func.vmap(torch.func.grad(log_prob), in_dims=(None, 0))(parameters, x)
    for i, row in enumerate(x):
        small.zero_grad()
        small.log_prob(row[None]).sum().backward()
        for name, parameter in wrapped.named_parameters():
            torch.testing.assert_close(each[name][i], parameter.grad)


def test_functional_call_uses_the_parameters_it_is_given(small):
    x = binary(10, 6).double()
    wrapped = LogProb(small)
    doubled = {name: 2 * parameter for name, parameter in wrapped.named_parameters()}
    found = torch.func.functional_call(wrapped, doubled, (x,))
    assert not torch.allclose(found, small.log_prob(x))
    with torch.no_grad():
        for parameter in small.parameters():
            parameter.mul_(2)
    torch.testing.assert_close(found, small.log_prob(x))


def test_grad_of_log_prob_by_parameters_and_by_input(small):
    x = binary(10, 6).double()
    wrapped = LogProb(small)
    parameters = {name: parameter.detach() for name, parameter in wrapped.named_parameters()}

    def total(parameters):
        return torch.func.functional_call(wrapped, parameters, (x,)).sum()

    found = torch.func.grad(total)(parameters)
    small.log_prob(x).sum().backward()
    for name, parameter in wrapped.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad)

    by_input = torch.func.grad(lambda row: small.log_prob(row[None]).sum())(x[0])
    leaf = x[:1].clone().requires_grad_()
    small.log_prob(leaf).sum().backward()
    torch.testing.assert_close(by_input, leaf.grad[0])


def test_jacrev_agrees_with_the_connectivity(small):
    jacobian = torch.func.jacrev(small)(binary(1, 6).double()[0])
    reachable = connectivity(small.masks, direct_mask(small.order))
    assert jacobian.ne(0).any()
    assert not (jacobian.ne(0) & ~reachable).any()


def test_after_a_transform_values_are_checked_again(small):
    torch.func.vmap(small.log_prob)(binary(10, 6).double())
    with pytest.raises(ValueError, match="only 0 and 1"):
        small.log_prob(torch.full((1, 6), 0.5))


# ---- the masked layer ---------------------------------------------------------------------------


def test_a_new_layer_is_a_linear_layer():
    torch.manual_seed(0)
    plain = nn.Linear(4, 3)
    torch.manual_seed(0)
    layer = MaskedLinear(4, 3)
    x = torch.rand(5, 4)
    assert torch.equal(layer(x), plain(x))
    assert isinstance(layer, nn.Linear)
    assert MaskedLinear(4, 3, bias=False).bias is None


@given(st.integers(0, 10**6), st.sampled_from([torch.bool, torch.int64, torch.float32]))
@settings(max_examples=25)
def test_a_mask_holds_weights_at_zero_and_leaves_them_stored(seed, dtype):
    generator = torch.Generator().manual_seed(seed)
    layer = MaskedLinear(5, 4)
    weight = layer.weight.detach().clone()
    mask = torch.randint(2, (4, 5), generator=generator).to(dtype)
    layer.set_mask(mask)
    x = torch.rand(7, 5, generator=generator)
    assert torch.equal(layer(x), F.linear(x, weight * mask, layer.bias))
    assert torch.equal(layer.masked_weight(), weight * mask)
    assert torch.equal(layer.weight, weight)


def test_a_mask_is_a_buffer_and_no_parameter():
    layer = MaskedLinear(2, 2)
    assert {name for name, _ in layer.named_parameters()} == {"weight", "bias"}
    assert not layer.mask.requires_grad
    mask = torch.eye(2)
    layer.set_mask(mask)
    mask.fill_(1)  # the layer has a copy
    assert layer.mask.tolist() == [[1, 0], [0, 1]]
    assert layer.double().mask.dtype == torch.float64
    layer.set_mask(torch.ones(2, 2))
    assert layer.mask.dtype == torch.float64


@pytest.mark.parametrize(
    ("error", "message", "mask"),
    [
        (ValueError, r"must have shape \(2, 3\) .*, got \(3, 2\)", torch.ones(3, 2)),
        (ValueError, r"must have shape \(2, 3\) .*, got \(6,\)", torch.ones(6)),
        (ValueError, r"must have shape \(2, 3\) .*, got \(1, 3\)", torch.ones(1, 3)),
        (ValueError, r"must hold only 0 and 1", torch.full((2, 3), 0.5)),
        (ValueError, r"must hold only 0 and 1", torch.full((2, 3), torch.nan)),
        (TypeError, r"must be a torch\.Tensor, got list", [[1, 0, 1], [0, 1, 0]]),
    ],
)
def test_a_bad_mask_is_refused_and_the_old_one_kept(error, message, mask):
    layer = MaskedLinear(3, 2)
    old = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    layer.set_mask(old)
    with pytest.raises(error, match=message):
        layer.set_mask(mask)
    assert torch.equal(layer.mask, old)


# ---- bad arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, r"input_dim must be at least 1, got 0", {"input_dim": 0}),
        (ValueError, r"input_dim must be at least 1, got -3", {"input_dim": -3}),
        (TypeError, r"input_dim must be a whole number, got 3\.0", {"input_dim": 3.0}),
        (TypeError, r"input_dim must be a whole number, got '3'", {"input_dim": "3"}),
        (ValueError, r"each of hidden_dims must be at least 1, got 0", {"hidden_dims": (4, 0)}),
        (ValueError, r"each of hidden_dims must be at least 1, got -1", {"hidden_dims": [-1]}),
        (TypeError, r"each of hidden_dims must be a whole .*, got 4\.5", {"hidden_dims": (4.5,)}),
        (TypeError, r"hidden_dims must be a tuple .* \(512, 512\), got 512", {"hidden_dims": 512}),
        (TypeError, r"hidden_dims must be a tuple .*, got '512'", {"hidden_dims": "512"}),
        (TypeError, r"hidden_dims must be a tuple .*, got None", {"hidden_dims": None}),
        (
            ValueError,
            r"unknown activation 'gelu': choose one of relu, tanh",
            {"activation": "gelu"},
        ),
        (ValueError, r"unknown activation ReLU\(\)", {"activation": nn.ReLU()}),
        (ValueError, r"unknown degrees 'random': choose one of uniform, p", {"degrees": "random"}),
        (
            ValueError,
            r"ordering must be a permutation of 0\.\.2, got \[1,",
            {"ordering": [1, 2, 3]},
        ),
        (ValueError, r"ordering must name each of 3 variables, got 2", {"ordering": [1, 0]}),
        (TypeError, r"ordering must be a tensor or a list of whole", {"ordering": "120"}),
        (TypeError, r"ordering must hold whole numbers, got dtype", {"ordering": [1.0, 2.0, 0.0]}),
        (ValueError, r"dropout must be less than 1, got 1\.0", {"dropout": 1.0}),
        (ValueError, r"dropout must be finite and at least 0, got -0\.1", {"dropout": -0.1}),
        (ValueError, r"dropout must be finite and at least 0, got nan", {"dropout": math.nan}),
        (TypeError, r"dropout must be a number, got '0\.1'", {"dropout": "0.1"}),
        (ValueError, r"seed must be at least 0, got -1", {"seed": -1}),
        (TypeError, r"seed must be a whole number, got 0\.5", {"seed": 0.5}),
        (ValueError, r"num_masks must be at least 1, got -1", {"num_masks": -1}),
        (ValueError, r"num_masks must be at least 1, got 0", {"num_masks": 0}),
        (TypeError, r"num_masks must be a whole number, got 2\.5", {"num_masks": 2.5}),
        (TypeError, r"head must be Bernoulli\(\), .* got 'gaussian'", {"head": "gaussian"}),
        (TypeError, r"head must be Bernoulli\(\), .* got <class", {"head": Bernoulli}),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_drawn(error, message, arguments):
    stream = torch.get_rng_state()
    with pytest.raises(error, match=message):
        MADE(**{"input_dim": 3, "hidden_dims": (4,), **arguments})
    assert torch.equal(torch.get_rng_state(), stream)


def test_every_option_at_its_edge_is_accepted():
    head = Bernoulli()
    model = MADE(1, [1], ordering=[0], head=head, dropout=0, seed=0, num_masks=1)
    assert model.head is head
    assert model.sample(2).shape == (2, 1)
    assert total_probability(model.double()) == pytest.approx(1, abs=1e-12)


HALVES = torch.full((2, 6), 0.5)
HOLED = torch.zeros(2, 6).index_fill(1, torch.tensor(3), torch.nan)


@pytest.mark.parametrize(
    ("error", "message", "x"),
    [
        (ValueError, r"x must have shape \(B, 6\), got \(2, 5\)", binary(2, 5)),
        (ValueError, r"x must have shape \(B, 6\), got \(6, 2\)", binary(6, 2)),
        (ValueError, r"got .*\(4, 2, 3\): for images, use x\.reshape", torch.ones(4, 2, 3)),
        (ValueError, r"x must have shape \(B, 6\), got \(\)", torch.tensor(1.0)),
        (
            ValueError,
            r"must have shape \(B, 6\), got \(6,\): .* one row, x\[None\]",
            binary(2, 6)[0],
        ),
        (ValueError, r"must have shape \(B, 6\), got \(1, 2, 6\): .*reshape", binary(2, 6)[None]),
        (ValueError, r"must hold only 0 and 1, got 0\.5 and 11 more .* binarise", HALVES),
        (ValueError, r"must hold only 0 and 1, got 2\.0 and 11 more", HALVES * 4),
        (ValueError, r"must hold only 0 and 1, got nan and 1 more", HOLED),
        (TypeError, r"x must be a torch\.Tensor, got list", [[0, 1, 0, 1, 0, 1]]),
        (TypeError, r"x must be a torch\.Tensor, got str", "010101"),
        (TypeError, r"x must be a torch\.Tensor, got NoneType", None),
        (TypeError, r"x must be a torch\.Tensor, got ndarray", binary(2, 6).numpy()),
    ],
)
def test_bad_data_is_refused_and_changes_nothing(error, message, x):
    model = MADE(6, (8,), natural_order=False, dropout=0.5)
    before, stream = everything(model), torch.get_rng_state()
    with pytest.raises(error, match=message):
        model.log_prob(x)
    assert_unchanged(model, before)
    assert torch.equal(torch.get_rng_state(), stream)
    with pytest.raises(error):  # what fit and evaluate ask before their first pass
        model.check_data(x)


@pytest.mark.parametrize(
    ("error", "message", "x"),
    [
        (ValueError, r"last dimension of x must be input_dim = 6, got .*\(2, 5\)", binary(2, 5)),
        (ValueError, r"last dimension of x must be input_dim = 6, got .*\(\)", torch.tensor(1.0)),
        (TypeError, r"x must be a torch\.Tensor, got list", [[0, 1, 0, 1, 0, 1]]),
    ],
)
def test_forward_checks_the_last_dimension(error, message, x):
    with pytest.raises(error, match=message):
        MADE(6, (8,))(x)


def test_forward_takes_any_values_and_any_leading_dimensions():
    assert MADE(6, (8,))(torch.randn(2, 3, 6)).isfinite().all()


# ---- many sets of masks -------------------------------------------------------------------------


def family(num_masks=4, **arguments):
    """Many masks over five variables, with weights that show what each of them lets through."""
    defaults = {"natural_order": False, "direct": True, "seed": 3}
    model = MADE(5, (9, 7), num_masks=num_masks, **{**defaults, **arguments}).double()
    return with_conditioning(enlarge(model, 4))


@torch.no_grad()
def with_conditioning(model):
    """Conditioning weights start at zero, too."""
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if name.endswith("conditioning"):
            parameter.normal_(generator=generator)
    return model


def members(model, k):
    return [under(model, model.mask_sets.member(number)) for number in range(k)]


@st.composite
def families(draw, largest=6):
    seed = draw(st.integers(0, 10**6))
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # of the weights, so that an example is the same each time
        model = MADE(
            draw(st.integers(1, largest)),
            hidden_dims=draw(st.lists(st.integers(1, 10), max_size=2)),
            natural_order=draw(st.booleans()),
            activation=draw(st.sampled_from(["relu", "tanh", "silu"])),
            degrees=draw(st.sampled_from(["uniform", "paper", "even"])),
            direct=draw(st.booleans()),
            conditioning=draw(st.booleans()),
            num_masks=draw(st.sampled_from([1, 2, 3, None])),
            seed=seed,
        ).double()
    return with_conditioning(enlarge(model, draw(st.sampled_from([1, 20]))))


MANY = pytest.mark.parametrize("num_masks", [3, None])


@pytest.mark.parametrize("seed", [5, None])
@pytest.mark.parametrize("natural_order", [True, False])
def test_the_stored_sets_are_those_that_one_mask_draws_one_after_another(natural_order, seed):
    torch.manual_seed(1)
    many = MADE(9, (7, 5), natural_order, direct=True, num_masks=4, seed=seed)
    torch.manual_seed(1)
    one = MADE(9, (7, 5), natural_order, direct=True, seed=seed)
    for _ in range(4):
        assert same_structure(many, one)
        assert torch.equal(many.direct.mask, one.direct.mask)
        assert same_function(many, one)
        many.resample_masks()
        one.resample_masks()
    assert not same_structure(many, one)  # the one goes on, the many start again


def test_the_cycle_returns_after_k_steps():
    model = family(num_masks=3)
    first = [model.mask_sets.member(number) for number in range(3)]
    seen = []
    for step in range(7):
        assert int(model.mask_sets.position) == step % 3
        assert all(map(torch.equal, model.degrees, first[step % 3]))
        assert all(map(torch.equal, model.masks, build_masks(model.degrees)))
        assert torch.equal(model.direct.mask.bool(), direct_mask(model.order))
        seen.append(model.masks)
        model.resample_masks()
    assert all(map(torch.equal, seen[0], seen[3]))
    assert not all(map(torch.equal, seen[0], seen[1]))


@pytest.mark.parametrize("seed", [None, 0])
def test_each_set_has_an_ordering_of_its_own(seed):
    model = MADE(20, (30,), natural_order=False, num_masks=6, seed=seed)
    assert len({tuple(row) for row in model.mask_sets.orders.tolist()}) == 6
    assert len({tuple(row) for row in model.mask_sets.hidden_degrees.tolist()}) == 6
    assert all(sorted(row) == list(range(1, 21)) for row in model.mask_sets.orders.tolist())


@pytest.mark.parametrize("num_masks", [4, None])
@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"ordering": [1, 2, 0, 5, 3, 4]}, [3, 1, 2, 5, 6, 4]),
        ({"ordering": [1, 2, 0, 5, 3, 4], "natural_order": False}, [3, 1, 2, 5, 6, 4]),
    ],
    ids=["natural", "given", "given, not natural"],
)
def test_all_sets_keep_an_ordering_that_is_natural_or_given(arguments, order, num_masks):
    model = MADE(6, (20,), num_masks=num_masks, seed=0, **arguments)
    assert [model.mask_sets.member(number)[0].tolist() for number in range(4)] == [order] * 4
    hidden = {tuple(model.mask_sets.member(number)[1].tolist()) for number in range(4)}
    assert len(hidden) == 4
    for _ in range(4):
        model.resample_masks()
        assert model.order.tolist() == order


def test_many_sets_take_small_integers_and_no_masks():
    model = MADE(784, (1024, 1024), natural_order=False, num_masks=300, seed=0)
    parameters = {name for name, _ in model.named_parameters()}
    kept = {k: v for k, v in model.state_dict().items() if k not in parameters}
    assert sum(tensor.numel() * tensor.element_size() for tensor in kept.values()) < 2e6
    assert model.mask_sets.orders.shape == (300, 784)
    assert model.mask_sets.hidden_degrees.shape == (300, 2048)


def test_a_degree_above_what_small_integers_hold_is_kept():
    model = MADE(2**15, (1,), natural_order=False, num_masks=2, seed=0)
    assert model.order.max() == 2**15
    assert model.order.min() == 1


@MANY
@pytest.mark.parametrize("how", ["deepcopy", "pickle", "state dict", "assigned"])
def test_a_copy_of_many_goes_on_to_the_same_masks(num_masks, how):
    model = MADE(20, (30,), natural_order=False, num_masks=num_masks, seed=5)
    model.resample_masks()
    model.resample_masks()
    if how in ("deepcopy", "pickle"):
        twin = copy.deepcopy(model) if how == "deepcopy" else pickle.loads(pickle.dumps(model))
    else:
        # stored sets come with the state dict, whatever the seed; fresh ones are drawn from it
        seed = 6 if num_masks else 5
        twin = MADE(20, (30,), natural_order=False, num_masks=num_masks, seed=seed)
        state = copy.deepcopy(model.state_dict())
        twin.load_state_dict(state, assign=how == "assigned")
    for _ in range(5):
        assert same_function(model, twin)
        assert same_structure(model, twin)
        model.resample_masks()
        twin.resample_masks()


def test_a_state_dict_brings_its_position():
    model, other = family(num_masks=3), family(num_masks=3, seed=4)
    model.resample_masks()
    other.load_state_dict(model.state_dict())
    assert int(other.mask_sets.position) == 1
    assert same_structure(model, other)
    assert same_function(model, other)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mask_sets.orders", [[1, 2, 3, 4], [1, 1, 2, 3]], r"must be a permutation"),
        ("mask_sets.hidden_degrees", [[1, 2, 3], [1, 4, 2]], r"must lie in 1\.\.3"),
        ("mask_sets.position", 2, r"position in a state dict must lie in 0\.\.1, got 2"),
        ("mask_sets.position", -1, r"position in a state dict must lie in 0\.\.1, got -1"),
    ],
)
def test_a_state_dict_of_many_sets_is_refused_whole(name, value, message):
    model = MADE(4, (3,), natural_order=False, num_masks=2, seed=0)
    before = everything(model)
    state = MADE(4, (3,), natural_order=False, num_masks=2, seed=1).state_dict()
    with pytest.raises(ValueError, match=message):
        model.load_state_dict({**state, name: torch.tensor(value)})
    assert_unchanged(model, before)


@pytest.mark.parametrize(
    ("stored", "own", "message"),
    [
        (3, 2, "with num_masks=3, and this one has num_masks=2: build it with as many"),
        (3, None, "with num_masks=3, and this one has num_masks=None"),
        (1, 2, "with num_masks=1 or None, and this one has num_masks=2"),
    ],
)
def test_a_state_dict_of_another_number_of_sets_is_refused_whole(stored, own, message):
    model, other = family(num_masks=own, seed=4), family(num_masks=stored)
    for _ in range(2):
        other.resample_masks()
    before = everything(model)
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(other.state_dict())
    assert_unchanged(model, before)


@given(families(largest=8))
@settings(max_examples=40)
def test_no_set_of_masks_connects_more_than_its_ordering_allows(model):
    for number in range(model.num_masks or 3):
        degrees = model.mask_sets.member(number)
        direct = None if model.direct is None else direct_mask(degrees[0])
        reached = connectivity(build_masks(degrees), direct)
        assert not (reached & ~direct_mask(degrees[0])).any()
        assert sorted(degrees[0].tolist()) == list(range(1, model.input_dim + 1))


@given(families())
@settings(max_examples=40)
def test_probabilities_sum_to_one_under_each_set_and_for_the_ensemble(model):
    x = all_inputs(model.input_dim)
    k = model.num_masks or 3
    with torch.no_grad():
        for size in range(1, k + 1):
            total = model.log_prob(x, ensemble=size).exp().sum().item()
            assert total == pytest.approx(1, abs=1e-9)
        for _ in range(k):
            assert total_probability(model) == pytest.approx(1, abs=1e-9)
            model.resample_masks()


@MANY
@pytest.mark.parametrize("conditioning", [False, True])
def test_they_still_do_after_training_through_the_sets(num_masks, conditioning):
    model = family(num_masks=num_masks, dropout=0.1, conditioning=conditioning).train()
    data = binary(200, 5)
    data[:, -1] = data[:, 0]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    before = -model.log_prob(data, ensemble=3).mean()
    for _ in range(60):
        loss = -model.log_prob(data).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.resample_masks()
    model.eval()
    with torch.no_grad():
        assert -model.log_prob(data, ensemble=3).mean() < before - 0.3, "nothing was learned"
        total = model.log_prob(all_inputs(5), ensemble=3).exp().sum().item()
    assert total == pytest.approx(1, abs=1e-9)
    for one in members(model, 3):
        assert total_probability(one) == pytest.approx(1, abs=1e-9)


def test_a_mean_of_logits_over_orderings_is_no_probability():
    """The tests above can fail: this is the average that public code takes."""
    model = MADE(5, (9, 7), natural_order=False, direct=True, num_masks=3, seed=3).double()
    enlarge(model, 1)
    x = all_inputs(5).double()
    with torch.no_grad():
        logits = torch.stack([one(x) for one in members(model, 3)]).mean(dim=0)
        total = model.head.log_prob(logits[..., None], x).sum(dim=1).exp().sum().item()
    assert abs(total - 1) > 0.01


@given(families())
@settings(max_examples=40)
def test_an_ensemble_averages_the_probabilities_of_its_members(model):
    x = all_inputs(model.input_dim).double()
    before = everything(model)
    k = model.num_masks or 3
    with torch.no_grad():
        each = torch.stack([one.log_prob(x) for one in members(model, k)])
        for size in range(1, k + 1):
            largest = each[:size].max(dim=0).values
            expected = largest + (each[:size] - largest).exp().mean(dim=0).log()
            found = model.log_prob(x, ensemble=size)
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    assert_unchanged(model, before)


def test_the_first_k_sets_count_wherever_the_cycle_is():
    model, x = family(num_masks=4), all_inputs(5)
    with torch.no_grad():
        expected = model.log_prob(x, ensemble=2)
        alone = model.log_prob(x)
        model.resample_masks()
        assert torch.equal(model.log_prob(x, ensemble=2), expected)
        assert not torch.allclose(model.log_prob(x), alone)


def test_an_ensemble_stays_finite_where_probabilities_underflow():
    model = family(num_masks=3).float()
    with torch.no_grad():
        model.net[-1].bias.fill_(1000.0)
        found = model.log_prob(torch.zeros(2, 5), ensemble=3)
    assert found.isfinite().all()
    assert (found < -4000).all()


def test_an_ensembles_gradient_is_that_of_its_members_and_outlives_new_masks():
    """Its masks are its own: those of the next step may come before ``backward``."""
    model, x = family(num_masks=3), binary(20, 5)
    loss = -model.log_prob(x, ensemble=3).mean()
    model.resample_masks()
    loss.backward()
    expected = members(model, 3)
    log_probs = torch.stack([one.log_prob(x) for one in expected])
    (-(log_probs.logsumexp(0) - math.log(3)).mean()).backward()
    for name, parameter in model.named_parameters():
        total = sum(dict(one.named_parameters())[name].grad for one in expected)
        torch.testing.assert_close(parameter.grad, total)


@pytest.mark.parametrize("call", ["log_prob", "evaluate", "sample"])
@pytest.mark.parametrize(
    ("num_masks", "ensemble", "error", "message"),
    [
        (3, 4, ValueError, r"ensemble must be at most num_masks = 3, got 4: build .* num_masks=4"),
        (1, 2, ValueError, r"ensemble must be at most num_masks = 1, got 2"),
        (3, 0, ValueError, r"ensemble must be at least 1, got 0"),
        (None, 0, ValueError, r"ensemble must be at least 1, got 0"),
        (3, -1, ValueError, r"ensemble must be at least 1, got -1"),
        (3, 1.5, TypeError, r"ensemble must be a whole number, got 1\.5"),
        (3, True, TypeError, r"ensemble must be a whole number, got True"),
        (3, "2", TypeError, r"ensemble must be a whole number, got '2'"),
    ],
)
def test_an_ensemble_that_is_not_there_is_refused(call, num_masks, ensemble, error, message):
    model, x = family(num_masks=num_masks), binary(4, 5)
    before, stream = everything(model), torch.get_rng_state()
    calls = {
        "log_prob": lambda: model.log_prob(x, ensemble),
        "evaluate": lambda: evaluate(model, x, ensemble=ensemble),
        "sample": lambda: model.sample(3, ensemble=ensemble),
    }
    with pytest.raises(error, match=message):
        calls[call]()
    assert_unchanged(model, before)
    assert torch.equal(torch.get_rng_state(), stream)


@pytest.mark.parametrize(
    ("num_masks", "number", "error", "message"),
    [
        (3, 3, ValueError, r"there are 3 sets of masks, counted from 0: got number 3"),
        (3, -1, ValueError, r"number must be at least 0, got -1"),
        (None, -1, ValueError, r"number must be at least 0, got -1"),
        (3, 1.0, TypeError, r"number must be a whole number, got 1\.0"),
    ],
)
def test_a_member_that_is_not_there_is_refused(num_masks, number, error, message):
    with pytest.raises(error, match=message):
        family(num_masks=num_masks).mask_sets.member(number)


def test_fresh_masks_have_an_ensemble_that_is_always_the_same(tmp_path):
    torch.manual_seed(1)
    model, x = family(num_masks=None, seed=None), all_inputs(5)
    torch.manual_seed(2)
    stream = torch.get_rng_state()
    with torch.no_grad():
        expected = model.log_prob(x, ensemble=3)
        assert torch.equal(model.log_prob(x, ensemble=3), expected)
        assert torch.equal(torch.get_rng_state(), stream)
        torch.save(model.state_dict(), tmp_path / "weights.pt")
        for seed in (None, 0, 7):
            other = MADE(5, (9, 7), natural_order=False, direct=True, num_masks=None, seed=seed)
            other.double().load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
            for _ in range(3):
                assert torch.equal(other.log_prob(x, ensemble=3), expected)
                other.resample_masks()


def test_members_of_fresh_masks_are_those_of_the_seeds_0_1_2():
    """What was measured with an ensemble is measured again by whoever has the weights."""
    model = MADE(12, (10,), natural_order=False, num_masks=None, seed=9)
    for number in range(3):
        generator = torch.Generator().manual_seed(number)
        order, hidden = model.mask_sets.member(number)
        assert torch.equal(order, torch.randperm(12, generator=generator) + 1)
        assert torch.equal(hidden, torch.randint(1, 12, (10,), generator=generator))


def test_fresh_masks_never_come_round():
    model = MADE(20, (30,), natural_order=False, num_masks=None, seed=0)
    seen = set()
    for _ in range(40):
        seen.add(tuple(model.order.tolist()))
        model.resample_masks()
    assert len(seen) == 40
    assert model.mask_sets.orders.shape == (1, 20)


@pytest.mark.parametrize("num_masks", [1, 3, None])
@pytest.mark.parametrize("seed", [None, 0])
def test_measuring_and_drawing_move_nothing(num_masks, seed):
    model = family(num_masks=num_masks, seed=seed, dropout=0.3, conditioning=True).train()
    model.resample_masks()
    model.net[0].eval()
    before, stream = everything(model), torch.get_rng_state()
    x, known = binary(6, 5), torch.tensor([True, False, False, True, False])
    k = num_masks or 3
    noise = torch.rand(6, 5, generator=torch.Generator())
    evaluate(model, x)
    evaluate(model, x, ensemble=k)
    for method in ("incremental", "naive"):
        for ensemble in (None, k):
            model.sample(6, method=method, noise=noise, ensemble=ensemble)
            generator = torch.Generator().manual_seed(1)
            model.sample(6, method=method, generator=generator, ensemble=ensemble)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        complete(model, x, known, 4, generator=torch.Generator().manual_seed(1))
        complete(model, x, known, 1, noise=noise[:, None])
    conditional(model, x, 2)
    assert_unchanged(model, before)
    assert torch.equal(torch.get_rng_state(), stream)
    with evaluation_mode(model):
        model.log_prob(x, ensemble=k)
    assert_unchanged(model, before)
    assert torch.equal(torch.get_rng_state(), stream)


def test_gradients_of_gradients_are_those_of_one_set():
    model, x = family(num_masks=3, conditioning=True, activation="silu"), binary(10, 5)
    model.resample_masks()
    twin = under(model, model.degrees)
    found = []
    for one in (model, twin):
        parameters = list(one.parameters())
        grads = torch.autograd.grad(one.log_prob(x).mean(), parameters, create_graph=True)
        sum((grad**2).sum() for grad in grads).backward()
        found.append([parameter.grad for parameter in parameters])
    assert found[0][0].abs().max() > 1e-6
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.usefixtures("_fresh_compiler")
@pytest.mark.parametrize("num_masks", [2, None])
def test_what_is_compiled_goes_through_the_sets(num_masks):
    model, x = family(num_masks=num_masks, conditioning=True), binary(10, 5).double()
    log_prob = torch.compile(model.log_prob, fullgraph=True, backend="eager")
    for _ in range(3):
        expected = under(model, model.degrees).log_prob(x)
        torch.testing.assert_close(log_prob(x), expected)
        model.resample_masks()


def test_transforms_go_through_the_sets():
    model, x = family(num_masks=3, conditioning=True), binary(10, 5).double()
    for _ in range(2):
        model.resample_masks()
        expected = under(model, model.degrees).log_prob(x)
        torch.testing.assert_close(torch.func.vmap(model.log_prob)(x), expected)
    found = torch.func.vmap(lambda row: model.log_prob(row, 3))(x)
    torch.testing.assert_close(found, model.log_prob(x, 3))
    by_input = torch.func.grad(lambda rows: model.log_prob(rows, 3).sum())(x)
    leaf = x.clone().requires_grad_()
    model.log_prob(leaf, 3).sum().backward()
    torch.testing.assert_close(by_input, leaf.grad)


def test_many_sets_move_with_the_model():
    model = family(num_masks=3, conditioning=True).to("meta")
    tensors = [*model.parameters(), *model.buffers()]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert model(torch.zeros(3, 5, device="meta")).shape == (3, 5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("num_masks", [3, None])
@pytest.mark.parametrize("head", [None, Categorical(3), MixtureOfGaussians(2)], ids=repr)
def test_on_a_gpu_many_sets_stay_there(num_masks, head):
    model = family(num_masks=num_masks, conditioning=True, head=head)
    x, noise = binary(10, 5), torch.rand(10, 5, dtype=torch.float64)
    known = torch.tensor([True, False, False, True, False])
    here = copy.deepcopy(model)
    model.cuda()
    for _ in range(4):
        assert model.order.is_cuda
        for call in (
            lambda one, to: one.log_prob(x.to(to)),
            lambda one, to: one.log_prob(x.to(to), ensemble=3),
            lambda one, to: one.sample(10, noise=noise.to(to), ensemble=3),
            lambda one, to: one.sample(10, noise=noise.to(to), ensemble=3, method="naive"),
            lambda one, to: complete(one, x.to(to), known, noise=noise[:, None]).samples,
            lambda one, to: conditional(one, x.to(to), 2),
        ):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = call(model, "cuda")
                expected = call(here, "cpu")
            assert found.is_cuda
            torch.testing.assert_close(found.cpu(), expected)
        model.resample_masks()
        here.resample_masks()


# ---- conditioning weights -----------------------------------------------------------------------


def test_a_layer_adds_the_row_sums_of_its_conditioning_weights():
    layer = MaskedLinear(3, 2, conditioning=True)
    layer.set_mask(torch.tensor([[1, 0, 1], [0, 1, 0]]))
    x = torch.rand(4, 3)
    with torch.no_grad():
        before = layer(x)
        layer.conditioning.copy_(torch.tensor([[1.0, 20.0, 300.0], [4.0, 50.0, 600.0]]))
        torch.testing.assert_close(layer(x) - before, torch.tensor([[301.0, 50.0]] * 4))
        torch.testing.assert_close(layer.masked_bias() - layer.bias, torch.tensor([301.0, 50.0]))


def test_a_layer_without_bias_has_its_conditioning_alone():
    layer = MaskedLinear(3, 2, bias=False, conditioning=True)
    with torch.no_grad():
        layer.conditioning.fill_(0.5)
    assert layer(torch.zeros(1, 3)).tolist() == [[1.5, 1.5]]
    assert MaskedLinear(3, 2, bias=False).masked_bias() is None


def test_conditioning_starts_as_the_network_without_it():
    torch.manual_seed(3)
    plain = MADE(6, (8, 8), natural_order=False, direct=True, seed=0)
    torch.manual_seed(3)
    model = MADE(6, (8, 8), natural_order=False, direct=True, conditioning=True, seed=0)
    assert same_function(model, plain)
    with torch.no_grad():
        model.direct.conditioning.fill_(1.0)
    assert not same_function(model, plain)


def test_conditioning_by_hand_in_a_deep_network():
    model, x = family(num_masks=2, conditioning=True), all_inputs(5).double()
    for _ in range(2):
        h = x
        for layer, mask in zip(model.net, model.masks, strict=True):
            bias = layer.bias
            if layer is model.net[0]:
                bias = bias + (layer.conditioning * mask).sum(1)
            h = F.linear(h if layer is model.net[0] else h.relu(), layer.weight * mask, bias)
        mask = direct_mask(model.order)
        h = h + F.linear(x, model.direct.weight * mask, (model.direct.conditioning * mask).sum(1))
        torch.testing.assert_close(model(x), h)
        model.resample_masks()


def test_conditioning_is_where_a_layer_reads_the_inputs():
    model = MADE(6, (8, 7), direct=True, conditioning=True)
    assert [layer.conditioning is not None for layer in model.net] == [True, False, False]
    assert model.direct.conditioning.shape == model.direct.weight.shape
    plain = MADE(6, (8, 7), direct=True)
    assert model.n_parameters() == plain.n_parameters() + 8 * 6 + 6 * 6
    assert "conditioning=True" in repr(model)


def test_masked_conditioning_weights_get_a_gradient_of_exactly_zero_and_do_not_move():
    model = family(num_masks=1, conditioning=True)
    layers = [model.net[0], model.direct]
    masked = [layer.conditioning[layer.mask == 0].clone() for layer in layers]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model.log_prob(binary(50, 5)).mean().backward()
        for layer in layers:
            assert layer.conditioning.grad[layer.mask == 0].eq(0).all()
            assert layer.conditioning.grad[layer.mask == 1].ne(0).any()
        optimizer.step()
    for layer, before in zip(layers, masked, strict=True):
        assert before.numel() > 0
        assert torch.equal(layer.conditioning[layer.mask == 0], before)


@given(families(largest=8), st.integers(0, 10**6))
@settings(max_examples=50)
def test_with_conditioning_the_jacobian_reaches_what_is_connected(model, seed):
    model.act = nn.Tanh()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(0.1, 1.0, generator=generator).div_(parameter.shape[-1])
    for _ in range(2):
        jacobian = torch.autograd.functional.jacobian(model, torch.rand(model.input_dim).double())
        direct = None if model.direct is None else direct_mask(model.order)
        assert torch.equal(jacobian != 0, connectivity(model.masks, direct))
        model.resample_masks()


@given(families(largest=8), st.integers(0, 10**6))
@settings(max_examples=50)
def test_under_any_set_a_later_variable_changes_no_earlier_output(model, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(2, (5, model.input_dim), generator=generator).double()
    for _ in range(2):
        ordering = torch.argsort(model.order)
        with torch.no_grad():
            before = model(x)
            for step in range(model.input_dim):
                changed = x.clone()
                later = ordering[step:]
                changed[:, later] = 1e6 * torch.randn(5, len(later), generator=generator).double()
                upto = ordering[: step + 1]
                assert torch.equal(model(changed)[:, upto], before[:, upto])
        model.resample_masks()


@pytest.mark.parametrize("num_masks", [2, None])
def test_many_sets_show_themselves(num_masks):
    assert f"num_masks={num_masks}" in repr(MADE(5, (4,), num_masks=num_masks))
    assert "num_masks" not in repr(MADE(5, (4,)))
