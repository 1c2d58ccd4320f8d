"""The shipped network of digits without a mask, and scores of a MADE for comparison."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from made_course import MADE, completion_degrees, draw_degrees, input_degrees
from made_course.shipped.assets import read_asset

FILE = "without_mask.pt"
D, WIDTH = 784, 352
MIDDLE = torch.zeros(28, 28, dtype=torch.bool)
MIDDLE[7:21, 7:21] = True
MIDDLE = MIDDLE.flatten()
"""(784,) bool: True for the 14 × 14 pixels in the middle."""


def build_network() -> nn.Sequential:
    """Return the untrained network. Its inputs are 784 pixels and 784 marks of known pixels."""
    first, second = nn.Linear(2 * D, WIDTH), nn.Linear(WIDTH, WIDTH)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(WIDTH, D))


def load_network() -> nn.Sequential:
    """Return the network as ``tools/ships/train_without_mask.py`` trained it on 55,000 digits.

    Example:
        >>> sum(weights.numel() for weights in load_network().parameters())
        953296
    """
    network = build_network()
    network.load_state_dict({key: value.float() for key, value in read_asset(FILE).items()})
    return network.requires_grad_(False)


def draw_losses(network: nn.Module, x: Tensor, hidden: Tensor) -> Tensor:
    """Draw a random set of known pixels for each row, and return the loss (B,).

    The number of hidden pixels that become known is spread evenly over the rows.

    Args:
        network: a network that reads (x · known, known).
        x: (B, D) rows.
        hidden: (D,) bool, the pixels to predict; all others are always known.
    """
    rows, size = len(x), int(hidden.sum())
    t = ((torch.randperm(rows) + torch.rand(rows)) * size / rows).long()[:, None]
    known = torch.ones_like(x)
    known[:, hidden] = (torch.rand(rows, size).argsort(1) < t).float()
    return (size / (size - t) * _pixel_costs(network, x, known) * (1 - known)).sum(1)


def _pixel_costs(network: nn.Module, x: Tensor, known: Tensor) -> Tensor:
    return softplus((1 - 2 * x) * network(torch.cat([x * known, known], 1)))


def mean_over_orderings(network: nn.Module, x: Tensor, hidden: Tensor, draws: int) -> float:
    """Return the mean NLL of the hidden pixels, in nats per image, over random orderings."""
    return torch.stack([draw_losses(network, x, hidden) for _ in range(draws)]).mean().item()


def nats_row_by_row(network: nn.Sequential, x: Tensor) -> float:
    """Return the mean NLL of images (B, 784) in raster order, in nats per image.

    A step adds one pixel and its mark to the input of the first layer, and computes one output.
    """
    first, second, last = (layer for layer in network if isinstance(layer, nn.Linear))
    h, nats = first.bias.expand(len(x), -1), 0.0
    for i, value in enumerate(x.T):
        features = second(h.relu()).relu()
        logits = features @ last.weight[i] + last.bias[i]
        nats += softplus((1 - 2 * value) * logits).mean().item()
        h = h + value[:, None] * first.weight[:, i] + first.weight[:, D + i]
    return nats


@torch.no_grad()
def nats_of_made(
    model: MADE, x: Tensor, hidden: Tensor, orderings: Iterable[Tensor | None]
) -> float:
    """Return the mean NLL of the hidden pixels, in nats per image, over rows and orderings.

    An ordering of None means the order in which :func:`made_course.complete` draws.
    """
    nats = []
    for ordering in orderings:
        degrees, _ = completion_degrees(model, ~hidden, ordering)
        with model.using_degrees(degrees):
            nats.append(-model.log_conditionals(x)[:, hidden].sum(1).mean())
    return torch.stack(nats).mean().item()


def sample_in_groups(model: MADE, n: int, groups: Iterable[Tensor]) -> Tensor:
    """Draw (n, 784) digits with one step per group of pixels, the same groups for all digits."""
    ordering = input_degrees([group.tolist() for group in groups])
    with model.using_degrees(draw_degrees(ordering, model.hidden_dims, "even")):
        return model.sample(n)
