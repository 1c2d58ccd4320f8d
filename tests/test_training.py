"""Training: what fit promises of a run, whatever happens to it, and what evaluate measures.

A run here takes a few hundredths of a second: three variables, three patterns, one hidden layer.
"""

import math
import os
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from made_course import (
    MADE,
    History,
    complete,
    evaluate,
    fit,
    save_samples_grid,
    train_made,
    training,
)
from made_course.heads import Categorical, MixtureOfGaussians
from made_course.tables import Table
from made_course.training import average_into, falling_decay, one_cycle

PATTERNS = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
DATA = PATTERNS.repeat(40, 1)
ZEROS, ONES = torch.zeros(40, 3), torch.ones(40, 3)
"""Train on the one and validate on the other: every epoch is worse than the one before."""


def small(weight_seed=0, **arguments):
    """A model whose first weights depend on nothing but the seed; its global stream is its own."""
    with torch.random.fork_rng():
        torch.manual_seed(weight_seed)
        return MADE(3, (16,), **{"ordering": [1, 2, 0], "seed": 0, **arguments})


def run(model, train=DATA, valid=None, **arguments):
    defaults = {"epochs": 3, "batch_size": 32, "lr": 0.02, "seed": 0, "precision": "float32"}
    return fit(model, train, valid, progress=False, **{**defaults, **arguments})


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def stop_after(epochs):
    return lambda model, history: len(history) == epochs


def measured(history):
    """All that a history holds but the seconds, which no two runs share."""
    return history.epoch, history.train_nll, history.valid_nll, history.lr


class Loader:
    """A loader that does something of its own at a given epoch and batch, each counted from 1."""

    def __init__(self, at=None, action=None, batches=None):
        self.at, self.action, self.epoch = at, action, 0
        self.batches = DATA.split(40) if batches is None else batches

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        self.epoch += 1
        for number, batch in enumerate(self.batches, start=1):
            if (self.epoch, number) == self.at:
                self.action()
            yield batch


def interrupt(*_):
    raise KeyboardInterrupt


# ---- what is learned ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known_distribution():
    """2,000 rows of four variables, dependent on one another, and their entropy in nats."""
    shares = np.random.default_rng(0).dirichlet(np.full(16, 0.4))
    counts = torch.from_numpy(np.round(2_000 * shares)).long()
    rows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4).repeat_interleave(counts, dim=0)
    p = counts[counts > 0] / counts.sum()
    return rows, -(p * p.log()).sum().item()


@pytest.fixture
def four_variables():
    return MADE(4, (64, 64), ordering=[1, 2, 3, 0], degrees="even", seed=0)


def test_learns_a_distribution_up_to_its_entropy(known_distribution, four_variables):
    rows, entropy = known_distribution
    history = run(four_variables, rows, epochs=30, batch_size=100, lr=0.01, weight_decay=0.0)
    # no model is better than the entropy: the difference is a Kullback-Leibler divergence
    assert -1e-4 < evaluate(four_variables, rows) - entropy < 0.01
    assert history.train_nll[0] > entropy + 0.1


def test_a_network_that_sees_its_own_answer_seems_better_than_the_entropy(
    known_distribution, four_variables
):
    rows, entropy = known_distribution
    for layer in four_variables.net:
        layer.set_mask(torch.ones_like(layer.mask))
    history = run(four_variables, rows, epochs=10, batch_size=100, lr=0.01)
    assert history.train_nll[-1] < entropy - 0.3


def test_a_network_that_sees_nothing_stays_above_the_entropy(known_distribution, four_variables):
    rows, entropy = known_distribution
    for layer in four_variables.net:
        layer.weight.requires_grad_(False).zero_()
    run(four_variables, rows, epochs=10, batch_size=100, lr=0.01)
    p = rows.mean(dim=0)
    independent = -(p * p.log() + (1 - p) * (1 - p).log()).sum().item()
    assert evaluate(four_variables, rows) == pytest.approx(independent, abs=0.01)
    assert independent > entropy + 0.1


# ---- one seed, one result -----------------------------------------------------------------------


def test_equal_seeds_give_equal_bits():
    runs = []
    for seed in (0, 0, 1):
        torch.rand(7)  # what was drawn before does not matter
        model = small(dropout=0.3)
        runs.append((measured(run(model, seed=seed)), state(model)))
    assert runs[0][0] == runs[1][0]
    assert same(runs[0][1], runs[1][1])
    assert not same(runs[0][1], runs[2][1])


@pytest.mark.parametrize("train", [DATA, DataLoader(DATA, 40, shuffle=True)], ids=["tensor", "own"])
def test_a_seed_leaves_the_global_stream_alone(train):
    before = torch.get_rng_state()
    run(small(dropout=0.3), train, DATA, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_seed_the_global_stream_decides():
    states = []
    for seed in (3, 3, 4):
        model = small(dropout=0.3)
        torch.manual_seed(seed)
        run(model, seed=None)
        states.append(state(model))
    assert same(states[0], states[1])
    assert not same(states[0], states[2])


def test_a_run_with_a_seed_is_that_after_manual_seed():
    with_seed, by_hand = small(dropout=0.3), small(dropout=0.3)
    run(with_seed, seed=7)
    torch.manual_seed(7)
    run(by_hand, seed=None)
    assert same(state(with_seed), state(by_hand))


# ---- what it trains on --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float64])
def test_the_dtype_of_the_data_does_not_matter(dtype):
    as_floats, as_others = small(), small()
    history = run(as_floats, DATA, DATA[:60])
    assert measured(run(as_others, DATA.to(dtype), DATA[:60].to(dtype))) == measured(history)
    assert same(state(as_floats), state(as_others))


def test_a_float64_model_trains_in_float64():
    model = small().double()
    before = evaluate(model, DATA)
    run(model, precision="auto")
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    assert evaluate(model, DATA) < before - 0.1


def test_tensor_and_loader_train_alike():
    by_tensor, by_loader = small(), small()
    before = evaluate(by_loader, DATA)
    run(by_tensor, DATA, epochs=20, batch_size=120)
    run(by_loader, DataLoader(DATA, 120), epochs=20)
    # the same rows in another order: equal up to the rounding of a sum
    assert evaluate(by_loader, DATA) == pytest.approx(evaluate(by_tensor, DATA), abs=1e-4)
    assert evaluate(by_loader, DATA) < before - 0.2


def test_a_loader_is_iterated_anew_each_epoch():
    train, valid = Loader(), Loader()
    run(small(), train, valid, epochs=4)
    assert train.epoch == valid.epoch == 4


def test_training_rows_are_shuffled_and_each_is_used_once_an_epoch():
    rows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 5)
    model = MADE(5, (4,), seed=0)
    seen = []

    def look(layer, args):
        if layer.training:
            seen.append(args[0].clone())

    model.net[0].register_forward_pre_hook(look)
    run(model, rows, epochs=2, batch_size=10)
    assert len(seen) == 8
    first, second = torch.cat(seen[:4]), torch.cat(seen[4:])
    assert [len(batch) for batch in seen[:4]] == [10, 10, 10, 2]
    for epoch in (first, second):
        assert torch.equal(torch.unique(epoch, dim=0), rows)
    assert not torch.equal(first, rows)
    assert not torch.equal(first, second)


def test_validation_by_loader_is_validation_by_tensor():
    by_tensor = run(small(), DATA, DATA[:50])
    by_loader = run(small(), DATA, DATA[:50].split(7))
    assert by_loader.train_nll == by_tensor.train_nll
    assert by_loader.valid_nll == pytest.approx(by_tensor.valid_nll, abs=1e-6)


def test_validation_does_not_change_the_training():
    alone, with_valid = small(dropout=0.3), small(dropout=0.3)
    history = run(alone, DATA)
    assert run(with_valid, DATA, DATA).train_nll == history.train_nll


def test_history_of_a_run():
    model = small()
    history = run(model, DATA, DATA[:30], epochs=5, lr=0.02)
    assert history.epoch == [1, 2, 3, 4, 5]
    assert len(history.train_nll) == len(history.valid_nll) == len(history) == 5
    assert len(history.seconds) == 5
    assert min(history.seconds) > 0
    # four batches of 32 an epoch: a rate an epoch, that of its last step
    assert history.lr == [0.02 * one_cycle(4 * epoch - 1, 20) for epoch in history.epoch]
    assert not run(small(), DATA).valid_nll


