import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from made_course.leaks.dependence import binary_points
from made_course.model.masks import direct_mask, input_degrees
from made_lessons.checking.classes import make_subclass, replace_attribute
from made_lessons.notebook_04.log_likelihood import bernoulli_log_prob
from made_lessons.notebook_04.masked_layer import MaskedLinear
from made_lessons.notebook_04.mutants import (
    MADE,
    MODELS,
    MUTANTS,
    make_mutant,
    remove_masks,
    replace_masks,
)
from made_lessons.notebook_04.which_test_catches import TESTS, WHY, caught_by, random_networks
from tests.lessons.checking import right, wrong

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_made_in_pytorch.ipynb"


class LayerOfBools(nn.Linear):
    """A layer that keeps its mask as bools, under another name."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.register_buffer("kept", torch.ones_like(self.weight, dtype=torch.bool))

    def set_mask(self, mask):
        self.kept = mask.to(self.weight.device).bool().clone()

    def forward(self, x):
        z = x @ torch.where(self.kept, self.weight, 0.0).T
        return z if self.bias is None else z + self.bias


FrozenMask = make_subclass(
    MaskedLinear, replace_attribute("mask", lambda mask: nn.Parameter(mask, requires_grad=False))
)


class FromScratch(nn.Module):
    """A MADE without the course's code: random degrees, and > in the first layer, not the last."""

    def __init__(self, input_dim, hidden_dims, ordering):
        super().__init__()
        order = torch.empty(input_dim, dtype=torch.long)
        for step, variable in enumerate(ordering):
            order[variable] = step + 1
        self.register_buffer("order", order)
        degrees = [order, *(torch.randint(2, input_dim + 2, (h,)) for h in hidden_dims), order]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for k, (below, above) in enumerate(pairwise(degrees)):
            self.weights.append(nn.Parameter(0.1 * torch.randn(len(above), len(below))))
            self.biases.append(nn.Parameter(torch.zeros(len(above))))
            mask = above[:, None] > below if k == 0 else above[:, None] >= below
            self.register_buffer(f"mask{k}", mask)

    def forward(self, x):
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = F.linear(torch.tanh(x) if k else x, weight * getattr(self, f"mask{k}"), bias)
        return x

    def log_prob(self, x):
        return torch.distributions.Bernoulli(logits=self(x)).log_prob(x).sum(-1)

    def sample(self, u):
        x = torch.full(u.shape, 0.5)
        for degree in range(1, len(self.order) + 1):
            column = (self.order == degree).nonzero().item()
            x[:, column] = (u[:, column] < torch.sigmoid(self(x)[:, column])).to(u.dtype)
        return x.detach()


def test_layer():
    assert right("4.1", LayerOfBools) == ""
    assert "without a gradient, so nothing trains it" in right("4.1", FrozenMask)


def test_misformed_layers():
    class WithoutBias(MaskedLinear):
        def __init__(self, in_features, out_features, bias=True):
            super().__init__(in_features, out_features)

    class NoLinear(nn.Module):
        def __init__(self, *arguments):
            super().__init__()

    def detached(self, x):
        return nn.Linear.forward(self, x) + F.linear(x, self.weight * (self.mask - 1)).detach()

    def cut_off(self, x):
        return MaskedLinear.forward(self, x.detach())

    wrong("4.1", make_subclass(MaskedLinear, forward=cut_off), "the input gets no gradient")
    wrong("4.1", make_subclass(MaskedLinear, forward=detached), "a masked weight gets a gradient")
    wrong("4.1", WithoutBias, "pass bias on")
    wrong("4.1", NoLinear, "subclass of nn.Linear")
    wrong("4.1", MaskedLinear(3, 2), "must be a class, but you passed a MaskedLinear")


@pytest.mark.parametrize(
    "answer",
    [
        lambda z, x: (x * z - F.softplus(z.detach())).sum(1),
        lambda z, x: (x * z - torch.where(z > 20, z, z.exp().log1p())).sum(1),
    ],
)
def test_log_probs_that_would_be_trained_wrongly(answer):
    wrong("4.2", answer, "but their gradient is wrong", "the gradient of logits")


def test_log_probs_that_hold_for_small_logits_only():
    def clamped(z, x):
        p = torch.sigmoid(z).clamp(1e-6, 1 - 1e-6)
        return (x * p.log() + (1 - x) * (1 - p).log()).sum(1)

    wrong("4.2", clamped, "a small ε, a clamp")
    wrong("4.2", lambda z, x: (x * z - torch.log1p(z.exp())).sum(1), "overflows", "with softplus")


def test_prediction():
    right("4.4", {name: sorted(tests) for name, tests in caught_by().items()})
    wrong("4.4", caught_by() | {"masked once": "gradient"}, "must be a set of names")
    wrong("4.4", caught_by() | {"masked once": [["flip"]]}, "may contain only these names")
    wrong("4.4", {"masked once": {"gradient"}}, "one entry per mutant")


