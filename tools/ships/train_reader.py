"""Train the sketchpad's classifier of digits: ``python -m tools.ships.train_reader``.

The sketchpad uses it to name the digit that an ending looks like. The command needs full MNIST,
takes half a minute, and prints the test error.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from made_course import load_binarized_mnist, load_mnist
from made_course.data.mnist import mnist_labels
from made_course.widgets.sketchpad.page_network import SIDE, inner_pixels, make_digit_classifier
from tools.ships.train_weights import outside_small_set, write_asset

BATCH, LR = 128, 4e-3


def shift_randomly(x: Tensor) -> Tensor:
    """Shift all images (N, 784) together, by at most one pixel in each direction."""
    down, right = torch.randint(-1, 2, (2,)).tolist()
    return x.view(-1, SIDE, SIDE).roll((down, right), (1, 2)).flatten(1)


def train_classifier(network: nn.Module, pixels: Tensor, x: Tensor, labels: Tensor, epochs: int):
    """Train a network that gets these pixels (784,) of images (N, 784) to predict labels (N,)."""
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    steps = epochs * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = F.cross_entropy(network(shift_randomly(x[rows])[:, pixels]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()


def main() -> None:
    torch.manual_seed(0)
    grey, _, _ = load_mnist("full")
    outside = outside_small_set(grey)
    x, test, _ = load_binarized_mnist("full")
    labels, test_labels = mnist_labels("full")
    reader = make_digit_classifier()
    train_classifier(reader, inner_pixels(), x[outside], labels[outside], epochs=12)
    write_asset("digit_reader.pt", {key: part.half() for key, part in reader.state_dict().items()})
    with torch.no_grad():
        errors = (reader(test[:, inner_pixels()]).argmax(1) != test_labels).float().mean()
    print(f"errors on the test images: {errors:.2%}")


if __name__ == "__main__":
    main()