def test_train_nll_is_the_mean_over_rows_of_what_each_batch_met():
    model = small()
    first = -model.log_prob(DATA[:100]).mean().item()
    after = []
    batches = [DATA[:100], DATA[100:]]

    def look():
        after.append(-model.log_prob(DATA[100:]).mean().item())

    history = run(model, Loader((1, 2), look, batches), epochs=1)
    expected = (100 * first + 20 * after[0]) / 120
    assert history.train_nll[0] == pytest.approx(expected, abs=1e-5)


def test_gradients_are_clipped():
    steps = []
    model = small()
    for p in model.parameters():
        p.register_hook(lambda grad: 1e4 * grad)
    optimizer_step = torch.optim.AdamW.step

    def step(self, *arguments):
        grads = [p.grad for group in self.param_groups for p in group["params"]]
        steps.append(torch.cat([grad.flatten() for grad in grads]).norm().item())
        return optimizer_step(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        run(model, epochs=1)
    assert steps == pytest.approx([1.0] * 4, abs=1e-3)


def test_weight_decay_shrinks_the_weights():
    sizes = []
    for weight_decay in (0.0, 5.0):
        model = small()
        run(model, epochs=20, weight_decay=weight_decay)
        sizes.append(sum(p.square().sum().item() for p in model.parameters()))
    assert sizes[1] < 0.7 * sizes[0]


def test_a_progress_bar_is_shown_unless_it_is_not_wanted(capsys):
    run(small())
    assert capsys.readouterr() == ("", "")
    fit(small(), DATA, epochs=1, batch_size=60, precision="float32")
    assert "2/2" in capsys.readouterr().err


# ---- the best weights ---------------------------------------------------------------------------


def test_the_best_weights_on_validation_are_restored():
    model, epochs = small(), []
    history = run(
        model,
        ZEROS,
        ONES,
        epochs=4,
        lr=0.05,
        on_epoch=lambda model, history: epochs.append(state(model)),
    )
    assert history.valid_nll == sorted(history.valid_nll)
    assert history.valid_nll[0] < history.valid_nll[-1] - 0.5
    assert history.best_epoch == 1
    assert same(state(model), epochs[0])
    assert evaluate(model, ONES) == history.valid_nll[0]


def test_without_validation_the_last_weights_stay():
    model, epochs = small(), []
    run(model, ZEROS, epochs=3, on_epoch=lambda model, history: epochs.append(state(model)))
    assert same(state(model), epochs[-1])
    assert not same(epochs[-1], epochs[-2])


def test_a_fitted_model_is_in_evaluation_mode():
    model = small(dropout=0.5).train()
    run(model)
    assert not any(module.training for module in model.modules())


# ---- on_epoch -----------------------------------------------------------------------------------


def test_on_epoch_sees_model_and_history_after_each_epoch():
    model, calls = small(), []

    def on_epoch(given, history):
        assert given is model
        calls.append((list(history.epoch), evaluate(given, DATA), history.valid_nll[-1]))

    run(model, DATA, DATA, epochs=3, on_epoch=on_epoch)
    assert [epochs for epochs, *_ in calls] == [[1], [1, 2], [1, 2, 3]]
    assert all(score == noted for _, score, noted in calls)


@pytest.mark.parametrize(("answer", "epochs"), [(True, 2), (False, 4), (None, 4)])
def test_true_from_on_epoch_stops(answer, epochs):
    history = run(
        small(), epochs=4, on_epoch=lambda model, history: answer if len(history) == 2 else None
    )
    assert len(history) == epochs


def draws(model, history):
    torch.rand(5)
    torch.manual_seed(99)


def samples(model, history):
    model.sample(3)


def trains(model, history):
    model.train()


def evaluates(model, history):
    model.eval()


@pytest.mark.parametrize("seed", [0, None])
@pytest.mark.parametrize("on_epoch", [draws, samples, trains, evaluates])
def test_what_on_epoch_does_does_not_disturb_the_training(on_epoch, seed):
    runs = []
    for called in (None, on_epoch):
        model = small(dropout=0.5)
        torch.manual_seed(5)
        loader = DataLoader(DATA, 40, shuffle=True)
        history = run(model, loader, DATA, seed=seed, on_epoch=called)
        runs.append((measured(history), state(model), torch.get_rng_state().tolist()))
    assert runs[0][0] == runs[1][0]
    assert same(runs[0][1], runs[1][1])
    assert runs[0][2] == runs[1][2]


def test_an_error_in_on_epoch_comes_through_and_leaves_the_last_epoch():
    model, epochs = small(), []

    def on_epoch(model, history):
        epochs.append(state(model))
        if len(history) == 2:
            raise RuntimeError("from the reader")

    with pytest.raises(RuntimeError, match="from the reader"):
        run(model, on_epoch=on_epoch)
    assert same(state(model), epochs[1])


# ---- patience and the rate ----------------------------------------------------------------------


@pytest.mark.parametrize("patience", [1, 3])
def test_patience_stops_once_nothing_gets_better(patience):
    model = small()
    history = run(model, ZEROS, ONES, epochs=50, patience=patience)
    assert history.best_epoch == 1
    assert len(history) == 1 + patience
    assert evaluate(model, ONES) == history.valid_nll[0]


@pytest.mark.parametrize(
    "arguments", [{"epochs": 12}, {"epochs": None, "on_epoch": stop_after(12)}]
)
def test_patience_goes_on_while_it_gets_better(arguments):
    history = run(small(), DATA, DATA, patience=1, lr=0.001, **arguments)
    assert len(history) == 12


def test_without_epochs_and_patience_a_run_has_ten_epochs():
    assert len(run(small(), epochs=None)) == 10


def test_with_patience_the_number_of_epochs_changes_nothing():
    runs = []
    for epochs in (60, 10**9, None):
        model = small()
        history = run(model, ZEROS, ONES, epochs=epochs, patience=6)
        runs.append((measured(history), state(model)))
    assert runs[0][0] == runs[1][0] == runs[2][0]
    assert same(runs[0][1], runs[1][1])
    assert same(runs[0][1], runs[2][1])
    assert runs[0][0][3] == [0.02] * 7


def test_without_patience_the_cycle_spans_all_epochs():
    short, long = run(small(), epochs=3), run(small(), epochs=6)
    assert short.lr != long.lr[:3]
    assert short.lr[-1] < 0.02 / 10
    assert long.lr[-1] < 0.02 / 10


@given(st.integers(1, 5_000), st.data())
def test_one_cycle_rises_once_and_falls_once(steps, data):
    shares = [one_cycle(step, steps) for step in range(min(steps, 200))]
    assert all(0 < share <= 1 for share in shares)
    assert max(one_cycle(step, steps) for step in range(steps)) == 1
    step = data.draw(st.integers(0, steps - 1))
    peak = max(1, round(0.3 * steps))
    if step + 1 < peak:
        assert one_cycle(step, steps) < one_cycle(step + 1, steps)
    elif peak <= step < steps - 1:
        assert one_cycle(step, steps) > one_cycle(step + 1, steps)
    # a loader may yield more than it announced: the rate then stays small and above zero
    assert one_cycle(steps + 5, steps) == one_cycle(steps - 1, steps) or steps == 1


# ---- patience: averaged weights and a falling decay ---------------------------------------------


def written_out(model, *, epochs, batch_size, lr, patience):
    """The steps of fit and nothing else: the weights after each epoch, and with patience the means.

    Draws the batches from torch's global stream, with the seed that ``run`` passes.
    """
    torch.manual_seed(0)
    parameters = list(model.parameters())
    groups = [{"params": parameters, "weight_decay": 0.03}]
    steps = math.ceil(len(DATA) / batch_size)
    if patience:
        groups = [
            {"params": [layer.weight for layer in model.net]},
            {"params": [layer.bias for layer in model.net], "weight_decay": 0},
        ]
    optimizer = torch.optim.AdamW(groups, fused=True)
    step, weights, means = 0, [], []
    mean = [p.detach().double() for p in parameters]
    for _ in range(epochs):
        for rows in torch.randperm(len(DATA)).split(batch_size):
            rate = min(1, (step + 1) / steps) if patience else one_cycle(step, epochs * steps)
            for group in optimizer.param_groups:
                group["lr"] = lr * rate
            if patience:
                groups = optimizer.param_groups
                groups[0]["weight_decay"] = 10 / (100 + step) / (lr * rate)
            optimizer.zero_grad()
            (-model.log_prob(DATA[rows]).mean()).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            pairs = zip(mean, parameters, strict=True)
            mean = [m + 5 / (step + 5) * (p.detach() - m) for m, p in pairs]
            step += 1
        weights.append([p.detach().clone() for p in parameters])
        means.append(mean)
    return weights, means


def parameters_of(model):
    return [p.detach().clone() for p in model.parameters()]


@pytest.mark.parametrize("arguments", [{}, {"batch_size": 50, "lr": 0.04}], ids=["defaults", "own"])
def test_without_patience_a_run_is_these_steps_bit_by_bit(arguments):
    by_hand, fitted = small(), small()
    settings = {"batch_size": 512, "lr": 0.015, **arguments}
    weights, _ = written_out(by_hand, epochs=4, patience=None, **settings)
    fit(fitted, DATA, epochs=4, seed=0, precision="float32", progress=False, **arguments)
    assert all(map(torch.equal, parameters_of(fitted), weights[-1]))


@pytest.mark.parametrize("arguments", [{}, {"batch_size": 50, "lr": 0.04}], ids=["defaults", "own"])
def test_with_patience_the_averages_are_shown_scored_and_kept(arguments):
    by_hand, fitted, shown = small(), small(), []
    settings = {"batch_size": 12, "lr": 0.01, **arguments}
    weights, means = written_out(by_hand, epochs=5, patience=9, **settings)
    history = fit(
        fitted,
        DATA,
        DATA,
        epochs=5,
        patience=9,
        seed=0,
        precision="float32",
        progress=False,
        on_epoch=lambda model, _: shown.append((parameters_of(model), evaluate(model, DATA))),
        **arguments,
    )
    assert history.valid_nll == [score for _, score in shown]
    for (seen, _), mean, last in zip(shown, means, weights, strict=True):
        for a, b, c in zip(seen, mean, last, strict=True):
            torch.testing.assert_close(a.double(), b, rtol=0, atol=1e-6)
            assert not torch.allclose(a, c, rtol=0, atol=1e-4)
    assert history.best_epoch == 5
    assert all(map(torch.equal, parameters_of(fitted), shown[-1][0]))


def test_with_patience_the_best_averages_are_restored_and_not_the_last():
    model, shown = small(), []
    # one row that training never shows: what the others gain, it loses in the end
    valid = torch.cat([DATA[:15], torch.tensor([[1.0, 0.0, 1.0]])])
    history = run(
        model,
        DATA,
        valid,
        epochs=90,
        batch_size=20,
        lr=0.05,
        patience=3,
        on_epoch=lambda model, _: shown.append(state(model)),
    )
    assert 1 < history.best_epoch == len(history) - 3
    assert same(state(model), shown[history.best_epoch - 1])
    assert evaluate(model, valid) == min(history.valid_nll)


@pytest.mark.parametrize("decay", [None, 0.0, 0.5])
def test_with_patience_weights_decay_and_biases_do_not(monkeypatch, decay):
    losses = []
    optimizer_step = torch.optim.AdamW.step

    def step(self, *arguments):
        for group in self.param_groups:
            group["shrunk"] = group["lr"] * group["weight_decay"]
        losses.append([({p.dim() for p in g["params"]}, g["shrunk"]) for g in self.param_groups])
        return optimizer_step(self, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    run(small(), DATA, DATA, epochs=3, batch_size=60, lr=0.02, weight_decay=decay, patience=3)
    rates = [0.01, *[0.02] * 5]
    for t, ((dims, weights), (bias_dims, biases)) in enumerate(losses):
        assert (dims, bias_dims, biases) == ({2}, {1}, 0)
        assert weights == pytest.approx(falling_decay(t) if decay is None else rates[t] * decay)
    assert len(losses) == 6


def test_the_decay_falls_from_a_tenth_a_step_as_ten_by_the_steps():
    shares = [falling_decay(step) for step in range(10_000)]
    assert shares[0] == 0.1
    assert all(after < before for before, after in pairwise(shares))
    assert falling_decay(10**6) == pytest.approx(10 / 10**6, rel=1e-3)


@pytest.mark.parametrize("steps", [1, 2, 7, 1000])
def test_averages_lag_a_sixth_behind_weights_that_move_along_a_line(steps):
    line, constant = torch.full((2,), -9.0, dtype=torch.float64), torch.full((2,), 3.0)
    for step in range(steps):
        average_into([line, constant], [torch.tensor([1.0, 2.0]).double() * step, constant], step)
    # sum of s⁴-weighted steps: what solves m(t) = m(t-1) + 5/(t+5) (t - m(t-1)), m(0) = 0
    assert line.tolist() == pytest.approx([5 / 6 * (steps - 1), 10 / 6 * (steps - 1)], abs=1e-9)
    assert constant.tolist() == [3.0, 3.0]


def test_averages_and_weights_must_be_as_many():
    with pytest.raises(ValueError, match="zip"):
        average_into([torch.zeros(1)], [], 0)


def test_many_masks_of_noise_are_not_learned_by_heart():
    rows = torch.randint(0, 2, (90, 12), generator=torch.Generator().manual_seed(0)).float()
    model = MADE(12, (64,), natural_order=False, direct=True, num_masks=None, seed=0)
    history = run(model, rows[:60], rows[60:], epochs=300, batch_size=None, lr=None, patience=30)
    assert len(history) < 300
    # coins: nothing is better than 12 ln 2, and the start is no better than that
    assert evaluate(model, rows[60:], ensemble=1) < 12 * math.log(2) + 0.1


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [(1, [1]), (9, [1] * 9), (11, [2] * 5 + [1]), (250, [25] * 10), (1050, [100] * 10 + [50])],
)
def test_a_patient_run_takes_ten_steps_an_epoch_or_more(rows, sizes):
    model, seen = small(), []

    def look(layer, args):
        if layer.training:
            seen.append(len(args[0]))

    model.net[0].register_forward_pre_hook(look)
    fit(model, torch.ones(rows, 3), DATA, epochs=1, patience=1, precision="float32", progress=False)
    assert seen == sizes


def test_one_variable_learns_how_often_it_is_one():
    rows = torch.tensor([[1.0], [0.0], [0.0], [0.0]]).repeat(750, 1)
    model = MADE(1, (5,), seed=0)
    run(model, rows, rows, epochs=20, batch_size=None, lr=None, patience=5)
    assert model.log_prob(torch.ones(1, 1)).exp().item() == pytest.approx(0.25, abs=0.005)


@pytest.mark.parametrize("num_masks", [1, None])
def test_one_row_is_learned(num_masks):
    row = torch.tensor([[1.0, 0.0, 1.0]])
    model = MADE(3, (8,), natural_order=False, direct=True, num_masks=num_masks, seed=0)
    history = run(model, row, row, epochs=100, batch_size=None, lr=None, patience=5)
    assert len(history) == 100
    assert evaluate(model, row) < 1.2  # three coins: 2.08


# ---- interrupts ---------------------------------------------------------------------------------


def test_an_interrupt_after_an_epoch_keeps_that_epoch():
    model, epochs = small(), []

    def on_epoch(model, history):
        epochs.append(state(model))
        if len(history) == 2:
            interrupt()

    history = run(model, epochs=5, on_epoch=on_epoch)
    assert history.epoch == [1, 2]
    assert same(state(model), epochs[1])
    assert not model.training


def test_an_interrupt_in_the_middle_of_an_epoch_goes_back_to_the_last_whole_one():
    model, epochs = small(), []
    history = run(
        model,
        Loader((3, 2), interrupt),
        epochs=5,
        on_epoch=lambda model, history: epochs.append(state(model)),
    )
    assert history.epoch == [1, 2]
    assert len(history.train_nll) == len(history.lr) == len(history.seconds) == 2
    assert same(state(model), epochs[1])
    assert not model.training
    assert evaluate(model, DATA) < 2.1


def test_an_interrupt_keeps_the_best_weights():
    model = small()
    history = run(model, Loader((4, 2), interrupt, ZEROS.split(20)), ONES, epochs=9)
    assert history.epoch == [1, 2, 3]
    assert evaluate(model, ONES) == history.valid_nll[0]


def test_an_interrupt_while_validating_drops_the_epoch():
    model, epochs = small(), []
    valid = Loader((3, 2), interrupt)
    history = run(
        model, DATA, valid, on_epoch=lambda model, history: epochs.append(state(model)), epochs=5
    )
    assert history.epoch == [1, 2]
    assert len(history.valid_nll) == 2
    assert same(state(model), epochs[1])
    assert not model.training


def test_an_interrupt_in_the_first_epoch_leaves_the_model_as_it_came():
    model = small()
    before = state(model)
    history = run(model, Loader((1, 3), interrupt))
    assert len(history) == 0
    assert same(state(model), before)


# ---- losses that are not finite -----------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_and_leaves_the_last_good_weights(value):
    model, epochs = small(), []

    @torch.no_grad()
    def spoil():
        model.net[0].weight.fill_(value)

    with pytest.raises(FloatingPointError, match=r"epoch 3, batch 2: lower lr, or check the data"):
        run(
            model,
            Loader((3, 2), spoil),
            epochs=5,
            on_epoch=lambda model, history: epochs.append(state(model)),
        )
    assert same(state(model), epochs[1])
    assert not model.training
    assert math.isfinite(evaluate(model, DATA))


def test_a_gradient_that_is_not_finite_stops_before_it_spoils_the_weights():
    model = small()
    before = state(model)
    handle = []

    def spoil():
        handle.append(model.net[0].weight.register_hook(lambda grad: grad * math.inf))

    with pytest.raises(FloatingPointError, match="the gradient is not finite in epoch 1, batch 2"):
        run(model, Loader((1, 2), spoil))
    assert same(state(model), before)


@pytest.mark.parametrize("valid", [None, DATA], ids=["no valid", "valid"])
@pytest.mark.parametrize("epochs", [1, 3])
def test_an_epoch_that_ends_in_useless_weights_is_no_good_one(epochs, valid):
    model = small()
    before = state(model)
    # one batch an epoch: its loss is finite, and the weights after its step are useless
    with pytest.raises(FloatingPointError, match=r"epoch \d, batch 1: lower lr"):
        run(model, DATA, valid, epochs=epochs, batch_size=120, lr=1e30)
    assert same(state(model), before)


# ---- checkpoints: going on ----------------------------------------------------------------------


def tensor_data():
    return DATA


def loader_data():
    return DataLoader(TensorDataset(DATA), 40, shuffle=True, collate_fn=stacked)


def loader_with_generator():
    generator = torch.Generator().manual_seed(11)
    return DataLoader(DATA, 40, shuffle=True, generator=generator)


def stacked(rows):
    return torch.stack([row for (row,) in rows])


@pytest.mark.parametrize("seed", [0, None])
@pytest.mark.parametrize(
    "arguments",
    [
        {"epochs": 5},
        {"epochs": 5, "valid": DATA[:50]},
        {"epochs": 50, "valid": 1 - DATA, "patience": 5},
        {"epochs": 6, "valid": DATA[:50], "patience": 5},
        {"epochs": 5, "precision": "bfloat16"},
    ],
    ids=["plain", "valid", "patience in vain", "patience", "bfloat16"],
)
@pytest.mark.parametrize("data", [tensor_data, loader_data, loader_with_generator])
def test_a_run_that_went_on_ends_as_one_that_never_stopped(tmp_path, data, arguments, seed):
    file = tmp_path / "run.pt"
    torch.manual_seed(5)
    straight = small(dropout=0.3)
    expected = run(straight, data(), seed=seed, **arguments)

    torch.manual_seed(5)
    stopped = small(dropout=0.3)
    run(stopped, data(), seed=seed, checkpoint=file, on_epoch=stop_after(3), **arguments)

    torch.manual_seed(777)  # another day, another process
    resumed = small(weight_seed=1, dropout=0.3)
    history = run(resumed, data(), seed=seed, checkpoint=file, **arguments)
    assert measured(history) == measured(expected)
    assert len(history) > 3
    assert same(state(resumed), state(straight))


def test_a_run_of_fresh_masks_goes_on_as_one_that_never_stopped(tmp_path):
    def many():
        return small(ordering=None, natural_order=False, num_masks=None, direct=True)

    arguments = {"valid": DATA[:50], "epochs": 6, "patience": 5, "checkpoint": tmp_path / "run.pt"}
    straight, stopped, resumed = many(), many(), many()
    expected = run(straight, **{**arguments, "checkpoint": None})
    run(stopped, **arguments, on_epoch=stop_after(2))
    assert measured(run(resumed, **arguments)) == measured(expected)
    assert same(state(resumed), state(straight))


def test_a_run_interrupted_in_the_middle_of_an_epoch_goes_on_from_the_last_whole_one(tmp_path):
    straight = small(dropout=0.3)
    expected = run(straight, Loader(), epochs=5)
    stopped = small(dropout=0.3)
    file = tmp_path / "run.pt"
    run(stopped, Loader((3, 2), interrupt), epochs=5, checkpoint=file)
    history = run(stopped, Loader(), epochs=5, checkpoint=file)
    assert measured(history) == measured(expected)
    assert same(state(stopped), state(straight))


def test_the_best_weights_are_remembered_by_a_checkpoint(tmp_path):
    file = tmp_path / "run.pt"
    run(small(), ZEROS, ONES, epochs=5, checkpoint=file, on_epoch=stop_after(3))
    model = small(weight_seed=1)
    history = run(model, ZEROS, ONES, epochs=5, checkpoint=file)
    assert history.best_epoch == 1
    assert len(history) == 5
    assert evaluate(model, ONES) == history.valid_nll[0]


@pytest.mark.parametrize(
    ("arguments", "epochs"), [({"epochs": 3}, 3), ({"epochs": 99, "patience": 2}, 3)]
)
def test_a_finished_run_returns_at_once(tmp_path, arguments, epochs):
    file = tmp_path / "run.pt"
    finished = small()
    expected = run(finished, Loader(batches=ZEROS.split(20)), ONES, checkpoint=file, **arguments)
    content = file.read_bytes()

    model = small(weight_seed=1).train()
    train = Loader(batches=ZEROS.split(20))
    called = []
    history = run(
        model,
        train,
        ONES,
        checkpoint=file,
        on_epoch=lambda model, history: called.append(1),
        **arguments,
    )
    assert history == expected
    assert len(history) == epochs
    assert (train.epoch, called) == (0, [])
    assert same(state(model), state(finished))
    assert not model.training
    assert file.read_bytes() == content


def test_a_checkpoint_brings_the_masks_of_its_model(tmp_path):
    file = tmp_path / "run.pt"
    torch.manual_seed(1)
    first = MADE(6, (8,), natural_order=False)
    rows = torch.randint(0, 2, (50, 6))
    run(first, rows, checkpoint=file, on_epoch=stop_after(2))
    other = MADE(6, (8,), natural_order=False)
    assert not torch.equal(other.order, first.order)
    run(other, rows, checkpoint=file, on_epoch=stop_after(2))
    assert torch.equal(other.order, first.order)
    assert all(torch.equal(a, b) for a, b in zip(other.masks, first.masks, strict=True))


def test_numbers_of_numpy_do_as_arguments_of_a_resumed_run(tmp_path):
    file = tmp_path / "run.pt"
    arguments = {
        "epochs": np.int64(3),
        "batch_size": np.int64(32),
        "lr": np.float64(0.02),
        "weight_decay": np.float64(0.1),
        "seed": np.int64(0),
    }
    run(small(), checkpoint=file, on_epoch=stop_after(2), **arguments)
    assert len(run(small(), checkpoint=file, **arguments)) == 3


# ---- checkpoints: of another run ----------------------------------------------------------------


def wide(**_):
    return MADE(3, (17,), ordering=[1, 2, 0], seed=0)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"lr": 0.03}, "lr was 0.02 and is now 0.03"),
        ({"epochs": 4}, "epochs was 3 and is now 4"),
        ({"batch_size": 33}, "batch_size was 32 and is now 33"),
        ({"weight_decay": 0.2}, "weight_decay was 0.1 and is now 0.2"),
        ({"seed": 1}, "seed was 0 and is now 1"),
        ({"seed": None}, "seed was 0 and is now None"),
        ({"precision": "bfloat16"}, "precision was 'float32' and is now 'bfloat16'"),
        ({"patience": 2}, "patience was None and is now 2"),
        ({"valid": DATA[:40]}, "valid was"),
        ({"valid": None}, "valid was"),
        ({"train": DATA[:119]}, "train was"),
        ({"train": 1 - DATA}, "train was"),
        ({"train": DATA.flip(1)}, "train was"),  # as many ones, in other places
        ({"train": DATA.split(32)}, "train was"),
        ({"model": wide}, "model was"),
        ({"model": lambda: small(ordering=[2, 0, 1])}, "model was"),
        ({"model": lambda: small(dropout=0.1)}, "model was"),
        ({"model": lambda: small(direct=True)}, "model was"),
        ({"model": lambda: small(activation="tanh")}, "model was"),
        ({"model": lambda: small(seed=1)}, "model was"),
        ({"model": lambda: small().double()}, "model was"),
    ],
)
def test_a_checkpoint_of_another_configuration_is_refused(tmp_path, changed, named):
    file = tmp_path / "run.pt"
    arguments = {"train": DATA, "valid": DATA[:50], "weight_decay": 0.1}
    run(small(), **arguments, checkpoint=file, on_epoch=stop_after(2))
    content = file.read_bytes()

    model = changed.pop("model", lambda: small(weight_seed=1))()
    before, stream = state(model), torch.get_rng_state()
    with pytest.raises(ValueError, match=re.escape(named)) as caught:
        run(model, **{**arguments, **changed}, checkpoint=file)
    assert str(file) in str(caught.value)
    assert "another checkpoint file" in str(caught.value)
    assert same(state(model), before)
    assert torch.equal(torch.get_rng_state(), stream)
    assert file.read_bytes() == content


