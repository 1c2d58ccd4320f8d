"""The command that trains on digits, in one process or in several with ``torchrun``."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import torch

from ..data.mnist import load_mnist
from ..data.mnist_binarized import make_binarized_loader
from ..model.made import MADE
from .evaluate import evaluate
from .fit import fit
from .processes import connect_processes


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a MADE on binarised MNIST, in one process or in several with ``torchrun``.

    ``python -m made_course.training --epochs 10`` and
    ``torchrun --nproc-per-node=2 -m made_course.training --epochs 10`` take the same steps, up to
    rounding and dropout; ``--help`` lists the arguments. On a computer with GPUs, each process uses
    its own GPU.
    """
    given = _make_parser().parse_args(arguments)
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    processes = connect_processes(device)
    is_first = processes.rank == 0
    with redirect_stdout(sys.stdout if is_first else io.StringIO()):
        train, test, _ = load_mnist(given.data)
    torch.manual_seed(given.seed)
    loader = make_binarized_loader(train, given.batch_size, "threshold", shuffle=True)
    model = MADE(
        784,
        given.hidden,
        natural_order=not given.random_order,
        degrees="even",
        direct=given.direct,
        dropout=given.dropout,
        num_masks=given.num_masks or None,
        seed=given.seed,
    ).to(device)
    history = fit(
        model,
        loader,
        epochs=given.epochs,
        lr=given.lr,
        weight_decay=given.weight_decay,
        seed=given.seed,
        checkpoint=given.checkpoint,
    )
    if is_first:
        nll = evaluate(model, make_binarized_loader(test, 1000, "threshold", shuffle=False))
        print(
            f"test NLL: {nll:.3f} nats, after {len(history)} epochs, {processes.size} process(es)"
        )
        if given.save:
            model.save(given.save)
            print(f"model: MADE.load({given.save!r})")


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m made_course.training", description="Train a MADE on binarised MNIST."
    )
    add = parser.add_argument
    add("--data", default="auto", choices=("auto", "small", "full"), help="set of MNIST images")
    add("--hidden", type=int, nargs="*", default=(512, 512), metavar="H", help="hidden widths")
    add("--random-order", action="store_true", help="draw a random ordering")
    add("--direct", action="store_true", help="add direct connections")
    add("--dropout", type=float, default=0.0)
    add("--num-masks", type=int, default=1, help="sets of masks; 0 draws a new set at every step")
    add("--epochs", type=int, default=10)
    add("--batch-size", type=int, default=512, help="rows per step, over all processes")
    add("--lr", type=float, help="peak of the learning rate")
    add("--weight-decay", type=float)
    add("--seed", type=int, default=0)
    add("--checkpoint", help="file to write after every epoch and to resume from")
    add("--save", metavar="FILE", help="file for the trained model")
    return parser


if __name__ == "__main__":
    main()
