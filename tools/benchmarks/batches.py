"""Three tables by batch and rate: what fit with patience takes where nobody says.

None of them is among the tables of other sections. Validation rows stop each training; test rows
say what the choice is worth. Nats are of scaled columns, so they compare within a table alone.
"""

import time
from itertools import product

import torch

from made_course import MADE, evaluate, fit, load_table

from .measuring import say, spread, table
from .ranges import wooldridge
from .recorded import HIDDEN, PATIENCE

BATCHES = (None, 32, 100, 256, 512)
RATES = (0.003, 0.01, 0.03)


def rossi():
    from lifelines.datasets import load_rossi

    return load_rossi()


TABLES = {
    "rossi": rossi,
    "crime1": lambda: wooldridge("crime1", "pcnvsq", "pt86sq", "inc86sq"),
    "wage2": lambda: wooldridge("wage2", "lwage"),
}


def trained(data, batch, rate, seed):
    """Nats of validation and test rows, epochs, and seconds of a processor."""
    torch.manual_seed(seed)
    start = time.process_time()
    model = MADE(len(data.columns), HIDDEN, natural_order=False, head=data.head, seed=seed)
    train, valid, test = data
    asked = {"batch_size": batch, "lr": rate, "patience": PATIENCE, "seed": seed}
    history = fit(model, train, valid, progress=False, **asked)
    seconds = time.process_time() - start
    return evaluate(model, valid), evaluate(model, test), float(len(history)), seconds


def batches(options):
    for name, load in TABLES.items():
        loaded = {seed: load_table(load(), seed=seed, missing="keep") for seed in options.seeds}
        rows = []
        for batch, rate in product(BATCHES, RATES):
            say(f"batches: {name}, {batch}, {rate}")
            runs = [trained(data, batch, rate, seed) for seed, data in loaded.items()]
            told = map(spread, zip(*runs, strict=True))
            rows.append((f"{batch or 'as it is'}, {rate}", *told))
        train, *_ = loaded[options.seeds[0]]
        table(
            f"Batches, {name}, {len(train):,} rows to learn from, {len(loaded)} splits",
            ("batch, rate", "validation nats", "test nats", "epochs", "CPU seconds"),
            rows,
        )
