"""Rows with gaps: a model that learns from them, beside whole rows alone and an imputer.

Of whole rows some cells are taken out, of those to learn from and of the test rows: at random; by
a column that is there (twice as many where the first column is above its median or is of its first
class, none elsewhere); or by the cell's own value likewise, which no model of the rows can know.
The first column has no gaps. Nats are those of whole test rows, RMSE that of the real cells taken
out of test rows, in standard deviations, bias the largest error of a column's mean in what a model
draws, beside the training rows as they were.
"""

import warnings
from itertools import product

import numpy as np
import pandas
import torch

from made_course import MADE, Gaps, Mixed, complete, evaluate, fit, load_table

from .measuring import say, spread, table
from .tables import plain

PATIENCE = 30
SHARES = (0.02, 0.1, 0.3)
CANDIDATES = 100
FEWEST = 20
"""So few whole rows, to learn from and to validate, are no training."""


def penguins():
    """Penguins by species, island and sex, from the package palmerpenguins."""
    from palmerpenguins import load_penguins

    return load_penguins().drop(columns="year").dropna()


def sixteen():
    """2,000 rows of sixteen correlated reals."""
    draw = np.random.default_rng(0)
    factors = draw.normal(size=(16, 6))
    covariance = factors @ factors.T / 6 + 0.3 * np.eye(16)
    return pandas.DataFrame(draw.multivariate_normal(np.zeros(16), covariance, size=2000))


TABLES = (penguins, sixteen)


def taken_out(x, share, how, seed):
    """The rows with gaps, none in the first column."""
    chance = torch.full_like(x, share)
    if how != "at random":
        of = x[:, :1] if how == "by a column" else x
        is_class = torch.isin(of, torch.arange(3.0)).all(0)
        chance = 2 * share * torch.where(is_class, of == 0, of > of.median(0).values).float()
        chance = chance.expand(x.shape).clone()
    chance[:, 0] = 0
    draw = torch.Generator().manual_seed(seed)
    return x.masked_fill(torch.rand(x.shape, generator=draw) < chance, torch.nan)


def trained(columns, train, valid, seed):
    """By the recipe of docs/own_data.md: the columns with most gaps come last."""
    gaps = torch.cat([train, valid]).isnan().sum(0)
    heads = [Gaps(c.head) if n else c.head for c, n in zip(columns, gaps, strict=True)]
    torch.manual_seed(seed)
    ordering = gaps.argsort(stable=True)
    model = MADE(len(heads), (100,), ordering=ordering, head=Mixed(heads), seed=seed)
    fit(model, train, valid, patience=PATIENCE, seed=seed, progress=False)
    return model


def whole(x):
    return x[~x.isnan().any(1)]


def imputed(columns, train, *others, draws=False):
    """Fill all rows by scikit-learn's IterativeImputer, with means or with draws.

    A class gets its most likely code.
    """
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    counts = [len(c.values) or 1 for c in columns]

    def wide(x):
        parts = [
            torch.where(x[:, [i]].isnan(), torch.nan, (x[:, [i]] == torch.arange(float(k))).float())
            if k > 1
            else x[:, [i]]
            for i, k in enumerate(counts)
        ]
        return torch.cat(parts, 1).numpy()

    def narrow(x):
        parts = torch.from_numpy(x).float().split(counts, 1)
        return torch.cat(
            [p.argmax(1, keepdim=True).float() if p.shape[1] > 1 else p for p in parts], 1
        )

    imputer = IterativeImputer(random_state=0, sample_posterior=draws).fit(wide(train))
    filled = (narrow(imputer.transform(wide(x))) for x in (train, *others))
    return [f.where(x.isnan(), x) for f, x in zip(filled, (train, *others), strict=True)]


def measured(data, share, how, seed):
    """Name → nats, RMSE and bias, NaN where there is none."""
    reals = torch.tensor([not c.values for c in data.columns])
    truth = [*data]
    train, valid, test = (taken_out(x, share, how, 10 * seed + k) for k, x in enumerate(truth))
    filled = imputed(data.columns, train, valid, test)
    learned = {
        "rows with gaps": (train, valid),
        "whole rows alone": (whole(train), whole(valid)),
        "IterativeImputer, then MADE": filled[:2],
        "draws of IterativeImputer, then MADE": imputed(data.columns, train, valid, draws=True),
    }
    found = {}
    hidden = test.isnan() & reals

    def rmse(guess):
        return (guess - truth[2])[hidden].square().mean().sqrt().item()

    for name, (rows, scored) in learned.items():
        say(f"gaps: {how}, {share:.0%}, seed {seed}, {name}")
        if len(rows) < FEWEST or len(scored) < FEWEST:
            found[name] = (torch.nan,) * 3
            continue
        model = trained(data.columns, rows, scored, seed)
        drawn = model.sample(20_000)[:, reals].mean(0)
        bias = (drawn - truth[0][:, reals].mean(0)).abs().max().item()
        guess = filled[2]
        if name != "IterativeImputer, then MADE":
            guess = complete(model, test, ~test.isnan(), CANDIDATES).mean
        found[name] = evaluate(model, truth[2]), rmse(guess), bias
    return found


def gaps(options):
    for make in TABLES:
        whole_tables = {seed: plain(load_table(make(), seed=seed)) for seed in options.seeds}
        cases = [*product(("at random", "by a column"), SHARES), ("by its own value", SHARES[-1])]
        rows = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for how, share in cases:
                runs = [measured(data, share, how, seed) for seed, data in whole_tables.items()]
                rows += [
                    (
                        f"{how}, {share:.0%}",
                        name,
                        *map(spread, zip(*(r[name] for r in runs), strict=True)),
                    )
                    for name in runs[0]
                ]
        table(
            f"Gaps, {make.__name__}, {len(options.seeds)} splits",
            ("gaps", "model", "nats of whole test rows", "RMSE of what is missing", "bias"),
            rows,
        )
