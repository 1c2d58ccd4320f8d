"""Both schedules: the cycle, and the steps and end of a run with patience."""

import pytest
import torch

from made_course import MADE, History, evaluate, fit
from made_course.training.schedules import PatientSchedule, one_cycle
from tests.training.learning_runs import DATA, ONES, ZEROS, run, small, stop_after
from tools.ships.run import RUNGS, train_by

ROWS = DATA.repeat(5, 1)
"""Two batches of the default size."""
QUIET = {"seed": 0, "precision": "float32", "progress": False}


def model_with_long_gradients():
    """Return a model whose gradients are all clipped."""
    model = small()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(4)
    return model


def parameters_of(model):
    return [p.detach().clone() for p in model.parameters()]


def written_out(model, *, epochs, batch_size, lr, weight_decay):
    """Run the steps of fit with patience in plain code, with the batches of seed 0.

    Returns the weights, averaged weights, NLL and rate of each epoch.
    """
    torch.manual_seed(0)
    parameters, biases = list(model.parameters()), [layer.bias for layer in model.net]
    weights = [layer.weight for layer in model.net]
    groups = [{"params": weights}, {"params": biases, "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, fused=True)
    step, found = 0, []
    means = [p.detach().double() for p in parameters]
    for _ in range(epochs):
        nll = 0.0
        for rows in torch.randperm(len(ROWS)).split(batch_size):
            rate = lr * min(1, (step + 1) / 100)
            for group in optimizer.param_groups:
                group["lr"] = rate
            decay = 10 / (100 + step) / rate if weight_decay is None else weight_decay
            optimizer.param_groups[0]["weight_decay"] = decay
            optimizer.zero_grad()
            loss = -model.log_prob(ROWS[rows]).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            pairs = zip(means, parameters, strict=True)
            means = [m + 5 / (step + 5) * (p.detach() - m) for m, p in pairs]
            nll += loss.item() * len(rows) / len(ROWS)
            step += 1
        found.append((parameters_of(model), means, nll, rate))
    return zip(*found, strict=True)


CHANGED = {"batch_size": 250, "lr": 0.04, "weight_decay": 0.5}
OWN = {"epochs": 4, **CHANGED}
PATIENT = {"epochs": 5, "batch_size": 60, "lr": 0.03, "weight_decay": None}


@pytest.mark.parametrize(
    ("changed", "epochs"), [({}, {}), (CHANGED, {"epochs": 4})], ids=["defaults", "own"]
)
def test_without_patience_a_run_is_the_ladders_bit_by_bit(changed, epochs):
    """Compare with the separate loop of the ladder, whose last rung has the defaults of fit."""
    rung = RUNGS["weight decay"] | {"dropout": 0.2, "scaled_weights": True} | changed
    settings = {"epochs": 10, "hidden_dims": (16, 9), "seed": 3} | epochs
    _, *expected = train_by(rung, ROWS, DATA, **settings)
    torch.manual_seed(3)
    model = MADE(3, (16, 9), degrees="even", direct=True, dropout=0.2)
    history = fit(model, ROWS, DATA, **changed, **epochs, **(QUIET | {"seed": None}))
    assert [history.train_nll, history.valid_nll] == expected
    assert min(history.seconds) > 0


@pytest.mark.parametrize(
    ("given", "meant"), [({"epochs": 5}, PATIENT), (OWN, OWN)], ids=["defaults", "own"]
)
def test_with_patience_the_averages_are_shown_scored_and_kept(given, meant):
    fitted, shown = model_with_long_gradients(), []
    weights, means, nll, rates = written_out(model_with_long_gradients(), **meant)

    def look(model, _):
        shown.append((parameters_of(model), evaluate(model, DATA)))

    history = fit(fitted, ROWS, DATA, patience=9, on_epoch=look, **given, **QUIET)
    for (seen, _), mean, last in zip(shown, means, weights, strict=True):
        for a, b, c in zip(seen, mean, last, strict=True):
            torch.testing.assert_close(a.double(), b, rtol=0, atol=1e-6)
            assert not torch.allclose(a, c, rtol=0, atol=1e-4)
    assert history.valid_nll == [score for _, score in shown]
    assert history.train_nll == pytest.approx(nll, abs=1e-5)
    assert history.lr == pytest.approx(rates)
    assert history.best_epoch == meant["epochs"]
    assert all(map(torch.equal, parameters_of(fitted), shown[-1][0]))


def test_the_rate_of_a_cycle_stays_within_bounds():
    for steps in (1, 2, 3, 10):
        shares = [one_cycle(step, steps) for step in range(steps)]
        assert min(shares) > 0
        assert max(shares) == 1
    # a loader may yield more batches than it announced
    assert one_cycle(14, 10) == one_cycle(9, 10)


@pytest.mark.parametrize(
    ("rows", "batch_size"), [(1, 1), (9, 1), (11, 2), (250, 25), (1000, 100), (1050, 100)]
)
def test_a_patient_run_takes_ten_steps_an_epoch_or_more(rows, batch_size):
    assert PatientSchedule(1).batch_size(rows) == batch_size


# ---- how the rate of a patient run falls ---------------------------------------------------------


def test_rate_and_decay_of_a_step():
    schedule, model = PatientSchedule(12, lr=0.04), small()
    optimizer = torch.optim.AdamW(schedule.parameter_groups(model))
    for step, falls, rate in [(0, 0, 0.0004), (99, 0, 0.04), (900, 0, 0.04), (900, 2, 0.04 / 9)]:
        history = History(valid_nll=[1.0] * (1 + 2 * falls))  # no better in two epochs per fall
        schedule.set_rate(optimizer, step, 1, history)
        weights, biases = optimizer.param_groups
        assert weights["lr"] == biases["lr"] == pytest.approx(rate)
        assert rate * weights["weight_decay"] == pytest.approx(10 / (100 + step))
        assert biases["weight_decay"] == 0


def test_a_run_lowers_its_rate_while_no_score_is_better():
    history = run(small(), ZEROS, ONES, epochs=None, patience=12, lr=0.02)  # two steps per epoch
    falls = [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]  # the first epoch is the best
    expected = [0.02 * 2 * epoch / 100 / 3**k for epoch, k in enumerate(falls, start=1)]
    assert history.lr == pytest.approx(expected)


# ---- when a patient run ends --------------------------------------------------------------------


@pytest.mark.parametrize("patience", [1, 3])
def test_patience_stops_once_nothing_gets_better(patience):
    model = small()
    history = run(model, ZEROS, ONES, epochs=50, patience=patience)
    assert history.best_epoch == 1
    assert len(history) == 1 + patience
    assert evaluate(model, ONES) == history.valid_nll[0]


def test_patience_goes_on_while_it_gets_better():
    settings = {"epochs": None, "patience": 1, "lr": 0.05}
    assert len(run(small(), DATA, DATA, on_epoch=stop_after(12), **settings)) == 12