def test_long_orderings_that_differ_are_told_apart(tmp_path):
    file = tmp_path / "run.pt"
    rows = torch.randint(0, 2, (20, 12))
    ordering = torch.arange(12).roll(3)
    run(MADE(12, (4,), ordering=ordering, seed=0), rows, checkpoint=file)
    model = MADE(12, (4,), ordering=torch.arange(12).roll(4), seed=0)
    before = state(model)
    with pytest.raises(ValueError, match="model was"):
        run(model, rows, checkpoint=file)
    assert same(state(model), before)


@pytest.mark.parametrize("first", [loader_data, loader_with_generator])
def test_a_loader_with_and_one_without_a_generator_are_two_configurations(tmp_path, first):
    file = tmp_path / "run.pt"
    run(small(), first(), checkpoint=file, on_epoch=stop_after(2))
    second = loader_data if first is loader_with_generator else loader_with_generator
    model = small(weight_seed=1)
    before = state(model)
    with pytest.raises(ValueError, match="train was"):
        run(model, second(), checkpoint=file)
    assert same(state(model), before)


# ---- checkpoints: files -------------------------------------------------------------------------


class Malicious:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def test_a_checkpoint_with_a_pickled_object_is_refused_and_not_run(tmp_path):
    file, trace = tmp_path / "run.pt", tmp_path / "trace"
    torch.save({"settings": {}, "run": Malicious(trace)}, file)
    content, model = file.read_bytes(), small()
    before = state(model)
    with pytest.raises(ValueError, match=r"run\.pt cannot be read .* could run code"):
        run(model, checkpoint=file)
    assert not trace.exists()
    assert same(state(model), before)
    assert file.read_bytes() == content


