"""Wrong answers as learners type them: each hears its cause, by a slip or by how it is related."""

import math
import re
from functools import partial
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from made_lessons.checking.catalogue import exercise_named
from made_lessons.notebook_04.ancestral_sampler import sample
from made_lessons.notebook_04.log_likelihood import bernoulli_log_prob
from made_lessons.notebook_04.masked_layer import MaskedLinear
from made_lessons.notebook_04.mutants import MADE
from tests.lessons.checking import wrong

# ---- 4.2 ----------------------------------------------------------------------------------------


def terms(logits, x):
    return x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)


LOG_PROB = [
    (terms, "summed over dimension 1"),
    (lambda logits, x: terms(logits, x).mean(), "the mean"),
    (lambda logits, x: (x * F.logsigmoid(logits)).sum(1), "where x is 0"),
    (lambda logits, x: ((1 - x) * F.logsigmoid(-logits)).sum(1), "where x is 1"),
    (lambda logits, x: F.binary_cross_entropy_with_logits(logits, x), "the mean"),
    (lambda logits, x: F.binary_cross_entropy_with_logits(logits, x, reduction="sum"), "the sum"),
    (lambda logits, x: -terms(logits, x), "sign is turned"),
    (lambda logits, x: terms(logits, x).sum(0), "dimension 1"),
    (lambda logits, x: bernoulli_log_prob(logits, 1 - x), "zeros and ones are swapped"),
    (lambda logits, x: bernoulli_log_prob(logits, x).tolist(), "a torch.Tensor"),
]

# ---- 4.3 ----------------------------------------------------------------------------------------


