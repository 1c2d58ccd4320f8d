"""Wrong answers as learners type them get a cause, by a known mistake or by a relation."""

import math
import re
from functools import partial
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.source_code import edit_source
from made_lessons.notebook_04.ancestral_sampler import sample
from made_lessons.notebook_04.log_likelihood import bernoulli_log_prob
from made_lessons.notebook_10.mean_over_earlier_positions import attend
from made_lessons.notebook_10.one_more_position import one_more
from made_lessons.notebook_11.coder import encode
from made_lessons.notebook_11.entropies import entropy
from made_lessons.notebook_12.combine_over_orderings import mean
from made_lessons.notebook_12.cost_of_two import cost_of_two
from tests.lessons.checking import wrong

# ---- relations between an answer and the right one -----------------------------------------------


def reference(name, change):
    return lambda *arguments: change(exercise_named(name).reference(*arguments))


def of_the_example(name, position):
    """Return the reference with one argument fixed to the notebook's example."""
    exercise = exercise_named(name)

    def answer(*arguments):
        known = exercise.cases[0][position]
        return exercise.reference(*[*arguments[:position], known, *arguments[position + 1 :]])

    return answer


def returns_inside(degrees):
    masks = []
    for below, above in pairwise(degrees):
        masks.append(above[:, None] >= below)
        masks.append(degrees[0][:, None] > degrees[-1])
        return masks
    return None


def terms(logits, x):
    return x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)