@pytest.mark.parametrize("share", [0, 0.05, 0.5, 0.99])
def test_a_truncated_checkpoint_is_named_and_left_alone(tmp_path, share):
    file = tmp_path / "run.pt"
    model = small()
    run(model, checkpoint=file)
    content = file.read_bytes()[: int(share * file.stat().st_size)]
    file.write_bytes(content)
    before = state(model)
    with pytest.raises((ValueError, OSError), match=r"run\.pt cannot be read.*[Dd]elete it"):
        run(model, checkpoint=file)
    assert same(state(model), before)
    assert file.read_bytes() == content


@pytest.mark.parametrize("content", [[1, 2], {"weights": torch.ones(2)}])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    file = tmp_path / "run.pt"
    torch.save(content, file)
    with pytest.raises(ValueError, match=r"run\.pt is no checkpoint of fit"):
        run(small(), checkpoint=file)


def failing_save(error):
    def save(content, file):
        Path(file).write_bytes(b"half of it")
        raise error

    return save


def full_disk(*_):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("module", "name", "failing"),
    [
        (torch, "save", failing_save(OSError(28, "No space left on device"))),
        (torch, "save", failing_save(RuntimeError("PytorchStreamWriter failed writing file"))),
        (os, "replace", full_disk),
    ],
    ids=["save", "stream", "replace"],
)
def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(
    tmp_path, monkeypatch, module, name, failing
):
    file = tmp_path / "run.pt"
    model, epochs, content = small(), [], []

    def on_epoch(model, history):
        epochs.append(state(model))
        content.append(file.read_bytes())
        if len(history) == 2:
            monkeypatch.setattr(module, name, failing)

    with pytest.raises(OSError, match=r"could not write .*run\.pt.*free some space"):
        run(model, epochs=5, checkpoint=file, on_epoch=on_epoch)
    monkeypatch.undo()
    assert file.read_bytes() == content[1]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.pt"]
    assert math.isfinite(evaluate(model, DATA))
    assert not model.training
    # and what is there goes on as if nothing had happened
    straight = small()
    expected = run(straight, epochs=5)
    assert measured(run(model, epochs=5, checkpoint=file)) == measured(expected)
    assert same(state(model), state(straight))


