"""Compare MADE with independent columns and with flows of zuko, on five tables.

All models are scored by the probability of a cell as it was recorded, so that densities can be
compared with probabilities. A density is multiplied by the step of its column, the number of which
all cells are multiples, or by 1e-6 if a cell has more than four decimals.

A flow needs real numbers. Here it models the numbers given the classes, which are its context. Each
number is spread uniformly over its step (dequantization). The classes have the frequencies of the
training rows, with half a row more for each combination.
"""

from copy import deepcopy
from itertools import product

import numpy as np
import torch
from pandas import DataFrame
from torch.nn.functional import one_hot
from torch.utils.data import DataLoader, TensorDataset

from made_course import MADE, NormalScores, fit, load_table

from .measuring import SEEDS, print_progress, print_table, summarize

HIDDEN, PATIENCE, BATCH = (100,), 30, 64
UNIT = 1e-6
"""Step of columns with more than four decimals."""
CANDIDATES = tuple(product(("MAF", "NSF"), (1, 3), ((1e-3, 0.0), (3e-3, 0.3))))
"""Flow, number of transforms, learning rate and weight decay."""


# ---- tables --------------------------------------------------------------------------------------


def load_scikit(name, label, **arguments):
    """Return a table of scikit-learn as a frame, with the column of classes first."""
    from sklearn import datasets

    frame = getattr(datasets, f"load_{name}")(as_frame=True, **arguments).frame
    return frame[[label, *frame.columns.drop(label)]]


def make_incomes(n=3000):
    """Return a made-up frame: incomes with a long tail, savings (a fifth are 0), ages, children."""
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


def load_randhie():
    """Return 2,000 rows of the table randhie in the package statsmodels."""
    from statsmodels.datasets import randhie

    frame = randhie.load_pandas().data
    return frame.sample(2000, random_state=0).reset_index(drop=True)


TABLES = {
    "wine": lambda: load_scikit("wine", "target"),
    "breast cancer": lambda: load_scikit("breast_cancer", "target"),
    "diabetes": lambda: load_scikit("diabetes", "sex", scaled=False),
    "incomes": make_incomes,
    "randhie": load_randhie,
}


def find_steps(data):
    """Return index → step for each column of numbers."""
    return {i: c.step or UNIT for i, c in enumerate(data.columns) if c.numbers is not None}


# ---- models --------------------------------------------------------------------------------------


def score_made(data, seed):
    """Return the test NLL of a MADE that is trained as in docs/own_data.md."""
    torch.manual_seed(seed)
    model = MADE(len(data.columns), HIDDEN, head=data.head, seed=seed)
    fit(model, data.train, data.valid, patience=PATIENCE, seed=seed, progress=False)
    with torch.no_grad():
        return mean_nll(data, model.log_conditionals(data.test))


def score_independent(data, seed):
    """Return the test NLL of independent columns: initial heads, and frequencies of classes."""
    log_p = []
    for i, column in enumerate(data.columns):
        x = data.test[:, i]
        if column.numbers is not None:
            start = column.numbers.initial_params().expand(len(x), -1)
            log_p.append(column.numbers.log_prob(start, x))
        else:
            rows = torch.bincount(data.train[:, i].long(), minlength=len(column.values)) + 0.5
            log_p.append((rows / rows.sum()).log()[x.long()])
    return mean_nll(data, torch.stack(log_p, 1))


def mean_nll(data, log_p):
    """Return the mean NLL of the test rows as recorded, from (n, D) log-probabilities."""
    log_p = log_p.clone()
    for i, step in find_steps(data).items():
        head = data.columns[i].numbers
        if isinstance(head, NormalScores) and head.is_density:
            has_mass = torch.isin(data.test[:, i].double(), torch.tensor(head.arguments[3]))
            log_p[:, i] += torch.where(has_mass, 0.0, float(np.log(step)))
    return -log_p.sum(1).mean().item()


def score_best_flow(data, seed):
    """Return the test NLL of the flow that is best on the validation rows."""
    torch.manual_seed(seed)
    trained = [train_flow(data, *candidate) for candidate in CANDIDATES]
    return min(trained)[1]


def train_flow(data, name, transforms, rate_and_decay):
    """Train one flow, and return its validation and its test NLL."""
    from zuko import flows

    numbers = [*find_steps(data)]
    classes = [i for i in range(len(data.columns)) if i not in numbers]
    sizes = [len(data.columns[i].values) for i in classes]
    steps = torch.tensor([*find_steps(data).values()])
    sd, mean = torch.std_mean(data.train[:, numbers], dim=0)

    def reals(rows):
        noise = torch.rand(len(rows), len(numbers)) - 0.5
        return (rows[:, numbers] + noise * steps - mean) / sd

    def context(rows):
        hot = [one_hot(rows[:, i].long(), k) for i, k in zip(classes, sizes, strict=True)]
        return torch.cat(hot, 1).float()

    net = getattr(flows, name)(len(numbers), sum(sizes), transforms=transforms)
    rate, decay = rate_and_decay
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=decay)
    train, valid, test = data
    batches = DataLoader(TensorDataset(train), BATCH, shuffle=True)
    best, waited, fixed = float("inf"), 0, reals(valid)
    while waited < PATIENCE:
        for (rows,) in batches:
            loss = -net(context(rows)).log_prob(reals(rows)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            score = -net(context(valid)).log_prob(fixed).mean().item()
        waited += 1
        if score < best:
            best, waited, weights = score, 0, deepcopy(net.state_dict())
    net.load_state_dict(weights)
    with torch.no_grad():
        of_numbers = net(context(test)).log_prob(reals(test)) + (steps / sd).log().sum()
    of_classes = log_shares(train[:, classes], test[:, classes], np.prod(sizes))
    return best, -(of_numbers + of_classes).mean().item()


def log_shares(train, test, combinations):
    """Return the log-frequency, among the training rows, of the classes of each test row."""
    rows = (test[:, None] == train).all(2).sum(1)
    return ((rows + 0.5) / (len(train) + combinations / 2)).log()


# ---- the section ---------------------------------------------------------------------------------

MODELS = {
    "MADE": score_made,
    "independent columns": score_independent,
    "zuko's best flow": score_best_flow,
}


def tables():
    rows = []
    for name, load in TABLES.items():
        found = {model: [] for model in MODELS}
        for seed in SEEDS:
            data = load_table(load(), seed=seed)
            for model, score in MODELS.items():
                print_progress(f"tables: {name}, split {seed}, {model}")
                found[model].append(score(data, seed))
        rows.append((f"{name}, {len(data.train):,}", *map(summarize, found.values())))
    print_table(
        f"Tables, nats per row of recorded cells, {len(SEEDS)} splits",
        ("table, training rows", *MODELS),
        rows,
    )