def own_noise(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort():
        x[:, i] = (torch.rand(len(u)) <= torch.sigmoid(forward(x)[:, i])).float()
    return x


def feeds_probabilities(forward, order, u):
    x = torch.zeros_like(u)
    for i in order.argsort():
        x[:, i] = torch.sigmoid(forward(x)[:, i])
    return x


def equal_weights(query, key, value):
    return value.cumsum(1) / torch.arange(1, value.shape[1] + 1)[:, None]


def bayes_without_logarithms(log_prior, log_given):
    joint = (log_prior + log_given).exp()
    return (joint / joint.sum(1, keepdim=True)).log()


def naive_fvsbn(weight, bias, ordering, x):
    order = ordering.argsort()
    p = torch.sigmoid(x @ (weight * (order[:, None] > order)).T + bias)
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(1)


TABLE = [
    ("1.1", lambda input_dim: [2**i for i in range(input_dim + 1)], "one entry too many"),
    ("1.2", reference("1.2", lambda q: (q[2], q[0], q[1])), "order"),
    ("1.3", lambda ordering: torch.tensor([3, 1, 2]), "other values of `ordering`"),
    ("1.3", lambda ordering: (torch.argsort(ordering) + 1).tolist(), "torch.Tensor"),
    ("2.1", lambda log_prob, D: log_prob(2 * torch.rand(8, D)).exp().sum(), "zeros and ones"),
    ("2.3", naive_fvsbn, "exp overflows"),
    ("3.2", returns_inside, "`return` inside the loop"),
    ("3.2", reference("3.2", lambda masks: [mask.numpy() for mask in masks]), "from_numpy"),
    ("3.2", reference("3.2", lambda masks: torch.cat([*map(torch.flatten, masks)])), "a list of"),
    ("3.3", lambda masks: masks[-1].float() @ masks[0].float() > 0, "any number of"),
    ("4.2", terms, "summed over dimension 1"),
    ("4.2", lambda logits, x: terms(logits, x).mean(1), "a mean instead of a sum"),
    ("4.3", own_noise, "two calls with the same `order` and `u`"),
    ("4.3", feeds_probabilities, "Are these probabilities?"),
    ("4.3", lambda forward, order, u: sample(forward, order, u)[:, order - 1], "by `order`"),
    ("5.1", lambda nll, input_dim: nll / input_dim / math.log10(2), "by the natural logarithm"),
    ("5.2", lambda model, history, train, valid: torch.tensor(0.0), "other values of"),
    ("5.3", lambda model: 0.4, "like a share"),
    ("6.1", of_the_example("6.1", 1), "`t`"),
    ("10.1", equal_weights, "other values of `query` and `key`"),
    ("12.2", lambda log_p, combine: exercise_named("12.2").reference(log_p, mean), "`combine`"),
]
SAYS_NOTHING = ("has the wrong value", "has the wrong shape", "wrong length")


@pytest.mark.parametrize(
    ("name", "answer", "word"), TABLE, ids=[f"{row[0]}-{k}" for k, row in enumerate(TABLE)]
)
def test_each_wrong_answer_gets_its_cause(name, answer, word):
    found = wrong(exercise_named(name), answer)
    assert word in found.cause
    assert not found.cause.startswith("the answer has the wrong value")
    assert not found.cause.endswith(SAYS_NOTHING)


LOG_PROBABILITIES = ["2.3", "4.2", "8.2"]
CHANGES = [
    (torch.neg, "the sign is wrong"),
    (torch.exp, "Return its logarithm"),
    (torch.mean, "this is the mean over all entries"),
    (torch.sum, "this is the sum over all entries"),
    (lambda log_p: log_p[:, None], "keepdim"),
    (lambda log_p: log_p / math.log(2), "these are bits"),
]


@pytest.mark.parametrize("name", LOG_PROBABILITIES)
@pytest.mark.parametrize(("change", "word"), CHANGES)
def test_a_changed_log_probability_gets_its_cause(name, change, word):
    assert word in wrong(exercise_named(name), reference(name, change)).cause


INSTEAD = "were given instead of"
OTHER_ARGUMENTS = [
    ("4.2", lambda right, logits, x: right(x, logits), "`logits` and `x` were swapped"),
    ("4.2", lambda right, z, x: right(z.sigmoid(), x), f"`sigmoid(logits)` {INSTEAD} `logits`"),
    ("2.3", lambda right, w, b, *rest: right(w, -b, *rest), f"`-bias` {INSTEAD} `bias`"),
    ("2.3", lambda right, w, b, o, x: right(w, b, o, 1 - x), f"`1 - x` {INSTEAD} `x`"),
    ("6.1", lambda right, degrees, t: right(degrees, t + 1), f"`t + 1` {INSTEAD} `t`"),
    ("3.3", lambda right, masks: right(masks[:-1]), "`masks` were given without its last entry"),
    ("3.2", lambda right, d: right(d[:2]), "only the first two entries of `degrees` were given"),
    ("6.3", lambda right, p, x, known: right(p, x, ~known), f"`~known` {INSTEAD} `known`"),
    ("9.3", lambda right, side, on: right(side, not on), f"`not strict` {INSTEAD} `strict`"),
]


@pytest.mark.parametrize(("name", "answer", "words"), OTHER_ARGUMENTS)
def test_swapped_or_changed_arguments_are_named(name, answer, words):
    assert wrong(name, partial(answer, exercise_named(name).reference)).cause == (
        f"perhaps this would be right if {words} (this fits all of your wrong results)"
    )


def bells(x, weights, means, stds):
    heights = torch.exp(-(((x[:, None] - means) / stds) ** 2) / 2) / stds / math.sqrt(2 * math.pi)
    return (weights * heights).sum(-1).log()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("7.3", lambda log_p: log_p.exp().mean(0).log()),
        ("8.2", bells),
        ("11.3", bayes_without_logarithms),
        ("11.3", lambda prior, given: (prior + given).softmax(1).log()),
    ],
)
def test_overflow_is_named_without_giving_the_function_away(name, answer):
    cause = wrong(exercise_named(name), answer).cause
    assert "your answer is right for small numbers. For large ones, exp overflows" in cause
    assert not re.search("sigmoid|softmax|logsumexp|logaddexp|softplus", cause)


def test_no_relation_is_named_where_there_is_none():
    def odd(logits, x):
        return bernoulli_log_prob(logits, x) + Tensor([0.1, 0.7, 0.4])[: len(x)]

    def turned_classes(logits, x):  # `~x` is an error for classes
        return exercise_named("8.1").reference(logits, (x == 0).float())

    for name, answer in (("4.2", odd), ("8.1", turned_classes), ("5.3", lambda model: 1.5)):
        assert wrong(name, answer).cause == "the answer has the wrong value"


# ---- causes that did not fit ---------------------------------------------------------------------


def keeps_what_it_found(input_dim, found=[]):  # noqa: B006
    for i in range(input_dim):
        found.append(2**i)
    return found


def of_the_layer_below(below, n_units, input_dim):
    return torch.randint(int(below.min()), max(input_dim, 2), (len(below),))


