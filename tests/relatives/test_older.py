"""The relatives of MADE: three that are probabilities, one that is none, and NADE as a MADE."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import made_course.model.sampling as sampling
from made_course import (
    FVSBN,
    MADE,
    NADE,
    Bernoulli,
    Categorical,
    DenseAutoencoder,
    IndependentBernoullis,
    MixtureOfGaussians,
    binary_points,
    direct_mask,
    evaluate,
    fit,
    load_binarized_mnist,
    measure_dependence,
    total_probability,
)
from made_course.leaks import total
from made_course.model.sampling import sample_naive
from made_course.relatives import older as baselines
from tests.networks import (
    CYCLE,
    ORDER,
    binary,
    leak,
    nothing_changes,
    p_value,
    uniforms,
    with_weights,
)

ORDERED = {"FVSBN": FVSBN, "NADE": lambda d, ordering=None: NADE(d, 7, ordering)}
HONEST = {"IndependentBernoullis": IndependentBernoullis, **ORDERED}
ALL = {**HONEST, "DenseAutoencoder": lambda d: DenseAutoencoder(d, (9,))}

EACH_ORDERED = pytest.mark.parametrize("build", ORDERED.values(), ids=ORDERED)
EACH_HONEST = pytest.mark.parametrize("build", HONEST.values(), ids=HONEST)
EACH = pytest.mark.parametrize("build", ALL.values(), ids=ALL)


def related(n=400, input_dim=6):
    """Rows in which the variables are not independent: the later half repeats the first."""
    half = binary(n, input_dim // 2)
    return torch.cat([half, half], dim=1)


@st.composite
def ordered_models(draw, largest=9):
    """A float64 FVSBN or NADE in any ordering, with weights of any size."""
    input_dim = draw(st.integers(1, largest))
    ordering = draw(st.permutations(range(input_dim)))
    if draw(st.booleans()):
        model = FVSBN(input_dim, ordering)
    else:
        model = NADE(input_dim, draw(st.integers(1, 9)), ordering)
    scale, seed = draw(st.sampled_from([0.5, 3.0, 30.0])), draw(st.integers(0, 10**6))
    return with_weights(model.double(), scale, seed)


# ---- what each computes -------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(0, 10**6), st.data())
@settings(max_examples=40)
def test_fvsbn_is_a_made_without_hidden_layers(input_dim, seed, data):
    ordering = data.draw(st.permutations(range(input_dim)))
    made = with_weights(MADE(input_dim, (), ordering=ordering).double(), 3.0, seed)
    model = FVSBN(input_dim, ordering).double()
    model.linear.load_state_dict(made.net[0].state_dict())
    x = binary(20, input_dim, seed).double()
    assert torch.equal(model(x), made(x))
    assert torch.equal(model.log_prob(x), made.log_prob(x))
    assert model.n_parameters() == made.n_parameters()
    noise = uniforms(20, input_dim, seed=seed)
    assert torch.equal(model.sample(20, noise=noise), made.sample(20, noise=noise))


def nade_by_the_paper(model, x):
    """Step after step, each hidden layer from all inputs before it: no sum is carried on."""
    z = torch.empty_like(x)
    for step, i in enumerate(model.ordering.tolist()):
        before = model.ordering[:step]
        a = model.hidden.bias + x[:, before] @ model.hidden.weight[:, before].T
        z[:, i] = torch.sigmoid(a) @ model.output.weight[i] + model.output.bias[i]
    return z


@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 10**6), st.data())
@settings(max_examples=50)
def test_nade_is_the_papers_formula(input_dim, hidden_dim, seed, data):
    model = NADE(input_dim, hidden_dim, data.draw(st.permutations(range(input_dim)))).double()
    with_weights(model, 3.0, seed)
    x = binary(10, input_dim, seed).double()
    torch.testing.assert_close(model(x), nade_by_the_paper(model, x), rtol=1e-12, atol=1e-12)


@torch.no_grad()
def tied_made(nade):
    """NADE as a MADE of (D-1) H units: unit (d, j) has degree d, and row j of the weights.

    Of the activations that MADE has, tanh is NADE's sigmoid stretched: σ(a) = 1/2 + tanh(a/2) / 2.
    """
    input_dim, hidden_dim, steps = nade.input_dim, nade.hidden_dim, nade.input_dim - 1
    made = MADE(input_dim, (steps * hidden_dim,), activation="tanh", ordering=nade.ordering)
    made.to(nade.hidden.weight.dtype)
    degrees = torch.arange(1, input_dim).repeat_interleave(hidden_dim)
    made.load_state_dict({**made.state_dict(), "mask_sets.hidden_degrees": degrees[None]})
    below, above = made.net
    below.weight.copy_(nade.hidden.weight.repeat(steps, 1) / 2)
    below.bias.copy_(nade.hidden.bias.repeat(steps) / 2)
    # output i hears the H units of the degree just below its own, and no others that it may
    here = degrees[None] == nade.order[:, None] - 1
    above.weight.copy_(nade.output.weight.repeat(1, steps) / 2 * here)
    # the halves of all its units; the first variable has no unit in MADE, and σ(c) in NADE
    constant = nade.output.weight.sum(dim=1) / 2
    first = nade.ordering[0]
    constant[first] = nade.output.weight[first] @ torch.sigmoid(nade.hidden.bias)
    above.bias.copy_(nade.output.bias + constant)
    return made


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("ordering", "hidden_dim"), [(CYCLE, 4), ([4, 2, 0, 5, 1, 3], 8)])
def test_nade_is_a_made_of_tied_units(ordering, hidden_dim, dtype):
    nade = NADE(len(ordering), hidden_dim, ordering).to(dtype)
    with_weights(nade, 1.0)
    made = tied_made(nade)
    x = binary_points(len(ordering)).to(dtype)
    largest = 1e-6 if dtype == torch.float32 else 1e-13
    with torch.no_grad():
        assert nade(x).std() > 0.1
        assert (made(x) - nade(x)).abs().max() < largest
        assert (made.log_prob(x) - nade.log_prob(x)).abs().max() < 2 * largest


@EACH
def test_log_prob_is_the_sum_of_cross_entropies_of_the_logits(build):
    model, x = with_weights(build(5).double(), 3.0), binary(20, 5).double()
    expected = -F.binary_cross_entropy_with_logits(model(x), x, reduction="none").sum(dim=1)
    torch.testing.assert_close(model.log_prob(x), expected)
    for dtype in (torch.bool, torch.int64):
        assert torch.equal(model.log_prob(x.to(dtype)), model.log_prob(x, ensemble=1))
    rows = x.view(4, 5, 5)
    assert torch.equal(copy.deepcopy(model).log_prob(x), model.log_prob(x))
    torch.testing.assert_close(model(rows), model(x).view(4, 5, 5))


@EACH_HONEST
def test_one_variable(build):
    model = with_weights(build(1).double(), 1.0)
    p = model.log_prob(torch.ones(1, 1)).exp().item()
    assert model.sample(2, noise=torch.tensor([[p - 0.01], [p + 0.01]])).tolist() == [[1], [0]]


# ---- probabilities that sum to one --------------------------------------------------------------


@given(ordered_models())
@settings(max_examples=50)
def test_probabilities_of_all_inputs_sum_to_one(model):
    assert total_probability(model) == pytest.approx(1, abs=1e-9)


def test_the_dense_autoencoders_do_not():
    torch.manual_seed(0)
    model = DenseAutoencoder(6, (32,))
    fit(model, related(), epochs=60, lr=0.02, seed=0, progress=False)
    assert total_probability(model) > 2
    entropy = 3 * math.log(2)
    assert evaluate(model, related()) < entropy / 2, "no probability could be that high"


def test_total_probability_adds_up_as_many_inputs_as_it_says(monkeypatch):
    monkeypatch.setattr(total, "MOST_INPUTS", 2**11)  # more than one part of them
    assert total_probability(with_weights(FVSBN(11), 3.0)) == pytest.approx(1, abs=1e-9)
    with pytest.raises(ValueError, match=r"there are 2\^12 inputs, too many .* at most 2\^11"):
        total_probability(FVSBN(12))


@pytest.mark.parametrize(
    "model",
    [
        lambda: MADE(5, (8,), ordering=[1, 2, 0, 4, 3], seed=0),
        lambda: MADE(5, (8,), natural_order=False, num_masks=3, dropout=0.5, seed=0),
        lambda: MADE(3, (8,), head=Categorical(4), seed=0),
    ],
    ids=["binary", "many masks", "categorical"],
)
def test_total_probability_takes_every_kind_of_made(model):
    model = with_weights(model(), 3.0)
    with nothing_changes(model):
        assert total_probability(model) == pytest.approx(1, abs=1e-9)


def test_total_probability_sees_a_leak():
    model = with_weights(MADE(4, (9,), degrees="even"), 3.0)
    assert abs(total_probability(leak(model)) - 1) > 0.01


# ---- dependence ---------------------------------------------------------------------------------


@EACH_ORDERED
@pytest.mark.parametrize("ordering", [CYCLE, [1, 2, 0, 5, 3, 4]])
def test_each_output_depends_on_exactly_the_variables_before_it(build, ordering):
    model = with_weights(build(len(ordering), ordering), 1.0)
    found = measure_dependence(model, binary_points(len(ordering)))
    strict = direct_mask(model.order)
    assert torch.equal(found.by_flip, strict)
    assert torch.equal(found.by_gradient, strict)
    assert found.leaks(ordering) == []


@given(ordered_models(), st.integers(0, 10**6))
@settings(max_examples=50)
def test_a_later_variable_changes_no_earlier_output_by_a_single_bit(model, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(2, (5, model.input_dim), generator=generator).double()
    with torch.no_grad():
        before = model(x)
        for step, variable in enumerate(model.ordering):
            changed, later = x.clone(), model.ordering[step:]
            changed[:, later] = 1e6 * torch.randn(5, len(later), generator=generator).double()
            upto = model.ordering[: step + 1]  # the variable itself is no input of its own output
            assert torch.equal(model(changed)[:, upto], before[:, upto]), variable


# ---- NADE in parts ------------------------------------------------------------------------------


@pytest.mark.parametrize("rows_at_once", [1, 3])
def test_parts_change_neither_logits_nor_gradients(monkeypatch, rows_at_once):
    model = with_weights(NADE(8, 5, [1, 2, 0, 7, 6, 3, 4, 5]).double(), 3.0)
    x = binary(7, 8).double().requires_grad_()
    whole = model(x)
    wanted = torch.autograd.grad(whole.square().sum(), [x, *model.parameters()])
    monkeypatch.setattr(baselines, "FLOATS_AT_ONCE", rows_at_once * 8 * 5)
    parts = model(x)
    torch.testing.assert_close(parts, whole, rtol=1e-13, atol=1e-13)
    found = torch.autograd.grad(parts.square().sum(), [x, *model.parameters()])
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


def kept_by_autograd(model, x):
    """Numbers that the forward pass keeps for the backward pass."""
    kept = []

    def pack(tensor):
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(x)
    return sum(kept)


def test_activations_are_not_kept_for_the_backward_pass(monkeypatch):
    """Kept, the memory of a step would grow by D H for each row, parts or not."""
    model, x = NADE(20, 30), binary(64, 20)
    assert kept_by_autograd(model, x) > 64 * 20 * 30
    monkeypatch.setattr(baselines, "FLOATS_AT_ONCE", 8 * 20 * 30)
    assert kept_by_autograd(model, x) < 64 * 20 * 30 / 2


def test_float32_loses_nothing_in_a_sum_over_784_variables():
    model = with_weights(NADE(784, 20), 3.0)
    x = binary(20, 784)
    with torch.no_grad():
        found = model(x)
        exact = model.double()(x)
    assert (found - exact).abs().max() < 1e-5 * exact.abs().max()


@EACH
def test_vmap_and_gradients_row_by_row(build, monkeypatch):
    monkeypatch.setattr(baselines, "FLOATS_AT_ONCE", 10)
    model, x = with_weights(build(5).double(), 1.0), binary(6, 5).double()
    torch.testing.assert_close(torch.func.vmap(model)(x), model(x))
    torch.testing.assert_close(torch.func.vmap(model.log_prob)(x), model.log_prob(x))
    slope = torch.func.grad(lambda rows: model.log_prob(rows).sum())(x)
    leaf = x.clone().requires_grad_()
    model.log_prob(leaf).sum().backward()
    torch.testing.assert_close(slope, leaf.grad)


# ---- samples ------------------------------------------------------------------------------------


@given(ordered_models(largest=40), st.integers(1, 9), st.integers(0, 10**6))
@settings(max_examples=60)
def test_samples_are_those_of_d_forward_passes_on_the_same_noise(model, n, seed):
    noise = uniforms(n, model.input_dim, seed=seed)
    with torch.no_grad():
        naive = sample_naive(model, model.order, noise, model.head)
    found = model.sample(n, noise=noise)
    assert torch.equal(found, naive)
    assert found.dtype == torch.float64


@EACH_HONEST
@torch.no_grad()
def test_samples_follow_the_models_distribution(build):
    model = build(5) if build is IndependentBernoullis else build(5, [1, 2, 0, 4, 3])
    with_weights(model.double(), 2.5, seed=4)
    rows = binary_points(5)
    samples = model.sample(20_000, generator=torch.Generator().manual_seed(0))
    # below this one in ten thousand right samplers falls; the draws are the same in each run
    assert p_value(samples, rows, model.log_prob(rows).exp()) > 1e-4
    if build is not IndependentBernoullis:  # the test can fail: degrees as ``ordering + 1``
        wrong = sample_naive(model, torch.argsort(model.order) + 1, uniforms(20_000, 5), model.head)
        assert p_value(wrong, rows, model.log_prob(rows).exp()) < 1e-12


@EACH_HONEST
def test_samples_come_from_the_noise_or_stream_they_are_given(build, monkeypatch):
    model, noise = with_weights(build(20), 3.0), uniforms(50, 20, dtype=torch.float32)
    expected = model.sample(50, noise=noise)
    monkeypatch.setattr(sampling, "SAMPLES_AT_ONCE", 7)  # parts do not show
    with nothing_changes(model), torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(model.sample(50, noise=noise), expected)
        drawn = model.sample(50, generator=torch.Generator().manual_seed(3))
    torch.manual_seed(3)
    assert torch.equal(model.sample(50), drawn)
    assert not torch.equal(model.sample(50), drawn)
    assert model.sample(50, noise=noise.double()).dtype == torch.float32
    assert model.sample(3, device="meta").device.type == "meta"
    assert not drawn.requires_grad
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        model.sample(0)
    with pytest.raises(ValueError, match=r"shape .* = \(2, 20\), got \(50, 20\)"):
        model.sample(2, noise=noise)


# ---- training -----------------------------------------------------------------------------------


def test_what_is_known_of_earlier_variables_pays():
    """Half of the variables repeat the others: only who sees these can save their entropy."""
    nll = {}
    for name, build in HONEST.items():
        torch.manual_seed(0)
        model = build(6)
        fit(model, related(), epochs=60, batch_size=50, lr=0.2, weight_decay=0, progress=False)
        nll[name] = evaluate(model, related())
    independent = nll.pop("IndependentBernoullis")
    assert independent == pytest.approx(6 * math.log(2), abs=0.1)
    assert all(value == pytest.approx(3 * math.log(2), abs=0.1) for value in nll.values()), nll


@EACH
def test_fit_goes_on_from_a_checkpoint(build, tmp_path):
    start, path = build(6), tmp_path / "run.pt"
    whole, half, rest = (copy.deepcopy(start) for _ in range(3))
    settings = {"patience": 5, "valid": related(50), "seed": 0, "progress": False}
    settings["precision"] = "float32"
    fit(whole, related(), epochs=4, **settings)
    fit(half, related(), epochs=2, checkpoint=path, **settings)
    fit(rest, related(), epochs=4, checkpoint=path, **settings)
    assert all(map(torch.equal, rest.state_dict().values(), whole.state_dict().values()))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FVSBN(6), FVSBN(6, [1, 2, 0, 3, 4, 5])),
        (NADE(6, 4), NADE(6, 5)),
        (DenseAutoencoder(6, (4,)), DenseAutoencoder(6, (5,))),
    ],
)
def test_a_checkpoint_of_another_model_is_refused(first, second, tmp_path):
    path = tmp_path / "run.pt"
    fit(first, related(), epochs=1, checkpoint=path, progress=False)
    with pytest.raises(ValueError, match="belongs to another configuration: model was"):
        fit(second, related(), epochs=1, checkpoint=path, progress=False)


def test_independent_pixels_of_the_small_set_cost_211_nats():
    """The best such model in closed form: each probability is the share of ones, smoothed."""
    train, test, _ = load_binarized_mnist("small")
    theta = (train.double().sum(dim=0) + 0.5) / (len(train) + 1)
    model = IndependentBernoullis(784).double()
    with torch.no_grad():
        model.logits.copy_(torch.logit(theta))
    share = test.double().mean(dim=0)
    cross_entropy = -(share * theta.log() + (1 - share) * (1 - theta).log()).sum().item()
    assert evaluate(model, test) == pytest.approx(cross_entropy, rel=1e-12)
    assert cross_entropy == pytest.approx(211.05, abs=0.01)


# ---- saving -------------------------------------------------------------------------------------


@EACH_ORDERED
def test_a_loaded_model_is_the_same_distribution_in_the_same_ordering(build):
    model, other = with_weights(build(3, torch.tensor(CYCLE)), 3.0), build(3)
    assert other.order.tolist() == [1, 2, 3]
    other.load_state_dict(model.state_dict())
    x, noise = binary_points(3), uniforms(20, 3, dtype=torch.float32)
    assert (other.ordering.tolist(), other.order.tolist()) == (CYCLE, ORDER)
    assert torch.equal(other.log_prob(x), model.log_prob(x))
    assert torch.equal(other.sample(20, noise=noise), model.sample(20, noise=noise))
    wrong = {**build(3).state_dict(), "order": torch.tensor([0, 1, 2])}
    with nothing_changes(other), pytest.raises(ValueError, match="permutation"):
        other.load_state_dict(wrong)


# ---- what is refused ----------------------------------------------------------------------------

X = torch.zeros(2, 6)


class Headed(nn.Module):
    head = Bernoulli()


@EACH
@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, r"x must have shape \(B, 6\), got \(2, 5\)", lambda m: m.check_data(X[:, 1:])),
        (ValueError, r"x must have shape \(B, 6\), got \(2, 5\)", lambda m: m.log_prob(X[:, 1:])),
        (ValueError, r"must hold only 0 and 1, got 0\.5", lambda m: m.log_prob(X + 0.5)),
        (TypeError, r"x must be a torch\.Tensor, got list", lambda m: m.log_prob([[0] * 6])),
        (ValueError, r"one ordering: .* None or 1, got 2", lambda m: m.log_prob(X, 2)),
        (ValueError, r"one ordering: .* None or 1, got 2", lambda m: evaluate(m, X, ensemble=2)),
        (ValueError, r"ensemble must be at least 1, got 0", lambda m: m.log_prob(X, 0)),
        (TypeError, r"ensemble must be a whole number, got '1'", lambda m: m.log_prob(X, "1")),
    ],
)
def test_bad_data_and_ensembles(build, error, message, call):
    with pytest.raises(error, match=message):
        call(build(6))


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, r"input_dim must be at least 1, got 0", lambda: IndependentBernoullis(0)),
        (ValueError, r"ordering must be a permutation of 0\.\.2", lambda: FVSBN(3, [1, 2, 3])),
        (ValueError, r"ordering must name each of 3 variables", lambda: NADE(3, 4, [1, 0])),
        (TypeError, r"hidden_dim must be a whole number, got \(4,\)", lambda: NADE(3, (4,))),
        (TypeError, r"hidden_dims must be a tuple .*, got 4", lambda: DenseAutoencoder(3, 4)),
        (
            TypeError,
            r"cannot be sampled .* conditional of no distribution",
            lambda: DenseAutoencoder(5, (8,)).sample(3),
        ),
        (
            TypeError,
            r"must be a model of the course, such as a MADE, got None",
            lambda: total_probability(None),
        ),
        (
            TypeError,
            r"must be a model of the course, .* got Headed",
            lambda: total_probability(Headed()),
        ),
        (
            TypeError,
            r"finitely many values, .* MixtureOfG",
            lambda: total_probability(MADE(2, (4,), head=MixtureOfGaussians(2))),
        ),
        (
            ValueError,
            r"there are 2\^784 inputs, too many .* at most 2\^20",
            lambda: total_probability(FVSBN(784)),
        ),
    ],
)
def test_bad_arguments(error, message, call):
    with pytest.raises(error, match=message):
        call()
