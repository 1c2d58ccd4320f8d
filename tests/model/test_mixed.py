"""A head for each column: what Mixed makes of tables whose columns are of different kinds."""

import math
import warnings
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import (
    MADE,
    Bernoulli,
    Categorical,
    Mixed,
    MixtureOfGaussians,
    build_masks,
    complete,
    completion_degrees,
    evaluate,
    fit,
)
from tests.networks import Poisson, networks, under, uniforms, with_weights

COUNTS = Poisson()
DISCRETE = [Bernoulli(), Categorical(2), Categorical(5)]
REAL = [MixtureOfGaussians(1), MixtureOfGaussians(3)]
THREE = Mixed([Categorical(3), MixtureOfGaussians(2), Bernoulli()])
SIX = Mixed([Bernoulli(), MixtureOfGaussians(2), Bernoulli(), Categorical(3), COUNTS, REAL[0]])
WIDTHS = [1, 6, 1, 3, 1, 3]


# ---- a probability ------------------------------------------------------------------------------


@pytest.mark.parametrize("num_masks", [1, 3, None])
@pytest.mark.parametrize("extras", [False, True])
def test_the_sum_over_classes_of_the_integral_over_reals_is_one(num_masks, extras):
    options = {"direct": extras, "conditioning": extras, "num_masks": num_masks}
    model = MADE(3, (9,), natural_order=False, head=THREE, seed=3, **options).double()
    with_weights(model, 0.7)
    t = torch.linspace(-9, 9, 3001, dtype=torch.float64)  # even steps of t where x = sinh(t)
    classes = torch.cartesian_prod(torch.arange(3.0), torch.arange(2.0)).double()
    x = torch.cat([classes.repeat_interleave(len(t), 0), t.sinh().repeat(6)[:, None]], 1)
    lengths = (t.cosh() * (t[1] - t[0])).repeat(6)
    with torch.no_grad():
        p = model.log_prob(x[:, [0, 2, 1]], ensemble=None if num_masks == 1 else 3).exp()
    assert (p * lengths).sum().item() == pytest.approx(1, abs=1e-6)


def test_a_density_is_in_differential_nats_where_any_column_has_one():
    def unit(*heads):
        x = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
        return fit(MADE(2, (4,), head=Mixed(heads)), x, epochs=1, progress=False).unit

    assert unit(Bernoulli(), Categorical(2)) == "nats"
    assert unit(Bernoulli(), MixtureOfGaussians(1)) == "differential nats"


def test_columns_of_one_kind_are_the_model_without_mixed():
    for head in [*DISCRETE, *REAL]:
        alone, mixed = (
            MADE(5, (16,), natural_order=False, head=h, direct=True, seed=1).double()
            for h in (head, Mixed([head] * 5))
        )
        mixed.load_state_dict(dict(with_weights(alone, 0.5).state_dict()))
        noise = uniforms(20, 5)
        x = alone.sample(20, noise=noise)
        assert torch.equal(mixed.sample(20, noise=noise), x)
        assert torch.equal(mixed.log_prob(x), alone.log_prob(x))


def test_a_new_model_starts_each_column_as_its_head_says():
    bias = MADE(6, (4,), head=SIX).net[-1].bias.split(WIDTHS)
    two, one = MixtureOfGaussians(2), MixtureOfGaussians(1)
    assert torch.equal(bias[1], two.start())
    assert torch.equal(bias[5], one.start())
    assert all(bias[i].ne(0).all() for i in (0, 2, 3, 4))  # PyTorch's draw


def test_first_weights_go_by_the_variables_that_a_unit_hears_however_many_inputs_each_has():
    torch.manual_seed(0)
    pytorchs = torch.nn.Linear(59, 30).weight
    torch.manual_seed(0)
    model = MADE(10, (30,), head=Mixed([Categorical(50)] + [Bernoulli()] * 9), degrees="even")
    heard = model.degrees[1][:, None]
    torch.testing.assert_close(model.net[0].weight, pytorchs * (10 / heard).sqrt())