@pytest.fixture(scope="module")
def of_notebook():
    """Return the four tests and ``caught_by`` of the notebook."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    names = {
        "torch": torch,
        "kinds": binary_points(3),
        "ordering": torch.tensor([1, 2, 0]),
        "direct_mask": direct_mask,
        "input_degrees": input_degrees,
        "MODELS": MODELS,
        "random_networks": random_networks,
    }
    for cell in cells:
        if re.search("^def (sums_to_one|masked_weights_rest|caught_by)", cell.source, re.MULTILINE):
            exec(cell.source, names)
    return names


def test_mutants_are_caught_as_stated(of_notebook):
    assert of_notebook["caught_by"]("sound") == set()
    assert {name: of_notebook["caught_by"](name) for name in MUTANTS} == caught_by()
    assert [*WHY] == MUTANTS
    assert [*of_notebook["TESTS"]] == [*TESTS]
    assert all([*why] == [*TESTS] for why in WHY.values())
    for test in ("flip", "gradient", "samples"):  # what the check says of a right answer
        assert [test] in [sorted(tests) for tests in caught_by().values()]
    assert all(len(tests) > 1 for tests in caught_by().values() if "sum" in tests)


class Direct(MADE):
    """Direct connections, which start at zero."""

    def __init__(self, input_dim, hidden_dims, ordering):
        super().__init__(input_dim, hidden_dims, ordering)
        self.direct = MaskedLinear(input_dim, input_dim, bias=False)
        self.direct.set_mask(self.order[:, None] > self.order)
        nn.init.zeros_(self.direct.weight)

    def forward(self, x):
        return super().forward(x) + self.direct(x)


def starting_with(fill, kind=MADE):
    """Return a class whose last layer has other first weights."""
    return make_subclass(kind, lambda self: fill(self.layers[-1].weight))


def built_of(layer_class):
    """Return a class with layers of another class."""

    def rebuild(self):
        for k, old in enumerate(self.layers):
            self.layers[k] = layer_class(old.in_features, old.out_features)
            self.layers[k].set_mask(old.mask)

    return make_mutant(rebuild)


def activated(f):
    """Return a class with another activation."""

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = f(layer(x))
        return self.layers[-1](x)

    return make_mutant(forward=forward)


def test_made():
    right("4.5", FromScratch)
    right("4.5", Direct)
    right("4.5", built_of(FrozenMask))
    right("4.5", starting_with(nn.init.zeros_))
    right("4.5", activated(F.leaky_relu))


def test_a_leak_that_weights_of_zero_hide_is_found():
    wrong("4.5", starting_with(nn.init.zeros_, MODELS["output sees itself"]), "not >=")


def mask_weights_in_the_first_call(self, x):
    if not hasattr(self, "is_masked"):
        for layer in self.layers:
            layer.weight.data.mul_(layer.mask)
        remove_masks(self.layers)
        self.is_masked = True
    return MADE.forward(self, x)


def test_masks_that_only_the_first_call_applies():
    wrong("4.5", make_mutant(forward=mask_weights_in_the_first_call), "to the weights once")


def test_made_in_parts():
    def of_logits(self, u):
        x = torch.zeros_like(u)
        for i in self.order.argsort():
            x[:, i] = (u[:, i] <= self(x)[:, i]).float()
        return x

    def score(change):
        return make_mutant(log_prob=lambda self, x: change(MADE.log_prob(self, x)))

    def turn_masks_round(self):
        replace_masks(self.layers, [1 - layer.mask for layer in self.layers])

    def draw_degrees_of_one_variable(self):
        torch.randint(1, len(self.order), (4,))

    in_another_order = make_mutant(sample=lambda self, u: MADE.sample(self, u.flip(0)))
    wrong("4.5", make_mutant(sample=None), "has no method sample")
    wrong("4.5", score(lambda log_p: log_p.float().double()), "in the dtype of the model")
    wrong("4.5", score(torch.neg), "you returned the NLL", "to nine digits")
    wrong("4.5", make_mutant(turn_masks_round), "a variable that is not generated before")
    wrong("4.5", in_another_order, "not the ones that log_prob implies")
    wrong("4.5", make_mutant(sample=of_logits), "you compare u with a logit")
    found = wrong(
        "4.5", make_mutant(draw_degrees_of_one_variable), "raised RuntimeError", "have any degree"
    )
    assert "(1, [4], [0])" in found.tried
    wrong("4.5", lambda *arguments: None, "subclass of nn.Module")


def test_a_forgotten_return_of_a_method_is_guessed():
    class Model(MADE):
        def log_prob(self, x):
            bernoulli_log_prob(self(x), x)

    wrong("4.5", Model, "the result of log_prob is None. Is a `return` missing?")
