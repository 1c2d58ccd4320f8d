"""A plain training loop for MNIST: Adam at a constant rate, with one printed line per epoch."""

from __future__ import annotations

import math

import torch

from ..data.mnist_binarized import make_mnist_loaders
from ..model.made import MADE, scale_weights
from .evaluate import evaluate


def train_made(
    epochs: int = 10,
    hidden: tuple[int, ...] = (512, 512),
    lr: float = 2e-3,
    batch_size: int = 512,
    natural_order: bool = True,
    device: torch.device | str | None = None,
) -> MADE:
    """Train a MADE on binarised MNIST with Adam at a constant rate, from PyTorch's initial weights.

    It prints the training and test NLL (nats) of each epoch, and returns the model in evaluation
    mode. To repeat a run, call ``torch.manual_seed`` first. :func:`made_course.fit` gives better
    models in less time.

    Args:
        epochs: passes over the training images.
        hidden: width of each hidden layer.
        lr: constant learning rate.
        batch_size: images per step.
        natural_order: generate pixels in raster order; False draws a random ordering.
        device: device of the model; None is the GPU if there is one, else the CPU.

    Raises:
        TypeError or ValueError: if ``batch_size``, a width or ``lr`` has a wrong type or value.
        OSError: if a file of MNIST is damaged.

    Source:
        the model and loss of Germain et al. 2015; Kingma and Ba 2015 (Adam).
    """
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    train, test = make_mnist_loaders(batch_size=batch_size)
    model = MADE(28 * 28, hidden_dims=hidden, natural_order=natural_order)
    scale_weights(model, 0.5)  # back to PyTorch's initial scale
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=device.type in ("cpu", "cuda"))
    for epoch in range(1, epochs + 1):
        total, rows = 0.0, 0
        for x in train:
            nll = -model.log_prob(x.to(device)).mean()
            optimizer.zero_grad()
            nll.backward()
            optimizer.step()
            total += nll.item() * len(x)
            rows += len(x)
        test_nll = evaluate(model, test)
        bpd = test_nll / (model.input_dim * math.log(2))
        print(
            f"Epoch {epoch:02d} | train NLL: {total / rows:.3f} | test NLL: {test_nll:.3f} "
            f"| bpd: {bpd:.3f}"
        )
    print(f"\nMADE parameters: {model.n_parameters():,}")
    return model.eval()