def test_a_table_made_by_a_known_rule_is_learned_within_3_hundredths_of_a_nat():
    def rows(n, seed):
        """A switch, a class that depends on it, a real that depends on both, a switch on that."""
        u, generator = uniforms(n, 3, seed=seed).float(), torch.Generator().manual_seed(seed)
        a = (u[:, 0] < 0.3).float()
        shares = torch.tensor([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])[a.long()]
        b = (u[:, 1:2] > shares.cumsum(1)).sum(1).clamp(max=2)
        mean, scale = b - 1 + a, 0.3 + 0.4 * a
        c = mean + scale * torch.randn(n, generator=generator)
        d = (u[:, 2] < torch.sigmoid(2 * c)).float()
        log_p = torch.where(a == 1, 0.3, 0.7).log() + shares.gather(1, b[:, None])[:, 0].log()
        log_p = log_p + torch.distributions.Normal(mean, scale).log_prob(c)
        log_p = log_p + torch.distributions.Bernoulli(logits=2 * c).log_prob(d)
        return torch.stack([d, c, a, b.float()], 1), log_p

    torch.manual_seed(0)
    train, _ = rows(4000, 0)
    test, truth = rows(20_000, 1)
    head = Mixed([Bernoulli(), MixtureOfGaussians(3), Bernoulli(), Categorical(3)])
    model = MADE(4, (32,), ordering=[2, 3, 1, 0], degrees="even", head=head, seed=0)
    fit(model, train, epochs=20, seed=0, progress=False)
    above = evaluate(model, test) + truth.mean().item()
    assert 0 < above < 0.03


# ---- packed -------------------------------------------------------------------------------------


class Padded:
    """The model that was given, written once more: each variable as wide as the widest head.

    At the numbers of a variable's own head it has the same weights, and zeros everywhere else.
    """

    def __init__(self, model):
        self.heads, self.act = model.head.heads, model.act
        order, *hidden = model.degrees
        self.reads, read = self.room("inputs_per_variable")
        self.puts, put = self.room("params_per_variable")
        units = [order.repeat_interleave(self.reads), *hidden, order.repeat_interleave(self.puts)]
        places = [read, *map(torch.arange, map(len, hidden)), put]
        masks = build_masks(units[:-1], units[-1])
        self.layers = [
            self.spread(layer, mask, *at)
            for layer, mask, at in zip(model.net, masks, pairwise(places), strict=True)
        ]
        self.direct = None
        if model.direct is not None:
            self.direct = self.spread(model.direct, units[-1][:, None] > units[0], read, put)

    def room(self, numbers):
        """How many numbers each variable has, and the places of those that belong to its head."""
        counts = [getattr(head, numbers) for head in self.heads]
        most = max(counts)
        return most, torch.tensor([most * i + k for i, n in enumerate(counts) for k in range(n)])

    @staticmethod
    def spread(layer, mask, below, above):
        weight, bias = torch.zeros(mask.shape).double(), torch.zeros(len(mask)).double()
        weight[above[:, None], below] = layer.weight
        if layer.bias is not None:
            bias[above] = layer.bias
        if layer.conditioning is not None:
            seen = torch.zeros_like(weight)
            seen[above[:, None], below] = layer.conditioning
            bias += (seen * mask).sum(1)
        return weight * mask, bias

    def params(self, x):
        h = inputs = torch.cat(
            [
                F.pad(head.encode(x[:, i]), (0, self.reads - head.inputs_per_variable))
                for i, head in enumerate(self.heads)
            ],
            dim=1,
        )
        for k, (weight, bias) in enumerate(self.layers):
            h = (self.act(h) if k else h) @ weight.T + bias
        if self.direct is not None:
            h = h + inputs @ self.direct[0].T + self.direct[1]
        each = h.view(len(x), -1, self.puts).unbind(1)
        return [p[:, : head.params_per_variable] for head, p in zip(self.heads, each, strict=True)]

    def log_conditionals(self, x):
        each = zip(self.heads, self.params(x), x.T, strict=True)
        return torch.stack([head.log_prob(p, values) for head, p, values in each], 1)

    def sample(self, order, noise):
        x = torch.zeros_like(noise)
        for i in torch.argsort(order).tolist():
            x[:, i] = self.heads[i].sample(self.params(x)[i], noise[:, i])
        return x


