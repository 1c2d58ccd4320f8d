"""Right answers to exercises on numbers, in the equal forms in which learners write them."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, MixtureSameFamily, Normal

from made_lessons.checking.calls import convert_dtype
from made_lessons.checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from made_lessons.checking.examine import examine
from made_lessons.checking.source_code import edit_source
from made_lessons.notebook_04.mutants import make_mutant
from tests.lessons import forms
from tests.lessons.checking import right

CLOSED = [e for number in NOTEBOOKS for e in exercises_in(number) if not e.is_open]
FOR_A_NETWORK = ("4.3", "10.1", "10.2")
"""Exercises whose result enters a network, so that it must have the dtype of the arguments."""


def instead(name, text, *others):
    """Return the solution of an exercise with a text replaced, once for each replacement."""
    return [edit_source(exercise_named(name).reference, text, other) for other in others]


MIXTURE = 90 + math.log(3) - math.log(1 + math.exp(-2) + math.exp(-4))

FORMS = {
    "1.2": [
        forms.joint_by_enumeration,
        *instead("1.2", "joint[1] / joint23", "1 / (1 + joint[0] / joint[1])"),
    ],
    "1.4": [
        forms.day_by_day,
        *instead("1.4", "(u[:, 1] <= q2).long()", "torch.where(u[:, 1] < q2, 1, 0)"),
    ],
    "2.1": [forms.by_numpy, *instead("2.1", ".exp().sum().item()", ".logsumexp(0).exp()")],
    "2.2": [
        lambda x: torch.stack([0 * x[:, 0], x[:, 0], x[:, 0] * x[:, 1]], 1).double(),
        lambda x: torch.tensor([[0.1, 3 * a - 40, 40 * a * b] for a, b, _ in x.tolist()]),
    ],
    "2.3": [
        forms.variable_by_variable,
        *instead(
            "2.3",
            "(x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(1)",
            "(x * logits - F.softplus(logits)).double().sum(1)",
        ),
    ],
    "4.1": instead(
        "4.1",
        "F.linear(x, self.weight * self.mask, self.bias)",
        "F.linear(x, self.weight.masked_fill(self.mask == 0, 0.0), self.bias)",
        "(x[:, None] * self.weight * self.mask).sum(-1) + (0 if self.bias is None else self.bias)",
    ),
    "4.2": [
        lambda z, x: F.logsigmoid((2 * x - 1) * z).sum(-1),
        lambda z, x: Bernoulli(logits=z.double()).log_prob(x.double()).sum(1),
    ],
    "4.3": [
        forms.sample_by_sample,
        *instead("4.3", "torch.sigmoid(forward(x)[:, i])", "1 / (1 + (-forward(x)[:, i]).exp())"),
    ],
    "4.5": [
        make_mutant(log_prob=lambda self, x: (x * self(x) - F.softplus(self(x))).sum(1)),
        make_mutant(log_prob=lambda self, x: Bernoulli(logits=self(x)).log_prob(x).sum(1)),
    ],
    "5.1": [
        lambda nll, input_dim: nll / (input_dim * 0.693),
        lambda nll, input_dim: -np.log2(np.exp(-nll)) / input_dim,
    ],
    "5.2": [
        forms.nll_by_hand,
        *instead("5.2", "evaluate(model, train)", "evaluate(model.double(), train.double())"),
    ],
    "6.2": [
        [[0.38, 0.02], [0.32, 0.28]],
        torch.tensor([3.0, -5.0, 2.6, 2.5]).softmax(0).view(2, 2),
    ],
    "6.3": [
        lambda *given: forms.among_all_rows(*given).double(),
        *instead(
            "6.3",
            "log_prob(rows).softmax(0)",
            "(log_prob(rows) - log_prob(rows).logsumexp(0)).exp()",
        ),
    ],
    "6.4": [
        forms.worth_by_lists,
        lambda log_w: torch.exp(2 * log_w.logsumexp(0) - (2 * log_w).logsumexp(0)),
    ],
    "7.3": [forms.one_model_after_another, lambda log_p: (log_p - np.log(len(log_p))).logsumexp(0)],
    "7.4": [
        {"one image": round(MIXTURE, 2), "possible means": [90.5, 85, 89]},
        {"possible means": (85, 89, 90.5), "one image": torch.tensor(MIXTURE)},
    ],
    "8.1": [
        lambda z, x: -F.cross_entropy(z.mT, x.long(), reduction="none").sum(1),
        lambda z, x: (F.one_hot(x.long(), z.shape[2]) * z.log_softmax(-1)).sum((1, 2)),
    ],
    "8.2": [
        forms.one_component_after_another,
        lambda x, p, m, s: MixtureSameFamily(Categorical(p), Normal(m, s)).log_prob(x),
    ],
    "8.3": [
        lambda nll, scale, D: round(nll + D * math.log(scale), 3),
        lambda nll, scale, D: -math.log(math.exp(-nll) / scale**D),
    ],
    "8.4": [
        forms.GeometricFromAbove,
        *instead(
            "8.4",
            "logsigmoid(z) + x * logsigmoid(-z)",
            "z - (x + 1) * torch.nn.functional.softplus(z)",
        ),
    ],
    "9.1": [
        forms.unit_by_unit,
        *instead(
            "9.1", "W.repeat(D, 1) * inputs", "torch.where(inputs, W.double().repeat(D, 1), 0.0)"
        ),
    ],
    "9.2": [
        forms.beside_the_larger,
        lambda a, b, p: (
            torch.stack([a, b], 1).double() + torch.tensor([p, 1 - p]).log()
        ).logsumexp(1),
    ],
    "10.1": [
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        *instead("10.1", ".softmax(-1) @ value", ".double().softmax(-1).to(value) @ value"),
    ],
    "10.2": instead(
        "10.2",
        "torch.cat([start.expand(len(h), 1, -1), h[:, :-1]], dim=1)",
        "torch.stack([start.expand_as(h[:, 0]), *h.unbind(1)][:-1], dim=1)",
        "torch.where(torch.arange(h.shape[1])[:, None] == 0, start, h.roll(1, 1))",
    ),
    "10.3": [
        forms.attention_to_all,
        *instead(
            "10.3", "keys @ query / math.sqrt(len(query))", "query / len(query)**0.5 @ keys.T"
        ),
    ],
    "10.4": [
        *instead("10.4", "nats / math.log(2)", "nats / 0.6931"),
        lambda nats, B, T: [nats / np.log(2) / B, np.exp(nats / T)],
    ],
    "11.1": [
        forms.cost_by_chain,
        *instead("11.1", "each - joint", "torch.tensor(each) - torch.tensor(joint)"),
    ],
    "11.3": [
        lambda log_prior, log_given: (log_prior.double() + log_given).log_softmax(1),
        lambda log_prior, log_given: (
            (less := log_prior + log_given - (log_prior + log_given).amax(1, keepdim=True))
            - less.exp().sum(1, keepdim=True).log()
        ),
    ],
    "12.1": [
        lambda cost, known: torch.where(known > 0, 0, cost).sum(1) / (1 - known).mean(1),
        *instead("12.1", "hidden.sum(1)", "(cost.shape[1] - known.sum(1))"),
    ],
    "12.2": [
        forms.value_by_recursion,
        *instead("12.2", "not known >> i & 1", "known // 2**i % 2 == 0"),
    ],
    "12.3": [
        forms.mutual_information,
        *instead("12.3", "torch.xlogy(p, p).sum()", "(p * p.clamp(min=1e-30).log()).sum()"),
    ],
}
"""Two or more for each exercise whose answer is compared as numbers."""


def has_floats(value):
    """Return True if a result is or contains a float or a floating tensor."""
    if isinstance(value, list | tuple):
        return any(map(has_floats, value))
    is_floating = isinstance(value, Tensor) and value.is_floating_point()
    return is_floating or isinstance(value, float)


def test_each_exercise_on_numbers_has_two_forms():
    numerical = {e.name for e in CLOSED if any(has_floats(e.reference(*c)) for c in e.cases)}
    assert numerical <= {*FORMS}
    assert min(map(len, FORMS.values())) >= 2


@pytest.mark.parametrize("name", FORMS)
def test_an_equal_form_is_right(name):
    first, *others = FORMS[name]
    right(name, first)  # also graded in another process
    variant = exercise_named(name, "maria")
    for form in others:
        examine(variant if variant.cases else exercise_named(name), form)


@pytest.mark.parametrize(
    "exercise", [e for e in CLOSED if not isinstance(e.reference, type)], ids=lambda e: e.name
)
def test_the_solution_computed_in_float64_is_right(exercise):
    if exercise.is_value:
        examine(exercise, convert_dtype(torch.float64, exercise.reference()))
        return

    def answer(*arguments):
        result = exercise.reference(*convert_dtype(torch.float64, arguments))
        return result.to(arguments[-1].dtype) if exercise.name in FOR_A_NETWORK else result

    examine(exercise, answer)
