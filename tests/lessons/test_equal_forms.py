"""Right answers to exercises on numbers, in the equal forms in which learners write them."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, MixtureSameFamily, Normal

from made_lessons.checking.calls import in_dtype
from made_lessons.checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from made_lessons.checking.edited_source import edited
from made_lessons.checking.examine import examine
from made_lessons.notebook_04.mutants import altered
from tests.lessons import forms
from tests.lessons.checking import right

CLOSED = [e for number in NOTEBOOKS for e in exercises_in(number) if not e.is_open]
FOR_A_NETWORK = ("4.3", "10.1", "10.2")
"""Exercises whose result enters a network, so that it must have the dtype of the arguments."""


def instead(name, text, *others):
    """Return the solution of an exercise with a text replaced, once for each replacement."""
    return [edited(exercise_named(name).reference, text, other) for other in others]


MIXTURE = 90 + math.log(3) - math.log(1 + math.exp(-2) + math.exp(-4))

FORMS = {
    "1.2": [
        forms.joint_by_enumeration,
        *instead("1.2", "joint2[1],", "joint2[1].item(),", "(1 - p1) * p2[0] + p1 * p2[1],"),
        *instead("1.2", "joint[1] / joint23", "1 / (1 + joint[0] / joint[1])"),
    ],
    "1.4": [
        forms.day_by_day,
        *instead("1.4", "(u[:, 1] <= q2).long()", "torch.where(u[:, 1] < q2, 1, 0)"),
        *instead("1.4", "q3[x2]", "q3[0] * (1 - x2) + q3[1] * x2"),
    ],
    "2.1": [
        forms.row_by_row,
        forms.by_numpy,
        *instead("2.1", ".exp().sum().item()", ".logsumexp(0).exp()", ".double().exp().sum()"),
        *instead(
            "2.1",
            "torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * input_dim)",
            "(torch.arange(2**input_dim)[:, None] >> torch.arange(input_dim) & 1).float()",
        ),
    ],
    "2.2": [
        lambda x: torch.stack([0 * x[:, 0], x[:, 0], x[:, 0] * x[:, 1]], 1).double(),
        lambda x: F.pad(x[:, :1] / 3, (1, 1)),
        lambda x: torch.tensor([[0.1, 3 * a - 40, 40 * a * b] for a, b, _ in x.tolist()]),
    ],
    "2.3": [
        forms.variable_by_variable,
        *instead(
            "2.3",
            "(x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(1)",
            "torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1)",
            "-F.binary_cross_entropy_with_logits(logits, x, reduction='none').sum(1)",
            "(x * logits - F.softplus(logits)).double().sum(1)",
        ),
    ],
    "4.1": instead(
        "4.1",
        "F.linear(x, self.weight * self.mask, self.bias)",
        "F.linear(x, torch.where(self.mask.bool(), self.weight, 0.0), self.bias)",
        "F.linear(x, self.weight.masked_fill(self.mask == 0, 0.0), self.bias)",
        "(x[:, None] * self.weight * self.mask).sum(-1) + (0 if self.bias is None else self.bias)",
    ),
    "4.2": [
        lambda z, x: F.logsigmoid((2 * x - 1) * z).sum(-1),
        lambda z, x: -F.binary_cross_entropy_with_logits(z, x, reduction="none").sum(1),
        lambda z, x: (x * z - F.softplus(z)).sum(1),
        lambda z, x: Bernoulli(logits=z.double()).log_prob(x.double()).sum(1),
    ],
    "4.3": [
        forms.sample_by_sample,
        *instead("4.3", "torch.argsort(order).tolist()", "order.sort().indices"),
        *instead("4.3", "torch.sigmoid(forward(x)[:, i])", "1 / (1 + (-forward(x)[:, i]).exp())"),
        *instead("4.3", "(u[:, i] <= p).float()", "torch.where(u[:, i] < p, 1.0, 0.0)"),
    ],
    "4.5": [
        altered(log_prob=lambda self, x: F.logsigmoid((2 * x - 1) * self(x)).sum(1)),
        altered(log_prob=lambda self, x: (x * self(x) - F.softplus(self(x))).sum(1)),
        altered(log_prob=lambda self, x: Bernoulli(logits=self(x)).log_prob(x).sum(1)),
    ],
    "5.1": [
        lambda nll, input_dim: torch.tensor(nll / input_dim) * math.log2(math.e),
        lambda nll, input_dim: nll / (input_dim * 0.693),
        lambda nll, input_dim: -np.log2(np.exp(-nll)) / input_dim,
    ],
    "5.2": [
        forms.nll_by_hand,
        *instead(
            "5.2",
            "evaluate(model, train)",
            "evaluate(model.double(), train.double())",
            "sum(evaluate(model, rows) * len(rows) for rows in train.split(70)) / len(train)",
        ),
    ],
    "6.2": [
        [[0.38, 0.02], [0.32, 0.28]],
        torch.tensor([[0.25, 0.28], [0.01, 0.46]], dtype=torch.float64),
        torch.tensor([3.0, -5.0, 2.6, 2.5]).softmax(0).view(2, 2),
    ],
    "6.3": [
        forms.among_all_rows,
        lambda *given: forms.among_all_rows(*given).double(),
        *instead("6.3", "p @ rows", "(p[:, None] * rows).sum(0)"),
        *instead(
            "6.3",
            "log_prob(rows).softmax(0)",
            "(log_prob(rows) - log_prob(rows).logsumexp(0)).exp()",
            "(w := (log_prob(rows) - log_prob(rows).max()).exp()) / w.sum()",
        ),
    ],
    "6.4": [
        forms.worth_by_lists,
        lambda log_w: torch.exp(2 * log_w.logsumexp(0) - (2 * log_w).logsumexp(0)),
        *instead(
            "6.4",
            "torch.softmax(log_w, dim=0)",
            "(w := (log_w - log_w.max()).exp()) / w.sum()",
            "(log_w.double() - log_w.logsumexp(0)).exp()",
        ),
    ],
    "7.3": [
        forms.one_model_after_another,
        lambda log_p: (log_p - np.log(len(log_p))).logsumexp(0),
        lambda log_p: log_p.double().logsumexp(0) + math.log(1 / len(log_p)),
        lambda log_p: (log_p - log_p.amax(0)).exp().mean(0).log() + log_p.amax(0),
    ],
    "7.4": [
        {"one image": round(MIXTURE, 2), "possible means": [90.5, 85, 89]},
        {"possible means": (85, 89, 90.5), "one image": torch.tensor(MIXTURE)},
        {"one image": np.float64(MIXTURE), "possible means": np.array([85, 89, 90.5])},
    ],
    "8.1": [
        lambda z, x: -F.cross_entropy(z.mT, x.long(), reduction="none").sum(1),
        lambda z, x: Categorical(logits=z.double()).log_prob(x).sum(1),
        lambda z, x: (F.one_hot(x.long(), z.shape[2]) * z.log_softmax(-1)).sum((1, 2)),
    ],
    "8.2": [
        forms.one_component_after_another,
        lambda x, p, m, s: MixtureSameFamily(Categorical(p), Normal(m, s)).log_prob(x),
        *instead("8.2", "(x[:, None] - means) / stds", "(x[:, None].double() - means) / stds"),
        *instead("8.2", "- math.log(2 * math.pi) / 2", "+ math.log((2 * math.pi) ** -0.5)"),
    ],
    "8.3": [
        lambda nll, scale, D: torch.tensor(nll) + D * torch.tensor(scale).log(),
        lambda nll, scale, D: round(nll + D * math.log(scale), 3),
        lambda nll, scale, D: -math.log(math.exp(-nll) / scale**D),
    ],
    "8.4": [
        forms.GeometricFromAbove,
        *instead(
            "8.4",
            "logsigmoid(z) + x * logsigmoid(-z)",
            "z - (x + 1) * torch.nn.functional.softplus(z)",
            "logsigmoid(z.double()) + x * (logsigmoid(z.double()) - z)",
        ),
        *instead("8.4", "torch.log1p(-u) / log_fail", "torch.log(1 - u.double()) / log_fail"),
    ],
    "9.1": [
        forms.step_by_step,
        forms.unit_by_unit,
        *instead("9.1", "W.repeat(D, 1) * sees", "torch.where(sees, W.double().repeat(D, 1), 0.0)"),
    ],
    "9.2": [
        forms.beside_the_larger,
        lambda a, b, p: torch.logaddexp(a + np.log(p), b + np.log(1 - p)),
        lambda a, b, p: (
            torch.stack([a, b], 1).double() + torch.tensor([p, 1 - p]).log()
        ).logsumexp(1),
    ],
    "10.1": [
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        *instead("10.1", "scores.masked_fill(~mask, -math.inf)", "scores.where(mask, -math.inf)"),
        *instead("10.1", "/ math.sqrt(query.shape[-1])", "* query.shape[-1] ** -0.5"),
        *instead("10.1", ".softmax(-1) @ value", ".double().softmax(-1).to(value) @ value"),
    ],
    "10.2": instead(
        "10.2",
        "torch.cat([start.expand(len(h), 1, -1), h[:, :-1]], dim=1)",
        "torch.hstack([start.repeat(len(h), 1, 1), h[:, :-1]])",
        "torch.stack([start.expand_as(h[:, 0]), *h.unbind(1)][:-1], dim=1)",
        "torch.where(torch.arange(h.shape[1])[:, None] == 0, start, h.roll(1, 1))",
    ),
    "10.3": [
        forms.attention_to_all,
        *instead("10.3", "weights @ values", "(weights[:, None] * values.double()).sum(0)"),
        *instead(
            "10.3", "keys @ query / math.sqrt(len(query))", "query / len(query)**0.5 @ keys.T"
        ),
    ],
    "10.4": [
        *instead("10.4", "nats / math.log(2)", "nats * math.log2(math.e)", "nats / 0.6931"),
        *instead("10.4", "math.exp(nats / n_tokens)", "2 ** (nats / n_tokens / math.log(2))"),
        lambda nats, B, T: [nats / np.log(2) / B, np.exp(nats / T)],
    ],
    "11.1": [
        forms.cost_by_chain,
        *instead("11.1", "each - together", "torch.tensor(each) - torch.tensor(together)"),
        *instead(
            "11.1",
            "sum(entropy(rows, [*past, i]) - known for i in group)",
            "sum(entropy(rows, [*past, i]) for i in group) - len(group) * known",
        ),
    ],
    "11.3": [
        lambda log_prior, log_given: (log_prior + log_given).log_softmax(1),
        lambda log_prior, log_given: (log_prior.double() + log_given).log_softmax(1),
        lambda log_prior, log_given: (log_prior + log_given).softmax(1).log(),
        lambda log_prior, log_given: Categorical(logits=log_given + log_prior).logits,
        *instead(
            "11.3",
            "joint - joint.logsumexp(1, keepdim=True)",
            "(p := (joint - joint.amax(1, True)).exp()).log() - p.sum(1, True).log()",
        ),
    ],
    "12.1": [
        lambda cost, known: torch.where(known > 0, 0, cost).sum(1) / (1 - known).mean(1),
        *instead("12.1", "(cost * hidden).sum(1)", "(cost - cost * known).sum(-1)"),
        *instead("12.1", "hidden.sum(1)", "(cost.shape[1] - known.sum(1))"),
    ],
    "12.2": [
        forms.value_by_recursion,
        *instead("12.2", "known | 1 << i", "known + 2**i"),
        *instead("12.2", "not known >> i & 1", "known // 2**i % 2 == 0"),
    ],
    "12.3": [
        forms.mutual_information,
        lambda joint: forms.mutual_information(joint.T).item(),
        *instead("12.3", "torch.xlogy(p, p).sum()", "(p * p.clamp(min=1e-30).log()).sum()"),
    ],
}
"""Three or more for each exercise whose answer is compared as numbers."""


def has_floats(value):
    """Whether a result is or holds a float or a floating tensor."""
    if isinstance(value, list | tuple):
        return any(map(has_floats, value))
    is_floating = isinstance(value, Tensor) and value.is_floating_point()
    return is_floating or isinstance(value, float)


def test_each_exercise_on_numbers_has_three_forms():
    numerical = {e.name for e in CLOSED if any(has_floats(e.reference(*c)) for c in e.cases)}
    assert numerical <= {*FORMS}
    assert min(map(len, FORMS.values())) >= 3


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
        examine(exercise, in_dtype(torch.float64, exercise.reference()))
        return

    def answer(*arguments):
        result = exercise.reference(*in_dtype(torch.float64, arguments))
        return result.to(arguments[-1].dtype) if exercise.name in FOR_A_NETWORK else result

    examine(exercise, answer)
