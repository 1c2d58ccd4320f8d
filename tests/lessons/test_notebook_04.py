import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from made_course.leaks.dependence import binary_points
from made_course.model.masks import build_masks, direct_mask, input_degrees
from made_lessons.checking.properties import changed, kept_as
from made_lessons.notebook_04.log_likelihood import bernoulli_log_prob
from made_lessons.notebook_04.masked_layer import MaskedLinear
from made_lessons.notebook_04.mutants import MADE, MODELS, MUTANTS, altered, remask
from made_lessons.notebook_04.which_test_catches import TESTS, WHY, caught_by, random_networks
from tests.lessons.checking import right, wrong

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_made_in_pytorch.ipynb"


class LayerOfBools(nn.Linear):
    """A mask of bools under another name, moved before it is kept."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.register_buffer("kept", torch.ones_like(self.weight, dtype=torch.bool))

    def set_mask(self, mask):
        self.kept = mask.to(self.weight.device).bool().clone()

    def forward(self, x):
        z = x @ torch.where(self.kept, self.weight, 0.0).T
        return z if self.bias is None else z + self.bias


FrozenMask = changed(
    MaskedLinear, kept_as("mask", lambda mask: nn.Parameter(mask, requires_grad=False))
)


class FromScratch(nn.Module):
    """Nothing of the course's: random degrees, strict at the first layer instead of the last."""

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
    class Forbids(nn.Linear):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.register_buffer("forbidden", torch.zeros_like(self.weight).bool())

        def set_mask(self, mask):
            self.forbidden.copy_(mask == 0)

        def forward(self, x):
            return F.linear(x, self.weight.masked_fill(self.forbidden, 0), self.bias)

    assert right("4.1", LayerOfBools) == ""
    assert right("4.1", Forbids) == ""
    assert "requires no gradient, so nothing trains it" in right("4.1", FrozenMask)


def test_misformed_layers():
    class WithoutBias(MaskedLinear):
        def __init__(self, in_features, out_features, bias=True):
            super().__init__(in_features, out_features)

    class NoLinear(nn.Module):
        def __init__(self, *arguments):
            super().__init__()

    class NotBegun(MaskedLinear):
        def __init__(self, *arguments):
            self.size = arguments

    def freeze(self, mask):
        self.mask = nn.Parameter(mask.float(), requires_grad=False)

    def detached(self, x):
        return nn.Linear.forward(self, x) + F.linear(x, self.weight * (self.mask - 1)).detach()

    def cut_off(self, x):
        return MaskedLinear.forward(self, x.detach())

    def forbid_all(layer):
        layer.mask.zero_()

    wrong(
        "4.1", changed(FrozenMask, set_mask=freeze), "put a new tensor in the place of the buffer"
    )
    wrong("4.1", changed(MaskedLinear, forward=cut_off), "the input gets no gradient")
    wrong("4.1", changed(MaskedLinear, forbid_all), "a new layer")
    wrong("4.1", changed(MaskedLinear, forward=detached), "a masked weight gets a gradient")
    wrong("4.1", WithoutBias, "hand bias on")
    wrong("4.1", NoLinear, "subclass of nn.Linear")
    wrong("4.1", NotBegun, "super().__init__(")
    wrong("4.1", MaskedLinear(3, 2), "a class was expected, came MaskedLinear")
    wrong("4.1", None, "a class was expected, came NoneType")


@pytest.mark.parametrize("kind", [torch.bool, torch.float32])
def test_layer_that_keeps_the_callers_mask(kind):
    class Keeps(MaskedLinear):
        def set_mask(self, mask):
            mask = mask.to(self.mask.device)
            self.mask = mask if mask.dtype == kind else mask.float().clone()

    wrong("4.1", Keeps, "kept the very tensor", "mask.zero_()")


