"""Short training runs: three variables, three patterns, one hidden layer."""

import torch

from made_course import MADE, fit

DATA = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]).repeat(40, 1)
ZEROS, ONES = torch.zeros(40, 3), torch.ones(40, 3)
"""Train on the one and validate on the other: every epoch is worse than the one before."""


def small(weight_seed=0, **arguments):
    """Return a model whose first weights depend only on the seed, not on the global stream."""
    with torch.random.fork_rng():
        torch.manual_seed(weight_seed)
        return MADE(3, (16,), **{"ordering": [1, 2, 0], "seed": 0, **arguments})


def many(num_masks, **arguments):
    """Return a small model with several sets of masks."""
    return small(ordering=None, natural_order=False, num_masks=num_masks, **arguments)


def run(model, train=DATA, valid=None, **arguments):
    defaults = {"epochs": 3, "batch_size": 32, "lr": 0.02, "seed": 0, "precision": "float32"}
    return fit(model, train, valid, progress=False, **{**defaults, **arguments})


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def measured(history):
    """Return the lists of a history without the seconds, which differ between runs."""
    return history.epoch, history.train_nll, history.valid_nll, history.lr


def stop_after(epochs):
    return lambda model, history: len(history) == epochs


def interrupt(*_):
    raise KeyboardInterrupt


class Loader:
    """A loader that calls a function at a given epoch and batch, each counted from 1."""

    def __init__(self, at=None, action=None, batches=None):
        self.at, self.action, self.epoch = at, action, 0
        self.batches = DATA.split(40) if batches is None else batches

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        self.epoch += 1
        for number, batch in enumerate(self.batches, start=1):
            if (self.epoch, number) == self.at:
                self.action()
            yield batch