@given(networks([*DISCRETE, *REAL, COUNTS], 30, (0.05, 0.2)))
@settings(max_examples=50)
@torch.no_grad()
def test_packed_is_padded(model):
    padded, noise = Padded(model), uniforms(7, model.input_dim)
    x = padded.sample(model.order, noise)
    torch.testing.assert_close(model.sample(7, noise=noise), x, rtol=1e-9, atol=1e-9)
    found = model.log_conditionals(x)
    torch.testing.assert_close(found, padded.log_conditionals(x), rtol=1e-9, atol=1e-9)


def test_a_label_before_an_image_adds_as_many_numbers_as_there_are_classes():
    head = Mixed([Categorical(10)] + [Bernoulli()] * 784)
    model = MADE(785, (512, 512), head=head, direct=True)
    plain = MADE(784, (512, 512), direct=True).n_parameters()
    assert model.n_parameters() == plain + 10 * (512 + 513) + 10 * (784 + 794)
    assert model(torch.zeros(3, 785)).shape == (3, 794)


# ---- samples ------------------------------------------------------------------------------------


def both_ways(model, ensemble):
    noise = uniforms(7, model.input_dim)
    return [
        model.sample(7, method=method, noise=noise, ensemble=ensemble)
        for method in ("incremental", "naive")
    ]


@given(networks(DISCRETE, 70, (0.05, 0.2)), st.sampled_from([None, 1]))
@settings(max_examples=30)
def test_both_ways_agree_bit_for_bit_on_classes(model, ensemble):
    incremental, naive = both_ways(model, ensemble)
    assert torch.equal(incremental, naive)
    model.check_data(incremental)


@given(networks([*DISCRETE, *REAL, COUNTS], 70, (0.05, 0.2)), st.sampled_from([None, 1]))
@settings(max_examples=30)
def test_both_ways_agree_on_all_kinds(model, ensemble):
    incremental, naive = both_ways(model, ensemble)
    torch.testing.assert_close(incremental, naive, rtol=1e-9, atol=1e-9)
    model.check_data(incremental)


@pytest.mark.parametrize("n", [6, 30])
@pytest.mark.parametrize("method", ["incremental", "naive"])
def test_each_value_follows_from_the_conditionals_of_its_row(method, n):
    model = MADE(6, (30,), natural_order=False, head=SIX, direct=True, seed=3).double()
    noise = uniforms(n, 6)
    x = with_weights(model, 0.2).sample(n, noise=noise, method=method)
    with torch.no_grad():
        for i, (head, own) in enumerate(zip(SIX.heads, model(x).split(WIDTHS, 1), strict=True)):
            expected = head.sample(own, noise[:, i])
            torch.testing.assert_close(x[:, i], expected, rtol=1e-9, atol=1e-9)
            found = model.log_conditionals(x)[:, i]
            torch.testing.assert_close(found, head.log_prob(own, x[:, i]))


@pytest.mark.parametrize("num_masks", [1, None])
def test_what_is_unknown_is_drawn_from_its_own_conditionals(num_masks):
    model = MADE(6, (12,), natural_order=False, head=SIX, num_masks=num_masks, seed=1).double()
    with_weights(model, 0.5)
    known = torch.tensor([False, True, False, False, True, True])
    x = model.sample(3, noise=uniforms(3, 6)).where(known, torch.nan)
    noise = uniforms(3, 4, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = complete(model, x, ~x.isnan(), 4, noise=noise)
    assert torch.equal(found.samples[..., known], x[:, None, known].expand(3, 4, 3))
    rows = found.samples.flatten(0, 1)
    with torch.no_grad():
        params = under(model, completion_degrees(model, known)[0])(rows)
    drawn = SIX.sample(params, noise.flatten(0, 1))
    torch.testing.assert_close(rows[:, ~known], drawn[:, ~known], rtol=1e-9, atol=1e-9)


# ---- where it goes ------------------------------------------------------------------------------


def test_gradients_compile_and_func_see_the_sum_of_all_columns():
    model = with_weights(MADE(6, (12,), head=SIX, num_masks=3, seed=0).double(), 0.3)
    x = model.sample(5, noise=uniforms(5, 6))
    expected = model.log_prob(x)
    compiled = torch.compile(model.log_prob, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), expected)
    rows = torch.func.vmap(lambda row: model.log_prob(row[None])[0])(x)
    torch.testing.assert_close(rows, expected)
    assert torch.autograd.gradcheck(
        lambda w: torch.func.functional_call(model, {"net.0.weight": w}, x).sum(),
        model.net[0].weight,
    )


