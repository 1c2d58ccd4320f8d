"""The training command: MNIST on one process or, by ``torchrun``, on several."""

from __future__ import annotations

import argparse
import io
import os
import sys
from contextlib import redirect_stdout

import torch

from .data import binarized_loader, load_mnist
from .files import write_whole
from .history import History
from .made import MADE
from .processes import processes_on
from .training import evaluate, fit


def main(arguments: list[str] | None = None) -> None:
    """Train a MADE on MNIST from the command line, on one process or, by ``torchrun``, on several.

    ``python -m made_course.training --epochs 10`` and
    ``torchrun --nproc-per-node=2 -m made_course.training --epochs 10`` take the same steps, up to
    rounding and dropout; ``--help`` lists the arguments. With ``torchrun`` on GPUs each process
    takes one.
    """
    parser = argparse.ArgumentParser(
        prog="python -m made_course.training", description="Train a MADE on binarised MNIST."
    )
    parser.add_argument("--data", default="auto", choices=("auto", "small", "full"))
    parser.add_argument("--binarize", default="threshold", choices=("threshold", "stochastic"))
    parser.add_argument("--hidden", type=int, nargs="*", default=[512, 512], metavar="H")
    parser.add_argument("--random-order", action="store_true", help="not raster order")
    parser.add_argument("--degrees", default="even", choices=("uniform", "paper", "even"))
    parser.add_argument("--direct", action="store_true", help="direct connections")
    parser.add_argument("--conditioning", action="store_true", help="conditioning weights")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--num-masks", type=int, default=1, help="0: fresh ones at every step")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=512, help="of all processes together")
    parser.add_argument("--lr", type=float, default=0.015)
    parser.add_argument("--weight-decay", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", help="file to write after every epoch and to go on from")
    parser.add_argument("--save", help="file for the weights: the model's state dict")
    given = parser.parse_args(arguments)

    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    processes = processes_on(device)
    is_first = processes.rank == 0
    with redirect_stdout(sys.stdout if is_first else io.StringIO()):
        train, test, _ = load_mnist(given.data)
    torch.manual_seed(given.seed)
    loader = binarized_loader(train, given.batch_size, given.binarize, shuffle=True)
    images = next(iter(binarized_loader(test, len(test), given.binarize, shuffle=False)))
    model = MADE(
        784,
        given.hidden,
        natural_order=not given.random_order,
        degrees=given.degrees,
        direct=given.direct,
        dropout=given.dropout,
        conditioning=given.conditioning,
        num_masks=given.num_masks or None,
        seed=given.seed,
    ).to(device)

    def say(_: MADE, history: History) -> None:
        print(
            f"epoch {len(history)}: train NLL {history.train_nll[-1]:.3f} nats, "
            f"{history.seconds[-1]:.1f} s",
            flush=True,
        )

    fit(
        model,
        loader,
        epochs=given.epochs,
        lr=given.lr,
        weight_decay=given.weight_decay,
        seed=given.seed,
        checkpoint=given.checkpoint,
        on_epoch=say,
        progress=False,
    )
    if is_first:
        print(f"test NLL: {evaluate(model, images):.3f} nats, {processes.size} process(es)")
        if given.save:
            write_whole(given.save, lambda path: torch.save(model.state_dict(), path))
            print(f"weights: {given.save}")
