"""What MADE reaches on MNIST: test NLL of a few configurations, over several seeds.

Everything in them was chosen on images set aside from the training set. Here each one is trained on
all training images and meets the test images once, when its training is over.
"""

from dataclasses import dataclass
from statistics import mean

import torch

from made_course import MADE, evaluate, fit, load_binarized_mnist, make_mnist_loaders

from . import document
from .measuring import say, table, timed

TEST_DRAW = 0
"""Seed of the one draw of the test images that every stochastic figure is measured on."""


@dataclass(frozen=True)
class Configuration:
    """A training; seeds of model, weights and training are that of the run.

    Attributes:
        binarize: "threshold", or "stochastic": fresh draws in training, one fixed draw to test.
        made: arguments of MADE.
        fit: arguments of fit.
        nats: test NLL to reach.
    """

    binarize: str
    made: dict
    fit: dict
    nats: float


MANY = {
    "natural_order": False,
    "num_masks": 8,
    "conditioning": True,
    "direct": True,
    "dropout": 0.05,
    "degrees": "even",
}
CONFIGURATIONS = {
    "threshold": Configuration(
        "threshold",
        {"hidden_dims": (1536, 1536), "direct": True, "dropout": 0.05, "degrees": "even"},
        {"epochs": 12, "batch_size": 128, "lr": 3e-3, "weight_decay": 0.1},
        65.8,
    ),
    "stochastic": Configuration(
        "stochastic",
        {"hidden_dims": (2048, 2048), "direct": True, "dropout": 0.05, "degrees": "even"},
        {"epochs": 40, "batch_size": 128, "lr": 3e-3, "weight_decay": 0.1},
        84.2,
    ),
    "threshold-ensemble": Configuration(
        "threshold",
        {"hidden_dims": (2048, 2048), **MANY},
        {"epochs": 60, "batch_size": 128, "lr": 3e-3, "weight_decay": 0.1},
        65.0,
    ),
    "stochastic-ensemble": Configuration(
        "stochastic",
        {"hidden_dims": (2048, 2048), **MANY},
        {"epochs": 100, "batch_size": 128, "lr": 3e-3, "weight_decay": 0.1},
        83.5,
    ),
}


@dataclass(frozen=True)
class Result:
    """Of one training.

    Attributes:
        singles: test NLL under each mask by itself.
        ensemble: test NLL of all of them together; that of the only one where there is one.
        seconds: of loading and training, without the test.
    """

    singles: list
    ensemble: float
    seconds: float


def figures(options):
    rows, notes = [], []
    for name in options.configurations:
        chosen = CONFIGURATIONS[name]
        say(f"figures: the document's {document.EPOCHS} epochs")
        theirs, _ = timed(
            lambda: document.train(document.EPOCHS, document.HIDDEN, **document.RECIPE)
        )
        results = []
        for seed in options.seeds:
            say(f"figures: {name}, seed {seed}")
            results.append(run(chosen, seed))
            say(f"figures: {name}, seed {seed}: {results[-1]}")
        rows.append(row(name, chosen, results, theirs))
        notes.append(note(name, chosen, results, options.seeds, theirs))
    table(
        "Figures, test NLL in nats, mean over seeds and how far they lie apart",
        ("what", "one mask", "all masks", "gain on the best mask", "to reach", "seconds", "times"),
        rows,
    )
    print(
        f"\nTimes: of the document's {document.EPOCHS} epochs, measured before each row, its tests "
        f"included. Stochastic: the test images are drawn once, with seed {TEST_DRAW}."
    )
    print("\n".join(notes))


def run(chosen, seed):
    """Train once, then test once."""
    seconds, (model, test) = timed(lambda: trained(chosen, seed))
    count = masks_of(chosen)
    singles = [evaluate(model, test)]
    while len(singles) < count:
        model.resample_masks()  # on to the next of those it keeps
        singles.append(evaluate(model, test))
    ensemble = singles[0] if count == 1 else evaluate(model, test, ensemble=count)
    return Result(singles, ensemble, seconds)


def trained(chosen, seed):
    """A model and the test images for it; all randomness follows from the seed."""
    train, test = data_for(chosen)
    torch.manual_seed(seed)
    model = MADE(784, seed=seed, **chosen.made)
    fit(model, train, seed=seed, progress=False, **chosen.fit)
    return model, test


def data_for(chosen):
    """Training images, or a loader that draws them anew in each epoch, and the test images."""
    torch.manual_seed(TEST_DRAW)
    train, test, _ = load_binarized_mnist("auto", chosen.binarize)
    if chosen.binarize == "stochastic":
        train, _ = make_mnist_loaders(chosen.fit["batch_size"], "stochastic")
    return train, test


def masks_of(chosen):
    return chosen.made.get("num_masks", 1)


def row(name, chosen, results, theirs):
    singles = [nats for result in results for nats in result.singles]
    seconds = mean(result.seconds for result in results)
    gains = [min(result.singles) - result.ensemble for result in results]
    many = masks_of(chosen) > 1
    return (
        name,
        spread(singles),
        spread([result.ensemble for result in results]) if many else "",
        spread(gains) if many else "",
        f"{chosen.nats}",
        f"{seconds:.0f}",
        f"{seconds / theirs:.2f}×",
    )


def note(name, chosen, results, seeds, theirs):
    found = ", ".join(
        f"{result.ensemble:.3f} (seed {seed}, {result.seconds:.0f} s)"
        for seed, result in zip(seeds, results, strict=True)
    )
    return (
        f"- {name}: MADE(784, {arguments(chosen.made)}), fit({arguments(chosen.fit)}): {found}; "
        f"document {theirs:.0f} s"
    )


def spread(values):
    """Mean, and lowest and highest where there are several."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def arguments(of):
    return ", ".join(f"{name}={value!r}" for name, value in of.items())
