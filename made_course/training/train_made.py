"""The plain recipe: Adam at a constant rate, on MNIST, a line an epoch."""

from __future__ import annotations

import math

import torch

from ..common.arguments import check_count, check_number
from ..data.mnist_binarized import make_mnist_loaders
from ..model.made import MADE, scale_weights
from .checkpoints import Run
from .evaluate import evaluate
from .loop import train_epoch
from .processes import Processes
from .schedules import Schedule


def train_made(
    epochs: int = 10,
    hidden: tuple[int, ...] = (512, 512),
    lr: float = 2e-3,
    batch_size: int = 512,
    natural_order: bool = True,
    device: torch.device | str | None = None,
) -> MADE:
    """Train a MADE on binarised MNIST by the plainest recipe: Adam at a constant rate, float32.

    Prints a line an epoch and the number of parameters. ``torch.manual_seed`` before it makes it
    repeatable. Weights begin as PyTorch draws them. :func:`made_course.fit` reaches better models
    in less time.

    Args:
        epochs: passes over the training images.
        hidden: width of each hidden layer.
        lr: learning rate.
        batch_size: images a step.
        natural_order: pixels in raster order; False draws a random ordering.
        device: None is the GPU if there is one, else the processor.

    Returns:
        the trained model, in evaluation mode.

    Raises:
        TypeError, ValueError: if an argument is not as described.
        FloatingPointError: if the loss is not finite.

    Source:
        the model and loss of Germain et al. 2015; Kingma and Ba 2015 (Adam).
    """
    check_count("epochs", epochs)
    check_number("lr", lr, positive=True)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    train, test = make_mnist_loaders(batch_size=batch_size)
    model = MADE(28 * 28, hidden_dims=hidden, natural_order=natural_order)
    scale_weights(model, 0.5)  # back to PyTorch's
    model.to(device)
    processes = Processes(device=torch.device(device))
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=processes.has_fused_optimizers)
    run = Run(model, optimizer, Schedule(), model.log_prob, processes)
    for epoch in range(1, epochs + 1):
        train_nll = train_epoch(run, train, epoch, len(train))
        test_nll = evaluate(model, test)
        bpd = test_nll / (model.input_dim * math.log(2))
        print(
            f"Epoch {epoch:02d} | train NLL: {train_nll:.3f} | test NLL: {test_nll:.3f} "
            f"| bpd: {bpd:.3f}"
        )
    print(f"\nMADE parameters: {model.n_parameters():,}")
    return model.eval()
