"""Cells of a table given the others: one ordering with weights, beside models for any ordering.

A fifth of the cells of each test row is hidden. RMSE is that of the real ones, in standard
deviations, guessed by the mean of 200 completions; nats are those of all that is hidden given the
rest, of one ordering a mean over its weights. Effective are so many of the 200, in the median row.
"""

import math
import warnings

import numpy as np
import torch

from made_course import MADE, complete, completion_degrees, draw_degrees, fit, load_table

from .gaps import penguins, sixteen
from .measuring import say, spread, table
from .recorded import of_plotnine
from .tables import plain

CANDIDATES = 200
TESTED = 150
ANY = {"natural_order": False, "num_masks": None}
CYCLE = {"epochs": 300, "batch_size": 100, "lr": 0.01}
PATIENT = {"patience": 30}
SLOW = {"patience": 30, "lr": 0.01}
"""Orderings that change from step to step want smaller ones."""
RECIPES = {
    "one ordering": ({"natural_order": False}, PATIENT),
    "any": (ANY, SLOW),
    "any, conditioning": (ANY | {"conditioning": True}, SLOW),
    "the same, 300 epochs of one cycle": (ANY | {"conditioning": True}, CYCLE),
    "the same, some known at once": (ANY | {"conditioning": True}, CYCLE),
}
"""Name → arguments of a model, and of its training."""


def diamonds():
    """2,000 of the diamonds of the package plotnine, price and carat by their logarithms."""
    frame = of_plotnine("diamonds")
    frame = frame[(frame[["x", "y", "z"]] > 0).all(axis=1) & (frame[["y", "z"]] < 20).all(axis=1)]
    frame[["price", "carat"]] = np.log(frame[["price", "carat"]])
    return frame.sample(2000, random_state=0).reset_index(drop=True)


TABLES = (penguins, sixteen, diamonds)


def some_at_once(model, known, generator=None):
    """Degrees for which what is known is one group that comes first."""
    order = torch.ones_like(known, dtype=torch.long)
    rest = (~known).nonzero()[:, 0]
    rest = rest[torch.randperm(len(rest), generator=generator)] if generator else rest
    order[rest] = torch.arange(len(rest)) + 1 + int(known.any())
    generator = generator or torch.Generator().manual_seed(0)
    return draw_degrees(order, model.hidden_dims, model.mask_sets.kind, generator)


def trained(name, data, seed):
    arguments, training = RECIPES[name]
    torch.manual_seed(seed)
    model = MADE(len(data.columns), (100,), head=data.head, seed=seed, **arguments)
    if name.endswith("at once"):

        def draw(generator):
            first = torch.randperm(model.input_dim, generator=generator)
            count = torch.randint(model.input_dim, (1,), generator=generator)
            return some_at_once(model, first < count, generator)

        model.mask_sets.draw = draw
        model.resample_masks()
    train, valid, _ = data
    fit(model, train, valid, seed=seed, progress=False, **training)
    return model


def measured(name, data, seed):
    """RMSE, nats and effective sample size."""
    model, test = trained(name, data, seed).requires_grad_(False), [*data][2]
    test = test.repeat(math.ceil(TESTED / len(test)), 1)[:TESTED]
    draw = torch.Generator().manual_seed(seed)
    known = torch.rand(test.shape, generator=draw) > 0.2
    reals = ~known & torch.tensor([not c.values for c in data.columns])
    errors, nats, sizes = [], [], []
    for x, k, real in zip(test, known, reals, strict=True):
        degrees, exact = completion_degrees(model, k)
        if name.endswith("at once"):
            degrees = some_at_once(model, k)
        with model.under(degrees):
            found = complete(model, x[None], k, CANDIDATES, generator=draw)
            conditionals = model.log_conditionals(x[None])[0]
        errors.append((found.mean[0] - x)[real])
        log_p = conditionals[~k].sum()
        if not exact:
            evidence = found.log_weights[0].logsumexp(0) - math.log(CANDIDATES)
            log_p = conditionals.sum() - evidence
        nats.append(-log_p)
        sizes.append(found.effective_sample_size)
    rmse = torch.cat(errors).square().mean().sqrt()
    return rmse.item(), torch.stack(nats).mean().item(), torch.cat(sizes).median().item()


def any_order(options):
    for make in TABLES:
        whole = {seed: plain(load_table(make(), seed=seed)) for seed in options.seeds}
        rows = []
        for name in RECIPES:
            say(f"any_order: {make.__name__}, {name}")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                runs = [measured(name, data, seed) for seed, data in whole.items()]
            rows.append((name, *map(spread, zip(*runs, strict=True))))
        table(
            f"A fifth of {make.__name__}' cells given the others, {len(whole)} splits",
            ("recipe", "RMSE", "nats of what is hidden", "effective of 200"),
            rows,
        )