class NotBegun(nn.Linear):
    def __init__(self, in_features, out_features, bias=True):
        self.register_buffer("mask", torch.ones(out_features, in_features))


def without_hidden_layers_it_fails(degrees):
    masks = [degrees[1][:, None] >= degrees[0]]
    masks += [above[:, None] >= below for below, above in pairwise(degrees[1:])]
    return [*masks, degrees[0][:, None] > degrees[-1]]


def up_to_the_largest_below(below, n_units, input_dim):
    return torch.randint(int(below.min()), max(int(below.max()), int(below.min()) + 1), (n_units,))


def cost_of_no_group(rows, past, group):
    chain = [*past, *group]
    steps = pairwise(entropy(rows, chain[:k]) for k in range(len(past), len(chain) + 1))
    return sum(b - a for a, b in steps) - entropy(rows, chain) + entropy(rows, past)


def past_subtracted_once(rows, past, group):
    each = sum(entropy(rows, [*past, i]) for i in group)
    return each - entropy(rows, [*past, *group]) - entropy(rows, past)


def one_above(bits, chances):
    code = edit_source(encode, "-(-low >> 16 * len(bits) - k)", "(low >> 16 * len(bits) - k) + 1")
    return code(bits, chances)


def joined_with_a_vector(query, key, value, keys, values):
    return torch.cat([keys, key])


def draws_at_the_end(forward, order, u):
    return (u <= feeds_probabilities(forward, order, u)).float()


def normal(means, stds, x):
    return torch.distributions.Normal(means, stds).log_prob(x[:, None])


def reshaped_instead_of_transposed(logits, x):
    swapped = logits.reshape(len(logits), logits.shape[2], -1)
    return -F.cross_entropy(swapped, x.long(), reduction="none").sum(1)


def direct_twice(model):
    masks = [layer.mask for layer in model.modules() if hasattr(layer, "mask")]
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    twice = [] if model.direct is None else [model.direct.mask]
    return sum(int(mask.sum()) for mask in [*masks, *twice]) + sum(map(len, biases))


def summed_over_rows(log_p, log_q, share):
    return torch.stack([log_p + math.log(share), log_q + math.log(1 - share)]).logsumexp(1)


def summed_over_boards(cost, known):
    return len(cost) / (1 - known).sum(0) * (cost * (1 - known)).sum(0)


class Alternating:
    """Degrees that are wrong in one way in the first call, and in another way afterwards."""

    calls = 0

    def __call__(self, width, D):
        self.calls += 1
        return torch.arange(width) % (D - 1) + (self.calls > 1)


def turned_round(query, key, value):
    return (query @ key.T).softmax(-1) @ value


def loss_for(D, t):
    return lambda cost, known: D(cost) / (D(cost) - t(known)) * (cost * (1 - known)).sum(1)


def without_gradient(cost, known):
    return exercise_named("12.1").reference(cost, known).detach()


class ReplacedData(exercise_named("4.1").reference):
    def set_mask(self, mask):
        self.mask.data = mask.float()


def multiplies_in_place(model):
    layers = [layer for layer in model.modules() if hasattr(layer, "mask")]
    weights = [layer.weight.data.mul_(layer.mask) for layer in layers]
    biases = [len(layer.bias) for layer in layers if layer.bias is not None]
    return sum(int((weight != 0).sum()) for weight in weights) + sum(biases)


def added(number):
    return edit_source(
        attend, "scores.masked_fill(~mask, -math.inf)", f"(scores + {number} * ~mask)"
    )


def joint_without_past(rows, past, group):
    each = sum(entropy(rows, [*past, i]) - entropy(rows, past) for i in group)
    return each - entropy(rows, group)


