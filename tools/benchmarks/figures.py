"""What MADE reaches on MNIST: test NLL of two configurations, in one ordering and in a mixture.

Everything in them was chosen on images set aside from the training set. Here each one is trained on
all training images, once a seed, in an ordering that goes with the seed, and meets the test images
once, when its training is over. The mixture is that of these trainings: the mean of the
probabilities that they give to an image.
"""

import math
from dataclasses import dataclass
from statistics import mean

import torch

from made_course import MADE, fit, load_binarized_mnist, make_mnist_loaders
from made_course.model.sampling import evaluation_mode

from .measuring import say, table, timed

TEST_DRAW = 0
"""Seed of the one draw of the test images that every stochastic figure is measured on."""

PIXELS = torch.arange(784).view(28, 28)
ORDERINGS = {
    "rows from the top": PIXELS.flatten(),
    "columns from the left": PIXELS.T.flatten(),
    "rows from the bottom": PIXELS.flip(0).flatten(),
}


@dataclass(frozen=True)
class Configuration:
    """A training; seeds of model, weights and training are that of the run.

    Attributes:
        binarize: "threshold", or "stochastic": fresh draws in training, one fixed draw to test.
        made: arguments of MADE.
        fit: arguments of fit.
    """

    binarize: str
    made: dict
    fit: dict


CONFIGURATIONS = {
    "threshold": Configuration(
        "threshold",
        {"hidden_dims": (1536, 1536), "direct": True, "dropout": 0.1, "degrees": "even"},
        {"epochs": 13, "batch_size": 128, "lr": 3e-3, "weight_decay": 0.1},
    ),
    "stochastic": Configuration(
        "stochastic",
        {"hidden_dims": (2048, 2048), "direct": True, "dropout": 0.05, "degrees": "even"},
        {"epochs": 45, "batch_size": 128, "lr": 3e-3, "weight_decay": 0.1},
    ),
}


@dataclass(frozen=True)
class Result:
    """Of one training.

    Attributes:
        ordering: its name.
        log_prob: of each test image, in nats.
        seconds: of loading and training, without the test.
    """

    ordering: str
    log_prob: torch.Tensor
    seconds: float

    @property
    def nll(self):
        return -self.log_prob.mean().item()


def figures(options):
    rows, notes = [], []
    for name in options.configurations:
        chosen, results = CONFIGURATIONS[name], []
        for seed in options.seeds:
            results.append(run(chosen, seed))
            say(f"figures: {name}, {told(seed, results[-1])}")
        rows.append(row(name, results))
        found = "; ".join(told(*each) for each in zip(options.seeds, results, strict=True))
        of = f"MADE(784, {arguments(chosen.made)}), fit({arguments(chosen.fit)})"
        notes.append(f"- {name}: {of}: {found}")
    table(
        "Figures, test NLL in nats",
        ("what", "one ordering: mean (lowest to highest)", "mixture of them", "seconds each"),
        rows,
    )
    print(
        f"\nStochastic: fresh draws in training; the test images are drawn once, with seed "
        f"{TEST_DRAW}."
    )
    print("\n".join(notes))


def run(chosen, seed):
    """Train once, then test once."""
    ordering = list(ORDERINGS)[seed % len(ORDERINGS)]
    seconds, (model, test) = timed(lambda: trained(chosen, seed, ORDERINGS[ordering]))
    with torch.no_grad(), evaluation_mode(model):
        log_prob = torch.cat([model.log_prob(batch) for batch in test.split(1000)]).double()
    return Result(ordering, log_prob, seconds)


def trained(chosen, seed, ordering):
    """A model and the test images for it; all randomness follows from the seed."""
    train, test = data_for(chosen)
    torch.manual_seed(seed)
    model = MADE(784, ordering=ordering, seed=seed, **chosen.made)
    fit(model, train, seed=seed, progress=False, **chosen.fit)
    return model, test


def data_for(chosen):
    """Training images, or a loader that draws them anew in each epoch, and the test images."""
    torch.manual_seed(TEST_DRAW)
    train, test, _ = load_binarized_mnist("auto", chosen.binarize)
    if chosen.binarize == "stochastic":
        train, _ = make_mnist_loaders(chosen.fit["batch_size"], "stochastic")
    return train, test


def mixture_nll(results):
    """NLL of the mean of their probabilities, image by image."""
    log_probs = torch.stack([result.log_prob for result in results])
    return -(log_probs.logsumexp(dim=0) - math.log(len(results))).mean().item()


def row(name, results):
    singles = [result.nll for result in results]
    return (
        name,
        f"{mean(singles):.2f} ({min(singles):.2f} to {max(singles):.2f})",
        f"{mixture_nll(results):.2f}",
        f"{mean(result.seconds for result in results):.0f}",
    )


def told(seed, result):
    return f"seed {seed}, {result.ordering}: {result.nll:.3f} nats, {result.seconds:.0f} s"


def arguments(of):
    return ", ".join(f"{name}={value!r}" for name, value in of.items())
