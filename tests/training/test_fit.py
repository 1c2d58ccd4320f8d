"""fit: learning, seeds, epochs, infinite losses, precision and errors."""

import math
import re

import numpy as np
import pandas
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from made_course import MADE, evaluate, fit
from made_course.model.heads import Categorical, MixtureOfGaussians
from made_course.tables.table import Table
from made_course.training import precision
from tests.training.learning_runs import (
    DATA,
    Loader,
    interrupt,
    many,
    measured,
    run,
    same,
    small,
    state,
)

REALS = DATA + torch.linspace(0, 0.5, 360).view(120, 3)

# ---- learning -----------------------------------------------------------------------------------


def test_learns_a_distribution_up_to_its_entropy():
    shares = np.random.default_rng(0).dirichlet(np.full(16, 0.4))
    counts = torch.from_numpy(np.round(2_000 * shares)).long()
    rows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4).repeat_interleave(counts, dim=0)
    p = counts[counts > 0] / counts.sum()
    entropy = -(p * p.log()).sum().item()
    model = MADE(4, (64, 64), ordering=[1, 2, 3, 0], degrees="even", seed=0)
    history = run(model, rows, epochs=10, batch_size=100, lr=0.02, weight_decay=0.0)
    # no model is better than the entropy: the difference is a Kullback-Leibler divergence
    assert -1e-4 < evaluate(model, rows) - entropy < 0.01
    assert history.train_nll[0] > entropy + 0.1


