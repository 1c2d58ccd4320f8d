"""Masked networks of other libraries beside MADE: a training step, an epoch, and samples.

Each peer is built from its own library's parts and trained by the plain loop of its tutorials, as
its users would do it: Adam, float32, batches from a DataLoader over a tensor. A step is measured
once more with the optimizer that fit uses, so that it can be told what is owed to that.
"""

import time
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from made_course import MADE, binary_points, fit, load_binarized_mnist, measure_dependence

from .measuring import ROOT, say, table, timed

REQUIREMENTS = Path(__file__).with_name("requirements.txt").relative_to(ROOT).as_posix()
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


def train_epoch(network, x):
    """An epoch over a tensor in memory, optimizer and loader included."""
    loader = DataLoader(TensorDataset(x), batch_size=BATCH, shuffle=True)
    train(network, (batch for (batch,) in loader), torch.optim.Adam(network.parameters(), lr=1e-3))


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


# ---- the section --------------------------------------------------------------------------------


def peers(options):
    networks = build_peers(784, options.hidden)
    if not networks:
        return
    _, (x, *_) = timed(lambda: load_binarized_mnist("auto"))
    ours = MADE(784, (options.hidden, options.hidden), seed=0)
    train_beside(networks, ours, x, options.repeats)
    sample_beside(networks, ours, options.repeats)


def train_beside(networks, ours, x, repeats):
    batches = x[: STEPS * BATCH].split(BATCH)

    def ours_in(precision, data):
        return fit(
            ours, data, epochs=1, batch_size=BATCH, precision=precision, seed=0, progress=False
        )

    def adam(network):
        return torch.optim.Adam(network.parameters(), lr=1e-3)

    def fused(network):
        return torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)

    # work in turns: name → what a step is part of, the same with fit's optimizer, an epoch
    works = {
        name: (
            lambda data, net=net: train(net, data, adam(net)),
            lambda data, net=net: train(net, data, fused(net)),
            lambda net=net: train_epoch(net, x),
        )
        for name, net in networks.items()
    }
    fits = {"float32": "fit, float32", "auto": "fit, as it runs by default"}
    for precision, name in fits.items():
        works[name] = (
            None,
            lambda data, precision=precision: ours_in(precision, data),
            lambda precision=precision: ours_in(precision, x),
        )
    ours_in("auto", batches[0])  # tries the precisions, once a process
    seconds = {name: ([], [], []) for name in works}
    for repeat in range(repeats):
        say(f"peers: training, repeat {repeat + 1} of {repeats}")
        for name, (step, step_fused, epoch) in works.items():
            plain, with_fused, whole = seconds[name]
            if step is not None:
                plain.append(seconds_of_steps(batches, step))
            with_fused.append(seconds_of_steps(batches, step_fused))
            whole.append(timed(epoch)[0])
    best = {name: [min(times, default=None) for times in all] for name, all in seconds.items()}
    table(
        f"Peers, training, {shape_of(ours)}, batch {BATCH}, {len(x):,} images an epoch",
        ("what", "a step (ms)", "with fused AdamW (ms)", "an epoch (s)"),
        [
            (name, "" if step is None else f"{1000 * step:.2f}", f"{1000 * f:.2f}", f"{epoch:.2f}")
            for name, (step, f, epoch) in best.items()
        ],
    )
    print(f"\nAll have {ours.n_parameters():,} parameters and no leak. How much faster fit is than")
    for words, column, of_ours in (
        ("a step of the fastest peer", 0, 1),
        ("a step of the fastest peer with fit's optimizer", 1, 1),
        ("an epoch of the fastest peer", 2, 2),
    ):
        fastest = min(networks, key=lambda name, column=column: best[name][column])
        theirs = best[fastest][column]
        print(
            f"- {words} ({fastest}): {theirs / best[fits['float32']][of_ours]:.2f}× in float32, "
            f"{theirs / best[fits['auto']][of_ours]:.2f}× as it runs by default"
        )


def sample_beside(networks, ours, repeats):
    works = {name: lambda net=net: sample(net, SAMPLES, 784) for name, net in networks.items()}
    works["MADE.sample"] = lambda: ours.sample(SAMPLES)
    seconds = {name: [] for name in works}
    for repeat in range(repeats):
        say(f"peers: samples, repeat {repeat + 1} of {repeats}")
        for name, work in works.items():
            seconds[name].append(timed(work)[0])
    mine = min(seconds["MADE.sample"])
    table(
        f"Peers, {SAMPLES} samples, {shape_of(ours)}, float32",
        ("what", "seconds", "MADE.sample is faster"),
        [
            (
                name,
                f"{min(times):.4f}",
                f"{min(times) / mine:.1f}×" if name in networks else "",
            )
            for name, times in seconds.items()
        ],
    )


def shape_of(model):
    return "-".join(map(str, (model.input_dim, *model.hidden_dims, model.input_dim)))
