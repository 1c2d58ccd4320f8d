"""Compare the falling rate of fit with patience with constant rates, on six sets."""

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

from .measuring import print_progress, print_table, summarize
from .tables import make_incomes

HIDDEN, PATIENCE = (500,), 30
RATES = {"0.03": 0.03, "0.01": 0.01, "falling": None}
"""Name → constant rate after the first epoch; None is the default of fit."""


def shuffle(rows, seed):
    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]


def load_small_mnist(seed):
    train, test, _ = load_binarized_mnist("small")
    return *shuffle(train, seed).split(3500), test, Bernoulli()


def load_small_digits(seed):
    from sklearn.datasets import load_digits

    rows = shuffle(torch.from_numpy(load_digits().data > 7).float(), seed)
    ends = [len(rows) * 70 // 100, len(rows) * 85 // 100]
    return *rows.tensor_split(ends), Bernoulli()


def load_rows(source, seed):
    data = load_table(source, seed=seed)
    return *data, data.head


def load_frame(name):
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(as_frame=True).frame


SETS = {
    "small MNIST": load_small_mnist,
    "digits": load_small_digits,
    "votes": lambda seed: load_rows(example_table(), seed),
    "wine": lambda seed: load_rows(load_frame("wine"), seed),
    "diabetes": lambda seed: load_rows(load_frame("diabetes"), seed),
    "incomes": lambda seed: load_rows(make_incomes(), seed),
}


def train_at_rate(load, rate, seed):
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
            print_progress(f"rates: {name}, {label}")
            runs = [train_at_rate(load, rate, seed) for seed in options.seeds]
            rows.append((f"{name}, {label}", *map(summarize, zip(*runs, strict=True))))
    print_table(
        f"Rates with patience, one layer of {HIDDEN[0]}, {len(options.seeds)} seeds",
        ("set, rate", "test NLL (nats)", "epochs", "CPU seconds"),
        rows,
    )
