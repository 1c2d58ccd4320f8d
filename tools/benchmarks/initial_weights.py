"""What it is worth that a unit's initial weights are scaled to the inputs that masks leave it."""

from statistics import mean

import torch

from made_course import MADE, evaluate, fit, load_binarized_mnist
from made_course.model.made import scale_weights

from .measuring import say, table

NETWORKS = {"one layer": (512,), "two layers": (512, 512), "three layers": (512, 512, 512)}


@torch.no_grad()
def by_one_factor(model):
    """PyTorch's weights, larger by one factor in a layer: right on the whole alone."""
    scale_weights(model, 0.5)
    for layer in model.net:
        layer.weight *= layer.mask.mean() ** -0.5


BEGINNINGS = {
    "PyTorch's": lambda model: scale_weights(model, 0.5),
    "one factor a layer": by_one_factor,
    "MADE's": lambda model: None,
}


def initial_weights(options):
    train, test, _ = load_binarized_mnist("auto")
    rows = []
    for (network, hidden), (name, begin) in (
        (a, b) for a in NETWORKS.items() for b in BEGINNINGS.items()
    ):
        nats = []
        for seed in options.seeds:
            say(f"weights: {network}, {name}, seed {seed}")
            torch.manual_seed(seed)
            model = MADE(784, hidden, natural_order=False, seed=seed)
            begin(model)
            fit(model, train, seed=seed, progress=False)
            nats.append(evaluate(model, test))
        rows.append((network, name, f"{mean(nats):.2f}", ", ".join(f"{n:.2f}" for n in nats)))
    table(
        "Initial weights, layers of 512 units, a random ordering a seed, fit's defaults",
        ("network", "weights", "test NLL in nats, mean", "each seed"),
        rows,
    )
