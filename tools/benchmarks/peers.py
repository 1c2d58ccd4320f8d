"""Compare MADE with masked networks of other libraries: a training step, and samples.

Each peer is built from its library's parts and trained by the plain loop of its tutorials: Adam in
float32. A step is an epoch's time divided by its steps.
"""

from functools import partial
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import nn

from made_course import MADE, fit, load_binarized_mnist

from . import plain_recipe
from .measuring import best_of_repeats, print_table, time_work

BATCH, STEPS, SAMPLES = 512, 30, 36


def build_zuko(input_dim, width):
    from zuko.nn import MaskedMLP

    may_see = torch.ones(input_dim, input_dim, dtype=torch.bool).tril(-1)
    return MaskedMLP(may_see, (width, width))


def build_nflows(input_dim, width):
    from nflows.transforms.made import MADE

    # the block comes after a first hidden layer
    return MADE(input_dim, width, num_blocks=1, use_residual_blocks=False)


def build_pyro(input_dim, width):
    from pyro.nn import MaskedLinear
    from pyro.nn.auto_reg_nn import create_mask

    # built from parts, because AutoRegressiveNN itself refuses fewer hidden units than variables
    masks, _ = create_mask(input_dim, 0, [width, width], torch.arange(input_dim), 1)
    first, second, last = (MaskedLinear(*reversed(mask.shape), mask) for mask in masks)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)


PEERS = {"zuko": build_zuko, "nflows": build_nflows, "pyro": build_pyro}
"""Name of the imported module → function that builds its network of two hidden layers."""


def train(network, batches):
    """Train for an epoch, with the plain loop of the peers' tutorials."""
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for x in batches:
        logits = network(x)
        loss = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.inference_mode()
def sample(network, n, input_dim):
    """Draw (n, D) samples with a whole forward pass per variable, as these networks require."""
    network.eval()
    x = torch.zeros(n, input_dim)
    for i in range(input_dim):
        x[:, i] = torch.bernoulli(torch.sigmoid(network(x)[:, i]))
    return x


def peers():
    """Print the times of a training step and of 36 samples, for MADE and each peer."""
    ours, networks = MADE(784, plain_recipe.HIDDEN, seed=0), {}
    for name, build in PEERS.items():
        if find_spec(name) is None:
            print(f"\nwithout {name}: see tools/benchmarks/requirements.txt")
        else:
            networks[name] = build(784, plain_recipe.HIDDEN[0])
    if not networks:
        return
    _, (x, *_) = time_work(lambda: load_binarized_mnist("auto"))
    batches = x[: STEPS * BATCH].split(BATCH)
    steps = {name: partial(train, network, batches) for name, network in networks.items()}
    for precision in ("float32", "auto"):
        settings = {"epochs": 1, "precision": precision, "seed": 0, "progress": False}
        steps[f"fit, {precision}"] = partial(fit, ours, batches, **settings)
    draws = {name: partial(sample, network, SAMPLES, 784) for name, network in networks.items()}
    draws["MADE.sample"] = partial(ours.sample, SAMPLES)
    for what, works, divided in (("a training step", steps, len(batches)), ("samples", draws, 1)):
        best = best_of_repeats(works)
        fastest = min(best[name] for name in networks)
        print_table(
            f"Peers, {what}",
            ("what", "ms", "times as fast as the fastest peer"),
            [(n, f"{1000 * t / divided:.2f}", f"{fastest / t:.2f}×") for n, t in best.items()],
        )
