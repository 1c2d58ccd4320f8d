"""Networks of every kind, and functions that tests of models share."""

from contextlib import contextmanager

import torch
from hypothesis import strategies as st
from torch import nn

from made_course import (
    MADE,
    Bernoulli,
    Categorical,
    Head,
    MaskedLinear,
    Mixed,
    MixtureOfGaussians,
    NormalScores,
    connectivity,
    direct_mask,
)

CYCLE = [1, 2, 0]  # x2, then x3, then x1; not its own inverse, unlike a reversal
ORDER = [3, 1, 2]


class Poisson(Head):
    """A reader's own head for counts, the example in the docstring of Head."""

    params_per_variable = 1

    def log_prob(self, params, x):
        rate = params[..., 0].exp()
        return torch.distributions.Poisson(rate, validate_args=False).log_prob(x)

    def sample(self, params, u):
        counts = torch.arange(100.0)
        p = self.log_prob(params[..., None, :], counts).exp()
        return (u[..., None] > p.cumsum(-1)).sum(-1).to(params.dtype)

    def encode(self, x):
        return torch.log1p(x)[..., None]


HEADS = [
    Bernoulli(),
    Categorical(2),
    Categorical(5),
    MixtureOfGaussians(1),
    MixtureOfGaussians(3),
    Poisson(),
    NormalScores(2, (-0.5, 5.0, 10.5), (-40.0, 0.0, 40.0), (0.0,), (0.5,), step=1.0),
]
DISCRETE = HEADS[:3]
COLUMNS = Mixed([HEADS[0], MixtureOfGaussians(2), HEADS[0], Categorical(3), Poisson(), HEADS[3]])


# ---- rows and noise -----------------------------------------------------------------------------


def every_row(input_dim, num_classes=2):
    """Return all K^D rows (K^D, D)."""
    classes = torch.arange(float(num_classes))
    return torch.cartesian_prod(*[classes] * input_dim).view(-1, input_dim)


def binary(n, input_dim, seed=0):
    return torch.randint(2, (n, input_dim), generator=torch.Generator().manual_seed(seed)).float()


def uniforms(*shape, seed=0, dtype=torch.float64):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def p_value(samples, rows, p):
    """Return the p-value of a G-test of samples against the probability p of each row.

    Cells that expect fewer than five samples count as one.
    """
    places = (samples[:, None] == rows).all(dim=2).int().argmax(dim=1)
    observed = torch.bincount(places, minlength=len(rows)).double()
    expected = p.double() * len(samples)
    rare = expected < 5
    if rare.any():
        expected = torch.cat([expected[~rare], expected[rare].sum()[None]])
        observed = torch.cat([observed[~rare], observed[rare].sum()[None]])
    g = 2 * (torch.xlogy(observed, observed / expected)).sum()
    freedom = torch.tensor(len(expected) - 1.0, dtype=torch.float64)
    return torch.special.gammaincc(freedom / 2, g / 2).item()


# ---- weights ------------------------------------------------------------------------------------


@torch.no_grad()
def with_weights(model, scale, seed=0):
    """Draw normal weights, so that the input of each unit has standard deviation ``scale``.

    Initial weights hide leaks, because they are small, and some are zero.
    """
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        size = parameter.shape[-1] ** 0.5 if parameter.dim() == 2 else 1
        parameter.normal_(std=scale / size, generator=generator)
    return model


@torch.no_grad()
def show_every_path(model, seed=0):
    """Make all weights positive with tanh, so that no path cancels or has slope zero."""
    model.act = nn.Tanh()
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.uniform_(0.2, 1.0, generator=generator).div_(parameter.shape[-1] ** 0.5)
    return model


@torch.no_grad()
def fill_masked(model, value):
    """Set all masked weights to a value."""
    for layer in model.modules():
        if isinstance(layer, MaskedLinear):
            layer.weight.masked_fill_(layer.mask == 0, value)
            if layer.conditioning is not None:
                layer.conditioning.masked_fill_(layer.mask == 0, value)
    return model


