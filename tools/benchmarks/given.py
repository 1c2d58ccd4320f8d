"""A class given all other columns: a model of whole rows beside logistic regression.

The model is that of docs/own_data.md, with the class last in its ordering, where one pass says its
probabilities, or first, where the density of the other columns in each class does. Nats are those
of the class.
"""

import torch

from made_course import MADE, Given, fit, load_table

from .gaps import penguins
from .measuring import say, spread, table

PATIENCE = 30


def frames():
    """Name → frame whose first column is the class."""
    from sklearn.datasets import load_breast_cancer, load_wine

    found = {"penguins, species": penguins()}
    for load in (load_breast_cancer, load_wine):
        frame = load(as_frame=True).frame
        name = load.__name__.removeprefix("load_").replace("_", " ")
        found[name] = frame[["target", *frame.columns.drop("target")]]
    return found


def by_made(data, seed, *, last):
    """(N, K) probabilities of the class of each test row."""
    train, valid, test = data
    others = [*range(1, len(data.columns))]
    ordering = [*others, 0] if last else [0, *others]
    torch.manual_seed(seed)
    model = MADE(len(ordering), (100,), ordering=ordering, head=data.head, seed=seed)
    fit(model, train, valid, patience=PATIENCE, seed=seed, progress=False)
    held = test.clone()
    held[:, 0] = torch.nan
    return Given(model, held).predict_proba(0)


def by_regression(data):
    """The same by scikit-learn's, on the same training rows and numbers, classes one-hot."""
    from sklearn.linear_model import LogisticRegression

    train, _, test = data
    read = [
        torch.cat([c.head.encode(x[:, i]) for i, c in enumerate(data.columns) if i], 1)
        for x in (train, test)
    ]
    model = LogisticRegression(max_iter=10_000).fit(read[0], train[:, 0].long())
    return torch.from_numpy(model.predict_proba(read[1])).float()


def given(options):
    rows = []
    for name, frame in frames().items():
        found = {}
        for seed in options.seeds:
            say(f"given: {name}, seed {seed}")
            data = load_table(frame, seed=seed)
            codes = data.rows[data.row_numbers[2], 0].long()
            for model, p in {
                "class last": by_made(data, seed, last=True),
                "class first": by_made(data, seed, last=False),
                "logistic regression": by_regression(data),
            }.items():
                right = (p.argmax(1) == codes).float().mean().item()
                nats = -p[range(len(codes)), codes].log().mean().item()
                found.setdefault(model, []).append((right, nats))
        rows += [
            (name, model, *map(spread, zip(*runs, strict=True))) for model, runs in found.items()
        ]
    table(
        f"A class given all other columns, {len(options.seeds)} splits",
        ("table", "model", "share of test rows right", "nats of the class"),
        rows,
    )