def test_it_shows_itself_as_it_may_be_written():
    said = "Mixed([Bernoulli()] * 2 + [Categorical(3)] + [Bernoulli()])"
    assert repr(Mixed([Bernoulli(), Bernoulli(), Categorical(3), Bernoulli()])) == said


@pytest.mark.parametrize(
    ("heads", "error", "message"),
    [
        ([], ValueError, "a head for each column, got an empty one"),
        (Bernoulli(), TypeError, r"heads must be a list, .* got Bernoulli\(\)"),
        ([Bernoulli(), Bernoulli], TypeError, r"heads\[1\] must be .* of one column, got <class"),
        ([Mixed([Bernoulli()])], TypeError, r"heads\[0\] must be .* one column, got Mixed"),
    ],
)
def test_heads_that_are_no_list_of_heads_are_refused(heads, error, message):
    with pytest.raises(error, match=message):
        Mixed(heads)


def test_a_head_for_other_columns_than_the_models_is_refused():
    with pytest.raises(ValueError, match="Mixed has heads for 3 columns, and input_dim is 4"):
        MADE(4, head=THREE)


# ---- data of another kind -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([3.0, 0.5, 1.0], r"column 0 \(counted from 0\): classes must be whole numbers 0\.\.2"),
        ([2.0, math.nan, 1.0], r"column 1 \(counted from 0\): data must be finite, got nan"),
        ([2.0, 0.5, 0.5], r"column 2 \(counted from 0\): binary data must hold only 0 and 1, got"),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_column(row, message):
    model = MADE(3, (4,), head=THREE)
    x = torch.tensor([[1.0, 0.0, 1.0], row])
    for score in (model.log_prob, model.check_data, lambda x: complete(model, x, torch.ones(3))):
        with pytest.raises(ValueError, match=message):
            score(x)


def repeated(*values, rows=200):
    return torch.tensor(values).repeat(math.ceil(rows / len(values)))[:rows]


@pytest.mark.parametrize(
    "column",
    [
        repeated(0.0, 1.0),
        repeated(-0.4, 2.5),  # what standardising makes of zeros and ones
        repeated(7.0),
        repeated(*map(float, range(20))),
    ],
    ids=["0 and 1", "two values", "one value", "ages"],
)
@pytest.mark.parametrize("mixed", [False, True])
def test_no_bells_learn_from_a_column_of_few_values_and_any_can_be_scored(column, mixed):
    bells = MixtureOfGaussians(2)
    model = MADE(2, (4,), head=Mixed([bells, bells]) if mixed else bells)
    x = torch.stack([torch.randn(200), column], 1)
    message = r"^column 1 \(counted from 0\) holds only \d+ different values in 200.* Use Mixed"
    with pytest.raises(ValueError, match=message):
        fit(model, x, progress=False)
    fit(model, torch.randn(200, 2), x, epochs=1, progress=False)
    assert math.isfinite(evaluate(model, x))


def test_the_cure_that_is_named_takes_such_a_column():
    x = torch.stack([torch.randn(200), repeated(0.0, 1.0), repeated(*map(float, range(20)))], 1)
    head = Mixed([REAL[0], Bernoulli(), Categorical(20)])
    fit(MADE(3, (4,), head=head), x, epochs=1, progress=False)


@pytest.mark.parametrize(
    "column",
    [
        torch.randn(200),
        torch.arange(200.0),  # whole, and each another
        repeated(0.1, 0.2, 0.3),  # rounded
        torch.cat([torch.zeros(199), torch.tensor([0.5])]) + 0.3 * (torch.arange(200) == 7),
        repeated(0.0, 1.0, rows=99),  # may be chance
    ],
    ids=["reals", "many whole numbers", "rounded reals", "mostly zero", "few rows"],
)
def test_bells_take_reals(column):
    model = MADE(1, (4,), head=MixtureOfGaussians(2))
    fit(model, column[:, None], epochs=1, lr=1e-9, progress=False)


def test_a_single_batch_is_not_judged_as_a_table():
    model = MADE(2, (4,), head=MixtureOfGaussians(2), natural_order=False, num_masks=None)
    x = torch.zeros(200, 2)
    model.log_prob(x)
    complete(model, x, torch.tensor([False, True]))