def own_noise(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort():
        x[:, i] = (torch.rand(len(u)) <= torch.sigmoid(forward(x)[:, i])).float()
    return x


def own_seed(forward, order, u):
    torch.manual_seed(0)
    return own_noise(forward, order, u)


def above(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort():
        x[:, i] = (u[:, i] > torch.sigmoid(forward(x)[:, i])).float()
    return x


def probabilities(forward, order, u):
    x, p = torch.zeros_like(u), torch.zeros_like(u)
    for i in order.argsort():
        p[:, i] = torch.sigmoid(forward(x)[:, i])
        x[:, i] = (u[:, i] <= p[:, i]).float()
    return p


def feeds_probabilities(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort():
        x[:, i] = torch.sigmoid(forward(x)[:, i])
    return x


def returns_early(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort():
        x[:, i] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
        return x


def skips_the_last(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort()[:-1]:
        x[:, i] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
    return x


def skips_the_first(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort()[1:]:
        x[:, i] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
    return x


def of_the_first_row(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort():
        x[:, i] = (u[:, i] <= torch.sigmoid(forward(x)[0, i])).float()
    return x


def by_rows(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort():
        x[i] = (u[i] <= torch.sigmoid(forward(x)[i])).float()
    return x


SAMPLER = [
    (of_the_first_row, "the first one"),
    (by_rows, "x[i] is a row"),
    (own_noise, "two calls with the same `order` and `u`"),
    (own_seed, "other values of `u`"),
    (above, "u ≤ p"),
    (probabilities, "probabilities"),
    (feeds_probabilities, "are they probabilities?"),
    (returns_early, "does the `return` stand inside"),
    (skips_the_last, "never drawn"),
    (skips_the_first, "never drawn"),
    (lambda forward, order, u: sample(forward, order, u).bool(), "dtype"),
    (lambda forward, order, u: sample(forward, order, u)[:, order - 1], "by `order`"),
    (lambda forward, order, u: sample(forward, order, u)[:, order.argsort()], "by `order`"),
    (lambda forward, order, u: sample(forward, torch.tensor([3, 1, 2]), u), "`order`"),
    (lambda forward, order, u: sample(forward, order, u).mean(0), "the mean over dimension 0"),
]

# ---- 3.2 and 3.3 --------------------------------------------------------------------------------


def output_transposed(degrees):
    masks = [above[:, None] >= below for below, above in pairwise(degrees)]
    return [*masks, degrees[0] > degrees[-1][:, None]]


def first_hidden_into_outputs(d):
    masks = [above[:, None] >= below for below, above in pairwise(d)]
    return [*masks, d[0][:, None] > d[min(1, len(d) - 1)]]


def stacked(degrees):
    return torch.cat([mask.flatten() for mask in exercise_named("3.2").reference(degrees)])


def returns_inside(degrees):
    masks = []
    for below, above in pairwise(degrees):
        masks.append(above[:, None] >= below)
        masks.append(degrees[0][:, None] > degrees[-1])
        return masks
    return None


MASKS = [
    (returns_inside, "`return` stand inside the loop"),
    (lambda degrees: [m.numpy() for m in exercise_named("3.2").reference(degrees)], "from_numpy"),
    (output_transposed, "transposed"),
    (first_hidden_into_outputs, "degrees[-1]"),
    (lambda degrees: [mask.int() for mask in exercise_named("3.2").reference(degrees)], "bool"),
    (lambda degrees: [~mask for mask in exercise_named("3.2").reference(degrees)], "the opposite"),
    (lambda degrees: tuple(reversed(exercise_named("3.2").reference(degrees))), "other way round"),
    (lambda degrees: exercise_named("3.2").reference(degrees)[1:], "first"),
    (stacked, "list"),
]


def of_bools(masks):
    found = masks[0]
    for mask in masks[1:]:
        found = mask @ found
    return found


def paths(masks):
    found = masks[0].float()
    for mask in masks[1:]:
        found = mask.float() @ found
    return found


REACHING = [
    (of_bools, "no matrices of bools"),
    (lambda masks: paths(masks) >= 0, "> 0"),
    (lambda masks: sum(mask.float() for mask in masks) > 0, "@"),
    (lambda masks: masks[-1].float() @ masks[0].float() > 0, "any number of"),
    (lambda masks: paths(masks) == 0, "the opposite"),
    (lambda masks: (paths(masks) > 0).tolist(), "a torch.Tensor"),
    (lambda masks: paths([mask.mT for mask in masks[::-1]]) > 0, "transposed"),
]

# ---- 4.1 ----------------------------------------------------------------------------------------


def layer(start=torch.ones, keep=None, forward=None):
    class Layer(nn.Linear):
        def __init__(self, in_features, out_features, bias=True):
            super().__init__(in_features, out_features, bias)
            self.register_buffer("mask", start(out_features, in_features))

        def set_mask(self, mask):
            with torch.no_grad():
                self.mask.copy_(mask if keep is None else keep(self, mask))

        def forward(self, x):
            if forward is not None:
                return forward(self, x)
            return F.linear(x, self.weight * self.mask, self.bias)

    return Layer


def bias_masked(self, x):
    bias = 0 if self.bias is None else self.bias * self.mask[:, 0]
    return F.linear(x, self.weight * self.mask) + bias


def wrong_fill(self, x):
    return F.linear(x, self.weight.masked_fill(self.mask.bool(), 0), self.bias)


LAYER = [
    (layer(keep=lambda self, mask: self.mask * mask), "put the new mask"),
    (layer(forward=lambda self, x: F.linear(x, self.weight @ self.mask)), "entry by entry it is *"),
    (layer(start=torch.zeros), "must be all ones"),
    (layer(start=torch.rand), "all ones"),
    (layer(forward=lambda self, x: F.linear(x, self.weight + self.mask, self.bias)), "added"),
    (layer(forward=wrong_fill), "wrong way round"),
    (layer(keep=lambda self, mask: 1 - mask.float()), "wrong way round"),
    (layer(forward=bias_masked), "bias"),
    (layer(keep=lambda self, mask: self.mask), "no effect"),
    (layer(forward=lambda self, x: torch.relu(MaskedLinear.forward(self, x))), "activation"),
    (layer(forward=lambda self, x: F.linear(x, self.weight * self.mask.T, self.bias)), "(2, 3)"),
]

# ---- 4.5 ----------------------------------------------------------------------------------------


class NeverSwitchedOff(MADE):
    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.dropout(torch.relu(layer(x)), 0.5)
        return self.layers[-1](x)


class MasksDrawnAnew(MADE):
    def forward(self, x):
        for layer, mask in zip(self.layers, self.masks(), strict=True):
            layer.set_mask(mask)
        return super().forward(x)

    def masks(self):
        hidden = [torch.randint(1, max(len(self.order), 2), (len(d),)) for d in self.degrees[1:]]
        return exercise_named("3.2").reference([self.order, *hidden])


class SigmoidTwice(MADE):
    @torch.no_grad()
    def sample(self, u):
        return sample(lambda x: torch.sigmoid(self(x)), self.order, u)


class UIgnored(MADE):
    @torch.no_grad()
    def sample(self, u):
        torch.manual_seed(0)
        return sample(self.forward, self.order, torch.rand(u.shape))


class OrderIsOrdering(MADE):
    def __init__(self, input_dim, hidden_dims, ordering):
        super().__init__(input_dim, hidden_dims, ordering)
        self.order = torch.as_tensor(ordering)


class OrderFromZero(MADE):
    def __init__(self, input_dim, hidden_dims, ordering):
        super().__init__(input_dim, hidden_dims, ordering)
        self.order = self.order - 1


class GivesProbability(MADE):
    def log_prob(self, x):
        return super().log_prob(x).exp()


class NotSummed(MADE):
    def log_prob(self, x):
        return terms(self(x), x)


class OneNumber(MADE):
    def log_prob(self, x):
        return super().log_prob(x).mean()


class SamplesProbabilities(MADE):
    @torch.no_grad()
    def sample(self, u):
        return torch.sigmoid(self(sample(self.forward, self.order, u)))


class SamplesAbove(MADE):
    @torch.no_grad()
    def sample(self, u):
        return above(self, self.order, u)


class CentresRows(MADE):
    def forward(self, x):
        return super().forward(x - x.mean(0))


class SkipsLayers(MADE):
    def forward(self, x):
        return self.layers[-1](torch.relu(self.layers[0](x)))


WHOLE = [
    (CentresRows, "other rows of x"),
    (SkipsLayers, "without a hidden layer"),
    (NeverSwitchedOff, "dropout"),
    (MasksDrawnAnew, "drawn anew"),
    (SigmoidTwice, "sigmoid"),
    (UIgnored, "the same whatever u is"),
    (OrderIsOrdering, "the ordering"),
    (OrderFromZero, "counts from 0"),
    (GivesProbability, "exp"),
    (NotSummed, "summed over dimension 1"),
    (OneNumber, "the mean"),
    (SamplesProbabilities, "probabilities"),
    (SamplesAbove, "u ≤ p"),
]

# ---- the other notebooks ------------------------------------------------------------------------


def of_the_example(name, position):
    """The reference with one argument written in as in the notebook's example."""
    exercise = exercise_named(name)

    def answer(*arguments):
        known = exercise.cases[0][position]
        return exercise.reference(*[*arguments[:position], known, *arguments[position + 1 :]])

    return answer


def reference(name, change):
    return lambda *arguments: change(exercise_named(name).reference(*arguments))


def two_bells(x, weights, means, stds):
    z = (x[:, None] - means) / torch.tensor([0.5, 2.0])
    return (weights.log() - z**2 / 2 - torch.tensor([0.5, 2.0]).log() - 0.918939).logsumexp(-1)


def classes(logits, x):
    return logits.log_softmax(-1).gather(-1, x.long()[..., None]).squeeze(-1)


def in_float64(p, q, share):
    return (share * p.double().exp() + (1 - share) * q.double().exp()).log()


def by_exp(log_prob, x, known):
    rows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * len(x))
    p = log_prob(rows).exp() * (rows == x)[:, known].all(1)
    return p / p.sum() @ rows


OTHERS = [
    # 1
    ("1.1", lambda input_dim: [1, 2, 4], "other values of `input_dim`"),
    ("1.1", lambda input_dim: [2**i for i in range(3)], "input_dim"),
    ("1.1", lambda input_dim: [2**i for i in range(input_dim + 1)], "one more"),
    ("1.1", lambda input_dim: [2**i for i in range(1, input_dim)], "first"),
    ("1.1", lambda input_dim: torch.tensor([2**i for i in range(input_dim)]), "list"),
    ("1.1", lambda input_dim: [2.0**i - 1 for i in range(input_dim)], "one is subtracted"),
    ("1.2", of_the_example("1.2", 0), "`p1`"),
    ("1.2", reference("1.2", lambda q: (q[2], q[0], q[1])), "order"),
    ("1.2", reference("1.2", lambda q: tuple(part.log() for part in q)), "logarithm"),
    ("1.3", lambda ordering: torch.tensor([3, 1, 2]), "other values of `ordering`"),
    ("1.3", lambda ordering: torch.argsort(ordering) + 1.0, "dtype"),
    ("1.3", lambda ordering: (torch.argsort(ordering) + 1).tolist(), "torch.Tensor"),
    ("1.3", lambda ordering: torch.argsort(ordering).flip(0) + 1, "other way round"),
    ("1.3", lambda ordering: torch.argsort(ordering) + 2, "one too large"),
    ("1.3", lambda ordering: torch.arange(1, len(ordering) + 1), "1, 2, 3, …"),
    ("1.4", reference("1.4", lambda days: days[:, [1, 2, 0]]), "order of the steps"),
    ("1.4", reference("1.4", lambda days: days.T), "transposed"),
    ("1.4", reference("1.4", lambda days: days.bool()), "dtype"),
    ("1.4", lambda q2, q3, q1, u: (u <= 0.5).float(), "other values of `q2`, `q3` and `q1`"),
    # 2
    ("2.1", lambda log_prob, input_dim: 1.0, "other values of `log_prob`"),
    ("2.1", of_the_example("2.1", 1), "`input_dim`"),
    ("2.1", reference("2.1", lambda total: -total), "sign"),
    # 5
    ("5.1", lambda nll, input_dim: nll / 784 / 0.6931472, "784"),
    ("5.1", lambda nll, input_dim: nll / (input_dim * 2.302585), "base 10"),
    ("5.1", lambda nll, input_dim: -nll / input_dim / 0.6931472, "sign"),
    ("5.1", lambda nll, input_dim: input_dim * 0.6931472 / nll, "upside down"),
    ("5.2", lambda model, history, train, valid: torch.tensor(0.0), "other values of"),
    # 6
    ("6.1", reference("6.1", lambda masks: [~mask for mask in masks]), "the opposite"),
    ("6.1", reference("6.1", lambda masks: [mask.float() for mask in masks]), "dtype"),
    ("6.1", of_the_example("6.1", 1), "`t`"),
    ("6.1", reference("6.1", lambda masks: torch.cat(masks)), "list"),
    ("6.3", reference("6.3", lambda p: p[None]), "dimension"),
    ("6.3", reference("6.3", lambda p: p.flip(0)), "other way round"),
    ("6.4", lambda log_w: float(len(log_w)), "other values of `log_w`"),
    ("6.4", lambda log_w: (log_w.exp() / log_w.exp().sum().clamp(min=1e-9)).pow(2).sum() ** -1, ""),
    ("6.4", reference("6.4", lambda size: size[None]), "dimension"),
    # 7
    ("7.3", lambda log_p: (log_p.exp() + 1e-12).mean(0).log(), "large"),
    ("7.3", lambda log_p: log_p.exp().clamp(min=1e-30).mean(0).log(), "large"),
    # 8
    ("8.2", two_bells, "means is (3,), float32"),
    ("8.2", reference("8.2", lambda log_p: log_p / 2.302585), "base 10"),
    ("8.3", of_the_example("8.3", 1), "`scale`"),
    ("8.3", lambda nll, scale, input_dim: nll + 5 * torch.tensor(scale).log().item(), "input_dim"),
    ("8.3", lambda nll, scale, input_dim: input_dim * torch.tensor(scale).log().item(), "`nll`"),
    # 9
    ("9.2", of_the_example("9.2", 2), "`share`"),
    ("9.2", lambda p, q, s: (s * p.exp() + (1 - s) * q.exp()).clamp(min=1e-20).log(), "large"),
    ("9.3", of_the_example("9.3", 0), "`side`"),
    ("9.3", reference("9.3", lambda mask: ~mask), "the opposite"),
    ("9.3", reference("9.3", lambda mask: mask[:, None]), "dimension"),
    # errors, and words of the code
    ("9.2", in_float64, "float64 only moves the place"),
    ("6.3", by_exp, "0 / 0 is nan"),
    (
        "2.1",
        lambda log_prob, D: log_prob(2 * torch.rand(8, D)).exp().sum().item(),
        "zeros and ones",
    ),
    ("8.1", lambda logits, x: -F.cross_entropy(logits, x.long()), "(B, K, D)"),
    ("8.1", lambda logits, x: classes(logits, x).sum(0), "as logits.shape[1]"),
    ("8.2", lambda x, w, means, stds: (x - means) / stds * w, "a column axis: x[:, None]"),
    ("5.1", lambda nll, input_dim: round(nll / input_dim / 0.6931472), "rounded"),
    ("5.1", lambda nll, input_dim: nll / input_dim / math.log10(2), "a logarithm to base 10"),
    ("5.3", lambda model: 0.4, "as a share does"),
    ("1.3", lambda ordering: ordering.sort().values + 1, "for every ordering"),
    # relations that were wrong answers of their own
    ("1.1", lambda input_dim: [2 ** (i + 1) - 1 for i in range(input_dim)], "running sums"),
    ("1.1", reference("1.1", lambda sizes: sizes[::-1]), "the other way round"),
    ("1.1", reference("1.1", sum), "the sum over all entries"),
    ("2.1", reference("2.1", math.log), "the logarithm of what is asked for"),
    (
        "2.3",
        lambda *of: exercise_named("2.3").reference(*of) / len(of[1]),
        "a mean where",
    ),
    ("2.3", lambda w, b, o, x: exercise_named("2.3").reference(w, 0 * b, o, x), "values of `bias`"),
    ("3.3", reference("3.3", lambda seen: seen.T), "rows and columns are swapped"),
    ("4.2", lambda logits, x: terms(logits, x).mean(1), "a mean where a sum"),
    ("6.3", reference("6.3", torch.round), "this is rounded"),
    ("6.3", reference("6.3", torch.log), "the logarithm of what is asked for"),
    ("6.4", reference("6.4", torch.log), "the logarithm of what is asked for"),
    ("6.4", lambda log_w: log_w.exp().sum() ** 2 / ((2 * log_w).exp().sum() + 1e-12), "small"),
    ("8.1", lambda logits, x: classes(logits, x), "summed over dimension 1"),
    ("8.1", lambda logits, x: -classes(logits, x), "the sign is turned round"),
    ("8.1", lambda logits, x: classes(logits, x).mean(1), "a mean where a sum"),
    ("8.1", lambda logits, x: (classes(logits, x).exp() + 1e-8).log().sum(1), "a small number ε"),
    ("9.2", lambda p, q, s: (s * p.exp() + (1 - s) * q.exp() + 1e-30).log(), "a small number ε"),
    ("9.3", reference("9.3", lambda mask: mask.T), "rows and columns are swapped"),
    ("9.3", reference("9.3", lambda mask: mask.float()), "their dtype is"),
]

TABLE = [
    *(("4.2", *row) for row in LOG_PROB),
    *(("4.3", *row) for row in SAMPLER),
    *(("3.2", *row) for row in MASKS),
    *(("3.3", *row) for row in REACHING),
    *(("4.1", *row) for row in LAYER),
    *(("4.5", *row) for row in WHOLE),
    *OTHERS,
]
SAYS_NOTHING = ("differs in value", "has another shape", "another length")


@pytest.mark.parametrize(
    ("name", "answer", "word"), TABLE, ids=[f"{row[0]}-{k}" for k, row in enumerate(TABLE)]
)
def test_a_cause_is_heard(name, answer, word):
    found = wrong(exercise_named(name), answer)
    assert word in found.cause
    assert not found.cause.startswith("the answer differs")
    assert not found.cause.endswith(SAYS_NOTHING)


LOG_PROBABILITIES = ["2.3", "4.2", "7.3", "8.1", "8.2", "9.2"]
CHANGES = [
    (torch.neg, "the sign is turned round"),
    (torch.exp, "its logarithm is asked for"),
    (torch.mean, "this is the mean over all entries"),
    (torch.sum, "this is the sum over all entries"),
    (lambda log_p: log_p[:, None], "keepdim"),
    (lambda log_p: log_p / math.log(2), "these are bits"),
]


@pytest.mark.parametrize("name", LOG_PROBABILITIES)
@pytest.mark.parametrize(("change", "word"), CHANGES)
def test_what_is_done_to_a_log_probability_is_heard_in_every_exercise(name, change, word):
    assert word in wrong(exercise_named(name), reference(name, change)).cause


INSTEAD = "were given in place of"
OTHER_ARGUMENTS = [
    ("4.2", lambda right, logits, x: right(x, logits), "`logits` and `x` were swapped"),
    ("4.2", lambda right, z, x: right(z.sigmoid(), x), f"`sigmoid(logits)` {INSTEAD} `logits`"),
    ("8.1", lambda right, z, x: right(z.softmax(-1), x), f"`softmax(logits)` {INSTEAD} `logits`"),
    ("2.3", lambda right, w, b, *rest: right(w, -b, *rest), f"`-bias` {INSTEAD} `bias`"),
    ("2.3", lambda right, w, b, o, x: right(w, b, o, 1 - x), f"`1 - x` {INSTEAD} `x`"),
    ("6.1", lambda right, degrees, t: right(degrees, t + 1), f"`t + 1` {INSTEAD} `t`"),
    ("3.3", lambda right, masks: right(masks[:-1]), "`masks` were given without the last"),
    ("3.2", lambda right, d: right(d[:2]), "of `degrees` the first two alone were given"),
    ("6.3", lambda right, p, x, known: right(p, x, ~known), f"`~known` {INSTEAD} `known`"),
    ("9.3", lambda right, side, on: right(side, not on), f"`not strict` {INSTEAD} `strict`"),
]


@pytest.mark.parametrize(("name", "answer", "words"), OTHER_ARGUMENTS)
def test_what_is_right_for_other_arguments_is_told(name, answer, words):
    assert wrong(name, partial(answer, exercise_named(name).reference)).cause == (
        f"perhaps this would be right if {words} (it fits what came wherever this is wrong)"
    )


def test_what_is_right_for_another_exercise_is_told():
    found = wrong(exercise_named("1.1"), exercise_named("1.3").reference)
    assert "this is right for exercise 1.3, From ordering to degrees" in found.cause


def test_what_fails_once_numbers_grow_is_looked_at_with_small_ones_too():
    def answer(logits, x):
        return (x * logits.sigmoid().log() + (1 - x) * (1 - logits.sigmoid()).log()).mean(1)

    words = "tried with small numbers: perhaps this is divided by logits.shape[1]"
    assert wrong(exercise_named("4.2"), answer).cause.startswith(words)


def bells(x, weights, means, stds):
    heights = torch.exp(-(((x[:, None] - means) / stds) ** 2) / 2) / stds / math.sqrt(2 * math.pi)
    return (weights * heights).sum(-1).log()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("7.3", lambda log_p: log_p.exp().mean(0).log()),
        (
            "8.1",
            lambda z, x: (
                (z.exp() / z.exp().sum(-1, True))
                .log()
                .gather(-1, x.long()[..., None])
                .sum((-1, -2))
            ),
        ),
        ("8.2", bells),
        (
            "9.2",
            lambda log_p, log_q, share: (share * log_p.exp() + (1 - share) * log_q.exp()).log(),
        ),
    ],
)
def test_what_overflows_hears_of_what_is_there_and_no_function_to_take(name, answer):
    cause = wrong(exercise_named(name), answer).cause
    assert cause.startswith("right while numbers are small. At large ones exp of one overflows")
    assert not re.search("sigmoid|softmax|logsumexp|logaddexp|softplus", cause)


def test_no_answer_hears_of_a_relation_that_is_not_there():
    def odd(logits, x):
        return bernoulli_log_prob(logits, x) + Tensor([0.1, 0.7, 0.4])[: len(x)]

    def turned_classes(logits, x):  # `~x` of them is an error
        return exercise_named("8.1").reference(logits, (x == 0).float())

    for name, answer in (("4.2", odd), ("8.1", turned_classes), ("5.3", lambda model: 1.5)):
        assert wrong(name, answer).cause == "the answer differs in value"


# ---- causes that did not fit ---------------------------------------------------------------------


def keeps_what_it_found(input_dim, found=[]):  # noqa: B006
    for i in range(input_dim):
        found.append(2**i)
    return found


def of_the_layer_below(below, n_units, input_dim):
    return torch.randint(int(below.min()), max(input_dim, 2), (len(below),))


class ReadsItsMask(MaskedLinear):
    def set_mask(self, mask):
        mask = self.mask  # noqa: F841


class NotBegun(nn.Linear):
    def __init__(self, in_features, out_features, bias=True):
        self.register_buffer("mask", torch.ones(out_features, in_features))


def turned_round(query, key, value):
    return (query @ key.T).softmax(-1) @ value


def nearly(nll, input_dim):
    return nll / input_dim / math.log(2) * 0.99968


FITS = [
    ("1.1", keeps_what_it_found, "keep nothing from one call to the next"),
    ("1.2", lambda *tables: exercise_named("1.2").reference(*tables)[0], "the first of them alone"),
    ("3.5", of_the_layer_below, "as many units as the layer below has"),
    ("4.1", ReadsItsMask, "set_mask has to copy it"),
    ("4.1", NotBegun, "it begins with super().__init__(…)"),
    ("10.1", turned_round, ".mT swaps the last two"),
]


@pytest.mark.parametrize(("name", "answer", "words"), FITS)
def test_a_cause_fits(name, answer, words):
    assert words in wrong(name, answer).cause


def test_numbers_that_differ_are_shown_so_that_they_do():
    found = wrong("5.1", nearly)
    assert (found.expected, found.came) == ("0.1656155", "0.16556251")