def test_an_interrupt_while_a_checkpoint_is_written_leaves_the_old_one(tmp_path, monkeypatch):
    file = tmp_path / "run.pt"
    model, content = small(), []

    def on_epoch(model, history):
        content.append(file.read_bytes())
        monkeypatch.setattr(torch, "save", failing_save(KeyboardInterrupt()))

    history = run(model, checkpoint=file, on_epoch=on_epoch)
    assert history.epoch == [1, 2]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.pt"]
    assert file.read_bytes() == content[0]


def test_a_folder_that_is_not_there_is_reported_before_the_first_epoch(tmp_path):
    train = Loader()
    with pytest.raises(OSError, match="nowhere"):
        run(small(), train, checkpoint=tmp_path / "nowhere" / "run.pt")
    assert train.epoch == 0


def test_a_checkpoint_may_be_named_by_a_string(tmp_path):
    run(small(), checkpoint=str(tmp_path / "run.pt"))
    assert (tmp_path / "run.pt").exists()


# ---- precision ----------------------------------------------------------------------------------


def products(model):
    """In which dtypes the first layer answers while training, and while not."""
    seen = {True: set(), False: set()}
    model.net[0].register_forward_hook(lambda m, args, out: seen[model.training].add(out.dtype))
    return seen


def test_bfloat16_trains_and_scores_in_float32():
    model = small()
    seen = products(model)
    history = run(model, DATA, DATA, epochs=30, precision="bfloat16")
    assert seen == {True: {torch.bfloat16}, False: {torch.float32}}
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert history.valid_nll[-1] < 1.3  # ln 3 = 1.10
    assert evaluate(model, DATA) == min(history.valid_nll)


@pytest.mark.parametrize("faster", [True, False])
def test_auto_takes_what_the_trial_found_faster(monkeypatch, faster):
    monkeypatch.setattr(training, "_bfloat16_is_faster", lambda device: faster)
    model = small()
    seen = products(model)
    run(model, precision="auto")
    assert seen[True] == {torch.bfloat16 if faster else torch.float32}


def test_the_trial_runs_once_for_all_and_draws_nothing():
    training._bfloat16_is_faster.cache_clear()
    before = torch.get_rng_state()
    for _ in range(2):
        run(small(), precision="auto")
    assert training._bfloat16_is_faster.cache_info().misses == 1
    assert torch.equal(torch.get_rng_state(), before)


def test_auto_leaves_other_dtypes_as_they_are(monkeypatch):
    monkeypatch.setattr(training, "_bfloat16_is_faster", lambda device: True)
    model = small().double()
    seen = products(model)
    run(model, precision="auto")
    assert seen[True] == {torch.float64}


def test_a_resumed_run_keeps_the_precision_it_began_with(tmp_path, monkeypatch):
    file = tmp_path / "run.pt"
    monkeypatch.setattr(training, "_bfloat16_is_faster", lambda device: True)
    run(small(), precision="auto", checkpoint=file, on_epoch=stop_after(2))
    monkeypatch.setattr(training, "_bfloat16_is_faster", lambda device: False)
    model = small()
    seen = products(model)
    run(model, precision="auto", checkpoint=file)
    assert seen[True] == {torch.bfloat16}


# ---- evaluate -----------------------------------------------------------------------------------


@pytest.fixture
def wild():
    """A model with weights far from their start, so that no two numbers agree by chance."""
    model = small(dropout=0.5)
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=2.0)
    return model


def test_evaluate_is_the_mean_that_the_formula_gives(wild):
    weights = [layer.weight * layer.mask for layer in wild.net]
    hidden = torch.relu(DATA @ weights[0].T + wild.net[0].bias)
    p = torch.sigmoid((hidden @ weights[1].T + wild.net[1].bias).double())
    nll = -(DATA * p.log() + (1 - DATA) * (1 - p).log()).sum() / len(DATA)
    result = evaluate(wild, DATA)
    assert type(result) is float
    assert result == pytest.approx(nll.item(), abs=1e-4)


