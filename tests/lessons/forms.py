"""Longer right answers for the table of ``test_equal_forms``, as learners write them."""

import functools
import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F

from made_course import Head
from made_lessons.notebook_11.entropies import lowest_nll


def joint_by_enumeration(p1, p2, p3):
    joint = torch.zeros(2, 2, 2, dtype=torch.float64)
    for a, b, c in torch.cartesian_prod(*[torch.arange(2)] * 3).tolist():
        for p, value in ((p1, a), (p2[a], b), (p3[a, b], c)):
            factor = p if value else 1 - p
            joint[a, b, c] = (joint[a, b, c] or 1) * factor
    return [
        joint[:, 1].sum(),
        joint[:, :, 1].sum(0) / joint.sum((0, 2)),
        joint[1] / (joint[0] + joint[1]),
    ]


def day_by_day(q2, q3, q1, u):
    rows = []
    for u1, u2, u3 in u.tolist():
        x2 = int(u2 <= q2)
        x3 = int(u3 <= q3[x2])
        rows.append([float(u1 <= q1[x2, x3]), float(x2), float(x3)])
    return torch.tensor(rows)


def by_numpy(log_prob, input_dim):
    x = torch.from_numpy(np.array([*itertools.product([0.0, 1.0], repeat=input_dim)]))
    return np.exp(log_prob(x).numpy()).sum()


def variable_by_variable(weight, bias, ordering, x):
    total = torch.zeros(len(x))
    for t, i in enumerate(ordering.tolist()):
        before = ordering[:t]
        z = bias[i] + x[:, before] @ weight[i, before]
        total = total + F.logsigmoid(torch.where(x[:, i] == 1, z, -z))
    return total


def sample_by_sample(forward, order, u):
    rows = []
    for numbers in u:
        row = torch.zeros(1, len(order), dtype=u.dtype)
        for step in range(1, len(order) + 1):
            i = order.tolist().index(step)
            row[0, i] = float(numbers[i] <= torch.sigmoid(forward(row))[0, i])
        rows.append(row)
    return torch.cat(rows)


@torch.no_grad()
def nll_by_hand(model, history, train, valid):
    was = model.training
    model.eval()
    total = -model.log_prob(train).sum()
    model.train(was)
    return total / len(train)


def among_all_rows(log_prob, x, known):
    rows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * len(x))
    fits = (rows == x)[:, known].all(1)
    return torch.softmax(log_prob(rows).masked_fill(~fits, -torch.inf), 0) @ rows


def worth_by_lists(log_w):
    w = [math.exp(x) for x in (log_w.double() - log_w.max()).tolist()]
    return sum(w) ** 2 / sum(x * x for x in w)


def one_model_after_another(log_p):
    total = log_p[0]
    for row in log_p[1:]:
        total = torch.logaddexp(total, row)
    return total - math.log(log_p.shape[0])


def one_component_after_another(x, weights, means, stds):
    total = torch.full_like(x, -math.inf)
    for weight, mean, std in zip(weights, means, stds, strict=True):
        variance = std**2
        bell = -((x - mean) ** 2) / (2 * variance) - (2 * math.pi * variance).log() / 2
        total = torch.logaddexp(total, weight.log() + bell)
    return total


class GeometricFromAbove(Head):
    """A geometric head with large counts for small u, and softplus instead of logsigmoid."""

    params_per_variable = 1

    def log_prob(self, params, x):
        z = params.squeeze(-1)
        return -F.softplus(-z) - x * F.softplus(z)

    def sample(self, params, u):
        log_fail = -F.softplus(params.squeeze(-1))
        return (u.clamp(min=1e-7).log() / log_fail).ceil().sub(1).clamp(min=0)


def unit_by_unit(W, c, V, order):
    """Return all copies of unit 0 first, then all of unit 1, and so on, in a list."""
    H, D = W.shape
    degree = torch.arange(D).repeat(H)
    weight = W.repeat_interleave(D, 0).where(order <= degree[:, None], 0)
    out = V.repeat_interleave(D, 1).where(degree + 1 == order[:, None], 0)
    return [weight, c.repeat_interleave(D), out]


def beside_the_larger(log_p, log_q, share):
    a, b = log_p + math.log(share), log_q + math.log(1 - share)
    top = torch.maximum(a, b)
    return top + ((a - top).exp() + (b - top).exp()).log()


def attention_to_all(query, key, value, keys, values):
    keys, values = torch.vstack([keys, key]), torch.vstack([values, value])
    return F.scaled_dot_product_attention(query[None], keys, values)[0], keys, values


def cost_by_chain(rows, past, group):
    """Sum the information of each variable of the group about the variables before it."""
    lost = 0.0
    for k, i in enumerate(group):
        before = [*past, *group[:k]]
        lost += lowest_nll(rows, [past, [i]]) - lowest_nll(rows, [before, [i]])
        lost -= lowest_nll(rows, [past]) - lowest_nll(rows, [before])
    return lost


def value_by_recursion(log_p, combine):
    @functools.cache
    def value(known):
        hidden = [i for i in range(log_p.shape[1]) if not known >> i & 1]
        if not hidden:
            return torch.zeros_like(log_p[0, 0])
        return combine(torch.stack([log_p[known, i] + value(known | 1 << i) for i in hidden]))

    return value(0)


def mutual_information(joint):
    each, possible = joint.sum(1, keepdim=True) * joint.sum(0), joint > 0
    return (joint[possible] * (joint[possible] / each[possible]).log()).sum()