def test_log_prob():
    def by_sign(logits, x):
        return F.logsigmoid((2 * x - 1) * logits).sum(-1)

    right("4.2", by_sign)
    right("4.2", lambda z, x: -F.binary_cross_entropy_with_logits(z, x, reduction="none").sum(1))
    right("4.2", lambda z, x: torch.distributions.Bernoulli(logits=z).log_prob(x).sum(1))
    right("4.2", lambda z, x: (x * z - z.clamp(min=0) - (-z.abs()).exp().log1p()).sum(1))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (torch.no_grad()(bernoulli_log_prob), "carry no gradient"),
        (lambda z, x: bernoulli_log_prob(z, x).detach().requires_grad_(), "carry no gradient"),
        (lambda z, x: (x * z - F.softplus(z.detach())).sum(1), "but their gradient is not"),
        (
            lambda z, x: (x * z - torch.where(z > 20, z, z.exp().log1p())).sum(1),
            "but their gradient is not",
        ),
    ],
)
def test_log_probs_that_nothing_could_be_trained_by(answer, words):
    wrong("4.2", answer, words, "the gradient by the logits")


def test_log_probs_that_hold_for_small_logits_only():
    def clamped(epsilon):
        def answer(z, x):
            p = torch.sigmoid(z).clamp(epsilon, 1 - epsilon)
            return (x * p.log() + (1 - x) * (1 - p).log()).sum(1)

        return answer

    def with_epsilon(z, x):
        p = torch.sigmoid(z)
        return (x * (p + 1e-5).log() + (1 - x) * (1 - p + 1e-5).log()).sum(1)

    def cross_entropies(z, x):
        return torch.stack(
            [
                -F.binary_cross_entropy(torch.sigmoid(a), b, reduction="sum")
                for a, b in zip(z, x, strict=True)
            ]
        )

    def by_exp(z, x):
        return (x * z - torch.log1p(z.exp())).sum(1)

    def by_choice(z, x):
        p = torch.sigmoid(z)
        return torch.where(x == 1, p, 1 - p).log().sum(1)

    def replaced(z, x):
        p = torch.sigmoid(z)
        return (x * p.log() + (1 - x) * (1 - p).log()).nan_to_num().sum(1)

    for answer in (clamped(1e-6), clamped(1e-5), with_epsilon, replaced):
        wrong("4.2", answer, "a small number ε, a clamp")
    wrong("4.2", cross_entropies, "cuts the logarithm of 0 off at −100")
    wrong("4.2", by_exp, "overflows")
    wrong("4.2", lambda z, x: by_exp(z.double(), x.double()).float(), "overflows")
    wrong("4.2", by_choice, "rounded to 0", "by softplus")
    wrong("4.2", lambda z, x: by_choice(z.double(), x).float(), "float64 only moves the place")
    found = wrong("4.2", lambda z, x: bernoulli_log_prob(z, x) + 1, "one too large")
    assert "small logits" not in found.cause


def test_sampler():
    def row_by_row(forward, order, u):
        rows = []
        for numbers in u:
            row = torch.zeros(1, len(order), dtype=u.dtype)
            for step in range(1, len(order) + 1):
                i = order.tolist().index(step)
                row[0, i] = float(numbers[i] <= torch.sigmoid(forward(row))[0, i])
            rows.append(row)
        return torch.cat(rows)

    right("4.3", row_by_row)
    wrong("4.3", lambda *given: row_by_row(*given).float(), "torch.float64 is asked for")


def test_wrong_samplers():
    def by_order(forward, order, u):
        x = torch.zeros_like(u)
        for i in order:
            p = torch.sigmoid(forward(x))
            x[:, i] = (u[:, i] <= p[:, i]).float()
        return x

    def backwards(forward, order, u):
        x = torch.zeros_like(u)
        for i in order.argsort(descending=True):
            x[:, i] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
        return x

    def draws(forward, order, u):
        x = torch.zeros_like(u)
        for i in order.argsort():
            x[:, i] = torch.bernoulli(torch.sigmoid(forward(x)[:, i]))
        return x

    wrong("4.3", draws, "two calls with the same `order` and `u` give different results")
    wrong("4.3", by_order, "counts from 1")
    wrong("4.3", backwards, "the loop begins with the largest degree")


def test_prediction():
    right("4.4", {name: sorted(tests) for name, tests in caught_by().items()})
    wrong("4.4", caught_by() | {"masked once": "gradient"}, "must be a set of names")
    wrong("4.4", caught_by() | {"masked once": {"leak"}}, "may hold these names")
    wrong("4.4", caught_by() | {"masked once": [["flip"]]}, "may hold these names")
    wrong("4.4", {"masked once": {"gradient"}}, "one entry for each mutant")