@pytest.mark.parametrize("batch_size", [1, 7, 119, 120, 1000])
def test_the_batch_size_does_not_matter(wild, batch_size):
    expected = evaluate(wild, DATA)
    assert evaluate(wild, DATA, batch_size=batch_size) == pytest.approx(expected, abs=1e-6)


def test_every_row_counts_alike_whatever_batch_it_is_in(wild):
    batches = [DATA[:1], DATA[1:100], DATA[100:]]
    assert evaluate(wild, batches) == pytest.approx(evaluate(wild, DATA), abs=1e-6)
    assert evaluate(wild, DataLoader(DATA, 50)) == pytest.approx(evaluate(wild, DATA), abs=1e-6)


def test_evaluate_is_never_under_autocast(wild):
    expected = evaluate(wild, DATA)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert evaluate(wild, DATA) == expected
        assert wild.eval().log_prob(DATA).mean().item() != pytest.approx(-expected, abs=1e-4)


@pytest.mark.parametrize("mode", [True, False])
def test_evaluate_keeps_the_mode_and_applies_no_dropout(wild, mode):
    wild.train(mode)
    wild.net[0].train(not mode)
    stream = torch.get_rng_state()
    assert evaluate(wild, DATA) == evaluate(wild, DATA)
    assert torch.equal(torch.get_rng_state(), stream)
    assert wild.training is mode
    assert wild.net[0].training is not mode
    assert evaluate(wild, DATA) == evaluate(wild.eval(), DATA)


def test_evaluate_keeps_the_mode_when_it_fails(wild):
    wild.train()
    with pytest.raises(ValueError, match="0 and 1"):
        evaluate(wild, [DATA, DATA + 2])
    assert wild.training


def test_evaluate_in_float64(wild):
    assert evaluate(wild.double(), DATA) == pytest.approx(evaluate(wild.float(), DATA), abs=1e-5)


@pytest.mark.parametrize("input_dim", [1, 3, 784])
def test_zero_logits_give_d_ln_2(input_dim):
    model = MADE(input_dim, (4,))
    for p in model.parameters():
        torch.nn.init.zeros_(p)
    x = torch.randint(0, 2, (9, input_dim))
    assert evaluate(model, x) == pytest.approx(input_dim * math.log(2), rel=1e-6)


# ---- train_made ---------------------------------------------------------------------------------


@pytest.fixture
def tiny_mnist(monkeypatch):
    """Loaders of 96 and 40 images of noise, and the batch sizes that were asked for."""
    generator = torch.Generator().manual_seed(1)
    shares = torch.rand(784, generator=generator)
    train, test = (torch.bernoulli(shares.expand(n, 784), generator=generator) for n in (96, 40))
    asked = []

    def loaders(batch_size):
        asked.append(batch_size)
        return DataLoader(train, batch_size, shuffle=True), DataLoader(test, batch_size)

    monkeypatch.setattr(training, "make_mnist_loaders", loaders)
    return train, test, asked


def test_train_made_prints_the_lines_of_the_document(tiny_mnist, capsys):
    _, test, asked = tiny_mnist
    model = train_made(epochs=11, hidden=(16, 8), lr=5e-3, batch_size=32, natural_order=False)
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 14
    form = r"Epoch (\d\d) \| train NLL: (\d+\.\d{3}) \| test NLL: (\d+\.\d{3}) \| bpd: (\d\.\d{3})"
    found = [re.fullmatch(form, line) for line in lines[:11]]
    assert [match[1] for match in found] == [f"{epoch:02d}" for epoch in range(1, 12)]
    nll = evaluate(model, test)
    assert found[-1][3] == f"{nll:.3f}"
    assert found[-1][4] == f"{nll / (784 * math.log(2)):.3f}"
    assert float(found[-1][2]) < float(found[0][2]) - 5
    assert lines[11:] == [
        "",
        f"MADE parameters: {784 * 16 + 16 + 16 * 8 + 8 + 8 * 784 + 784:,}",
        "",
    ]
    assert asked == [32]
    assert model.hidden_dims == [16, 8]
    assert not torch.equal(model.order, torch.arange(1, 785))
    assert not model.training


def test_train_made_is_repeatable(tiny_mnist, capsys):
    runs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        model = train_made(epochs=2, hidden=(16,), batch_size=32, natural_order=False)
        runs.append((capsys.readouterr().out, state(model)))
    assert runs[0][0] == runs[1][0]
    assert same(runs[0][1], runs[1][1])
    assert not same(runs[0][1], runs[2][1])