@st.composite
def networks(draw, head=None, largest=8, scales=(0.5, 3.0, 30.0)):
    """Draw a float64 network of any architecture, orderings, degrees and weights.

    If ``head`` is a list, each variable has a head from this list.
    """
    seed, input_dim = draw(st.integers(0, 10**6)), draw(st.integers(1, largest))
    if isinstance(head, list):
        head = Mixed([draw(st.sampled_from(head)) for _ in range(input_dim)])
    steps = torch.arange(input_dim) % draw(st.integers(1, input_dim))
    groups = [(steps == step).nonzero().ravel().tolist() for step in range(input_dim)]
    model = MADE(
        input_dim,
        draw(st.lists(st.integers(1, 12), max_size=3)),
        draw(st.booleans()),
        draw(st.sampled_from(["relu", "tanh", "silu"])),
        ordering=draw(st.sampled_from([None, groups])),
        degrees=draw(st.sampled_from(["uniform", "paper", "even"])),
        head=head,
        direct=draw(st.booleans()),
        conditioning=draw(st.booleans()),
        num_masks=draw(st.sampled_from([1, 3, None])),
        seed=seed,
    )
    return with_weights(model.double(), draw(st.sampled_from(scales)), seed)


# ---- masks and probabilities --------------------------------------------------------------------


def leak(model):
    """Insert the mistake that the course warns of: ``>=`` at the output."""
    degrees = model.degrees
    model.net[-1].set_mask(degrees[0][:, None] >= degrees[-1][None, :])
    return model


def reachable(model):
    return connectivity(model.masks, None if model.direct is None else direct_mask(model.order))


def paths_through(masks, layer, unit, direct=None):
    """Return the units of each layer that are on a path through one unit."""
    size = masks[layer].shape[1] if layer < len(masks) else masks[-1].shape[0]
    here = torch.arange(size) == unit
    below, above = [here], [here]
    for mask in reversed(masks[:layer]):
        below.append(mask[below[-1]].any(0))
    for mask in masks[layer:]:
        above.append(mask[:, above[-1]].any(1))
    if direct is not None and layer == 0:
        above[-1] = above[-1] | direct[:, unit]
    if direct is not None and layer == len(masks):
        below[-1] = below[-1] | direct[unit]
    return [*reversed(below), *above[1:]]


def total_probability(model, **ensemble):
    with torch.no_grad():
        rows = every_row(model.input_dim, model.head.num_classes)
        return model.log_prob(rows, **ensemble).exp().sum().item()


def under(model, degrees):
    """Return a model with the same weights and only one set of masks."""
    one = MADE(
        model.input_dim,
        model.hidden_dims,
        head=model.head,
        direct=model.direct is not None,
        conditioning=model.net[0].conditioning is not None,
    ).to(model.net[0].weight)
    one.act = model.act
    order, hidden = degrees[0], torch.cat([*degrees[1:], torch.tensor([], dtype=torch.long)])
    state = {
        **model.state_dict(),
        "mask_sets.orders": order[None],
        "mask_sets.hidden_degrees": hidden[None],
        "mask_sets.position": torch.tensor(0),
    }
    one.load_state_dict(state)
    return one.train(model.training)


def members(model, k):
    return [under(model, model.mask_sets.degrees(number)) for number in range(k)]


def assert_same(a, b):
    """Check that two models have the same masks and the same function, to the last bit."""
    assert all(map(torch.equal, [*a.degrees, *a.masks], [*b.degrees, *b.masks]))
    x = binary(64, a.input_dim)
    with torch.no_grad():
        assert torch.equal(a.log_prob(x), b.log_prob(x))


@contextmanager
def nothing_changes(model):
    """Check that the block changes no parameter, mask or mode of a model, nor torch's stream."""

    def everything():
        tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        return {name: tensor.detach().clone() for name, tensor in tensors.items()}

    def modes():
        return [module.training for module in model.modules()]

    before, modes_before, stream = everything(), modes(), torch.get_rng_state()
    yield
    after = everything()
    assert after.keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in after.items())
    assert modes() == modes_before
    assert torch.equal(torch.get_rng_state(), stream)