@pytest.mark.parametrize("num_masks", [1, 3, None])
def test_each_step_meets_the_next_set_of_masks(monkeypatch, num_masks):
    model, twin, seen = many(num_masks), many(num_masks), []
    step = torch.optim.AdamW.step

    def record(self, *arguments, **options):
        seen.append(model.degrees)
        return step(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", record)
    run(model, DATA[:70], epochs=3)  # of three batches, the last a short one
    assert len(seen) == 9
    for degrees in [*seen, model.degrees]:
        assert all(map(torch.equal, degrees, twin.degrees))
        if num_masks != 1:
            twin.resample_masks()


def test_what_holds_the_rows_does_not_matter():
    ends = []
    for batches in (DATA.split(40), DataLoader(DATA, 40), DataLoader(TensorDataset(DATA), 40)):
        model = small()
        history = run(model, batches, batches)
        ends.append((measured(history), state(model)))
    assert ends[0][0] == ends[1][0] == ends[2][0]
    assert same(ends[0][1], ends[1][1])
    assert same(ends[0][1], ends[2][1])


def test_a_progress_bar_is_shown_unless_it_is_not_wanted(capsys):
    run(small())
    assert capsys.readouterr() == ("", "")
    fit(small(), DATA, DATA, epochs=1, batch_size=60, precision="float32")
    assert re.search(r"2/2.*valid NLL \d\.\d\d\]", capsys.readouterr().err)


# ---- one seed, one result -----------------------------------------------------------------------


@pytest.mark.parametrize("train", [DATA, DataLoader(DATA, 40, shuffle=True)], ids=["tensor", "own"])
def test_equal_seeds_give_equal_bits_and_leave_the_global_stream_alone(train):
    def end(seed, global_seed):
        model = small(dropout=0.3)
        torch.manual_seed(global_seed)
        before = torch.get_rng_state()
        history = run(model, train, DATA, seed=seed)
        assert torch.equal(torch.get_rng_state(), before) == (seed is not None)
        return measured(history), state(model)

    ends = [end(7, 1), end(7, 2), end(None, 7)]  # without a seed the global stream decides
    for nll, weights in ends:
        assert nll == ends[0][0]
        assert same(weights, ends[0][1])
    assert not same(end(8, 1)[1], ends[0][1])
    assert not same(end(None, 8)[1], ends[0][1])


def do_all_that_is_allowed(model, history):
    model.train(len(history) % 2 == 0)
    torch.rand(5)
    torch.manual_seed(99)
    evaluate(model, DATA)
    model.sample(5)
    if model.num_masks != 1:
        evaluate(model, DATA, ensemble=3)


@pytest.mark.parametrize(
    ("num_masks", "patience", "seed"),
    [(1, None, 0), (3, 9, None), (None, None, None), (None, 9, 0)],
)
def test_what_on_epoch_does_does_not_disturb_the_training(num_masks, patience, seed):
    """Compare to the last bit; masks, dropout and shuffling draw from the global stream."""
    ends = []
    for on_epoch in (None, do_all_that_is_allowed):
        torch.manual_seed(5)
        model = many(num_masks, seed=None, dropout=0.5, conditioning=True)
        loader = DataLoader(DATA, 40, shuffle=True)
        torch.manual_seed(6)
        history = run(
            model, loader, DATA[:60], epochs=4, patience=patience, seed=seed, on_epoch=on_epoch
        )
        ends.append((measured(history), state(model), torch.get_rng_state()))
    assert ends[0][0] == ends[1][0]
    assert same(ends[0][1], ends[1][1])
    assert torch.equal(ends[0][2], ends[1][2])


# ---- epochs: the best one, and interrupted ones -------------------------------------------------


def test_on_epoch_sees_model_and_history_and_without_validation_the_last_weights_stay():
    model, calls = small(dropout=0.5).train(), []

    def on_epoch(given, history):
        assert given is model
        calls.append((list(history.epoch), state(given)))

    run(model, on_epoch=on_epoch)
    assert [epochs for epochs, _ in calls] == [[1], [1, 2], [1, 2, 3]]
    assert same(state(model), calls[2][1])
    assert not same(calls[2][1], calls[1][1])
    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize("num_masks", [3, None])
def test_validation_is_scored_with_the_first_set(num_masks):
    model, first, in_use = many(num_masks), [], []

    def on_epoch(model, history):
        first.append(evaluate(model, DATA[:60], ensemble=1))
        in_use.append(evaluate(model, DATA[:60]))

    assert run(model, DATA, DATA[:60], epochs=5, on_epoch=on_epoch).valid_nll == first
    assert first != in_use


@pytest.mark.parametrize(
    ("place", "whole", "patience"),
    [
        ("first epoch", 0, None),
        ("train", 2, 9),
        ("valid", 2, 9),
        ("on_epoch", 3, 9),
        ("nowhere", 5, None),
    ],
)
def test_an_interrupt_leaves_the_best_of_the_whole_epochs(place, whole, patience):
    train = Loader({"first epoch": (1, 3), "train": (3, 2)}.get(place), interrupt)
    valid = Loader((3, 2) if place == "valid" else None, interrupt, (1 - DATA).split(20))
    model = small()
    epochs = [state(model)]

    def on_epoch(model, history):
        epochs.append(state(model))
        if place == "on_epoch" and len(history) == 3:
            interrupt()

    history = run(model, train, valid, epochs=5, patience=patience, on_epoch=on_epoch)
    lists = history.epoch, history.train_nll, history.valid_nll, history.lr, history.seconds
    assert [len(values) for values in lists] == [whole] * 5
    assert history.best_epoch == (1 if whole else None)
    assert same(state(model), epochs[min(whole, 1)])
    assert not model.training


# ---- losses that are not finite -----------------------------------------------------------------


def test_a_loss_that_is_not_finite_stops_and_leaves_the_last_good_weights():
    model, epochs = small(), []

    @torch.no_grad()
    def spoil():
        model.net[0].weight.fill_(math.nan)

    train = Loader((3, 2), spoil, DATA.bool().split(40))
    with pytest.raises(FloatingPointError, match=r"epoch 3, batch 2: lower lr, or check the data"):
        run(model, train, on_epoch=lambda model, history: epochs.append(state(model)))
    assert same(state(model), epochs[1])
    assert not model.training


def test_a_gradient_that_is_not_finite_stops_before_it_spoils_the_weights():
    model = small()
    before = state(model)

    def spoil():
        model.net[0].weight.register_hook(lambda grad: grad * math.inf)

    with pytest.raises(FloatingPointError, match="the gradient is not finite in epoch 1, batch 2"):
        run(model, Loader((1, 2), spoil))
    assert same(state(model), before)


def test_validation_data_without_a_finite_score_are_named():
    model = small(head=MixtureOfGaussians(2))
    before = state(model)
    with pytest.raises(FloatingPointError, match="validation data is nan after epoch 1: lower lr"):
        run(model, REALS, torch.full((4, 3), 1e30))
    assert same(state(model), before)


def test_data_that_were_not_standardised_are_named_where_the_loss_blows_up():
    data = torch.cat([REALS, torch.full((1, 3), -200.0)])
    with pytest.raises(FloatingPointError, match="the data reach 200: standardise them"):
        run(small(head=MixtureOfGaussians(2)), data, batch_size=121, lr=1e30)


def test_a_density_is_measured_in_differential_nats():
    assert run(small(head=MixtureOfGaussians(2)), REALS).unit == "differential nats"
    assert run(small(head=Categorical(2))).unit == run(small()).unit == "nats"


# ---- precision ----------------------------------------------------------------------------------


def products(model):
    """Return the dtypes of the first layer's outputs in training, and in evaluation."""
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


@pytest.mark.parametrize(
    ("model", "faster", "dtype"),
    [
        (small(), True, torch.bfloat16),
        (small(), False, torch.float32),
        (small(head=Categorical(2)), True, torch.bfloat16),
        (small(head=MixtureOfGaussians(2)), True, torch.float32),
        (small().double(), True, torch.float64),
    ],
)
def test_auto_takes_what_the_trial_found_faster(monkeypatch, model, faster, dtype):
    monkeypatch.setattr(precision, "bfloat16_is_faster", lambda device: faster)
    seen = products(model)
    data = REALS if model.head.is_density else DATA
    before = evaluate(model, data)
    run(model, data, precision="auto")
    assert seen[True] == {dtype}
    assert evaluate(model, data) < before - 0.1


# ---- errors -------------------------------------------------------------------------------------

BINARY, CLASSES, REAL = small(), small(head=Categorical(3)), small(head=MixtureOfGaussians(2))
WRONG_AT_LAST = torch.cat([DATA, torch.tensor([[0.0, 3.0, 0.0]])])


@pytest.mark.parametrize("use", [run, evaluate])
@pytest.mark.parametrize(
    ("model", "data", "error", "message"),
    [
        (BINARY, torch.zeros(0, 3), ValueError, "there are no rows"),
        (BINARY, [], ValueError, "there are no rows: use a tensor"),
        (BINARY, [torch.zeros(0, 3)], ValueError, "rows, or a loader that can be iterated many"),
        (BINARY, WRONG_AT_LAST, ValueError, "must hold only 0 and 1, got 3"),
        (CLASSES, WRONG_AT_LAST, ValueError, "classes must be whole numbers 0..2, got 3"),
        (BINARY, DATA.view(-1, 1, 3), ValueError, r"\(B, 3\), got \(120, 1, 3\): for images"),
        (BINARY, 3, TypeError, "got int"),
        (BINARY, DATA.numpy(), TypeError, "got a ndarray: use torch.as_tensor"),
        (BINARY, Table(DATA, [], None), TypeError, "got Table: for a table, use train, valid"),
        (BINARY, pandas.DataFrame(DATA), TypeError, r"got DataFrame: .* load_table\(file or"),
        (BINARY, [(DATA, DATA)], TypeError, "without labels, got a tuple"),
        (BINARY, [DATA, WRONG_AT_LAST], ValueError, "must hold only 0 and 1, got 3"),
    ],
)
def test_data_that_do_not_fit_the_model_are_refused(model, data, error, message, use):
    before = state(model)
    with pytest.raises(error, match=message):
        use(model, data)
    assert same(state(model), before)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"train": iter(DATA.split(40))}, TypeError, "must have a length, got tuple_iterator"),
        ({"valid": []}, ValueError, "there are no rows"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"lr": 0}, ValueError, "lr must be finite and above 0, got 0"),
        ({"precision": "float16"}, ValueError, "unknown precision 'float16': choose one of auto"),
        ({"patience": 2, "valid": None}, ValueError, "patience needs validation data: pass valid="),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, message):
    model = small()
    before = state(model)
    with pytest.raises(error, match=message):
        run(model, **{"valid": DATA, **arguments})
    assert same(state(model), before)


def test_batches_without_rows_are_left_out():
    model, empty = small(), torch.zeros(0, 3)
    run(model, [empty, DATA], valid=[empty, DATA], epochs=1)
    assert evaluate(model, [empty, DATA]) == evaluate(model, DATA)
