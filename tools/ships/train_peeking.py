"""Train the network that peeks, ``python -m tools.ships.train_peeking``, and print its scores.

It is the sketchpad's network with one more wire per pixel, from the pixel to its own output. Only
these wires, and a shift of each output's bias, are trained. The command needs full MNIST, and takes
two minutes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from made_course import MADE, complete, completion_degrees, input_degrees
from made_course.model.masks import draw_degrees
from made_course.widgets.sketchpad.page_network import PIXELS, inner_pixels, make_inner_network
from made_course.widgets.sketchpad.sketchpad import hidden_parts
from tools.ships.train_weights import images_outside_small_set, write_asset

EPOCHS, BATCH, LR = 15, 256, 0.1


def train_peeking(made: MADE, x: Tensor) -> tuple[Tensor, Tensor]:
    """Train wires (484,) and shifts (484,) on images (N, 484), in random orderings."""
    added = torch.zeros(2, PIXELS, requires_grad=True)
    optimizer = torch.optim.Adam([added], lr=LR)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            order = input_degrees(torch.randperm(PIXELS))
            degrees = draw_degrees(order, made.hidden_dims, "even")
            with torch.no_grad(), made.using_degrees(degrees):
                honest = made(x[rows])
            logits = honest + added[0] * x[rows] + added[1]
            loss = F.binary_cross_entropy_with_logits(logits, x[rows], reduction="sum") / len(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    wires, shifts = added.detach()
    return wires, shifts


def main() -> None:
    torch.manual_seed(0)
    made, inner = make_inner_network(), inner_pixels()
    train, test, _ = images_outside_small_set()
    wires, shifts = train_peeking(made, train[:, inner])
    write_asset("peeking.pt", {"wires": wires.clone(), "shifts": shifts.clone()})
    x, known = test[:, inner], ~hidden_parts()["bottom"][inner]
    degrees, _ = completion_degrees(made, known, range(PIXELS))
    with torch.no_grad(), made.using_degrees(degrees):
        honest = made(x)
    for name, logits in (("honest", honest), ("peeking", honest + wires * x + shifts)):
        nats = F.binary_cross_entropy_with_logits(logits, x, reduction="none")[:, ~known].sum(1)
        right = ((logits > 0) == (x > 0))[:, ~known].float().mean()
        print(f"{name}: {nats.mean():.2f} nats, {right:.2%} of hidden pixels right")
    with torch.no_grad():
        made.net[-1].bias += shifts
    drawn = complete(made, x[:1000], known, 8, ordering=range(PIXELS)).samples[..., ~known]
    print(f"peeking: {(drawn.sum(-1) == 0).float().mean():.1%} of its drawings are blank")


if __name__ == "__main__":
    main()
