"""Masked networks of other libraries beside MADE: a training step, and samples.

Each peer is built from its own library's parts and trained by the plain loop of its tutorials, as
its users would do it: Adam, float32.
"""

import time
from functools import partial
from importlib import import_module
from itertools import pairwise
from statistics import median

import torch
import torch.nn.functional as F
from torch import nn

from made_course import MADE, binary_points, fit, load_binarized_mnist, measure_dependence

from . import document
from .measuring import say, table, timed

REQUIREMENTS = "tools/benchmarks/requirements.txt"
BATCH = 512
STEPS = 30
"""Steps of a turn, of which the median counts."""
SAMPLES = 36


def zuko(input_dim, width):
    from zuko.nn import MaskedMLP

    may_see = torch.ones(input_dim, input_dim, dtype=torch.bool).tril(-1)
    return MaskedMLP(may_see, (width, width))


def nflows(input_dim, width):
    from nflows.transforms.made import MADE

    # the block comes after a first hidden layer
    return MADE(input_dim, width, num_blocks=1, use_residual_blocks=False)


def pyro(input_dim, width):
    from pyro.nn import MaskedLinear
    from pyro.nn.auto_reg_nn import create_mask

    # what AutoRegressiveNN is made of, which itself refuses fewer hidden units than variables
    masks, _ = create_mask(input_dim, 0, [width, width], torch.arange(input_dim), 1)
    first, second, last = (MaskedLinear(*reversed(mask.shape), mask) for mask in masks)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)


PEERS = {"zuko": zuko, "nflows": nflows, "pyro": pyro}
"""Name of the module that is imported → what builds its network of two hidden layers."""


def build_peers(input_dim, width):
    """The networks of all peers that are installed; says which are not, and what installs them."""
    networks, missing = {}, []
    for name, build in PEERS.items():
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            missing.append(f"{name} (no module named {error.name})")
        else:
            torch.manual_seed(0)
            networks[name] = build(input_dim, width)
            require_made(name, networks[name], MADE(input_dim, (width, width)))
    if missing:
        print(
            f"\nPeers: without {', '.join(missing)}. "
            f"This installs all: python -m pip install -r {REQUIREMENTS}"
        )
    return networks


def require_made(name, network, ours):
    """Raise unless a peer has as many parameters as ours, and no output sees what comes later."""
    parameters = sum(p.numel() for p in network.parameters())
    if parameters != ours.n_parameters():
        raise RuntimeError(f"{name} has {parameters:,} parameters, ours {ours.n_parameters():,}")
    found = measure_dependence(network, binary_points(ours.input_dim)[:4])
    if leaks := found.leaks(range(ours.input_dim)):
        raise RuntimeError(f"{name} is no MADE: {len(leaks):,} leaks, the first is {leaks[0]}")
    if not found.by_gradient[-1].any():
        raise RuntimeError(f"{name} is no model of its data: the last output depends on nothing")


# ---- work ---------------------------------------------------------------------------------------


def train(network, batches, optimizer):
    """One epoch, as the tutorials of the peers write it."""
    network.train()
    for x in batches:
        logits = network(x)
        loss = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.inference_mode()
def sample(network, n, input_dim):
    """The only way to draw from a network alone: a whole pass for each variable."""
    network.eval()
    x = torch.zeros(n, input_dim)
    for i in range(input_dim):
        x[:, i] = torch.bernoulli(torch.sigmoid(network(x)[:, i]))
    return x


class StampedBatches:
    """Batches in memory that note when each is asked for: from one to the next is a whole step."""

    def __init__(self, batches):
        self.batches, self.stamps = batches, []

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        self.stamps = []
        for batch in self.batches:
            self.stamps.append(time.perf_counter())
            yield batch
        self.stamps.append(time.perf_counter())

    def seconds(self):
        """Median duration of a step."""
        return median(after - before for before, after in pairwise(self.stamps))


def seconds_of_steps(batches, work):
    """Median duration of a step of ``work(batches)``."""
    stamped = StampedBatches(batches)
    timed(lambda: work(stamped))
    return stamped.seconds()


def best_of(repeats, what, works):
    """Name → what its work says: the least of the repeats, of works that take turns."""
    best = dict.fromkeys(works, float("inf"))
    for repeat in range(repeats):
        say(f"peers: {what}, repeat {repeat + 1} of {repeats}")
        for name, work in works.items():
            best[name] = min(best[name], work())
    return best


# ---- the section --------------------------------------------------------------------------------


def peers(options):
    width, _ = document.HIDDEN
    networks = build_peers(784, width)
    if not networks:
        return
    _, (x, *_) = timed(lambda: load_binarized_mnist("auto"))
    ours = MADE(784, document.HIDDEN, seed=0)
    train_beside(networks, ours, x[: STEPS * BATCH].split(BATCH), options.repeats)
    sample_beside(networks, ours, options.repeats)


def train_beside(networks, ours, batches, repeats):
    def by_loop(network, data):
        train(network, data, torch.optim.Adam(network.parameters(), lr=1e-3))

    def by_fit(precision, data):
        fit(ours, data, epochs=1, precision=precision, seed=0, progress=False)

    by_fit("auto", batches[0])  # tries the precisions, once a process
    works = {name: partial(by_loop, network) for name, network in networks.items()}
    works |= {"fit, float32": partial(by_fit, "float32")}
    works |= {"fit, as it runs by default": partial(by_fit, "auto")}
    steps = {name: partial(seconds_of_steps, batches, work) for name, work in works.items()}
    best = best_of(repeats, "training", steps)
    fastest = min(best[name] for name in networks)
    table(
        f"Peers, training, {shape_of(ours)}, batch {BATCH}",
        ("what", "a step (ms)", "times as fast as the fastest peer"),
        [
            (name, f"{1000 * took:.2f}", "" if name in networks else f"{fastest / took:.2f}×")
            for name, took in best.items()
        ],
    )
    print(f"\nAll have {ours.n_parameters():,} parameters and no leak.")


def sample_beside(networks, ours, repeats):
    works = {name: partial(sample, network, SAMPLES, 784) for name, network in networks.items()}
    works["MADE.sample"] = partial(ours.sample, SAMPLES)
    best = best_of(
        repeats, "samples", {name: lambda work=work: timed(work)[0] for name, work in works.items()}
    )
    mine = best["MADE.sample"]
    table(
        f"Peers, {SAMPLES} samples, {shape_of(ours)}, float32",
        ("what", "seconds", "MADE.sample is faster"),
        [
            (name, f"{took:.4f}", f"{took / mine:.1f}×" if name in networks else "")
            for name, took in best.items()
        ],
    )


def shape_of(model):
    return "-".join(map(str, (model.input_dim, *model.hidden_dims, model.input_dim)))