def test_train_made_is_adam_at_a_constant_rate(tiny_mnist, capsys):
    train, test, _ = tiny_mnist
    torch.manual_seed(0)
    by_package = train_made(epochs=3, hidden=(16,), batch_size=32)

    torch.manual_seed(0)
    loader = DataLoader(train, 32, shuffle=True)
    by_hand = MADE(784, (16,))
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=2e-3, foreach=False, fused=False)
    for _ in range(3):
        for x in loader:
            optimizer.zero_grad()
            (-by_hand.log_prob(x).mean()).backward()
            optimizer.step()
        evaluate(by_hand, DataLoader(test, 32))  # as a loader draws a number each time
    assert torch.equal(by_package.order, torch.arange(1, 785))
    for one, other in zip(by_package.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "error", "fragment"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be a whole number, got 1.5"),
        ({"lr": -1e-3}, ValueError, "lr must be finite and above 0, got -0.001"),
        ({"lr": "fast"}, TypeError, "lr must be a number, got 'fast'"),
        ({"hidden": (0,)}, ValueError, "each of hidden_dims must be at least 1, got 0"),
        ({"hidden": 512}, TypeError, "hidden_dims must be a tuple"),
    ],
)
def test_train_made_says_what_is_wrong(tiny_mnist, arguments, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        train_made(**arguments)


def test_train_made_refuses_an_empty_batch(monkeypatch, tmp_path):
    monkeypatch.setenv("MADE_COURSE_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        train_made(batch_size=0)


def test_train_made_stops_when_the_loss_is_not_finite(tiny_mnist):
    with pytest.raises(FloatingPointError, match="epoch 1, batch 2: lower lr"):
        train_made(epochs=1, hidden=(16,), lr=1e30, batch_size=32)


@pytest.mark.full_mnist
def test_the_last_cell_of_the_document(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = train_made(epochs=10, hidden=(512, 512), lr=2e-3, batch_size=512, natural_order=False)
    save_samples_grid(model, "made_samples.png", n=36)
    lines = capsys.readouterr().out.splitlines()
    assert "60,000 training and 10,000 test images" in lines[0]
    epochs = [line for line in lines if line.startswith("Epoch ")]
    assert len(epochs) == 10
    last = re.fullmatch(
        r"Epoch 10 \| train NLL: \d\d\.\d{3} \| test NLL: (\d\d\.\d{3}) \| bpd: (\d\.\d{3})",
        epochs[-1],
    )
    assert float(last[1]) == pytest.approx(86.4, abs=0.8)
    assert float(last[2]) == pytest.approx(0.159, abs=0.002)
    assert lines[-2:] == ["MADE parameters: 1,066,768", "Saved samples to made_samples.png"]
    with Image.open("made_samples.png") as picture:
        assert picture.size == (182, 182)
        # about 13% of a digit's pixels are ink: neither an empty grid nor noise
        ink = (np.asarray(picture.convert("L")) > 127).mean()
    assert 0.08 < ink < 0.16


# ---- History ------------------------------------------------------------------------------------


@pytest.fixture
def history():
    history = History()
    history.append(train_nll=101.23456, valid_nll=99.5, lr=0.0005, seconds=123.25)
    history.append(train_nll=9.0, valid_nll=8.0, lr=0.005, seconds=123.75)
    history.append(train_nll=8.5, valid_nll=8.0, lr=0.00012345, seconds=124.5)
    return history


def test_history_as_text(history):
    assert repr(history) == (
        "epoch  train NLL  valid NLL     rate\n"
        "    1    101.235     99.500  0.00050\n"
        "    2      9.000      8.000   0.0050\n"
        "    3      8.500      8.000  0.00012"
    )


def test_history_as_a_table(history):
    html = history._repr_html_()
    cells = re.findall(r"<td>(.*?)</td>", html)
    assert cells == [
        *("1", "101.235", "99.500", "0.00050"),
        *("2", "9.000", "8.000", "0.0050"),
        *("3", "8.500", "8.000", "0.00012"),
    ]
    assert re.findall(r"<th .*?>(.*?)</th>", html) == ["epoch", "train NLL", "valid NLL", "rate"]
    assert "nats" in html
    assert html.count("<tr>") == html.count("</tr>") == 4


def test_seconds_are_kept_but_not_shown(history):
    assert history.seconds == [123.25, 123.75, 124.5]
    for shown in (repr(history), str(history), history._repr_html_()):
        assert "123" not in shown
        assert "124" not in shown
        assert "second" not in shown


def test_history_without_validation_has_no_such_column():
    history = History()
    history.append(train_nll=2.0, lr=0.1, seconds=1.0)
    assert "valid" not in repr(history)
    assert "valid" not in history._repr_html_()
    assert history.best_epoch is None


def test_the_best_epoch_is_the_first_of_the_lowest(history):
    assert history.best_epoch == 2


def test_an_empty_history_shows_its_head():
    assert repr(History()).split() == ["epoch", "train", "NLL", "rate"]
    assert "<td>" not in History()._repr_html_()
    assert len(History()) == 0
    assert History().best_epoch is None


# ---- what is refused ----------------------------------------------------------------------------

NAN = DATA.clone()
NAN[5, 1] = math.nan

BAD_DATA = [
    (torch.zeros(0, 3), ValueError, "there are no rows: got shape (0, 3)"),
    ([], ValueError, "there are no batches: got an empty loader"),
    (NAN, ValueError, "must hold only 0 and 1, got nan"),
    (DATA / 2, ValueError, "must hold only 0 and 1, got 0.5"),
    (DATA.long() * 255, ValueError, "must hold only 0 and 1, got 255"),
    (DATA[:, :2], ValueError, "x must have shape (B, 3), got (120, 2)"),
    (DATA[0], ValueError, "x must have shape (B, 3), got (3,)"),
    (DATA[None], ValueError, "x must have shape (B, 3), got (1, 120, 3)"),
    (DATA[0, 0], ValueError, "x must have shape (B, 3), got ()"),
    ("data", TypeError, "got str"),
    (None, TypeError, "got NoneType"),
    (3, TypeError, "got int"),
    ((batch for batch in DATA.split(40)), TypeError, "got generator"),
    (DATA.tolist(), TypeError, "got list"),
    (DATA.numpy(), TypeError, "got ndarray"),
    (Table(DATA, [], None), TypeError, "one part of a table, got all three"),
    ([(DATA, DATA)], TypeError, "got tuple"),  # images with labels
    ([["a"]], TypeError, "got list"),
    ([DATA, DATA[:, :2]], ValueError, "got (120, 2)"),
    ([DATA, DATA / 2], ValueError, "must hold only 0 and 1, got 0.5"),
    ([DATA[0]], ValueError, "x must have shape (B, 3), got (3,)"),
]


@pytest.mark.parametrize("arguments", [{}, {"valid": DATA, "patience": 2, "batch_size": None}])
@pytest.mark.parametrize(("data", "error", "fragment"), BAD_DATA)
def test_fit_says_what_is_wrong_with_the_training_data(data, error, fragment, arguments):
    model = small()
    before = state(model)
    with pytest.raises(error, match=re.escape(fragment)):
        run(model, data, **arguments)
    assert same(state(model), before)


@pytest.mark.parametrize(
    ("data", "error", "fragment"), [case for case in BAD_DATA if case[0] is not None]
)
def test_fit_says_what_is_wrong_with_the_validation_data(data, error, fragment):
    model = small()
    before = state(model)
    with pytest.raises(error, match=re.escape(fragment)):
        run(model, DATA, data)
    assert same(state(model), before)


@pytest.mark.parametrize(
    ("data", "error", "fragment"),
    [
        (data, error, fragment if "there are no" not in fragment else "got empty data")
        for data, error, fragment in BAD_DATA
        if fragment != "got generator"  # one pass over it will do
    ],
)
def test_evaluate_says_what_is_wrong_with_the_data(data, error, fragment):
    model = small().train()
    with pytest.raises(error, match=re.escape(fragment)):
        evaluate(model, data)
    assert model.training


@pytest.mark.parametrize(
    ("arguments", "error", "fragment"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"epochs": -3}, ValueError, "epochs must be at least 1, got -3"),
        ({"epochs": 1.5}, TypeError, "epochs must be a whole number, got 1.5"),
        ({"epochs": True}, TypeError, "epochs must be a whole number, got True"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": "32"}, TypeError, "batch_size must be a whole number, got '32'"),
        ({"lr": 0}, ValueError, "lr must be finite and above 0, got 0"),
        ({"lr": -1e-3}, ValueError, "lr must be finite and above 0, got -0.001"),
        ({"lr": math.nan}, ValueError, "lr must be finite and above 0, got nan"),
        ({"lr": math.inf}, ValueError, "lr must be finite and above 0, got inf"),
        ({"lr": "fast"}, TypeError, "lr must be a number, got 'fast'"),
        ({"weight_decay": -0.1}, ValueError, "weight_decay must be finite and at least 0"),
        ({"precision": "float16"}, ValueError, "unknown precision 'float16': choose one of auto"),
        ({"precision": torch.bfloat16}, ValueError, "unknown precision torch.bfloat16"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number, got 0.5"),
        ({"patience": 2}, ValueError, "patience needs validation data: pass valid="),
        ({"patience": 0, "valid": DATA}, ValueError, "patience must be at least 1, got 0"),
        ({"on_epoch": 3}, TypeError, "on_epoch must be a function"),
        ({"on_epoch": History}, TypeError, "got a class: make one, History()"),
    ],
)
def test_fit_says_what_is_wrong_with_an_argument(arguments, error, fragment):
    model = small()
    before = state(model)
    with pytest.raises(error, match=re.escape(fragment)):
        run(model, **arguments)
    assert same(state(model), before)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_evaluate_needs_a_batch_size_above_zero(batch_size):
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        evaluate(small(), DATA, batch_size=batch_size)


def test_a_loader_that_is_spent_after_one_epoch_is_named():
    class Spent(Loader):
        def __iter__(self):
            self.epoch += 1
            return iter(self.batches if self.epoch == 1 else [])

    model, epochs = small(), []
    with pytest.raises(ValueError, match=r"no batches in epoch 2.*anew"):
        run(model, Spent(), on_epoch=lambda model, history: epochs.append(state(model)))
    assert same(state(model), epochs[0])


def test_an_interrupt_while_the_epoch_is_noted_leaves_no_half_of_it(monkeypatch):
    model, calls = small(), []

    def interrupted(self, **row):
        append(self, **row)
        calls.append(row)
        if len(calls) == 2:
            self.epoch.append(99)  # as if it came between two of the lists
            raise KeyboardInterrupt

    append = History.append
    monkeypatch.setattr(History, "append", interrupted)
    data = (torch.rand(40, model.input_dim) > 0.5).float()
    history = fit(model, data, data, epochs=5, seed=0, progress=False)
    assert len(calls) == 2
    lists = [values for values in vars(history).values() if isinstance(values, list)]
    assert {len(values) for values in lists} == {1}
    assert evaluate(model, data) == history.valid_nll[0]


@pytest.mark.parametrize("missing", ["run", "optimizer", "history", "random", "loader"])
def test_a_checkpoint_that_lacks_a_part_is_refused(tmp_path, missing):
    file = tmp_path / "run.pt"
    data = (torch.rand(40, small().input_dim) > 0.5).float()
    fit(small(), data, epochs=1, seed=0, checkpoint=file, progress=False)
    content = torch.load(file, weights_only=True)
    del content[missing]
    torch.save(content, file)
    model = small()
    before = state(model)
    with pytest.raises(ValueError, match="is no checkpoint of fit"):
        fit(model, data, epochs=2, seed=0, checkpoint=file, progress=False)
    assert all(torch.equal(before[key], value) for key, value in state(model).items())


# ---- many sets of masks -------------------------------------------------------------------------


def many(num_masks, seed=0, **arguments):
    return small(ordering=None, natural_order=False, num_masks=num_masks, seed=seed, **arguments)


MANY = pytest.mark.parametrize("num_masks", [3, None])


def test_each_step_meets_the_next_set_of_masks(monkeypatch):
    model, twin = many(3), many(3)
    seen = []
    step = torch.optim.AdamW.step

    def record(self, *arguments, **options):
        seen.append([mask.clone() for mask in model.masks])
        return step(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", record)
    run(model, DATA[:70], epochs=3, batch_size=32)  # of three batches, the last a short one
    assert len(seen) == 9
    for masks in seen:
        assert all(map(torch.equal, masks, twin.masks))
        twin.resample_masks()
    assert not torch.equal(seen[0][0], seen[1][0])
    assert int(model.mask_sets.position) == 0


def test_fresh_masks_are_drawn_for_each_step(monkeypatch):
    model, twin = many(None), many(None)
    seen = []
    step = torch.optim.AdamW.step

    def record(self, *arguments, **options):
        seen.append(model.degrees)
        return step(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", record)
    run(model, epochs=2, batch_size=40)
    assert len(seen) == 6
    for degrees in seen:
        assert all(map(torch.equal, degrees, twin.degrees))
        twin.resample_masks()


def test_one_set_of_masks_stays_while_training():
    model = small(natural_order=False, ordering=None, seed=None)
    before = (
        model.mask_sets.orders.clone(),
        model.mask_sets.hidden_degrees.clone(),
        model.mask_sets.position.clone(),
    )
    run(model)
    assert all(
        map(
            torch.equal,
            before,
            (model.mask_sets.orders, model.mask_sets.hidden_degrees, model.mask_sets.position),
        )
    )


@MANY
def test_validation_is_scored_with_the_first_set(num_masks):
    scores = []
    model = many(num_masks)
    history = run(
        model,
        DATA,
        DATA[:60],
        epochs=5,
        on_epoch=lambda model, _: scores.append(
            (evaluate(model, DATA[:60], ensemble=1), evaluate(model, DATA[:60]))
        ),
    )
    first, in_use = zip(*scores, strict=True)
    assert history.valid_nll == list(first)
    assert first != in_use


@MANY
@pytest.mark.parametrize("mask_seed", [None, 0])
@pytest.mark.parametrize("seed", [None, 0])
def test_looking_on_changes_no_training_through_many_masks(num_masks, mask_seed, seed):
    """Not by a bit, though masks, dropout and shuffling may all draw from the global stream."""

    def look(model, history):
        evaluate(model, DATA, ensemble=3)
        evaluate(model, DATA)
        model.sample(5, ensemble=3)  # from the global stream, too
        model.sample(5, generator=torch.Generator().manual_seed(1))
        model.log_prob(DATA, ensemble=2)
        known = torch.tensor([True, False, False])
        complete(model, DATA[:2], known, 20, generator=torch.Generator().manual_seed(1))

    ends = []
    for on_epoch in (None, look):
        torch.manual_seed(5)
        model = many(num_masks, seed=mask_seed, dropout=0.3, conditioning=True)
        torch.manual_seed(6)
        history = run(model, DATA, DATA[:60], epochs=4, seed=seed, on_epoch=on_epoch)
        ends.append((measured(history), state(model), torch.get_rng_state()))
    assert ends[0][0] == ends[1][0]
    assert same(ends[0][1], ends[1][1])
    assert torch.equal(ends[0][2], ends[1][2])


@MANY
@pytest.mark.parametrize("mask_seed", [None, 0])
@pytest.mark.parametrize("seed", [None, 0])
def test_a_run_through_many_masks_goes_on_as_if_it_had_never_stopped(
    tmp_path, num_masks, mask_seed, seed
):
    def model():
        torch.manual_seed(5)
        return many(num_masks, seed=mask_seed, dropout=0.3, conditioning=True)

    whole, stopped = model(), model()
    torch.manual_seed(6)
    history = run(whole, epochs=5, seed=seed, patience=5, valid=DATA[:60])
    file = tmp_path / "run.pt"
    settings = {"epochs": 5, "seed": seed, "patience": 5, "valid": DATA[:60], "checkpoint": file}
    torch.manual_seed(6)
    run(stopped, on_epoch=lambda _, history: len(history) == 2, **settings)
    torch.rand(9)
    resumed = model()
    resumed.resample_masks()
    resumed_history = run(resumed, **settings)
    assert measured(resumed_history) == measured(history)
    assert same(state(resumed), state(whole))
    whole.resample_masks()
    resumed.resample_masks()
    if mask_seed is not None:  # else the next masks come from the global stream
        assert same(state(resumed), state(whole))


def test_a_checkpoint_of_another_number_of_sets_is_refused(tmp_path):
    file = tmp_path / "run.pt"
    run(many(3), checkpoint=file)
    for num_masks in (1, 2, None):
        with pytest.raises(ValueError, match="another configuration: model was"):
            run(many(num_masks), checkpoint=file)
    with pytest.raises(ValueError, match="another configuration: model was"):
        run(many(3, conditioning=True), checkpoint=file)


@MANY
def test_training_through_many_masks_learns_under_all_of_them(num_masks):
    model = many(num_masks, conditioning=True)
    before = evaluate(model, DATA, ensemble=3)
    run(model, epochs=40, lr=0.05)
    # three equal patterns: ln 3 = 1.10 nats
    assert evaluate(model, DATA, ensemble=3) < before - 0.3
    assert evaluate(model, DATA, ensemble=3) == pytest.approx(math.log(3), abs=0.15)
    assert model.net[0].conditioning.ne(0).any()


def test_evaluate_is_the_mean_over_rows_of_the_ensembles_log_prob():
    model = many(3)
    with torch.no_grad():
        expected = -model.log_prob(DATA, ensemble=2).double().mean().item()
    for batch_size in (7, 1000):
        found = evaluate(model, DATA, ensemble=2, batch_size=batch_size)
        assert found == pytest.approx(expected, abs=1e-6)
    assert evaluate(model, DATA.split(50), ensemble=2) == pytest.approx(expected, abs=1e-6)
    assert evaluate(model, DATA, ensemble=1) != pytest.approx(expected, abs=1e-6)


# ---- other heads --------------------------------------------------------------------------------


def test_a_density_is_measured_in_differential_nats():
    x = torch.randn(60, 3)
    model = small(head=MixtureOfGaussians(2))
    history = run(model, x, x[:20], precision="auto")
    assert history.unit == "differential nats"
    assert "in differential nats" in history._repr_html_()
    assert history.valid_nll[-1] == evaluate(model, x[:20])
    assert run(small(head=Categorical(2))).unit == run(small()).unit == "nats"


def test_no_trial_is_made_for_a_density(monkeypatch):
    def trial(device):
        trials.append(device)
        return True

    trials = []
    monkeypatch.setattr(training, "_bfloat16_is_faster", trial)
    auto, plain = small(head=MixtureOfGaussians(2)), small(head=MixtureOfGaussians(2))
    run(auto, torch.randn(60, 3, generator=torch.Generator().manual_seed(0)), precision="auto")
    run(plain, torch.randn(60, 3, generator=torch.Generator().manual_seed(0)))
    assert trials == []
    assert same(state(auto), state(plain))
    run(small(head=Categorical(2)), precision="auto")
    assert len(trials) == 1


@pytest.mark.parametrize(
    ("head", "value", "message"),
    [
        (Categorical(3), 3.0, "classes must be whole numbers 0..2, got 3.0"),
        (Categorical(3), 0.5, "classes must be whole numbers 0..2, got 0.5"),
        (None, 0.5, "binary data must hold only 0 and 1, got 0.5"),
    ],
)
def test_data_that_are_none_of_the_heads_are_refused_before_training(head, value, message):
    model = small(head=head)
    before = state(model)
    bad = DATA.clone()
    bad[17, 1] = value
    for call in (
        lambda: run(model, bad),
        lambda: run(model, DATA, bad),
        lambda: evaluate(model, bad),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            call()
    assert same(state(model), before)


def test_classes_are_learned_up_to_their_entropy():
    rows = torch.tensor([[0, 2, 1], [2, 0, 0], [1, 1, 2], [0, 1, 1]]).repeat(30, 1)
    model = small(head=Categorical(3))
    run(model, rows, epochs=60, lr=0.05, weight_decay=0.0)
    assert evaluate(model, rows) == pytest.approx(math.log(4), abs=0.05)
    assert len(model.sample(200).unique(dim=0)) < 10


def test_a_checkpoint_of_patience_without_averages_is_refused(tmp_path):
    file = tmp_path / "run.pt"
    run(small(), valid=DATA, patience=3, epochs=1, checkpoint=file)
    content = torch.load(file, weights_only=True)
    del content["run"]["average"]
    torch.save(content, file)
    model = small()
    before = state(model)
    with pytest.raises(ValueError, match=r"run\.pt is of an earlier version of fit.*delete it"):
        run(model, valid=DATA, patience=3, epochs=2, checkpoint=file)
    assert same(state(model), before)