@pytest.fixture(scope="module")
def of_notebook():
    """The four tests and ``caught_by`` as the notebook has them."""
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


@pytest.mark.parametrize("mutant", MUTANTS)
@pytest.mark.parametrize("test", TESTS)
def test_every_wrong_expectation_is_explained(mutant, test):
    found = wrong("4.4", caught_by() | {mutant: caught_by()[mutant] ^ {test}})
    assert WHY[mutant][test] in found.cause
    assert f'"{test}" {"does" if test in caught_by()[mutant] else "does not"} catch' in found.cause


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
    """A class whose last layer starts in another way."""
    return changed(kind, lambda self: fill(self.layers[-1].weight))


def built_of(layer_class):
    """A class whose layers are of another kind."""

    def rebuild(self):
        for k, old in enumerate(self.layers):
            self.layers[k] = layer_class(old.in_features, old.out_features)
            self.layers[k].set_mask(old.mask)

    return altered(rebuild)


def activated(f, last=False):
    """A class with another activation, after the last layer, too, or not there."""

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = f(layer(x))
        return f(self.layers[-1](x)) if last else self.layers[-1](x)

    return altered(forward=forward)


def test_made():
    right("4.5", FromScratch)
    right("4.5", Direct)
    right("4.5", built_of(FrozenMask))
    for fill in (nn.init.zeros_, nn.init.ones_, nn.init.eye_):
        right("4.5", starting_with(fill))
    for f in (torch.tanh, torch.sigmoid, F.elu, F.leaky_relu):
        right("4.5", activated(f))


def test_made_with_an_activation_too_many():
    for f in (torch.tanh, F.elu, F.gelu):
        wrong("4.5", activated(f, last=True), "the logits stay within bounds")
    wrong("4.5", activated(lambda z: 9 * torch.tanh(z), last=True), "the logits stay within bounds")
    wrong("4.5", activated(F.softplus, last=True), "no logit is below 0")


def test_made_that_cannot_be_trained():
    def cut_off(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x)).detach()
        return self.layers[-1](x)

    detached = altered(log_prob=lambda self, x: MADE.log_prob(self, x).detach())

    class OfData(MaskedLinear):
        def forward(self, x):
            return F.linear(x, self.weight.data * self.mask, self.bias)

    cause = "log_prob gives these parameters no gradient"
    wrong("4.5", detached, cause, "'layers.2.weight'")
    found = wrong("4.5", altered(forward=cut_off), cause, "'layers.0.weight'")
    assert "layers.2.weight" not in found.came
    found = wrong("4.5", built_of(OfData), cause, "'layers.2.weight'")
    assert "bias" not in found.came


def test_made_whose_outputs_see_themselves_by_another_way_than_hidden_units():
    residual = altered(forward=lambda self, x: MADE.forward(self, x) + x)
    not_strict = changed(
        Direct, lambda self: self.direct.set_mask(self.order[:, None] >= self.order)
    )
    for answer in (residual, not_strict):
        wrong("4.5", answer, "Have direct connections >= in place of >, or is x added")
    wrong("4.5", starting_with(nn.init.zeros_, MODELS["output sees itself"]), "not >=")


def test_made_whose_hidden_degrees_reach_the_last():
    def mask_by_wide_degrees(self):
        hidden = [torch.arange(len(degrees)) % len(self.order) + 1 for degrees in self.degrees[1:]]
        pairs = pairwise([self.order, *hidden, self.order])
        remask(self.layers, [above[:, None] >= below for below, above in pairs])

    wrong(
        "4.5",
        altered(mask_by_wide_degrees),
        "do hidden degrees go up to D, with >= in the output's mask?",
    )


