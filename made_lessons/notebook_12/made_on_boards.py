"""A MADE of the boards with a new ordering at every step, and the true conditionals."""

import torch
from torch import Tensor

from made_course import MADE, bars_and_stripes


def train_and_score_made(conditioning: bool) -> float:
    """Train a MADE of 64 units for 1,000 steps, and return its mean NLL in 50 new orderings.

    Args:
        conditioning: whether a second weight matrix tells each unit which inputs it sees.
    """
    torch.manual_seed(0)
    settings = {"natural_order": False, "degrees": "even", "num_masks": None, "seed": 0}
    model, boards = MADE(16, (64,), conditioning=conditioning, **settings), bars_and_stripes()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    scores = []
    for step in range(1050):
        loss = -model.log_prob(boards).mean()
        if step < 1000:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        else:
            scores.append(loss.item())
        model.resample_masks()
    return sum(scores) / len(scores)


def true_conditionals(x: Tensor, known: Tensor) -> Tensor:
    """Return the mean (n, 16) of each pixel over the boards that fit the known pixels.

    Args:
        x: (n, 16) boards; only their known pixels count.
        known: (n, 16) ones where a pixel is known.
    """
    boards = bars_and_stripes()
    fits = ((x[:, None] == boards) | (known[:, None] == 0)).all(2).float()
    return fits @ boards / fits.sum(1, keepdim=True).clamp(min=1)