FITS = [
    ("3.2", without_hidden_layers_it_fails, "raised IndexError"),
    ("3.2", lambda degrees: degrees.append(degrees[0]), "such as list(x)"),
    ("3.5", up_to_the_largest_below, "so b must be D"),
    ("4.3", draws_at_the_end, "your network reads probabilities"),
    ("5.3", direct_twice, "direct connections twice"),
    ("8.1", lambda z, x: F.log_softmax(z, 2).gather(2, x.long()[..., None])[..., 0].sum(0), "rows"),
    ("8.1", reshaped_instead_of_transposed, "do not swap dimensions"),
    ("8.2", lambda x, w, m, s: (w.log() + normal(m, s**2, x)).logsumexp(1), "takes σ"),
    ("8.2", lambda x, w, m, s: (w.log() + normal(m, s, x)).logsumexp(0), "over the numbers x"),
    ("8.3", lambda nll, scale, D: nll + D * math.log2(scale), "to base 2"),
    ("8.3", lambda nll, scale, D: nll + D * math.log10(scale), "to base 10"),
    ("9.2", summed_over_rows, "over the rows"),
    ("10.1", edit_source(attend, "math.sqrt(query.shape[-1])", "query.shape[-1]"), "scores by d"),
    ("10.1", edit_source(attend, "query.shape[-1]", "len(query[0])"), "root of T"),
    ("10.1", lambda q, k, v: (q @ k.mT / q.shape[-1] ** 0.5).tril() @ v, "softmax is missing"),
    ("10.2", lambda h, start: torch.cat([start.expand_as(h[:1]), h[:-1]]), "rows of the batch"),
    ("10.3", edit_source(one_more, "len(query)", "len(keys)"), "root of the number of positions"),
    ("10.3", edit_source(one_more, "weights @ values", "weights @ keys"), "mean of the keys"),
    ("10.3", joined_with_a_vector, "x[None] adds a first dimension"),
    ("10.4", lambda nats, b, t: (nats / math.log(2) / b, nats / t), "mean nats per token"),
    ("10.4", lambda nats, b, t: (nats / math.log(2) / b, math.exp(nats / t / math.log(2))), "2 to"),
    ("11.1", cost_of_no_group, "other values of"),
    ("11.1", past_subtracted_once, "n − 1 times"),
    ("11.5", one_above, "low needs no rounding"),
    ("11.5", edit_source(encode, "width * chance", "(width << 16) * chance"), "part is too wide"),
    ("11.3", lambda prior, given: (prior + given).max(1).indices, "most probable labels"),
    ("11.3", lambda prior, given: (given - prior).log_softmax(1), "you subtracted the prior"),
    ("11.3", lambda prior, given: (prior + given).view(-1).log_softmax(0).view_as(given), "of all"),
    ("11.4", Alternating(), "use each degree from 0 to D − 1"),
    ("12.1", without_gradient, "no gradient"),
    ("12.1", summed_over_boards, "summed over the boards"),
    ("12.1", loss_for(lambda cost: cost.shape[1], torch.sum), "the known pixels of all boards"),
    ("12.1", loss_for(lambda cost: 16, lambda known: known.sum(1)), "you used 16 for D"),
    ("12.1", loss_for(len, lambda known: known.sum(1)), "the number of boards for D"),
    ("12.3", edit_source(cost_of_two, "joint.sum(1)", "joint.sum(0)"), "you counted b twice"),
    ("1.1", keeps_what_it_found, "do not keep anything from one call"),
    ("1.2", reference("1.2", lambda q: q[0]), "only the first entry is there"),
    ("3.5", of_the_layer_below, "as many degrees as the layer below has"),
    ("4.1", NotBegun, "Begin with super().__init__(…)"),
    ("10.1", turned_round, ".mT swaps the last two"),
    ("1.1", lambda: [1], "do not change the first line"),
    ("1.2", lambda p1, p2, p3: torch.ones(2), "the answer must be a tuple"),
    ("3.5", lambda below, *sizes: below, "as many degrees as the layer below has"),
    ("4.1", ReplacedData, "assigning to .data"),
    ("5.1", lambda nll, D: nll // D / math.log(2), "rounded nll / input_dim down"),
    ("5.3", multiplies_in_place, "copy.deepcopy(x)"),
    ("10.1", edit_source(attend, "-math.inf", "-100.0"), "a large negative number"),
    ("10.1", added(-100), "a number that stands for infinity"),
    ("11.1", joint_without_past, "your joint entropy does not contain the past"),
    ("11.4", lambda width, D: torch.arange(width) % D + 1, "0 to D − 1 are needed"),
    ("11.4", lambda width, D: torch.full((width,), D), "each output may see the context"),
]


@pytest.mark.parametrize(("name", "answer", "words"), FITS)
def test_a_cause_fits(name, answer, words):
    assert words in wrong(name, answer).cause