def test_made_in_parts():
    def of_probabilities(self, x):
        p = torch.sigmoid(self(x))
        return torch.distributions.Bernoulli(p).log_prob(x).sum(1)

    def of_logits(self, u):
        x = torch.zeros_like(u)
        for i in self.order.argsort():
            x[:, i] = (u[:, i] <= self(x)[:, i]).float()
        return x

    def normalised(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(F.layer_norm(layer(x), (layer.out_features,)))
        return self.layers[-1](x)

    def score(change):
        return altered(log_prob=lambda self, x: change(MADE.log_prob(self, x)))

    def draw(change):
        return altered(sample=lambda self, u: MADE.sample(self, change(u)))

    def turn_masks_round(self):
        remask(self.layers, [1 - layer.mask for layer in self.layers])

    def reverse(self):
        degrees = [len(self.order) + 1 - self.order, *self.degrees[1:]]
        remask(self.layers, build_masks(degrees))

    def count_from_zero(self):
        self.order = self.order - 1

    def draw_degrees_of_one_variable(self):
        torch.randint(1, len(self.order), (4,))

    wrong("4.5", altered(sample=None), "has no method sample")
    wrong("4.5", score(torch.sum), "this is the sum over all entries", "log_prob")
    wrong("4.5", score(lambda log_p: log_p.float().double()), "in the dtype of the model")
    wrong("4.5", score(torch.neg), "turned round: this is the NLL", "to nine digits")
    wrong("4.5", MODELS["mean for sum"], "divided by x.shape[1]: a mean where a sum", "to nine")
    wrong("4.5", altered(turn_masks_round), "an output sees a variable that does not come before")
    wrong("4.5", draw(lambda u: u.flip(0)), "not those that log_prob gives")
    wrong("4.5", altered(log_prob=of_probabilities), "not finite or cut off for large ones")
    wrong("4.5", altered(sample=of_logits), "u is compared with the logit")
    wrong("4.5", draw(torch.rand_like), "two calls with the same u give different samples")
    wrong("4.5", altered(forward=normalised), "as LayerNorm does")
    wrong("4.5", altered(reverse), "the masks are those of another ordering")
    wrong("4.5", altered(count_from_zero), "order counts from 0")
    found = wrong(
        "4.5", altered(draw_degrees_of_one_variable), "raised RuntimeError", "may have any"
    )
    assert "(1, [4], [0])" in found.tried
    wrong("4.5", lambda *arguments: None, "subclass of nn.Module")
    wrong("4.5", MADE(3, [8], [1, 2, 0]), "a class was expected, came MADE")


def test_made_whose_layers_are_not_found():
    class NotBegun(MADE):
        def __init__(self, input_dim, hidden_dims, ordering):
            self.order = torch.as_tensor(ordering)

    class HiddenLayersInList(MADE):
        def __init__(self, input_dim, hidden_dims, ordering):
            super().__init__(input_dim, hidden_dims, ordering)
            self.hidden, self.last = list(self.layers[:-1]), self.layers[-1]
            del self.layers

        def forward(self, x):
            for layer in self.hidden:
                x = torch.relu(layer(x))
            return self.last(x)

    class LayersInDict(HiddenLayersInList):
        def __init__(self, input_dim, hidden_dims, ordering):
            super().__init__(input_dim, hidden_dims, ordering)
            self.parts = dict(enumerate(self.hidden))
            self.hidden = ()

        def forward(self, x):
            for layer in self.parts.values():
                x = torch.relu(layer(x))
            return self.last(x)

    wrong("4.5", NotBegun, "super().__init__(")
    wrong("4.5", LayersInDict, "those of the layers in parts", "list or dict")
    wrong("4.5", HiddenLayersInList, "those of the layers in hidden", "nn.ModuleList")


def test_made_whose_log_prob_is_not_that_of_its_logits():
    corrects_forward = altered(
        forward=lambda self, x: MADE.forward(self, x) + 1,
        log_prob=lambda self, x: bernoulli_log_prob(MADE.forward(self, x), x),
    )
    wrong("4.5", corrects_forward, ".log_prob(x) with x = [", "by the logits of forward(x)")


def test_made_with_a_gap_between_its_degrees():
    def hear_the_first_alone(self):
        for layer, below in zip(self.layers[1:], self.degrees[1:], strict=True):
            layer.set_mask(layer.mask * (below == 1))

    wrong("4.5", altered(hear_the_first_alone), "the output of x₁ never moves", "flip x₃")


def test_a_forgotten_return_of_a_method_is_guessed():
    class Layer(MaskedLinear):
        def forward(self, x):
            F.linear(x, self.weight * self.mask, self.bias)

    class Model(MADE):
        def log_prob(self, x):
            bernoulli_log_prob(self(x), x)

    wrong("4.1", Layer, "the output is None: is a `return` missing?")
    wrong("4.5", Model, "what log_prob returns is None: is a `return` missing?")
