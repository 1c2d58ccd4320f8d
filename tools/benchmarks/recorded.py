"""Tables with spikes, long tails and counts: MADE beside independent columns, in one unit for all.

The unit is the probability of a recorded cell. A density is multiplied by the step at which its
column was recorded, the largest number of which all cells are multiples, and by 1e-6 where four
decimals do not write them.

A column by itself is its curve, fitted as a MADE whose variables come all at once, mixed with the
shares of the training cells, in the proportion that the validation rows choose.
"""

import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas
import torch
from pandas import DataFrame

from made_course import MADE, fit, load_table
from made_course.data.table_numbers import step_of

from .measuring import say, spread, table

PATIENCE = 30
HIDDEN = (100,)
NO_STEP = 1e-6
DRAWN = 2000
MIXED = (0, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)


def incomes(n=3000):
    """Incomes with a long tail, savings of which a fifth is none, ages, children."""
    draw = np.random.default_rng(0)
    age, school = draw.integers(18, 80, n), draw.choice([9, 12, 14, 16, 20], n)
    income = np.exp(8.5 + 0.12 * school + 0.01 * age + 0.5 * draw.normal(size=n))
    saved = np.exp(-1 + 0.9 * np.log(income) + 0.8 * draw.normal(size=n))
    return DataFrame(
        {
            "age": age,
            "school": school,
            "income": income.round(2),
            "savings": np.where(draw.random(n) < 0.22, 0, saved).round(2),
            "children": draw.poisson(np.clip((age - 20) / 25, 0.1, 2)),
        }
    )


def shipped(name):
    """2,000 rows of a table that the package statsmodels ships."""
    from statsmodels import datasets

    frame = getattr(datasets, name).load_pandas().data
    return frame.sample(2000, random_state=0).reset_index(drop=True)


def of_plotnine(name):
    """A table of the package plotnine, which it would take seconds to import."""
    package = Path(find_spec("plotnine").origin).parent
    return pandas.read_csv(package / "data" / f"{name}.csv")


def diamonds():
    """2,000 of them, as they are."""
    return of_plotnine("diamonds").sample(2000, random_state=0).reset_index(drop=True)


TABLES = {
    "incomes, drawn": incomes,
    "diamonds": diamonds,
    "fair": lambda: shipped("fair"),
    "randhie": lambda: shipped("randhie"),
}


@torch.no_grad()
def nats_of_cells(model, data, x, steps):
    """(n, D) nats of each cell, as recorded, and 0 where it is missing."""
    nats = -model.log_conditionals(x)
    for i, (column, step) in enumerate(zip(data.columns, steps, strict=True)):
        if column.head.is_density:
            recur = column.numbers.head.arguments[0] if column.numbers.spikes else ()
            is_mass = torch.isin(x[:, i], torch.tensor(recur))
            nats[:, i] -= torch.where(is_mass, 0.0, math.log(step / column.sd))
    return nats.masked_fill(x.isnan(), 0)


def independent(data, seed, steps):
    """(n, D) nats of the test cells, each column by itself."""
    train, valid, test = data
    d = len(data.columns)
    model = MADE(d, (), ordering=[[*range(d)]], head=data.head, seed=seed)
    fit(model, train, valid, patience=10, seed=seed, progress=False)
    curves = [nats_of_cells(model, data, x, steps).neg().exp() for x in (valid, test)]
    shares = [torch.stack([*map(share_of, train.T, x.T)], 1) for x in (valid, test)]
    of_valid, of_test = (
        torch.stack([-(w * share + (1 - w) * curve).log().masked_fill(x.isnan(), 0) for w in MIXED])
        for share, curve, x in zip(shares, curves, (valid, test), strict=True)
    )
    best = of_valid.mean(1).argmin(0)
    return of_test[best, :, torch.arange(d)].T


def share_of(learned, cells):
    """The share that each cell has of those learned from."""
    learned = learned[~learned.isnan()]
    values, counts = learned.unique(return_counts=True)
    at = torch.searchsorted(values, cells.contiguous()).clamp(max=len(values) - 1)
    return torch.where(values[at] == cells, counts[at] / len(learned), 0.0)


def recorded(options):
    rows = []
    for name, load in TABLES.items():
        say(f"tables: {name}")
        found = zip(*(measured(load(), seed)[:2] for seed in options.seeds), strict=True)
        rows.append((name, *map(spread, found)))
    table(
        f"Tables, recorded, nats of a row of cells at their steps, {len(options.seeds)} splits",
        ("table", "MADE, the recipe", "independent columns"),
        rows,
    )


def measured(frame, seed, kinds=None):
    """Nats of a MADE by docs/own_data.md, and of independent columns, and what the MADE draws."""
    data = load_table(frame, seed=seed, missing="keep", kinds=kinds)
    cells = (pandas.to_numeric(frame[c.name]).dropna() for c in data.columns if not c.values)
    steps = [1 if c.values else step_of(next(cells).unique()) or NO_STEP for c in data.columns]
    torch.manual_seed(seed)
    gaps_last = data.rows.isnan().sum(0).argsort(stable=True)
    model = MADE(len(steps), HIDDEN, ordering=gaps_last, head=data.head, seed=seed)
    fit(model, data.train, data.valid, patience=PATIENCE, seed=seed, progress=False)
    nats = nats_of_cells(model, data, data.test, steps), independent(data, seed, steps)
    return *(x.sum(1).mean().item() for x in nats), data.inverse(model.sample(DRAWN))
