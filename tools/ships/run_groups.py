"""What it costs to draw several pixels in one step, and what a label that comes first is worth.

``python -m tools.ships.run_groups`` trains the networks and writes what they say of MNIST's 10,000
test images into ``shipped/files``; it needs full MNIST and takes about an hour on one core.

Networks, data and training are those of ``tools.ships.run_orderings``: 512-512 with direct
connections and even degrees, :func:`made_course.fit` with its defaults, all 60,000 images; three
seeds for each way to draw, and for a label that comes first or last. Beside these stand two plain
classifiers: their rate is chosen among three by 5,000 images kept apart, then all are trained on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from made_course import MADE, Bernoulli, Categorical, Mixed, load_binarized_mnist, mnist_labels
from made_course.shipped.measured import GROUPS as FILE
from made_course.shipped.measured import Labelled, Steps
from made_lessons.notebook_11.pixel_groups import pixel_groups
from tools.ships.run_orderings import EPOCHS, trained
from tools.ships.train_weights import write_asset

SEEDS = range(3)
IMAGES = 12


@torch.no_grad()
def cost_of_variables(model: MADE, x: Tensor) -> Tensor:
    """Mean negative log-probability of each variable given those before it, nats: (D,)."""
    return -torch.cat([*map(model.log_conditionals, x.split(1000))]).mean(0)


def with_label(y: Tensor, x: Tensor) -> Tensor:
    """Labels (N,) as variable 0 before the pixels (N, 784)."""
    return torch.cat([y[:, None].to(x), x], 1)


@torch.no_grad()
def log_joint(model: MADE, x: Tensor) -> Tensor:
    """Of each image with each label: (N, 10)."""
    every = [torch.full((len(x),), y) for y in range(10)]
    pairs = [with_label(y, x).split(1000) for y in every]
    return torch.stack([torch.cat([*map(model.log_prob, parts)]) for parts in pairs], 1)


def run_groups(train: Tensor, test: Tensor) -> list[dict]:
    """Three networks for each way to draw."""
    runs = []
    for name, ordering in pixel_groups().items():
        models = [trained(train, seed, ordering=ordering, degrees="even") for seed in SEEDS]
        costs = torch.stack([cost_of_variables(model, test) for model in models])
        first = models[0]
        by_step = torch.zeros(len(ordering)).index_add_(0, first.order - 1, costs[0])
        images = first.sample(IMAGES, generator=torch.Generator().manual_seed(0)).bool()
        runs.append(vars(Steps(name, costs.sum(1), by_step, images)))
        print(name, len(ordering), costs.sum(1).tolist(), flush=True)
    return runs


def run_labels(train: Tensor, test: Tensor, labels: Tensor, test_labels: Tensor) -> list[dict]:
    """Three networks for a label that comes first, and three for one that comes last."""
    head, pixels = Mixed([Categorical(10)] + [Bernoulli()] * 784), [*range(1, 785)]
    rows, runs = with_label(labels, train), []
    for name, ordering in {"label first": [0, *pixels], "label last": [*pixels, 0]}.items():
        seeds = []
        for seed in SEEDS:
            model = trained(rows, seed, ordering=ordering, degrees="even", head=head)
            joint = log_joint(model, test)
            both, alone = joint.gather(1, test_labels[:, None]).mean(), joint.logsumexp(1).mean()
            right = (joint.argmax(1) == test_labels).float().mean()
            seeds.append(-torch.stack([both, alone, both - alone, -right]))
            print(name, seeds[-1].tolist(), flush=True)
        runs.append(vars(Labelled(name, *torch.stack(seeds, 1))))
    return runs


def run_classifiers(train: Tensor, test: Tensor, labels: Tensor, test_labels: Tensor) -> list[dict]:
    """A linear classifier, and one of the size of the networks, three seeds each."""
    makers = {
        "logistic regression": lambda: nn.Linear(784, 10),
        "512-512": lambda: nn.Sequential(
            nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
        ),
    }
    kept, asked = (train[-5000:], labels[-5000:]), (test, test_labels)
    runs = []
    for name, make in makers.items():
        tried = {}
        for lr in (1e-3, 3e-3, 1e-2):
            network = _learned(make, train[:-5000], labels[:-5000], lr, seed=0)
            tried[lr] = _nats_and_right(network, *kept)[0]
        rate = min(tried, key=tried.get)
        networks = [_learned(make, train, labels, rate, seed) for seed in SEEDS]
        posterior, right = torch.stack([_nats_and_right(n, *asked) for n in networks], 1)
        nothing = torch.full_like(right, torch.nan)
        runs.append(vars(Labelled(name, nothing, nothing, posterior, right)))
        print(name, rate, posterior.tolist(), right.tolist(), flush=True)
    return runs


@torch.no_grad()
def _nats_and_right(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    logits = network(x)
    return torch.stack([cross_entropy(logits, y), (logits.argmax(1) == y).float().mean()])


def _learned(
    make: Callable[[], nn.Module], x: Tensor, y: Tensor, lr: float, seed: int, batch_size: int = 100
) -> nn.Module:
    torch.manual_seed(seed)
    network = make()
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr)
    steps = EPOCHS * (len(x) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x))[: len(x) // batch_size * batch_size].split(batch_size):
            optimizer.zero_grad()
            cross_entropy(network(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
    return network


def make_groups() -> None:
    """Train all networks and write what they say of the test images into ``shipped/files``.

    Raises:
        FileNotFoundError: if full MNIST is absent.
        OSError: if ``shipped/files`` cannot be written.
    """
    train, test, _ = load_binarized_mnist("full")
    groups, labels = run_groups(train, test), mnist_labels("full")
    labelled = run_labels(train, test, *labels) + run_classifiers(train, test, *labels)
    write_asset(FILE, {"groups": groups, "labelled": labelled})


if __name__ == "__main__":
    try:
        make_groups()
    except OSError as error:
        sys.exit(str(error))
