"""Train notebook 12's network without a mask: ``python -m tools.ships.train_without_mask``.

The command needs full MNIST, takes about four minutes on one core, and writes into
``shipped/files``. At the end it prints the bound on the NLL of the 1,000 test images of the small
set.
"""

import torch
from torch import nn
from tqdm import tqdm

from made_course import load_binarized_mnist
from made_course.training.schedules import one_cycle
from made_lessons.notebook_12.digits import (
    FILE,
    build_network,
    draw_losses,
    load_network,
    mean_over_orderings,
)
from tools.ships.run import descend, shuffled_batches
from tools.ships.train_weights import images_outside_small_set, write_asset

EPOCHS, BATCH, RATE = 30, 128, 2e-3


def train() -> nn.Module:
    torch.manual_seed(0)
    images = images_outside_small_set()[0]
    network, hidden = build_network(), torch.ones(images.shape[1], dtype=torch.bool)
    steps = EPOCHS * -(-len(images) // BATCH)
    rates = [RATE * one_cycle(step, steps) for step in range(steps)]
    batches = shuffled_batches(len(images), BATCH, EPOCHS)

    def loss(rows):
        return draw_losses(network, images[rows], hidden).mean()

    for _ in tqdm(descend(network, loss, batches, rates, 0.01), total=steps):
        pass
    return network


if __name__ == "__main__":
    state = train().state_dict()
    write_asset(FILE, {key: value.half() for key, value in state.items()})
    test = load_binarized_mnist("small")[1]
    hidden = torch.ones(test.shape[1], dtype=torch.bool)
    nats = mean_over_orderings(load_network(), test, hidden, draws=20)
    print(f"bound on the NLL of the small test set: {nats:.2f} nats")
