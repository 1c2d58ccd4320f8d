"""Mixed tables that come with scikit-learn: MADE beside flows of zuko, and beside a Gaussian.

Every model has a density of the whole row, and meets the same rows, split and scaled alike, so that
nats compare. A flow knows real numbers only: here the one class is counted, p(class), and the flow
has the real columns given the class, as its context. The Gaussian is put together likewise.

Candidates of a model are all trained, and the validation rows, which also stop each, choose one.
Zuko's documentation trains three transforms by Adam at 0.001; fewer transforms, a higher rate and
weight decay were seen to help on so few rows, so they are among the candidates.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import product

import torch
from torch import Tensor, distributions
from torch.nn.functional import one_hot
from torch.utils.data import DataLoader, TensorDataset

from made_course import MADE, Mixed, MixtureOfGaussians, Table, fit, load_table
from made_course.data.table_columns import Column
from made_course.data.table_numbers import Numbers

from .measuring import say, spread, table
from .recorded import recorded

TABLES = {
    "wine": ("target", {}),
    "breast_cancer": ("target", {}),
    "diabetes": ("sex", {"scaled": False}),
}
"""Name in sklearn.datasets → its column of classes, and arguments of what loads it."""
HIDDEN = (100,)
PATIENCE = 30
BATCH = 64
DRAWN = 1_000


# ---- models -------------------------------------------------------------------------------------


def made(bells, data, seed):
    """A model by the recipe of docs/own_data.md, whose number of bells is two."""
    heads = [c.head if c.values else MixtureOfGaussians(bells) for c in data.columns]
    model = MADE(len(heads), HIDDEN, natural_order=False, head=Mixed(heads), seed=seed)
    train, valid, _ = data
    fit(model, train, valid, patience=PATIENCE, seed=seed, progress=False)
    return model


@dataclass
class ByClass:
    """p(class) · p(reals | class): ``given`` makes the second of one-hot classes (B, K)."""

    shares: Tensor
    given: Callable[[Tensor], distributions.Distribution]

    def log_prob(self, x):
        codes = x[:, 0].long()
        return self.shares.log()[codes] + self.given(self.hot(codes)).log_prob(x[:, 1:])

    @torch.no_grad()
    def sample(self, n):
        codes = distributions.Categorical(self.shares).sample((n,))
        return torch.cat([codes[:, None], self.given(self.hot(codes)).sample()], 1)

    def hot(self, codes):
        return one_hot(codes, len(self.shares)).float()


def gaussian(data, seed):
    """A mean for each class, and one covariance for all."""
    train, *_ = data
    codes, reals = train[:, 0].long(), train[:, 1:]
    member = one_hot(codes).float()
    means = member.T @ reals / member.sum(0)[:, None]
    rest = reals - means[codes]
    covariance = rest.T @ rest / len(rest)
    return ByClass(
        member.mean(0),
        lambda classes: distributions.MultivariateNormal(classes @ means, covariance),
    )


def flow(name, transforms, rate, decay, data, seed):
    """A flow of zuko, trained until its best score on the validation rows is long ago."""
    from zuko import flows

    train, valid, _ = data
    shares = one_hot(train[:, 0].long()).float().mean(0)
    net = getattr(flows, name)(train.shape[1] - 1, len(shares), transforms=transforms)
    model = ByClass(shares, net)
    batches = DataLoader(TensorDataset(train), BATCH, shuffle=True)
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=decay)
    best, waited = float("inf"), 0
    while waited < PATIENCE:
        for (x,) in batches:
            loss = -model.log_prob(x).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        score, waited = nll(model, valid), waited + 1
        if score < best:
            best, waited, weights = score, 0, deepcopy(net.state_dict())
    net.load_state_dict(weights)
    return model


GRID = tuple(product((1, 3), ((1e-3, 0.0), (3e-3, 0.3), (3e-3, 3.0))))
"""Transforms, each with learning rates and weight decays."""
MODELS = {
    "MADE, the recipe": [partial(made, 2)],
    "MADE, 1, 2 or 5 bells": [partial(made, bells) for bells in (1, 2, 5)],
    **{
        f"zuko's {name}, best of {len(GRID)}": [partial(flow, name, t, *rest) for t, rest in GRID]
        for name in ("MAF", "NSF")
    },
    "a Gaussian for each class": [gaussian],
}
"""Name → candidates, each of which makes a model of a table and a seed."""


# ---- measuring ----------------------------------------------------------------------------------


def tables(options):
    for name in TABLES:
        loaded = [read(name, seed) for seed in options.seeds]
        runs = {model: [] for model in MODELS}
        for (seed, data), model in product(zip(options.seeds, loaded, strict=True), MODELS):
            say(f"tables: {name}, seed {seed}, {model}")
            runs[model].append(measured(MODELS[model], data, seed))
        sizes = "/".join(str(len(part)) for part in loaded[0])
        table(
            f"Tables, {name.replace('_', ' ')}, {len(loaded[0].columns)} columns, {sizes} rows, "
            f"{len(loaded)} splits, reals scaled to a standard deviation of 1",
            ("model", "test NLL in nats (lowest to highest)", "CPU seconds", "samples a second"),
            [row(model, *zip(*found, strict=True)) for model, found in runs.items()],
        )
    recorded(options)


def read(name, seed):
    """The table with its class in front."""
    from sklearn import datasets

    label, arguments = TABLES[name]
    frame = getattr(datasets, f"load_{name}")(as_frame=True, **arguments).frame
    # a density of diabetes' s4 has no bound: it is 4 in 29% of the rows
    frame = frame.drop(columns="s4", errors="ignore")
    return plain(load_table(frame[[label, *frame.columns.drop(label)]], seed=seed))


def plain(data):
    """The table with all numbers scaled, and a density for each: others know nothing else."""
    frame, columns = data.inverse(data.rows), []
    for column in data.columns:
        if column.numbers:
            here = frame[column.name].iloc[data.row_numbers[0].numpy()]
            numbers = Numbers(MixtureOfGaussians(2), here.mean(), here.std())
            column = Column(column.name, numbers=numbers)
        columns.append(column)
    rows = [torch.from_numpy(column.encode(frame[column.name])).float() for column in columns]
    return Table(torch.stack(rows, 1), columns, data.row_numbers)


def measured(candidates, data, seed):
    """Test NLL of the candidate that is best on validation, CPU seconds of all, samples a second.

    Processor time, since other work on the machine hardly adds to it.
    """
    torch.manual_seed(seed)
    start = time.process_time()
    _, valid, test = data
    model = min((make(data, seed) for make in candidates), key=lambda model: nll(model, valid))
    seconds = time.process_time() - start
    start = time.process_time()
    for _ in range(3):
        model.sample(DRAWN)
    return nll(model, test), seconds, 3 * DRAWN / (time.process_time() - start)


@torch.no_grad()
def nll(model, x):
    return -model.log_prob(x).mean().item()


def row(name, nats, seconds, rates):
    return (
        name,
        spread(nats),
        f"{sum(seconds) / len(seconds):.1f}",
        f"{sum(rates) / len(rates):,.0f}",
    )
