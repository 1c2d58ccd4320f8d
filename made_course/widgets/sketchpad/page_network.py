"""The two networks of the sketchpad, small enough to run in a page.

The sketchpad never draws in the border of an image. If the border comes first in the ordering and
is blank, it only adds constants to the other units, directly and through hidden units that see
nothing else. Adding these constants to the biases gives a MADE over the inner pixels, with less
than half of the weights.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...model.made import MADE
from ...model.masks import draw_degrees, input_degrees
from ...shipped.assets import read_asset
from ...shipped.weights import load_pretrained

SIDE, BORDER = 28, 3
PIXELS = (SIDE - 2 * BORDER) ** 2
READER_UNITS = 32
LARGEST = 127
"""Largest absolute value of a weight as an 8-bit integer."""


class PageNetworks(NamedTuple):
    """The networks that the page runs: two that draw pixels, and a reader that names digits.

    Attributes:
        made: MADE over the 484 inner pixels, for any ordering.
        peeking: ``made`` with the output biases that ``python -m tools.ships.train_peeking``
            trained together with ``wires``.
        wires: (484,) weights from each pixel to its own output. They matter only when ``peeking``
            is scored, because a pixel that has not been drawn yet is 0.
        reader: classifier of digits, from inner pixels (N, 484) to logits (N, 10).
        degrees: degrees of the two hidden layers of ``made``, the same in every ordering.
        weights: scales, biases and weights of all networks, in the format of ``networks.mjs``.
    """

    made: MADE
    peeking: MADE
    wires: Tensor
    reader: nn.Sequential
    degrees: list[list[int]]
    weights: bytes


@cache
def page_networks() -> PageNetworks:
    """Return all networks, with weights rounded to 8 bits."""
    with torch.random.fork_rng(devices=[]):  # the weights drawn here are not used
        made, reader = make_inner_network(), load_digit_classifier()
    wires, shifts = (read_asset("peeking.pt")[name] for name in ("wires", "shifts"))
    _, *hidden = draw_degrees(torch.arange(1, PIXELS + 1), made.hidden_dims, "even")
    every = [(layer.weight, layer.conditioning) for layer in [*made.net, made.direct]]
    first, second, last, direct = every
    matrices = [*first, second[0], last[0], *direct, reader[0].weight, reader[2].weight]
    scales, integers = zip(*(round_weights(matrix) for matrix in matrices), strict=True)
    biases = [layer.bias for layer in [*made.net, reader[0], reader[2]]]
    seen = hidden[0][:, None] <= hidden[1]  # the only mask that no ordering changes
    sent = [whole.T[seen] if k == 2 else whole.T.flatten() for k, whole in enumerate(integers)]
    numbers = torch.cat([*scales, *biases, shifts, wires]).detach().numpy()
    weights = numbers.tobytes() + torch.cat(sent).numpy().tobytes()
    peeking = deepcopy(made)
    with torch.no_grad():
        peeking.net[-1].bias += shifts
    return PageNetworks(made, peeking, wires, reader, [layer.tolist() for layer in hidden], weights)


@torch.no_grad()
def round_weights(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Round each row of a matrix (out, in), in place, to multiples of a scale.

    Returns:
        float32 scales (out,), and the multiples (out, in), int8 from -127 to 127.

    Example:
        >>> scale, integers = round_weights(torch.tensor([[1.27, -0.634]]))
        >>> scale, integers
        (tensor([0.0100]), tensor([[127, -63]], dtype=torch.int8))
    """
    scale = matrix.abs().amax(1).clamp(min=1e-9) / LARGEST
    integers = (matrix / scale[:, None]).round()
    matrix.copy_(integers * scale[:, None])
    return scale, integers.to(torch.int8)


def inner_pixels() -> Tensor:
    """Return a BoolTensor (784,), True for the pixels at least 3 pixels from the edge."""
    line = torch.arange(SIDE)
    inside = (line >= BORDER) & (line < SIDE - BORDER)
    return (inside[:, None] & inside).flatten()


@torch.no_grad()
def make_inner_network() -> MADE:
    """Return a MADE over the inner pixels, equal to "mnist-any-order" given a blank border."""
    model, inner = load_pretrained("mnist-any-order"), inner_pixels()
    border, pixels = (~inner).nonzero().ravel(), inner.nonzero().ravel()
    order = input_degrees(torch.cat([border, pixels]))
    degrees = draw_degrees(order, model.hidden_dims, "even")
    first, second, last = model.net
    with model.using_degrees(degrees):
        h1 = first(torch.zeros(SIDE**2)).relu()
        h2 = second(h1).relu()
    on1, on2 = (layer > len(border) for layer in degrees[1:])  # all others see only the border
    constant = model.direct.conditioning[inner][:, border].sum(1)
    parts = {
        "net.0.weight": first.weight[on1][:, inner],
        "net.0.conditioning": first.conditioning[on1][:, inner],
        "net.0.bias": first.bias[on1] + first.conditioning[on1][:, border].sum(1),
        "net.1.weight": second.weight[on2][:, on1],
        "net.1.bias": second.bias[on2] + second.weight[on2][:, ~on1] @ h1[~on1],
        "net.2.weight": last.weight[inner][:, on2],
        "net.2.bias": last.bias[inner] + last.weight[inner][:, ~on2] @ h2[~on2] + constant,
        "direct.weight": model.direct.weight[inner][:, inner],
        "direct.conditioning": model.direct.conditioning[inner][:, inner],
    }
    widths = int(on1.sum()), int(on2.sum())
    options = {"degrees": "even", "direct": True, "conditioning": True, "num_masks": None}
    small = MADE(PIXELS, widths, natural_order=False, seed=0, **options)
    small.load_state_dict(small.state_dict() | parts)
    return small.eval()


def make_digit_classifier() -> nn.Sequential:
    """Return an untrained classifier of digits, from 0/1 pixels (N, 22 · 22) to logits (N, 10)."""
    return nn.Sequential(nn.Linear(PIXELS, READER_UNITS), nn.ReLU(), nn.Linear(READER_UNITS, 10))


def load_digit_classifier() -> nn.Sequential:
    """Return the classifier that ``python -m tools.ships.train_reader`` trained."""
    reader = make_digit_classifier()
    state = {key: part.float() for key, part in read_asset("digit_reader.pt").items()}
    reader.load_state_dict(state)
    return reader.eval()
