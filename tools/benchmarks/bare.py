"""The shortest loop that trains as ``fit`` does, with nothing around it: what fit is held against.

No checks, no history, no bar, no validation, no checkpoint, one mask for ever.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from made_course import build_masks, draw_degrees, load_binarized_mnist
from made_course.model.masks import input_degrees
from made_course.training.schedules import one_cycle

LR, WEIGHT_DECAY, MAX_NORM, BATCH = 0.015, 0.03, 1.0, 512


def train(epochs, hidden, bfloat16):
    """Logits as a function of x, after training."""
    x, *_ = load_binarized_mnist("auto")
    order = input_degrees(torch.randperm(x.shape[1]))
    masks = [mask.float() for mask in build_masks(draw_degrees(order, hidden))]
    layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise([len(order), *hidden, len(order)]))
    optimizer = torch.optim.AdamW(layers.parameters(), lr=LR, weight_decay=WEIGHT_DECAY, fused=True)

    def logits(h):
        for k, (layer, mask) in enumerate(zip(layers, masks, strict=True)):
            h = F.linear(h if k == 0 else h.relu(), layer.weight * mask, layer.bias)
        return h

    steps, step = epochs * -(-len(x) // BATCH), 0
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.param_groups[0]["lr"] = LR * one_cycle(step, steps)
            batch = x.index_select(0, rows)
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                z = logits(batch).float()
            loss = F.binary_cross_entropy_with_logits(z, batch, reduction="sum") / len(batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(layers.parameters(), MAX_NORM)
            optimizer.step()
            step += 1
    return logits


def nll(logits, x):
    """Mean over rows, nats."""
    with torch.no_grad():
        return F.binary_cross_entropy_with_logits(logits(x), x, reduction="sum").item() / len(x)
