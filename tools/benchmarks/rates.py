"""The falling rate of fit with patience beside constant rates, on six sets."""

import math
import time
from unittest.mock import patch

import torch

from made_course import (
    MADE,
    Bernoulli,
    evaluate,
    example_table,
    fit,
    load_binarized_mnist,
    load_table,
)
from made_course.training import schedules

from .measuring import say, spread, table
from .tables import incomes

HIDDEN, PATIENCE = (500,), 30
RATES = {"0.03": 0.03, "0.01": 0.01, "falling": None}
"""Name → constant rate after the first epoch; None is the default of fit."""


def shuffled(rows, seed):
    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]


def mnist(seed):
    train, test, _ = load_binarized_mnist("small")
    return *shuffled(train, seed).split(3500), test, Bernoulli()


def digits(seed):
    from sklearn.datasets import load_digits

    rows = shuffled(torch.from_numpy(load_digits().data > 7).float(), seed)
    ends = [len(rows) * 70 // 100, len(rows) * 85 // 100]
    return *rows.tensor_split(ends), Bernoulli()


def from_table(source, seed):
    data = load_table(source, seed=seed)
    return *data, data.head


def scikit(name):
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(as_frame=True).frame


SETS = {
    "small MNIST": mnist,
    "digits": digits,
    "votes": lambda seed: from_table(example_table(), seed),
    "wine": lambda seed: from_table(scikit("wine"), seed),
    "diabetes": lambda seed: from_table(scikit("diabetes"), seed),
    "incomes": lambda seed: from_table(incomes(), seed),
}


def trained(load, rate, seed):
    """Return the test NLL, the epochs and the CPU seconds of one training."""
    train, valid, test, head = load(seed)
    torch.manual_seed(seed)
    model = MADE(train.shape[1], HIDDEN, natural_order=False, head=head, seed=seed)
    steps = math.ceil(len(train) / schedules.Patient(PATIENCE).batch_size(len(train)))
    rise, fall = (schedules.RISE, schedules.FALL) if rate is None else (steps, 1.0)
    how = {"lr": rate, "patience": PATIENCE, "precision": "float32", "progress": False}
    start = time.process_time()
    with patch.multiple(schedules, RISE=rise, FALL=fall):
        history = fit(model, train, valid, seed=seed, **how)
    return evaluate(model, test), float(len(history)), time.process_time() - start


def rates(options):
    rows = []
    for name, load in SETS.items():
        for label, rate in RATES.items():
            say(f"rates: {name}, {label}")
            runs = [trained(load, rate, seed) for seed in options.seeds]
            rows.append((f"{name}, {label}", *map(spread, zip(*runs, strict=True))))
    table(
        f"Rates with patience, one layer of {HIDDEN[0]}, {len(options.seeds)} seeds",
        ("set, rate", "test NLL (nats)", "epochs", "CPU seconds"),
        rows,
    )
