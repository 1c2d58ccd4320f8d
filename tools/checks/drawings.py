"""Count drawings that are completed as intended: ``python -m tools.checks.drawings``.

A part of each of the 40 drawings in tests/widgets/drawings.json is hidden, and the sketchpad's
network draws it eight times. A drawing counts if a classifier recognises the intended digit in more
than four of the eight. This command trains the classifier on full MNIST, in about a minute. It is
larger than the reader in the page, and independent of it.
"""

import json
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from made_course import complete, load_binarized_mnist
from made_course.data.mnist import mnist_labels
from made_course.widgets.sketchpad.page_network import SIDE, inner_pixels, page_networks
from tests.widgets.javascript import node
from tools.ships.train_reader import train_classifier

DRAWINGS = Path(__file__).parents[2] / "tests" / "widgets" / "drawings.json"
COUNT, SEEDS = 8, range(5)
PARTS = {
    "the lower 12 rows": torch.arange(SIDE**2) >= 16 * SIDE,
    "the lower half": torch.arange(SIDE**2) >= SIDE**2 // 2,
}


def train_judge() -> nn.Sequential:
    """Return a convolutional classifier, and print its errors on MNIST's test images."""
    torch.manual_seed(0)
    x, test, _ = load_binarized_mnist("full")
    labels, test_labels = mnist_labels("full")
    judge = nn.Sequential(
        *(nn.Unflatten(1, (1, SIDE, SIDE)), nn.Conv2d(1, 8, 5, 2, 2), nn.ReLU()),
        *(nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, 64), nn.ReLU()),
        *(nn.Dropout(0.3), nn.Linear(64, 10)),
    )
    train_classifier(judge, torch.ones(SIDE**2, dtype=torch.bool), x, labels, epochs=4)
    with torch.no_grad():
        errors = (judge(test).argmax(1) != test_labels).float().mean()
    print(f"errors of the classifier on the test images: {errors:.2%}")
    return judge


def images_of(drawings: list[dict]) -> dict[str, Tensor]:
    """Return name → images (40, 784): the drawings as they are, thickened, and also centred."""
    with node() as call:

        def ink(strokes: list, *pen: float) -> Tensor:
            return torch.tensor(list(call("strokes", "inkOf", strokes, *pen).values()))

        every = [drawing["strokes"] for drawing in drawings]
        images = {
            "as drawn, 1.4 pixels wide": [ink(strokes, 0.7) for strokes in every],
            "as drawn, 3 pixels wide": [ink(strokes) for strokes in every],
            "centred, 3 pixels wide": [ink(call("strokes", "centred", s)) for s in every],
        }
    return {name: torch.stack(rows).float() for name, rows in images.items()}


def draw_endings(x: Tensor, hidden: Tensor, seed: int) -> Tensor:
    """Draw the hidden part of each image (N, 784) eight times: (N, 8, 784)."""
    made, inner = page_networks().made, inner_pixels()
    whole = torch.zeros(len(x), COUNT, SIDE**2)
    whole[..., inner] = complete(
        *(made, x[:, inner], ~hidden[inner], COUNT),
        ordering=range(int(inner.sum())),
        generator=Generator().manual_seed(seed),
    ).samples
    return whole


def main() -> None:
    """Print, for each hidden part, the number of drawings completed as intended, per seed."""
    drawings = json.loads(DRAWINGS.read_text())
    digits, judge = torch.tensor([drawing["digit"] for drawing in drawings]), train_judge()
    for part, hidden in PARTS.items():
        for name, x in images_of(drawings).items():
            counts = []
            for seed in SEEDS:
                drawn = draw_endings(x, hidden, seed)
                with torch.no_grad():
                    named = judge(drawn.flatten(0, 1)).argmax(1).view(-1, COUNT)
                right = (named == digits[:, None]).sum(1) > COUNT // 2
                counts.append(int(right.sum()))
            print(f"{part} hidden, {name}: {counts} of {len(drawings)}, by seed")


if __name__ == "__main__":
    main()
